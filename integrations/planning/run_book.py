"""What a run has found out so far: which positions are open, what they are to say, and what became of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from integrations.planning import steps, texts
from integrations.planning.placed import where_it_goes_now, written_as
from integrations.planning.planner import Plan, Sent, Skip
from integrations.planning.states import State
from integrations.planning.translate import active_fields, same, to_come, translate
from integrations.planning.work import NOBODY, Outcome, Report, Touched, Trace, Work
from integrations.sdk.connector import Connector
from integrations.sdk.declared_field import Dates
from integrations.sdk.errors import ConnectorError, DataRefusedError
from integrations.sdk.messages import Message
from integrations.sdk.params import FieldName
from integrations.sdk.periods import employed_since
from integrations.sdk.timelines import Timeline
from integrations.sdk.values import Position, Problem, Wanted


class Book:
    """Of one run.

    open    the positions still to be brought in line
    here    all of the employee's positions here, by id
    wanted  what is to be there, of those that are to be written
    begun   positions whose record was made in this run and is to be given more, with what became of them by that
    unsure  writes that were not answered: what is held for written then, and what reads may show for a while
    """

    def __init__(self, connector: Connector, work: Work, *, execute: bool) -> None:
        self.connector, self.execute = connector, execute
        self.system, self.settings = connector.system, connector.settings
        sent = {key: where_it_goes_now(self.system, self.settings, one) for key, one in work.sent.items()}
        self.work = replace(work, sent=sent)
        self.report = Report()
        self.open = {t.position_id: t for t in work.touched}
        self.here = {p.id: p for p in work.positions}
        self.wanted: dict[str, Wanted] = {}
        self.unsent: dict[str, Mapping[str, Message]] = {}
        self.trace: dict[str, list[Trace]] = {t.position_id: [] for t in work.touched}
        self.common: list[Trace] = []
        self.begun: dict[str, Outcome] = {}
        self.unsure: dict[str, tuple[Sent, Mapping[str, Sequence[Any]]]] = {}

    # before any call

    def translate(self, position: Position, touched: Touched, *, whatever_changed: bool = False) -> None:
        """What it is to say there; it leaves the run if that cannot be sent, or if nothing of it changed."""
        translation = translate(self.system, position, self.settings)
        self.unsent[position.id] = translation.unsent
        if translation.wanted is None:
            self.fail(position.id, *translation.problems)
            return
        self.report.translated[position.id] = position, translation.wanted
        supported = {f.ours for f in active_fields(self.system, self.settings)}
        changed = None if whatever_changed else touched.changed
        if changed and not changed & supported and self._sent_already(translation.wanted):
            names = tuple(FieldName(key) for key in sorted(changed))
            switched_off = any(f.ours in changed and f.supported for f in self.system.fields)
            said = texts.ONLY_SWITCHED_OFF_CHANGED if switched_off else texts.ONLY_UNSENT_CHANGED
            self.skip(position.id, Skip((said(fields=names, system=self.system.name),)))
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

    # whose record it is

    def leave_record(self) -> None:
        """What was written until now was written to a record that is not this employee's (any more)."""
        if self.work.sent and self.work.match.withheld is None:
            self.report.wrong_record = self.work.match.written_to or self.work.remote_employee_id

    def start_over(self) -> None:
        """Nothing was ever written to the record that is the right one: what is open is to be prepared anew."""
        self.work = replace(self.work, sent={})
        self.unprepare()

    def unprepare(self) -> None:
        """What is open is to be prepared anew."""
        self.wanted.clear()
        self.trace = {position_id: [] for position_id in self.open}

    # endings

    def settle(self, plan: Plan) -> None:
        """Ends the run for every position that the plan does not write."""
        for position_id, problem in plan.problems.items():
            self.fail(position_id, problem)
        for position_id, skip in plan.skips.items():
            self.skip(position_id, skip)
        for position_id, until in plan.waits.items():
            said = (texts.NOT_YET_CURRENT(system=self.system.name, day=until),)
            told = plan.warnings.get(position_id, ())
            self.finish(Outcome(position_id, State.WAITING, "not_yet_current", said, warnings=told, wait_until=until))

    def skip(self, position_id: str, skip: Skip) -> None:
        self.finish(
            Outcome(
                position_id,
                State.SKIPPED,
                skip.cause,
                skip.said,
                skip.warnings[0].field if skip.cause == "stays_there" else "",
                warnings=skip.warnings,
                sent=Sent(skip.remote_id, skip.holds, skip.left_behind, found=skip.found) if skip.remote_id else None,
                gone=skip.cause in ("already_gone", "taken_over"),
            )
        )

    def fail(self, position_id: str, problem: Problem, *others: Problem) -> None:
        title = steps.REQUIRED_FIELDS() if problem.cause == "missing_required_field" else steps.PLANNED()
        self.finish(
            Outcome(
                position_id,
                State.FAILED,
                problem.cause,
                tuple(said for one in (problem, *others) for said in one.everything),
                problem.field,
                params=problem.params,
                trace=[Trace(title, False, problem.said)],
            )
        )

    def stop(self, error: ConnectorError) -> None:
        """The run cannot go on: every position still open gets this error."""
        self.report.error = error
        lasting = isinstance(error, (DataRefusedError, *NOBODY))
        title = steps.MATCHED() if isinstance(error, NOBODY) else steps.ANSWERED()
        for position_id in list(self.open):
            sent, older = self.unsure.get(position_id, (None, None))
            self.finish(
                Outcome(
                    position_id,
                    State.FAILED if lasting else State.RETRYING,
                    error.cause,
                    (error.said,),
                    error.field,
                    sent=sent,
                    older=older,
                    vendor_text=error.vendor_text,
                    vendor_code=error.vendor_code,
                    error=error,
                    trace=[Trace(title, False, error.said)],
                )
            )

    def begin(self, outcome: Outcome) -> None:
        """Its record is made, and more is to be written to it in this run."""
        self.begun[outcome.position_id] = outcome

    def made(self, position_id: str) -> Sent | None:
        """What was written when its record was made in this run, if more is to follow."""
        begun = self.begun.get(position_id)
        return begun.sent if begun else None

    def finish(self, outcome: Outcome) -> None:
        self.open.pop(outcome.position_id, None)
        self._go_on_from(self.begun.get(outcome.position_id), outcome)
        self._by_day(outcome)
        if outcome.sent is not None:
            said = written_as(self.system, self.settings, outcome.sent.values)
            outcome.sent = replace(outcome.sent, written_as=said)
        outcome.unsent = self.unsent.get(outcome.position_id, {})
        lines = [*self.common, *self.trace.get(outcome.position_id, []), *outcome.trace]
        outcome.trace = sorted(lines, key=lambda t: t.at)
        self.report.outcomes[outcome.position_id] = outcome

    @staticmethod
    def _go_on_from(begun: Outcome | None, outcome: Outcome) -> None:
        """What was done at first belongs to it."""
        if begun is None:
            return
        outcome.sent = outcome.sent or begun.sent
        outcome.action, outcome.changes = begun.action, {**begun.changes, **outcome.changes}
        outcome.trace = [*begun.trace, *outcome.trace]
        outcome.warnings = (*begun.warnings, *outcome.warnings)
        if outcome.state is State.SKIPPED:
            outcome.state, outcome.cause, outcome.said = State.SUCCEEDED, "", begun.said

    def _by_day(self, outcome: Outcome) -> None:
        """What it was to hold on which day; and the day on which it says something else, which is sent only then."""
        wanted, position = self.wanted.get(outcome.position_id), self.here.get(outcome.position_id)
        if wanted is None or position is None or outcome.state not in (State.SUCCEEDED, State.SKIPPED):
            return
        if outcome.sent is not None:
            outcome.sent = replace(outcome.sent, terms=self._said(wanted, outcome.sent))
        later = to_come(self.system, position, self.settings, self.work.today)
        if later is not None:
            outcome.wait_until, keys = later
            fields = tuple(FieldName(key) for key in keys)
            outcome.said = (*outcome.said, texts.COUNTS_LATER(day=outcome.wait_until, fields=fields))

    def _said(self, wanted: Wanted, sent: Sent) -> dict[str, Timeline]:
        """What is there now by day. Where the system has no rows, nothing of days to come. What was not written is
        there as before."""
        found: dict[str, Timeline] = {}
        before = self.work.sent.get(wanted.position_id)
        for declared in active_fields(self.system, self.settings):
            key = declared.ours
            if key in sent.found:
                if before is not None and key in before.terms and key in sent.values:
                    found[key] = before.terms[key]
            elif declared.dated is not Dates.NONE and key in sent.values:
                rows = wanted.timeline(key)
                if not declared.in_rows(self.settings):
                    rows = [(day, value) for day, value in rows if day <= self.work.today] or rows[:1]
                found[key] = rows
        return found
