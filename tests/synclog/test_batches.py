"""More jobs than a request takes up are a batch: the request asks the same whatever their number, a worker does it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.models import Integration
from positions.models import Organization
from synclog.log import batches, progress
from synclog.log.truth import Truth
from synclog.models import Batch, Event, Job, Resync
from synclog.queue import tasks
from tests.factories import ApiKeyFactory, OrganizationFactory
from tests.positions.conftest import Api
from tests.synclog.pages import client_of, connection, job, text_of
from tests.synclog.test_truth import one_of_each

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def small_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "PIECE", 4)
    monkeypatch.setattr(progress, "LARGE", 6)


@pytest.fixture
def organization() -> Organization:
    return OrganizationFactory()


@pytest.fixture
def integration(organization: Organization) -> Integration:
    return connection(organization, name="Netvisor Oulu")


@pytest.fixture
def api(organization: Organization) -> Api:
    return Api(ApiKeyFactory(organization=organization, name="nightly"))


@pytest.fixture(autouse=True)
def rung(monkeypatch: pytest.MonkeyPatch, settings: Any) -> list[int]:
    """Batches for which a worker was rung, in order: at once, as where Redis does not wait for the commit."""
    settings.Q_CLUSTER = {name: value for name, value in settings.Q_CLUSTER.items() if name != "redis"}
    found: list[int] = []

    def async_task(name: str, pk: int, **options: Any) -> None:
        assert name == "synclog.queue.tasks.carry_on"
        found.append(pk)

    monkeypatch.setattr(batches, "async_task", async_task)
    return found


def test_many_are_a_batch_that_can_be_followed(api: Api, integration: Integration, rung: list[int]) -> None:
    failed = [job(integration) for _ in range(10)]
    done = job(integration, state="succeeded")
    answer = api.post("/jobs/resync/", {"state": "failed"}, Idempotency_Key="a", X_Request_ID="a-request-of-mine")
    assert answer.status_code == 202
    said = answer.json()
    assert (said["matching"], said["resynced"], said["batch"]["state"]) == (10, 0, "working")
    assert rung == [said["batch"]["id"]]
    again = api.post("/jobs/resync/", {"state": "failed"}, Idempotency_Key="a")
    assert again.json() == said
    assert [again.headers[name] == answer.headers[name] for name in ("Location", "Retry-After")] == [True, True]
    asked = Batch.objects.get()
    assert batches.carry_on(asked.pk) is True
    found = api.get(answer.headers["Location"]).json()
    assert (found["state"], found["looked_at"], found["total"], found["acted"]) == ("working", 4, 10, 4)
    tasks.carry_on(asked.pk)
    found = api.get(answer.headers["Location"]).json()
    assert (found["state"], found["looked_at"], found["acted"], found["left_out"]) == ("done", 10, 10, 0)
    assert found["started_by"] == {"kind": "api", "name": "nightly"} and found["request_id"] == "a-request-of-mine"
    waiting = Job.objects.filter(state="waiting")
    assert set(waiting.values_list("pk", flat=True)) == {row.pk for row in failed}
    assert set(waiting.values_list("origin", "origin_name", "request_id")) == {("api", "nightly", "a-request-of-mine")}
    done.refresh_from_db()
    assert done.state == "succeeded"
    # told once, and how far the sending is, on the connection's page
    assert Resync.objects.get().total == 10
    assert [e.text for e in Event.objects.all()] == ["Re-sync: 10 positions looked at again."]
    assert batches.carry_on(asked.pk) is False


def test_few_are_sent_within_the_request(api: Api, integration: Integration) -> None:
    for _ in range(4):
        job(integration)
    answer = api.post("/jobs/resync/", {})
    assert (answer.status_code, answer.json()["resynced"], answer.json()["batch"]) == (200, 4, None)


def test_the_request_asks_the_same_whatever_their_number(api: Api, integration: Integration) -> None:
    def queries(number: int) -> int:
        Job.objects.all().delete()
        for _ in range(number):
            job(integration)
        with CaptureQueriesContext(database) as ran:
            assert api.post("/jobs/resync/", {"integration": integration.pk}).status_code == 202
        return len(ran)

    api.get("/jobs/")  # notes the use of the key
    few = queries(8)
    assert few == queries(40) and few <= 12


def test_what_was_sent_or_erased_or_switched_off_since(api: Api, integration: Integration) -> None:
    other = connection(integration.organization, "fortnox", name="Fortnox")
    rows = [job(integration) for _ in range(6)] + [job(other) for _ in range(4)]
    assert api.post("/jobs/resync/", {}).status_code == 202
    Job.objects.filter(pk=rows[0].pk).delete()
    Job.objects.filter(pk=rows[1].pk).update(state="running")
    Integration.objects.filter(pk=other.pk).update(send_positions=False)
    asked = Batch.objects.get()
    tasks.carry_on(asked.pk)
    asked.refresh_from_db()
    assert (asked.acted, asked.left_out, asked.off) == (4, 1, ["Fortnox"])
    assert set(Job.objects.filter(integration=other).values_list("state", flat=True)) == {"failed"}


def test_a_batch_whose_worker_died_is_carried_on_by_itself(api: Api, integration: Integration, rung: list[int]) -> None:
    for _ in range(10):
        job(integration)
    api.post("/jobs/resync/", {})
    asked = Batch.objects.get()
    assert batches.carry_on(asked.pk)
    rung.clear()
    tasks.sweep()
    assert rung == []  # somebody has it in hand
    Batch.objects.update(moved_at=timezone.now() - timedelta(seconds=61))
    tasks.sweep()
    assert rung == [asked.pk]
    tasks.carry_on(asked.pk)
    assert Job.objects.filter(state="waiting").count() == 10


def test_a_worker_lets_others_have_their_turn(
    api: Api, integration: Integration, rung: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "BATCH_SECONDS", 0.0)
    for _ in range(12):
        job(integration)
    api.post("/jobs/resync/", {})
    tasks.carry_on(Batch.objects.get().pk)
    assert Batch.objects.get().taken == 4 and len(rung) == 2


def test_nobody_else_sees_it(api: Api, integration: Integration) -> None:
    for _ in range(8):
        job(integration)
    where = api.post("/jobs/resync/", {}).headers["Location"]
    stranger = Api(ApiKeyFactory(organization=OrganizationFactory()))
    assert stranger.get(where).status_code == 404
    unscoped = Api(ApiKeyFactory(organization=integration.organization, scopes=["positions:read"]))
    assert unscoped.get(where).status_code == 403


def test_the_page_of_the_log_does_the_same(organization: Organization, integration: Integration) -> None:
    def queries(number: int) -> int:
        for _ in range(number):
            job(integration)
        with CaptureQueriesContext(database) as ran:
            answer: Any = browser.post("/admin/synclog/job/resync/?tab=failed")
            assert answer.status_code == 302
        return len(ran)

    browser = client_of(organization)
    few = queries(10)
    assert "10 entries are sent again" in text_of(browser.get("/admin/synclog/job/"))
    assert queries(30) <= few
    for asked in Batch.objects.order_by("pk"):
        assert asked.organization == organization
        tasks.carry_on(asked.pk)
    assert Job.objects.filter(state="waiting", origin="resync").count() == 40


def test_what_was_changed_since_is_one_batch_of_its_connection(
    organization: Organization, integration: Integration
) -> None:
    expected = one_of_each(integration, 10)[Truth.CHANGED]
    browser = client_of(organization)
    browser.post(f"/admin/synclog/job/positions/{integration.pk}/")
    assert "10 positions on the way to Netvisor Oulu" in text_of(browser.get("/admin/"))
    asked = Batch.objects.get()
    assert (asked.action, asked.integration, asked.total) == ("send_now", integration, len(expected))
    tasks.carry_on(asked.pk)
    sent = Job.objects.filter(position_key__in=expected, state="waiting", origin="resync")
    assert sent.count() == len(expected)
