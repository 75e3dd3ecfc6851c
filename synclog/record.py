"""Records sync jobs in the transaction of the save: three queries for one position or a thousand."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from integrations.models import Integration
from positions.models import Employee, Position
from positions.origin import Origin, current_origin
from positions.tracing import request_id
from synclog.clock import at_once
from synclog.models import Job
from synclog.wake import wake

# Seconds. What is committed so soon after it was looked for a due job is seen by whoever sends that one.
SURELY_SEEN = 0.15
# What a newer change overwrites in the open job. `changed` stays: it speaks of the first change only (`changed_in`).
_REFRESHED = [
    "employee_name",
    "employee_number",
    "title",
    "start_date",
    "end_date",
    "state",
    "action",
    "deleted",
    "move",
    "generation",
    "attempts",
    "due_at",
    "cause",
    "message",
    "field",
    "vendor_text",
    "vendor_code",
    "warning",
    "origin",
    "origin_name",
    "request_id",
    "first_failed_at",
    "recorded_at",
    "changed_at",
]


@dataclass(frozen=True, slots=True)
class Changed:
    """`fields` are our names of what changed, None when all of it may have. `position` still has its key."""

    position: Position
    fields: Sequence[str] | None = None
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Recording:
    """An integration that records changes, as one query tells it. `companies` empty: everybody."""

    id: int
    organization_id: int
    companies: frozenset[int]
    rung: bool  # a job is due there already, and whoever recorded that one has rung

    def takes(self, employee: Employee) -> bool:
        return not self.companies or employee.company_id in self.companies


def recording_integrations(organizations: Iterable[int]) -> list[Recording]:
    # Only what a save (or a re-sync) put there was rung for: not what waited for its day, or was tried before.
    fresh = Job.objects.due(timezone.now()).filter(integration=OuterRef("pk"), state=Job.State.WAITING, cause="")
    rows = (
        Integration.objects.recording()
        .filter(organization__in=set(organizations))
        .annotate(rung=Exists(fresh))
        .values_list("pk", "organization_id", "companies", "rung")
    )
    companies: defaultdict[int, set[int]] = defaultdict(set)
    found: dict[int, tuple[int, bool]] = {}
    for pk, organization, company, rung in rows:
        found[pk] = (organization, rung)
        if company is not None:
            companies[pk].add(company)
    return [Recording(pk, org, frozenset(companies[pk]), rung) for pk, (org, rung) in found.items()]


def record(changes: Sequence[Changed], origin: Origin | None = None) -> list[Job]:
    """Writes or refreshes the one open job for each position and integration, and wakes the workers.

    Call it inside the transaction that changes the positions. Every position's `employee` is read.
    """
    if not changes:
        return []
    employees = {c.position.employee_id: c.position.employee for c in changes}
    asked = time.monotonic()
    integrations = recording_integrations(e.organization_id for e in employees.values())
    jobs = [
        job_for(change, employee, integration.id, origin)
        for change in changes
        for employee in [employees[change.position.employee_id]]
        for integration in integrations
        if integration.organization_id == employee.organization_id and integration.takes(employee)
    ]
    # No savepoint of its own: whoever's save cannot be recorded is not to be saved.
    with transaction.atomic(savepoint=False):
        store(jobs)
        concerned, rung = {j.integration_id for j in jobs}, {i.id for i in integrations if i.rung}
        wake(concerned - rung)
        if concerned & rung:
            transaction.on_commit(partial(_ring_if_late, concerned & rung, asked + SURELY_SEEN), robust=True)
    return jobs


def _ring_if_late(integrations: Collection[int], deadline: float) -> None:
    """Whoever was rung for the due job that this save has seen looks for the next one for a while after sending it
    (synclog.turn.LINGER), and had seen this one if it was committed by then."""
    if time.monotonic() > deadline:
        wake(integrations)


def job_for(change: Changed, employee: Employee, integration_id: int, origin: Origin | None = None) -> Job:
    position, started = change.position, origin or current_origin()
    now, generation = timezone.now(), time.time_ns()
    return Job(
        organization_id=employee.organization_id,
        integration_id=integration_id,
        employee_key=employee.pk,
        position_key=position.pk,
        open_key=position.pk,
        employee_name=employee.name,
        employee_number=employee.number,
        title=position.title,
        start_date=position.start_date,
        end_date=position.end_date,
        action=Job.Action.DELETE if change.deleted else Job.Action.SAVE,
        deleted=change.deleted,
        changed=list(change.fields) if change.fields else None,
        changed_in=generation,
        generation=generation,
        due_at=at_once(),
        origin=started.kind,
        origin_name=started.name,
        request_id=request_id.get(),
        recorded_at=now,
        changed_at=now,
    )


def store(jobs: Sequence[Job]) -> None:
    """In the order in which everybody locks jobs."""
    Job.objects.bulk_create(
        sorted(jobs, key=lambda job: (job.integration_id, job.position_key)),
        update_conflicts=True,
        unique_fields=["integration", "open_key"],
        update_fields=_REFRESHED,
    )


def locked(jobs: QuerySet[Job]) -> list[Job]:
    """These jobs as they are now, and nobody else's until the end of the transaction."""
    return list(jobs.select_for_update(of=("self",)).order_by("integration_id", "position_key", "pk"))


@transaction.atomic
def renew(jobs: QuerySet[Job]) -> None:
    """Something changed that their runs go by: what is being sent is sent once more, as it is now, and what failed is
    tried again. What waits or is retried reads it anyway, at its time. Call it inside the transaction of that change.
    """
    found = locked(jobs.filter(open_key__isnull=False, state__in=(Job.State.RUNNING, Job.State.FAILED)))
    if not found:
        return
    Job.objects.filter(pk__in=[job.pk for job in found]).update(
        state=Job.State.WAITING, due_at=at_once(), changed_at=timezone.now(), generation=time.time_ns(), attempts=0,
        first_failed_at=None,
    )  # fmt: skip
    wake(job.integration_id for job in found)
