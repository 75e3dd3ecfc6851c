"""A creation whose answer died with its worker is found again, whatever HR did to the position meanwhile; a full disk
and a clock that jumps lose nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import OperationalError, connection
from django.utils import timezone
from django_q.models import Schedule

from integrations.models import Integration, PeriodLink
from integrations.runtime.vault import DatabaseVault
from integrations.sandboxes.server import Tenants
from positions.models import Position
from synclog.engine.lease import Held
from synclog.models import Job, Lease
from synclog.queue import tasks
from synclog.queue.schedules import SCHEDULES
from tests.synclog.world import World, new_world

NOON = datetime(2026, 6, 15, 10, tzinfo=UTC)


def created_and_forgotten(world: World, integration: Integration, position: Position) -> None:
    """As a worker leaves it that was killed after its call and before it stored the result."""
    job = world.job(integration, position)
    before = Job.objects.filter(pk=job.pk).values().get()
    world.drain(integration)
    assert len(world.there(integration)) == 1
    Job.objects.filter(pk=job.pk).delete()
    Job.objects.create(**{**before, "state": "running", "tried": [position.start_date.isoformat()]})
    PeriodLink.objects.all().delete()


def test_moved_meanwhile(world: World) -> None:
    integration = world.connect("netvisor", move_periods=True)
    position = world.save()
    created_and_forgotten(world, integration, position)
    position.start_date = date(2026, 2, 1)
    position.save()
    world.drain(integration)
    assert [p["startdate"] for p in world.there(integration)] == ["2026-02-01"], world.job(
        integration, position
    ).message


def test_deleted_meanwhile(world: World) -> None:
    integration = world.connect("netvisor", delete_positions=True)
    position = world.save()
    created_and_forgotten(world, integration, position)
    position.delete()
    world.drain(integration)
    assert world.there(integration) == []


@pytest.mark.parametrize("delete", [True, False])
def test_a_record_taken_over_from_a_deleted_position_is_moved_never_replaced(
    world: World, delete: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new position took the deleted one's record over, the answer was lost, and the new one moved meanwhile."""
    integration = world.connect("netvisor", move_periods=True, delete_positions=delete)
    first = world.save(title="Baker")
    world.drain(integration)
    [before] = PeriodLink.objects.all()
    first.delete()
    second = world.save(title="Cook", start_date=first.start_date)
    killed_after_the_call(world, integration, monkeypatch)
    second.start_date -= timedelta(days=30)
    second.save()
    world.drain(integration)
    assert world.job(integration, second).state == Job.State.SUCCEEDED, world.job(integration, second).message
    [there] = world.there(integration)
    assert there["startdate"] == second.start_date.isoformat()
    assert PeriodLink.objects.get(position_key=second.pk).remote_id == before.remote_id
    assert not Job.objects.open().exists()


# -- the one record of a flat system


def killed_after_the_call(world: World, integration: Integration, kill: Any) -> None:
    """A worker's turn whose results are never stored: everything that was committed before the call stays."""
    kill.setattr("synclog.engine.worker_turn.store_results", lambda *_: False)
    tasks.drain(integration.pk, 2)
    kill.undo()


FLAT = ["xledger", "poweroffice_go", "fortnox", "entra_id"]
ENDS = {
    "xledger": "employmentTo",
    "poweroffice_go": "EndDate",
    "fortnox": "EmployedTo",
    "entra_id": "employeeLeaveDateTime",
}


def flat(world: World, key: str) -> Integration:
    integration = world.connect(key, delete_positions=True)
    if key == "entra_id":
        integration.settings |= {"send_leave_date": True}
        integration.save()
    return integration


def worked(world: World) -> Position:
    return world.save(start_date=date(2026, 1, 1), occupation_code="5221126", contract_type="permanent")


