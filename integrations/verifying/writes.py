"""Writes the test person's position by the planner's own run, as a worker would, and reads it again after each step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from integrations.planning.planner import Rules, Sent
from integrations.planning.run import run
from integrations.planning.states import State
from integrations.planning.texts import NOT_OF_TODAY
from integrations.planning.translate import active_fields, empty, same, translate
from integrations.planning.work import Outcome, Report, Touched, Work
from integrations.sdk.confirming import Act, Sample
from integrations.sdk.declared_field import Field
from integrations.sdk.errors import RateLimitedError
from integrations.sdk.fields import BY_KEY
from integrations.sdk.masking import MASK
from integrations.sdk.messages import Message
from integrations.sdk.params import FieldName
from integrations.sdk.periods import nearest
from integrations.sdk.values import Change, Person, Position, Remote, Wanted
from integrations.verifying import texts
from integrations.verifying.trial import ActOverError, Trial

ID = "verify"
OF_THE_PERIOD = ("start_date", "end_date", "end_reason")
LOOK_EVERY = 2.0

# What most systems take; those that do not say so in their own.
SAMPLE = Sample(
    values={
        "title": "Position Sync test",
        "contract_type": "permanent",
        "percentage": Decimal(80),
        "weekly_hours": Decimal(30),
        "remuneration_type": "monthly",
        "working_hours_scheme": "not_shift",
        "end_reason": "resigned",
    },
    other={"title": "Position Sync test 2", "percentage": Decimal(60), "weekly_hours": Decimal("22.5")},
    days={"first_day_of_work": 0, "probation_end": 89, "notice_date": 30, "last_day_of_work": 60},
)


class Writes:
    """`values`: what is written at first, `other`: what it is changed to, both of the fields that the connection sends.
    `beside`: those of them that the system keeps on the employee, and `was` what was there of these before."""

    def __init__(self, trial: Trial, sample: Sample, given: Sample, start: date) -> None:
        assert trial.person is not None
        self.trial, self.connector, self.person = trial, trial.connector, trial.person
        self.system, self.settings = trial.connector.system, trial.connector.settings
        self.start, self.today = start, trial.connector.context.today
        self.sent: dict[str, Sent] = {}
        self.wrote: set[str] = set()  # our fields that were written, or may have been
        self.was: dict[str, Any] = {}
        self.matched = ""  # the record there, once a run has made sure that it is nobody else's
        fields = [f for f in active_fields(self.system, self.settings) if f.ours not in OF_THE_PERIOD]
        days = {**SAMPLE.days, **sample.days}
        every = {
            **{key: start + timedelta(days=after) for key, after in days.items()},
            **_of(self.person),
            **SAMPLE.values,
            **sample.values,
            **given.values,
        }
        other = {**SAMPLE.other, **sample.other, **given.other}
        self.values = {f.ours: every[f.ours] for f in fields if not empty(every.get(f.ours))}
        self.end_reason = every.get("end_reason")
        for one in fields:
            if one.of_employee and start > self.today:
                self.values.pop(one.ours, None)
                trial.skip(Act.CREATE, NOT_OF_TODAY(system=self.system.name), field=one.ours)
            elif one.ours not in self.values:
                trial.skip(Act.CREATE, texts.NO_VALUE(field=one.ours), field=one.ours)
        self.other = {key: value for key, value in other.items() if key in self.values and value != self.values[key]}
        self.beside = [key for key in self.values if key in sample.on_employee or self.system.field(key).of_employee]

    # -- what is sent ------------------------------------------------------------------------------------

    def position(self, values: Mapping[str, Any], end: date | None = None, start: date | None = None) -> Position:
        ending = {"end_reason": self.end_reason} if end and self.end_reason else {}
        begins = start or self.start
        return Position(ID, begins, end, {**values, **ending}, is_current=begins <= self.today)

    def by_day(self, position: Position, day: date, values: Mapping[str, Any]) -> Position:
        """With other values from a day on."""
        later = {**position.values, **values}
        terms = ((position.start, position.values), (day, later))
        return replace(position, terms=terms).on(nearest(self.today, position.start, position.end))

    def bring(self, position: Position | None, *, move: bool = False) -> Outcome:
        """None: it is deleted here."""
        work = Work(
            person=self.person,
            positions=(position,) if position else (),
            touched=(Touched(ID, move=move),),
            sent=dict(self.sent),
            remote_employee_id=self.matched or self.trial.known,
            rules=Rules(delete=position is None),
            today=self.today,
            match=replace(self.trial.match, written_to=self.matched),
        )
        report = self.trial.patiently(lambda: self._run(work))
        self.trial.exchanges = report.exchanges
        if report.remote_employee is not None:
            self.trial.employee, self.matched = report.remote_employee, report.remote_employee.id
        outcome = report.outcomes[ID]
        if position is not None and ID in report.unanswered:
            self.wrote |= position.values.keys()
        if outcome.sent is not None:
            self.wrote |= outcome.sent.values.keys()
            self.sent = {ID: outcome.sent}
        elif outcome.gone:
            self.sent = {}
        if report.error is not None:
            raise report.error
        return outcome

    def _run(self, work: Work) -> Report:
        """What a limit has cut off is planned anew from what is there by then."""
        report = run(self.connector, work)
        if isinstance(report.error, RateLimitedError):
            raise report.error
        return report

    # -- what is there -----------------------------------------------------------------------------------

    def there(self) -> list[Remote]:
        assert self.trial.employee is not None
        record = self.sent[ID].remote_id if self.sent else ""
        employee = replace(self.trial.employee, record_id=record, position_id=ID)
        return self.trial.patiently(lambda: list(self.connector.read(employee)))

    def mine(self) -> Remote | None:
        return next((remote for remote in self.there() if self.sent and remote.id == self.sent[ID].remote_id), None)

    def current(self) -> Remote | None:
        """The record that is written to."""
        return self.mine()

    # -- what was there before -----------------------------------------------------------------------------

    def make(self, fields: Iterable[str]) -> None:
        """The position, with these fields beside its values. What is kept on the employee is seen before it is
        written, where the system shows it with the position."""
        without = self.position({key: value for key, value in self.values.items() if key not in self.beside})
        if self.beside and translate(self.system, without, self.settings).wanted is not None:
            self.write(Act.CREATE, without, [*without.values, *fields])
            made = self.current()
            self.was = {key: made.values[key] for key in self.beside if made and key in made.values}
            self.write(Act.CREATE, self.position(self.values), self.beside)
        else:
            self.write(Act.CREATE, self.position(self.values), [*self.values, *fields])

    def write_back(self, act: Act, was: Mapping[str, Any]) -> None:
        """Gives the record back what it showed before, and tells what of it could not be."""
        now, changes = self._differing(was)
        wrote = {key: c for key, c in changes.items() if c.new is not None or self.system.field(key).clearable}
        if now is not None and wrote:
            sent = self.wanted(self.position(self.values))
            values = {**sent.values, **{key: change.new for key, change in wrote.items()}}
            back, employee = replace(sent, values=values), self.trial.employee
            assert employee is not None
            self.trial.patiently(lambda: self.connector.update(employee, self.person, now, wrote, back))
        late = min(self.system.shows_late, self.trial.patience)
        while (changes := self._differing(was)[1]).keys() & wrote.keys() and late > 0:
            self.trial.sleep(LOOK_EVERY)
            late -= LOOK_EVERY
        for key, change in changes.items():
            said = texts.LEFT_FIELD(field=FieldName(key), before=plain(key, change.new), now=plain(key, change.old))
            self.trial.left.append(said)
            if key in wrote:
                self.trial.odd(act, said)

    def _differing(self, was: Mapping[str, Any]) -> tuple[Remote | None, dict[str, Change]]:
        """The record now, and what of it is to be written back."""
        now = self.current()
        sent = {f.ours for f in active_fields(self.system, self.settings)}
        shown = now.values if now else {}
        return now, {
            key: Change(shown[key], None if empty(value) else value)
            for key, value in was.items()
            if key in sent and key in shown and not same(value, shown[key])
        }

    def tell_beside(self, fields: Iterable[str]) -> None:
        """Of what stays on the employee when the position is taken away, where it is not known what was there."""
        names = tuple(FieldName(key) for key in sorted(self.wrote.intersection(fields) - self.was.keys()))
        if names:
            self.trial.left.append(texts.LEFT_BESIDE(fields=names))

    # -- one act -----------------------------------------------------------------------------------------

    def write(self, act: Act, position: Position, fields: Iterable[str], *, move: bool = False) -> None:
        """Sends it, reads it again, and notes of each of these fields whether it is shown as it was sent."""
        outcome = self.bring(position, move=move)
        if outcome.state is not State.SUCCEEDED:
            words = (texts.THEIR_WORDS(words=outcome.vendor_text),) if outcome.vendor_text else ()
            why = outcome.said[0] if outcome.said else texts.NOT_THERE()
            self.trial.odd(act, texts.NOT_WRITTEN(said=why), *words)
            raise ActOverError
        told = {w.field: w.said for w in outcome.warnings if w.field}
        wanted = self.wanted(position)
        remote = self.shown_as(wanted, fields, told)
        if remote is None:
            self.trial.odd(act, texts.NOT_THERE())
            raise ActOverError
        well = [self._compare(act, key, wanted, remote, told.get(key)) for key in fields]
        if all(well):
            self.trial.confirm(act, texts.RECORD(record=remote.id))

    def wanted(self, position: Position) -> Wanted:
        wanted = translate(self.system, position, self.settings).wanted
        assert wanted is not None  # else the run has not written it
        return wanted

    def shown_as(self, wanted: Wanted, fields: Iterable[str], told: Mapping[str, Any]) -> Remote | None:
        """The record, read until it shows what was written where the system may show that late."""
        waited, keys = 0.0, [key for key in fields if key not in told]
        while True:
            remote = self.mine()
            late = remote is None or any(
                key in remote.values and not same(remote.values[key], wanted.values.get(key)) for key in keys
            )
            if not late or waited >= min(self.system.shows_late, self.trial.patience):
                return remote
            self.trial.sleep(LOOK_EVERY)
            waited += LOOK_EVERY

    def _compare(self, act: Act, key: str, wanted: Wanted, remote: Remote, told: Message | None) -> bool:
        """Whether nothing odd is to be noted of the field. Of a value that is emptied, what stays is odd."""
        trial, new, what = self.trial, wanted.values.get(key), texts.HOW[act]
        if key in remote.values and same(new, remote.values[key]) and (told or key in self.sent[ID].values):
            trial.confirm(act, field=key)
            return True
        if told is not None:
            trial.odd(act, texts.WARNED(act=what, said=told), field=key)
        elif key not in self.sent[ID].values:
            trial.skip(act, texts.STAYS(), field=key)
            return True
        elif key not in remote.values:
            trial.skip(act, texts.NOT_SHOWN(), field=key)
            return True
        else:
            said = texts.OTHERWISE(act=what, sent=plain(key, new), shown=plain(key, remote.values[key]))
            trial.odd(act, said, field=key)
        return False

    def again(self, position: Position) -> None:
        """Nothing is to be written."""
        outcome = self.bring(position)
        if outcome.state is State.SKIPPED:
            self.trial.confirm(Act.AGAIN)
        else:
            names = tuple(FieldName(key) for key in sorted(outcome.changes))
            self.trial.odd(Act.AGAIN, texts.WROTE_AGAIN(fields=names))

    def ending(self) -> list[str]:
        """Our fields of an end that the connection sends."""
        sent = {f.ours for f in active_fields(self.system, self.settings)}
        return [key for key in ("end_date", "end_reason") if key in sent]

    def clearable(self) -> list[str]:
        """Our fields that may be emptied, of those that were written."""
        fields = [self.system.field(key) for key in self.values]
        return [f.ours for f in fields if f.clearable and not self._must_stay(f)]

    def _must_stay(self, declared: Field) -> bool:
        """Required, or filled in by a default: then it is not emptied there."""
        emptied = {key: value for key, value in self.values.items() if key != declared.ours}
        wanted = translate(self.system, self.position(emptied), self.settings).wanted
        return wanted is None or not empty(wanted.values.get(declared.ours))


def plain(key: str, value: Any) -> str:
    """The value of our field for the report. Who somebody's manager is stands in none."""
    if empty(value):
        return ""
    return MASK if BY_KEY[key].kind == "manager" else str(value)


def _of(person: Person) -> dict[str, Any]:
    """What goes along from the employee."""
    return {"company": person.company, "department": person.department, "manager": person.manager}
