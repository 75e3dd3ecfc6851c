"""Targets of one organization that hang keep nobody else's change waiting."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations.models import Integration
from positions.models import Organization
from synclog.engine import shares, worker_turn
from synclog.engine.lease import HOST
from synclog.models import Job, Lease, Question
from synclog.questions import asking
from synclog.queue import tasks
from tests.factories import OrganizationFactory
from tests.synclog.pages import connection, job
from tests.synclog.world import TURN, World


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


def asked(organization: Organization, **values: Any) -> Question:
    values = {"begun_at": timezone.now(), "kind": "check", "asked_by": "a", **values}
    return Question.objects.create(organization=organization, integration=connection(organization), **values)


def test_what_is_over_is_not_at_work(db: Any) -> None:
    """A turn whose lease has ended, a question that is answered, or waits, or whose worker was killed."""
    ours, now = OrganizationFactory(), timezone.now()
    over, at_work = connection(ours), connection(ours)
    busy(over)
    Lease.objects.update(until=now - timedelta(seconds=1))
    asked(ours, done_at=now)
    asked(ours, begun_at=None)
    asked(ours, begun_at=now - shares.LONGEST - timedelta(seconds=1))
    assert shares.held_here() == []
    busy(at_work)
    asked(ours, begun_at=now - shares.LONGEST + timedelta(seconds=20))
    assert shares.held_here() == [ours.pk] * 2


def test_who_has_none_takes_the_last_one(db: Any) -> None:
    ours, theirs = OrganizationFactory(), OrganizationFactory()
    for n in range(3):
        busy(connection(theirs, name=f"c{n}"))
    connection(ours)
    assert shares.may_take(ours.pk) and not shares.may_take(theirs.pk)


def test_who_is_left_waiting(db: Any) -> None:
    """Of this organization, on, due and in nobody's hand; a few of many, for each rings for the next."""
    ours = OrganizationFactory()
    assert shares.left_waiting(ours.pk) == []
    waiting = [connection(ours) for _ in range(2)]
    others = [connection(OrganizationFactory()), connection(ours, paused_at=timezone.now()), connection(ours)]
    for integration in (*waiting, *others):
        due(integration)
    busy(others[2])
    connection(ours)
    later = connection(ours)
    due(later, due_at=timezone.now() + timedelta(hours=1))
    assert sorted(shares.left_waiting(ours.pk)) == [i.pk for i in waiting]
    for _ in range(8):
        due(connection(ours))
    assert len(shares.left_waiting(ours.pk)) == 8


def due(integration: Integration, **values: Any) -> Job:
    return job(integration, state=Job.State.WAITING, **values)


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


def test_a_turn_is_as_long_as_those_who_wait_allow(db: Any) -> None:
    """Its own organization's connections wait for one another a while, for each turn costs its beginning and end."""
    ours, theirs = connection(OrganizationFactory()), connection(OrganizationFactory())
    due(ours)
    assert tasks.allowed_seconds(ours) == math.inf
    due(connection(ours.organization))
    assert tasks.allowed_seconds(ours) == worker_turn.SHORT_BESIDE_OWN
    due(theirs)
    assert tasks.allowed_seconds(ours) == worker_turn.SHORT
    busy(theirs)
    assert tasks.allowed_seconds(ours) == worker_turn.SHORT_BESIDE_OWN
