"""PowerOffice Go (API v2) as a local server: token, client integration information, employees, employments with their
FTE percentage lines, enterprises, departments, locations.

From PowerOffice's swagger files and developer portal. Where those say nothing, this server is strict.

What a test or the demo may turn in `state`: `privileges` and `invalid_privileges`, `first_line` (the FTE percentage of
the line that a new employment brings, None for no line), `per_second` (the gateway's limit), `page_cap` (fewer rows in
a page than were asked for), `pagination` (whether the header X-Pagination is sent), `token_seconds`,
`refused_professions`.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qs

from django.http import HttpRequest, HttpResponse

from integrations.sandboxes.base import Sandbox, State, Table, json_answer, json_body, route, today

APPLICATION_KEY = "5b1e9c0a-sandbox-application-key"
CLIENT_KEY = "c27d44f1-sandbox-client-key"
SUBSCRIPTION_KEY = "9f03a8e2-sandbox-subscription-key"
TOKEN_SECONDS = 1200
PAGE_SIZE = 5000
MAX_PAGE_SIZE = 20_000

_ENUMS = {
    "EmploymentForm": (
        "Permanent",
        "Temporary",
        "PermanentEmploymentAndHiredOut",
        "TemporaryEmploymentAndHiredOut",
        "TemporaryEmploymentAsOnCallCoverstaff",
    ),
    "EmploymentType": ("Ordinary", "Maritime", "FreelancersEtc", "PensionEtc"),
    "WorkingHoursArrangement": (
        "NonShift",
        "SemiContinuousShift",
        "ContinuousShift",
        "ShiftWork",
        "Offshore",
        "OtherShifts",
    ),
    "EndDateReason": (
        "EmploymentRelationshipShouldNeverHaveBeenReported",
        "EmployerHasDismissedTheEmployee",
        "EmployeeHasResigned",
        "ChangeOfPayrollSystemOrAccountant",
        "ChangeOfOrganizationStructureOrChangedJobInternally",
        "ContractCommitmentOrTemporaryEmploymentExpired",
    ),
    "EmploymentSpecification": ("None", "CrossBorderCommuter"),
    "TaxRule": ("Ordinary", "Svalbard", "JanMayenAndDependencies", "SpecialAllowanceForSeafarers",
                "TaxFreeOrganisation"),
    "Gender": ("Male", "Female", "Hidden"),
}  # fmt: skip
_EMPLOYMENT = {
    "StartDate": "date",
    "EndDate": "date",
    "EndDateReason": "enum",
    "EmploymentForm": "enum",
    "EmploymentType": "enum",
    "EmploymentSpecification": "enum",
    "EnterpriseId": "id",
    "FullTimeHoursPerWeek": "number",
    "IsDefault": "bool",
    "ProfessionCode": "text",
    "ReportingId": "text",
    "TaxCountryCode": "text",
    "TaxRule": "enum",
    "WorkingHoursArrangement": "enum",
}
_EMPLOYMENT_NEEDS = (
    "EmploymentForm",
    "EmploymentType",
    "EnterpriseId",
    "FullTimeHoursPerWeek",
    "IsDefault",
    "ProfessionCode",
    "StartDate",
    "WorkingHoursArrangement",
)
_LINE = {"FromDate": "date", "FtePercentage": "number"}
_EMPLOYEE = {
    "DateOfBirth": "date",
    "DepartmentId": "id",
    "EmailAddress": "text",
    "EndDate": "date",
    "ExternalImportReference": "text",
    "ExternalNumber": "id",
    "FirstName": "text",
    "Gender": "enum",
    "HiredDate": "date",
    "IsArchived": "bool",
    "JobTitle": "text",
    "LastName": "text",
    "LocationId": "id",
    "ManagerEmployeeId": "id",
    "NationalIdNumber": "text",
    "Number": "id",
    "PhoneNumber": "text",
    "StartDate": "date",
}
_PAGING = ("PageNumber", "PageSize", "Fields", "OrderBy", "UseDatabaseValidation")
_PROFESSIONS = {
    "2511102": "AUTORISERT REGNSKAPSFØRER",
    "2554102": "RÅDGIVER",
    "5221126": "BUTIKKMEDARBEIDER",
    "5223108": "BUTIKKSJEF",
    "3231109": "SYKEPLEIER",
    "5120105": "KOKK",
}
_PRIVILEGES = (
    "Department",
    "Employee_Full",
    "EmploymentFtePercentage_Full",
    "Employment_Full",
    "Enterprises",
    "Location",
)
_SHOWN = (
    "Id",
    "StartDate",
    "EndDate",
    "EndDateReason",
    "EmploymentForm",
    "EmploymentType",
    "ProfessionCode",
    "WorkingHoursArrangement",
    "FullTimeHoursPerWeek",
    "EnterpriseId",
    "IsDefault",
    "ReportingId",
    "EndedAndReported",
)


def _now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def _problem(status: int, title: str, detail: str) -> HttpResponse:
    answer = json_answer({"title": title, "detail": detail}, status)
    answer.headers["Content-Type"] = "application/problem+json"
    return answer


def _gateway(status: int, message: str, code: Any = None) -> HttpResponse:
    return json_answer({"statusCode": status if code is None else code, "message": message}, status)


def _date(value: Any) -> str | None:
    """The ISO day in a text, None if there is none."""
    try:
        return date.fromisoformat(value).isoformat() if isinstance(value, str) and len(value) == 10 else None
    except ValueError:
        return None


class _Refused(Exception):
    def __init__(self, detail: str, status: int = 400) -> None:
        super().__init__(detail)
        self.detail = detail
        self.status = status


class PowerOfficeGoSandbox(Sandbox):
    key = "poweroffice_go"
    name = "PowerOffice Go"
    credentials = {
        "application_key": APPLICATION_KEY,
        "client_key": CLIENT_KEY,
        "subscription_key": SUBSCRIPTION_KEY,
    }

    @classmethod
    def seed(cls, tenant: str) -> State:
        def register(start: int, *rows: tuple[str, str, bool]) -> dict[str, Any]:
            return {
                str(number): {
                    "Id": number,
                    "Code": code,
                    "Name": name,
                    "IsActive": active,
                    "CreatedDateTimeOffset": "2024-01-02T08:00:00Z",
                    "LastChangedDateTimeOffset": "2024-01-02T08:00:00Z",
                }
                for number, (code, name, active) in enumerate(rows, start)
            }

        def enterprise(number: int, enterprise_no: str, name: str, default: bool) -> dict[str, Any]:
            return {
                "Id": number,
                "EnterpriseNo": enterprise_no,
                "Name": name,
                "IsDefault": default,
                "Municipality": "4601",
                "CreatedDateTimeOffset": "2024-01-02T08:00:00Z",
                "LastChangedDateTimeOffset": "2024-01-02T08:00:00Z",
            }

        return {
            "employees": {},
            "employments": {},
            "lines": {},
            "departments": register(
                1610,
                ("BUT1", "Butikk Sentrum", True),
                ("BUT2", "Butikk Nord", True),
                ("LAGER", "Lager", True),
                ("ADM", "Administrasjon", True),
                ("GML", "Gammel avdeling", False),
                ("BAK1", "Bakeri", True),
                ("ADM1", "Administrasjon", True),
            ),
            "locations": register(2610, ("BUT1", "Sentrum", True), ("NORD", "Nord", True), ("GML", "Gammel", False)),
            "enterprises": {
                "98765": enterprise(98765, "974760673", "Fjellheim Drift", True),
                "98766": enterprise(98766, "974760681", "Fjellheim Nord", False),
            },
            "privileges": list(_PRIVILEGES),
            "invalid_privileges": [],
            "tokens": {},
            "first_line": None,
            "per_second": 10,
            "page_cap": 0,
            "pagination": True,
            "token_seconds": TOKEN_SECONDS,
            "refused_professions": ["9999999"],
        }

    # -- for the tests, the demo and the page ------------------------------------------------------------

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
        new = self.tenant.new_id("employee", 12345)
        plain = number.isdigit() and len(number) < 18
        self.state["employees"][str(new)] = {
            **dict.fromkeys(_EMPLOYEE),
            "Id": new,
            "Number": int(number) if plain else 90_000 + new,
            "ExternalImportReference": None if plain else number,
            "FirstName": first_name,
            "LastName": last_name,
            "EmailAddress": email or None,
            "NationalIdNumber": national_id or None,
            "DateOfBirth": birth_date or None,
            "Gender": "Hidden",
            "IsArchived": False,
            "SubledgerAccountId": 30_000 + new,
            "SalaryBankAccountId": 40_000 + new,
            "EmployeeCreatedDateTimeOffset": _now(),
            "ContactCreatedDateTimeOffset": _now(),
            "LastChangedDateTimeOffset": _now(),
        }
        return str(new)

    def add_employment(self, employee: str, start: str, percentage: float | None = 100, **values: Any) -> str:
        """An employment as a payroll clerk would have made it in Go."""
        made = self._new_employment(
            int(employee),
            {
                "StartDate": start,
                "EmploymentForm": "Permanent",
                "EmploymentType": "Ordinary",
                "EnterpriseId": 98765,
                "FullTimeHoursPerWeek": 37.5,
                "IsDefault": True,
                "ProfessionCode": "2554102",
                "WorkingHoursArrangement": "NonShift",
                **values,
            },
        )
        made["CreatedDateTimeOffset"] = "2020-01-02T08:00:00Z"
        if percentage is not None:
            self._new_line(made, start, percentage)
        return str(made["Id"])

    def employments(self, number: str) -> list[dict[str, Any]]:
        employee = next(
            (
                e
                for e in self.state["employees"].values()
                if number in (str(e["Number"]), e["ExternalImportReference"], str(e["Id"]))
            ),
            None,
        )
        return [self._row(e) for e in self._employments_of(employee["Id"])] if employee else []

    def _row(self, employment: Mapping[str, Any]) -> dict[str, Any]:
        employee = self._employee(self.state["employees"][str(employment["EmployeeId"])])
        lines = self._lines_of(employment["Id"])
        return {
            **{name: employment[name] for name in _SHOWN},
            "FtePercentage": lines[-1]["FtePercentage"] if lines else None,
            "FtePercentages": [[line["FromDate"], line["FtePercentage"]] for line in lines],
            "JobTitle": employee["JobTitle"],
            "DepartmentCode": employee["DepartmentCode"],
            "LocationCode": employee["LocationCode"],
            "ManagerEmployeeNo": employee["ManagerEmployeeNo"],
        }

    def tables(self) -> list[Table]:
        people = [self._employee(e) for e in self.state["employees"].values()]
        columns = ("Number", "FirstName", "LastName", "EmailAddress", "JobTitle", "DepartmentCode", "LocationCode",
                   "ManagerEmployeeNo", "IsArchived")  # fmt: skip
        shown = ("Employee", *_SHOWN, "FtePercentages")
        rows = []
        for person in people:
            for employment in self._employments_of(person["Id"]):
                row = self._row(employment)
                lines = ", ".join(f"{share:g} % from {since}" for since, share in row["FtePercentages"])
                rows.append((f"{person['FirstName']} {person['LastName']}", *(row[n] for n in _SHOWN), lines))
        return [
            Table("Employees", columns, tuple(tuple(p[name] for name in columns) for p in people)),
            Table("Employments", shown, tuple(rows)),
            Table(
                "Enterprises",
                ("Id", "EnterpriseNo", "Name", "IsDefault"),
                tuple(
                    (e["Id"], e["EnterpriseNo"], e["Name"], e["IsDefault"]) for e in self.state["enterprises"].values()
                ),
            ),
            Table(
                "Departments",
                ("Id", "Code", "Name", "IsActive"),
                tuple((d["Id"], d["Code"], d["Name"], d["IsActive"]) for d in self.state["departments"].values()),
            ),
        ]

    # -- the gateway -------------------------------------------------------------------------------------

    def before(self, request: HttpRequest, vendor_path: str) -> HttpResponse | None:
        given = request.headers.get("Ocp-Apim-Subscription-Key", "")
        if not given:
            return _gateway(
                401,
                "Access denied due to missing subscription key. Make sure to include subscription key when making "
                "requests to an API.",
            )
        if given != SUBSCRIPTION_KEY:
            return _gateway(
                401,
                "Access denied due to invalid subscription key. Make sure to provide a valid key for an active "
                "subscription.",
            )
        is_token = vendor_path.lower() == "oauth/token"
        allowed, _, _ = self.tenant.window("subscription", self.state["per_second"], 1.0)
        if not allowed:
            return _gateway(429, "Rate limit is exceeded. Try again in 1 seconds.", "429" if is_token else 429)
        if is_token:
            return None
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind != "Bearer" or self.state["tokens"].get(token, 0) < time.time():
            return HttpResponse(status=401)
        if request.method in ("POST", "PATCH"):
            wanted = "application/json-patch+json" if request.method == "PATCH" else "application/json"
            if request.content_type != wanted:
                return HttpResponse(status=415)
        return self._forbidden(request, vendor_path)

    def _forbidden(self, request: HttpRequest, vendor_path: str) -> HttpResponse | None:
        path = vendor_path.lower()
        role = next(
            (
                role
                for word, role in (
                    ("ftepercentages", "EmploymentFtePercentage"),
                    ("employments", "Employment"),
                    ("v2/employees", "Employee"),
                    ("v2/departments", "Department"),
                    ("v2/locations", "Location"),
                    ("v2/enterprises", "Enterprises"),
                )
                if word in path
            ),
            "",
        )
        enough = (f"{role}_Full",) if request.method != "GET" else (role, f"{role}_Full")
        if role and not set(enough) & set(self.state["privileges"]):
            return HttpResponse(status=403)
        return None

    @route("POST", "OAuth/Token")
    def token(self, request: HttpRequest) -> HttpResponse:
        if request.content_type != "application/x-www-form-urlencoded":
            return json_answer({"error": "invalid_request", "error_description": "The body must be a form."}, 400)
        if parse_qs(request.body.decode()).get("grant_type") != ["client_credentials"]:
            return json_answer({"error": "unsupported_grant_type", "error_description": "Not supported."}, 400)
        basic = base64.b64encode(f"{APPLICATION_KEY}:{CLIENT_KEY}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {basic}":
            return json_answer(
                {
                    "error": "invalid_client",
                    "error_description": "Client integration not found. Please ensure the provided keys are matching "
                    "the desired environment.",
                },
                400,
            )
        now, seconds = time.time(), self.state["token_seconds"]
        token = secrets.token_hex(24)
        live = {t: ends for t, ends in self.state["tokens"].items() if ends > now}
        self.state["tokens"] = {**live, token: now + seconds}
        return json_answer({"access_token": token, "token_type": "bearer", "expires_in": seconds})

    @route("GET", "v2/ClientIntegrationInformation")
    def client(self, request: HttpRequest) -> HttpResponse:
        return json_answer(
            {
                "ClientId": "b9c1d7f4-0000-4000-8000-000000000001",
                "ClientName": "Fjellheim Drift AS",
                "ActiveClientSubscriptions": ["Go Payroll"],
                "ValidPrivileges": self.state["privileges"],
                "InvalidPrivileges": self.state["invalid_privileges"],
            }
        )

    # -- lists -------------------------------------------------------------------------------------------

    def _list(self, request: HttpRequest, rows: Iterable[Mapping[str, Any]], filters: tuple[str, ...]) -> HttpResponse:
        """A page of rows in the fields asked for, 204 when there is none."""
        unknown = set(request.GET) - {*_PAGING, *filters}
        if unknown:
            return _problem(400, "Invalid resourceParameter", f"{sorted(unknown)[0]} is not a known parameter.")
        try:
            size = int(request.GET.get("PageSize", PAGE_SIZE))
            number = int(request.GET.get("PageNumber", 1))
        except ValueError:
            return _problem(400, "Invalid resourceParameter", "PageSize and PageNumber are whole numbers.")
        if not 1 <= size <= MAX_PAGE_SIZE or number < 1:
            return _problem(400, "Invalid resourceParameter", f"PageSize lies between 1 and {MAX_PAGE_SIZE}.")
        size = min(size, self.state["page_cap"] or size)
        every = sorted(rows, key=lambda row: row["Id"])
        page = every[(number - 1) * size : number * size]
        wanted = [name.strip() for name in request.GET.get("Fields", "").split(",") if name.strip()]
        if page and any(name not in page[0] for name in wanted):
            return _problem(
                400, "Invalid resourceParameter", "Fields property in resourceParameter is not formatted correct."
            )
        if not page:
            return HttpResponse(status=204)
        answer = json_answer([{n: row[n] for n in wanted} if wanted else row for row in page])
        if self.state["pagination"]:
            more = number * size < len(every)
            link = f"https://goapi.poweroffice.net{request.path}?PageNumber={number + 1}&PageSize={size}"
            answer.headers["X-Pagination"] = json.dumps(
                {"totalCount": len(every), "pageSize": size, "currentPage": number}
                | ({"nextPageLink": link} if more else {})
            )
        return answer

    @staticmethod
    def _numbers(text: str, name: str) -> Callable[[Any], bool]:
        """The filter "1, 100-200, 500-" as a test of a number."""
        ranges: list[tuple[int, float]] = []
        for part in text.split(","):
            match = re.fullmatch(r"\s*(\d+)\s*(-?)\s*(\d*)\s*", part)
            if match is None or (match[3] and not match[2]):
                raise _Refused(f"{name} can only contain numbers and ranges of numbers.")
            low = int(match[1])
            ranges.append((low, float(match[3] or "inf") if match[2] else low))
        return lambda value: value is not None and any(low <= value <= high for low, high in ranges)

    @route("GET", "v2/Employees")
    def employees(self, request: HttpRequest) -> HttpResponse:
        rows = [self._employee(e) for e in self.state["employees"].values()]
        try:
            for name, column in (("employeeNos", "Number"), ("externalNos", "ExternalNumber")):
                if request.GET.get(name, "").strip():
                    holds = self._numbers(request.GET[name], name)
                    rows = [row for row in rows if holds(row[column])]
        except _Refused as error:
            return _problem(400, "Unable to cast object(s)", error.detail)
        reference = request.GET.get("externalImportReference", "").strip()
        if reference:
            rows = [row for row in rows if row["ExternalImportReference"] == reference]
        return self._list(request, rows, ("employeeNos", "externalNos", "externalImportReference"))

    def _employee(self, kept: Mapping[str, Any]) -> dict[str, Any]:
        """An employee as read: codes and numbers beside the ids, and no national id."""
        manager = self.state["employees"].get(str(kept["ManagerEmployeeId"]), {})
        return {
            **kept,
            "NationalIdNumber": "hidden" if kept["NationalIdNumber"] else None,
            "DepartmentCode": self.state["departments"].get(str(kept["DepartmentId"]), {}).get("Code"),
            "LocationCode": self.state["locations"].get(str(kept["LocationId"]), {}).get("Code"),
            "ManagerEmployeeNo": manager.get("Number"),
        }

    @route("GET", "v2/Enterprises")
    def enterprises(self, request: HttpRequest) -> HttpResponse:
        return self._list(
            request,
            self._coded(request, self.state["enterprises"], "enterpriseNos", "EnterpriseNo"),
            ("enterpriseNos",),
        )

    @route("GET", "v2/Departments")
    def departments(self, request: HttpRequest) -> HttpResponse:
        rows = self._coded(request, self.state["departments"], "codes", "Code")
        return self._list(request, rows, ("codes",))

    @route("GET", "v2/Locations")
    def locations(self, request: HttpRequest) -> HttpResponse:
        return self._list(request, self._coded(request, self.state["locations"], "codes", "Code"), ("codes",))

    @staticmethod
    def _coded(request: HttpRequest, register: Mapping[str, Any], name: str, column: str) -> list[dict[str, Any]]:
        codes = {code.strip() for code in request.GET.get(name, "").split(",") if code.strip()}
        return [row for row in register.values() if not codes or row[column] in codes]

    # -- one employee ------------------------------------------------------------------------------------

    @route("GET", "v2/Employees/<int:employee>")
    def employee(self, request: HttpRequest, employee: int) -> HttpResponse:
        kept = self.state["employees"].get(str(employee))
        if kept is None:
            return _problem(404, "Object(s) not found", f"Employee with id = {employee} not found.")
        return json_answer(self._employee(kept))

    @route("PATCH", "v2/Employees/<int:employee>")
    def change_employee(self, request: HttpRequest, employee: int) -> HttpResponse:
        kept = self.state["employees"].get(str(employee))
        if kept is None:
            return _problem(404, "Object(s) not found", f"Employee with id = {employee} not found.")
        try:
            new = self._patched(request, kept, _EMPLOYEE, "EmployeePatchDto")
            for column, register, what in (
                ("DepartmentId", "departments", "Department"),
                ("LocationId", "locations", "Location"),
                ("ManagerEmployeeId", "employees", "Employee"),
            ):
                if new[column] is None or new[column] == kept[column]:
                    continue
                row = self.state[register].get(str(new[column]))
                if row is None:
                    raise _Refused(f"{what} with id = {new[column]} not found.", 404)
                if row.get("IsActive") is False:
                    raise _Refused(f"{what} with id = {new[column]} is not active.")
                if column == "ManagerEmployeeId" and new[column] == employee:
                    raise _Refused("An employee cannot be their own manager.")
            if not new["FirstName"] or not new["LastName"]:
                raise _Refused("FirstName and LastName must be set.")
        except _Refused as error:
            return _problem(error.status, "Employee validation error(s)", error.detail)
        self.state["employees"][str(employee)] = {**new, "LastChangedDateTimeOffset": _now()}
        return json_answer(self._employee(self.state["employees"][str(employee)]))

    # -- employments -------------------------------------------------------------------------------------

    def _employments_of(self, employee: int) -> list[dict[str, Any]]:
        found = [e for e in self.state["employments"].values() if e["EmployeeId"] == employee]
        return sorted(found, key=lambda e: (e["StartDate"], e["Id"]))

    def _lines_of(self, employment: int) -> list[dict[str, Any]]:
        found = [line for line in self.state["lines"].values() if line["EmploymentId"] == employment]
        return sorted(found, key=lambda line: (line["FromDate"], line["Id"]))

    def _employment(self, kept: Mapping[str, Any]) -> dict[str, Any]:
        return {
            **kept,
            "ProfessionTitle": _PROFESSIONS.get(kept["ProfessionCode"]),
            "FtePercentageCount": len(self._lines_of(kept["Id"])),
            "SalaryCount": 1,
            "FixedSalaryCount": 0,
            "LayoffCount": 0,
            "LeaveCount": 0,
        }

    @route("GET", "v2/Employees/<int:employee>/Employments")
    def list_employments(self, request: HttpRequest, employee: int) -> HttpResponse:
        if str(employee) not in self.state["employees"]:
            return _problem(404, "Employment not found error(s)", f"Employee with id = {employee} not found.")
        return self._list(request, [self._employment(e) for e in self._employments_of(employee)], ())

    @route("POST", "v2/Employees/<int:employee>/Employments")
    def create_employment(self, request: HttpRequest, employee: int) -> HttpResponse:
        if str(employee) not in self.state["employees"]:
            return _problem(404, "Employment not found error(s)", f"Employee with id = {employee} not found.")
        sent = json_body(request)
        if not isinstance(sent, dict) or not sent:
            return _problem(400, "Employment validation error(s)", "Employment object is missing.")
        try:
            for name, value in sent.items():
                if name not in _EMPLOYMENT:
                    raise _Refused(f"EmploymentPostDto: {name} is not a known property.")
                self._typed(name, value, _EMPLOYMENT, "EmploymentPostDto")
            for name in _EMPLOYMENT_NEEDS:
                if sent.get(name) in (None, ""):
                    raise _Refused(f"The {name} field is required.")
            self._valid_employment(employee, sent)
        except _Refused as error:
            return _problem(error.status, "Employment validation error(s)", error.detail)
        made = self._new_employment(employee, sent)
        if self.state["first_line"] is not None:
            self._new_line(made, made["StartDate"], self.state["first_line"])
        return json_answer(self._employment(made), 201)

    def _new_employment(self, employee: int, sent: Mapping[str, Any]) -> dict[str, Any]:
        new = self.tenant.new_id("employment", 77001)
        made: dict[str, Any] = {
            **dict.fromkeys(_EMPLOYMENT),
            "EmploymentSpecification": "None",
            "TaxRule": "Ordinary",
            **sent,
            "Id": new,
            "EmployeeId": employee,
            "ReportingId": sent.get("ReportingId") or f"POGO_{new}",
            "EndedAndReported": sent.get("EndedAndReported", False),
            "CreatedDateTimeOffset": _now(),
            "LastChangedDateTimeOffset": _now(),
        }
        self._default_moves(made)
        self.state["employments"][str(new)] = made
        return made

    def _default_moves(self, employment: Mapping[str, Any]) -> None:
        if employment["IsDefault"]:
            for other in self._employments_of(employment["EmployeeId"]):
                other["IsDefault"] = other["Id"] == employment["Id"]

    @route("GET", "v2/Employees/<int:employee>/Employments/<int:employment>")
    def one_employment(self, request: HttpRequest, employee: int, employment: int) -> HttpResponse:
        kept = self._kept(employee, employment)
        return kept if isinstance(kept, HttpResponse) else json_answer(self._employment(kept))

    def _kept(self, employee: int, employment: int) -> dict[str, Any] | HttpResponse:
        title = "Employment not found error(s)"
        if str(employee) not in self.state["employees"]:
            return _problem(404, title, f"Employee with id = {employee} not found.")
        kept: dict[str, Any] | None = self.state["employments"].get(str(employment))
        if kept is None or kept["EmployeeId"] != employee:
            return _problem(404, title, f"Employment with id = {employment} not found.")
        return kept

    @route("PATCH", "v2/Employees/<int:employee>/Employments/<int:employment>")
    def change_employment(self, request: HttpRequest, employee: int, employment: int) -> HttpResponse:
        kept = self._kept(employee, employment)
        if isinstance(kept, HttpResponse):
            return kept
        try:
            new = self._patched(request, kept, _EMPLOYMENT, "EmploymentPatchDto")
            if kept["EndedAndReported"]:
                raise _Refused(f"Employment with id = {employment} is ended and reported.")
            for name in _EMPLOYMENT_NEEDS:
                if new[name] in (None, ""):
                    raise _Refused(f"The {name} field is required.")
            self._valid_employment(employee, new, employment)
        except _Refused as error:
            return _problem(error.status, "Employment validation error(s)", error.detail)
        new["LastChangedDateTimeOffset"] = _now()
        self.state["employments"][str(employment)] = new
        self._default_moves(new)
        return json_answer(self._employment(new))

    @route("DELETE", "v2/Employees/<int:employee>/Employments/<int:employment>")
    def delete_employment(self, request: HttpRequest, employee: int, employment: int) -> HttpResponse:
        kept = self._kept(employee, employment)
        if isinstance(kept, HttpResponse):
            return kept
        if kept["EndedAndReported"]:
            return _problem(
                409,
                "Employment conflict error(s)",
                f"Employment with id = {employment} has been reported (a-melding) and thus cannot be deleted.",
            )
        del self.state["employments"][str(employment)]
        self.state["lines"] = {k: v for k, v in self.state["lines"].items() if v["EmploymentId"] != employment}
        return HttpResponse(status=200)

    def _valid_employment(self, employee: int, new: Mapping[str, Any], employment: int = 0) -> None:
        end, reason = new.get("EndDate"), new.get("EndDateReason")
        if end and not reason:
            raise _Refused("EndDateReason must be provided if EndDate is set.")
        if reason and not end:
            raise _Refused("EndDateReason cannot be set without EndDate.")
        if end and end < new["StartDate"]:
            raise _Refused("EndDate cannot be before StartDate.")
        if not re.fullmatch(r"\d{7}", new["ProfessionCode"]) or new["ProfessionCode"] in self.state[
            "refused_professions"
        ]:  # fmt: skip
            raise _Refused(f"ProfessionCode {new['ProfessionCode']} is not valid.")
        if str(new["EnterpriseId"]) not in self.state["enterprises"]:
            raise _Refused(f"Enterprise with id = {new['EnterpriseId']} not found.", 404)
        if (new.get("EmploymentSpecification") == "CrossBorderCommuter") != bool(new.get("TaxCountryCode")):
            raise _Refused("TaxCountryCode goes with EmploymentSpecification CrossBorderCommuter only.")
        if not 0 < new["FullTimeHoursPerWeek"] <= 168:
            raise _Refused("FullTimeHoursPerWeek is not valid.")
        day = today().isoformat()
        if new["IsDefault"] and any(
            other["IsDefault"] and other["Id"] != employment and (other["EndDate"] or day) >= day
            for other in self._employments_of(employee)
        ):
            raise _Refused("Another employment is the default employment.")

    # -- FTE percentages ---------------------------------------------------------------------------------

    def _new_line(self, employment: Mapping[str, Any], since: str, share: float) -> dict[str, Any]:
        new = self.tenant.new_id("line", 7001)
        made = {
            "Id": new,
            "EmploymentId": employment["Id"],
            "EmployeeId": employment["EmployeeId"],
            "FromDate": since,
            "FtePercentage": share,
            "CreatedDateTimeOffset": _now(),
            "LastChangedDateTimeOffset": _now(),
        }
        self.state["lines"][str(new)] = made
        return made

    @route("GET", "v2/Employees/Employments/<int:employment>/FtePercentages")
    def lines(self, request: HttpRequest, employment: int) -> HttpResponse:
        missing = self._no_employment(employment)
        return missing or self._list(request, self._lines_of(employment), ())

    @route("POST", "v2/Employees/Employments/<int:employment>/FtePercentages")
    def create_line(self, request: HttpRequest, employment: int) -> HttpResponse:
        missing = self._no_employment(employment)
        if missing:
            return missing
        sent = json_body(request)
        title = "Employment validation error(s)"
        if not isinstance(sent, dict) or not sent:
            return _problem(400, title, "Employment full-time equivalent (FTE) percentage object is missing.")
        try:
            if set(sent) != set(_LINE):
                raise _Refused("FromDate and FtePercentage are required, and nothing else.")
            for name, value in sent.items():
                self._typed(name, value, _LINE, "EmploymentFtePercentagePostDto")
            self._valid_line(employment, sent)
        except _Refused as error:
            return _problem(error.status, title, error.detail)
        kept = self.state["employments"][str(employment)]
        return json_answer(self._new_line(kept, sent["FromDate"], sent["FtePercentage"]), 201)

    @route("PATCH", "v2/Employees/Employments/<int:employment>/FtePercentages/<int:line>")
    def change_line(self, request: HttpRequest, employment: int, line: int) -> HttpResponse:
        kept = self._line(employment, line)
        if isinstance(kept, HttpResponse):
            return kept
        try:
            new = self._patched(request, kept, _LINE, "EmploymentFtePercentagePatchDto")
            self._valid_line(employment, new, line)
        except _Refused as error:
            return _problem(error.status, "Employment validation error(s)", error.detail)
        self.state["lines"][str(line)] = {**new, "LastChangedDateTimeOffset": _now()}
        return json_answer(self.state["lines"][str(line)])

    @route("DELETE", "v2/Employees/Employments/<int:employment>/FtePercentages/<int:line>")
    def delete_line(self, request: HttpRequest, employment: int, line: int) -> HttpResponse:
        kept = self._line(employment, line)
        if isinstance(kept, HttpResponse):
            return kept
        if len(self._lines_of(employment)) == 1:
            return _problem(
                409,
                "Employment conflict error(s)",
                f"Full-time equivalent (FTE) percentage (line) with id = {line} is the last FTE percentage line on the "
                "employment and thus cannot be deleted.",
            )
        del self.state["lines"][str(line)]
        return HttpResponse(status=200)

    def _no_employment(self, employment: int) -> HttpResponse | None:
        if str(employment) in self.state["employments"]:
            return None
        return _problem(404, "Employment not found error(s)", f"Employment with id = {employment} not found.")

    def _line(self, employment: int, line: int) -> dict[str, Any] | HttpResponse:
        kept: dict[str, Any] | None = self.state["lines"].get(str(line))
        if kept is None or kept["EmploymentId"] != employment:
            return self._no_employment(employment) or _problem(
                404,
                "Employment not found error(s)",
                f"Full-time equivalent (FTE) percentage (line) with id = {line} not found.",
            )
        return kept

    def _valid_line(self, employment: int, new: Mapping[str, Any], line: int = 0) -> None:
        kept = self.state["employments"][str(employment)]
        if not new["FromDate"] or new["FtePercentage"] is None:
            raise _Refused("FromDate and FtePercentage are required.")
        if not 0 <= new["FtePercentage"] <= 100:
            raise _Refused("FtePercentage must be between 0 and 100.")
        if new["FromDate"] < kept["StartDate"]:
            raise _Refused("FromDate cannot be before the StartDate of the employment.")
        if any(o["FromDate"] == new["FromDate"] and o["Id"] != line for o in self._lines_of(employment)):
            raise _Refused("There is an FTE percentage line with the same FromDate already.")

    # -- JSON Patch --------------------------------------------------------------------------------------

    def _patched(
        self, request: HttpRequest, kept: Mapping[str, Any], columns: Mapping[str, str], dto: str
    ) -> dict[str, Any]:
        """A copy of what is kept with the patch document carried out, all or nothing."""
        operations = json_body(request)
        if not isinstance(operations, list) or not operations:
            raise _Refused(f"{dto}: the patch document is missing.")
        by_name = {name.lower(): name for name in columns}
        new = dict(kept)
        for operation in operations:
            if not isinstance(operation, dict) or set(operation) - {"op", "path", "value", "from"}:
                raise _Refused(f"{dto}: the patch document is not formatted correct.")
            segment = str(operation.get("path", "")).lstrip("/")
            name = by_name.get(segment.lower())
            if name is None or not str(operation["path"]).startswith("/"):
                raise _Refused(
                    f"{dto}: The target location specified by path segment '{segment.lower()}' was not found."
                )
            op, value = operation.get("op"), operation.get("value")
            if op == "remove":
                if new[name] is None:
                    raise _Refused(f"{dto}: '{name}' has no value to remove.")
                new[name] = None
            elif op in ("add", "replace"):
                if "value" not in operation:
                    raise _Refused(f"{dto}: '{op}' needs a value.")
                self._typed(name, value, columns, dto)
                new[name] = value
            elif op == "test":
                if new[name] != value:
                    raise _Refused(f"{dto}: The current value '{new[name]}' is not equal to the test value '{value}'.")
            else:
                raise _Refused(f"{dto}: '{op}' is not a supported operation here.")
        return new

    @staticmethod
    def _typed(name: str, value: Any, columns: Mapping[str, str], dto: str) -> None:
        if value is None:
            return
        kind = columns[name]
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if kind == "enum" and number:
            raise _Refused(
                f"Enum '{name.lower()}' with value = {value} is not valid. (Enums is not allowed to be represented as "
                "integers)."
            )
        fine = {
            "enum": kind != "enum" or value in _ENUMS[name],
            "date": _date(value) == value,
            "id": isinstance(value, int) and number,
            "number": number,
            "bool": isinstance(value, bool),
            "text": isinstance(value, str),
        }[kind]
        if not fine:
            raise _Refused(f"{dto}: The value '{value}' is invalid for target location.")
