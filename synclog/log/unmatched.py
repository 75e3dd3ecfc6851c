"""In which connections nobody is an employee, so that none of their positions is sent there: said before one is."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from integrations.models import EmployeeLink, Integration
from integrations.scope import scopes_from
from integrations.sdk.declaration import System, Transport
from integrations.sdk.wording import in_words
from integrations.systems.registry import connector_for
from positions.models import Employee
from synclog.log import texts
from synclog.log.causes import cause_title, remedy

State = EmployeeLink.State
_DECIDED = {State.RELEASED: "match_released", State.STOPPED: "match_stopped"}


@dataclass(frozen=True, slots=True)
class Unmatched:
    """`cause` is "" where they were not looked for yet. Of the record that was found nothing is said."""

    integration: int
    integration_name: str
    system: str
    cause: str
    message: str
    what_to_do: str


def unmatched(employee: Employee, companies: Collection[int | None]) -> list[Unmatched]:
    """Of the connections that are on and take positions of these companies. Two queries; no system is asked."""
    rows = list(
        Integration.objects.filter(organization=employee.organization_id, send_positions=True)
        .order_by("name", "pk")
        .values_list("pk", "everybody", "companies", "name", "system_key")
    )
    named = {pk: (name, connector_for(key).system) for pk, _, _, name, key in rows}
    scopes = scopes_from(row[:3] for row in rows)
    taking = [pk for pk, scope in scopes.items() if scope.everybody or not scope.companies.isdisjoint(companies)]
    if not taking:
        return []
    links = EmployeeLink.objects.filter(integration__in=taking, employee_key=employee.pk).only(
        "integration_id", "state", "cause"
    )
    known = {link.integration_id: link for link in links}
    return [_said(pk, *named[pk], known.get(pk)) for pk in taking if _is_unmatched(named[pk][1], known.get(pk))]


def _is_unmatched(system: System, link: EmployeeLink | None) -> bool:
    """Where positions go into a file nobody is looked for: the number is believed."""
    return system.transport is not Transport.FILE if link is None else link.state != State.MATCHED


def _said(pk: int, name: str, system: System, link: EmployeeLink | None) -> Unmatched:
    cause = _DECIDED.get(State(link.state), link.cause) if link is not None else ""
    if cause:
        return Unmatched(pk, name, system.key, cause, f"{cause_title(cause)}.", remedy(cause))
    words = in_words(texts.NOBODY_YET(connection=name))
    return Unmatched(pk, name, system.key, "", words.why, words.remedy)
