"""What differs between here and there: every edit on either side is found and named rightly, and none is invented."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from integrations.planning.drift import Finding, Kind, drift, drift_among
from integrations.planning.history import Intent, plan_history
from integrations.planning.planner import Rules, Sent
from integrations.planning.translate import translate
from integrations.planning.work import Match, Work
from integrations.sdk import Connector, Context, EveryMark, Search, Seen, texts
from integrations.sdk.declaration import AtOnce, Model, System
from integrations.sdk.declared_field import Dates, When
from integrations.sdk.errors import UnavailableError
from integrations.sdk.everybody import Everybody
from integrations.sdk.identity import Mark
from integrations.sdk.settings import Setting
from integrations.sdk.timelines import at
from integrations.sdk.values import Person, Position, Problem, Remote
from tests.integrations.systems import made_up
from tests.integrations.test_planner import day

EXAMPLES = int(os.environ.get("EXAMPLES") or (400 if os.environ.get("CI") else 100))
SETTINGS: dict[str, Any] = {"fte": "", "send_hours": False, "end_reasons": {}}
TODAY = 30
PERSON = Person("77", "1042", "Åse", "Sørlie", "ase@firma.test")
HISTORY, FLAT = made_up(), made_up(Model.FLAT)

# What may be edited: by field, values here, each with the system's word for it.
VALUES: Mapping[str, Sequence[tuple[Any, Any]]] = {
    "title": [("Baker", "Baker"), ("Cook", "Cook"), ("Chef", "Chef")],
    "percentage": [(Decimal(80), Decimal(80)), (Decimal(60), Decimal("60.00")), (Decimal(0), Decimal(0))],
    "cost_centre": [(None, None), ("10", "10"), ("20", "20")],
    "occupation_code": [("1", "1"), ("2", "2"), (None, None)],
    "contract_type": [("permanent", "P"), (None, None), (None, "T")],
}


def theirs(system: System, position: Position) -> dict[str, Any]:
    """What stands there of a position once it was written."""
    found = translate(system, position, SETTINGS).wanted
    assert found is not None
    return dict(found.values)


@dataclass
class Situation:
    """Both sides, and what is to be found. `there`: records by id."""

    system: System
    positions: list[Position] = field(default_factory=list)
    sent: dict[str, Sent] = field(default_factory=dict)
    there: dict[str, dict[str, Any]] = field(default_factory=dict)
    expected: dict[tuple[str, str], tuple[Kind, dict[str, Kind]]] = field(default_factory=dict)
    rows: dict[str, Any] = field(default_factory=dict)
    outside: frozenset[str] = frozenset()

    def found(self, today: int = TODAY, settings: Mapping[str, Any] = SETTINGS) -> tuple[Finding, ...]:
        records = [Remote(key, values, rows=self.rows.get(key, {})) for key, values in self.there.items()]
        return drift(self.system, settings, self.work(today), records)

    def work(self, today: int = TODAY) -> Work:
        return Work(PERSON, self.positions, (), self.sent, "9", Rules(), day(today), self.outside)

    def write(self, position: Position, record: str) -> None:
        self.positions.append(position)
        self.there[record] = theirs(self.system, position)
        self.sent[position.id] = Sent(record, dict(self.there[record]))


def position(number: int, start: int, end: int | None, **values: Any) -> Position:
    reason = {"end_reason": "resigned"} if end is not None else {}
    return Position(
        str(number), day(start), day(end) if end is not None else None, {"title": "Baker", **values, **reason}
    )


def side(here: Any, there: Any, wrote: Any, *, known: bool) -> Kind:
    if here == there:
        return Kind.EQUAL
    if not known or (here is None and wrote is None):  # the system may have filled it in
        return Kind.DIFFERS
    if wrote == there:
        return Kind.NEWER_HERE
    return Kind.EDITED_THERE if wrote == here else Kind.BOTH_CHANGED


def whole(kinds: Sequence[Kind]) -> Kind:
    found = {kind for kind in kinds if kind is not Kind.EQUAL}
    if len(found) > 1:
        found -= {Kind.DIFFERS}
    return Kind.BOTH_CHANGED if len(found) > 1 else next(iter(found), Kind.EQUAL)


@st.composite
def edits(draw: st.DrawFn, situation: Situation, one: Position, record: str, *, known: bool) -> Position:
    """The position and its record with anything changed on either side; notes what is to be found."""
    now, fields = dict(one.values), dict[str, Kind]()
    for key, offered in VALUES.items():
        wrote = situation.there[record][key]
        ours, word = draw(st.sampled_from(offered[:2] if key == "contract_type" else offered))
        edited = draw(st.sampled_from([word for _, word in offered]))
        if draw(st.booleans()):
            now[key] = ours
        else:
            word = wrote
        if not draw(st.booleans()):
            edited = wrote
        situation.there[record][key] = edited
        if (kind := side(word, edited, wrote, known=known)) is not Kind.EQUAL:
            fields[key] = kind
    situation.expected[one.id, record] = whole(list(fields.values())), fields
    return replace(one, values=now)


@st.composite
def histories(draw: st.DrawFn) -> Situation:
    situation = Situation(HISTORY)
    bounds = sorted(draw(st.sets(st.integers(0, 60), max_size=10)))
    for number in range(len(bounds) // 2):
        start, end = bounds[2 * number : 2 * number + 2]
        values = {key: draw(st.sampled_from(offered[:2]))[0] for key, offered in VALUES.items()}
        one, record = position(number, start, end, **values), f"r{number}"
        situation.write(one, record)
        what = draw(st.sampled_from(["edited", "never sent", "gone there", "deleted here", "only there", "moved"]))
        if what in ("edited", "never sent"):
            if what == "never sent":
                del situation.sent[one.id]
            situation.positions[-1] = draw(edits(situation, one, record, known=what == "edited"))
        elif what == "gone there":
            del situation.there[record]
            situation.expected[one.id, ""] = Kind.ONLY_HERE, {}
        elif what == "moved":
            situation.positions[-1] = replace(one, start=day(start + 100), end=day(end + 100))
            dates: dict[str, Kind] = dict.fromkeys(("start_date", "end_date"), Kind.NEWER_HERE)
            situation.expected[one.id, record] = Kind.NEWER_HERE, dates
        else:
            situation.positions.pop()
            if what == "only there":
                del situation.sent[one.id]
            situation.expected["" if what == "only there" else one.id, record] = Kind.ONLY_THERE, {}
    return situation


def named(found: Sequence[Finding]) -> dict[tuple[str, str], tuple[Kind, dict[str, Kind]]]:
    assert len({(f.position_id, f.remote_id) for f in found}) == len(found)
    return {(f.position_id, f.remote_id): (f.kind, {key: d.kind for key, d in f.fields.items()}) for f in found}


@examples(max_examples=EXAMPLES, deadline=None)
@given(histories())
def test_every_edit_is_found_and_named_and_none_is_invented(situation: Situation) -> None:
    found = situation.found()
    assert named(found) == situation.expected
    for one in found:
        for key, difference in one.fields.items():
            assert difference.there == situation.there[one.remote_id][key]
            if one.position_id in situation.sent:
                assert difference.wrote == situation.sent[one.position_id].values[key]


@examples(max_examples=EXAMPLES, deadline=None)
@given(histories())
def test_what_differs_is_what_a_run_would_write_but_for_what_stays(situation: Situation) -> None:
    here = {one.id: one for one in situation.positions}
    for one in situation.found():
        if not (one.position_id and one.remote_id) or one.kind is Kind.ONLY_THERE or "start_date" in one.fields:
            continue
        wanted = translate(HISTORY, here[one.position_id], SETTINGS).wanted
        intent = Intent(one.position_id, wanted, situation.sent.get(one.position_id))
        there = Remote(one.remote_id, situation.there[one.remote_id])
        plan = plan_history(HISTORY, SETTINGS, [intent], [there], Rules(), day(TODAY))
        written = {key for step in plan.steps for key in step.changes}
        assert plan.problems == {}
        assert written == {key for key, difference in one.fields.items() if difference.stays is None}


@st.composite
def flats(draw: st.DrawFn) -> Situation:
    """One that counts today, which was written; others before and after, which are not to be there."""
    situation = Situation(FLAT)
    values = {key: draw(st.sampled_from(offered[:2]))[0] for key, offered in VALUES.items()}
    one = position(1, draw(st.integers(0, TODAY)), draw(st.none() | st.integers(TODAY, 60)), **values)
    situation.write(one, "9")
    situation.positions[-1] = draw(edits(situation, one, "9", known=True))
    if draw(st.booleans()) and one.start > day(1):
        situation.positions.append(position(2, -50, -20, title="Chef"))
    if draw(st.booleans()):
        situation.positions.append(position(3, 100, None, title="Chef"))
    return situation


@examples(max_examples=EXAMPLES, deadline=None)
@given(flats())
def test_the_same_of_a_flat_record(situation: Situation) -> None:
    assert named(situation.found()) == situation.expected


@pytest.mark.parametrize("system", [HISTORY, FLAT], ids=["history", "flat"])
def test_what_was_written_and_was_changed_nowhere_is_equal(system: System) -> None:
    situation = Situation(system)
    situation.write(position(1, 0, None, percentage=Decimal(80), cost_centre="10"), "9")
    [found] = situation.found()
    assert found == Finding(Kind.EQUAL, "1", "9")


def test_what_stays_there_whatever_is_sent_says_why() -> None:
    situation = Situation(HISTORY)
    situation.write(position(1, 0, None, occupation_code="1"), "9")
    situation.there["9"]["occupation_code"] = "2"
    [found] = situation.found()
    assert found.kind is Kind.EDITED_THERE and found.fields["occupation_code"].stays is not None
    situation.there["9"] |= {"occupation_code": "1", "title": "Cook"}
    [found] = situation.found()
    assert set(found.fields) == {"title"} and found.fields["title"].stays is None


def test_what_was_never_said_here_and_stands_there_is_nobodys_edit() -> None:
    """A system, or a setting of the connection, fills in what a new record lacks; nothing of it is ever overwritten.
    Dates that make the period are not filled in: those were entered by somebody."""
    situation = Situation(HISTORY)
    situation.write(position(1, 0, None, cost_centre=None), "9")
    situation.there["9"]["cost_centre"] = "10"
    [found] = situation.found()
    assert found.kind is Kind.DIFFERS and found.fields["cost_centre"].stays is not None
    situation.there["9"] |= {"cost_centre": None, "end_date": day(40)}
    [found] = situation.found()
    assert found.kind is Kind.EDITED_THERE and found.fields["end_date"].stays is None


def test_what_is_not_shown_and_was_never_written_is_not_known() -> None:
    situation = Situation(HISTORY)
    situation.write(position(1, 0, None, cost_centre="10"), "9")
    del situation.there["9"]["cost_centre"]
    assert situation.found()[0].kind is Kind.EQUAL, "what was written last stands for it"
    situation.sent["1"] = Sent("9", {k: v for k, v in situation.sent["1"].values.items() if k != "cost_centre"})
    [found] = situation.found()
    assert (found.kind, found.unseen) == (Kind.EQUAL, ("cost_centre",))


@pytest.mark.parametrize("system", [HISTORY, FLAT], ids=["history", "flat"])
def test_what_cannot_be_sent_says_why(system: System) -> None:
    situation = Situation(system)
    situation.write(position(1, 0, None), "9")
    situation.positions[0] = position(1, 0, None, title="")
    [found] = situation.found()
    assert found == Finding(Kind.NOT_TO_BE_SENT, "1", "9", problems=found.problems)
    assert [problem.field for problem in found.problems] == ["title"]
    situation.there.clear()
    assert situation.found() == (replace(found, remote_id=""),)


def test_of_two_that_begin_on_one_day_the_one_that_is_alike() -> None:
    settings = {**SETTINGS, "several_at_once": True}
    situation = Situation(made_up(at_once=AtOnce(("occupation_code",), "It takes several.")))
    for number in (1, 2):
        situation.write(position(number, 0, None, occupation_code=str(number)), f"r{number}")
    situation.sent.clear()
    found = situation.found(settings=settings)
    assert [(f.kind, f.position_id, f.remote_id) for f in found] == [(Kind.EQUAL, "1", "r1"), (Kind.EQUAL, "2", "r2")]
    situation.system = HISTORY
    assert situation.found()[0].kind is Kind.UNCERTAIN
    situation.system = made_up(at_once=AtOnce(("occupation_code",), "It takes several."))
    situation.positions = [position(3, 0, None, title="")]
    found = situation.found(settings=settings)
    assert [(f.kind, f.remote_id) for f in found] == [(Kind.NOT_TO_BE_SENT, "r1")], "it may be either of them"


def test_a_record_that_was_made_for_another_position_is_not_taken_for_this_one() -> None:
    situation = Situation(HISTORY)
    for number in (1, 2):
        situation.write(position(number, 0, None), f"r{number}")
    del situation.there["r1"]
    assert named(situation.found()) == {("1", ""): (Kind.ONLY_HERE, {}), ("2", "r2"): (Kind.EQUAL, {})}


def test_one_record_stands_for_one_position() -> None:
    situation = Situation(HISTORY)
    situation.write(position(1, 0, None), "r1")
    situation.positions.append(position(2, 0, None))
    situation.sent.clear()
    assert named(situation.found()) == {("1", "r1"): (Kind.EQUAL, {}), ("2", ""): (Kind.ONLY_HERE, {})}


def test_what_was_written_to_a_record_that_is_gone_says_nothing_of_another_one() -> None:
    situation = Situation(HISTORY)
    situation.write(position(1, 0, None), "r1")
    situation.there["r2"] = {**situation.there.pop("r1"), "title": "Cook"}
    [found] = situation.found()
    assert (found.kind, found.remote_id) == (Kind.DIFFERS, "r2")


def test_of_what_is_over_it_counts_what_was_written_for_its_last_day() -> None:
    situation = Situation(HISTORY)
    situation.write(position(1, 0, 20, percentage=Decimal(80)), "9")
    written = situation.sent["1"]
    situation.sent["1"] = replace(written, terms={"percentage": by_day((0, 80), (25, 60))})  # it lasted longer then
    situation.there["9"]["percentage"] = Decimal(40)
    assert situation.found()[0].fields["percentage"].kind is Kind.EDITED_THERE


def test_what_an_earlier_start_date_left_there_is_of_its_position() -> None:
    situation = Situation(HISTORY)
    situation.write(position(1, 0, None), "r2")
    situation.there["r1"] = theirs(HISTORY, position(1, -20, -10))
    situation.sent["1"] = replace(situation.sent["1"], left_behind=("r1",))
    assert named(situation.found()) == {("1", "r2"): (Kind.EQUAL, {}), ("1", "r1"): (Kind.ONLY_THERE, {})}


def test_what_a_late_read_shows_is_what_was_written_since() -> None:
    situation = Situation(HISTORY)
    situation.write(position(1, 0, None), "9")
    situation.there["9"]["title"] = "Cook"
    situation.sent["1"] = replace(situation.sent["1"], older={"title": ("Cook",)})
    assert situation.found()[0].kind is Kind.EQUAL


def by_day(*rows: tuple[int, int]) -> tuple[tuple[date, Any], ...]:
    return tuple((day(since), Decimal(share)) for since, share in rows)


def test_rows_of_other_days_than_today_are_compared_as_well() -> None:
    fields = tuple(replace(f, dated=Dates.ROWS) if f.ours == "percentage" else f for f in HISTORY.fields)
    situation = Situation(made_up(fields=fields))
    situation.write(position(1, 0, None, percentage=Decimal(80)), "9")
    situation.rows["9"] = {"percentage": by_day((0, 80))}
    assert situation.found()[0].kind is Kind.EQUAL
    situation.rows["9"] = {"percentage": by_day((0, 80), (50, 40))}
    found = situation.found()[0].fields["percentage"]
    assert (found.kind, found.days) == (Kind.EDITED_THERE, ((day(50), Decimal(80), Decimal(40)),))
    [one] = situation.positions
    terms = tuple((since, {**one.values, "percentage": share}) for since, share in by_day((0, 80), (40, 60)))
    situation.positions = [replace(one, terms=terms)]
    situation.rows["9"] = {"percentage": by_day((0, 80))}
    found = situation.found()[0].fields["percentage"]
    assert (found.kind, found.days) == (Kind.NEWER_HERE, ((day(40), Decimal(60), Decimal(80)),))


SHARES = st.dictionaries(st.integers(1, 20), st.sampled_from([40, 60, 80]), max_size=3)


@examples(max_examples=EXAMPLES, deadline=None)
@given(SHARES, SHARES, SHARES, st.sampled_from([HISTORY, FLAT]), st.integers(0, 25))
def test_on_which_side_a_row_was_changed_is_right_for_each_day(
    here: dict[int, int], there: dict[int, int], said: dict[int, int], system: System, today: int
) -> None:
    """The last day that counts is the position's own; in a flat system, today: of days to come it is told nothing."""
    fields = tuple(replace(f, dated=Dates.ROWS) if f.ours == "percentage" else f for f in system.fields)
    situation = Situation(made_up(system.model, fields=fields))
    rows, written, kept = (by_day((0, 100), *sorted(shares.items())) for shares in (here, said, there))
    situation.write(position(1, 0, 22, percentage=at(rows, day(min(today, 22)))), "9")
    [one] = situation.positions
    terms = tuple((since, {**one.values, "percentage": share}) for since, share in rows)
    situation.positions = [replace(one, terms=terms if len(rows) > 1 else ())]
    compared = day(min(today, 22))
    situation.there["9"]["percentage"] = at(kept, compared)
    situation.rows["9"] = {"percentage": kept}
    wrote = {**situation.sent["1"].values, "percentage": at(written, compared)}
    situation.sent["1"] = Sent("9", wrote, terms={"percentage": written})
    last = min(today, 22) if system is FLAT else 22
    sides = [side(at(rows, d), at(kept, d), at(written, d), known=True) for d in map(day, range(last + 1))]
    if system is FLAT and today > 22:
        assert situation.found(today)[0].kind is Kind.EQUAL
        return
    [found] = situation.found(today)
    assert found.kind is whole(sides)
    if found.fields:
        differs = {d for d, _, _ in found.fields["percentage"].days}
        assert differs <= {d for d in map(day, range(last + 1)) if at(rows, d) != at(kept, d)}
        assert bool(differs) == any(kind is not Kind.EQUAL for kind in sides)


