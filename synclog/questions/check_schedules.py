"""Checks of everything that nobody asks for one by one: by a connection's schedule, and of all connections at once."""

from __future__ import annotations

import logging
from datetime import date, datetime, timedelta

from django.utils import timezone

from integrations.models import Integration
from positions.models import Organization
from synclog.models import DriftCheck, DriftSchedule
from synclog.questions import asking
from synclog.questions.walks import NotPossibleError

logger = logging.getLogger("synclog.questions.check_schedules")


def begin_due() -> None:
    """Every minute. An hour at which no worker ran is made up for later in the day, or in the week."""
    now = timezone.now()
    for row in DriftSchedule.objects.select_related("integration__organization"):
        today = _due(row, now.astimezone(row.integration.organization.zone))
        # Whoever moves the day on begins it.
        if today is None or not DriftSchedule.objects.filter(pk=row.pk, last_on=row.last_on).update(last_on=today):
            continue
        try:
            asking.compare_everything(row.integration, "", DriftCheck.Origin.SCHEDULE)
        except NotPossibleError as reason:
            logger.info("Connection %s is not compared by its schedule: %s", row.pk, reason.said.id)


def _due(row: DriftSchedule, here: datetime) -> date | None:
    """Today, where the clock shows this; None when it was begun, or it is too early."""
    today = here.date()
    since = today - timedelta(days=today.weekday()) if row.every == DriftSchedule.Every.WEEKLY else today
    if here.hour < row.hour or (row.last_on is not None and row.last_on >= since):
        return None
    return today


def begin_everywhere(
    by: str, organization: Organization | None = None
) -> tuple[list[DriftCheck], list[tuple[Integration, str]]]:
    """After a restore: of all connections (of one organization) that can be compared. Gives the checks, and the others
    with why not, in words."""
    found = Integration.objects.select_related("organization").order_by("organization", "pk")
    if organization is not None:
        found = found.filter(organization=organization)
    begun, left = [], []
    for integration in found:
        try:
            begun.append(asking.compare_everything(integration, by, DriftCheck.Origin.RESTORE))
        except NotPossibleError as reason:
            left.append((integration, str(reason.said)))
    return begun, left
