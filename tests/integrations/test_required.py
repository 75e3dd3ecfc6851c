"""What a position must have before a system takes it, and why."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from integrations.planning.required import Need, needs
from integrations.sdk.declaration import System
from integrations.sdk.declared_field import Dates, RequiredWhile
from integrations.sdk.values import Position
from tests.integrations.systems import made_up
from tests.integrations.test_planner import day

PLAIN: dict[str, Any] = {"fte": "", "send_hours": False, "end_reasons": {}}
WHILE = RequiredWhile("contract_type", "P", "a permanent contract")


def system(**changes: dict[str, Any]) -> System:
    return made_up(fields=tuple(replace(f, **changes.get(f.ours, {})) for f in made_up().fields))


def found(of: System, end: int | None = None, settings: dict[str, Any] = PLAIN, **values: Any) -> list[Need]:
    return needs(of, Position("1", day(0), None if end is None else day(end), values), settings)


def test_what_is_always_needed_is_named_whether_it_is_there_or_not() -> None:
    """But for the start date, without which there is no position."""
    assert found(system()) == [Need("title", True)]
    assert found(system(), title="Baker") == [Need("title", False)]


def test_what_another_field_asks_for_says_which() -> None:
    assert found(system(), 9) == [Need("title", True), Need("end_reason", True, because="end_date")]
    assert found(system(), 9, end_reason="resigned")[1:] == [Need("end_reason", False, because="end_date")]
    both = system(end_reason={"required": True})
    assert found(both, 9)[1:] == [Need("end_reason", True)], "it is always needed"


def test_what_a_record_of_a_kind_asks_for_says_of_which() -> None:
    kind = system(cost_centre={"required_while": WHILE})
    assert found(kind, contract_type="permanent")[1:] == [Need("cost_centre", True, of="a permanent contract")]
    assert found(kind)[1:] == []
    always = system(cost_centre={"required_while": WHILE, "required": True})
    assert found(always, contract_type="permanent")[1:] == [Need("cost_centre", True)]


def test_an_end_may_be_needed_as_any_other_field() -> None:
    temporary = system(end_date={"required_while": WHILE})
    assert found(temporary, title="A", contract_type="permanent")[1:] == [
        Need("end_date", True, of="a permanent contract")
    ]
    known = found(temporary, 9, title="A", contract_type="permanent", end_reason="resigned")
    assert known[1] == Need("end_date", False, of="a permanent contract")


def test_a_default_of_the_connection_and_what_is_not_sent_are_not_needed() -> None:
    shares = system(percentage={"required": True}, weekly_hours={"required": True})
    assert [need.field for need in found(shares)] == ["title", "percentage"]
    assert [need.field for need in found(shares, settings=PLAIN | {"fte": "50"})] == ["title"]
    assert [need.field for need in found(shares, settings=PLAIN | {"send_hours": True})][1:] == [
        "percentage", "weekly_hours",
    ]  # fmt: skip


def test_what_is_there_on_some_days_alone_is_needed_all_the_same() -> None:
    by_day = system(weekly_hours={"required": True, "dated": Dates.ROWS})
    rows = tuple((day(n), {"title": "Baker", "weekly_hours": Decimal(n + 30)}) for n in (0, 5))
    position = Position("1", day(0), None, rows[1][1], rows, day(5))
    assert needs(by_day, position, PLAIN | {"send_hours": True}) == [Need("title", False), Need("weekly_hours", False)]


def test_a_value_that_is_refused_is_not_one_that_is_missing() -> None:
    def too_early(value: Any, settings: Any) -> Any:
        raise ValueError("before their books begin")

    assert found(system(start_date={"encode": too_early}), title="Baker") == [Need("title", False)]
    at_most = system(weekly_hours={"dated": Dates.ROWS, "maximum": Decimal(40)})
    rows = tuple((day(n), {"title": "Baker", "weekly_hours": Decimal(hours)}) for n, hours in ((0, 30), (5, 50)))
    position = Position("1", day(0), None, rows[0][1], rows, day(0))
    assert needs(at_most, position, PLAIN | {"send_hours": True}) == [Need("title", False)], "of a day to come"
