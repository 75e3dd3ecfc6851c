"""What is dated in a position there: lists of values, each with the days on which it holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from integrations.sdk import sure_date

Entry = dict[str, Any]


def _starts(entry: Mapping[str, Any]) -> date:
    return sure_date(entry.get("activeStart")) or date.min


def _day_before(day: date) -> str:
    return (day - timedelta(days=1)).isoformat()


def in_force(timeline: Sequence[Entry], day: date) -> Entry | None:
    """The entry that holds on `day`; a missing start or end is open."""
    holding = [e for e in timeline if _starts(e) <= day <= (sure_date(e.get("activeEnd")) or date.max)]
    return max(holding, key=_starts, default=None)


def with_value(timeline: Sequence[Entry], value: Any, day: date, start: date) -> list[Entry]:
    """The timeline with `value` from `day` on (None: nothing from `day` on), its past as it was.

    The entry in force is closed the day before and the new one runs as long as it would have. An entry that begins
    on `day` itself (one without a start begins with the position, on `start`) is corrected in place.
    """
    entries = [dict(e) for e in timeline]
    current = in_force(entries, day)
    if current is None:
        if value is not None:
            later = min((_starts(e) for e in entries if _starts(e) > day), default=None)
            until = {"activeEnd": _day_before(later)} if later else {}
            entries.append({"value": value, "activeStart": day.isoformat(), **until})
    elif max(_starts(current), start) >= day:
        if value is None:
            entries.remove(current)
        else:
            current["value"] = value
    else:
        until = {"activeEnd": current["activeEnd"]} if current.get("activeEnd") else {}
        current["activeEnd"] = _day_before(day)
        if value is not None:
            new = {"value": value, "activeStart": day.isoformat(), **until}
            entries.insert(entries.index(current) + 1, new)
    return entries


def by_day(timeline: Sequence[Entry], ours: Callable[[Any], Any]) -> list[tuple[date, Any]]:
    """What holds from each day on, in our words; None where nothing does."""
    days = {_starts(entry) for entry in timeline}
    ends = (sure_date(entry.get("activeEnd")) for entry in timeline)
    days |= {end + timedelta(days=1) for end in ends if end is not None and end < date.max}
    held = [(day, in_force(timeline, day)) for day in sorted(days)]
    return [(day, None if e is None or e.get("value") is None else ours(e["value"])) for day, e in held]
