"""Who started a change: kept with the sync jobs that it causes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Origin:
    """kind: "edit" (a person in the admin), "api" (a key), "schedule" (the day changed), "resync" (a person),
    "command" (whoever runs one on the machine)."""

    kind: str = "edit"
    name: str = ""


_current: ContextVar[Origin | None] = ContextVar("origin", default=None)


def current_origin() -> Origin:
    return _current.get() or Origin()


@contextmanager
def started_by(origin: Origin) -> Iterator[None]:
    token = _current.set(origin)
    try:
        yield
    finally:
        _current.reset(token)
