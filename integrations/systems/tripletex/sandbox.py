"""Tripletex' API 2.0 as a local server: session tokens, employees, employments and their dated details rows.

Written from the published contract (openapi.json 2.74.00), the README, FAQ and changelog of github.com/Tripletex/
tripletex-api2 and developer.tripletex.no. Switches in `state` that a test or a demo may turn:

    post_token     False: an installation before 2.74, which creates session tokens by PUT only
    null_clears    False: an explicit null in a PUT is ignored (which of the two Tripletex does is not published)
    filters        False: the filters for employees have other names now, and unknown parameters are ignored
    hidden         names of fields that the token may not see; they are left out of every answer
    forbidden      beginnings of paths that the token may not use
    newer          codes that came after the contract, taken wherever a code is
    rate_limit     [requests, seconds]
    accountant     True: the employee token is an accounting firm's, and company "0" opens nothing
"""

from __future__ import annotations

import base64
import re
import uuid
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse

from integrations.sandboxes.base import Sandbox, State, Table, json_answer, json_body, overlaps, route, today

Row = dict[str, Any]

DOCS = "https://tripletex.no/v2-docs/"
PAGE = 1000
TOO_MANY = 10_000
HOURS_OF_A_YEAR = 1950

INT, NUMBER, TEXT, DATE, BOOL = "int", "number", "text", "date", "bool"
FORMS = (
    "PERMANENT",
    "TEMPORARY",
    "PERMANENT_AND_HIRED_OUT",
    "TEMPORARY_AND_HIRED_OUT",
    "TEMPORARY_ON_CALL",
    "NOT_CHOSEN",
)
REMUNERATIONS = ("MONTHLY_WAGE", "HOURLY_WAGE", "COMMISION_PERCENTAGE", "FEE", "NOT_CHOSEN", "PIECEWORK_WAGE")
SHIFTS = ("ROUND_THE_CLOCK", "SHIFT_365", "OFFSHORE_336", "CONTINUOUS", "OTHER_SHIFT")
END_REASONS = tuple(
    "EMPLOYMENT_END_" + reason
    for reason in (
        "EXPIRED",
        "EMPLOYEE",
        "EMPLOYER",
        "WRONGLY_REPORTED",
        "SYSTEM_OR_ACCOUNTANT_CHANGE",
        "INTERNAL_CHANGE",
    )
)
# Cancels an employment: it counts as never having been, so that its days are free.
WRONGLY_REPORTED = "EMPLOYMENT_END_WRONGLY_REPORTED"
TAX_CODES = (
    "loennFraHovedarbeidsgiver",
    "loennFraBiarbeidsgiver",
    "pensjon",
    "loennTilUtenrikstjenestemann",
    "loennKunTrygdeavgiftTilUtenlandskBorger",
    "loennKunTrygdeavgiftTilUtenlandskBorgerSomGrensegjenger",
    "introduksjonsstoenad",
    "ufoereytelserFraAndre",
    "",
)

# Each object's fields: a plain type, a tuple of the values it takes, or another object ("Name", "[Name]" = a list).
MODELS: dict[str, dict[str, Any]] = {
    "Employee": {
        "id": INT,
        "version": INT,
        "url": TEXT,
        "firstName": TEXT,
        "lastName": TEXT,
        "displayName": TEXT,
        "employeeNumber": TEXT,
        "dateOfBirth": DATE,
        "email": TEXT,
        "nationalIdentityNumber": TEXT,
        "dnumber": TEXT,
        "userType": ("STANDARD", "EXTENDED", "NO_ACCESS"),
        "isContact": BOOL,
        "department": "Department",
        "employments": "[Employment]",
        "companyId": INT,
    },
    "Employment": {
        "id": INT,
        "version": INT,
        "url": TEXT,
        "employee": "Employee",
        "employmentId": TEXT,
        "startDate": DATE,
        "endDate": DATE,
        "employmentEndReason": END_REASONS,
        "division": "Division",
        "lastSalaryChangeDate": DATE,
        "noEmploymentRelationship": BOOL,
        "isMainEmployer": BOOL,
        "taxDeductionCode": TAX_CODES,
        "employmentDetails": "[EmploymentDetails]",
        "isRemoveAccessAtEmploymentEnded": BOOL,
        "latestSalary": "EmploymentDetails",
    },
    "EmploymentDetails": {
        "id": INT,
        "version": INT,
        "url": TEXT,
        "employment": "Employment",
        "date": DATE,
        "employmentType": ("ORDINARY", "MARITIME", "FREELANCE", "NOT_CHOSEN"),
        "employmentForm": FORMS,
        "maritimeEmployment": "MaritimeEmployment",
        "remunerationType": REMUNERATIONS,
        "workingHoursScheme": ("NOT_SHIFT", *SHIFTS, "NOT_CHOSEN"),
        "shiftDurationHours": NUMBER,
        "occupationCode": "OccupationCode",
        "percentageOfFullTimeEquivalent": NUMBER,
        "annualSalary": NUMBER,
        "hourlyWage": NUMBER,
        "payrollTaxMunicipalityId": "Municipality",
        "monthlySalary": NUMBER,
    },
    "MaritimeEmployment": {
        "shipRegister": ("NIS", "NOR", "FOREIGN"),
        "shipType": ("OTHER", "DRILLING_PLATFORM", "TOURIST"),
        "tradeArea": ("DOMESTIC", "FOREIGN"),
    },
    "OccupationCode": {"id": INT, "version": INT, "url": TEXT, "nameNO": TEXT, "code": TEXT},
    "Municipality": {"id": INT, "version": INT, "url": TEXT, "number": TEXT, "name": TEXT},
    "Division": {
        "id": INT,
        "version": INT,
        "url": TEXT,
        "name": TEXT,
        "organizationNumber": TEXT,
        "startDate": DATE,
        "endDate": DATE,
    },
    "Department": {
        "id": INT,
        "version": INT,
        "url": TEXT,
        "name": TEXT,
        "departmentNumber": TEXT,
        "isInactive": BOOL,
    },
    "StandardTime": {
        "id": INT,
        "version": INT,
        "url": TEXT,
        "employee": "Employee",
        "fromDate": DATE,
        "hoursPerDay": NUMBER,
    },
    "Client": {"id": INT, "version": INT, "url": TEXT, "name": TEXT, "organizationNumber": TEXT},
    "LoggedInUserInfo": {
        "employeeId": INT,
        "actualEmployeeId": INT,
        "employee": "Employee",
        "companyId": INT,
        "company": "Company",
        "language": TEXT,
    },
    "Company": {"id": INT, "version": INT, "url": TEXT},
}
PATHS = {
    "Employee": "employee",
    "Employment": "employee/employment",
    "EmploymentDetails": "employee/employment/details",
    "OccupationCode": "employee/employment/occupationCode",
    "Municipality": "municipality",
    "Division": "division",
    "Department": "department",
    "StandardTime": "employee/standardTime",
    "Client": "company",
    "Company": "company",
}
# Taken in a body, and ignored (recorded for monthlySalary).
READ_ONLY = ("url", "displayName", "companyId", "latestSalary", "monthlySalary", "lastSalaryChangeDate")


