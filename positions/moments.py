"""Moments and lengths of time in words."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from positions import dates


def clock(moment: datetime, zone: ZoneInfo, now: datetime | None = None) -> str:
    """ "09:14" today, "3 Mar 09:14" this year, else with the year; as the reader's language writes it."""
    here, today = moment.astimezone(zone), (now or timezone.now()).astimezone(zone)
    if here.date() == today.date():
        return dates.clock(here)
    day = date_format(here, "MONTH_DAY_FORMAT") if here.year == today.year else dates.show(here)
    return f"{day} {dates.clock(here)}"


def when(moment: datetime, zone: ZoneInfo) -> str:
    """Inside a sentence: "at 09:14", "on 3 Mar 09:14"."""
    text = clock(moment, zone)
    # Translators: a moment of another day, as in "Stopped on 3 Mar 09:14."
    another_day = _("on {moment}")
    # Translators: a time of today, as in "Stopped at 09:14."
    today = _("at {moment}")
    return (another_day if " " in text else today).format(moment=text)


def day(moment: datetime, zone: ZoneInfo) -> str:
    return dates.show(moment.astimezone(zone).date())


def lasted(seconds: float) -> str:
    """ "40 ms", "1.4 s", "12 s", "3 min", "5 h", "2 days"."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 10:
        return f"{dates.with_separator(f'{seconds:.1f}')} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    if seconds < 172_800:
        return _("{number} h").format(number=round(seconds / 3600))
    days = round(seconds / 86_400)
    return ngettext("{number} day", "{number} days", days).format(number=days)
