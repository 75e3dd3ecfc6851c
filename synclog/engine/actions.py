"""What people do to jobs and integrations. Each says who did it; callers check that they may."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils import timezone

from integrations.engine import Start
from integrations.models import Integration, PeriodLink
from integrations.scope import scope_of
from integrations.sdk.messages import Message, packed
from positions.models import Position
from positions.origin import Origin
from positions.tracing import request_id
from positions.transactions import repeated
from synclog.engine import agreeing, cutoff, texts
from synclog.engine.clock_skew import at_once
from synclog.engine.notify import wake
from synclog.engine.record import Changed, again, hold, job_for, store_again
from synclog.models import Event, Job

_SWITCHES = (
    "send_positions", "activated_at", "paused_at", "paused_by", "stopped_at", "stopped_cause", "stopped_said",
    "retry_at", "retry_count", "retry_said", "delete_positions", "move_periods", "version",
)  # fmt: skip
# Why one of many is not taken up: causes of the log.
BEING_SENT, DELETED, OUT_OF_SCOPE, OFF = "being_sent", "position_deleted", "out_of_scope", "switched_off"


# -- jobs ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Resent:
    """`sent`: how many positions will be looked at, for each connection's id. `left`: for a job's id, the cause of its
    not being sent again; one whose position goes with another job is in neither."""

    sent: Counter[int]
    left: Mapping[int, str]


@repeated
def resync(
    jobs: QuerySet[Job], by: str, *, kind: str = "resync", move: bool = False, asked_at: datetime | None = None
) -> Resent:
    """Sends again, now, whatever the payroll cut-off says. Pressing twice gives one job. Closed jobs are opened anew
    for positions that still exist. `move`: the record that was sent before gets the new start date; also what is being
    sent right now is sent anew then, since it goes by the other rule. `asked_at`: nobody has asked for what was saved
    after this moment, and is held.
    """
    # Held in the order of everybody: the positions, so that none is deleted meanwhile, and then their jobs.
    ids = list(jobs.values_list("pk", "position_key", "integration"))
    positions = _held({position for _, position, _ in ids})
    asked = Job.objects.filter(pk__in=[pk for pk, *_ in ids])
    about = ("integration", "employee_key", "position_key", "open_key", "state", "held_until")
    beside = (
        Job.objects.open()
        .only(*about)
        .filter(
            integration__in={integration for *_, integration in ids}, open_key__in={position for _, position, _ in ids}
        )
    )
    hold(asked | beside)
    rows = list(asked.only(*about))
    since = cutoff.held_since(asked_at, [(row.integration_id, row.employee_key, row.position_key) for row in rows])
    late = {row.pk: Job.HELD for row in rows if (row.integration_id, row.position_key) in since}
    rows = [row for row in rows if row.pk not in late]
    idle = {row.pk: row.integration_id for row in rows if row.is_open and (move or row.state != Job.State.RUNNING)}
    closed = {(row.integration_id, row.position_key) for row in rows if not row.is_open}
    newer = [job for job in beside if (job.integration_id, job.position_key) in closed] if closed else []
    already = {(job.integration_id, job.position_key) for job in newer}
    now = timezone.now()
    # What was sent before is sent again as it is now, with what is held of it.
    idle |= {job.pk: job.integration_id for job in newer if job.is_held(now)}
    Job.objects.filter(pk__in=idle).update(
        state=Job.State.WAITING, due_at=now, changed_at=now, attempts=0, first_failed_at=None, cause="",
        said=[], origin=kind, origin_name=by, request_id=request_id.get(), generation=time.time_ns(),
        held_until=at_once(), asked_for=True,
        **({"move": True} if move else {}),
    )  # fmt: skip
    pairs = [
        (integration, positions[position])
        for integration, position in sorted(closed)
        if position in positions and (integration, position) not in already
    ]
    fresh = again(pairs, Origin(kind, by))
    for job in fresh:
        job.move, job.due_at = move, now  # how far a large one is, is told by when it is due (synclog.log.progress)
    cutoff.sent_all_the_same(fresh)
    store_again(fresh)
    cutoff.release_beside(_employees(rows))
    wake(sorted({row.integration_id for row in rows}))
    going = already | {(job.integration_id, job.position_key) for job in fresh}
    left = {
        row.pk: BEING_SENT if row.is_open else OUT_OF_SCOPE if row.position_key in positions else DELETED
        for row in rows
        if row.pk not in idle and (row.is_open or (row.integration_id, row.position_key) not in going)
    }
    return Resent(Counter([*idle.values(), *(job.integration_id for job in fresh)]), left | late)


def _employees(jobs: Iterable[Job]) -> Mapping[int, set[int]]:
    found: defaultdict[int, set[int]] = defaultdict(set)
    for job in jobs:
        found[job.integration_id].add(job.employee_key)
    return found


def _held(keys: Iterable[int]) -> dict[int, Position]:
    rows = Position.objects.filter(pk__in=keys).select_related("employee").order_by("pk")
    return {position.pk: position for position in rows.select_for_update(of=("self",), no_key=True)}


@repeated
def send_now(
    positions: Iterable[Position],
    integration: Integration,
    by: str,
    *,
    kind: str = "resync",
    asked_at: datetime | None = None,
) -> set[int]:
    """Sends positions that were never recorded (they were saved before the switch was on), where the connection takes
    them. Gives the ids of those. `asked_at`: as of `resync`."""
    scope = scope_of(integration.pk)
    taken = [position for position in _held({position.pk for position in positions}).values() if scope.takes(position)]
    late = cutoff.held_since(asked_at, [(integration.pk, p.employee_id, p.pk) for p in taken])
    wanted = [position for position in taken if (integration.pk, position.pk) not in late]
    jobs = [job_for(Changed(p), p.employee, integration.pk, Origin(kind, by)) for p in wanted]
    cutoff.sent_all_the_same(jobs)
    store_again(jobs)
    cutoff.release_beside({integration.pk: {job.employee_key for job in jobs}})
    wake([integration.pk])
    return {job.position_key for job in jobs}


def move_period(job: Job, by: str) -> None:
    """The record that was sent before gets the new start date, instead of a second record."""
    resync(Job.objects.filter(pk=job.pk), by, move=True)


@repeated
def dismiss(jobs: QuerySet[Job], reason: str, by: str) -> int:
    """Closes jobs without sending; a later change of the position opens a new one."""
    now = timezone.now()
    closing = jobs.filter(open_key__isnull=False).exclude(state=Job.State.RUNNING)
    hold(closing)
    whose = _links_of(closing)
    held = _employees(closing.filter(held_until__gt=now).only("integration", "employee_key"))
    number = closing.update(
        state=Job.State.DISMISSED, open_key=None, changed_at=now, finished_at=now,
        dismissed_reason=f"{reason.strip()} ({by})"[:200],
    )  # fmt: skip
    agreeing.look_again(whose)
    cutoff.no_longer_held(held)
    return number


def _links_of(jobs: QuerySet[Job]) -> QuerySet[PeriodLink]:
    """The links of the employees whose jobs these are now: once those are closed, the links say what holds."""
    employees: defaultdict[int, set[int]] = defaultdict(set)
    for integration, employee in jobs.order_by().values_list("integration", "employee_key").distinct():
        employees[integration].add(employee)
    found = Q(pk__in=())
    for integration, keys in employees.items():
        found |= Q(integration=integration, employee_key__in=keys)
    return PeriodLink.objects.filter(found)


# -- integrations ----------------------------------------------------------------------------------------


@repeated
def switch(integration: Integration, on: bool, by: str, start: Start = Start.CHANGES, number: int = 0) -> bool:
    """On: changes from now on are sent, nothing else. Off: nothing is recorded, and what waits is not sent. False: it
    was so already. `start` and `number` are of what is sent with it (`synclog.log.starting`), to be told.

    What was planned for a later day belongs to the activation that ends here: see `EmployeeLink.planned_in`.
    """
    _hold(integration)
    if integration.send_positions == on:
        return False
    integration.switch(on)
    integration.save(update_fields=["send_positions", "activated_at", "updated_at"])
    if on:
        # What a turn had in the air when it was switched off, or was asked for meanwhile.
        drop(Job.objects.open().filter(integration=integration))
        agreeing.look_again(PeriodLink.objects.filter(integration=integration))
        _tell(integration, "on", texts.ON_WITH[start](number=number) if number else texts.ON(), by)
        return True
    drop(Job.objects.open().filter(integration=integration))
    _tell(integration, "off", texts.OFF(), by)
    return True


@repeated
def drop(jobs: QuerySet[Job]) -> None:
    """Closes open jobs of connections that are switched off. What is under way right now says so when it was sent."""
    now = timezone.now()
    hold(jobs)
    PeriodLink.objects.filter(
        integration__in=jobs.values("integration"), employee_key__in=jobs.values("employee_key")
    ).update(look_on=agreeing.AT_ONCE)
    jobs.update(
        state=Job.State.SKIPPED, open_key=None, cause="switched_off", changed_at=now, finished_at=now,
        said=packed([texts.SWITCHED_OFF()]),
    )  # fmt: skip


@repeated
def pause(integration: Integration, by: str) -> None:
    _hold(integration)
    if integration.paused:
        return
    integration.paused_at, integration.paused_by = timezone.now(), by
    integration.save(update_fields=["paused_at", "paused_by", "updated_at"])
    _tell(integration, "paused", texts.PAUSED(), by)


@repeated
def resume(integration: Integration, by: str) -> None:
    """Ends a pause, and a stop or a wait for the system, too: it is tried again at once."""
    _hold(integration)
    integration.paused_at, integration.paused_by = None, ""
    integration.resume_from_stop()
    integration.save(
        update_fields=[
            "paused_at", "paused_by", "stopped_at", "stopped_cause", "stopped_said", "retry_at", "retry_count",
            "retry_said", "updated_at",
        ]
    )  # fmt: skip
    _retry_at_once(integration)
    _tell(integration, "resumed", texts.RESUMED(), by)


@repeated
def set_option(integration: Integration, name: str, on: bool, by: str) -> None:
    """`delete_positions` or `move_periods`, on or off: for what is written from now on."""
    _hold(integration)
    if getattr(integration, name) == on:
        return
    setattr(integration, name, on)
    integration.save(update_fields=[name, "updated_at"])
    label = texts.OPTIONS[name]
    _tell(integration, "option", texts.OPTION_ON(option=label) if on else texts.OPTION_OFF(option=label), by)


@repeated
def credentials_renewed(integration: Integration, by: str) -> None:
    """After new credentials were saved: a stopped connection goes on with what is waiting."""
    _tell(integration, "credentials", texts.CREDENTIALS(), by)
    _retry_at_once(integration)


def _hold(integration: Integration) -> None:
    """Its switches as they are now, and nobody else's until the end of the transaction."""
    rows = Integration.objects.select_for_update(no_key=True)
    integration.refresh_from_db(fields=_SWITCHES, from_queryset=rows)


def _retry_at_once(integration: Integration) -> None:
    waiting = Job.objects.open().filter(integration=integration, state=Job.State.RETRYING)
    hold(waiting)
    waiting.update(due_at=at_once())
    wake([integration.pk])


def address_changed(integration: Integration, was: str, now: str, by: str) -> None:
    """Told on the connection's pages: whoever administers it sees where its secrets go."""
    _tell(integration, "address", texts.ADDRESS(was=was, now=now), by)


def _tell(integration: Integration, kind: str, said: Message, by: str) -> None:
    Event.objects.create(integration=integration, kind=kind, said=packed([said]), by=by)