@pytest.mark.parametrize("key", FLAT)
def test_a_flat_record_whose_first_write_was_cut_off_is_ended(
    world: World, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with time_machine.travel(NOON, tick=True):
        integration = flat(world, key)
        position = worked(world)
        killed_after_the_call(world, integration, monkeypatch)
        assert not PeriodLink.objects.exists()
        [there] = world.there(integration)
        assert not there[ENDS[key]]
        position.end_date, position.end_reason = date(2026, 6, 10), "resigned"
        position.save()
        world.drain(integration)
        job = world.job(integration, position)
        assert (job.state, job.action) == (Job.State.SUCCEEDED, Job.Action.END), job.message
        [there] = world.there(integration)
        assert there[ENDS[key]][:10] == "2026-06-10"
        assert job.meant == [], "what was to be written is not kept longer than it is of use"


def test_a_flat_record_whose_position_is_deleted_meanwhile_is_reported(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As any other that was sent: the system cannot delete it."""
    integration = flat(world, "entra_id")
    position = worked(world)
    killed_after_the_call(world, integration, monkeypatch)
    key = position.pk
    position.delete()
    world.drain(integration)
    assert (world.job(integration, key).state, world.job(integration, key).cause) == ("failed", "delete_by_hand")
    assert PeriodLink.objects.get().position_key == key


def test_a_take_over_that_was_cut_off_is_ended_on_its_own_day(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with time_machine.travel(NOON, tick=True):
        integration = flat(world, "entra_id")
        first = worked(world)
        world.drain(integration)
        first.end_date, first.end_reason = date(2026, 6, 1), "internal_transfer"
        first.save()
        second = world.save(title="Cook", start_date=date(2026, 6, 2))
        killed_after_the_call(world, integration, monkeypatch)
        assert world.there(integration)[0]["jobTitle"] == "Cook"
        assert PeriodLink.objects.get().position_key == first.pk
        second.end_date, second.end_reason = date(2026, 6, 12), "resigned"
        second.save()
        world.drain(integration)
        assert world.there(integration)[0]["employeeLeaveDateTime"][:10] == "2026-06-12"
        assert PeriodLink.objects.get().position_key == second.pk


def test_a_flat_record_that_says_something_else_is_not_taken_for_ours(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The call was never carried out, and a clerk has entered somebody else's work since."""
    integration = flat(world, "entra_id")
    position = worked(world)
    with pytest.MonkeyPatch.context() as unreachable:
        unreachable.setattr("integrations.systems.entra_id.connector.EntraIdConnector._patch", lambda *_, **__: None)
        killed_after_the_call(world, integration, monkeypatch)
    user = next(u for u in world.sandboxes[integration.pk].state["users"].values() if u["employeeId"] == "1042")
    user["jobTitle"] = "Chef"
    position.end_date, position.end_reason = date(2026, 6, 10), "resigned"
    position.save()
    world.drain(integration)
    assert world.job(integration, position).cause == "not_current"
    assert (user["jobTitle"], user["employeeLeaveDateTime"]) == ("Chef", None)
    assert not PeriodLink.objects.exists()


def test_nobody_there_to_have_been_written_to_is_no_failure(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    integration = flat(world, "entra_id")
    position = worked(world)
    killed_after_the_call(world, integration, monkeypatch)
    world.sandboxes[integration.pk].state["users"].clear()
    position.end_date, position.end_reason = date(2026, 6, 10), "resigned"
    position.save()
    world.drain(integration)
    assert (world.job(integration, position).state, world.job(integration, position).cause) == (
        "skipped",
        "not_current",
    )


def test_a_try_that_certainly_wrote_nothing_is_not_remembered(world: World) -> None:
    """A record that somebody makes there by hand meanwhile must not be taken for ours."""
    integration = world.connect("netvisor")
    stranger = world.hire(number="9999")
    position = world.save(stranger)
    world.drain(integration)
    assert world.job(integration, position).cause == "employee_not_found"
    assert world.job(integration, position).tried == []


@pytest.mark.django_db(transaction=True)
def test_a_full_disk_loses_nothing(sandbox_server: tuple[str, Tenants], settings: Any) -> None:
    settings.ALLOW_PRIVATE_TARGETS = True
    world = new_world(sandbox_server)
    integration = world.connect("netvisor")
    position = world.save()
    for table in ("positions_position", "synclog_job"):
        with connection.execute_wrapper(full_for(table)), pytest.raises(OperationalError, match="full"):
            world.save(start_date=date(2020, 1, 1), end_date=date(2020, 2, 1), end_reason="other")
        assert Position.objects.count() == Job.objects.count() == 1, "a save that did not fit left nothing"
    with connection.execute_wrapper(full_for("synclog_attempt")), pytest.raises(OperationalError, match="full"):
        tasks.drain(integration.pk, 2)
    assert Lease.objects.get(integration=integration).until is None, "the lease was given back"
    assert len(world.there(integration)) == 1, "it was sent, and could not be stored"
    world.drain(integration)
    assert world.job(integration, position).state in (Job.State.SUCCEEDED, Job.State.SKIPPED)
    assert len(world.there(integration)) == 1
    assert PeriodLink.objects.get().position_key == position.pk


def full_for(table: str) -> Any:
    """The statement that needs the room is the one that finds none."""

    def execute(run: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith(f'INSERT INTO "{table}"'):
            raise OperationalError("database or disk is full")
        return run(sql, params, many, context)

    return execute


@pytest.mark.parametrize("jump", [timedelta(days=2), timedelta(days=-2)])
def test_a_clock_that_jumps_keeps_nothing_waiting_for_ever(world: World, jump: timedelta) -> None:
    with time_machine.travel(NOON, tick=True) as clock:
        integration = world.connect("netvisor")
        world.fail(integration, kind="status", status=503, times=1)
        position = world.save()
        world.drain(integration)
        assert world.job(integration, position).state == Job.State.RETRYING
        clock.shift(jump)
        position.title = "Cook"
        position.save()  # a change is due at once by whatever the clock says now
        world.drain(integration)
        assert world.job(integration, position).state == Job.State.SUCCEEDED
        assert len(world.there(integration)) == 1


@pytest.mark.parametrize("back", [timedelta(minutes=5), timedelta(days=2), timedelta(days=800)])
def test_a_clock_that_is_set_back_leaves_no_back_off_waiting(world: World, back: timedelta) -> None:
    """Neither a job's nor its connection's, and nobody saves anything meanwhile."""
    with time_machine.travel(NOON, tick=True) as clock:
        integration = world.connect("netvisor")
        position = world.save()
        world.fail(integration, kind="status", status=429, headers={"Retry-After": "5"}, times=1)
        world.drain(integration)
        assert world.job(integration, position).state == Job.State.RETRYING
        assert integration.retry_at is not None
        clock.shift(-back)
        world.drain(integration)
        assert world.there(integration) == []
        tasks.sweep()
        world.drain(integration)
        assert world.job(integration, position).state == Job.State.SUCCEEDED


def test_what_was_saved_before_the_clock_was_set_back_goes_out_too(world: World) -> None:
    with time_machine.travel(NOON, tick=True) as clock:
        integration = world.connect("netvisor")
        position = world.save()
        clock.shift(timedelta(days=-2))
        tasks.sweep()
        world.drain(integration)
        assert world.job(integration, position).state == Job.State.SUCCEEDED


def test_what_waits_for_its_first_day_still_does_when_the_clock_was_set_back(world: World) -> None:
    with time_machine.travel(NOON, tick=True) as clock:
        integration = world.connect("entra_id")
        position = world.save(start_date=date(2026, 9, 1))
        world.drain(integration)
        before = world.job(integration, position)
        assert before.cause == "not_yet_current"
        clock.shift(timedelta(days=-2))
        tasks.sweep()
        assert world.job(integration, position).due_at == before.due_at


def test_a_wait_that_goes_on_is_not_cut_short_by_the_sweep(world: World) -> None:
    integration = world.connect("netvisor")
    world.fail(integration, kind="status", status=503, times=1)
    position = world.save()
    world.drain(integration)
    before = world.job(integration, position).due_at
    tasks.sweep()
    assert world.job(integration, position).due_at == before


def test_the_first_sign_of_life_after_a_clock_was_set_back_rings_the_schedules(world: World) -> None:
    with time_machine.travel(NOON, tick=True) as clock:
        Schedule.objects.filter(name__in=SCHEDULES).update(next_run=timezone.now() + timedelta(minutes=1))
        tasks.beat()
        assert not Schedule.objects.filter(next_run__lte=timezone.now()).exists()
        clock.shift(timedelta(days=-2))
        tasks.beat()
        assert Schedule.objects.filter(next_run__lte=timezone.now()).count() == len(SCHEDULES)


def test_a_lease_and_a_lock_of_before_the_clock_was_set_back_are_free(world: World) -> None:
    """Their holders died on another host, so nobody gives them back."""
    with time_machine.travel(NOON, tick=True) as clock:
        integration = world.connect("netvisor")
        position = world.save()
        held = Held.acquire(integration.pk)
        assert held is not None
        Lease.objects.update(host="elsewhere")
        vault = DatabaseVault(integration.pk)
        assert vault.try_lock()
        assert not vault.try_lock()
        clock.shift(timedelta(days=-2))
        tasks.sweep()
        world.drain(integration)
        assert world.job(integration, position).state == Job.State.SUCCEEDED
        assert vault.try_lock()
