"""Webhooks: what is told is written with what happened, signed as Standard Webhooks has it, sent until it is taken."""

from __future__ import annotations

import base64
import re
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection as database
from django.db import transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from integrations.models import Integration
from positions.models import AuditEntry, Organization
from synclog.engine import actions, backoff
from synclog.engine.signals import jobs_stored
from synclog.log import batches, bulk_actions
from synclog.log.bulk_actions import resync
from synclog.models import Job, Webhook, WebhookDelivery
from synclog.queue import tasks
from synclog.webhooks import endpoints, outbox, sending, turn
from tests.apidocument import check_told, document
from tests.factories import OrganizationFactory
from tests.said import kept as said
from tests.synclog.pages import connection, job
from tests.synclog.receiver import Received, Receiver, receiving
from tests.synclog.world import World

pytestmark = pytest.mark.django_db

ALL = [topic.value for topic in Webhook.Topic]
NOW = timezone.now().replace(microsecond=0)


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.ALLOW_PRIVATE_TARGETS = True
    with receiving() as found:
        yield found


@pytest.fixture
def organization() -> Organization:
    return OrganizationFactory()


@pytest.fixture(autouse=True)
def rung(monkeypatch: pytest.MonkeyPatch, settings: Any) -> list[str]:
    """At once, as where Redis does not wait for the commit."""
    settings.Q_CLUSTER = {name: value for name, value in settings.Q_CLUSTER.items() if name != "redis"}
    found: list[str] = []
    monkeypatch.setattr(outbox, "async_task", lambda name, **_: found.append(name))
    return found


def hook(organization: Organization, receiver: Receiver, path: str = "/hook", **values: Any) -> Webhook:
    made = Webhook(organization=organization, url=f"{receiver.address}{path}", **{"events": ALL, **values})
    made.full_clean()
    made.save()
    return made


def event(webhook: Webhook, number: int = 1, topic: str = "position.synced") -> None:
    outbox.tell([(webhook.pk, frozenset([topic]))], [(topic, timezone.now(), {"position": n}) for n in range(number)])


def only(**wanted: Any) -> WebhookDelivery:
    return WebhookDelivery.objects.get(**wanted)


# -- what is told


def test_the_life_of_a_change_is_told(world: World, receiver: Receiver) -> None:
    webhook = hook(world.organization, receiver)
    other = hook(OrganizationFactory(), receiver, "/other")
    integration = world.connect("netvisor", known=False)
    position = world.save()
    world.drain(integration)
    failed = world.job(integration, position)
    assert failed.state == Job.State.FAILED
    world.introduce(integration, world.employee)
    resync(Job.objects.filter(pk=failed.pk), "kari")
    world.drain(integration)
    assert world.job(integration, position).pk == failed.pk and world.job(integration, position).state == "succeeded"
    tasks.deliver()
    # in any order: several are on their way at once
    assert sorted(receiver.told()) == ["job.failed", "job.recovered", "position.synced"]
    for one in receiver.received:
        check_told(one.json)
    first, recovered, synced = sorted((one.json for one in receiver.received), key=lambda one: one["type"])
    about = {"job": failed.pk, "integration": integration.pk, "employee": world.employee.pk, "position": position.pk}
    for one in (first, recovered, synced):
        assert about.items() <= one["data"].items() and one["data"]["system"] == "netvisor"
        assert one["timestamp"].endswith("Z")
    assert first["data"]["state"] == "failed" and first["data"]["cause"] == failed.cause
    assert (recovered["data"]["state"], synced["data"]["action"]) == ("succeeded", "create")
    # nothing that a person could be known by
    text = b"".join(one.body for one in receiver.received).decode()
    for word in (world.employee.first_name, world.employee.last_name, world.employee.number, "Baker", "kari", "@"):
        assert word not in text
    # it went through at once: nothing recovered
    position.percentage = Decimal(80)
    position.save()
    world.drain(integration)
    tasks.deliver()
    assert receiver.told()[3:] == ["position.synced"]
    assert not other.deliveries.exists() and {one.path for one in receiver.received} == {"/hook"}
    assert set(webhook.deliveries.values_list("state", "status", "attempts")) == {("delivered", 204, 1)}


