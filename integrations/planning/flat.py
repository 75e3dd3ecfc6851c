"""Plans the one record of an employee in a system that knows the current position only. Pure, as `planner`.

Everything is decided from one question: which position does the record there stand for? docs/flat.md has the table of
cases; each of its rows is a test.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any

from integrations.planning.planner import (
    LEFT_SCOPE,
    Action,
    Comparison,
    Plan,
    Rules,
    Sent,
    Skip,
    Step,
    compare,
    day,
    delete_outcome,
    first,
    nothing_to_write,
    span,
)
from integrations.planning.rules import lifted, refusal
from integrations.planning.translate import active_fields, same
from integrations.sdk.declaration import System, Transport
from integrations.sdk.declared_field import Field
from integrations.sdk.fields import BY_KEY
from integrations.sdk.periods import becomes_current, current, end_of_chain, goes_on
from integrations.sdk.settings import value_of
from integrations.sdk.values import Position, Problem, Remote, Wanted, Warning


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
    """

    system: System
    settings: Mapping[str, Any]
    positions: Sequence[Position]
    touched: frozenset[str]
    last: LastSent | None
    rules: Rules
    today: date
    outside: frozenset[str] = frozenset()

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
                return _ended_with(over, end_of_chain(over, self.positions))
            case Standing.UPCOMING:
                assert self.last is not None
                upcoming = self.position(self.last.position_id)
                return _as_seen(upcoming, self.positions) if upcoming is not None else None
            case _:
                return None


def _as_seen(position: Position, positions: Sequence[Position]) -> Position:
    """One employment there: a change of position must not look like somebody who leaves."""
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


def plan_flat(
    case: Case,
    wanted: Wanted | None,
    remote: Remote | None,
    *,
    again: bool = False,
    changed: frozenset[str] = frozenset(),
) -> Plan:
    """Plans the one record.

    again    a person asked to have it sent again: into a file, whose import may have failed, even if nothing differs
    changed  fields of the wanted position that are known to have been changed here
    wanted  the translation of `case.target` (through `as_ended` when it is over), None if there is none
    remote  the record there, None if there is none
    """
    found = _Answers()
    if wanted is not None:
        if case.standing in (Standing.OVER, Standing.UPCOMING):
            _write_dates(case, wanted, remote, found)
        else:
            _write_whole(case, wanted, remote, found, again=again, changed=changed)
    for position_id in sorted(case.touched):
        if wanted is None or position_id != wanted.position_id:
            _answer(case, position_id, found)
    return Plan(tuple(found.steps), found.problems, found.skips, found.afterwards, found.waits, found.warnings)


@dataclass(slots=True)
class _Answers:
    steps: list[Step] = field(default_factory=list)
    problems: dict[str, Problem] = field(default_factory=dict)
    skips: dict[str, Skip] = field(default_factory=dict)
    afterwards: dict[str, Skip] = field(default_factory=dict)
    waits: dict[str, date] = field(default_factory=dict)
    warnings: dict[str, tuple[Warning, ...]] = field(default_factory=dict)


# -- the one that is written -----------------------------------------------------------------------------


def _write_whole(
    case: Case,
    wanted: Wanted,
    remote: Remote | None,
    found: _Answers,
    *,
    again: bool = False,
    changed: frozenset[str] = frozenset(),
) -> None:
    """The current position: all of it."""
    fields = active_fields(case.system, case.settings)
    if remote is not None and remote.renews_from and _start(wanted) >= remote.renews_from:
        remote = None  # that one is over: this is a new employment
    if remote is None:
        _step(case, Step(Action.CREATE, wanted.position_id, wanted, None, first(wanted), holds=wanted.values), found)
        return
    sent = case.last.sent if case.last else None
    taken_over = case.standing is Standing.ANOTHER
    compared = compare(case.system, fields, case.settings, wanted, remote, sent, taken_over=taken_over, changed=changed)
    held = compared.holds(wanted, sent.values if sent and not taken_over else {})
    if not compared.changes and not (again and case.system.transport is Transport.FILE):
        found.skips[wanted.position_id] = nothing_to_write(case.system, remote, compared, held)
        return
    end = compared.changes.get("end_date")
    action = Action.END if end is not None and end.new is not None and end.old is None else Action.UPDATE
    warnings = compared.warnings(case.system, remote)
    _step(
        case,
        Step(action, wanted.position_id, wanted, remote, compared.changes, warnings=warnings, holds=held),
        found,
    )


def _write_dates(case: Case, wanted: Wanted, remote: Remote | None, found: _Answers) -> None:
    """The position that the record stands for, while nothing counts today: its end, or the start that was moved into
    the future, and nothing else of it."""
    assert case.last is not None
    upcoming = case.standing is Standing.UPCOMING
    if remote is None and case.system.transport is Transport.FILE and not upcoming:
        _write_whole(case, wanted, None, found)  # no earlier file has a record of this person: this one says all
        return
    ours, start = remote is not None and remote.id == case.last.sent.remote_id, _start(wanted)
    if upcoming and (remote is None or not ours or (remote.renews_from and start >= remote.renews_from)):
        found.waits[wanted.position_id] = start
        return
    if remote is None or not ours:
        found.skips[wanted.position_id] = Skip(
            "already_gone",
            f"The record that was sent is no longer in {case.system.name}: there is nothing to be ended.",
        )
        return
    fields = active_fields(case.system, case.settings)
    sent = case.last.sent
    keys = keys_of_dates(case.system, case.settings, upcoming=upcoming)
    compared = compare(case.system, fields, case.settings, wanted, remote, sent).only(keys)
    # What is not written is as it was sent last.
    values = {
        k: v if k in keys else sent.values.get(k) for k, v in wanted.values.items() if k in keys or k in sent.values
    }
    wanted = replace(wanted, values=values)
    held = compared.holds(wanted, sent.values)
    if upcoming:
        found.warnings[wanted.position_id] = _start_that_stays(case, wanted, remote, compared)
    if compared.changes:
        action = Action.UPDATE if upcoming else Action.END
        note = ""
        if "start_date" in compared.changes and upcoming:
            note = (
                f"It starts on {day(start)} now: that was corrected in {case.system.name}. The rest of it is sent on "
                "that day."
            )
        warnings = (*found.warnings.get(wanted.position_id, ()), *compared.warnings(case.system, remote))
        step = Step(action, wanted.position_id, wanted, remote, compared.changes, note, warnings, held)
        _step(case, step, found)
    elif upcoming:
        found.waits[wanted.position_id] = start
    else:
        found.skips[wanted.position_id] = nothing_to_write(case.system, remote, compared, held)


