"""Wanted periods + remote periods + declared fields + settings -> an ordered list of steps, or problems.

Pure: no clock (the caller says which day it is), no database, no HTTP. *Preview* shows this same plan.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any

from integrations.connectors.fields import BY_KEY
from integrations.connectors.system import Delete, Field, System, Transport, When
from integrations.connectors.values import Change, Position, Remote, Wanted
from integrations.periods import Period, current, holds, intersection
from integrations.rules import refusal
from integrations.translate import Problem, active_fields, empty, same


class Action(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    MOVE = "move"
    END = "end"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Sent:
    """What was last written for a position: the record's id there and the values it was given. `older`: for a short
    while, the values that a read may still show in their place (`System.shows_late`)."""

    remote_id: str
    values: Mapping[str, Any] = field(default_factory=dict)
    older: Mapping[str, Sequence[Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Intent:
    """One changed position. `wanted` None: it was deleted here. `move`: a person asked to move the record that
    was sent before instead of making a new one."""

    position_id: str
    wanted: Wanted | None
    sent: Sent | None = None
    move: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    """A connection's choices: `delete` there when deleted here; `move` a record whose start date changed here."""

    delete: bool = False
    move: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One write. `remote` is the record as read, None for a create; `wanted` is None for a delete."""

    action: Action
    position_id: str
    wanted: Wanted | None = None
    remote: Remote | None = None
    changes: Mapping[str, Change] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True, slots=True)
class Skip:
    """Nothing to do for this position, and why (a cause). `remote_id` is the record that already agrees."""

    cause: str
    message: str
    remote_id: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """`waits` gives the day from which a position is current (flat only)."""

    steps: tuple[Step, ...] = ()
    problems: Mapping[str, Problem] = field(default_factory=dict)
    skips: Mapping[str, Skip] = field(default_factory=dict)
    waits: Mapping[str, date] = field(default_factory=dict)


def day(value: date | None) -> str:
    return f"{value.day} {value:%b %Y}" if value else "open"


def span(period: Period) -> str:
    return f"{day(period[0])} – {day(period[1])}" if period[1] else f"from {day(period[0])}"


def _agrees(system: System) -> str:
    if system.transport is Transport.FILE:  # nobody can look at more than what was written last
        return f"The newest record for {system.name} says this already: nothing to change."
    return f"{system.name} already agrees: nothing to change."


# -- what differs ----------------------------------------------------------------------------------------


def differences(
    fields: Sequence[Field],
    settings: Mapping[str, Any],
    wanted: Wanted,
    remote: Remote,
    sent: Sent | None,
    *,
    taken_over: bool = False,
) -> dict[str, Change]:
    """The fields to write. Something empty here clears there only what we wrote (or what we own), and a default of
    the connection never replaces what somebody chose there. `taken_over`: `sent` was written for another position."""
    changes: dict[str, Change] = {}
    for declared in fields:
        key = declared.ours
        new, old = wanted.values.get(key), remote.values.get(key)
        if same(new, old):
            continue
        when = When.ALWAYS if declared.always_by and settings.get(declared.always_by) else declared.when
        wrote_it = sent is not None and same(sent.values.get(key), old)
        if when is When.ON_CREATE and not (declared.corrected and wrote_it and not taken_over):
            continue
        if when is When.IF_EMPTY and not empty(old):
            continue
        if key in wanted.defaulted and not empty(old) and not wrote_it:
            continue
        if empty(new):
            if not ((declared.owned or wrote_it) and declared.clearable):
                continue
            new = None
        changes[key] = Change(old, new)
    return changes


def _first(wanted: Wanted) -> dict[str, Change]:
    """What a new record is given."""
    return {key: Change(None, value) for key, value in wanted.values.items() if not empty(value)}


# -- with history ----------------------------------------------------------------------------------------


def plan_history(
    system: System,
    settings: Mapping[str, Any],
    intents: Sequence[Intent],
    remotes: Sequence[Remote],
    rules: Rules,
    others: Mapping[str, str] | None = None,
) -> Plan:
    """Plans all changed positions of one employee together.

    others  records there that belong to positions which did not change: remote id -> how we call that position

    What cannot be done safely becomes a problem of that position alone; the rest is planned without it. The order
    never holds an overlap on the way that was not there before.
    """
    problems: dict[str, Problem] = {}
    active = sorted(intents, key=_by_start)
    while True:
        draft = _Draft(system, settings, active, remotes, rules, others or {})
        refused = draft.problems or draft.overlaps()
        if not refused:
            steps, refused = draft.order()
            if not refused:
                return Plan(tuple(steps), problems, draft.skips)
        problems.update(refused)
        active = [intent for intent in active if intent.position_id not in refused]


def _by_start(intent: Intent) -> tuple[bool, date, int, str]:
    start = intent.wanted.start if intent.wanted else date.min
    return (intent.wanted is not None, start, len(intent.position_id), intent.position_id)


class _Draft:
    """One try at a plan: a step for each intent, regardless of order."""

    def __init__(
        self,
        system: System,
        settings: Mapping[str, Any],
        intents: Sequence[Intent],
        remotes: Sequence[Remote],
        rules: Rules,
        others: Mapping[str, str],
    ) -> None:
        self.system, self.settings, self.rules, self.others = system, settings, rules, others
        fields = active_fields(system, settings)
        self.problems: dict[str, Problem] = {}
        self.skips: dict[str, Skip] = {}
        self.steps: list[Step] = []
        self.remotes = {remote.id: remote for remote in remotes}
        self.before: dict[str, Period] = {r.id: (r.start, r.end) for r in remotes if r.start is not None}
        self.names = {r.id: others.get(r.id, "") for r in remotes}
        self.sent = {i.position_id: i.sent for i in intents}
        self.leaving = {i.sent.remote_id: i.position_id for i in intents if i.sent and self._leaves(i)}
        claimed: dict[str, str] = {}
        live = [intent for intent in intents if intent.wanted is not None]
        for intent in live:
            self._match(intent, claimed)
        for intent in live:
            if intent.position_id not in self.problems:
                self._upsert(intent, claimed, fields)
        for intent in intents:
            if intent.wanted is None:
                self._delete(intent, claimed)

    # matching

    def _moves(self, intent: Intent) -> bool:
        return self.system.moves and (self.rules.move or intent.move)

    def _leaves(self, intent: Intent) -> bool:
        """Whether this position's own record is taken away from its start date by this very plan."""
        assert intent.sent is not None
        if intent.wanted is None:
            return delete_outcome(self.system, self.rules, intent.sent) is None
        remote = self.remotes.get(intent.sent.remote_id)
        return remote is not None and remote.start != intent.wanted.start and self._moves(intent)

    def _match(self, intent: Intent, claimed: dict[str, str]) -> None:
        assert intent.wanted is not None
        hits = [r for r in self.remotes.values() if r.start == intent.wanted.start]
        if len(hits) > 1 and intent.sent is not None:
            hits = [r for r in hits if r.id == intent.sent.remote_id] or hits
        if intent.sent is not None and intent.sent.remote_id in self.remotes and self._moves(intent):
            # Its own record comes here; that of another position which makes room is not taken for it.
            hits = [r for r in hits if self.leaving.get(r.id, intent.position_id) == intent.position_id]
        if not hits:
            return
        if len(hits) > 1:
            self.problems[intent.position_id] = Problem(
                "period_not_unique",
                f"{self.system.name} has {len(hits)} periods that start on {day(intent.wanted.start)}. "
                "Remove or move one of them there, then press Re-sync.",
                "start_date",
            )
            return
        remote = hits[0]
        owner = self.others.get(remote.id) or (f"position {claimed[remote.id]}" if remote.id in claimed else "")
        if owner:
            self.problems[intent.position_id] = self._clash(remote, owner)
            return
        claimed[remote.id] = intent.position_id

    def _clash(self, remote: Remote, owner: str) -> Problem:
        period = span((remote.start or date.min, remote.end))
        return Problem(
            "overlap_in_target",
            f"{self.system.name}'s period {period} belongs to another position here ({owner}), and one employee "
            "cannot hold two periods at once there. Change the dates of one of them.",
            "start_date",
            {"remote_id": remote.id, "period": period},
        )

    def _upsert(self, intent: Intent, claimed: dict[str, str], fields: Sequence[Field]) -> None:
        wanted = intent.wanted
        assert wanted is not None
        remote = next((self.remotes[r] for r, owner in claimed.items() if owner == intent.position_id), None)
        earlier = self.remotes.get(intent.sent.remote_id) if intent.sent else None
        note = ""
        if remote is None and earlier is not None and earlier.id not in claimed and earlier.id not in self.others:
            if self._moves(intent):
                remote = earlier
                claimed[earlier.id] = intent.position_id
            else:
                note = (
                    f"The start date was changed here, so this is a new record in {self.system.name}. The earlier "
                    f"one ({span((earlier.start or wanted.start, earlier.end))}) is still there."
                )
        if remote is None:
            step = Step(Action.CREATE, intent.position_id, wanted, None, _first(wanted), note)
        else:
            changes = differences(fields, self.settings, wanted, remote, intent.sent)
            if not changes:
                self.skips[intent.position_id] = Skip("nothing_to_change", _agrees(self.system), remote.id)
                return
            step = Step(_action(changes), intent.position_id, wanted, remote, changes)
        problem = refusal(self.system, fields, remote.values if remote else {}, step.changes)
        if problem is not None:
            self.problems[intent.position_id] = problem
        else:
            self.steps.append(step)

    def _delete(self, intent: Intent, claimed: Mapping[str, str]) -> None:
        outcome = delete_outcome(self.system, self.rules, intent.sent)
        remote = self.remotes.get(intent.sent.remote_id) if intent.sent else None
        if isinstance(outcome, Problem) and remote is not None:
            self.problems[intent.position_id] = outcome
        elif isinstance(outcome, Skip):
            self.skips[intent.position_id] = outcome
        elif remote is None:
            self.skips[intent.position_id] = Skip("already_gone", f"The record is no longer in {self.system.name}.")
        elif remote.id in claimed or remote.id in self.others:
            self.skips[intent.position_id] = Skip(
                "taken_over", f"Another position here now stands for that record in {self.system.name}."
            )
        else:
            self.steps.append(Step(Action.DELETE, intent.position_id, None, remote))

    # overlaps

    def after(self, step: Step, state: Mapping[str, Period]) -> dict[str, Period]:
        new = dict(state)
        key = step.remote.id if step.remote else f"new:{step.position_id}"
        if step.action is Action.DELETE:
            new.pop(key, None)
        elif step.wanted is not None and (step.remote is None or {"start_date", "end_date"} & set(step.changes)):
            old = state.get(key)
            start = step.wanted.start
            if step.remote is not None and "start_date" not in step.changes and old is not None:
                start = old[0]
            end = step.wanted.end
            if step.remote is not None and "end_date" not in step.changes and old is not None:
                end = old[1]
            new[key] = (start, end)
        return new

    def clashes(self, step: Step, before: Mapping[str, Period], after: Mapping[str, Period]) -> list[str]:
        """The records with which this step's record shares days in `after` that it did not share in `before`."""
        key = step.remote.id if step.remote else f"new:{step.position_id}"
        if key not in after:
            return []
        found = []
        for other, period in after.items():
            if other == key:
                continue
            now = intersection(after[key], period)
            was = intersection(before[key], before[other]) if key in before and other in before else None
            if not holds(was, now):
                found.append(other)
        return found

    def overlaps(self) -> dict[str, Problem]:
        """The positions that cannot stand beside what will be there at the end."""
        final = dict(self.before)
        for step in self.steps:
            final = self.after(step, final)
        by_key = {(s.remote.id if s.remote else f"new:{s.position_id}"): s for s in self.steps}
        for step in sorted(self.steps, key=_gives_way_first):
            if final.get(self._key(step)) == self.before.get(self._key(step)):
                continue
            clashing = self.clashes(step, self.before, final)
            if clashing:
                return {step.position_id: self._overlap(step, clashing[0], final[clashing[0]], by_key)}
        return {}

    @staticmethod
    def _key(step: Step) -> str:
        return step.remote.id if step.remote else f"new:{step.position_id}"

    def _overlap(self, step: Step, key: str, period: Period, by_key: Mapping[str, Step]) -> Problem:
        sent = self.sent.get(step.position_id)
        params = {"period": span(period), "remote_id": key}
        if sent is not None and sent.remote_id == key and step.action is Action.CREATE:
            moves = self.system.moves
            return Problem(
                "start_date_changed",
                f"The start date was changed here. {self.system.name} still has the period {span(period)} that was "
                "sent before, and the new one would overlap it. "
                + (
                    "Press Move the existing period, or end it there and press Re-sync."
                    if moves
                    else f"{self.system.name} cannot move it: end it there, then press Re-sync."
                ),
                "start_date",
                params,
            )
        other = by_key.get(key)
        if other is not None and other.action is Action.CREATE:
            return Problem(
                "overlap_in_target",
                f"Another position of this employee ({span(period)}) overlaps this one, and {self.system.name} "
                "takes one at a time. Change the dates of one of them.",
                "start_date",
                params,
            )
        return Problem(
            "overlap_in_target",
            f"{self.system.name} already has a period {span(period)} that overlaps this one. "
            "End it there or change the start date here, then press Re-sync.",
            "start_date",
            params,
        )

    # order

    def order(self) -> tuple[list[Step], dict[str, Problem]]:
        """The steps in an order that never makes an overlap on the way; a knot refuses the step that gives way."""
        rest = sorted(self.steps, key=lambda s: _rank(s, self.before))
        state: dict[str, Period] = dict(self.before)
        done: list[Step] = []
        while rest:
            for step in rest:
                after = self.after(step, state)
                if not self.clashes(step, state, after):
                    break
            else:
                step = min(rest, key=_gives_way_first)
                after = self.after(step, state)
                key = self.clashes(step, state, after)[0]
                return [], {step.position_id: self._overlap(step, key, after[key], {})}
            rest.remove(step)
            state = after
            done.append(step)
        return done, {}


