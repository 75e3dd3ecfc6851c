"""Mends django-q2's queue between processes: a worker killed while it waits must not take the reader's lock along.

multiprocessing.Queue holds its reader lock while waiting; `kill -9` on that process leaves it taken for good, and no
worker ever receives a task again (django-q2 issue 23). Here the wait is done without the lock.
"""

from __future__ import annotations

import queue
import time
from typing import Any

from django_q import cluster
from django_q.queues import Queue


class SafeQueue(Queue):  # type: ignore[misc]  # django-q2 has no types
    WAIT = 0.2

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        deadline = None if timeout is None else time.monotonic() + timeout
        while block:
            wait = self.WAIT if deadline is None else min(self.WAIT, deadline - time.monotonic())
            if wait < 0:
                raise queue.Empty
            if self._poll(wait):
                try:
                    return super().get(block=False)
                except queue.Empty:
                    continue  # another process was faster
        return super().get(block=False)


def install() -> None:
    cluster.Queue = SafeQueue
