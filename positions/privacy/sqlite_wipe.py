"""What a SQLite file still holds of rows that are gone.

`secure_delete` (config/settings.py) overwrites them, but not the copies that stay in unused parts of a page when rows
move between pages, nor old pages in the journal.
"""

from __future__ import annotations

import time

from django.db import OperationalError, connection

_TRIES = 5
_PATIENCE = 1000  # milliseconds; writers wait meanwhile
# Nobody saves while the file is written anew: 10 s for each GB, and whoever saves waits 20 s at most.
LARGEST = 1_000_000_000
LEFT = (
    "Unused parts of the database file may still hold remains, because the file was not written anew ({why}). "
    "Run VACUUM on it when nobody saves."
)


def remove_remains() -> str:
    """Writes the file anew, outside of a transaction. Returns "", or as a sentence why remains may be left in it."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        return ""
    with connection.cursor() as cursor:
        pages, size = (cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
        left = ""
        if pages * size > LARGEST:
            left = LEFT.format(why=f"it is larger than {LARGEST / 1e9:g} GB")
        else:
            try:
                cursor.execute("VACUUM")
            except OperationalError as error:
                left = LEFT.format(why=str(error))
    empty_journal()
    return left


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
