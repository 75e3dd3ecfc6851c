from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from config import health
from synclog.engine.lease import WORKER
from synclog.models import Heartbeat, Job, Lease
from synclog.queue import tasks
from tests.synclog.world import World


@pytest.fixture(autouse=True)
def afresh() -> Iterator[None]:
    health._kept.forget()
    yield
    health._kept.forget()


def seen(seconds: float) -> None:
    Heartbeat.objects.update_or_create(
        worker="a-host-of-ours/7/1", defaults={"seen_at": timezone.now() - timedelta(seconds=seconds)}
    )


def ready(client: Client, query: str = "") -> tuple[int, dict[str, Any]]:
    health._kept.forget()
    answer = client.get(f"/readyz{query}")
    body = answer.json()
    assert body["ready"] == (answer.status_code == 200)
    return answer.status_code, body["checks"]


def failing(checks: dict[str, Any]) -> list[str]:
    return [name for name, check in checks.items() if not check["ok"]]


def test_alive_needs_no_database(client: Client) -> None:
    """This test may not touch it: pytest-django would refuse."""
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"alive": True})
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_come_by_address_without_tls(db: Any, client: Client, settings: Any, path: str) -> None:
    settings.ALLOWED_HOSTS, settings.SECURE_SSL_REDIRECT = ["sync.example.com"], True
    seen(1)
    assert client.get(path, headers={"host": "10.0.3.7:8000"}).status_code == 200
    assert client.head(path).status_code == 200
    assert client.post(path).status_code == 405


def test_ready_when_everything_is(db: Any, client: Client) -> None:
    seen(60)
    status, checks = ready(client)
    assert status == 200
    assert list(checks) == ["database", "migrations", "worker", "queue"]


def test_a_worker_that_never_looked_or_looked_long_ago(db: Any, client: Client) -> None:
    status, checks = ready(client)
    assert (status, failing(checks)) == (503, ["worker"])
    assert "manage.py worker" in checks["worker"]["detail"]
    seen(150)
    status, checks = ready(client)
    assert (status, failing(checks)) == (503, ["worker"])
    assert "150 seconds" in checks["worker"]["detail"]
    assert ready(client, "?of=web")[0] == 200


def test_work_left_by_a_dead_worker(world: World, client: Client) -> None:
    seen(1)
    integration = world.connect("netvisor")
    world.save()
    now = timezone.now()
    lease = Lease.objects.filter(integration=integration)
    lease.update(until=now - timedelta(minutes=3), owner="gone")
    assert ready(client)[0] == 200, "the job is due for a moment only"
    Job.objects.update(due_at=now - timedelta(minutes=3))
    status, checks = ready(client)
    assert (status, failing(checks)) == (503, ["queue"])
    lease.update(until=now + timedelta(seconds=5))
    assert ready(client)[0] == 200
    lease.update(until=now - timedelta(minutes=3))
    integration.paused_at = now
    integration.save()
    assert ready(client)[0] == 200, "a paused connection leaves its jobs lying on purpose"


def test_a_migration_that_is_not_applied(db: Any, client: Client, monkeypatch: Any) -> None:
    seen(1)
    monkeypatch.setattr(health, "_migrated", False)
    monkeypatch.setattr(health.MigrationExecutor, "migration_plan", lambda *_: [("synclog.0001", False)])
    status, checks = ready(client, "?of=web")
    assert (status, failing(checks)) == (503, ["migrations"])


def test_a_database_that_is_away_is_said_without_what_the_driver_says(
    db: Any, client: Client, monkeypatch: Any
) -> None:
    def refuses() -> None:
        raise OperationalError("could not connect to db.internal:5432 as sync, password hunter2")

    monkeypatch.setattr(health, "_database", refuses)
    monkeypatch.setattr(connection, "close", lambda: None)
    status, checks = ready(client)
    assert status == 503
    assert failing(checks) == ["database", "migrations", "worker", "queue"]
    assert "hunter2" not in json.dumps(checks) and "internal" not in json.dumps(checks)


def test_it_names_no_host_no_version_and_no_secret(world: World, client: Client, settings: Any) -> None:
    seen(500)
    text = client.get("/readyz").content.decode()
    for secret in ("a-host-of-ours", settings.SECRET_KEY, world.organization.name, "sqlite", "postgres", "Django"):
        assert secret.lower() not in text.lower()


def test_however_often_one_asks_the_database_is_asked_once(
    db: Any, client: Client, django_assert_max_num_queries: Any
) -> None:
    seen(1)
    ready(client)  # the migrations are known from here on
    health._kept.forget()
    with django_assert_max_num_queries(3):
        for _ in range(50):
            client.get("/readyz")


def test_workers_that_are_gone_are_forgotten(db: Any) -> None:
    """Each start has a name of its own; one that is only silent is still told of."""
    seen(2 * 3600)
    Heartbeat.objects.create(worker="silent/8/1", seen_at=timezone.now() - timedelta(minutes=30))
    tasks.sweep()
    assert set(Heartbeat.objects.values_list("worker", flat=True)) == {"silent/8/1", WORKER}


def test_one_of_two_workers_of_a_host_is_enough_to_be_ready(client: Client, db: Any) -> None:
    seen(600)
    Heartbeat.objects.create(worker="a-host-of-ours/8/2", seen_at=timezone.now())
    assert "worker" not in failing(ready(client)[1])


def test_who_waits_for_a_process_is_told_and_restarts_nobody(world: World, client: Client) -> None:
    seen(1)
    integration = world.connect("netvisor")
    world.save()
    Job.objects.update(due_at=timezone.now() - timedelta(minutes=3))
    status, checks = ready(client)
    assert status == 200 and checks["queue"]["detail"].startswith("1 waits for a free worker process")
    Lease.objects.filter(integration=integration).update(until=timezone.now() + timedelta(seconds=9))
    assert ready(client)[1]["queue"]["detail"] == "No work is left lying."
