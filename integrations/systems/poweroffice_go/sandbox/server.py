"""PowerOffice Go (API v2) as a local server: token, client integration information, employees and employments here,
their dated lines in `lines`, sub-units, departments and locations in `registers`.

From PowerOffice's swagger files and developer portal. Where those say nothing, this server refuses only while `strict`.

What a test or the demo may turn in `state`: `privileges` and `invalid_privileges`, `first_line` and `first_salary`
(the percentage, and the kind of pay, of the line that a new employment brings, None for no line), `per_second` (the
gateway's limit), `page_cap` (fewer rows in a page than were asked for), `pagination` (whether the header X-Pagination
is sent), `token_seconds`, `refused_professions`, `reported` (ids of employments that stand in the a-melding).
"""

from __future__ import annotations

import base64
import re
import secrets
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from django.http import HttpRequest, HttpResponse

from integrations.sandboxes.base import State, Table, json_answer, route, today
from integrations.systems.poweroffice_go.sandbox.lines import Lines
from integrations.systems.poweroffice_go.sandbox.models import (
    EMPLOYEE,
    EMPLOYMENT,
    EMPLOYMENT_NEEDS,
    JSON,
    PROFESSIONS,
    Refused,
    gateway,
    now,
    numbers,
    patched,
    posted,
    problem,
)
from integrations.systems.poweroffice_go.sandbox.registers import enterprise, register

APPLICATION_KEY = "5b1e9c0a-sandbox-application-key"
CLIENT_KEY = "c27d44f1-sandbox-client-key"
SUBSCRIPTION_KEY = "9f03a8e2-sandbox-subscription-key"
TOKEN_SECONDS = 1200

