"""What a position may say in Visma.net Payroll, and what a job says of one that says something else."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import date
from typing import Any

from integrations.sandboxes.base import Sandbox, overlaps

EMPLOYMENT_FORMS = (
    "fast",
    "midlertidig",
    "fastAnsattUtleid",
    "midlertidigAnsattUtleid",
    "midlertidigAnsattSomTilkallingsvikar",
)
NEVER_REPORTED = "arbeidsforholdetSkulleAldriVaertRapportert"
END_REASONS = (
    "arbeidstakerHarSagtOppSelv",
    "arbeidsgiverHarSagtOppArbeidstaker",
    "kontraktEngasjementEllerVikariatErUtloept",
    "endringIOrganisasjonsstrukturEllerByttetJobbInternt",
    "byttetLoenssystemEllerRegnskapsfoerer",
    NEVER_REPORTED,
)
TIMELINES = ("employmentForm", "typeOfWork", "workTimeAgreement", "partTimeFactors", "taxUnitIds")
REQUIRED = ("activeStart", "typeOfPosition", *TIMELINES, "salaryInformation")
READ_ONLY = ("id", "tenantId", "employeeId")
OPTIONAL = (
    "activeEnd",
    "positionEndReason",
    "externalIds",
    "absence",
    "accountingDimensions",
    "typeOfPerson",
    "manager",
)
SALARY_KEYS = {
    "salaryType",
    "contractSalaryType",
    "monthlySalary",
    "hourlySalary",
    "yearlySalary",
    "activeStart",
    "activeEnd",
}


class PositionRules(Sandbox):
    def _positions(self, employee_id: str) -> list[dict[str, Any]]:
        return [p for p in self.state["positions"].values() if p["document"]["employeeId"] == employee_id]

    def _errors(self, job: dict[str, Any], body: dict[str, Any], before: dict[str, Any]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []

        def error(path: str, code: str, message: str) -> None:
            found.append(result(message, code, f"$.{path}", "error"))

        for name in REQUIRED:
            if not body.get(name):
                error(name, "mandatoryFieldMissing", f"{name} is mandatory.")
        for name in READ_ONLY:
            if name in body and body[name] != before.get(name):
                error(name, "readOnly", f"{name} can not be changed.")
        if found:
            return found
        start, end = body["activeStart"], body.get("activeEnd")
        if not is_date(start) or not (end is None or is_date(end)):
            error("activeStart", "invalidDate", "Date is not valid.")
            return found
        if end and end < start:
            error("activeEnd", "invalidPeriod", "activeEnd is before activeStart.")
        if before and start != before["activeStart"]:
            error("activeStart", "startChanged", "activeStart of a position can not be changed.")
        others = [p["document"] for p in self._positions(job["employeeId"])]
        living = [o for o in others if o["id"] != job["positionId"] and not cancelled(o)]
        periods = [(o["activeStart"], o.get("activeEnd")) for o in living]
        if not cancelled(body) and overlaps(start, end, periods):
            error("activeStart", "positionOverlap", "Employee already has a position in this period.")
        if body["typeOfPosition"] != "Ordinary":
            error("typeOfPosition", "invalidValue", "typeOfPosition is not valid.")
        for name in TIMELINES:
            self._timeline_errors(name, body[name], self._accepted(name), error)
        self._salary_errors(body, before, error, found)
        manager = body.get("manager")
        manager = manager.get("id") if isinstance(manager, dict) else manager  # some other form than we know
        for value in [e.get("value") for e in manager] if isinstance(manager, list) else [manager] if manager else []:
            if value not in self.state["employees"]:
                error("manager", "invalidValue", "manager is not an employee.")
        reason = body.get("positionEndReason")
        if reason and (not end or not isinstance(reason, list) or set(reason) - set(END_REASONS)):
            error("positionEndReason", "invalidValue", "positionEndReason is not valid.")
        for index, part in enumerate(body.get("accountingDimensions") or []):
            path = f"accountingDimensions[{index}]"
            values = self.state["dimensions"].get(part.get("dimension"))
            if values is None or set(part) != {"dimension", "dimensionValues"}:
                error(path, "invalidValue", "Dimension is not in use.")
            else:
                self._timeline_errors(f"{path}.dimensionValues", part["dimensionValues"], values.__contains__, error)
        return found

    def _accepted(self, name: str) -> Callable[[Any], Any]:
        units, agreements = self.state["taxUnits"], self.state["workTimeAgreements"]
        accepted: dict[str, Callable[[Any], Any]] = {
            "employmentForm": (*EMPLOYMENT_FORMS, *self.state["newer"]).__contains__,
            "typeOfWork": lambda v: isinstance(v, str) and re.fullmatch(r"\d{7}", v),
            "workTimeAgreement": [a["id"] for a in agreements].__contains__,
            "partTimeFactors": lambda v: type(v) in (int, float) and 0 <= float(v) <= 100,
            "taxUnitIds": [u[key] for u in units for key in ("id", "shortId")].__contains__,
        }
        return accepted[name]

    @staticmethod
    def _timeline_errors(name: str, timeline: Any, accepted: Any, error: Any) -> None:
        if not isinstance(timeline, list) or not timeline:
            error(name, "invalidTimeline", f"{name} is not a timeline.")
            return
        periods: list[tuple[str, str | None]] = []
        for index, entry in enumerate(timeline):
            path = f"{name}[{index}]"
            if not isinstance(entry, dict) or set(entry) - {"value", "activeStart", "activeEnd"}:
                error(path, "invalidTimeline", f"{name} is not a timeline.")
                return
            start, end = entry.get("activeStart") or "0001-01-01", entry.get("activeEnd")
            if not is_date(start) or not (end is None or is_date(end)) or (end and end < start):
                error(path, "invalidPeriod", f"{name} has a period that is not valid.")
                return
            if overlaps(start, end, periods):
                error(path, "timelineOverlap", f"{name} has periods that overlap.")
            periods.append((start, end))
            if not accepted(entry.get("value")):
                error(f"{path}.value", "invalidValue", f"{name} is not valid.")

    @staticmethod
    def _salary_errors(body: dict[str, Any], before: dict[str, Any], error: Any, found: list[dict[str, Any]]) -> None:
        """Salary set to hourly or yearly by payroll: an edit fails, an entry without its type is left out."""
        new, old = body["salaryInformation"], before.get("salaryInformation", [])
        for index, entry in enumerate(new):
            kind = str(entry.get("contractSalaryType") or "monthly").lower()
            if set(entry) - SALARY_KEYS or kind not in ("monthly", "hourly", "yearly"):
                error(f"salaryInformation[{index}]", "invalidValue", "salaryInformation is not valid.")
            elif entry.get("salaryType") != "Period" or not isinstance(entry.get(f"{kind}Salary"), str):
                error(f"salaryInformation[{index}]", "invalidValue", f"{kind}Salary is not valid.")
        amounts = ("hourlySalary", "monthlySalary", "yearlySalary")
        special = [e for e in old if str(e.get("contractSalaryType")).lower() in ("hourly", "yearly")]
        kept = [tuple(e.get(a) for a in amounts) for e in new]
        if any(tuple(e.get(a) for a in amounts) not in kept for e in special):
            error("salaryInformation", "salaryChanged", "Salary entry can not be edited.")
        elif special and any("contractSalaryType" not in e for e in new):
            text = "contractSalaryType has not been provided. Salary update was not performed."
            found.append(result(text, "contractSalaryTypeMissing", "$.salaryInformation", "warning"))
            body["salaryInformation"] = old


def is_date(value: Any) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def result(message: str, code: str, path: str, severity: str) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()),
        "message": message,
        "messageCode": code,
        "value": "",
        "jsonPath": path,
        "severity": severity,
    }


def cancelled(position: dict[str, Any]) -> bool:
    """Ended as never to have been reported: its days are free."""
    return NEVER_REPORTED in (position.get("positionEndReason") or ())
