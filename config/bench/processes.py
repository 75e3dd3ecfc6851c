"""What a bench starts and ends again: a scratch database, the target, the workers."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

ROOT = Path(__file__).resolve().parents[2]


def unwind_on_sigterm() -> None:
    """A SIGTERM ends this process as Ctrl-C does: what it started is ended, what it made is removed."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


@contextmanager
def scratch_database(kind: str, folder: Path) -> Iterator[str]:
    """A new database as a DATABASE_URL, gone afterwards. `kind` is "sqlite" or a PostgreSQL server's URL."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'bench.sqlite3'}"
        return
    import psycopg
    from psycopg import sql

    server = urlsplit(kind)
    name = f"bench_{secrets.token_hex(6)}"
    admin = server._replace(scheme="postgresql", path="/postgres").geturl()
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield server._replace(scheme="postgres", path=f"/{name}").geturl()
    finally:
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def ended(process: subprocess.Popen[Any], grace: float) -> Iterator[None]:
    """Ends the process afterwards, and whatever it started in its own session."""
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=grace)
        except subprocess.TimeoutExpired:
            for pid in [*tree(process.pid)]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            process.wait()


class Target:
    def __init__(self, address: str) -> None:
        self.address = address

    def set(self, **values: float) -> None:
        """latency, requests, per_seconds"""
        requests.post(f"{self.address}/-/settings", json=values, timeout=10).raise_for_status()

    def tenant(self, name: str) -> dict[str, Any]:
        answer = requests.get(f"{self.address}/-/tenants/{name}", timeout=10)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def wait_for(self, name: str, periods: int, seconds: float) -> dict[str, Any]:
        """When so many periods were written; TimeoutError when it takes longer."""
        deadline = time.monotonic() + seconds
        while True:
            found = self.tenant(name)
            if found["periods"] >= periods:
                return found
            if time.monotonic() > deadline:
                raise TimeoutError(f"{found['periods']} of {periods} positions arrived in {seconds:.0f} s")
            time.sleep(0.2)


@contextmanager
def target() -> Iterator[Target]:
    process = subprocess.Popen(
        [sys.executable, "-m", "config.bench.target"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    with ended(process, 5):
        assert process.stdout is not None
        yield Target(f"http://127.0.0.1:{int(process.stdout.readline())}")


class Workers:
    def __init__(self, pid: int) -> None:
        self._pid = pid

    def cpu(self) -> float:
        """Seconds of processor time so far, of the command and all that it started; 0.0 where there is no /proc."""
        ticks = 0
        for pid in tree(self._pid):
            try:
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            ticks += sum(int(f) for f in fields[11:15])  # user, system, and those of ended children
        return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def workers(folder: Path, env: Mapping[str, str] | None = None, command: str = "worker") -> Iterator[Workers]:
    """`manage.py worker`, from when every worker process waits for work.

    The plain pattern takes "qcluster": our watchdog's sign of life would queue up behind its tasks, and be missed.
    """
    from django.conf import settings
    from django.db import connection

    from synclog.models import Heartbeat

    Heartbeat.objects.all().delete()
    with (folder / "worker.log").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "manage.py", command],
            cwd=ROOT,
            env={**os.environ, **(env or {})},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    with ended(process, 60):
        deadline = time.monotonic() + 30
        # The command, the guard, the pusher, the monitor and the workers.
        expected = settings.Q_CLUSTER["workers"] + 4
        while not (Heartbeat.objects.exists() and len([*tree(process.pid)]) >= expected):
            if time.monotonic() > deadline or process.poll() is not None:
                raise RuntimeError((folder / "worker.log").read_text()[-3000:])
            time.sleep(0.1)
        time.sleep(1)
        yield Workers(process.pid)
        connection.close()


def tree(pid: int) -> Iterator[int]:
    """The process and all below it, where there is a /proc."""
    yield pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return
    for child in children:
        yield from tree(int(child))
