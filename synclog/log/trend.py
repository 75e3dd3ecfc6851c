"""How many changes were accepted and refused on each of the last days, by connection.

Days that are over do not change any more: they are counted once and kept by the process, so that opening the page reads
the attempts of two days, however many there are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta

from django.core.cache import cache
from django.db.models import Count, Q

from integrations.models import Integration
from integrations.planning.states import State
from synclog.models import Attempt

DAYS = 14
_OPEN = 2  # today, and yesterday: what ended at midnight may still be on its way into the database
_STATES = (State.SUCCEEDED, State.FAILED)

Counts = tuple[int, int]  # accepted, refused


def trends(integrations: Sequence[Integration], now: datetime) -> dict[int, list[tuple[date, int, int]]]:
    """(day, accepted, refused) for each day of the organization's own calendar, by the connection's id. One query for
    each time zone among the organizations, and one more where days have ended that were never counted."""
    by_zone: defaultdict[str, list[Integration]] = defaultdict(list)
    for integration in integrations:
        by_zone[integration.organization.time_zone].append(integration)
    found: dict[int, list[tuple[date, int, int]]] = {}
    for rows in by_zone.values():
        today = now.astimezone(rows[0].organization.zone).date()
        days = [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
        over = _over(rows, days[:-_OPEN])
        open_days = _counted(rows, days[-_OPEN:])
        for row in rows:
            counts = {**over[row.pk], **open_days[row.pk]}
            found[row.pk] = [(day, *counts[day]) for day in days]
    return found


def _over(integrations: Sequence[Integration], days: Sequence[date]) -> dict[int, Mapping[date, Counts]]:
    keys = {i.pk: f"trend:{i.uuid}:{i.organization.time_zone}" for i in integrations}
    kept = cache.get_many(keys.values())
    known: dict[int, Mapping[date, Counts]] = {pk: kept.get(key, {}) for pk, key in keys.items()}
    missing = [i for i in integrations if not set(days) <= set(known[i.pk])]
    if missing:
        first = min(day for i in missing for day in days if day not in known[i.pk])
        counted = _counted(missing, days[days.index(first) :])
        for i in missing:
            known[i.pk] = {day: n for day, n in {**known[i.pk], **counted[i.pk]}.items() if day in days}
        cache.set_many({keys[i.pk]: known[i.pk] for i in missing}, timeout=DAYS * 24 * 3600)
    return known


def _counted(integrations: Sequence[Integration], days: Sequence[date]) -> dict[int, dict[date, Counts]]:
    """Of days that follow one another. Trouble with the connection is not a refusal: it is tried again by itself and
    would be counted each time."""
    zone = integrations[0].organization.zone
    begins = [datetime.combine(day, time.min, zone) for day in [*days, days[-1] + timedelta(days=1)]]
    rows = (
        Attempt.objects.filter(
            finished_at__gte=begins[0],
            finished_at__lt=begins[-1],
            state__in=_STATES,
            job__integration__in=integrations,
        )
        .order_by()
        .values_list("job__integration", "state")
        .annotate(
            **{
                f"d{n}": Count("pk", filter=Q(finished_at__gte=begins[n], finished_at__lt=begins[n + 1]))
                for n in range(len(days))
            }
        )
    )
    counts = {(row[0], row[1]): row[2:] for row in rows}
    nothing = (0,) * len(days)
    return {
        i.pk: dict(zip(days, zip(*(counts.get((i.pk, state), nothing) for state in _STATES), strict=True), strict=True))
        for i in integrations
    }