def test_changes_of_a_connection_and_ends_of_batches_are_told(
    organization: Organization, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "PIECE", 2)
    monkeypatch.setattr(batches, "async_task", lambda *_, **__: None)
    integration = connection(organization)
    hook(organization, receiver)
    hook(organization, receiver, "/batches", events=["batch.finished"])
    hook(organization, receiver, "/off", active=False)
    actions.pause(integration, "kari")
    actions.resume(integration, "kari")
    Integration.objects.filter(pk=integration.pk).update(stopped_at=NOW, stopped_cause="not_authorized")
    integration.events.create(kind="stopped", said=said("Kari's key"))
    integration.events.create(kind="address", said=said("https://new.example.com"))
    rows = [job(integration).pk for _ in range(3)]
    asked: Any = bulk_actions.ask(Job.objects.filter(pk__in=rows), "kari", organization.pk)
    tasks.carry_on(asked.pk)
    tasks.deliver()
    assert set(document()["webhooks"]) == {*ALL, Webhook.TEST}
    for one in receiver.received:
        check_told(one.json)
    told = [one.json["data"] for one in receiver.at("/hook")]
    changes = {(data["change"], data["cause"]) for data in told if "change" in data}
    assert changes == {("paused", None), ("resumed", None), ("stopped", "not_authorized")}
    batch = {"batch": asked.pk, "action": "resync", "state": "done", "total": 3, "acted": 3, "left_out": 0}
    (one,) = receiver.at("/batches")
    # one event, one id, whoever is told
    (same,) = (other for other in receiver.at("/hook") if other.id == one.id)
    assert one.json["data"] == same.json["data"] == batch and len(told) == 4
    assert receiver.at("/off") == []


def test_what_is_told_is_part_of_the_transaction_of_what_happened(
    organization: Organization, receiver: Receiver, rung: list[str]
) -> None:
    integration = connection(organization)
    hook(organization, receiver)
    with transaction.atomic():
        actions.pause(integration, "kari")
        assert WebhookDelivery.objects.count() == 1
        transaction.set_rollback(True)
    assert not WebhookDelivery.objects.exists()
    rung.clear()
    actions.pause(Integration.objects.get(), "kari")
    assert rung == ["synclog.queue.tasks.deliver"]


def test_without_webhooks_one_small_question_is_asked(
    organization: Organization, receiver: Receiver, django_assert_num_queries: Any
) -> None:
    integration = connection(organization)
    rows = [job(integration, state="succeeded") for _ in range(5)]
    with django_assert_num_queries(1):
        jobs_stored.send(Job, integration=integration, jobs=rows)
    hook(organization, receiver)
    with CaptureQueriesContext(database) as few:
        jobs_stored.send(Job, integration=integration, jobs=rows)
    rows += [job(integration, state="succeeded") for _ in range(20)]
    with CaptureQueriesContext(database) as many:
        jobs_stored.send(Job, integration=integration, jobs=rows)
    assert len(few) == len(many) <= 3


# -- signatures


def test_receivers_verify_them_and_a_rotation_lets_both_secrets_sign_for_a_day(
    organization: Organization, receiver: Receiver
) -> None:
    webhook = hook(organization, receiver)
    old = webhook.secret
    assert old.startswith("whsec_")
    new = endpoints.rotate(webhook.pk).secret
    event(webhook)
    tasks.deliver()
    for secret in (old, new):
        one = receiver.received[0]
        assert Verifier(secret).verify(one.body, one.headers) == one.json
    with pytest.raises(WebhookVerificationError):
        Verifier(old).verify(receiver.received[0].body + b" ", receiver.received[0].headers)
    with time_machine.travel(timezone.now() + timedelta(hours=24, minutes=1)):
        event(webhook)
        tasks.deliver()
        one = receiver.received[1]
        Verifier(new).verify(one.body, one.headers)
        with pytest.raises(WebhookVerificationError):
            Verifier(old).verify(one.body, one.headers)
        tasks.prune()
        webhook.refresh_from_db()
        assert webhook.former_secrets == {} and webhook.secret == new
    # encrypted where it is stored, and in no entry of the trail
    with database.cursor() as cursor:
        cursor.execute("SELECT secret, former_secrets FROM synclog_webhook")
        assert not {old, new} & set(cursor.fetchone())
    assert not any(old[6:20] in str(entry.changes) for entry in AuditEntry.objects.all())
    assert AuditEntry.objects.filter(kind="webhook", changes__has_key="secret").exists()


