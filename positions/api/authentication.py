"""API keys: `Authorization: Bearer psk_...`."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from positions.busy import is_busy, without_waiting
from positions.models import ApiKey

logger = logging.getLogger(__name__)

_USED_EVERY = timedelta(minutes=1)
_ENDS = "API-Key-Expires"  # a header of answers to a key that soon does, with the time (ISO 8601)
_HOW = gettext_lazy("Send the header “Authorization: Bearer psk_…” with a key from Organization > API keys.")


class _Used(threading.local):
    """Keys that this thread's request came with: key -> when."""

    def __init__(self) -> None:
        self.keys: dict[int, datetime] = {}


_used = _Used()


def note_used(**kwargs: Any) -> None:
    """After the answer has gone out, and only where nobody has to be waited for: a request that reads waits for no
    writer. What could not be noted now is noted by the key's next request."""
    if not _used.keys:
        return
    noted, _used.keys = _used.keys, {}
    try:
        with without_waiting():
            for pk, now in noted.items():
                unused = Q(last_used_at=None) | Q(last_used_at__lt=now - _USED_EVERY)
                ApiKey.objects.filter(unused, pk=pk).update(last_used_at=now)
    except DatabaseError as error:
        if not is_busy(error):
            logger.warning("When API keys were last used could not be noted: %s", type(error).__name__)


@dataclass(frozen=True, slots=True)
class Client:
    """Who calls: an API key, not a person."""

    name: str
    is_authenticated: bool = True
    is_active: bool = True
    is_superuser: bool = False
    pk: int | None = None


class ApiKeyAuthentication(BaseAuthentication):
    """request.user is a `Client`, request.auth the `ApiKey` with its organization."""

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="Position Sync"'

    def authenticate(self, request: Request) -> tuple[Client, ApiKey] | None:
        scheme, _space, given = get_authorization_header(request).decode("latin-1").partition(" ")
        if not scheme:
            return None
        if scheme.lower() != "bearer" or not given.strip():
            raise AuthenticationFailed(_HOW, code="not_authenticated")
        digest = ApiKey.digest(given.strip())
        key = ApiKey.objects.with_right().select_related("organization").of_secret(digest).first()
        if key is None:
            raise AuthenticationFailed(
                _("There is no such API key: it is mistyped or was deleted. {how}").format(how=_HOW), "unknown_key"
            )
        now = timezone.now()
        state = key.state(now)
        if state == key.State.ENDED:
            raise AuthenticationFailed(
                _(
                    "The API key “{name}” ended because {why}. "
                    "An admin can make a new one under Organization > API keys."
                ).format(name=key.name, why=key.why_ended()),
                "ended_key",
            )
        if state == key.State.EXPIRED:
            raise AuthenticationFailed(
                _(
                    "The API key “{name}” expired on {day}. "
                    "An admin can make its successor under Organization > API keys."
                ).format(name=key.name, day=key.expires.date().isoformat()),
                "expired_key",
            )
        ends = key.expires if key.hash == digest else key.former_until
        if ends is not None and (state == key.State.EXPIRING or key.hash != digest):
            request.ends = {_ENDS: f"{ends:%Y-%m-%dT%H:%M:%SZ}"}  # type: ignore[attr-defined]
        if key.last_used_at is None or key.last_used_at < now - _USED_EVERY:
            _used.keys[key.pk] = now
        request._request.api_key_name = key.name  # type: ignore[attr-defined]  # for the log lines of this request
        request.secret_digest = digest  # type: ignore[attr-defined]
        return Client(key.name), key
