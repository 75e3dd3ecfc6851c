"""A bulk of positions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.exceptions import ErrorDetail

from positions.api.apply import IMMUTABLE, TAKEN, date_errors, merged, set_values
from positions.api.bulk.rows import Asked, BulkWrite, doubles, is_id, text_of, unfinished
from positions.api.bulk.serializers import BulkRowSerializer
from positions.api.references import Errors, References, as_changed, by_external_id, missing, taken
from positions.bulk import delete_positions, save_positions
from positions.models import Employee, Organization, Position

_NAME_ONE = gettext_lazy("Name the position by id, or by external_id with its employee.")
_NAME_EMPLOYEE = gettext_lazy(
    "Name the position by id, or the employee by employee, employee_number or employee_external_id."
)


class PositionBulk(BulkWrite):
    name = "positions"
    row_form = BulkRowSerializer

    def is_named(self, row: Mapping[str, Any]) -> bool:
        return bool(text_of(row, "external_id"))

    def load(self, organization: Organization) -> None:
        rows = [one.row for one in self.rows]
        self.references = References(organization, rows)
        named = [self._employee_of(one.row) for one in self.rows]
        self._hold({employee.pk for employee, _ in named if employee is not None})
        self.by_id = self._by_id(organization)
        self.whose = [self._whose(one.row, *found) for one, found in zip(self.rows, named, strict=True)]
        known = {employee.pk: employee for employee, _ in self.whose if employee is not None}
        self.stored = by_external_id(known.values(), {text for row in rows if (text := text_of(row, "external_id"))})
        # What a row gives another external id, or none, or deletes: the one that it had is free for another row.
        self.giving = {
            one.index: target.pk for one in self.rows if (target := self._target(one)) and self._gives(one, target)
        }
        self.meant: dict[int, Mapping[str, Any]] = {}  # rows, as compared with what is stored
        self.giver = {pk: index for index, pk in self.giving.items()}

    def _by_id(self, organization: Organization) -> dict[int, Position]:
        ids = {one.row["id"] for one in self.rows if is_id(one.row.get("id"))}
        if not ids:
            return {}
        rows = Position.objects.filter(pk__in=ids, employee__organization=organization)
        rows = rows.select_related("employee", "company", "department").defer("employee__national_id")
        return {position.pk: position for position in rows.order_by("pk").select_for_update(of=("self",))}

    def _hold(self, employees: set[int]) -> None:
        """Nobody else deletes them before the end, which the database would refuse only then, and all rows with it."""
        held = Employee.objects.select_for_update(no_key=True).filter(pk__in=employees).order_by("pk")
        self.held = set(held.values_list("pk", flat=True)) if employees else set()

    def _employee_of(self, row: Mapping[str, Any]) -> tuple[Employee | None, Errors]:
        """The employee that a row names, if any."""
        errors: Errors = {}
        return self.references.employee(row, errors), errors

    def _whose(self, row: Mapping[str, Any], named: Employee | None, errors: Errors) -> tuple[Employee | None, Errors]:
        """The employee of a row: of the position that its id names, or named by the row itself."""
        if is_id(row.get("id")):
            position = self.by_id.get(row["id"])
            if position is None:
                errors["id"] = missing("position", row["id"])
                return None, errors
            if named is not None and named.pk != position.employee_id:
                errors["employee"] = [ErrorDetail(str(IMMUTABLE), "immutable")]
            return position.employee, errors
        if named is None and not errors:
            errors["employee"] = [ErrorDetail(str(_NAME_EMPLOYEE), "required")]
        if named is not None and named.pk not in self.held:  # deleted just now
            return None, {"employee": missing("employee", named.pk)}
        return named, errors

    def _same(self, one: Asked) -> Position | None:
        """Who has the row's external id now."""
        employee, _ = self.whose[one.index]
        return None if employee is None else self.stored.get((employee.pk, text_of(one.row, "external_id")))

    def _target(self, one: Asked) -> Position | None:
        if is_id(one.row.get("id")):
            return self.by_id.get(one.row["id"])
        return self._same(one) if one.operation == "delete" else None

    @staticmethod
    def _gives(one: Asked, target: Position) -> bool:
        another = "external_id" in one.row and text_of(one.row, "external_id") != target.external_id
        return one.operation == "delete" or another

    def judge(self) -> None:
        stuck: set[int] = set()
        while True:
            first: dict[Any, int] = {}
            for one in self.rows:
                one.errors = self._look(one, first, stuck)
            more = unfinished(self.rows, self.giving) - stuck
            if not more:
                return
            stuck |= more

    def _look(self, one: Asked, first: dict[Any, int], stuck: set[int]) -> Errors:
        """Gives what is wrong with the row; where nothing is, its position is made, or changed, or found."""
        employee, unknown = self.whose[one.index]
        errors, same = dict(unknown), self._same(one)
        if same is not None and self.giver.get(same.pk, one.index) != one.index:
            if same.pk in stuck:  # the row that gives the external id away is refused
                errors["external_id"] = taken(TAKEN)
            same = None
        position = self.by_id.get(one.row["id"]) if is_id(one.row.get("id")) else same
        if same is not None and position is not None and position.pk != same.pk:
            errors["external_id"] = taken(TAKEN)
        form = one.form(position)
        errors = merged(form.errors, merged(self._of_operation(one, employee, position), errors))
        # Before anything of it is changed, and even if this row is refused.
        if position is not None and one.operation != "create":
            errors = merged(errors, doubles({"id": position.pk}, one.index, first, "position"))
        if one.operation == "delete":
            one.one = position
            return errors
        row = self.meant.setdefault(one.index, one.row if position is None else as_changed(one.row, position))
        company, department = self.references.of_position(row, errors)
        if errors or employee is None:
            return errors
        one.one = position or Position(employee=employee)
        set_values(one.one, row, form.values, company, department)
        if errors := date_errors(one.one):
            return errors
        text = one.one.external_id
        return doubles({"external_id": (employee.pk, text)} if text else {}, one.index, first, "position")

    @staticmethod
    def _of_operation(one: Asked, employee: Employee | None, position: Position | None) -> Errors:
        by_id, text = one.row.get("id") is not None, text_of(one.row, "external_id")
        if one.operation == "create":
            if by_id:
                return {"id": [ErrorDetail(_("What is made has no id yet. Leave this out."), "mismatch")]}
            return {"external_id": taken(TAKEN)} if position is not None else {}
        if one.operation == "upsert" or by_id or position is not None:
            return {}
        if not text:
            return {"id": [ErrorDetail(str(_NAME_ONE), "required")]}
        return {} if employee is None else {"external_id": missing("position", text)}

    def groups(self, rows: Sequence[Asked]) -> list[list[Asked]]:
        found: defaultdict[int, list[Asked]] = defaultdict(list)
        for one in rows:
            found[one.one.employee_id].append(one)
        return list(found.values())

    def save(self, rows: Sequence[Asked]) -> None:
        for one, became in zip(rows, save_positions([one.one for one in rows]), strict=True):
            one.became = became
            one.concerned = () if became == "unchanged" else (one.one,)

    def delete(self, rows: Sequence[Asked]) -> None:
        delete_positions([one.one for one in rows])
        for one in rows:
            one.became, one.concerned = "deleted", (one.one,)
