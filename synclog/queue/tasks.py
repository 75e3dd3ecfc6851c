"""What the workers run, by dotted name and with ids only. Each returns None: nothing is stored by the queue."""

from __future__ import annotations

import logging
import math
import time
from datetime import datetime, timedelta

from django.db import close_old_connections, connection, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django_q.tasks import async_task

from integrations.models import EmployeeLink, Integration
from integrations.runtime.export_files import drop_files, waiting_for_a_folder
from integrations.scope import NOTHING, scopes_of
from integrations.sdk.messages import Message, packed
from positions.models import Organization, Position
from positions.new_day import roll
from positions.origin import Origin
from positions.transactions import repeated
from synclog.engine import actions, agreeing, clock_skew, cutoff, shares, texts
from synclog.engine.lease import HOST, WORKER, Held, free, ready_integrations
from synclog.engine.notify import wake
from synclog.engine.record import Changed, job_for, store_again
from synclog.engine.worker_turn import SECONDS, SHORT, SHORT_BESIDE_OWN, Turn
from synclog.log import batches, retention
from synclog.models import Batch, Event, Heartbeat, Job
from synclog.questions import asking, check_schedules
from synclog.queue import imports
from synclog.queue.schedules import schedules_at_once
from synclog.telling import cutoffs, digest, trouble
from synclog.telling import turn as mails
from synclog.webhooks import turn as webhooks

logger = logging.getLogger("synclog.queue.tasks")

BATCH_SECONDS = 8.0  # of recording what is sent again
AGREE_SECONDS = 8.0  # of comparing links, then others have their turn
FORGET_WORKERS_AFTER = timedelta(hours=1)
TAKEN_OVER = 1000  # links in one transaction


def look(integrations: list[int]) -> None:
    """What a wake-up says: the first here and now, each of the others by whoever is free."""
    first, *others = integrations
    for other in others:
        wake([other])
    drain(first)


def answer(question: int) -> None:
    """A call that a person waits for (`synclog.questions.asking`)."""
    beat()
    asking.answer(question)


def drain(integration_id: int, seconds: float | None = None) -> None:
    """One turn with one integration. Whatever is left afterwards queues up behind the others."""
    beat()
    integration = (
        Integration.objects.select_related("organization").filter(ready_integrations(), pk=integration_id).first()
    )
    if integration is None:
        return
    with transaction.atomic():
        if not shares.may_take(integration.organization_id):
            return  # whoever of the organization is done first rings again
        held = Held.acquire(integration_id)
    if held is None:
        return  # its holder looks once more after it has let go
    seconds = SECONDS if seconds is None else seconds
    take(integration, Turn(integration, held, seconds, lambda: allowed_seconds(integration)))


def take(integration: Integration, turn: Turn) -> None:
    """The turn with all that belongs before and after it; its lease is given back."""
    held = turn.held
    try:
        turn.run()
        if is_ready(integration.pk) and held.renew_if_due():
            _drop_files(integration)
    finally:
        if not connection.in_atomic_block:  # a test's transaction, which closing would end on PostgreSQL
            close_old_connections()  # one that broke would keep the lease from being given back
        held.release(turn.sent())
    # Whoever was woken during the turn found the lease taken and left: the last look is ours. So is the wait for a
    # save that has seen one of our jobs waiting and is not committed yet.
    waiting = set(shares.left_waiting(integration.organization_id))
    if (turn.cut_short or len(waiting) == shares.RUNG_AT_ONCE) and is_ready(integration.pk):
        waiting.add(integration.pk)
    for one in sorted(waiting):
        wake([one])
    asking.ring_next(integration.organization_id)


def _drop_files(integration: Integration) -> None:
    """While the lease is held: two workers would put one file there twice."""
    try:
        drop_files(integration)
    except Exception:
        logger.exception("%s: its files could not be put into their folder", integration)


def is_ready(integration_id: int) -> bool:
    return Integration.objects.filter(ready_integrations(), pk=integration_id).exists()


