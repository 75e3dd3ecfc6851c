"""Signs of life of a queue to the watchdog that started it, over a pipe: they need no database, no clock and no disk.

While the queue starts, every step is one: Django imported, the guard up, each worker process and the pusher spawned.
From then on it is one when a worker takes up or ends what came through the queue: pusher, queue and worker at once.
"""

from __future__ import annotations

import contextlib
import os
from typing import Any

from django_q.signals import post_execute_in_worker, pre_execute

VARIABLE = "POSITION_SYNC_SIGNS"  # "<descriptor>:<inode>" of the pipe that a watchdog left open for its child
STEP, CARRIED = b"s", b"c"


class Pipe:
    """The watchdog's end. A queue that is started anew gets a new one: what the former said is not heard any more."""

    def __init__(self) -> None:
        self._read, self.handed = os.pipe()
        for end in (self._read, self.handed):
            os.set_blocking(end, False)
        self.env = {VARIABLE: f"{self.handed}:{os.fstat(self.handed).st_ino}"}

    def heard(self) -> bytes:
        """The signs since the last call."""
        with contextlib.suppress(BlockingIOError):
            return os.read(self._read, 65536)
        return b""

    def close(self) -> None:
        os.close(self._read)
        os.close(self.handed)


def give(sign: bytes) -> None:
    """Says so to the watchdog of this process, if it has one."""
    number, _, inode = os.environ.get(VARIABLE, "").partition(":")
    if not inode:
        return
    # A descriptor that was not inherited may be anything else by now. A full pipe has told enough.
    with contextlib.suppress(OSError):
        if os.fstat(int(number)).st_ino == int(inode):
            os.write(int(number), sign)


def connect() -> None:
    give(STEP)  # Django is imported
    pre_execute.connect(_carried, dispatch_uid="synclog.queue.signs.pre_execute")
    post_execute_in_worker.connect(_carried, dispatch_uid="synclog.queue.signs.post_execute")


def _carried(**kwargs: Any) -> None:
    give(CARRIED)