def _start(wanted: Wanted) -> date:
    """The position's first day here; a connection may not send it."""
    return wanted.since or wanted.start


def _start_that_stays(case: Case, wanted: Wanted, remote: Remote, compared: Comparison) -> tuple[Warning, ...]:
    """What is said when the new start of an upcoming position cannot be brought there."""
    name, declared = case.system.name, case.system.field("start_date")
    if not declared.supported:
        why = f"{name} takes no start date"
    elif "start_date" not in wanted.values:
        why = "sending the start date is switched off in this connection's settings"
    elif "start_date" in compared.stays:
        why = compared.stays["start_date"]
    elif "start_date" in compared.unseen:
        why = f"{name} does not show its start date"
    else:
        return ()
    since = f" from {day(remote.start)}" if remote.start else ""
    return (
        Warning(
            f"It starts on {day(_start(wanted))} now, but {name} goes on showing it{since}, because {why}. If that "
            "matters before then, correct it there by hand.",
            "start_date",
        ),
    )


def _step(case: Case, step: Step, found: _Answers) -> None:
    fields = active_fields(case.system, case.settings)
    problem = refusal(case.system, case.settings, fields, step.remote.values if step.remote else {}, step.changes)
    if problem is not None:
        found.problems[step.position_id] = problem
    else:
        told = lifted(case.settings, fields, step.changes)
        found.steps.append(replace(step, warnings=(*step.warnings, *told)))


# -- the others that changed -----------------------------------------------------------------------------


def _answer(case: Case, position_id: str, found: _Answers) -> None:
    """What to say of a position that changed and that is not the one to write."""
    position, name, now = case.position(position_id), case.system.name, case.now
    if position is None:
        _no_longer_here(case, position_id, found)
        return
    until = becomes_current(position, case.positions, case.today)
    if until is not None:
        found.waits[position_id] = until
    elif position.end is not None and position.end < case.today:
        found.skips[position_id] = Skip("not_current", f"{name} takes the current position only, and this one is over.")
    elif position.start > case.today:
        found.waits[position_id] = position.start  # another one counts then, unless that changes until then
    else:
        assert now is not None  # this one is active
        found.skips[position_id] = Skip(
            "not_current",
            f"{name} takes the current position only, which is another one ({span((now.start, now.end))}).",
        )


def _no_longer_here(case: Case, position_id: str, found: _Answers) -> None:
    """It was deleted, or it left the connection's companies."""
    name, outside = case.system.name, position_id in case.outside
    if case.last is None or case.last.position_id != position_id:
        if outside:
            never = delete_outcome(case.system, case.rules, None, outside=True)
            assert isinstance(never, Skip)
            found.skips[position_id] = never
        else:
            found.skips[position_id] = Skip(
                "never_sent", f"{name} does not hold this position, so there is nothing to delete there."
            )
        return
    if case.now is None:
        outcome = delete_outcome(case.system, case.rules, case.last.sent, outside=outside)
        if isinstance(outcome, Skip):
            found.skips[position_id] = outcome
        else:
            why = LEFT_SCOPE if outside else "It was deleted here"
            found.problems[position_id] = outcome or Problem(
                "delete_by_hand", f"{why}, and {name} holds one record for each employee: {case.system.delete_note}"
            )
        return
    taken_over = Skip("taken_over", f"Another position is current now and takes its place in {name}.")
    if any(step.position_id == case.now.id for step in found.steps):
        found.afterwards[position_id] = taken_over
    elif case.now.id in found.skips:
        found.skips[position_id] = taken_over
    else:
        found.problems[position_id] = Problem(
            "not_yet_taken_over",
            f"Another position is current now and is to take its place in {name}, but could not be written yet. Mend "
            "what the other position's entry says: this one ends with it.",
        )


# -- what was cut off ------------------------------------------------------------------------------------


def partly_written(
    system: System, settings: Mapping[str, Any], meant: Wanted, befores: Iterable[Mapping[str, Any]], there: Remote
) -> bool:
    """Whether a record that is written in several calls says what a try whose answer was lost would have left after
    some of them: each field what was meant or what was there before (in one of `befores`), and at least one of them
    changed to what was meant."""
    shown = [f.ours for f in active_fields(system, settings) if f.ours in there.values]

    def left_by(before: Mapping[str, Any]) -> bool:
        new = {key: same(there.values[key], meant.values.get(key)) for key in shown}
        old = {key: same(there.values[key], before.get(key)) for key in shown}
        return all(new[key] or old[key] for key in shown) and any(new[key] and not old[key] for key in shown)

    return any(left_by(before) for before in befores)
