"""Tripletex' employments with their dated rows of details, its session tokens, and what a tenant begins with."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse

from integrations.sandboxes.base import State, Table, json_answer, json_body, overlaps, route, today
from integrations.systems.tripletex.sandbox.objects import (
    HOURS_OF_A_YEAR,
    SHIFTS,
    TAX_CODES,
    WRONGLY_REPORTED,
    Refused,
    Row,
    invalid,
    is_date,
    remark,
    unmappable,
)
from integrations.systems.tripletex.sandbox.people import People


class TripletexSandbox(People):
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
            "EmployeeCategory": [],
            "Municipality": [{"id": 262, "version": 0, "number": "0301", "name": "Oslo"}],
            "Client": [],
        }

    # -- for tests, demo and page ------------------------------------------------------------------------

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
        made = self._employ(self._body(request, "Employment"))
        return json_answer({"value": self._shape("Employment", made, request.GET.get("fields", ""))}, 201)

    def _employ(self, body: Row, field: str = "") -> Row:
        """A new employment with its rows; `field`: where it stands in what was sent."""
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
        found = [{**said, "field": f"{field}{said['field']}"} for said in self._employment_rules(new, "")]
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
        return made

    @route("PUT", "employee/employment/<int:pk>")
    def put_employment(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A partial update. Moving the start takes the first details row along."""
        old = self._find("Employment", pk)
        body = self._body(request, "Employment")
        self._guard(body, old)
        if body.pop("employmentDetails", None) is not None and self.strict:
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
        if end and end < start and self.strict:
            found.append(remark("endDate", "Sluttdato kan ikke være før startdato."))
        if end and not reason and self.strict:
            found.append(remark("employmentEndReason", "Feltet må fylles ut."))
        if reason and not end and self.strict:
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
            row["hourlyWage"] = round(row["annualSalary"] / HOURS_OF_A_YEAR)  # recorded
        return row

    def _row_rules(self, row: Row, employment: Row, others: list[str], field: str = "", path: str = "") -> list[Row]:
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
            if self.strict and employment["endDate"] and row["date"] > employment["endDate"]:
                say("date", "Dato på lønnsraden er etter arbeidsforholdets sluttdato.")
        if self.strict and not 0 <= (row["percentageOfFullTimeEquivalent"] or 0) <= 100:
            say("percentageOfFullTimeEquivalent", "Må være mellom 0 og 100.")
        if row["workingHoursScheme"] in SHIFTS and not row["shiftDurationHours"]:
            say("shiftDurationHours", "Feltet må fylles ut.")
        return found

    def _add_row(self, employment_id: int, row: Row) -> Row:
        made = {"id": self.tenant.new_id("EmploymentDetails", 3_749_140), "version": 0, **row}
        made["employment"] = employment_id
        self.state["EmploymentDetails"].append(made)
        return made
