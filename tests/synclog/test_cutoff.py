"""The payroll cut-off through the engine: what is saved after it is marked or held, goes out when the period opens or
when somebody says so, and what is about earlier days is kept for whoever pays them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.engine import Start
from integrations.models import EmployeeLink, Integration
from integrations.planning.cutoff import After, Calendar, DayAndHour
from positions.bulk import save_positions
from positions.models import Member, Position
from positions.terms import CORRECTION, Counting, FromDay
from synclog.admin.forecasts import foreseen
from synclog.engine import actions, cutoff, matches, texts
from synclog.log import batches, bulk_actions, consequences, sentences, starting
from synclog.log.batches import Wanted
from synclog.log.cutoff import problems
from synclog.log.health import health_of
from synclog.log.states import connections_of, states_of
from synclog.log.truth import Truth, counts_of
from synclog.models import Batch, Event, Job, Notice, RetroChange, Topic
from synclog.questions.preview import find
from synclog.queue import foreground, tasks
from synclog.telling import cutoffs, digest
from tests.factories import UserFactory
from tests.synclog.world import World

OSLO = ZoneInfo("Europe/Oslo")
HOLD = Calendar(After.HOLD, DayAndHour(13, 12))
TAG = Calendar(After.TAG, DayAndHour(13, 12))
OPENS = datetime(2026, 12, 1, tzinfo=OSLO)
CUTOFF = datetime(2026, 11, 13, 12, tzinfo=OSLO)


@contextmanager
def at(month: int, day: int, hour: int = 10, minute: int = 0) -> Iterator[None]:
    with time_machine.travel(datetime(2026, month, day, hour, minute, tzinfo=OSLO), tick=True):
        yield


def held(world: World, key: str = "netvisor", calendar: Calendar | None = HOLD, **values: Any) -> Integration:
    return world.connect(key, cutoff=calendar.to_json() if calendar else {}, **values)


def hired(world: World, **values: Any) -> Position:
    return world.save(
        **{"start_date": date(2026, 1, 1), "percentage": Decimal(80), **values},
        end_reason="contract_ended" if values.get("end_date") else "",
    )


def change(position: Position, counting: Counting | None = None, **values: Any) -> Position:
    fresh = Position.objects.get(pk=position.pk)
    for name, value in values.items():
        setattr(fresh, name, value)
    fresh.counting = counting
    fresh.save()
    return fresh


def titles(world: World, integration: Integration) -> list[Any]:
    """Of a Netvisor sandbox."""
    return [period["profession"] for period in world.there(integration)]


def sent_on_its_way(world: World, integration: Integration) -> None:
    """As workers do it: they are woken by what is due."""
    tasks.sweep()
    world.drain(integration)


# -- held ----------------------------------------------------------------------------------------------------


def test_what_is_saved_after_the_cutoff_is_held_until_the_period_opens(world: World) -> None:
    integration = held(world)
    with at(11, 13, 11, 59):
        position = hired(world)
        world.drain(integration)
    assert titles(world, integration) == ["Baker"]
    sent = world.job(integration, position)
    with at(11, 13, 12, 0):
        would = "What is saved now is held until 1 Dec 2026 00:00 because of the payroll cut-off."
        assert find(integration, position.pk, 0).notes == (would,)
        assert find(integration, position.pk, sent.pk).notes == ()
        change(position, title="Chef")
        world.drain(integration)
        job = world.job(integration, position)
        assert (job.state, job.cause, job.held_until, job.cutoff_at) == ("waiting", Job.HELD, OPENS, CUTOFF)
        state = states_of(connections_of(world.organization), [position])[position.pk][0]
        assert state.truth is Truth.HELD
        assert state.mark.word == "Held until 1 Dec 00:00"
        assert "held until 1 Dec 2026 00:00 because of the payroll cut-off" in state.why
        assert state.may_send
        for key in (0, job.pk):
            assert find(integration, position.pk, key).notes == (job.message,)
        counts = counts_of([integration])[integration.pk]
        assert (counts.held, counts.waiting, counts.in_sync) == (1, 1, 0)
        health = health_of([integration])[integration.pk]
        assert health.detail == "1 change held until 1 Dec 00:00 because of the payroll cut-off."
    with at(11, 30, 23, 59):
        change(position, title="Baker of bread")  # the newest of what is held is what goes
        sent_on_its_way(world, integration)
        assert titles(world, integration) == ["Baker"]
    with at(12, 1, 0, 0):
        since = timezone.now() - timedelta(seconds=5)
        woken: list[int] = []
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(tasks, "wake", woken.extend)
            tasks.wake_retries(since)
        assert woken == [integration.pk], "the watchdog rings within two seconds"
        sent_on_its_way(world, integration)
        assert titles(world, integration) == ["Baker of bread"]
        job.refresh_from_db()
        assert (job.state, job.cause, job.cutoff_at) == ("succeeded", "", CUTOFF)
        assert counts_of([integration])[integration.pk].held == 0
        assert find(integration, position.pk, 0).notes == ()
        change(position, title="Chef")  # the period is open
        world.drain(integration)
        assert titles(world, integration) == ["Chef"]


@pytest.mark.parametrize("key", ["netvisor", "fortnox"])
def test_ends_deletions_and_what_comes_along_are_held_too(world: World, key: str) -> None:
    integration = held(world, key, delete_positions=True)
    with at(11, 2):
        one, other = hired(world), hired(world, start_date=date(2025, 1, 1), end_date=date(2025, 12, 31))
        world.drain(integration)
    before = world.there(integration)
    with at(11, 20):
        change(one, end_date=date(2026, 11, 30))
        other.delete()
        world.employee.number = "2042"
        world.employee.save()
        save_positions([Position(employee=world.employee, title="New", start_date=date(2026, 11, 25))])
        assert not Job.objects.due(timezone.now()).exists()
        assert Job.objects.held(timezone.now()).count() == 3
        sent_on_its_way(world, integration)
        assert world.sandboxes[integration.pk].employments("1042") == before
    with at(12, 2):
        sent_on_its_way(world, integration)
        assert not Job.objects.held(timezone.now()).exists()
        assert not Job.objects.open().filter(state="waiting", cause=Job.HELD).exists()


def test_what_was_saved_before_the_cutoff_goes_out_whatever_is_held_of_the_same_employee(world: World) -> None:
    """Each record there is by itself where a system has history: it was in time, and belongs into this period."""
    integration = held(world)
    with at(11, 13, 11):
        world.fail(integration, status=503)
        old = hired(world, end_date=date(2026, 6, 30))
        world.drain(integration)
        assert world.job(integration, old).state == "retrying"
    with at(11, 13, 13):
        new = hired(world, title="Chef", start_date=date(2026, 7, 1))
        actions.resume(integration, "anna")
        sent_on_its_way(world, integration)
        assert titles(world, integration) == ["Baker"]
        assert world.job(integration, new).is_held(timezone.now())
    with at(12, 1):
        sent_on_its_way(world, integration)
        assert titles(world, integration) == ["Baker", "Chef"]


def test_a_system_that_knows_one_record_is_sent_nothing_of_somebody_of_whom_something_is_held(world: World) -> None:
    """Else it would be sent what is held, since that is what counts there now."""
    integration = held(world, "fortnox")
    with at(11, 2):
        old = hired(world, end_date=date(2026, 11, 19))
        new = hired(world, title="Chef", start_date=date(2026, 11, 20))
        world.drain(integration)
    with at(11, 13, 11):
        world.fail(integration, status=503)
        change(old, title="Cook")
        world.drain(integration)
        assert world.job(integration, old).state == "retrying"
    with at(11, 21):
        change(new, title="Head chef")
        assert world.job(integration, old).is_held(timezone.now()), "it says so at once"
        actions.resume(integration, "anna")
        sent_on_its_way(world, integration)  # also the day on which Chef took over
        assert "Head chef" not in str(world.there(integration))
        assert Job.objects.held(timezone.now()).count() == 2
        # Whoever sends one of them sends what the record there is to say.
        assert actions.send_now([new], integration, "anna") == {new.pk}
        assert not Job.objects.held(timezone.now()).exists()
        sent_on_its_way(world, integration)
        assert "Head chef" in str(world.there(integration))


def test_nothing_is_sent_of_somebody_who_is_held_while_they_are_loaded(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from synclog.engine import worker_turn

    integration = held(world, "fortnox")
    with at(11, 13, 11):
        old = hired(world)
    with at(11, 13, 13):
        real = worker_turn.load_work

        def slow(*args: Any) -> Any:
            if Position.objects.count() == 1:
                hired(world, title="Chef", start_date=date(2026, 11, 1), percentage=Decimal(100))
            return real(*args)

        monkeypatch.setattr(worker_turn, "load_work", slow)
        world.drain(integration)
        assert "Chef" not in str(world.there(integration))
        assert world.job(integration, old).is_held(timezone.now())


def test_what_was_held_beside_a_change_goes_out_once_that_one_is_dismissed(world: World) -> None:
    integration = held(world, "fortnox")
    with at(11, 2):
        old = hired(world, end_date=date(2026, 11, 19))
        new = hired(world, title="Chef", start_date=date(2026, 11, 20))
        world.drain(integration)
    with at(11, 13, 11):
        world.fail(integration, status=503)
        change(old, title="Cook")
        world.drain(integration)
    with at(11, 14):
        late = hired(world, title="Baker", start_date=date(2025, 1, 1), end_date=date(2025, 2, 1))
        change(new, title="Head chef")
        actions.resume(integration, "anna")
        for position, others in ((late, True), (new, False)):
            actions.dismiss(Job.objects.filter(pk=world.job(integration, position).pk), "By hand", "anna")
            assert world.job(integration, old).is_held(timezone.now()) is others
        assert world.job(integration, old).cause == ""
        sent_on_its_way(world, integration)
        assert not Job.objects.open().filter(integration=integration, position_key=old.pk, cause="").exists()
        assert "Cook" in str(world.there(integration))


STEPS = ("save 0", "save 1", "api 0", "person 0", "api 1", "dismiss 0", "dismiss 1")


@pytest.mark.parametrize("first", STEPS)
def test_whatever_is_saved_sent_and_dismissed_a_flat_record_is_held_while_a_change_is_that_nobody_sends(
    world: World, first: str
) -> None:
    """Every order of three steps, beside what that should lead to. `own`: whether a position's newest change is to be
    held, of those that are open."""
    integration = held(world, "fortnox")
    with at(11, 14):
        positions = [hired(world), hired(world, start_date=date(2026, 7, 1))]
        Job.objects.update(state=Job.State.SUCCEEDED, open_key=None, held_until=None)
        for rest in product(STEPS, repeat=2):
            own: dict[int, bool] = {}
            with transaction.atomic():
                for step in (first, *rest):
                    what, which = step.split()
                    position = positions[int(which)]
                    jobs = Job.objects.filter(pk=world.job(integration, position).pk)
                    if what == "save":
                        change(position, title=f"{step} {len(own)} {timezone.now()}")
                        own[position.pk] = True
                    elif what == "dismiss":
                        actions.dismiss(jobs, "By hand", "anna")
                        own.pop(position.pk, None)
                    else:
                        actions.resync(jobs, "anna", kind="api" if what == "api" else "resync")
                        own = dict.fromkeys({*own, position.pk}, False)
                    held_now = {job.position_key: job.is_held(timezone.now()) for job in Job.objects.open()}
                    assert held_now == dict.fromkeys(own, any(own.values())), (first, rest)
                transaction.set_rollback(True)


def test_what_a_confirmed_match_sends_is_not_held_again_by_another_that_was_dismissed(world: World) -> None:
    integration = held(world, "fortnox")
    with at(11, 14):
        first, second = hired(world), hired(world, start_date=date(2026, 7, 1))
        Job.objects.filter(position_key=second.pk).update(state=Job.State.SUCCEEDED, open_key=None, held_until=None)
        Job.objects.filter(position_key=first.pk).update(state=Job.State.FAILED, cause="match_unsure")
        matches.try_again(integration.pk, [world.employee.pk], asked=True)
        change(second, title="Chef")
        actions.dismiss(Job.objects.filter(pk=world.job(integration, second).pk), "By hand", "anna")
        assert not world.job(integration, first).is_held(timezone.now())


def test_a_claim_costs_the_same_however_much_is_held(world: World) -> None:
    """What is held is asked for of those alone who would be claimed."""
    integration = held(world, "fortnox")
    with at(11, 13, 11):
        old = hired(world, end_date=date(2026, 6, 30))
    with at(11, 14):
        hired(world, title="Chef", start_date=date(2026, 7, 1))
        Job.objects.filter(position_key=old.pk).update(held_until=None, due_at=timezone.now())  # was locked by then
        with CaptureQueriesContext(connection) as asked:
            world.drain(integration)
        assert world.job(integration, old).is_held(timezone.now())
        assert "Chef" not in str(world.there(integration))
        rows = [query["sql"] for query in asked if "MAX(" in query["sql"]]
        assert len(rows) == 1
        assert f'"employee_key" IN ({world.employee.pk})' in rows[0]
        with CaptureQueriesContext(connection) as asked:
            world.drain(integration)
        assert not [query for query in asked if "MAX(" in query["sql"]], "nothing is due"


def test_the_day_on_which_a_planned_change_counts_sends_it_although_the_period_is_closed(world: World) -> None:
    """It was saved before the cut-off."""
    integration = held(world, "fortnox")
    with at(11, 2):
        hired(world, end_date=date(2026, 11, 19))
        hired(world, title="Chef", start_date=date(2026, 11, 20))
        world.drain(integration)
    with at(11, 20):
        sent_on_its_way(world, integration)
        assert "Chef" in str(world.there(integration))


def test_a_day_that_comes_does_not_send_what_is_held(world: World) -> None:
    integration = held(world, "unimicro")
    with at(11, 2):
        position = hired(world, occupation_code="5221126")
        world.drain(integration)
    with at(11, 14):
        change(position, FromDay(date(2026, 11, 25)), percentage=Decimal(60))
    with at(11, 25):
        sent_on_its_way(world, integration)
        assert world.job(integration, position).is_held(timezone.now())
        assert world.there(integration)[0]["WorkPercent"] == 80
    with at(12, 1):
        sent_on_its_way(world, integration)
        assert world.job(integration, position).state == "succeeded"
        assert world.there(integration)[0]["WorkPercent"] == 60


def test_somebody_may_send_it_all_the_same(world: World) -> None:
    integration, other = held(world), held(world)
    with at(11, 14):
        one, two = hired(world, end_date=date(2026, 6, 30)), hired(world, title="Chef", start_date=date(2026, 7, 1))
        with pytest.raises(foreground.NotRunError, match="Re-sync now"):
            foreground.run(world.job(integration, one))
        actions.resync(Job.objects.filter(pk=world.job(integration, one).pk), "anna")
        world.drain(integration)
        assert titles(world, integration) == ["Baker"]
        assert world.job(integration, one).origin_name == "anna"
        assert world.job(integration, two).is_held(timezone.now())
        # Saved again, it is a new change, and held again.
        sent = world.job(integration, one)
        change(one, title="Cook")
        world.drain(integration)
        assert titles(world, integration) == ["Baker"]
        # An entry of what was sent before stands for the position as it is now.
        done = bulk_actions.resync(Job.objects.filter(pk=sent.pk), "anna")
        assert (done.sent, done.left_out) == (1, 0)
        world.drain(integration)
        assert titles(world, integration) == ["Cook"]
        change(one, title="Cook of soups")
        assert cutoff.send_all(integration, "anna") == 2
        assert "2 changes that were held" in integration.events.first().text
        cutoff.look_again(integration)  # whoever looks anew holds none of what was released
        world.drain(integration)
        assert titles(world, integration) == ["Cook of soups", "Chef"]
        assert Job.objects.filter(integration=other).held(timezone.now()).count() == 2, "of nobody else's"


def test_many_that_were_asked_for_do_not_take_along_what_was_saved_and_held_since(world: World) -> None:
    """A worker gets to them after the cut-off; in a flat system anything of the employee counts."""
    with at(11, 13, 11, 30):
        history, flat = held(world), held(world, "fortnox")
        early = hired(world, end_date=date(2026, 6, 30))
        late = hired(world, title="Chef", start_date=date(2026, 7, 1))
        for one in (history, flat):
            world.drain(one)
        positions = batches.keys_of(Position.objects.order_by("pk").values_list("pk", flat=True))
        jobs = batches.keys_of(Job.objects.order_by("pk").values_list("pk", flat=True))
        asked = [batches.begin(jobs, Wanted(Batch.Action.RESYNC, "anna", "resync", world.organization.pk))]
        for one in (history, flat):
            wanted = Wanted(Batch.Action.SEND_NOW, "anna", "resync", world.organization.pk, one)
            asked.append(batches.begin(positions, wanted))
    with at(11, 13, 12, 30):
        change(late, title="Head chef")
        for batch in asked:
            tasks.carry_on(batch.pk)
            batch.refresh_from_db()
        assert [(batch.acted, batch.left_out) for batch in asked] == [(1, 3), (1, 1), (0, 2)]
        assert asked[0].causes == {Job.HELD: 3}
        assert [batch.causes for batch in asked[1:]] == [{Job.HELD: 1}, {Job.HELD: 2}]
        assert not world.job(history, early).is_held(timezone.now())
        for one in (history, flat):
            assert world.job(one, late).is_held(timezone.now())
            world.drain(one)
            assert "Head chef" not in str(world.there(one))


@pytest.mark.parametrize("key", ["netvisor", "fortnox"])
def test_who_matches_anew_is_looked_at_now_although_the_period_is_closed(world: World, key: str) -> None:
    integration = held(world, key)
    with at(11, 2):
        position = hired(world)
        world.drain(integration)
    with at(11, 14):
        change(position, title="Chef")
        link = EmployeeLink.objects.get(integration=integration, employee_key=world.employee.pk)
        matches.match_anew(link, "anna")
        job = world.job(integration, position)
        assert (job.is_held(timezone.now()), job.origin_name, job.cutoff_at) == (False, "anna", CUTOFF)
        world.drain(integration)
        link.refresh_from_db()
        assert link.state == EmployeeLink.State.MATCHED
        assert "Chef" in str(world.there(integration))
        # So is what failed, once somebody confirms who it is.
        change(position, title="Cook")
        Job.objects.filter(pk=world.job(integration, position).pk).update(
            state=Job.State.FAILED, cause="record_refused"
        )
        matches.confirm(link, "anna")
        world.drain(integration)
        assert "Cook" in str(world.there(integration))


# -- another calendar, and the switches -----------------------------------------------------------------------


def test_another_calendar_or_none_holds_what_it_holds_and_loses_nothing(world: World) -> None:
    integration = held(world)
    dated = Calendar(After.HOLD, None, (datetime(2026, 11, 19, 8),), DayAndHour(5))
    with at(11, 20):
        position = hired(world)
        for calendar, until in [
            (Calendar(After.HOLD, DayAndHour(13, 12), opens=DayAndHour(25, 6)), datetime(2026, 11, 25, 6, tzinfo=OSLO)),
            (Calendar(After.HOLD, DayAndHour(21)), None),  # the last one was in October
            (HOLD, OPENS),
            (TAG, None),
            (dated, datetime(2026, 12, 5, tzinfo=OSLO)),
        ]:
            cutoff.set_calendar(integration, calendar, "anna")
            job = world.job(integration, position)
            assert job.held_until == until, calendar
            assert job.due_at == until or (until is None and job.due_at < timezone.now())
            assert (job.cause == Job.HELD) is (until is not None)
        world.organization.time_zone = "Asia/Tokyo"
        world.organization.save()
        assert world.job(integration, position).held_until == datetime(2026, 12, 5, tzinfo=ZoneInfo("Asia/Tokyo"))
        integration.refresh_from_db()
        cutoff.set_calendar(integration, None, "anna")
        world.drain(integration)
        assert titles(world, integration) == ["Baker"]
        assert integration.events.filter(by="anna").count() == 6
        number = integration.events.count()
        cutoff.set_calendar(integration, None, "anna")
        assert integration.events.count() == number, "the same again is no change"


def test_what_failed_is_held_by_another_calendar_once_it_is_to_be_tried_again(world: World) -> None:
    integration = held(world, calendar=None)
    world.employee.number = "4711"  # unknown there
    world.employee.save()
    with at(11, 20):
        position = hired(world)
        world.drain(integration)
        cutoff.set_calendar(integration, HOLD, "anna")
        job = world.job(integration, position)
        assert (job.state, job.held_until, job.cutoff_at) == ("failed", OPENS, CUTOFF)
        assert job.cause not in ("", Job.HELD), "what somebody has to mend stays said"
        cutoff.set_calendar(integration, None, "anna")
        assert world.job(integration, position).held_until is None
        cutoff.set_calendar(integration, HOLD, "anna")
        world.employee.number = "1042"
        world.employee.save()
        job = world.job(integration, position)
        assert (job.state, job.cause, job.due_at) == ("waiting", Job.HELD, OPENS)
        assert job.said[0]["id"] == texts.HELD.id
        sent_on_its_way(world, integration)
        assert world.sandboxes[integration.pk].employments("1042") == []
    with at(12, 1):
        sent_on_its_way(world, integration)
        assert titles(world, integration) == ["Baker"]


def test_a_save_that_has_seen_the_calendar_of_before_is_held_as_the_new_one_says(world: World) -> None:
    """It is committed after the change of the calendar, which did not see it."""
    integration, marked = held(world, calendar=None), held(world, calendar=None)
    with at(11, 20):
        for one in (integration, marked):
            actions.pause(one, "anna")
        position = hired(world)
        Integration.objects.filter(pk=integration.pk).update(cutoff=HOLD.to_json())
        Integration.objects.filter(pk=marked.pk).update(cutoff=TAG.to_json())
        tasks.sweep()
        job = world.job(integration, position)
        assert (job.held_until, job.due_at, job.cutoff_at) == (OPENS, OPENS, CUTOFF)
        other = world.job(marked, position)
        assert (other.held_until, other.cutoff_at) == (None, CUTOFF)
        tasks.sweep()
        assert world.job(integration, position).changed_at == job.changed_at, "once"
        for one in (integration, marked):
            actions.resume(one, "anna")
            Integration.objects.filter(pk=one.pk).update(cutoff={})
            sent_on_its_way(world, one)
            assert titles(world, one) == ["Baker"]


@pytest.mark.parametrize(
    ("monthly", "opens", "code"),
    [
        (DayAndHour(28), DayAndHour(31), "skips_an_opening"),  # it was closed from 28 February to 31 March
        (DayAndHour(30, 12), DayAndHour(31, 6), "skips_an_opening"),
        (DayAndHour(31), DayAndHour(31), "always_closed"),
        (DayAndHour(31, 12), DayAndHour(1), None),
        (DayAndHour(28, 12), DayAndHour(28, 18), None),
    ],
)
def test_a_calendar_that_stays_closed_in_a_short_month_is_refused(
    monthly: DayAndHour, opens: DayAndHour, code: str | None
) -> None:
    found = problems(Calendar(After.HOLD, monthly, opens=opens))
    assert [wrong.code for wrong in found] == ([code] if code else [])


def test_what_a_connection_is_switched_on_with_is_sent_at_once_and_that_is_said(world: World) -> None:
    integration = held(world, on=False)
    with at(11, 12):
        position = hired(world)
        assert "payroll period" not in str(foreseen(integration))
    with at(11, 14):
        for start in (Start.CURRENT, Start.ALL):
            said = (
                "The payroll period is closed until Tue 1 Dec 00:00: they are sent at once all the same, and not held."
            )
            assert foreseen(integration)[start] == f"1 position; not previewed. {said}"
        starting.switch(integration, True, "anna", Start.CURRENT)
        world.drain(integration)
        assert titles(world, integration) == ["Baker"]
        change(position, title="Chef")
        assert world.job(integration, position).is_held(timezone.now())


def test_a_pause_and_off_keep_their_meaning(world: World) -> None:
    integration = held(world)
    with at(11, 12):
        actions.pause(integration, "anna")
        in_time = hired(world, end_date=date(2026, 6, 30))
    with at(11, 14):
        late = hired(world, title="Chef", start_date=date(2026, 7, 1))
        actions.resume(integration, "anna")
        world.drain(integration)
        assert titles(world, integration) == ["Baker"], "saved in time, sent on resume"
        assert world.job(integration, in_time).state == "succeeded"
        actions.pause(integration, "anna")
        waits = consequences.open_changes(integration)
        assert (waits[consequences.Open.WAITING], waits[consequences.Open.LATER]) == (0, 1)
        assert digest.facts(world.organization.pk)["paused"] == []
        assert "eld until" in str(sentences.say(world.job(integration, late)))
    with at(12, 3):
        sent_on_its_way(world, integration)
        assert titles(world, integration) == ["Baker"]
        # It waits for the resume alone by now, and is said to.
        waits = consequences.open_changes(integration)
        assert (waits[consequences.Open.WAITING], waits[consequences.Open.LATER]) == (1, 0)
        assert digest.facts(world.organization.pk)["paused"] == [{"integration": integration.pk, "number": 1}]
        assert "eld until" not in str(sentences.say(world.job(integration, late)))
        actions.resume(integration, "anna")
        world.drain(integration)
        assert titles(world, integration) == ["Baker", "Chef"]
    with at(12, 20):
        change(late, title="Cook")
        actions.switch(integration, False, "anna")
        job = world.job(integration, late)
        assert (job.state, job.cause) == ("skipped", "switched_off")
    with at(12, 21):
        actions.switch(integration, True, "anna")
        assert not Job.objects.open().exists()


# -- marked, and told ------------------------------------------------------------------------------------------


def test_what_is_sent_at_once_is_marked_and_members_are_told_once(world: World) -> None:
    Member.objects.create(organization=world.organization, user=UserFactory(), role="viewer")
    with at(11, 12):
        integration, plain = held(world, calendar=TAG), held(world, calendar=Calendar(After.SEND, DayAndHour(13, 12)))
        cutoffs.look_after()
    with at(11, 14):
        position = hired(world)
        for one in (integration, plain):
            world.drain(one)
            assert titles(world, one) == ["Baker"]
        assert world.job(integration, position).cutoff_at == CUTOFF
        assert world.job(plain, position).cutoff_at is None
        for _ in range(2):
            cutoffs.look_after()
        said = [event.text for event in Event.objects.filter(kind=Event.Kind.CUTOFF)]
        assert said == ["Changes were saved after the cut-off of 13 Nov 2026 12:00. They are sent at once, and marked."]
        assert [notice.topic for notice in Notice.objects.all()] == [Topic.CUTOFF]
        cutoff.set_calendar(integration, HOLD, "anna")
    with at(12, 14):
        change(position, title="Chef")
        cutoffs.look_after()
        assert Event.objects.filter(kind=Event.Kind.CUTOFF).count() == 2
        assert Notice.objects.count() == 2
    with at(1, 1), time_machine.travel(datetime(2027, 1, 1, 0, 1, tzinfo=OSLO)):
        for _ in range(2):
            cutoffs.look_after()
        newest = Event.objects.filter(kind=Event.Kind.CUTOFF).first()
        assert newest is not None
        assert newest.text == "The period opened: what was held since 13 Dec 2026 12:00 goes out."
        assert Notice.objects.count() == 2, "that is no notice"


def test_the_mark_stays_until_it_is_sent_or_no_calendar_says_so_any_more(world: World) -> None:
    history, flat, held_one = (held(world, key, calendar=TAG) for key in ("netvisor", "fortnox", "netvisor"))
    Integration.objects.filter(pk=held_one.pk).update(cutoff=HOLD.to_json())
    with at(11, 12):
        for one in (history, flat, held_one):
            actions.pause(one, "anna")
    with at(11, 14):
        position = hired(world, start_date=date(2026, 11, 16))
        actions.send_now([position], held_one, "anna")
        job = world.job(held_one, position)
        assert (job.cutoff_at, job.is_held(timezone.now())) == (CUTOFF, False)
        actions.send_now([position], history, "anna")
        EmployeeLink.objects.create(
            integration=flat, employee_key=world.employee.pk, next_change_on=date(2026, 11, 16),
            planned_in=flat.activated_at,
        )  # fmt: skip
    with at(11, 16):
        tasks.sweep()
        assert world.job(flat, position).origin == Job.Origin.SCHEDULE
        for one in (history, flat):
            assert world.job(one, position).cutoff_at == CUTOFF
    with at(12, 2):  # another one that closes the same days, and one that does not
        for calendar, marked in [
            (Calendar(After.TAG, DayAndHour(12)), True),
            (Calendar(After.TAG, DayAndHour(20)), False),
        ]:
            cutoff.set_calendar(history, calendar, "anna")
            kind = world.job(history, position)
            assert kind.origin == Job.Origin.RESYNC and kind.cutoff_at == CUTOFF, "nothing was saved then"
            Job.objects.filter(pk=kind.pk).update(origin=Job.Origin.EDIT)
            cutoff.look_again(history)
            assert (world.job(history, position).cutoff_at is not None) is marked
            Job.objects.filter(pk=kind.pk).update(origin=Job.Origin.RESYNC, cutoff_at=CUTOFF)
        for one in (history, flat):
            cutoff.set_calendar(one, None, "anna")
            assert world.job(one, position).cutoff_at is None


def test_the_opening_is_told_of_what_is_held_until_it_and_of_nothing_else(world: World) -> None:
    with at(11, 10):
        plain, paused, sent, off, other = (held(world) for _ in range(5))
    numbers = {one.pk: name for one, name in ((plain, "plain"), (paused, "paused"), (sent, "sent"), (off, "off"))}

    def opened() -> list[str]:
        cutoffs.look_after()
        events = Event.objects.filter(kind=Event.Kind.CUTOFF, said__0__id=cutoffs.texts.CUTOFF_OPENED.id)
        return sorted(numbers.get(pk, "other") for pk in events.values_list("integration", flat=True))

    with at(11, 14):
        hired(world)
        assert opened() == [] and Event.objects.filter(kind=Event.Kind.CUTOFF).count() == 5
    with at(11, 15):
        actions.pause(paused, "anna")
        cutoff.set_calendar(sent, Calendar(After.SEND, HOLD.monthly), "anna")
        actions.switch(off, False, "anna")
        actions.switch(off, True, "anna")
        cutoff.set_calendar(other, None, "anna")
        cutoff.set_calendar(other, Calendar(After.HOLD, DayAndHour(20, 12)), "anna")
        assert opened() == []
    with at(12, 1, 0, 5):
        assert opened() == ["plain"]
    with at(12, 2):
        cutoff.set_calendar(sent, HOLD, "anna")
        actions.resume(paused, "anna")
        assert opened() == ["paused", "plain"]


# -- retroactive -----------------------------------------------------------------------------------------------


def told(integration: Integration) -> list[Any]:
    rows = RetroChange.objects.filter(integration=integration).order_by("pk")
    return [
        (row.kind, str(row.first_on), str(row.last_on), [f["field"] for f in row.concerns.get("fields", ())])
        for row in rows
    ]


def test_what_is_about_days_before_the_last_cutoff_is_kept(world: World) -> None:
    integration = held(world, calendar=Calendar(After.SEND, DayAndHour(13, 12)))
    none = held(world, calendar=None)
    with at(11, 20):
        position = hired(world)  # begins long before
        change(position, FromDay(date(2026, 11, 14)), percentage=Decimal(70))  # not retroactive: the day after
        change(position, FromDay(date(2026, 11, 10)), title="Chef", weekly_hours=Decimal(30))
        change(position, CORRECTION, title="Cook")
        change(position, first_day_of_work=date(2026, 1, 5), note="x")
        change(position, FromDay(date(2026, 12, 1)), percentage=Decimal(60))
        change(position, end_date=date(2026, 11, 11))
        change(position, end_date=date(2026, 11, 30))
        change(position, start_date=date(2025, 12, 1))
        Position.objects.get(pk=position.pk).delete()
    assert told(integration) == [
        ("made", "2026-01-01", "2026-11-13", []),
        ("changed", "2026-11-10", "2026-11-13", ["title", "weekly_hours"]),
        ("changed", "2026-11-10", "2026-11-13", ["title"]),
        ("changed", "2026-11-12", "2026-11-13", ["end_date"]),
        ("changed", "2026-11-12", "2026-11-13", ["end_date"]),
        ("changed", "2025-12-01", "2025-12-31", ["start_date"]),
        ("deleted", "2025-12-01", "2026-11-13", []),
    ]
    row = RetroChange.objects.filter(integration=integration)[4]
    assert row.concerns["fields"][0] | {"field": ""} == {
        "field": "", "first": "2026-11-10", "last": "2026-11-13", "old": "Chef", "new": "Cook",
    }  # fmt: skip
    assert (row.cutoff_at, row.employee_number) == (CUTOFF, "1042")
    assert told(none) == []
    assert Job.objects.filter(integration=integration, retro=True).exists()
    assert not Job.objects.filter(integration=none, retro=True).exists()
    assert not Job.objects.exclude(held_until=None).exists(), "nothing is held for it"
