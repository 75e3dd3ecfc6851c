"""Rows of a file, carried out as a bulk request of the API: each that can be, and what is wrong with the others.

Here is what a file has and a request has not: companies, departments and managers by the names that people know them
by, positions found by employee and start date, and that only what differs from what is stored is a change. All else
(validation, uniqueness, swapped numbers, days, jobs, audit trail, change feed) is positions/api/bulk, as for the API.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from django.db.models import Model, Q
from django.utils.translation import gettext as _

from positions import terms
from positions.api.bulk.employees import EmployeeBulk
from positions.api.bulk.positions import PositionBulk
from positions.api.bulk.rows import Asked, BulkWrite
from positions.importing.columns import Column, named
from positions.importing.rows import Row
from positions.importing.values import plain, text_of
from positions.models import Company, Department, Employee, Import, Organization, Position

_GUESSED_AMONG = 200
# Where a row of the API names another thing than its column.
_COLUMNS_OF = {"employee": "employee_number", "operation": "", "non_field_errors": ""}


class Names:
    """Objects by what people call them: the first name of each counts as it is written, the others as they sound."""

    def __init__(self, rows: Iterable[tuple[Any, Sequence[str]]]) -> None:
        self._exact: dict[str, Any] = {}
        self._alike: defaultdict[str, dict[int, Any]] = defaultdict(dict)
        self._shown: dict[str, str] = {}
        for row, names in rows:
            self._exact[names[0]] = row
            for name in filter(None, names):
                self._alike[plain(name)][row.pk] = row
                self._shown[plain(name)] = name

    def one(self, text: str, missing: str) -> Any:
        """Raises ValueError with a sentence; `missing` is the one for a name that nothing has."""
        if text in self._exact:
            return self._exact[text]
        found = list(self._alike.get(plain(text), {}).values())
        if len(found) == 1:
            return found[0]
        if found:
            raise ValueError(_("“%(name)s” names several. Write it as it is written there.") % {"name": text})
        word = plain(text)
        # With the same letter first, and no more than can be compared for each row.
        names = sorted(self._alike, key=lambda name: name[:1] != word[:1])[:_GUESSED_AMONG]
        close = get_close_matches(word, names, n=1)
        more = " " + _("Do you mean “%(name)s”?") % {"name": self._shown[close[0]]} if close else ""
        raise ValueError(missing % {"name": text} + more)


class Related:
    """What the rows name besides themselves, in one query for each kind that is named at all."""

    def __init__(self, organization: Organization, rows: Sequence[Row]) -> None:
        def said(name: str) -> set[str]:
            return {row.values[name] for row in rows if row.values.get(name)}

        def among(model: type[Model], *names: str) -> Names:
            found = model._default_manager.filter(organization=organization)
            return Names((row, [getattr(row, name) for name in names]) for row in found)

        self._companies = among(Company, "name", "external_id") if said("company") else Names(())
        self._departments = among(Department, "code", "name", "external_id") if said("department") else Names(())
        numbers = said("manager") | said("employee_number")
        people = Employee.objects.filter(organization=organization, number__in=numbers).defer("national_id")
        self.people: dict[str, Employee] = {one.number: one for one in people} if numbers else {}

    def resolve(self, row: Row, name: str) -> Model | None:
        """What the row's column names. None, with an error, where it is not there."""
        text = row.values[name]
        try:
            if name == "company":
                return self._companies.one(text, _("There is no company “%(name)s” in your organization."))
            if name == "department":
                return self._departments.one(text, _("There is no department “%(name)s” in your organization."))
        except ValueError as error:
            row.refuse(name, str(error))
            return None
        found = self.people.get(text)
        if found is None:
            row.refuse(name, _("There is no employee with the number “%(number)s”.") % {"number": text})
        return found