def test_what_the_documentation_says_verifies_them(organization: Organization, receiver: Receiver) -> None:
    page = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text("utf-8")
    said: dict[str, Any] = {}
    for code in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        exec(code, said)
    webhook = hook(organization, receiver)
    old, new = webhook.secret, endpoints.rotate(webhook.pk).secret
    event(webhook)
    tasks.deliver()
    (one,) = receiver.received
    for verify in (said["received"], said["received_by_hand"]):
        assert verify(old, one.body, one.headers) == verify(new, one.body, one.headers) == one.json
        for body, headers in (
            (one.body + b" ", one.headers),
            (one.body, {**one.headers, "webhook-timestamp": str(int(time.time()) - 400)}),
        ):
            with pytest.raises((ValueError, WebhookVerificationError)):
                verify(new, body, headers)
    told = set(re.findall(r"^\| `([a-z_.]+)` \|", page, re.MULTILINE))
    assert told - {"type"} == {*ALL, Webhook.TEST}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=2000), st.lists(st.binary(min_size=24, max_size=64), min_size=1, max_size=4))
def test_whatever_the_body_every_secret_verifies_it(body: bytes, keys: list[bytes]) -> None:
    secrets = ["whsec_" + base64.b64encode(key).decode() for key in keys]
    headers = sending.headers("msg_1", int(time.time()), body, secrets)
    for secret in secrets:
        text = body.decode("latin-1")  # as the verifier takes it
        again = sending.headers("msg_1", int(headers["webhook-timestamp"]), text.encode(), secrets)
        Verifier(secret).verify(text, again, json_parse=False)


# -- until it is taken


def test_a_worker_that_died_between_the_post_and_its_result(
    organization: Organization, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, rung: list[str]
) -> None:
    webhook = hook(organization, receiver)
    event(webhook)

    class Killed(BaseException):
        pass

    def die(*args: Any) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(turn, "_kept", die)
        # A killed process gives nothing back.
        patched.setattr(turn.Turn, "_let_go", lambda self: None)
        with pytest.raises(Killed):
            tasks.deliver()
    assert len(receiver.received) == 1 and only().state == "waiting"
    tasks.deliver()
    assert len(receiver.received) == 1  # it is held
    with time_machine.travel(timezone.now() + turn.LEASE + timedelta(seconds=1)):
        rung.clear()
        tasks.sweep()
        assert rung == ["synclog.queue.tasks.deliver"]
        tasks.deliver()
    first, second = receiver.received
    assert first.id == second.id and first.body == second.body
    assert (only().state, only().attempts) == ("delivered", 1)


def test_it_is_tried_again_as_jobs_are_and_given_up_after_seven_days(
    organization: Organization, receiver: Receiver
) -> None:
    webhook = hook(organization, receiver)
    receiver.statuses(400)
    event(webhook)
    waits = []
    with time_machine.travel(NOW, tick=False) as clock:
        WebhookDelivery.objects.update(due_at=NOW)
        while (row := only()).state in WebhookDelivery.ACTIVE:
            Webhook.objects.update(failing_since=None)  # the pause is another test's
            tasks.deliver()
            waits.append((only().due_at - timezone.now()).total_seconds())
            clock.move_to(max(only().due_at, timezone.now()))
            assert only().attempts == row.attempts + 1
    for step, seconds in zip(backoff.STEPS, waits, strict=False):
        assert step.total_seconds() * 0.8 <= seconds <= step.total_seconds() * 1.2
    row = only()
    assert (row.state, row.status) == ("failed", 400) and "400" in row.message
    assert len({one.id for one in receiver.received}) == 1 and 12 <= len(receiver.received) <= 16


def test_what_it_asks_to_wait_is_waited_for_by_all_of_its_events(
    organization: Organization, receiver: Receiver
) -> None:
    webhook = hook(organization, receiver)
    receiver.statuses(503, 204, Retry_After="600")
    event(webhook)
    tasks.deliver()
    event(webhook)
    tasks.deliver()
    assert len(receiver.received) == 1
    with time_machine.travel(timezone.now() + timedelta(seconds=605)):
        tasks.deliver()
    assert len(receiver.received) == 3
    webhook.refresh_from_db()
    assert (webhook.retry_at, webhook.failing_since, webhook.state) == (None, None, Webhook.State.ON)


