"""What one try makes of something that is told outside, and when the next one is due: of webhooks and of mails."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import TypeVar

from django.db.models import QuerySet

from integrations.sdk.messages import Message, packed
from synclog.engine import backoff, clock_skew
from synclog.models.outgoing import Outgoing

Row = TypeVar("Row", bound=Outgoing)


def due(rows: QuerySet[Row], now: datetime) -> QuerySet[Row]:
    return rows.filter(state__in=Outgoing.ACTIVE, due_at__lte=now)


def tried_ahead(rows: QuerySet[Row], now: datetime) -> QuerySet[Row]:
    """Those that were put off by a clock that was set back since."""
    return rows.filter(state__in=Outgoing.ACTIVE, tried_at__gt=now + clock_skew.TOLERANCE)


def tried(
    row: Outgoing,
    said: Message | None,
    now: datetime,
    *,
    wait: float | None = None,
    give_up_after: timedelta = backoff.GIVE_UP_AFTER,
) -> None:
    """One more try is over; the row is not saved. `said`: why it was not taken, None when it was. `wait`: seconds, as
    the other side asked for."""
    row.attempts += 1
    row.tried_at, row.said = now, packed([said] if said else [])
    if said is None:
        row.state = Outgoing.State.DELIVERED
        return
    row.first_failed_at = row.first_failed_at or now
    if now - row.first_failed_at >= give_up_after:
        row.state = Outgoing.State.FAILED
        return
    row.state, row.due_at = Outgoing.State.RETRYING, now + next_wait(wait, row.attempts)


def next_wait(wait: float | None, tries: int) -> timedelta:
    """As long as was asked for, else longer after each of so many tries."""
    return timedelta(seconds=wait + 1) if wait is not None else backoff.delay(tries, random.random)
