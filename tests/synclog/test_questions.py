"""Who may ask a target how many questions, who answers which, and what whoever waits is told."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations.models import Integration
from positions.models import Organization
from synclog.models import Job, Question
from synclog.questions import asking, preview
from tests.factories import OrganizationFactory
from tests.synclog.pages import connection, job, unrecorded
from tests.synclog.test_shares import busy

pytestmark = [pytest.mark.django_db, pytest.mark.unanswered]


@pytest.fixture
def organization() -> Organization:
    return OrganizationFactory()


@pytest.fixture
def integration(organization: Organization) -> Integration:
    """To nowhere."""
    return connection(organization)


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    met: list[int] = []
    monkeypatch.setattr(asking, "ring", lambda question: met.append(question.pk))
    return met


def ago(seconds: float) -> Any:
    return timezone.now() - timedelta(seconds=seconds)


def asked(integration: Integration, *, asked_at: Any = None, **values: Any) -> Question:
    question = Question.objects.create(
        **{
            "integration": integration,
            "organization": integration.organization,
            "kind": "check",
            "asked_by": "anna",
            **values,
        }
    )
    if asked_at:
        Question.objects.filter(pk=question.pk).update(asked_at=asked_at)
        question.refresh_from_db()
    return question


# -- asking --------------------------------------------------------------------------------------------------


def test_a_question_is_kept_and_rung_for_once_it_is_stored(
    integration: Integration, django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued: list[Any] = []
    monkeypatch.setattr(asking, "async_task", lambda *args, **options: queued.append((args, options)))
    with django_capture_on_commit_callbacks() as callbacks:
        made = asking.ask_check(integration, "anna")
        assert queued == []
    found = Question.objects.get(pk=made.pk)
    assert (found.kind, found.asked_by, found.integration, found.organization) == (
        Question.Kind.CHECK, "anna", integration, integration.organization,
    )  # fmt: skip
    assert (found.employee_key, found.position_key, found.job_key) == (0, 0, 0)
    [ring] = callbacks
    ring()
    assert queued == [(("synclog.queue.tasks.answer", made.pk), {"task_name": "answer"})]


def test_a_preview_says_whom_it_is_about(integration: Integration) -> None:
    entry = job(integration)
    found = Question.objects.get(pk=asking.ask_preview(integration, entry, "bo").pk)
    assert (found.kind, found.asked_by) == (Question.Kind.PREVIEW, "bo")
    assert (found.employee_key, found.position_key, found.job_key) == (entry.employee_key, entry.position_key, entry.pk)
    unsaved = Job(employee_key=7, position_key=8)
    assert asking.ask_preview(integration, unsaved, "bo").job_key == 0


def test_so_many_are_open_at_once_whoever_asks_and_those_of_others_do_not_count(integration: Integration) -> None:
    ours = integration.organization
    other = connection(OrganizationFactory())
    for n in range(3):
        asked(other)
        asked(integration, done_at=timezone.now())
        asked(integration, begun_at=ago(61))
        asked(integration, asked_at=ago(361))
        asking.ask_check(connection(ours) if n else integration, "anna")
    with pytest.raises(asking.TooManyError, match="3 tests and previews"):
        asking.ask_check(connection(ours), "bo")
    Question.objects.filter(organization=ours, done_at=None).update(begun_at=ago(55), asked_at=ago(355))
    with pytest.raises(asking.TooManyError):
        asking.ask_check(integration, "bo")


# -- waiting -------------------------------------------------------------------------------------------------


def test_whoever_waits_has_the_answer_once_it_is_there(integration: Integration) -> None:
    question = asked(integration)
    Question.objects.filter(pk=question.pk).update(begun_at=ago(2), done_at=ago(1), answer={"lines": []})
    begun = time.monotonic()
    found = asking.wait(question, 30)
    assert found.done_at and found.begun_at and found.answer == {"lines": []}
    assert asking.wait(found, 30).done_at
    assert time.monotonic() - begun < 15


def test_whoever_waits_in_vain_waits_so_long(integration: Integration, monkeypatch: pytest.MonkeyPatch) -> None:
    question = asked(integration)
    for longest, given, seconds in ((0.3, {}, 0.3), (60, {"seconds": 0.2}, 0.2), (60, {"seconds": 0}, 0)):
        monkeypatch.setattr(asking, "WAIT", longest)
        begun = time.monotonic()
        assert asking.wait(question, **given).done_at is None
        assert seconds <= time.monotonic() - begun < seconds + 20


@pytest.mark.parametrize(
    ("values", "lost", "words", "reload"),
    [
        ({"begun_at": 61}, True, "was ended before it had the answer", False),
        ({"begun_at": 55}, False, "A worker is asking Netvisor", True),
        ({"begun_at": 61, "done_at": 1}, False, None, None),
        ({"asked_at": 20.5}, False, "No worker has taken this up yet", True),
        ({"asked_at": 15}, False, "It waits for its turn", True),
    ],
)
def test_how_far_it_is(
    integration: Integration, values: dict[str, float], lost: bool, words: str | None, reload: bool | None
) -> None:
    question = asked(integration, **{name: ago(seconds) for name, seconds in values.items()})
    assert asking.lost(question) is lost
    if words is not None:
        told = asking.progress(question)
        assert words in told["words"] and told["reload"] is reload and set(told) == {"words", "reload"}


def test_who_waits_for_another_one_of_the_organization_is_not_told_that_no_worker_runs(
    integration: Integration,
) -> None:
    asked(connection(OrganizationFactory()), begun_at=ago(5))
    waiting = asked(integration, asked_at=ago(30))
    assert "No worker" in asking.progress(waiting)["words"]
    asked(integration, begun_at=ago(5))
    assert "It waits for its turn" in asking.progress(waiting)["words"]


# -- answering -----------------------------------------------------------------------------------------------


def test_an_answer_is_stored_and_the_oldest_of_those_that_wait_is_next(
    integration: Integration, rung: list[int]
) -> None:
    first, second, third = (asked(integration) for _ in range(3))
    asked(connection(OrganizationFactory()))
    asked(integration, done_at=timezone.now())
    asking.answer(first.pk)
    first.refresh_from_db()
    assert first.begun_at is not None and first.done_at is not None and first.begun_at <= first.done_at
    lines = asking.lines_of(first)
    assert lines and not all(line.ok for line in lines), "it leads nowhere, and says so"
    assert first.answer["lines"][0].keys() >= {"ok"}
    assert rung == [second.pk]
    second.refresh_from_db()
    assert second.begun_at is None and third.begun_at is None
    asking.answer(first.pk)
    assert rung == [second.pk], "nobody answers twice"
    asking.answer(10**9)


def test_who_has_one_in_hand_begins_no_other_and_a_lost_one_stops_nobody(
    integration: Integration, rung: list[int]
) -> None:
    asked(connection(OrganizationFactory()), begun_at=ago(1))
    waiting, running = asked(integration), asked(integration, begun_at=ago(55))
    asking.answer(waiting.pk)
    waiting.refresh_from_db()
    assert waiting.begun_at is None and rung == []
    Question.objects.filter(pk=running.pk).update(begun_at=ago(61))
    asking.answer(waiting.pk)
    waiting.refresh_from_db()
    assert waiting.done_at is not None


def test_the_next_one_is_rung_for_although_this_one_broke(
    integration: Integration, rung: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, waiting = asked(integration, kind="preview", position_key=1), asked(integration)
    woken: list[int] = []
    monkeypatch.setattr(asking, "wake", woken.extend)
    job(integration, state=Job.State.WAITING)
    Question.objects.filter(pk=broken.pk).update(kind="unheard of")
    with pytest.raises(ValueError, match="unheard of"):
        asking.answer(broken.pk)
    assert (rung, woken) == ([waiting.pk], [integration.pk])
    broken.refresh_from_db()
    assert broken.done_at is None


def test_a_preview_is_of_the_entry_or_of_the_position_that_was_asked_about(
    integration: Integration, rung: list[int]
) -> None:
    entry, position = job(integration), unrecorded(integration.organization)
    gone = Job(pk=10**9, employee_key=7, position_key=8)
    unsaved = preview.question_of(position, integration)
    told = []
    for about in (entry, unsaved, gone):
        question = asking.ask_preview(integration, about, "anna")
        asking.answer(question.pk)
        question.refresh_from_db()
        assert question.done_at is not None
        refused = preview.unpacked(integration, question.answer).refused
        told.append((question.answer["job"]["position_key"], "is not connected" in refused))
    assert told == [(entry.position_key, True), (position.pk, True), (8, False)]


def test_who_has_its_share_begins_none(integration: Integration, rung: list[int], settings: Any) -> None:
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, "workers": 2}
    busy(integration)
    question = asked(integration)
    asking.answer(question.pk)
    question.refresh_from_db()
    assert question.done_at is not None, "there are no others"
    connection(OrganizationFactory())
    second = asked(integration)
    asking.answer(second.pk)
    second.refresh_from_db()
    assert second.begun_at is None


# -- by itself -----------------------------------------------------------------------------------------------


def test_every_minute_those_are_rung_for_that_nobody_has_begun_and_what_is_over_is_forgotten(
    integration: Integration, rung: list[int]
) -> None:
    waiting = [asked(integration, asked_at=ago(seconds)) for seconds in (290, 1)]
    for values in ({"begun_at": ago(1)}, {"done_at": ago(1)}, {"asked_at": ago(310)}, {"asked_at": ago(3590)}):
        asked(integration, **values)
    forgotten = asked(integration, asked_at=ago(3610))
    asking.look_after()
    assert rung == [question.pk for question in waiting]
    assert Question.objects.count() == 6 and not Question.objects.filter(pk=forgotten.pk).exists()
    rung.clear()
    Question.objects.bulk_create(
        Question(integration=integration, organization=integration.organization, kind="check", asked_by="a")
        for _ in range(60)
    )
    asking.look_after()
    assert len(rung) == 50 and rung == sorted(rung) and rung[0] == waiting[0].pk
