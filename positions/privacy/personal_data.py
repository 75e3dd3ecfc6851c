"""All that is held of one person: what it is, how it is handed over, how it is erased.

Each app says in one subclass of `Holder`, registered in `AppConfig.ready`, what it holds, which rows of others may name
the person and what must be known before an erasure. A model that no app speaks of fails tests/security/test_erasure.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from positions import batches
from positions.models import AuditEntry, Employee, Organization
from positions.privacy.redaction import Marks, mask_rows, naming_rows
from positions.privacy.sqlite_wipe import remove_remains


class NotHeld(Exception):
    """Nobody with this number is known. The text says so to people."""


class NotNow(Exception):
    """Why the person cannot be erased at this moment, and what to do, as a sentence."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The person: somebody who is here, or somebody who was deleted and has left traces.

    `keys` and `position_keys` are primary keys, also of rows that are gone.
    """

    organization_id: int
    number: str
    keys: tuple[int, ...]
    position_keys: tuple[int, ...]
    marks: Marks


@dataclass(frozen=True, slots=True)
class Erased:
    """What it was: heading -> rows. `left` says as a sentence what is left in the database's file, "" for nothing."""

    rows: dict[str, int]
    left: str


@dataclass(frozen=True, slots=True)
class Holding:
    """Rows of one model that are about a person. `erase` takes them and the person; by default they are deleted.

    `exported` is False for rows that cannot be told from a namesake's in another organization.
    """

    model: type[models.Model]
    heading: str | Promise
    rows: Callable[[Subject], models.QuerySet]
    erase: Callable[[models.QuerySet, Subject], Any] = lambda rows, _: batches.delete(rows)
    show: Callable[[Any], Mapping[str, Any]] = lambda row: shown(row)  # noqa: PLW0108 (defined below)
    exported: bool = True


@dataclass(frozen=True, slots=True)
class Naming:
    """Rows about others, or about nobody, whose texts (`fields`) may name the person: only that part is masked.

    `whole` says of which objects in the fields nothing is to be left; by default of none. `narrow` is False where
    `rows` are those that must be looked at, whether or not a name stands in them.
    """

    model: type[models.Model]
    rows: Callable[[Subject], models.QuerySet]
    fields: tuple[str, ...]
    whole: Callable[[Subject, Mapping[str, Any]], bool] = lambda subject, value: False
    narrow: bool = True


class Holder:
    """What one app holds of people. By default, nothing."""

    def holdings(self) -> Sequence[Holding]:
        """Its rows about a person; what refers to others of them comes after those."""
        return ()

    def namings(self) -> Sequence[Naming]:
        """Its rows that may name the person."""
        return ()

    def traces(self, organization: int, number: str) -> Iterable[tuple[int, str]]:
        """Employee key and name of whoever has or had this number."""
        return ()

    def position_keys(self, employees: Collection[int]) -> Iterable[int]:
        """Keys of the positions of these employees, also of deleted ones."""
        return ()

    def other_marks(self, employees: Collection[int]) -> Iterable[str]:
        """What else gives these employees away wherever it stands."""
        return ()

    def hinder(self, subject: Subject) -> None:
        """In the transaction of an erasure. Raises NotNow where the person cannot be erased at this moment."""

    def limits(self, subject: Subject) -> Sequence[str]:
        """What an erasure does not reach, as sentences for whoever decides on it."""
        return ()


_holders: list[Holder] = []


def register(holder: Holder) -> None:
    # Apps that know less get ready later and come first here: the employee, then positions, then what became of them.
    _holders.insert(0, holder)


def holdings() -> list[Holding]:
    return [holding for holder in _holders for holding in holder.holdings()]


def namings() -> list[Naming]:
    # In the order in which rows are erased.
    return [naming for holder in reversed(_holders) for naming in holder.namings()]


def _exported() -> list[Holding]:
    return [holding for holding in holdings() if holding.exported]


# -- who


