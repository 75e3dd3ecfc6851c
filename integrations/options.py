"""The switches of a connection besides *Send positions*, and which of them its system can follow."""

from __future__ import annotations

from dataclasses import dataclass

from integrations.models import Integration
from integrations.sdk.declaration import Delete, Model


@dataclass(frozen=True, slots=True)
class Option:
    """A switch of a connection besides *Send positions*."""

    name: str
    label: str
    on: bool
    help: str
    usable: bool = True


def options(integration: Integration) -> list[Option]:
    system = integration.system
    note = f"{system.delete_note[:1].upper()}{system.delete_note[1:]}"
    if system.delete is Delete.BY_HAND:
        deleting = (
            f"{system.name} cannot delete. Switched on, each position deleted here stays in the error log until "
            f"somebody has seen to it there. {note}"
        )
    else:
        deleting = f"A position deleted here is {_DELETED[system.delete]} in {system.name}. {note}"
    made = [Option("delete_positions", "Delete there too", integration.delete_positions, deleting)]
    if system.model is Model.HISTORY:
        moving = (
            "A changed start date moves the period that was sent before. Switched off, it makes a new one, and the "
            "error log offers the move."
            if system.moves
            else f"{system.name} cannot change the start date of a period."
        )
        made.append(
            Option(
                "move_periods",
                "Move on a changed start date",
                integration.move_periods,
                f"{moving} {system.move_note}".strip(),
                usable=system.moves,
            )
        )
    return made


_DELETED = {Delete.REMOVE: "removed", Delete.CANCEL: "cancelled"}
