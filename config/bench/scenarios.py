"""What is measured. Each scenario runs in a scratch database of its own and returns its figures."""

from __future__ import annotations

import os
import random
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.db import connection, transaction
from django.db.models.signals import post_save
from django.test.utils import CaptureQueriesContext
from django_q.models import OrmQ

from config.bench import counting, plain, world
from config.bench.backlog import backlog
from config.bench.figures import Figure, percentile
from config.bench.grow import grow
from config.bench.lists import lists
from config.bench.peers import beside
from config.bench.processes import Target, workers
from integrations.models import Integration
from positions.bulk import save_positions
from positions.models import Company, Position
from positions.signals import positions_changed
from synclog.engine import receivers
from synclog.models import Job

LATENCY = 0.1  # of one call at the target


@dataclass
class Bench:
    target: Target
    folder: Path
    quick: bool
    peers: Sequence[str] = ()  # measured beside the drain

    def size(self, whole: int, quick: int) -> int:
        return quick if self.quick else whole

    def address(self, tenant: str) -> str:
        return f"{self.target.address}/{tenant}"


def measured(what: Callable[[], object]) -> tuple[int, float]:
    """(queries, milliseconds)"""
    with CaptureQueriesContext(connection) as queries:
        started = time.perf_counter()
        what()
        spent = time.perf_counter() - started
    return len(queries), spent * 1000


# -- save ------------------------------------------------------------------------------------------------


def save(bench: Bench) -> list[Figure]:
    """What sync adds to a save: the same saves with one connection on, and with nobody listening."""
    rounds, many = bench.size(100, 10), bench.size(1000, 100)
    bulk_rounds = bench.size(5, 2)
    organization = world.organization()
    people = world.employees(organization, many)
    world.connection(organization, bench.address("save"))

    def one(task: bool) -> tuple[float, float]:
        position = world.position(people[0])

        def saving() -> None:
            with transaction.atomic():
                position.save()
                if task:
                    plain.saved(position, "")

        found = measured(saving)
        _forget()
        return found

    def bulk(task: bool) -> tuple[float, float]:
        rows = list(world.positions(people))

        def saving() -> None:
            with transaction.atomic():
                save_positions(rows)
                if task:
                    for row in rows:
                        plain.saved(row, "")

        found = measured(saving)
        _forget()
        return found

    figures = []
    for name, what, times, target in (("one", one, rounds, 3), (f"bulk of {many:,}", bulk, bulk_rounds, 12)):
        spent = _compared(what, times)
        queries = {kind: max(q for q, _ in found) for kind, found in spent.items()}
        milliseconds = {kind: statistics.median(m for _, m in found) for kind, found in spent.items()}
        added, plain_added = queries["on"] - queries["off"], queries["plain"] - queries["off"]
        figures += [
            Figure("save", f"queries added, {name}", added, target=target, plain=plain_added),
            Figure(
                "save",
                f"time added, {name}",
                milliseconds["on"] - milliseconds["off"],
                "ms",
                plain=milliseconds["plain"] - milliseconds["off"],
            ),
        ]
    return figures


def _compared(what: Callable[[bool], tuple[float, float]], times: int) -> dict[str, list[tuple[float, float]]]:
    """(queries, milliseconds) with nobody listening, with sync on, and with a plain task in its place."""
    what(False)  # warm
    spent: dict[str, list[tuple[float, float]]] = {"off": [], "on": [], "plain": []}
    for _ in range(times):  # in turn, so that other work on the machine meets all three
        for kind, found in spent.items():
            _listen(kind == "on")
            found.append(what(kind == "plain"))
    return spent


def _listen(on: bool) -> None:
    if on:
        receivers.connect()
    else:
        post_save.disconnect(sender=Position, dispatch_uid="synclog.position_saved")
        positions_changed.disconnect(sender=Position, dispatch_uid="synclog.many_saved")


def _switch(integration: Integration, on: bool) -> None:
    Integration.objects.filter(pk=integration.pk).update(send_positions=on)


def _forget() -> None:
    """So that each save is the first of its kind, the one that rings."""
    Position.objects.all().delete()
    Job.objects.all().delete()
    OrmQ.objects.all().delete()


# -- latency ---------------------------------------------------------------------------------------------


