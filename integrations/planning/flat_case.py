"""For which position the one record of a flat system stands, and which one is to be written (docs/flat.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from integrations.planning.planner import Rules, Sent, written_at_first
from integrations.planning.translate import active_fields
from integrations.sdk.declaration import Delete, Model, System
from integrations.sdk.declared_field import Field
from integrations.sdk.fields import BY_KEY
from integrations.sdk.periods import carries_on, current, employed_since, end_of_chain, goes_on
from integrations.sdk.settings import value_of
from integrations.sdk.values import Position, Wanted


@dataclass(frozen=True, slots=True)
class LastSent:
    """The position that the flat record there stands for now; `sent.remote_id` is the employment's id there."""

    position_id: str
    sent: Sent


class Standing(StrEnum):
    """What is true today of the position for which the record there stands."""

    NOBODY = "nobody"  # nothing was ever sent
    CURRENT = "current"  # it counts today
    ANOTHER = "another"  # another position counts today
    OVER = "over"  # nothing counts today, and it has ended
    UPCOMING = "upcoming"  # nothing counts today, and its start was moved into the future
    GONE = "gone"  # nothing counts today, and it was deleted here
    OUTSIDE = "outside"  # nothing counts today, and it left the connection's companies


@dataclass(frozen=True, slots=True)
class Case:
    """All that decides what becomes of the one record.

    positions  every position of the employee that is of the connection's companies
    touched    those that changed; deleted ones, and those in `outside`, are not in positions
    outside    positions that exist here and are not of the connection's companies
    last       the position that the record there stands for
    again      a person asked to have it sent again: into a file, whose import may have failed, even if nothing differs
    changed    fields of the target that are known to have been changed here
    """

    system: System
    settings: Mapping[str, Any]
    positions: Sequence[Position]
    touched: frozenset[str]
    last: LastSent | None
    rules: Rules
    today: date
    outside: frozenset[str] = frozenset()
    again: bool = False
    changed: frozenset[str] = frozenset()

    @property
    def fields(self) -> tuple[Field, ...]:
        return active_fields(self.system, self.settings)

    @property
    def now(self) -> Position | None:
        return current(self.positions, self.today)

    def position(self, position_id: str) -> Position | None:
        return next((p for p in self.positions if p.id == position_id), None)

    @property
    def standing(self) -> Standing:
        if self.last is None:
            return Standing.NOBODY
        now = self.now
        if now is not None:
            return Standing.CURRENT if now.id == self.last.position_id else Standing.ANOTHER
        position = self.position(self.last.position_id)
        if position is None:
            return Standing.OUTSIDE if self.last.position_id in self.outside else Standing.GONE
        return Standing.UPCOMING if position.start > self.today else Standing.OVER

    def made_with(self, key: str) -> bool:
        """Whether a record is given this field only when it is made: one that has it already has it from whoever made
        it."""
        return written_at_first(self.system.field(key), self.settings)

    @property
    def deletes(self) -> bool:
        """Whether a record may have to go with its position: only where the start there is that of the position for
        which it was made."""
        gone = self.standing in (Standing.GONE, Standing.OUTSIDE)
        return gone and self.made_with("start_date") and self.rules.delete and self.system.delete is not Delete.BY_HAND

    @property
    def target(self) -> Position | None:
        """The position to write, as that system is to see it: the current one, if it changed or the employee is under
        sync already; else the one that the record stands for, whose end or start it is to have. None: nothing."""
        now = self.now
        match self.standing:
            case Standing.NOBODY:
                return _as_seen(now, self.positions) if now is not None and now.id in self.touched else None
            case Standing.CURRENT | Standing.ANOTHER:
                assert now is not None
                return _as_seen(now, self.positions)
            case Standing.OVER:
                assert self.last is not None
                over = self.position(self.last.position_id)
                assert over is not None
                return _ended_with(_as_seen(over, self.positions), end_of_chain(over, self.positions))
            case Standing.UPCOMING:
                assert self.last is not None
                upcoming = self.position(self.last.position_id)
                return _as_seen(upcoming, self.positions) if upcoming is not None else None
            case _:
                return None


def _as_seen(position: Position, positions: Sequence[Position]) -> Position:
    """One employment there: a change of position must not look like somebody who leaves, or who has just begun."""
    position = replace(position, employed_since=employed_since(position, positions))
    if not goes_on(position, positions):
        return position
    values = {k: v for k, v in position.values.items() if k not in _LEAVING}
    return replace(position, end=None, values=values)


def _ended_with(position: Position, last: Position) -> Position:
    """A position that is over, with the end of the one that the employment went on with until it ended, too."""
    values = {k: v for k, v in position.values.items() if k not in _LEAVING}
    values |= {k: v for k, v in last.values.items() if k in _LEAVING}
    return replace(position, end=last.end, values=values)


_LEAVING = ("end_reason", "last_day_of_work")


def of_the_employment(
    system: System,
    settings: Mapping[str, Any],
    positions: Sequence[Position],
    wanted: Wanted,
    there: Mapping[str, Any],
) -> set[str]:
    """Fields of a flat record that stay as they were written for an earlier position of the same employment. A first
    day that is `there` and is not the employment's here, or that of one of its positions, is not one of them."""
    position = next((p for p in positions if p.id == wanted.position_id), None)
    if system.model is not Model.FLAT or position is None or not carries_on(position, positions):
        return set()
    kept = {f.ours for f in system.fields if f.corrected and not value_of(f.always_by, settings)}
    since = employed_since(position, positions)
    begins = {since}
    if not system.field("start_date").of_employment:
        begins |= {p.start for p in positions if since < p.start <= position.start}
    return kept if there.get("start_date", since) in begins else kept - {"start_date"}


def _emptied(fields: Sequence[Field], settings: Mapping[str, Any]) -> set[str]:
    return {f.ours for f in fields if value_of(f.cleared_by, settings)}


def keys_of_dates(system: System, settings: Mapping[str, Any], *, upcoming: bool) -> set[str]:
    """What is written of the position that the record stands for while nothing counts today: its dates, and what the
    connection empties at the end."""
    fields = active_fields(system, settings)
    dates = {f.ours for f in fields if BY_KEY[f.ours].group in ("End", "Period")}
    return dates if upcoming else dates | _emptied(fields, settings)


def as_ended(system: System, settings: Mapping[str, Any], wanted: Wanted) -> Wanted:
    """A position that is over, as it is to stand there: without what the connection empties at the end."""
    emptied = _emptied(active_fields(system, settings), settings)
    return replace(wanted, values={k: None if k in emptied else v for k, v in wanted.values.items()})
