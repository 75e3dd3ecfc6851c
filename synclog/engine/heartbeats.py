"""Whether any worker looks for work: each says so now and then (`synclog.queue.tasks.beat`)."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from synclog.models import Heartbeat


def silent_for() -> timedelta | None:
    """How long no worker has looked for work; None when one never has."""
    newest = Heartbeat.objects.order_by("-seen_at").first()
    return timezone.now() - newest.seen_at if newest else None
