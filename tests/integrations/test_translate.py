"""Our values into a system's words: required fields, tables, limits, and honest reasons."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.connectors.fields import END_REASONS
from integrations.connectors.system import Field
from integrations.connectors.values import Position
from integrations.translate import same, translate
from tests.integrations.systems import made_up

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
    assert "Switched off" in off.unsent["weekly_hours"]
    assert one({"send_hours": True}, weekly_hours=Decimal("30")).wanted.values["weekly_hours"] == Decimal("30")


def test_unsupported_fields_say_why_but_only_when_they_hold_something() -> None:
    assert one(probation_end=date(2026, 3, 1)).unsent == {"probation_end": "Made Up has no such field."}
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
    ],
)
def test_same(a: Any, b: Any, expected: bool) -> None:
    assert same(a, b) is expected
    assert same(b, a) is expected


@given(st.text(max_size=60), st.sampled_from(["", *END_REASONS]), st.decimals(allow_nan=True, allow_infinity=True))
def test_whatever_comes_in_is_either_within_the_limits_or_refused(title: str, reason: str, share: Decimal) -> None:
    found = one(title=title, end_reason=reason, percentage=share, end=date(2026, 2, 2))
    assert (found.wanted is None) == bool(found.problems)
    if found.wanted is not None:
        assert 0 < len(found.wanted.values["title"]) <= 20
        assert Decimal(0) <= found.wanted.values["percentage"] <= Decimal(100)


def test_a_declaration_must_give_a_name_or_a_reason() -> None:
    with pytest.raises(ValueError, match="remote name or the reason"):
        Field(ours="title")
    with pytest.raises(ValueError, match="declare each of our fields once"):
        made_up(fields=())
