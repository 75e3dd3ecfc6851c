"""Switching a connection on and off, with what is sent of the positions that are here already."""

from __future__ import annotations

from django.db.models import QuerySet

from integrations.engine import Start, Started
from integrations.models import Integration
from integrations.scope import scope_of
from positions.employer import current_and_upcoming
from positions.models import Position
from positions.transactions import repeated
from synclog.engine import actions
from synclog.log import batches, bulk_actions
from synclog.models import Batch, Job


def positions_of(integration: Integration, start: Start) -> QuerySet[Position]:
    """Those that go out with this start. `integration.organization` is read for its day."""
    if start is Start.CHANGES:
        return Position.objects.none()
    taken = Position.objects.filter(
        scope_of(integration.pk).positions(), employee__organization=integration.organization_id
    )
    if start is Start.CURRENT:
        return taken.filter(current_and_upcoming(integration.organization.today()))
    return taken


@repeated
def switch(
    integration: Integration, on: bool, by: str, start: Start = Start.CHANGES, *, kind: str = Job.Origin.RESYNC
) -> Started:
    """On, and what is to go out with it, or neither; of one that is on already, nothing. Raises
    `batches.TooManyError`."""
    number = positions_of(integration, start).count() if on else 0
    if number <= batches.PIECE:  # in the order of everybody: positions before connections
        going = positions_of(integration, start).order_by("pk").select_for_update(of=("self",), no_key=True)
        number = len(going.values_list("pk")) if number else 0
    if not actions.switch(integration, on, by, start, number) or not number:
        return Started()
    keys = positions_of(integration, start).order_by("pk").values_list("pk", flat=True)
    sent = bulk_actions.send(keys, integration, by, kind=kind)
    return Started(sent.total if isinstance(sent, Batch) else sent)
