"""What goes along with a position from elsewhere: the employee's department and manager, names and numbers of companies
and departments. A change there is a change of the current and upcoming positions, in the connections that send it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db import connection, transaction
from django.db.models import Model, Q, QuerySet
from django.db.models.signals import post_save, pre_delete

from integrations.models import Integration
from integrations.planning.translate import sent_otherwise
from integrations.scope import scopes_of
from integrations.sdk import values
from positions.employer import current_and_upcoming
from positions.models import Company, Department, Employee, Organization, Position
from synclog.engine.notify import wake
from synclog.engine.record import Changed, job_for, store

_PIECE = 1000


@dataclass(frozen=True, slots=True)
class Shift:
    """One of our fields has another value now, for these positions. `old` and `new` None: it is another one
    altogether; otherwise the same one, as it was and as it is."""

    field: str
    positions: Q
    old: Any = None
    new: Any = None


def connect() -> None:
    for model, heard in ((Employee, employee_saved), (Company, company_saved), (Department, department_saved)):
        post_save.connect(heard, sender=model, dispatch_uid=f"synclog.engine.along.{model.__name__}")
    pre_delete.connect(employee_leaves, sender=Employee, dispatch_uid="synclog.engine.along.deleted")


def employee_saved(instance: Employee, created: bool, raw: bool, update_fields: Any = None, **kwargs: Any) -> None:
    if raw or created:
        return
    names = instance.changed_fields(update_fields)
    changed = {"department", "manager", "number"} if names is None else set(names)
    shifts = []
    if "department" in changed:
        shifts.append(Shift("department", Q(employee=instance.pk, department=None)))
    if "manager" in changed:
        shifts.append(Shift("manager", Q(employee=instance.pk)))
    if changed & {"number", "email", "first_name", "last_name"}:
        first, last = instance.before("first_name"), instance.before("last_name")
        old = values.Manager(instance.before("number"), instance.before("email"), f"{first} {last}")
        new = values.Manager(instance.number, instance.email, instance.name)
        shifts.append(Shift("manager", Q(employee__manager=instance.pk), old if names else None, new))
    record_shifts(instance.organization_id, shifts)


def employee_leaves(instance: Employee, origin: Any = None, **kwargs: Any) -> None:
    """Whoever reports to a person who is deleted has no manager any more."""
    deleted = origin.model if isinstance(origin, QuerySet) else type(origin)
    if isinstance(deleted, type) and issubclass(deleted, Model) and issubclass(deleted, Organization):
        return  # its integrations and jobs go with it
    record_shifts(instance.organization_id, [Shift("manager", Q(employee__manager=instance.pk))])


def company_saved(instance: Company, created: bool, raw: bool, update_fields: Any = None, **kwargs: Any) -> None:
    names = instance.changed_fields(update_fields)
    if raw or created or names == []:
        return
    old = values.Company(instance.before("name"), instance.before("organization_number"))
    new = values.Company(instance.name, instance.organization_number)
    record_shifts(instance.organization_id, [Shift("company", Q(company=instance.pk), old if names else None, new)])


def department_saved(instance: Department, created: bool, raw: bool, update_fields: Any = None, **kwargs: Any) -> None:
    names = instance.changed_fields(update_fields)
    if raw or created or names == []:
        return
    old = values.Department(instance.before("code"), instance.before("name"))
    new = values.Department(instance.code, instance.name)
    of_the_employee = Q(department=None, employee__department=instance.pk)
    shift = Shift("department", Q(department=instance.pk) | of_the_employee, old if names else None, new)
    record_shifts(instance.organization_id, [shift])


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
                store(jobs)
                recorded.update(position.pk for position in piece)
                woken |= {job.integration_id for job in jobs}
        wake(woken)
    return True


def _sends(integration: Integration, shift: Shift) -> bool:
    return sent_otherwise(integration.system, integration.cleaned_settings(), shift.field, shift.old, shift.new)


def _pieces(rows: Iterable[Position]) -> Iterable[list[Position]]:
    rest = iter(rows)
    while piece := list(islice(rest, _PIECE)):
        yield piece
