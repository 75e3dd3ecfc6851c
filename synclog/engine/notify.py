"""Rings the workers: look at these integrations. The queue only carries this: losing or doubling it loses nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.conf import settings
from django.db import transaction
from django_q.tasks import async_task


def wake(integrations: Iterable[int]) -> None:
    """One message, however many they are (`with_the_commit`)."""
    found = sorted(set(integrations))
    if found:
        with_the_commit(lambda: _ring(found))


def with_the_commit(queue: Callable[[], None]) -> None:
    """With the ORM broker, what is queued commits or rolls back with the save; with Redis it goes out after that."""
    if settings.Q_CLUSTER.get("redis"):
        transaction.on_commit(queue, robust=True)
    else:
        queue()


def _ring(integrations: list[int]) -> None:
    async_task("synclog.queue.tasks.look", integrations, task_name="look")
