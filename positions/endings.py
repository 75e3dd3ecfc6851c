"""Employment that ends, and a job that another one follows: which positions that concerns, and what the next one is
made of. Dates are whole days."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import F
from django.utils.translation import gettext as _

from positions import dates, terms
from positions.bulk import save_positions
from positions.employer import current_and_upcoming
from positions.models import Employee, Position

# What the next position has of the one before, beside the terms in force on its first day.
_GOES_ALONG = ("company", "end_date", "end_reason")


@dataclass(frozen=True, slots=True)
class Ending:
    """The positions of an employee that are not over: which end on that day, which begin after it and stay, and which
    end by then in any case."""

    ended: Sequence[Position]
    later: Sequence[Position]
    before: Sequence[Position]

    @property
    def every(self) -> list[Position]:
        return [*self.ended, *self.later, *self.before]

    @property
    def mark(self) -> str:
        return mark(self.every)


def ending(employee: Employee, last_day: date, *, lock: bool = False) -> Ending:
    """In one query. `lock`: until the transaction ends, so that nobody changes one between the look and the end."""
    rows = Position.objects.filter(current_and_upcoming(employee.organization.today()), employee=employee)
    found = list((rows.select_for_update() if lock else rows).order_by(F("start_date"), "pk"))
    for row in found:
        row.employee = employee
    later = [row for row in found if row.start_date > last_day]
    before = [row for row in found if row.end_date is not None and row.end_date < last_day]
    return Ending([row for row in found if row not in later and row not in before], later, before)


def end(positions: Iterable[Position], last_day: date, reason: str, notice_date: date | None = None) -> None:
    """They end on that day: audited, and recorded for every connection that takes them. To be called in a transaction,
    with positions that hold on that day. A notice date of before stays where none is given."""
    rows = list(positions)
    for row in rows:
        row.end_date, row.end_reason = last_day, reason
        row.notice_date = notice_date or row.notice_date
    save_positions(rows)


def mark(positions: Iterable[Position]) -> str:
    """Another one when any of them was changed since."""
    return " ".join(f"{row.pk}:{row.updated_at:%Y%m%d%H%M%S%f}" for row in sorted(positions, key=lambda row: row.pk))


def values_of_next(former: Position, first_day: date) -> dict[str, Any]:
    """What the position that follows from that day starts with, by field: the old terms as they hold on the day."""
    held = max((row for row in former.by_day if row.since <= first_day or row.since == former.start_date), key=_since)
    found = {name: getattr(held, name) for name in terms.TERMS}
    found |= {name: getattr(former, name) for name in _GOES_ALONG}
    if former.end_date is not None and former.end_date < first_day:
        found |= {"end_date": None, "end_reason": ""}
    return {**found, "start_date": first_day}


def _since(row: Any) -> date:
    day: date = row.since
    return day


def cannot_follow(former: Position, first_day: date) -> str:
    """Why no position can follow this one from that day; "" is fine."""
    eve = first_day - timedelta(days=1)
    if eve < former.start_date:
        return _("“{title}” starts on {start_date}: choose a later day.").format(
            title=former.title, start_date=dates.show(former.start_date)
        )
    if former.end_date is not None and former.end_date < eve:
        return _("“{title}” ends on {end_date} already. Add a position of its own.").format(
            title=former.title, end_date=dates.show(former.end_date)
        )
    return ""
