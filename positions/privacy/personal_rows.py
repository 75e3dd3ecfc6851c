"""What the HR side holds of a person (positions/privacy/personal_data.py)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from positions import batches, changes
from positions.models import (
    AuditEntry,
    Change,
    Employee,
    EmployeeWord,
    IdempotencyKey,
    Import,
    ImportPiece,
    Invitation,
    Position,
    Terms,
)
from positions.privacy.personal_data import Holder, Holding, Naming, Subject, shown


class HeldByHr(Holder):
    def holdings(self) -> Sequence[Holding]:
        return (
            Holding(Change, _("Change feed"), lambda s: Change.objects.filter(employee_key__in=s.keys), _erase_changes),
            Holding(Employee, _("Employee"), _employees, _erase_employees),
            Holding(
                EmployeeWord, _("Search"), lambda s: EmployeeWord.objects.filter(employee__in=s.keys), exported=False
            ),
            Holding(Position, _("Positions"), lambda s: Position.objects.filter(employee__in=s.keys), _erase_positions),
            Holding(Terms, _("Terms by day"), lambda s: Terms.objects.filter(position__employee__in=s.keys)),
            Holding(Invitation, _("Invitations"), _invitations),
            Holding(ImportPiece, _("Rows being imported"), _import_pieces, exported=False),  # they go with their file
            Holding(Import, _("Files being imported"), _imports, lambda rows, _: rows.delete(), exported=False),
            Holding(AuditEntry, _("Audit trail"), _audit, _erase_audit),
            Holding(LogEntry, _("History of pages"), _history, show=_history_entry),
        )

    def namings(self) -> Sequence[Naming]:
        return (
            # Kept for a day: another one's POST may have its answer beside this person's.
            Naming(IdempotencyKey, _answers, ("body",), _own_answer, narrow=False),
        )

    def traces(self, organization: int, number: str) -> Iterable[tuple[int, str]]:
        entries = AuditEntry.objects.filter(
            organization=organization, kind="employee", employee_key__isnull=False, object_name__endswith=f" ({number})"
        )
        for key, name in entries.order_by().values_list("employee_key", "object_name").distinct():
            if key is not None:
                yield key, name.removesuffix(f" ({number})")

    def position_keys(self, employees: Collection[int]) -> Iterable[int]:
        yield from Position.objects.filter(employee__in=employees).values_list("pk", flat=True)
        audited = AuditEntry.objects.filter(employee_key__in=employees, kind="position", object_key__isnull=False)
        keys = audited.order_by().values_list("object_key", flat=True).distinct()
        yield from (key for key in keys if key is not None)


def _employees(subject: Subject) -> QuerySet:
    return Employee.objects.filter(pk__in=subject.keys, organization=subject.organization_id)


def _erase_employees(rows: QuerySet, subject: Subject) -> None:
    changes.note_reports(subject.keys)
    Employee.objects.filter(manager__in=subject.keys).update(manager=None)
    changes.note_employees(rows, Change.Operation.DELETED)
    batches.delete(rows)


def _erase_positions(rows: QuerySet, subject: Subject) -> None:
    changes.note_positions(rows.select_related("employee"), Change.Operation.DELETED)
    batches.delete(rows)


def _erase_changes(rows: QuerySet, subject: Subject) -> None:
    """Readers of the feed are to hear that the employee and the positions are gone: our keys of them stay, no more."""
    rows.update(external_id="")


def _invitations(subject: Subject) -> QuerySet:
    """To the person's own address, to become a user of the organization."""
    return Invitation.objects.alias(address=Lower("email")).filter(
        organization=subject.organization_id, address__in=_addresses(subject)
    )


def _imports(subject: Subject) -> QuerySet:
    """Files of the last day in which the person stands, or which nobody has read yet: all of each is thrown away, and
    whoever sent it sends it once more, without them."""
    found = set()
    for asked in Import.objects.filter(organization=subject.organization_id).only("file", "problem"):
        pieces = asked.pieces.iterator(chunk_size=1)
        if asked.file or subject.marks.pattern.search(asked.problem) or any(_stands_in(subject, one) for one in pieces):
            found.add(asked.pk)
    return Import.objects.filter(pk__in=found)


def _import_pieces(subject: Subject) -> QuerySet:
    return ImportPiece.objects.filter(part_of__in=_imports(subject))


def _stands_in(subject: Subject, piece: ImportPiece) -> bool:
    rows = [row["cells"] for row in piece.content["rows"]]
    return any(subject.number in cells or subject.marks.pattern.search(" ".join(cells)) for cells in rows)


def _addresses(subject: Subject) -> QuerySet:
    return _employees(subject).exclude(email="").values_list(Lower("email"))


def _audit(subject: Subject) -> QuerySet:
    invited = Q(kind="invitation", address__in=_addresses(subject))
    entries = AuditEntry.objects.alias(address=Lower("object_name")).filter(organization=subject.organization_id)
    return entries.filter(invited | Q(employee_key__in=subject.keys))


def _erase_audit(rows: QuerySet, subject: Subject) -> None:
    """That somebody changed something at that time stays; whom and what it was about does not."""
    rows.update(object_key=None, object_name="(erased)", employee_key=None, changes={})


def _history(subject: Subject) -> QuerySet:
    employees, positions = (
        ContentType.objects.get_for_models(Employee, Position)[model].pk for model in (Employee, Position)
    )
    of_employee = LogEntry.objects.filter(content_type=employees, object_id__in=[str(key) for key in subject.keys])
    return of_employee | LogEntry.objects.filter(
        content_type=positions, object_id__in=[str(key) for key in subject.position_keys]
    )


def _history_entry(entry: LogEntry) -> Mapping[str, Any]:
    return {**shown(entry), "said": entry.get_change_message()}


def _answers(subject: Subject) -> QuerySet:
    """An employee, one of the positions, or a bulk in which one may be."""
    employee = Q(body__has_key="first_name", body__id__in=subject.keys)
    bulk = Q(body__has_key="results")
    return IdempotencyKey.objects.filter(
        employee | bulk | Q(body__employee__in=subject.keys), organization=subject.organization_id
    )


def _own_answer(subject: Subject, value: Mapping[str, Any]) -> bool:
    """An employee, a position, or one line of a bulk, as the API answers with it."""
    if "first_name" in value or ("index" in value and "number" in value):
        return value.get("id") in subject.keys
    return ("employee" in value or "index" in value) and value.get("id") in subject.position_keys