def allowed_seconds(integration: Integration) -> float:
    """How long a turn with it may take at most, by who has something due and no worker.

    Its own organization's connections have fewer processes than there may be connections, and each turn costs its
    beginning and its end.
    """
    now = timezone.now()
    due = Job.objects.due(now).filter(integration=OuterRef("pk"))
    waiting = Integration.objects.filter(ready_integrations(), free(now, "lease__"), Exists(due))
    owners = set(waiting.exclude(pk=integration.pk).values_list("organization_id", flat=True).distinct())
    if owners - {integration.organization_id}:
        return SHORT
    return SHORT_BESIDE_OWN if owners else math.inf


def sweep() -> None:
    """Every minute, and when a worker starts: heals lost wake-ups and dead workers, and turns the page of the day."""
    beat()
    clock_skew.put_right()
    take_over_the_day()
    cutoff.look_after()
    asking.look_after()
    check_schedules.begin_due()
    tell_of_warnings()
    for pk in batches.left_lying().values_list("pk", flat=True):
        batches.ring(pk)
    webhooks.look_after()
    tell_members()
    imports.look_after()
    agree()
    now = timezone.now()
    # Each start of a worker has a row of its own.
    Heartbeat.objects.filter(seen_at__lt=now - FORGET_WORKERS_AFTER).delete()
    due = Job.objects.due(now).filter(integration=OuterRef("pk"))
    left = Job.objects.filter(integration=OuterRef("pk"), state=Job.State.RUNNING, open_key__isnull=False)
    nobody_there = free(now, "lease__")
    # Left by a turn that was running, or killed, when the connection was switched off.
    actions.drop(
        Job.objects.open().filter(integration__in=Integration.objects.filter(nobody_there, send_positions=False))
    )
    waiting = Integration.objects.filter(ready_integrations()).filter(
        Exists(due) | Exists(left) & nobody_there | Q(pk__in=waiting_for_a_folder())
    )
    for pk in waiting.values_list("pk", flat=True):
        wake([pk])


def wake_retries(since: datetime) -> datetime:
    """Wakes those whose next try, or first day, has come after `since`: nobody rang for that, and who was asked to wait
    two seconds does not wait for the sweep.

    Returns what to give the next time.
    """
    now = timezone.now()
    due = Job.objects.due(now).filter(integration=OuterRef("pk"))
    come = Q(retry_at__gt=since) & Exists(due) | Exists(due.filter(due_at__gt=since))
    for pk in Integration.objects.filter(ready_integrations()).filter(come).values_list("pk", flat=True):
        wake([pk])
    return now


def agree() -> None:
    """Looks at the links that may not say any more what holds, for some seconds; the rest waits behind the others."""
    end = time.monotonic() + AGREE_SECONDS
    while agreeing.look_at_due():
        if time.monotonic() > end:
            async_task("synclog.queue.tasks.agree", task_name="agree")
            return


def carry_on(pk: int) -> None:
    """With a batch (`synclog.log.batches`) for some seconds; the rest waits behind the others."""
    beat()
    if Batch.objects.filter(pk=pk, action=Batch.Action.PREVIEW).exists():
        asking.ask_of_many(pk)
        return
    end = time.monotonic() + BATCH_SECONDS
    while batches.carry_on(pk):
        if time.monotonic() > end:
            batches.ring(pk)
            return


def deliver() -> None:
    """What webhooks are to be told, for some seconds (`synclog.webhooks.turn`)."""
    beat()
    webhooks.take()


def mail() -> None:
    """What members are to be mailed, for some seconds (`synclog.telling.turn`)."""
    beat()
    mails.take()


def tell_members() -> None:
    """What only time tells of connections, the digests, and mails that wait. None keeps the sync waiting."""
    for look_after in (trouble.look_after, cutoffs.look_after, digest.look_after, mails.look_after):
        try:
            look_after()
        except Exception:
            logger.exception("Members could not be told: %s", look_after.__module__)


