"""A creation whose answer died with its worker is found again, whatever HR did to the position meanwhile; a full disk
and a clock that jumps lose nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import OperationalError, connection

from integrations.models import Integration, PeriodLink
from integrations.sandbox.server import Tenants
from positions.models import Position
from synclog import tasks
from synclog.models import Job, Lease
from tests.sync.world import World, new_world


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
    with time_machine.travel(datetime(2026, 6, 15, 10, tzinfo=UTC), tick=True) as clock:
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
