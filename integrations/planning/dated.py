"""What is dated: which rows a record is to get, and from which day a changed value counts. Pure, as `planner`.

Three timelines decide, field by field: what is wanted by HR's rows, what is there, and what was said at the last
write. What is over is written only on the days for which HR has changed it since; what a clerk has put there for days
to come stays where HR says nothing new of them; and whatever is written leaves the other days as they were.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from integrations.planning.translate import same
from integrations.sdk.timelines import Timeline, at, from_start, put, turns, within


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


def counts_from(wanted: Timeline, said: Timeline | None, day: date) -> date:
    """From which day a value counts that is to be written on this day, in a system that keeps one value with its day:
    as far back as HR has changed it since it was written last. What HR has not changed counts from this day."""
    value, since = at(wanted, day), day
    if said is None:
        return since
    for begun in sorted((d for d in turns(wanted, said) if d <= day), reverse=True):
        if not same(at(wanted, begun), value) or same(at(said, begun), value):
            break
        since = begun
    return max(since, min(turns(wanted), default=since))
