"""The database's side of a connector's vault: encrypted, and one process at a time where it matters."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from integrations.models import Integration
from integrations.runtime import texts
from integrations.runtime.owner_thread import OnOwner, here, in_owner_thread
from integrations.sdk.errors import InterruptedRunError, UnavailableError

# Longer than any token request may take; a process that dies in between is waited for no longer than this.
LOCK_SECONDS = 45


class DatabaseVault:
    """What is saved replaces what was loaded and nothing else: new credentials that came meanwhile, and what another
    process has kept since this one was taken for dead, stay."""

    def __init__(self, integration_id: int, patience: float = LOCK_SECONDS, on_owner: OnOwner = here) -> None:
        self._patience, self._on_owner = patience, on_owner
        self._rows = Integration.objects.filter(pk=integration_id)
        self._me = uuid.uuid4().hex
        self._loaded: Mapping[str, Any] = {}

    @in_owner_thread
    def load(self) -> Mapping[str, Any]:
        row = self._rows.only("vault").first()
        self._loaded = dict(row.vault) if row else {}
        return dict(self._loaded)

    @in_owner_thread
    def save(self, values: Mapping[str, Any]) -> None:
        """Raises InterruptedRunError where something else is kept by now than what was loaded."""
        with transaction.atomic():
            row = self._rows.select_for_update(no_key=True).only("vault").first()
            if row is None or dict(row.vault) != self._loaded:
                raise InterruptedRunError(texts.RENEWED_MEANWHILE())
            self._rows.update(vault=dict(values))
        self._loaded = dict(values)

    @in_owner_thread
    def try_lock(self) -> bool:
        now = timezone.now()
        lasts = timedelta(seconds=LOCK_SECONDS)
        free = Q(vault_locked_until__isnull=True) | Q(vault_locked_until__lt=now)
        free |= Q(vault_locked_until__gt=now + 2 * lasts)  # taken by a clock that was set back
        return bool(self._rows.filter(free).update(vault_locked_until=now + lasts, vault_locked_by=self._me))

    @in_owner_thread
    def unlock(self) -> None:
        """Frees what is ours: a lock that ran out may be another process's by now."""
        self._rows.filter(vault_locked_by=self._me).update(vault_locked_until=None, vault_locked_by="")

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Raises UnavailableError when the lock is not to be had in `patience`: by default, its own lifetime."""
        deadline = time.monotonic() + self._patience
        while not self.try_lock():
            if time.monotonic() > deadline:
                raise UnavailableError(texts.TOKEN_BEING_RENEWED())
            time.sleep(0.1)
        try:
            yield
        finally:
            self.unlock()
