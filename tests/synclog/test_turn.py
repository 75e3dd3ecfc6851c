"""A turn's own parts: whether a call may be made, what is claimed, given back and taken up. No system is asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError
from django.utils import timezone

from integrations.models import Integration
from integrations.sdk.errors import InterruptedRunError
from positions.models import Position
from synclog.engine import worker_turn as turns
from synclog.engine.lease import Held
from synclog.engine.worker_turn import KNOWN, Turn, _window
from synclog.models import Job
from tests.factories import EmployeeFactory, PositionFactory
from tests.synclog.test_results import FLAT, HISTORY, Desk, new_desk, outcome, report


@pytest.fixture
def desk(db: Any) -> Desk:
    return new_desk(HISTORY)


def turn_of(desk: Desk) -> Turn:
    return Turn(desk.integration, desk.held)


def saved(desk: Desk, number: int = 1, **values: Any) -> list[Position]:
    """Positions of as many employees that were saved just now."""
    people = [EmployeeFactory(organization=desk.integration.organization) for _ in range(number)]
    return [PositionFactory(employee=person, **values) for person in people]


# -- whether a call may be made ----------------------------------------------------------------------------


def asks(turn: Turn, meanwhile: Callable[[], object] = lambda: None) -> None:
    """A thread asks for leave, and the owner of the turn serves it: only then, after what happens `meanwhile`."""
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(turn._guard)
        until = time.monotonic() + 30
        while not asked.done() and time.monotonic() < until:
            if not turn._owner._calls.empty():
                meanwhile()
            turn._owner.serve(0.01)
        asked.result(0)


def test_a_call_may_be_made(desk: Desk) -> None:
    asks(turn_of(desk))


def test_what_is_known_is_not_asked_again_for_a_moment(desk: Desk, django_assert_num_queries: Any) -> None:
    turn = turn_of(desk)
    turn._look()
    looked_at = turn._known_at
    turn._known_at = time.monotonic() + 60  # as if it had just been looked, however slow this machine is
    with django_assert_num_queries(0):
        asks(turn)
        turn._look()
    turn._known_at = looked_at - KNOWN
    with django_assert_num_queries(1):
        turn._look()
    assert turn._known_at > looked_at


@pytest.mark.parametrize(
    "change",
    [
        {"paused_at": timezone.now()},
        {"send_positions": False},
        {"stopped_at": timezone.now()},
        {"version": 99},
        {"retry_at": timezone.now() + timedelta(hours=1)},
    ],
)
def test_no_call_is_made_after_the_connection_was_changed(desk: Desk, change: dict[str, Any]) -> None:
    turn = turn_of(desk)
    asks(turn)
    Integration.objects.update(**change)
    turn._known_at -= 2 * KNOWN
    with pytest.raises(InterruptedRunError):
        asks(turn)
    Integration.objects.update(paused_at=None, stopped_at=None, send_positions=True, version=desk.integration.version)
    turn._known_at -= 2 * KNOWN
    with pytest.raises(InterruptedRunError):
        asks(turn)


def test_no_call_is_made_where_the_database_does_not_say_whether_it_may(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn = turn_of(desk)

    def trouble() -> None:
        raise DatabaseError("locked")

    monkeypatch.setattr(turn, "_look_together", turn._owner.together(trouble))
    with pytest.raises(InterruptedRunError):
        asks(turn)


def test_no_call_is_made_when_the_lease_ran_out_while_it_was_asked_for(desk: Desk) -> None:
    """The owner may have been busy for longer than the lease lasts."""

    def long_after() -> None:
        desk.held._until = 0.0

    with pytest.raises(InterruptedRunError):
        asks(turn_of(desk), long_after)


def test_no_call_is_made_without_the_lease(desk: Desk) -> None:
    turn = turn_of(desk)
    desk.held._until = 0.0
    with pytest.raises(InterruptedRunError):
        turn._guard()


# -- what is claimed ---------------------------------------------------------------------------------------


def claimed(turn: Turn) -> set[int]:
    turn._ask_at = 0.0
    turn._claim()
    return {int(running.work.person.id) for running in turn._ready}


def test_whoever_is_due_is_claimed_with_all_that_is_open(desk: Desk) -> None:
    [due] = saved(desk)
    later = PositionFactory(employee=due.employee, title="Cook")
    Job.objects.filter(position_key=later.pk).update(
        state=Job.State.RETRYING, due_at=timezone.now() + timedelta(hours=1)
    )
    [other] = saved(desk)
    Job.objects.filter(position_key=other.pk).update(due_at=timezone.now() + timedelta(hours=1))
    turn = turn_of(desk)
    assert claimed(turn) == {due.employee_id}
    [running] = turn._ready
    assert set(running.jobs) == {str(due.pk), str(later.pk)}
    for position in (due, later):
        job = desk.job(position)
        assert (job.state, job.epoch, job.attempts) == (Job.State.RUNNING, desk.held.epoch, 1)
        assert job.tried == ["2026-01-01"], "committed before any call"
    assert desk.job(other).state == Job.State.WAITING


def test_what_failed_goes_along_and_what_is_closed_does_not(desk: Desk) -> None:
    [due] = saved(desk)
    failed, closed = (PositionFactory(employee=due.employee, title=t) for t in ("Cook", "Chef"))
    Job.objects.filter(position_key=failed.pk).update(state=Job.State.FAILED)
    Job.objects.filter(position_key=closed.pk).update(state=Job.State.DISMISSED, open_key=None)
    turn = turn_of(desk)
    claimed(turn)
    assert set(turn._ready[0].jobs) == {str(due.pk), str(failed.pk)}
    assert desk.job(closed).state == Job.State.DISMISSED


def test_of_another_connection_nothing_is_claimed(desk: Desk) -> None:
    other = new_desk(FLAT)
    saved(other)
    assert claimed(turn_of(desk)) == set()


@pytest.mark.parametrize("change", [{"paused_at": timezone.now()}, {"version": 99}, {"send_positions": False}])
def test_of_a_connection_that_was_changed_nothing_is_claimed(desk: Desk, change: dict[str, Any]) -> None:
    [position] = saved(desk)
    Integration.objects.update(**change)
    assert claimed(turn_of(desk)) == set()
    assert desk.job(position).state == Job.State.WAITING


def test_whoever_lost_the_lease_claims_nothing(desk: Desk) -> None:
    [position] = saved(desk)
    turn = turn_of(desk)
    desk.held.release()
    assert claimed(turn) == set()
    assert desk.job(position).state == Job.State.WAITING


def test_whoever_is_in_hand_is_not_claimed_once_more(desk: Desk) -> None:
    """In the air, claimed already, or back and not yet stored: the next run builds upon what is stored."""
    ready, flying, back, free = saved(desk, 4)
    turn = turn_of(desk)
    turn.concurrency = 3
    claimed(turn)
    assert len(turn._ready) == 4
    by_employee = {int(running.work.person.id): running for running in turn._ready}
    turn._ready = [by_employee[ready.employee_id]]
    turn._flying = {flying.employee_id: by_employee[flying.employee_id]}
    turn._done = [desk.done(back, report(outcome(back)))]
    Job.objects.update(state=Job.State.WAITING)
    turn._ask_at = 0.0
    turn._claim()
    assert [int(r.work.person.id) for r in turn._ready] == [ready.employee_id, free.employee_id]


def test_so_many_are_claimed_ahead_the_longest_due_first(desk: Desk) -> None:
    positions = saved(desk, 6)
    for number, position in enumerate(reversed(positions)):
        due = timezone.now() - timedelta(minutes=number + 1)
        Job.objects.filter(position_key=position.pk).update(due_at=due)
    turn = turn_of(desk)
    turn.concurrency = 1
    assert claimed(turn) == {p.employee_id for p in positions[: turns.CLAIM]}


def test_whoever_has_waited_longest_is_begun_first(desk: Desk) -> None:
    """Not whoever was saved first: who is asked to wait at every try would keep the others waiting for ever."""
    positions = saved(desk, 3)
    for number, position in enumerate(positions):
        Job.objects.filter(position_key=position.pk).update(due_at=timezone.now() - timedelta(minutes=number + 1))
    turn = turn_of(desk)
    turn._claim()
    assert [int(r.work.person.id) for r in turn._ready] == [p.employee_id for p in reversed(positions)]


def test_where_nothing_is_due_it_is_asked_again_after_a_moment(desk: Desk, django_assert_num_queries: Any) -> None:
    turn, before = turn_of(desk), time.monotonic()
    turn._claim()
    assert turn._ask_at >= before + turns.ASK
    [position] = saved(desk)
    turn._ask_at = time.monotonic() + 60
    with django_assert_num_queries(0):
        turn._claim()
    assert claimed(turn) == {position.employee_id}
    assert desk.job(position).state == Job.State.RUNNING


def test_a_known_match_is_nobody_elses_while_it_is_written_to(desk: Desk) -> None:
    [position] = saved(desk)
    desk.matched(position, "e1")
    turn = turn_of(desk)
    claimed(turn)
    assert turn.matches._held == {"e1": str(position.employee_id)}


# -- what is given back ------------------------------------------------------------------------------------


def test_what_was_claimed_and_not_begun_is_given_back_as_it_was(desk: Desk) -> None:
    first, second = saved(desk, 2)
    turn = turn_of(desk)
    claimed(turn)
    Job.objects.filter(position_key=second.pk).update(epoch=desk.held.epoch + 1)  # somebody else has it by now
    turn._give_back()
    assert turn._ready == []
    job, others = desk.job(first), desk.job(second)
    assert (job.state, job.attempts) == (Job.State.WAITING, 0)
    assert (others.state, others.attempts) == (Job.State.RUNNING, 1)


def test_what_was_saved_meanwhile_keeps_its_place(desk: Desk) -> None:
    [position] = saved(desk)
    turn = turn_of(desk)
    claimed(turn)
    Job.objects.update(state=Job.State.WAITING, attempts=0)
    turn._give_back()
    assert desk.job(position).attempts == 0


def test_what_waits_for_a_thread_is_given_back_too(desk: Desk) -> None:
    [position] = saved(desk)
    turn = turn_of(desk)
    claimed(turn)
    [running] = turn._ready
    with ThreadPoolExecutor(1) as pool:
        busy = threading.Event()
        pool.submit(busy.wait, 30)
        running.future = pool.submit(lambda: None)
        turn._ready, turn._flying = [], {position.employee_id: running}
        turn._give_back()
        busy.set()
    assert (turn._flying, desk.job(position).state) == ({}, Job.State.WAITING)


def test_what_ran_under_an_older_lease_waits_again(desk: Desk) -> None:
    running, failed, closed = saved(desk, 3)
    Job.objects.filter(position_key=running.pk).update(
        state=Job.State.RUNNING, due_at=timezone.now() + timedelta(hours=1)
    )
    Job.objects.filter(position_key=failed.pk).update(state=Job.State.FAILED)
    Job.objects.filter(position_key=closed.pk).update(state=Job.State.RUNNING, open_key=None)
    other = new_desk(FLAT)
    elsewhere = other.hire()
    turn_of(desk)._reclaim()
    job = desk.job(running)
    assert job.state == Job.State.WAITING
    assert job.due_at <= timezone.now()
    assert desk.job(failed).state == Job.State.FAILED
    assert desk.job(closed).state == Job.State.RUNNING, "it was switched off: it is nobody's to send"
    assert other.job(elsewhere).state == Job.State.RUNNING


# -- files, and the window of the holder before ------------------------------------------------------------


def test_a_record_is_filed_only_for_as_long_as_it_may_be(desk: Desk) -> None:
    turn = turn_of(desk)
    assert turn._may_file()
    Integration.objects.update(paused_at=timezone.now())
    assert not turn._may_file()
    Integration.objects.update(paused_at=None)
    assert turn._may_file()
    desk.held.release()
    assert not turn._may_file()


def test_a_holder_that_died_is_taken_to_have_used_up_its_window(db: Any) -> None:
    limited = next(
        d for d in map(new_desk, (FLAT, HISTORY, "visma_net_payroll")) if d.integration.system.limits.requests
    )
    requests = limited.integration.system.limits.requests
    limited.held.sent = None
    full = _window(limited.integration, limited.held)
    assert full is not None
    assert len(full.sent()) == requests
    limited.held.sent = [time.time()]
    left = _window(limited.integration, limited.held)
    assert left is not None
    assert len(left.sent()) == 1


def test_what_is_stored_lets_its_record_go(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    position = desk.hire()
    turn = turn_of(desk)
    turn.matches.hold(str(position.employee_id), "e1")
    turn._done = [desk.done(position, report(outcome(position)))]
    turn._store()
    assert (turn._done, turn.matches._held, turn._stopping) == ([], {}, False)
    Job.objects.update(state=Job.State.RUNNING, open_key=position.pk)
    turn.matches.hold(str(position.employee_id), "e1")
    turn._done = [desk.done(position, report(outcome(position)))]
    Held.release(desk.held)
    turn._store()
    assert (turn._done, turn._stopping) == ([], True)
    assert turn.matches._held == {"e1": str(position.employee_id)}, "nothing of it is kept, so nothing is known"
