"""Each worker is judged by its own signs of life, also when several share a host or a queue."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.signing import SignedPackage

from integrations.models import Integration
from synclog import broker, tasks
from synclog.lease import HOST
from synclog.models import Heartbeat, Job, Lease
from synclog.watchdog import Watchdog
from tests.sync.world import World


@pytest.fixture
def watched() -> Iterator[Watchdog]:
    """A watchdog with one worker process, whose child only waits."""
    watchdog = Watchdog(workers=1)
    watchdog._child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True)
    yield watchdog
    watchdog._kill()


def seen(worker: str, seconds: float = 0) -> None:
    Heartbeat.objects.create(worker=worker, seen_at=timezone.now() - timedelta(seconds=seconds))


def test_another_workers_sign_of_life_on_this_host_does_not_count(db: Any, watched: Watchdog) -> None:
    seen(f"{HOST}/1/1")
    assert watched._silent()
    seen(watched.name)
    assert not watched._silent()


def test_a_sign_that_is_too_old(db: Any, watched: Watchdog) -> None:
    seen(watched.name, watched.SILENT_AFTER + 1)
    assert watched._silent()


@pytest.mark.parametrize("ours", [True, False])
def test_busy_are_those_whose_own_processes_hold_leases(world: World, watched: Watchdog, ours: bool) -> None:
    assert watched._child is not None
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True) as other:
        holder = watched._child if ours else other
        values = {"host": HOST, "pid": holder.pid, "until": timezone.now() + timedelta(seconds=9)}
        Lease.objects.filter(integration=world.connect("netvisor")).update(**values)
        assert watched._silent() is not ours
        other.kill()


def test_a_cluster_carries_its_own_signs_and_no_other_ones(db: Any) -> None:
    name = uuid.uuid4().hex  # a Redis may be shared
    mine, theirs = broker.broker(name), broker.broker(name)
    mine.enqueue(SignedPackage.dumps({**broker._beat(), "func": "synclog.tasks.look", "args": [[1]]}))

    def carried(queue: Any) -> list[str]:
        return [SignedPackage.loads(message)["func"] for _, message in queue.dequeue()]

    assert carried(theirs) == ["synclog.tasks.look", "synclog.tasks.beat"]
    assert carried(mine) == ["synclog.tasks.beat"], "whoever gets no work still gives a sign"
    assert carried(mine) == [], "not at every look"
    assert mine.queue_size() == 0, "signs do not lie in the shared queue"
    mine._next -= broker.BEAT_EVERY
    assert carried(mine) == ["synclog.tasks.beat"]


def test_the_queue_uses_it(db: Any) -> None:
    assert isinstance(get_broker(), broker.OrmBroker | broker.RedisBroker)


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
    looks, real = [], tasks.wake_retries

    def counted(since: Any) -> Any:
        looks.append(since)
        if len(looks) == 5:
            watched.stop()
        return real(since)

    monkeypatch.setattr("synclog.watchdog.close_old_connections", lambda: None)  # it would end the test's transaction
    monkeypatch.setattr(tasks, "wake_retries", counted)
    monkeypatch.setattr(Watchdog, "LOOK_EVERY", 0.1)
    watched._watch()
    assert rung == [integration.pk]
    assert looks == sorted(set(looks)), "each look goes on where the last one ended"
