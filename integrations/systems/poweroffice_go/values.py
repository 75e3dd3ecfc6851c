"""PowerOffice Go's records and our values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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
}
SHOWN_ON_EMPLOYEE = {
    "title": "JobTitle",
    "department": "DepartmentCode",
    "cost_centre": "LocationCode",
    "manager": "ManagerEmployeeNo",
}
# Where our number may stand, and what a search by it is called.
NUMBERED_BY = {
    "Number": Mark.NUMBER,
    "ExternalNumber": _("external code"),
    "ExternalImportReference": _("external import reference"),
}


@dataclass(frozen=True, slots=True)
class Employment:
    """An employment with its percentage lines, oldest first, as read."""

    body: Mapping[str, Any]
    lines: tuple[Mapping[str, Any], ...] = ()

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

    @property
    def percentages(self) -> Timeline:
        """By the day from which each counts; of two lines of one day, the last."""
        days = {sure_date(line.get("FromDate")): number_of(line.get("FtePercentage")) for line in self.lines}
        return sorted((day, percentage) for day, percentage in days.items() if day is not None)

    def line(self, day: date) -> Mapping[str, Any] | None:
        """The percentage line that counts on a day; before the first line, that one."""
        begun = [line for line in self.lines if (date_of(line.get("FromDate")) or date.min) <= day]
        return begun[-1] if begun else next(iter(self.lines), None)


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
