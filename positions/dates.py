"""Dates in words, and what is wrong with those of a position."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.utils.formats import date_format, get_format, time_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

# Of a position on a day (positions/periods.py).
STATUSES = {"current": gettext_lazy("Current"), "upcoming": gettext_lazy("Upcoming"), "ended": gettext_lazy("Ended")}


def show(day: date) -> str:
    """As the reader's language writes it: "1 Dec 2026"."""
    return date_format(day, "DATE_FORMAT")


def clock(moment: datetime) -> str:
    return time_format(moment.time(), "TIME_FORMAT")


def number(value: Decimal) -> str:
    """Without zeros at its end: "37.5", or "37,5" where it is written so."""
    return with_separator(f"{value.normalize():f}")


def with_separator(digits: str) -> str:
    """A number that was written with a point, with the reader's own decimal separator."""
    return digits.replace(".", get_format("DECIMAL_SEPARATOR"))


def span(start: date | None, end: date | None) -> str:
    if start is None:
        return _("no dates")
    return f"{show(start)} – {show(end)}" if end else _("from {day}").format(day=show(start))


def problems(
    *,
    start: date | None,
    end: date | None,
    has_end_reason: bool,
    first_day_of_work: date | None = None,
    last_day_of_work: date | None = None,
    probation_end: date | None = None,
    notice_date: date | None = None,
) -> dict[str, str]:
    """What is wrong with a position's dates: field -> a sentence with an example. {} is fine."""
    days = {
        "start_date": start, "end_date": end, "first_day_of_work": first_day_of_work,
        "last_day_of_work": last_day_of_work, "probation_end": probation_end, "notice_date": notice_date,
    }  # fmt: skip
    odd = {name: wrong for name, day in days.items() if day is not None and (wrong := odd_year(day))}
    found: dict[str, str] = {}
    if start is None:
        return odd
    if end is not None and end < start:
        found["end_date"] = _("The end date {end} is before the start date {start}.").format(
            end=show(end), start=show(start)
        )
    if has_end_reason and end is None:
        found["end_reason"] = _("An end reason needs an end date. Give the last day, or clear the reason.")
    if last_day_of_work is not None and last_day_of_work < (first_day_of_work or start):
        found["last_day_of_work"] = _("The last day of work {last} is before the first, {first}.").format(
            last=show(last_day_of_work), first=show(first_day_of_work or start)
        )
    if probation_end is not None and probation_end < start:
        found["probation_end"] = _("Probation ends {end}, before the start date {start}.").format(
            end=show(probation_end), start=show(start)
        )
    if late := late_notice(notice_date, end):
        found["notice_date"] = late
    return found | odd


def late_notice(notice: date | None, end: date | None) -> str:
    """What is wrong with the day on which notice of an employment until `end` was given; "" is fine."""
    if notice is None or end is None or notice <= end:
        return ""
    return _("Notice was given {notice}, after the last day {end}: give an earlier day, or leave it empty.").format(
        notice=show(notice), end=show(end)
    )


def odd_birth(day: date, today: date) -> str:
    """What is wrong with a day of birth; "" is fine."""
    return _("The birth date lies in the future.") if day > today else odd_year(day)


def odd_year(day: date) -> str:
    """What is wrong with the year of a date; "" is fine."""
    if 1900 <= day.year <= 2199:
        return ""
    return _("The year {year} cannot be right. Write the date as in {example}.").format(
        year=day.year, example=example()
    )


def example() -> str:
    """A date as the reader would type it."""
    return date(2026, 3, 1).strftime(get_format("DATE_INPUT_FORMATS")[0])
