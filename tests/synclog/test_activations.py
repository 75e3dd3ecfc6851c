"""Only changes after activation, and after *that* activation: what was saved, waiting or planned before is not sent, at
once or when a day passes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine

from integrations.models import EmployeeLink, Integration
from positions.models import Position
from synclog.engine import actions
from synclog.engine.worker_turn import Turn
from synclog.models import Job
from synclog.queue import tasks
from tests.synclog.world import World

NOON = datetime(2026, 6, 15, 10, tzinfo=UTC)
LATER = datetime(2026, 7, 1, 3, tzinfo=UTC)  # in Oslo the day has begun
FLAT = ["fortnox", "poweroffice_go", "entra_id"]


def works(world: World, **values: Any) -> Position:
    return world.save(**{"occupation_code": "5221126", "contract_type": "permanent", **values})


def turned_off_and_on(integration: Integration) -> None:
    actions.switch(integration, False, by="anna")
    integration.refresh_from_db()
    actions.switch(integration, True, by="anna")
    integration.refresh_from_db()


def a_day_comes(world: World, integration: Integration, moment: datetime) -> None:
    with time_machine.travel(moment, tick=True):
        tasks.sweep()
        world.drain(integration)


@pytest.mark.parametrize("key", FLAT)
def test_no_day_sends_what_was_changed_while_it_was_off(world: World, key: str) -> None:
    with time_machine.travel(NOON, tick=True):
        integration = world.connect(key)
        now = works(world, end_date=date(2026, 6, 30), end_reason="internal_transfer")
        then = works(world, title="Chef", start_date=date(2026, 7, 1))
        world.drain(integration)
        assert EmployeeLink.objects.get().next_change_on == date(2026, 7, 1)
        actions.switch(integration, False, by="anna")
        then.title = "Changed while off"
        then.save()
        integration.refresh_from_db()
        actions.switch(integration, True, by="anna")
        before, jobs = world.there(integration), Job.objects.count()
    a_day_comes(world, integration, LATER)
    assert world.there(integration) == before
    assert Job.objects.count() == jobs, "and it is not in the log either"
    with time_machine.travel(LATER + timedelta(hours=2), tick=True):
        now.percentage = 90
        now.save()  # something of theirs is touched: from here on they are under sync again
        world.drain(integration)
        assert "Changed while off" in str(world.there(integration))


@pytest.mark.parametrize("key", FLAT)
def test_whoever_is_touched_after_the_new_activation_is_followed_by_the_day_again(world: World, key: str) -> None:
    with time_machine.travel(NOON, tick=True):
        integration = world.connect(key)
        now = works(world, end_date=date(2026, 6, 30), end_reason="internal_transfer")
        works(world, title="Chef", start_date=date(2026, 7, 1))
        world.drain(integration)
        turned_off_and_on(integration)
        now.title = "Bagare"
        now.save()
        world.drain(integration)
    a_day_comes(world, integration, LATER)
    assert "Chef" in str(world.there(integration))


def test_a_history_system_is_sent_nothing_of_before_either(world: World) -> None:
    integration = world.connect("netvisor")
    first = world.save(end_date=date(2026, 5, 31), end_reason="resigned")
    second = world.save(title="Cook", start_date=date(2026, 6, 1))
    world.drain(integration)
    actions.switch(integration, False, by="anna")
    second.title = "Changed while off"
    second.save()
    integration.refresh_from_db()
    actions.switch(integration, True, by="anna")
    tasks.sweep()
    world.drain(integration)
    first.title = "Baker, day"
    first.save()
    world.drain(integration)
    assert [p["profession"] for p in world.there(integration)] == ["Baker, day", "Cook"], "each for itself"


@pytest.mark.parametrize("key", ["netvisor", "fortnox"])
@pytest.mark.parametrize("state", list(Job.OPEN))
def test_nothing_that_was_open_survives_off_and_on(world: World, key: str, state: str) -> None:
    """A worker may have been killed with it, and nobody swept in between."""
    integration = world.connect(key)
    position = works(world)
    Job.objects.update(state=state)
    turned_off_and_on(integration)
    tasks.sweep()
    world.drain(integration)
    assert world.job(integration, position).cause == "switched_off"
    assert not Job.objects.open().exists()
    assert "Baker" not in str(world.there(integration))


def test_what_comes_back_from_before_does_not_open_a_job_anew(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Switched off and on while a call was in the air that is answered by a refusal of the moment."""
    integration = world.connect("netvisor")
    position = world.save()
    world.fail(integration, kind="status", status=503, times=1)
    start = Turn._start

    def meanwhile(self: Turn, *args: Any) -> None:
        turned_off_and_on(Integration.objects.get(pk=integration.pk))
        start(self, *args)

    monkeypatch.setattr(Turn, "_start", meanwhile)
    tasks.drain(integration.pk, 2)
    assert world.job(integration, position).cause == "switched_off"
    assert not Job.objects.open().exists()


def test_what_a_turn_of_before_plans_for_a_later_day_is_not_sent(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It stores its results when the connection is off and on again."""
    with time_machine.travel(NOON, tick=True):
        integration = world.connect("fortnox")
        works(world, end_date=date(2026, 6, 30), end_reason="internal_transfer")
        then = works(world, title="Chef", start_date=date(2026, 7, 1))
        store = Turn._store

        def late(self: Turn) -> None:
            if self._done:
                turned_off_and_on(Integration.objects.get(pk=integration.pk))
            store(self)

        monkeypatch.setattr(Turn, "_store", late)
        tasks.drain(integration.pk, 2)
        monkeypatch.undo()
        assert EmployeeLink.objects.get().next_change_on == date(2026, 7, 1), "what it knew"
        then.refresh_from_db()
    a_day_comes(world, integration, LATER)
    assert "Chef" not in str(world.there(integration))
