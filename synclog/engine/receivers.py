"""Hears of every change of a position and of an employee."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.signals import m2m_changed, post_delete, post_save

from integrations.models import ExportFile, Integration, PeriodLink
from integrations.runtime.export_files import file_imported
from integrations.sdk.context import IMPORTED, NOT_YET_IMPORTED
from integrations.sdk.messages import packed, unpacked
from positions.models import Company, Department, Employee, Organization, Position
from positions.signals import employees_changed, goes_with_organization, positions_changed, positions_deleted
from synclog.engine import agreeing, cutoff, matches
from synclog.engine.record import Changed, record, renew
from synclog.models import Job, Lease


def connect() -> None:
    post_save.connect(position_saved, sender=Position, dispatch_uid="synclog.position_saved")
    post_delete.connect(position_deleted, sender=Position, dispatch_uid="synclog.position_deleted")
    positions_changed.connect(many_saved, sender=Position, dispatch_uid="synclog.many_saved")
    positions_deleted.connect(many_deleted, sender=Position, dispatch_uid="synclog.many_deleted")
    employees_changed.connect(many_employees_saved, sender=Employee, dispatch_uid="synclog.many_employees_saved")
    post_save.connect(employee_saved, sender=Employee, dispatch_uid="synclog.employee_saved")
    post_save.connect(company_saved, sender=Company, dispatch_uid="synclog.company_saved")
    post_save.connect(department_saved, sender=Department, dispatch_uid="synclog.department_saved")
    post_save.connect(organization_saved, sender=Organization, dispatch_uid="synclog.organization_saved")
    m2m_changed.connect(companies_chosen, sender=Integration.companies.through, dispatch_uid="synclog.companies_chosen")
    file_imported.connect(file_carried_over, sender=ExportFile, dispatch_uid="synclog.file_carried_over")
    post_save.connect(integration_saved, sender=Integration, dispatch_uid="synclog.integration_saved")
    for model in (Company, Department):
        post_save.connect(goes_along_saved, sender=model, dispatch_uid=f"synclog.goes_along.{model.__name__}")
    m2m_changed.connect(companies_changed, Integration.companies.through, dispatch_uid="synclog.companies_changed")


def position_saved(instance: Position, created: bool, raw: bool, update_fields: Any = None, **kwargs: Any) -> None:
    if raw:
        return
    told = created or instance.concerns_others(update_fields)
    change = Changed(instance, None if created else instance.changed_fields(update_fields))
    instance.sync_jobs = record([change]) if told else []  # type: ignore[attr-defined]


def position_deleted(instance: Position, origin: Any = None, **kwargs: Any) -> None:
    if goes_with_organization(origin):
        return  # its integrations and jobs go with it
    record([Changed(instance, deleted=True)])


def many_saved(saved: list[tuple[Position, list[str] | None]], **kwargs: Any) -> None:
    told = [Changed(p, fields) for p, fields in saved if fields is None or not Position.HERE_ONLY.issuperset(fields)]
    _leave_jobs(record(told), [position for position, _ in saved])


def many_deleted(deleted: list[Position], **kwargs: Any) -> None:
    _leave_jobs(record([Changed(position, deleted=True) for position in deleted]), deleted)


def _leave_jobs(jobs: Sequence[Job], positions: Sequence[Position]) -> None:
    """On the positions themselves, for whoever wrote them."""
    by_position: dict[int, list[Job]] = {}
    for job in jobs:
        by_position.setdefault(job.position_key, []).append(job)
    for position in positions:
        position.sync_jobs = by_position.get(position.pk, [])  # type: ignore[attr-defined]


def employee_saved(instance: Employee, created: bool, raw: bool, **kwargs: Any) -> None:
    if not raw and not created:
        _employees_changed([instance])


def many_employees_saved(saved: list[tuple[Employee, list[str] | None]], **kwargs: Any) -> None:
    _employees_changed([employee for employee, fields in saved if fields is not None])


def _employees_changed(employees: Sequence[Employee]) -> None:
    """What is being sent goes by the person as they were; what failed may have waited for just this."""
    matches.marks_changed(employees)
    for organization in {employee.organization_id for employee in employees}:
        keys = [employee.pk for employee in employees if employee.organization_id == organization]
        whose = Employee.objects.filter(Q(pk__in=keys) | Q(manager__in=keys)).values("pk")
        agreeing.look_again(_not_recording(organization).filter(employee_key__in=whose))
        renew(Job.objects.filter(organization=organization, employee_key__in=whose))


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
        mine = Integration.objects.filter(organization=instance)
        mine.raise_version()
        for integration in mine.exclude(cutoff={}).select_related("organization").order_by("pk"):
            cutoff.look_again(integration)


def companies_chosen(instance: Any, action: str, reverse: bool, pk_set: Any, **kwargs: Any) -> None:
    """Of whom a connection takes positions."""
    if action.startswith("post_"):
        keys = (pk_set or ()) if reverse else [instance.pk]
        Integration.objects.filter(pk__in=keys).raise_version()


def goes_along_saved(instance: Company | Department, created: bool, raw: bool, **kwargs: Any) -> None:
    """A company or department of another name or number: of whoever it is sent with, where that is not recorded."""
    if raw or created:
        return
    if isinstance(instance, Company):
        whose = Position.objects.filter(company=instance)
    else:
        whose = Position.objects.filter(Q(department=instance) | Q(department=None, employee__department=instance))
    agreeing.look_again(_not_recording(instance.organization_id).filter(employee_key__in=whose.values("employee")))


def _not_recording(organization: int) -> QuerySet[PeriodLink]:
    return PeriodLink.objects.filter(integration__organization=organization, integration__send_positions=False)


def integration_saved(
    instance: Integration, created: bool, raw: bool, update_fields: Any = None, **kwargs: Any
) -> None:
    if created:
        Lease.objects.get_or_create(integration=instance)
    elif not raw and (update_fields is None or {"settings", "everybody"} & set(update_fields)):
        agreeing.look_again(PeriodLink.objects.filter(integration=instance))


def companies_changed(instance: Any, action: str, reverse: bool, **kwargs: Any) -> None:
    """A connection is for other companies now: another position may be the one that counts there."""
    if action.startswith("post") and not reverse:
        agreeing.look_again(PeriodLink.objects.filter(integration=instance))


def file_carried_over(file: ExportFile, **kwargs: Any) -> None:
    """What the log called "not yet imported" is imported now."""
    jobs = list(Job.objects.filter(integration=file.integration, file_key=file.pk).only("said"))
    for job in jobs:
        said = unpacked(job.said)
        job.said = packed(
            IMPORTED(file=message.params["file"], by=file.imported_by) if message.id == NOT_YET_IMPORTED.id else message
            for message in said
        )
    Job.objects.bulk_update(jobs, ["said"], batch_size=500)