# -- the one record of a flat system ---------------------------------------------------------------------


def test_another_one_has_taken_over_here() -> None:
    situation = Situation(FLAT)
    situation.write(position(1, 0, TODAY - 1), "9")
    situation.positions.append(position(2, TODAY, None, title="Cook"))
    [found] = situation.found()
    assert (found.kind, found.position_id) == (Kind.NEWER_HERE, "2")
    assert found.fields["title"].kind is Kind.NEWER_HERE


def first_day_stays(when: When) -> System:
    kept = (replace(f, when=when, corrected=True) if f.ours == "start_date" else f for f in FLAT.fields)
    return made_up(Model.FLAT, fields=tuple(kept))


def test_the_first_day_of_an_employment_that_goes_on_is_nothing_that_differs() -> None:
    situation = Situation(first_day_stays(When.IF_EMPTY))
    situation.write(position(2, 10, None), "9")
    situation.positions.append(position(1, 0, 9))
    situation.there["9"]["start_date"] = day(0)
    situation.sent["2"] = Sent("9", {k: v for k, v in situation.there["9"].items() if k != "start_date"})
    assert situation.found()[0].kind is Kind.EQUAL


def test_the_first_day_of_one_that_another_has_taken_over_from_stays() -> None:
    situation = Situation(first_day_stays(When.ON_CREATE))
    situation.write(position(1, 0, 9), "9")
    situation.positions.append(position(2, 20, None))
    [found] = situation.found()
    assert (found.position_id, found.fields["start_date"].stays is None) == ("2", False)


