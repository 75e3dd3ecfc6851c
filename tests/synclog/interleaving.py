"""Somebody else, on a database connection of their own, at a named point of what this thread does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import pytest
from django.db import OperationalError, connection

from integrations.sdk.connection import Transport
from positions.busy import is_busy

# How long the one who is interrupted waits for the other. Whoever has to wait for a lock of this thread goes on after
# it; on a slow machine the other may come later than meant, and a test then shows less, never something wrong.
PATIENCE = 1.0
LONGEST = 30.0

on_postgresql = pytest.mark.skipif(
    connection.vendor != "postgresql",
    reason="SQLite has one writer at a time, so this cannot happen there; CI runs it with DATABASE_URL=postgres://...",
)


# A test's SQLite lies in memory, where a statement of one fails at once instead of waiting for another one's
# transaction, as it would in a file: there the other's whole act comes between two statements of this thread.
_in_memory = threading.RLock() if connection.vendor == "sqlite" else nullcontext()


class Elsewhere:
    """`act` in a thread, once begun. `over` gives what it gave, or raises what it raised."""

    def __init__(self, act: Callable[[], Any]) -> None:
        self._act = act
        self._result: Any = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.begun = False

    def begin(self, patience: float = PATIENCE) -> Elsewhere:
        self.begun = True
        self._thread.start()
        self._thread.join(patience)
        return self

    @property
    def waits(self) -> bool:
        return self._thread.is_alive()

    def over(self) -> Any:
        assert self.begun, "the point was never reached"
        self._thread.join(LONGEST)
        assert not self._thread.is_alive(), "it waits for ever"
        if self._error is not None:
            raise self._error
        return self._result

    def _run(self) -> None:
        try:
            self._result = self._patiently()
        except BaseException as error:
            self._error = error
        finally:
            connection.close()

    def _patiently(self) -> Any:
        until = time.monotonic() + LONGEST
        while True:
            try:
                with _in_memory:
                    return self._act()
            except OperationalError as error:
                if connection.vendor != "sqlite" or not is_busy(error) or time.monotonic() > until:
                    raise
            time.sleep(0.01)


@contextmanager
def meanwhile(act: Callable[[], Any], *, at: str, nth: int = 1, patience: float = PATIENCE) -> Iterator[Elsewhere]:
    """The `nth` time that this thread is about to execute a statement with `at` in it, `act` happens elsewhere."""
    other = Elsewhere(act)
    left = nth

    def before(run: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal left
        if at in sql:
            left -= 1
            if left == 0:
                other.begin(patience)
        return run(sql, params, many, context)

    with connection.execute_wrapper(before):
        yield other
    other.over()


@contextmanager
def during_a_call(
    act: Callable[[], Any], *, method: str = "", path: str = "", then_wait: float = 0, after: bool = False
) -> Iterator[list[float]]:
    """While the first such call to a target is on its way, `act` happens elsewhere: before the target has it, or
    (`after`) when it has answered. Gives when calls were begun since, by the monotonic clock of `act`'s end."""
    original = Transport.send
    other = Elsewhere(act)
    begun: list[float] = []
    acted_at = float("inf")
    lock = threading.Lock()

    def act_now() -> None:
        nonlocal acted_at
        other.begin(LONGEST)
        acted_at = time.monotonic()
        time.sleep(then_wait)

    def send(self: Transport, request: Any, **kwargs: Any) -> Any:
        with lock:
            begun.extend([time.monotonic() - acted_at] if time.monotonic() > acted_at else [])
            mine = not other.begun and method in ("", request.method) and path in request.url
            if mine and not after:
                act_now()
        answer = original(self, request, **kwargs)
        if mine and after:
            with lock:
                act_now()
        return answer

    def alone(run: Callable[..., Any], *args: Any) -> Any:
        with _in_memory:
            return run(*args)

    Transport.send = send  # type: ignore[method-assign, assignment]
    try:
        with connection.execute_wrapper(alone):
            yield begun
    finally:
        Transport.send = original  # type: ignore[method-assign]
    other.over()


def until_somebody_waits(*, yes: bool = True) -> None:
    """PostgreSQL: until a transaction of this database waits for another one's lock."""
    deadline = time.monotonic() + LONGEST
    asked = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    with connection.cursor() as cursor:
        while (cursor.execute(asked).fetchone() is None) is yes:
            assert time.monotonic() < deadline, "nobody waits, or somebody does for ever"
            time.sleep(0.01)


def until_nobody_waits() -> None:
    until_somebody_waits(yes=False)
