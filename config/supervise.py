"""Runs some of our own commands as children of one foreground process: all of them, or none."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass
class Child:
    """`arguments` are those of manage.py. A `listener` is handed to it as `--fd`: it stays open here, so that nobody
    else gets the port, and callers wait, while the child starts or starts again."""

    name: str
    arguments: list[str]
    env: Mapping[str, str] = field(default_factory=dict)
    listener: socket.socket | None = None
    process: subprocess.Popen[bytes] | None = None
    ends: list[float] = field(default_factory=list)

    def start(self) -> None:
        handed = [self.listener.fileno()] if self.listener else []
        # Sessions of their own: Ctrl-C reaches this process alone, which then ends them in order.
        self.process = subprocess.Popen(  # noqa: S603
            [sys.executable, sys.argv[0], *self.arguments, *(f"--fd={number}" for number in handed)],
            env={**os.environ, **self.env},
            pass_fds=handed,
            start_new_session=True,
        )

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Starts children, starts one again that ends by itself, and ends all when asked. Times are in seconds."""

    GRACE = 50.0
    TOO_OFTEN = 5  # ends within a minute

    def __init__(self, say: Callable[[str], object]) -> None:
        self.children: list[Child] = []
        self._say = say
        self._stop = False

    def start(self, child: Child) -> None:
        child.start()
        self.children.append(child)

    def stop(self, *_: object) -> None:
        self._stop = True

    def listen(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self.stop)

    @property
    def stopping(self) -> bool:
        return self._stop

    def run(self) -> None:
        """Returns after a stop, or when a child cannot be kept running."""
        while not self._stop:
            time.sleep(0.2)
            for child in self.children:
                if child.running or self._stop:
                    continue
                now = time.monotonic()
                child.ends = [at for at in child.ends if now - at < 60] + [now]
                if len(child.ends) >= self.TOO_OFTEN:
                    self._say(f"The {child.name} keeps ending; giving up.")
                    return
                self._say(f"The {child.name} ended by itself; starting it again.")
                child.start()

    def end(self) -> None:
        """In reverse order; each may finish what it is doing."""
        for child in reversed(self.children):
            if child.process is not None and child.running:
                child.process.terminate()
        deadline = time.monotonic() + self.GRACE
        for child in reversed(self.children):
            if child.process is None:
                continue
            try:
                child.process.wait(timeout=max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                self._say(f"The {child.name} did not end in time; ending it.")
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child.process.pid, signal.SIGKILL)
            child.process.wait()
