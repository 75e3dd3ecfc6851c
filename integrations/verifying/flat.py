"""The test person's record in a system that knows the current position only: written, changed, ended, and given back
what it held."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from integrations.planning.states import State
from integrations.sdk.confirming import Act, Sample
from integrations.sdk.values import Remote
from integrations.verifying import texts
from integrations.verifying.trial import Trial
from integrations.verifying.writes import ID, Writes

END_IN = timedelta(days=60)  # it is current today, and ends on a day to come


class FlatWrites(Writes):
    """`before`: the record as it was, if the test person has one already."""

    def __init__(self, trial: Trial, sample: Sample, given: Sample, before: Sequence[Remote]) -> None:
        self.before = before[0] if before else None
        today = trial.connector.context.today
        began = self.before.start if self.before else None
        super().__init__(trial, sample, given, began if began and began <= today else today.replace(day=1))
        if self.before is None and not self.beside:  # then all of the record is the employee's
            self.beside = [key for key in self.values if not self.system.field(key).required]

    def carry_out(self) -> None:
        """Raises nothing."""
        try:
            with self.trial.trying(Act.CREATE):
                self.make(self._start())
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
                outcome = self.bring(self.position({**self.values, **self.other}, self.today))
                if outcome.state not in (State.SUCCEEDED, State.SKIPPED):
                    self.trial.odd(Act.RESTORE, texts.NOT_WRITTEN(said=outcome.said[0]))
                self.write_back(Act.RESTORE, self.was)
                self.tell_beside(self.beside or self.wrote)
                self.trial.confirm(Act.RESTORE, texts.ENDED_TODAY())
            return
        self.write_back(Act.RESTORE, self.before.values)
        self.trial.confirm(Act.RESTORE)

    def _made(self) -> str:
        """The id of the record that was made, also of one whose making had no answer; "": none was."""
        if self.sent:
            return self.sent[ID].remote_id
        found = self.there() if self.matched else ()  # unless the record is somebody else's
        return next((remote.id for remote in found), "")

    def current(self) -> Remote | None:
        return next(iter(self.there()), None)
