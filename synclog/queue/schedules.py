"""What runs by itself, as django-q2 schedules: made by `migrate`, each once."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_noop
from django_q.models import Schedule

logger = logging.getLogger("synclog.queue.schedules")

SCHEDULES = {
    gettext_noop("Look for due jobs"): ("synclog.queue.tasks.sweep", 1),
    gettext_noop("Tidy up"): ("synclog.queue.tasks.prune", 24 * 60),
}


def make_schedules(**kwargs: Any) -> None:
    for name, (func, minutes) in SCHEDULES.items():
        Schedule.objects.update_or_create(
            name=name, defaults={"func": func, "schedule_type": Schedule.MINUTES, "minutes": minutes, "repeats": -1}
        )


def keep_schedules() -> None:
    """A row of another hand would never be run (`synclog.queue.payloads`), but one that cannot be read keeps ours
    waiting."""
    columns = ("name", "func", "schedule_type", "minutes", "repeats", "hook", "args", "kwargs")
    ours = {(name, func, Schedule.MINUTES, minutes, -1, "", "", "") for name, (func, minutes) in SCHEDULES.items()}
    found = {
        pk: tuple("" if value is None else value for value in row)
        for pk, *row in Schedule.objects.values_list("pk", *columns)
    }
    foreign = [pk for pk, row in found.items() if row not in ours]
    if foreign:
        logger.warning("Removed %s schedules that are none of ours", len(foreign))
        Schedule.objects.filter(pk__in=foreign).delete()
    if len(found) - len(foreign) < len(ours):
        make_schedules()


def schedules_at_once(now: datetime) -> None:
    """After the clock was set back: they wait for a moment of it."""
    Schedule.objects.filter(name__in=SCHEDULES, next_run__gt=now).update(next_run=now)