@pytest.mark.parametrize(("renews", "kind"), [(20, Kind.ONLY_HERE), (21, Kind.EDITED_THERE)])
def test_a_record_that_is_over_does_not_stand_for_what_begins_anew(renews: int, kind: Kind) -> None:
    situation = Situation(FLAT)
    situation.write(position(1, 20, None), "9")
    over = Remote("9", {**situation.there["9"], "title": "Cook"}, renews_from=day(renews))
    [found] = drift(FLAT, SETTINGS, situation.work(), [over])
    assert found.kind is kind


def test_what_is_over_counts_by_its_dates_alone() -> None:
    situation = Situation(FLAT)
    situation.write(position(1, 0, None), "9")
    situation.positions = [position(1, 0, TODAY - 1, title="Cook")]
    [found] = situation.found()
    assert set(found.fields) == {"end_date", "end_reason"} and found.kind is Kind.NEWER_HERE


def test_what_is_over_or_to_come_is_only_told_of_the_record_that_was_written_for_it() -> None:
    situation = Situation(FLAT)
    situation.write(position(1, 0, None), "9")
    situation.positions = [position(1, 0, TODAY - 1)]
    situation.there["8"] = situation.there.pop("9")
    assert situation.found() == ()
    situation.there.clear()
    assert situation.found() == ()


