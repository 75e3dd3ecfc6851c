"""One call at a time for all connections of one customer, where a system demands that: across processes and hosts."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import DatabaseError
from django.db.models import Q, QuerySet
from django.utils import timezone

from integrations.models import Integration, SharedPlace
from integrations.runtime.owner_thread import OnOwner, here, in_owner_thread
from integrations.runtime.shared_limiter import shared_key

logger = logging.getLogger("integrations.runtime.single_flight")

# A holder that died is replaced after so long. A living one says in time that it still calls (`renew_if_due`).
LASTS = timedelta(seconds=20)
WAITS = timedelta(seconds=2)  # whoever waits says so again within this time
ASK = 0.05


class OneCall:
    """The place that is held during a call. Whoever has waited for it comes before the one that has just had it.
    `guard` raises when it is no longer worth waiting."""

    def __init__(self, key: str, guard: Callable[[], None], on_owner: OnOwner = here) -> None:
        self._key, self._guard, self._on_owner = key, guard, on_owner
        self._me = uuid.uuid4().hex
        self._one_thread = threading.RLock()
        self._renew_at: float | None = None  # of this process's own monotonic clock, while the place is held

    @contextmanager
    def __call__(self) -> Iterator[None]:
        with self._one_thread:
            if self._renew_at is not None:  # a call for a token, in the middle of the one that needs it
                yield
                return
            while not self._take():
                time.sleep(ASK)
                self._guard()
            try:
                yield
            finally:
                self._give_back()

    def renew_if_due(self) -> None:
        """For the thread that owns the database connection, while another one calls."""
        if self._renew_at is not None and time.monotonic() > self._renew_at:
            self._rows().filter(holder=self._me).update(until=timezone.now() + LASTS)
            self._renew_at = time.monotonic() + LASTS.total_seconds() / 4

    def _rows(self) -> QuerySet[SharedPlace]:
        return SharedPlace.objects.filter(pk=self._key)

    @in_owner_thread
    def _take(self) -> bool:
        now = timezone.now()
        next_one = Q(waiting__in=("", self._me)) | _over("waits_until", now, WAITS)
        free = Q(holder="") | _over("until", now, LASTS)
        if self._rows().filter(free & next_one).update(holder=self._me, until=now + LASTS, waiting=""):
            self._renew_at = time.monotonic() + LASTS.total_seconds() / 4
            return True
        if not self._rows().exists():
            new = SharedPlace(key=self._key, until=now, waits_until=now)
            SharedPlace.objects.bulk_create([new], ignore_conflicts=True)
            return self._take()
        said = Q(waiting=self._me, waits_until__gt=now + WAITS / 2)
        self._rows().filter(next_one).exclude(said).update(waiting=self._me, waits_until=now + WAITS)
        return False

    @in_owner_thread
    def _give_back(self) -> None:
        self._renew_at = None
        try:
            self._rows().filter(holder=self._me).update(holder="")
        except DatabaseError as error:  # the call was made: what came of it is not lost for this, and the place expires
            logger.warning("The place for the next call could not be given back: %s", type(error).__name__)


def _over(field: str, now: datetime, lasts: timedelta) -> Q:
    """What ends further away than any can was written by a clock that was set back."""
    return Q(**{f"{field}__lt": now}) | Q(**{f"{field}__gt": now + 3 * lasts})


def one_call(integration: Integration, guard: Callable[[], None], on_owner: OnOwner = here) -> OneCall | None:
    """None for a system that does not mind."""
    key = shared_key(integration, integration.system.limits.one_call_by, by_path=True)
    return OneCall(key, guard, on_owner) if key else None
