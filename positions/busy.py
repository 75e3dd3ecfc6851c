"""A database that is busy with somebody else: how it says so, and how not to wait for it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction

# Seconds. Whoever was told that the database is busy asks again after so long.
RETRY_AFTER = 5
# PostgreSQL: lock not available, deadlock detected, serialization failure.
_STATES = {"55P03", "40P01", "40001"}
# SQLite: the file, or a table of it, is another connection's. The lowest byte of a code: https://www.sqlite.org/rescode.html
_CODES = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def is_busy(error: BaseException | None) -> bool:
    """Whether a statement failed only because others were writing: nothing was changed, and it works a moment later."""
    if not isinstance(error, OperationalError):
        return False
    cause = error.__cause__
    return getattr(cause, "sqlstate", None) in _STATES or getattr(cause, "sqlite_errorcode", 0) & 0xFF in _CODES


@contextmanager
def without_waiting() -> Iterator[None]:
    """A transaction that is given up at once where it would wait: OperationalError, of which `is_busy` holds."""
    sqlite = connection.vendor == "sqlite"
    waits = 0
    with connection.cursor() as cursor:
        if sqlite:
            [waits] = cursor.execute("PRAGMA busy_timeout").fetchone()
            cursor.execute("PRAGMA busy_timeout = 0")
    try:
        with transaction.atomic():
            if not sqlite:
                with connection.cursor() as cursor:
                    cursor.execute("SET LOCAL lock_timeout = 1")  # ms; 0 would wait for ever
            yield
    finally:
        if sqlite:
            with connection.cursor() as cursor:
                cursor.execute(f"PRAGMA busy_timeout = {int(waits)}")
