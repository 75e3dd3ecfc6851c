from __future__ import annotations

import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from config import checks

pytestmark = pytest.mark.filterwarnings("ignore:Overriding setting DATABASES")
ROOT = Path(__file__).resolve().parents[2]
POSTGRESQL = {"ENGINE": "django.db.backends.postgresql", "NAME": "sync", "CONN_MAX_AGE": 60, "OPTIONS": {}}


@pytest.fixture(autouse=True)
def safe(settings: Any, tmp_path: Path) -> None:
    """An installation that nothing is to be said of."""
    settings.PRODUCTION, settings.DEBUG, settings.SQLITE = True, False, False
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "kP9!vB2#" + "mZx7Qw4e" * 6, []
    settings.ENCRYPTION_KEYS = ["Lr8_tN3-" + "Hs6Yd1Fu" * 4]
    settings.METRICS_TOKEN = settings.REDIS_URL = settings.SANDBOX_URL = ""
    settings.ALLOW_PRIVATE_TARGETS = False
    settings.ALLOWED_HOSTS = ["sync.example.com"]
    settings.DATA_DIR, settings.EXPORT_ROOT = tmp_path, ""
    settings.REQUIRE_SECOND_FACTOR = "operators"
    settings.DATABASES = {"default": dict(POSTGRESQL)}
    settings.LOGGING = {"root": {"level": "INFO"}}


def found() -> list[str]:
    messages = checks.unsafe_in_production()
    assert all(message.hint for message in messages)
    return [str(message.id).removeprefix("position_sync.") for message in messages]


def test_nothing_is_said_of_a_safe_installation() -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("name", "value", "warning"),
    [
        ("SECRET_KEY", "short", "W001"),
        ("SECRET_KEY", "change-me-" * 8, "W001"),
        ("SECRET_KEY_FALLBACKS", ["a" * 60], "W001"),
        ("ENCRYPTION_KEYS", [], "W002"),
        ("ENCRYPTION_KEYS", ["Lr8_tN3-" + "Hs6Yd1Fu" * 4, "short"], "W002"),
        ("ENCRYPTION_KEYS", ["kP9!vB2#" + "mZx7Qw4e" * 6], "W003"),
        ("METRICS_TOKEN", "prometheus", "W004"),
        ("DEBUG", True, "W005"),
        ("ALLOW_PRIVATE_TARGETS", True, "W006"),
        ("SANDBOX_URL", "http://127.0.0.1:8500", "W007"),
        ("LOGGING", {"root": {"level": "debug"}}, "W008"),
        ("ALLOWED_HOSTS", ["sync.example.com", "*"], "W015"),
        ("REQUIRE_SECOND_FACTOR", "none", "W020"),
        ("SESSION_COOKIE_AGE", 25 * 3600, "W021"),
        ("DATABASES", {"default": {**POSTGRESQL, "CONN_MAX_AGE": 0}}, "W011"),
        ("DATABASES", {"default": {**POSTGRESQL, "OPTIONS": {"pool": True}}}, "W012"),
        ("Q_CLUSTER", {"timeout": 300, "retry": 300}, "W013"),
        ("Q_CLUSTER", {"timeout": 30, "retry": 60}, "W013"),
        ("Q_CLUSTER", {"timeout": None, "retry": 60}, "W013"),
        ("REDIS_URL", "redis://broker.internal:6379/0", "W014"),
        ("REDIS_URL", "redis://10.0.3.7:6379/0", "W014"),
    ],
)
def test_each_warning(settings: Any, name: str, value: Any, warning: str) -> None:
    setattr(settings, name, value)
    assert found() == [warning]


@pytest.mark.parametrize(
    "url", ["redis://127.0.0.1:6379/0", "redis://localhost", "redis://[::1]:6379", "unix:///run/redis.sock",
            "rediss://:a-long-password@broker.internal:6379/0"]
)  # fmt: skip
def test_redis_here_or_with_a_password_is_fine(settings: Any, url: str) -> None:
    settings.REDIS_URL = url
    assert found() == []


