"""What a position must have before a system takes it. Pure; asked of the translation itself, so that what a form marks
beforehand is what is refused afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from integrations.planning.translate import active_fields, empty, translate
from integrations.sdk.declaration import System
from integrations.sdk.values import Position


@dataclass(frozen=True, slots=True)
class Need:
    """One of our fields that has to be filled in for this position, and whether it is. It is always needed, or
    `because` another field of ours has a value, or by a record of the kind that `of` names ("a temporary contract")."""

    field: str
    missing: bool
    because: str = ""
    of: str = ""


def needs(system: System, position: Position, settings: Mapping[str, Any]) -> list[Need]:
    """By a connection with these settings, in our fields' order; none of what a default of the connection stands in
    for. `position` is as it would be saved: another end date or contract type needs other fields."""
    found = []
    for declared in active_fields(system, settings):
        if declared.ours == "start_date":
            continue  # no position is without
        without = translate(system, _without(position, declared.ours), settings)
        if all(problem.field != declared.ours for problem in without.problems):
            continue
        conditional = not declared.required
        found.append(
            Need(
                declared.ours,
                empty(position.end if declared.ours == "end_date" else position.values.get(declared.ours)),
                declared.required_with if conditional else "",
                declared.required_while.what if conditional and declared.required_while else "",
            )
        )
    return found


def _without(position: Position, ours: str) -> Position:
    values = {key: value for key, value in position.values.items() if key != ours}
    return replace(position, values=values, terms=(), end=None if ours == "end_date" else position.end)
