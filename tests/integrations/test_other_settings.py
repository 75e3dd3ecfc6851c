"""What other settings would send otherwise of one position, field by field and day by day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from integrations.planning import other_settings
from integrations.planning.other_settings import Line, Otherwise, Told, beyond
from integrations.planning.translate import translate
from integrations.sdk.declaration import System
from integrations.sdk.declared_field import Dates
from integrations.sdk.settings import Setting, switch
from integrations.sdk.values import Position
from tests.integrations.systems import made_up
from tests.integrations.test_planner import day

MADE = made_up()
PLAIN: dict[str, Any] = {"fte": "", "send_hours": False, "end_reasons": {}}


def position(**values: Any) -> Position:
    return Position("1", day(0), None, {"title": "Baker", **values})


def over(**values: Any) -> Position:
    return replace(position(**values), end=day(9))


def otherwise(system: System, position: Position, old: Mapping[str, Any], new: Mapping[str, Any]) -> Otherwise:
    return other_settings.otherwise(system, position, old, new, position.day or day(0))


def test_what_is_sent_otherwise_is_told_in_the_systems_words() -> None:
    with_hours = otherwise(MADE, position(weekly_hours=Decimal(30)), PLAIN, PLAIN | {"send_hours": True})
    assert with_hours == Otherwise(Told.OTHERWISE, (Line("weekly_hours", "hours", None, Decimal(30)),))
    filled_in = otherwise(MADE, position(), PLAIN | {"fte": "50"}, PLAIN)
    assert filled_in == Otherwise(Told.OTHERWISE, (Line("percentage", "fte", Decimal(50), None),))


def test_nothing_is_told_of_what_another_setting_does_not_reach() -> None:
    assert otherwise(MADE, position(percentage=Decimal(80)), PLAIN, PLAIN | {"fte": "50"}) == Otherwise(Told.SAME)
    assert otherwise(MADE, position(title=""), PLAIN, PLAIN | {"send_hours": True}) == Otherwise(Told.SAME), (
        "neither can be sent"
    )


def test_what_can_be_sent_at_last_is_told_with_all_that_it_says() -> None:
    table = PLAIN | {"end_reasons": {"other": "OWN"}}
    found = otherwise(MADE, over(end_reason="other"), PLAIN, table)
    assert found.told is Told.NOW
    assert {line.remote: (line.old, line.new) for line in found.lines} == {
        "job": (None, "Baker"), "from": (None, day(0)), "to": (None, day(9)), "why": (None, "OWN"),
    }  # fmt: skip


def test_what_can_be_sent_no_more_says_every_reason_and_the_first_ones_cause_and_field() -> None:
    strict = made_up(
        fields=tuple(
            replace(f, required=True, default_setting=Setting(name="centre", label="Cost centre"))
            if f.ours == "cost_centre"
            else f
            for f in MADE.fields
        )
    )
    held = PLAIN | {"end_reasons": {"other": "OWN"}, "centre": "10"}
    found = otherwise(strict, over(end_reason="other"), held, PLAIN)
    problems = translate(strict, over(end_reason="other"), PLAIN).problems
    assert len(problems) == 2 and problems[0].cause != problems[1].cause
    assert found == Otherwise(
        Told.NO_MORE, (), problems[0].cause, problems[0].field, tuple(problem.said for problem in problems)
    )


# -- by day -------------------------------------------------------------------------------------------------


def at_most(value: Any, settings: Mapping[str, Any]) -> Any:
    return min(value, Decimal(settings["most"]))


BY_DAY = made_up(
    fields=tuple(replace(f, dated=Dates.ROWS, encode=at_most) if f.ours == "weekly_hours" else f for f in MADE.fields)
)
HOURS = PLAIN | {"send_hours": True, "most": 40}


def by_day(*hours: int, today: int = 0) -> Position:
    """Other hours on every tenth day."""
    terms = tuple((day(10 * n), {"title": "Baker", "weekly_hours": Decimal(h)}) for n, h in enumerate(hours))
    return Position("1", day(0), None, terms[today][1], terms if len(hours) > 1 else (), day(10 * today))


def test_a_value_of_a_later_day_is_told_with_its_day() -> None:
    found = otherwise(BY_DAY, by_day(30, 35, 40), HOURS, HOURS | {"most": 32})
    assert found == Otherwise(Told.OTHERWISE, (Line("weekly_hours", "hours", Decimal(35), Decimal(32), day(10)),))
    assert otherwise(BY_DAY, by_day(30, 32), HOURS, HOURS | {"most": 32}) == Otherwise(Told.SAME)


def test_the_value_of_today_is_told_without_a_day() -> None:
    found = otherwise(BY_DAY, by_day(30, 40, today=1), HOURS, HOURS | {"most": 32})
    assert found.lines == (Line("weekly_hours", "hours", Decimal(40), Decimal(32)),)
    found = otherwise(BY_DAY, by_day(30, 40), PLAIN | {"most": 40}, HOURS)
    assert found.lines == (Line("weekly_hours", "hours", None, Decimal(30)),), "it is sent from the first day on"


def test_by_day_in_one_of_the_two_only() -> None:
    """With a ceiling of 20 all days are alike, so that nothing is dated any more."""
    flattened = otherwise(BY_DAY, by_day(20, 40), HOURS, HOURS | {"most": 20})
    assert flattened.lines == (Line("weekly_hours", "hours", Decimal(40), Decimal(20), day(10)),)
    raised = otherwise(BY_DAY, by_day(20, 40), HOURS | {"most": 20}, HOURS)
    assert raised.lines == (Line("weekly_hours", "hours", Decimal(20), Decimal(40), day(10)),)


# -- what no translation tells --------------------------------------------------------------------------------


def test_settings_of_no_field_and_those_that_only_the_connector_reads_are_named() -> None:
    other, read = switch("pay_group", "Pay group"), switch("hours_by_week", "Hours by week")
    system = made_up(
        settings=(other,),
        fields=tuple(replace(f, beside=(read,)) if f.ours == "weekly_hours" else f for f in MADE.fields),
    )
    old = PLAIN | {"pay_group": False, "hours_by_week": False}
    assert beyond(system, old, old) == []
    assert beyond(system, old, old | {"fte": "50", "send_hours": True}) == [], "a translation tells that"
    assert beyond(system, old, old | {"pay_group": True}) == ["pay_group"]
    assert sorted(beyond(system, old, old | {"pay_group": True, "hours_by_week": True})) == [
        "hours_by_week", "pay_group",
    ]  # fmt: skip