def test_what_the_connection_empties_at_the_end_is_told_once_it_is_over_and_not_before() -> None:
    emptied = Setting(name="empty", label="Empty")
    fields = tuple(replace(f, cleared_by=emptied) if f.ours == "cost_centre" else f for f in FLAT.fields)
    situation, settings = Situation(made_up(Model.FLAT, fields=fields)), {**SETTINGS, "empty": True}
    situation.write(position(1, 0, TODAY, cost_centre="10"), "9")
    assert situation.found(settings=settings)[0].kind is Kind.EQUAL, "today is its last day"
    situation.positions.clear()
    situation.write(position(1, 0, TODAY - 1, cost_centre="10"), "9")
    [found] = situation.found(settings=settings)
    assert set(found.fields) == {"cost_centre"} and found.fields["cost_centre"].here is None
    situation.there["9"]["cost_centre"] = None
    assert situation.found(settings=settings)[0].kind is Kind.EQUAL
    situation.positions = [position(1, TODAY + 1, None, cost_centre="20", title="Cook")]
    [found] = situation.found(settings=settings)
    assert set(found.fields) == {"start_date", "end_date", "end_reason"}, "of what is to come its dates"


def test_what_was_never_written_is_compared_with_the_one_record() -> None:
    situation = Situation(FLAT)
    situation.write(position(1, 0, None), "9")
    situation.sent.clear()
    assert situation.found() == (Finding(Kind.EQUAL, "1", "9"),)
    situation.there["9"]["title"] = "Cook"
    assert situation.found()[0].kind is Kind.DIFFERS


