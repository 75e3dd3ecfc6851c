"""Targets of one organization that hang keep nobody else's change waiting."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations.models import Integration
from synclog import asking, shares, tasks
from synclog.lease import HOST
from synclog.models import Job, Lease, Question
from tests.factories import OrganizationFactory
from tests.sync.pages import connection
from tests.sync.world import TURN, World


@pytest.fixture(autouse=True)
def four_workers(settings: Any) -> None:
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, "workers": 4}


def busy(integration: Integration, host: str = HOST) -> None:
    until = timezone.now() + timedelta(seconds=9)
    Lease.objects.update_or_create(
        integration=integration, defaults={"host": host, "pid": 1, "until": until, "owner": "x"}
    )


def test_whoever_has_some_leaves_one_to_the_others(db: Any) -> None:
    ours, theirs = OrganizationFactory(), OrganizationFactory()
    connection(theirs)
    for n in range(3):
        assert shares.may_take(ours.pk)
        busy(connection(ours, name=f"c{n}"))
    assert not shares.may_take(ours.pk), "the last one is for the others"
    assert shares.may_take(theirs.pk)


def test_where_there_are_no_others_all_may_be_taken(db: Any) -> None:
    ours = OrganizationFactory()
    connection(OrganizationFactory(), send_positions=False)
    for n in range(3):
        busy(connection(ours, name=f"c{n}"))
    assert shares.may_take(ours.pk)


def test_questions_count_and_other_hosts_do_not(db: Any) -> None:
    ours = OrganizationFactory()
    connection(OrganizationFactory())
    one = connection(ours, name="one")
    for n in range(3):
        busy(connection(ours, name=f"c{n}"), host="elsewhere")
    assert shares.may_take(ours.pk)
    busy(one)
    for _ in range(2):
        Question.objects.create(organization=ours, integration=one, kind="check", asked_by="a", begun_at=timezone.now())
    assert not shares.may_take(ours.pk)


def test_who_had_to_wait_is_rung_for_when_one_is_done(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    connection(OrganizationFactory())
    hanging = [world.connect("netvisor") for _ in range(3)]
    waiting = world.connect("fortnox")
    position = world.save()
    for integration in hanging:
        busy(integration)
    world.drain(waiting)
    assert world.job(waiting, position).state == Job.State.WAITING, "its share is taken"
    Lease.objects.filter(integration=hanging[0]).update(until=None, owner="")
    rung: list[int] = []
    monkeypatch.setattr(tasks, "wake", rung.extend)
    world.drain(hanging[0])
    assert waiting.pk in rung
    tasks.drain(waiting.pk, TURN)
    assert world.job(waiting, position).state == Job.State.SUCCEEDED


def test_a_question_leaves_the_last_process_to_the_others_and_is_rung_for_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection(OrganizationFactory())
    hanging = [world.connect("netvisor") for _ in range(3)]
    for integration in hanging:
        busy(integration)
    question = Question.objects.create(
        organization=world.organization, integration=hanging[0], kind="check", asked_by="a"
    )
    asking.answer(question.pk)
    question.refresh_from_db()
    assert question.begun_at is None, "its share is taken"
    Lease.objects.filter(integration=hanging[0]).update(until=None, owner="")
    rung: list[Question] = []
    monkeypatch.setattr(asking, "ring", rung.append)
    world.drain(hanging[0])
    assert rung == [question]
    asking.answer(question.pk)
    question.refresh_from_db()
    assert question.done_at is not None


def test_who_waited_for_a_question_is_rung_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    integration = world.connect("netvisor")
    world.save()
    rung: list[int] = []
    monkeypatch.setattr(asking, "wake", rung.extend)
    question = Question.objects.create(
        organization=world.organization, integration=integration, kind="check", asked_by="a"
    )
    asking.answer(question.pk)
    assert rung == [integration.pk]
