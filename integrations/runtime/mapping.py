"""Our database rows as the plain values that connectors take, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from integrations.models import PeriodLink
from integrations.planning.planner import Sent
from integrations.sdk import values
from integrations.sdk.fields import FIELDS
from integrations.sdk.periods import nearest
from integrations.sdk.timelines import Timeline
from positions.models import Company, Department, Employee, Position
from positions.terms import timeline

# What `position` needs of each beside its company.
WITH_TERMS = ("department", "terms__department")
_KEYS = tuple(field.key for field in FIELDS if field.key not in ("start_date", "end_date"))


def person(employee: Employee) -> values.Person:
    """Needs `company`, `department` and `manager` selected with the employee."""
    return values.Person(
        id=str(employee.pk),
        number=employee.number,
        first_name=employee.first_name,
        last_name=employee.last_name,
        email=employee.email,
        birth_date=employee.birth_date,
        national_id=employee.national_id,
        company=_company(employee.company),
        department=_department(employee.department),
        manager=_manager(employee.manager),
    )


def position(row: Position, employee: Employee, today: date) -> values.Position:
    """As it holds on that day, with what holds on others. Needs `company`, and `terms` with their departments
    (`WITH_TERMS`), read with the position. Its employer is its own; an empty department falls back to the
    employee's."""
    terms = row.terms.all() if row.pk else ()
    by_day = [(day, _values(row, employee, held)) for day, held in timeline(row, terms)]
    found = values.Position(str(row.pk), row.start_date, row.end_date, {}, tuple(by_day))
    day = nearest(today, row.start_date, row.end_date)
    now = replace(found.on(day), is_current=day == today)
    return now if len(by_day) > 1 else replace(now, terms=())


def _values(row: Position, employee: Employee, terms: Mapping[str, Any]) -> dict[str, Any]:
    others = {
        "company": _company(row.company),
        "department": _department(terms["department"] or employee.department),
        "manager": _manager(employee.manager),
    }
    found = {key: others[key] if key in others else terms.get(key, getattr(row, key, None)) for key in _KEYS}
    return {key: value for key, value in found.items() if value not in (None, "")}


def _company(company: Company | None) -> values.Company | None:
    return values.Company(company.name, company.organization_number) if company else None


def _department(department: Department | None) -> values.Department | None:
    return values.Department(department.code, department.name) if department else None


def _manager(manager: Employee | None) -> values.Manager | None:
    return values.Manager(manager.number, manager.email, manager.name) if manager else None


def to_json(sent: Mapping[str, Any]) -> dict[str, Any]:
    """What was sent, as JSON that keeps dates and exact numbers apart from text."""
    return {key: _encode(value) for key, value in sent.items()}


def from_json(stored: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _decode(value) for key, value in stored.items()}


def terms_to_json(terms: Mapping[str, Timeline]) -> dict[str, list[Any]]:
    return {key: [[day.isoformat(), _encode(value)] for day, value in rows] for key, rows in terms.items()}


def terms_from_json(stored: Mapping[str, Sequence[Any]]) -> dict[str, Timeline]:
    return {key: [(date.fromisoformat(day), _decode(value)) for day, value in rows] for key, rows in stored.items()}


def sent(link: PeriodLink, older: Mapping[str, Sequence[Any]] | None = None) -> Sent:
    """What was last written for its position; `older` as in `Sent`."""
    terms = terms_from_json(link.terms)
    found = from_json(link.found)
    return Sent(link.remote_id, from_json(link.values), tuple(link.left_behind), older or {}, terms, found=found)


def older_to_json(older: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    return {key: [_encode(value) for value in several] for key, several in older.items()}


def older_from_json(stored: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    return {key: [_decode(value) for value in several] for key, several in stored.items()}


def _encode(value: Any) -> Any:
    if isinstance(value, date):
        return {"date": value.isoformat()}
    if isinstance(value, Decimal):
        return {"number": str(value)}
    if isinstance(value, values.Unsure):
        return {"unsure": True}
    return value


def _decode(value: Any) -> Any:
    if isinstance(value, dict) and "date" in value:
        return date.fromisoformat(value["date"])
    if isinstance(value, dict) and "number" in value:
        return Decimal(value["number"])
    if isinstance(value, dict) and "unsure" in value:
        return values.Unsure()
    return value
