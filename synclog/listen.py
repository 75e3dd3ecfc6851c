"""Hears of every change of a position and of an employee."""

from __future__ import annotations

from typing import Any

from django.db.models import Model, Q, QuerySet, Value
from django.db.models.functions import Replace
from django.db.models.signals import m2m_changed, post_delete, post_save

from integrations.connectors.context import NOT_YET_IMPORTED
from integrations.models import ExportFile, Integration
from integrations.outbox import file_imported
from positions.models import Company, Department, Employee, Organization, Position
from positions.signals import positions_changed
from synclog.models import Job, Lease
from synclog.record import Changed, record, renew


def connect() -> None:
    post_save.connect(position_saved, sender=Position, dispatch_uid="synclog.position_saved")
    post_delete.connect(position_deleted, sender=Position, dispatch_uid="synclog.position_deleted")
    positions_changed.connect(many_saved, sender=Position, dispatch_uid="synclog.many_saved")
    post_save.connect(employee_saved, sender=Employee, dispatch_uid="synclog.employee_saved")
    post_save.connect(company_saved, sender=Company, dispatch_uid="synclog.company_saved")
    post_save.connect(department_saved, sender=Department, dispatch_uid="synclog.department_saved")
    post_save.connect(organization_saved, sender=Organization, dispatch_uid="synclog.organization_saved")
    m2m_changed.connect(companies_chosen, sender=Integration.companies.through, dispatch_uid="synclog.companies_chosen")
    file_imported.connect(file_carried_over, sender=ExportFile, dispatch_uid="synclog.file_carried_over")
    post_save.connect(integration_saved, sender=Integration, dispatch_uid="synclog.integration_saved")


def position_saved(instance: Position, created: bool, raw: bool, **kwargs: Any) -> None:
    if raw:
        return
    instance.sync_jobs = record([Changed(instance, None if created else instance.changed_fields())])  # type: ignore[attr-defined]


def position_deleted(instance: Position, origin: Any = None, **kwargs: Any) -> None:
    deleted = origin.model if isinstance(origin, QuerySet) else type(origin)
    if isinstance(deleted, type) and issubclass(deleted, Model) and issubclass(deleted, Organization):
        return  # its integrations and jobs go with it
    record([Changed(instance, deleted=True)])


def many_saved(saved: list[tuple[Position, list[str] | None]], **kwargs: Any) -> None:
    jobs = record([Changed(position, fields) for position, fields in saved])
    by_position: dict[int, list[Job]] = {}
    for job in jobs:
        by_position.setdefault(job.position_key, []).append(job)
    for position, _ in saved:
        position.sync_jobs = by_position.get(position.pk, [])  # type: ignore[attr-defined]


def employee_saved(instance: Employee, created: bool, raw: bool, **kwargs: Any) -> None:
    """What is being sent goes by the person as they were; what failed may have waited for just this."""
    if not raw and not created:
        reports = Employee.objects.filter(manager=instance).values("pk")
        renew(Job.objects.filter(Q(employee_key=instance.pk) | Q(employee_key__in=reports)))


def company_saved(instance: Company, created: bool, raw: bool, **kwargs: Any) -> None:
    if not raw and not created:
        theirs = Position.objects.filter(company=instance).values("pk")
        renew(Job.objects.filter(organization=instance.organization_id, position_key__in=theirs))


def department_saved(instance: Department, created: bool, raw: bool, **kwargs: Any) -> None:
    if not raw and not created:
        theirs = Employee.objects.filter(department=instance).values("pk")
        own = Position.objects.filter(department=instance).values("pk")
        concerned = Q(employee_key__in=theirs) | Q(position_key__in=own)
        renew(Job.objects.filter(concerned, organization=instance.organization_id))


def organization_saved(instance: Organization, created: bool, raw: bool, **kwargs: Any) -> None:
    """Its time zone is the day of all its connections."""
    if not raw and not created:
        Integration.objects.filter(organization=instance).raise_version()


def companies_chosen(instance: Any, action: str, reverse: bool, pk_set: Any, **kwargs: Any) -> None:
    """Of whom a connection takes positions."""
    if action.startswith("post_"):
        keys = (pk_set or ()) if reverse else [instance.pk]
        Integration.objects.filter(pk__in=keys).raise_version()


def integration_saved(instance: Integration, created: bool, raw: bool, **kwargs: Any) -> None:
    if created:
        Lease.objects.get_or_create(integration=instance)


def file_carried_over(file: ExportFile, **kwargs: Any) -> None:
    """What the log called "not yet imported" is imported now."""
    said = Value(f", imported by {file.imported_by}.")
    Job.objects.filter(integration=file.integration, file_key=file.pk).update(
        message=Replace("message", Value(NOT_YET_IMPORTED), said)
    )
