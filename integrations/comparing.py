"""What differs between a position and its record there: what is written, and what stays as it is, and why. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from integrations.connectors.fields import BY_KEY
from integrations.connectors.system import Field, System, When
from integrations.connectors.values import Change, Foreign, Remote, Wanted, Warning
from integrations.translate import active_fields, empty, same


@dataclass(frozen=True, slots=True)
class Comparison:
    """`changes` are to be written; `stays` tells of each field that is not equal, or cannot be seen, and is left."""

    changes: Mapping[str, Change]
    stays: tuple[Warning, ...] = ()


def compare(
    system: System,
    settings: Mapping[str, Any],
    wanted: Wanted,
    remote: Remote,
    wrote: Mapping[str, Any] | None,
    *,
    taken_over: bool = False,
    changed: frozenset[str] = frozenset(),
) -> Comparison:
    """Something empty here clears there only what we wrote (or what we own), and a default of the connection never
    replaces what somebody chose there.

    wrote       what was last written to this record, None if nothing ever was
    taken_over  `wrote` was written for another position
    changed     fields that are known to have been changed here since
    """
    changes: dict[str, Change] = {}
    stays: list[Warning] = []
    for declared in active_fields(system, settings):
        found = _compared(system, declared, settings, wanted, remote, wrote, taken_over, declared.ours in changed)
        if isinstance(found, Change):
            changes[declared.ours] = found
        elif found:
            stays.append(Warning(found, declared.ours))
    return Comparison(changes, tuple(stays))


def _compared(
    system: System,
    declared: Field,
    settings: Mapping[str, Any],
    wanted: Wanted,
    remote: Remote,
    wrote: Mapping[str, Any] | None,
    taken_over: bool,
    changed: bool,
) -> Change | str:
    """What to write, or why it stays; "" when there is nothing to say."""
    key, name, label = declared.ours, system.name, BY_KEY[declared.ours].label
    before = wrote or {}
    new = wanted.values.get(key)
    if key not in remote.values and key not in before:
        if empty(new):
            return ""
        if changed and declared.locked is None:
            return Change(None, new)
        said = f"{name} does not show its {label.lower()}, so that was not compared, and it stays as it is there."
        return f"{said} {declared.hidden}".strip()
    old = remote.values.get(key, before.get(key))
    if same(new, old):
        return ""
    wrote_it = key in before and same(before[key], old)
    if not empty(new) and not wrote_it and _foreign(declared, old):
        return (
            f"{name} has “{old}” as {label.lower()}, a choice made there for which there is no word here: it stays, "
            f"and “{new}” was not written. If it is wrong, change it in {name}."
        )
    when = When.ALWAYS if declared.always_by and settings.get(declared.always_by) else declared.when
    if when is When.ON_CREATE and not (declared.corrected and wrote_it and not taken_over):
        return ""
    if when is When.IF_EMPTY and not empty(old):
        return f"{label} is {old} in {name} and {new} here. {declared.stays}".strip() if not empty(new) else ""
    if key in wanted.defaulted and not empty(old) and not wrote_it:
        return ""
    if empty(new):
        if not ((declared.owned or wrote_it) and declared.clearable):
            return ""
        new = None
    if key in remote.past and wrote is not None and not changed and (key not in before or same(before[key], new)):
        return (
            f"{label} is {old} in {name} for days that are over. It has not been changed here since it was sent, so it "
            f"stays, and {new} was not written. If it is wrong, correct it in {name}."
        )
    return Change(old, new)


def _foreign(declared: Field, old: Any) -> bool:
    """Whether somebody there chose what we have no word for: a code of the system that is not in our list of them."""
    if isinstance(old, Foreign):
        return True
    return bool(declared.choices) and not empty(old) and str(old) not in declared.choices
