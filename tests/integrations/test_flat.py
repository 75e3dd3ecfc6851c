"""The one record of a flat system: every row of docs/flat.md, and what holds for thousands of made-up situations."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.planning.flat import partly_written, plan_flat
from integrations.planning.flat_case import Case, LastSent, Standing, as_ended
from integrations.planning.planner import Action, Plan, Rules, Sent
from integrations.sdk.declaration import Delete, Model, System
from integrations.sdk.declared_field import Field, When
from integrations.sdk.periods import becomes_current, current, end_of_chain, goes_on, next_change
from integrations.sdk.settings import switch
from integrations.sdk.values import Position, Remote, Wanted
from tests.integrations.systems import made_up
from tests.integrations.test_planner import DAY, day, remote, wanted

EXAMPLES = int(os.environ.get("EXAMPLES") or (400 if os.environ.get("CI") else 100))

FLAT = made_up(Model.FLAT, delete=Delete.BY_HAND, moves=False)


def position(position_id: str, start: int, end: int | None = None, percentage: str = "100") -> Position:
    return Position(position_id, day(start), day(end) if end is not None else None, {"percentage": Decimal(percentage)})


def flat(positions: list[Position], touched: set[str], last: LastSent | None, there: Remote | None, today: int) -> Plan:
    case = Case(FLAT, {}, positions, frozenset(touched), last, Rules(delete=True), day(today))
    chosen = case.target
    target = (
        wanted(chosen.id, (chosen.start - DAY).days, (chosen.end - DAY).days if chosen.end else None)
        if chosen
        else None
    )
    return plan_flat(case, target, there)


def test_the_current_one_is_sent_an_upcoming_one_waits_an_old_one_is_skipped() -> None:
    positions = [position("1", 0, 9), position("2", 10, 19), position("3", 20)]
    found = flat(positions, {"1", "2", "3"}, None, remote("e", 0, 9), 15)
    assert [s.position_id for s in found.steps] == ["2"]
    assert found.skips["1"].cause == "not_current"
    assert found.waits == {"3": day(20)}


def test_the_current_one_is_named_to_one_that_begins_on_the_same_day() -> None:
    there = remote("e", 0)
    found = flat([p("1", 0, title="Baker"), p("2", 0, share="50", title="Cook")], {"2"}, None, there, 15)
    assert "which is “Baker” (from 1 Jan 2026)" in found.skips["2"].message


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
    case = Case(without, {}, [position("1", 0, 9)], frozenset("1"), last, Rules(), day(20))
    found = plan_flat(case, wanted("1", 0, 9), remote("e", 12))
    assert found.problems["1"].field == "end_date"
    assert "would end on 2026-01-10 before it starts on 2026-01-13" in found.problems["1"].message


@pytest.mark.parametrize(("there", "expected"), [("Baker", {"title", "end_date"}), ("Retired", {"end_date"})])
def test_the_end_empties_what_the_connection_says_where_we_wrote_it(there: str, expected: set[str]) -> None:
    fields = tuple(replace(f, cleared_by=switch("empty")) if f.ours == "title" else f for f in FLAT.fields)
    system = replace(FLAT, fields=fields)
    last = LastSent("1", Sent("e", {**wanted("1", 0).values, "end_reason": None}))

    def ended(switched: bool) -> set[str]:
        chosen = {"empty": switched}
        target = as_ended(system, chosen, wanted("1", 0, 9, end_reason=None))
        case = Case(system, chosen, [position("1", 0, 9)], frozenset("1"), last, Rules(), day(20))
        [step] = plan_flat(case, target, remote("e", 0, title=there)).steps
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
            Field(ours="start_date", remote="from", when=When.ON_CREATE, corrected=True, always_by=switch("follow"))
            if f.ours == "start_date"
            else f
            for f in FLAT.fields
        ),
    )
    last = LastSent("1", Sent("e", wanted("1", sent_start).values))
    here = position(position_id, now)
    target = wanted(position_id, now)
    case = Case(system, settings, [here], frozenset({position_id}), last, Rules(), day(30))
    found = plan_flat(case, target, remote("e", there))
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


# -- the table of docs/flat.md ---------------------------------------------------------------------------

PAGE = Path(__file__).parents[2] / "docs" / "flat.md"
TODAY = 15
DELETING = Rules(delete=True)
NO_START = replace(
    FLAT,
    fields=tuple(replace(f, opt_in=switch("send_start")) if f.ours == "start_date" else f for f in FLAT.fields),
)
SECOND_OF_ONE = made_up(
    Model.FLAT,
    delete=Delete.BY_HAND,
    moves=False,
    fields=tuple(replace(f, when=When.ON_CREATE, corrected=True) if f.ours == "start_date" else f for f in FLAT.fields),
)
# A record that goes with the position for which it was made.
REMOVES = made_up(Model.FLAT, moves=False, fields=SECOND_OF_ONE.fields)
DELETES = (Action.DELETE, "S", set())


def p(position_id: str, start: int, end: int | None = None, share: str = "100", title: str = "Baker") -> Position:
    """A position that the made-up system takes."""
    values = {"percentage": Decimal(share), "title": title, **({"end_reason": "resigned"} if end is not None else {})}
    return Position(position_id, day(start), day(end) if end is not None else None, values)


NOT_SENT = dict.fromkeys(("occupation_code", "contract_type", "cost_centre"))


def seen(position: Position) -> Wanted:
    """As `translate` gives it."""
    values = {
        **{k: v for k, v in position.values.items() if k != "end_reason"},
        "start_date": position.start,
        "end_date": position.end,
        "end_reason": "OWN" if position.end else None,
    }
    return Wanted(position.id, values, since=position.start)


def stands_for(position: Position, there: str = "e") -> LastSent:
    return LastSent(position.id, Sent(there, seen(position).values))


def there(position: Position, **values: Any) -> Remote:
    return Remote(
        "e", {**dict.fromkeys(("occupation_code", "contract_type", "cost_centre")), **seen(position).values, **values}
    )


@dataclass(frozen=True)
class Story:
    """What is planned (`steps`: action, position, fields) and what else is said (`told`: position -> cause or day)."""

    here: Sequence[Position]
    touched: str
    last: LastSent | None = None
    there: Remote | None = None
    steps: Sequence[tuple[Action, str, set[str]]] = ()
    told: dict[str, Any] = field(default_factory=dict)
    outside: str = ""
    rules: Rules = DELETING
    system: System = FLAT
    refused: bool = False  # the one to write is refused before: a required field is missing
    warns: bool = False

    def plan(self) -> Plan:
        case = Case(
            self.system,
            {},
            self.here,
            frozenset(self.touched),
            self.last,
            self.rules,
            day(TODAY),
            frozenset(self.outside),
        )
        target = case.target
        if target is not None and self.refused:
            case, target = replace(case, touched=case.touched - {target.id}), None
        if target is None:
            return plan_flat(case, None, self.there)
        meant = seen(target)
        if "start_date" in {f.ours for f in self.system.fields if f.opt_in}:
            meant = replace(meant, values={k: v for k, v in meant.values.items() if k != "start_date"})
        return plan_flat(case, meant, self.there)


JAN, NEW = p("S", 0), p("P", 10, title="Cook")
OVER = p("S", 0, 9)
MOVED = p("S", 40)
TAKES_OVER = (Action.UPDATE, "P", {"title", "start_date"})
CREATES = (Action.CREATE, "P", {"title", "start_date", "percentage"})
UPDATES = (Action.UPDATE, "P", {"title"})
ENDS = (Action.END, "S", {"end_date", "end_reason"})
CORRECTS = (Action.UPDATE, "S", {"start_date"})

# What stands for a position that took a record over does not say that its start was written for it.
TOOK_OVER = LastSent("S", Sent("e", {k: v for k, v in seen(JAN).values.items() if k != "start_date"}))

WRITES: dict[tuple[str, str, str], list[Story]] = {
    ("nobody", "nothing", "anything"): [
        Story([p("S", 20)], "S", told={"S": day(20)}),
        Story([OVER], "S", there=there(JAN), told={"S": "not_current"}),
        Story([], "S", there=there(JAN), told={"S": "never_sent"}),
    ],
    ("nobody", "P", "P"): [
        Story([NEW], "P", steps=[CREATES]),
        Story([NEW, OVER], "PS", there=there(JAN), steps=[TAKES_OVER],
              told={"S": "not_current"}),
        Story([NEW], "P", there=there(NEW), told={"P": "nothing_to_change"}),
    ],
    ("nobody", "P", "another one only"): [
        Story([NEW, p("S", 20)], "S", there=there(JAN), told={"S": day(20)}),
        Story([NEW], "S", there=there(JAN), told={"S": "never_sent"}),
        Story([NEW], "S", outside="S", there=there(JAN), told={"S": "out_of_scope"}),
    ],
    ("P", "P", "anything"): [
        Story([NEW], "P", stands_for(NEW), there(NEW, title="Chef"), [UPDATES]),
        Story([NEW, p("T", 20)], "T", stands_for(NEW), there(NEW, title="Chef"), [UPDATES], {"T": day(20)}),
        Story([p("P", 10, 30, title="Cook")], "P", stands_for(NEW), there(NEW),
              [(Action.END, "P", {"end_date", "end_reason"})]),
        Story([p("P", 10, 30, title="Cook"), p("T", 31)], "PT", stands_for(NEW), there(NEW),
              told={"P": "nothing_to_change", "T": day(31)}),
        Story([NEW], "P", stands_for(NEW), None, [CREATES]),
    ],
    ("S", "P", "anything"): [
        Story([OVER, NEW], "S", stands_for(JAN), there(JAN), [TAKES_OVER],
              {"S": "not_current"}),
        Story([NEW], "S", stands_for(JAN), there(JAN), [TAKES_OVER], {"S": "taken_over"}),
        Story([MOVED, NEW], "S", stands_for(JAN), there(JAN), [TAKES_OVER], {"S": day(40)}),
        Story([OVER, NEW], "P", stands_for(OVER), replace(there(OVER), renews_from=day(10)),
              [CREATES]),
    ],
    ("S, which is over", "nothing", "anything"): [
        Story([p("S", 0, 9, title="Cook")], "S", stands_for(JAN), there(JAN, title="Chef"),
              [ENDS]),
        Story([OVER, p("T", 20)], "T", stands_for(JAN), there(JAN), [ENDS],
              {"T": day(20)}),
        Story([OVER, p("T", 10, 12)], "T", stands_for(JAN), there(JAN), [ENDS],
              {"T": "not_current"}),
        Story([OVER], "S", stands_for(OVER), there(OVER), told={"S": "nothing_to_change"}),
    ],
    ("S, which is over", "nothing", "anything, and the record is gone there"): [
        Story([OVER], "S", stands_for(JAN), None, told={"S": "already_gone"}),
        Story([OVER], "S", stands_for(JAN, "another record"), there(JAN), told={"S": "already_gone"}),
    ],
    ("S, whose start was moved into the future", "nothing", "anything"): [
        Story([MOVED], "S", stands_for(JAN), there(JAN), [CORRECTS]),
        Story([p("S", 40, title="Cook")], "S", stands_for(JAN), there(JAN), [CORRECTS]),
        Story([p("S", 40, 60)], "S", stands_for(JAN), there(JAN),
              [(Action.UPDATE, "S", {"start_date", "end_date", "end_reason"})]),
        Story([MOVED], "S", stands_for(JAN), there(MOVED), told={"S": day(40)}),
        Story([MOVED, p("T", 50)], "T", stands_for(JAN), there(JAN), [CORRECTS], {"T": day(50)}),
        Story([MOVED], "S", stands_for(JAN), there(JAN), told={"S": day(40)}, system=NO_START, warns=True),
        Story([MOVED], "S", stands_for(JAN), there(JAN), [CORRECTS], system=SECOND_OF_ONE),
        Story([MOVED], "S", stands_for(JAN), there(JAN, start_date=day(-9)), told={"S": day(40)}, system=SECOND_OF_ONE,
              warns=True),
        Story([MOVED], "S", stands_for(JAN), None, told={"S": day(40)}),
    ],
    ("S, whose start was moved behind the end of a record that is over", "nothing", "anything"): [
        Story([MOVED], "S", stands_for(OVER), replace(there(OVER), renews_from=day(11)), told={"S": day(40)}),
        Story([MOVED], "S", stands_for(OVER), replace(there(OVER), renews_from=day(40)), told={"S": day(40)}),
    ],
    ("S, which was deleted", "nothing", "anything"): [
        Story([p("T", 20)], "T", stands_for(JAN), there(JAN), told={"T": day(20)}),
        Story([p("T", 0, 9)], "ST", stands_for(JAN), there(JAN), told={"S": "delete_by_hand", "T": "not_current"}),
    ],
    ("S, which was deleted, in a system that deletes", "nothing", "it, and the record was made for it"): [
        Story([], "S", stands_for(JAN), there(JAN), [DELETES], system=REMOVES),
        Story([p("T", 20)], "S", stands_for(JAN), there(JAN), [DELETES], system=REMOVES),
        Story([], "S", stands_for(JAN), there(JAN), [DELETES], outside="S", system=REMOVES),
        Story([], "S", stands_for(JAN), None, told={"S": "already_gone"}, system=REMOVES),
        Story([], "S", stands_for(JAN, "another record"), there(JAN), told={"S": "already_gone"}, system=REMOVES),
        Story([], "S", stands_for(JAN), there(JAN), told={"S": "delete_switched_off"}, system=REMOVES, rules=Rules()),
        Story([], "S", TOOK_OVER, there(JAN), told={"S": "delete_by_hand"}, system=REMOVES),
        Story([], "S", stands_for(JAN), there(p("S", -9)), told={"S": "delete_by_hand"}, system=REMOVES),
        Story([], "S", stands_for(JAN), there(JAN), told={"S": "delete_by_hand"},
              system=made_up(Model.FLAT, moves=False)),
        Story([NEW], "S", stands_for(JAN), there(JAN), [(Action.UPDATE, "P", {"title"})], {"S": "taken_over"},
              system=REMOVES),
    ],
    ("S, which left the companies", "nothing", "anything"): [
        Story([p("T", 20)], "T", stands_for(JAN), there(JAN), told={"T": day(20)}, outside="S"),
        Story([], "S", stands_for(JAN), there(JAN), told={"S": "delete_by_hand"}, outside="S"),
    ],
}  # fmt: skip

TOLD: dict[tuple[str, str, str], list[Story]] = {
    ("is to begin", "either", "anything"): [
        Story([p("S", 20)], "S", told={"S": day(20)}),
        Story([NEW, p("S", 20)], "S", stands_for(JAN), there(NEW), told={"S": day(20)}),
        Story([p("P", 0, 30, title="Cook"), p("S", 20, None, "40")], "S", stands_for(p("P", 0, title="Cook")),
              there(p("P", 0, title="Cook")), told={"S": day(31)}),
    ],
    ("counts not today, because another one has more", "either", "P"): [
        Story([p("P", 10, 30, title="Cook"), p("S", 0, None, "40")], "S", there=there(NEW), told={"S": day(31)}),
    ],
    ("counts not today, because another one has more", "either", "P, for as long as it lasts"): [
        Story([NEW, p("S", 0, None, "40")], "S", there=there(NEW), told={"S": "not_current"}),
    ],
    ("is over", "either", "anything but itself"): [
        Story([NEW, OVER], "S", there=there(NEW), told={"S": "not_current"}),
        Story([OVER, p("T", 20)], "ST", there=there(NEW), told={"S": "not_current", "T": day(20)}),
    ],
    ("was deleted", "no", "anything"): [
        Story([], "S", there=there(JAN), told={"S": "never_sent"}),
        Story([NEW], "S", stands_for(NEW), there(NEW), told={"S": "never_sent"}),
    ],
    ("was deleted", "yes", "P, which is written"): [
        Story([NEW], "S", stands_for(JAN), there(JAN), [TAKES_OVER], {"S": "taken_over"}),
        Story([NEW], "S", stands_for(JAN), there(JAN), [TAKES_OVER], {"S": "taken_over"},
              rules=Rules()),
        Story([NEW], "S", stands_for(JAN), there(NEW), told={"S": "taken_over"}),
    ],
    ("was deleted", "yes", "P, which could not be written"): [
        Story([NEW], "SP", stands_for(JAN), there(JAN), told={"S": "not_yet_taken_over"}, refused=True),
    ],
    ("was deleted", "yes", "nothing"): [
        Story([], "S", stands_for(JAN), there(JAN), told={"S": "delete_by_hand"}),
        Story([], "S", stands_for(JAN), there(JAN), told={"S": "delete_switched_off"}, rules=Rules()),
    ],
    ("left the companies", "no", "anything"): [
        Story([], "S", there=there(JAN), told={"S": "out_of_scope"}, outside="S"),
        Story([NEW], "S", stands_for(NEW), there(NEW), told={"S": "out_of_scope"}, outside="S"),
    ],
    ("left the companies", "yes", "P, which is written"): [
        Story([NEW], "S", stands_for(JAN), there(JAN), [TAKES_OVER],
              {"S": "taken_over"}, outside="S"),
    ],
    ("left the companies", "yes", "P, which could not be written"): [
        Story([NEW], "SP", stands_for(JAN), there(JAN), told={"S": "not_yet_taken_over"}, refused=True, outside="S"),
    ],
    ("left the companies", "yes", "nothing"): [
        Story([], "S", stands_for(JAN), there(JAN), told={"S": "delete_by_hand"}, outside="S"),
        Story([], "S", stands_for(JAN), there(JAN), told={"S": "delete_switched_off"}, outside="S", rules=Rules()),
    ],
}  # fmt: skip


def test_every_row_of_the_page_has_its_stories() -> None:
    tables: list[list[tuple[str, str, str]]] = []
    for line in PAGE.read_text().splitlines():
        if not line.startswith("|"):
            continue
        cells = tuple(cell.strip() for cell in line.strip("|").split("|"))
        if cells[0] in ("The record stands for", "The changed position"):
            tables.append([])
        elif not cells[0].startswith("---"):
            tables[-1].append((cells[0], cells[1], cells[2]))
    assert tables == [list(WRITES), list(TOLD)]


@pytest.mark.parametrize(
    "story",
    [
        pytest.param(story, id=f"{', '.join(row)} {number}")
        for row, stories in (*WRITES.items(), *TOLD.items())
        for number, story in enumerate(stories)
    ],
)
def test_a_row_of_the_page(story: Story) -> None:
    found = story.plan()
    assert [(s.action, s.position_id, set(s.changes)) for s in found.steps] == list(story.steps)
    answers: dict[str, Any] = {**found.skips, **found.afterwards, **found.problems}
    told: dict[str, Any] = {k: v.cause for k, v in answers.items()}
    # The one to write is told that it is written; of the others that did not change, nothing is said.
    assert {k: v for k, v in {**told, **found.waits}.items() if k in {*story.touched, *story.told}} == story.told
    assert any(found.warnings.values()) == story.warns
    if story.outside and "S" in {**found.problems, **found.skips} and not story.refused:
        said = (found.skips.get("S") or found.problems["S"]).message
        assert "deleted here" not in said


@pytest.mark.parametrize(
    ("here", "outside", "expected"),
    [
        ([NEW], "", Standing.ANOTHER),
        ([JAN], "", Standing.CURRENT),
        ([OVER], "", Standing.OVER),
        ([MOVED], "", Standing.UPCOMING),
        ([], "", Standing.GONE),
        ([], "S", Standing.OUTSIDE),
        ([NEW], "S", Standing.ANOTHER),
    ],
)
def test_which_position_the_record_stands_for(here: list[Position], outside: str, expected: Standing) -> None:
    case = Case(FLAT, {}, here, frozenset("S"), stands_for(JAN), Rules(), day(TODAY), frozenset(outside))
    assert case.standing is expected
    assert replace(case, last=None).standing is Standing.NOBODY


def test_the_end_of_an_employment_that_went_on_is_the_last_ones() -> None:
    """What followed was never written; the employment has ended with it all the same."""
    after = replace(p("T", 10, 12), values={"title": "Cook", "end_reason": "dismissed", "last_day_of_work": day(11)})
    [step] = Story([OVER, after], "T", stands_for(JAN), there(JAN)).plan().steps
    assert step.changes["end_date"].new == day(12)
    case = Case(FLAT, {}, [OVER, after], frozenset("T"), stands_for(JAN), Rules(), day(TODAY))
    target = case.target
    assert target is not None
    assert (target.id, target.values["end_reason"], target.values["last_day_of_work"]) == ("S", "dismissed", day(11))


def test_only_what_was_written_is_held_to_be_there() -> None:
    """A title that changed after the end is not sent with it, so it is not remembered as sent."""
    [step] = Story([p("S", 0, 9, title="Cook")], "S", stands_for(JAN), there(JAN)).plan().steps
    assert (step.holds["title"], step.holds["end_date"]) == ("Baker", day(9))
    assert step.wanted is not None
    assert step.wanted.values["title"] == "Baker", "nor given to a system that is written as a whole"


@pytest.mark.parametrize("outside", ["", "S"])
def test_a_record_for_each_employee_is_removed_by_hand_whatever_the_system_could_do(outside: str) -> None:
    """Where nothing takes its place: it is the employee's, not the position's alone."""
    found = Story([], "S", stands_for(JAN), there(JAN), outside=outside, system=made_up(Model.FLAT)).plan()
    problem = found.problems["S"]
    assert (found.steps, problem.cause) == ((), "delete_by_hand")
    assert ("left this connection's companies" in problem.message) == bool(outside)
    assert ("was deleted here" in problem.message) != bool(outside)
    assert FLAT.delete_note in problem.message


def test_a_start_that_was_moved_and_is_corrected_there_says_so() -> None:
    [step] = Story([MOVED], "S", stands_for(JAN), there(JAN)).plan().steps
    assert "10 Feb 2026" in str(step.note)
    [step] = Story([p("S", 40, 60)], "S", stands_for(MOVED), there(MOVED)).plan().steps
    assert (set(step.changes), step.note) == ({"end_date", "end_reason"}, None)


def test_a_start_that_is_not_shown_is_said_to_be_so() -> None:
    last = LastSent("S", Sent("e", {k: v for k, v in seen(JAN).values.items() if k != "start_date"}))
    hidden = there(JAN)
    hidden = replace(hidden, values={k: v for k, v in hidden.values.items() if k != "start_date"})
    found = Story([MOVED], "S", last, hidden).plan()
    [told] = found.warnings["S"]
    assert "does not show its start date" in told.message
    [step] = Story([p("S", 40, 60)], "S", last, hidden).plan().steps
    assert [w.field for w in step.warnings] == ["start_date", "start_date"], "that it stays, and that it is not shown"


def test_a_setting_corrects_a_start_that_a_clerk_wrote() -> None:
    fields = tuple(
        replace(f, when=When.ON_CREATE, always_by=switch("follow")) if f.ours == "start_date" else f
        for f in FLAT.fields
    )
    record = there(JAN, start_date=day(-9))
    for on in (True, False):
        case = Case(
            replace(FLAT, fields=fields), {"follow": on}, [MOVED], frozenset("S"), stands_for(JAN), Rules(), day(TODAY)
        )
        found = plan_flat(case, seen(MOVED), record)
        assert [set(s.changes) for s in found.steps] == ([{"start_date"}] if on else [])


def test_what_is_not_written_of_the_current_one_is_said_along() -> None:
    hidden = there(JAN)
    hidden = replace(hidden, values={k: v for k, v in hidden.values.items() if k != "percentage"})
    last = LastSent("S", Sent("e", {k: v for k, v in seen(JAN).values.items() if k != "percentage"}))
    [step] = Story([p("S", 0, title="Cook")], "S", last, hidden).plan().steps
    assert [w.field for w in step.warnings] == ["percentage"]


def test_what_stays_there_is_held_as_we_wrote_it_for_this_very_position() -> None:
    last = LastSent("S", Sent("e", {**seen(JAN).values, "contract_type": "P"}))
    record = there(JAN, contract_type="T")
    for here, held in ((p("S", 0, title="Cook"), True), (NEW, False)):
        meant = replace(seen(here), values={**seen(here).values, "contract_type": "X"})
        case = Case(FLAT, {}, [here], frozenset(here.id), last, Rules(), day(TODAY))
        [step] = plan_flat(case, meant, record).steps
        assert step.holds.get("contract_type") == ("P" if held else None)


# -- properties ------------------------------------------------------------------------------------------

days = st.integers(0, 30)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Case, Remote | None]:
    """Any positions, any of them touched, deleted or of another company, and a record that stands for any or none."""
    here = []
    for number in range(draw(st.integers(0, 4))):
        start = draw(days)
        end = draw(st.none() | st.integers(start, 35))
        here.append(
            p(
                str(number),
                start,
                end,
                draw(st.sampled_from(["40", "60", "100"])),
                draw(st.sampled_from(["Baker", "Cook"])),
            )
        )
    left = ["gone", "outside"]
    last = None
    if draw(st.booleans()):
        of = draw(st.sampled_from([*(q.id for q in here), *left]))
        sent = draw(st.sampled_from([p(of, draw(days)), p(of, 0, 5), *(q for q in here if q.id == of)]))
        last = LastSent(of, Sent(draw(st.sampled_from(["e", "e", "e", "other"])), seen(sent).values))
    record = draw(st.none() | st.just(there(p("", draw(days), None, title=draw(st.sampled_from(["Baker", "Chef"]))))))
    if last is not None and record is not None and draw(st.booleans()):
        record = Remote("e", {**record.values, **last.sent.values})
    touched = draw(st.sets(st.sampled_from([*(q.id for q in here), *left]), min_size=1))
    rules = Rules(delete=draw(st.booleans()))
    return Case(FLAT, {}, here, frozenset(touched), last, rules, day(TODAY), frozenset(["outside"])), record


def planned(case: Case, record: Remote | None) -> Plan:
    target = case.target
    return plan_flat(case, seen(target) if target else None, record)


@settings(max_examples=EXAMPLES, deadline=None)
@given(cases())
def test_every_touched_position_gets_exactly_one_answer(situation: tuple[Case, Remote | None]) -> None:
    case, record = situation
    found = planned(case, record)
    answers = [*(s.position_id for s in found.steps), *found.problems, *found.skips, *found.afterwards, *found.waits]
    target = {case.target.id} if case.target else set()
    assert sorted(answers) == sorted(case.touched | target)


@settings(max_examples=EXAMPLES, deadline=None)
@given(cases())
def test_whose_terms_are_written(situation: tuple[Case, Remote | None]) -> None:
    """The current one's, whole; or dates of the one that the record stands for, and only to the record that was sent.
    Never those of a position of another company, one that is over beside a current one, or one that waits."""
    case, record = situation
    found = planned(case, record)
    assert len(found.steps) <= 1
    for step in found.steps:
        now = current(case.positions, case.today)
        assert step.position_id in {q.id for q in case.positions}
        if now is not None:
            assert step.position_id == now.id
            assert case.last is not None or now.id in case.touched
        else:
            assert case.last is not None
            assert step.position_id == case.last.position_id
            assert step.remote is not None
            assert step.remote.id == case.last.sent.remote_id
            assert set(step.changes) <= {"start_date", "end_date", "end_reason"}
        assert (step.action is Action.CREATE) == (record is None)


@settings(max_examples=EXAMPLES, deadline=None)
@given(cases(), st.randoms())
def test_the_order_of_positions_does_not_matter(situation: tuple[Case, Remote | None], random: Any) -> None:
    case, record = situation
    shuffled = list(case.positions)
    random.shuffle(shuffled)
    assert planned(case, record) == planned(replace(case, positions=shuffled), record)


@settings(max_examples=EXAMPLES, deadline=None)
@given(cases())
def test_a_second_plan_writes_nothing(situation: tuple[Case, Remote | None]) -> None:
    case, record = situation
    found = planned(case, record)
    for step in found.steps:
        values = dict.fromkeys(("occupation_code", "contract_type", "cost_centre"))
        after = Remote(
            "e", {**values, **(record.values if record else {}), **{k: c.new for k, c in step.changes.items()}}
        )
        again = replace(case, last=LastSent(step.position_id, Sent("e", step.holds)))
        second = planned(again, after)
        assert second.steps == ()
        assert step.position_id not in second.problems


@settings(max_examples=EXAMPLES, deadline=None)
@given(cases())
def test_nobody_is_asked_to_end_what_another_position_holds(situation: tuple[Case, Remote | None]) -> None:
    case, record = situation
    found = planned(case, record)
    by_hand = {k for k, v in found.problems.items() if v.cause == "delete_by_hand"}
    if by_hand:
        assert case.standing in (Standing.GONE, Standing.OUTSIDE)
        assert case.last is not None
        assert by_hand == {case.last.position_id}


# -- what was cut off ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ({"title": "Cook", "cost_centre": "1"}, True),
        ({"title": "Baker", "cost_centre": "2"}, True),
        ({"title": "Cook", "cost_centre": "2"}, True),
        ({"title": "Baker", "cost_centre": "1"}, False),
        ({"title": "Cook", "cost_centre": "3"}, False),
        ({"title": "Chef", "cost_centre": "2"}, False),
    ],
)
def test_a_record_that_was_cut_off_says_only_what_was_meant_or_was_there(now: dict[str, Any], expected: bool) -> None:
    before = {"title": "Baker", "cost_centre": "1", "start_date": day(0)}
    meant = Wanted("P", {"title": "Cook", "cost_centre": "2", "start_date": day(0)})
    record = Remote("e", {**before, **now})
    assert partly_written(FLAT, {}, meant, [before], record) is expected
    assert partly_written(FLAT, {}, meant, [{"title": "Retired"}, before], record) is expected
    assert not partly_written(FLAT, {}, meant, [], record), "a try that never came as far as writing wrote nothing"


@given(st.lists(st.tuples(days, st.none() | st.integers(0, 10)), min_size=1, max_size=5))
def test_a_position_is_current_on_the_day_it_is_waited_for_and_on_none_before(
    periods: list[tuple[int, int | None]],
) -> None:
    here = [p(str(n), s, s + length if length is not None else None) for n, (s, length) in enumerate(periods)]
    until = becomes_current(here[0], here, day(0))
    counts = [number for number in range(60) if current(here, day(number)) == here[0]]
    begins = [number for number in counts if number and (number - 1 not in counts)]
    # It may count today already, and again when a gap is over; else its first day is the one.
    assert until is None or until in {day(n) for n in counts}
    assert not begins or (until is not None and until <= day(begins[0]))
    assert until is None or 0 in counts or until == day(counts[0])


@given(st.lists(st.tuples(days, st.integers(0, 10)), min_size=1, max_size=5))
def test_an_employment_ends_where_nothing_follows(periods: list[tuple[int, int]]) -> None:
    here = [p(str(n), s, s + length) for n, (s, length) in enumerate(periods)]
    last = end_of_chain(here[0], here)
    assert not goes_on(last, here)
    assert last.end is not None and here[0].end is not None
    assert last.end >= here[0].end