def _action(changes: Mapping[str, Change]) -> Action:
    if "start_date" in changes:
        return Action.MOVE
    if "end_date" in changes and changes["end_date"].new is not None and changes["end_date"].old is None:
        return Action.END
    return Action.UPDATE


def _rank(step: Step, before: Mapping[str, Period]) -> tuple[int, date, str]:
    start = step.wanted.start if step.wanted else date.min
    if step.action is Action.DELETE:
        kind = 0
    elif step.action is Action.CREATE:
        kind = 3
    else:
        assert step.remote is not None and step.wanted is not None
        kind = 1 if holds(before.get(step.remote.id), (step.wanted.start, step.wanted.end)) else 2
    return (kind, start, step.position_id)


def _gives_way_first(step: Step) -> tuple[bool, int, int, str]:
    """New records give way before existing ones, later starts before earlier, newer positions before older."""
    start = step.wanted.start.toordinal() if step.wanted else 0
    return (step.action is not Action.CREATE, -start, -len(step.position_id), _inverted(step.position_id))


def _inverted(text: str) -> str:
    return "".join(chr(0x10FFFF - ord(c)) for c in text)


def delete_outcome(system: System, rules: Rules, sent: Sent | None) -> Problem | Skip | None:
    """What a deletion here leads to before the target is even asked: a problem, a skip, or None = delete it there."""
    if sent is None:
        return Skip("never_sent", f"It was never sent to {system.name}, so there is nothing to delete there.")
    if not rules.delete:
        return Skip(
            "delete_switched_off",
            f"It was deleted here; deleting in {system.name} is switched off for this connection.",
        )
    if system.delete is Delete.BY_HAND:
        return Problem("delete_by_hand", f"{system.name} cannot delete it: {system.delete_note}")
    return None


