"""The product's processes, a database and a broker of its own, and the killing of them."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def needs(program: str | None, name: str) -> str:
    """Its path; skips where it is not installed, but not in CI."""
    if program is None:
        if os.environ.get("CI"):
            pytest.fail(f"{name} is not installed.")
        pytest.skip(f"{name} is not installed on this machine.")
    return program


def _postgres_programs() -> Path | None:
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((f for f in folders if (f / "initdb").exists() and (f / "pg_ctl").exists()), None)


class Postgres:
    """A private cluster on a free port. `crash` stops it as a power cut would the server, and starts it again."""

    def __init__(self, folder: Path) -> None:
        programs = _postgres_programs()
        needs(str(programs) if programs else None, "PostgreSQL (initdb)")
        assert programs is not None
        self.programs, self.port = programs, free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="crash-postgres-"))
        self.out = folder / "postgres.out"
        if os.geteuid() == 0:  # it does not run as root
            shutil.chown(self.folder, "postgres")
        self._run("initdb", "-D", str(self.folder / "data"), "-A", "trust", "-U", "postgres", "-N")
        self._start()

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self.programs / program), *arguments]
        if os.geteuid() == 0:
            command = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--init-groups", *command]
        with self.out.open("a") as out:
            done = subprocess.run(command, cwd="/", stdout=out, stderr=out, stdin=subprocess.DEVNULL, timeout=60)
        assert done.returncode == 0, f"{program}: {self.out.read_text()[-2000:]}"

    def _start(self) -> None:
        # Killing the server loses no write of the operating system's: fsync would only heat the disk.
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {self.folder} -c fsync=off -c max_connections=200"
        self._run(
            "pg_ctl", "-D", str(self.folder / "data"), "-o", options, "-l", str(self.folder / "log"), "-w", "start"
        )

    def crash(self) -> None:
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "-w", "stop")
        self._start()

    def stop(self) -> None:
        with contextlib.suppress(AssertionError, subprocess.TimeoutExpired):
            self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def url(self) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/postgres"


class Redis:
    """A private server that keeps nothing: killed, it has forgotten everything."""

    def __init__(self, folder: Path) -> None:
        self.program = needs(shutil.which("redis-server"), "Redis (redis-server)")
        self.port, self.folder = free_port(), folder
        self._start()

    def _start(self) -> None:
        self.process = subprocess.Popen(
            [self.program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
        )
        wait_for(self._answers, 10)

    def _answers(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def crash(self) -> None:
        self.process.kill()
        self.process.wait()
        time.sleep(0.5)
        self._start()

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"


def wait_for(look: Callable[[], Any], seconds: float) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} s: {look}")


class Installation:
    """Web, worker and target as processes; every one of them carries `CRASH_ROUND_ID`, by which its rest is found."""

    def __init__(self, folder: Path, *, database: str = "", redis: str = "", workers: int = 3, seed: int = 1) -> None:
        self.folder, self.id, self.seed = folder, uuid.uuid4().hex, seed
        self.counts: Counter[str] = Counter()
        clean = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "REDIS_URL", "CI", "PYTEST_ADDOPTS")}
        self.env = {
            **clean,
            "DJANGO_SETTINGS_MODULE": "tests.crash.settings",
            "DATA_DIR": str(folder / "data"),
            "WORKERS": str(workers),
            "CRASH_ROUND_ID": self.id,
            "PYTHONUNBUFFERED": "1",
            "PYTHONPATH": str(ROOT),
            **({"DATABASE_URL": database} if database else {}),
            **({"REDIS_URL": redis} if redis else {}),
        }
        self.web_port, self.target_port = free_port(), free_port()
        self.web = f"http://127.0.0.1:{self.web_port}"
        self.target_url = f"http://127.0.0.1:{self.target_port}"
        self.journal = folder / "journal.jsonl"
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def run(self, *arguments: str) -> None:
        done = subprocess.run(
            [sys.executable, *arguments], cwd=ROOT, env=self.env, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self, name: str) -> None:
        command = {
            "target": ["tests/crash/target.py", str(self.target_port), str(self.journal), str(self.seed)],
            "web": ["manage.py", "serve", "--port", str(self.web_port)],
            "worker": ["manage.py", "worker"],
        }[name]
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, *command], cwd=ROOT, env=self.env, stdout=log, stderr=log, start_new_session=True
            )

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def hr(self, what: str, **given: Any) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.crash.hr", what, json.dumps(given)],
            cwd=ROOT,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=(self.folder / "hr.log").open("a"),
            text=True,
        )

    def answer(self, process: subprocess.Popen[str], seconds: float) -> dict[str, Any]:
        out, _ = process.communicate(timeout=seconds)
        assert process.returncode == 0, out + self.log("hr")[-3000:]
        found: dict[str, Any] = json.loads(out.splitlines()[-1])
        return found

    def control(self, what: str, body: str = "") -> dict[str, Any]:
        found: dict[str, Any] = requests.post(f"{self.target_url}/-/{what}", data=body, timeout=10).json()
        return found

    # -- killing -----------------------------------------------------------------------------------------

    def queue(self) -> list[int]:
        """The processes of django-q2's cluster: its main process first, then those below it."""
        return [pid for parent in children(self.processes["worker"].pid) for pid in [parent, *below(parent)]]

    def kill_one(self, dice: random.Random) -> None:
        found = self.queue()
        if found:
            kill(dice.choice(found))
            self.counts["killed_process"] += 1

    def kill_cluster(self) -> None:
        """All of the worker's processes at once, as the machine's power cut or systemd's KillMode would."""
        for pid in [self.processes["worker"].pid, *self.queue()]:
            kill(pid)
        self.processes["worker"].wait()
        self.counts["killed_cluster"] += 1
        self.start("worker")

    def kill_web(self) -> None:
        kill(self.processes["web"].pid)
        self.processes["web"].wait()
        self.counts["killed_web"] += 1
        self.start("web")

    def wait_for_web(self) -> None:
        def answers() -> bool:
            with contextlib.suppress(requests.RequestException):
                return requests.get(f"{self.web}/api/v1/positions/", timeout=2).status_code == 401
            return False

        wait_for(answers, 30)

    def wait_for_workers(self) -> None:
        wait_for(lambda: len(self.queue()) >= 3 + int(self.env["WORKERS"]), 30)

    def end(self) -> None:
        for process in self.processes.values():
            process.kill()
            process.wait()
        for _ in range(3):
            for pid in self.left():
                kill(pid)
            time.sleep(0.2)

    def left(self) -> list[int]:
        """Whatever this installation started and still runs, orphans included."""
        mark = f"CRASH_ROUND_ID={self.id}".encode()
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if mark in (folder / "environ").read_bytes():
                    found.append(int(folder.name))
        return found


def kill(pid: int, number: int = signal.SIGKILL) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def children(pid: int) -> list[int]:
    try:
        return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def below(pid: int) -> list[int]:
    return [found for child in children(pid) for found in [child, *below(child)]]


@contextlib.contextmanager
def installed(folder: Path, **given: Any) -> Iterator[Installation]:
    """Migrated, with target, web and worker running; nothing of it runs afterwards."""
    made = Installation(folder, **given)
    try:
        made.run("manage.py", "migrate", "--verbosity", "0")
        for name in ("target", "web", "worker"):
            made.start(name)
        made.wait_for_web()
        made.wait_for_workers()
        yield made
    finally:
        made.end()
