"""What goes along with a position from elsewhere: the employee's department and manager, names and numbers of companies
and departments. A change there is a change of the current and upcoming positions, in the connections that send it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.db.models.signals import post_save, pre_delete

from integrations.models import Integration
from integrations.planning.translate import sent_otherwise
from integrations.scope import scopes_of
from integrations.sdk import values
from positions.employer import current_and_upcoming
from positions.models import Company, Department, Employee, Position
from positions.signals import employees_changed, employees_deleted, goes_with_organization
from synclog.engine import cutoff
from synclog.engine.notify import wake
from synclog.engine.record import Changed, job_for, store

_PIECE = 1000
_MARKS = frozenset({"number", "email", "first_name", "last_name"})


@dataclass(frozen=True, slots=True)
class Shift:
    """One of our fields has another value now, for these positions. Without `pairs` it is another one altogether;
    otherwise the same ones, each as it was and as it is."""

    field: str
    positions: Q
    pairs: Sequence[tuple[Any, Any]] = ()


def connect() -> None:
    for model, heard in ((Employee, employee_saved), (Company, company_saved), (Department, department_saved)):
        post_save.connect(heard, sender=model, dispatch_uid=f"synclog.engine.along.{model.__name__}")
    employees_changed.connect(many_employees_saved, dispatch_uid="synclog.engine.along.many")
    employees_deleted.connect(many_employees_leave, dispatch_uid="synclog.engine.along.many_deleted")
    pre_delete.connect(employee_leaves, sender=Employee, dispatch_uid="synclog.engine.along.deleted")


def employee_saved(instance: Employee, created: bool, raw: bool, update_fields: Any = None, **kwargs: Any) -> None:
    if not raw and not created:
        record_shifts(instance.organization_id, _shifts([(instance, instance.changed_fields(update_fields))]))


def many_employees_saved(saved: Sequence[tuple[Employee, list[str] | None]], **kwargs: Any) -> None:
    changed = [(employee, fields) for employee, fields in saved if fields is not None]
    for organization in {employee.organization_id for employee, _ in changed}:
        record_shifts(organization, _shifts([one for one in changed if one[0].organization_id == organization]))


def _shifts(changed: Sequence[tuple[Employee, list[str] | None]]) -> list[Shift]:
    """One for each kind of change, however many employees they are (None: all of it may be another one)."""
    departments, managers = [], []
    # By which of their marks are others: a system is sent all of these otherwise, or none.
    renamed: defaultdict[frozenset[str], list[tuple[int, tuple[Any, Any]]]] = defaultdict(list)
    unknown = []
    for employee, names in changed:
        if names is None or "department" in names:
            departments.append(employee.pk)
        if names is None or "manager" in names:
            managers.append(employee.pk)
        if names is None:
            unknown.append(employee.pk)
        elif marks := _MARKS.intersection(names):
            first, last = employee.before("first_name"), employee.before("last_name")
            old = values.Manager(employee.before("number"), employee.before("email"), f"{first} {last}")
            renamed[marks].append((employee.pk, (old, values.Manager(employee.number, employee.email, employee.name))))
    found = [
        Shift("department", Q(employee__in=departments, department=None)) if departments else None,
        Shift("manager", Q(employee__in=managers)) if managers else None,
        Shift("manager", Q(employee__manager__in=unknown)) if unknown else None,
        *(
            Shift("manager", Q(employee__manager__in=[pk for pk, _ in of]), [pair for _, pair in of])
            for of in renamed.values()
        ),
    ]
    return [shift for shift in found if shift is not None]


def employee_leaves(instance: Employee, origin: Any = None, **kwargs: Any) -> None:
    """Whoever reports to a person who is deleted has no manager any more."""
    if goes_with_organization(origin):
        return  # its integrations and jobs go with it
    many_employees_leave([instance])


def many_employees_leave(deleted: Sequence[Employee], **kwargs: Any) -> None:
    for organization in {employee.organization_id for employee in deleted}:
        keys = [employee.pk for employee in deleted if employee.organization_id == organization]
        theirs = Q(employee__manager__in=keys) & ~Q(employee__in=keys)
        record_shifts(organization, [Shift("manager", theirs)])


def company_saved(instance: Company, created: bool, raw: bool, update_fields: Any = None, **kwargs: Any) -> None:
    names = instance.changed_fields(update_fields)
    if raw or created or names == []:
        return
    old = values.Company(instance.before("name"), instance.before("organization_number"))
    new = values.Company(instance.name, instance.organization_number)
    record_shifts(instance.organization_id, [Shift("company", Q(company=instance.pk), _pair(names, old, new))])


def department_saved(instance: Department, created: bool, raw: bool, update_fields: Any = None, **kwargs: Any) -> None:
    names = instance.changed_fields(update_fields)
    if raw or created or names == []:
        return
    old = values.Department(instance.before("code"), instance.before("name"))
    new = values.Department(instance.code, instance.name)
    of_the_employee = Q(department=None, employee__department=instance.pk)
    shift = Shift("department", Q(department=instance.pk) | of_the_employee, _pair(names, old, new))
    record_shifts(instance.organization_id, [shift])


def _pair(names: list[str] | None, old: Any, new: Any) -> list[tuple[Any, Any]]:
    return [(old, new)] if names else []


def record_shifts(organization: int, shifts: Sequence[Shift]) -> None:
    """In the transaction of the change: a job for each current and upcoming position in each connection that takes it
    and sends the field. One query where no connection does; else a few, and one more for each thousand positions.

    A position that somebody saves meanwhile is not seen before both are committed, and may have been sent with the old
    value by then: PostgreSQL is asked once more after the commit. SQLite has one writer at a time.
    """
    recorded: set[int] = set()
    if shifts and _record(organization, shifts, recorded) and connection.vendor != "sqlite":
        transaction.on_commit(lambda: _record(organization, shifts, recorded), robust=True)


def _record(organization: int, shifts: Sequence[Shift], recorded: set[int]) -> bool:
    """Of positions that are not `recorded` yet, and adds them; whether any connection sends one of the fields."""
    recording = Integration.objects.recording().filter(organization=organization).defer("credentials", "vault")
    found = list(recording.select_related("organization"))
    senders = [[i for i in found if _sends(i, shift)] for shift in shifts]
    concerned = {i.pk for some in senders for i in some}
    if not concerned:
        return False
    scopes = scopes_of(concerned)
    calendars = cutoff.calendars_of((i.pk, i.cutoff) for i in found)
    today = found[0].organization.today()
    before = frozenset(recorded)
    woken = set()
    with transaction.atomic(savepoint=False):
        for shift, integrations in zip(shifts, senders, strict=True):
            if not integrations:
                continue
            rows = Position.objects.filter(shift.positions, current_and_upcoming(today))
            whole = rows.select_related("employee").defer("employee__national_id").order_by("pk")
            for piece in _pieces(row for row in whole.iterator(chunk_size=_PIECE) if row.pk not in before):
                jobs = [
                    job_for(Changed(position, [shift.field]), position.employee, integration.pk)
                    for position in piece
                    for integration in integrations
                    if scopes[integration.pk].takes(position)
                ]
                store(jobs, calendars)
                recorded.update(position.pk for position in piece)
                woken |= {job.integration_id for job in jobs}
        wake(woken)
    return True


def _sends(integration: Integration, shift: Shift) -> bool:
    system, settings = integration.system, integration.cleaned_settings()
    return any(sent_otherwise(system, settings, shift.field, *pair) for pair in shift.pairs or [(None, None)])


def _pieces(rows: Iterable[Position]) -> Iterable[list[Position]]:
    rest = iter(rows)
    while piece := list(islice(rest, _PIECE)):
        yield piece
