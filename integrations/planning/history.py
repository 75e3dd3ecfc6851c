"""Plans the periods of one employee in a system with employment history. Pure, as `planner`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any

from integrations.planning import texts
from integrations.planning.dated import NOTHING, Dated, with_day, with_rows
from integrations.planning.order import Order, key_of
from integrations.planning.placed import written_otherwise
from integrations.planning.planner import (
    Action,
    Comparison,
    Plan,
    Rules,
    Sent,
    Skip,
    Step,
    compare,
    delete_outcome,
    first,
    may_write,
    nothing_to_write,
)
from integrations.planning.rules import lifted, refusal
from integrations.planning.translate import active_fields, same, translate
from integrations.sdk.declaration import System
from integrations.sdk.declared_field import Dates, Field
from integrations.sdk.messages import Message
from integrations.sdk.params import Span
from integrations.sdk.periods import Period, nearest
from integrations.sdk.timelines import at, from_start
from integrations.sdk.values import Change, Position, Problem, Remote, Wanted, Warning
from integrations.sdk.wording import span


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


@dataclass(frozen=True, slots=True)
class There:
    """What the positions are planned against: the records there, and by which rules.

    others  records there that belong to positions which did not change: remote id -> how we call that position
    """

    system: System
    settings: Mapping[str, Any]
    remotes: Mapping[str, Remote]
    rules: Rules
    today: date
    others: Mapping[str, Message]

    @property
    def fields(self) -> tuple[Field, ...]:
        return active_fields(self.system, self.settings)

    @property
    def periods(self) -> dict[str, Period]:
        return {r.id: (r.start, r.end) for r in self.remotes.values() if r.start is not None}


def plan_history(
    system: System,
    settings: Mapping[str, Any],
    intents: Sequence[Intent],
    remotes: Sequence[Remote],
    rules: Rules,
    today: date,
    others: Mapping[str, Message] | None = None,
) -> Plan:
    """Plans all changed positions of one employee together; `others` as in `There`.

    What cannot be done safely becomes a problem of that position alone; the rest is planned without it. The order
    never holds an overlap on the way that was not there before.
    """
    there = There(system, settings, {remote.id: remote for remote in remotes}, rules, today, others or {})
    problems: dict[str, Problem] = {}
    active = sorted(intents, key=_by_start)
    while True:
        draft = _Draft(there, active)
        order = Order(system, draft.steps, there.periods, draft.sent, draft.apart, draft.at_once)
        refused = draft.problems or order.overlaps()
        if not refused:
            steps, refused = order.found()
            if not refused:
                return draft.plan(steps, problems)
        problems.update({position_id: draft.telling(position_id, problem) for position_id, problem in refused.items()})
        active = [intent for intent in active if intent.position_id not in refused]


def _day(wanted: Wanted, today: date) -> date:
    return nearest(today, wanted.since or wanted.start, wanted.end)


def _is_over(wanted: Wanted, today: date) -> bool:
    return wanted.end is not None and wanted.end < today


def _as_at_first(wanted: Wanted, there: There) -> Wanted:
    """What is written with a day of its own as it is today, the rest as it was on the first day."""
    rows = {f.ours for f in there.fields if f.in_rows(there.settings)}
    first_day = wanted.terms[0][1]
    return replace(wanted, values={key: first_day[key] if key in rows else v for key, v in wanted.values.items()})


def on_its_day(remote: Remote, wanted: Wanted, today: date) -> Remote:
    """The record as this position is compared with it: by what holds on the day from which a change would count. What
    it holds of a position that is over is past."""
    if not remote.rows:
        return remote
    day = _day(wanted, today)
    values = {key: at(from_start(rows, remote.start or day), day) for key, rows in remote.rows.items()}
    return replace(
        remote, values={**remote.values, **values}, past=frozenset(values if _is_over(wanted, today) else ())
    )


def overlap_is_refused(system: System, settings: Mapping[str, Any], one: Position, other: Position) -> bool:
    """Whether a system with history refuses these positions, which share days."""
    at_once = system.taken_at_once(settings)
    both = [translate(system, position, settings).wanted for position in (one, other)]
    return at_once is None or any(w is None for w in both) or at_once.alike(*(w.values for w in both if w))


def _by_start(intent: Intent) -> tuple[bool, date, int, str]:
    start = intent.wanted.start if intent.wanted else date.min
    return (intent.wanted is not None, start, len(intent.position_id), intent.position_id)


class _Draft:
    """One try at a plan: a step for each intent, regardless of order.

    claimed  a record there -> the changed position that it is taken for
    leaving  a record there -> the position from whose start date this very plan takes it away
    """

    def __init__(self, there: There, intents: Sequence[Intent]) -> None:
        self.there = there
        self.sent = {i.position_id: i.sent for i in intents}
        self.deleted = {i.position_id for i in intents if i.wanted is None}
        self.leaving = {i.sent.remote_id: i.position_id for i in intents if i.sent and self._leaves(i, i.sent)}
        self.at_once = there.system.taken_at_once(there.settings)
        self.live = {i.position_id: i.wanted for i in intents if i.wanted is not None}
        self.claimed: dict[str, str] = {}
        self.problems: dict[str, Problem] = {}
        self.skips: dict[str, Skip] = {}
        self.afterwards: dict[str, Skip] = {}
        self.steps: list[Step] = []
        live = [(intent, intent.wanted) for intent in intents if intent.wanted is not None]
        for intent, wanted in live:
            self._match(intent, wanted)
        for intent, wanted in live:
            if intent.position_id not in self.problems:
                self._upsert(intent, wanted)
        for intent in intents:
            if intent.wanted is None:
                self._delete(intent)

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
        return replace(problem, warnings=self._told(self._unclaimed(sent.left_behind))) if sent else problem

    # several at once

    def apart(self, one: str, other: str, written: Collection[str]) -> bool:
        """Whether two records may share days there when the steps of some are carried out."""
        if self.at_once is None:
            return False
        values = {record: remote.values for record, remote in self.there.remotes.items()}
        for step in self.steps:
            if step.wanted is not None and key_of(step) in written:
                new = {key: change.new for key, change in step.changes.items()}
                values[key_of(step)] = {**(step.remote.values if step.remote else {}), **new}
        return not self.at_once.alike(values[one], values[other])

    def _own_of(self, intent: Intent, wanted: Wanted, hits: Sequence[Remote]) -> list[Remote]:
        """Where several begin on one day: not those of other positions, and rather one that is alike. One that is not
        is another position's if that one is alike, else it is this one's, with other terms."""
        theirs = {*self.there.others, *self.claimed}
        theirs |= {sent.remote_id for p, sent in self.sent.items() if sent and p != intent.position_id}
        free = [r for r in hits if r.id not in theirs]
        assert self.at_once is not None
        alike = [r for r in free if self.at_once.alike(r.values, wanted.values)]
        rivals = [w.values for p, w in self.live.items() if p != intent.position_id and w.start == wanted.start]
        return alike or [r for r in free if not any(self.at_once.alike(r.values, rival) for rival in rivals)]

    # what was left behind

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
        removed = {s.remote.id for s in self.steps if not s.wanted and s.remote}
        taken = {*self.claimed, *self.there.others, *removed}
        return tuple(r for r in dict.fromkeys(records) if r in self.there.remotes and r not in taken)

    def _told(self, left: Sequence[str]) -> tuple[Warning, ...]:
        periods = self.there.periods
        spans = tuple(Span(*periods[r]) for r in left if r in periods)
        return (Warning(texts.LEFT_BEHIND(system=self.there.system.name, periods=spans)),) if spans else ()

    # which record is whose

    def _moves(self, intent: Intent) -> bool:
        return self.there.system.moves and (self.there.rules.move or intent.move)

    def _leaves(self, intent: Intent, sent: Sent) -> bool:
        """Whether this position's own record is taken away from its start date by this very plan."""
        if intent.wanted is None:
            return delete_outcome(self.there.system, self.there.rules, sent, outside=intent.outside) is None
        remote = self.there.remotes.get(sent.remote_id)
        return remote is not None and remote.start != intent.wanted.start and self._moves(intent)

    def _match(self, intent: Intent, wanted: Wanted) -> None:
        """By its start date."""
        hits = self._starting(intent, wanted.start)
        if self.at_once is not None and not (intent.sent and intent.sent.remote_id in (r.id for r in hits)):
            hits = self._own_of(intent, wanted, hits)
        if len(hits) > 1:
            said = texts.NOT_UNIQUE(system=self.there.system.name, number=len(hits), start=wanted.start)
            self.problems[intent.position_id] = Problem(said)
        elif hits:
            self._claim(intent, hits[0])

    def _claim(self, intent: Intent, remote: Remote) -> None:
        owner = self.there.others.get(remote.id)
        if owner is None and remote.id in self.claimed:
            owner = texts.OWNER_POSITION(position=self.claimed[remote.id])
        if owner is None:
            self.claimed[remote.id] = intent.position_id
        else:
            self.problems[intent.position_id] = self._clash(remote, owner)

    def _starting(self, intent: Intent, start: date) -> list[Remote]:
        """The records there that start on this day and may be this position's."""
        hits = [r for r in self.there.remotes.values() if r.start == start]
        if intent.sent is None:
            return hits
        if len(hits) > 1:
            hits = [r for r in hits if r.id == intent.sent.remote_id] or hits
        if intent.sent.remote_id in self.there.remotes and self._moves(intent):
            # Its own record comes here; that of another position which makes room is not taken for it.
            hits = [r for r in hits if self.leaving.get(r.id, intent.position_id) == intent.position_id]
        return hits

    def _clash(self, remote: Remote, owner: Message) -> Problem:
        period = Span(remote.start or date.min, remote.end)
        said = texts.ANOTHERS_PERIOD(system=self.there.system.name, period=period, owner=owner)
        return Problem(said, params={"remote_id": remote.id, "period": span(period)})

    def _own(self, intent: Intent) -> Remote | None:
        """The record that this position is written to; None: a new one."""
        claimed = next((r for r, owner in self.claimed.items() if owner == intent.position_id), None)
        if claimed is not None:
            return self.there.remotes[claimed]
        earlier = self.there.remotes.get(intent.sent.remote_id) if intent.sent else None
        if earlier is None or earlier.id in self.claimed or earlier.id in self.there.others:
            return None
        if not self._moves(intent):
            return None
        self.claimed[earlier.id] = intent.position_id
        return earlier

    # steps

    def _upsert(self, intent: Intent, wanted: Wanted) -> None:
        there, remote = self.there, self._own(intent)
        if remote is None:
            goes_on = bool(wanted.terms) and any(f.in_rows(there.settings) for f in there.fields)
            wanted = _as_at_first(wanted, there) if goes_on else wanted
            step = Step(
                Action.CREATE, intent.position_id, wanted, None, first(wanted), holds=wanted.values, goes_on=goes_on
            )
        else:
            remote = on_its_day(remote, wanted, there.today)
            sent, fields = intent.sent and intent.sent.on(_day(wanted, there.today)), there.fields
            again = written_otherwise(there.system, there.settings, wanted, sent, there.today)
            found = compare(
                there.system, fields, there.settings, wanted, remote, sent, changed=intent.changed, again=again
            )
            found = self._by_day(found, wanted, remote, sent, intent.sent.values if intent.sent else {})
            wrote = sent.values if sent else {}
            held, stays = {**self._on_employee(sent), **found.holds(wanted, wrote)}, found.found(remote, wrote)
            if not found.changes:
                self.skips[intent.position_id] = nothing_to_write(there.system, remote, found, held, stays)
                return
            told = (*found.warnings(there.system, remote), *lifted(there.settings, fields, found.changes))
            step = Step(
                _action(found.changes),
                intent.position_id,
                wanted,
                remote,
                found.changes,
                warnings=told,
                holds=held,
                found=stays,
            )
        values = remote.values if remote else {}
        problem = refusal(there.system, there.settings, there.fields, values, step.changes)
        if problem is not None:
            self.problems[intent.position_id] = problem
        else:
            self.steps.append(step)

    def _by_day(
        self, found: Comparison, wanted: Wanted, remote: Remote, sent: Sent | None, last: Mapping[str, Any]
    ) -> Comparison:
        """The same with the days from which the values of dated fields count, those of other days among them. `last`:
        what was written last, for whichever day."""
        there, changes, start = self.there, dict(found.changes), wanted.since or wanted.start
        day = _day(wanted, there.today)
        for declared in there.fields:
            key, timeline = declared.ours, wanted.timeline(declared.ours)
            said, wrote = sent.timeline(key) if sent else None, last.get(key, wanted.wrote.get(key))
            change = changes.pop(key, None)
            if change is not None and said is None and same(wrote, change.old):
                said = NOTHING  # it was written for another position
            if declared.dated is Dates.SINCE and not {key} & {*found.stays, *found.unseen}:
                change = with_day(change, timeline, said, start, day, wrote)
            elif key in remote.rows and not (change is None and key in found.unseen):
                over = _is_over(wanted, there.today)
                dated = Dated(timeline, remote.rows[key], said, start, wanted.end, day, is_over=over)
                writes = partial(may_write, there.system, declared, there.settings, wanted)
                rows = dated.rows(writes, today=change is not None)
                change = with_rows(change, remote.rows[key], rows)
            if change is not None:
                changes[key] = change
        return replace(found, changes=changes)

    def _on_employee(self, sent: Sent | None) -> dict[str, Any]:
        """What was written to the employee's own record: ours still when the position is no longer today's."""
        values = sent.values if sent else {}
        return {f.ours: values[f.ours] for f in self.there.fields if f.of_employee and f.ours in values}

    def _delete(self, intent: Intent) -> None:
        there = self.there
        outcome = delete_outcome(there.system, there.rules, intent.sent, outside=intent.outside)
        remote = there.remotes.get(intent.sent.remote_id) if intent.sent else None
        if intent.sent is not None and remote is None:
            self.skips[intent.position_id] = Skip((texts.ALREADY_GONE(system=there.system.name),))
        elif remote is not None and (remote.id in self.claimed or remote.id in there.others):
            # Whatever the switch and the system say: there is nothing left to be deleted, by hand neither.
            skip = Skip((texts.ANOTHER_STANDS_FOR_IT(system=there.system.name),))
            is_written = any(s.position_id == self.claimed.get(remote.id) for s in self.steps)
            (self.afterwards if is_written else self.skips)[intent.position_id] = skip
        elif isinstance(outcome, Problem):
            self.problems[intent.position_id] = outcome
        elif isinstance(outcome, Skip):
            self.skips[intent.position_id] = outcome
        else:
            note = texts.REMOVED_OUT_OF_SCOPE() if intent.outside else None
            self.steps.append(Step(Action.DELETE, intent.position_id, None, remote, note=note))


def _action(changes: Mapping[str, Change]) -> Action:
    if "start_date" in changes:
        return Action.MOVE
    if "end_date" in changes and changes["end_date"].new is not None and changes["end_date"].old is None:
        return Action.END
    return Action.UPDATE
