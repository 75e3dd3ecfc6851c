"""A sliding-window limiter for the requests of one connection. Its memory can be handed on to the next turn."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from threading import Lock

LOOK = 0.25  # seconds between two looks whether it is still worth waiting


def wait_until(at: float, guard: Callable[[], None]) -> None:
    """Sleeps until this moment of the monotonic clock, for as long as `guard` raises nothing."""
    while (left := at - time.monotonic()) > 0:
        time.sleep(min(left, LOOK))
        if left > LOOK:
            guard()


class WindowLimiter:
    """At most `requests` in any window of `per_seconds` (plus a little, for the clocks' sake).

    `sent` holds when the last requests went out (seconds since the epoch), as `sent()` gave them at the end of the
    turn before.
    """

    MARGIN = 0.03

    def __init__(self, requests: int, per_seconds: float, sent: Iterable[float] = ()) -> None:
        self._window = per_seconds * (1 + self.MARGIN)
        # A clock that was set back must not make anybody wait for longer than one window.
        to_monotonic = time.monotonic() - time.time()
        latest = time.monotonic()
        times = sorted(min(at + to_monotonic, latest) for at in sent)
        self._sent: deque[list[float]] = deque(([at] for at in times), maxlen=max(1, requests))
        self._not_before = 0.0
        self._lock = Lock()

    def acquire(self, guard: Callable[[], None] = lambda: None) -> None:
        with self._lock:
            now = time.monotonic()
            at = max(now, self._not_before)
            if len(self._sent) == self._sent.maxlen:
                at = max(at, self._sent[0][0] + self._window)
            mine = [at]
            self._sent.append(mine)
        wait_until(at, guard)
        mine[0] = max(at, time.monotonic())  # a busy machine wakes us late, and that is what the vendor counts

    def penalize(self, seconds: float) -> None:
        with self._lock:
            self._not_before = max(self._not_before, time.monotonic() + seconds)

    def sent(self) -> list[float]:
        """Those that still count, in seconds since the epoch."""
        to_epoch = time.time() - time.monotonic()
        with self._lock:
            since = time.monotonic() - self._window
            return [round(at + to_epoch, 3) for [at] in self._sent if at > since]
