"""Many jobs or positions taken up by a worker, piece by piece, so that a hundred thousand are one request.

A piece is one transaction, and what it did is written down in it: a worker that is killed leaves a batch that goes on
with the next piece (`left_lying`). Batches of one organization are carried on one after the other, by one worker at a
time. Those of previews are `synclog.questions.previews_of_many`'s, since targets are asked for them.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django_q.tasks import async_task

from integrations.models import Integration
from integrations.scope import NOTHING, scope_of
from positions.models import Position
from positions.tracing import request_id, working_on
from positions.transactions import repeated
from synclog.engine import actions
from synclog.engine.notify import with_the_commit
from synclog.log import progress
from synclog.models import Batch, BatchError, Job

PIECE = 500
LEFT_AFTER = timedelta(minutes=1)
OPEN_AT_ONCE = 20  # of each organization


class TooManyError(Exception):
    """The organization has enough of them under way. As a text it tells people so."""

    def __str__(self) -> str:
        return _(
            "Too many of these are under way. Wait until some are done: the connections' pages say how far they are."
        )


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be done with jobs or positions, and who asked for it. `integration`: of positions; `reason`: of a
    dismissal; `off`: names of connections of which nothing is taken up, since they are off."""

    action: Batch.Action
    by: str
    origin: str
    organization: int | None
    integration: Integration | None = None
    reason: str = ""
    off: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Piece:
    """What became of some: how many were acted upon and left out, and of whom that is told."""

    acted: int
    left_out: int = 0
    errors: Sequence[BatchError] = ()
    off: Collection[str] = ()


def begin(keys: array[int], wanted: Wanted) -> Batch:
    """A batch of these jobs or positions. Raises TooManyError. What it asks the database does not grow with their
    number."""
    if wanted.organization is not None:
        working = Batch.objects.filter(organization_id=wanted.organization, done_at=None)
        if working.count() >= OPEN_AT_ONCE:
            raise TooManyError
    now = timezone.now()
    asked = Batch.objects.create(
        organization_id=wanted.organization, action=wanted.action, integration=wanted.integration, keys=keys.tobytes(),
        total=len(keys), off=list(wanted.off), reason=wanted.reason, origin=wanted.origin, by=wanted.by,
        request_id=request_id.get(), asked_at=now, moved_at=now, done_at=None if keys else now,
    )  # fmt: skip
    if keys:
        ring(asked.pk)
    return asked


def ring(batch: int) -> None:
    """For whoever is free to carry on with it."""
    with_the_commit(lambda: _ring(batch))


def _ring(batch: int) -> None:
    async_task("synclog.queue.tasks.carry_on", batch, task_name="carry_on")


@repeated
def carry_on(pk: int) -> bool:
    """The next piece of a batch. False: there is none any more, or another batch comes first. Two that carry on with
    one batch take turns."""
    asked = Batch.objects.select_for_update(of=("self",)).filter(pk=pk, done_at=None).first()
    if asked is None:
        return False
    going = timezone.now() - LEFT_AFTER  # one that does not get on keeps no other one waiting
    if _in_line(asked).filter(pk__lt=pk, moved_at__gt=going).exists():
        return False
    if asked.integration is not None and not on_since(asked).filter(pk=asked.integration.pk).exists():
        end_early(asked, actions.OFF)
        return False
    keys = asked.piece(PIECE)
    with working_on((), [asked.request_id]):
        store(asked, len(keys), _ACTS[Batch.Action(asked.action)](asked, keys))
    return asked.done_at is None


def on_since(asked: Batch) -> QuerySet[Integration]:
    """Connections that have been on ever since the batch was asked for: with switching off, what was waiting is
    dropped, also when it is switched on again before anybody gets to it."""
    not_since = Q(activated_at=None) | Q(activated_at__lte=asked.asked_at)
    return Integration.objects.filter(not_since, send_positions=True)


def _in_line(asked: Batch) -> QuerySet[Batch]:
    """Those of the same organization that are carried on here."""
    working = Batch.objects.filter(organization=asked.organization_id, done_at=None)
    return working.exclude(action=Batch.Action.PREVIEW)


# What a piece changes, without the keys, which are many.
_MOVED = ("taken", "acted", "left_out", "off", "outcomes", "causes", "misses", "moved_at")


def store(asked: Batch, taken: int, piece: Piece) -> None:
    """What became of the next so many; in the transaction that holds the batch."""
    asked.taken += taken
    asked.acted += piece.acted
    asked.left_out += piece.left_out
    asked.off = sorted({*asked.off, *piece.off})
    asked.causes = dict(Counter(asked.causes) + Counter(error.cause for error in piece.errors))
    asked.moved_at = timezone.now()
    BatchError.objects.bulk_create(piece.errors)
    if asked.taken >= asked.total:
        _end(asked)
    else:
        asked.save(update_fields=_MOVED)


