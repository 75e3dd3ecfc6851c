"""The dated lines of an employment in PowerOffice Go's sandbox: its percentages and its salaries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse

from integrations.sandboxes.base import json_answer, route
from integrations.systems.poweroffice_go.sandbox.models import LINES, Refused, now, patched, posted, problem
from integrations.systems.poweroffice_go.sandbox.registers import Registers

# Part of the path -> what a line is called, the model's name, what it needs beside its day, its first id.
KINDS = {
    "FtePercentages": (
        "Full-time equivalent (FTE) percentage (line)", "EmploymentFtePercentage", "FtePercentage", 7001,
        "Employment full-time equivalent (FTE) percentage object is missing.", "FTE percentage line",
    ),
    "Salaries": (
        "Salary (line)", "EmploymentSalary", "RemunerationType", 8001, "Employment salary object is missing.",
        "salary line",
    ),
}  # fmt: skip
INVALID = "Employment validation error(s)"


class Lines(Registers):
    def rows(self, kind: str) -> dict[str, Any]:
        """All lines of one kind, by their ids."""
        found: dict[str, Any] = self.state.setdefault({"FtePercentages": "lines"}.get(kind, kind), {})
        return found

    def lines_of(self, employment: int, kind: str = "FtePercentages") -> list[dict[str, Any]]:
        """The lines of one kind, by their days."""
        found = [line for line in self.rows(kind).values() if line["EmploymentId"] == employment]
        return sorted(found, key=lambda line: (line["FromDate"], line["Id"]))

    def new_line(self, employment: Mapping[str, Any], kind: str, sent: Mapping[str, Any]) -> dict[str, Any]:
        new = self.tenant.new_id(kind, KINDS[kind][3])
        made = {
            **dict.fromkeys(LINES[kind]),
            **sent,
            "Id": new,
            "EmploymentId": employment["Id"],
            "EmployeeId": employment["EmployeeId"],
            "CreatedDateTimeOffset": now(),
            "LastChangedDateTimeOffset": now(),
        }
        self.rows(kind)[str(new)] = made
        return made

    @route("GET", "v2/Employees/Employments/<int:employment>/<str:kind>")
    def list_lines(self, request: HttpRequest, employment: int, kind: str) -> HttpResponse:
        if kind not in KINDS:
            return self.not_found(request)
        return self._no_employment(employment) or self.listed(request, self.lines_of(employment, kind))

    @route("POST", "v2/Employees/Employments/<int:employment>/<str:kind>")
    def create_line(self, request: HttpRequest, employment: int, kind: str) -> HttpResponse:
        if kind not in KINDS:
            return self.not_found(request)
        missing = self._no_employment(employment)
        if missing:
            return missing
        _, dto, value, _, nothing, _ = KINDS[kind]
        try:
            sent = posted(request, LINES[kind], f"{dto}PostDto", nothing, strict=self.strict)
            if not sent.get("FromDate") or sent.get(value) is None:
                raise Refused(f"FromDate and {value} are required.")
            self._valid_line(employment, kind, sent)
        except Refused as error:
            return problem(error.status, INVALID, error.detail)
        return json_answer(self.new_line(self.state["employments"][str(employment)], kind, sent), 201)

    @route("GET PATCH DELETE", "v2/Employees/Employments/<int:employment>/<str:kind>/<int:line>")
    def one_line(self, request: HttpRequest, employment: int, kind: str, line: int) -> HttpResponse:
        if kind not in KINDS:
            return self.not_found(request)
        what, dto, _, _, _, short = KINDS[kind]
        kept: dict[str, Any] | None = self.rows(kind).get(str(line))
        if kept is None or kept["EmploymentId"] != employment:
            gone = problem(404, "Employment not found error(s)", f"{what} with id = {line} not found.")
            return self._no_employment(employment) or gone
        if request.method == "PATCH":
            try:
                new = patched(request, kept, LINES[kind], f"{dto}PatchDto", strict=self.strict)
                self._valid_line(employment, kind, new, line)
            except Refused as error:
                return problem(error.status, INVALID, error.detail)
            self.rows(kind)[str(line)] = kept = {**new, "LastChangedDateTimeOffset": now()}
        elif request.method == "DELETE":
            if len(self.lines_of(employment, kind)) == 1:
                return problem(
                    409,
                    "Employment conflict error(s)",
                    f"{what} with id = {line} is the last {short} on the employment and thus cannot be deleted.",
                )
            del self.rows(kind)[str(line)]
            return HttpResponse(status=200)
        return json_answer(kept)

    def _no_employment(self, employment: int) -> HttpResponse | None:
        if str(employment) in self.state["employments"]:
            return None
        return problem(404, "Employment not found error(s)", f"Employment with id = {employment} not found.")

    def _valid_line(self, employment: int, kind: str, new: Mapping[str, Any], line: int = 0) -> None:
        kept, value = self.state["employments"][str(employment)], KINDS[kind][2]
        if not new["FromDate"] or new[value] is None:
            raise Refused(f"FromDate and {value} are required.")
        if value == "FtePercentage" and not 0 <= new[value] <= 100:
            raise Refused("FtePercentage must be between 0 and 100.")
        if not self.strict:
            return
        if new["FromDate"] < kept["StartDate"]:
            raise Refused("FromDate cannot be before the StartDate of the employment.")
        if any(o["FromDate"] == new["FromDate"] and o["Id"] != line for o in self.lines_of(employment, kind)):
            raise Refused(f"There is a {KINDS[kind][5]} with the same FromDate already.")
