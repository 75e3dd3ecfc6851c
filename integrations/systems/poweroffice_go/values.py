"""PowerOffice Go's records and our values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from integrations.sdk import (
    EveryMark,
    Mark,
    Person,
    RemoteEmployee,
    Timeline,
    date_of,
    number_of,
    sure_date,
    text_of,
)
from integrations.sdk import gettext_noop as _

ON_EMPLOYMENT = {
    "start_date": "StartDate",
    "end_date": "EndDate",
    "end_reason": "EndDateReason",
    "contract_type": "EmploymentForm",
    "occupation_code": "ProfessionCode",
    "working_hours_scheme": "WorkingHoursArrangement",
    "company": "EnterpriseId",
}
ON_EMPLOYEE = {
    "title": "JobTitle",
    "department": "DepartmentId",
    "cost_centre": "LocationId",
    "manager": "ManagerEmployeeId",
    "first_day_of_work": "StartDate",
    "last_day_of_work": "EndDate",
}
SHOWN_ON_EMPLOYEE = {
    "title": "JobTitle",
    "department": "DepartmentCode",
    "cost_centre": "LocationCode",
    "manager": "ManagerEmployeeNo",
    "first_day_of_work": "StartDate",
    "last_day_of_work": "EndDate",
}
DATES_OF_EMPLOYEE = ("first_day_of_work", "last_day_of_work")
# Where our number may stand, and what a search by it is called.
NUMBERED_BY = {
    "Number": Mark.NUMBER,
    "ExternalNumber": _("external code"),
    "ExternalImportReference": _("external import reference"),
}


@dataclass(frozen=True, slots=True)
class Dated:
    """One of our fields that stands in lines of its own, each with the day from which it counts: the part of the path
    of these lines, the name of the value in them, the privilege that they need, and how the value is read."""

    ours: str
    path: str
    name: str
    privilege: str
    read: Callable[[Any], Any]

    def timeline(self, lines: Sequence[Mapping[str, Any]]) -> Timeline:
        """By the day from which each counts; of two lines of one day, the last."""
        days = {sure_date(line.get("FromDate")): self.read(line.get(self.name)) for line in lines}
        return sorted((day, value) for day, value in days.items() if day is not None)


PERCENTAGES = Dated("percentage", "FtePercentages", "FtePercentage", "EmploymentFtePercentage", number_of)
SALARIES = Dated("remuneration_type", "Salaries", "RemunerationType", "EmploymentSalary", text_of)


@dataclass(frozen=True, slots=True)
class Employment:
    """An employment with its dated lines, by our field, oldest first, as read."""

    body: Mapping[str, Any]
    lines: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return str(self.body["Id"])

    @property
    def start(self) -> date | None:
        return sure_date(self.body.get("StartDate"))

    @property
    def end(self) -> date | None:
        return sure_date(self.body.get("EndDate"))

    @property
    def closed(self) -> bool:
        return self.body.get("EndedAndReported") is True

    @property
    def made(self) -> datetime | None:
        try:
            made = datetime.fromisoformat(str(self.body.get("CreatedDateTimeOffset")))
        except ValueError:
            return None
        return made if made.tzinfo else made.replace(tzinfo=UTC)

    def over(self, day: date) -> bool:
        return self.closed or (self.end is not None and self.end < day)

    def rows(self, dated: Dated) -> Timeline:
        return dated.timeline(self.lines.get(dated.ours, ()))

    def on(self, dated: Dated, day: date) -> Any:
        """What counts on a day; before the first line, that one's."""
        lines = self.lines.get(dated.ours, ())
        begun = [line for line in lines if (date_of(line.get("FromDate")) or date.min) <= day]
        line = begun[-1] if begun else next(iter(lines), None)
        return dated.read(line.get(dated.name)) if line else None


def written(value: Any) -> Any:
    """One of our translated values as JSON."""
    if isinstance(value, date):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value


def archived(record: Mapping[str, Any]) -> bool:
    return record.get("IsArchived") is True


def marks(record: Mapping[str, Any]) -> EveryMark:
    by = {search: str(record.get(name) or "") for name, search in NUMBERED_BY.items()}
    national_id, email, first, last = (
        text_of(record.get(name)) or "" for name in ("NationalIdNumber", "EmailAddress", "FirstName", "LastName")
    )
    born = date_of(record.get("DateOfBirth"))
    return EveryMark(tuple(by.values()), (national_id,), (email,), born, first, last, by)


def found(person: Person, record: Mapping[str, Any]) -> RemoteEmployee:
    """The record as a match for this person, with the manager here."""
    return RemoteEmployee(str(record["Id"]), raw=person.manager, marks=marks(record).beside(person))
