from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key

from config import checks
from config.keys import weakness

pytestmark = pytest.mark.filterwarnings("ignore:Overriding setting DATABASES")
ROOT = Path(__file__).resolve().parents[2]
ONE, ANOTHER = "g0Wq7kTzV2nB-8sYhLx4cRmD_1fJpEa6UoK9iXvQy3Zt", "P5uH2rNc8XwGk_Ys3JdTq0LbVm7Ez-Ai1QoF6vKxSg9Bt"
POSTGRESQL = {"ENGINE": "django.db.backends.postgresql", "NAME": "sync", "CONN_MAX_AGE": 60, "OPTIONS": {}}


@pytest.fixture(autouse=True)
def safe(settings: Any, tmp_path: Path) -> None:
    """An installation that nothing is to be said of."""
    settings.PRODUCTION, settings.DEBUG, settings.SQLITE = True, False, False
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = ONE, []
    settings.ENCRYPTION_KEYS, settings.ENCRYPTION_DERIVATION = [ANOTHER], "hkdf"
    settings.METRICS_TOKEN = settings.REDIS_URL = settings.SANDBOX_URL = settings.DEMO_PASSWORD = ""
    settings.ALLOW_PRIVATE_TARGETS = False
    settings.ALLOWED_HOSTS = ["sync.example.com"]
    settings.DATA_DIR, settings.EXPORT_ROOT = tmp_path, ""
    settings.REQUIRE_SECOND_FACTOR = "operators"
    settings.DATABASES = {"default": dict(POSTGRESQL)}
    settings.LOGGING = {"root": {"level": "INFO"}}
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_USE_TLS, settings.EMAIL_USE_SSL = "mail.example.com", True, False
    settings.DEFAULT_FROM_EMAIL, settings.PUBLIC_ADDRESS = "sync@example.com", "https://sync.example.com"


def found() -> list[str]:
    messages = [*checks.weak_keys(), *checks.half_an_issuer(), *checks.unsafe_in_production()]
    assert all(message.hint for message in messages)
    return [str(message.id).removeprefix("position_sync.") for message in messages]


def test_each_warning_has_a_number_of_its_own() -> None:
    numbers = re.findall(r"_(warn|error)\(\s*(\d+)", Path(checks.__file__).read_text())
    assert len(numbers) > 25 and len(set(numbers)) == len(numbers)


def test_nothing_is_said_of_a_safe_installation() -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("name", "value", "warning"),
    [
        ("SECRET_KEY", "short", "E001"),
        ("SECRET_KEY", "change-me-" * 8, "E001"),
        ("SECRET_KEY_FALLBACKS", ["a" * 60], "E001"),
        ("ENCRYPTION_KEYS", [], "E002"),
        ("ENCRYPTION_KEYS", ["short", ANOTHER], "E002"),
        ("ENCRYPTION_KEYS", [ANOTHER, "short"], "W002"),
        ("ENCRYPTION_KEYS", [ONE], "W003"),
        ("ENCRYPTION_DERIVATION", "sha256", "W022"),
        ("METRICS_TOKEN", "prometheus", "W004"),
        ("DEBUG", True, "W005"),
        ("ALLOW_PRIVATE_TARGETS", True, "W006"),
        ("SANDBOX_URL", "http://127.0.0.1:8500", "W007"),
        ("DEMO_PASSWORD", "correct-horse", "W027"),
        ("LOGGING", {"root": {"level": "debug"}}, "W008"),
        ("ALLOWED_HOSTS", ["sync.example.com", "*"], "W015"),
        ("REQUIRE_SECOND_FACTOR", "none", "W020"),
        ("SESSION_COOKIE_AGE", 25 * 3600, "W021"),
        ("EMAIL_BACKEND", "django.core.mail.backends.dummy.EmailBackend", "I001"),
        ("EMAIL_BACKEND", "django.core.mail.backends.console.EmailBackend", "W023"),
        ("EMAIL_USE_TLS", False, "W024"),
        ("DEFAULT_FROM_EMAIL", "Position Sync <position-sync@localhost>", "W025"),
        ("PUBLIC_ADDRESS", "http://sync.example.com", "W026"),
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


TENANT = "https://login.microsoftonline.com/7d1c8d0e-0000-4000-8000-000000000000/v2.0"


@pytest.mark.parametrize(
    ("issuer", "client", "secret", "errors"),
    [
        (TENANT, "id", "secret", []),
        ("https://accounts.google.com", "id", "secret", []),
        (TENANT, "", "secret", ["E003"]),
        (TENANT, "id", "", ["E003"]),
        ("http://id.example.com", "id", "secret", ["E004"]),
        ("http://127.0.0.1:8080/realms/x", "id", "secret", ["E004"]),
        ("id.example.com", "id", "secret", ["E004"]),
        ("https://login.microsoftonline.com/common/v2.0", "id", "secret", ["E005"]),
        ("https://login.microsoftonline.com/organizations/v2.0", "id", "secret", ["E005"]),
    ],
)
def test_an_issuer_that_is_none_or_everybodys(
    settings: Any, issuer: str, client: str, secret: str, errors: list[str]
) -> None:
    settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = issuer, client, secret
    assert found() == errors
    settings.PRODUCTION = settings.DEBUG = False
    assert ("E004" in found()) is ("E004" in errors and "127.0.0.1" not in issuer)
    settings.PRODUCTION = True
    if errors:
        with pytest.raises(ImproperlyConfigured, match="OIDC"):
            checks.refuse_to_start()


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
        "ENCRYPTION_DERIVATION": "hkdf",
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
    for number in ("E002", "W005", "W008"):
        assert f"position_sync.{number}" in wrong.stderr
    assert "fewer than 32 random bytes" in wrong.stderr and env["SECRET_KEY"] not in wrong.stderr


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("", "fewer than 32 random bytes"),
        (ONE[:42], "fewer than 32 random bytes"),
        ("5f1e9b07c3a8d264e0b7f95c1d83a6427be09cf4d51a38e6702b9fc48d1e65", "fewer than 32 random bytes"),
        ("9" * 40, "fewer than 32 random bytes"),
        ("two-thousand-and-one-ways-of-paying-people", "fewer than 32 random bytes"),
        ("Each Monday Our Payroll Is Sent To 4 Systems And 9 Countries", "fewer than 32 random bytes"),
        ("YOUR_SECRET_key_goes_here_and_must_be_long_enough_42", "is a placeholder"),
        ("django-insecure-" + "wv7%ez18!94+#zoh560_#+b^#9@(m^f@2s", "is a placeholder"),
        ("0123456789abcdef" * 4, "repeats itself"),
        ("mZx7Qw4e" * 8, "repeats itself"),
        ("1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/1QAZ2WSX", "repeats itself"),
        ("aB1" * 20, "repeats itself"),
    ],
)
def test_a_weak_key(key: str, why: str) -> None:
    assert why in weakness(key)


