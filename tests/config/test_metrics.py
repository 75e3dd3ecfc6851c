from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from config import metrics
from synclog.models import Attempt, Heartbeat, Job, Webhook
from tests.factories import ApiKeyFactory, OrganizationFactory, UserFactory
from tests.synclog.world import World

TOKEN = "a-token-for-the-operators-prometheus"


@pytest.fixture(autouse=True)
def afresh(settings: Any) -> Iterator[None]:
    settings.METRICS_TOKEN = TOKEN
    metrics._kept.forget()
    yield
    metrics._kept.forget()


def scrape(client: Client, query: str = "") -> dict[str, dict[tuple[str, ...], float]]:
    """{name: {label values, the system's first: number}}, as Prometheus' own parser reads it."""
    metrics._kept.forget()
    answer = client.get(f"/metrics{query}", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200, answer.content
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(answer.content.decode()):
        for sample in family.samples:
            name = sample.name.removeprefix("position_sync_")
            labels = sorted(sample.labels.items(), key=lambda label: (label[0] != "system", label[0]))
            found.setdefault(name, {})[tuple(value for _, value in labels)] = sample.value
    return found


def test_without_a_token_set_there_is_no_such_page(db: Any, client: Client, settings: Any) -> None:
    settings.METRICS_TOKEN = ""
    for header in ({}, {"Authorization": "Bearer "}, {"Authorization": "Bearer None"}):
        assert client.get("/metrics", headers=header).status_code == 404


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x", "Bearer å"]
)
def test_a_wrong_token_gets_nothing(client: Client, header: str) -> None:
    """Before the database is asked."""
    answer = client.get("/metrics", headers={"Authorization": header})
    assert answer.status_code == 401
    assert TOKEN not in answer.content.decode()
    assert b"position_sync_" not in answer.content


def test_a_users_session_is_no_token(admin_client: Client) -> None:
    assert admin_client.get("/metrics").status_code == 401
    assert admin_client.post("/metrics").status_code == 405


def test_what_was_sent_waits_and_failed(world: World, client: Client) -> None:
    good, bad = world.connect("netvisor"), world.connect("tripletex", known=False)
    paused = world.connect("fortnox", paused_at=timezone.now())
    position = world.save()
    world.drain(good)
    world.drain(bad)
    assert world.job(bad, position).state == Job.State.FAILED
    found = scrape(client)
    assert found["sent_total"] == {("netvisor",): 1, ("tripletex",): 0, ("fortnox",): 0}
    assert {key: number for key, number in found["jobs"].items() if number} == {
        ("fortnox", "waiting"): 1,
        ("tripletex", "failed"): 1,
    }
    cause = world.job(bad, position).cause
    assert found["jobs_failed"] == {("tripletex", cause): 1}
    assert found["failures_total"] == {("tripletex", cause): 1}
    assert found["connections"][("fortnox", "paused")] == 1
    assert found["connections"][("netvisor", "on")] == 1
    calls = len(world.attempt(good, position).exchanges)
    assert found["vendor_calls"][("netvisor",)] == calls > 0
    assert found["save_to_accepted_seconds_bucket"][("netvisor", "+Inf")] == 1
    assert found["save_to_accepted_seconds_bucket"][("netvisor", "86400.0")] == 1
    assert 0 < found["save_to_accepted_seconds_gsum"][("netvisor",)] < 60
    assert found["worker_heartbeat_age_seconds"][()] < 60
    assert found["workers"] == found["worker_hosts"] == {(): 1}
    assert set(found["oldest_waiting_seconds"].values()) == {0}, "a paused connection waits on purpose"
    paused.paused_at = None
    paused.save()
    Job.objects.filter(integration=paused).update(due_at=timezone.now() - timedelta(minutes=5))
    assert scrape(client)["oldest_waiting_seconds"][("fortnox",)] == pytest.approx(300, abs=20)


def test_several_positions_of_one_employee_share_their_calls(world: World, client: Client) -> None:
    integration = world.connect("netvisor")
    first = world.save(end_date=date(2026, 3, 31), end_reason="resigned")
    world.save(start_date=date(2026, 4, 1))
    world.drain(integration)
    assert Attempt.objects.count() == 2
    assert scrape(client)["vendor_calls"] == {("netvisor",): len(world.attempt(integration, first).exchanges)}