def end_early(asked: Batch, cause: str) -> None:
    """Nothing of the rest is taken up, for this cause; in the transaction that holds the batch."""
    asked.left_out += asked.total - asked.taken
    asked.cause = cause
    _end(asked)


@repeated
def cancel(pk: int, by: str) -> bool:
    """Nothing more of it is taken up; what was taken up goes on. False: it was over already."""
    asked = Batch.objects.select_for_update(of=("self",)).filter(pk=pk, done_at=None).first()
    if asked is None:
        return False
    asked.cancelled_by = by
    _end(asked)
    return True


def _end(asked: Batch) -> None:
    """Saves it as over, once and for all."""
    asked.done_at, asked.keys = timezone.now(), b""
    asked.save()
    progress.recorded(asked.asked_at)
    following = _in_line(asked).exclude(pk=asked.pk).order_by("pk").values_list("pk", flat=True).first()
    if following is not None:
        ring(following)


def left_lying() -> QuerySet[Batch]:
    """Batches with which nobody has carried on for a minute: their ring was lost, or the worker that had them."""
    return Batch.objects.filter(done_at=None, moved_at__lt=timezone.now() - LEFT_AFTER)


# -- what is done with a piece -----------------------------------------------------------------------------


def _resync(asked: Batch, keys: array[int]) -> Piece:
    """What was erased or switched off since is left out, and what was saved since and is held by a cut-off."""
    jobs = Job.objects.filter(pk__in=keys)
    on = jobs.filter(integration__in=on_since(asked))
    number, off = on.count(), off_among(jobs)
    found = actions.resync(on, asked.by, kind=asked.origin, asked_at=asked.asked_at)
    _tell_of_progress(asked, found.sent)
    sent = found.sent.total()
    left = jobs.filter(pk__in=found.left)
    return Piece(sent, number - sent, [_of_job(asked, job, found.left[job.pk]) for job in left.only(*_TOLD)], off)


def _dismiss(asked: Batch, keys: array[int]) -> Piece:
    jobs = Job.objects.filter(pk__in=keys)
    number = actions.dismiss(jobs, asked.reason, asked.by)
    left = [_of_job(asked, job, actions.BEING_SENT) for job in jobs.open().only(*_TOLD)]
    return Piece(number, len(keys) - number, left)


def _send_now(asked: Batch, keys: array[int]) -> Piece:
    integration = asked.integration
    assert integration is not None
    positions = Position.objects.filter(pk__in=keys).select_related("employee").defer("employee__national_id")
    sent = actions.send_now(positions, integration, asked.by, kind=asked.origin, asked_at=asked.asked_at)
    _tell_of_progress(asked, {integration.pk: len(sent)})
    whose = positions.only("employee", "company")
    not_taken = [row for row in whose if row.pk not in sent] if len(sent) < len(keys) else []
    scope = scope_of(integration.pk) if not_taken else NOTHING
    errors = [
        BatchError(
            batch=asked, integration=integration, employee_key=row.employee_id, position_key=row.pk,
            cause=Job.HELD if scope.takes(row) else actions.OUT_OF_SCOPE,
        )
        for row in not_taken
    ]  # fmt: skip
    return Piece(len(sent), len(keys) - len(sent), errors)


_ACTS: Mapping[Batch.Action, Callable[[Batch, array[int]], Piece]] = {
    Batch.Action.RESYNC: _resync,
    Batch.Action.DISMISS: _dismiss,
    Batch.Action.SEND_NOW: _send_now,
}
_TOLD = ("integration", "employee_key", "position_key")


def _of_job(asked: Batch, job: Job, cause: str) -> BatchError:
    return BatchError(
        batch=asked, integration_id=job.integration_id, employee_key=job.employee_key, position_key=job.position_key,
        job_key=job.pk, cause=cause,
    )  # fmt: skip


def _tell_of_progress(asked: Batch, positions: Mapping[int, int]) -> None:
    if asked.total >= progress.LARGE:
        progress.begun(asked.asked_at, positions, asked.by)


def keys_of(numbers: QuerySet[Any]) -> array[int]:
    """Of jobs or positions as they are found now, since what is re-synced leaves the filter that found it: eight bytes
    for each."""
    found: array[int] = array("q", numbers.iterator(chunk_size=10_000))
    return found


def off_among(jobs: QuerySet[Job]) -> tuple[str, ...]:
    """Names of the connections among them that are switched off."""
    off = jobs.order_by().filter(integration__send_positions=False).values_list("integration__name", flat=True)
    return tuple(sorted(set(off.distinct())))
