"""One limiter for all connections that a vendor counts together (by a shared key), across processes and hosts."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.db import transaction
from django.utils import timezone

from integrations.models import Integration, SharedRate
from integrations.runtime.owner_thread import OnOwner, here, in_owner_thread
from integrations.sdk.declaration import System
from integrations.sdk.limiter import wait_until

# The longest that one may have to wait: a place further away was given by a clock that was set back. The back-off of
# the connection itself keeps to what a system asks for beyond that.
LONGEST = timedelta(minutes=10)


class SharedLimiter:
    """Spaces requests evenly: a queue in the database that everybody joins at its end."""

    def __init__(self, key: str, spacing: float, on_owner: OnOwner = here) -> None:
        self._key, self._spacing, self._on_owner = key, timedelta(seconds=spacing), on_owner

    def acquire(self, guard: Callable[[], None] = lambda: None) -> None:
        lead = 0.0
        for _ in range(10):
            at = self._reserve(lead)
            wait_until(time.monotonic() + (at - timezone.now()).total_seconds(), guard)
            late = (timezone.now() - at).total_seconds()
            if late < self._spacing.total_seconds():
                return
            # The database was slow and our place has passed: going now would crowd the others. Ask further ahead.
            lead = 2 * late

    @in_owner_thread
    def _reserve(self, lead: float) -> datetime:
        with transaction.atomic():
            row = self._row()
            now = timezone.now()
            at = now + timedelta(seconds=lead)
            if row.next_at <= now + LONGEST:
                at = max(at, row.next_at)
            row.next_at = at + self._spacing
            row.save(update_fields=["next_at"])
        return at

    @in_owner_thread
    def penalize(self, seconds: float) -> None:
        with transaction.atomic():
            row = self._row()
            now = timezone.now()
            asked = now + min(timedelta(seconds=seconds), LONGEST)
            row.next_at = max(row.next_at, asked) if row.next_at <= now + LONGEST else asked
            row.save(update_fields=["next_at"])

    def _row(self) -> SharedRate:
        rows = SharedRate.objects.select_for_update()
        found = rows.filter(pk=self._key).first()
        if found is None:
            SharedRate.objects.bulk_create([SharedRate(key=self._key, next_at=timezone.now())], ignore_conflicts=True)
            found = rows.get(pk=self._key)
        return found


def shared_limiter(integration: Integration, on_owner: OnOwner = here) -> SharedLimiter | None:
    """None for a connection that the vendor counts by itself."""
    system: System = integration.system
    key = shared_key(integration, system.limits.shared_by)
    if not key or not system.limits.requests:
        return None
    return SharedLimiter(key, system.limits.per_seconds / system.limits.requests * 1.02, on_owner)


def shared_key(integration: Integration, credential: str, *, by_path: bool = False) -> str:
    """Of what is shared with every connection that has this value of a credential, "" if it has none.

    Together with the hosts of all its addresses (`by_path`: the whole addresses): the value, a tenant's id, may be no
    secret, and a server of somebody's own, be it for the sign-in alone, may answer whatever it likes. What it says then
    counts for that server only.
    """
    value = integration.credentials.get(credential, "") if credential else ""
    if not value:
        return ""
    addresses = [urlsplit(url.rstrip("/").lower()) for _, url in sorted(integration.urls().items())]
    places = ["".join(address if by_path else address[:2]) for address in addresses]
    return hashlib.sha256("\0".join([integration.system.key, *places, value]).encode()).hexdigest()