# -- current only ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LastSent:
    """The position that the flat record there stands for now; `sent.remote_id` is the employment's id there."""

    position_id: str
    sent: Sent


def chosen_position(
    positions: Sequence[Position], touched: frozenset[str], last: LastSent | None, today: date
) -> Position | None:
    """The position to write: the current one, if it changed or the employee is under sync already; else the last
    one sent, if it still exists and is over (it is ended there)."""
    now = current(positions, today)
    if now is not None:
        return now if now.id in touched or last is not None else None
    if last is None:
        return None
    return next((p for p in positions if p.id == last.position_id and p.end and p.end < today), None)


def _emptied(fields: Sequence[Field], settings: Mapping[str, Any]) -> set[str]:
    return {f.ours for f in fields if f.cleared_by and settings.get(f.cleared_by)}


def as_ended(system: System, settings: Mapping[str, Any], wanted: Wanted) -> Wanted:
    """A position that is over, as it is to stand there: without what the connection empties at the end."""
    emptied = _emptied(active_fields(system, settings), settings)
    return replace(wanted, values={k: None if k in emptied else v for k, v in wanted.values.items()})


def plan_flat(
    system: System,
    settings: Mapping[str, Any],
    positions: Sequence[Position],
    touched: frozenset[str],
    wanted: Wanted | None,
    remote: Remote | None,
    last: LastSent | None,
    rules: Rules,
    today: date,
) -> Plan:
    """Plans the one record of a flat system.

    positions  every position the employee has here      touched  those that changed (deleted ones are not in positions)
    wanted     the translation of `chosen_position` (through `as_ended` when it is over), None if there is none
    """
    skips: dict[str, Skip] = {}
    waits: dict[str, date] = {}
    problems: dict[str, Problem] = {}
    steps: list[Step] = []
    here = {p.id: p for p in positions}
    now = current(positions, today)
    for position_id in sorted(touched):
        position = here.get(position_id)
        if wanted is not None and position_id == wanted.position_id:
            continue
        if position is None:
            skip_or_problem = _flat_delete(system, rules, position_id, last, now)
            if isinstance(skip_or_problem, Problem):
                problems[position_id] = skip_or_problem
            else:
                skips[position_id] = skip_or_problem
        elif position.start > today:
            waits[position_id] = position.start
        elif now is not None:
            skips[position_id] = Skip(
                "not_current",
                f"{system.name} takes the current position only, which is another one ({span((now.start, now.end))}).",
            )
        else:
            skips[position_id] = Skip(
                "not_current", f"{system.name} takes the current position only, and this one is over."
            )
    if wanted is not None:
        sent = last.sent if last else None
        if now is not None and remote is not None and remote.renews_from and wanted.start >= remote.renews_from:
            remote = None
        fields = active_fields(system, settings)
        if remote is None:
            changes, action = _first(wanted), Action.CREATE
        else:
            taken_over = last is not None and last.position_id != wanted.position_id
            changes = differences(fields, settings, wanted, remote, sent, taken_over=taken_over)
            ended = now is None
            if ended:
                emptied = _emptied(fields, settings)
                changes = {k: c for k, c in changes.items() if k in emptied or BY_KEY[k].group in ("End", "Period")}
            action = Action.END if ended or _action(changes) is Action.END else Action.UPDATE
        problem = refusal(system, fields, remote.values if remote else {}, changes)
        if problem is not None:
            problems[wanted.position_id] = problem
        elif remote is None or changes:
            steps.append(Step(action, wanted.position_id, wanted, remote, changes))
        else:
            skips[wanted.position_id] = Skip("nothing_to_change", _agrees(system), remote.id)
    return Plan(tuple(steps), problems, skips, waits)


def _flat_delete(
    system: System, rules: Rules, position_id: str, last: LastSent | None, now: Position | None
) -> Skip | Problem:
    if last is None or last.position_id != position_id:
        return Skip("never_sent", f"{system.name} does not hold this position, so there is nothing to delete there.")
    if now is not None:
        return Skip("taken_over", f"Another position is current now and takes its place in {system.name}.")
    outcome = delete_outcome(system, rules, last.sent)
    if outcome is None:
        return Problem("delete_by_hand", f"{system.name} holds one record for each employee: {system.delete_note}")
    return outcome