def latency(bench: Bench) -> list[Figure]:
    """From before the save to the first byte at the target, when nothing else is to do."""
    times = bench.size(120, 15)
    bench.target.set(latency=0.02)
    organization = world.organization()
    people = world.employees(organization, times)
    integration = world.connection(organization, bench.address("latency"))
    found = {}
    with workers(bench.folder):
        for kind in ("sync", "plain"):
            tenant = "latency" if kind == "sync" else "latency-plain"
            _switch(integration, kind == "sync")

            def one(n: int, kind: str = kind, tenant: str = tenant) -> None:
                position = world.position(people[n])
                with transaction.atomic():
                    position.save()
                    if kind == "plain":
                        plain.saved(position, bench.address(tenant))

            found[kind] = _delays(bench, tenant, times, one)
    return [
        Figure(
            "latency",
            f"save to first byte, p{p}",
            percentile(found["sync"], p),
            "ms",
            {50: 100, 99: 300}.get(p),
            plain=percentile(found["plain"], p),
        )
        for p in (50, 95, 99)
    ]


def _delays(
    bench: Bench, tenant: str, times: int, one: Callable[[int], None], pause: float = 0.7, patience: float = 60
) -> list[float]:
    """Milliseconds from each save to its first call; the pauses are longer than a worker lingers."""
    dice = random.Random(1)  # noqa: S311
    found = []
    for n in range(times):
        started = time.monotonic()
        one(n)
        deadline = time.monotonic() + patience
        while True:
            first = next((at for at in bench.target.tenant(tenant)["arrivals"] if at > started), None)
            if first is not None or time.monotonic() > deadline:
                break
            time.sleep(0.02)
        found.append(((first or deadline) - started) * 1000)
        time.sleep(pause + 0.3 * dice.random())
    return found


# -- drain -----------------------------------------------------------------------------------------------


@dataclass
class Drained:
    seconds: float
    cpu: float
    queries: int
    calls: int

    def figures(self, name: str, positions: int, beside: Drained | None, target: float | None) -> list[Figure]:
        rate = positions / self.seconds
        base = positions / beside.seconds if beside else None
        return [
            Figure("drain", f"{name}: positions a second", rate, "/s", plain=base, ratio=rate / base if base else None),
            *(
                [Figure("drain", f"{name}: times the plain pattern", rate / base, "x", target, at_least=True)]
                if base and target
                else []
            ),
            Figure("drain", f"{name}: CPU of the workers", self.cpu, "s", plain=beside.cpu if beside else None),
            Figure(
                "drain",
                f"{name}: queries per position",
                self.queries / positions,
                plain=beside.queries / positions if beside else None,
            ),
            Figure(
                "drain",
                f"{name}: calls per position",
                self.calls / positions,
                plain=beside.calls / positions if beside else None,
            ),
        ]


CONCURRENCY = 128  # calls at a time in all, by one connection or by four


def drain(bench: Bench) -> list[Figure]:
    """Saved in one transaction while the workers wait; from its commit to the last write at the target."""
    people, of_each = bench.size(500, 40), 4
    bench.target.set(latency=LATENCY)
    total = people * of_each
    pattern = _drain(bench, "drain-plain", people, of_each, 0)
    figures, rates = [], {}
    for connections, name in ((1, "one connection"), (4, "four connections")):
        done = _drain(bench, f"drain-{connections}", people, of_each, connections)
        figures += done.figures(name, total, pattern, 12)
        rates[name] = total / done.seconds
    return figures + beside.drain(bench.peers, rates, bench.target, bench.folder, people, LATENCY)


