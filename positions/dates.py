"""Pure logic of a position's dates."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

# Contract types of people who work for somebody else or for themselves: no years of service come of them.
NOT_EMPLOYED = ("consultant", "freelance", "third_party")


def show(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def span(start: date | None, end: date | None) -> str:
    if start is None:
        return "no dates"
    return f"{show(start)} – {show(end)}" if end else f"from {show(start)}"


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


def problems(
    *,
    start: date | None,
    end: date | None,
    has_end_reason: bool,
    first_day_of_work: date | None = None,
    last_day_of_work: date | None = None,
    probation_end: date | None = None,
) -> dict[str, str]:
    """What is wrong with a position's dates: field -> a sentence with an example. {} is fine."""
    found: dict[str, str] = {}
    if start is None:
        return found
    if end is not None and end < start:
        found["end_date"] = f"The end date {show(end)} is before the start date {show(start)}."
    if has_end_reason and end is None:
        found["end_reason"] = "An end reason needs an end date. Give the last day, or clear the reason."
    if last_day_of_work is not None and last_day_of_work < (first_day_of_work or start):
        found["last_day_of_work"] = (
            f"The last day of work {show(last_day_of_work)} is before the first, {show(first_day_of_work or start)}."
        )
    if probation_end is not None and probation_end < start:
        found["probation_end"] = f"Probation ends {show(probation_end)}, before the start date {show(start)}."
    for name, day in (("start_date", start), ("end_date", end)):
        if day is not None and (wrong := odd_year(day)):
            found[name] = wrong
    return found


def odd_year(day: date) -> str:
    """What is wrong with the year of a date; "" is fine."""
    if 1900 <= day.year <= 2199:
        return ""
    return f"The year {day.year} cannot be right. Write the date as in 2026-03-01."
