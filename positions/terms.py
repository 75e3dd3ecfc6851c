"""The terms of a position by day: what holds from when on. Pure logic.

A row says what holds from a day on: (day, {column: value}), None for the position's first day. The rows of a position
are in the order of their days, the first of them is that of None, and each has every column. A position of which no
change was dated has no stored rows: what its own columns hold is the row of None.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from positions import dates
from positions.periods import nearest

# The fields of a position that may change while it lasts, and the columns that hold them.
TERMS = (
    "title", "contract_type", "percentage", "weekly_hours", "occupation_code", "working_hours_scheme",
    "remuneration_type", "department", "cost_centre",
)  # fmt: skip
COLUMNS = tuple(f"{name}_id" if name == "department" else name for name in TERMS)

Row = tuple[date | None, Mapping[str, Any]]
Rows = list[Row]


@dataclass(frozen=True, slots=True)
class FromDay:
    """A change counts from this day on. `stated`: columns that are meant although they are today as they were: a value
    of today may be said of another day."""

    day: date
    stated: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Correction:
    """It was always so."""


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What was changed from this day on was not to be. Nothing else of the terms is changed with it."""

    day: date


CORRECTION = Correction()
Counting = FromDay | Correction | Withdrawal


def usual(start: date, end: date | None, today: date) -> FromDay | Correction:
    """How a change counts of which nothing is said: from today on; of a position to come from its first day, and of
    one that is over as a correction of what held last."""
    if end is not None and end < today:
        return CORRECTION
    return FromDay(max(start, today))


def outside(day: date, start: date, end: date | None) -> str:
    """What is wrong with a change from that day of a position with this period; "" is fine."""
    if dates.odd_year(day):
        return dates.odd_year(day)
    if day >= start and (end is None or day <= end):
        return ""
    said = _("{day} is outside the position's period, {period}. Choose a day within it.")
    return said.format(day=dates.show(day), period=dates.span(start, end))


def in_force(rows: Sequence[Row], day: date | None) -> Mapping[str, Any]:
    """What holds on a day; None is the first."""
    return rows[_index(rows, day)][1]


def _index(rows: Sequence[Row], day: date | None) -> int:
    return max(i for i, (since, _) in enumerate(rows) if since is None or (day is not None and since <= day))


def tidy(rows: Iterable[Row], start: date) -> Rows:
    """Without the rows that change nothing; those from before a position that starts then are its first day's."""
    found: Rows = []
    for since, values in rows:
        if since is None or since <= start:
            found = [(None, values)]
        elif values != found[-1][1]:
            found.append((since, values))
    return found


def change_from(rows: Sequence[Row], day: date | None, changes: Mapping[str, Any]) -> Rows:
    """From that day on, these columns hold these values, until the next day from which another value was to hold."""
    at = _index(rows, day)
    held = rows[at][1]
    found = list(rows)
    if rows[at][0] != day:
        at += 1
        found.insert(at, (day, held))
    for name, value in changes.items():
        _carry(found, range(at, len(found)), name, held[name], value)
    return found


def correct(rows: Sequence[Row], day: date | None, changes: Mapping[str, Any]) -> Rows:
    """What these columns hold on that day was wrong for as long as it is held, before and after."""
    at = _index(rows, day)
    held = rows[at][1]
    found = list(rows)
    for name, value in changes.items():
        _carry(found, range(at, len(found)), name, held[name], value)
        _carry(found, range(at - 1, -1, -1), name, held[name], value)
    return found


def withdraw(rows: Sequence[Row], day: date) -> Rows:
    """As if nothing had been changed from that day on. Raises KeyError when nothing was."""
    at = next((i for i, (since, _) in enumerate(rows) if since == day), 0)
    if at == 0:
        raise KeyError(day)
    held, before = rows[at][1], rows[at - 1][1]
    found = list(rows)
    for name, value in held.items():
        if value != before[name]:
            _carry(found, range(at, len(found)), name, value, before[name])
    del found[at]
    return found


def _carry(rows: Rows, along: Iterable[int], name: str, old: Any, new: Any) -> None:
    """Replaces a value of a column in these rows up to the first that has another."""
    for i in along:
        since, values = rows[i]
        if values[name] != old:
            return
        rows[i] = (since, {**values, name: new})


def applied(
    rows: Sequence[Row],
    changes: Mapping[str, Any],
    counting: Counting | None,
    start: date,
    end: date | None,
    today: date,
) -> Rows:
    """The rows of a position with this period after a change of these columns; None counts as `usual`."""
    rows = tidy(rows, start)
    counts = counting or usual(start, end, today)
    if isinstance(counts, Withdrawal):
        rows = withdraw(rows, counts.day)
    elif isinstance(counts, FromDay):
        rows = change_from(rows, counts.day if counts.day > start else None, changes)
    else:
        rows = correct(rows, nearest(today, start, end), changes)
    return tidy(rows, start)


def timeline(position: Any, rows: Iterable[Any]) -> tuple[tuple[date, dict[str, Any]], ...]:
    """What held, holds and will hold of a position: (first day, {field: value}), oldest first, the first from its
    start, none after its end. `rows` are its `terms`, read with their departments; their order does not matter."""
    first, end = position.start_date, position.end_date
    found: list[tuple[date, dict[str, Any]]] = []
    for row in sorted(rows, key=lambda r: (r.effective_from is not None, r.effective_from)) or [position]:
        since = getattr(row, "effective_from", None) or first
        values = {name: getattr(row, name) for name in TERMS}
        if since <= first:
            found = [(first, values)]
        elif (end is None or since <= end) and values != found[-1][1]:
            found.append((since, values))
    return tuple(found)
