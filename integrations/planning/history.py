"""Plans the periods of one employee in a system with employment history. Pure, as `planner`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from integrations.planning.planner import (
    LEFT_SCOPE,
    Action,
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
from integrations.planning.translate import active_fields
from integrations.sdk.declaration import System
from integrations.sdk.declared_field import Field
from integrations.sdk.messages import in_full
from integrations.sdk.periods import Period, holds, intersection
from integrations.sdk.values import Change, Problem, Remote, Wanted, Warning


@dataclass(frozen=True, slots=True)
class Intent:
    """One changed position. `wanted` None: it was deleted here, or it left the connection's companies (`outside`).
    `move`: a person asked to move the record that was sent before instead of making a new one. `changed`: the fields
    that are known to have been changed here."""

    position_id: str
    wanted: Wanted | None
    sent: Sent | None = None
    move: bool = False
    outside: bool = False
    changed: frozenset[str] = frozenset()


def plan_history(
    system: System,
    settings: Mapping[str, Any],
    intents: Sequence[Intent],
    remotes: Sequence[Remote],
    rules: Rules,
    others: Mapping[str, str] | None = None,
    seen: Callable[[Remote, Wanted], Remote] = lambda remote, wanted: remote,
) -> Plan:
    """Plans all changed positions of one employee together.

    others  records there that belong to positions which did not change: remote id -> how we call that position
    seen    a record as a position is compared with it (`Connector.seen`)

    What cannot be done safely becomes a problem of that position alone; the rest is planned without it. The order
    never holds an overlap on the way that was not there before.
    """
    problems: dict[str, Problem] = {}
    active = sorted(intents, key=_by_start)
    while True:
        draft = _Draft(system, settings, active, remotes, rules, others or {}, seen)
        refused = draft.problems or draft.overlaps()
        if not refused:
            steps, refused = draft.order()
            if not refused:
                return draft.plan(steps, problems)
        problems.update({position_id: draft.telling(position_id, problem) for position_id, problem in refused.items()})
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
        seen: Callable[[Remote, Wanted], Remote],
    ) -> None:
        self.system, self.settings, self.rules, self.others, self.seen = system, settings, rules, others, seen
        fields = active_fields(system, settings)
        self.problems: dict[str, Problem] = {}
        self.skips: dict[str, Skip] = {}
        self.afterwards: dict[str, Skip] = {}
        self.steps: list[Step] = []
        self.remotes = {remote.id: remote for remote in remotes}
        self.before: dict[str, Period] = {r.id: (r.start, r.end) for r in remotes if r.start is not None}
        self.names = {r.id: others.get(r.id, "") for r in remotes}
        self.sent = {i.position_id: i.sent for i in intents}
        self.leaving = {i.sent.remote_id: i.position_id for i in intents if i.sent and self._leaves(i)}
        self.deleted = {i.position_id for i in intents if i.wanted is None}
        claimed: dict[str, str] = {}
        self.claimed = claimed
        live = [intent for intent in intents if intent.wanted is not None]
        for intent in live:
            self._match(intent, claimed)
        for intent in live:
            if intent.position_id not in self.problems:
                self._upsert(intent, claimed, fields)
        for intent in intents:
            if intent.wanted is None:
                self._delete(intent, claimed)

    def plan(self, steps: Sequence[Step], problems: Mapping[str, Problem]) -> Plan:
        """What was planned, with a word on everything that earlier start dates of these positions left behind there."""
        behind = {position_id: self._left_behind(position_id) for position_id in self.sent}
        told = {position_id: self._told(left) for position_id, left in behind.items()}

        def telling(skips: Mapping[str, Skip]) -> dict[str, Skip]:
            return {
                key: replace(skip, left_behind=behind[key], warnings=(*skip.warnings, *told[key]))
                for key, skip in skips.items()
            }

        return Plan(
            tuple(
                replace(step, left_behind=behind[step.position_id], warnings=(*step.warnings, *told[step.position_id]))
                for step in steps
            ),
            problems,
            telling(self.skips),
            telling(self.afterwards),
        )

    def telling(self, position_id: str, problem: Problem) -> Problem:
        """The problem, with the same word: of what was left behind before, since this one itself names what clashes."""
        sent = self.sent[position_id]
        told = self._told(self._unclaimed(sent.left_behind)) if sent else ()
        return Problem(problem.cause, in_full((problem.said, *(w.said for w in told))), problem.field, problem.params)

    def _left_behind(self, position_id: str) -> tuple[str, ...]:
        """The records still there that were made for this position and for which nothing here stands any more."""
        sent = self.sent[position_id]
        if sent is None:
            return ()
        written = next((s for s in self.steps if s.position_id == position_id), None)
        own = written.remote.id if written and written.remote else ""
        if position_id in self.deleted:
            own = sent.remote_id  # what the answer is about
        return tuple(r for r in self._unclaimed((*sent.left_behind, sent.remote_id)) if r != own)

    def _unclaimed(self, records: Iterable[str]) -> tuple[str, ...]:
        taken = {*self.claimed, *self.others, *(s.remote.id for s in self.steps if not s.wanted and s.remote)}
        return tuple(r for r in dict.fromkeys(records) if r in self.remotes and r not in taken)

    def _told(self, left: Sequence[str]) -> tuple[Warning, ...]:
        spans = ", ".join(span(self.before[r]) for r in left if r in self.before)
        if not spans:
            return ()
        return (
            Warning(
                f"{self.system.name} still has what an earlier start date of this position left behind ({spans}). "
                "Remove it there if it was never valid; it is told of for as long as it is there.",
                "start_date",
            ),
        )

    # matching

    def _moves(self, intent: Intent) -> bool:
        return self.system.moves and (self.rules.move or intent.move)

    def _leaves(self, intent: Intent) -> bool:
        """Whether this position's own record is taken away from its start date by this very plan."""
        assert intent.sent is not None
        if intent.wanted is None:
            return delete_outcome(self.system, self.rules, intent.sent, outside=intent.outside) is None
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
        sent = intent.sent
        remote = next((self.remotes[r] for r, owner in claimed.items() if owner == intent.position_id), None)
        earlier = self.remotes.get(sent.remote_id) if sent else None
        free = earlier is not None and earlier.id not in claimed and earlier.id not in self.others
        if remote is None and earlier is not None and free and self._moves(intent):
            remote = earlier
            claimed[earlier.id] = intent.position_id
        if remote is None:
            step = Step(Action.CREATE, intent.position_id, wanted, None, first(wanted), holds=wanted.values)
        else:
            remote = self.seen(remote, wanted)
            found = compare(self.system, fields, self.settings, wanted, remote, sent, changed=intent.changed)
            held = found.holds(wanted, sent.values if sent else {})
            if not found.changes:
                self.skips[intent.position_id] = nothing_to_write(self.system, remote, found, held)
                return
            told = (
                *found.warnings(self.system, remote),
                *lifted(self.settings, fields, found.changes),
            )
            step = Step(
                _action(found.changes), intent.position_id, wanted, remote, found.changes, warnings=told, holds=held
            )
        problem = refusal(self.system, self.settings, fields, remote.values if remote else {}, step.changes)
        if problem is not None:
            self.problems[intent.position_id] = problem
        else:
            self.steps.append(step)

    def _delete(self, intent: Intent, claimed: Mapping[str, str]) -> None:
        outcome = delete_outcome(self.system, self.rules, intent.sent, outside=intent.outside)
        remote = self.remotes.get(intent.sent.remote_id) if intent.sent else None
        if intent.sent is not None and remote is None:
            self.skips[intent.position_id] = Skip("already_gone", f"The record is no longer in {self.system.name}.")
        elif remote is not None and (remote.id in claimed or remote.id in self.others):
            # Whatever the switch and the system say: there is nothing left to be deleted, by hand neither.
            skip = Skip("taken_over", f"Another position here now stands for that record in {self.system.name}.")
            is_written = any(s.position_id == claimed.get(remote.id) for s in self.steps)
            (self.afterwards if is_written else self.skips)[intent.position_id] = skip
        elif isinstance(outcome, Problem):
            self.problems[intent.position_id] = outcome
        elif isinstance(outcome, Skip):
            self.skips[intent.position_id] = outcome
        else:
            note = f"{LEFT_SCOPE}, so its record was removed there." if intent.outside else ""
            self.steps.append(Step(Action.DELETE, intent.position_id, None, remote, note=note))

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
        assert step.wanted is not None
        if sent is not None and sent.remote_id == key and step.action is Action.CREATE:
            return Problem(
                "start_date_changed",
                f"The start date was changed here. {self.system.name} still has the period {span(period)} that was "
                f"sent before, and the new one would overlap it. {self._way_out(step.wanted, period)}",
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
            f"{_make_room(step.wanted, period)}",
            "start_date",
            params,
        )

    def _way_out(self, wanted: Wanted, period: Period) -> str:
        """What works for a start date that was changed here, when the record that was sent before is in the way.

        An end there makes room only for a later start: before an earlier one, the record would have to be gone.
        """
        name, start = self.system.name, day(wanted.start)
        move = "Press Move the existing period. Or " if self.system.moves else f"{name} cannot move it from here: "
        if period[0] < wanted.start:
            by_hand = f"end it there on {day(wanted.start - timedelta(days=1))} at the latest"
        else:
            by_hand = f"change its start there to {start} by hand, or remove it there"
        return f"{move}{by_hand}, then press Re-sync."

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


def _make_room(wanted: Wanted, period: Period) -> str:
    """What makes room for `wanted` beside a period there that is not its own."""
    start = period[0]
    if start < wanted.start:
        there = f"End it there on {day(wanted.start - timedelta(days=1))} at the latest"
        return f"{there}, or change the start date here, then press Re-sync."
    if start == wanted.start:
        return "Remove it there or change its dates, or change the start date here, then press Re-sync."
    here = f"End this one on {day(start - timedelta(days=1))} at the latest; it is sent when you save"
    return f"{here}. Or remove the other one there, then press Re-sync."


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
