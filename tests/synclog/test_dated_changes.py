"""HR's changes from a day, through the save, the engine and the day's change, over real HTTP: with pause and off in
between. What each system is sent is in tests/systems."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import time_machine

from integrations.models import Integration, PeriodLink
from integrations.runtime import export_files
from integrations.scope import scope_of
from positions.models import Position
from positions.terms import CORRECTION, Counting, FromDay, Withdrawal
from synclog.engine import actions, agreeing
from synclog.log.truth import Truth, truth_of
from synclog.models import Job
from synclog.queue import tasks
from tests.synclog.world import World

SYSTEMS = ("tripletex", "unimicro", "poweroffice_go", "fortnox")
DAY = date(2026, 7, 1)
OTHERS = {"fortnox": "weekly_hours"}  # it takes no percentage


@contextmanager
def on(day: date, hour: int = 10) -> Iterator[None]:
    with time_machine.travel(datetime(day.year, day.month, day.day, hour, tzinfo=UTC), tick=True):
        yield


def hired(world: World) -> Position:
    return world.save(
        occupation_code="5221126", contract_type="permanent", percentage=Decimal(80), working_hours_scheme="not_shift"
    )


def changes(position: Position, integration: Integration, counting: Counting | None = None, to: int = 60) -> None:
    fresh = Position.objects.get(pk=position.pk)
    name = OTHERS.get(integration.system_key, "percentage")
    setattr(fresh, name, Decimal(to) / (2 if name == "weekly_hours" else 1))
    fresh.counting = counting
    fresh.save()


def now(world: World, integration: Integration) -> str:
    """What payroll holds, as text: the terms that count last of what is there."""
    there = world.there(integration)[-1]
    return str(
        {
            "tripletex": lambda: there["employmentDetails"][-1]["percentageOfFullTimeEquivalent"],
            "unimicro": lambda: (there["WorkPercent"], there["LastWorkPercentChangeDate"][:10]),
            "poweroffice_go": lambda: there,
            "fortnox": lambda: there,
        }[integration.system_key]()
    )


def truth(integration: Integration, position: Position) -> Truth:
    job = Job.objects.filter(integration=integration, position_key=position.pk).order_by("-pk").first()
    link = PeriodLink.objects.filter(integration=integration, position_key=position.pk).first()
    integration = Integration.objects.select_related("organization").get(pk=integration.pk)
    return truth_of(position, integration, scope_of(integration.pk), job, link, str(position.pk))


@pytest.mark.parametrize("key", SYSTEMS)
def test_a_change_to_come_waits_where_everybody_sees_it_and_is_sent_on_its_day(world: World, key: str) -> None:
    integration = world.connect(key)
    with on(date(2026, 6, 15)):
        position = hired(world)
        world.drain(integration)
        before = now(world, integration)
        changes(position, integration, FromDay(DAY))
        world.drain(integration)
        job = world.job(integration, position)
        if key == "tripletex":
            assert (job.state, truth(integration, position)) == (Job.State.SUCCEEDED, Truth.IN_SYNC), job.message
        else:
            assert now(world, integration) == before
            assert (job.state, job.cause) == (Job.State.WAITING, "counts_later"), job.message
            assert "From 1 Jul 2026 on" in job.message
            assert truth(integration, position) is Truth.UPCOMING
    with on(date(2026, 6, 30)):
        tasks.sweep()
        world.drain(integration)
        assert key == "tripletex" or now(world, integration) == before
    with on(DAY):
        tasks.sweep()
        world.drain(integration)
        assert now(world, integration) != before
        assert truth(integration, position) is Truth.IN_SYNC
        position.refresh_from_db()
        assert getattr(position, OTHERS.get(key, "percentage")) in (Decimal(30), Decimal(60))
        assert not Job.objects.open().exists()


@pytest.mark.parametrize("key", ["unimicro", "fortnox"])
def test_pause_in_between_holds_it_and_resume_sends_it(world: World, key: str) -> None:
    integration = world.connect(key)
    with on(date(2026, 6, 15)):
        position = hired(world)
        world.drain(integration)
        before = now(world, integration)
        changes(position, integration, FromDay(DAY))
        world.drain(integration)
    with on(DAY):
        actions.pause(integration, "anna")
        tasks.sweep()
        world.drain(integration)
        assert now(world, integration) == before
        actions.resume(integration, "anna")
        world.drain(integration)
        assert now(world, integration) != before


@pytest.mark.parametrize("key", ["tripletex", "unimicro", "fortnox"])
def test_what_was_planned_before_it_was_switched_off_is_not_sent_by_the_day(world: World, key: str) -> None:
    """Off drops what waits; on sends nothing by itself, neither at once nor when a day passes. But nobody calls it in
    sync, and the next change brings all of it."""
    integration = world.connect(key)
    with on(date(2026, 6, 15)):
        position = hired(world)
        world.drain(integration)
        if key == "tripletex":
            actions.switch(integration, False, "anna")
        changes(position, integration, FromDay(DAY))
        world.drain(integration)
        before = now(world, integration)
        actions.switch(integration, False, "anna")
    with on(date(2026, 6, 20)):
        actions.switch(integration, True, "anna")
        tasks.sweep()
        world.drain(integration)
    with on(DAY):
        tasks.sweep()
        world.drain(integration)
        assert now(world, integration) == before
        assert truth(integration, position) in (Truth.CHANGED, Truth.UNKNOWN)
        changes(position, integration, CORRECTION, to=50)
        world.drain(integration)
        assert now(world, integration) != before
        assert truth(integration, position) in (Truth.IN_SYNC, Truth.UPCOMING)


def upcoming(world: World) -> tuple[Integration, Position]:
    """Sent to Finago, which keeps weekly hours on the employee: switched on only afterwards, they are the position's
    from its first day on."""
    integration = world.connect("finago")
    position = world.save(
        start_date=DAY, occupation_code="5221126", contract_type="permanent", percentage=Decimal(80),
        working_hours_scheme="not_shift", weekly_hours=Decimal(30),
    )  # fmt: skip
    world.drain(integration)
    assert world.job(integration, position).state == Job.State.SUCCEEDED, world.job(integration, position).message
    return integration, position


def send_weekly_hours(integration: Integration) -> None:
    integration.settings = {**integration.settings, "send_weekly_hours": True}
    integration.save(update_fields=["settings"])


def hours(world: World, integration: Integration) -> str:
    found: str = world.sandboxes[integration.pk].state["employees"][world.employee.number]["hours_per_week"]
    return found


@pytest.mark.parametrize("few", [200, 0], ids=["at once", "by a worker"])
def test_what_a_setting_adds_to_a_position_to_come_is_sent_on_its_day(
    world: World, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(agreeing.look_again, "__kwdefaults__", {"few": few})
    with on(date(2026, 6, 15)):
        integration, position = upcoming(world)
        before = hours(world, integration)
        send_weekly_hours(integration)
        tasks.agree()
        assert truth(integration, position) is Truth.IN_SYNC
    with on(date(2026, 6, 30)):
        tasks.sweep()
        world.drain(integration)
        assert hours(world, integration) == before
    with on(DAY):
        tasks.sweep()
        world.drain(integration)
        assert Decimal(hours(world, integration)) == 30 and before != hours(world, integration)
        assert truth(integration, position) is Truth.IN_SYNC


def test_no_day_sends_what_a_setting_adds_where_nothing_of_it_is_under_sync(world: World) -> None:
    with on(date(2026, 6, 15)):
        integration, position = upcoming(world)
        before = hours(world, integration)
        actions.switch(integration, False, "anna")
        actions.switch(integration, True, "anna")
        send_weekly_hours(integration)
    with on(DAY):
        tasks.sweep()
        world.drain(integration)
        assert hours(world, integration) == before
        assert truth(integration, position) is Truth.CHANGED


def test_no_day_sends_what_a_person_has_dismissed(world: World) -> None:
    with on(date(2026, 6, 15)):
        integration, position = upcoming(world)
        before = hours(world, integration)
        actions.pause(integration, "anna")
        changes(position, integration, CORRECTION)
        actions.dismiss(Job.objects.open(), "no", "anna")
        integration.refresh_from_db()
        actions.resume(integration, "anna")
        send_weekly_hours(integration)
    with on(DAY):
        tasks.sweep()
        world.drain(integration)
        assert hours(world, integration) == before


def carry_over(integration: Integration) -> None:
    for file in integration.export_files.filter(imported_at=None):
        export_files.fetch(file, "anna")
        export_files.mark_imported(file, "anna")


def test_a_change_that_is_withdrawn_after_its_file_was_imported_is_told(world: World) -> None:
    """What earlier files say of days that are over, no file takes away: nobody calls it in sync until it is known."""
    integration = world.connect("crona_lon")
    with on(date(2026, 6, 9)):
        position = hired(world)
        world.drain(integration)
        carry_over(integration)
        for day, share in ((date(2026, 6, 1), 60), (date(2026, 6, 8), 100)):
            changes(position, integration, FromDay(day), to=share)
            world.drain(integration)
            carry_over(integration)
        fresh = Position.objects.get(pk=position.pk)
        fresh.counting = Withdrawal(date(2026, 6, 1))
        fresh.save()
        world.drain(integration)
        job = world.job(integration, position)
        assert "80 in 1 Jun 2026 – 7 Jun 2026" in job.message, job.message
        assert (job.state, job.cause) == (Job.State.SKIPPED, "stays_there")
        assert truth(integration, position) is Truth.PARTLY
        assert not integration.export_files.filter(imported_at=None).exists(), "a file could not say it"
