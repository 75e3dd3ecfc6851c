"""Pure arithmetic on periods of whole days; an end of None means open."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from integrations.sdk.values import Position
from positions import periods

Period = tuple[date, date | None]
nearest = periods.nearest


def intersection(a: Period, b: Period) -> Period | None:
    """The days that both periods hold, or None. Both bounds are inclusive."""
    start = max(a[0], b[0])
    end = min((e for e in (a[1], b[1]) if e is not None), default=None)
    return None if end is not None and end < start else (start, end)


def holds(outer: Period | None, inner: Period | None) -> bool:
    """Whether every day of `inner` is in `outer`; no days at all are in anything."""
    if inner is None:
        return True
    if outer is None or inner[0] < outer[0]:
        return False
    return outer[1] is None or (inner[1] is not None and inner[1] <= outer[1])


def current(positions: Iterable[Position], today: date) -> Position | None:
    """The one position that counts today: the highest percentage, then the latest start, then the newest.

    Active means start <= today <= end, or no end. No percentage counts as 100.
    """
    active = [p for p in positions if p.start <= today and (p.end is None or today <= p.end)]

    def rank(position: Position) -> tuple[Decimal, date, int, str]:
        share = position.on(today).percentage
        return (
            Decimal(100) if share is None else Decimal(str(share)),
            position.start,
            len(position.id),
            position.id,
        )

    return max(active, key=rank, default=None)


def current_since(position: Position, positions: Iterable[Position], today: date) -> date:
    """From which day on this position has been the current one without a break: its first day, or the day on which it
    came back because another one was over. The first day where it is not current today."""
    held = list(positions)
    turns = {day for p in held for day in (p.start, *p.days_of_change())}
    turns |= {p.end + timedelta(days=1) for p in held if p.end is not None and p.end < today}
    since = None
    for day in sorted((d for d in turns if position.start <= d <= today), reverse=True):
        now = current(held, day)
        if now is None or now.id != position.id:
            break
        since = day
    return since or position.start


def goes_on(position: Position, positions: Iterable[Position]) -> bool:
    """Whether another position follows this one without a day between (or runs beyond its end): for a system that
    knows one employment, the employment does not end with this position."""
    if position.end is None or position.end == date.max:
        return False
    after = position.end + timedelta(days=1)
    return any(p.id != position.id and p.start <= after and (p.end is None or p.end > position.end) for p in positions)


def carries_on(position: Position, positions: Iterable[Position]) -> bool:
    """Whether the employment was there before this position: an earlier one runs until the day before it, or longer."""
    return any(
        p.id != position.id
        and p.start < position.start
        and (p.end is None or p.end >= position.start - timedelta(days=1))
        for p in positions
    )


def next_change(positions: Sequence[Position], today: date) -> date | None:
    """The next day on which `current` may give another answer, or the same one may say something else, although nobody
    edits anything."""
    days = [p.start for p in positions if p.start > today]
    days += [day for p in positions for day in p.days_of_change() if day > today]
    days += [p.end + timedelta(days=1) for p in positions if p.end is not None and p.end >= today]
    return min(days, default=None)


def becomes_current(position: Position, positions: Sequence[Position], today: date) -> date | None:
    """The first day after today on which this position is `current`, as things stand; None if there is none."""
    days = {day for p in positions for day in (p.start, *p.days_of_change())}
    days |= {p.end + timedelta(days=1) for p in positions if p.end not in (None, date.max)}
    for day in sorted(d for d in days if d > today):
        now = current(positions, day)
        if now is not None and now.id == position.id:
            return day
    return None


def end_of_chain(position: Position, positions: Iterable[Position]) -> Position:
    """The position with which the employment that this one belongs to ends: itself, unless another one `goes_on`."""
    rest = list(positions)
    while goes_on(position, rest):
        assert position.end is not None
        after = position.end + timedelta(days=1)
        following = [p for p in rest if p.start <= after and (p.end is None or p.end > position.end)]
        position = max(following, key=lambda p: (p.end is None, p.end or date.min, p.id))
    return position


def employed_since(position: Position, positions: Iterable[Position]) -> date:
    """The first day of the unbroken employment that this position belongs to, by the contract types of each day: it may
    be a later day than the position's own, which began as a freelancer's."""
    kind = _contract_type(position.values)
    own = [begin for begin, _, _ in _by_contract_type(position) if begin <= (position.day or position.start)]
    start = position.start if kind in periods.NOT_EMPLOYED else max(own, default=position.start)
    rows = [row for p in (*positions, position) for row in _by_contract_type(p)]
    return periods.employed_since(start, kind, rows)


def _by_contract_type(position: Position) -> list[tuple[date, date | None, str]]:
    """The position in its spans of one contract type: first day, last day, type."""
    rows = position.terms or ((position.start, position.values),)
    ends = [day - timedelta(days=1) for day, _ in rows[1:]]
    return [(day, end, _contract_type(values)) for (day, values), end in zip(rows, [*ends, position.end], strict=True)]


def _contract_type(values: Mapping[str, Any]) -> str:
    return str(values.get("contract_type") or "")


def employed_from(position: Position, *, has_word: Callable[[Mapping[str, Any]], bool]) -> Position:
    """The position from the day on which it became an employment that goes on today: days before it as a freelancer, of
    whom a system has no word (`has_word` of values), lead to nothing there."""
    until = [n for n, (day, _) in enumerate(position.terms) if day <= (position.day or position.start)]
    for n in reversed(until):
        values = position.terms[n][1]
        if _contract_type(values) in periods.NOT_EMPLOYED and not has_word(values):
            rest = position.terms[n + 1 :]
            is_now = n == until[-1]
            return position if is_now else replace(position, start=rest[0][0], terms=rest if len(rest) > 1 else ())
    return position


def to_count_from(first: date, start: date, there: Iterable[tuple[date | None, date | None]]) -> date | None:
    """The day to send as the beginning of continuous employment with a new record from `start`; None where that is the
    start itself. `first` is the first day of the chain here, `there` are (start, such a day) of the records that exist:
    a day before ours on one of this chain was entered by somebody who knows of years before HR's first."""
    named = [since for begin, since in there if begin is not None and since is not None and first <= begin < start]
    day = min([first, *named])
    return day if day < start else None


def after_a_gap(end: date | None) -> date | None:
    """The first start that makes an employment anew after one with this end: what follows at once belongs to it."""
    return end + timedelta(days=2) if end and end.year < date.max.year else None
