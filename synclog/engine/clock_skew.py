"""A clock that was set back must not keep anything waiting: what was put off by the clock as it was is due at once."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from integrations.models import Integration
from synclog.models import Job

# Hosts whose clocks differ by less take each other for punctual.
TOLERANCE = timedelta(minutes=1)
# So far a host's clock may be ahead of another's without that one overlooking what was just saved.
AHEAD = timedelta(seconds=5)


def at_once() -> datetime:
    """When something is due that is to be done now: also for a host whose clock is behind this one's."""
    return timezone.now() - AHEAD


def put_right() -> None:
    """Jobs and connections that were put off at a moment which is still to come. What waits for its day, or for a
    payroll period to open, stays."""
    now = timezone.now()
    Job.objects.open().filter(state__in=Job.ACTIVE, changed_at__gt=now + TOLERANCE).exclude(
        cause__in=Job.PUT_OFF
    ).update(due_at=at_once(), changed_at=now)
    Integration.objects.filter(retry_at__gt=now, retry_set_at__gt=now + TOLERANCE).update(
        retry_at=now, retry_set_at=now
    )
