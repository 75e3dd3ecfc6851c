"""What an answer to a write of one employee or position says of where its employee is not known yet.

`settings.API_UNMATCHED` names the serializer that knows, of a `Concerned`. Its fields are added to these answers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string
from rest_framework import serializers

from positions.models import Employee, Position


@dataclass(frozen=True, slots=True)
class Concerned:
    """An employee, and the companies of whose positions it is asked."""

    employee: Employee
    companies: frozenset[int | None]


def _serializer(concerned: Concerned | None = None) -> serializers.Serializer:
    made: serializers.Serializer = import_string(settings.API_UNMATCHED)(concerned)
    return made


def unmatched_fields() -> dict[str, serializers.Field]:
    return _serializer().get_fields()


def unmatched_of(employee: Employee, positions: Iterable[Position]) -> dict[str, Any]:
    """Of the connections that take these positions, or would take new ones of the employee."""
    companies = frozenset({employee.company_id, *(position.company_id for position in positions)})
    return _serializer(Concerned(employee, companies)).data


def unmatched_for(position: Position) -> dict[str, Any]:
    """Of the connections that take this position."""
    return _serializer(Concerned(position.employee, frozenset({position.company_id}))).data


class WithUnmatched(serializers.Serializer):
    """An answer to a write, for the document."""

    def get_fields(self) -> dict[str, serializers.Field]:
        return {**super().get_fields(), **unmatched_fields()}
