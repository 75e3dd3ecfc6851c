"""Re-sync and dismissal of many jobs at once, in pieces, so that a hundred thousand are one press of a button."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone
from django_q.tasks import async_task

from integrations.models import Integration
from positions.models import Organization, Position
from positions.tracing import request_id, working_on
from positions.transactions import repeated
from synclog.engine import actions
from synclog.engine.notify import with_the_commit
from synclog.log import progress
from synclog.log.sentences import counted
from synclog.log.truth import Truth, keys_in
from synclog.models import Batch, Job, JobQuerySet

_PIECE = 500
LEFT_AFTER = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Resynced:
    """`sent`: positions that are looked at again. `off`: connections that were left out since they are off.
    `left_out`: what was not taken for another reason (a position that no longer exists, or is being sent now)."""

    sent: int
    off: tuple[str, ...] = ()
    left_out: int = 0

    def sentence(self) -> str:
        parts = [f"{counted(self.sent, 'position')} will be sent again now." if self.sent else ""]
        if self.off:
            parts.append(f"Left out: Send positions is switched off for {', '.join(self.off)}. Switch it on first.")
        if self.left_out:
            parts.append(
                f"{counted(self.left_out, 'entry', 'entries')} left out: the position is deleted, is being sent right "
                "now, or was in the list more than once."
            )
        return " ".join(part for part in parts if part) or "Nothing to send again."


def resync(jobs: QuerySet[Job], by: str, *, kind: str = "resync") -> Resynced:
    """Sends again what these jobs are about, where the connection is on. Pressing twice gives one job."""
    names = _off(jobs)
    sent = seen = 0
    keys = _keys(jobs.filter(integration__send_positions=True))
    started, large = timezone.now(), len(keys) >= progress.LARGE
    for piece in _pieces(keys):
        seen += len(piece)
        found = actions.resync(Job.objects.filter(pk__in=piece), by, kind=kind)
        sent += found.total()
        if large:
            progress.begun(started, found, by)
    if large:
        progress.recorded(started)
    return Resynced(sent, names, seen - sent)


def ask(jobs: QuerySet[Job], by: str, organization: Organization | None, *, kind: str = "resync") -> Resynced | Batch:
    """As `resync`: at once when they are few, else as a batch that a worker carries on. What it asks the database does
    not grow with their number."""
    keys = _keys(jobs.filter(integration__send_positions=True))
    if len(keys) <= _PIECE:
        return resync(jobs, by, kind=kind)
    now = timezone.now()
    asked = Batch.objects.create(
        organization=organization, keys=keys.tobytes(), total=len(keys), off=list(_off(jobs)), origin=kind, by=by,
        request_id=request_id.get(), asked_at=now, moved_at=now,
    )  # fmt: skip
    ring(asked.pk)
    return asked


def ring(batch: int) -> None:
    """For whoever is free to carry on with it."""
    with_the_commit(lambda: _ring(batch))


def _ring(batch: int) -> None:
    async_task("synclog.queue.tasks.carry_on", batch, task_name="carry_on")


@repeated
def carry_on(pk: int) -> bool:
    """The next piece of a batch. False: there is none any more. Two that carry on with one batch take turns."""
    asked = Batch.objects.select_for_update().filter(pk=pk, done_at=None).first()
    if asked is None:
        return False
    jobs = Job.objects.filter(pk__in=asked.piece(_PIECE))
    on = jobs.filter(integration__send_positions=True)
    # What was erased or switched off since is left out.
    number, off = on.count(), _off(jobs)
    with working_on((), [asked.request_id]):
        found = actions.resync(on, asked.by, kind=asked.origin)
    if asked.total >= progress.LARGE:
        progress.begun(asked.asked_at, found, asked.by)
    asked.taken = min(asked.taken + _PIECE, asked.total)
    asked.sent += found.total()
    asked.left_out += number - found.total()
    asked.off = sorted({*asked.off, *off})
    asked.moved_at = timezone.now()
    if asked.taken == asked.total:
        asked.done_at, asked.keys = asked.moved_at, b""
        progress.recorded(asked.asked_at)
    asked.save()
    return asked.done_at is None


def left_lying() -> QuerySet[Batch]:
    """Batches with which nobody has carried on for a minute: their ring was lost, or the worker that had them."""
    return Batch.objects.filter(done_at=None, moved_at__lt=timezone.now() - LEFT_AFTER)


def send_changed(integration: Integration, by: str) -> int:
    """Sends what was changed here since it was sent, all of this connection. Gives how many positions that are."""
    keys = array("q", keys_in(integration, Truth.CHANGED).iterator(chunk_size=10_000))
    started, large, sent = timezone.now(), len(keys) >= progress.LARGE, 0
    for piece in _pieces(keys):
        positions = Position.objects.filter(pk__in=piece).select_related("employee").defer("employee__national_id")
        number = actions.send_now(positions, integration, by)
        sent += number
        if large:
            progress.begun(started, {integration.pk: number}, by)
    if large:
        progress.recorded(started)
    return sent


def dismiss(jobs: JobQuerySet, reason: str, by: str) -> int:
    """Closes the open ones among them without sending."""
    return sum(actions.dismiss(Job.objects.filter(pk__in=piece), reason, by) for piece in _pieces(_keys(jobs.open())))


def _off(jobs: QuerySet[Job]) -> tuple[str, ...]:
    """Names of the connections among them that are switched off."""
    off = jobs.order_by().filter(integration__send_positions=False).values_list("integration__name", flat=True)
    return tuple(sorted(set(off.distinct())))


def _keys(jobs: QuerySet[Job]) -> array[int]:
    """As they are now, since what is re-synced leaves the filter that found it: eight bytes for each."""
    return array("q", jobs.order_by("pk").values_list("pk", flat=True).iterator(chunk_size=10_000))


def _pieces(keys: array[int]) -> Iterator[array[int]]:
    for start in range(0, len(keys), _PIECE):
        yield keys[start : start + _PIECE]
