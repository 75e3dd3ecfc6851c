"""The periods there while a plan is carried out: what would overlap, and the order of steps in which nothing does."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from integrations.planning import texts
from integrations.planning.planner import Action, Sent, Step
from integrations.sdk.declaration import AtOnce, System
from integrations.sdk.messages import Message
from integrations.sdk.params import FieldName, Span
from integrations.sdk.periods import Period, holds, intersection
from integrations.sdk.values import Problem, Wanted, Warning
from integrations.sdk.wording import span


@dataclass(frozen=True, slots=True)
class Order:
    """Of these steps, one for each changed position. `before`: the periods there by the ids of their records; `sent`:
    what was last written for each position; `apart`: whether two records may share days, by their ids (a new one's is
    `key_of` its step), when the steps of some are carried out; `at_once`: what tells them apart where several are sent.
    """

    system: System
    steps: Sequence[Step]
    before: Mapping[str, Period]
    sent: Mapping[str, Sent | None]
    apart: Callable[[str, str, Collection[str]], bool]
    at_once: AtOnce | None

    def overlaps(self) -> dict[str, Problem]:
        """The positions that cannot stand beside what will be there at the end."""
        final = dict(self.before)
        for step in self.steps:
            final = _after(step, final)
        made = {key_of(step): step for step in self.steps if step.action is Action.CREATE}
        for step in sorted(self.steps, key=_gives_way_first):
            clashing = self._clashes(step, self.before, final, self.steps)
            if clashing:
                key = clashing[0]
                return {step.position_id: self._overlap(step, key, final[key], is_new=key in made)}
        return {}

    def found(self) -> tuple[list[Step], dict[str, Problem]]:
        """The steps in an order that never makes an overlap on the way; a knot refuses the step that gives way."""
        rest = sorted(self.steps, key=lambda s: _rank(s, self.before))
        state: dict[str, Period] = dict(self.before)
        done: list[Step] = []
        while rest:
            free = next((step for step in rest if not self._clashes(step, state, _after(step, state), done)), None)
            if free is None:
                step = min(rest, key=_gives_way_first)
                after = _after(step, state)
                key = self._clashes(step, state, after, done)[0]
                return [], {step.position_id: self._overlap(step, key, after[key], is_new=False)}
            rest.remove(free)
            state = _after(free, state)
            done.append(free)
        return done, {}

    def _clashes(
        self, step: Step, before: Mapping[str, Period], after: Mapping[str, Period], done: Iterable[Step]
    ) -> list[str]:
        """When this step is carried out after those that are `done`: the records with which it shares days that it did
        not share, and those from which nothing but what it changes told it apart."""
        key, written = key_of(step), {key_of(one) for one in (*done, step)}
        new = _shares(step, before, after)
        return [
            other
            for other in _shared(step, after)
            if not self.apart(key, other, written) and (other in new or self.apart(key, other, written - {key}))
        ]

    def _overlap(self, step: Step, key: str, period: Period, *, is_new: bool) -> Problem:
        """`key` and `period`: with which record this step's overlaps; `is_new`: another step makes it."""
        assert step.wanted is not None
        sent = self.sent.get(step.position_id)
        if sent is not None and sent.remote_id == key and step.action is Action.CREATE:
            said = _start_changed(self.system, step.wanted, period)
        elif self.at_once is not None:
            fields = tuple(FieldName(key) for key in self.at_once.apart)
            said = texts.OVERLAPS_ALIKE(system=self.system.name, period=Span(*period), fields=fields)
        elif is_new and self.system.at_once is not None:
            said = texts.OVERLAPS_WHILE_OFF(period=Span(*period))
        elif is_new:
            said = texts.OVERLAPS_ANOTHER(system=self.system.name, period=Span(*period))
        else:
            said = _make_room(self.system, step.wanted, period)
        is_off = self.system.at_once is not None and self.at_once is None
        told = (Warning(texts.SEVERAL_ARE_TAKEN(system=self.system.name)),) if is_off and not is_new else ()
        return Problem(said, warnings=told, params={"period": span(Span(*period)), "remote_id": key})


# -- what makes room -------------------------------------------------------------------------------------


def _start_changed(system: System, wanted: Wanted, period: Period) -> Message:
    """The start date was changed here, and the record that was sent before is in the way."""
    if period[0] < wanted.start:
        text, day = texts.START_LATER_MOVES if system.moves else texts.START_LATER, _day_before(wanted.start)
    else:
        text, day = texts.START_EARLIER_MOVES if system.moves else texts.START_EARLIER, wanted.start
    return text(system=system.name, period=Span(*period), day=day)


def _make_room(system: System, wanted: Wanted, period: Period) -> Message:
    """A period there that is not its own is in the way."""
    start, there = period[0], {"system": system.name, "period": Span(*period)}
    if start == wanted.start:
        return texts.OVERLAPS_SAME_START(**there)
    if start < wanted.start:
        return texts.OVERLAPS_EARLIER(**there, day=_day_before(wanted.start))
    return texts.OVERLAPS_LATER(**there, day=_day_before(start))


def _day_before(day: date) -> date:
    return day - timedelta(days=1)


# -- the periods before and after a step -----------------------------------------------------------------


def key_of(step: Step) -> str:
    return step.remote.id if step.remote else f"new:{step.position_id}"


def _after(step: Step, state: Mapping[str, Period]) -> dict[str, Period]:
    new, key = dict(state), key_of(step)
    if step.action is Action.DELETE:
        new.pop(key, None)
    elif step.wanted is not None and (step.remote is None or {"start_date", "end_date"} & set(step.changes)):
        start, end = step.wanted.start, step.wanted.end
        old = state.get(key)
        if step.remote is not None and old is not None:  # what does not change stays as it is there
            start = start if "start_date" in step.changes else old[0]
            end = end if "end_date" in step.changes else old[1]
        new[key] = (start, end)
    return new


def _shared(step: Step, periods: Mapping[str, Period]) -> list[str]:
    """The records with which this step's record shares days."""
    key = key_of(step)
    own = periods.get(key)
    return [other for other, period in periods.items() if own and other != key and intersection(own, period)]


def _shares(step: Step, before: Mapping[str, Period], after: Mapping[str, Period]) -> list[str]:
    """The records with which this step's record shares days in `after` that it did not share in `before`."""
    key = key_of(step)

    def was(other: str) -> Period | None:
        return intersection(before[key], before[other]) if key in before and other in before else None

    return [other for other in _shared(step, after) if not holds(was(other), intersection(after[key], after[other]))]


# -- in which order they are tried -----------------------------------------------------------------------


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