class Judging:
    """`rows` are those of one piece. `coming`: numbers of managers whose rows are good and who are not there yet, as
    rows are only tried out."""

    bulk: type[BulkWrite]
    related: tuple[str, ...]

    def __init__(self, asked: Import, rows: Sequence[Row], coming: Iterable[str] = ()) -> None:
        self.asked, self.organization, self.coming = asked, asked.organization, frozenset(coming)
        # What was found unchanged is left alone, whatever was stored since.
        self.rows = [row for row in rows if not row.errors and row.became != "unchanged"]
        self.refused = [row for row in rows if row.errors]

    def carry_out(self) -> None:
        """In a transaction. Each row knows afterwards what became of it. With a row that was checked, nothing else is
        done than was told."""
        self.found = Related(self.organization, [*self.rows, *self.refused])
        if not self.rows:
            return
        told = {id(row): (row.became, row.changes) for row in self.rows if row.became}
        targets = self.targets()
        self._refuse_same(targets)
        asked = [(row, self._asked(row, targets.get(id(row)))) for row in self.rows if not row.errors]
        self._refuse_changed(told, targets)
        sent = [(row, body) for row, body in asked if body is not None and not row.errors]
        for row, body in asked:
            if body is None and not row.errors:
                row.became = "updated" if row.changes else "unchanged"
        if sent:
            bulk = self.bulk({self.bulk.name: [body for _, body in sent]}, "each", "upsert")
            bulk.carry_out(self.organization)
            for (row, _body), one in zip(sent, bulk.rows, strict=True):
                self._take_over(row, one)

    def look_at_refused(self) -> None:
        """After `carry_out`: what else is wrong with rows that were refused before, so that all of it is mended at
        once."""
        for row in self.refused:
            for name in (*self.related, "employee_number"):
                if row.values.get(name) and name not in row.errors and not self._comes(row, name):
                    self.found.resolve(row, name)

    def targets(self) -> dict[int, Any]:
        """By the id() of each row: the employee or position that it is about, where it is stored."""
        raise NotImplementedError

    def about(self, row: Row) -> dict[str, Any] | None:
        """What a new one's row says besides its values; None, with an error, where it cannot be made."""
        raise NotImplementedError

    def _refuse_same(self, targets: Mapping[int, Any]) -> None:
        first: dict[int, int] = {}
        for row in self.rows:
            target = targets.get(id(row))
            if target is not None and (before := first.setdefault(target.pk, row.line)) != row.line:
                row.refuse("", _("Row %(number)s is about the same one.") % {"number": before})

    def _refuse_changed(self, told: Mapping[int, tuple[str, dict[str, list[str]]]], targets: Mapping[int, Any]) -> None:
        """Rows that would now do something else than the check has told: what somebody did meanwhile is not undone."""
        for row in self.rows:
            now = "updated" if id(row) in targets else "created"
            if not row.errors and told.get(id(row), (now, row.changes)) != (now, row.changes):
                row.refuse("", _("What is stored was changed meanwhile. Send the row once more to have it checked."))

    def _asked(self, row: Row, stored: Any) -> dict[str, Any] | None:
        """The row as the API takes it; None when nothing of it differs from what is stored, or only the manager who is
        yet to come."""
        body: dict[str, Any] = {}
        row.changes = {}
        for name, value in row.values.items():
            if name not in self.related or value is None:
                body[name] = value
            elif self._comes(row, name):
                continue
            elif (one := self.found.resolve(row, name)) is not None:
                body[name] = one.pk
        body = {name: value for name, value in body.items() if name not in ("id", "employee_number")}
        if stored is None:
            about = self.about(row)
            return None if about is None else about | body
        stated = self.stated(row)
        changes = {name: v for name, v in body.items() if name in stated or self._differs(name, v, stored)}
        coming = {name: None for name in self.related if self._comes(row, name)}
        for name, value in (changes | coming).items():
            column, held = named(self.asked.kind, name), self.held(row, stored, name)
            if column is not None and column.exported and (name in coming or self._differs(name, value, held)):
                row.changes[name] = [self._shown(column, held), self._cell(row, column)]
        changes = self.dated(row, stored, changes)
        return {"id": stored.pk, **changes} if changes else None

    def _comes(self, row: Row, name: str) -> bool:
        said = row.values.get(name)
        return name == "manager" and said in self.coming and said not in self.found.people

    def stated(self, row: Row) -> frozenset[str]:
        """Columns that say something even where they say what is stored."""
        return frozenset()

    def held(self, row: Row, stored: Any, name: str) -> Any:
        """Has what holds of a column when the row's changes begin."""
        return stored

    def dated(self, row: Row, stored: Any, changes: dict[str, Any]) -> dict[str, Any]:
        return changes

    def _differs(self, name: str, value: Any, stored: Any) -> bool:
        column = named(self.asked.kind, name)
        if column is None or not column.exported:
            return value not in (None, False)  # it says how, or is never read back
        if name in self.related:
            return bool(getattr(stored, f"{name}_id") != value)
        return bool(column.kind.stored(column.stored(stored)) != value)

    def _shown(self, column: Column, stored: Any) -> str:
        country = self.organization.country
        return text_of(column.kind.show(column.stored(stored), country), country)

    def _cell(self, row: Row, column: Column) -> str:
        return row.cells[self.asked.columns.index(column.name)]

    def _take_over(self, row: Row, one: Asked) -> None:
        if one.problem is None:
            row.became = "updated" if self._comes(row, "manager") and one.became == "unchanged" else one.became
            if row.became != "updated":
                row.changes = {}
            return
        if not one.errors:
            row.refuse("", str(one.problem.detail))
        for name, sentences in one.errors.items():
            for sentence in sentences:
                row.refuse(_COLUMNS_OF.get(name, name), str(sentence))


