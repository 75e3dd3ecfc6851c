"""What a run does in a system that knows the current position only: one record for the employee."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from integrations.planning.flat import partly_written, plan_flat
from integrations.planning.flat_case import Case, LastSent, Standing, as_ended
from integrations.planning.planner import Action, Plan, Sent, Step, compare, written_at_first
from integrations.planning.run_book import Book
from integrations.planning.translate import active_fields, same, translate
from integrations.planning.work import Meant, Touched, Work
from integrations.sdk.declaration import System
from integrations.sdk.periods import current_since
from integrations.sdk.values import Remote, RemoteEmployee, Wanted

# Called before the record is given to another position, with that one's id and what the record holds.
BeforeWrite = Callable[[str, Mapping[str, Any]], None]


def about_to_write(system: System, settings: Mapping[str, Any], work: Work) -> Wanted | None:
    """What a run is going to give the record there, if that is for another position than the last one."""
    target = _case(system, settings, work, (t.position_id for t in work.touched), _last_sent(work)).target
    return translate(system, target, settings).wanted if target is not None and target.id not in work.sent else None


def _last_sent(work: Work) -> LastSent | None:
    return next((LastSent(position_id, sent) for position_id, sent in work.sent.items()), None)


def _case(
    system: System, settings: Mapping[str, Any], work: Work, touched: Iterable[str], last: LastSent | None
) -> Case:
    return Case(system, settings, work.positions, frozenset(touched), last, work.rules, work.today, work.outside)


class FlatRun:
    """`last`: the position that the record there stands for. `adopted`: the same, where it turned out that an earlier
    try, whose answer was lost, had written it."""

    def __init__(self, book: Book, before_write: BeforeWrite = lambda *_: None) -> None:
        self.book, self.before_write = book, before_write
        self.last: LastSent | None = None
        self.adopted: LastSent | None = None

    def prepare(self) -> None:
        """Translates the position to write; whatever is refused or has nothing to send leaves the run before any
        call."""
        book = self.book
        self.last = _last_sent(book.work)
        self._choose()
        unclear = any(t.meant and t.position_id not in book.work.sent for t in book.open.values())
        deletes = self.last is not None and self.last.position_id in book.open and self._now().deletes
        if book.open and not book.wanted and not (unclear or deletes):
            # Nothing to write: whatever else changed is settled without asking the target at all.
            book.settle(self.plan(()))

    def settled_without_record(self) -> bool:
        """Whether all that is open could be settled although nobody is found there: it was only looked whether an
        earlier try had written something."""
        if self.book.wanted:
            return False
        self.book.settle(self.plan(()))
        return True

    def with_record(self, employee: RemoteEmployee) -> RemoteEmployee:
        if self.last is None:
            return employee
        return replace(employee, record_id=self.last.sent.remote_id, position_id=self.last.position_id)

    def look(self, remotes: Sequence[Remote]) -> None:
        """The record may say just what an earlier try meant to write for a position whose answer was lost, or what
        that try leaves when it is cut off between its calls. It stands for that position then: it is ended, taken over
        or reported like any other that was sent."""
        if not remotes or self.adopted is not None:
            return
        for touched in self.book.open.values():
            if touched.position_id in self.book.work.sent:
                continue
            tries = (self._written(meant, remotes[0]) for meant in reversed(touched.meant))
            written = next((values for values in tries if values is not None), None)
            if written is not None:
                self._adopt(LastSent(touched.position_id, written))
                return

    def _written(self, meant: Meant, there: Remote) -> Sent | None:
        """What of it stands there, if it was this try that wrote it. What only a new record is given was not written to
        one that said so before: it was found there."""
        system, settings, wanted = self.book.system, self.book.settings, meant.wanted
        fields = active_fields(system, settings)
        if not compare(system, fields, settings, wanted, there, None).changes:
            values = dict(wanted.values)
        elif partly_written(system, settings, wanted, meant.before, there):
            values = {k: v for k, v in wanted.values.items() if same(there.values.get(k), v)}
        else:
            return None
        at_first = {f.ours for f in fields if written_at_first(f, settings)}
        said = {k for k in at_first & {*values} if any(same(b.get(k), values[k]) for b in meant.before)}
        ours = {k: v for k, v in values.items() if k not in said}
        return Sent(there.id, ours, found={k: values[k] for k in said})

    def _adopt(self, written: LastSent) -> None:
        self.last = self.adopted = written
        target = self._now().target
        if target is None or target.id not in self.book.wanted:
            self.book.wanted.clear()
            self._choose()

    def _now(self) -> Case:
        return _case(self.book.system, self.book.settings, self.book.work, self.book.open, self.last)

    def _choose(self) -> None:
        book, case = self.book, self._now()
        target = case.target
        if target is None:
            return
        touched = book.open.setdefault(target.id, Touched(target.id))
        book.trace.setdefault(target.id, [])
        # A start that moves a position into the future matters there, be it sent or not.
        book.translate(target, touched, whatever_changed=case.standing is Standing.UPCOMING)
        if target.id in book.wanted:
            counts_from = current_since(target, case.positions, case.today)
            wanted = replace(book.wanted[target.id], counts_from=counts_from)
            over = case.standing is Standing.OVER
            book.wanted[target.id] = as_ended(book.system, book.settings, wanted) if over else wanted

    def plan(self, remotes: Sequence[Remote]) -> Plan:
        book = self.book
        chosen = next((p for p in book.open if p in book.wanted), "")
        again = any(t.again for t in book.open.values())
        changed = book.open[chosen].changed if chosen else None
        case = replace(self._now(), again=again, changed=changed or frozenset())
        return plan_flat(case, book.wanted.get(chosen), remotes[0] if remotes else None)

    def makes(self, step: Step) -> bool:
        """Whether this step gives the record to another position, so that a lost answer leaves open whose it is."""
        if step.action is Action.DELETE or (
            step.action is not Action.CREATE and step.position_id in self.book.work.sent
        ):
            return False
        self.before_write(step.position_id, step.remote.values if step.remote else {})
        return True

    def end(self) -> None:
        """The adopted record stands for its position from now on, unless another one has taken it over just now."""
        outcomes = self.book.report.outcomes
        if self.adopted is None or any(o.sent or o.gone for o in outcomes.values()):
            return
        if self.adopted.position_id in outcomes:
            outcomes[self.adopted.position_id].sent = self.adopted.sent
