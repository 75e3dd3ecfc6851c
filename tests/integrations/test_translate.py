"""Our values into a system's words: required fields, tables, limits, and honest reasons."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.planning.planner import Comparison, Sent, compare
from integrations.planning.translate import (
    Translation,
    active_fields,
    incomplete,
    same,
    sent_otherwise,
    to_come,
    translate,
)
from integrations.sdk.declaration import System
from integrations.sdk.declared_field import AbsentWhile, Field, RequiredWhile
from integrations.sdk.fields import END_REASONS
from integrations.sdk.settings import Setting, code_table
from integrations.sdk.values import Manager, Position, Problem, Remote
from integrations.systems.registry import connector_for
from tests.integrations.systems import made_up
from tests.said import told

SYSTEM = made_up()


def one(settings: dict[str, Any] | None = None, end: date | None = None, **values: Any) -> Any:
    position = Position("1", date(2026, 1, 1), end, {"title": "Baker", **values})
    return translate(SYSTEM, position, settings or {})


def test_all_is_well() -> None:
    found = one(percentage=Decimal("80.0"), contract_type="permanent")
    assert found.problems == ()
    assert found.wanted.values["percentage"] == Decimal("80")
    assert found.wanted.values["contract_type"] == "P"
    assert (found.wanted.start, found.wanted.end) == (date(2026, 1, 1), None)


@pytest.mark.parametrize("title", ["", "  ", "\x1f"])
def test_required_field_is_named_with_where_to_fix_it(title: str) -> None:
    [problem] = one(title=title).problems
    assert (problem.cause, problem.field) == ("missing_required_field", "title")
    assert "Title is missing" in problem.message
    assert "Fill it in on the position" in problem.message


def test_required_only_with_another_field() -> None:
    assert one().problems == ()
    [problem] = one(end=date(2026, 5, 1)).problems
    assert (problem.cause, problem.field) == ("missing_required_field", "end_reason")
    assert "because end date is set" in problem.message


def test_every_problem_is_reported_at_once() -> None:
    assert {p.field for p in one(title="", percentage=Decimal("101")).problems} == {"title", "percentage"}


def test_a_code_without_counterpart_needs_the_table() -> None:
    [problem] = one(end=date(2026, 5, 1), end_reason="other").problems
    assert (problem.cause, problem.field) == ("no_translation", "end_reason")
    found = one({"end_reasons": {"other": "MISC"}}, end=date(2026, 5, 1), end_reason="other")
    assert found.wanted.values["end_reason"] == "MISC"


def test_the_table_of_the_connection_goes_before_the_default() -> None:
    found = one({"end_reasons": {"resigned": "LEFT", "dismissed": ""}}, end=date(2026, 5, 1), end_reason="resigned")
    assert found.wanted.values["end_reason"] == "LEFT"
    found = one({"end_reasons": {"resigned": "LEFT", "dismissed": ""}}, end=date(2026, 5, 1), end_reason="dismissed")
    assert found.wanted.values["end_reason"] == "FIRED"


def test_default_of_the_connection() -> None:
    assert one({"fte": "90"}).wanted.values["percentage"] == Decimal("90.00")
    assert one({"fte": "90"}, percentage=Decimal("50")).wanted.values["percentage"] == Decimal("50")


def test_opt_in_field() -> None:
    off = one(weekly_hours=Decimal("30"))
    assert "weekly_hours" not in off.wanted.values
    assert "Switched off" in str(off.unsent["weekly_hours"])
    assert one({"send_hours": True}, weekly_hours=Decimal("30")).wanted.values["weekly_hours"] == Decimal("30")


def test_unsupported_fields_say_why_but_only_when_they_hold_something() -> None:
    assert unsent(one(probation_end=date(2026, 3, 1))) == {"probation_end": "Made Up has no such field."}
    assert one().unsent == {}


@pytest.mark.parametrize(
    ("values", "cause", "words"),
    [
        ({"title": "x" * 21}, "too_long", "at most 20"),
        ({"title": "<b>"}, "bad_characters", "no < or >"),
        ({"percentage": Decimal("100.01")}, "value_refused", "maximum of 100"),
        ({"percentage": Decimal("33.333")}, "value_refused", "more decimals than the 2"),
        ({"percentage": "many"}, "value_refused", "not a number"),
    ],
)
def test_limits_are_named(values: dict[str, Any], cause: str, words: str) -> None:
    [problem] = one(**values).problems
    assert problem.cause == cause
    assert words in problem.message


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (None, "", True),
        (Decimal("80"), "80,0", True),
        (80, Decimal("80.00"), True),
        ("Baker ", "Baker", True),
        ("080", "80", False),
        (date(2026, 1, 1), date(2026, 1, 1), True),
        (Decimal(0), None, False),
        (False, None, False),
        ("x", 1, False),
        ("x", "y", False),
        (date(2026, 1, 1), "2026-01-01", False),
        ((), " ", True),
        (1.5, "1,5", True),
        (Decimal("1.5"), "", False),
    ],
)
def test_same(a: Any, b: Any, expected: bool) -> None:
    assert same(a, b) is expected
    assert same(b, a) is expected


# -- each sentence as a whole: a person acts upon it


def unsent(found: Translation) -> dict[str, str]:
    return {key: str(why) for key, why in found.unsent.items()}


def like(ours: str, **changed: Any) -> System:
    """The made-up system with one field declared otherwise."""
    declared: dict[str, Any] = {"unsupported": "", "remote": ours, **changed}
    return replace(SYSTEM, fields=tuple(replace(f, **declared) if f.ours == ours else f for f in SYSTEM.fields))


def only(system: System, settings: dict[str, Any] | None = None, end: date | None = None, **values: Any) -> Problem:
    [problem] = translate(
        system, Position("1", date(2026, 1, 1), end, {"title": "Baker", **values}), settings or {}
    ).problems
    return problem


def test_what_is_missing() -> None:
    assert told(only(SYSTEM, title="")) == (
        "missing_required_field",
        "Title is missing, and Made Up needs it. Fill it in on the position; it is sent when you save.",
        "title",
        {},
    )
    assert told(only(SYSTEM, end=date(2026, 5, 1))) == (
        "missing_required_field",
        "End reason is missing, and Made Up needs it because end date is set. Fill it in on the position; it is sent "
        "when you save.",
        "end_reason",
        {},
    )
    assert only(like("manager", required=True)).message == (
        "Manager is missing, and Made Up needs it. Fill it in on the employee; it is sent when you save."
    )


def test_what_has_no_counterpart() -> None:
    assert told(only(SYSTEM, end=date(2026, 5, 1), end_reason="internal_transfer")) == (
        "no_translation",
        "End reason “internal transfer” has no counterpart in Made Up. Choose one in the connection's settings.",
        "end_reason",
        {"value": "internal_transfer"},
    )
    assert only(SYSTEM, contract_type="temporary").message == "Contract type “temporary” has no counterpart in Made Up."


def test_what_cannot_be_encoded() -> None:
    def refuses(value: Any, settings: Any) -> Any:
        raise ValueError(f"{value} of {settings['country']} is none of ours")

    assert told(only(like("cost_centre", encode=refuses), {"country": "NO"}, cost_centre="X")) == (
        "value_refused",
        "Cost centre: X of NO is none of ours",
        "cost_centre",
        {"value": "X"},
    )


def test_what_is_encoded_goes_through_the_table_and_the_limits() -> None:
    system = like("cost_centre", encode=lambda v, s: f"{s['prefix']}{v}", table=code_table("centres"), max_length=4)
    settings = {"prefix": "K", "centres": {"K1": "Bakery", "K2": "Shop", "K3": " "}}
    position = Position("1", date(2026, 1, 1), None, {"title": "Baker", "cost_centre": "2"})
    assert translate(system, position, settings).wanted.values["cost_centre"] == "Shop"
    assert only(system, settings, cost_centre="1").cause == "too_long"
    for other in ("3", "9"):
        found = translate(system, replace(position, values={"title": "Baker", "cost_centre": other}), settings)
        assert found.wanted.values["cost_centre"] == f"K{other}"
    found = translate(system, position, {**settings, "centres": None})
    assert found.wanted.values["cost_centre"] == "K2"


@pytest.mark.parametrize(
    ("changed", "value", "cause", "words"),
    [
        ({"minimum": Decimal(1)}, Decimal("0.5"), "value_refused", "0.5 is below Made Up's minimum of 1."),
        ({"maximum": Decimal(9)}, "9,5", "value_refused", "9.5 is above Made Up's maximum of 9."),
        ({"decimals": 1}, "1.25", "value_refused", "1.25 has more decimals than the 1 that Made Up keeps."),
        ({"decimals": 0}, "much", "value_refused", "“much” is not a number."),
        ({"minimum": Decimal(1)}, "NaN", "value_refused", "“NaN” is not a number."),
        ({"maximum": Decimal(1)}, "-Infinity", "value_refused", "“-Infinity” is not a number."),
        ({"max_length": 3}, " abcd ", "too_long", "has 4 characters; Made Up takes at most 3."),
        ({"allowed": "[a-z]*", "allowed_note": "only a to z"}, "aB", "bad_characters",
         "“aB” is not accepted by Made Up: only a to z."),
        ({"allowed": "[a-z]*", "allowed_note": "only a to z"}, "AB", "wrong_form",
         "“AB” is not accepted by Made Up: only a to z."),
        ({"allowed": "[0-9]{7}", "allowed_note": "it has seven digits"}, "12", "wrong_form",
         "“12” is not accepted by Made Up: it has seven digits."),
        ({"allowed": "([0-9]{9})?", "allowed_note": "it has nine digits"}, "12", "wrong_form",
         "“12” is not accepted by Made Up: it has nine digits."),
        ({"choices": (("a", "A"), ("b", "B"))}, "c", "value_refused", "“c” is not one of Made Up's values."),
    ],
)  # fmt: skip
def test_what_is_outside_a_limit(changed: dict[str, Any], value: Any, cause: str, words: str) -> None:
    shown = value.strip() if isinstance(value, str) else str(value)
    assert told(only(like("cost_centre", **changed), cost_centre=value)) == (
        cause,
        f"Cost centre {words}",
        "cost_centre",
        {"value": shown},
    )


@pytest.mark.parametrize(
    ("changed", "value", "expected"),
    [
        ({"minimum": Decimal(1)}, "1", Decimal(1)),
        ({"maximum": Decimal(9)}, 9, Decimal(9)),
        ({"decimals": 1}, "2,50", Decimal("2.5")),
        ({"decimals": 2}, "-1.005e2", Decimal("-100.50")),
        ({"max_length": 3}, " abc ", "abc"),
        ({"allowed": "[a-z]+", "allowed_note": "only a to z"}, " ab", "ab"),
        ({"choices": (("a", "A"), ("b", "B"))}, "b ", "b"),
        ({"max_length": 1}, date(2026, 3, 1), date(2026, 3, 1)),
        ({}, 7, 7),
    ],
)
def test_what_is_on_the_limit_is_sent(changed: dict[str, Any], value: Any, expected: Any) -> None:
    position = Position("1", date(2026, 1, 1), None, {"title": "Baker", "cost_centre": value})
    found = translate(like("cost_centre", **changed), position, {}).wanted
    assert found is not None and found.values["cost_centre"] == expected
    assert str(found.values["cost_centre"]) == str(expected)


def test_a_counterpart_outside_a_limit() -> None:
    system = like("cost_centre", codes={"a": "long"}, max_length=3)
    assert told(only(system, cost_centre="a")) == (
        "too_long",
        "Cost centre has 4 characters; Made Up takes at most 3.",
        "cost_centre",
        {"value": "long"},
    )


def test_a_default_goes_only_with_what_it_belongs_to() -> None:
    system = like(
        "end_reason",
        required_with="end_date",
        default_setting=Setting(name="reason", label="Reason"),
        codes={},
        table=None,
    )
    settings = {"reason": "GONE"}
    ended = translate(system, Position("1", date(2026, 1, 1), date(2026, 2, 1), {"title": "Baker"}), settings)
    assert ended.wanted is not None and ended.wanted.values["end_reason"] == "GONE"
    assert ended.wanted.defaulted == {"end_reason"}
    open_end = translate(system, Position("1", date(2026, 1, 1), None, {"title": "Baker"}), settings)
    assert open_end.wanted is not None and open_end.wanted.values["end_reason"] is None
    assert open_end.wanted.defaulted == frozenset()
    assert one({"fte": "90"}).wanted.defaulted == {"percentage"}
    assert one({"fte": "101"}).problems[0].message == "Percentage 101 is above Made Up's maximum of 100."
    assert one({"fte": " "}).wanted.values["percentage"] is None


def test_what_is_wanted_knows_its_position_and_first_day() -> None:
    found = translate(
        SYSTEM, Position("77", date(2026, 1, 1), date(2026, 2, 1), {"title": "B", "end_reason": "resigned"}), {}
    )
    assert found.wanted is not None
    assert (found.wanted.position_id, found.wanted.since) == ("77", date(2026, 1, 1))
    assert (found.wanted.start, found.wanted.end) == (date(2026, 1, 1), date(2026, 2, 1))
    assert unsent(one(weekly_hours=1)) == {"weekly_hours": "Switched off in this connection's settings."}


@pytest.mark.parametrize(
    ("ours", "what", "sentence"),
    [
        ("end_date", "a temporary contract",
         "A temporary contract needs an end date in Made Up. Fill in the end date, or choose another contract type; "
         "it is sent when you save."),
        ("cost_centre", "season", "Season needs a cost centre in Made Up. Fill in the cost centre, or choose another "
         "contract type; it is sent when you save."),
    ],
)  # fmt: skip
def test_what_another_value_asks_for(ours: str, what: str, sentence: str) -> None:
    system = like(ours, required_while=RequiredWhile("contract_type", "P", what))
    assert told(only(system, contract_type="permanent")) == ("missing_required_field", sentence, ours, {})
    assert one(contract_type="permanent").problems == ()
    assert incomplete(system, system.fields, {"contract_type": "P", ours: "x"}) == []
    assert incomplete(system, system.fields, {"contract_type": "PP"}) == []
    unless_set = like(ours, required_while=RequiredWhile("contract_type", "P?", what))
    assert [p.field for p in incomplete(unless_set, unless_set.fields, {})] == [ours], "nothing may ask for it too"
    assert incomplete(system, system.fields, {"contract_type": None}) == incomplete(system, system.fields, {}) == []


def test_what_a_record_of_that_kind_has_not() -> None:
    """Neither required nor sent, whatever stands here, and no default in its place."""
    rule = AbsentWhile("contract_type", "P", "a permanent contract")
    system = like("percentage", required=True, clearable=False, absent_while=rule)
    free = {"title": "B", "contract_type": "permanent"}
    for settings, more in (({}, {}), ({"fte": 50}, {}), ({}, {"percentage": 80}), ({}, {"percentage": 800})):
        found = translate(system, Position("1", date(2026, 1, 1), None, {**free, **more}), settings)
        assert found.wanted is not None, found.problems
        assert found.wanted.values["percentage"] is None and not found.wanted.defaulted
        said = {"percentage": "It is not sent with a permanent contract: Made Up reports none then."}
        assert unsent(found) == (said if more else {})
    needed = translate(system, Position("1", date(2026, 1, 1), None, {"title": "B"}), {})
    assert [p.field for p in needed.problems] == ["percentage"]


def test_whether_another_value_would_be_sent_otherwise() -> None:
    system = like("company", encode=lambda company, settings: company["number"] + settings.get("x", ""))
    old, new = {"number": "1", "name": "A"}, {"number": "2", "name": "A"}
    assert sent_otherwise(system, {}, "company", old, new)
    assert not sent_otherwise(system, {}, "company", old, {**old, "name": "B"})
    assert sent_otherwise(system, {}, "company", None, new) and sent_otherwise(system, {}, "company", old, None)
    assert not sent_otherwise(system, {}, "probation_end", date(2026, 1, 1), date(2026, 1, 2)), "it is not sent at all"
    assert not sent_otherwise(system, {}, "weekly_hours", 1, 2)
    assert sent_otherwise(system, {"send_hours": True}, "weekly_hours", 1, 2)
    assert not sent_otherwise(system, {"send_hours": True}, "weekly_hours", 1, 1)

    def refuses(company: Any, settings: Any) -> Any:
        if company["number"] != "1":
            raise ValueError("none of ours")
        return "1"

    refusing = like("company", encode=refuses)
    assert sent_otherwise(refusing, {}, "company", old, new)
    assert not sent_otherwise(refusing, {}, "company", new, {**new, "number": "3"}), "neither is sent"


def test_a_manager_is_found_by_address_too() -> None:
    system = like("manager", encode=lambda manager, settings: manager.number)
    first = Manager("7", name="Kari Nordmann", email="kari@example.com")
    assert not sent_otherwise(system, {}, "manager", first, replace(first, name="Kari Berg"))
    assert sent_otherwise(system, {}, "manager", first, replace(first, email="k@example.com"))
    assert sent_otherwise(system, {}, "manager", first, replace(first, number="8"))


@given(st.text(max_size=60), st.sampled_from(["", *END_REASONS]), st.decimals(allow_nan=True, allow_infinity=True))
def test_whatever_comes_in_is_either_within_the_limits_or_refused(title: str, reason: str, share: Decimal) -> None:
    found = one(title=title, end_reason=reason, percentage=share, end=date(2026, 2, 2))
    assert (found.wanted is None) == bool(found.problems)
    if found.wanted is not None:
        assert 0 < len(found.wanted.values["title"]) <= 20
        assert Decimal(0) <= found.wanted.values["percentage"] <= Decimal(100)


def test_what_is_the_employees_is_sent_with_the_position_of_today_alone() -> None:
    """Whatever is over or to come neither gets it, nor clears it, nor is out of date for want of it."""
    own = tuple(replace(f, of_employee=f.ours == "cost_centre") for f in SYSTEM.fields if f.supported)
    system = made_up(fields=own, unsupported={f.ours: f.unsupported for f in SYSTEM.fields if not f.supported})
    fields = active_fields(system, {})
    today, values = date(2026, 6, 15), {"title": "Baker", "cost_centre": "100"}
    now = Position("1", date(2026, 1, 1), None, values)
    over = Position("2", date(2025, 1, 1), date(2025, 12, 31), {**values, "end_reason": "resigned"}, is_current=False)
    coming = Position("3", date(2026, 9, 1), None, values, is_current=False)
    assert translate(system, now, {}).wanted.values["cost_centre"] == "100"
    for position in (over, coming):
        found = translate(system, position, {})
        assert found.wanted is not None and "cost_centre" not in found.wanted.values
        assert "position is that of today" in str(found.unsent["cost_centre"])
        written = {**found.wanted.values, "cost_centre": "100"}
        for there in (written, {**written, "cost_centre": "200"}, found.wanted.values):
            compared = compare(system, fields, {}, found.wanted, Remote("r", there), Sent("r", written))
            assert compared == Comparison(), there
            assert compared.holds(found.wanted, written) == found.wanted.values
    assert to_come(system, coming, {}, today) == (date(2026, 9, 1), ("cost_centre",))
    assert to_come(system, over, {}, today) is None and to_come(system, now, {}, today) is None
    assert to_come(system, replace(coming, values={"title": "Baker"}), {}, today) is None


def test_a_declaration_must_give_a_name_or_a_reason() -> None:
    with pytest.raises(ValueError, match="remote name or the reason"):
        Field(ours="title")
    with pytest.raises(ValueError, match="declare each of our fields once"):
        made_up(fields=())


def test_what_is_filled_in_now_stands_for_days_of_which_nothing_could_be_sent() -> None:
    """Days to come are not mended: they are refused with their day."""
    system = connector_for("tripletex").system
    settings = {s.name: s.default for s in system.settings} | {"default_division": "974760673"}
    good = {"contract_type": "permanent", "percentage": Decimal(80), "working_hours_scheme": "not_shift"}
    start, today, later = date(2026, 1, 1), date(2026, 6, 15), date(2026, 9, 1)
    code = {"occupation_code": "5221126"}
    rows = ((start, good), (today, {**good, **code}), (later, {**good, **code, "percentage": Decimal(60)}))
    found = translate(system, Position("1", start, None, {}, rows).on(today), settings)
    assert found.wanted is not None, found.problems
    assert [(day, held["occupation_code"], held["percentage"]) for day, held in found.wanted.terms] == [
        (start, "5221126", Decimal(80)),
        (later, "5221126", Decimal(60)),
    ]
    bad = (*rows[:2], (later, {**good, "occupation_code": "12"}))
    [problem] = translate(system, Position("1", start, None, {}, bad).on(today), settings).problems
    assert problem.field == "occupation_code" and "From 1 Sep 2026" in problem.message
