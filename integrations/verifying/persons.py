"""With whom a connection is verified: one employee here who is there for nothing else."""

from __future__ import annotations

from integrations.models import EmployeeLink, Integration, PeriodLink
from integrations.planning.work import Match
from integrations.runtime import mapping
from integrations.runtime.fingerprints import fingerprints
from integrations.sdk.context import MemoryMatches
from integrations.sdk.values import Person
from positions.models import Employee, Position


class NoTestPersonError(Exception):
    """Why nothing is done with this employee, in words."""


def test_person(integration: Integration, number: str, *, writes: bool) -> Person:
    """Raises NoTestPersonError. Nobody with a position here is written to: what stands there is somebody's pay."""
    found = Employee.objects.select_related("company", "department", "manager").filter(
        organization=integration.organization_id, number=number
    )
    employee = found.first()
    if employee is None:
        raise NoTestPersonError(f"There is no employee {number} in {integration.organization}.")
    if writes and Position.objects.filter(employee=employee).exists():
        raise NoTestPersonError(f"Employee {number} has positions here: name a test person who has none.")
    if writes and PeriodLink.objects.filter(integration=integration, employee_key=employee.pk).exists():
        raise NoTestPersonError(f"Positions of employee {number} were sent by this connection: name another one.")
    state = EmployeeLink.State
    withheld = EmployeeLink.objects.filter(
        integration=integration, employee_key=employee.pk, state__in=[state.RELEASED, state.STOPPED]
    )
    if writes and withheld.exists():
        raise NoTestPersonError(
            f"The match of employee {number} was ended: nothing is written there until somebody presses Match anew, or "
            "confirms a record."
        )
    return mapping.person(employee)


def known_match(integration: Integration, person: Person) -> tuple[str, Match]:
    """The record there that is this employee's as far as is known here ("": none is), as a worker goes by it."""
    link = EmployeeLink.objects.filter(
        integration=integration, employee_key=int(person.id), state=EmployeeLink.State.MATCHED
    ).first()
    if link is None:
        return "", Match()
    doubted = bool(link.fingerprints) and link.fingerprints != fingerprints(integration, person)
    return link.remote_id, Match(link.confirmed, doubted=doubted)


def matches(integration: Integration) -> MemoryMatches:
    """Whose the records there are; what is found now is not kept."""
    known = MemoryMatches()
    links = EmployeeLink.objects.filter(integration=integration, state=EmployeeLink.State.MATCHED)
    known.holders = {record: str(key) for record, key in links.values_list("remote_id", "employee_key")}
    return known
