"""Each worker is judged by its own signs of life, also when several share a host or a queue."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.signing import SignedPackage
from hypothesis import given
from hypothesis import strategies as st

from integrations.models import Integration
from synclog.engine.lease import HOST
from synclog.models import Heartbeat, Job, Lease
from synclog.queue import beats, signs, tasks
from synclog.queue.broker import OrmBroker
from synclog.queue.broker import broker as broker_of
from synclog.queue.patience import MOST, RUNNING, STARTING, Patience
from synclog.queue.redis_broker import RedisBroker
from synclog.queue.watchdog import Watchdog
from tests.synclog.world import World


@pytest.fixture
def watched() -> Iterator[Watchdog]:
    """A watchdog with one worker process, whose child only waits."""
    watchdog = Watchdog(workers=1)
    watchdog._child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True)
    yield watchdog
    watchdog._kill()


def looks(watchdog: Watchdog, monkeypatch: pytest.MonkeyPatch, *said: bytes) -> None:
    """The watchdog looks as often as something is said here, each time two seconds later by its own clock."""
    times, left = iter(range(0, 100_000, 2)), list(said)
    watchdog._stop = False

    def heard() -> bytes:
        if len(left) == 1:
            watchdog.stop()
        return left.pop(0)

    monkeypatch.setattr(watchdog._pipe, "heard", heard)
    monkeypatch.setattr(
        "synclog.queue.watchdog.close_old_connections", lambda: None
    )  # it would end the test's transaction
    monkeypatch.setattr(
        "synclog.queue.watchdog.time", SimpleNamespace(monotonic=lambda: float(next(times)), sleep=no_sleep)
    )
    monkeypatch.setattr(watchdog, "_kill", lambda: None)
    # What else it does at each look is not asked here, hundreds of times.
    monkeypatch.setattr("synclog.queue.watchdog.get_broker", lambda: SimpleNamespace(ping=lambda: True))
    monkeypatch.setattr("synclog.queue.watchdog.keep_schedules", lambda: None)
    monkeypatch.setattr(tasks, "wake_retries", lambda since: since)
    watchdog._watch()


def no_sleep(seconds: float) -> None:
    """Instead of sleeping."""


NOTHING = b""


def test_a_queue_that_gives_no_sign_any_more_is_started_anew(
    db: Any, watched: Watchdog, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks(watched, monkeypatch, signs.CARRIED, *[NOTHING] * 5)
    assert watched.restarts == 0, "ten seconds are borne"
    looks(watched, monkeypatch, signs.CARRIED, *[NOTHING] * 6)
    assert watched.restarts == 1


def test_signs_of_the_start_do_not_keep_a_started_queue_alive(
    db: Any, watched: Watchdog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process of a wedged queue may be spawned again and again."""
    looks(watched, monkeypatch, signs.CARRIED, *[signs.STEP] * 6)
    assert watched.restarts == 1


def test_a_start_that_goes_on_is_waited_for(db: Any, watched: Watchdog, monkeypatch: pytest.MonkeyPatch) -> None:
    step = [*[NOTHING] * 59, signs.STEP]
    looks(watched, monkeypatch, *step * 10)
    assert watched.restarts == 0, "ten steps of 120 s each"
    looks(watched, monkeypatch, *[NOTHING] * 61)
    assert watched.restarts == 1
    looks(watched, monkeypatch, *[NOTHING] * 120, signs.STEP)
    assert watched.restarts == 1, "the second try may take twice as long"


