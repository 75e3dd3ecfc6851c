"""The registers of PowerOffice Go's sandbox: sub-units, departments and locations, and how a list is answered."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse

from integrations.sandboxes.base import Sandbox, json_answer, route
from integrations.systems.poweroffice_go.sandbox.models import (
    MAX_PAGE_SIZE,
    PAGE_SIZE,
    PAGING,
    REGISTERED,
    Refused,
    now,
    patched,
    posted,
    problem,
)

# Part of the path -> what one of them is called, and where it stands on an employee.
KINDS = {"Departments": ("Department", "DepartmentId"), "Locations": ("Location", "LocationId")}


def register(start: int, *rows: tuple[str, str, bool]) -> dict[str, Any]:
    """Departments or locations: (code, name, whether it is active)."""
    return {str(number): registered(number, *row) for number, row in enumerate(rows, start)}


def registered(number: int, code: str | None, name: str, active: bool) -> dict[str, Any]:
    return {
        "Id": number,
        "Code": code,
        "Name": name,
        "IsActive": active,
        "CreatedDateTimeOffset": "2024-01-02T08:00:00Z",
        "LastChangedDateTimeOffset": "2024-01-02T08:00:00Z",
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


class Registers(Sandbox):
    def listed(
        self, request: HttpRequest, rows: Iterable[Mapping[str, Any]], filters: tuple[str, ...] = ()
    ) -> HttpResponse:
        """A page of rows in the fields asked for, 204 when there is none. OData is refused (recorded); a parameter that
        is merely unknown, only strictly."""
        unknown = sorted(name for name in set(request.GET) - {*PAGING, *filters} if self.strict or name[:1] == "$")
        if unknown:
            return problem(400, "Invalid resourceParameter", f"{unknown[0]} is not a known parameter.")
        try:
            size = int(request.GET.get("PageSize", PAGE_SIZE))
            number = int(request.GET.get("PageNumber", 1))
        except ValueError:
            return problem(400, "Invalid resourceParameter", "PageSize and PageNumber are whole numbers.")
        if not 1 <= size <= MAX_PAGE_SIZE or number < 1:
            return problem(400, "Invalid resourceParameter", f"PageSize lies between 1 and {MAX_PAGE_SIZE}.")
        size = min(size, self.state["page_cap"] or size)
        every = self._ordered(rows, request.GET.get("OrderBy", ""))
        page = every[(number - 1) * size : number * size]
        asked = [name.strip() for name in request.GET.get("Fields", "").split(",") if name.strip()]
        by_name = {name.lower(): name for name in page[0]} if page else {}
        wanted = [name if self.strict else by_name.get(name.lower(), name) for name in asked]
        if page and any(name not in page[0] for name in wanted):
            return problem(
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
    def _ordered(rows: Iterable[Mapping[str, Any]], by: str) -> list[Mapping[str, Any]]:
        """By a column ("LastName desc"); by id without one, or by one that is not there."""
        every = sorted(rows, key=lambda row: row["Id"])
        name, _, way = by.partition(",")[0].strip().partition(" ")
        column = next((c for c in (every[0] if every else {}) if c.lower() == name.lower()), None)
        if column is None:
            return every
        return sorted(every, key=lambda row: (row[column] is None, row[column]), reverse=way.strip().lower() == "desc")

    @route("GET", "v2/Enterprises")
    def enterprises(self, request: HttpRequest) -> HttpResponse:
        rows = self._coded(request, self.state["enterprises"], "enterpriseNos", "EnterpriseNo")
        return self.listed(request, rows, ("enterpriseNos",))

    @route("GET", "v2/PayrollSettings")
    def payroll_settings(self, request: HttpRequest) -> HttpResponse:
        return json_answer(
            {
                "EmploymentType": "Ordinary",
                "FullTimeHoursPerWeek": 37.5,
                "WorkingHoursArrangement": "NonShift",
                "TaxRule": "Ordinary",
                "RemunerationType": "FixedWage",
            }
        )

    @route("GET", "v2/Departments")
    def departments(self, request: HttpRequest) -> HttpResponse:
        return self._register(request, "Departments")

    @route("GET", "v2/Locations")
    def locations(self, request: HttpRequest) -> HttpResponse:
        return self._register(request, "Locations")

    def _register(self, request: HttpRequest, kind: str) -> HttpResponse:
        rows = self._coded(request, self.state[kind.lower()], "codes", "Code")
        name, active = request.GET.get("name", ""), request.GET.get("isActive", "").lower()
        rows = [r for r in rows if not name or r["Name"] == name]
        rows = [r for r in rows if active not in ("true", "false") or r["IsActive"] is (active == "true")]
        return self.listed(request, rows, ("codes", "name", "isActive"))

    @staticmethod
    def _coded(request: HttpRequest, rows: Mapping[str, Any], name: str, column: str) -> list[dict[str, Any]]:
        codes = {code.strip() for code in request.GET.get(name, "").split(",") if code.strip()}
        return [row for row in rows.values() if not codes or row[column] in codes]

    @route("POST", "v2/Departments")
    def add_department(self, request: HttpRequest) -> HttpResponse:
        return self._add(request, "Departments", 201)

    @route("POST", "v2/Locations")
    def add_location(self, request: HttpRequest) -> HttpResponse:
        return self._add(request, "Locations", 200)

    def _add(self, request: HttpRequest, kind: str, status: int) -> HttpResponse:
        what, _ = KINDS[kind]
        try:
            sent = posted(request, REGISTERED, f"{what}PostDto", f"{what} object is missing.", strict=self.strict)
            if not sent.get("Name"):
                raise Refused("The Name field is required.")
        except Refused as error:
            return problem(error.status, f"{what} validation error(s)", error.detail)
        number = self.tenant.new_id(kind, 3610)
        kept = {**registered(number, None, "", False), **sent, "CreatedDateTimeOffset": now()}
        kept["Code"] = kept["Code"] or str(number)
        self.state[kind.lower()][str(number)] = kept
        return json_answer(kept, status)

    @route("GET PATCH DELETE", "v2/<str:kind>/<int:number>")
    def one_of_a_register(self, request: HttpRequest, kind: str, number: int) -> HttpResponse:
        """By its id: read, changed, or deleted where no employee stands in it."""
        if kind not in KINDS:
            return self.not_found(request)
        what, on_employee = KINDS[kind]
        rows = self.state[kind.lower()]
        kept = rows.get(str(number))
        if kept is None:
            return problem(404, "Object(s) not found", f"{what} with id = {number} not found.")
        if request.method == "DELETE":
            if any(employee[on_employee] == number for employee in self.state["employees"].values()):
                detail = f"{what} with id = {number} is in use and cannot be deleted."
                return problem(409, f"{what} conflict", detail)
            del rows[str(number)]
            return HttpResponse(status=200)
        if request.method == "PATCH":
            try:
                new = patched(request, kept, REGISTERED, f"{what}PatchDto", strict=self.strict)
            except Refused as error:
                return problem(error.status, f"{what} validation error(s)", error.detail)
            rows[str(number)] = kept = {**new, "LastChangedDateTimeOffset": now()}
        return json_answer(kept)
