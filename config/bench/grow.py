"""Whether pages and turns get slower with the number of finished jobs."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.bench import world
from config.bench.figures import Figure
from integrations.models import Integration
from positions.bulk import save_positions
from positions.models import ApiKey, Employee, Organization
from positions.models.api_key import SCOPES
from synclog.models import Job
from synclog.queue import tasks

TIMES = 9
DRAINED = 50  # positions in one drain turn
RATIO = 1.5


def grow(address: str, few: int, many: int) -> list[Figure]:
    organization = world.organization()
    integration = world.connection(organization, f"{address}/grow")
    person, *others = world.employees(organization, DRAINED + 1)
    save_positions(world.positions([person], 4))
    _send(integration)
    looks = {
        "error log": _page("admin:synclog_job_changelist", "?tab=all"),
        "error log, needs action": _page("admin:synclog_job_changelist"),
        "employee page": _page("admin:positions_employee_change", "", person.pk),
        "job API list": _api(organization),
    }
    found: dict[str, list[tuple[int, float]]] = {}
    held = Job.objects.count()
    for number in (few, many):
        insert(integration, number - held)
        held = number
        for name, look in looks.items():
            found.setdefault(name, []).append(_measured(look))
        found.setdefault("drain turn", []).append(_measured(lambda: _send(integration), lambda: _change(others)))
    figures = []
    for name, (before, after) in found.items():
        figures += [
            Figure("grow", f"{name}: queries with {many:,} jobs", after[0]),
            Figure("grow", f"{name}: queries, {many:,} to {few:,}", after[0] / before[0], "x", RATIO),
            Figure("grow", f"{name}: time with {many:,} jobs", after[1], "ms"),
            Figure("grow", f"{name}: time, {many:,} to {few:,}", after[1] / before[1], "x", RATIO),
        ]
    return figures


def _page(name: str, query: str = "", *keys: Any) -> Callable[[], None]:
    """Rendered for an operator."""
    client = Client(SERVER_NAME="localhost")
    user, _ = get_user_model().objects.get_or_create(username="bench", is_staff=True, is_superuser=True)
    client.force_login(user)
    return _looking(client, reverse(name, args=keys) + query)


def _api(organization: Organization) -> Callable[[], None]:
    row = ApiKey(organization=organization, name="bench", scopes=list(SCOPES))
    key = row.issue()
    row.save()
    client = Client(SERVER_NAME="localhost", headers={"Authorization": f"Bearer {key}"})
    return _looking(client, "/api/v1/jobs/")


def _looking(client: Client, url: str) -> Callable[[], None]:
    def look() -> None:
        answer = client.get(url)
        if answer.status_code != 200 or not answer.content:
            raise RuntimeError(f"{url} answers {answer.status_code}")

    return look


def _measured(look: Callable[[], None], prepare: Callable[[], None] = lambda: None) -> tuple[int, float]:
    """(queries, milliseconds at the median)"""
    prepare()
    look()
    prepare()
    with CaptureQueriesContext(connection) as queries:
        look()
    count = len(queries)  # now: the next request empties the record
    if not count:
        raise RuntimeError("No query was seen: the measurement is wrong.")
    spent = []
    for _ in range(TIMES):
        prepare()
        started = time.perf_counter()
        look()
        spent.append((time.perf_counter() - started) * 1000)
    return count, statistics.median(spent)


def _change(people: list[Employee]) -> None:
    """A change of one position of each: saved, not sent yet. The tenth of a percent makes each a real one."""
    known = {p.employee_id: p for person in people for p in person.positions.all()}
    rows = [known.get(person.pk) or world.position(person) for person in people]
    for row in rows:
        row.percentage = Decimal(50) + (row.percentage + Decimal("0.1")) % 50
    save_positions(rows)


def _send(integration: Integration) -> None:
    """One turn, as a worker takes it, without lingering for more."""
    tasks.drain(integration.pk)
    if Job.objects.filter(integration=integration).open().exists():
        raise RuntimeError("The turn left something undone.")


def insert(integration: Integration, number: int) -> None:
    """So many finished jobs, ten for each of their employees, over the last year."""
    sqlite = connection.vendor == "sqlite"
    model = Job(organization=integration.organization, integration=integration, employee_key=0, position_key=0)
    fixed = {
        field.attname: field.get_db_prep_save(value, connection)
        for field in Job._meta.concrete_fields
        if (value := getattr(model, field.attname)) is not None
    }
    # "%%": these go through a database cursor's parameters.
    when = (
        "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now', '-' || (300 + n %% 500000) || ' minutes')"
        if sqlite
        else "now() - (300 + n %% 500000) * interval '1 minute'"
    )
    made = {
        "employee_key": "1000000 + n / 10",
        "position_key": "10000000 + n",
        "employee_name": "'Kari Nordmann ' || (n / 10)",
        "employee_number": "CAST(n / 10 AS text)",
        "title": "'Baker ' || n",
        "start_date": "'2020-01-01'" if sqlite else "date '2020-01-01'",
        "state": "CASE n %% 50 WHEN 0 THEN 'skipped' WHEN 1 THEN 'dismissed' ELSE 'succeeded' END",
        "action": "CASE n %% 3 WHEN 0 THEN 'create' ELSE 'update' END",
        **dict.fromkeys(("due_at", "recorded_at", "changed_at", "finished_at"), when),
    }
    fixed = {column: value for column, value in fixed.items() if column not in made}
    quote = connection.ops.quote_name
    table, columns = quote(Job._meta.db_table), ", ".join(quote(column) for column in (*fixed, *made))
    values = ", ".join([*("%s" for _ in fixed), *made.values()])
    first = Job.objects.order_by("-pk").values_list("pk", flat=True)[0]
    numbers = "WITH RECURSIVE s(n) AS (SELECT %s UNION ALL SELECT n + 1 FROM s WHERE n < %s)"
    with connection.cursor() as cursor:
        # Names and expressions of our own; values are parameters.
        cursor.execute(
            f"INSERT INTO {table} ({columns}) {numbers} SELECT {values} FROM s",  # noqa: S608  # nosec B608
            [first + 1, first + number, *fixed.values()],
        )
        if not sqlite:
            cursor.execute(f"VACUUM ANALYZE {table}")  # as autovacuum would by and by
