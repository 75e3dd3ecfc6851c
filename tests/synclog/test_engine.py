"""The worker's turn, end to end over real HTTP: what is sent, what fails, what is tried again."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from integrations.models import EmployeeLink, PeriodLink
from positions.models import Position
from synclog.engine import actions
from synclog.engine.worker_turn import Turn
from synclog.models import Event, Job, Lease
from synclog.queue import tasks
from tests.synclog.world import World

SUCCEEDED, FAILED, WAITING = Job.State.SUCCEEDED, Job.State.FAILED, Job.State.WAITING
RETRYING, SKIPPED = Job.State.RETRYING, Job.State.SKIPPED


# -- with history ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["netvisor", "tripletex"])
def test_create_update_end(world: World, key: str) -> None:
    integration = world.connect(key)
    position = world.save(**complete(key))
    world.drain(integration)
    assert world.job(integration, position).state == SUCCEEDED, world.job(integration, position).message
    position.end_date, position.end_reason = date(2026, 12, 31), "resigned"
    position.save()
    world.drain(integration)
    job = world.job(integration, position)
    assert (job.state, job.action) == (SUCCEEDED, "end"), job.message
    assert len(world.there(integration)) == 1


def complete(key: str) -> dict[str, Any]:
    """Values that the sandbox of this system takes as it is seeded."""
    if key == "tripletex":
        code = world_codes(key)
        return {"occupation_code": code, "remuneration_type": "monthly", "working_hours_scheme": "not_shift"}
    if key == "visma_net_payroll":
        return {"occupation_code": "1233101", "percentage": Decimal("80"), "working_hours_scheme": "not_shift"}
    return {}


def world_codes(key: str) -> str:
    from tests.systems.tripletex.test_connector import TestTripletex

    return str(TestTripletex.values["occupation_code"])


@pytest.mark.parametrize("ended_first", [True, False])
def test_ending_one_and_starting_the_next_arrives_in_either_order(world: World, ended_first: bool) -> None:
    integration = world.connect("netvisor")
    first = world.save()
    world.drain(integration)
    if ended_first:
        end(first, date(2026, 5, 31))
        second = world.save(title="Cook", start_date=date(2026, 6, 1))
    else:
        second = world.save(title="Cook", start_date=date(2026, 6, 1))
        end(first, date(2026, 5, 31))
    world.drain(integration)
    assert {world.job(integration, p).state for p in (first, second)} == {SUCCEEDED}
    assert [(p["startdate"], p["enddate"]) for p in world.there(integration)] == [
        ("2026-01-01", "2026-05-31"),
        ("2026-06-01", None),
    ]


def test_a_refused_overlap_goes_out_by_itself_when_the_other_one_is_ended(world: World) -> None:
    integration = world.connect("netvisor")
    first = world.save()
    world.drain(integration)
    second = world.save(title="Cook", start_date=date(2026, 6, 1))
    world.drain(integration)
    assert world.job(integration, second).cause == "overlap_in_target"
    end(first, date(2026, 5, 31))
    world.drain(integration)
    assert world.job(integration, second).state == SUCCEEDED


def end(position: Position, day: date) -> None:
    position.end_date, position.end_reason = day, "resigned"
    position.save()


def test_a_changed_start_date_says_what_clashes_and_can_move_the_period(world: World) -> None:
    integration = world.connect("netvisor")
    position = world.save()
    world.drain(integration)
    position.start_date = date(2026, 2, 1)
    position.save()
    world.drain(integration)
    job = world.job(integration, position)
    assert (job.state, job.cause) == (FAILED, "start_date_changed")
    actions.move_period(job, by="anna")
    world.drain(integration)
    assert world.job(integration, position).action == "move"
    assert [p["startdate"] for p in world.there(integration)] == ["2026-02-01"]


def test_a_start_date_that_was_changed_back_is_matched_again(world: World) -> None:
    integration = world.connect("netvisor")
    position = world.save()
    world.drain(integration)
    for day in (date(2026, 2, 1), date(2026, 1, 1)):
        position.start_date = day
        position.save()
        world.drain(integration)
    assert world.job(integration, position).cause == "nothing_to_change"


# -- current only ----------------------------------------------------------------------------------------


@time_machine.travel(datetime(2026, 6, 15, 10, tzinfo=UTC), tick=True)
def test_flat_sends_the_current_one_and_the_upcoming_one_on_its_day(world: World) -> None:
    integration = world.connect("fortnox")
    now = world.save(title="Bagare", end_date=date(2026, 6, 30), end_reason="internal_transfer")
    then = world.save(title="Chef", start_date=date(2026, 7, 1))
    world.drain(integration)
    assert world.job(integration, now).state == SUCCEEDED, world.job(integration, now).message
    waiting = world.job(integration, then)
    assert (waiting.state, waiting.cause) == (WAITING, "not_yet_current")
    assert waiting.due_at == datetime(2026, 6, 30, 22, tzinfo=UTC), "midnight in Oslo"
    assert "1 Jul 2026" in waiting.message
    with time_machine.travel(datetime(2026, 6, 30, 22, 1, tzinfo=UTC), tick=True):
        tasks.sweep()
        world.drain(integration)
    assert world.job(integration, then).state == SUCCEEDED
    assert [e["JobTitle"] for e in world.there(integration)] == ["Chef"]


@time_machine.travel(datetime(2026, 6, 15, 10, tzinfo=UTC), tick=True)
def test_flat_takeover_by_one_that_nobody_edits(world: World) -> None:
    """The longer contract of two takes over on the day after the other one ends, although it was never touched."""
    integration = world.connect("fortnox", on=False)
    other = world.save(title="Chef", percentage="40")
    actions.switch(integration, True, by="anna")
    current = world.save(title="Bagare", percentage="60", end_date=date(2026, 6, 30), end_reason="resigned")
    world.drain(integration)
    assert [e["JobTitle"] for e in world.there(integration)] == ["Bagare"]
    assert EmployeeLink.objects.get().next_change_on == date(2026, 7, 1)
    with time_machine.travel(datetime(2026, 7, 1, 3, tzinfo=UTC), tick=True):
        tasks.sweep()
        world.drain(integration)
    assert [e["JobTitle"] for e in world.there(integration)] == ["Chef"]
    assert PeriodLink.objects.get().position_key == other.pk
    assert world.job(integration, other).origin == "schedule"
    assert world.job(integration, current).cause == "not_current"


# -- what fails ------------------------------------------------------------------------------------------


def test_one_employees_failure_does_not_stop_the_others(world: World) -> None:
    integration = world.connect("netvisor")
    stranger = world.hire(number="9999")
    bad = world.save(stranger)
    good = world.save()
    world.drain(integration)
    assert (world.job(integration, bad).state, world.job(integration, bad).cause) == (FAILED, "employee_not_found")
    assert world.job(integration, good).state == SUCCEEDED


def test_a_missing_field_writes_nothing_and_saving_it_sends_by_itself(world: World) -> None:
    integration = world.connect("tripletex")
    values = complete("tripletex")
    position = world.save(**{**values, "occupation_code": ""})
    world.drain(integration)
    job = world.job(integration, position)
    assert (job.state, job.cause, job.field) == (FAILED, "missing_required_field", "occupation_code")
    assert world.there(integration) == []
    position.occupation_code = values["occupation_code"]
    position.save()
    world.drain(integration)
    assert world.job(integration, position).state == SUCCEEDED
    assert Job.objects.count() == 1


def test_a_change_of_the_employee_sends_what_failed(world: World) -> None:
    integration = world.connect("netvisor")
    person = world.hire(number="7", email="")
    position = world.save(person)
    world.drain(integration)
    assert world.job(integration, position).state == FAILED
    world.introduce(integration, person)
    person.save()
    world.drain(integration)
    assert world.job(integration, position).state == SUCCEEDED


def test_resync_twice_is_one_job(world: World) -> None:
    integration = world.connect("netvisor")
    person = world.hire(number="7")
    position = world.save(person)
    world.drain(integration)
    world.introduce(integration, person)
    for _ in range(2):
        actions.resync(Job.objects.filter(position_key=position.pk), by="anna")
    assert Job.objects.count() == 1
    world.drain(integration)
    job = world.job(integration, position)
    assert (job.state, job.origin, job.origin_name) == (SUCCEEDED, "resync", "anna")


def test_dismissed_is_closed_and_a_new_change_opens_a_new_job(world: World) -> None:
    integration = world.connect("netvisor")
    position = world.save(world.hire(number="7"))
    world.drain(integration)
    assert actions.dismiss(Job.objects.all(), "left long ago", by="anna") == 1
    assert world.job(integration, position).state == Job.State.DISMISSED
    position.title = "Cook"
    position.save()
    assert Job.objects.count() == 2


def test_warnings_are_told_once_and_once_when_they_are_over(world: World) -> None:
    integration = world.connect("netvisor")
    person = world.hire(number="7")
    world.save(person)
    world.drain(integration)
    for _ in range(2):
        tasks.sweep()
    assert list(Event.objects.values_list("kind", flat=True)) == ["warnings"]
    world.introduce(integration, person)
    actions.resync(Job.objects.all(), by="anna")
    world.drain(integration)
    for _ in range(2):
        tasks.sweep()
    assert list(Event.objects.order_by("pk").values_list("kind", flat=True)) == ["warnings", "healthy"]


# -- delete ----------------------------------------------------------------------------------------------


def test_delete_is_off_by_default(world: World) -> None:
    integration = world.connect("netvisor")
    position = world.save()
    world.drain(integration)
    key = position.pk
    position.delete()
    world.drain(integration)
    assert world.job(integration, key).cause == "delete_switched_off"
    assert len(world.there(integration)) == 1


def test_netvisor_deletes(world: World) -> None:
    integration = world.connect("netvisor", delete_positions=True)
    position = world.save()
    world.drain(integration)
    key = position.pk
    position.delete()
    world.drain(integration)
    job = world.job(integration, key)
    assert (job.state, job.action) == (SUCCEEDED, "delete")
    assert world.there(integration) == []
    assert PeriodLink.objects.count() == 0


@pytest.mark.parametrize("key", ["visma_net_payroll", "fortnox"])
def test_systems_that_cannot_delete_say_what_to_do_by_hand(world: World, key: str) -> None:
    integration = world.connect(key, delete_positions=True)
    position = world.save(**complete(key))
    world.drain(integration)
    number = position.pk
    position.delete()
    world.drain(integration)
    job = world.job(integration, number)
    assert (job.state, job.cause) == (FAILED, "delete_by_hand"), job.message
    assert integration.system.delete_note in job.message


def test_deleting_the_employee_deletes_there_too(world: World) -> None:
    integration = world.connect("netvisor", delete_positions=True)
    world.save()
    world.drain(integration)
    number = world.employee.number
    world.employee.delete()
    world.drain(integration)
    assert world.sandboxes[integration.pk].employments(number) == []


def test_delete_before_the_first_send_sends_nothing(world: World) -> None:
    integration = world.connect("netvisor", delete_positions=True)
    position = world.save()
    key = position.pk
    position.delete()
    world.drain(integration)
    assert world.job(integration, key).cause == "never_sent"
    assert world.sandboxes[integration.pk].tenant.calls == type(world.sandboxes[integration.pk].tenant.calls)()


# -- trouble at the other end ----------------------------------------------------------------------------


def test_not_authorized_stops_keeps_recording_and_resumes_with_new_credentials(world: World) -> None:
    integration = world.connect("netvisor")
    good = dict(integration.credentials)
    integration.set_credentials({"customer_key": "wrong-wrong-wrong"}, by="anna")
    integration.save()
    position = world.save()
    world.drain(integration)
    assert integration.stopped
    assert (world.job(integration, position).state, world.job(integration, position).cause) == (
        WAITING,
        "not_authorized",
    )
    second = world.save(title="Cook", start_date=date(2025, 1, 1), end_date=date(2025, 5, 5), end_reason="resigned")
    world.drain(integration)
    assert world.job(integration, second).attempts == 0
    assert Event.objects.filter(kind="stopped").count() == 1, "told once"
    integration.set_credentials(good, by="anna")
    integration.save()
    actions.credentials_renewed(integration, by="anna")
    world.drain(integration)
    assert {world.job(integration, p).state for p in (position, second)} == {SUCCEEDED}


def test_a_503_is_tried_again_and_others_are_not_held_up(world: World) -> None:
    integration, other = world.connect("netvisor"), world.connect("netvisor")
    world.fail(integration, status=503)
    position = world.save()
    before = timezone.now()
    world.drain(integration)
    world.drain(other)
    job = world.job(integration, position)
    assert (job.state, job.cause, job.attempts) == (RETRYING, "target_unavailable", 1)
    assert timedelta(seconds=23) < job.due_at - before < timedelta(seconds=40)
    assert world.job(other, position).state == SUCCEEDED
    Job.objects.update(due_at=timezone.now())
    world.drain(integration)
    assert world.job(integration, position).state == SUCCEEDED


def test_a_system_that_is_down_is_left_alone_after_a_few_tries(world: World) -> None:
    integration = world.connect("netvisor")
    for number in range(30):
        person = world.hire(number=str(100 + number))
        world.introduce(integration, person)
        world.save(person)
    world.fail(integration, status=503, times=1000)
    world.drain(integration)
    assert len(world.sandboxes[integration.pk].tenant.calls) < 12
    assert integration.retry_at is not None
    assert Event.objects.filter(kind="retrying").count() == 1
    for fault in world.sandboxes[integration.pk].tenant.faults:
        fault.times = 0
    integration.retry_at = timezone.now()
    integration.save()
    Job.objects.update(due_at=timezone.now())
    world.drain(integration)
    assert set(Job.objects.values_list("state", flat=True)) == {SUCCEEDED}
    assert Event.objects.filter(kind="recovered").count() == 1
    assert integration.retry_at is None


def test_retry_after_is_honoured_for_the_whole_connection(world: World) -> None:
    integration = world.connect("fortnox")
    world.fail(integration, status=429, headers={"Retry-After": "120"}, path="/3/")
    world.fail(integration, status=429, headers={"Retry-After": "120"}, path="employees")
    position = world.save(title="Bagare")
    before = timezone.now()
    world.drain(integration)
    assert integration.retry_at is not None
    assert timedelta(seconds=119) < integration.retry_at - before < timedelta(seconds=130)
    assert world.job(integration, position).state == RETRYING
    assert world.job(integration, position).attempts == 0, "a limit is nobody's failure"


@pytest.mark.parametrize("key", ["netvisor", "tripletex"])
def test_a_write_whose_answer_is_lost_is_adopted_never_doubled(world: World, key: str, settings: Any) -> None:
    integration = world.connect(key)
    settings.TARGET_READ_TIMEOUT = 0.4
    path = "addjobperiod" if key == "netvisor" else "employee/employment"
    world.fail(integration, kind="hang", method="POST", path=path, seconds=0.9, after=True)
    position = world.save(**complete(key))
    world.drain(integration)
    job = world.job(integration, position)
    assert (job.state, job.cause) == (RETRYING, "unclear_outcome")
    settings.TARGET_READ_TIMEOUT = 0
    Job.objects.update(due_at=timezone.now())
    world.drain(integration)
    assert world.job(integration, position).state in (SUCCEEDED, SKIPPED)
    assert len(world.there(integration)) == 1
    assert PeriodLink.objects.get().position_key == position.pk


def test_after_seven_days_it_needs_a_person(world: World) -> None:
    integration = world.connect("netvisor")
    world.fail(integration, status=503, times=1000)
    position = world.save()
    world.drain(integration)
    Job.objects.update(due_at=timezone.now(), first_failed_at=timezone.now() - timedelta(days=8))
    integration.retry_at = None
    integration.save()
    world.drain(integration)
    assert (world.job(integration, position).state, world.job(integration, position).cause) == (FAILED, "gave_up")


def test_our_own_mistake_is_one_employees_trouble(world: World, monkeypatch: Any, caplog: Any) -> None:
    integration = world.connect("netvisor")
    position = world.save()
    monkeypatch.setattr(integration.connector_class, "read", lambda *a: 1 / 0)
    world.drain(integration)
    job = world.job(integration, position)
    assert (job.state, job.cause) == (FAILED, "internal_error")
    assert "ZeroDivisionError" not in job.message
    assert "ZeroDivisionError" in caplog.text


# -- a save while it is being sent -----------------------------------------------------------------------


def test_a_save_during_the_call_is_sent_afterwards(world: World, monkeypatch: Any) -> None:
    integration = world.connect("netvisor")
    position = world.save(title="Baker")
    original = Turn._store
    saved: list[int] = []

    def save_meanwhile(turn: Turn) -> None:
        if turn._done and not saved:
            saved.append(1)
            position.title = "Cook"
            position.save()
        original(turn)

    monkeypatch.setattr(Turn, "_store", save_meanwhile)
    world.drain(integration)
    assert [p["profession"] for p in world.there(integration)] == ["Cook"]
    assert world.job(integration, position).state == SUCCEEDED


# -- the lease -------------------------------------------------------------------------------------------


def test_what_a_dead_worker_left_running_is_taken_up(world: World) -> None:
    integration = world.connect("netvisor")
    position = world.save()
    Job.objects.update(state=Job.State.RUNNING, epoch=7)
    Lease.objects.filter(pk=integration.pk).update(
        owner="dead", host="elsewhere", pid=1, until=timezone.now() - timedelta(seconds=1), epoch=7
    )
    tasks.sweep()
    world.drain(integration)
    assert world.job(integration, position).state == SUCCEEDED
    assert Lease.objects.get(pk=integration.pk).epoch == 8


def test_a_living_lease_is_respected(world: World) -> None:
    integration = world.connect("netvisor")
    position = world.save()
    Lease.objects.filter(pk=integration.pk).update(
        owner="other", host="elsewhere", pid=1, until=timezone.now() + timedelta(seconds=60), epoch=7
    )
    world.drain(integration)
    assert world.job(integration, position).state == WAITING
    assert world.there(integration) == []


def test_whoever_lost_the_lease_neither_calls_nor_writes_results(world: World, monkeypatch: Any) -> None:
    integration = world.connect("netvisor")
    position = world.save()
    original = Turn._start

    def robbed(turn: Turn, *args: Any) -> None:
        original(turn, *args)
        Lease.objects.filter(pk=integration.pk).update(owner="other", epoch=99)

    monkeypatch.setattr(Turn, "_start", robbed)
    world.drain(integration)
    assert world.job(integration, position).state == Job.State.RUNNING, "left to the next worker, who reads first"
    assert Lease.objects.get(pk=integration.pk).owner == "other"
