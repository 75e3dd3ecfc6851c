"""The one path for many positions at once: a fixed number of queries, and the sync hears of every row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import transaction
from django.utils import timezone

from positions.models import Employee, Position, tracking
from positions.signals import positions_changed

_UPDATED = [f.name for f in Position._meta.concrete_fields if f.name not in ("id", "employee", "created_at")]


def _free_external_ids(rows: Sequence[Position]) -> None:
    """Where one position is given the external id that another of these rows had until now: a database looks at the
    constraint after each row, and there is no order in which two could change theirs with each other."""
    had = {(row.employee_id, before): row.pk for row in rows if row.pk and (before := row.before("external_id"))}
    wanted = {(row.employee_id, row.external_id): row.pk for row in rows}
    moved = [pk for key, pk in had.items() if key in wanted and wanted[key] != pk]
    if moved:
        Position.objects.filter(pk__in=moved).update(external_id="")


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
        _free_external_ids([*new, *old])
        Position.objects.bulk_create(new, batch_size=500)
        for row in old:
            row.updated_at = now
        Position.objects.bulk_update(old, _UPDATED, batch_size=500)
        positions_changed.send(Position, saved=[(row, fields) for row, fields in changed if fields != []])
    for row in rows:
        tracking.remember(row)
        row.counting = row.dated = None
    return done
