"""Each cluster's own signs of life, for its broker to carry.

A sign that waited in the shared queue would be carried by whichever cluster is faster, and say nothing of the others.
"""

from __future__ import annotations

import time
import uuid
from typing import Any

from django.utils import timezone
from django_q.signing import SignedPackage

from synclog.queue import signs

BEAT_EVERY = 3.0  # seconds


class Beats:
    """Called by the pusher alone, so a beat that is carried out proves pusher, queue and a worker of this cluster."""

    _next = 0.0

    def ping(self) -> bool:
        """Asked by the guard of a cluster before it spawns the others."""
        signs.give(signs.STEP)
        return bool(super().ping())  # type: ignore[misc]

    def dequeue(self) -> list[tuple[Any, Any]]:
        if not self._next:
            signs.give(signs.STEP)  # the pusher is up
        found = super().dequeue() or []  # type: ignore[misc]
        now = time.monotonic()
        if now >= self._next:
            self._next = now + BEAT_EVERY
            found.append((None, SignedPackage.dumps(_beat())))
        return list(found)


def _beat() -> dict[str, Any]:
    """A task as `async_task` makes one."""
    return {
        "id": uuid.uuid4().hex,
        "name": "beat",
        "func": "synclog.queue.tasks.beat",
        "args": (),
        "kwargs": {},
        "started": timezone.now(),
    }
