"""What is recorded, and what is not: in the transaction of the save, one open job for each position."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import transaction
from django_q.models import OrmQ

from positions.bulk import save_positions
from positions.models import Position
from positions.origin import Origin, started_by
from synclog.engine import actions
from synclog.models import Job
from synclog.queue import tasks
from tests.factories import CompanyFactory, PositionFactory
from tests.synclog.world import World


def in_redis() -> bool:
    """Whether wake-ups go to Redis, after the commit, and not into the database."""
    return bool(django_settings.Q_CLUSTER.get("redis"))


def test_activation_sends_nothing(world: World) -> None:
    integration = world.connect("netvisor", on=False)
    world.save()
    actions.switch(integration, True, by="anna")
    world.drain(integration)
    assert Job.objects.count() == 0
    assert world.there(integration) == []


def test_a_save_after_activation_is_sent_also_of_an_old_position(world: World) -> None:
    integration = world.connect("netvisor", on=False)
    position = world.save()
    actions.switch(integration, True, by="anna")
    position.title = "Cook"
    position.save()
    world.drain(integration)
    assert world.job(integration, position).state == Job.State.SUCCEEDED
    assert len(world.there(integration)) == 1


def test_a_save_while_off_is_not_recorded(world: World) -> None:
    integration = world.connect("netvisor")
    actions.switch(integration, False, by="anna")
    world.save()
    assert Job.objects.count() == 0


def test_switching_off_closes_what_waits_and_says_so(world: World) -> None:
    integration = world.connect("netvisor")
    position = world.save()
    actions.switch(integration, False, by="anna")
    job = world.job(integration, position)
    assert (job.state, job.cause, job.open_key) == (Job.State.SKIPPED, "switched_off", None)
    actions.switch(integration, True, by="anna")
    world.drain(integration)
    assert world.there(integration) == []


def test_what_a_killed_worker_left_is_dropped_too_when_it_is_switched_off(world: World) -> None:
    integration = world.connect("netvisor")
    position = world.save()
    Job.objects.update(state=Job.State.RUNNING)
    actions.switch(integration, False, by="anna")
    tasks.sweep()
    assert world.job(integration, position).cause == "switched_off"
    actions.switch(integration, True, by="anna")
    tasks.sweep()
    world.drain(integration)
    assert world.there(integration) == []


def test_paused_keeps_the_latest_state_and_sends_it_on_resume(world: World) -> None:
    integration = world.connect("netvisor")
    actions.pause(integration, by="anna")
    position = world.save(title="Baker")
    position.title = "Cook"
    position.save()
    world.drain(integration)
    assert world.there(integration) == []
    assert Job.objects.count() == 1
    actions.resume(integration, by="anna")
    world.drain(integration)
    assert [p["profession"] for p in world.there(integration)] == ["Cook"]


def test_a_rolled_back_save_leaves_no_job_and_no_wake_up(world: World) -> None:
    world.connect("netvisor")
    with transaction.atomic():
        world.save()
        assert Job.objects.count() == 1
        assert OrmQ.objects.count() == (0 if in_redis() else 1)
        transaction.set_rollback(True)
    assert Position.objects.count() == Job.objects.count() == OrmQ.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_the_job_is_part_of_the_saves_own_transaction(world: World, monkeypatch: Any) -> None:
    """Also for callers without a transaction of their own."""
    world.connect("netvisor")

    def breaks(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("synclog.engine.receivers.record", breaks)
    with pytest.raises(RuntimeError):
        world.save()
    assert Position.objects.count() == 0


def test_ten_saves_before_the_worker_runs_are_one_job_and_one_wake_up(world: World) -> None:
    integration = world.connect("netvisor")
    position = world.save()
    for number in range(9):
        position.title = f"Baker {number}"
        position.save()
    assert Job.objects.count() == 1
    assert OrmQ.objects.count() == (0 if in_redis() else 1)
    world.drain(integration)
    assert [p["profession"] for p in world.there(integration)] == ["Baker 8"]
    assert world.job(integration, position).attempts == 1


def test_nothing_to_change_when_the_target_already_agrees(world: World) -> None:
    integration = world.connect("netvisor")
    position = world.save()
    world.drain(integration)
    actions.send_now([position], integration, by="anna")
    world.drain(integration)
    job = world.job(integration, position)
    assert (job.state, job.cause) == (Job.State.SKIPPED, "nothing_to_change")
    assert Job.objects.count() == 2


def test_only_what_it_is_never_sent_was_changed(world: World) -> None:
    integration = world.connect("netvisor")
    position = world.save()
    world.drain(integration)
    calls = len(world.sandboxes[integration.pk].tenant.calls)
    position = Position.objects.get(pk=position.pk)
    position.cost_centre = "4100"
    position.save()
    world.drain(integration)
    job = world.job(integration, position)
    assert (job.state, job.cause) == (Job.State.SKIPPED, "no_supported_change")
    assert "Cost centre" in job.message
    assert len(world.sandboxes[integration.pk].tenant.calls) == calls


def test_only_employees_of_the_connections_companies(world: World) -> None:
    elsewhere = CompanyFactory(organization=world.organization)
    integration = world.connect("netvisor")
    integration.companies.add(elsewhere)
    world.save()
    assert Job.objects.count() == 0
    world.save(world.hire(number="2", company=elsewhere))
    assert Job.objects.count() == 1


def test_another_organizations_integration_hears_nothing(world: World) -> None:
    world.connect("netvisor")
    PositionFactory()
    assert Job.objects.count() == 0


def test_who_started_it_is_kept(world: World) -> None:
    integration = world.connect("netvisor")
    with started_by(Origin("api", "nightly import")):
        position = world.save()
    job = world.job(integration, position)
    assert (job.origin, job.origin_name) == ("api", "nightly import")


def test_deleting_an_organization_leaves_nothing_behind(world: World) -> None:
    world.connect("netvisor")
    world.save()
    world.organization.delete()
    assert Job.objects.count() == 0


# -- cost ------------------------------------------------------------------------------------------------


def _queries(captured: Any) -> list[str]:
    kept = [q["sql"] for q in captured.captured_queries]
    return [q for q in kept if not q.startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT"))]


def test_one_save_adds_few_queries_whatever_the_number_of_integrations(
    world: World, django_assert_max_num_queries: Any
) -> None:
    for key in ("netvisor", "fortnox", "tripletex"):
        world.connect(key)
    with django_assert_max_num_queries(30) as captured:
        world.save()
    added = [q for q in _queries(captured) if "positions_position" not in q.split("WHERE")[0]]
    assert len(added) <= 5, "the integrations, the jobs, one wake-up for all of them; the audit trail, the change feed"
    with django_assert_max_num_queries(30) as captured:
        world.save(start_date=date(2025, 1, 1), end_date=date(2025, 2, 1), end_reason="resigned")
    added = [q for q in _queries(captured) if "positions_position" not in q.split("WHERE")[0]]
    assert len(added) <= 4


@pytest.mark.parametrize("rows", [3, 60])
def test_a_bulk_save_adds_the_same_queries_for_few_and_for_many(
    world: World, rows: int, django_assert_max_num_queries: Any
) -> None:
    integration = world.connect("netvisor")
    positions = [
        PositionFactory.build(employee=world.hire(number=str(n)), title="Baker", start_date=date(2026, 1, 1))
        for n in range(rows)
    ]
    with django_assert_max_num_queries(60) as captured:
        save_positions(positions)
    added = [q for q in _queries(captured) if 'INTO "positions_position"' not in q]
    assert len(added) <= 5
    assert Job.objects.filter(integration=integration).count() == rows
