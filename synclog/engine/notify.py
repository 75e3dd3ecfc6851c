"""Rings the workers: look at these integrations. The queue only carries this: losing or doubling it loses nothing."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.db import transaction
from django_q.tasks import async_task


def wake(integrations: Iterable[int]) -> None:
    """One message, however many they are.

    With the ORM broker it commits or rolls back with the save; with Redis it goes out after the commit.
    """
    found = sorted(set(integrations))
    if not found:
        return
    if settings.Q_CLUSTER.get("redis"):
        transaction.on_commit(lambda: _ring(found), robust=True)
    else:
        _ring(found)


def _ring(integrations: list[int]) -> None:
    async_task("synclog.queue.tasks.look", integrations, task_name="look")