class Refused(Exception):
    """An answer in Tripletex' error envelope."""

    def __init__(self, status: int, code: int, message: str, developer: str = "", found: Iterable[Row] = ()) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.developer = status, code, message, developer
        self.found = list(found)


def remark(field: str | None, message: str, path: str | None = None) -> Row:
    return {"field": field, "message": message, "path": path, "rootId": None}


def invalid(*found: Row, developer: str = "VALIDATION_ERROR") -> Refused:
    return Refused(422, 18000, "Validering feilet.", developer, found)


def unmappable(field: str, message: str, path: str | None = "") -> Refused:
    return Refused(422, 16000, "Request mapping failed", "", [remark(field, message, field if path == "" else path)])


class TripletexSandbox(Sandbox):
    key = "tripletex"
    name = "Tripletex"
    credentials = {
        "consumer_token": "qwzex-sandbox-consumer-token-0001",
        "employee_token": "plkmn-sandbox-employee-token-0001",
        "company_id": "0",
    }

    @classmethod
    def seed(cls, tenant: str) -> State:
        codes = (
            ("2511102", "AUTORISERT REGNSKAPSFØRER"),
            ("2130109", "SYSTEMUTVIKLER"),
            ("1142109", "ADMINISTRERENDE DIREKTØR"),
            ("5221126", "BUTIKKMEDARBEIDER"),
            ("4115101", "SEKRETÆR"),
            ("3416102", "INNKJØPER"),
            ("7412101", "BAKER"),
            ("8323101", "SJÅFØR"),
        )
        return {
            "company": {"id": 5_004_711, "version": 0, "organizationNumber": "974760000"},
            "owner": 900,
            "accountant": False,
            "post_token": True,
            "null_clears": True,
            "filters": True,
            "hidden": [],
            "forbidden": [],
            "newer": [],
            "rate_limit": [3000, 10],
            "sessions": {},
            "Employee": [],
            "Employment": [],
            "EmploymentDetails": [],
            "StandardTime": [],
            "Division": [
                {
                    "id": 108_244_153,
                    "version": 0,
                    "name": "Fjellheim Drift",
                    "organizationNumber": "974760673",
                    "startDate": "2015-01-01",
                    "endDate": None,
                },
                {
                    "id": 108_244_154,
                    "version": 0,
                    "name": "Fjellheim Lager",
                    "organizationNumber": "974760681",
                    "startDate": "2018-01-01",
                    "endDate": None,
                },
            ],
            "Department": [
                {"id": 701, "version": 0, "name": "Butikk", "departmentNumber": "BUT1", "isInactive": False},
                {"id": 702, "version": 0, "name": "Lager", "departmentNumber": "LAG1", "isInactive": False},
            ],
            "OccupationCode": [
                {"id": 301 + i, "version": 0, "nameNO": name, "code": code} for i, (code, name) in enumerate(codes)
            ],
            "Municipality": [{"id": 262, "version": 0, "number": "0301", "name": "Oslo"}],
            "Client": [],
        }

    # -- for tests, demo and page ------------------------------------------------------------------------

    def add_employee(
        self,
        number: str,
        first_name: str,
        last_name: str,
        *,
        email: str = "",
        national_id: str = "",
        birth_date: str = "",
    ) -> str:
        made = {
            "id": self.tenant.new_id("Employee", 18_638_370),
            "version": 0,
            "firstName": first_name,
            "lastName": last_name,
            "employeeNumber": number,
            "dateOfBirth": birth_date or None,
            "email": email or None,
            "nationalIdentityNumber": national_id or None,
            "dnumber": None,
            "userType": "NO_ACCESS",
            "isContact": False,
            "department": 701,
        }
        self.state["Employee"].append(made)
        return str(made["id"])

    def employments(self, number: str) -> list[Row]:
        """Each employment with its rows, and the latest row's fields beside it for a quick look."""
        mine = {e["id"] for e in self.state["Employee"] if e["employeeNumber"] == number}
        found = []
        for employment in sorted(self.state["Employment"], key=lambda e: str(e["startDate"])):
            if employment["employee"] not in mine:
                continue
            rows = [
                {**row, "occupationCode": self._code(row), "employment": employment["id"]}
                for row in self._rows(employment["id"])
            ]
            latest = {k: v for k, v in rows[-1].items() if k not in ("id", "version", "employment")} if rows else {}
            division = next((d for d in self.state["Division"] if d["id"] == employment["division"]), None)
            found.append(
                {
                    **employment,
                    **latest,
                    "division": division["organizationNumber"] if division else None,
                    "employmentDetails": rows,
                }
            )
        return found

    def tables(self) -> list[Table]:
        people = {e["id"]: e for e in self.state["Employee"]}
        divisions = {d["id"]: d["organizationNumber"] for d in self.state["Division"]}
        employments = sorted(self.state["Employment"], key=lambda e: (e["employee"], str(e["startDate"])))
        who = {e["id"]: people[e["employee"]]["employeeNumber"] for e in employments}
        periods = ("startDate", "endDate", "employmentEndReason")
        details = (
            "date",
            "employmentType",
            "employmentForm",
            "remunerationType",
            "workingHoursScheme",
            "percentageOfFullTimeEquivalent",
        )
        return [
            Table(
                "Employees",
                ("employeeNumber", "firstName", "lastName", "email", "dateOfBirth"),
                tuple(
                    (p["employeeNumber"], p["firstName"], p["lastName"], p["email"] or "", p["dateOfBirth"] or "")
                    for p in people.values()
                ),
            ),
            Table(
                "Employments",
                ("id", "employee", *periods, "division"),
                tuple(
                    (e["id"], who[e["id"]], *(e[k] or "" for k in periods), divisions.get(e["division"], ""))
                    for e in employments
                ),
            ),
            Table(
                "Employment details",
                ("employment", "employee", *details, "occupationCode", "annualSalary"),
                tuple(
                    (e["id"], who[e["id"]], *(r[k] for k in details), self._code(r) or "", r["annualSalary"])
                    for e in employments
                    for r in self._rows(e["id"])
                ),
                "One row for each date from which the terms changed.",
            ),
            Table(
                "Standard time",
                ("employee", "fromDate", "hoursPerDay"),
                tuple(
                    (people[s["employee"]]["employeeNumber"], s["fromDate"], s["hoursPerDay"])
                    for s in self.state["StandardTime"]
                ),
            ),
        ]

    def _code(self, row: Row) -> str | None:
        return next((c["code"] for c in self.state["OccupationCode"] if c["id"] == row["occupationCode"]), None)

    def _rows(self, employment_id: int) -> list[Row]:
        rows = [r for r in self.state["EmploymentDetails"] if r["employment"] == employment_id]
        return sorted(rows, key=lambda r: str(r["date"]))

    # -- before and after each call ----------------------------------------------------------------------

    def respond(self, request: HttpRequest, vendor_path: str) -> HttpResponse:
        return super().respond(request, vendor_path.removeprefix("v2/") if vendor_path.startswith("v2/") else "-")

    def _view(self, request: HttpRequest, vendor_path: str) -> HttpResponse:
        try:
            return super()._view(request, vendor_path)
        except Refused as refused:
            return self._envelope(refused)

    def before(self, request: HttpRequest, vendor_path: str) -> HttpResponse | None:
        if vendor_path == "token/session/:create":
            return None
        company = self._log_in(request)
        limit, seconds = self.state["rate_limit"]
        allowed, left, reset = self.tenant.window("employee token", limit, seconds)
        request.META["sandbox.rate"] = (limit, left, int(reset) + 1)
        if not allowed:
            raise Refused(429, 429, "Too many requests")
        free = ("token/session/>whoAmI", "company/>withLoginAccess")
        if self.state["accountant"] and company == 0 and vendor_path not in free:
            raise Refused(
                403,
                9000,
                "You do not have permission to access this feature.",
                "Company owned users(employeeToken) can only access /token/session/>whoAmI & "
                "/company/>withLoginAccess in their own company.",
            )
        if any(vendor_path.startswith(path) for path in self.state["forbidden"]):
            raise Refused(403, 9000, "You do not have permission to access this feature.")
        return None

    def after(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        rate = request.META.get("sandbox.rate")
        if rate is not None:
            for name, value in zip(("Limit", "Remaining", "Reset"), rate, strict=True):
                response.headers[f"X-Rate-Limit-{name}"] = str(value)
        if "x-tlx-request-id" not in response.headers:
            response.headers["x-tlx-request-id"] = str(uuid.uuid4())
        return response

    def _log_in(self, request: HttpRequest) -> int:
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        try:
            company, _, token = base64.b64decode(text).decode().partition(":")
        except ValueError:
            company, token = "", ""
        session = self.state["sessions"].get(token)
        known = {"", "0", str(self.state["company"]["id"]), *(str(c["id"]) for c in self.state["Client"])}
        if scheme != "Basic" or session is None or session <= today().isoformat() or company not in known:
            raise Refused(401, 3000, "Unauthorized", "Could not log in. Check login info in Authorization header.")
        return int(company or 0)

    def not_found(self, request: HttpRequest) -> HttpResponse:
        return self._envelope(Refused(404, 21000, "Not found"))

    def method_not_allowed(self, request: HttpRequest) -> HttpResponse:
        return self._envelope(Refused(400, 4000, "HTTP 405 Method Not Allowed"))

    @staticmethod
    def _envelope(refused: Refused) -> HttpResponse:
        request_id = str(uuid.uuid4())
        body = {
            "status": refused.status,
            "code": refused.code,
            "message": refused.message,
            "link": DOCS,
            "developerMessage": refused.developer or None,
            "validationMessages": refused.found or None,
            "requestId": request_id,
        }
        return json_answer(body, refused.status, x_tlx_request_id=request_id)

    # -- session tokens ----------------------------------------------------------------------------------

    @route("POST", "token/session/:create")
    def post_session(self, request: HttpRequest) -> HttpResponse:
        if not self.state["post_token"]:
            return self.method_not_allowed(request)
        body = json_body(request)
        if not isinstance(body, dict):
            raise Refused(422, 22000, "Invalid JSON")
        return self._session(body, 201)

    @route("PUT", "token/session/:create")
    def put_session(self, request: HttpRequest) -> HttpResponse:
        return self._session({k: str(v) for k, v in request.GET.items()}, 200)

    def _session(self, given: Mapping[str, Any], status: int) -> HttpResponse:
        names = ("consumerToken", "employeeToken", "expirationDate")
        missing = [remark(n, "Kan ikke være null.") for n in names if not given.get(n)]
        if missing:
            raise Refused(422, 15000, "Validering feilet.", "", missing)
        wanted = (self.credentials["consumer_token"], self.credentials["employee_token"])
        if (given["consumerToken"], given["employeeToken"]) != wanted:
            raise Refused(401, 3000, "Unauthorized", "Invalid consumer or employee token.")
        expires = str(given["expirationDate"])
        if not is_date(expires[:10]) or expires[:10] <= today().isoformat():  # a time behind it is let pass
            raise invalid(remark("expirationDate", "Må være senere enn i dag."))
        token = base64.b64encode(f"sandbox-session-{uuid.uuid4()}".encode()).decode()
        self.state["sessions"][token] = expires
        made = self.tenant.new_id("session", 40_000)
        value = {
            "id": made,
            "version": 0,
            "url": f"tripletex.no/v2/token/session/{made}",
            "consumerToken": {"id": 11, "url": "tripletex.no/v2/token/consumer/11"},
            "employeeToken": {"id": 12, "url": "tripletex.no/v2/token/employee/12"},
            "expirationDate": expires,
            "token": token,
            "encryptionKey": "",
        }
        return json_answer({"value": value}, status)

    @route("DELETE", "token/session/<str:token>")
    def delete_session(self, request: HttpRequest, token: str) -> HttpResponse:
        self.state["sessions"].pop(token, None)
        return HttpResponse(status=204)

    @route("GET", "token/session/>whoAmI")
    def who_am_i(self, request: HttpRequest) -> HttpResponse:
        company = self._log_in(request) or self.state["company"]["id"]
        owner = self.state["owner"]
        value = {
            "employeeId": owner,
            "actualEmployeeId": owner,
            "employee": owner,
            "companyId": company,
            "company": company,
            "language": "no",
        }
        return json_answer({"value": self._shape("LoggedInUserInfo", value, request.GET.get("fields", ""))})

    @route("GET", "company/>withLoginAccess")
    def companies(self, request: HttpRequest) -> HttpResponse:
        return self._list(request, "Client", self.state["Client"])

    # -- employees ---------------------------------------------------------------------------------------

    @route("GET", "employee")
    def list_employees(self, request: HttpRequest) -> HttpResponse:
        """Filters that are not in the contract are ignored, so that everybody comes back."""
        asked: Mapping[str, str] = request.GET if self.state["filters"] else {}
        rows = [e for e in self.state["Employee"] if not e["isContact"] or asked.get("includeContacts") == "true"]
        if "employeeNumber" in asked:
            rows = [e for e in rows if e["employeeNumber"] == asked["employeeNumber"]]
        for name in ("email", "firstName", "lastName"):
            if asked.get(name):
                rows = [e for e in rows if asked[name].casefold() in (e[name] or "").casefold()]
        if asked.get("id"):
            rows = [e for e in rows if str(e["id"]) in asked["id"].split(",")]
        return self._list(request, "Employee", rows)

    @route("GET", "employee/<int:pk>")
    def get_employee(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._one(request, "Employee", pk)

    # -- employments -------------------------------------------------------------------------------------

    @route("GET", "employee/employment")
    def list_employments(self, request: HttpRequest) -> HttpResponse:
        rows = self.state["Employment"]
        if request.GET.get("employeeId") and self.state["filters"]:
            rows = [e for e in rows if str(e["employee"]) == request.GET["employeeId"]]
        return self._list(request, "Employment", rows)

    @route("GET", "employee/employment/<int:pk>")
    def get_employment(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._one(request, "Employment", pk)

    @route("POST", "employee/employment")
    def post_employment(self, request: HttpRequest) -> HttpResponse:
        body = self._body(request, "Employment")
        self._no_id(body)
        details = body.pop("employmentDetails", None) or []
        new = {
            "employmentId": "",
            "startDate": None,
            "endDate": None,
            "employmentEndReason": None,
            "division": None,
            "lastSalaryChangeDate": None,
            "noEmploymentRelationship": False,
            "isMainEmployer": body.get("taxDeductionCode") != "loennFraBiarbeidsgiver",
            "isRemoveAccessAtEmploymentEnded": False,
            **self._stored("Employment", body),
        }
        new.setdefault("employee", None)
        if "taxDeductionCode" not in body:
            new["taxDeductionCode"] = TAX_CODES[0] if new["isMainEmployer"] else TAX_CODES[1]
        found = self._employment_rules(new, "")
        rows: list[Row] = []
        for index, detail in enumerate(details):
            self._no_id(detail)
            row = {**self._blank_row(), **self._stored("EmploymentDetails", detail)}
            others = [r["date"] for r in rows]
            found += self._row_rules(row, new, others, "employmentDetails.", f"employmentDetails[{index}].")
            rows.append(self._wage(row))
        if found:
            raise invalid(*found)
        made = {"id": self.tenant.new_id("Employment", 2_822_321), "version": 0, **new}
        self.state["Employment"].append(made)
        for row in rows:
            self._add_row(made["id"], row)
        return json_answer({"value": self._shape("Employment", made)}, 201)

    @route("PUT", "employee/employment/<int:pk>")
    def put_employment(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A partial update. Moving the start takes the first details row along."""
        old = self._find("Employment", pk)
        body = self._body(request, "Employment")
        self._guard(body, old)
        if "employmentDetails" in body:
            raise unmappable("employmentDetails", "Lønnsrader endres på /employee/employment/details.")
        new = {**old, **self._partial("Employment", body)}
        if new["employee"] != old["employee"]:
            raise invalid(remark("employee", "Arbeidsforholdet kan ikke flyttes til en annen ansatt."))
        found = self._employment_rules(new, old["id"])
        if old["division"] is not None and new["division"] != old["division"]:
            found.append(remark("division.id", "Virksomheten kan ikke endres."))
        rows = self._rows(pk)
        moved = new["startDate"] != old["startDate"] and rows
        if moved and len(rows) > 1 and new["startDate"] and new["startDate"] >= rows[1]["date"]:
            found.append(remark("startDate", "Startdato kan ikke være etter dato på neste lønnsrad."))
        if found:
            raise invalid(*found)
        if moved:
            rows[0]["date"] = new["startDate"]
            rows[0]["version"] += 1
        self._replace(old, new)
        return json_answer({"value": self._shape("Employment", old)})

    def _employment_rules(self, new: Row, own_id: int | str) -> list[Row]:
        found = []
        person = next((e for e in self.state["Employee"] if e["id"] == new.get("employee")), None)
        if person is None:
            found.append(remark("employee", "Kan ikke være null."))
        elif not person["dateOfBirth"]:
            found.append(remark("employee.dateOfBirth", "Feltet må fylles ut."))
        start, end, reason = new["startDate"], new["endDate"], new["employmentEndReason"]
        if not start:
            return [*found, remark("startDate", "Kan ikke være null.", "null.startDate")]
        if end and end < start:
            found.append(remark("endDate", "Sluttdato kan ikke være før startdato."))
        if end and not reason:
            found.append(remark("employmentEndReason", "Feltet må fylles ut."))
        if reason and not end:
            found.append(remark("employmentEndReason", "Kan bare settes sammen med sluttdato."))
        if new.get("taxDeductionCode") == "":
            found.append(remark("taxDeductionCode", "Ugyldig verdi."))
        division = next((d for d in self.state["Division"] if d["id"] == new["division"]), None)
        if division is None and self.state["Division"]:
            found.append(remark("division.id", "Arbeidsforholdet må knyttes til en virksomhet/underenhet."))
        elif division and division["organizationNumber"] == self.state["company"]["organizationNumber"]:
            found.append(
                remark("division.id", "Det er ikke mulig å knytte arbeidsforholdet til den juridiske enheten.")
            )
        others = [
            (str(e["startDate"]), e["endDate"])
            for e in self.state["Employment"]
            if e["employee"] == new.get("employee")
            and e["id"] != own_id
            and e["employmentEndReason"] != WRONGLY_REPORTED
        ]
        if reason != WRONGLY_REPORTED and overlaps(start, end, others):
            found.append(remark("startDate", "Overlappende perioder."))
        return found

    # -- details rows ------------------------------------------------------------------------------------

    @route("GET", "employee/employment/details")
    def list_details(self, request: HttpRequest) -> HttpResponse:
        wanted = request.GET.get("employmentId", "")
        rows = [r for r in self.state["EmploymentDetails"] if not wanted or str(r["employment"]) in wanted.split(",")]
        return self._list(request, "EmploymentDetails", rows)

    @route("GET", "employee/employment/details/<int:pk>")
    def get_details(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._one(request, "EmploymentDetails", pk)

    @route("POST", "employee/employment/details")
    def post_details(self, request: HttpRequest) -> HttpResponse:
        body = self._body(request, "EmploymentDetails")
        self._no_id(body)
        stored = self._stored("EmploymentDetails", body)
        employment = next((e for e in self.state["Employment"] if e["id"] == stored.get("employment")), None)
        if employment is None:
            raise invalid(remark("employment", "Kan ikke være null."))
        row = {**self._blank_row(), **stored}
        found = self._row_rules(row, employment, [r["date"] for r in self._rows(employment["id"])])
        if found:
            raise invalid(*found)
        made = self._add_row(employment["id"], self._wage(row))
        return json_answer({"value": self._shape("EmploymentDetails", made)}, 201)

    @route("PUT", "employee/employment/details/<int:pk>")
    def put_details(self, request: HttpRequest, pk: int) -> HttpResponse:
        old = self._find("EmploymentDetails", pk)
        body = self._body(request, "EmploymentDetails")
        self._guard(body, old)
        new = {**old, **self._partial("EmploymentDetails", body)}
        employment = self._find("Employment", old["employment"])
        if new["employment"] != old["employment"]:
            raise invalid(remark("employment", "Lønnsraden kan ikke flyttes."))
        others = [r["date"] for r in self._rows(old["employment"]) if r is not old]
        found = self._row_rules(new, employment, others)
        if found:
            raise invalid(*found)
        self._replace(old, self._wage(new) if "annualSalary" in body else new)
        return json_answer({"value": self._shape("EmploymentDetails", old)})

    @staticmethod
    def _blank_row() -> Row:
        return {
            "date": None,
            "employmentType": "NOT_CHOSEN",
            "employmentForm": "NOT_CHOSEN",
            "maritimeEmployment": None,
            "remunerationType": "NOT_CHOSEN",
            "workingHoursScheme": "NOT_CHOSEN",
            "shiftDurationHours": 0,
            "occupationCode": None,
            "percentageOfFullTimeEquivalent": 0,
            "annualSalary": 0,
            "hourlyWage": 0,
            "payrollTaxMunicipalityId": None,
        }

    @staticmethod
    def _wage(row: Row) -> Row:
        """The hourly wage is worked out from the year's pay where that is given."""
        if row["annualSalary"]:
            row["hourlyWage"] = int(row["annualSalary"] / HOURS_OF_A_YEAR)
        return row

    @staticmethod
    def _row_rules(row: Row, employment: Row, others: list[str], field: str = "", path: str = "") -> list[Row]:
        found = []

        def say(name: str, message: str) -> None:
            found.append(remark(field + name, message, f"{path}{name}" if path else None))

        if not row["date"]:
            say("date", "Kan ikke være null.")
        else:
            if row["date"] in others:
                say("date", "Finnes fra før.")
            if employment["startDate"] and row["date"] < employment["startDate"]:
                if others:
                    say("date", "Dato på lønnsraden er før arbeidsforholdets startdato.")
                else:
                    row["date"] = employment["startDate"]  # the first row is moved to the start (recorded)
            if employment["endDate"] and row["date"] > employment["endDate"]:
                say("date", "Dato på lønnsraden er etter arbeidsforholdets sluttdato.")
        if not 0 <= (row["percentageOfFullTimeEquivalent"] or 0) <= 100:
            say("percentageOfFullTimeEquivalent", "Må være mellom 0 og 100.")
        if row["workingHoursScheme"] in SHIFTS and not row["shiftDurationHours"]:
            say("shiftDurationHours", "Feltet må fylles ut.")
        return found

    def _add_row(self, employment_id: int, row: Row) -> Row:
        made = {"id": self.tenant.new_id("EmploymentDetails", 3_749_140), "version": 0, **row}
        made["employment"] = employment_id
        self.state["EmploymentDetails"].append(made)
        return made

    # -- registers ---------------------------------------------------------------------------------------

    @route("GET", "employee/employment/occupationCode")
    def list_occupation_codes(self, request: HttpRequest) -> HttpResponse:
        rows = self.state["OccupationCode"]
        for name in ("code", "nameNO"):
            if request.GET.get(name):
                rows = [c for c in rows if request.GET[name].casefold() in c[name].casefold()]
        return self._list(request, "OccupationCode", sorted(rows, key=lambda c: str(c["nameNO"])))

    @route("GET", "employee/employment/occupationCode/<int:pk>")
    def get_occupation_code(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._one(request, "OccupationCode", pk)

    @route("GET", "division")
    def list_divisions(self, request: HttpRequest) -> HttpResponse:
        text = request.GET.get("query", "").casefold()
        rows = [d for d in self.state["Division"] if text in f"{d['name']} {d['organizationNumber']}".casefold()]
        return self._list(request, "Division", rows)

    @route("GET", "department")
    def list_departments(self, request: HttpRequest) -> HttpResponse:
        rows = self.state["Department"]
        for name in ("departmentNumber", "name"):
            if request.GET.get(name):
                rows = [d for d in rows if request.GET[name].casefold() in d[name].casefold()]
        return self._list(request, "Department", rows)

    # -- standard time (the only place for weekly hours, on the employee) --------------------------------

    @route("GET", "employee/standardTime")
    def list_standard_times(self, request: HttpRequest) -> HttpResponse:
        """Of one employee: without its id, of the owner of the token (the contract, on `employeeId`)."""
        whose = request.GET.get("employeeId") or str(self.state["owner"])
        rows = [s for s in self.state["StandardTime"] if str(s["employee"]) == whose]
        return self._list(request, "StandardTime", rows)

    @route("POST", "employee/standardTime")
    def post_standard_time(self, request: HttpRequest) -> HttpResponse:
        body = self._body(request, "StandardTime")
        self._no_id(body)
        row = {"employee": None, "fromDate": None, "hoursPerDay": None, **self._stored("StandardTime", body)}
        self._standard_time_rules(row, None)
        made = {"id": self.tenant.new_id("StandardTime", 60_001), "version": 0, **row}
        self.state["StandardTime"].append(made)
        return json_answer({"value": self._shape("StandardTime", made)}, 201)

    @route("PUT", "employee/standardTime/<int:pk>")
    def put_standard_time(self, request: HttpRequest, pk: int) -> HttpResponse:
        old = self._find("StandardTime", pk)
        body = self._body(request, "StandardTime")
        self._guard(body, old)
        new = {**old, **self._partial("StandardTime", body)}
        self._standard_time_rules(new, old)
        self._replace(old, new)
        return json_answer({"value": self._shape("StandardTime", old)})

    def _standard_time_rules(self, row: Row, old: Row | None) -> None:
        found = [remark(k, "Kan ikke være null.") for k in ("employee", "fromDate", "hoursPerDay") if row[k] is None]
        if any(
            s is not old and (s["employee"], s["fromDate"]) == (row["employee"], row["fromDate"])
            for s in self.state["StandardTime"]
        ):
            found.append(remark("fromDate", "Finnes fra før."))
        if not found and not 0 <= row["hoursPerDay"] <= 24:
            found.append(remark("hoursPerDay", "Må være mellom 0 og 24."))
        if found:
            raise invalid(*found)

    # -- bodies ------------------------------------------------------------------------------------------

    def _body(self, request: HttpRequest, kind: str) -> Row:
        body = json_body(request)
        if not isinstance(body, dict):
            raise Refused(422, 22000, "Invalid JSON")
        self._check(kind, body, "")
        return body

    def _check(self, kind: str, body: Row, prefix: str) -> None:
        for name, value in body.items():
            there = MODELS[kind].get(name)
            if there is None:
                raise unmappable(prefix + name, "Feltet eksisterer ikke i objektet.", path=None)
            if value is None or name in READ_ONLY:
                continue
            if not _fits(there, value) and value not in self.state["newer"]:
                raise unmappable(prefix + name, "Verdien er ikke av korrekt type for dette feltet.")
            if isinstance(there, str) and there.startswith("["):
                for item in value:
                    if not isinstance(item, dict):
                        raise unmappable(prefix + name, "Verdien er ikke av korrekt type for dette feltet.")
                    self._check(there[1:-1], item, f"{prefix}{name}.")
            elif there in MODELS:
                self._check(there, value, f"{prefix}{name}.")

    @staticmethod
    def _no_id(body: Row) -> None:
        if "id" in body or "version" in body:
            raise invalid(remark("id", "An ID cannot be set when creating a new object"))

    def _stored(self, kind: str, body: Row) -> Row:
        """The body as it is kept: references by id. A reference without an id is a new object, which is refused for
        want of its name; but an occupation code without an id is quietly kept as nothing."""
        kept: Row = {}
        for name, value in body.items():
            there = MODELS[kind][name]
            if name in READ_ONLY:
                continue
            if there in PATHS and isinstance(value, dict):
                if "id" not in value:
                    if there != "OccupationCode":
                        raise invalid(remark(f"{name}.name", "Feltet kan ikke være tomt.", f"{name}.name"))
                    value = None
                elif not any(item["id"] == value["id"] for item in self.state[there]):
                    raise Refused(404, 6000, "Object not found", f"{there} {value['id']}")
                else:
                    value = value["id"]
            kept[name] = value
        return kept

    def _partial(self, kind: str, body: Row) -> Row:
        changed = {k: v for k, v in self._stored(kind, body).items() if k not in ("id", "version")}
        if not self.state["null_clears"]:
            changed = {k: v for k, v in changed.items() if v is not None or body.get(k) is not None}
        return changed

    @staticmethod
    def _guard(body: Row, old: Row) -> None:
        if body.get("id", old["id"]) != old["id"]:
            raise invalid(remark("id", "Stemmer ikke med adressen."))
        if body.get("version") is not None and body["version"] != old["version"]:
            raise Refused(409, 8000, "RevisionException")

    @staticmethod
    def _replace(old: Row, new: Row) -> None:
        """The version counts real changes only."""
        if {**new, "version": 0} != {**old, "version": 0}:
            old.update(new)
            old["version"] += 1

    # -- answers -----------------------------------------------------------------------------------------

    def _find(self, kind: str, pk: int) -> Row:
        found: Row | None = next((item for item in self.state[kind] if item["id"] == pk), None)
        if found is None:
            raise Refused(404, 6000, "Object not found")
        return found

    def _one(self, request: HttpRequest, kind: str, pk: int) -> HttpResponse:
        return json_answer({"value": self._shape(kind, self._find(kind, pk), request.GET.get("fields", ""))})

    def _list(self, request: HttpRequest, kind: str, rows: list[Row]) -> HttpResponse:
        first, size = int(request.GET.get("from", 0)), int(request.GET.get("count", PAGE))
        if len(rows) > TOO_MANY:
            raise Refused(422, 23000, "Result set too large")
        sorting = request.GET.get("sorting", "").split(",")
        if any(s and s.strip().lstrip("-").split(".")[0] not in MODELS[kind] for s in sorting):
            raise Refused(422, 17000, "Illegal sorting")
        page = rows[first : first + size]
        more = len(rows) > first + len(page)
        body = {
            "fullResultSize": first + len(page) + (1 if more else 0),
            "from": first,
            "count": len(page),
            "versionDigest": None,
            "values": [self._shape(kind, row, request.GET.get("fields", "")) for row in page],
        }
        return json_answer(body)

    def _shape(self, kind: str, item: Any, fields: str = "") -> Row:
        """An object with the fields asked for; an object inside it is `id` and `url` unless its own are asked for."""
        asked = _parse(fields) or {"*": ""}
        for name in asked:
            if name != "*" and name not in MODELS[kind]:
                message = f"Illegal field in fields filter: {name}. {name} does not match a field in the model"
                raise Refused(400, 11000, f"{message}: {kind}DTO")
        names = list(MODELS[kind]) if "*" in asked else list(asked)
        return {
            name: self._value(kind, item, name, asked.get(name, ""))
            for name in names
            if name not in self.state["hidden"] and (name != "url" or kind in PATHS)
        }

    def _value(self, kind: str, item: Row, name: str, fields: str) -> Any:
        there = MODELS[kind][name]
        if name == "url":
            return f"tripletex.no/v2/{PATHS[kind]}/{item['id']}"
        if name == "displayName":
            return f"{item['firstName']} {item['lastName']}"
        if name == "companyId" and kind == "Employee":
            return self.state["company"]["id"]
        if name == "monthlySalary":
            return round((item["annualSalary"] or 0) / 12, 2)
        if name in ("employmentDetails", "employments"):
            inner = there[1:-1]
            key = "employment" if name == "employmentDetails" else "employee"
            rows = [r for r in self.state[inner] if r[key] == item["id"]]
            return [self._shape(inner, row, fields or "id,url") for row in rows]
        if name == "latestSalary":
            rows = self._rows(item["id"])
            return self._shape(there, rows[-1], fields or "id,url") if rows else None
        value = item.get(name)
        if there == "Company":
            return {"id": value, "url": f"tripletex.no/v2/company/{value}"}
        if there in PATHS and value is not None:
            linked = next((r for r in self.state[there] if r["id"] == value), None)
            if linked is None:
                return {"id": value, "url": f"tripletex.no/v2/{PATHS[there]}/{value}"}
            return self._shape(there, linked, fields or "id,url")
        return value


def _fits(there: Any, value: Any) -> bool:
    if isinstance(there, tuple):
        return value in there
    if there == INT:
        return isinstance(value, int) and not isinstance(value, bool)
    if there == NUMBER:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if there == BOOL:
        return isinstance(value, bool)
    if there == DATE:
        return isinstance(value, str) and is_date(value)
    if there == TEXT:
        return isinstance(value, str)
    return isinstance(value, list if there.startswith("[") else dict)


def is_date(text: str) -> bool:
    try:
        return bool(re.fullmatch(r"\d{4}-\d{2}-\d{2}", text)) and date.fromisoformat(text) > date.min + timedelta(1)
    except ValueError:
        return False


def _parse(fields: str) -> dict[str, str]:
    """ "id,division(id,name)" -> {"id": "", "division": "id,name"}."""
    found: dict[str, str] = {}
    depth, name, inner = 0, "", ""
    for letter in fields + ",":
        if letter == ")":
            depth -= 1
        if depth:
            inner += letter
        elif letter == ",":
            if name.strip():
                found[name.strip()] = inner
            name, inner = "", ""
        elif letter not in "()":
            name += letter
        if letter == "(":
            depth += 1
    return found
