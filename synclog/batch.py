"""Re-sync and dismissal of many jobs at once, in pieces, so that a hundred thousand are one press of a button."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils import timezone

from integrations.models import Integration
from positions.models import Position
from synclog import actions, progress
from synclog.models import Job, JobQuerySet
from synclog.showing import counted
from synclog.truth import Truth, keys_in

_PIECE = 500


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
    off = jobs.order_by().filter(integration__send_positions=False).values_list("integration__name", flat=True)
    names = tuple(sorted(set(off.distinct())))
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


def _keys(jobs: QuerySet[Job]) -> array[int]:
    """As they are now, since what is re-synced leaves the filter that found it: eight bytes for each."""
    return array("q", jobs.order_by("pk").values_list("pk", flat=True).iterator(chunk_size=10_000))


def _pieces(keys: array[int]) -> Iterator[array[int]]:
    for start in range(0, len(keys), _PIECE):
        yield keys[start : start + _PIECE]