def test_one_that_is_down_is_not_asked_for_each_event(organization: Organization, receiver: Receiver) -> None:
    webhook = hook(organization, receiver)
    receiver.statuses(502)
    event(webhook, 20)
    tasks.deliver()
    assert turn.DOWN_AFTER <= len(receiver.received) <= turn.DOWN_AFTER + turn.OF_ONE
    webhook.refresh_from_db()
    assert webhook.retry_at is not None and webhook.state == Webhook.State.FAILING
    # one refusal alone keeps nothing else waiting
    picky = hook(organization, receiver, "/picky")
    receiver.received.clear()
    receiver.statuses(400, 204)
    event(picky, 5)
    tasks.deliver()
    assert sorted(picky.deliveries.values_list("state", flat=True)) == ["delivered"] * 4 + ["retrying"]


def test_a_mistake_with_one_keeps_no_other_waiting(
    organization: Organization, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, fine = hook(organization, receiver, "/broken"), hook(organization, receiver, "/fine")
    Webhook.objects.filter(pk=broken.pk).update(secret="whsec_=broken=")
    event(broken)
    event(fine)
    tasks.deliver()
    assert only(webhook=fine).state == "delivered"
    assert only(webhook=broken).state == "retrying" and "made a mistake" in only(webhook=broken).message


def test_days_of_failure_pause_it_and_what_happens_meanwhile_waits(
    organization: Organization, receiver: Receiver
) -> None:
    webhook = hook(organization, receiver)
    receiver.statuses(500)
    event(webhook)
    tasks.deliver()
    with time_machine.travel(timezone.now() + timedelta(days=5, minutes=1)):
        tasks.deliver()
        webhook.refresh_from_db()
        assert (webhook.state, webhook.paused_cause) == (Webhook.State.PAUSED, "failing")
        entry = AuditEntry.objects.filter(kind="webhook", changes__has_key="paused_at").latest("pk")
        assert (entry.actor, entry.via, entry.organization) == ("", "system", organization)
        receiver.received.clear()
        receiver.statuses(204)
        outbox.tell(outbox.listening(organization.pk), [("job.failed", timezone.now(), {"job": 1})])
        tasks.sweep()
        tasks.deliver()
        assert receiver.received == []
        endpoints.resume(webhook.pk)
        tasks.deliver()
        assert sorted(receiver.told()) == ["job.failed", "position.synced"]
        webhook.refresh_from_db()
        assert webhook.state == Webhook.State.ON


def test_gone_is_gone_at_once(organization: Organization, receiver: Receiver) -> None:
    webhook = hook(organization, receiver)
    receiver.statuses(410)
    event(webhook)
    tasks.deliver()
    webhook.refresh_from_db()
    assert (webhook.state, webhook.paused_cause) == (Webhook.State.PAUSED, "gone")
    assert only().state == "retrying" and "410" in only().message


def test_a_replay_has_the_id_of_before(organization: Organization, receiver: Receiver) -> None:
    webhook = hook(organization, receiver)
    event(webhook)
    tasks.deliver()
    endpoints.replay(only().pk)
    tasks.deliver()
    first, second = receiver.received
    assert first.id == second.id and (only().state, only().attempts) == ("delivered", 1)
    entry = AuditEntry.objects.get(kind="webhook delivery")
    assert entry.changes == {"replay": ["delivered", "waiting"]} and entry.organization == organization


# -- the other side


def test_a_slow_one_delays_nobody_else(
    organization: Organization, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "ANSWER_SECONDS", 60.0)
    slow, quick = hook(organization, receiver, "/slow"), hook(OrganizationFactory(), receiver, "/quick")
    all_quick = threading.Event()

    def answer(one: Received) -> tuple[int, dict[str, str], bytes]:
        if one.path == "/slow":
            all_quick.wait(90)
        elif len(receiver.at("/quick")) == 20:
            all_quick.set()
        return 204, {}, b""

    receiver.answer = answer
    event(slow, 20)
    event(quick, 20)
    turn.take(seconds=120.0)
    # none of the slow ones was answered before all of the others were
    assert {row.state for row in WebhookDelivery.objects.all()} == {"delivered"}


def test_nobody_waits_for_the_end_of_another_s_backlog(
    organization: Organization, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn, "THREADS", 2)
    for busy in (hook(organization, receiver, "/busy"), hook(OrganizationFactory(), receiver, "/busy")):
        event(busy, 30)
    event(hook(OrganizationFactory(), receiver, "/one"))
    turn.take(seconds=120.0)
    assert len(receiver.received) == 61
    assert [one.path for one in receiver.received].index("/one") < 10


def test_who_does_not_answer_is_not_waited_for(
    organization: Organization, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "ANSWER_SECONDS", 0.2)
    webhook, over = hook(organization, receiver), threading.Event()

    def answer(one: Received) -> tuple[int, dict[str, str], bytes]:
        over.wait(60)
        return 204, {}, b""

    receiver.answer = answer
    event(webhook)
    tasks.deliver()
    over.set()
    assert (only().state, only().status) == ("retrying", 0) and "did not answer in time" in only().message


def test_only_one_process_at_a_time_sends(organization: Organization, receiver: Receiver, rung: list[str]) -> None:
    """So they never take more than one of those that sync has."""
    webhook, other = hook(organization, receiver), hook(OrganizationFactory(), receiver, "/other")
    event(webhook)
    event(other)
    Webhook.objects.filter(pk=other.pk).update(held_by="a", held_until=timezone.now() + turn.LEASE)
    rung.clear()
    tasks.deliver()
    assert receiver.received == [] and rung == []
    Webhook.objects.filter(pk=other.pk).update(held_by="", held_until=None)
    tasks.deliver()
    assert len(receiver.received) == 2 and rung == []  # nothing is left
    assert not Webhook.objects.exclude(held_until=None).exists()


def test_a_turn_ends_in_time_and_the_rest_queues_up(
    organization: Organization, receiver: Receiver, rung: list[str]
) -> None:
    webhook = hook(organization, receiver)
    event(webhook, 60)
    rung.clear()
    turn.take(seconds=0.0)  # its time is over
    assert rung == ["synclog.queue.tasks.deliver"] and receiver.received == []
    rung.clear()
    turn.take(seconds=120.0)  # more than one page of them
    assert len({one.id for one in receiver.received}) == 60 and rung == []


def test_nothing_is_followed_and_little_is_kept(organization: Organization, receiver: Receiver) -> None:
    webhook = hook(organization, receiver)
    long = b"Kari.Nordmann@example.com 02049012345 whsec" + b"x" * 5_000_000
    receiver.answer = lambda one: (302, {"Location": f"{receiver.address}/elsewhere"}, long)
    event(webhook)
    tasks.deliver()
    assert [one.path for one in receiver.received] == ["/hook"]
    row = only()
    assert row.state == "retrying" and "redirected" in row.message and row.status == 302
    assert len(row.answer) <= 500 and "@" not in row.answer and "02049012345" not in row.answer
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        WebhookDelivery.objects.update(tried_at=NOW)
        tasks.prune()
        assert only().answer == ""
    with time_machine.travel(timezone.now() + timedelta(days=401)):
        tasks.prune()
        assert not WebhookDelivery.objects.exists()


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/x", "https://127.0.0.1/x", "https://[::1]/x", "https://10.0.0.8/x", "ftp://a/b", "x",
        "https://kari:secret@hooks.example.com/", "https://hooks.example.com/#x", "https://hooks.example.com/a b",
        "https://[", "https://hooks.example.com:99999/",
    ],
)  # fmt: skip
def test_where_it_may_not_lead(organization: Organization, url: str) -> None:
    with pytest.raises(ValidationError) as error:
        Webhook(organization=organization, url=url, events=ALL).full_clean()
    assert "url" in error.value.message_dict


def test_an_address_that_leads_inside_by_the_time_of_sending(
    organization: Organization, receiver: Receiver, settings: Any
) -> None:
    webhook = hook(organization, receiver)
    tls = hook(organization, receiver, "/tls")
    Webhook.objects.filter(pk=tls.pk).update(url=tls.url.replace("http://", "https://"))
    settings.ALLOW_PRIVATE_TARGETS = False
    event(webhook)
    event(tls)
    tasks.deliver()
    assert receiver.received == []
    assert all("private network" in row.message for row in WebhookDelivery.objects.all())
