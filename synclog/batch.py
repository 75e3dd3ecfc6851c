"""Re-sync and dismissal of many jobs at once, in pieces, so that a hundred thousand are one press of a button."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import QuerySet

from synclog import actions
from synclog.models import Job, JobQuerySet
from synclog.showing import counted

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
    for keys in _pieces(jobs.filter(integration__send_positions=True)):
        seen += len(keys)
        sent += actions.resync(Job.objects.filter(pk__in=keys), by, kind=kind)
    return Resynced(sent, names, seen - sent)


def dismiss(jobs: JobQuerySet, reason: str, by: str) -> int:
    """Closes the open ones among them without sending."""
    return sum(actions.dismiss(Job.objects.filter(pk__in=keys), reason, by) for keys in _pieces(jobs.open()))


def _pieces(jobs: QuerySet[Job]) -> Iterator[list[int]]:
    """The keys as they are now, a piece at a time: what is re-synced leaves the filter that found it."""
    keys = list(jobs.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(keys), _PIECE):
        yield keys[start : start + _PIECE]