def test_outside_production_the_demos_switches_are_fine(settings: Any) -> None:
    settings.PRODUCTION = False
    settings.REQUIRE_SECOND_FACTOR = "none"
    settings.DEBUG = settings.ALLOW_PRIVATE_TARGETS = True
    settings.SANDBOX_URL = "http://127.0.0.1:8500"
    assert found() == []


def test_sqlite_on_a_network_file_system(settings: Any, monkeypatch: Any) -> None:
    settings.SQLITE = True
    settings.DATABASES = {"default": {"NAME": "/srv/data/sync.sqlite3", "CONN_MAX_AGE": None}}
    for kind, warnings in (("ext4", []), ("nfs4", ["W009"]), ("fuse.sshfs", ["W009"]), ("", [])):
        monkeypatch.setattr(checks, "file_system", lambda path, kind=kind: kind)
        assert found() == warnings


def test_sqlite_with_a_broker_elsewhere(settings: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(checks, "file_system", lambda path: "ext4")
    settings.SQLITE = True
    settings.DATABASES = {"default": {"NAME": "/srv/data/sync.sqlite3", "CONN_MAX_AGE": None}}
    settings.REDIS_URL = "rediss://:a-long-password@broker.internal:6379/0"
    assert found() == ["W010"]


def test_the_file_system_of_a_path_is_that_of_its_nearest_mount(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    lines = ["/dev/sda1 / ext4 rw 0 0", "nas:/vol /srv/sync nfs4 rw 0 0", "nas:/b /srv/two\\040words cifs rw 0 0"]
    mounts.write_text("\n".join(lines) + "\n")
    assert checks.file_system("/srv/sync/data/a.sqlite3", mounts) == "nfs4"
    assert checks.file_system("/srv/two words/a.sqlite3", mounts) == "cifs"
    assert checks.file_system("/srv/synced/a.sqlite3", mounts) == "ext4"
    assert checks.file_system("/srv/sync/a.sqlite3", tmp_path / "none") == ""


def test_check_deploy_runs_them(tmp_path: Path) -> None:
    """As an operator does: clean with good settings, and with the names of what is wrong otherwise."""
    env = {
        **{k: v for k, v in os.environ.items() if k not in ("REDIS_URL", "DJANGO_SETTINGS_MODULE")},
        "PRODUCTION": "1",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "ENCRYPTION_KEYS": secrets.token_urlsafe(48),
        "ALLOWED_HOSTS": "sync.example.com",
        "REQUIRE_SECOND_FACTOR": "operators",
        "DATABASE_URL": f"sqlite:///{tmp_path}/a.sqlite3",
    }

    def check(**more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
        return subprocess.run(command, cwd=ROOT, env={**env, **more}, capture_output=True, text=True, timeout=60)

    clean = check()
    assert clean.returncode == 0, clean.stderr
    wrong = check(DEBUG="1", ENCRYPTION_KEYS="short", LOG_LEVEL="DEBUG")
    assert wrong.returncode == 1
    for number in (2, 5, 8):
        assert f"position_sync.W{number:03}" in wrong.stderr
    assert "short" in wrong.stderr and env["SECRET_KEY"] not in wrong.stderr


def test_files_that_others_can_read(settings: Any, tmp_path: Path) -> None:
    settings.SQLITE = True
    database = tmp_path / "position-sync.sqlite3"
    database.touch(0o600)
    settings.DATABASES = {"default": {"NAME": str(database)}}
    assert found() == []
    database.chmod(0o644)
    assert found() == ["W016"]


def test_a_variable_may_be_the_path_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("a-key-from-a-file")
    env = {**os.environ, "SECRET_KEY_FILE": str(tmp_path / "key"), "DATA_DIR": str(tmp_path)}
    env.pop("SECRET_KEY", None)
    code = "from config.settings import SECRET_KEY; print(SECRET_KEY)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "a-key-from-a-file"
