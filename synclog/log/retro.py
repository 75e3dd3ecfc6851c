"""What pages, files and the API say of retroactive changes (`synclog.engine.retro`)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Max, Q, QuerySet

from integrations.planning.retro import DAYS
from integrations.sdk.marking import gettext_noop
from positions import dates, moments, roles
from positions.folding import sought
from positions.models import Employee, Position
from positions.models.words import matching
from synclog.log.sentences import Mark, field_label
from synclog.log.subjects import subjects_of
from synclog.models import Job, RetroChange

_DAYS = {"start_date", "end_date", *DAYS}
MARKS = {
    RetroChange.Kind.MADE.value: Mark(gettext_noop("New position"), "add_circle", "info"),
    RetroChange.Kind.CHANGED.value: Mark(gettext_noop("Changed"), "edit", "warning"),
    RetroChange.Kind.DELETED.value: Mark(gettext_noop("Taken away"), "remove_circle", "danger"),
}


@dataclass(frozen=True, slots=True)
class Field:
    """In words; None: empty. `first` and `last`: the days before the cut-off on which it is another."""

    field: str
    label: str
    old: str | None
    new: str | None
    first: date
    last: date

    @property
    def days(self) -> str:
        return dates.span(self.first, self.last)

    @property
    def before(self) -> str | None:
        return shown(self.field, self.old)

    @property
    def now(self) -> str | None:
        return shown(self.field, self.new)


@dataclass(frozen=True, slots=True)
class Retro:
    """A row in words. `employee` and `position` are None where they were deleted here; `job` is what has become of the
    position there since, None where that is not kept any more."""

    row: RetroChange
    mark: Mark
    fields: Sequence[Field]
    employee: Employee | None
    position: Position | None
    job: Job | None

    @property
    def days(self) -> str:
        return dates.span(self.row.first_on, self.row.last_on)

    @property
    def saved(self) -> str:
        """When, and by whom."""
        zone = self.row.integration.organization.zone
        return " · ".join(part for part in (moments.clock(self.row.saved_at, zone), self.row.by) if part)


def found(
    rows: QuerySet[RetroChange],
    organizations: Collection[int] | None,
    *,
    integration: int | None = None,
    cutoff: datetime | None = None,
    words: str = "",
) -> QuerySet[RetroChange]:
    """Of these organizations (None: of all), narrowed to a connection, a cut-off, and employees by their words."""
    rows = roles.limited(rows, organizations, "integration__organization")
    if integration is not None:
        rows = rows.filter(integration=integration)
    if cutoff is not None:
        rows = rows.filter(cutoff_at=cutoff)
    for word in sought(words):
        person = matching(word, organizations, "employee_key")
        rows = rows.filter(person | Q(employee_name__icontains=word) | Q(employee_number__icontains=word))
    return rows.select_related("integration__organization").defer("integration__credentials", "integration__vault")


def in_words(rows: Iterable[RetroChange]) -> list[Retro]:
    """Three queries for all of them."""
    rows = list(rows)
    employees, positions = subjects_of(rows)
    jobs = _newest({(row.integration_id, row.position_key) for row in rows})
    return [
        Retro(
            row,
            MARKS[row.kind],
            [_field(line) for line in row.concerns.get("fields", ())],
            employees.get(row.employee_key),
            positions.get(row.position_key),
            jobs.get((row.integration_id, row.position_key)),
        )
        for row in rows
    ]


def _newest(pairs: Collection[tuple[int, int]]) -> dict[tuple[int, int], Job]:
    """The last job of each (connection, position)."""
    jobs = Job.objects.filter(
        integration__in={integration for integration, _ in pairs}, position_key__in={position for _, position in pairs}
    )
    newest = jobs.order_by().values("integration", "position_key").annotate(newest=Max("pk")).values("newest")
    found = Job.objects.filter(pk__in=newest).only("integration", "position_key", "state", "cause", "warning")
    return {(job.integration_id, job.position_key): job for job in found}


def _field(line: dict[str, Any]) -> Field:
    first, last = (date.fromisoformat(line[name]) for name in ("first", "last"))
    return Field(line["field"], field_label(line["field"]), line["old"], line["new"], first, last)


def shown(field: str, value: str | None) -> str | None:
    """A value as the reader's language writes it."""
    return dates.show(date.fromisoformat(value)) if value and field in _DAYS else value