def test_a_slow_machine_gets_there_whatever_its_pace(
    db: Any, watched: Watchdog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once as slow as you like: killed a few times, then never again, also when it has been healthy for hours."""
    for silence in (15, 100, 700):
        before = watched.restarts
        for _ in range(12):
            looks(watched, monkeypatch, *[signs.CARRIED, *[NOTHING] * (silence // 2)] * 4, signs.CARRIED)
        assert watched.restarts - before <= 7
        before = watched.restarts
        for _ in range(20):
            looks(watched, monkeypatch, *[signs.CARRIED, *[NOTHING] * (silence // 2)] * 4, signs.CARRIED)
        assert watched.restarts == before


def test_a_watchdog_that_did_not_get_to_look_has_learned_nothing(
    db: Any, watched: Watchdog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole machine stood still: a laptop's lid, a paused virtual machine, a disk that hung."""
    monkeypatch.setattr(watched, "LOOK_EVERY", 0.5)  # each of the looks below comes four times too late
    looks(watched, monkeypatch, signs.CARRIED, *[NOTHING] * 9)
    assert watched.restarts == 0


def test_a_queue_that_waits_for_the_database_is_not_to_blame(
    db: Any, watched: Watchdog, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def locked() -> Iterator[None]:
        raise OperationalError("database is locked")
        yield

    monkeypatch.setattr("synclog.queue.watchdog.without_waiting", locked)
    looks(watched, monkeypatch, signs.CARRIED, *[NOTHING] * 50)
    assert watched.restarts == 0


def test_less_is_borne_again_after_health() -> None:
    patience = Patience()
    for _ in range(5):
        patience.restarted()
    assert (patience.bears(True), patience.bears(False)) == (320, 1800)
    for _ in range(6 * 200):
        patience.overcame(3)
    assert patience.bears(True) == 10


@given(st.lists(st.floats(0, 1e5, exclude_min=True), max_size=60))
def test_what_was_overcome_is_borne_and_never_without_end(silences: list[float]) -> None:
    patience = Patience()
    for silence in silences:
        if silence > patience.bears(True):
            patience.restarted()
        else:
            patience.overcame(silence)
            assert patience.bears(True) >= min(MOST, silence), "the same silence is not killed for the next time"
        assert RUNNING <= patience.bears(True) <= MOST
        assert STARTING <= patience.bears(False) <= MOST


# -- whose signs


def test_a_sign_reaches_the_watchdog_that_left_its_pipe_open_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    mine, theirs = signs.Pipe(), signs.Pipe()
    try:
        monkeypatch.setenv(signs.VARIABLE, mine.env[signs.VARIABLE])
        signs.give(signs.STEP)
        signs.give(signs.CARRIED)
        assert (mine.heard(), mine.heard(), theirs.heard()) == (b"sc", b"", b"")
        inode = mine.env[signs.VARIABLE].partition(":")[2]
        monkeypatch.setenv(signs.VARIABLE, f"{theirs.handed}:{inode}")
        signs.give(signs.STEP)
        assert theirs.heard() == b"", "a descriptor that is something else by now is left alone"
        monkeypatch.delenv(signs.VARIABLE)
        signs.give(signs.STEP)
        assert mine.heard() == b""
    finally:
        mine.close()
        theirs.close()


def test_a_pipe_that_nobody_reads_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = signs.Pipe()
    monkeypatch.setenv(signs.VARIABLE, pipe.env[signs.VARIABLE])
    for _ in range(70_000):
        signs.give(signs.CARRIED)
    pipe.close()
    signs.give(signs.CARRIED)


@pytest.mark.parametrize("ours", [True, False])
def test_busy_are_those_whose_own_processes_hold_leases(
    world: World, watched: Watchdog, ours: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert watched._child is not None
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True) as other:
        holder = watched._child if ours else other
        values = {"host": HOST, "pid": holder.pid, "until": timezone.now() + timedelta(seconds=9)}
        Lease.objects.filter(integration=world.connect("netvisor")).update(**values)
        looks(watched, monkeypatch, signs.CARRIED, *[NOTHING] * 20)
        assert watched.restarts == (0 if ours else 1)
        other.kill()


def test_a_cluster_carries_its_own_signs_and_no_other_ones(db: Any) -> None:
    name = uuid.uuid4().hex  # a Redis may be shared
    mine, theirs = broker_of(name), broker_of(name)
    mine.enqueue(SignedPackage.dumps({**beats._beat(), "func": "synclog.queue.tasks.look", "args": [[1]]}))

    def carried(queue: Any) -> list[str]:
        return [SignedPackage.loads(message)["func"] for _, message in queue.dequeue()]

    assert carried(theirs) == ["synclog.queue.tasks.look", "synclog.queue.tasks.beat"]
    assert carried(mine) == ["synclog.queue.tasks.beat"], "whoever gets no work still gives a sign"
    assert carried(mine) == [], "not at every look"
    assert mine.queue_size() == 0, "signs do not lie in the shared queue"
    mine._next -= beats.BEAT_EVERY
    assert carried(mine) == ["synclog.queue.tasks.beat"]


def test_the_queue_uses_it(db: Any) -> None:
    assert isinstance(get_broker(), OrmBroker | RedisBroker)


def test_a_beat_says_who(db: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "WORKER", "one/2/3")
    tasks.beat()
    tasks.beat()
    [beat] = Heartbeat.objects.all()
    assert (beat.worker, beat.host) == ("one/2/3", "one")


# -- the next try


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The integrations that were woken."""
    found: list[int] = []
    monkeypatch.setattr(tasks, "wake", found.extend)
    return found


def test_a_next_try_is_rung_once_when_it_has_come(
    world: World, rung: list[int], django_assert_num_queries: Any
) -> None:
    now = timezone.now()
    before, after = now - timedelta(seconds=3), now + timedelta(seconds=3)
    job, connection, both, waits, later, paused, nothing = (world.connect("netvisor") for _ in range(7))
    world.save()
    Job.objects.filter(integration=nothing).delete()
    Integration.objects.filter(pk__in=[connection.pk, both.pk, nothing.pk]).update(retry_at=now)
    Integration.objects.filter(pk=waits.pk).update(retry_at=after)
    Integration.objects.filter(pk=paused.pk).update(paused_at=now)
    Job.objects.exclude(integration=connection).update(state="retrying", due_at=now)
    Job.objects.filter(integration=later).update(due_at=after)
    with django_assert_num_queries(1):
        until = tasks.wake_retries(before)
    assert sorted(rung) == sorted([job.pk, connection.pk, both.pk])
    rung.clear()
    tasks.wake_retries(until)
    assert rung == [], "whoever was rung is left to the sweep"


def test_the_watchdog_rings_it(
    world: World, watched: Watchdog, rung: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    integration = world.connect("netvisor")
    world.save()
    Integration.objects.update(retry_at=timezone.now() + timedelta(seconds=0.6))
    rings, real = [], tasks.wake_retries

    def counted(since: Any) -> Any:
        rings.append(since)
        if len(rings) == 5:
            watched.stop()
        return real(since)

    monkeypatch.setattr(
        "synclog.queue.watchdog.close_old_connections", lambda: None
    )  # it would end the test's transaction
    monkeypatch.setattr(tasks, "wake_retries", counted)
    monkeypatch.setattr(Watchdog, "LOOK_EVERY", 0.1)
    watched._watch()
    assert rung == [integration.pk]
    assert rings == sorted(set(rings)), "each look goes on where the last one ended"
