"""The switches of a connection besides *Send positions*, and which of them its system can follow."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from integrations.models import Integration
from integrations.sdk.declaration import Delete, Model, System
from integrations.sdk.wording import say


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
    note = say(system.delete_note)
    deleting = f"{_deleting(system)} {note[:1].upper()}{note[1:]}"
    made = [Option("delete_positions", _("Delete there too"), integration.delete_positions, deleting)]
    if system.model is Model.HISTORY:
        moving = (
            _(
                "A changed start date moves the period that was sent before. Switched off, it makes a new one, and the "
                "error log offers the move."
            )
            if system.moves
            else _("{system} cannot change the start date of a period.").format(system=system.name)
        )
        made.append(
            Option(
                "move_periods",
                _("Move on a changed start date"),
                integration.move_periods,
                f"{moving} {say(system.move_note)}".strip(),
                usable=system.moves,
            )
        )
    return made


def _deleting(system: System) -> str:
    match system.delete:
        case Delete.BY_HAND:
            said = _(
                "{system} cannot delete. Switched on, each position deleted here stays in the error log until somebody "
                "has seen to it there."
            )
        case Delete.REMOVE:
            said = _("A position deleted here is removed in {system}.")
        case Delete.CANCEL:
            said = _("A position deleted here is cancelled in {system}.")
    return said.format(system=system.name)
