"""Brings one employee in line in one connection: translate, find, read, plan, write. HTTP only, no database.

The worker gives it plain values and stores what comes back; *Preview* runs it without the writes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as made
from datetime import date
from typing import Any

from integrations.planning import steps
from integrations.planning.flat import Case, LastSent, Standing, as_ended, partly_written, plan_flat
from integrations.planning.history import Intent, plan_history
from integrations.planning.planner import Action, Plan, Rules, Sent, Skip, Step, compare, day, delete_outcome
from integrations.planning.translate import active_fields, lacking, same, translate
from integrations.sdk import identity
from integrations.sdk.connector import Connector
from integrations.sdk.declaration import Model, System
from integrations.sdk.errors import (
    ConnectorError,
    DataRefusedError,
    EmployeeNotFoundError,
    EmployeeNotUniqueError,
    InterruptedRunError,
    MatchRefusedError,
    NotAuthorizedError,
    RateLimitedError,
    RecordRefusedError,
    StaleError,
    UnavailableError,
    UnclearOutcomeError,
)
from integrations.sdk.fields import BY_KEY
from integrations.sdk.http import Exchange
from integrations.sdk.messages import Message, Said, as_message, in_full, said_of
from integrations.sdk.params import Label
from integrations.sdk.periods import current_since, employed_since
from integrations.sdk.storable import fit_id
from integrations.sdk.values import Change, Person, Position, Problem, Remote, RemoteEmployee, Unsure, Wanted, Warning

MOST_OLDER = 6  # values of one field that were written within the time in which a read may come late
# No record there is taken for this employee's.
NOBODY = (EmployeeNotFoundError, EmployeeNotUniqueError, MatchRefusedError)


@dataclass(frozen=True, slots=True)
class Meant:
    """What a try was going to write to a flat record, and what the record held `before` (of each such try that got as
    far as writing)."""

    wanted: Wanted
    before: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Touched:
    """One position with an open job. `changed` names our fields that changed, None when that is not known.
    `tried`: start dates under which it may have been created there although no answer ever came.
    `meant`: the same for a flat system, everything that the record there was to say.
    `again`: a person asked to have it sent again."""

    position_id: str
    changed: frozenset[str] | None = None
    move: bool = False
    tried: tuple[date, ...] = ()
    meant: tuple[Meant, ...] = ()
    again: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """What is known of the match besides the record's id.

    confirmed   a person said that the record is this employee's
    doubted     number, national id or e-mail changed here since: it is looked at anew
    unmarked    nothing was kept yet by which such a change could be seen (matches of before)
    written_to  the record there under which `Work.sent` was written, "" when that is not known
    withheld    why nothing is written until a person has decided who the employee is there
    """

    confirmed: bool = False
    doubted: bool = False
    unmarked: bool = False
    written_to: str = ""
    withheld: Problem | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """Everything about one employee that the run needs.

    positions  all of the employee's positions here
    touched    those to bring in line (deleted ones are not in positions)
    sent       position id -> what was last written for it (for a flat system: one entry at most)
    outside    touched or sent positions that exist here but that the connection does not take any more: they are not in
               positions either, and are treated there as deleted ones
    """

    person: Person
    positions: Sequence[Position]
    touched: Sequence[Touched]
    sent: Mapping[str, Sent]
    remote_employee_id: str
    rules: Rules
    today: date
    outside: frozenset[str] = frozenset()
    match: Match = Match()


@dataclass(frozen=True, slots=True)
class Trace:
    """One line of what happened: `ok` True, False, or None for a step that was not reached."""

    title: Message
    ok: bool | None
    detail: Message | None
    at: float

    def __init__(
        self, title: Message | str, ok: bool | None, detail: Message | str | None = None, at: float = 0
    ) -> None:
        object.__setattr__(self, "title", as_message(title))
        object.__setattr__(self, "ok", ok)
        object.__setattr__(self, "detail", as_message(detail) if detail else None)
        object.__setattr__(self, "at", at or time.time())

    def to_json(self) -> dict[str, Any]:
        detail = self.detail and self.detail.to_json()
        return {"title": self.title.to_json(), "ok": self.ok, "detail": detail, "at": self.at}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Trace:
        detail = Message.from_json(kept["detail"]) if kept["detail"] else None
        return cls(Message.from_json(kept["title"]), kept["ok"], detail, kept["at"])


@dataclass(slots=True)
class Outcome:
    """What became of one position.

    result  "sent", "planned" (preview), "skipped", "waiting" (until `wait_until`), "failed" (a person or a change must
            mend it) or "error" (`error` says what; the engine decides when to try again)
    """

    position_id: str
    result: str
    cause: str = ""
    said: Said = ()
    field: str = ""
    action: str = ""
    params: Mapping[str, str] = made(default_factory=dict)
    changes: Mapping[str, Change] = made(default_factory=dict)
    unsent: Mapping[str, Message] = made(default_factory=dict)
    warnings: tuple[Warning, ...] = ()
    sent: Sent | None = None
    older: Mapping[str, Sequence[Any]] | None = None  # of a write: what a read may show for a while (`Sent.older`)
    gone: bool = False  # the record there no longer stands for this position
    pending: Message | None = None
    file_id: int | None = None
    wait_until: date | None = None
    vendor_text: str = ""
    vendor_code: str = ""
    error: ConnectorError | None = None
    trace: list[Trace] = made(default_factory=list)

    @property
    def message(self) -> str:
        """In English words."""
        return in_full(self.said)

    @property
    def everything(self) -> Said:
        """With what a person must still do, and all that is warned of."""
        return said_of(*self.said, self.pending, *(warning.said for warning in self.warnings))


@dataclass(slots=True)
class Report:
    outcomes: dict[str, Outcome] = made(default_factory=dict)
    remote_employee: RemoteEmployee | None = None
    exchanges: tuple[Exchange, ...] = ()
    error: ConnectorError | None = None  # what ended the run early, if something did
    unanswered: set[str] = made(default_factory=set)  # positions that may have been created there or not
    wrong_record: str = ""  # the record to which `Work.sent` was written, when it is not this employee's after all


def last_sent(work: Work) -> LastSent | None:
    """Flat: the position that the record there stands for."""
    return next((LastSent(position_id, sent) for position_id, sent in work.sent.items()), None)


def flat_case(
    system: System, settings: Mapping[str, Any], work: Work, touched: Iterable[str], last: LastSent | None
) -> Case:
    """Flat: all that decides what becomes of the one record."""
    return Case(system, settings, work.positions, frozenset(touched), last, work.rules, work.today, work.outside)


def about_to_write(system: System, settings: Mapping[str, Any], work: Work) -> Wanted | None:
    """Flat: what a run is going to give the record there, if that is for another position than the last one."""
    target = flat_case(system, settings, work, (t.position_id for t in work.touched), last_sent(work)).target
    return translate(system, target, settings).wanted if target is not None and target.id not in work.sent else None


# Called before a flat record is given to another position, with that one's id and what the record holds.
BeforeWrite = Callable[[str, Mapping[str, Any]], None]


def run(
    connector: Connector, work: Work, *, execute: bool = True, before_write: BeforeWrite = lambda *_: None
) -> Report:
    """Never raises a ConnectorError: it ends up in the report, at every position that it kept from being written."""
    connector.http.masker.about(work.person.national_id)
    connector.http.begin()
    state = _Run(connector, work, execute, before_write)
    try:
        state.go()
    except ConnectorError as error:
        state.stop(_whose(connector, error) if execute else error)
    state.keep_adopted()
    _hide(state.report, connector.http.masker.words)
    state.report.exchanges = connector.http.take_exchanges()
    return state.report


def _whose(connector: Connector, error: ConnectorError) -> ConnectorError:
    """A refusal of access stops everybody, unless the connection as such is let through: then it is this record's."""
    if not isinstance(error, NotAuthorizedError):
        return error
    try:
        return error if connector.refuses_everybody(error) else RecordRefusedError(connector.system.name, error)
    except ConnectorError as other:  # this worker may call no longer
        return other


