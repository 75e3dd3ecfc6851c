"""Declared rules across the values of one record: what a connector would otherwise have to refuse by hand. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from integrations.planning import texts
from integrations.planning.translate import active_fields, empty, incomplete, same
from integrations.sdk.declaration import System
from integrations.sdk.declared_field import Field, Locked
from integrations.sdk.params import Label
from integrations.sdk.settings import value_of
from integrations.sdk.values import Change, Problem, Wanted, Warning


def _of_what_is_set(fields: Sequence[Field], changes: Mapping[str, Change]) -> Iterator[tuple[Field, Locked, Change]]:
    """The changes of what stays on a record that has it; what is empty there may be filled in."""
    for declared in fields:
        rule, change = declared.locked, changes.get(declared.ours)
        if rule is not None and change is not None and not empty(change.old):
            yield declared, rule, change


def locked(
    system: System, settings: Mapping[str, Any], fields: Sequence[Field], changes: Mapping[str, Change]
) -> list[Problem]:
    """The changes of what cannot be changed on a record that has it, where this connection does not lift the lock."""
    problems = []
    for declared, rule, change in _of_what_is_set(fields, changes):
        if value_of(rule.lifted_by, settings):
            continue
        said = {
            "what": Label(rule.what),
            "old": str(change.old),
            "new": str(change.new),
            "system": system.name,
            "why": Label(rule.why),
        }
        if rule.lifted_by:
            message = texts.LOCKED_UNLESS(**said, setting=Label(rule.lifted_by.label))
        else:
            message = texts.LOCKED(**said)
        problems.append(Problem(message, rule.cause, field=declared.ours))
    return problems


def lifted(settings: Mapping[str, Any], fields: Sequence[Field], changes: Mapping[str, Change]) -> tuple[Warning, ...]:
    """What is said of changes that are written although the system advises against them: as the connection wishes.
    Without a field, because a warning of a field says that it was not written."""
    return tuple(
        Warning(
            texts.CHANGED_ALL_THE_SAME(
                what=Label(rule.what), old=str(change.old), new=str(change.new), why=Label(rule.why)
            )
        )
        for _, rule, change in _of_what_is_set(fields, changes)
        if value_of(rule.lifted_by, settings)
    )


def changed_although_locked(
    system: System, settings: Mapping[str, Any], sent: Mapping[str, Any], wanted: Wanted
) -> list[Problem]:
    """The same before anybody has asked there: by what was last written to the record that starts on this day."""
    if sent.get("start_date") != wanted.start:
        return []
    fields = active_fields(system, settings)
    pairs = {f.ours: Change(sent.get(f.ours), wanted.values.get(f.ours)) for f in fields if f.locked}
    changed = {key: c for key, c in pairs.items() if not empty(c.new) and not same(c.old, c.new)}
    return locked(system, settings, fields, changed)


def refusal(
    system: System,
    settings: Mapping[str, Any],
    fields: Sequence[Field],
    there: Mapping[str, Any],
    changes: Mapping[str, Change],
) -> Problem | None:
    """Why these changes cannot be written to a record that holds `there` (nothing, for a new one)."""
    after = {**there, **{key: change.new for key, change in changes.items()}}
    problems = [*locked(system, settings, fields, changes), *incomplete(system, fields, after)]
    if problems:
        return problems[0]
    start, end = after.get("start_date"), after.get("end_date")
    if changes and isinstance(start, date) and isinstance(end, date) and end < start:
        return Problem(texts.ENDS_BEFORE_START(system=system.name, end=end.isoformat(), start=start.isoformat()))
    return None
