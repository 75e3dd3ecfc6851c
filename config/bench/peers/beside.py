"""Queues that others would take, tuned and measured beside our drain: which can run here, and how fast they are."""

from __future__ import annotations

import importlib
import importlib.util
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis

from config.bench import world
from config.bench.figures import Figure
from config.bench.peers import steps
from config.bench.processes import ROOT, Target, Workers, ended

BROKER = "BENCH_BROKER"  # the variable with Redis' address


@dataclass(frozen=True)
class Peer:
    how: str
    packages: tuple[str, ...]


PEERS: Mapping[str, Peer] = {
    "procrastinate": Peer(
        f"{steps.PROCESSES} x {steps.EACH} coroutines, a lock for each employee",
        ("procrastinate", "psycopg_pool", "aiohttp"),
    ),
    "celery": Peer(f"{steps.PROCESSES} x {steps.EACH} threads, without order", ("celery",)),
}


def missing(database: str, broker: str) -> dict[str, str]:
    """Why a peer cannot run here, by its name; one that can is not in it. The addresses are those of the servers."""
    reasons = {}
    for name, peer in PEERS.items():
        if lacking := [package for package in peer.packages if importlib.util.find_spec(package) is None]:
            reasons[name] = f"{', '.join(lacking)} is not installed: uv run --group peers manage.py bench …"
        elif name == "procrastinate" and database == "sqlite":
            reasons[name] = "it needs PostgreSQL: --database postgres://user:password@host/"
        elif name == "celery" and (said := _unreachable(broker)):
            reasons[name] = f"it needs Redis, at REDIS_URL or on this machine: {said}"
    return reasons


def _unreachable(broker: str) -> str:
    try:
        with redis.Redis.from_url(broker, socket_connect_timeout=3) as server:
            server.ping()
    except (redis.RedisError, ValueError) as error:
        return str(error)
    return ""


def drain(
    names: Iterable[str], ours: Mapping[str, float], target: Target, folder: Path, people: int, latency: float
) -> list[Figure]:
    """The same load for each peer. `ours`: the positions a second of our drains, by their names."""
    found: list[Figure] = []
    rates: dict[str, float] = {}
    for name in names:
        measured = _drain(name, target, folder, people, latency)
        rates[name] = measured.rate
        label = f"{name}, {PEERS[name].how}"
        found += [
            Figure("drain", f"{label}: positions a second", measured.rate, "/s"),
            Figure("drain", f"{label}: CPU of the workers", measured.cpu, "s"),
            Figure("drain", f"{label}: calls per position", measured.calls),
        ]
    if rates:
        best = max(rates, key=rates.__getitem__)
        found += [
            Figure("drain", f"{name}: times the best peer, {best}", rate / rates[best], "x", 5, at_least=True)
            for name, rate in ours.items()
        ]
    return found


@dataclass(frozen=True)
class _Drained:
    rate: float  # positions a second
    cpu: float  # seconds
    calls: float  # for each position


def _drain(name: str, target: Target, folder: Path, people: int, latency: float) -> _Drained:
    app = importlib.import_module(f"config.bench.peers.{name}_app")
    tenant = f"drain-{name}"
    address = f"{target.address}/{tenant}"
    rows = list(world.positions(world.employees(world.organization(), people), 4))
    with app.scratch(), _workers(name, folder) as running:
        cpu = sum(one.cpu() for one in running)
        committed = app.feed(rows, address)
        there = target.wait_for(tenant, len(rows), 60 + len(rows) / 10)
        cpu = sum(one.cpu() for one in running) - cpu
    if len(there["writes"]) != len(rows):
        raise RuntimeError(f"{name} wrote {len(there['writes'])} times for {len(rows)} positions.")
    seconds = max(there["writes"]) + latency - committed
    return _Drained(len(rows) / seconds, cpu, len(there["arrivals"]) / len(rows))


@contextmanager
def _workers(name: str, folder: Path) -> Iterator[Sequence[Workers]]:
    """So many processes of the peer, from when each says that it is ready."""
    with ExitStack() as stack:
        log = stack.enter_context((folder / "worker.log").open("ab"))
        processes = []
        for _ in range(steps.PROCESSES):
            process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", "config.bench.peers.worker", name],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
            stack.enter_context(ended(process, 30))
            processes.append(process)
        for process in processes:
            assert process.stdout is not None
            if "ready\n" not in process.stdout:  # reads on until that line, or to the end of one that has stopped
                raise RuntimeError(f"{name} does not start.")
        time.sleep(1)
        yield [Workers(process.pid) for process in processes]
