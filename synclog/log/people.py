"""What pages and the API say of a match: who an employee is in a connection, or why nobody there is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from integrations.models import EmployeeLink
from integrations.sdk.marking import gettext_noop
from integrations.sdk.wording import say
from positions.models import Employee
from positions.moments import clock
from synclog.engine.loading import withheld
from synclog.log.causes import cause_title, remedy
from synclog.log.sentences import Mark

State = EmployeeLink.State
MARKS = {
    State.MATCHED: Mark(gettext_noop("Matched"), "link", "success"),
    State.NOT_MATCHED: Mark(gettext_noop("Not matched"), "link_off", "danger"),
    State.RELEASED: Mark(gettext_noop("Released"), "link_off", "warning"),
    State.STOPPED: Mark(gettext_noop("Stopped"), "error", "danger"),
}
TO_BE_MATCHED = Mark(gettext_noop("To be matched"), "schedule", "info")


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
            found.append(("confirm", _("Confirm")))
        if link.state != State.RELEASED and (link.state == State.MATCHED or link.remote_id):
            found.append(("release", _("Release")))
        if self.employee is not None:
            found.append(("anew", _("Match anew")))
        return found


def matches(links: Iterable[EmployeeLink], zone: ZoneInfo | None = None) -> list[Match]:
    """Needs `integration__organization` with each link; one query for the employees of all."""
    rows = list(links)
    employees = Employee.objects.defer("national_id").in_bulk({link.employee_key for link in rows})
    return [_match(link, employees.get(link.employee_key), zone or link.integration.organization.zone) for link in rows]


def _match(link: EmployeeLink, employee: Employee | None, zone: ZoneInfo) -> Match:
    mark, since = MARKS[State(link.state)], clock(link.matched_at, zone)
    if link.state == State.MATCHED:
        by = [
            _("by {mark}").format(mark=say(link.matched_by)) if link.matched_by else "",
            _("since {when}").format(when=since),
        ]
        if link.confirmed_at:
            confirmed = {"name": link.confirmed_by, "when": clock(link.confirmed_at, zone)}
            by.append(_("confirmed by {name}, {when}").format(**confirmed))
        return Match(link, employee, mark, " · ".join(filter(None, by)), "", "")
    if link.state == State.NOT_MATCHED and not link.cause:
        mark = TO_BE_MATCHED
    problem = withheld(link.integration.system.name, link)
    said = link.message or (problem.message if problem else "") or remedy(link.cause)
    title = cause_title(link.cause) if link.cause else ""
    return Match(link, employee, mark, "", title, said or _("It is looked for with the next change."))
