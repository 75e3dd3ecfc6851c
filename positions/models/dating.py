"""Gives a change of terms its day before it is saved: the rows of the position are written, and its columns become what
holds today."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

from positions import periods, terms
from positions.models import tracking
from positions.models.base import Tracked
from positions.models.organization import Organization
from positions.models.terms import Terms, TermsFields

_PERIOD = ("start_date", "end_date")


@dataclass(frozen=True, slots=True)
class Dated:
    """What is being saved of a position's terms: field -> (what held on that day, what holds from now on). `said` is
    how it counts, for the audit trail; "" where nobody said so."""

    changes: Mapping[str, tuple[Any, Any]]
    said: str


class ByDay(TermsFields, Tracked):
    """The terms of a position, of which a change has a day (positions/terms.py)."""

    # How the change counts that is about to be saved; None as `terms.usual` says. Said anew for each.
    counting: terms.Counting | None = None
    # Columns that whoever saves has named: what they hold is meant, also where the same save moves the period to days
    # on which something else held.
    named: frozenset[str] = frozenset()
    # The change that is just being saved, for those who hear of it; and its rows before and after it, where they were
    # looked at.
    dated: Dated | None = None
    moved: tuple[terms.Rows, terms.Rows] | None = None
    employee: Any
    start_date: Any
    terms: Any

    class Meta:
        abstract = True

    @property
    def since(self) -> date:
        day: date = self.start_date
        return day

    @property
    def by_day(self) -> Sequence[TermsFields]:
        """What holds from when on, oldest first: its rows, or itself where no change was dated."""
        if self._state.adding:
            return [self]
        read = "terms" in getattr(self, "_prefetched_objects_cache", {})
        return list(self.terms.all() if read else self.terms.select_related("department")) or [self]

    def changed_fields(self, only: Iterable[str] | None = None) -> list[str] | None:
        """With the terms that change from another day on than today, of which the columns stay."""
        found = super().changed_fields(only)
        return found if found is None or self.dated is None else list(dict.fromkeys([*found, *self.dated.changes]))

    @classmethod
    def give_days(cls, positions: Iterable[Self], only: Iterable[str] | None = None) -> set[str]:
        """To be called in the transaction that saves these positions, all of them stored before; `only` is of
        `update_fields`. Three queries and at most two writes for any number; none where neither terms nor period do.

        Gives the fields of which columns have to be written besides those.
        """
        asked = [position for position in positions if position._is_concerned(only)]
        if not asked:
            return set()
        cls.look_again(asked)
        asked = [position for position in asked if tracking.loaded(position)]  # the others are not there any more
        rows = stored_rows([position.pk for position in asked])
        days = _days(asked)
        changed: dict[int, terms.Rows] = {}
        besides: set[str] = set()
        for position in asked:
            before, today = rows.get(position.pk), days[position.pk]
            after = position._count(before, only, today)
            if after != before and (before or len(after) > 1):
                changed[position.pk] = after
            besides |= position.hold(after, today, only)
        if changed:
            _write_rows(changed, rows, days)
            for position in asked:
                getattr(position, "_prefetched_objects_cache", {}).pop("terms", None)
        return besides

    def _is_concerned(self, only: Iterable[str] | None) -> bool:
        self.dated = self.moved = None
        stated = isinstance(self.counting, terms.FromDay) and self.counting.stated
        if stated or isinstance(self.counting, terms.Withdrawal):
            return True
        changed = self.changed_fields(only)
        return changed is None or not {*terms.TERMS, *_PERIOD}.isdisjoint(changed)

    def _count(self, before: terms.Rows | None, only: Iterable[str] | None, today: date) -> terms.Rows:
        """The rows after the change, which is noted in `dated`."""
        stored = tracking.loaded(self) or {}
        start, end = self._value("start_date"), self._value("end_date")
        held_before = before or [(None, {column: stored[column] for column in terms.COLUMNS})]
        rows = terms.tidy(held_before, start)
        meant = {field.attname for field in tracking.different(self, stored, terms.COLUMNS, only)}
        counting = self.counting or terms.usual(start, end, today)
        day, said = periods.nearest(today, start, end), "corrected"
        if self.counting is None:
            held = terms.in_force(rows, day)
            meant |= {column for column in self.named if self._value(column) != held[column]}
        if isinstance(counting, terms.FromDay):
            day = max(counting.day, start)
            meant |= counting.stated
            said = f"from {day}"
        elif isinstance(counting, terms.Withdrawal):
            day, said = counting.day, f"from {counting.day}, withdrawn"
        after = terms.applied(rows, {column: self._value(column) for column in meant}, counting, start, end, today)
        was, now = terms.in_force(rows, day), terms.in_force(after, day)
        told = {
            name: (was[column], now[column])
            for name, column in zip(terms.TERMS, terms.COLUMNS, strict=True)
            if was[column] != now[column]
        }
        self.dated = Dated(told, said if self.counting else "") if told else None
        self.moved = held_before, after
        return after

    def hold(self, rows: terms.Rows, today: date, only: Iterable[str] | None = None) -> set[str]:
        """The columns become what is in force on that day; gives the fields that were stored otherwise."""
        stored = tracking.loaded(self) or {}
        meant = {field.attname for field in tracking.different(self, stored, terms.COLUMNS, only)}
        held = terms.in_force(rows, periods.nearest(today, self._value("start_date"), self._value("end_date")))
        moved = {column for column in terms.COLUMNS if held[column] != stored[column]}
        for column in meant | moved:
            setattr(self, column, held[column])
        return {name for name, column in zip(terms.TERMS, terms.COLUMNS, strict=True) if column in moved}

    def _value(self, column: str) -> Any:
        field: Any = self._meta.get_field(column)
        return field.to_python(getattr(self, column))


def stored_rows(positions: Collection[int]) -> dict[int, terms.Rows]:
    """The rows of those positions that have any."""
    found: dict[int, terms.Rows] = {}
    columns = ("effective_from", *terms.COLUMNS)
    for position, since, *held in Terms.objects.filter(position__in=positions).values_list("position", *columns):
        found.setdefault(position, []).append((since, dict(zip(terms.COLUMNS, held, strict=True))))
    return found


def _write_rows(rows: Mapping[int, terms.Rows], stored: Collection[int], today: Mapping[int, date]) -> None:
    """These are the rows of these positions from now on; `stored` have some. What holds for all days needs none."""
    replaced = rows.keys() & set(stored)
    if replaced:
        Terms.objects.filter(position__in=replaced).order_by()._raw_delete(Terms.objects.db)  # nothing refers to them
    Terms.objects.bulk_create(
        [
            Terms(position_id=key, effective_from=since, awaited=since is not None and since > today[key], **held)
            for key, several in rows.items()
            if len(several) > 1
            for since, held in several
        ],
        batch_size=500,
    )


def _days(positions: Iterable[ByDay]) -> dict[int, date]:
    """What day it is where each of them is."""
    of = {position.pk: position.employee.organization_id for position in positions}
    days = {one.pk: one.today() for one in Organization.objects.filter(pk__in=set(of.values()))}
    return {key: days[organization] for key, organization in of.items()}
