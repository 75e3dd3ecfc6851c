"""How far a large re-sync is: "12,400 of 100,000 positions are done, about 20 minutes left"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations.models import Integration
from integrations.sdk.messages import packed
from positions.numbers import figure
from synclog.engine import texts
from synclog.log import figures
from synclog.log.sentences import held_back
from synclog.models import Event, Job, Resync

LARGE = 200  # positions: less is over before anybody looks
PACE = timedelta(minutes=2)  # the time whose work tells how long the rest takes


@dataclass(frozen=True, slots=True)
class Progress:
    total: int
    left: int
    words: str
    note: str  # why it does not go on, if it does not

    @property
    def done(self) -> int:
        return max(0, self.total - self.left)

    @property
    def percent(self) -> int:
        return 100 * self.done // self.total if self.total else 0


# -- recording it ----------------------------------------------------------------------------------------


def begun(at: datetime, positions: Mapping[int, int], by: str) -> None:
    """The first (or next) so many positions of each connection, by its id, were recorded."""
    for integration, number in positions.items():
        if not Resync.objects.filter(pk=integration, at=at).update(total=F("total") + number):
            Resync.objects.update_or_create(
                integration_id=integration, defaults={"at": at, "until": None, "total": number, "by": by}
            )


def recorded(at: datetime) -> None:
    """All of it was recorded: told once in each connection's history."""
    rows = Resync.objects.filter(at=at, until=None)
    Event.objects.bulk_create(
        Event(
            integration_id=row.integration_id,
            kind="resync",
            said=packed([texts.RESYNCED(number=row.total) if row.total != 1 else texts.RESYNCED_ONE()]),
            by=row.by,
        )
        for row in rows
    )
    rows.update(until=timezone.now())


# -- showing it ------------------------------------------------------------------------------------------


def progress_of(integration: Integration) -> Progress | None:
    """None when no large re-sync is on its way. In three queries, each within a range of an index: neither what was
    finished before nor what was saved since is counted."""
    row = Resync.objects.filter(pk=integration.pk).first()
    if row is None:
        return None
    now = timezone.now()
    left = (
        Job.objects.open()
        .filter(integration=integration, due_at__gte=row.at, due_at__lte=row.until or now)
        .filter(state__in=(Job.State.WAITING, Job.State.RUNNING))
        .count()
    )
    if not left:
        return None
    held = held_back(integration)
    rest = "" if held else _rest(integration, left, max(row.at, now - PACE), now)
    done = {"done": figure(max(0, row.total - left)), "number": figure(row.total), "time": rest}
    return Progress(row.total, left, _words(row, rest).format(**done), held)


def _words(row: Resync, rest: str) -> str:
    if row.until is None:
        return (
            ngettext(
                "{done} of {number} position done, and more are still being recorded, about {time} left.",
                "{done} of {number} positions done, and more are still being recorded, about {time} left.",
                row.total,
            )
            if rest
            else ngettext(
                "{done} of {number} position done, and more are still being recorded.",
                "{done} of {number} positions done, and more are still being recorded.",
                row.total,
            )
        )
    if rest:
        return ngettext(
            "{done} of {number} position done, about {time} left.",
            "{done} of {number} positions done, about {time} left.",
            row.total,
        )
    return ngettext("{done} of {number} position done.", "{done} of {number} positions done.", row.total)


def _rest(integration: Integration, left: int, since: datetime, now: datetime) -> str:
    settled = (Job.State.SUCCEEDED, Job.State.SKIPPED, Job.State.FAILED)
    done = Job.objects.filter(integration=integration, state__in=settled, changed_at__gte=since).count()
    seconds = (now - since).total_seconds()
    if not done or seconds <= 0:
        return ""
    return _about(left * seconds / done)


def _about(seconds: float) -> str:
    minutes = seconds / 60
    if minutes < 1.5:
        return _("a minute")
    if minutes < 20:
        return figures.minutes(round(minutes))
    if minutes < 90:
        return figures.minutes(5 * round(minutes / 5))
    hours = minutes / 60
    return figures.hours(round(hours)) if hours < 48 else figures.days(round(hours / 24))


def panel(request: HttpRequest, integration: Integration) -> str:
    progress = progress_of(integration)
    if progress is None:
        return ""
    return render_to_string("admin/synclog/progress.html", {"progress": progress, "integration": integration}, request)
