"""Calls that a person waits for are made by a worker: no page and no answer of the API hangs on a target."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from synclog.models import Question
from synclog.questions import asking
from synclog.queue import tasks
from tests.factories import ApiKeyFactory, MemberFactory, UserFactory
from tests.positions.conftest import Api
from tests.synclog.interleaving import Elsewhere
from tests.synclog.pages import text_of
from tests.synclog.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.unanswered]
ADMIN = "/admin/integrations/integration/"


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "WAIT", 0.3)


def member(world: World, role: str = "admin") -> Client:
    user = UserFactory(is_staff=True)
    MemberFactory(organization=world.organization, user=user, role=role)
    client = Client()
    client.force_login(user)
    return client


def test_a_test_that_takes_long_shows_how_far_it_is_and_then_what_was_found(world: World) -> None:
    integration, client = world.connect("netvisor"), member(world)
    answer = client.post(f"{ADMIN}{integration.pk}/test/")
    assert answer.status_code == 302, "nobody has answered: the page did not ask by itself"
    page = client.get(answer.headers["Location"])
    assert "It waits for its turn" in text_of(page) and b'http-equiv="refresh"' in page.content
    asking.answer(Question.objects.get().pk)
    page = client.get(answer.headers["Location"])
    assert b'http-equiv="refresh"' not in page.content
    assert "Netvisor" in text_of(page) and "check_circle" in page.content.decode()


def test_a_preview_that_takes_long(world: World) -> None:
    integration, client = world.connect("netvisor"), member(world, "editor")
    position = world.save()
    answer = client.post("/admin/synclog/job/preview/", {"position": position.pk, "integration": integration.pk})
    assert answer.status_code == 302
    assert "It waits for its turn" in text_of(client.get(answer.headers["Location"]))
    asking.answer(Question.objects.get().pk)
    assert "A new record would be created in Netvisor." in text_of(client.get(answer.headers["Location"]))
    assert member(world, "viewer").get(answer.headers["Location"]).status_code == 403
    position.delete()
    gone = client.post(f"/admin/synclog/job/{world.job(integration, Question.objects.get().position_key).pk}/preview/")
    asking.answer(Question.objects.latest("pk").pk)
    assert client.get(gone.headers["Location"]).status_code == 200


def test_the_api_says_where_the_answer_will_be(world: World) -> None:
    integration = world.connect("netvisor")
    api = Api(ApiKeyFactory(organization=world.organization))
    answer = api.post(f"/integrations/{integration.pk}/check/", None)
    assert answer.status_code == 202 and answer.headers["Retry-After"] == "1"
    path = answer.headers["Location"].partition("/api/v1")[2]
    assert api.get(path).json()["progress"] == "asking"
    asking.answer(Question.objects.get().pk)
    found = api.get(path).json()
    assert found["progress"] == "done" and found["check"]["ok"] is True and found["preview"] is None
    position = world.save()
    answer = api.post("/preview/", {"position": position.pk, "integration": integration.pk})
    asking.answer(Question.objects.latest("pk").pk)
    found = api.get(answer.headers["Location"].partition("/api/v1")[2]).json()
    assert found["preview"]["result"] == "planned"
    assert {c["field"] for c in found["preview"]["changes"]} >= {"title", "start_date"}


def test_a_few_at_a_time_for_each_organization(world: World) -> None:
    integration, client = world.connect("netvisor"), member(world)
    api = Api(ApiKeyFactory(organization=world.organization))
    for _ in range(asking.OPEN_AT_ONCE):
        assert client.post(f"{ADMIN}{integration.pk}/test/").status_code == 302
    answer = client.post(f"{ADMIN}{integration.pk}/test/", follow=True)
    assert "tests and previews of this organization are under way" in text_of(answer)
    refused = api.post(f"/integrations/{integration.pk}/check/", None)
    assert refused.status_code == 429 and refused.json()["code"] == "too_many_questions"
    assert Question.objects.count() == asking.OPEN_AT_ONCE
    asking.answer(Question.objects.earliest("pk").pk)
    assert client.post(f"{ADMIN}{integration.pk}/test/").status_code == 302


def test_one_of_an_organization_is_worked_on_and_the_next_is_rung_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    integration = world.connect("netvisor")
    first, second = asking.ask_check(integration, "a"), asking.ask_check(integration, "b")
    Question.objects.filter(pk=first.pk).update(begun_at=timezone.now())
    asking.answer(second.pk)
    second.refresh_from_db()
    assert second.begun_at is None, "the worker goes on with somebody else's"
    Question.objects.filter(pk=first.pk).update(begun_at=None)
    rung: list[int] = []
    monkeypatch.setattr(asking, "ring", lambda question: rung.append(question.pk))
    asking.answer(first.pk)
    assert rung == [second.pk]


def test_what_a_killed_worker_had_is_said_and_stops_nobody(world: World) -> None:
    integration, client = world.connect("netvisor"), member(world)
    answer = client.post(f"{ADMIN}{integration.pk}/test/")
    Question.objects.update(begun_at=timezone.now() - 2 * asking.LONGEST)
    page = client.get(answer.headers["Location"])
    assert "was ended before it had the answer" in text_of(page) and b'http-equiv="refresh"' not in page.content
    again = asking.ask_check(integration, "a")
    asking.answer(again.pk)
    assert asking.wait(again).done_at is not None


def test_lost_rings_are_healed_and_answers_forgotten(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    question = asking.ask_check(world.connect("netvisor"), "a")
    rung: list[int] = []
    monkeypatch.setattr(asking, "ring", lambda question: rung.append(question.pk))
    tasks.sweep()
    assert rung == [question.pk]
    Question.objects.update(asked_at=timezone.now() - asking.FORGET_AFTER - timedelta(seconds=1))
    tasks.sweep()
    assert not Question.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_target_that_drips_keeps_no_page_waiting(world: World) -> None:
    """The worker hangs on it; whoever asked, and everybody else, has a page at once."""
    integration, client = world.connect("netvisor"), member(world)
    world.fail(integration, kind="hang", seconds=4, times=1)
    answer = client.post(f"{ADMIN}{integration.pk}/test/")
    assert answer.status_code == 302
    question = Question.objects.get().pk
    worker = Elsewhere(lambda: asking.answer(question)).begin(0)
    page = ""
    while "A worker is asking Netvisor" not in page and worker.waits:
        page = text_of(client.get(answer.headers["Location"]))
    assert "A worker is asking Netvisor" in page, "while it hangs"
    worker.over()
    assert "A worker is asking" not in text_of(client.get(answer.headers["Location"]))
