"""The database's side of a connector's outbox: the files of a system whose transport is a file.

A file is filled while nobody has it (`files.fetch` freezes it for good). Later changes begin a new one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from integrations.models import ExportFile, ExportRecord, Integration
from integrations.runtime import texts
from integrations.runtime.owner_thread import OnOwner, here, in_owner_thread
from integrations.sdk.context import Filed, HandedOver
from integrations.sdk.errors import InterruptedRunError


class DatabaseOutbox:
    """`holds` is asked inside the transaction that files a record: whether this worker still owns the integration. One
    that does not might put an older record over a newer one."""

    def __init__(
        self, integration: Integration, holds: Callable[[], bool] = lambda: True, on_owner: OnOwner = here
    ) -> None:
        self._integration, self._holds, self._on_owner = integration, holds, on_owner

    @in_owner_thread
    def latest(self, employee: str) -> Mapping[str, Any] | None:
        row = self._records(employee).order_by("-pk").first()
        return row.record if row else None

    @in_owner_thread
    def handed_over(self, employee: str) -> Sequence[HandedOver]:
        rows = self._records(employee).filter(file__fetched_at__isnull=False).select_related("file").order_by("pk")
        return [HandedOver(row.record, row.file.imported) for row in rows]

    def _records(self, employee: str) -> QuerySet[ExportRecord]:
        return ExportRecord.objects.filter(file__integration=self._integration, employee_key=int(employee))

    @in_owner_thread
    @transaction.atomic
    def put(self, employee: str, record: Mapping[str, Any]) -> Filed:
        if not self._holds():
            raise InterruptedRunError(texts.STOPPED_BEFORE_FILED())
        open_file = {"integration": self._integration, "fetched_at": None, "imported_at": None}
        # Locked: somebody who fetches it now gets it either with this record or without it for ever.
        file = ExportFile.objects.select_for_update().filter(**open_file).first()
        if file is None:
            file, _ = ExportFile.objects.get_or_create(**open_file, defaults={"made_at": timezone.now()})
        ExportRecord.objects.update_or_create(file=file, employee_key=int(employee), defaults={"record": dict(record)})
        file.integration = self._integration
        return Filed(file.pk, file.called)
