"""The test person's record in a system that knows the current position only: written, changed, ended, and given back
what it held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from integrations.planning.states import State
from integrations.planning.translate import active_fields, empty, same
from integrations.sdk.confirming import Act, Sample
from integrations.sdk.params import FieldName
from integrations.sdk.values import Change, Remote
from integrations.verifying import texts
from integrations.verifying.trial import Trial
from integrations.verifying.writes import ID, LOOK_EVERY, Writes, plain

END_IN = timedelta(days=60)  # it is current today, and ends on a day to come


class FlatWrites(Writes):
    """`before`: the record as it was, if the test person has one already."""

    def __init__(self, trial: Trial, sample: Sample, given: Sample, before: Sequence[Remote]) -> None:
        self.before = before[0] if before else None
        today = trial.connector.context.today
        began = self.before.start if self.before else None
        super().__init__(trial, sample, given, began if began and began <= today else today.replace(day=1))

    def carry_out(self) -> None:
        """Raises nothing."""
        try:
            with self.trial.trying(Act.CREATE):
                self.write(Act.CREATE, self.position(self.values), [*self.values, *self._start()])
            if self.sent:
                self._go_on()
        finally:  # also where somebody presses Ctrl-C
            with self.trial.trying(Act.RESTORE):
                self._restore()

    def _go_on(self) -> None:
        trial, now = self.trial, {**self.values, **self.other}
        with trial.trying(Act.AGAIN):
            self.again(self.position(self.values))
        if self.other:
            with trial.trying(Act.CHANGE):
                self.write(Act.CHANGE, self.position(now), list(self.other))
        if "end_date" in self.ending():
            end = max(self.today, self.start) + END_IN
            with trial.trying(Act.END):
                self.write(Act.END, self.position(now, end), self.ending())
            with trial.trying(Act.REOPEN):
                self.write(Act.REOPEN, self.position(now), ["end_date"])
        emptied = self.clearable()
        if emptied:
            with trial.trying(Act.CLEAR):
                left = {key: value for key, value in now.items() if key not in emptied}
                self.write(Act.CLEAR, self.position(left), emptied)

    def _start(self) -> list[str]:
        return ["start_date"] if self.system.field("start_date").sent(self.settings) else []

    def _restore(self) -> None:
        """What was made for the test person stays, and ends today; what was there is written back."""
        if not self.trial.employee:
            return
        if self.before is None:
            made = self._made()
            if made:
                self.trial.left.append(texts.LEFT_RECORD(record=made))
                self.tell_beside(self.on_employee or self.wrote)
                outcome = self.bring(self.position({**self.values, **self.other}, self.today))
                if outcome.state not in (State.SUCCEEDED, State.SKIPPED):
                    self.trial.odd(Act.RESTORE, texts.NOT_WRITTEN(said=outcome.said[0]))
                self.trial.confirm(Act.RESTORE, texts.ENDED_TODAY())
            return
        now, changes = self._differing(self.before)
        wrote = {key: c for key, c in changes.items() if c.new is not None or self.system.field(key).clearable}
        if now is not None and wrote:
            sent = self.wanted(self.position(self.values))
            values = {**sent.values, **{key: change.new for key, change in wrote.items()}}
            back, employee = replace(sent, values=values), self.trial.employee
            self.trial.patiently(lambda: self.connector.update(employee, self.person, now, wrote, back))
        late = min(self.system.shows_late, self.trial.patience)
        while (changes := self._differing(self.before)[1]).keys() & wrote.keys() and late > 0:
            self.trial.sleep(LOOK_EVERY)
            late -= LOOK_EVERY
        for key, change in changes.items():
            said = texts.LEFT_FIELD(field=FieldName(key), before=plain(key, change.new), now=plain(key, change.old))
            self.trial.left.append(said)
            if key in wrote:
                self.trial.odd(Act.RESTORE, said)
        self.trial.confirm(Act.RESTORE)

    def _made(self) -> str:
        """The id of the record that was made, also of one whose making had no answer; "": none was."""
        if self.sent:
            return self.sent[ID].remote_id
        found = self.there() if self.matched else ()  # unless the record is somebody else's
        return next((remote.id for remote in found), "")

    def _differing(self, before: Remote) -> tuple[Remote | None, dict[str, Change]]:
        """The record now, and what of it is to be written back."""
        now = next(iter(self.there()), None)
        sent = {f.ours for f in active_fields(self.system, self.settings)}
        shown = now.values if now else {}
        return now, {
            key: Change(shown[key], None if empty(value) else value)
            for key, value in before.values.items()
            if key in sent and key in shown and not same(value, shown[key])
        }
