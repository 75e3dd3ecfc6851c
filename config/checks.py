"""What `manage.py check --deploy` warns of, beside Django's own checks, and what nothing starts with."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured

from config.keys import weakness
from positions.hosts import elsewhere
from positions.mailing import site_address
from synclog.engine.worker_turn import OVERTIME, SECONDS

NETWORK_FILE_SYSTEMS = (
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre", "ocfs2", "gfs2", "virtiofs",
)  # fmt: skip
_NEW_KEY = "Make one: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
_MAIL_SERVER = "EMAIL_URL=smtp+tls://user:password@mail.example.com (STARTTLS, port 587) or smtp+ssl:// (port 465)."
_ISSUER = "Set OIDC_ISSUER, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET, or none of them (docs/sign-in.md)."
_EVERYBODYS = ("common", "organizations", "consumers")
_FORMER = "Keep it behind the new one until `manage.py rotate_keys` has run (docs/deploy.md, Keys)."


@register(Tags.security)
def weak_keys(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Errors, with which nothing starts in production."""
    if not settings.PRODUCTION:
        return []
    found: list[CheckMessage] = []
    signing = (
        ("SECRET_KEY", settings.SECRET_KEY),
        *(("SECRET_KEY_FALLBACKS", k) for k in settings.SECRET_KEY_FALLBACKS),
    )
    for name, key in signing:
        if why := weakness(key):
            found.append(_error(1, f"{name} {why}: sessions and links could be forged.", _NEW_KEY))
    first = settings.ENCRYPTION_KEYS[0] if settings.ENCRYPTION_KEYS else ""
    if why := weakness(first):
        hint = f"{_NEW_KEY}. Is data encrypted with this one? {_FORMER}"
        found.append(_error(2, f"The first of ENCRYPTION_KEYS {why}: credentials could be read.", hint))
    return found


