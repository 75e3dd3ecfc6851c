"""What runs by itself, as django-q2 schedules: made by `migrate`, each once."""

from __future__ import annotations

from typing import Any

SCHEDULES = {
    "Look for due jobs": ("synclog.tasks.sweep", 1),
    "Tidy up": ("synclog.tasks.prune", 24 * 60),
}


def make_schedules(**kwargs: Any) -> None:
    from django_q.models import Schedule

    for name, (func, minutes) in SCHEDULES.items():
        Schedule.objects.update_or_create(
            name=name, defaults={"func": func, "schedule_type": Schedule.MINUTES, "minutes": minutes, "repeats": -1}
        )
