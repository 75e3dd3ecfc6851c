"""The database's side of a connector's vault: encrypted, and one process at a time where it matters."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from integrations.connectors.errors import Unavailable
from integrations.models import Integration

# Longer than any token request may take; a process that dies in between is waited for no longer than this.
LOCK_SECONDS = 45


class DatabaseVault:
    """For the thread that owns the database connection (`synclog.turn` lends it to its threads)."""

    def __init__(self, integration_id: int, patience: float = LOCK_SECONDS) -> None:
        self._patience = patience
        self._rows = Integration.objects.filter(pk=integration_id)

    def load(self) -> Mapping[str, Any]:
        row = self._rows.only("vault").first()
        return dict(row.vault) if row else {}

    def save(self, values: Mapping[str, Any]) -> None:
        self._rows.update(vault=dict(values))

    def try_lock(self) -> bool:
        now = timezone.now()
        lasts = timedelta(seconds=LOCK_SECONDS)
        free = Q(vault_locked_until__isnull=True) | Q(vault_locked_until__lt=now)
        free |= Q(vault_locked_until__gt=now + 2 * lasts)  # taken by a clock that was set back
        return bool(self._rows.filter(free).update(vault_locked_until=now + lasts))

    def unlock(self) -> None:
        self._rows.update(vault_locked_until=None)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        wait_for(self.try_lock, self._patience)
        try:
            yield
        finally:
            self.unlock()


def wait_for(try_lock: Any, patience: float = LOCK_SECONDS) -> None:
    """Raises Unavailable when the lock is not to be had in that time: by default, its own lifetime."""
    deadline = time.monotonic() + patience
    while not try_lock():
        if time.monotonic() > deadline:
            raise Unavailable("Another process is still renewing this connection's token.")
        time.sleep(0.1)
