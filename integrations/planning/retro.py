"""Which days a change of a position is about, and what of it is earlier than a cut-off. Pure (docs/cutoff.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from integrations.sdk.timelines import at

_DAY = timedelta(days=1)
# Facts of a position whose own value is the day that they are about.
DAYS = ("first_day_of_work", "last_day_of_work", "probation_end", "notice_date")


@dataclass(frozen=True, slots=True)
class Held:
    """A position as it is or was: its period, what holds of it from when on (the first from its start, oldest first),
    and what holds of it as a whole."""

    start: date
    end: date | None
    terms: Sequence[tuple[date, Mapping[str, Any]]]
    whole: Mapping[str, Any]

    def on(self, day: date) -> Mapping[str, Any]:
        found: Mapping[str, Any] = at(self.terms, day)
        return found


@dataclass(frozen=True, slots=True)
class Stretch:
    """A field (None: the whole position) that is another on these days, both included (`last` None: for good), and its
    values on the first of them."""

    field: str | None
    first: date
    last: date | None
    old: Any = None
    new: Any = None


def stretches(before: Held | None, after: Held | None) -> list[Stretch]:
    """What a change is about. None: it was not there before, or is not any more."""
    if before is None or after is None:
        held = before or after
        return [] if held is None else [Stretch(None, held.start, held.end)]
    return [*_of_period(before, after), *_of_terms(before, after), *_of_whole(before, after)]


def retroactive(found: Sequence[Stretch], boundary: date) -> list[Stretch]:
    """What of it is about days before `boundary` (`cutoff.first_open_day`), cut off there."""
    return [replace(one, last=min(one.last or date.max, boundary - _DAY)) for one in found if one.first < boundary]


def _of_period(before: Held, after: Held) -> list[Stretch]:
    found = []
    if before.start != after.start:
        earlier, later = sorted((before.start, after.start))
        found.append(Stretch("start_date", earlier, later - _DAY, before.start, after.start))
    if before.end != after.end:
        ends = [before.end or date.max, after.end or date.max]
        last = None if max(ends) == date.max else max(ends)
        found.append(Stretch("end_date", min(ends) + _DAY, last, before.end, after.end))
    return found


def _of_terms(before: Held, after: Held) -> list[Stretch]:
    """On the days on which it was and is: what holds on others came or went with them."""
    first = max(before.start, after.start)
    end = min(before.end or date.max, after.end or date.max)
    if first > end:
        return []
    days = sorted({first, *(day for held in (before, after) for day, _ in held.terms if first <= day <= end)})
    found: dict[str, Stretch] = {}
    for day, following in zip(days, [*days[1:], None], strict=True):
        was, now = before.on(day), after.on(day)
        last = following - _DAY if following else None if end == date.max else end
        for name in was:
            if was[name] != now[name]:
                known = found.get(name)
                found[name] = replace(known, last=last) if known else Stretch(name, day, last, was[name], now[name])
    return list(found.values())


def _of_whole(before: Held, after: Held) -> list[Stretch]:
    found = []
    for name, old in before.whole.items():
        new = after.whole[name]
        if old == new:
            continue
        if name in DAYS:
            days = sorted(day for day in (old, new) if day)
            found.append(Stretch(name, days[0], days[-1], old, new))
        elif name == "end_reason":
            day = after.end or before.end or after.start
            found.append(Stretch(name, day, day, old, new))
        else:
            found.append(Stretch(name, after.start, after.end, old, new))
    return found
