"""An employee's company changes: which of the positions it may be carried over to, and how."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db.models import Q, QuerySet

from positions.bulk import save_positions
from positions.models import Employee, Position


def current_and_upcoming(today: date) -> Q:
    """Positions that are not over on this day of their organization."""
    return Q(end_date=None) | Q(end_date__gte=today)


def elsewhere(employee: Employee) -> QuerySet[Position]:
    """The employee's positions with another employer than the employee's company, oldest first."""
    here = Q(company=employee.company_id) if employee.company_id else Q(company=None)
    return Position.objects.filter(employee=employee).exclude(here).order_by("start_date", "pk")


def follow_all(employees: Iterable[Employee], today: date) -> list[Position]:
    """`follow` for employees of one organization, in a fixed number of queries."""
    by_key = {employee.pk: employee for employee in employees}
    found = Position.objects.filter(current_and_upcoming(today), employee__in=by_key).order_by("pk")
    positions = []
    for position in found.select_for_update():
        employee = by_key[position.employee_id]
        if position.company_id != employee.company_id:
            position.employee, position.company = employee, employee.company
            positions.append(position)
    save_positions(positions)
    return positions


def follow(employee: Employee, only: Iterable[int] | None = None) -> list[Position]:
    """Gives the current and upcoming positions (`only` these, by id) the employee's company: audited, and recorded for
    every connection that they leave, stay in or enter. To be called in a transaction. Gives those that changed."""
    found = elsewhere(employee).filter(current_and_upcoming(employee.organization.today()))
    if only is not None:
        found = found.filter(pk__in=list(only))
    positions = list(found.select_for_update())
    for position in positions:
        position.employee = employee
        position.company = employee.company
    save_positions(positions)
    return positions
