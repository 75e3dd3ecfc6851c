"""Moments and lengths of time in words."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import timezone

from positions import dates


def clock(moment: datetime, zone: ZoneInfo, now: datetime | None = None) -> str:
    """ "09:14" today, "3 Mar 09:14" this year, else with the year."""
    here, today = moment.astimezone(zone), (now or timezone.now()).astimezone(zone)
    if here.date() == today.date():
        return f"{here:%H:%M}"
    year = "" if here.year == today.year else f" {here.year}"
    return f"{here.day} {here:%b}{year} {here:%H:%M}"


def when(moment: datetime, zone: ZoneInfo) -> str:
    """Inside a sentence: "at 09:14", "on 3 Mar 09:14"."""
    text = clock(moment, zone)
    return f"on {text}" if " " in text else f"at {text}"


def day(moment: datetime, zone: ZoneInfo) -> str:
    return dates.show(moment.astimezone(zone).date())


def lasted(seconds: float) -> str:
    """ "40 ms", "1.4 s", "12 s", "3 min", "5 h", "2 days"."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    if seconds < 172_800:
        return f"{seconds / 3600:.0f} h"
    return f"{seconds / 86_400:.0f} days"