@pytest.mark.parametrize("make", [lambda: secrets.token_urlsafe(48), lambda: secrets.token_urlsafe(32),
                                  lambda: secrets.token_hex(32), get_random_secret_key])  # fmt: skip
def test_a_random_key_is_never_refused(make: Any) -> None:
    assert {weakness(make()) for _ in range(40)} == {""}


# What starts the product, as python is called: the commands, and a server of somebody else's.
WAYS = [["manage.py", "serve"], ["manage.py", "worker"], ["manage.py", "rotate_keys"],
        ["-c", "from config.wsgi import application"]]  # fmt: skip


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way[-1])
def test_with_a_weak_key_nothing_starts_in_production(tmp_path: Path, way: list[str]) -> None:
    """Two weak ones for one process: both are named, and either is refused alone (below)."""
    env = {
        **{k: v for k, v in os.environ.items() if k not in ("REDIS_URL", "DJANGO_SETTINGS_MODULE")},
        "PRODUCTION": "1", "SECRET_KEY": "short", "ENCRYPTION_KEYS": "change-me", "ALLOWED_HOSTS": "sync.example.com",
        "DATABASE_URL": f"sqlite:///{tmp_path}/a.sqlite3",
    }  # fmt: skip
    done = subprocess.run([sys.executable, *way], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    for name in ("SECRET_KEY", "ENCRYPTION_KEYS"):
        assert f"{name} holds fewer than 32 random bytes" in done.stderr
    if way[0] == "manage.py":
        assert "token_urlsafe(48)" in done.stderr and "Traceback" not in done.stderr


def test_another_server_refuses_it_too_and_the_embedded_product_is_asked_nothing(settings: Any) -> None:
    checks.refuse_to_start()
    settings.SECRET_KEY = "short"
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY holds fewer"):
        checks.refuse_to_start()
    settings.SECRET_KEY, settings.ENCRYPTION_KEYS = ONE, ["change-me"]
    with pytest.raises(ImproperlyConfigured, match="ENCRYPTION_KEYS holds fewer"):
        checks.refuse_to_start()
    settings.PRODUCTION = False
    checks.refuse_to_start()


def test_what_the_embedded_product_makes_would_do(tmp_path: Path) -> None:
    env = {k: v for k, v in os.environ.items() if k not in ("SECRET_KEY", "ENCRYPTION_KEYS", "PRODUCTION")}
    code = (
        "from config.settings import ENCRYPTION_DERIVATION, ENCRYPTION_KEYS, SECRET_KEY\n"
        "from config.keys import weakness\n"
        "print([weakness(key) for key in (*ENCRYPTION_KEYS, SECRET_KEY)], ENCRYPTION_DERIVATION)"
    )
    env |= {"DATA_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['', ''] hkdf"


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


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp+tls://sync:p%40ss@mail.example.com", "smtp mail.example.com 587 sync p@ss True False"),
        ("smtp+ssl://mail.example.com", "smtp mail.example.com 465   False True"),
        ("smtp://localhost:2525", "smtp localhost 2525   False False"),
        ("", "dummy localhost 25   False False"),
    ],
)
def test_the_mail_server_is_read_from_one_variable(tmp_path: Path, url: str, expected: str) -> None:
    (tmp_path / "url").write_text(url)
    env = {**os.environ, "DATA_DIR": str(tmp_path), **({"EMAIL_URL_FILE": str(tmp_path / "url")} if url else {})}
    env.pop("EMAIL_URL", None)
    code = (
        "import config.settings as s; print(s.EMAIL_BACKEND.split('.')[-2], s.EMAIL_HOST, s.EMAIL_PORT, "
        "s.EMAIL_HOST_USER, s.EMAIL_HOST_PASSWORD, s.EMAIL_USE_TLS, s.EMAIL_USE_SSL)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == expected
