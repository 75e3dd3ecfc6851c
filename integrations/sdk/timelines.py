"""Values by day: what holds from a day on, until the next one. Pure arithmetic, as `periods`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

# (the first day, the value from that day on), the earliest first; before the first day there is nothing.
Timeline = Sequence[tuple[date, Any]]


def at(timeline: Timeline, day: date) -> Any:
    """What holds on the day; None before the first one."""
    return next((value for since, value in reversed(timeline) if since <= day), None)


def turns(*timelines: Timeline) -> set[date]:
    return {since for timeline in timelines for since, _ in timeline}


def put(timeline: Timeline, day: date, value: Any) -> tuple[tuple[date, Any], ...]:
    """With the value from this day until the next that is named."""
    return tuple(sorted([*((since, old) for since, old in timeline if since != day), (day, value)]))


def from_start(timeline: Timeline, start: date) -> tuple[tuple[date, Any], ...]:
    """From the first day of a record on: what began before it holds on that day."""
    later = [(since, value) for since, value in timeline if since > start]
    return ((start, at(timeline, start)), *later)


def held_since(timeline: Timeline, day: date) -> date | None:
    """From which day on the value of this day has held without a break; None where there is none."""
    since, value = None, at(timeline, day)
    for begun, one in reversed([(begun, one) for begun, one in timeline if begun <= day]):
        if one != value:
            break
        since = begun
    return since


def within(days: Iterable[date], start: date, end: date | None) -> list[date]:
    """Those of the days that lie in the period, the earliest first."""
    return sorted(day for day in set(days) if start <= day and (end is None or day <= end))
