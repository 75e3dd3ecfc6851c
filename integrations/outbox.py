"""The database's side of a connector's outbox: the files of a system whose transport is a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.dispatch import Signal
from django.utils import timezone

from integrations.connectors.context import Filed
from integrations.models import ExportFile, ExportRecord, Integration

# A person said that a file was imported there. Keyword argument: file (ExportFile).
file_imported = Signal()


class DatabaseOutbox:
    """For the thread that owns the database connection (`synclog.turn` lends it to its threads)."""

    def __init__(self, integration: Integration) -> None:
        self._integration = integration

    def latest(self, employee: str) -> Mapping[str, Any] | None:
        row = (
            ExportRecord.objects.filter(file__integration=self._integration, employee_key=int(employee))
            .order_by("-pk")
            .first()
        )
        return row.record if row else None

    def put(self, employee: str, record: Mapping[str, Any]) -> Filed:
        with transaction.atomic():
            file, _ = ExportFile.objects.get_or_create(
                integration=self._integration,
                fetched_at=None,
                imported_at=None,
                defaults={"made_at": timezone.now()},
            )
            ExportRecord.objects.update_or_create(
                file=file, employee_key=int(employee), defaults={"record": dict(record)}
            )
        file.integration = self._integration
        return Filed(file.pk, file.name)


def fetch(file: ExportFile, by: str) -> None:
    """From now on the file does not change any more."""
    ExportFile.objects.filter(pk=file.pk, fetched_at=None).update(fetched_at=timezone.now(), fetched_by=by)
    file.refresh_from_db()


def content(file: ExportFile) -> tuple[str, bytes]:
    """The file's name and its bytes, the same whenever they are asked for."""
    from integrations.connect import open_connector

    connector = open_connector(file.integration)
    records = [row.record for row in file.records.order_by("employee_key")]
    made_at = file.made_at.astimezone(file.integration.organization.zone)
    return connector.file_name(made_at), connector.render(records, made_at)


@transaction.atomic
def mark_imported(file: ExportFile, by: str) -> None:
    """A person imported it there. Saying it twice changes nothing."""
    now = timezone.now()
    if ExportFile.objects.filter(pk=file.pk, imported_at=None).update(imported_at=now, imported_by=by):
        file.refresh_from_db()
        file_imported.send(ExportFile, file=file)
