"""One limiter for all connections that a vendor counts together (by a shared key), across processes and hosts."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from integrations.connectors.system import System
from integrations.models import Integration, SharedRate


class SharedLimiter:
    """Spaces requests evenly: a queue in the database that everybody joins at its end. `on_owner` runs a function in
    the thread that owns the database connection."""

    def __init__(self, key: str, spacing: float, on_owner: Callable[[Callable[[], Any]], Any] | None = None) -> None:
        self._key, self._spacing = key, timedelta(seconds=spacing)
        self._on_owner = on_owner or (lambda call: call())

    def acquire(self) -> None:
        wait = self._on_owner(self._reserve)
        if wait > 0:
            time.sleep(wait)

    def penalize(self, seconds: float) -> None:
        self._on_owner(lambda: self._push(seconds))

    def _reserve(self) -> float:
        with transaction.atomic():
            row = self._row()
            now = timezone.now()
            at = max(now, row.next_at)
            row.next_at = at + self._spacing
            row.save(update_fields=["next_at"])
        return (at - now).total_seconds()

    def _push(self, seconds: float) -> None:
        with transaction.atomic():
            row = self._row()
            row.next_at = max(row.next_at, timezone.now() + timedelta(seconds=seconds))
            row.save(update_fields=["next_at"])

    def _row(self) -> SharedRate:
        rows = SharedRate.objects.select_for_update()
        found = rows.filter(pk=self._key).first()
        if found is None:
            SharedRate.objects.bulk_create([SharedRate(key=self._key, next_at=timezone.now())], ignore_conflicts=True)
            found = rows.get(pk=self._key)
        return found


def shared_limiter(
    integration: Integration, on_owner: Callable[[Callable[[], Any]], Any] | None = None
) -> SharedLimiter | None:
    """None for a connection that the vendor counts by itself."""
    system: System = integration.system
    value = integration.credentials.get(system.limits.shared_by, "") if system.limits.shared_by else ""
    if not value or not system.limits.requests:
        return None
    key = hashlib.sha256(f"{system.key}\0{value}".encode()).hexdigest()
    return SharedLimiter(key, system.limits.per_seconds / system.limits.requests * 1.02, on_owner)