def test_of_the_one_record_no_day_before_its_own_first_is_compared() -> None:
    fields = tuple(replace(f, dated=Dates.ROWS) if f.ours == "percentage" else f for f in FLAT.fields)
    situation = Situation(made_up(Model.FLAT, fields=fields))
    situation.write(position(1, 0, None, percentage=Decimal(80)), "9")
    situation.there["9"]["start_date"] = day(5)
    situation.rows["9"] = {"percentage": by_day((5, 80))}
    assert set(situation.found()[0].fields) == {"start_date"}
    situation.there["9"]["start_date"] = None
    situation.rows["9"] = {"percentage": by_day((0, 80), (5, 60), (10, 80))}
    assert situation.found()[0].fields["percentage"].days == ((day(5), Decimal(80), Decimal(60)),)


def test_what_begins_anew_counts_by_its_own_first_day_and_not_by_that_of_the_employment() -> None:
    fields = tuple(replace(f, of_employment=True) if f.ours == "start_date" else f for f in FLAT.fields)
    situation = Situation(made_up(Model.FLAT, fields=fields))
    situation.write(position(1, 0, None), "9")
    situation.positions = [position(1, 0, 19), position(2, 20, None)]
    over = Remote("9", situation.there["9"], renews_from=day(10))
    [found] = drift(situation.system, SETTINGS, situation.work(), [over])
    assert found == Finding(Kind.ONLY_HERE, "2")


