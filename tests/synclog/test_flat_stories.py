"""Stories in which the one record of a flat system used to be left as it was: through the engine and over real HTTP."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine

from integrations.models import Integration, PeriodLink
from positions.models import Position
from synclog.engine import actions
from synclog.models import Job
from synclog.queue import tasks
from tests.synclog.test_engine import complete
from tests.synclog.test_lost_answers import killed_after_the_call
from tests.synclog.world import World

NOON = datetime(2026, 6, 15, 10, tzinfo=UTC)
SUCCEEDED, FAILED, WAITING, SKIPPED = Job.State.SUCCEEDED, Job.State.FAILED, Job.State.WAITING, Job.State.SKIPPED
STARTS = {
    "fortnox": ("EmploymentDate", {"send_start_date": True}),
    "xledger": ("employmentFrom", {}),
    "poweroffice_go": ("StartDate", {}),
    "entra_id": ("employeeHireDate", {"send_hire_date": True}),
}


def works(world: World, **values: Any) -> Position:
    return world.save(**{"occupation_code": "5221126", "contract_type": "permanent", **values})


def day_of(shown: str) -> str:
    """The organization's day of a date or a moment there."""
    moment = datetime.fromisoformat(shown)
    return (moment.astimezone(ZoneInfo("Europe/Oslo")) if moment.tzinfo else moment).date().isoformat()


WRONG = {"occupation_code": "x" * 9}


def connected(world: World, key: str, **settings: Any) -> Integration:
    integration = world.connect(key, delete_positions=True)
    integration.settings |= settings
    integration.save()
    return integration


# -- a start that was moved into the future --------------------------------------------------------------


@pytest.mark.parametrize("key", STARTS)
def test_a_sent_start_that_is_corrected_into_the_future_is_corrected_there(world: World, key: str) -> None:
    name, settings = STARTS[key]
    with time_machine.travel(NOON, tick=True):
        integration = connected(world, key, **settings)
        position = works(world)
        world.drain(integration)
        assert day_of(world.there(integration)[0][name]) == "2026-01-01", world.job(integration, position).message
        position.start_date, position.percentage = date(2026, 7, 1), 80
        position.save()
        world.drain(integration)
        job = world.job(integration, position)
        assert (job.state, job.action) == (SUCCEEDED, "update"), job.message
        assert "It starts on 1 Jul 2026 now" in job.message
        [there] = world.there(integration)
        assert day_of(there[name]) == "2026-07-01"
        actions.resync(Job.objects.filter(pk=job.pk), by="anna")
        world.drain(integration)
        again = world.job(integration, position)
        assert (again.state, again.cause) == (WAITING, "not_yet_current"), "and the rest waits for its day"
    with time_machine.travel(datetime(2026, 7, 1, 3, tzinfo=UTC), tick=True):
        tasks.sweep()
        world.drain(integration)
        assert world.job(integration, position).state in (SUCCEEDED, SKIPPED)
        assert not Job.objects.open().exists()
        assert not PeriodLink.objects.exclude(position_key=position.pk).exists()


@pytest.mark.parametrize("key", ["fortnox", "entra_id"])
def test_a_warning_says_so_where_the_start_is_not_sent(world: World, key: str) -> None:
    with time_machine.travel(NOON, tick=True):
        integration = connected(world, key, **dict.fromkeys(STARTS[key][1], False))
        position = works(world)
        world.drain(integration)
        before = world.there(integration)
        position.start_date = date(2026, 7, 1)
        position.save()
        world.drain(integration)
        job = world.job(integration, position)
        assert (job.state, job.cause, job.warning) == (WAITING, "not_yet_current", True)
        assert "sending the start date is switched off in this connection's settings" in job.message
        assert world.there(integration) == before


# -- what ends, and what takes over ----------------------------------------------------------------------


def test_when_all_that_followed_is_over_too_the_employment_is_ended(world: World) -> None:
    """The one that followed could never be written: its entry waits for a person. The record ended nowhere before."""
    integration = connected(world, "poweroffice_go")
    with time_machine.travel(NOON, tick=True):
        first = works(world)
        world.drain(integration)
        first.end_date, first.end_reason = date(2026, 6, 16), "internal_transfer"
        first.save()
        second = works(
            world,
            start_date=date(2026, 6, 17),
            end_date=date(2026, 6, 30),
            end_reason="resigned",
            **WRONG,
        )
        world.drain(integration)
        assert not world.there(integration)[0]["EndDate"], "it goes on"
    for day in (17, 18):
        with time_machine.travel(datetime(2026, 6, day, 3, tzinfo=UTC), tick=True):
            tasks.sweep()
            world.drain(integration)
    assert world.job(integration, second).state == FAILED
    with time_machine.travel(datetime(2026, 7, 1, 3, tzinfo=UTC), tick=True):
        tasks.sweep()
        world.drain(integration)
        assert world.there(integration)[0]["EndDate"][:10] == "2026-06-30"


def test_a_deleted_positions_record_is_not_forgotten_when_its_successor_is_refused(world: World) -> None:
    """Else nobody would be told of it when the successor is deleted, too."""
    integration = connected(world, "poweroffice_go")
    first = works(world)
    world.drain(integration)
    key = first.pk
    first.delete()
    second = works(world, start_date=date(2026, 2, 1), **WRONG)
    world.drain(integration)
    assert world.job(integration, second).state == FAILED
    waits = world.job(integration, key)
    assert (waits.state, waits.cause) == (FAILED, "not_yet_taken_over")
    assert PeriodLink.objects.get().position_key == key
    second.occupation_code = "5221126"
    second.save()
    world.drain(integration)
    assert (world.job(integration, key).state, world.job(integration, key).cause) == (SKIPPED, "taken_over")
    assert PeriodLink.objects.get().position_key == second.pk


