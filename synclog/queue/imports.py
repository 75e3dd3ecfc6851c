"""Imports of employees and positions, as a worker carries them on: what one does is `positions.importing`'s."""

from __future__ import annotations

import time
from typing import Any

from django.db.models import Count
from django_q.tasks import async_task

from positions.importing import work
from positions.signals import import_tried, import_waits
from synclog.engine.notify import with_the_commit
from synclog.models import Job

SECONDS = 8.0  # then others have their turn


def connect() -> None:
    import_waits.connect(ring, dispatch_uid="synclog.queue.imports.ring")
    import_tried.connect(would_be_sent, dispatch_uid="synclog.queue.imports.would_be_sent")


def ring(key: int, **kwargs: Any) -> None:
    with_the_commit(lambda: _ring(key))


def _ring(key: int) -> None:
    async_task("synclog.queue.tasks.bring_in", key, task_name="bring_in")


def would_be_sent(organization: int, request: str, **kwargs: Any) -> dict[str, int]:
    """Positions for each connection of which a job was recorded under this request id."""
    jobs = Job.objects.open().filter(organization=organization, request_id=request).order_by()
    return dict(jobs.values_list("integration__name").annotate(Count("pk")))


def take(key: int) -> None:
    """Steps of an import for some seconds; the rest waits behind the others."""
    until = time.monotonic() + SECONDS
    while work.carry_on(key):
        if time.monotonic() > until:
            ring(key)
            return


def look_after() -> None:
    """Every minute."""
    work.forget_old()
    for key in work.left_lying():
        ring(key)
