"""How long a watchdog bears that its queue is silent: longer where the machine is slow."""

from __future__ import annotations

from dataclasses import dataclass

STARTING = 120.0  # seconds between two steps of the start-up
RUNNING = 10.0  # seconds between two signs of life afterwards
MOST = 1800.0
CALM = 600.0  # seconds of health after which less is borne again


@dataclass
class Patience:
    """Twice as much after each restart, half of that after each ten minutes of health, and always twice the longest
    silence that lately came to an end by itself: what was only slow is never killed for the same slowness again."""

    factor: float = 1.0
    longest: float = 0.0
    _longest_before: float = 0.0
    _healthy: float = 0.0

    def bears(self, started: bool) -> float:
        """Seconds of silence. `started`: something was carried through the queue since it was spawned."""
        if not started:
            return min(MOST, STARTING * self.factor)
        return min(MOST, max(RUNNING * self.factor, 2 * self.longest, 2 * self._longest_before))

    def restarted(self) -> None:
        self.factor = min(2 * self.factor, MOST / RUNNING)
        self._healthy = 0.0

    def overcame(self, silence: float) -> None:
        """A sign of life came, after so many seconds without one."""
        self.longest = max(self.longest, silence)
        self._healthy += silence
        if self._healthy >= CALM:
            self.factor = max(1.0, self.factor / 2)
            self._longest_before, self.longest = self.longest, 0.0
            self._healthy = 0.0
