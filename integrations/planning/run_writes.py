"""How a run carries out the steps of a plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from integrations.planning import steps
from integrations.planning.planner import Action, Plan, Sent, Step
from integrations.planning.run_book import Book
from integrations.planning.states import State
from integrations.planning.translate import empty, lacking, same
from integrations.planning.work import Outcome, Trace
from integrations.sdk.errors import (
    DataRefusedError,
    InterruptedRunError,
    NotAuthorizedError,
    RateLimitedError,
    StaleError,
    UnclearOutcomeError,
)
from integrations.sdk.marking import gettext_noop as _
from integrations.sdk.messages import said_of
from integrations.sdk.params import Label
from integrations.sdk.values import Remote, RemoteEmployee, Unsure, Warning, Written

MOST_OLDER = 6  # values of one field that were written within the time in which a read may come late


class Writes:
    """Of one run. `makes(step)` is asked just before a write: whether a lost answer leaves open if there is a record
    of this position."""

    def __init__(self, book: Book, makes: Callable[[Step], bool]) -> None:
        self.book, self.makes = book, makes
        self.stale_left = 1
        self._made: set[str] = set()

    def carry_out(self, plan: Plan, employee: RemoteEmployee, remotes: Sequence[Remote]) -> bool:
        """Writes the plan's steps, made from these records. True: read and plan once more for what is left (something
        was refused or stale, or a record that was made is to get more)."""
        book = self.book
        for step in plan.steps:
            book.trace.setdefault(step.position_id, [])
            if not book.execute:
                self._preview(step)
                continue
            try:
                self._write(step, employee)
            except StaleError as error:
                if not self.stale_left:
                    raise
                self.stale_left -= 1
                book.common.append(Trace(steps.CHANGED_MEANWHILE(), None, steps.READING_AGAIN(what=error.said)))
                return True
            except DataRefusedError as error:
                if self._appeared(step, employee, remotes):
                    self.stale_left -= 1
                    book.common.append(Trace(steps.CHANGED_MEANWHILE(), None, steps.READING_AGAIN(what=error.said)))
                else:
                    self._refuse(step, error)
                return True
        for position_id, skip in plan.afterwards.items():
            book.skip(position_id, skip)
        return any(step.position_id in book.open for step in plan.steps if step.goes_on)

    def _appeared(self, step: Step, employee: RemoteEmployee, remotes: Sequence[Remote]) -> bool:
        """Whether what was to be made may have been refused for a record that was made there since they were read."""
        if step.action is not Action.CREATE or not self.stale_left:
            return False
        known = {remote.id for remote in remotes} | self._made
        return any(now.id not in known for now in self.book.connector.read(employee))

    def _preview(self, step: Step) -> None:
        planned = self._outcome(step, State.PLANNED)
        planned.said, planned.warnings = said_of(step.note), (*step.warnings, *self._lacking(step))
        self.book.finish(planned)

    def _write(self, step: Step, employee: RemoteEmployee) -> None:
        book = self.book
        if self.makes(step):
            book.report.unanswered.add(step.position_id)
        try:
            written = self._call(step, employee)
        except UnclearOutcomeError:
            book.trace[step.position_id].append(Trace(steps.SENT(action=_action(step)), None, steps.NO_ANSWER()))
            self._remember_unsure(step)
            raise
        except (DataRefusedError, StaleError, RateLimitedError, NotAuthorizedError, InterruptedRunError):
            book.report.unanswered.discard(step.position_id)
            raise
        book.report.unanswered.discard(step.position_id)
        self._accept(step, written)

    def _call(self, step: Step, employee: RemoteEmployee) -> Written:
        connector, person = self.book.connector, self.book.work.person
        if step.action is Action.CREATE:
            assert step.wanted is not None
            return connector.create(employee, person, step.wanted)
        assert step.remote is not None
        if step.action is Action.DELETE:
            return connector.delete(employee, step.remote)
        assert step.wanted is not None
        return connector.update(employee, person, step.remote, step.changes, step.wanted)

    def _accept(self, step: Step, written: Written) -> None:
        outcome = self._outcome(step, State.SUCCEEDED)
        accepted = written.pending or steps.RECORD(record=written.remote_id)
        outcome.trace.append(Trace(steps.ACCEPTED(action=_action(step)), True, accepted))
        outcome.pending, outcome.file_id = written.pending, written.file_id
        outcome.said = said_of(step.note, written.note)
        outcome.warnings = (*written.warnings, *step.warnings, *self._lacking(step))
        if step.action is Action.DELETE:
            outcome.gone = True
        else:
            unwritten = {w.field for w in written.warnings if w.field}
            held = {k: v for k, v in step.holds.items() if k not in unwritten | written.not_ours}
            outcome.sent = Sent(written.remote_id, held, step.left_behind, found=_found(step, unwritten))
            self._made.add(written.remote_id)
            outcome.older = self._older(step, held)
        if step.goes_on:
            self.book.begin(outcome)
        else:
            self.book.finish(outcome)

    def _refuse(self, step: Step, error: DataRefusedError) -> None:
        outcome = self._outcome(step, State.FAILED)
        outcome.cause, outcome.field = error.cause, error.field
        outcome.said = (error.said, *(w.said for w in step.warnings))
        outcome.vendor_text, outcome.vendor_code = error.vendor_text, error.vendor_code
        why = steps.THEIR_WORDS(words=error.vendor_text) if error.vendor_text else error.said
        outcome.trace.append(Trace(steps.REFUSED(action=_action(step)), False, why))
        self.book.finish(outcome)

    def _outcome(self, step: Step, state: State) -> Outcome:
        if step.remote is not None and step.remote.start is not None:
            starts = steps.STARTS(start=step.remote.start)
            self.book.trace[step.position_id].append(Trace(steps.PERIOD_MATCHED(), True, starts))
        return Outcome(step.position_id, state, action=str(step.action), changes=step.changes)

    def _lacking(self, step: Step) -> tuple[Warning, ...]:
        return lacking(self.book.system, self.book.settings, step.wanted) if step.wanted is not None else ()

    def _older(self, step: Step, written: Mapping[str, Any]) -> Mapping[str, Sequence[Any]]:
        """What reads may show for a while in the place of what this step wrote or may have written."""
        if not self.book.system.shows_late:
            return {}
        sent = next((s for s in self.book.work.sent.values() if step.remote and s.remote_id == step.remote.id), None)
        before = dict(sent.older) if sent else {}
        for key, change in step.changes.items():
            if key in written:
                before[key] = [*before.get(key, ()), change.old][-MOST_OLDER:]
        return before

    def _remember_unsure(self, step: Step) -> None:
        """Where reads come late, the next one does not tell whether this write was carried out."""
        sent = self.book.work.sent.get(step.position_id)
        if sent is not None and step.remote is not None and self.book.system.shows_late:
            unsure = dict.fromkeys(step.changes, Unsure())
            older = {k: [*o, step.changes[k].new] if k in unsure else o for k, o in self._older(step, unsure).items()}
            self.book.unsure[step.position_id] = (replace(sent, values={**sent.values, **unsure}, older={}), older)


def _found(step: Step, unwritten: Iterable[str]) -> dict[str, Any]:
    """What the record holds that is not ours: of what was not written, what stood there and is not as here. In a new
    record that is nothing but what it keeps of the one before."""
    meant = step.wanted.values if step.wanted else {}
    stays = {k: step.before[k] for k in unwritten if k in step.before and not same(step.before[k], meant.get(k))}
    return {**step.found, **{k: v for k, v in stays.items() if step.remote is not None or empty(meant.get(k))}}


_ACTIONS = {
    Action.CREATE: Label(_("create")),
    Action.UPDATE: Label(_("update")),
    Action.MOVE: Label(_("move")),
    Action.END: Label(_("end")),
    Action.DELETE: Label(_("delete")),
}


def _action(step: Step) -> Label:
    return _ACTIONS[step.action]
