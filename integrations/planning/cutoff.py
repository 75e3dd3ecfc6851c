"""A connection's payroll cut-off: when the books of a period close, when the next one opens, and what of a change is
earlier than that. Pure: no clock, no database; moments are UTC, days and hours those of a zone (docs/cutoff.md)."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)


class After(StrEnum):
    """What becomes of a change that is saved after the cut-off and before the period opens."""

    SEND = "send"  # at once, as any other
    TAG = "tag"  # at once, and it is said of it
    HOLD = "hold"  # when the period opens


@dataclass(frozen=True, slots=True)
class DayAndHour:
    """Of every month; the last day of one that is too short for it."""

    day: int
    hour: int = 0

    def of(self, year: int, month: int) -> datetime:
        """By the clock on the wall."""
        return datetime.combine(date(year, month, min(self.day, monthrange(year, month)[1])), time(self.hour))

    def in_a_month_of(self, days: int) -> tuple[int, int]:
        """The day and the hour, to be compared."""
        return min(self.day, days), self.hour


@dataclass(frozen=True, slots=True)
class Calendar:
    """`monthly`, or the moments of `dates` (by the clock on the wall, hours only), oldest first. The period opens at
    the first `opens` after the cut-off."""

    after: After = After.SEND
    monthly: DayAndHour | None = None
    dates: tuple[datetime, ...] = ()
    opens: DayAndHour = DayAndHour(1)

    def last(self, moment: datetime, zone: ZoneInfo) -> datetime | None:
        """The last cut-off at this moment or before it; None before the first."""
        found = [cutoff for cutoff in self._around(moment, zone) if cutoff <= moment]
        return max(found, default=None)

    def next(self, moment: datetime, zone: ZoneInfo) -> datetime | None:
        """The first cut-off after this moment; None when no other is known."""
        found = [cutoff for cutoff in self._around(moment, zone) if cutoff > moment]
        return min(found, default=None)

    def opening(self, cutoff: datetime, zone: ZoneInfo) -> datetime:
        """When the period that was closed by this cut-off opens: always later than it."""
        here = cutoff.astimezone(zone)
        opened = (_moment(self.opens.of(year, month), zone) for year, month in _months(here.date(), 0, 2))
        return next(moment for moment in opened if moment > cutoff)

    @property
    def skips_an_opening(self) -> bool:
        """Whether in some month, however short, the period does not open between two cut-offs: the cut-off and the
        opening fall together there, or come the other way round than in a long month."""
        if self.monthly is None:
            return False
        pairs = [(self.monthly.in_a_month_of(days), self.opens.in_a_month_of(days)) for days in range(28, 32)]
        return any(cutoff == opens for cutoff, opens in pairs) or len({cutoff < opens for cutoff, opens in pairs}) > 1

    def closed(self, moment: datetime, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
        """The cut-off after which this moment is, and when that period opens; None while one is open."""
        cutoff = self.last(moment, zone)
        if cutoff is None:
            return None
        opens = self.opening(cutoff, zone)
        return (cutoff, opens) if moment < opens else None

    def closures(self, now: datetime, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime, datetime]]:
        """(cut-off, up to when what is saved belongs to it, when it opens) of all that are not over at this moment."""
        return (one for one in self.periods(now, zone) if one[2] > now)

    def periods(self, now: datetime, zone: ZoneInfo) -> list[tuple[datetime, datetime, datetime]]:
        """The same with those of the months before (or all that are named) that are over, oldest first."""
        cutoffs = sorted(cutoff for cutoff in self._around(now, zone) if cutoff <= now)
        found = []
        for cutoff, until in zip(cutoffs, [*cutoffs, now + _DAY][1:], strict=True):
            opens = self.opening(cutoff, zone)
            found.append((cutoff, min(until, opens), opens))
        return found

    def _around(self, moment: datetime, zone: ZoneInfo) -> list[datetime]:
        if self.monthly is None:
            return [_moment(one, zone) for one in self.dates]
        here = moment.astimezone(zone).date()
        return [_moment(self.monthly.of(year, month), zone) for year, month in _months(here, -2, 2)]

    # as it is stored, and told over the API

    def to_json(self) -> dict[str, Any]:
        found: dict[str, Any] = {"after": self.after.value, "opens": _said(self.opens)}
        if self.monthly is not None:
            found["monthly"] = _said(self.monthly)
        else:
            found["dates"] = [one.isoformat(timespec="minutes") for one in self.dates]
        return found

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Calendar | None:
        """None: the connection has none."""
        if not kept:
            return None
        monthly = kept.get("monthly")
        return cls(
            After(kept["after"]),
            DayAndHour(**monthly) if monthly else None,
            tuple(sorted(datetime.fromisoformat(one) for one in kept.get("dates", ()))),
            DayAndHour(**kept["opens"]),
        )


def _said(one: DayAndHour) -> dict[str, int]:
    return {"day": one.day, "hour": one.hour}


def _months(day: date, first: int, last: int) -> Iterator[tuple[int, int]]:
    """Those from so many after the day's to so many, as (year, month)."""
    for number in range(day.year * 12 + day.month - 1 + first, day.year * 12 + day.month + last):
        yield number // 12, number % 12 + 1


def _moment(wall: datetime, zone: ZoneInfo) -> datetime:
    """Where the clock is put forward over an hour, that hour is the one after it; where it is put back, the first of
    the two."""
    return wall.replace(tzinfo=zone).astimezone(UTC)


def first_open_day(cutoff: datetime, zone: ZoneInfo) -> date:
    """The first day that is not begun at the cut-off: days before it are of a period that is closed."""
    day = cutoff.astimezone(zone).date()
    return day if _moment(datetime.combine(day, time()), zone) >= cutoff else day + _DAY
