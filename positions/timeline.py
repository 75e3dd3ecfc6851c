"""The picture of an employee's positions, as numbers: percentages of a time axis. Pure; a template draws it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from positions import dates, periods
from positions.models import Position
from positions.term_changes import Change, changes_of

# Distances between the marks of the axis, in months; the first one that gives few enough marks is taken.
_STEPS = (1, 3, 6, 12, 24, 60, 120, 240, 600)
_MOST_MARKS = 8
# So many overlaps are told in words.
_SAID = 5
# So many changes of terms of one position are.
_TOLD = 3


@dataclass(frozen=True, slots=True)
class Mark:
    x: float
    label: str
    minor: bool  # left out on a narrow screen


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Row:
    position: Position
    status: str
    bar: Bar
    open: bool
    clashes: tuple[Bar, ...]
    changes: tuple[tuple[float, Change], ...]  # of its terms within the period, with their places; without the first

    @property
    def told(self) -> list[Change]:
        """Those that are told beside the bar: the last ones."""
        return [change for _, change in self.changes[-_TOLD:]]

    @property
    def untold(self) -> int:
        return max(len(self.changes) - _TOLD, 0)

    @property
    def span(self) -> str:
        return dates.span(self.position.start_date, self.position.end_date)

    @property
    def percentage(self) -> str:
        return dates.number(self.position.percentage)

    @property
    def status_words(self) -> str:
        return str(dates.STATUSES[self.status])


@dataclass(frozen=True, slots=True)
class Timeline:
    rows: tuple[Row, ...]
    marks: tuple[Mark, ...]
    today_x: float
    overlaps: tuple[str, ...]


def _month(day: date, months: int) -> date:
    """The first of the month, `months` after the one of `day`, within what a date can be."""
    count = max(12, min(day.year * 12 + day.month - 1 + months, 9999 * 12 + 11))
    return date(count // 12, count % 12 + 1, 1)


def overlapping(positions: Sequence[Position]) -> list[tuple[Position, Position]]:
    return [
        (a, b)
        for a, b in combinations(sorted(positions, key=lambda p: p.start_date), 2)
        if periods.overlap(a.start_date, a.end_date, b.start_date, b.end_date)
    ]


def shared(a: Position, b: Position) -> tuple[date, date | None]:
    ends = [end for end in (a.end_date, b.end_date) if end is not None]
    return max(a.start_date, b.start_date), min(ends) if ends else None


def _axis(positions: Sequence[Position], today: date) -> tuple[date, date, int]:
    first = min([p.start_date for p in positions] + [today])
    last = max([p.end_date or max(row.since for row in p.by_day) for p in positions] + [today])
    # Room to the right, so that an open position is seen to go on.
    last += timedelta(days=min(max(180, (last - first).days // 8), (date.max - last).days))
    months = (last.year - first.year) * 12 + last.month - first.month + 1
    step = next((s for s in _STEPS if months / s <= _MOST_MARKS), _STEPS[-1])
    begin = date(first.year, first.month - (first.month - 1) % min(step, 12), 1)
    return begin, last, step


def _marks(begin: date, last: date, step: int) -> Iterable[tuple[int, date]]:
    number, mark = 0, begin
    while mark <= last:
        yield number, mark
        number += 1
        following = _month(begin, number * step)
        if following <= mark:
            return
        mark = following


def _sentences(pairs: Sequence[tuple[Position, Position]]) -> tuple[str, ...]:
    words = _("{one} and {other} overlap: {period}.")
    said = [words.format(one=a.title, other=b.title, period=dates.span(*shared(a, b))) for a, b in pairs[:_SAID]]
    more = len(pairs) - _SAID
    if more > 0:
        said.append(ngettext("And {number} more overlap.", "And {number} more overlaps.", more).format(number=more))
    return tuple(said)


def employed_since(positions: Iterable[Position], today: date) -> date | None:
    """The first day of the unbroken employment that goes on today, None where nobody is employed today."""
    rows = [row for p in positions for row in _by_contract_type(p)]
    now = [
        start
        for start, end, kind in rows
        if kind not in periods.NOT_EMPLOYED and periods.status(start, end, today) == "current"
    ]
    return periods.employed_since(max(now), "", rows) if now else None


def _by_contract_type(position: Position) -> list[tuple[date, date | None, str]]:
    """First day, last day and contract type of each of its spans."""
    rows = position.by_day
    ends = [row.since - timedelta(days=1) for row in rows[1:]]
    return [(row.since, end, row.contract_type) for row, end in zip(rows, [*ends, position.end_date], strict=True)]


def draw(positions: Iterable[Position], today: date) -> Timeline:
    """Newest first. Every position needs a start date; an empty end is open. Their `terms` come with departments."""
    rows = sorted(positions, key=lambda p: (p.start_date, p.pk or 0), reverse=True)
    begin, last, step = _axis(rows, today)
    days = (last - begin).days + 1

    def x(day: date) -> float:
        return round(100 * (day - begin).days / days, 2)

    def bar(start: date, end: date | None) -> Bar:
        right = 100.0 if end is None else 100 * ((end - begin).days + 1) / days
        return Bar(x(start), round(max(right - x(start), 0.4), 2))

    pairs = overlapping(rows)
    clashes: dict[int, list[Bar]] = {}
    for a, b in pairs:
        for one in (a, b):
            clashes.setdefault(id(one), []).append(bar(*shared(a, b)))
    return Timeline(
        rows=tuple(
            Row(
                position=p,
                status=p.status(today),
                bar=bar(p.start_date, p.end_date),
                open=p.end_date is None,
                clashes=tuple(clashes.get(id(p), ())),
                changes=tuple((x(c.since), c) for c in changes_of(p, today) if not c.first and c.state != "outside"),
            )
            for p in rows
        ),
        marks=tuple(
            Mark(x(day), f"{day:%Y}" if step >= 12 else date_format(day, "YEAR_MONTH_FORMAT"), number % 2 == 1)
            for number, day in _marks(begin, last, step)
            if x(day) <= 94
        ),
        today_x=x(today),
        overlaps=_sentences(pairs),
    )
