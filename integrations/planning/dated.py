"""What is dated: which rows a record is to get, and from which day a changed value counts. Pure, as `planner`.

Three timelines decide, field by field: what is wanted by HR's rows, what is there, and what was said at the last
write. What is over is written only on the days for which HR has changed it since; what a clerk has put there for days
to come stays where HR says nothing new of them; and whatever is written leaves the other days as they were.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from integrations.planning.translate import empty, same
from integrations.sdk.timelines import Timeline, at, from_start, held_since, put, turns, within
from integrations.sdk.values import Change

NOTHING: Timeline = ((date.min, None),)
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Dated:
    """One field of one record.

    wanted    what is to hold, from the position's first day on
    there     what holds there, in the system's rows
    said      what it was to hold when it was written last; None: it never was
    day       the day whose value is compared: today, or the nearest day of the position
    is_over   that day is the position's last, and past
    """

    wanted: Timeline
    there: Timeline
    said: Timeline | None
    start: date
    end: date | None
    day: date
    is_over: bool = False

    def rows(self, writes: Callable[[Any, Any, bool], bool], *, today: bool) -> tuple[tuple[date, Any], ...]:
        """What is to be written: from each of these days on, until the next row there, this value. `today`: whether the
        value of the day is to be written at all; `writes(new, old, wrote)` says it of another day's, `wrote`: whether
        the old one is what was written."""
        there, said, found = from_start(self.there, self.start), self.said, []
        ours = turns(self.wanted, said or ())
        day = max(within({*ours, *turns(there)}, self.start, self.day)) if self.is_over else self.day
        after = there
        for begun in within({*ours, *turns(there), day, self.start}, self.start, self.end):
            old, new = at(there, begun), at(self.wanted, begun)
            known = None if said is None else at(said, begun)
            if begun == day:
                wanted = today
            elif begun > day:
                wanted = begun in ours and writes(new, old, said is not None and same(known, old))
            else:
                wanted = said is not None and not same(known, new) and writes(new, old, same(known, old))
            becomes = new if wanted else old
            if not same(at(after, begun), becomes):
                found.append((begun, becomes))
                after = put(after, begun, becomes)
        return tuple(found)


def counts_from(wanted: Timeline, said: Timeline | None, day: date, *, is_ours: bool = False) -> date:
    """From which day a value counts that is to be written on this day, in a system that keeps one value with its day:
    for as long as it has held here, where HR has changed it since it was written last, or where what it replaces
    `is_ours`, written for another day. What HR has not changed, but a clerk there has, counts from this day."""
    if said is None or (same(at(said, day), at(wanted, day)) and not is_ours):
        return day
    return held_since(wanted, day) or day


def going_along(rows: Timeline, start: Change | None) -> Timeline:
    """With the first one where a start that is to move takes it: connectors do so, unless another lies in the way."""
    if start is None or not rows or rows[0][0] != start.old or any(day <= start.new for day, _ in rows[1:]):
        return rows
    return ((start.new, rows[0][1]), *rows[1:])


def with_rows(change: Change | None, there: Timeline, rows: tuple[tuple[date, Any], ...]) -> Change | None:
    """The change of the day's value with all rows that are to be written; of other days' alone, where that agrees."""
    if not rows:
        return change
    return replace(change or Change(at(there, rows[0][0]), rows[0][1]), rows=rows)


def left_as_filed(
    wanted: Timeline, said: Timeline | None, filed: Timeline, first: date, since: date
) -> tuple[tuple[date, date, Any], ...]:
    """(first day, last day, what is to hold): days before `since`, from which the next file says a value, of which the
    `filed` ones say another, and HR has said another since. No file takes away what one says of earlier days."""
    days = within({first, since, *turns(wanted, filed, said or ())}, first, since)
    return tuple(
        (begun, after - ONE_DAY, at(wanted, begun))
        for begun, after in pairwise(days)
        if said is not None
        and at(filed, begun) is not None
        and not same(at(filed, begun), at(wanted, begun))
        and not same(at(said, begun), at(wanted, begun))
    )


def with_day(
    change: Change | None, wanted: Timeline, said: Timeline | None, first: date, day: date, wrote: Any = None
) -> Change | None:
    """The change of the day's value with the day from which it counts, not before the `first`; one of that day alone,
    where the value agrees and HR has said another day since. What is new where there was nothing counts for as long as
    it has held here. `wrote`: the value that was written last, for whichever day."""
    value = at(wanted, day)
    if change is not None:
        said = NOTHING if empty(change.old) else said
        counts = counts_from(wanted, said, day, is_ours=same(wrote, change.old))
        return replace(change, rows=((max(counts, first), change.new),))
    if said is None or empty(value) or not same(at(said, day), value):
        return None
    now, then = held_since(wanted, day) or first, held_since(said, day) or first
    is_moved = max(now, first) != max(then, first) or date.min < then < wanted[0][0]
    return Change(value, value, ((max(now, first), value),)) if is_moved else None
