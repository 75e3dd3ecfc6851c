"""The files of a system whose transport is a file: fetched by a person or into a folder, imported there by a person.

Whoever fetches one first freezes it for good.
"""

from __future__ import annotations

import logging

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.dispatch import Signal
from django.utils import timezone

from integrations.models import ExportFile, Integration
from integrations.runtime import folders, texts
from integrations.runtime.opening import open_connector
from integrations.sdk.declaration import Transport
from integrations.sdk.messages import Message, packed
from integrations.sdk.settings import Kind
from integrations.systems.registry import systems

logger = logging.getLogger("integrations.runtime.export_files")

# A person said that a file was imported there. Keyword argument: file (ExportFile).
file_imported = Signal()


@transaction.atomic
def fetch(file: ExportFile, by: str, folder: str = "") -> bool:
    """Freezes the file: from now on its name and its bytes stay as they are. False: somebody had fetched it before."""
    fresh = ExportFile.objects.select_for_update().filter(pk=file.pk, fetched_at=None).exists()
    if fresh:
        file.file_name, file.content = _made(file)
        file.fetched_at, file.fetched_by, file.folder = timezone.now(), by, folder
        file.save(update_fields=["file_name", "kept", "fetched_at", "fetched_by", "folder"])
    else:
        file.refresh_from_db(fields=["file_name", "kept", "fetched_at", "fetched_by", "folder"])
    return fresh


def content(file: ExportFile) -> tuple[str, bytes]:
    """A fetched file's name and its bytes: the same whenever they are asked for, whatever was changed since."""
    if not file.fetched:
        raise ValueError("This file is still being filled: fetch it first.")
    return file.file_name, file.content


def _made(file: ExportFile) -> tuple[str, bytes]:
    connector = open_connector(file.integration)
    try:
        records = [row.record for row in file.records.order_by("employee_key")]
        made_at = file.made_at.astimezone(file.integration.organization.zone)
        return connector.file_name(made_at, file.pk), connector.render(records, made_at)
    finally:
        connector.close()


@transaction.atomic
def mark_imported(file: ExportFile, by: str) -> bool:
    """A person imported it there. Saying it twice changes nothing; a file that nobody fetched cannot be meant."""
    fresh = ExportFile.objects.filter(pk=file.pk, imported_at=None).exclude(fetched_at=None)
    if not fresh.update(imported_at=timezone.now(), imported_by=by):
        return False
    file.refresh_from_db(fields=["imported_at", "imported_by"])
    file_imported.send(ExportFile, file=file)
    return True


# -- dropping into a folder --------------------------------------------------------------------------------


def folder_of(integration: Integration) -> str:
    """The folder that this connection's admin named; "" for none."""
    name = next((s.name for s in integration.system.settings if s.kind is Kind.FOLDER), "")
    return str(integration.cleaned_settings().get(name) or "") if name else ""


def _undropped() -> Q:
    return Q(fetched_at=None) | Q(dropped_at=None) & ~Q(folder="")


def waiting_for_a_folder() -> list[int]:
    """The integrations with a file that is still to be dropped."""
    if not settings.EXPORT_ROOT:
        return []
    by_file = [system.key for system in systems() if system.transport is Transport.FILE]
    files = ExportFile.objects.filter(_undropped(), integration__system_key__in=by_file)
    found = Integration.objects.filter(pk__in=files.values("integration"))
    return [integration.pk for integration in found if folder_of(integration)]


def drop_files(integration: Integration) -> None:
    """Puts each finished file into the connection's folder, once: for the worker that owns the integration.

    What goes wrong with the folder is kept on the file and shown on its page; it is tried again every minute.
    """
    if integration.system.transport is not Transport.FILE or not settings.EXPORT_ROOT:
        return
    integration.refresh_from_db(fields=["settings"])
    folder = folder_of(integration)
    if not folder:
        return
    for file in ExportFile.objects.filter(_undropped(), integration=integration).order_by("pk"):
        file.integration = integration
        try:
            folders.ready(integration.organization_id, folder)
            fetch(file, by=f"folder {folder}", folder=folder)
            if not file.folder:
                continue  # a person was quicker
            folders.put(integration.organization_id, folder, file.file_name, file.content)
        except (folders.FolderError, OSError) as error:
            said = error.said if isinstance(error, folders.FolderError) else _of_the_server(error)
            logger.warning("%s: a file could not be put into the folder %s: %s", integration, folder, said)
            ExportFile.objects.filter(pk=file.pk).update(trouble_said=packed([said]))
            return
        ExportFile.objects.filter(pk=file.pk).update(dropped_at=timezone.now(), trouble_said=[])


def _of_the_server(error: OSError) -> Message:
    return texts.OF_THE_SERVER(words=error.strerror or str(error))
