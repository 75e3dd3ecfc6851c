"""Empties a connection that is about to be deleted: a log of any length goes in batches, and is never read."""

from __future__ import annotations

from django.db.models import F

from integrations.engine import Engine
from integrations.models import EmployeeLink, ExportFile, ExportRecord, Integration, Occupation, PeriodLink
from positions.batches import delete, in_batches


def empty(integration: Integration, engine: Engine) -> None:
    """Whoever is interrupted deletes it once more. It is switched off first: nothing is recorded meanwhile."""
    Integration.objects.filter(pk=integration.pk).update(send_positions=False, version=F("version") + 1)
    engine.forget(integration)
    in_batches(ExportRecord.objects.filter(file__integration=integration), delete)
    in_batches(Occupation.objects.filter(register__integration=integration), delete)
    for model in (ExportFile, PeriodLink, EmployeeLink):
        in_batches(model._base_manager.filter(integration=integration), delete)
