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
        cutoff = held.params["cutoff"] if held is not None else None
        goes_out = told is not None and cutoff is not None and _goes_out(integration, told.at, cutoff, now)
        return texts.CUTOFF_OPENED(cutoff=cutoff) if goes_out else None
    cutoff, opens = closed
    if told is not None and told.at >= cutoff:
        return None
    if not Job.objects.filter(integration=integration, cutoff_at=cutoff).exists():
        return None
    shown = {"cutoff": cutoff.astimezone(zone)}
    if integration.holds:
        return texts.CUTOFF_HELD(**shown, until=opens.astimezone(zone))
    return texts.CUTOFF_TAGGED(**shown)


def _goes_out(integration: Integration, told_at: datetime, cutoff: datetime, now: datetime) -> bool:
    """Whether what was held since this cut-off goes out because its period has opened: not because of another calendar
    or none, not while the connection is paused, and not where it was switched off since."""
    calendar, zone, since = integration.calendar, integration.organization.zone, integration.activated_at
    if calendar is None or calendar.after is not After.HOLD or integration.paused or since is None or told_at < since:
        return False
    if calendar.last(cutoff, zone) != cutoff:
        return False
    opened = calendar.opening(cutoff, zone)
    if not told_at < opened <= now:
        return False
    options = Event.objects.filter(integration=integration, kind=Event.Kind.OPTION, at__gte=opened)
    changes = (texts.CUTOFF_CHANGED.id, texts.CUTOFF_REMOVED.id)
    return not any(m.id in changes for said in options.values_list("said", flat=True) for m in unpacked(said))


@repeated
def _tell(integration: Integration, said: Message, now: datetime) -> None:
    """Only whoever holds the connection, and finds that still to be said."""
    Integration.objects.select_for_update(no_key=True).filter(pk=integration.pk).values_list("pk").first()
    if _news(integration, now) is not None:
        Event.objects.create(integration=integration, kind=Event.Kind.CUTOFF, said=packed([said]))
