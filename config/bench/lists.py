"""Whether every list, and every page with lists, asks the database as often with many rows as with few; and which one
counts rows that it need not count."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import date
from typing import Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from config.bench import world
from config.bench.figures import Figure
from config.bench.grow import insert
from integrations.models import EmployeeLink, Integration
from positions.models import AuditEntry, Employee, Position
from synclog.models import Job

BATCH = 5_000
OTHERS = ("admin:index", "admin:synclog_job_by_cause", "notices", "synclog_queue")


def lists(address: str, few: int, many: int) -> list[Figure]:
    """With so many employees, each with a position, a match, an entry of the log and one of the audit trail."""
    integration = world.connection(world.organization(), f"{address}/lists")
    client = Client(SERVER_NAME="localhost")
    client.force_login(get_user_model().objects.create_user("bench", is_staff=True, is_superuser=True))
    found: list[dict[str, tuple[int, int, float]]] = []
    held = 0
    for number in (few, many):
        _fill(integration, held, number)
        held = number
        found.append({page: _looked(client, page) for page in _pages(integration)})
    before, after = found
    worst = max(after, key=lambda page: after[page][2])
    return [
        Figure("lists", f"pages looked at, with {many:,} rows", len(after)),
        Figure("lists", "pages that ask more often", sum(after[page][0] > before[page][0] for page in after), "", 0),
        Figure("lists", "most queries of one page", max(queries for queries, _, _ in after.values())),
        Figure("lists", "most counts of all rows on one page", max(counts for _, counts, _ in after.values()), "", 1),
        *(
            Figure("lists", f"{page}: {'slowest, ' if page == worst else ''}{queries} queries", spent, "ms")
            for page, (queries, _, spent) in sorted(after.items(), key=lambda one: -one[1][2])
        ),
    ]


def _pages(integration: Integration) -> list[str]:
    """Every list that the admin knows of, by itself."""
    of_models = (f"admin:{m._meta.app_label}_{m._meta.model_name}_changelist" for m in admin.site._registry)
    log, people = (reverse(f"admin:{name}_changelist") for name in ("synclog_job", "integrations_employeelink"))
    own = (f"{log}?tab=all", f"{people}?integration__id__exact={integration.pk}")
    one = reverse("admin:integrations_integration_change", args=[integration.pk])
    return [*map(reverse, (*of_models, *OTHERS)), *own, one]


def _looked(client: Client, page: str) -> tuple[int, int, float]:
    """(queries, how many of them count a whole table, milliseconds of the second look)"""
    client.get(page)
    cache.clear()
    with CaptureQueriesContext(connection) as queries:
        started = time.perf_counter()
        answer = client.get(page)
        spent = (time.perf_counter() - started) * 1000
    if answer.status_code != 200 or not answer.content:
        raise RuntimeError(f"{page} answers {answer.status_code}")
    whole = re.compile(r'^SELECT COUNT\(\*\) AS "__count" FROM "\w+"( INNER JOIN [^()]*)?$')
    return len(queries), sum(bool(whole.match(query["sql"])) for query in queries), spent


def _fill(integration: Integration, first: int, number: int) -> None:
    organization = integration.organization

    def store(kind: type[Model], row: Callable[[int], Any]) -> None:
        batch: list[Any] = []
        for n in range(first, number):
            batch.append(row(n))
            if len(batch) == BATCH:
                kind._base_manager.bulk_create(batch)
                batch = []
        kind._base_manager.bulk_create(batch)

    store(
        Employee,
        lambda n: Employee(organization=organization, number=f"L{n}", first_name="Kari", last_name=f"Dahl {n}"),
    )
    people = list(Employee.objects.filter(organization=organization).order_by("pk")[first:number])
    store(Position, lambda n: world.position(people[n - first], 2026))
    store(
        EmployeeLink,
        lambda n: EmployeeLink(integration=integration, employee_key=people[n - first].pk, remote_id=f"R{n}"),
    )
    store(
        AuditEntry,
        lambda n: AuditEntry(
            organization=organization, actor="bench", via="admin", action="changed", kind="employee",
            object_key=people[n - first].pk, object_name="Kari", employee_key=people[n - first].pk,
        ),
    )  # fmt: skip
    if not Job.objects.exists():
        Job.objects.create(
            organization=organization, integration=integration, employee_key=1, position_key=1, state="succeeded",
            start_date=date(2026, 1, 1), **dict.fromkeys(("due_at", "recorded_at", "changed_at"), timezone.now()),
        )  # fmt: skip
    insert(integration, number - first)
