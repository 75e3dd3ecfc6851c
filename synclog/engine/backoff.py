"""When to try again. Pure: the caller gives the clock and the dice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

STEPS = (
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(hours=24),
)
GIVE_UP_AFTER = timedelta(days=7)
SPREAD = 0.2


def delay(tries: int, random: Callable[[], float]) -> timedelta:
    """The wait after the `tries`-th failed try (1 = the first), spread by +-20 %; daily after the last step.

    `random` gives a number from 0 to 1.
    """
    step = STEPS[min(max(tries, 1), len(STEPS)) - 1]
    return step * (1 + SPREAD * (2 * random() - 1))


def tries_in_all() -> int:
    """How many tries fit into the time before giving up, for "3 of 12"."""
    spent, count = timedelta(), 1
    while spent < GIVE_UP_AFTER:
        spent += STEPS[min(count, len(STEPS)) - 1]
        count += 1
    return count
