"""What targets answer beside the position (pay, tax, addresses, families, health) is nowhere: not in a table, not on a
page, not in an answer. What was exchanged is for admins; the words of a refusal are for everybody who sees the log."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from integrations.models import Integration
from integrations.sdk.declaration import Transport
from integrations.sdk.kept import NOT_KEPT
from integrations.systems.registry import connectors
from synclog.models import Attempt, Job, Question
from synclog.questions import asking
from tests.factories import ApiKeyFactory
from tests.security import walk
from tests.security.conftest import browser_of
from tests.security.planted import LOOKED_FOR, plant
from tests.security.test_canaries import contents, values_of
from tests.synclog.world import World, new_world

pytestmark = pytest.mark.django_db

ALL = sorted(connectors())
CALLED = [key for key in ALL if connectors()[key].system.transport is Transport.HTTP]
WORDS = "Vendorwords: the title is too long"


@pytest.fixture
def world(db: Any, sandbox_server: Any, settings: Any, monkeypatch: Any) -> World:
    """Every answer of a sandbox holds more than it should; what we send back of it, it does not look at."""
    settings.ALLOW_PRIVATE_TARGETS = True
    plant(monkeypatch)
    return new_world(sandbox_server)


def synced(world: World, key: str) -> Integration:
    """Created, changed, refused, answered with nonsense, broken off."""
    integration = world.connect(key)
    position = world.save(**values_of(key))
    world.drain(integration)
    for fault in (
        {},
        {"status": 400, "body": json.dumps({"message": WORDS})},
        {"status": 200, "body": "{}", "times": 2},
        {"status": 503, "body": "{}", "times": 2},
        {"kind": "truncate", "times": 2},
    ):
        position.title += "x"
        position.percentage = (position.percentage or 50) - 1
        position.save()
        if fault:
            world.fail(integration, **fault)
        Integration.objects.filter(pk=integration.pk).update(stopped_at=None, retry_at=None)
        Job.objects.open().update(due_at=world.employee.created_at)
        world.drain(integration)
        world.sandboxes[integration.pk].tenant.faults.clear()
    return integration


def preview(world: World, integration: Integration) -> Question:
    job = Job.objects.filter(integration=integration).order_by("-pk")[0]
    question = asking.ask_preview(integration, job, "admin")
    asking.answer(question.pk)
    question.refresh_from_db()
    return question


def seen_by(client: Client, kept: dict[str, list[int]], questions: list[Question], under: str = "/") -> str:
    """Every page and answer (or those of the API alone) for what is kept, each attempt, and the previews."""
    addresses = [*walk.addresses_of(kept), *(f"{reverse('admin:synclog_job_changelist')}?p={n}" for n in (2, 3))]
    for attempt in Attempt.objects.filter(job__integration__in=kept["integration"]):
        addresses.append(f"{job_page(attempt.job_id)}?attempt={attempt.pk}")
    for question in questions:
        addresses.append(reverse("admin:synclog_job_asked", args=[question.uuid]))
        addresses.append(f"/api/v1/questions/{question.uuid}/")
    answers = (client.get(address) for address in addresses if address.startswith(under))
    return "\n".join(walk.content_of(answer).decode("utf-8", "replace") for answer in answers)


def job_page(pk: int) -> str:
    return reverse("admin:synclog_job_change", args=[pk])


@pytest.mark.long
@pytest.mark.usefixtures("unlogged")
def test_nothing_but_what_is_declared_is_left(world: World, sandbox_server: Any) -> None:
    """Each system has an organization of its own. Operators look at them all, each other role at one of them: what the
    pages show is the same for every system, and stands in the database."""
    integrations, questions, keys = [], [], []
    for key in ALL:
        own = new_world(sandbox_server)
        integration = synced(own, key)
        assert Attempt.objects.filter(job__integration=integration).exists(), key
        if key in CALLED:
            answered = "".join(call.answer for call in own.sandboxes[integration.pk].tenant.calls)
            assert answered and "Planted" not in answered, key  # the sandbox itself has none of it: the wire has
        integrations.append(integration)
        questions.append(preview(own, integration))
        keys.append(ApiKeyFactory(organization=own.organization).key)
    everything = walk.held(integrations)
    assert len(everything["job"]) == 2 * len(ALL)
    seen = {"the database": "\n".join([*contents(), json.dumps([q.answer for q in questions])])}
    seen["operator"] = seen_by(browser_of(None, "operator"), everything, questions)
    assert all(f">{integration.name}<" in seen["operator"] for integration in integrations)
    for who, integration, question in zip(
        ("viewer", "editor", "admin"), integrations[::3], questions[::3], strict=False
    ):
        client = browser_of(integration.organization, who)
        seen[who] = seen_by(client, walk.held([integration]), [question])
    for key, integration, question in zip(keys, integrations, questions, strict=True):
        client = Client(headers={"Authorization": f"Bearer {key}"})
        seen[f"key of {integration.system_key}"] = seen_by(client, walk.held([integration]), [question], "/api/")
    for who, text in seen.items():
        at = LOOKED_FOR.search(text)
        assert at is None, at and (who, text[max(0, at.start() - 300) : at.end() + 50])


@pytest.mark.parametrize("key", CALLED)
def test_what_is_declared_is_there(world: World, key: str) -> None:
    """The log stays useful: every value that was sent, ids, and what the system says of a refusal."""
    integration = world.connect(key)
    position = world.save(**values_of(key))
    world.drain(integration)
    attempt = world.attempt(integration, position)
    assert attempt.state == "succeeded", attempt.message
    kept = json.dumps(attempt.exchanges)
    assert NOT_KEPT in kept
    writes = "".join(e["request_body"] for e in attempt.exchanges if e["request_body"]).lower()
    for change in attempt.changes:
        for name in re.findall(r"[^\W\d]\w*", change["remote"].lower()):
            told = re.search(rf'(?:"|<){name}(?:"\s*:|[ >])\s*(?:\(|")\(?not kept', writes)
            assert told is None, (name, told and writes[told.start() - 100 : told.end()])
    assert "2026-01-01" in writes or "2026-01-01" in kept
    link = integration.employeelink_set.get() if hasattr(integration, "employeelink_set") else None
    assert link is None or link.remote_id in kept
    world.fail(integration, status=400, body=json.dumps({"message": WORDS, "error": WORDS, "Message": WORDS}))
    position.title += "x"
    position.percentage = (position.percentage or 50) - 1
    position.save()
    world.drain(integration)
    refused = json.dumps(world.attempt(integration, position).exchanges)
    assert "Vendorwords" in refused
    page = browser_of(world.organization, "admin").get(job_page(world.job(integration, position).pk)).content.decode()
    assert "Vendorwords" in page and "sy-call" in page


def test_what_was_exchanged_is_for_admins(world: World) -> None:
    integration = world.connect("tripletex")
    position = world.save(**values_of("tripletex"))
    world.drain(integration)
    position.percentage = 55
    position.save()
    job = world.job(integration, position)
    world.fail(integration, status=400, body=json.dumps({"message": WORDS}))
    world.drain(integration)
    question = preview(world, integration)
    pages = [f"{job_page(job.pk)}?attempt={a.pk}" for a in Attempt.objects.all()]
    asked = reverse("admin:synclog_job_asked", args=[question.uuid])
    for who in ("viewer", "editor", "admin", "operator"):
        client = browser_of(world.organization, who)
        sees = who in ("admin", "operator")
        shown = [client.get(page).content.decode() for page in pages]
        if who != "viewer":
            shown.append(client.get(asked).content.decode())
        else:
            assert client.get(asked).status_code == 403
        for page in shown:
            assert ('class="sy-call' in page and "curl -X" in page) is sees, who
            assert ("Only admins see what was exchanged" in page) is not sees, who
        assert any(WORDS in page for page in shown)
    api = Client(headers={"Authorization": f"Bearer {ApiKeyFactory(organization=world.organization).key}"})
    viewer = browser_of(world.organization, "viewer")
    kept = walk.held([integration])
    for text in (seen_by(api, kept, [question]), seen_by(viewer, kept, [question])):
        assert "curl -X" not in text and "employmentDetails" not in text