@register(Tags.security)
def half_an_issuer(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Errors: nobody could sign in by it, or anybody could."""
    given = {name: getattr(settings, name) for name in ("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET")}
    if not any(given.values()):
        return []
    found: list[CheckMessage] = []
    if lacking := [name for name, value in given.items() if not value]:
        found.append(_error(3, f"{', '.join(lacking)} not set: nobody is offered to sign in by an issuer.", _ISSUER))
    issuer = urlsplit(str(settings.OIDC_ISSUER))
    here = issuer.scheme == "http" and not elsewhere(settings.OIDC_ISSUER)
    if issuer.scheme != "https" and (settings.PRODUCTION or not here):
        text = "OIDC_ISSUER is not https: whoever is on the way could sign in as anybody."
        found.append(_error(4, text, "OIDC_ISSUER=https://…, as the issuer's own metadata names it."))
    if issuer.hostname == "login.microsoftonline.com" and issuer.path.strip("/").split("/")[0] in _EVERYBODYS:
        text = "OIDC_ISSUER is that of every Entra ID tenant: anybody in the world has an account of one."
        found.append(_error(5, text, "OIDC_ISSUER=https://login.microsoftonline.com/<Directory (tenant) ID>/v2.0"))
    return found


def refuse_to_start() -> None:
    """For servers that start without Django's checks. Raises ImproperlyConfigured."""
    if found := [*weak_keys(), *half_an_issuer()]:
        raise ImproperlyConfigured(" ".join(f"{error.msg} {error.hint}" for error in found))


@register(Tags.security, deploy=True)
def unsafe_in_production(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    return [*_keys(), *_switches(), *_open_to_others(), *_sign_in(), *_database(), *_queue(), *_mail()]


def _warn(number: int, text: str, hint: str) -> Warning:
    return Warning(text, hint=hint, id=f"position_sync.W{number:03}")


def _error(number: int, text: str, hint: str) -> Error:
    return Error(text, hint=hint, id=f"position_sync.E{number:03}")


def _keys() -> Iterator[Warning]:
    signing, encryption = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS], settings.ENCRYPTION_KEYS
    if any(weakness(key) for key in encryption[1:]):
        # Not an error: without it, what it encrypted could not be encrypted anew.
        yield _warn(2, "A former one of ENCRYPTION_KEYS is weak: what it encrypted could be read.", _FORMER)
    if set(encryption) & set(signing):
        yield _warn(
            3,
            "ENCRYPTION_KEYS and SECRET_KEY share a key: who learns one has both, and neither can be changed alone.",
            "Put a new key first in ENCRYPTION_KEYS and keep the old one behind it until all is encrypted anew.",
        )
    if settings.METRICS_TOKEN and weakness(settings.METRICS_TOKEN):
        yield _warn(4, "METRICS_TOKEN is short or a placeholder: it could be guessed.", _NEW_KEY)
    if settings.PRODUCTION and settings.ENCRYPTION_DERIVATION != "hkdf":
        yield _warn(
            22,
            "ENCRYPTION_DERIVATION is sha256: what is stored is encrypted as releases before did.",
            "Once every web and worker process runs this release: ENCRYPTION_DERIVATION=hkdf, restart, rotate_keys.",
        )


def _switches() -> Iterator[Warning]:
    if not settings.PRODUCTION:
        return
    if settings.DEBUG:
        yield _warn(5, "DEBUG is on in production: error pages show settings and data.", "Unset DEBUG.")
    if settings.ALLOW_PRIVATE_TARGETS:
        yield _warn(
            6,
            "ALLOW_PRIVATE_TARGETS is on: an organization's admin can make this server call addresses inside.",
            "Unset it, unless everybody who may edit a connection may also use your network.",
        )
    if settings.SANDBOX_URL:
        yield _warn(7, "SANDBOX_URL is set: connections are offered sandboxes, not the real systems.", "Unset it.")
    if settings.DEMO_PASSWORD:
        yield _warn(27, "DEMO_PASSWORD is set: the sign-in page shows it to everybody.", "Unset it.")
    root: Any = settings.LOGGING["root"]
    if str(root["level"]).upper() in ("DEBUG", "NOTSET"):
        yield _warn(
            8,
            "LOG_LEVEL is DEBUG in production: libraries log what they send, personal data included.",
            "Set LOG_LEVEL=INFO.",
        )


def _open_to_others() -> Iterator[Warning]:
    if not settings.PRODUCTION:
        return
    if any(host.strip() in ("*", ".") for host in settings.ALLOWED_HOSTS):
        yield _warn(
            15,
            "ALLOWED_HOSTS is *: whoever sends another Host header has links and redirects lead to their own site.",
            "Name the hosts that people use: ALLOWED_HOSTS=sync.example.com.",
        )
    places = [Path(settings.DATA_DIR), settings.EXPORT_ROOT and Path(settings.EXPORT_ROOT), settings.BASE_DIR / ".env"]
    if settings.SQLITE:
        places.append(Path(str(settings.DATABASES["default"]["NAME"])))
    opened = [str(place) for place in places if place and _others_read(place)]
    if opened:
        yield _warn(
            16,
            f"Other users of this machine can read {', '.join(opened)}.",
            "chmod go-rwx; run the services as a user of their own with UMask=0077.",
        )


def _others_read(place: Path) -> bool:
    try:
        return bool(place.stat().st_mode & 0o007)
    except OSError:
        return False


def _sign_in() -> Iterator[Warning]:
    if settings.PRODUCTION and settings.REQUIRE_SECOND_FACTOR == "none":
        yield _warn(
            20,
            "REQUIRE_SECOND_FACTOR is none: an operator, who sees every organization, may sign in by password alone.",
            "REQUIRE_SECOND_FACTOR=operators, or all. Each is led to set it up at the next sign-in.",
        )
    hours = settings.SESSION_COOKIE_AGE // 3600
    if settings.PRODUCTION and hours > 24:
        yield _warn(
            21,
            f"SESSION_HOURS is {hours}: a browser that was left open stays signed in for days.",
            "Leave it at 12, or at 24 at most.",
        )


def _database() -> Iterator[Warning]:
    database = settings.DATABASES["default"]
    if settings.SQLITE:
        name = str(database["NAME"])
        kind = file_system(name)
        if kind in NETWORK_FILE_SYSTEMS or kind.startswith("fuse."):
            yield _warn(
                9,
                f"The SQLite database lies on a network file system ({kind}): its locks do not hold there.",
                "Put DATA_DIR on a local disk, or use PostgreSQL (DATABASE_URL).",
            )
        if settings.PRODUCTION and elsewhere(settings.REDIS_URL):
            yield _warn(
                10,
                "SQLite is the database, yet the broker is on another host: only one host can share SQLite.",
                "With several hosts use PostgreSQL (DATABASE_URL); with one, unset REDIS_URL.",
            )
        return
    if database.get("CONN_MAX_AGE") == 0:
        yield _warn(
            11,
            "CONN_MAX_AGE is 0: each wake-up connects anew, which costs seven eighths of the throughput.",
            "Leave it at 60 seconds with CONN_HEALTH_CHECKS on.",
        )
    if database.get("OPTIONS", {}).get("pool"):
        yield _warn(
            12,
            "psycopg's pool is on: the queue's forked processes would share its sockets.",
            "Remove `pool` from DATABASE_URL; put PgBouncer in front if there are too many connections.",
        )


def _queue() -> Iterator[Warning]:
    timeout, retry = settings.Q_CLUSTER.get("timeout"), settings.Q_CLUSTER.get("retry", 60)
    if not timeout or not SECONDS + OVERTIME < timeout < retry:
        yield _warn(
            13,
            f"Q_CLUSTER: timeout ({timeout}) must be above the longest turn ({SECONDS + OVERTIME:.0f} s) and below "
            f"retry ({retry}): else turns are cut off, or run twice at once.",
            "The defaults are 300 and 360.",
        )
    url = settings.REDIS_URL
    if elsewhere(url) and not urlsplit(url).password:
        yield _warn(
            14,
            "Redis on another host is used without a password: who reaches it can ring the workers or silence them.",
            "REDIS_URL=rediss://:password@host:6379/0",
        )


def _mail() -> Iterator[CheckMessage]:
    if settings.EMAIL_BACKEND == "django.core.mail.backends.dummy.EmailBackend":
        # No warning: nobody has to want mails.
        yield Info(
            "EMAIL_URL is not set: nobody is sent a mail when a connection stops. Notices are shown on the pages.",
            hint="EMAIL_URL=smtp+tls://user:password@mail.example.com, then manage.py sendtestemail (docs/telling.md).",
            id="position_sync.I001",
        )
        return
    if not settings.PRODUCTION:
        return
    if settings.EMAIL_BACKEND != "django.core.mail.backends.smtp.EmailBackend":
        yield _warn(23, "EMAIL_URL names no mail server: mails are written down and reach nobody.", _MAIL_SERVER)
    elif not (settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL) and elsewhere(f"smtp://{settings.EMAIL_HOST}"):
        yield _warn(24, "Mails go to EMAIL_URL's server without TLS: others on the way can read them.", _MAIL_SERVER)
    if parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] in ("", "localhost"):
        yield _warn(
            25,
            "DEFAULT_FROM_EMAIL is not set: mail servers refuse mails from localhost.",
            "DEFAULT_FROM_EMAIL='Position Sync <position-sync@example.com>', an address that your server may send as.",
        )
    if not site_address().startswith("https://"):
        yield _warn(
            26,
            "Nothing says where people reach this installation: mails have no link, or a wrong one.",
            "PUBLIC_ADDRESS=https://sync.example.com",
        )


def file_system(path: str, mounts: Path = Path("/proc/self/mounts")) -> str:
    """The kind of file system that a path is on, "" where nobody says."""
    try:
        lines = [line.split() for line in mounts.read_text().splitlines()]
    except OSError:
        return ""
    # Spaces in a path are written as \040.
    points = {line[1].replace("\\040", " "): line[2] for line in lines if len(line) > 2}
    place = Path(path).resolve()
    return next((points[str(up)] for up in (place, *place.parents) if str(up) in points), "")
