"""What the payroll side holds of a person (positions/privacy/personal_data.py): links to records, records in files."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from integrations.models import EmployeeLink, ExportFile, ExportRecord, Integration, PeriodLink
from integrations.runtime import folders
from positions import batches
from positions.privacy.personal_data import Holder, Holding, Naming, Subject

# So many characters of a remote id mean one record in the world (a UUID), and not the 77th of somebody.
_TELLING = 16


class HeldByIntegrations(Holder):
    def holdings(self) -> Sequence[Holding]:
        return (
            Holding(EmployeeLink, _("Known in other systems"), partial(_by_key, EmployeeLink)),
            Holding(PeriodLink, _("Sent to other systems"), partial(_by_key, PeriodLink)),
            Holding(ExportRecord, _("Records in files"), _records, _erase_records),
        )

    def namings(self) -> Sequence[Naming]:
        return (
            # The person may be somebody's manager.
            Naming(PeriodLink, partial(_of_organization, PeriodLink), ("values", "older")),
            Naming(
                Integration,
                lambda s: Integration.objects.filter(organization=s.organization_id),
                ("stopped_said", "retry_said"),
            ),
        )

    def position_keys(self, employees: Collection[int]) -> Iterable[int]:
        return PeriodLink.objects.filter(employee_key__in=employees).values_list("position_key", flat=True)

    def other_marks(self, employees: Collection[int]) -> Iterable[str]:
        """Those that nobody takes for another number."""
        found = EmployeeLink.objects.filter(employee_key__in=employees).values_list("remote_id", flat=True)
        return (remote for remote in found if len(remote) >= _TELLING)

    def limits(self, subject: Subject) -> list[str]:
        links = _by_key(EmployeeLink, subject).select_related("integration")
        names = ", ".join(dict.fromkeys(link.integration.name for link in links.order_by("integration")))
        said = (
            [_("What the systems themselves hold ({names}): ask those who run them.").format(names=names)]
            if names
            else []
        )
        if _records(subject).exclude(file__fetched_at=None).exists():
            said.append(_("Copies of files that were downloaded: they are where people put them."))
        return said


def _of_organization(model: Any, subject: Subject) -> QuerySet:
    found: QuerySet = model.objects.filter(integration__organization=subject.organization_id)
    return found


def _by_key(model: Any, subject: Subject) -> QuerySet:
    return _of_organization(model, subject).filter(employee_key__in=subject.keys)


def _records(subject: Subject) -> QuerySet:
    return ExportRecord.objects.filter(
        file__integration__organization=subject.organization_id, employee_key__in=subject.keys
    )


def _erase_records(rows: QuerySet, subject: Subject) -> None:
    """Also out of the files that were made of them, which stay as they are for everybody else."""
    files = set()
    # Nobody fetches one between the reading and the writing.
    list(ExportFile.objects.filter(pk__in=rows.values("file")).order_by("pk").select_for_update().values_list("pk"))
    for record in rows.select_related("file__integration").iterator(chunk_size=50):
        file = record.file
        files.add(file.pk)
        if file.kept:
            without = file.integration.connector_class.without(file.content, record.record)
            ExportFile.objects.filter(pk=file.pk).update(kept=without.decode("latin-1"))
            if file.folder:
                _overwrite_with_the_commit(file, without)
    batches.delete(rows)
    # A file that would be fetched with nobody in it.
    ExportFile.objects.filter(pk__in=files, fetched_at=None, records=None).delete()


def _overwrite_with_the_commit(file: ExportFile, content: bytes) -> None:
    place = (file.integration.organization_id, file.folder, file.file_name)
    # A function of its own: Django's log of what fails after a commit asks for its name.
    transaction.on_commit(lambda: folders.overwrite(*place, content), robust=True)
