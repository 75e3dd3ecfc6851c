"""A new day: what was planned for it of the terms of positions now holds."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils import timezone

from positions import audit, batches, changes, terms
from positions.changes import Operation
from positions.models import Organization, Position, Terms
from positions.models.dating import stored_rows
from positions.origin import Origin, started_by

_COLUMNS = [*terms.TERMS, "updated_at"]


def roll(organization: Organization) -> int:
    """Brings the columns of the organization's positions up to what holds there today; gives how many changed.

    Asks for the positions alone of which a row's day has come since it was asked last. Nobody hears of it but the audit
    trail and the change feed, as of the schedule's doing: whoever sends positions has a day of their own
    (positions/signals.py).
    """
    today = organization.today()
    changed = 0

    def act(come: QuerySet[Terms]) -> None:
        nonlocal changed
        whose = Position.objects.filter(pk__in=come.values("position")).select_related("employee").order_by("pk")
        positions = list(whose.defer("employee__national_id").select_for_update(of=("self",)))
        rows = stored_rows([position.pk for position in positions])
        moved = [position for position in positions if position.hold(rows[position.pk], today)]
        for position in moved:
            position.updated_at = timezone.now()
        Position.objects.bulk_update(moved, _COLUMNS, batch_size=500)
        with started_by(Origin("schedule")):
            audit.note(moved)
            changes.note_positions(moved, Operation.UPDATED)
        come.update(awaited=False)
        changed += len(moved)

    batches.in_batches(
        Terms.objects.filter(position__employee__organization=organization, awaited=True, effective_from__lte=today),
        act,
        size=1000,
    )
    return changed
