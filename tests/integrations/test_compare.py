"""What of one record is written, what stays as it is there, and what a person is told of it: each rule by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from integrations.planning.planner import (
    Comparison,
    Rules,
    Sent,
    agreement,
    compare,
    delete_outcome,
    first,
    nothing_to_write,
)
from integrations.sdk.declaration import Delete, System, Transport
from integrations.sdk.declared_field import Locked, When
from integrations.sdk.messages import as_message, in_full
from integrations.sdk.params import Span
from integrations.sdk.settings import switch
from integrations.sdk.values import Foreign, Remote, Wanted
from integrations.sdk.wording import span
from tests.integrations.systems import made_up
from tests.integrations.test_planner import day

MADE = made_up()


def system(**fields: Mapping[str, Any]) -> System:
    """The made-up one, with other declarations of these fields."""
    return made_up(fields=tuple(replace(f, **fields.get(f.ours, {})) for f in MADE.fields))


def compared(
    ours: Mapping[str, Any],
    there: Mapping[str, Any],
    wrote: Mapping[str, Any] | None = None,
    *,
    of: System = MADE,
    past: str = "",
    changed: str = "",
    defaulted: str = "",
    settings: Mapping[str, Any] | None = None,
    **how: Any,
) -> Comparison:
    fields = [of.field(key) for key in {**ours, **there}]
    return compare(
        of,
        fields,
        settings or {},
        Wanted("1", ours, frozenset(defaulted.split())),
        Remote("a", there, past=frozenset(past.split())),
        None if wrote is None else Sent("a", wrote),
        changed=frozenset(changed.split()),
        **how,
    )


def written(found: Comparison) -> dict[str, Any]:
    return {key: change.new for key, change in found.changes.items()}


# -- a code that we do not know is a clerk's -------------------------------------------------------------


CHOICES = system(cost_centre={"choices": (("10", "Ten"), ("20", "Twenty"))})


@pytest.mark.parametrize("there", ["77", Foreign("20")])
def test_what_we_have_no_word_for_stays_and_is_told_of(there: str) -> None:
    found = compared({"cost_centre": "10"}, {"cost_centre": there}, of=CHOICES)
    assert found.changes == {}
    assert found.told == ("cost_centre",)
    assert "chosen there" in str(found.stays["cost_centre"])
    assert "“10” was not written" in str(found.stays["cost_centre"])


@pytest.mark.parametrize("there", [None, "", "20", 20])
def test_what_we_have_a_word_for_is_written(there: Any) -> None:
    found = compared({"cost_centre": "10"}, {"cost_centre": there}, of=CHOICES)
    assert (written(found), found.told) == ({"cost_centre": "10"}, ())


def test_where_no_choices_are_declared_every_code_is_known() -> None:
    assert written(compared({"cost_centre": "10"}, {"cost_centre": "77"})) == {"cost_centre": "10"}


def test_what_we_wrote_ourselves_is_nobody_elses_choice() -> None:
    """A code that is no longer in the list."""
    found = compared({"cost_centre": "10"}, {"cost_centre": "77"}, {"cost_centre": "77"}, of=CHOICES)
    assert written(found) == {"cost_centre": "10"}


def test_a_choice_there_that_is_empty_here_is_not_told_of() -> None:
    found = compared({"cost_centre": None}, {"cost_centre": "77"}, of=CHOICES)
    assert (found.changes, found.told, set(found.stays)) == ({}, (), {"cost_centre"})


# -- the past of a record --------------------------------------------------------------------------------


def test_what_holds_for_days_that_are_over_changes_only_with_what_changed_here() -> None:
    ours, there = {"cost_centre": "10"}, {"cost_centre": "20"}
    found = compared(ours, there, {}, past="cost_centre")
    assert (found.changes, found.told) == ({}, ("cost_centre",))
    assert "“10” was not written" in str(found.stays["cost_centre"])
    assert compared(ours, there, {"cost_centre": "10"}, past="cost_centre").changes == {}, "a clerk's correction"
    assert written(compared(ours, there, {"cost_centre": "20"}, past="cost_centre")) == ours, "changed here since"
    assert written(compared(ours, there, {}, past="cost_centre", changed="cost_centre")) == ours
    assert written(compared(ours, there, past="cost_centre")) == ours, "nothing was ever written: it is taken over"
    assert written(compared(ours, there, {})) == ours, "of days to come"


# -- what is not shown -----------------------------------------------------------------------------------


def test_what_is_not_shown_is_left_alone_unless_it_changed_here_just_now() -> None:
    ours = {"cost_centre": "10"}
    assert (compared(ours, {}).changes, compared(ours, {}).unseen) == ({}, ("cost_centre",))
    assert written(compared(ours, {}, changed="cost_centre")) == ours
    locked = system(cost_centre={"locked": Locked("locked", "it", "it stays")})
    assert compared(ours, {}, of=locked, changed="cost_centre").changes == {}
    assert compared({"cost_centre": None}, {}, changed="cost_centre") == Comparison()


def test_what_is_not_shown_is_compared_with_what_we_wrote() -> None:
    assert compared({"cost_centre": "10"}, {}, {"cost_centre": "10"}) == Comparison()
    found = compared({"cost_centre": "10"}, {}, {"cost_centre": "20"})
    assert (found.changes["cost_centre"].old, found.changes["cost_centre"].new) == ("20", "10")


# -- when a field is sent --------------------------------------------------------------------------------


@pytest.mark.parametrize("when", [When.ON_CREATE, When.IF_EMPTY])
@pytest.mark.parametrize(
    ("wrote", "taken_over", "sent"),
    [({"cost_centre": "20"}, False, True), ({"cost_centre": "20"}, True, False), ({}, False, False),
     ({"cost_centre": "30"}, False, False), (None, False, False)],
)  # fmt: skip
def test_what_is_sent_at_first_is_corrected_where_we_wrote_it_for_this_position(
    wrote: dict[str, Any] | None, taken_over: bool, sent: bool, when: When
) -> None:
    of = system(cost_centre={"when": when, "corrected": True})
    found = compared({"cost_centre": "10"}, {"cost_centre": "20"}, wrote, of=of, taken_over=taken_over)
    assert (written(found) == {"cost_centre": "10"}) == sent
    assert found.told == ()
    never = replace(of, fields=tuple(replace(f, corrected=False) for f in of.fields))
    assert compared({"cost_centre": "10"}, {"cost_centre": "20"}, wrote, of=never).changes == {}


def test_a_setting_makes_it_be_sent_always() -> None:
    of = system(cost_centre={"when": When.IF_EMPTY, "always_by": switch("terms")})
    ours, there = {"cost_centre": "10"}, {"cost_centre": "20"}
    assert compared(ours, there, of=of).changes == {}
    assert written(compared(ours, there, of=of, settings={"terms": True})) == ours


def test_what_a_person_has_to_do_about_it_is_told() -> None:
    of = system(cost_centre={"when": When.IF_EMPTY, "stays": "it is changed in a wizard there"})
    found = compared({"cost_centre": "10"}, {"cost_centre": "20"}, of=of)
    assert (found.changes, found.told) == ({}, ("cost_centre",))
    assert "“10” was not written, because it is changed in a wizard there" in str(found.stays["cost_centre"])
    assert compared({"cost_centre": None}, {"cost_centre": "20"}, of=of).told == ()
    assert written(compared({"cost_centre": "10"}, {"cost_centre": None}, of=of)) == {"cost_centre": "10"}


@pytest.mark.parametrize(
    ("declared", "wrote", "cleared"),
    [
        ({"owned": True}, None, True),
        ({"owned": True, "clearable": False}, None, False),
        ({}, None, False),
        ({}, {"cost_centre": "20"}, True),
        ({"clearable": False}, {"cost_centre": "20"}, False),
        ({}, {"cost_centre": "30"}, False),
    ],
)
def test_what_is_emptied(declared: dict[str, Any], wrote: dict[str, Any] | None, cleared: bool) -> None:
    for empty in (None, "", " "):
        found = compared({"cost_centre": empty}, {"cost_centre": "20"}, wrote, of=system(cost_centre=declared))
        assert (written(found) == {"cost_centre": None}) == cleared
    assert ("cost_centre" in found.stays) != cleared


def test_a_default_replaces_only_what_is_empty_or_ours() -> None:
    ours = {"cost_centre": "10"}
    assert compared(ours, {"cost_centre": "20"}, defaulted="cost_centre").changes == {}
    assert written(compared(ours, {"cost_centre": None}, defaulted="cost_centre")) == ours
    found = compared(ours, {"cost_centre": "20"}, {"cost_centre": "20"}, defaulted="cost_centre")
    assert written(found) == ours


# -- what is known of it afterwards, and said ------------------------------------------------------------


CHOSEN, SO = as_message("a clerk chose it"), as_message("so")
FOUND = Comparison(
    changes=compared({"title": "Cook"}, {"title": "Baker"}).changes,
    stays={"cost_centre": CHOSEN, "contract_type": as_message("it is sent at first")},
    unseen=("percentage",),
    told=("cost_centre",),
)
OURS = Wanted("1", {"title": "Cook", "cost_centre": "10", "contract_type": "P", "percentage": 80})
THERE = Remote("a", {"title": "Baker", "cost_centre": "77", "contract_type": "T"})


def test_it_is_held_to_say_what_was_written_and_what_we_wrote_before() -> None:
    assert FOUND.holds(OURS, {}) == {"title": "Cook"}
    earlier = {"title": "Smith", "cost_centre": "9", "percentage": 50}
    assert FOUND.holds(OURS, earlier) == {"title": "Cook", "cost_centre": "9", "percentage": 50}


def test_of_some_fields_alone() -> None:
    assert FOUND.only(["title", "percentage"]) == Comparison(FOUND.changes, unseen=("percentage",))
    assert FOUND.only(["cost_centre"]) == Comparison(stays={"cost_centre": CHOSEN}, told=("cost_centre",))


def test_a_person_is_warned_of_what_is_told_and_of_what_is_not_shown() -> None:
    of = system(percentage={"hidden": "Grant the right to read it."})
    stays, unseen = FOUND.warnings(of, THERE)
    assert (stays.field, stays.message) == ("cost_centre", "Cost centre stays “77” there: a clerk chose it.")
    assert unseen.field == "percentage"
    assert "Made Up shows no" in unseen.message
    assert unseen.message.endswith("Grant the right to read it.")


def test_what_stays_is_known_as_it_stands_there() -> None:
    assert FOUND.found(THERE, {}) == {key: THERE.values[key] for key in FOUND.stays}
    unsaid = replace(FOUND, unsaid=("cost_centre",))
    assert unsaid.found(THERE, {}).keys() == FOUND.stays.keys() - {"cost_centre"}
    hidden = Comparison(stays={"percentage": CHOSEN})
    assert hidden.found(THERE, {"percentage": 80}) == {"percentage": 80}, "it is not shown: it was written last"


def test_what_was_never_said_here_is_no_difference() -> None:
    only = Comparison(stays={"cost_centre": CHOSEN}, unsaid=("cost_centre",))
    said = in_full(agreement(MADE, THERE, only))
    assert said.startswith("Made Up already agrees") and "Cost centre stays “77” there" in said


def test_where_nothing_is_written_what_is_told_has_a_cause_of_its_own() -> None:
    skip = nothing_to_write(MADE, THERE, FOUND, {"title": "Cook"}, {"cost_centre": "77"})
    assert (skip.cause, skip.remote_id) == ("stays_there", "a")
    assert (skip.holds, skip.found) == ({"title": "Cook"}, {"cost_centre": "77"})
    assert [w.field for w in skip.warnings] == ["cost_centre"]
    assert "“77”" in skip.warnings[0].message
    quiet = nothing_to_write(MADE, THERE, replace(FOUND, told=()), {}, {})
    assert (quiet.cause, quiet.warnings) == ("nothing_to_change", ())
    assert "Contract type stays “T” there" in quiet.message


def test_that_it_agrees_is_said_only_when_every_field_does() -> None:
    all_of_it = in_full(agreement(MADE, THERE, Comparison()))
    shown = in_full(agreement(MADE, THERE, Comparison(unseen=("cost_centre",))))
    stays = in_full(agreement(MADE, THERE, Comparison(stays={"title": SO, "cost_centre": SO})))
    assert all_of_it == "Made Up already agrees: nothing to change."
    assert shown.startswith("What Made Up shows agrees: nothing to change. Made Up shows no cost centre")
    assert "agrees" not in stays
    assert stays.index("Cost centre stays") < stays.index("Title stays"), "in the order of their names"
    newest = in_full(agreement(made_up(transport=Transport.FILE, base_urls={}, sandbox_urls={}), THERE, Comparison()))
    assert "agrees" not in newest and "Made Up" in newest, "nobody has looked"


def test_how_what_stays_is_shown() -> None:
    """A colleague's number or address has no place in this one's log."""
    there = Remote("a", {"start_date": day(0), "manager": "boss@example.com", "title": None})
    said = in_full(agreement(MADE, there, Comparison(stays=dict.fromkeys(("start_date", "manager", "title"), SO))))
    assert "boss@example.com" not in said
    assert "as it is there" in said
    assert "1 Jan 2026 there" in said
    assert "empty there" in said


def test_how_periods_are_shown() -> None:
    assert span(Span(day(0), day(9))) == "1 Jan 2026 – 10 Jan 2026"
    assert span(Span(day(0), None)) == "from 1 Jan 2026"


def test_a_new_record_is_given_what_is_filled_in() -> None:
    found = first(Wanted("1", {"title": "Cook", "cost_centre": None, "end_reason": " "}))
    assert {key: (change.old, change.new) for key, change in found.items()} == {"title": (None, "Cook")}


@pytest.mark.parametrize("outside", [False, True])
@pytest.mark.parametrize("by_hand", [False, True])
def test_what_is_no_longer_to_be_there_says_why_and_how(outside: bool, by_hand: bool) -> None:
    of = made_up(delete=Delete.BY_HAND if by_hand else Delete.REMOVE)
    off = delete_outcome(of, Rules(), Sent("a"), outside=outside)
    assert off is not None
    assert off.cause == "delete_switched_off"
    on = delete_outcome(of, Rules(delete=True), Sent("a"), outside=outside)
    assert (on.cause if on else "") == ("delete_by_hand" if by_hand else "")
    for said in (off, on):
        if said is not None:
            assert ("left this connection's companies" in said.message) == outside
            assert ("was deleted here" in said.message) != outside
            assert (of.delete_note in said.message) == by_hand
    never = delete_outcome(of, Rules(delete=True), None, outside=outside)
    assert never is not None
    assert never.cause == ("out_of_scope" if outside else "never_sent")
    assert delete_outcome(of, Rules(delete=True), None) == delete_outcome(of, Rules(), None, outside=False)
