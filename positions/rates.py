"""Counts requests, and mails that somebody causes, for all web processes together: in Redis where there is one, else
for each host in a small SQLite file of its own, beside the database.

Not in the database: a request that only reads would then wait for whoever writes, on SQLite for seconds.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    import redis

logger = logging.getLogger(__name__)

_PREFIX = "position-sync:rate:"


def hit(name: str, seconds: int) -> int:
    """Counts one more of this name, and gives their number. It is forgotten after so many seconds at the earliest.

    0 when it could not be counted: what only reads is let through then, and nothing is mailed.
    """
    if settings.REDIS_URL:
        import redis  # noqa: PLC0415 (where no Redis is used, no process loads its library)

        try:
            return _hit_in_redis(name, seconds)
        except redis.RedisError as error:
            logger.warning("Redis does not count requests (%s): each host counts its own", type(error).__name__)
    return _file(Path(settings.DATA_DIR) / "api-rates.sqlite3").hit(name, seconds)


@cache
def _redis(url: str) -> redis.Redis:
    import redis  # noqa: PLC0415 (as above)

    return redis.from_url(url, socket_timeout=1, socket_connect_timeout=1)


def _hit_in_redis(name: str, seconds: int) -> int:
    with _redis(settings.REDIS_URL).pipeline() as pipeline:
        pipeline.incr(_PREFIX + name)
        pipeline.expire(_PREFIX + name, 2 * seconds)
        return int(pipeline.execute()[0])


@cache
def _file(path: Path) -> FileCounter:
    return FileCounter(path)


class FileCounter:
    """Shared by every process of the host that opens the same file."""

    _TABLE = "CREATE TABLE IF NOT EXISTS hit (name TEXT PRIMARY KEY, number INTEGER, until REAL) WITHOUT ROWID"
    _COUNT = "INSERT INTO hit VALUES (?, 1, ?) ON CONFLICT (name) DO UPDATE SET number = number + 1"

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        try:
            self._connection = self._open(str(path))
        except sqlite3.Error as error:
            logger.warning("%s cannot be written (%s): each process counts its own requests", path, error)
            self._connection = self._open(":memory:")

    def _open(self, path: str) -> sqlite3.Connection:
        connection = sqlite3.connect(path, timeout=1, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")  # no wait for the disk at a commit
        connection.execute(self._TABLE)
        return connection

    def hit(self, name: str, seconds: int) -> int:
        now = time.time()
        try:
            with self._lock, self._connection as connection:
                connection.execute("BEGIN IMMEDIATE")
                connection.execute(self._COUNT, (name, now + 2 * seconds))
                [number] = connection.execute("SELECT number FROM hit WHERE name = ?", (name,)).fetchone()
                if number == 1:
                    connection.execute("DELETE FROM hit WHERE until < ?", (now,))
        except sqlite3.Error as error:
            logger.warning("Requests are not counted: %s", error)
            return 0
        return int(number)
