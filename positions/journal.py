"""SQLite overwrites what is deleted (config/settings.py), but its journal keeps old pages until it is emptied."""

from __future__ import annotations

import time

from django.db import connection

_TRIES = 5
_PATIENCE = 1000  # milliseconds; writers wait meanwhile


def empty_journal() -> None:
    """Outside of a transaction. Somebody who reads all the while keeps it; the daily tidying tries anew."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        return
    with connection.cursor() as cursor:
        usual = cursor.execute("PRAGMA busy_timeout").fetchone()[0]
        cursor.execute(f"PRAGMA busy_timeout={_PATIENCE}")
        try:
            for _ in range(_TRIES):
                busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
                if not busy:
                    return
                time.sleep(_PATIENCE / 1000)  # the writers' turn
        finally:
            cursor.execute(f"PRAGMA busy_timeout={usual}")