_PRIVILEGES = (
    "Department_Full",
    "Employee_Full",
    "EmploymentFtePercentage_Full",
    "EmploymentSalary_Full",
    "Employment_Full",
    "Enterprises",
    "Location_Full",
    "PayrollSettings",
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
_LIGHT = (
    *("Id", "EmployeeId", "EmploymentForm", "StartDate", "EndDate", "EnterpriseId"),
    *("CreatedDateTimeOffset", "LastChangedDateTimeOffset"),
)
_FILTERS = ("employeeNos", "externalNos", "externalImportReference", "contactGroupIds")
_SINCE = {
    "employeeCreatedDateTimeOffsetGreaterThan": "EmployeeCreatedDateTimeOffset",
    "lastChangedDateTimeOffsetGreaterThan": "LastChangedDateTimeOffset",
}
# What a new employee may be given by its code or number, in the place of an id.
_CODES = {"DepartmentCode": "text", "LocationCode": "text", "ManagerEmployeeNo": "id"}
_BY_CODE = {
    "DepartmentCode": ("DepartmentId", "departments", "Department"),
    "LocationCode": ("LocationId", "locations", "Location"),
    "ManagerEmployeeNo": ("ManagerEmployeeId", "employees", "Employee"),
}
# The words of the paths, however they are written: PowerOffice takes them in capitals or not.
_WORDS = {
    word.lower(): word
    for word in (
        *("v2", "OAuth", "Token", "ClientIntegrationInformation", "Employees", "Employments", "FtePercentages"),
        *("Salaries", "Enterprises", "Departments", "Locations", "PayrollSettings"),
    )
}


class PowerOfficeGoSandbox(Lines):
    key = "poweroffice_go"
    name = "PowerOffice Go"
    credentials = {
        "application_key": APPLICATION_KEY,
        "client_key": CLIENT_KEY,
        "subscription_key": SUBSCRIPTION_KEY,
    }

    @classmethod
    def seed(cls, tenant: str) -> State:
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
            "first_salary": None,
            "per_second": 10,
            "page_cap": 0,
            "pagination": True,
            "token_seconds": TOKEN_SECONDS,
            "refused_professions": ["9999999"],
            "reported": [],  # employments that stand in the a-melding already
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
            **dict.fromkeys(EMPLOYEE),
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
            "EmployeeCreatedDateTimeOffset": now(),
            "ContactCreatedDateTimeOffset": now(),
            "LastChangedDateTimeOffset": now(),
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
            self.new_line(made, "FtePercentages", {"FromDate": start, "FtePercentage": percentage})
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
        lines = self.lines_of(employment["Id"])
        return {
            **{name: employment[name] for name in _SHOWN},
            "FtePercentage": lines[-1]["FtePercentage"] if lines else None,
            "FtePercentages": [[line["FromDate"], line["FtePercentage"]] for line in lines],
            "Salaries": [[s["FromDate"], s["RemunerationType"]] for s in self.lines_of(employment["Id"], "Salaries")],
            "Employee.StartDate": employee["StartDate"],
            "Employee.EndDate": employee["EndDate"],
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

    def _view(self, request: HttpRequest, vendor_path: str) -> HttpResponse:
        return super()._view(request, "/".join(_WORDS.get(part.lower(), part) for part in vendor_path.split("/")))

    def not_found(self, request: HttpRequest) -> HttpResponse:
        """As Azure API Management, which stands before it, says of a path and of a method that it does not know."""
        return gateway(404, "Resource not found")

    method_not_allowed = not_found

    def before(self, request: HttpRequest, vendor_path: str) -> HttpResponse | None:
        given = request.headers.get("Ocp-Apim-Subscription-Key", "")
        if not self.strict:
            given = given or request.GET.get("subscription-key", "")
        if not given:
            return gateway(
                401,
                "Access denied due to missing subscription key. Make sure to include subscription key when making "
                "requests to an API.",
            )
        if given != SUBSCRIPTION_KEY:
            return gateway(
                401,
                "Access denied due to invalid subscription key. Make sure to provide a valid key for an active "
                "subscription.",
            )
        is_token = vendor_path.lower() == "oauth/token"
        allowed, _, _ = self.tenant.window("subscription", self.state["per_second"], 1.0)
        if not allowed:
            return gateway(429, "Rate limit is exceeded. Try again in 1 seconds.", "429" if is_token else 429)
        if is_token:
            return None
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer" or self.state["tokens"].get(token, 0) < time.time():
            return HttpResponse(status=401)
        if request.method in ("POST", "PATCH"):
            wanted = "application/json-patch+json" if request.method == "PATCH" else "application/json"
            sent = (request.content_type or "").lower()
            is_json = sent in JSON or re.fullmatch(r"application/[^/]+\+json", sent)
            if sent != wanted if self.strict else not is_json:
                return HttpResponse(status=415)
        return self._forbidden(request, vendor_path)

    def _forbidden(self, request: HttpRequest, vendor_path: str) -> HttpResponse | None:
        path = vendor_path.lower()
        role = next(
            (
                role
                for word, role in (
                    ("ftepercentages", "EmploymentFtePercentage"),
                    ("salaries", "EmploymentSalary"),
                    ("employments", "Employment"),
                    ("v2/employees", "Employee"),
                    ("v2/departments", "Department"),
                    ("v2/locations", "Location"),
                    ("v2/enterprises", "Enterprises"),
                    ("v2/payrollsettings", "PayrollSettings"),
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
        at, seconds = time.time(), self.state["token_seconds"]
        token = secrets.token_hex(24)
        live = {t: ends for t, ends in self.state["tokens"].items() if ends > at}
        self.state["tokens"] = {**live, token: at + seconds}
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

    # -- employees ----------------------------------------------------------------------------------------

    @route("GET", "v2/Employees")
    def employees(self, request: HttpRequest) -> HttpResponse:
        rows = [self._employee(e) for e in self.state["employees"].values()]
        try:
            for name, column in (("employeeNos", "Number"), ("externalNos", "ExternalNumber")):
                if request.GET.get(name, "").strip():
                    holds = numbers(request.GET[name], name)
                    rows = [row for row in rows if holds(row[column])]
        except Refused as error:
            return problem(400, "Unable to cast object(s)", error.detail)
        reference = request.GET.get("externalImportReference", "").strip()
        if reference:
            rows = [row for row in rows if row["ExternalImportReference"] == reference]
        if request.GET.get("contactGroupIds"):
            detail = f"Contact group with id = {request.GET['contactGroupIds']} not found."
            return problem(404, "Object(s) not found", detail)
        for name, column in _SINCE.items():
            rows = self._since(rows, request.GET.get(name, ""), column)
        return self.listed(request, rows, (*_FILTERS, *_SINCE))

    @staticmethod
    def _since(rows: list[dict[str, Any]], moment: str, column: str) -> list[dict[str, Any]]:
        """Those of whom a timestamp is later. A "+" in a query may come as a blank."""
        if not moment:
            return rows
        after = datetime.fromisoformat(moment.replace(" ", "+"))
        return [row for row in rows if datetime.fromisoformat(row[column]) > after]

    @route("POST", "v2/Employees")
    def create_employee(self, request: HttpRequest) -> HttpResponse:
        title, columns = "Employee validation error(s)", {**EMPLOYEE, **_CODES}
        try:
            sent = posted(request, columns, "EmployeePostDto", "Employee object is missing.", strict=self.strict)
            for name in ("FirstName", "LastName"):
                if not sent.get(name):
                    raise Refused(f"The {name} field is required.")
            # The id stands where both are given.
            for code, (column, rows, what) in _BY_CODE.items():
                given = sent.pop(code, None)
                if given is None or sent.get(column):
                    continue
                name = "Number" if what == "Employee" else "Code"
                hit = next((row for row in self.state[rows].values() if row[name] == given), None)
                if hit is None:
                    raise Refused(f"{what} with {'number' if name == 'Number' else 'code'} = '{given}' not found.", 404)
                sent[column] = hit["Id"]
            self._valid_employee(0, sent, {})
        except Refused as error:
            return problem(error.status, title, error.detail)
        number = str(sent.get("Number") or 1 + max((e["Number"] for e in self.state["employees"].values()), default=0))
        new = self.add_employee(number, "", "")
        self.state["employees"][new] |= sent
        return json_answer(self._employee(self.state["employees"][new]), 201)

    def _valid_employee(self, employee: int, new: Mapping[str, Any], kept: Mapping[str, Any]) -> None:
        others = [e for e in self.state["employees"].values() if e["Id"] != employee]
        for column in ("Number", "ExternalNumber", "ExternalImportReference"):
            twin = next((e for e in others if new.get(column) and e[column] == new[column]), None)
            if twin is not None:
                raise Refused(f"{column} is already in use. '{new[column]}' is used on (contact) Id = {twin['Id']}.")
        for column, register_name, what in (
            ("DepartmentId", "departments", "Department"),
            ("LocationId", "locations", "Location"),
            ("ManagerEmployeeId", "employees", "Employee"),
        ):
            if new.get(column) is None or new[column] == kept.get(column):
                continue
            row = self.state[register_name].get(str(new[column]))
            if row is None:
                raise Refused(f"{what} with id = {new[column]} not found.", 404)
            if self.strict and row.get("IsActive") is False:
                raise Refused(f"{what} with id = {new[column]} is not active.")
            if self.strict and column == "ManagerEmployeeId" and new[column] == employee:
                raise Refused("An employee cannot be their own manager.")

    @route("DELETE", "v2/Employees/<int:employee>")
    def delete_employee(self, request: HttpRequest, employee: int) -> HttpResponse:
        if str(employee) not in self.state["employees"]:
            return problem(404, "Object(s) not found", f"Employee with id = {employee} not found.")
        if self._employments_of(employee):
            detail = f"Employee with id = {employee} is in use and cannot be deleted."
            return problem(409, "Employee conflict", detail)
        del self.state["employees"][str(employee)]
        return HttpResponse(status=200)

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

    # -- one employee ------------------------------------------------------------------------------------

    @route("GET", "v2/Employees/<int:employee>")
    def employee(self, request: HttpRequest, employee: int) -> HttpResponse:
        kept = self.state["employees"].get(str(employee))
        if kept is None:
            return problem(404, "Object(s) not found", f"Employee with id = {employee} not found.")
        return json_answer(self._employee(kept))

    @route("PATCH", "v2/Employees/<int:employee>")
    def change_employee(self, request: HttpRequest, employee: int) -> HttpResponse:
        kept = self.state["employees"].get(str(employee))
        if kept is None:
            return problem(404, "Object(s) not found", f"Employee with id = {employee} not found.")
        try:
            new = patched(request, kept, EMPLOYEE, "EmployeePatchDto", strict=self.strict)
            self._valid_employee(employee, new, kept)
            if not new["FirstName"] or not new["LastName"]:
                raise Refused("FirstName and LastName must be set.")
        except Refused as error:
            return problem(error.status, "Employee validation error(s)", error.detail)
        self.state["employees"][str(employee)] = {**new, "LastChangedDateTimeOffset": now()}
        return json_answer(self._employee(self.state["employees"][str(employee)]))

    # -- employments -------------------------------------------------------------------------------------

    def _employments_of(self, employee: int) -> list[dict[str, Any]]:
        found = [e for e in self.state["employments"].values() if e["EmployeeId"] == employee]
        return sorted(found, key=lambda e: (e["StartDate"], e["Id"]))

    def _employment(self, kept: Mapping[str, Any]) -> dict[str, Any]:
        return {
            **kept,
            "ProfessionTitle": PROFESSIONS.get(kept["ProfessionCode"]),
            "FtePercentageCount": len(self.lines_of(kept["Id"])),
            "SalaryCount": len(self.lines_of(kept["Id"], "Salaries")),
            "FixedSalaryCount": 0,
            "LayoffCount": 0,
            "LeaveCount": 0,
        }

    @route("GET", "v2/Employees/<int:employee>/Employments")
    def list_employments(self, request: HttpRequest, employee: int) -> HttpResponse:
        if str(employee) not in self.state["employees"]:
            return problem(404, "Employment not found error(s)", f"Employee with id = {employee} not found.")
        return self.listed(request, [self._employment(e) for e in self._employments_of(employee)], ())

    @route("GET", "v2/Employees/Employments")
    def all_employments(self, request: HttpRequest) -> HttpResponse:
        """Light: no list of everybody's has the occupation, the percentage or the reporting id."""
        active, form, day = request.GET.get("activeEmployments"), request.GET.get("employmentForm"), today().isoformat()
        rows = [
            {name: e[name] for name in _LIGHT}
            for e in self.state["employments"].values()
            if (not form or e["EmploymentForm"] == form)
            and (active not in ("true", "false") or (not e["EndDate"] or e["EndDate"] > day) is (active == "true"))
        ]
        name = "lastChangedDateTimeOffsetGreaterThan"
        rows = self._since(rows, request.GET.get(name, ""), "LastChangedDateTimeOffset")
        return self.listed(request, rows, ("activeEmployments", "employmentForm", name))

    @route("POST", "v2/Employees/<int:employee>/Employments")
    def create_employment(self, request: HttpRequest, employee: int) -> HttpResponse:
        if str(employee) not in self.state["employees"]:
            return problem(404, "Employment not found error(s)", f"Employee with id = {employee} not found.")
        try:
            sent = posted(request, EMPLOYMENT, "EmploymentPostDto", "Employment object is missing.", strict=self.strict)
            for name in EMPLOYMENT_NEEDS:
                if sent.get(name) in (None, ""):
                    raise Refused(f"The {name} field is required.")
            self._valid_employment(employee, sent)
        except Refused as error:
            return problem(error.status, "Employment validation error(s)", error.detail)
        made = self._new_employment(employee, sent)
        if self.state["first_line"] is not None:
            line = {"FromDate": made["StartDate"], "FtePercentage": self.state["first_line"]}
            self.new_line(made, "FtePercentages", line)
        if self.state["first_salary"] is not None:
            salary = {"FromDate": made["StartDate"], "RemunerationType": self.state["first_salary"]}
            self.new_line(made, "Salaries", salary)
        return json_answer(self._employment(made), 201)

    def _new_employment(self, employee: int, sent: Mapping[str, Any]) -> dict[str, Any]:
        new = self.tenant.new_id("employment", 77001)
        made: dict[str, Any] = {
            **dict.fromkeys(EMPLOYMENT),
            "EmploymentSpecification": "None",
            "TaxRule": "Ordinary",
            **sent,
            "Id": new,
            "EmployeeId": employee,
            "ReportingId": sent.get("ReportingId") or f"POGO_{new}",
            "EndedAndReported": sent.get("EndedAndReported", False),
            "CreatedDateTimeOffset": now(),
            "LastChangedDateTimeOffset": now(),
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
            return problem(404, title, f"Employee with id = {employee} not found.")
        kept: dict[str, Any] | None = self.state["employments"].get(str(employment))
        if kept is None or kept["EmployeeId"] != employee:
            return problem(404, title, f"Employment with id = {employment} not found.")
        return kept

    @route("PATCH", "v2/Employees/<int:employee>/Employments/<int:employment>")
    def change_employment(self, request: HttpRequest, employee: int, employment: int) -> HttpResponse:
        kept = self._kept(employee, employment)
        if isinstance(kept, HttpResponse):
            return kept
        try:
            columns = {**EMPLOYMENT, "EndedAndReported": "bool"}
            new = patched(request, kept, columns, "EmploymentPatchDto", strict=self.strict)
            if self.strict and kept["EndedAndReported"]:
                raise Refused(f"Employment with id = {employment} is ended and reported.")
            for name in EMPLOYMENT_NEEDS:
                if new[name] in (None, ""):
                    raise Refused(f"The {name} field is required.")
            self._valid_employment(employee, new, employment)
        except Refused as error:
            return problem(error.status, "Employment validation error(s)", error.detail)
        new["LastChangedDateTimeOffset"] = now()
        self.state["employments"][str(employment)] = new
        self._default_moves(new)
        return json_answer(self._employment(new))

    @route("DELETE", "v2/Employees/<int:employee>/Employments/<int:employment>")
    def delete_employment(self, request: HttpRequest, employee: int, employment: int) -> HttpResponse:
        kept = self._kept(employee, employment)
        if isinstance(kept, HttpResponse):
            return kept
        if kept["EndedAndReported"] or employment in self.state["reported"]:
            return problem(
                409,
                "Employment conflict error(s)",
                f"Employment with id = {employment} has been reported (a-melding) and thus cannot be deleted.",
            )
        del self.state["employments"][str(employment)]
        for kind in ("FtePercentages", "Salaries"):
            for line in self.lines_of(employment, kind):
                del self.rows(kind)[str(line["Id"])]
        return HttpResponse(status=200)

    def _valid_employment(self, employee: int, new: Mapping[str, Any], employment: int = 0) -> None:
        end, reason = new.get("EndDate"), new.get("EndDateReason")
        if end and not reason:
            raise Refused("EndDateReason must be provided if EndDate is set.")
        if self.strict and reason and not end:
            raise Refused("EndDateReason cannot be set without EndDate.")
        if end and end < new["StartDate"]:
            raise Refused("EndDate cannot be before StartDate.")
        if not re.fullmatch(r"\d{7}", new["ProfessionCode"]) or new["ProfessionCode"] in self.state[
            "refused_professions"
        ]:  # fmt: skip
            raise Refused(f"ProfessionCode {new['ProfessionCode']} is not valid.")
        if str(new["EnterpriseId"]) not in self.state["enterprises"]:
            raise Refused(f"Enterprise with id = {new['EnterpriseId']} not found.", 404)
        if (new.get("EmploymentSpecification") == "CrossBorderCommuter") != bool(new.get("TaxCountryCode")):
            raise Refused("TaxCountryCode goes with EmploymentSpecification CrossBorderCommuter only.")
        if not 0 < new["FullTimeHoursPerWeek"] <= 168:
            raise Refused("FullTimeHoursPerWeek is not valid.")
        day = today().isoformat()
        if (
            self.strict
            and new["IsDefault"]
            and any(
                other["IsDefault"] and other["Id"] != employment and (other["EndDate"] or day) >= day
                for other in self._employments_of(employee)
            )
        ):
            raise Refused("Another employment is the default employment.")
