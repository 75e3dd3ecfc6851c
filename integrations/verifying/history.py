"""A period of the test person in a system with employment history: made, changed, moved, ended, and taken away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from integrations.planning.states import State
from integrations.planning.translate import same
from integrations.sdk.confirming import Act, Sample
from integrations.sdk.declaration import Delete
from integrations.sdk.errors import ConnectorError, DataRefusedError, StaleError
from integrations.sdk.params import Span
from integrations.sdk.values import Change, Remote
from integrations.verifying import texts
from integrations.verifying.trial import Trial
from integrations.verifying.writes import ID, Writes

MONTH = timedelta(days=31)


def first_free_day(today: date, ends: list[date | None]) -> date:
    """The first of a month to come, after all that is there: nothing of it is in anybody's pay yet."""
    last = max([today, *(end for end in ends if end is not None)])
    return (last.replace(day=28) + timedelta(days=4)).replace(day=1)


class HistoryWrites(Writes):
    """`also`: acts that only some systems are asked for. `before`: the records that the test person has already."""

    def __init__(
        self, trial: Trial, sample: Sample, given: Sample, before: Sequence[Remote], also: frozenset[Act]
    ) -> None:
        start = first_free_day(trial.connector.context.today, [remote.end for remote in before])
        super().__init__(trial, sample, given, start)
        self.starts = {start}  # under which something may have been made
        self.also, self.before = also, {remote.id for remote in before}

    def carry_out(self) -> None:
        """Raises nothing."""
        try:
            with self.trial.trying(Act.CREATE):
                self.make(("start_date", "end_date"))
            if self.sent:
                self._go_on()
        finally:  # also where somebody presses Ctrl-C
            self._tidy_up()

    def _go_on(self) -> None:
        trial = self.trial
        with trial.trying(Act.AGAIN):
            self.again(self.position(self.values))
        now = {**self.values, **self.other}
        before = self.mine()
        if self.other:
            with trial.trying(Act.CHANGE):
                self.write(Act.CHANGE, self.position(now), list(self.other))
            if Act.STALE in self.also and before is not None:
                with trial.trying(Act.STALE):
                    self._stale(before)
        if Act.OVERLAP in self.also:
            with trial.trying(Act.OVERLAP):
                self._overlap()
        if self.system.moves:
            with trial.trying(Act.MOVE):
                later = self.start + timedelta(days=7)
                self.starts.add(later)
                self.write(Act.MOVE, self.position(now, start=later), ["start_date"], move=True)
                self.start = later
        self._by_day(now)
        end = self.start + 3 * MONTH
        with trial.trying(Act.END):
            self.write(Act.END, self.position(now, end), self.ending())
        with trial.trying(Act.REOPEN):
            self.write(Act.REOPEN, self.position(now), self.ending())
        emptied = self.clearable()
        if emptied:
            with trial.trying(Act.CLEAR):
                left = {key: value for key, value in now.items() if key not in emptied}
                self.write(Act.CLEAR, self.position(left), emptied)

    def _by_day(self, now: Mapping[str, Any]) -> None:
        """The change is taken back from a month later on, of what the system keeps in rows by day."""
        rows = [k for k in self.other if self.system.field(k).in_rows(self.settings)]
        if not rows:
            return
        with self.trial.trying(Act.BY_DAY):
            position, day = self.position(now), self.start + MONTH
            dated = self.by_day(position, day, {key: self.values[key] for key in rows})
            outcome, remote = self.bring(dated), self.mine()
            if outcome.state is not State.SUCCEEDED or remote is None:
                self.trial.odd(Act.BY_DAY, texts.NOT_WRITTEN(said=outcome.said[0]))
                return
            then = self.wanted(self.position(self.values))
            for key in rows:
                shown = [value for since, value in remote.rows.get(key, ()) if since == day]
                if not shown or not same(shown[0], then.values[key]):
                    said = texts.OTHERWISE(
                        act=texts.HOW[Act.BY_DAY], sent=str(then.values[key]), shown=str(shown[0] if shown else "")
                    )
                    self.trial.odd(Act.BY_DAY, said)
            self.trial.confirm(Act.BY_DAY)
            self.bring(position)  # one row again, so that what follows is of the whole period

    def _stale(self, before: Remote) -> None:
        """By a record as it was read before the last change of it."""
        assert self.trial.employee is not None
        key = next(iter(self.other))
        wanted = self.wanted(self.position(self.values))
        change = {key: Change(before.values.get(key), wanted.values[key])}
        try:
            self.connector.update(self.trial.employee, self.person, before, change, wanted)
        except StaleError as error:
            self.trial.confirm(Act.STALE, texts.REFUSED(said=error.said))
        else:
            self.trial.odd(Act.STALE, texts.ACCEPTED())

    def _overlap(self) -> None:
        """Never asked for by the planner: it is refused here first."""
        assert self.trial.employee is not None
        start = self.start + timedelta(days=2)
        self.starts.add(start)
        second = self.position({**self.values}, start + timedelta(days=5), start)
        try:
            self.connector.create(self.trial.employee, self.person, replace(self.wanted(second), position_id="second"))
        except (DataRefusedError, StaleError) as error:
            self.trial.confirm(Act.OVERLAP, texts.REFUSED(said=error.said))
        else:
            self.trial.odd(Act.OVERLAP, texts.ACCEPTED())
            if self.system.delete is not Delete.BY_HAND:  # at once: what follows is of the one period
                for remote in self.there():
                    if remote.start == start and remote.id not in self.before:
                        self._taken_away(remote)

    # -- the end -----------------------------------------------------------------------------------------

    def _tidy_up(self) -> None:
        """Deletes what was made, or ends it where the system cannot; also what came of a call without an answer."""
        by_hand = self.system.delete is Delete.BY_HAND
        if self.was and self.sent:
            with self.trial.trying(Act.CHANGE):
                self.write_back(Act.CHANGE, self.was)
        if self.sent:
            with self.trial.trying(Act.END if by_hand else Act.DELETE):
                self._end() if by_hand else self._delete()
        with self.trial.trying(Act.CREATE):
            for remote in self.there() if self.matched else ():
                ours = remote.id not in self.before and remote.start in self.starts
                if ours and (by_hand or not self._taken_away(remote)):
                    self.trial.left.append(texts.LEFT_PERIOD(period=Span(remote.start or self.start, remote.end)))
        self.tell_beside(self.beside)

    def _end(self) -> None:
        self.bring(self.position({**self.values, **self.other}, self.start + 3 * MONTH))

    def _delete(self) -> None:
        record = self.sent[ID].remote_id
        outcome = self.bring(None)
        if not outcome.gone:
            self.trial.odd(Act.DELETE, texts.NOT_WRITTEN(said=outcome.said[0]))
        elif any(remote.id == record for remote in self.there()):
            self.trial.odd(Act.DELETE, texts.STILL_THERE())
        self.trial.confirm(Act.DELETE)

    def _taken_away(self, remote: Remote) -> bool:
        employee = self.trial.employee
        assert employee is not None
        try:
            self.trial.patiently(lambda: self.connector.delete(employee, remote))
        except ConnectorError as error:
            self.trial.refused(Act.DELETE, error)
            return False
        return all(one.id != remote.id for one in self.there())
