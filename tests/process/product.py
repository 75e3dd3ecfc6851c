"""The product as a person starts it: real processes, a scratch folder, free ports."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import requests

T = TypeVar("T")
ROOT = Path(__file__).resolve().parents[2]
# A slow machine may take so many times as long: how fast something is, the bench tells.
SLOWER = 5


@dataclass
class Product:
    process: subprocess.Popen[str]
    log: Path
    address: str
    sandboxes: str
    password: str

    def output(self) -> str:
        return self.log.read_text()

    def interrupt(self) -> int:
        """Ctrl-C at the terminal; gives the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=60)

    def children(self) -> list[int]:
        """Every process that was started below this one and still runs."""
        found, wave = [], [self.process.pid]
        while wave:
            wave = [int(p) for parent in wave for p in _children(parent)]
            found += wave
        return found


def _children(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []


def running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@contextmanager
def started(folder: Path, *arguments: str, **settings: str) -> Iterator[Product]:
    """`manage.py start ...` until it says that it runs; killed at the end if a test left it running."""
    log = folder / f"start-{time.monotonic_ns()}.log"
    env = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE")}
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "start", *arguments],
            cwd=ROOT,
            env={**env, "DATA_DIR": str(folder / "data"), "WORKERS": "2", "PYTHONUNBUFFERED": "1", **settings},
            stdout=out,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            text = wait_for(lambda: _ready(process, log), 90)
        except BaseException:
            process.kill()
            raise
    try:
        product = Product(
            process,
            log,
            _found(r"running at (\S+)", text),
            _found(r"are at (\S+)", text),
            _found(r"with the password (\S+)", text),
        )
        yield product
    finally:
        left = Product(process, log, "", "", "").children()
        if process.poll() is None:
            # It ends what it started, also what it starts at this moment.
            process.terminate()
            try:
                process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for pid in left:
            if running(pid):
                os.kill(pid, signal.SIGKILL)


def _ready(process: subprocess.Popen[str], log: Path) -> str:
    text = log.read_text()
    assert process.poll() is None, text
    return text if "Ctrl-C ends it" in text else ""


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    return match[1] if match else ""


def wait_for(look: Callable[[], T], seconds: float = 30) -> T:
    """The first truthy answer; AssertionError when there is none in time, or in SLOWER times that."""
    deadline = time.monotonic() + SLOWER * seconds
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} s: {look}")


def login(product: Product, name: str = "admin") -> requests.Session:
    session = requests.Session()
    page = session.get(product.address + "admin/login/")
    token = _found(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
    answer = session.post(
        product.address + "admin/login/",
        {"username": name, "password": product.password, "csrfmiddlewaretoken": token, "next": "/admin/"},
        headers={"Referer": product.address},
    )
    assert answer.status_code == 200
    assert "/login/" not in answer.url, "the login was not taken"
    return session
