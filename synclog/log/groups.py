"""Entries of the log by cause, and by the field that it is about, across connections."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Min
from django.utils import timezone

from synclog.models import JobQuerySet

NO_FIELD = "-"  # in an address: of entries that are about no field
_NAMED = 500  # connections, in all groups


@dataclass(frozen=True, slots=True)
class Group:
    """`entries`, `employees`, `positions`, `systems`: how many. `where`: the connections with the most of them, by id,
    and how many entries each has. `newest`: the id of one entry."""

    cause: str
    field: str
    entries: int
    employees: int
    positions: int
    systems: int
    first: datetime
    last: datetime
    newest: int
    where: Sequence[tuple[int, int]]


def groups_of(jobs: JobQuerySet, shown: int, counted: int) -> tuple[list[Group], int]:
    """The largest groups, and how many there are (counted no further than so many). In two queries."""
    with_cause = jobs.by_cause(timezone.now()).order_by().exclude(cause="")
    rows = list(
        with_cause.values("cause", "field")
        .annotate(
            entries=Count("pk"),
            employees=Count("employee_key", distinct=True),
            positions=Count("position_key", distinct=True),
            systems=Count("integration__system_key", distinct=True),
            first=Min("recorded_at"),
            last=Max("changed_at"),
            newest=Max("pk"),
        )
        .order_by("-entries", "cause", "field")[:counted]
    )
    largest = rows[:shown]
    where: defaultdict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    if largest:
        by_connection = (
            with_cause.filter(cause__in={row["cause"] for row in largest})
            .values_list("cause", "field", "integration")
            .annotate(n=Count("pk"))
            .order_by("-n", "integration")
        )
        for cause, field, integration, number in by_connection[:_NAMED]:
            where[cause, field].append((integration, number))
    return [Group(**row, where=where[row["cause"], row["field"]]) for row in largest], len(rows)
