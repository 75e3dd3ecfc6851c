"""What would be sent otherwise of a position if the connection had other settings: its translation with both. Pure, and
nobody is asked: what of it differs from what is there, the next run says, as after any change."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from integrations.planning.agreement import Written, agreement
from integrations.planning.placed import as_written, where_it_goes_now, written_otherwise
from integrations.planning.translate import empty, same, translate
from integrations.sdk.declaration import System
from integrations.sdk.declared_field import Field
from integrations.sdk.messages import Said
from integrations.sdk.timelines import at, turns
from integrations.sdk.values import Position, Wanted


class Told(StrEnum):
    OTHERWISE = "otherwise"  # something else would be sent
    NOW = "now"  # it could not be sent, and can be then
    NO_MORE = "no_more"  # it can be sent, and could not be any more
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Line:
    """One field, in the system's words. `since`: the day from which it is so, where it is so from a day on."""

    field: str
    remote: str
    old: Any
    new: Any
    since: date | None = None


@dataclass(frozen=True, slots=True)
class Otherwise:
    told: Told
    lines: tuple[Line, ...] = ()
    cause: str = ""  # of what cannot be sent
    field: str = ""
    said: Said = ()


def otherwise(
    system: System, position: Position, old: Mapping[str, Any], new: Mapping[str, Any], today: date
) -> Otherwise:
    """`old` and `new` are cleaned settings. What a run would not write, as it is over or sent at first only, is the
    same; what is to come is looked at as of its first day."""
    before, after = translate(system, position, old), translate(system, position, new)
    if after.wanted is None:
        if before.wanted is None:
            return Otherwise(Told.SAME)
        first = after.problems[0]
        said = tuple(message for problem in after.problems for message in problem.everything)
        return Otherwise(Told.NO_MORE, (), first.cause, first.field, said)
    if before.wanted is None:
        return Otherwise(Told.NOW, tuple(_lines(system, None, after.wanted, old, new)))
    sent, day = as_written(system, old, before.wanted), max(today, position.start)
    known = {position.id: (position, after.wanted)}
    if not agreement(system, new, [position], Written(position.id, sent), day, translated=known).stale:
        return Otherwise(Told.SAME)
    there = where_it_goes_now(system, new, sent)
    again = written_otherwise(system, new, after.wanted, there, day) | (sent.values.keys() - there.values.keys())
    return Otherwise(Told.OTHERWISE, tuple(_lines(system, before.wanted, after.wanted, old, new, again)))


def _said(declared: Field, value: Any, settings: Mapping[str, Any]) -> str:
    """The value with where it goes, and what goes along with it."""
    beside = [] if empty(value) else [part for part in declared.written_as(value, settings) if part]
    return f"{value} ({', '.join(beside)})" if beside else ""


def _lines(
    system: System,
    before: Wanted | None,
    after: Wanted,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    again: Collection[str] = (),
) -> Iterator[Line]:
    """`again`: what is written though the value is the same."""
    for declared in system.fields:
        key = declared.ours
        was = before.values.get(key) if before is not None else None
        now = after.values.get(key)
        if not same(was, now):
            yield Line(key, declared.remote, was, now)
        elif key in again:
            yield Line(key, declared.remote, _said(declared, was, old), _said(declared, now, new))
        elif before is not None and (before.terms or after.terms):
            held, holds = before.timeline(key), after.timeline(key)
            days = sorted(day for day in turns(held, holds) if not same(at(held, day), at(holds, day)))
            if days:
                yield Line(key, declared.remote, at(held, days[0]), at(holds, days[0]), days[0])


def beyond(system: System, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Names of the settings that differ and belong to no single field, so that no translation tells what they do; or
    that only the connector reads, beside a field."""
    told = {s.name for f in system.fields for s in f.settings} - {s.name for f in system.fields for s in f.beside}
    return [s.name for s in system.settings if s.name not in told and old.get(s.name) != new.get(s.name)]