class EmployeeJudging(Judging):
    bulk = EmployeeBulk
    related = ("company", "department", "manager")

    def targets(self) -> dict[int, Employee]:
        """By external id first: the number that these give away is nobody's any more."""
        said = {
            name: {row.values[name] for row in self.rows if row.values.get(name)} for name in ("external_id", "number")
        }
        stored = (
            Employee.objects.filter(organization=self.organization)
            .filter(Q(external_id__in=said["external_id"]) | Q(number__in=said["number"]))
            .select_related("company", "department", "manager")
            .defer("national_id", "manager__national_id")
        )
        by_id = {one.external_id: one for one in stored if one.external_id}
        found: dict[int, Employee] = {}
        given_away: set[str] = set()
        for row in self.rows:
            target = by_id.get(row.values.get("external_id") or "")
            if target is not None:
                found[id(row)] = target
                if row.values.get("number", target.number) != target.number:
                    given_away.add(target.number)
        by_number = {one.number: one for one in stored if one.number not in given_away}
        for row in self.rows:
            target = by_number.get(row.values.get("number") or "")
            if id(row) in found or target is None:
                continue
            if row.values.get("external_id") and target.external_id:
                row.refuse("number", _("The employee with this number has another external id."))
            else:
                found[id(row)] = target
        for row in self.rows:
            if row.values.get("manager") and row.values["manager"] == row.values.get("number"):
                row.refuse("manager", _("Nobody is their own manager."))
        return found

    def about(self, row: Row) -> dict[str, Any] | None:
        if row.values.get("number"):
            return {}
        row.refuse("number", _("A new employee has a number. Nobody is stored with this external id."))
        return None


class PositionJudging(Judging):
    bulk = PositionBulk
    related = ("company", "department")

    def targets(self) -> dict[int, Position]:
        """By our id, by the external id of the employee's, or by the start date where the row has no other name for it:
        the position from that day, which may be given its external id by the row."""
        ids = {int(text) for row in self.rows if (text := _is_id(row.values.get("id")))}
        whose = {one.pk for one in self.found.people.values()}
        texts = {row.values["external_id"] for row in self.rows if row.values.get("external_id")}
        days = {row.values["start_date"] for row in self.rows if row.values.get("start_date")}
        stored = (
            Position.objects.filter(employee__organization=self.organization)
            .filter(Q(pk__in=ids) | Q(employee__in=whose) & (Q(external_id__in=texts) | Q(start_date__in=days)))
            .select_related("employee", "company", "department")
            .defer("employee__national_id")
            .prefetch_related("terms__department")
            .order_by("pk")
        )
        by_id = {str(one.pk): one for one in stored}
        by_text = {(one.employee.number, one.external_id): one for one in stored if one.external_id}
        by_day: defaultdict[Any, list[Position]] = defaultdict(list)
        for one in stored:
            by_day[one.employee.number, one.start_date.isoformat()].append(one)
        found = {}
        for row in self.rows:
            target = self._target(row, by_id, by_text, by_day)
            if target is not None:
                found[id(row)] = target
        return found

    def _target(self, row: Row, by_id: Any, by_text: Any, by_day: Any) -> Position | None:
        values = row.values
        number = values.get("employee_number")
        if values.get("id"):
            one: Position | None = by_id.get(_is_id(values["id"]))
            if one is None:
                row.refuse("id", _("There is no position with this id in your organization. Leave it out of new ones."))
            elif number and number != one.employee.number:
                row.refuse("employee_number", _("A position stays with its employee."))
            return one
        if not number:
            row.refuse("employee_number", _("This is required."))
            return None
        text = values.get("external_id")
        if text and (number, text) in by_text:
            return by_text[number, text]
        same = [one for one in by_day[number, values.get("start_date")] if not (text and one.external_id)]
        if len(same) > 1:
            words = _("%(number)s positions of this employee begin on that day. Say which one by its position id.")
            row.refuse("start_date", words % {"number": len(same)})
        return same[0] if len(same) == 1 else None

    def about(self, row: Row) -> dict[str, Any] | None:
        employee = self.found.resolve(row, "employee_number")
        return {"employee": employee.pk} if employee is not None else None

    def stated(self, row: Row) -> frozenset[str]:
        """With a day of its own, a row may say what holds today of a day on which something else is to hold."""
        return frozenset(terms.TERMS if row.values.get("effective_from") else ())

    def held(self, row: Row, stored: Any, name: str) -> Any:
        day = row.values.get("effective_from")
        if not day or name not in terms.TERMS:
            return stored
        return [one for one in stored.by_day if one.since == stored.start_date or one.since.isoformat() <= day][-1]

    def dated(self, row: Row, stored: Any, changes: dict[str, Any]) -> dict[str, Any]:
        """From when on the changes count: as the row says, else as was chosen for the file. Said of terms alone."""
        how = {name: changes.pop(name) for name in ("effective_from", "correction") if name in changes}
        if set(terms.TERMS).isdisjoint(changes):
            return changes
        if not how and self.asked.effective_from is not None:
            how = {"effective_from": self.asked.effective_from.isoformat()}
        return changes | how


def _is_id(text: Any) -> str:
    """The text of an id as the database has it; "" for another text."""
    said = str(text or "").strip()
    return str(int(said)) if said.isascii() and said.isdecimal() and len(said) <= 18 else ""


OF_KIND: dict[str, type[Judging]] = {Import.Kind.EMPLOYEES: EmployeeJudging, Import.Kind.POSITIONS: PositionJudging}