def test_both_deleted_takes_away_the_record_that_was_made_for_the_one_it_stands_for(world: World) -> None:
    integration = connected(world, "poweroffice_go")
    first = works(world)
    world.drain(integration)
    key = first.pk
    first.delete()
    second = works(world, start_date=date(2026, 2, 1), **WRONG)
    world.drain(integration)
    other = second.pk
    second.delete()
    world.drain(integration)
    assert (world.job(integration, key).state, world.job(integration, key).action) == (SUCCEEDED, Job.Action.DELETE)
    assert world.job(integration, other).cause == "never_sent"
    assert world.there(integration) == []
    assert not PeriodLink.objects.exists()


@pytest.mark.parametrize("key", ["entra_id", "fortnox", "visma_net_payroll"])
def test_a_deletion_by_hand_ends_when_the_position_is_made_anew(world: World, key: str) -> None:
    """Both models: what a person would end there is the recreated one's record."""
    integration = connected(world, key)
    values = complete(key)
    first = works(world, **values)
    world.drain(integration)
    number = first.pk
    assert world.job(integration, number).state == SUCCEEDED, world.job(integration, number).message
    first.delete()
    world.drain(integration)
    assert world.job(integration, number).cause == "delete_by_hand"
    second = works(world, **values)
    world.drain(integration)
    assert (world.job(integration, number).state, world.job(integration, number).cause) == (SKIPPED, "taken_over")
    assert not Job.objects.open().exists()
    assert list(PeriodLink.objects.values_list("position_key", flat=True)) == [second.pk], "one record, one position"


def test_what_nobody_changed_and_what_needs_nothing_makes_no_entry(world: World) -> None:
    """The current position is compared when another one is saved; that it agrees is no news."""
    integration = connected(world, "fortnox")
    now = works(world)
    world.drain(integration)
    before = Job.objects.filter(position_key=now.pk).count()
    works(world, start_date=date(2099, 1, 1))
    world.drain(integration)
    assert Job.objects.filter(position_key=now.pk).count() == before


# -- several calls, cut off between them -----------------------------------------------------------------


def ended_in_june(position: Position) -> None:
    position.end_date, position.end_reason = date(2026, 6, 10), "resigned"
    position.save()


@pytest.mark.parametrize("how", ["unanswered", "killed"])
def test_a_record_that_was_cut_off_between_two_calls_is_ended(
    world: World, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Entra ID: job title and department in one PATCH, the dates each in another."""
    with time_machine.travel(NOON, tick=True):
        integration = connected(world, "entra_id", send_hire_date=True, send_leave_date=True)
        position = works(world)
        first_of_two(integration, how, monkeypatch)
        [there] = world.there(integration)
        assert (there["jobTitle"], there["employeeHireDate"]) == ("Baker", None), "half of it arrived"
        assert not PeriodLink.objects.exists()
        ended_in_june(position)
        world.drain(integration)
        job = world.job(integration, position)
        assert (job.state, job.action) == (SUCCEEDED, "end"), job.message
        assert world.there(integration)[0]["employeeLeaveDateTime"][:10] == "2026-06-10"
        assert job.meant == []


@pytest.mark.parametrize("how", ["unanswered", "killed"])
def test_a_record_that_was_cut_off_is_not_taken_for_ours_once_a_clerk_has_changed_it(
    world: World, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with time_machine.travel(NOON, tick=True):
        integration = connected(world, "entra_id", send_hire_date=True, send_leave_date=True)
        position = works(world)
        first_of_two(integration, how, monkeypatch)
        user = next(u for u in world.sandboxes[integration.pk].state["users"].values() if u["employeeId"] == "1042")
        user["jobTitle"] = "Chef"
        ended_in_june(position)
        world.drain(integration)
        assert world.job(integration, position).cause == "not_current"
        assert (user["jobTitle"], user["employeeLeaveDateTime"]) == ("Chef", None)
        assert not PeriodLink.objects.exists()


def first_of_two(integration: Integration, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first PATCH is carried out, and nothing after it."""
    from integrations.sdk.errors import UnclearOutcomeError
    from integrations.systems.entra_id.connector import EntraIdConnector

    patch = EntraIdConnector._patch

    def once(self: EntraIdConnector, *args: Any, **kwargs: Any) -> None:
        patch(self, *args, **kwargs)
        raise UnclearOutcomeError("No answer came.")

    monkeypatch.setattr(EntraIdConnector, "_patch", once)
    if how == "killed":
        monkeypatch.setattr("synclog.engine.worker_turn.store_results", lambda *_: False)
    tasks.drain(integration.pk, 2)
    monkeypatch.undo()


def test_what_was_there_before_is_committed_before_the_first_call(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is killed right after it leaves what the next one needs."""
    integration = connected(world, "entra_id")
    position = works(world)
    monkeypatch.setattr("integrations.systems.entra_id.connector.EntraIdConnector.update", never)
    killed_after_the_call(world, integration, monkeypatch)
    [meant] = world.job(integration, position).meant
    assert meant["values"]["title"] == "Baker"
    [before] = meant["before"]
    assert before["title"] is None
    killed_after_the_call(world, integration, monkeypatch)
    assert world.job(integration, position).meant == [meant], "it is said once"


def never(*args: Any, **kwargs: Any) -> None:
    raise RuntimeError("killed")
