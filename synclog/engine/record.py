"""Records sync jobs in the transaction of the save: three queries for one position or a thousand."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from integrations.models import Integration, PeriodLink
from integrations.planning.cutoff import Calendar
from integrations.scope import Scope, scopes_from, scopes_of
from positions.models import Employee, Position
from positions.origin import Origin, current_origin
from positions.tracing import request_id
from synclog.engine import agreeing, cutoff, retro
from synclog.engine.clock_skew import at_once
from synclog.engine.notify import wake
from synclog.models import Job

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
    "outside",
    "move",
    "generation",
    "attempts",
    "due_at",
    "cutoff_at",
    "held_until",
    "asked_for",
    "cause",
    "said",
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
    """`fields` are our names of what changed, None when all of it may have. `position` still has its key. `outside`:
    the connection was sent it and does not take it any more."""

    position: Position
    fields: Sequence[str] | None = None
    deleted: bool = False
    outside: bool = False


@dataclass(frozen=True, slots=True)
class Recording:
    """An integration that records changes, as one query tells it."""

    id: int
    organization_id: int
    on: bool  # it records; one that was on before only wants to know of what it was sent
    scope: Scope
    rung: bool  # a job is due there already, and whoever recorded that one has rung
    calendar: Calendar | None  # of its payroll cut-off


def recording_integrations(organizations: Iterable[int]) -> list[Recording]:
    # Only what a save (or a re-sync) put there was rung for: not what waited for its day, or was tried before.
    fresh = Job.objects.due(timezone.now()).filter(integration=OuterRef("pk"), state=Job.State.WAITING, cause="")
    found = (
        Integration.objects.filter(Q(send_positions=True) | Q(activated_at__isnull=False))
        .filter(organization__in=set(organizations))
        .annotate(rung=Exists(fresh))
        .values_list("pk", "organization_id", "everybody", "companies", "send_positions", "rung", "cutoff")
    )
    rows = list(found)
    scopes = scopes_from((pk, everybody, company) for pk, _, everybody, company, *_ in rows)
    about = {pk: (organization, on, rung, kept) for pk, organization, _, _, on, rung, kept in rows}
    calendars = cutoff.calendars_of((pk, kept) for pk, (*_, kept) in about.items())
    return [Recording(pk, *about[pk][:2], scope, about[pk][2], calendars.get(pk)) for pk, scope in scopes.items()]


def record(changes: Sequence[Changed], origin: Origin | None = None) -> list[Job]:
    """Writes or refreshes the one open job for each position and integration, and wakes the workers.

    Call it inside the transaction that changes the positions. Every position's `employee` is read.
    """
    if not changes:
        return []
    employees = {c.position.employee_id: c.position.employee for c in changes}
    asked = time.monotonic()
    known = recording_integrations(e.organization_id for e in employees.values())
    integrations = [integration for integration in known if integration.on]
    jobs: list[Job] = []
    outside: list[tuple[Changed, int]] = []
    for change in changes:
        employee = employees[change.position.employee_id]
        for integration in integrations:
            if integration.organization_id != employee.organization_id:
                continue
            if not integration.scope.takes(change.position):
                outside.append((replace(change, outside=True), integration.id))
            elif _moved(change) and not integration.scope.everybody:
                # It has come in just now: all of it is new there.
                jobs.append(job_for(replace(change, fields=None), employee, integration.id, origin))
            else:
                jobs.append(job_for(change, employee, integration.id, origin))
    told = left_scope({c.position.pk for c, _ in outside}, {i for _, i in outside})
    jobs += [
        job_for(change, employees[change.position.employee_id], integration, origin)
        for change, integration in outside
        if (integration, change.position.pk) in told and (_moved(change) or not told[integration, change.position.pk])
    ]
    calendars = {one.id: one.calendar for one in integrations if one.calendar}
    # No savepoint of its own: whoever's save cannot be recorded is not to be saved.
    with transaction.atomic(savepoint=False):
        store(jobs, calendars)
        if calendars:
            retro.keep({change.position.pk: change.position for change in changes}, jobs, calendars)
        off = [integration.id for integration in known if not integration.on]
        if off:
            agreeing.look_again(PeriodLink.objects.filter(integration__in=off, employee_key__in=employees))
        concerned = {j.integration_id for j in jobs if j.cause != Job.HELD}
        rung = {i.id for i in integrations if i.rung}
        wake(concerned - rung)
        if concerned & rung:
            late, deadline = concerned & rung, asked + SURELY_SEEN
            # A function of its own: Django's log of what fails after a commit asks for its name.
            transaction.on_commit(lambda: _ring_if_late(late, deadline), robust=True)
    return jobs


def _ring_if_late(integrations: Collection[int], deadline: float) -> None:
    """Whoever was rung for the due job that this save has seen looks for the next one for a while after sending it
    (synclog.engine.worker_turn.LINGER), and had seen this one if it was committed by then."""
    if time.monotonic() > deadline:
        wake(integrations)


def _moved(change: Changed) -> bool:
    return "company" in (change.fields or ())


def left_scope(positions: Collection[int], integrations: Collection[int]) -> dict[tuple[int, int], bool]:
    """Of positions that these connections do not take: (integration, position) of those that were sent there, or were
    about to be, and whether the log there has been told that they left (it is told once). In one query."""
    if not positions or not integrations:
        return {}
    of_both = Job.objects.filter(integration=OuterRef("integration"), position_key=OuterRef("position_key"))
    newest = of_both.exclude(cause="switched_off").order_by("-pk").values("outside")[:1]
    sent = PeriodLink.objects.filter(integration__in=integrations, position_key__in=positions)
    sent = sent.annotate(told=Coalesce(Subquery(newest), False))
    waiting = Job.objects.filter(integration__in=integrations, open_key__in=positions).annotate(told=F("outside"))
    names = ("integration_id", "position_key", "told")
    rows = sent.values_list(*names).union(waiting.order_by().values_list(*names))
    return {(integration, position): told for integration, position, told in rows}


def again(pairs: Collection[tuple[int, Position]], origin: Origin) -> list[Job]:
    """Jobs for log entries that a person re-syncs, (integration, position) each with its employee: what the connection
    takes is sent, what has left its scope is taken out there, and for others there is none. Two queries; not stored."""
    scopes = scopes_of({integration for integration, _ in pairs})
    taken = {(i, p.pk): i in scopes and scopes[i].takes(p) for i, p in pairs}
    others = [key for key, takes in taken.items() if not takes]
    left = left_scope({position for _, position in others}, {integration for integration, _ in others})
    return [
        job_for(Changed(p, outside=not taken[i, p.pk]), p.employee, i, origin)
        for i, p in pairs
        if taken[i, p.pk] or (i, p.pk) in left
    ]


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
        action=Job.Action.DELETE if change.deleted or change.outside else Job.Action.SAVE,
        deleted=change.deleted,
        outside=change.outside and not change.deleted,
        changed=list(change.fields) if change.fields and not change.outside else None,
        changed_in=generation,
        generation=generation,
        due_at=at_once(),
        origin=started.kind,
        origin_name=started.name,
        request_id=request_id.get(),
        recorded_at=now,
        changed_at=now,
    )


def store(jobs: Sequence[Job], calendars: Mapping[int, Calendar] | None = None) -> None:
    """In the order in which everybody locks jobs. What is saved after the payroll cut-off of its connection is marked
    and held as that one's calendar says; `calendars`: those of the connections that have one, else they are asked for
    in one query."""
    if calendars is None:
        kept = Integration.objects.filter(pk__in={job.integration_id for job in jobs}).exclude(cutoff={})
        calendars = cutoff.calendars_of(kept.values_list("pk", "cutoff")) if jobs else {}
    held = cutoff.mark(jobs, calendars)
    _write(jobs, _REFRESHED)
    if held:
        cutoff.hold_beside_these(held)


def store_again(jobs: Sequence[Job]) -> None:
    """As `store`, of what brings no change of its own: somebody sends it, or a day does. No payroll cut-off holds it,
    and what is open of the same position stays marked as it is."""
    _write(jobs, [name for name in _REFRESHED if name != "cutoff_at"])


def _write(jobs: Sequence[Job], refreshed: Sequence[str]) -> None:
    Job.objects.bulk_create(
        sorted(jobs, key=lambda job: (job.integration_id, job.position_key)),
        update_conflicts=True,
        unique_fields=["integration", "open_key"],
        update_fields=refreshed,
    )


def hold(jobs: QuerySet[Job]) -> None:
    """These jobs are nobody else's until the end of the transaction: locked in the order of everybody."""
    if connection.features.has_select_for_update:  # else the whole database is
        list(jobs.select_for_update(of=("self",)).order_by("integration_id", "position_key", "pk").values_list("pk"))


@transaction.atomic
def renew(jobs: QuerySet[Job]) -> None:
    """Something changed that their runs go by: what is being sent is sent once more, as it is now, and what failed is
    tried again, when its period opens where a payroll cut-off holds it. What waits or is retried reads it anyway, at
    its time. Call it inside the transaction of that change.
    """
    found = jobs.filter(open_key__isnull=False, state__in=(Job.State.RUNNING, Job.State.FAILED))
    hold(found)
    integrations = set(found.order_by().values_list("integration_id", flat=True).distinct())
    if not integrations:
        return
    held = list(found.filter(held_until__gt=timezone.now()).values_list("pk", flat=True))
    found.update(
        state=Job.State.WAITING, due_at=at_once(), changed_at=timezone.now(), generation=time.time_ns(), attempts=0,
        first_failed_at=None,
    )  # fmt: skip
    if held:
        cutoff.held_again(Job.objects.filter(pk__in=held))
    wake(integrations)
