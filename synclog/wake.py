"""Tells the workers to look at an integration. The queue only carries this: losing or doubling it loses nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django_q.tasks import async_task

from synclog.models import Lease

# A flag older than this is not believed: its wake-up was lost.
TRUSTED = timedelta(seconds=120)


def wake(flags: Mapping[int, datetime | None]) -> None:
    """For each integration the flag as it was read: one that is up already means that somebody will look again.

    With the ORM broker the wake-up commits or rolls back with the save; with Redis it goes out after the commit.
    """
    now = timezone.now()
    down = [pk for pk, flag in flags.items() if flag is None or flag < now - TRUSTED]
    if not down:
        return
    Lease.objects.filter(pk__in=down).update(woken_at=now)
    if settings.Q_CLUSTER.get("redis"):
        transaction.on_commit(lambda: _ring(down), robust=True)
    else:
        _ring(down)


def _ring(integrations: list[int]) -> None:
    for pk in integrations:
        async_task("synclog.tasks.drain", pk, task_name=f"drain {pk}")


def wake_all(integrations: list[int]) -> None:
    """For those whose flag is not known; whoever is awake already is not woken twice."""
    flags: dict[int, datetime | None] = dict(Lease.objects.filter(pk__in=integrations).values_list("pk", "woken_at"))
    wake(flags)