def test_whom_nothing_stands_for_here_is_only_there_until_it_ends() -> None:
    situation = Situation(FLAT)
    situation.write(position(1, 0, None), "9")
    situation.positions.clear()
    assert situation.found() == (Finding(Kind.ONLY_THERE, "1", "9"),)
    situation.sent.clear()
    assert situation.found() == (Finding(Kind.ONLY_THERE, "", "9"),)
    situation.there["9"]["end_date"] = day(TODAY)
    assert situation.found() == (Finding(Kind.ONLY_THERE, "", "9"),)
    situation.there["9"]["end_date"] = day(TODAY - 1)
    assert situation.found() == ()
    situation.there["9"] = dict.fromkeys(situation.there["9"])
    assert situation.found() == ()
    situation.there.clear()
    situation.positions = [position(1, 0, None)]
    assert situation.found() == (Finding(Kind.ONLY_HERE, "1"),)
    situation.positions = [position(1, TODAY + 1, None)]
    assert situation.found() == ()


# -- whose records they are ------------------------------------------------------------------------------


class Nowhere(Connector):
    system = HISTORY

    def searches(self, person: Person) -> Sequence[Search]:
        return (Mark.NUMBER, person.number, list), (Mark.EMAIL, person.email, list)


def among(*seen: Seen, **match: Any) -> Finding:
    everybody = Everybody(Nowhere(Context({}, SETTINGS, {}, "a-namespace", day(TODAY))), seen)
    situation = Situation(HISTORY)
    situation.write(position(1, 0, None), "r1")
    work = replace(situation.work(), match=Match(**match))
    [found] = drift_among(everybody, HISTORY, SETTINGS, work)
    return found


