"""What each peer does for one position: it looks for the employee, reads what stands there, and writes what differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from positions.models import Position

PROCESSES = 4
EACH = 32  # calls at a time of one process: together as many as our drain makes


def body(position: Position) -> dict[str, str]:
    """All that a task has to know: no peer asks our database for it."""
    return {
        "title": position.title,
        "start_date": str(position.start_date),
        "end_date": str(position.end_date),
        "percentage": str(position.percentage),
    }


def write(employee: str, held: Sequence[Mapping[str, Any]], wanted: Mapping[str, str]) -> tuple[str, str] | None:
    """(method, path) of the call that makes it so; None where it is so."""
    same = next((period for period in held if period["start_date"] == wanted["start_date"]), None)
    if same is None:
        return "POST", f"employees/{employee}/periods"
    if all(same.get(key) == value for key, value in wanted.items()):
        return None
    return "PUT", f"periods/{same['id']}"
