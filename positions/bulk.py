"""The one path for many employees or positions at once: a fixed number of queries, and whoever listens hears of every
row (positions/signals.py)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import models, transaction
from django.db.models import Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone

from positions import batches
from positions.models import Employee, EmployeeWord, Position, Terms, tracking
from positions.signals import employees_changed, employees_deleted, positions_changed, positions_deleted

_UPDATED = [f.attname for f in Position._meta.concrete_fields if f.name not in ("id", "employee", "created_at")]
_UPDATED_OF_EMPLOYEES = [
    f.attname for f in Employee._meta.concrete_fields if f.name not in ("id", "organization", "created_at")
]


def _moved(rows: Iterable[Any], name: str, within: str) -> list[int]:
    """Those that had a value until now which another of these rows is given: a database looks at a constraint after
    each row, and there is no order in which two could change theirs with each other."""
    rows = list(rows)
    had = {(getattr(row, within), before): row.pk for row in rows if row.pk and (before := row.before(name))}
    wanted = {(getattr(row, within), getattr(row, name)): row.pk for row in rows}
    return [pk for key, pk in had.items() if key in wanted and wanted[key] != pk]


def _written(rows: Iterable[Any], columns: Iterable[str]) -> list[str]:
    """Those of the columns in which one of these rows is not as it was read, and the time: each more costs as much as
    the rows themselves."""
    changed = {"updated_at"}
    for row in rows:
        then = tracking.loaded(row) or {}
        changed |= {f.attname for f in tracking.different(row, then, tracking.followed(type(row)))}
    return [name for name in columns if name in changed]


def save_positions(positions: Iterable[Position]) -> list[str]:
    """Creates those without a primary key and updates the others that are changed. Validation is the caller's.

    Gives what became of each: "created", "updated" or "unchanged" (its row was not touched, and nobody is told).
    Raises IntegrityError for rows that break a constraint; nothing is saved then.
    """
    rows = list(positions)
    now = timezone.now()
    missing = {row.employee_id for row in rows if "employee" not in row._state.fields_cache}
    employees = Employee.objects.in_bulk(missing) if missing else {}
    for row in rows:
        if row.employee_id in employees:
            row.employee = employees[row.employee_id]
        if row.pk is None:
            row.fill_in()
    with transaction.atomic():
        new = [row for row in rows if row.pk is None]
        Position.look_again(row for row in rows if row.pk is not None and not row.concerns_others())
        Position.give_days(row for row in rows if row.pk is not None)
        changed = [(row, None if row.pk is None else row.changed_fields()) for row in rows]
        done = ["created" if row.pk is None else "unchanged" if fields == [] else "updated" for row, fields in changed]
        old = [row for (row, _), word in zip(changed, done, strict=True) if word == "updated"]
        if moved := _moved([*new, *old], "external_id", "employee_id"):
            Position.objects.filter(pk__in=moved).update(external_id="")
        Position.objects.bulk_create(new, batch_size=500)
        for row in old:
            row.updated_at = now
        Position.objects.bulk_update(old, _written(old, _UPDATED), batch_size=500)
        positions_changed.send(Position, saved=[(row, fields) for row, fields in changed if fields != []])
    for row in rows:
        tracking.remember(row)
        row.counting = row.dated = row.moved = None
        row.named = frozenset()
    return done


def save_employees(employees: Iterable[Employee]) -> list[str]:
    """The same of employees. Those that are there were read, and locked, in this transaction."""
    rows = list(employees)
    now = timezone.now()
    with transaction.atomic():
        done = [_became(row) for row in rows]
        new = [row for row, word in zip(rows, done, strict=True) if word == "created"]
        old = [row for row, word in zip(rows, done, strict=True) if word == "updated"]
        changed = [(row, None if row.pk is None else row.changed_fields()) for row in [*new, *old]]
        if moved := _moved([*new, *old], "external_id", "organization_id"):
            Employee.objects.filter(pk__in=moved).update(external_id="")
        if moved := _moved([*new, *old], "number", "organization_id"):
            # Past the words of the search, which the update below keeps.
            aside = Concat(Value("~"), Cast("pk", models.CharField()))
            Employee._base_manager.filter(pk__in=moved).update(number=aside)
        for row in old:
            row.updated_at = now
        # Before the new ones: these may be given what those had.
        Employee.objects.bulk_update(old, _written(old, _UPDATED_OF_EMPLOYEES), batch_size=500)
        Employee.objects.bulk_create(new, batch_size=500)
        if changed:
            employees_changed.send(Employee, saved=changed)
    for row in rows:
        tracking.remember(row)
    return done


def _became(employee: Employee) -> str:
    if employee.pk is None:
        return "created"
    then, columns = tracking.loaded(employee) or {}, tracking.followed(Employee)
    return "updated" if any(tracking.different(employee, then, columns)) else "unchanged"


def delete_positions(positions: Sequence[Position]) -> None:
    """Each with its employee."""
    with transaction.atomic():
        keys = [position.pk for position in positions]
        batches.delete(Terms.objects.filter(position__in=keys))
        batches.delete(Position.objects.filter(pk__in=keys))
        if positions:
            positions_deleted.send(Position, deleted=list(positions))


def delete_employees(employees: Sequence[Employee]) -> list[Position]:
    """With their positions, which it gives as they were."""
    by_key = {employee.pk: employee for employee in employees}
    with transaction.atomic():
        if employees:
            employees_deleted.send(Employee, deleted=list(employees))
        positions = list(Position.objects.filter(employee__in=by_key).order_by("pk"))
        for position in positions:
            position.employee = by_key[position.employee_id]
        Employee.objects.filter(manager__in=by_key).update(manager=None)
        delete_positions(positions)
        batches.delete(EmployeeWord.objects.filter(employee__in=by_key))
        batches.delete(Employee.objects.filter(pk__in=by_key))
    return positions
