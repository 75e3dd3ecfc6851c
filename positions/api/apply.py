"""Turns what was sent into valid positions, not yet saved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError as ModelValidationError
from django.db.models import QuerySet
from rest_framework.exceptions import ErrorDetail, ValidationError

from positions.api.problems import MOST_ERRORS
from positions.api.references import (
    OF_EMPLOYEE,
    Errors,
    References,
    as_changed,
    by_external_id,
    missing,
    names,
    storable,
    taken,
)
from positions.api.serializers import BulkRowSerializer
from positions.models import Employee, Organization, Position

TAKEN = "Another position of this employee has this external id."
IMMUTABLE = "A position stays with its employee. Leave this out."
_NOT_FIELDS = ("id", "employee_id", "employee", "company_id", "company", "department_id", "department")


def set_values(
    position: Position, row: Mapping[str, Any], values: Mapping[str, Any], company: Any, department: Any
) -> None:
    for name, value in values.items():
        if name not in _NOT_FIELDS:
            setattr(position, name, value)
    if names(row, "company", "company_external_id"):
        position.company = company
    if names(row, "department", "department_code"):
        position.department = department


def is_id(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63


def external_id_of(row: Mapping[str, Any]) -> str:
    text = row.get("external_id")
    return text.strip() if isinstance(text, str) and storable(text) else ""


def date_errors(position: Position) -> dict[str, list[ErrorDetail]]:
    try:
        position.clean()
    except ModelValidationError as error:
        return model_errors(error)
    return {}


def model_errors(error: ModelValidationError) -> dict[str, list[ErrorDetail]]:
    """What a model's validation says, as an API error; a broken uniqueness is "taken"."""
    return {
        name: [
            ErrorDetail(sentence, "taken" if getattr(one, "code", None) == "unique" else "invalid")
            for one in found
            for sentence in one.messages
        ]
        for name, found in error.error_dict.items()
    }


def merged(first: Mapping[str, list[Any]], second: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    """The errors of two steps; what the first said of a field stands."""
    return {**second, **first}


@dataclass(frozen=True, slots=True)
class Checked:
    """A row in itself: its values, or what is wrong with it."""

    values: Mapping[str, Any]
    errors: Errors


@dataclass(frozen=True, slots=True)
class CheckedRow:
    """Whether a row makes a position or changes one, only the database knows: it was checked for what it can be."""

    row: Mapping[str, Any]
    as_new: Checked | None
    as_change: Checked | None

    @property
    def certain(self) -> Errors:
        """What is wrong with it in either case."""
        one = self.as_change or self.as_new
        return one.errors if one is not None else {}


def checked_rows(rows: Iterable[Mapping[str, Any]]) -> list[CheckedRow]:
    """Asks no database. Raises when so much is wrong with them that no more errors would be told."""
    create, change = BulkRowSerializer(), BulkRowSerializer(partial=True)
    found = []
    for row in rows:
        # A row with an id never makes a position: what it lacks is not missed.
        by_id = row.get("id") is not None
        may_change = by_id or bool(external_id_of(row))
        as_new = None if by_id else _checked(create, row)
        found.append(CheckedRow(row, as_new, _checked(change, row) if may_change else None))
    wrong = {f"positions[{index}]": errors for index, one in enumerate(found) if (errors := one.certain)}
    if sum(map(len, wrong.values())) >= MOST_ERRORS:
        raise ValidationError(wrong)  # what the database would say of them could not be told any more
    return found


def _checked(form: BulkRowSerializer, row: Mapping[str, Any]) -> Checked:
    try:
        return Checked(form.run_validation(row), {})
    except ValidationError as error:
        return Checked({}, error.detail)  # type: ignore[arg-type]


def bulk_positions(
    checked: Sequence[CheckedRow], organization: Organization, queryset: QuerySet[Position]
) -> list[Position]:
    """Each row as a valid position, not yet saved; raises with the errors of all rows."""
    rows = [one.row for one in checked]
    references = References(organization, rows)
    by_id = _by_id(rows, queryset)
    found = [_whose(row, by_id, references) for row in rows]
    people = {employee.pk: employee for employee, _ in found if employee is not None}
    stored = by_external_id(people.values(), {text for row in rows if (text := external_id_of(row))})
    free = _given_away(rows, by_id)
    all_errors: dict[str, Any] = {}
    positions: list[Position] = []
    first: dict[Any, int] = {}
    for index, (one, (employee, unknown)) in enumerate(zip(checked, found, strict=True)):
        row, errors = one.row, unknown
        same = stored.get((employee.pk, external_id_of(row))) if employee is not None else None
        if same is not None and same.pk in free:
            same = None
        position = by_id.get(row["id"]) if is_id(row.get("id")) else same
        if same is not None and position is not None and position.pk != same.pk:
            errors["external_id"] = taken(TAKEN)
        form = one.as_change if position is not None or one.as_new is None else one.as_new
        assert form is not None
        errors = merged(form.errors, errors)
        if position is not None:
            row = as_changed(row, position)
        company, department = references.of_position(row, errors)
        if not errors and employee is not None:
            position = position or Position(employee=employee)
            set_values(position, row, form.values, company, department)
            errors = merged(date_errors(position), _doubles(position, index, first))
            positions.append(position)
        if errors:
            all_errors[f"positions[{index}]"] = errors
    if all_errors:
        raise ValidationError(all_errors)
    return positions


def _given_away(rows: Iterable[Mapping[str, Any]], by_id: Mapping[int, Position]) -> set[int]:
    """Positions that a row gives another external id, or none: the one that they had is free for another row."""
    return {
        row["id"]
        for row in rows
        if is_id(row.get("id")) and row["id"] in by_id and "external_id" in row
        if external_id_of(row) != by_id[row["id"]].external_id
    }


def _doubles(position: Position, index: int, first: dict[Any, int]) -> Errors:
    """Two rows that mean the same position; `first` remembers the rows before."""
    keys: dict[str, Any] = {}
    if position.pk is not None:
        keys["id"] = position.pk
    if position.external_id:
        keys["external_id"] = (position.employee_id, position.external_id)
    return {
        name: [ErrorDetail(f"Row {first[name, key]} is the same position.", "duplicate")]
        for name, key in keys.items()
        if first.setdefault((name, key), index) != index
    }


def _by_id(rows: Sequence[Mapping[str, Any]], queryset: QuerySet[Position]) -> dict[int, Position]:
    ids = {row["id"] for row in rows if is_id(row.get("id"))}
    if not ids:
        return {}
    return {p.pk: p for p in queryset.filter(pk__in=ids).order_by("pk").select_for_update(of=("self",))}


def _whose(
    row: Mapping[str, Any], by_id: Mapping[int, Position], references: References
) -> tuple[Employee | None, Errors]:
    """The employee of a row: of the position that its id names, or named by the row itself."""
    errors: Errors = {}
    named = references.employee(row, errors)
    if is_id(row.get("id")):
        position = by_id.get(row["id"])
        if position is None:
            errors["id"] = missing("position", row["id"])
            return None, errors
        if named is not None and named.pk != position.employee_id:
            errors["employee"] = [ErrorDetail(IMMUTABLE, "immutable")]
        return position.employee, errors
    if named is None and not errors:
        errors["employee"] = [
            ErrorDetail(f"Name the position by id, or the employee by {', '.join(OF_EMPLOYEE)}.", "required")
        ]
    return named, errors
