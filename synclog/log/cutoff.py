"""What pages and the API say of a connection's payroll cut-off: when it is, when the period opens, what is held, and
what a calendar may not be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from integrations.models import Integration
from integrations.planning.cutoff import After, Calendar
from integrations.sdk.marking import gettext_noop
from integrations.sdk.wording import say
from positions import dates
from synclog.models import Job

MOST_DATES = 120
AFTER: Mapping[After, str] = {
    After.SEND: gettext_noop("Send at once"),
    After.TAG: gettext_noop("Send at once, marked as after the cut-off, and tell members"),
    After.HOLD: gettext_noop("Hold until the period opens, and tell members"),
}


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with a calendar, and in which of its parts."""

    part: str
    words: str
    code: str


@dataclass(frozen=True, slots=True)
class Times:
    """Of a calendar at a moment: None where there is none. `closed_until`: the period is closed now."""

    last: datetime | None
    next: datetime | None
    next_opens: datetime | None
    closed_until: datetime | None


def times_of(calendar: Calendar, zone: ZoneInfo, now: datetime | None = None) -> Times:
    now = now or timezone.now()
    following, closed = calendar.next(now, zone), calendar.closed(now, zone)
    return Times(
        calendar.last(now, zone),
        following,
        calendar.opening(following, zone) if following else None,
        closed[1] if closed else None,
    )


def problems(calendar: Calendar) -> list[Wrong]:
    found = []
    if calendar.monthly is None:
        if not calendar.dates:
            found.append(Wrong("dates", _("Name at least one date, for example 2026-11-13 12:00."), "required"))
        if len(calendar.dates) > MOST_DATES:
            words = _("At most {number} dates can be named.").format(number=MOST_DATES)
            found.append(Wrong("dates", words, "too_many"))
        odd = next((one for one in calendar.dates if dates.odd_year(one.date())), None)
        if odd is not None:
            found.append(Wrong("dates", dates.odd_year(odd.date()), "odd_year"))
        if any(one.minute or one.second or one.microsecond for one in calendar.dates):
            words = _("A cut-off is at a full hour, for example 2026-11-13 12:00.")
            found.append(Wrong("dates", words, "full_hour"))
    elif calendar.monthly == calendar.opens:
        words = _("The period would open when it closes, a month later. Choose another day or hour.")
        found.append(Wrong("opens", words, "always_closed"))
    elif calendar.skips_an_opening:
        words = _("In a short month the period would not open before the next cut-off. Choose another day or hour.")
        found.append(Wrong("opens", words, "skips_an_opening"))
    return found


def shown(moment: datetime, zone: ZoneInfo) -> str:
    """ "Fri 13 Nov 12:00", also of today."""
    here = moment.astimezone(zone)
    day = date_format(here, "MONTH_DAY_FORMAT")
    if here.year != timezone.now().astimezone(zone).year:
        day = dates.show(here)
    return f"{date_format(here, 'D')} {day} {dates.clock(here)}"


def sentences(calendar: Calendar, zone: ZoneInfo, now: datetime | None = None) -> list[str]:
    """How it is now, and what comes next."""
    times = times_of(calendar, zone, now)
    said = []
    if times.closed_until is not None and times.last is not None:
        closed = _("The period has been closed since {cutoff} and opens {opens}.")
        said.append(closed.format(cutoff=shown(times.last, zone), opens=shown(times.closed_until, zone)))
    if times.next is not None and times.next_opens is not None:
        following = _("Next cut-off: {cutoff}; opens {opens}.")
        said.append(following.format(cutoff=shown(times.next, zone), opens=shown(times.next_opens, zone)))
    else:
        said.append(_("No cut-off comes after this: name more dates."))
    return said


def of_a_start(integration: Integration) -> str:
    """What whoever switches on with a start is to know of the cut-off; empty where it says nothing of it now."""
    calendar, zone = integration.calendar, integration.organization.zone
    closed = calendar.closed(timezone.now(), zone) if calendar is not None and integration.holds else None
    if closed is None:
        return ""
    said = _("The payroll period is closed until {opens}: they are sent at once all the same, and not held.")
    return said.format(opens=shown(closed[1], zone))


def after_words(after: After) -> str:
    return say(AFTER[after])


def held_of(integration: Integration) -> int:
    """How many changes are held now."""
    return Job.objects.filter(integration=integration).held(timezone.now()).count()