def _hide(report: Report, hide: Callable[[str], str]) -> None:
    """A system may repeat what it was sent, or name somebody else: no secret and nobody's national id gets into the log
    by way of its own words."""
    if report.error is not None:
        report.error.said = report.error.said.hiding(hide)
    for outcome in report.outcomes.values():
        outcome.said, outcome.vendor_text = tuple(m.hiding(hide) for m in outcome.said), hide(outcome.vendor_text)
        outcome.trace = [
            replace(line, title=line.title.hiding(hide), detail=line.detail and line.detail.hiding(hide))
            for line in outcome.trace
        ]
        outcome.warnings = tuple(replace(w, said=w.said.hiding(hide)) for w in outcome.warnings)
        outcome.unsent = {key: reason.hiding(hide) for key, reason in outcome.unsent.items()}
        outcome.changes = {
            key: replace(change, **{n: hide(v) for n in ("old", "new") if isinstance(v := getattr(change, n), str)})
            for key, change in outcome.changes.items()
        }


class _Run:
    def __init__(self, connector: Connector, work: Work, execute: bool, before_write: BeforeWrite) -> None:
        self.connector, self.work, self.execute, self.before_write = connector, work, execute, before_write
        self.system = connector.system
        self.report = Report()
        self.open = {t.position_id: t for t in work.touched}
        self.here = {p.id: p for p in work.positions}
        self.wanted: dict[str, Wanted] = {}
        self.unsent: dict[str, Mapping[str, Message]] = {}
        self.trace: dict[str, list[Trace]] = {t.position_id: [] for t in work.touched}
        self.common: list[Trace] = []
        self.last = last_sent(work) if self.system.model is Model.FLAT else None
        self.adopted: LastSent | None = None  # flat: the record there that an earlier try wrote, as it turned out
        self.found: dict[str, Sent] = {}  # records there whose creation was never answered
        self.unsure: dict[str, tuple[Sent, Mapping[str, Sequence[Any]]]] = {}  # writes that were not answered
        self.stale_left = 1

    def go(self) -> None:
        self._prepare()
        if not self.open:
            return
        try:
            employee = self._who()
        except NOBODY:
            if self.work.remote_employee_id:  # otherwise it was said when that match ended
                self._leave_record()
            if self.system.model is not Model.FLAT or self.wanted:
                raise
            self._settle(self._plan_flat(None))  # it was only looked whether an earlier try had written something
            return
        self.report.remote_employee = employee
        matched = steps.MATCHED_BY(by=employee.matched_by) if employee.matched_by else steps.MATCHED()
        self.common.append(Trace(matched, True, employee.label or employee.id))
        if self.work.match.written_to not in ("", employee.id):
            self._leave_record()
            self._start_over()
            if not self.open:
                return
        employee = self._with_record(employee)
        while self.open:
            remotes = [self._as_written(remote) for remote in self.connector.read(employee)]
            self.common.append(Trace(steps.READ(), True, _counted(len(remotes))))
            if self.system.model is Model.FLAT:
                self._adopt(remotes)
                employee = self._with_record(employee)
            else:
                self._find_unanswered(remotes)
            plan = self._plan(remotes)
            self._settle(plan)
            if not self._carry_out(plan, employee):
                return

    def _as_written(self, remote: Remote) -> Remote:
        """What a late read shows is compared as we wrote it since; what a clerk has put there meanwhile, as it is."""
        ours = [s for s in self.work.sent.values() if s.older and s.remote_id == remote.id]
        if not ours:
            return remote
        [sent] = ours[:1]
        late = {key for key, value in remote.values.items() if any(same(value, o) for o in sent.older.get(key, ()))}
        return replace(remote, values={**remote.values, **{key: sent.values.get(key) for key in late}})

    def _older(self, step: Step, written: Mapping[str, Any]) -> Mapping[str, Sequence[Any]]:
        """What reads may show for a while in the place of what this step wrote or may have written."""
        if not self.system.shows_late:
            return {}
        sent = next((s for s in self.work.sent.values() if step.remote and s.remote_id == step.remote.id), None)
        before = dict(sent.older) if sent else {}
        for key, change in step.changes.items():
            if key in written:
                before[key] = [*before.get(key, ()), change.old][-MOST_OLDER:]
        return before

    def _who(self) -> RemoteEmployee:
        """The record there that is this employee's and nobody else's."""
        work, match, connector = self.work, self.work.match, self.connector
        known = work.remote_employee_id
        if match.withheld is not None:
            raise MatchRefusedError(match.withheld.said, cause=match.withheld.cause)
        if known and match.confirmed:
            employee = connector.find_confirmed(work.person, known, anew=match.doubted)
        else:
            employee = connector.find_employee(work.person, "" if match.doubted else known)
        if not fit_id(employee.id):
            raise UnavailableError(
                f"{self.system.name} gave an id of {len(employee.id)} characters for this employee, which cannot be "
                "kept. Nothing was written; it is tried again."
            )
        if employee.id != known or match.doubted or match.unmarked:
            matches = connector.context.matches
            if not (matches.claim if self.execute else matches.free)(work.person, employee):
                problem = identity.taken(self.system.name, employee.id)
                raise MatchRefusedError(problem.said, cause=problem.cause, candidate=employee.id)
        return employee

    def _leave_record(self) -> None:
        """What was written until now was written to a record that is not this employee's (any more)."""
        if self.work.sent and self.work.match.withheld is None:
            self.report.wrong_record = self.work.match.written_to or self.work.remote_employee_id

    def _start_over(self) -> None:
        """Nothing was ever written to the record that is the right one."""
        self.work, self.last = replace(self.work, sent={}), None
        self.wanted.clear()
        self.trace = {position_id: [] for position_id in self.open}
        self._prepare()

    def _with_record(self, employee: RemoteEmployee) -> RemoteEmployee:
        if self.last is None:
            return employee
        return replace(employee, record_id=self.last.sent.remote_id, position_id=self.last.position_id)

    # before any call

    def _prepare(self) -> None:
        """Translates what changed; whatever is refused or has nothing to send leaves the run before any call."""
        for touched in list(self.open.values()):
            position = self.here.get(touched.position_id)
            if self.system.model is Model.FLAT:
                continue
            if position is not None:
                self._translate(position, touched)
            elif touched.position_id not in self.work.sent and not touched.tried:
                outside = touched.position_id in self.work.outside
                never = delete_outcome(self.system, self.work.rules, None, outside=outside)
                assert isinstance(never, Skip)
                self._skip(touched.position_id, never)
        if self.system.model is Model.FLAT:
            self._prepare_flat()

    def _prepare_flat(self) -> None:
        self._choose()
        unclear = any(t.meant and t.position_id not in self.work.sent for t in self.open.values())
        if self.open and not self.wanted and not unclear:
            # Nothing to write: whatever else changed is settled without asking the target at all.
            self._settle(self._plan_flat(None))

    def _case(self) -> Case:
        return flat_case(self.system, self.connector.settings, self.work, self.open, self.last)

    def _choose(self) -> None:
        case = self._case()
        target = case.target
        if target is None:
            return
        touched = self.open.setdefault(target.id, Touched(target.id))
        self.trace.setdefault(target.id, [])
        # A start that moves a position into the future matters there, be it sent or not.
        self._translate(target, touched, whatever_changed=case.standing is Standing.UPCOMING)
        if target.id in self.wanted:
            counts_from = current_since(target, case.positions, case.today)
            self.wanted[target.id] = replace(self.wanted[target.id], counts_from=counts_from)
        if target.id in self.wanted and case.standing is Standing.OVER:
            self.wanted[target.id] = as_ended(self.system, self.connector.settings, self.wanted[target.id])

    def _plan_flat(self, remote: Remote | None) -> Plan:
        chosen = next((p for p in self.open if p in self.wanted), "")
        again = any(t.again for t in self.open.values())
        changed = self.open[chosen].changed if chosen else None
        return plan_flat(self._case(), self.wanted.get(chosen), remote, again=again, changed=changed or frozenset())

    def _translate(self, position: Position, touched: Touched, *, whatever_changed: bool = False) -> None:
        settings = self.connector.settings
        translation = translate(self.system, position, settings)
        self.unsent[position.id] = {key: as_message(reason) for key, reason in translation.unsent.items()}
        if translation.wanted is None:
            first = translation.problems[0]
            self._fail(position.id, first, others=translation.problems[1:])
            return
        supported = {f.ours for f in active_fields(self.system, settings)}
        changed = None if whatever_changed else touched.changed
        if changed and not changed & supported and self._sent_already(translation.wanted):
            names = ", ".join(sorted(_label(c) for c in changed))
            self._finish(
                Outcome(
                    position.id,
                    "skipped",
                    "no_supported_change",
                    said_of(f"Nothing to send: the only change was {names}, which {self.system.name} is never sent."),
                )
            )
            return
        self.trace[position.id].append(Trace(steps.REQUIRED_FIELDS(), True, steps.ALL_THERE()))
        since = employed_since(position, self.work.positions)
        self.wanted[position.id] = replace(translation.wanted, employed_since=since)

    def _sent_already(self, wanted: Wanted) -> bool:
        """Whether exactly these values were the last ones written for the position."""
        sent = self.work.sent.get(wanted.position_id)
        return sent is not None and all(
            same(sent.values.get(key), wanted.values.get(key)) for key in {*sent.values, *wanted.values}
        )

    # planning

    def _find_unanswered(self, remotes: Sequence[Remote]) -> None:
        """Records there that an earlier try made for a position, although its answer was lost; or took over from a
        position that is deleted: it moves with the new one, as it would have done had the answer come."""
        owners = {s.remote_id: p for owned in (self.work.sent, self.found) for p, s in owned.items()}
        for touched in self.open.values():
            if touched.position_id in self.work.sent or touched.position_id in self.found:
                continue
            made = [r for start in reversed(touched.tried) for r in remotes if r.start == start]
            remote = next((r for r in made if r.id not in owners), None)
            moves = self.system.moves and (self.work.rules.move or touched.move)
            if remote is None and moves and touched.position_id in self.here:
                remote = next((r for r in made if owners[r.id] not in self.here), None)
            if remote is not None:
                owners[remote.id] = touched.position_id
                self.found[touched.position_id] = Sent(remote.id)

    def _adopt(self, remotes: Sequence[Remote]) -> None:
        """Flat: the record says just what an earlier try meant to write for a position whose answer was lost, or what
        that try leaves when it is cut off between its calls, so it stands for that position: it is ended, taken over or
        reported like any other that was sent."""
        if not remotes or self.adopted is not None:
            return
        settings, there = self.connector.settings, remotes[0]
        fields = active_fields(self.system, settings)
        for touched in self.open.values():
            if touched.position_id in self.work.sent:
                continue
            for meant in reversed(touched.meant):
                wanted = meant.wanted
                if compare(self.system, fields, settings, wanted, there, None).changes:
                    if not partly_written(self.system, settings, wanted, meant.before, there):
                        continue
                    written = {k: v for k, v in wanted.values.items() if same(there.values.get(k), v)}
                    wanted = replace(wanted, values=written)
                self.last = self.adopted = LastSent(touched.position_id, Sent(there.id, wanted.values))
                target = self._case().target
                if target is None or target.id not in self.wanted:
                    self.wanted.clear()
                    self._choose()
                return

    def _plan(self, remotes: Sequence[Remote]) -> Plan:
        work, settings = self.work, self.connector.settings
        if self.system.model is Model.FLAT:
            return self._plan_flat(remotes[0] if remotes else None)
        intents = [
            Intent(
                t.position_id,
                self.wanted.get(t.position_id),
                work.sent.get(t.position_id) or self.found.get(t.position_id),
                t.move,
                t.position_id in work.outside,
                t.changed or frozenset(),
            )
            for t in self.open.values()
        ]
        others = {
            sent.remote_id: f"from {day(self.here[p].start)}"
            for p, sent in work.sent.items()
            if p not in self.trace and p in self.here
        } | {
            sent.remote_id: "of another company"
            for p, sent in work.sent.items()
            if p not in self.trace and p in work.outside
        }
        return plan_history(self.system, settings, intents, remotes, work.rules, others, self.connector.seen)

    def _settle(self, plan: Plan) -> None:
        """Ends the run for every position that the plan does not write."""
        for position_id, problem in plan.problems.items():
            self._fail(position_id, problem)
        for position_id, skip in plan.skips.items():
            self._skip(position_id, skip)
        for position_id, until in plan.waits.items():
            message = said_of(f"{self.system.name} takes the current position only: it is sent on {day(until)}.")
            told = plan.warnings.get(position_id, ())
            self._finish(Outcome(position_id, "waiting", "not_yet_current", message, warnings=told, wait_until=until))

    def _skip(self, position_id: str, skip: Skip) -> None:
        sent = Sent(skip.remote_id, skip.holds, skip.left_behind) if skip.remote_id else None
        gone = skip.cause in ("already_gone", "taken_over")
        field = skip.warnings[0].field if skip.cause == "stays_there" else ""
        self._finish(
            Outcome(
                position_id,
                "skipped",
                skip.cause,
                said_of(skip.message),
                field,
                warnings=skip.warnings,
                sent=sent,
                gone=gone,
            )
        )

    # writing

    def _carry_out(self, plan: Plan, employee: RemoteEmployee) -> bool:
        """Writes the plan's steps. True: read and plan once more for what is left (something was refused or stale)."""
        for step in plan.steps:
            self.trace.setdefault(step.position_id, [])
            if not self.execute:
                planned = self._outcome(step, "planned")
                planned.said, planned.warnings = said_of(step.note), (*step.warnings, *self._lacking(step))
                self._finish(planned)
                continue
            try:
                self._write(step, employee)
            except StaleError as error:
                if not self.stale_left:
                    raise
                self.stale_left -= 1
                self.common.append(Trace(steps.CHANGED_MEANWHILE(), None, steps.READING_AGAIN(what=error.said)))
                return True
            except DataRefusedError as error:
                self._refuse(step, error)
                return True
        for position_id, skip in plan.afterwards.items():
            self._skip(position_id, skip)
        return False

    def _write(self, step: Step, employee: RemoteEmployee) -> None:
        person = self.work.person
        if step.action is Action.CREATE or (self.system.model is Model.FLAT and step.position_id not in self.work.sent):
            self.report.unanswered.add(step.position_id)
            if self.system.model is Model.FLAT:
                self.before_write(step.position_id, step.remote.values if step.remote else {})
        try:
            if step.action is Action.CREATE:
                assert step.wanted is not None
                written = self.connector.create(employee, person, step.wanted)
            elif step.action is Action.DELETE:
                assert step.remote is not None
                written = self.connector.delete(employee, step.remote)
            else:
                assert step.remote is not None and step.wanted is not None
                written = self.connector.update(employee, person, step.remote, step.changes, step.wanted)
        except UnclearOutcomeError:
            self.trace[step.position_id].append(Trace(steps.SENT(action=_action(step)), None, steps.NO_ANSWER()))
            self._remember_unsure(step)
            raise
        except (DataRefusedError, StaleError, RateLimitedError, NotAuthorizedError, InterruptedRunError):
            self.report.unanswered.discard(step.position_id)
            raise
        self.report.unanswered.discard(step.position_id)
        outcome = self._outcome(step, "sent")
        accepted = written.pending or steps.RECORD(record=written.remote_id)
        outcome.trace.append(Trace(steps.ACCEPTED(action=_action(step)), True, accepted))
        outcome.pending, outcome.file_id = written.pending, written.file_id
        outcome.said = said_of(step.note, written.note)
        outcome.warnings = (*written.warnings, *step.warnings, *self._lacking(step))
        if step.action is Action.DELETE:
            outcome.gone = True
        else:
            unwritten = {w.field for w in written.warnings if w.field}
            held = {k: v for k, v in step.holds.items() if k not in unwritten}
            outcome.sent = Sent(written.remote_id, held, step.left_behind)
            outcome.older = self._older(step, held)
        self._finish(outcome)

    def _lacking(self, step: Step) -> tuple[Warning, ...]:
        return lacking(self.system, self.connector.settings, step.wanted) if step.wanted is not None else ()

    def _remember_unsure(self, step: Step) -> None:
        """Where reads come late, the next one does not tell whether this write was carried out."""
        sent = self.work.sent.get(step.position_id)
        if sent is not None and step.remote is not None and self.system.shows_late:
            unsure = dict.fromkeys(step.changes, Unsure())
            older = {k: [*o, step.changes[k].new] if k in unsure else o for k, o in self._older(step, unsure).items()}
            self.unsure[step.position_id] = (Sent(sent.remote_id, {**sent.values, **unsure}), older)

    def _outcome(self, step: Step, result: str) -> Outcome:
        if step.remote is not None and step.remote.start is not None:
            starts = steps.STARTS(start=step.remote.start)
            self.trace[step.position_id].append(Trace(steps.PERIOD_MATCHED(), True, starts))
        return Outcome(step.position_id, result, action=str(step.action), changes=step.changes)

    # endings

    def keep_adopted(self) -> None:
        """The adopted record stands for its position from now on, unless another one has taken it over just now."""
        outcomes = self.report.outcomes
        if self.adopted is None or any(o.sent or o.gone for o in outcomes.values()):
            return
        if self.adopted.position_id in outcomes:
            outcomes[self.adopted.position_id].sent = self.adopted.sent

    def _finish(self, outcome: Outcome) -> None:
        self.open.pop(outcome.position_id, None)
        outcome.unsent = self.unsent.get(outcome.position_id, {})
        outcome.trace = sorted(
            [*self.common, *self.trace.get(outcome.position_id, []), *outcome.trace], key=lambda t: t.at
        )
        self.report.outcomes[outcome.position_id] = outcome

    def _fail(self, position_id: str, problem: Problem, others: Sequence[Problem] = ()) -> None:
        said = (problem.said, *(p.said for p in others))
        title = steps.REQUIRED_FIELDS() if problem.cause == "missing_required_field" else steps.PLANNED()
        self._finish(
            Outcome(
                position_id,
                "failed",
                problem.cause,
                said,
                problem.field,
                params=problem.params,
                trace=[Trace(title, False, problem.said)],
            )
        )

    def _refuse(self, step: Step, error: DataRefusedError) -> None:
        outcome = self._outcome(step, "failed")
        outcome.cause, outcome.field = error.cause, error.field
        outcome.said = (error.said, *(w.said for w in step.warnings))
        outcome.vendor_text, outcome.vendor_code = error.vendor_text, error.vendor_code
        outcome.trace.append(Trace(steps.REFUSED(action=_action(step)), False, error.vendor_text or error.said))
        self._finish(outcome)

    def stop(self, error: ConnectorError) -> None:
        """The run cannot go on: every position still open gets this error."""
        self.report.error = error
        lasting = isinstance(error, (DataRefusedError, *NOBODY))
        for position_id in list(self.open):
            sent, older = self.unsure.get(position_id, (None, None))
            self._finish(
                Outcome(
                    position_id,
                    "failed" if lasting else "error",
                    error.cause,
                    (error.said,),
                    error.field,
                    sent=sent,
                    older=older,
                    vendor_text=error.vendor_text,
                    vendor_code=error.vendor_code,
                    error=error,
                    trace=[Trace(_stopped(error), False, error.said)],
                )
            )


def _counted(number: int) -> Message:
    return steps.PERIODS(number=number) if number > 1 else steps.ONE_PERIOD() if number else steps.NOTHING_YET()


def _label(key: str) -> str:
    return BY_KEY[key].label if key in BY_KEY else key.replace("_", " ").capitalize()


def _action(step: Step) -> Label:
    return Label(step.action.value)


def _stopped(error: ConnectorError) -> Message:
    return steps.MATCHED() if isinstance(error, NOBODY) else steps.ANSWERED()
