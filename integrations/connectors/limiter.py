"""A sliding-window limiter for the requests of one process."""

from __future__ import annotations

import time
from collections import deque
from threading import Lock


class WindowLimiter:
    """At most `requests` in any window of `per_seconds` (plus a little, for the clocks' sake)."""

    MARGIN = 0.02

    def __init__(self, requests: int, per_seconds: float) -> None:
        self._window = per_seconds * (1 + self.MARGIN)
        self._sent: deque[float] = deque(maxlen=max(1, requests))
        self._not_before = 0.0
        self._lock = Lock()

    def acquire(self) -> None:
        with self._lock:
            now = time.monotonic()
            at = max(now, self._not_before)
            if len(self._sent) == self._sent.maxlen:
                at = max(at, self._sent[0] + self._window)
            self._sent.append(at)
        if at > now:
            time.sleep(at - now)

    def penalize(self, seconds: float) -> None:
        with self._lock:
            self._not_before = max(self._not_before, time.monotonic() + seconds)