def _drain(bench: Bench, tenant: str, people: int, of_each: int, connections: int) -> Drained:
    """No connection: the plain pattern."""
    organization = world.organization()
    companies = [
        Company.objects.create(organization=organization, name=f"Company {n}") for n in range(max(1, connections))
    ]
    rows = list(world.positions(world.employees(organization, people, companies), of_each))
    for n in range(connections):
        world.connection(organization, bench.address(tenant), company=companies[n])
    env = {"BENCH_CONCURRENCY": str(CONCURRENCY // max(1, connections))}
    with workers(bench.folder, env, "worker" if connections else "qcluster") as running:
        cpu, queries = running.cpu(), counting.counted(os.getpid())
        with transaction.atomic():
            save_positions(rows)
            if not connections:
                for row in rows:
                    plain.saved(row, bench.address(tenant))
        started = time.monotonic()
        there = bench.target.wait_for(tenant, len(rows), 30 + len(rows) * LATENCY)
        if connections:
            _settled(organization.pk, len(rows))
        return Drained(
            max(there["writes"]) + LATENCY - started,
            running.cpu() - cpu,
            counting.counted(os.getpid()) - queries,
            len(there["arrivals"]),
        )


def _settled(organization: int, number: int) -> None:
    """Nothing lost and nothing doubled: a figure of a run that was not right is worth nothing."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if Job.objects.filter(organization=organization, state=Job.State.SUCCEEDED).count() == number:
            return
        time.sleep(0.2)
    raise RuntimeError("Not all positions were sent.")


# -- limit -----------------------------------------------------------------------------------------------


def limit(bench: Bench) -> list[Figure]:
    """Against a target that allows so many calls in any window, with more to send than it takes."""
    requests, per_seconds = 25, 5.0
    seconds = bench.size(60, 10)
    bench.target.set(latency=0.05, requests=requests, per_seconds=per_seconds)
    possible = requests * seconds / per_seconds
    env = {"BENCH_REQUESTS": str(requests), "BENCH_PER_SECONDS": str(per_seconds), "BENCH_CONCURRENCY": "4"}
    found = {}
    for kind in ("sync", "plain"):
        tenant = f"limit-{kind}"
        organization = world.organization()
        rows = list(world.positions(world.employees(organization, int(possible))))
        if kind == "sync":
            world.connection(organization, bench.address(tenant))
        with workers(bench.folder, env, "worker" if kind == "sync" else "qcluster"):
            with transaction.atomic():
                save_positions(rows)
                if kind == "plain":
                    for row in rows:
                        plain.saved(row, bench.address(tenant))
            started = time.monotonic()
            while not bench.target.tenant(tenant)["arrivals"] and time.monotonic() < started + 20:
                time.sleep(0.2)
            time.sleep(seconds + 0.5)
            there = bench.target.tenant(tenant)
            _switch_off()
        first = there["arrivals"][0]
        calls = sum(at < first + seconds for at in there["arrivals"])
        found[kind] = (100 * calls / possible, there["refused"])
    return [
        Figure("limit", "share of the limit used", found["sync"][0], "%", 95, True, plain=found["plain"][0]),
        Figure("limit", "answers 429", found["sync"][1], "", 0, plain=found["plain"][1]),
    ]


def _switch_off() -> None:
    """Ends what still waits, so that the workers end at once."""
    Integration.objects.update(send_positions=False)
    OrmQ.objects.all().delete()


# -- fair ------------------------------------------------------------------------------------------------


def fair(bench: Bench) -> list[Figure]:
    """The delay of a small organization's saves while another one drains, by one connection or by four."""
    waiting, times = bench.size(10_000, 1_000), bench.size(50, 5)
    bench.target.set(latency=LATENCY)
    figures = []
    beside = _fair(bench, "fair-plain", bench.size(2_000, 200), bench.size(5, 1), 0)
    for connections, name in ((1, "one connection drains"), (4, "four connections drain")):
        delays = _fair(bench, f"fair-{connections}", waiting, times, connections)
        figures += [
            Figure(
                "fair",
                f"{name}: delay, p{p}",
                percentile(delays, p) / 1000,
                "s",
                2 if p == 99 else None,
                plain=percentile(beside, p) / 1000,
            )
            for p in (50, 99)
        ]
    return figures


def _fair(bench: Bench, tenant: str, waiting: int, times: int, connections: int) -> list[float]:
    big, small = world.organization(), world.organization()
    companies = [Company.objects.create(organization=big, name=f"Company {n}") for n in range(max(1, connections))]
    rows = list(world.positions(world.employees(big, waiting // 4, companies), 4))
    for n in range(connections):
        world.connection(big, bench.address(f"{tenant}-big"), company=companies[n])
    people = world.employees(small, times)
    if connections:
        world.connection(small, bench.address(tenant))

    def one(n: int) -> None:
        position = world.position(people[n])
        with transaction.atomic():
            position.save()
            if not connections:
                plain.saved(position, bench.address(tenant))

    # Slow enough for the big one to outlast the measurement.
    concurrency = 8 if connections <= 1 else 2
    env = {"BENCH_CONCURRENCY": str(concurrency)}
    with workers(bench.folder, env, "worker" if connections else "qcluster"):
        with transaction.atomic():
            save_positions(rows)
            if not connections:
                for row in rows:
                    plain.saved(row, bench.address(f"{tenant}-big"))
        time.sleep(1)
        delays = _delays(bench, tenant, times, one, pause=0.5, patience=120)
        if connections and not Job.objects.filter(organization=big).open().exists():
            raise RuntimeError("The big organization was through too early to tell.")
        _switch_off()
    return delays


SCENARIOS: dict[str, Callable[[Bench], list[Figure]]] = {
    "save": save,
    "latency": latency,
    "drain": drain,
    "limit": limit,
    "fair": fair,
    "grow": lambda bench: grow(bench.target.address, bench.size(10_000, 1_000), bench.size(1_000_000, 5_000)),
    "backlog": lambda bench: backlog(bench.size(5_000, 60)),
    "lists": lambda bench: lists(bench.target.address, 100, bench.size(100_000, 500)),
}