def find(organization: Organization, number: str) -> Subject:
    """Whoever has this employee number, or had it when deleted. Raises NotHeld."""
    employee = Employee.objects.filter(organization=organization, number=number).first()
    found = [one for holder in _holders for one in holder.traces(organization.pk, number)]
    here = set(Employee.objects.filter(pk__in={key for key, _ in found}).values_list("pk", flat=True))
    gone = {(key, name) for key, name in found if key not in here}
    names = {name for key, name in found if employee is not None and key == employee.pk}
    if employee is not None:
        # The same person deleted and entered anew; somebody else who had the number before is another person.
        names.add(employee.name)
        gone = {(key, name) for key, name in gone if name in names}
    keys = {key for key, _ in gone} | ({employee.pk} if employee else set())
    names |= {name for _, name in gone}
    if not keys:
        raise NotHeld(f"{organization} has no employee with the number {number}, and nothing is left of one.")
    return Subject(
        organization_id=organization.pk,
        number=number,
        keys=tuple(sorted(keys)),
        position_keys=tuple(sorted({pk for holder in _holders for pk in holder.position_keys(keys)})),
        marks=Marks.of(
            names,
            first_and_last=(employee.first_name, employee.last_name) if employee else None,
            others=[
                *((employee.email, employee.national_id) if employee else ()),
                *(mark for holder in _holders for mark in holder.other_marks(keys)),
            ],
            number=number,
        ),
    )


# -- export


def shown(row: models.Model) -> dict[str, Any]:
    """Every column by its name, encrypted ones in clear: it is the person's own."""
    return {f.name: getattr(row, f.attname) for f in row._meta.concrete_fields}


def export(subject: Subject) -> Iterator[str]:
    """JSON text, piece by piece: an object with one list for each heading, however long they are."""
    about = {"employee number": subject.number, "exported at": timezone.now()}
    yield json.dumps({"about": about}, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)[:-2]
    for holding in _exported():
        yield f",\n  {json.dumps(str(holding.heading))}: ["
        before = "\n"
        for row in holding.rows(subject).order_by("pk").iterator(chunk_size=100):
            text = json.dumps(dict(holding.show(row)), cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)
            yield before + "\n".join(f"    {line}" for line in text.splitlines())
            before = ",\n"
        yield "]" if before == "\n" else "\n  ]"
    yield "\n}\n"


def note_export(subject: Subject, name: str, via: str) -> None:
    """In the audit trail: that it was handed out, to whom."""
    _entry(subject, AuditEntry.Action.EXPORTED, name, via, employee_key=subject.keys[-1])


# -- erasure


def counts(subject: Subject) -> dict[str, int]:
    """Heading -> number of rows, of what is there."""
    found = {str(holding.heading): holding.rows(subject).count() for holding in _exported()}
    return {heading: number for heading, number in found.items() if number}


def limits_of(subject: Subject) -> list[str]:
    return [
        *(sentence for holder in _holders for sentence in holder.limits(subject)),
        _("Backups, and log files of the servers, until they are thrown away."),
    ]


def erase(subject: Subject, name: str, via: str) -> Erased:
    """Removes everything, in one transaction. Nothing is sent anywhere.

    `name` and `via` say who does it, for the audit trail. Raises NotNow.
    """
    # Searched before the transaction: a long log must not hold up everybody who saves.
    found_in = [
        (n, *naming_rows(n.rows(subject), n.fields, subject.marks, partial(n.whole, subject), narrow=n.narrow))
        for n in namings()
    ]
    with transaction.atomic():
        list(Employee.objects.select_for_update().filter(pk__in=subject.keys).values_list("pk"))
        for holder in _holders:
            holder.hinder(subject)
        found = counts(subject)
        for holding in reversed(holdings()):
            holding.erase(holding.rows(subject), subject)
        masked = sum(
            mask_rows(n.model, [*keys, *_later(n, newest, subject)], n.fields, subject.marks, partial(n.whole, subject))
            for n, keys, newest in found_in
        )
        _entry(subject, AuditEntry.Action.ERASED, name, via)
    return Erased({**found, **({"Named in what is about others": masked} if masked else {})}, remove_remains())


def _later(naming: Naming, newest: Any, subject: Subject) -> Iterable[Any]:
    return naming.rows(subject).filter(pk__gt=newest).values_list("pk", flat=True)


def _entry(subject: Subject, action: str, name: str, via: str, **more: Any) -> None:
    AuditEntry.objects.create(
        organization_id=subject.organization_id,
        actor=name[:150],
        via=via,
        action=action,
        kind="employee",
        object_name="all that is held of a person",
        **more,
    )
