"""What pages and the API say of a match: who an employee is in a connection, or why nobody there is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from integrations.models import EmployeeLink
from positions.models import Employee
from positions.moments import clock
from synclog.engine.loading import withheld
from synclog.log.causes import cause_title, remedy
from synclog.log.sentences import Mark

State = EmployeeLink.State
MARKS = {
    State.MATCHED: Mark("Matched", "link", "success"),
    State.NOT_MATCHED: Mark("Not matched", "link_off", "danger"),
    State.RELEASED: Mark("Released", "link_off", "warning"),
    State.STOPPED: Mark("Stopped", "error", "danger"),
}
TO_BE_MATCHED = Mark("To be matched", "schedule", "info")


@dataclass(frozen=True, slots=True)
class Match:
    """One row in words. `how` is empty where nobody is matched, `title` and `why` where somebody is."""

    link: EmployeeLink
    employee: Employee | None
    mark: Mark
    how: str
    title: str
    why: str

    @property
    def actions(self) -> list[tuple[str, str]]:
        """(name of the action, label) that make sense for this row."""
        link, found = self.link, []
        if self.employee is not None and link.remote_id and not (link.state == State.MATCHED and link.confirmed):
            found.append(("confirm", "Confirm"))
        if link.state != State.RELEASED and (link.state == State.MATCHED or link.remote_id):
            found.append(("release", "Release"))
        if self.employee is not None:
            found.append(("anew", "Match anew"))
        return found


def matches(links: Iterable[EmployeeLink], zone: ZoneInfo | None = None) -> list[Match]:
    """Needs `integration__organization` with each link; one query for the employees of all."""
    rows = list(links)
    employees = Employee.objects.defer("national_id").in_bulk({link.employee_key for link in rows})
    return [_match(link, employees.get(link.employee_key), zone or link.integration.organization.zone) for link in rows]


def _match(link: EmployeeLink, employee: Employee | None, zone: ZoneInfo) -> Match:
    mark, since = MARKS[State(link.state)], clock(link.matched_at, zone)
    if link.state == State.MATCHED:
        by = [f"by {link.matched_by}" if link.matched_by else "", f"since {since}"]
        if link.confirmed_at:
            by.append(f"confirmed by {link.confirmed_by}, {clock(link.confirmed_at, zone)}")
        return Match(link, employee, mark, " · ".join(filter(None, by)), "", "")
    if link.state == State.NOT_MATCHED and not link.cause:
        mark = TO_BE_MATCHED
    problem = withheld(link.integration.system.name, link)
    said = link.message or (problem.message if problem else "") or remedy(link.cause)
    title = cause_title(link.cause) if link.cause else ""
    return Match(link, employee, mark, "", title, said or "It is looked for with the next change.")
