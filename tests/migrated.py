"""The SQLite database with all migrations, made once in a run: each test process begins with a copy of it, and so does
an installation whose migrations are not what is tested. And the way there step by step, for those who test it."""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.backends.signals import connection_created
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader


def _file() -> Path:
    return Path(os.environ["POSITION_SYNC_TEST_RUN"]) / "migrated.sqlite3"


def share() -> None:
    """The test database is made by the first process that asks for one; the others wait, and copy it."""
    make = connection.creation.create_test_db

    def create_test_db(*args: Any, **given: Any) -> str:
        with _file().with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if _file().exists():
                connection_created.connect(_begin_with_copy)
                return make(*args, **given)
            name = make(*args, **given)
            with closing(sqlite3.connect(_file())) as copy:
                connection.connection.backup(copy)
            return name

    if connection.vendor == "sqlite":
        connection.creation.create_test_db = create_test_db  # type: ignore[method-assign]


def _begin_with_copy(connection: Any, **rest: Any) -> None:
    connection_created.disconnect(_begin_with_copy)
    with closing(sqlite3.connect(_file())) as copy:
        copy.backup(connection.connection)


def copy_into(folder: Path) -> None:
    """As if an installation with this DATA_DIR had been migrated; that is done where the tests are not on SQLite."""
    if _file().exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        target = folder / "position-sync.sqlite3"
        target.touch(0o600)
        shutil.copyfile(_file(), target)
        return
    env = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE")}
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
        cwd=Path(__file__).parents[1],
        env={**env, "DATA_DIR": str(folder)},
        check=True,
    )


class EveryStep(MigrationLoader):
    """The migrations one by one, as installations of before went: without those that make a new one's tables at once.
    Only so can a test go back to a former version."""

    def __init__(self, connection: Any) -> None:
        super().__init__(connection, replace_migrations=False)

    def build_graph(self) -> None:
        super().build_graph()
        for key, migration in self.replacements.items():
            self.graph.remove_replacement_node(key, migration.replaces)


def step_by_step() -> MigrationExecutor:
    """Migrates the test database from one former version to another, or to the newest."""
    executor = MigrationExecutor(connection)
    executor.loader = EveryStep(connection)
    return executor