def bring_in(pk: int) -> None:
    """With an import of employees or positions (`positions.importing`) for some seconds."""
    beat()
    imports.take(pk)


def tell_of_warnings() -> None:
    """Says once that some positions of a connection need a person, and once that none does any more."""
    failed = Exists(Job.objects.filter(integration=OuterRef("pk"), state=Job.State.FAILED, open_key__isnull=False))
    for integration in Integration.objects.filter(failed, warned_at=None):
        _tell_once(integration, "warnings", texts.SOME_NEED_YOU(), warned=timezone.now())
    for integration in Integration.objects.filter(~failed, warned_at__isnull=False):
        _tell_once(integration, "healthy", texts.NOBODY_NEEDS_YOU(), warned=None)


@transaction.atomic
def _tell_once(integration: Integration, kind: str, said: Message, warned: datetime | None) -> None:
    """Only whoever turns it tells of it."""
    unturned = Integration.objects.filter(pk=integration.pk, warned_at__isnull=warned is not None)
    if unturned.update(warned_at=warned):
        Event.objects.create(integration=integration, kind=kind, said=packed([said]))


def take_over_the_day() -> None:
    """Brings positions up to what holds today, and records jobs where a flat system's current position changes by
    itself today: one begins, one is over, or its terms change.

    An error with one organization is that organization's: it is tried again in a minute.
    """
    for organization in Organization.objects.all():
        try:
            roll(organization)
            while _take_over_some(organization):
                pass
        except Exception:
            logger.exception("%s: the day could not be taken over", organization)


@repeated
def _take_over_some(organization: Organization) -> int:
    """The next links whose day has come. They are held while they are read, recorded and blanked: a day that a turn
    stores meanwhile comes after, and stays."""
    today = organization.today()
    # As everybody who stores results does: the connection first, then jobs and links.
    recording = Integration.objects.recording().filter(organization=organization).order_by("pk")
    integrations = list(recording.select_for_update(no_key=True).values_list("pk", flat=True))
    links = EmployeeLink.objects.filter(
        Q(planned_in=F("integration__activated_at")) | Q(planned_in=None, integration__activated_at=None),
        integration__in=integrations,
        next_change_on__lte=today,
    )
    found = list(links.select_for_update(of=("self",)).order_by("pk")[:TAKEN_OVER])
    scopes = scopes_of({link.integration_id for link in found})
    positions: dict[int, list[Position]] = {}
    rows = Position.objects.filter(employee__in={link.employee_key for link in found})
    for row in rows.select_related("employee").prefetch_related("terms"):
        positions.setdefault(row.employee_id, []).append(row)
    jobs = []
    for link in found:
        for row in positions.get(link.employee_key, []):
            if not scopes.get(link.integration_id, NOTHING).takes(row):
                continue
            days = [row.start_date, *([row.end_date + timedelta(days=1)] if row.end_date else [])]
            days += [terms.effective_from for terms in row.terms.all() if terms.effective_from]
            if link.next_change_on is not None and any(link.next_change_on <= day <= today for day in days):
                jobs.append(job_for(Changed(row), row.employee, link.integration_id, Origin("schedule")))
    store_again(cutoff.without_held(jobs))
    EmployeeLink.objects.filter(pk__in=[link.pk for link in found]).update(next_change_on=None)
    wake(job.integration_id for job in jobs)
    return len(found)


def prune() -> None:
    """Once a day. A backlog that takes longer than a task may is gone on with behind whatever waits by then."""
    if not retention.prune():
        async_task("synclog.queue.tasks.prune", task_name="prune")


def beat() -> None:
    """Says that this worker looks for work. It is carried whatever the clock says: it notices one that was set back."""
    now = timezone.now()
    ahead = Heartbeat.objects.filter(worker__startswith=f"{HOST}/", seen_at__gt=now + clock_skew.TOLERANCE)
    if ahead.exists():
        ahead.delete()
        schedules_at_once(now)
    Heartbeat.objects.update_or_create(worker=WORKER, defaults={"seen_at": now})
