"""Sessions (SESSION_ENGINE): in the database under a hash of their key, over after idleness and, however busy, after
SESSION_HOURS. Whoever reads the database has no key that opens anything.

When a row expires says both; that somebody was here is noted every few minutes, after the answer and without waiting.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.models import Session
from django.db import DatabaseError
from django.http import HttpRequest
from django.utils import timezone

from positions.busy import is_busy, without_waiting
from positions.tracing import address_of

logger = logging.getLogger(__name__)

NOTED_EVERY = timedelta(minutes=5)
# So long after the password was given it is not asked again for what is sensitive.
FRESH = timedelta(minutes=10)
_BEGUN, _FROM, _PROVED = "signed_in_at", "signed_in_from", "proved_at"
_THERE = "seen_by_issuer_at"  # of a sign-in by an issuer: when they last showed there that it is them; 0 if unknown


def _stored(key: str) -> str:
    # The key has 165 random bits: a plain hash cannot be searched back. 160 of its bits are what the column holds.
    return hashlib.sha256(key.encode()).hexdigest()[:40]


class SessionStore(DatabaseStore):
    def get_expiry_date(self, **kwargs: Any) -> datetime:
        """The end of a sign-in however busy, or of idleness, whichever is first."""
        idle = timezone.now() + timedelta(seconds=settings.SESSION_IDLE_SECONDS)
        begun = self._session.get(_BEGUN)  # type: ignore[attr-defined]
        if begun is None:
            return idle
        return min(idle, datetime.fromtimestamp(begun + settings.SESSION_COOKIE_AGE, UTC))

    def exists(self, session_key: str) -> bool:
        return super().exists(_stored(session_key))

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        data.setdefault(_BEGUN, int(time.time()))
        row = super().create_model_instance(data)
        row.session_key = _stored(row.session_key)
        return row

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key is not None:
            super().delete(_stored(key))

    def load(self) -> dict[str, Any]:
        row = self.model.objects.filter(
            session_key=_stored(str(self.session_key)), expire_date__gt=timezone.now()
        ).first()
        if row is None:
            self._session_key = None
            return {}
        found: dict[str, Any] = self.decode(row.session_data)
        self._session_cache = found
        if self.get_expiry_date() - row.expire_date >= NOTED_EVERY:
            _seen.rows[row.session_key] = self.get_expiry_date()
        return found


class _Seen(threading.local):
    """Sessions that this thread's request came with: stored key -> when they end now."""

    def __init__(self) -> None:
        self.rows: dict[str, datetime] = {}


_seen = _Seen()


def note_seen(**kwargs: Any) -> None:
    """After the answer has gone out. What could not be noted now is noted by the next request."""
    if not _seen.rows:
        return
    noted, _seen.rows = _seen.rows, {}
    try:
        with without_waiting():
            for key, until in noted.items():
                Session.objects.filter(session_key=key, expire_date__lt=until).update(expire_date=until)
    except DatabaseError as error:
        if not is_busy(error):
            logger.warning("That a session is in use could not be noted: %s", type(error).__name__)


def begin(request: HttpRequest, **kwargs: Any) -> None:
    """A sign-in counts from now, whatever the browser did before."""
    request.session[_BEGUN] = int(time.time())
    request.session[_FROM] = [address_of(request), request.headers.get("User-Agent", "")[:150]]
    for of_the_one_before in (_PROVED, _THERE):
        request.session.pop(of_the_one_before, None)


def prove(request: HttpRequest) -> None:
    """Whoever is signed in has just shown again that it is them; under another key, as with every gain of rights."""
    request.session[_PROVED] = int(time.time())
    request.session.cycle_key()


def by_issuer(request: HttpRequest, seen_at: int) -> None:
    """The sign-in that has just begun is by an issuer. It may have asked nothing, for somebody was signed in there:
    only what was shown there counts as shown."""
    request.session[_THERE] = request.session[_PROVED] = min(seen_at, int(time.time()))


def is_by_issuer(request: HttpRequest) -> bool:
    return _THERE in request.session


def seen_by_issuer(request: HttpRequest, seen_at: int) -> None:
    """They have just shown it there again, which is one's password here, and no code; the key changes as above."""
    request.session[_THERE] = min(seen_at, int(time.time()))
    request.session.cycle_key()


def is_fresh_there(request: HttpRequest) -> bool:
    """Whether they have shown it to the issuer within FRESH."""
    return _within(request, _THERE)


def is_fresh(request: HttpRequest) -> bool:
    """Whether they have shown within FRESH that it is them, be it by the sign-in."""
    return _within(request, _PROVED) or (not is_by_issuer(request) and _within(request, _BEGUN))


def has_just_begun(request: HttpRequest) -> bool:
    return _within(request, _BEGUN)


def _within(request: HttpRequest, name: str) -> bool:
    return bool(time.time() - request.session.get(name, 0) < FRESH.total_seconds())


@dataclass(frozen=True, slots=True)
class Signed:
    """A session as its person may see it. `name` is what it is stored under, and opens nothing."""

    name: str
    begun: datetime
    seen: datetime  # within NOTED_EVERY
    address: str
    browser: str


def of(user: Any, here: str | None) -> list[Signed]:
    """The one with this key first, then the others, newest first."""
    found = []
    for row, data in _rows({str(user.pk)}):
        address, browser = data.get(_FROM, ("", ""))
        begun = datetime.fromtimestamp(data[_BEGUN], UTC)
        seen = row.expire_date - timedelta(seconds=settings.SESSION_IDLE_SECONDS)
        found.append(Signed(row.session_key, begun, max(seen, begun), address, browser))
    return sorted(found, key=lambda one: (one.name != _stored(here or ""), -one.begun.timestamp()))


def end(users: Iterable[Any], but: str | None = None, only: str | None = None) -> int:
    """Ends their sessions, except the one with the key `but`; with `only`, the one of that name. Their number."""
    kept = _stored(but) if but else ""
    names = [row.session_key for row, _ in _rows({str(user.pk) for user in users}) if row.session_key != kept]
    names = [name for name in names if only in (None, name)]
    for start in range(0, len(names), 500):
        Session.objects.filter(session_key__in=names[start : start + 500]).delete()
    return len(names)


def _rows(users: set[str]) -> Iterator[tuple[Session, dict[str, Any]]]:
    for row in Session.objects.filter(expire_date__gt=timezone.now()).iterator(500):
        data = row.get_decoded()
        if data.get(SESSION_KEY) in users:
            yield row, data


def connect() -> None:
    user_logged_in.connect(begin, dispatch_uid="positions.accounts.sessions")
