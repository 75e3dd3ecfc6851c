"""Says once for each payroll cut-off of a connection that something was saved after it, and that the period opened
again where something was held. Looked for every minute: a save has nothing to do for it."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from integrations.models import Integration
from integrations.planning.cutoff import After
from integrations.sdk.messages import Message, packed, unpacked
from positions.transactions import repeated
from synclog.engine import texts
from synclog.models import Event, Job


def look_after() -> None:
    """Every minute."""
    now = timezone.now()
    for integration in Integration.objects.recording().exclude(cutoff={}).select_related("organization"):
        if (said := _news(integration, now)) is not None:
            _tell(integration, said, now)


def is_over(event: Event) -> bool:
    """Whether it says that a period opened, which members need no notice of."""
    return any(message.id == texts.CUTOFF_OPENED.id for message in unpacked(event.said))


def _news(integration: Integration, now: datetime) -> Message | None:
    """What is to be said of it now."""
    calendar, zone = integration.calendar, integration.organization.zone
    closed = calendar.closed(now, zone) if calendar is not None and calendar.after is not After.SEND else None
    told = Event.objects.filter(integration=integration, kind=Event.Kind.CUTOFF).order_by("-pk").first()
    if closed is None:
        held = next((m for m in unpacked(told.said) if m.id == texts.CUTOFF_HELD.id), None) if told else None
        return texts.CUTOFF_OPENED(cutoff=held.params["cutoff"]) if held is not None else None
    cutoff, opens = closed
    if told is not None and told.at >= cutoff:
        return None
    if not Job.objects.filter(integration=integration, cutoff_at=cutoff).exists():
        return None
    shown = {"cutoff": cutoff.astimezone(zone)}
    if integration.holds:
        return texts.CUTOFF_HELD(**shown, until=opens.astimezone(zone))
    return texts.CUTOFF_TAGGED(**shown)


@repeated
def _tell(integration: Integration, said: Message, now: datetime) -> None:
    """Only whoever holds the connection, and finds that still to be said."""
    Integration.objects.select_for_update(no_key=True).filter(pk=integration.pk).values_list("pk").first()
    if _news(integration, now) is not None:
        Event.objects.create(integration=integration, kind=Event.Kind.CUTOFF, said=packed([said]))
