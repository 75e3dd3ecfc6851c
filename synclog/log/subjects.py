"""Whom rows are about that keep no more than keys of an employee and a position."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from positions.models import Employee, Position


def subjects_of(rows: Sequence[Any]) -> tuple[dict[int, Employee], dict[int, Position]]:
    """Those of them that are still here, by key. Two queries; no national id is read."""
    employees = Employee.objects.defer("national_id").in_bulk({row.employee_key for row in rows})
    return employees, Position.objects.in_bulk({row.position_key for row in rows if row.position_key})
