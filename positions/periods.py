"""Pure arithmetic on the dates of positions. It imports nothing of ours: systems count by it too."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

# Contract types of people who work for somebody else or for themselves: no years of service come of them.
NOT_EMPLOYED = ("consultant", "freelance", "third_party")


def status(start: date, end: date | None, today: date) -> str:
    """ "upcoming", "current" or "ended"; both bounds are days of the position."""
    if start > today:
        return "upcoming"
    return "ended" if end is not None and end < today else "current"


def nearest(day: date, start: date, end: date | None) -> date:
    """The day itself where it lies in the period, else the nearest one that does."""
    day = max(day, start)
    return min(day, end) if end is not None else day


def overlap(start_a: date, end_a: date | None, start_b: date, end_b: date | None) -> bool:
    """Whether two periods share a day; an end of None is open."""
    return (end_a is None or start_b <= end_a) and (end_b is None or start_a <= end_b)


def employed_since(start: date, contract_type: str, positions: Iterable[tuple[date, date | None, str]]) -> date:
    """The first day of the unbroken employment to which a position from `start` belongs: by it, years of service and
    holiday are counted. `positions` are (start, end, contract type), itself among them or not; a day between two of
    them is a break."""
    if contract_type in NOT_EMPLOYED:
        return start
    employed = [(begin, end) for begin, end, kind in positions if kind not in NOT_EMPLOYED]
    since = start
    while since > date.min:
        eve = since - timedelta(days=1)
        before = [begin for begin, end in employed if begin < since and (end is None or end >= eve)]
        if not before:
            break
        since = min(before)
    return since