def test_a_system_that_asked_to_wait(world: World, client: Client) -> None:
    integration = world.connect("netvisor")
    assert scrape(client)["vendor_wait_seconds"] == {("netvisor",): 0}
    integration.retry_at = timezone.now() + timedelta(seconds=90)
    integration.save()
    found = scrape(client)
    assert found["vendor_wait_seconds"][("netvisor",)] == pytest.approx(90, abs=10)
    assert found["connections"][("netvisor", "retrying")] == 1


def test_counters_start_anew_at_midnight(world: World, client: Client) -> None:
    integration = world.connect("netvisor")
    world.save()
    world.drain(integration)
    Attempt.objects.update(finished_at=timezone.now() - timedelta(days=1))
    found = scrape(client)
    assert found["sent_total"] == {("netvisor",): 0}
    assert "save_to_accepted_seconds_bucket" not in found


def test_no_organization_is_named_unless_asked(world: World, client: Client) -> None:
    integration = world.connect("netvisor")
    world.save()
    world.drain(integration)
    plain = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).content.decode()
    for name in (world.organization.name, integration.name, world.employee.last_name, "Baker"):
        assert name not in plain
    found = scrape(client, "?by=organization")
    assert found["sent_total"] == {("netvisor", world.organization.name): 1}


def test_nothing_recorded_yet(db: Any, client: Client) -> None:
    found = scrape(client)
    assert found.pop("api_keys") == {("active",): 0, ("ended",): 0, ("expired",): 0, ("expiring",): 0}
    assert found.pop("webhooks") == {("on",): 0, ("failing",): 0, ("paused",): 0, ("off",): 0}
    assert found.pop("webhook_events") == {("waiting",): 0, ("retrying",): 0, ("failed",): 0}
    assert found == {"workers": {(): 0}, "worker_hosts": {(): 0}, "webhook_delivered_total": {(): 0}}


def test_webhooks_and_what_they_were_told(db: Any, client: Client) -> None:
    now, organization = timezone.now(), OrganizationFactory(name="Fjellheim AS")

    def hook(**values: Any) -> Webhook:
        return Webhook.objects.create(organization=organization, url="https://hr.example.com/", **values)

    def told(webhook: Webhook, state: str, number: int, at: datetime = now) -> None:
        for _ in range(number):
            webhook.deliveries.create(topic="job.failed", body="{}", created_at=at, due_at=at, state=state)

    well, paused = hook(), hook(paused_at=now)
    hook(failing_since=now)
    hook(active=False)
    told(well, "delivered", 3)
    told(well, "delivered", 5, at=now - timedelta(days=1))
    told(well, "failed", 1, at=now - timedelta(days=8))
    told(paused, "waiting", 2, at=now - timedelta(days=2))
    told(paused, "retrying", 1)
    found, split = scrape(client), scrape(client, "?by=organization")
    assert found["webhooks"] == {("on",): 1, ("failing",): 1, ("paused",): 1, ("off",): 1}
    assert found["webhook_events"] == {("waiting",): 2, ("retrying",): 1, ("failed",): 1}
    assert found["webhook_delivered_total"] == {(): 3}
    assert split["webhook_events"]["Fjellheim AS", "waiting"] == 2
    assert split["webhook_delivered_total"] == {("Fjellheim AS",): 3}


def test_keys_that_end_soon_or_have_ended(db: Any, client: Client) -> None:
    now, organization = timezone.now(), OrganizationFactory(name="Fjellheim AS")
    for expires_at in (now + timedelta(days=20), now - timedelta(days=1), now + timedelta(days=200)):
        ApiKeyFactory(organization=organization, expires_at=expires_at)
    ApiKeyFactory(organization=organization, owner=UserFactory())
    assert scrape(client)["api_keys"] == {("active",): 1, ("ended",): 1, ("expired",): 1, ("expiring",): 1}
    assert scrape(client, "?by=organization")["api_keys"]["Fjellheim AS", "expiring"] == 1


def test_queries_do_not_grow_and_answers_are_kept(
    world: World, client: Client, django_assert_max_num_queries: Any
) -> None:
    for key in ("netvisor", "netvisor", "tripletex", "fortnox"):
        world.drain(world.connect(key))
    world.save()
    Heartbeat.objects.create(worker="another/1/1", seen_at=timezone.now())
    metrics._kept.forget()
    with django_assert_max_num_queries(16):
        for _ in range(20):
            assert client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200


def test_two_workers_of_one_host_are_two_workers(db: Any, client: Client) -> None:
    for name in ("one/1/1", "one/2/1", "two/1/1"):
        Heartbeat.objects.create(worker=name, seen_at=timezone.now())
    found = scrape(client)
    assert (found["workers"], found["worker_hosts"]) == ({(): 3}, {(): 2})
