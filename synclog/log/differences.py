"""What pages, files and the API say of everything compared: each kind of difference in words, and who it is about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from integrations.models import Integration
from integrations.planning.drift import Kind
from integrations.sdk.marking import gettext_noop
from integrations.sdk.messages import Message
from positions import moments
from positions.models import Employee, Position
from positions.models.words import matching
from synclog.log import walks
from synclog.log.sentences import Mark, field_label
from synclog.log.subjects import subjects_of
from synclog.models import DriftCheck, DriftRow
from synclog.models.drift import STAYS

MARKS = {
    Kind.EDITED_THERE.value: Mark(gettext_noop("Edited there"), "edit", "warning"),
    Kind.BOTH_CHANGED.value: Mark(gettext_noop("Changed on both sides"), "call_split", "warning"),
    Kind.NEWER_HERE.value: Mark(gettext_noop("Newer here"), "update", "info"),
    Kind.DIFFERS.value: Mark(gettext_noop("Differs"), "difference", "warning"),
    Kind.ONLY_HERE.value: Mark(gettext_noop("Only here"), "west", "warning"),
    Kind.ONLY_THERE.value: Mark(gettext_noop("Only there"), "east", "warning"),
    Kind.UNKNOWN_THERE.value: Mark(gettext_noop("Employee unknown there"), "person_off", "danger"),
    Kind.UNCERTAIN.value: Mark(gettext_noop("Match uncertain"), "help", "danger"),
    Kind.NOT_TO_BE_SENT.value: Mark(gettext_noop("Cannot be sent"), "block", "danger"),
    Kind.UNREADABLE.value: Mark(gettext_noop("Not readable there"), "visibility_off", "danger"),
    STAYS: Mark(gettext_noop("Left as it is there"), "do_not_disturb_on", "neutral"),
}
# Of these, sending ours puts it right.
SENDABLE = tuple(
    kind.value for kind in (Kind.EDITED_THERE, Kind.BOTH_CHANGED, Kind.NEWER_HERE, Kind.DIFFERS, Kind.ONLY_HERE)
)


@dataclass(frozen=True, slots=True)
class Differing:
    """A field in both sides' words; None: empty."""

    field: str
    label: str
    here: str | None
    there: str | None
    since: date | None
    stays: str  # why it is left as it is there


@dataclass(frozen=True, slots=True)
class Difference:
    """A row in words. Employee and position are None where they were deleted here."""

    row: DriftRow
    mark: Mark
    employee: Employee | None
    position: Position | None
    fields: Sequence[Differing]

    @property
    def sendable(self) -> bool:
        return self.row.kind in SENDABLE and self.position is not None

    @property
    def more(self) -> int:
        """Fields beside the two that a list shows."""
        return len(self.fields) - 2


def in_words(rows: Iterable[DriftRow]) -> list[Difference]:
    """Two queries for all of them."""
    rows = list(rows)
    employees, positions = subjects_of(rows)
    return [
        Difference(
            row,
            MARKS[row.kind],
            employees.get(row.employee_key),
            positions.get(row.position_key or 0),
            [_differing(line) for line in row.differs.get("fields", ())],
        )
        for row in rows
    ]


def _differing(line: dict[str, Any]) -> Differing:
    since = date.fromisoformat(line["since"]) if line["since"] else None
    stays = str(Message.from_json(line["stays"])) if line["stays"] else ""
    return Differing(line["field"], field_label(line["field"]), line["here"], line["there"], since, stays)


def found(check: DriftCheck, kind: str = "", words: str = "") -> QuerySet[DriftRow]:
    """Rows of a check, of one kind, of employees by their words or of a record by its id there."""
    rows = check.rows.order_by("pk")
    if kind:
        rows = rows.filter(kind=kind)
    if words.strip():
        person = matching(words, [check.integration.organization_id], "employee_key")
        rows = rows.filter(person | Q(remote_id=words.strip()))
    return rows


def sendable(rows: QuerySet[DriftRow]) -> QuerySet[Position]:
    """The positions among them of which sending ours puts it right."""
    keys = rows.filter(kind__in=SENDABLE, position_key__isnull=False).order_by().values("position_key")
    return Position.objects.filter(pk__in=keys)


def share(check: DriftCheck) -> str:
    """ "99.6 % agree": never 100 where anything differs."""
    if not check.compared:
        return _("nothing to compare")
    tenths = check.agreeing * 1000 // check.compared
    return _("{percent} % agree").format(percent=number_format(tenths / 10, 0 if tenths == 1000 else 1))


def when_compared(check: DriftCheck, integration: Integration) -> str:
    """Of a whole one: "99.6 % agree, 06:00"."""
    assert check.done_at is not None
    return f"{share(check)}, {moments.clock(check.done_at, integration.organization.zone)}"


def progress(check: DriftCheck) -> str:
    """How far it is, or how it ended."""
    compared = _("{number} of {total} employees are compared.")
    return walks.progress(check, compared, _("{share}, compared {when}."), share=share(check))


def whole(integration: Integration) -> QuerySet[DriftCheck]:
    """Those that were through, newest first."""
    return integration.drift_checks.filter(walks.WHOLE).order_by("-pk")


def last_whole(integration: Integration) -> DriftCheck | None:
    """The newest that was through, whose rows are kept."""
    return whole(integration).first()


def last_of(integrations: Iterable[Integration]) -> dict[int, DriftCheck]:
    """The same of each that has one, by its id. One query for all of them."""
    newest = (
        DriftCheck.objects.filter(walks.WHOLE, integration=OuterRef("integration")).order_by("-pk").values("pk")[:1]
    )
    found = DriftCheck.objects.filter(integration__in=list(integrations), pk=Subquery(newest))
    return {check.integration_id: check for check in found}
