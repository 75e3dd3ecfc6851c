"""The planner's promises, for thousands of made-up situations and for each rule by name."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.connectors.system import Delete, Field, Locked, Model, RequiredWhile, When
from integrations.connectors.values import Position, Remote, Wanted
from integrations.periods import Period, current, goes_on, intersection, next_change
from integrations.planner import (
    Action,
    Intent,
    LastSent,
    Plan,
    Rules,
    Sent,
    as_ended,
    chosen_position,
    plan_flat,
    plan_history,
)
from tests.integrations.systems import made_up

HISTORY = made_up()
EXAMPLES = 400 if os.environ.get("CI") else 100
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


def remote(remote_id: str, start: int, end: int | None = None, **values: Any) -> Remote:
    return Remote(remote_id, dict(wanted("", start, end, **values).values))


def plan(intents: list[Intent], remotes: list[Remote], **kwargs: Any) -> Plan:
    rules = kwargs.pop("rules", Rules())
    return plan_history(kwargs.pop("system", HISTORY), {}, intents, remotes, rules, kwargs.pop("others", None))


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


@st.composite
def situations(draw: st.DrawFn) -> tuple[list[Intent], list[Remote], Rules]:
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
        if sent is not None and draw(st.integers(0, 4)) == 0:
            intents.append(Intent(str(number), None, sent))
            continue
        start = draw(st.integers(0, 60))
        end = draw(st.none() | st.integers(start, 70))
        title = draw(st.sampled_from(["Baker", "Cook"]))
        intents.append(Intent(str(number), wanted(str(number), start, end, title=title), sent, draw(st.booleans())))
    return intents, remotes, Rules(delete=draw(st.booleans()), move=draw(st.booleans()))


@settings(max_examples=EXAMPLES, deadline=None)
@given(situations())
def test_never_an_overlap_at_any_step(situation: tuple[list[Intent], list[Remote], Rules]) -> None:
    intents, remotes, rules = situation
    for state in execute(plan(intents, remotes, rules=rules), remotes):
        assert overlapping(state) == []


@settings(max_examples=EXAMPLES, deadline=None)
@given(situations())
def test_a_second_plan_is_empty(situation: tuple[list[Intent], list[Remote], Rules]) -> None:
    intents, remotes, rules = situation
    first = plan(intents, remotes, rules=rules)
    after = execute(first, remotes)[-1]
    written = {s.position_id for s in first.steps}
    known = {s.position_id: s.remote.id if s.remote else f"new{s.position_id}" for s in first.steps}
    again = [
        Intent(i.position_id, i.wanted, Sent(known[i.position_id]) if i.wanted else i.sent, i.move)
        for i in intents
        if i.position_id in written
    ]
    second = plan(again, after, rules=rules)
    assert second.steps == ()
    assert second.problems == {}


@settings(max_examples=EXAMPLES, deadline=None)
@given(situations(), st.randoms())
def test_the_order_of_saving_does_not_matter(situation: tuple[list[Intent], list[Remote], Rules], random: Any) -> None:
    intents, remotes, rules = situation
    shuffled = list(intents)
    random.shuffle(shuffled)
    one, two = plan(intents, remotes, rules=rules), plan(shuffled, remotes, rules=rules)
    assert one.steps == two.steps
    assert one.problems == two.problems


@settings(max_examples=EXAMPLES, deadline=None)
@given(situations())
def test_untouched_periods_stay_untouched(situation: tuple[list[Intent], list[Remote], Rules]) -> None:
    intents, remotes, rules = situation
    found = plan(intents, remotes, rules=rules)
    touched = {s.remote.id for s in found.steps if s.remote}
    after = {r.id: r.values for r in execute(found, remotes)[-1]}
    for r in remotes:
        if r.id not in touched:
            assert after[r.id] == r.values


@settings(max_examples=EXAMPLES, deadline=None)
@given(situations())
def test_every_position_gets_exactly_one_answer(situation: tuple[list[Intent], list[Remote], Rules]) -> None:
    intents, remotes, rules = situation
    found = plan(intents, remotes, rules=rules)
    answers = [*(s.position_id for s in found.steps), *found.problems, *found.skips]
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
def ruled_situations(draw: st.DrawFn) -> tuple[list[Intent], list[Remote], Rules]:
    """The same, of permanent and temporary contracts, and with records there whose title is empty."""
    intents, remotes, rules = draw(situations())
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
    return intents, remotes, rules


@settings(max_examples=EXAMPLES, deadline=None)
@given(ruled_situations())
def test_declared_rules_hold_at_every_step(situation: tuple[list[Intent], list[Remote], Rules]) -> None:
    intents, remotes, rules = situation
    found = plan(intents, remotes, rules=rules, system=RULED)
    states = execute(found, remotes)
    for before, after in pairwise(states):
        assert overlapping(after) == []
        titles = {r.id: r.values["title"] for r in before}
        for r in after:
            assert r.values.get("contract_type") != "T" or r.end is not None, "a temporary contract without an end"
            assert titles.get(r.id) in (None, r.values["title"]), "a title that was set was changed"
    answers = [*(s.position_id for s in found.steps), *found.problems, *found.skips]
    assert sorted(answers) == sorted(i.position_id for i in intents)


@settings(max_examples=EXAMPLES, deadline=None)
@given(ruled_situations())
def test_with_declared_rules_a_second_plan_is_empty_too(situation: tuple[list[Intent], list[Remote], Rules]) -> None:
    intents, remotes, rules = situation
    first = plan(intents, remotes, rules=rules, system=RULED)
    known = {s.position_id: s.remote.id if s.remote else f"new{s.position_id}" for s in first.steps}
    again = [
        Intent(i.position_id, i.wanted, Sent(known[i.position_id]) if i.wanted else i.sent, i.move)
        for i in intents
        if i.position_id in known
    ]
    second = plan(again, execute(first, remotes)[-1], rules=rules, system=RULED)
    assert second.steps == ()
    assert second.problems == {}


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
    assert problem.cause == "overlap_in_target"
    assert "1 Jan 2026 – 21 Jan 2026" in problem.message


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
    assert "still there" in step.note


def test_changed_start_date_that_clashes_offers_the_move() -> None:
    found = plan([Intent("1", wanted("1", 5), Sent("a"))], [remote("a", 0)])
    assert found.problems["1"].cause == "start_date_changed"
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


def test_a_record_that_stands_for_another_position_is_left_alone() -> None:
    found = plan([Intent("2", wanted("2", 0, title="Cook"))], [remote("a", 0)], others={"a": "from 1 Jan 2026"})
    assert found.problems["2"].cause == "overlap_in_target"
    assert "another position here" in found.problems["2"].message


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


# -- current only ----------------------------------------------------------------------------------------

FLAT = made_up(Model.FLAT, delete=Delete.BY_HAND, moves=False)


def position(position_id: str, start: int, end: int | None = None, percentage: str = "100") -> Position:
    return Position(position_id, day(start), day(end) if end is not None else None, {"percentage": Decimal(percentage)})


def flat(positions: list[Position], touched: set[str], last: LastSent | None, there: Remote | None, today: int) -> Plan:
    chosen = chosen_position(positions, frozenset(touched), last, day(today))
    target = (
        wanted(chosen.id, (chosen.start - DAY).days, (chosen.end - DAY).days if chosen.end else None)
        if chosen
        else None
    )
    return plan_flat(FLAT, {}, positions, frozenset(touched), target, there, last, Rules(delete=True), day(today))


def test_the_current_one_is_sent_an_upcoming_one_waits_an_old_one_is_skipped() -> None:
    positions = [position("1", 0, 9), position("2", 10, 19), position("3", 20)]
    found = flat(positions, {"1", "2", "3"}, None, remote("e", 0, 9), 15)
    assert [s.position_id for s in found.steps] == ["2"]
    assert found.skips["1"].cause == "not_current"
    assert found.waits == {"3": day(20)}


def test_an_untouched_current_position_is_not_sent_for_anothers_sake() -> None:
    found = flat([position("1", 0), position("2", 5, 8)], {"2"}, None, remote("e", 0), 15)
    assert found.steps == ()


def test_takeover_of_an_untouched_one_when_the_employee_is_under_sync() -> None:
    last = LastSent("1", Sent("e", wanted("1", 0, 9).values))
    found = flat([position("1", 0, 9), position("2", 5)], {"1"}, last, remote("e", 0, 9), 15)
    assert [s.position_id for s in found.steps] == ["2"]


def test_none_active_ends_the_last_one_sent_and_writes_nothing_else() -> None:
    last = LastSent("1", Sent("e", wanted("1", 0).values))
    there = remote("e", 0, title="Changed there")
    found = flat([position("1", 0, 9)], {"1"}, last, there, 15)
    [step] = found.steps
    assert step.action is Action.END
    assert set(step.changes) == {"end_date", "end_reason"}


@pytest.mark.parametrize(("shares", "expected"), [(("50", "40"), "1"), (("40", "50"), "2"), (("50", "50"), "2")])
def test_tie_break(shares: tuple[str, str], expected: str) -> None:
    positions = [position("1", 0, None, shares[0]), position("2", 3, None, shares[1])]
    chosen = current(positions, day(5))
    assert chosen is not None
    assert chosen.id == expected


def test_a_flat_record_is_not_ended_before_its_start_there() -> None:
    """The start is not sent there, so the dates can clash although they are in order here."""
    fields = tuple(replace(f, when=When.ON_CREATE) if f.ours == "start_date" else f for f in FLAT.fields)
    without = replace(FLAT, fields=fields)
    last = LastSent("1", Sent("e", wanted("1", 0).values))
    found = plan_flat(
        without, {}, [position("1", 0, 9)], frozenset("1"), wanted("1", 0, 9), remote("e", 12), last, Rules(), day(20)
    )
    assert found.problems["1"].field == "end_date"
    assert "would end on 2026-01-10 before it starts on 2026-01-13" in found.problems["1"].message


@pytest.mark.parametrize(("there", "expected"), [("Baker", {"title", "end_date"}), ("Retired", {"end_date"})])
def test_the_end_empties_what_the_connection_says_where_we_wrote_it(there: str, expected: set[str]) -> None:
    fields = tuple(replace(f, cleared_by="empty") if f.ours == "title" else f for f in FLAT.fields)
    system = replace(FLAT, fields=fields)
    last = LastSent("1", Sent("e", {**wanted("1", 0).values, "end_reason": None}))

    def ended(switched: bool) -> set[str]:
        chosen = {"empty": switched}
        target = as_ended(system, chosen, wanted("1", 0, 9, end_reason=None))
        [step] = plan_flat(
            system, chosen, [position("1", 0, 9)], frozenset("1"), target, remote("e", 0, title=there), last, Rules(),
            day(20),
        ).steps  # fmt: skip
        return set(step.changes)

    assert ended(True) == expected
    assert ended(False) == {"end_date"}


def test_deleting_the_one_that_was_sent_is_by_hand_when_nothing_takes_over() -> None:
    last = LastSent("1", Sent("e"))
    assert flat([], {"1"}, last, remote("e", 0), 15).problems["1"].cause == "delete_by_hand"
    assert flat([position("2", 0)], {"1"}, last, remote("e", 0), 15).skips["1"].cause == "taken_over"


def corrected(settings: dict[str, Any], position_id: str, sent_start: int, there: int, now: int) -> set[str]:
    """What is written when a position that starts on `now` meets a record that starts on `there`."""
    system = made_up(
        Model.FLAT,
        delete=Delete.BY_HAND,
        fields=tuple(
            Field(ours="start_date", remote="from", when=When.ON_CREATE, corrected=True, always_by="follow")
            if f.ours == "start_date"
            else f
            for f in FLAT.fields
        ),
    )
    last = LastSent("1", Sent("e", wanted("1", sent_start).values))
    here = position(position_id, now)
    target = wanted(position_id, now)
    found = plan_flat(
        system, settings, [here], frozenset({position_id}), target, remote("e", there), last, Rules(), day(30)
    )
    return set(found.steps[0].changes) if found.steps else set()


def test_a_start_kept_after_create_is_corrected_only_where_we_wrote_it_for_the_same_position() -> None:
    assert corrected({}, "1", sent_start=5, there=5, now=7) == {"start_date"}
    assert corrected({}, "1", sent_start=5, there=0, now=7) == set(), "a clerk wrote it"
    assert corrected({}, "2", sent_start=5, there=5, now=7) == set(), "another position took over"
    assert corrected({"follow": True}, "2", sent_start=5, there=5, now=7) == {"start_date"}


@pytest.mark.parametrize(("start", "action"), [(11, Action.UPDATE), (12, Action.CREATE), (20, Action.CREATE)])
def test_a_position_after_the_end_of_a_record_that_is_over_is_a_new_record(start: int, action: Action) -> None:
    there = replace(remote("e", 0, 10), renews_from=day(12))
    last = LastSent("1", Sent("e", there.values))
    [step] = flat([position("1", 0, 10), position("2", start)], {"2"}, last, there, 25).steps
    assert (step.action, step.position_id) == (action, "2")


def test_a_record_that_is_over_is_still_corrected_when_nothing_is_current() -> None:
    there = replace(remote("e", 0, 10), renews_from=day(12))
    [step] = flat([position("1", 12, 14)], {"1"}, LastSent("1", Sent("e", there.values)), there, 25).steps
    assert step.action is not Action.CREATE


@pytest.mark.parametrize(
    ("other", "expected"),
    [((10, None), True), ((10, 12), True), ((5, 20), True), ((11, None), False), ((2, 9), False), ((2, 4), False)],
)
def test_whether_the_employment_goes_on(other: tuple[int, int | None], expected: bool) -> None:
    first = position("1", 0, 9)
    assert goes_on(first, [first, position("2", *other)]) is expected
    assert not goes_on(position("1", 0), [position("2", *other)])


@given(st.lists(st.tuples(st.integers(0, 40), st.none() | st.integers(0, 30)), max_size=6), st.integers(0, 50))
def test_nothing_changes_by_itself_before_the_next_change(periods: list[tuple[int, int | None]], today: int) -> None:
    positions = [
        position(str(n), start, start + length if length is not None else None)
        for n, (start, length) in enumerate(periods)
    ]
    until = next_change(positions, day(today))
    now = current(positions, day(today))
    for number in range(today, 75):
        if until is not None and day(number) >= until:
            break
        assert current(positions, day(number)) == now
