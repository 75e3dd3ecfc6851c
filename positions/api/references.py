"""Finds what rows refer to, inside one organization: a fixed number of queries for one row or a thousand.

What belongs to another organization is not found, in the same words as what does not exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext as _
from rest_framework.exceptions import ErrorDetail

from positions.models import Company, Department, Employee, Organization, Position

Errors = dict[str, list[ErrorDetail]]
Row = Mapping[str, Any]


def missing(what: str, key: Any) -> list[ErrorDetail]:
    return [
        ErrorDetail(
            _("There is no {what} “{key}” in your organization.").format(what=gettext(what), key=key), "does_not_exist"
        )
    ]


def taken(sentence: str | Promise) -> list[ErrorDetail]:
    return [ErrorDetail(str(sentence), "taken")]


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


# The names by which a row may refer to something besides its id: the column that each of them means.
_COLUMNS = {
    "department_code": "code",
    "employee_number": "number",
    "employee_external_id": "external_id",
    "company_external_id": "external_id",
}
OF_EMPLOYEE = ("employee", "employee_number", "employee_external_id")


@dataclass(slots=True)
class Found:
    """Objects by id, and by (column, value) of what people and programs know them by."""

    by_id: dict[int, Any] = field(default_factory=dict)
    by_code: dict[tuple[str, str], Any] = field(default_factory=dict)

    @classmethod
    def of(cls, queryset: QuerySet, ids: set[int], **codes: set[str]) -> Found:
        """`codes`: by column."""
        found = cls()
        wanted = {column: texts for column, texts in codes.items() if texts}
        if ids or wanted:
            any_of = Q(pk__in=ids)
            for column, texts in wanted.items():
                any_of |= Q(**{f"{column}__in": texts})
            for row in queryset.filter(any_of):
                found.by_id[row.pk] = row
                for column in wanted:
                    found.by_code[column, getattr(row, column)] = row
        return found


class References:
    def __init__(self, organization: Organization, rows: Sequence[Row]) -> None:
        rows = [row for row in rows if isinstance(row, Mapping)]
        departments = Department.objects.filter(organization=organization)
        employees = Employee.objects.filter(organization=organization).defer("national_id")
        companies = Company.objects.filter(organization=organization)
        self.departments = Found.of(departments, _ids(rows, "department"), code=_codes(rows, "department_code"))
        self.employees = Found.of(
            employees,
            _ids(rows, "employee") | _ids(rows, "manager"),
            number=_codes(rows, "employee_number"),
            external_id=_codes(rows, "employee_external_id"),
        )
        self.companies = Found.of(companies, _ids(rows, "company"), external_id=_codes(rows, "company_external_id"))

    def one(self, row: Row, name: str, found: Found, what: str, errors: Errors, code: str | Sequence[str] = ()) -> Any:
        """The object that a row names by id, by one of its codes, or by several; None when it names none or clears
        it."""
        by_id = row.get(name)
        one, first = None, name
        # What is wrong with an id that is none, the serializer says.
        if isinstance(by_id, int) and not isinstance(by_id, bool):
            one = found.by_id.get(by_id)
            if one is None:
                errors.setdefault(name, missing(what, by_id))
        for by in (code,) if isinstance(code, str) else code:
            text = row.get(by)
            if not isinstance(text, str) or not text.strip():
                continue
            other = found.by_code.get((_COLUMNS[by], text.strip()))
            if other is None:
                errors.setdefault(by, missing(what, text.strip()))
            elif one is None:
                one, first = other, by
            elif other != one:
                errors[by] = [
                    ErrorDetail(
                        _("“{first}” and “{by}” name two different ones.").format(first=first, by=by), "mismatch"
                    )
                ]
        return one

    def employee(self, row: Row, errors: Errors) -> Any:
        """The employee whose position a row is."""
        name, *codes = OF_EMPLOYEE
        return self.one(row, name, self.employees, "employee", errors, code=codes)

    def of_position(self, row: Row, errors: Errors) -> tuple[Any, Any]:
        """(company, department) that a row of a position, or of an employee, names."""
        company = self.one(row, "company", self.companies, "company", errors, code="company_external_id")
        return company, self.one(row, "department", self.departments, "department", errors, code="department_code")


def names(row: Row, *any_of: str) -> bool:
    return any(name in row for name in any_of)


# Of what an answer has more than one name for: the relation, and its names.
_NAMES = {"department": ("department", "department_code"), "company": ("company", "company_external_id")}


def as_changed(row: Row, stored: Employee | Position) -> Row:
    """The row without those of `department` and `department_code`, `company` and `company_external_id` that say what is
    stored, where the other says something else: who reads an object, changes one of them and sends all back means the
    one that was changed."""
    left_out: set[str] = set()
    for relation, names_of in _NAMES.items():
        given = [name for name in names_of if name in row]
        same = [name for name in given if (row[name] or None) == _stored(getattr(stored, relation), name)]
        if len(same) < len(given):
            left_out |= set(same)
    return {name: value for name, value in row.items() if name not in left_out}


def _stored(related: Any, name: str) -> Any:
    return (getattr(related, _COLUMNS.get(name, "pk")) or None) if related is not None else None


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
