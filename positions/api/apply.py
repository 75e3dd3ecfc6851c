"""What was sent, put onto a position, and what is wrong with it then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError as ModelValidationError
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ErrorDetail

from positions.api.references import names
from positions.models import Position
from positions.terms import COLUMNS, CORRECTION, Counting, FromDay

TAKEN = _("Another position of this employee has this external id.")
IMMUTABLE = _("A position stays with its employee. Leave this out.")
_NOT_FIELDS = (
    *("id", "operation", "employee_id", "employee", "company_id", "company", "department_id", "department"),
    *("effective_from", "correction"),
)


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
    position.counting = _counting(values)
    position.named = _named(values)


def _counting(values: Mapping[str, Any]) -> Counting | None:
    day = values.get("effective_from")
    if day is None:
        return CORRECTION if values.get("correction") else None
    return FromDay(day, _named(values))


def _named(values: Mapping[str, Any]) -> frozenset[str]:
    """The columns of terms that are sent."""
    return frozenset({*values, *(["department_id"] if "department" in values else [])}.intersection(COLUMNS))


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
