"""The changes of a position's terms in words, as its page and the employee's timeline show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django.utils.translation import gettext as _

from positions import dates, periods
from positions.models import Position
from positions.terms import TERMS


@dataclass(frozen=True, slots=True)
class Change:
    """What changes on a day, as (field, values) in words; of the first, what is changed later. `state`: "held", "now",
    "planned" (its day is to come) or "outside" (after the end of the position)."""

    since: date
    first: bool
    what: tuple[tuple[str, str], ...]
    state: str

    @property
    def day(self) -> str:
        return dates.show(self.since)

    @property
    def sentence(self) -> str:
        return _("From {day}: {changes}").format(
            day=self.day, changes=", ".join(f"{field} {values}" for field, values in self.what)
        )


def changes_of(position: Position, today: date) -> list[Change]:
    """Oldest first; none of a position of which no change was dated. Its `terms` are read with their departments."""
    rows = position.by_day
    if len(rows) == 1:
        return []
    today = periods.nearest(today, position.start_date, position.end_date)
    now = max(row.since for row in rows if row.since <= today)
    pairs = list(pairwise(rows))
    differing = [[name for name in TERMS if _differ(a, b, name)] for a, b in pairs]
    ever = [name for name in TERMS if any(name in names for names in differing)]
    first = tuple((label(name), said(rows[0], name)) for name in ever)
    found: list[tuple[Any, tuple[tuple[str, str], ...]]] = [(rows[0], first)]
    for (before, row), names in zip(pairs, differing, strict=True):
        found.append((row, tuple((label(name), f"{said(before, name)} → {said(row, name)}") for name in names)))
    return [Change(row.since, row is rows[0], what, _state(row.since, now, position.end_date)) for row, what in found]


def _state(since: date, now: date, end: date | None) -> str:
    if since <= now:
        return "now" if since == now else "held"
    return "planned" if end is None or since <= end else "outside"


def other_days(position: Position, name: str) -> str:
    """What a field of the terms holds on other days, in words; "" where it is always the same."""
    found = [
        _("from {day}: {value}").format(day=dates.show(b.since), value=said(b, name))
        for a, b in pairwise(position.by_day)
        if _differ(a, b, name)
    ]
    return _("with changes {changes}").format(changes=", ".join(found)) if found else ""


def _differ(a: Any, b: Any, name: str) -> bool:
    return bool(getattr(a, name) != getattr(b, name))


def label(name: str) -> str:
    field: Any = Position._meta.get_field(name)
    return str(field.verbose_name)


def said(row: Any, name: str) -> str:
    """A value in words; of a position or a row of its terms."""
    value = getattr(row, name)
    if value in (None, ""):
        return _("the employee’s") if name == "department" else _("empty")
    if isinstance(value, Decimal):
        return f"{dates.number(value)}{' %' if name == 'percentage' else ''}"
    choice = getattr(row, f"get_{name}_display", None)
    return str(choice() if choice else value)