def test_whose_records_they_are_comes_first() -> None:
    record = Remote("r1", theirs(HISTORY, position(1, 0, None)))
    own = Seen("9", EveryMark(("1042",)), (record,))
    assert among(own).kind is Kind.EQUAL
    unknown = among()
    assert unknown.kind is among(replace(own, id="8", marks=EveryMark(("7",)))).kind is Kind.UNKNOWN_THERE
    assert unknown.said is not None and "1042" in str(unknown.said), "what was searched for"
    assert among(replace(own, id="8"), replace(own, id="7")).kind is Kind.UNCERTAIN
    stranger = EveryMark(("1042",), emails=("bo@firma.test",), first_name="Bo", last_name="Berg")
    found = among(replace(own, marks=stranger))
    assert found.kind is Kind.UNCERTAIN and found.said is not None
    assert among(replace(own, marks=stranger), confirmed=True).kind is Kind.EQUAL
    former = replace(own, marks=EveryMark(("7",), emails=("ase@firma.test",)))
    now = Seen("8", EveryMark(("1042",)))
    assert among(former, now).kind is Kind.EQUAL, "an earlier match that bears a mark of this person"
    assert among(former, now, doubted=True).kind is Kind.ONLY_HERE, "number or e-mail changed here since"
    confirmed = among(former, now, confirmed=True, doubted=True)
    assert confirmed.kind is Kind.UNCERTAIN, "a person said so, and her number is another record's since"
    assert among(former, now, confirmed=True).kind is Kind.EQUAL
    withheld = Problem(texts.NOT_REACHED(system="Somewhere"))
    assert among(own, withheld=withheld) == Finding(Kind.UNCERTAIN, said=withheld.said)
    refusal = UnavailableError(texts.NOT_REACHED(system="Somewhere"))
    assert among(replace(own, records=(), refusal=refusal)) == Finding(Kind.UNREADABLE, said=refusal.said)
