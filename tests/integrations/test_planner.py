"""The planner's promises, for thousands of made-up situations and for each rule by name."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.planning.history import Intent, plan_history
from integrations.planning.planner import Action, Plan, Rules, Sent
from integrations.sdk.declaration import AtOnce, Delete
from integrations.sdk.declared_field import Locked, RequiredWhile, When
from integrations.sdk.messages import Message, as_message
from integrations.sdk.periods import Period, intersection
from integrations.sdk.values import Remote, Wanted
from tests.integrations.systems import made_up

HISTORY = made_up()
EXAMPLES = int(os.environ.get("EXAMPLES") or (400 if os.environ.get("CI") else 100))
DAY = date(2026, 1, 1)


def day(number: int) -> date:
    return DAY + timedelta(days=number)


def wanted(position_id: str, start: int, end: int | None = None, **values: Any) -> Wanted:
    return Wanted(
        position_id,
        {
            "title": "Baker",
            "start_date": day(start),
            "end_date": day(end) if end is not None else None,
            "end_reason": "OWN" if end is not None else None,
            **values,
        },
    )


SHOWN = dict.fromkeys(("percentage", "occupation_code", "contract_type", "cost_centre"))


def remote(remote_id: str, start: int, end: int | None = None, **values: Any) -> Remote:
    """A record that shows every field, most of them empty."""
    return Remote(remote_id, {**SHOWN, **wanted("", start, end, **values).values})


def plan(intents: list[Intent], remotes: list[Remote], **kwargs: Any) -> Plan:
    rules = kwargs.pop("rules", Rules())
    today = kwargs.pop("today", day(0))
    return plan_history(kwargs.pop("system", HISTORY), {}, intents, remotes, rules, today, kwargs.pop("others", None))


def execute(found: Plan, remotes: list[Remote]) -> list[list[Remote]]:
    """Every state on the way, the first and the last included."""
    state = {r.id: r for r in remotes}
    states = [list(state.values())]
    for step in found.steps:
        if step.action is Action.CREATE:
            assert step.wanted is not None
            state[f"new{step.position_id}"] = Remote(f"new{step.position_id}", dict(step.wanted.values))
        elif step.action is Action.DELETE:
            assert step.remote is not None
            del state[step.remote.id]
        else:
            assert step.remote is not None
            values = {**state[step.remote.id].values, **{k: c.new for k, c in step.changes.items()}}
            state[step.remote.id] = Remote(step.remote.id, values)
        states.append(list(state.values()))
    return states


def overlapping(remotes: list[Remote]) -> list[tuple[str, str]]:
    def period(r: Remote) -> Period:
        assert r.start is not None
        return (r.start, r.end)

    return [(a.id, b.id) for i, a in enumerate(remotes) for b in remotes[i + 1 :] if intersection(period(a), period(b))]


# -- properties ------------------------------------------------------------------------------------------


Situation = tuple[list[Intent], list[Remote], Rules, dict[str, Message]]


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    """Periods there that do not overlap, and changes here that may ask for anything."""
    bounds = sorted(draw(st.sets(st.integers(0, 60), min_size=0, max_size=10)))
    remotes, at = [], 0
    while at + 1 < len(bounds):
        open_end = at + 2 >= len(bounds) and draw(st.booleans())
        remotes.append(remote(f"r{at}", bounds[at], None if open_end else bounds[at + 1]))
        at += 2
    intents = []
    linked = draw(st.permutations([r.id for r in remotes]))
    for number in range(draw(st.integers(1, 5))):
        sent = Sent(linked[number]) if number < len(linked) and draw(st.booleans()) else None
        if draw(st.integers(0, 4)) == 0:
            intents.append(Intent(str(number), None, sent, outside=draw(st.booleans())))
            continue
        start = draw(st.integers(0, 60))
        end = draw(st.none() | st.integers(start, 70))
        title = draw(st.sampled_from(["Baker", "Cook"]))
        intents.append(Intent(str(number), wanted(str(number), start, end, title=title), sent, draw(st.booleans())))
    free = [r.id for r in remotes if not any(i.sent and i.sent.remote_id == r.id for i in intents)]
    others = {key: as_message(f"called {key}") for key in free if draw(st.booleans())}
    return intents, remotes, Rules(delete=draw(st.booleans()), move=draw(st.booleans())), others


@settings(max_examples=EXAMPLES, deadline=None)
@given(situations())
def test_never_an_overlap_at_any_step(situation: Situation) -> None:
    intents, remotes, rules, others = situation
    for state in execute(plan(intents, remotes, rules=rules, others=others), remotes):
        assert overlapping(state) == []


@settings(max_examples=EXAMPLES, deadline=None)
@given(situations())
def test_a_second_plan_is_empty(situation: Situation) -> None:
    intents, remotes, rules, others = situation
    first = plan(intents, remotes, rules=rules, others=others)
    after = execute(first, remotes)[-1]
    written = {s.position_id for s in first.steps}
    known = {s.position_id: s.remote.id if s.remote else f"new{s.position_id}" for s in first.steps}
    again = [
        Intent(i.position_id, i.wanted, Sent(known[i.position_id]) if i.wanted else i.sent, i.move)
        for i in intents
        if i.position_id in written
    ]
    second = plan(again, after, rules=rules, others=others)
    assert second.steps == ()
    assert second.problems == {}


@settings(max_examples=EXAMPLES, deadline=None)
@given(situations(), st.randoms())
def test_the_order_of_saving_does_not_matter(situation: Situation, random: Any) -> None:
    intents, remotes, rules, others = situation
    shuffled = list(intents)
    random.shuffle(shuffled)
    one, two = plan(intents, remotes, rules=rules, others=others), plan(shuffled, remotes, rules=rules, others=others)
    assert one.steps == two.steps
    assert one.problems == two.problems


@settings(max_examples=EXAMPLES, deadline=None)
@given(situations())
def test_untouched_periods_stay_untouched(situation: Situation) -> None:
    intents, remotes, rules, others = situation
    found = plan(intents, remotes, rules=rules, others=others)
    touched = {s.remote.id for s in found.steps if s.remote}
    after = {r.id: r.values for r in execute(found, remotes)[-1]}
    for r in remotes:
        if r.id not in touched:
            assert after[r.id] == r.values


@settings(max_examples=EXAMPLES, deadline=None)
@given(situations())
def test_every_position_gets_exactly_one_answer(situation: Situation) -> None:
    intents, remotes, rules, others = situation
    found = plan(intents, remotes, rules=rules, others=others)
    answers = [*(s.position_id for s in found.steps), *found.problems, *found.skips, *found.afterwards]
    assert sorted(answers) == sorted(i.position_id for i in intents)


RULED = made_up(
    fields=tuple(
        {
            "title": replace(f, locked=Locked("job_locked", "job", "it stays")),
            "end_date": replace(f, required_while=RequiredWhile("contract_type", "T", "a temporary contract")),
            "contract_type": replace(f, when=When.ALWAYS, codes=None),
        }.get(f.ours, f)
        for f in HISTORY.fields
    )
)


@st.composite
def ruled_situations(draw: st.DrawFn) -> Situation:
    """The same, of permanent and temporary contracts, and with records there whose title is empty."""
    intents, remotes, rules, others = draw(situations())
    contracts = st.sampled_from(["P", "T", None])

    def lawful(there: Remote) -> Remote:
        contract = draw(contracts)
        values = {"contract_type": "P" if there.end is None else contract, "title": draw(titles)}
        return Remote(there.id, {**there.values, **values})

    titles = st.sampled_from(["Baker", "Cook", None])
    remotes = [lawful(r) for r in remotes]
    intents = [
        replace(i, wanted=replace(i.wanted, values={**i.wanted.values, "contract_type": draw(contracts)}))
        if i.wanted
        else i
        for i in intents
    ]
    return intents, remotes, rules, others


@settings(max_examples=EXAMPLES, deadline=None)
@given(ruled_situations())
def test_declared_rules_hold_at_every_step(situation: Situation) -> None:
    intents, remotes, rules, others = situation
    found = plan(intents, remotes, rules=rules, system=RULED, others=others)
    states = execute(found, remotes)
    for before, after in pairwise(states):
        assert overlapping(after) == []
        titles = {r.id: r.values["title"] for r in before}
        for r in after:
            assert r.values.get("contract_type") != "T" or r.end is not None, "a temporary contract without an end"
            assert titles.get(r.id) in (None, r.values["title"]), "a title that was set was changed"
    answers = [*(s.position_id for s in found.steps), *found.problems, *found.skips, *found.afterwards]
    assert sorted(answers) == sorted(i.position_id for i in intents)


@settings(max_examples=EXAMPLES, deadline=None)
@given(ruled_situations())
def test_with_declared_rules_a_second_plan_is_empty_too(situation: Situation) -> None:
    intents, remotes, rules, others = situation
    first = plan(intents, remotes, rules=rules, system=RULED, others=others)
    known = {s.position_id: s.remote.id if s.remote else f"new{s.position_id}" for s in first.steps}
    again = [
        Intent(i.position_id, i.wanted, Sent(known[i.position_id]) if i.wanted else i.sent, i.move)
        for i in intents
        if i.position_id in known
    ]
    second = plan(again, execute(first, remotes)[-1], rules=rules, system=RULED, others=others)
    assert second.steps == ()
    assert second.problems == {}


@settings(max_examples=EXAMPLES, deadline=None)
@given(situations())
def test_no_step_touches_the_record_of_another_position(situation: Situation) -> None:
    """Neither of one that did not change, nor of one that is planned along and keeps its own."""
    intents, remotes, rules, others = situation
    found = plan(intents, remotes, rules=rules, others=others)
    own = {i.sent.remote_id: i for i in intents if i.sent}
    starts = {i.position_id: i.wanted.start for i in intents if i.wanted}
    touched = [s.remote.id for s in found.steps if s.remote]
    assert len(touched) == len(set(touched)), "one record, one position"
    for step in found.steps:
        if step.remote is None:
            continue
        assert step.remote.id not in others
        holder = own.get(step.remote.id)
        if holder is not None and holder.position_id != step.position_id:
            assert step.remote.start == starts[step.position_id], "only what starts on its very day is matched"
        if step.action is Action.DELETE:
            assert holder is not None
            assert holder.position_id == step.position_id
            assert rules.delete
        if step.action is Action.MOVE:
            assert holder is not None
            assert holder.position_id == step.position_id
            assert rules.move or holder.move


@settings(max_examples=EXAMPLES, deadline=None)
@given(situations())
def test_who_is_refused(situation: Situation) -> None:
    """Whoever is refused for an overlap is named a record or a period that really shares days with it, and whoever
    shares days with nothing is not refused."""
    intents, remotes, rules, others = situation
    found = plan(intents, remotes, rules=rules, others=others)
    wanteds = {i.position_id: i.wanted for i in intents if i.wanted}
    for position_id, problem in found.problems.items():
        mine = (wanteds[position_id].start, wanteds[position_id].end)
        there = [(r.start, r.end) for r in remotes if r.start is not None]
        here = [(w.start, w.end) for p, w in wanteds.items() if p != position_id]
        assert any(intersection(mine, period) for period in [*there, *here]), problem
        assert problem.cause in ("overlap_in_target", "start_date_changed")
        if problem.cause == "start_date_changed":
            [sent] = [i.sent for i in intents if i.position_id == position_id]
            assert sent is not None
            assert problem.params["remote_id"] == sent.remote_id


@settings(max_examples=EXAMPLES, deadline=None)
@given(situations())
def test_every_record_of_ours_that_stays_there_is_held_or_told_of(situation: Situation) -> None:
    intents, remotes, rules, others = situation
    found = plan(intents, remotes, rules=rules, others=others)
    there = {r.id for r in remotes}
    answers: dict[str, Any] = {**{s.position_id: s for s in found.steps}, **found.skips, **found.afterwards}
    gone = {s.remote.id for s in found.steps if s.action is Action.DELETE and s.remote}
    held = {s.remote.id for s in found.steps if s.remote} | {s.remote_id for s in found.skips.values()}
    for intent in intents:
        answer = answers.get(intent.position_id)
        if answer is None or intent.wanted is None or intent.sent is None:
            continue
        lost = intent.sent.remote_id in there - gone - held
        assert (intent.sent.remote_id in answer.left_behind) == lost
        assert bool(answer.warnings) == lost


# -- rules by name ---------------------------------------------------------------------------------------


def test_match_on_start_date_updates_what_differs() -> None:
    found = plan([Intent("1", wanted("1", 0, title="Cook"))], [remote("a", 0)])
    [step] = found.steps
    assert (step.action, set(step.changes)) == (Action.UPDATE, {"title"})


def test_match_that_agrees_is_nothing_to_change() -> None:
    found = plan([Intent("1", wanted("1", 0))], [remote("a", 0)])
    assert found.steps == ()
    assert found.skips["1"].cause == "nothing_to_change"


def test_overlap_is_refused_and_names_the_period() -> None:
    found = plan([Intent("1", wanted("1", 10))], [remote("a", 0, 20)])
    assert found.steps == ()
    problem = found.problems["1"]
    assert (problem.cause, problem.field) == ("overlap_in_target", "start_date")
    assert problem.params == {"remote_id": "a", "period": "1 Jan 2026 – 21 Jan 2026"}
    assert "1 Jan 2026 – 21 Jan 2026" in problem.message


def test_two_of_this_employee_that_overlap_name_each_other() -> None:
    problem = plan([Intent("1", wanted("1", 0)), Intent("2", wanted("2", 10))], []).problems["2"]
    assert (problem.cause, problem.field) == ("overlap_in_target", "start_date")
    assert problem.params["period"] == "from 1 Jan 2026"
    assert "Another position of this employee (from 1 Jan 2026)" in problem.message


def test_the_day_after_is_no_overlap_but_the_same_day_is() -> None:
    assert plan([Intent("1", wanted("1", 21))], [remote("a", 0, 20)]).problems == {}
    assert plan([Intent("1", wanted("1", 20))], [remote("a", 0, 20)]).problems


@pytest.mark.parametrize("ended_first", [True, False])
def test_end_then_start_and_start_then_end_both_arrive(ended_first: bool) -> None:
    intents = [Intent("1", wanted("1", 0, 9), Sent("a")), Intent("2", wanted("2", 10))]
    found = plan(intents if ended_first else intents[::-1], [remote("a", 0)])
    assert [s.action for s in found.steps] == [Action.END, Action.CREATE]


def test_one_that_cannot_go_does_not_hold_the_others_up() -> None:
    found = plan([Intent("1", wanted("1", 5)), Intent("2", wanted("2", 0, 3, title="Cook"))], [remote("a", 0, 10)])
    assert set(found.problems) == set()
    found = plan([Intent("1", wanted("1", 5, 8)), Intent("2", wanted("2", 40, 50))], [remote("a", 0, 10)])
    assert set(found.problems) == {"1"}
    assert [s.position_id for s in found.steps] == ["2"]


def test_changed_start_date_without_a_clash_makes_a_new_record_and_says_so() -> None:
    found = plan([Intent("1", wanted("1", 30), Sent("a"))], [remote("a", 0, 10)])
    [step] = found.steps
    assert step.action is Action.CREATE
    [told] = step.warnings
    assert (
        "still has what an earlier start date of this position left behind (1 Jan 2026 – 11 Jan 2026)" in told.message
    )
    assert step.left_behind == ("a",)


def test_changed_start_date_that_clashes_offers_the_move() -> None:
    found = plan([Intent("1", wanted("1", 5), Sent("a"))], [remote("a", 0)])
    assert (found.problems["1"].cause, found.problems["1"].field) == ("start_date_changed", "start_date")
    assert found.problems["1"].params == {"remote_id": "a", "period": "from 1 Jan 2026"}
    assert "Move the existing period" in found.problems["1"].message
    by_hand = plan([Intent("1", wanted("1", 5), Sent("a"))], [remote("a", 0)], system=made_up(moves=False))
    assert "cannot move it" in by_hand.problems["1"].message


@pytest.mark.parametrize("rules", [Rules(), Rules(move=True)])
def test_move_when_asked_or_when_it_is_the_rule(rules: Rules) -> None:
    found = plan([Intent("1", wanted("1", 5), Sent("a"), move=not rules.move)], [remote("a", 0)], rules=rules)
    [step] = found.steps
    assert step.action is Action.MOVE
    assert step.changes["start_date"].new == day(5)


@pytest.mark.parametrize("other", [wanted("2", 60, 90), None])
def test_a_move_to_where_another_one_makes_room_takes_its_own_record_along(other: Wanted | None) -> None:
    """Nothing stays behind: neither adopts the record of the other."""
    intents = [Intent("1", wanted("1", 31, 50), Sent("a")), Intent("2", other, Sent("b"))]
    found = plan(intents, [remote("a", 0, 30), remote("b", 31, 59)], rules=Rules(delete=True, move=True))
    assert [(s.position_id, s.remote.id if s.remote else "") for s in found.steps] == [("2", "b"), ("1", "a")]


def test_its_own_record_is_not_moved_when_another_one_stands_for_it() -> None:
    """Of one that changed along and starts where it did, or of one that did not change."""
    moved, other = Intent("1", wanted("1", 31, 50), Sent("a")), Intent("2", wanted("2", 0, 30, title="Cook"))
    found = plan([moved, other], [remote("a", 0, 30)], rules=Rules(move=True))
    assert [(s.action, s.position_id) for s in found.steps] == [(Action.UPDATE, "2"), (Action.CREATE, "1")]
    found = plan([moved], [remote("a", 0, 30)], rules=Rules(move=True), others={"a": "from 1 Jan 2026"})
    assert [(s.action, s.remote) for s in found.steps] == [(Action.CREATE, None)]


def test_a_new_record_gives_way_to_one_that_is_there() -> None:
    found = plan([Intent("1", wanted("1", 0, 20), Sent("a")), Intent("2", wanted("2", 15, 30))], [remote("a", 0, 10)])
    assert ([s.position_id for s in found.steps], list(found.problems)) == (["1"], ["2"])
    assert found.problems["2"].cause == "overlap_in_target"


def test_of_several_records_that_start_on_its_day_its_own_is_meant() -> None:
    there = [remote("a", 0, 5), remote("b", 0, 5)]
    [step] = plan([Intent("1", wanted("1", 0, 5, title="Cook"), Sent("b"))], there).steps
    assert step.remote is there[1]
    problem = plan([Intent("1", wanted("1", 0, 5, title="Cook"))], there).problems["1"]
    assert (problem.cause, problem.field) == ("period_not_unique", "start_date")


def test_of_two_positions_that_start_on_one_day_one_has_the_record() -> None:
    two = [Intent("1", wanted("1", 0, 5, title="Cook")), Intent("2", wanted("2", 0, 5, title="Chef"))]
    found = plan(two, [remote("a", 0, 5)])
    assert [(s.position_id, s.remote.id if s.remote else "") for s in found.steps] == [("1", "a")]
    assert found.problems["2"].cause == "overlap_in_target"
    assert "position 1" in found.problems["2"].message


def test_what_an_earlier_start_left_behind_is_told_of_where_nothing_is_written_too() -> None:
    found = plan([Intent("1", wanted("1", 0), Sent("b"))], [remote("a", 0), remote("b", -20, -10)])
    skip = found.skips["1"]
    assert (skip.cause, skip.left_behind) == ("nothing_to_change", ("b",))
    assert [w.field for w in skip.warnings] == ["start_date"]


def test_what_this_very_plan_removes_is_not_left_behind() -> None:
    mine = Intent("1", wanted("1", 30, title="Cook"), Sent("a", {}, ("b",)))
    both = [remote("a", 30), remote("b", 0, 5)]
    [step] = plan([mine], both).steps
    assert step.left_behind == ("b",)
    found = plan([mine, Intent("2", None, Sent("b"))], both, rules=Rules(delete=True))
    [update] = [s for s in found.steps if s.action is Action.UPDATE]
    assert (update.left_behind, update.warnings) == ((), ())


def test_two_that_change_places_are_a_knot_that_one_of_them_unties() -> None:
    """Neither can go first; the one that starts later gives way, and is told with what it clashes."""
    swap = [Intent("1", wanted("1", 10, 19), Sent("a")), Intent("2", wanted("2", 0, 9), Sent("b"))]
    there = [remote("a", 0, 9), remote("b", 10, 19)]
    found = plan(swap, there, rules=Rules(move=True))
    assert "1" in found.problems
    assert found.problems["1"].params["remote_id"] == "b"
    for state in execute(found, there):
        assert overlapping(state) == []


def test_what_is_kept_by_day_is_compared_on_the_day_of_which_a_change_would_count() -> None:
    there = remote("a", 0, title="Baker")
    there = replace(there, rows={"title": [(day(0), "Baker"), (day(5), "Cook")]})
    found = plan([Intent("1", wanted("1", 0, title="Cook"))], [there], today=day(7))
    assert (found.steps, found.skips["1"].cause) == ((), "nothing_to_change")
    [step] = plan([Intent("1", wanted("1", 0, title="Cook"))], [there], today=day(4)).steps
    assert step.changes["title"].rows == ((day(4), "Cook"),)


def test_what_stays_there_is_held_as_we_wrote_it_before() -> None:
    ours = Sent("a", {**remote("a", 0).values, "contract_type": "P"})
    there = remote("a", 0, contract_type="T")
    [step] = plan([Intent("1", wanted("1", 0, title="Cook", contract_type="X"), ours)], [there]).steps
    assert (step.holds["contract_type"], step.holds["title"]) == ("P", "Cook")
    [new] = plan([Intent("1", wanted("1", 0, title="Cook", contract_type="X"))], [there]).steps
    assert "contract_type" not in new.holds


def test_what_the_system_does_not_let_us_empty_stays_and_is_said() -> None:
    fields = tuple(replace(f, clearable=False) if f.ours == "cost_centre" else f for f in HISTORY.fields)
    ours = Sent("a", {"cost_centre": "77"})
    found = plan([Intent("1", wanted("1", 0), ours)], [remote("a", 0, cost_centre="77")], system=made_up(fields=fields))
    assert found.steps == ()
    assert "Made Up does not let us empty it" in found.skips["1"].message


def test_a_record_that_stands_for_another_position_is_left_alone() -> None:
    found = plan([Intent("2", wanted("2", 0, title="Cook"))], [remote("a", 0)], others={"a": "from 1 Jan 2026"})
    problem = found.problems["2"]
    assert (problem.cause, problem.field) == ("overlap_in_target", "start_date")
    assert problem.params == {"remote_id": "a", "period": "from 1 Jan 2026"}
    assert "another position here (from 1 Jan 2026)" in problem.message


def test_overlap_that_was_there_before_does_not_stop_a_change_of_title() -> None:
    mess = [remote("a", 0, 10), remote("b", 5, 20)]
    found = plan([Intent("1", wanted("1", 0, 10, title="Cook"))], mess)
    assert [s.action for s in found.steps] == [Action.UPDATE]


def test_something_empty_here_clears_only_what_we_wrote() -> None:
    theirs = remote("a", 0, cost_centre="77")
    assert plan([Intent("1", wanted("1", 0))], [theirs]).steps == ()
    [step] = plan([Intent("1", wanted("1", 0), Sent("a", {"cost_centre": "77"}))], [theirs]).steps
    assert step.changes["cost_centre"].new is None


def test_a_default_never_replaces_what_somebody_chose_there() -> None:
    values = wanted("1", 0, cost_centre="10").values
    ours = Wanted("1", values, frozenset({"cost_centre"}))
    assert plan([Intent("1", ours)], [remote("a", 0, cost_centre="77")]).steps == ()
    assert plan([Intent("1", ours)], [remote("a", 0, cost_centre=None)]).steps != ()
    [step] = plan([Intent("1", ours, Sent("a", {"cost_centre": "9"}))], [remote("a", 0, cost_centre="9")]).steps
    assert step.changes["cost_centre"].new == "10"


def test_reopening_clears_the_end_that_a_clerk_set() -> None:
    [step] = plan([Intent("1", wanted("1", 0))], [remote("a", 0, 10)]).steps
    assert {k: c.new for k, c in step.changes.items()} == {"end_date": None, "end_reason": None}


def test_if_empty_and_on_create() -> None:
    full = remote("a", 0, occupation_code="111", contract_type="T")
    assert plan([Intent("1", wanted("1", 0, occupation_code="222", contract_type="P"))], [full]).steps == ()
    blank = remote("a", 0, occupation_code=None, contract_type=None)
    [step] = plan([Intent("1", wanted("1", 0, occupation_code="222", contract_type="P"))], [blank]).steps
    assert set(step.changes) == {"occupation_code"}


@pytest.mark.parametrize(
    ("delete", "rules", "sent", "expected"),
    [
        (Delete.REMOVE, Rules(delete=True), Sent("a"), "step"),
        (Delete.REMOVE, Rules(), Sent("a"), "delete_switched_off"),
        (Delete.BY_HAND, Rules(delete=True), Sent("a"), "delete_by_hand"),
        (Delete.REMOVE, Rules(delete=True), None, "never_sent"),
        (Delete.REMOVE, Rules(delete=True), Sent("gone"), "already_gone"),
    ],
)
def test_delete(delete: Delete, rules: Rules, sent: Sent | None, expected: str) -> None:
    found = plan([Intent("1", None, sent)], [remote("a", 0)], rules=rules, system=made_up(delete=delete))
    if expected == "step":
        assert [s.action for s in found.steps] == [Action.DELETE]
    elif expected == "delete_by_hand":
        assert found.problems["1"].cause == expected
    else:
        assert found.skips["1"].cause == expected


def test_what_is_locked_may_be_filled_in_and_not_changed() -> None:
    there = remote("a", 0)
    refused = plan([Intent("1", wanted("1", 0, title="Cook"))], [there], system=RULED).problems["1"]
    assert (refused.cause, refused.field) == ("job_locked", "title")
    assert refused.message == (
        "This employment has the job Baker in Made Up and Cook here, and it stays. Put the old one back, end this "
        "position and add a new one."
    )
    blank = remote("a", 0, title=None)
    assert [set(s.changes) for s in plan([Intent("1", wanted("1", 0))], [blank], system=RULED).steps] == [{"title"}]


def test_what_the_record_there_asks_for_is_missing_here() -> None:
    """Its contract type is not sent from here; the end that it needs is taken away here."""
    there = remote("a", 0, 9, contract_type="T")
    refused = plan([Intent("1", wanted("1", 0))], [there], system=RULED).problems["1"]
    assert (refused.cause, refused.field) == ("missing_required_field", "end_date")


def test_a_rule_that_one_breaks_does_not_hold_the_others_up() -> None:
    intents = [Intent("1", wanted("1", 0, 9, title="Cook")), Intent("2", wanted("2", 20))]
    found = plan(intents, [remote("a", 0, 9)], system=RULED)
    assert (set(found.problems), [s.position_id for s in found.steps]) == ({"1"}, ["2"])


def test_delete_makes_room_in_the_same_plan() -> None:
    found = plan(
        [Intent("2", wanted("2", 5)), Intent("1", None, Sent("a"))], [remote("a", 0)], rules=Rules(delete=True)
    )
    assert [s.action for s in found.steps] == [Action.DELETE, Action.CREATE]


# -- out of scope ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("delete", "rules", "sent", "expected"),
    [
        (Delete.REMOVE, Rules(delete=True), Sent("a"), "step"),
        (Delete.REMOVE, Rules(), Sent("a"), "delete_switched_off"),
        (Delete.BY_HAND, Rules(delete=True), Sent("a"), "delete_by_hand"),
        (Delete.REMOVE, Rules(delete=True), None, "out_of_scope"),
        (Delete.BY_HAND, Rules(), Sent("gone"), "already_gone"),
    ],
)
def test_what_left_the_scope_is_treated_as_deleted_and_says_why(
    delete: Delete, rules: Rules, sent: Sent | None, expected: str
) -> None:
    found = plan([Intent("1", None, sent, outside=True)], [remote("a", 0)], rules=rules, system=made_up(delete=delete))
    answers: list[Any] = [*found.problems.values(), *found.skips.values()]
    said = [*(str(s.note) for s in found.steps), *(answer.message for answer in answers)]
    assert len(said) == 1
    if expected == "step":
        assert [s.action for s in found.steps] == [Action.DELETE]
    else:
        [answer] = answers
        assert answer.cause == expected
    if expected not in ("out_of_scope", "already_gone"):
        assert "left this connection's companies" in said[0]
    assert "was deleted here" not in said[0]


@pytest.mark.parametrize("delete", list(Delete))
@pytest.mark.parametrize("rules", [Rules(), Rules(delete=True)])
def test_a_deleted_position_whose_record_another_one_holds_asks_nobody_for_anything(
    delete: Delete, rules: Rules
) -> None:
    """Whoever was recreated with the same start has taken the record over: ending it there would end a running one."""
    system = made_up(delete=delete)
    both = [Intent("1", None, Sent("a")), Intent("2", wanted("2", 0, title="Cook"))]
    found = plan(both, [remote("a", 0)], rules=rules, system=system)
    assert [(s.action, s.position_id) for s in found.steps] == [(Action.UPDATE, "2")]
    assert found.afterwards["1"].cause == "taken_over", "and only once the other one is written"
    assert "Made Up" in found.afterwards["1"].message
    alone = plan(both[:1], [remote("a", 0)], rules=rules, system=system, others={"a": "from 1 Jan 2026"})
    assert (alone.steps, alone.skips["1"].cause) == ((), "taken_over")


# -- several at once -------------------------------------------------------------------------------------

EMPLOYMENTS = st.tuples(st.integers(0, 12), st.none() | st.integers(0, 6), st.sampled_from("abc"))
SEVERAL = replace(HISTORY, at_once=AtOnce(("occupation_code",), "They differ in their code."))


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 12), st.none() | st.integers(0, 6), st.sampled_from("ab")), min_size=1, max_size=4
    ),
    st.lists(st.tuples(st.integers(0, 12), st.none() | st.integers(0, 6), st.sampled_from("abc")), max_size=2),
)
def test_of_several_at_once_none_is_one_employment_twice(
    here: list[tuple[int, int | None, str]], there: list[tuple[int, int | None, str]]
) -> None:
    """At no step do two records of one code share a day that did not before; a clerk's others stay; and a second plan
    is empty for whatever the first one wrote."""

    def span_of(start: int, length: int | None) -> tuple[int, int | None]:
        return start, None if length is None else start + length

    intents = [
        Intent(str(n), wanted(str(n), *span_of(start, length), occupation_code=code))
        for n, (start, length, code) in enumerate(here)
    ]
    remotes = [remote(f"r{n}", *span_of(s, length), occupation_code=code) for n, (s, length, code) in enumerate(there)]
    on = {"several_at_once": True}
    found = plan_history(SEVERAL, on, intents, remotes, Rules(), day(0))
    for state in execute(found, remotes):
        for code in "abc":
            of_one = [r for r in state if r.values["occupation_code"] == code]
            before = [r for r in remotes if r.values["occupation_code"] == code]
            assert not set(overlapping(of_one)) - set(overlapping(before))
    assert len({s.remote.id for s in found.steps if s.remote}) == len([s for s in found.steps if s.remote])
    if not found.problems:
        *_, last = [remotes, *execute(found, remotes)]
        records = {p: skip.remote_id for p, skip in found.skips.items()}
        records |= {s.position_id: s.remote.id if s.remote else f"new{s.position_id}" for s in found.steps}
        known = [replace(i, sent=Sent(records[i.position_id])) for i in intents]
        again = plan_history(SEVERAL, on, known, last, Rules(), day(0))
        assert not again.steps
