"""Finds what rows refer to, inside one organization: a fixed number of queries for one row or a thousand.

What belongs to another organization is not found, in the same words as what does not exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q, QuerySet
from rest_framework.exceptions import ErrorDetail

from positions.models import Company, Department, Employee, Organization, Position

Errors = dict[str, list[ErrorDetail]]
Row = Mapping[str, Any]


def missing(what: str, key: Any) -> list[ErrorDetail]:
    return [ErrorDetail(f"There is no {what} “{key}” in your organization.", "does_not_exist")]


def taken(sentence: str) -> list[ErrorDetail]:
    return [ErrorDetail(sentence, "taken")]


def storable(text: str) -> bool:
    """Whether a database takes the text at all: what it does not take is not looked for."""
    return "\x00" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _codes(rows: Iterable[Row], name: str) -> set[str]:
    # The serializer trims text, so what is looked for is trimmed as well.
    return {text.strip() for text in _wanted(rows, name, str) if storable(text)}


def _wanted(rows: Iterable[Row], name: str, kind: type) -> set[Any]:
    """The usable values of a name in what was sent; unusable ones get their error from the serializer."""
    return {v for row in rows if isinstance(v := row.get(name), kind) and not isinstance(v, bool) and v not in ("", 0)}


def _ids(rows: Iterable[Row], name: str) -> set[int]:
    return {pk for pk in _wanted(rows, name, int) if 0 < pk < 2**63}


@dataclass(slots=True)
class Found:
    """Objects by id and by the code that people use."""

    by_id: dict[int, Any] = field(default_factory=dict)
    by_code: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, queryset: QuerySet, ids: set[int], codes: set[str], code: str) -> Found:
        found = cls()
        if ids or codes:
            for row in queryset.filter(Q(pk__in=ids) | Q(**{f"{code}__in": codes})):
                found.by_id[row.pk] = row
                found.by_code[getattr(row, code)] = row
        return found


class References:
    def __init__(self, organization: Organization, rows: Sequence[Row]) -> None:
        rows = [row for row in rows if isinstance(row, Mapping)]
        codes, numbers = _codes(rows, "department_code"), _codes(rows, "employee_number")
        departments = Department.objects.filter(organization=organization)
        employees = Employee.objects.filter(organization=organization).defer("national_id")
        companies = Company.objects.filter(organization=organization)
        self.departments = Found.of(departments, _ids(rows, "department"), codes, "code")
        people = _ids(rows, "employee") | _ids(rows, "manager")
        self.employees = Found.of(employees, people, numbers, "number")
        self.companies = Found.of(companies, _ids(rows, "company"), set(), "name")

    def one(self, row: Row, name: str, found: Found, what: str, errors: Errors, code: str | None = None) -> Any:
        """The object that a row names by id, by code, or by both; None when it names none or clears it."""
        by_id = row.get(name)
        if isinstance(by_id, bool) or not isinstance(by_id, int):
            by_id = None  # the serializer says what is wrong with it
        by_code = row.get(code).strip() if code and isinstance(row.get(code), str) else None  # type: ignore[union-attr]
        one = None
        if by_id is not None:
            one = found.by_id.get(by_id)
            if one is None:
                errors.setdefault(name, missing(what, by_id))
        if by_code and code:
            other = found.by_code.get(by_code)
            if other is None:
                errors.setdefault(code, missing(what, by_code))
            elif by_id is not None and one is not None and other != one:
                errors[code] = [ErrorDetail(f"“{name}” and “{code}” name two different ones.", "mismatch")]
            one = one or other
        return one

    def of_position(self, row: Row, errors: Errors) -> tuple[Any, Any]:
        """(company, department) that a position's row names."""
        company = self.one(row, "company", self.companies, "company", errors)
        return company, self.one(row, "department", self.departments, "department", errors, code="department_code")


def names(row: Row, *any_of: str) -> bool:
    return any(name in row for name in any_of)


def as_changed(row: Row, stored: Employee | Position) -> Row:
    """The row without the one of `department` and `department_code` that says what is stored, where the other says
    something else: who reads an object, changes one of them and sends both back means the one that was changed."""
    if not {"department", "department_code"} <= row.keys():
        return row
    here = stored.department
    same_id = row["department"] == (here.pk if here else None)
    same_code = (row["department_code"] or None) == (here.code if here else None)
    unchanged = {(True, False): "department", (False, True): "department_code"}.get((same_id, same_code))
    return {name: value for name, value in row.items() if name != unchanged}


def by_external_id(employees: Iterable[Employee], external_ids: set[str]) -> dict[tuple[int, str], Position]:
    """Positions that have one of these external ids."""
    people = {employee.pk: employee for employee in employees}
    if not people or not external_ids:
        return {}
    rows = Position.objects.filter(employee__in=people, external_id__in=external_ids)
    rows = rows.select_related("company", "department")
    found = {}
    for position in rows.order_by("pk").select_for_update(of=("self",)):
        position.employee = people[position.employee_id]
        found[position.employee_id, position.external_id] = position
    return found
