"""A bulk of employees, each with positions or without."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError as ModelValidationError
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.exceptions import ErrorDetail

from positions.api.apply import merged, model_errors
from positions.api.bulk.rows import Asked, BulkWrite, doubles, is_id, text_of, unfinished
from positions.api.bulk.serializers import EmployeeBulkRowSerializer
from positions.api.references import Errors, References, as_changed, missing, names, taken
from positions.bulk import delete_employees, save_employees
from positions.employer import follow_all
from positions.models import Employee, Organization, Position

_TAKEN = {
    "number": gettext_lazy("Another employee of this organization has this number."),
    "external_id": gettext_lazy("Another employee of this organization has this external id."),
}
_NAME_ONE = gettext_lazy("Name the employee: id, external_id or number.")
_NOT_COLUMNS = (
    *("id", "operation", "positions_follow"),
    *("department", "department_id", "company", "company_id", "manager_id"),
)
_Given = tuple[str, int]  # ("number" or "external_id", whose)


class EmployeeBulk(BulkWrite):
    name = "employees"
    row_form = EmployeeBulkRowSerializer

    def is_named(self, row: Mapping[str, Any]) -> bool:
        return bool(text_of(row, "external_id") or text_of(row, "number"))

    def load(self, organization: Organization) -> None:
        self.organization = organization
        rows = [one.row for one in self.rows]
        self.references = References(organization, rows)
        found = (
            Employee.objects.filter(organization=organization)
            .filter(
                Q(pk__in={row["id"] for row in rows if is_id(row.get("id"))})
                | Q(external_id__in={text for row in rows if (text := text_of(row, "external_id"))})
                | Q(number__in={text for row in rows if (text := text_of(row, "number"))})
            )
            .select_related("company", "department", "manager")
            .defer("manager__national_id")
            .order_by("pk")
            .select_for_update(of=("self",))
        )
        self.by_id = {employee.pk: employee for employee in found}
        self.holders = {
            "external_id": {e.external_id: e for e in self.by_id.values() if e.external_id},
            "number": {e.number: e for e in self.by_id.values()},
        }
        self.meant: dict[int, Mapping[str, Any]] = {}  # rows, as compared with what is stored
        self.targets: dict[int, Employee | None] = {}
        self.givers: dict[_Given, int] = {}  # who gives away the number or external id that they have, by which row
        # By id first: what these give away is nobody's name any more.
        for one in sorted(self.rows, key=lambda one: self._named_by(one.row)):
            self._find(one)

    @staticmethod
    def _named_by(row: Mapping[str, Any]) -> int:
        return 0 if row.get("id") is not None else 1 if text_of(row, "external_id") else 2

    def _find(self, one: Asked) -> None:
        row = one.row
        how = self._named_by(row)
        if how == 0:
            target = self.by_id.get(row["id"]) if is_id(row["id"]) else None
        else:
            name = "external_id" if how == 1 else "number"
            target = self.holders[name].get(text_of(row, name))
            if target is not None and (name, target.pk) in self.givers:
                target = None
        self.targets[one.index] = target
        if target is not None and one.operation != "create":
            for name in ("external_id", "number"):
                another = name in row and text_of(row, name) != getattr(target, name)
                if one.operation == "delete" or another:
                    self.givers.setdefault((name, target.pk), one.index)

    def judge(self) -> None:
        giving: defaultdict[int, list[_Given]] = defaultdict(list)
        for given, index in self.givers.items():
            giving[index].append(given)
        stuck: set[_Given] = set()
        while True:
            first: dict[Any, int] = {}
            for one in self.rows:
                one.errors = self._look(one, first, stuck)
            more = {given for index in unfinished(self.rows, {i: i for i in giving}) for given in giving[index]} - stuck
            if not more:
                return
            stuck |= more

    def _look(self, one: Asked, first: dict[Any, int], stuck: set[_Given]) -> Errors:
        """Gives what is wrong with the row; where nothing is, its employee is made, or changed, or found."""
        employee = self.targets[one.index]
        form = one.form(employee)
        errors = merged(form.errors, self._of_operation(one, employee))
        # Before anything of them is changed, and even if this row is refused.
        if employee is not None and one.operation != "create":
            errors = merged(errors, doubles({"id": employee.pk}, one.index, first, "employee"))
        if one.operation == "delete":
            one.one = employee
            return errors
        row = self.meant.setdefault(one.index, one.row if employee is None else as_changed(one.row, employee))
        found: Errors = {}
        related = self._related(row, found)
        errors = merged(errors, merged(self._taken(one, employee, stuck), found))
        if errors:
            return errors
        one.one = employee or Employee(organization=self.organization)
        for name, value in form.values.items():
            if name not in _NOT_COLUMNS:
                setattr(one.one, name, (value or "").replace(" ", "") if name == "national_id" else value)
        for name, value in related.items():
            if employee is None or names(row, name, f"{name}_code", f"{name}_external_id"):
                setattr(one.one, name, value)
        try:
            one.one.clean()
        except ModelValidationError as error:
            return model_errors(error)
        keys = {name: getattr(one.one, name) for name in ("number", "external_id")}
        return doubles({name: key for name, key in keys.items() if key}, one.index, first, "employee")

    def _related(self, row: Mapping[str, Any], errors: Errors) -> dict[str, Any]:
        find = self.references
        company, department = find.of_position(row, errors)
        return {
            "department": department,
            "company": company,
            "manager": find.one(row, "manager", find.employees, "employee", errors),
        }

    def _taken(self, one: Asked, employee: Employee | None, stuck: set[_Given]) -> Errors:
        errors: Errors = {}
        for name, words in _TAKEN.items():
            holder = self.holders[name].get(text_of(one.row, name))
            if holder is None or holder is employee:
                continue
            given = (name, holder.pk)
            if given not in self.givers or given in stuck:
                errors[name] = taken(words)
        return errors

    @staticmethod
    def _of_operation(one: Asked, employee: Employee | None) -> Errors:
        row = one.row
        if one.operation == "create":
            if row.get("id") is not None:
                return {"id": [ErrorDetail(_("Who is made has no id yet. Leave this out."), "mismatch")]}
            name = "external_id" if text_of(row, "external_id") else "number"
            return {name: taken(_TAKEN[name])} if employee is not None else {}
        if employee is not None:
            return {}
        if row.get("id") is not None:
            return {"id": missing("employee", row["id"])}
        if one.operation == "upsert":
            return {}
        for name in ("external_id", "number"):
            if text := text_of(row, name):
                return {name: missing("employee", text)}
        return {"id": [ErrorDetail(str(_NAME_ONE), "required")]}

    def groups(self, rows: Sequence[Asked]) -> list[list[Asked]]:
        return [[one] for one in rows]

    def save(self, rows: Sequence[Asked]) -> None:
        done = save_employees([one.one for one in rows])
        following = [one.one for one in rows if one.form(self.targets[one.index]).values.get("positions_follow")]
        theirs = _by_employee(follow_all(following, self.organization.today()) if following else ())
        for one, became in zip(rows, done, strict=True):
            one.concerned = theirs[one.one.pk]
            one.became = "updated" if became == "unchanged" and one.concerned else became

    def delete(self, rows: Sequence[Asked]) -> None:
        leaving = {one.one.pk for one in rows}
        theirs = _by_employee(delete_employees([one.one for one in rows]))
        for one in rows:
            one.became, one.concerned = "deleted", theirs[one.one.pk]
        for one in self.rows:
            if one.operation != "delete" and one.problem is None and one.one.manager_id in leaving:
                one.one.manager = None

    def describe(self, one: Asked) -> dict[str, Any]:
        known = one.one if one.problem is None else None
        return {"number": (known.number if known is not None else text_of(one.row, "number")) or None}


def _by_employee(positions: Sequence[Position]) -> defaultdict[int, list[Position]]:
    found: defaultdict[int, list[Position]] = defaultdict(list)
    for position in positions:
        found[position.employee_id].append(position)
    return found
