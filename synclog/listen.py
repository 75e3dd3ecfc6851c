"""Hears of every change of a position and of an employee."""

from __future__ import annotations

from typing import Any

from django.db.models import Model, QuerySet, Value
from django.db.models.functions import Replace
from django.db.models.signals import post_delete, post_save
from django.utils import timezone

from integrations.connectors.context import NOT_YET_IMPORTED
from integrations.models import ExportFile, Integration
from integrations.outbox import file_imported
from positions.models import Employee, Organization, Position
from positions.signals import positions_changed
from synclog import matches
from synclog.models import Job, Lease
from synclog.record import Changed, record
from synclog.wake import wake


def connect() -> None:
    post_save.connect(position_saved, sender=Position, dispatch_uid="synclog.position_saved")
    post_delete.connect(position_deleted, sender=Position, dispatch_uid="synclog.position_deleted")
    positions_changed.connect(many_saved, sender=Position, dispatch_uid="synclog.many_saved")
    post_save.connect(employee_saved, sender=Employee, dispatch_uid="synclog.employee_saved")
    file_imported.connect(file_carried_over, sender=ExportFile, dispatch_uid="synclog.file_carried_over")
    post_save.connect(integration_saved, sender=Integration, dispatch_uid="synclog.integration_saved")


def position_saved(instance: Position, created: bool, raw: bool, **kwargs: Any) -> None:
    if raw:
        return
    instance.sync_jobs = record([Changed(instance, None if created else instance.changed_fields())])  # type: ignore[attr-defined]
    instance.remember()


def position_deleted(instance: Position, origin: Any = None, **kwargs: Any) -> None:
    deleted = origin.model if isinstance(origin, QuerySet) else type(origin)
    if isinstance(deleted, type) and issubclass(deleted, Model) and issubclass(deleted, Organization):
        return  # its integrations and jobs go with it
    record([Changed(instance, deleted=True)])


def many_saved(saved: list[tuple[Position, list[str] | None]], **kwargs: Any) -> None:
    missing = {p.employee_id for p, _ in saved if "employee" not in p._state.fields_cache}
    employees = Employee.objects.in_bulk(missing) if missing else {}
    for position, _ in saved:
        if position.employee_id in employees:
            position.employee = employees[position.employee_id]
    jobs = record([Changed(position, fields) for position, fields in saved])
    by_position: dict[int, list[Job]] = {}
    for job in jobs:
        by_position.setdefault(job.position_key, []).append(job)
    for position, _ in saved:
        position.sync_jobs = by_position.get(position.pk, [])  # type: ignore[attr-defined]


def employee_saved(instance: Employee, created: bool, raw: bool, **kwargs: Any) -> None:
    """A change of the employee may be the fix that the employee's failed jobs wait for."""
    if raw or created:
        return
    matches.marks_changed(instance)
    failed = Job.objects.filter(employee_key=instance.pk, state=Job.State.FAILED, open_key__isnull=False)
    integrations = set(failed.values_list("integration_id", flat=True))
    if integrations:
        now = timezone.now()
        failed.update(state=Job.State.WAITING, due_at=now, changed_at=now, attempts=0, first_failed_at=None)
        wake(sorted(integrations))


def integration_saved(instance: Integration, created: bool, raw: bool, **kwargs: Any) -> None:
    if created:
        Lease.objects.get_or_create(integration=instance)


def file_carried_over(file: ExportFile, **kwargs: Any) -> None:
    """What the log called "not yet imported" is imported now."""
    said = Value(f", imported by {file.imported_by}.")
    Job.objects.filter(integration=file.integration, file_key=file.pk).update(
        message=Replace("message", Value(NOT_YET_IMPORTED), said)
    )
