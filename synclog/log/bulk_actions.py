"""Re-sync and dismissal of many jobs at once: here and now in pieces, or as a batch where they are many."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations.models import Integration
from positions.models import Position
from positions.numbers import figure
from synclog.engine import actions
from synclog.log import batches, progress
from synclog.log.batches import Wanted
from synclog.log.truth import Truth, keys_in
from synclog.models import Batch, Job, JobQuerySet


@dataclass(frozen=True, slots=True)
class Resynced:
    """`sent`: positions that are looked at again. `off`: connections that were left out since they are off.
    `left_out`: what was not taken for another reason (a position that no longer exists, or is being sent now)."""

    sent: int
    off: tuple[str, ...] = ()
    left_out: int = 0

    def sentence(self) -> str:
        parts = []
        if self.sent:
            parts.append(
                ngettext(
                    "{number} position will be sent again now.", "{number} positions will be sent again now.", self.sent
                ).format(number=figure(self.sent))
            )
        if self.off:
            off = _("Left out: Send positions is switched off for {connections}. Switch it on first.")
            parts.append(off.format(connections=", ".join(self.off)))
        if self.left_out:
            parts.append(
                ngettext(
                    "{number} entry left out: the position is deleted, is being sent right now, or was in the list "
                    "more than once.",
                    "{number} entries left out: the position is deleted, is being sent right now, or was in the list "
                    "more than once.",
                    self.left_out,
                ).format(number=figure(self.left_out))
            )
        return " ".join(parts) or _("Nothing to send again.")


def resync(jobs: QuerySet[Job], by: str, *, kind: str = "resync") -> Resynced:
    """Sends again what these jobs are about, where the connection is on. Pressing twice gives one job."""
    names = batches.off_among(jobs)
    sent = seen = 0
    keys = _keys(jobs.filter(integration__send_positions=True))
    started, large = timezone.now(), len(keys) >= progress.LARGE
    for piece in _pieces(keys):
        seen += len(piece)
        found = actions.resync(Job.objects.filter(pk__in=piece), by, kind=kind).sent
        sent += found.total()
        if large:
            progress.begun(started, found, by)
    if large:
        progress.recorded(started)
    return Resynced(sent, names, seen - sent)


def ask(jobs: QuerySet[Job], by: str, organization: int | None, *, kind: str = "resync") -> Resynced | Batch:
    """As `resync`: at once when they are few, else as a batch that a worker carries on. Raises
    `batches.TooManyError`."""
    keys = _keys(jobs.filter(integration__send_positions=True))
    if len(keys) <= batches.PIECE:
        return resync(jobs, by, kind=kind)
    return batches.begin(keys, Wanted(Batch.Action.RESYNC, by, kind, organization, off=batches.off_among(jobs)))


def send_changed(integration: Integration, by: str) -> int | Batch:
    """Sends what was changed here since it was sent, all of this connection. Raises `batches.TooManyError`."""
    return send(keys_in(integration, Truth.CHANGED), integration, by)


def send(positions: QuerySet[Any], integration: Integration, by: str, *, kind: str = Job.Origin.RESYNC) -> int | Batch:
    """Sends these positions (a queryset of their numbers) as they are now. Gives how many that are, or a batch where
    they are many. Raises `batches.TooManyError`."""
    keys = batches.keys_of(positions)
    if len(keys) <= batches.PIECE:
        rows = Position.objects.filter(pk__in=keys).select_related("employee").defer("employee__national_id")
        started, sent = timezone.now(), len(actions.send_now(rows, integration, by, kind=kind))
        if len(keys) >= progress.LARGE:
            progress.begun(started, {integration.pk: sent}, by)
            progress.recorded(started)
        return sent
    wanted = Wanted(Batch.Action.SEND_NOW, by, kind, integration.organization_id, integration)
    return batches.begin(keys, wanted)


def dismiss(jobs: JobQuerySet, reason: str, by: str) -> int:
    """Closes the open ones among them without sending."""
    return sum(actions.dismiss(Job.objects.filter(pk__in=piece), reason, by) for piece in _pieces(_keys(jobs.open())))


def _keys(jobs: QuerySet[Job]) -> array[int]:
    return batches.keys_of(jobs.order_by("pk").values_list("pk", flat=True))


def _pieces(keys: array[int]) -> Iterator[array[int]]:
    for start in range(0, len(keys), batches.PIECE):
        yield keys[start : start + batches.PIECE]
