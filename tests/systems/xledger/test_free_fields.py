"""Xledger: the fields that go to free values, texts and dates: created, changed, cleared and refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from integrations.sandboxes.server import Tenants
from integrations.sdk.values import Position
from integrations.systems.xledger import declaration
from integrations.systems.xledger.declaration import FREE, SYSTEM
from tests.systems.kit import PERSON, Rig
from tests.systems.xledger.test_connector import OnMutation, breaches

CHOSEN: dict[str, dict[str, str]] = {
    "free_numbers": {"percentage": "value2", "weekly_hours": "number1"},
    "free_texts": {"occupation_code": "text3", "working_hours_scheme": "text6"},
    "free_dates": {"first_day_of_work": "date1", "last_day_of_work": "date2"},
}
PLACED = {ours: place for table in CHOSEN.values() for ours, place in table.items()}
VALUES: dict[str, Any] = {
    "percentage": Decimal("80.00"),
    "weekly_hours": Decimal("37.50"),
    "occupation_code": "5223101",
    "working_hours_scheme": "shift",
    "first_day_of_work": date(2026, 1, 5),
    "last_day_of_work": date(2026, 12, 18),
}
# What is written of each, another value of ours, what is written then, and one that is refused here.
CELLS: dict[str, tuple[Any, Any, Any, Any]] = {
    "percentage": (80.0, Decimal("62.50"), 62.5, Decimal("100.5")),
    "weekly_hours": (37.5, Decimal(30), 30.0, Decimal("-1")),
    "occupation_code": ("5223101", "3431102", "3431102", "x" * 256),
    "working_hours_scheme": ("shift", "continuous", "Døgnskift", None),
    "first_day_of_work": ("2026-01-05", date(2026, 1, 7), "2026-01-07", None),
    "last_day_of_work": ("2026-12-18", date(2026, 12, 11), "2026-12-11", None),
}


def position(**values: Any) -> Position:
    given = {"title": "Butikkmedarbeider", **VALUES, **values}
    return Position("1", date(2026, 1, 1), None, {k: v for k, v in given.items() if v is not None})


@pytest.fixture
def rig(sandbox_server: tuple[str, Tenants]) -> Iterator[Rig]:
    settings = {**CHOSEN, "scheme_texts": {"continuous": "Døgnskift"}}
    rig = Rig(sandbox_server, "xledger", PERSON, settings, known=True)
    rig.sandbox.state["burst"] = 1000
    yield rig
    assert [wrong for call in rig.calls for wrong in breaches(call)] == []


def kept(rig: Rig) -> dict[str, Any]:
    record: dict[str, Any] = rig.sandbox.state["employees"][0]
    return record


def nodes(rig: Rig) -> list[dict[str, Any]]:
    bodies = [json.loads(call.body) for call in rig.calls]
    sent = [body["variables"]["inputs"][0]["node"] for body in bodies if body["query"].startswith("mutation")]
    return [{name: value for name, value in node.items() if name != "dbId"} for node in sent]


def test_every_such_field_has_a_row_and_is_off_as_it_comes(rig: Rig) -> None:
    declared = {f.ours for f in SYSTEM.fields if f.opt_in in FREE}
    assert declared == {key for table in FREE for key in table.rows} == set(VALUES) == set(CELLS)
    for table in FREE:
        del rig.settings[table.name]
    assert set(VALUES) <= set(rig.one(position()).unsent)
    assert not set(nodes(rig)[0]) & {place for table in FREE for place, _ in table.choices}


def test_all_are_created_and_then_left_alone(rig: Rig) -> None:
    assert rig.one(position()).state == "succeeded"
    assert {place: kept(rig).get(place) for place in PLACED.values()} == {PLACED[k]: CELLS[k][0] for k in CELLS}
    rig.forget_calls()
    assert rig.one(position()).cause == "nothing_to_change"
    rig.sync(position(title="Butikksjef"))
    assert [set(node) for node in nodes(rig)] == [{"positionValue"}]


@pytest.mark.parametrize("key", CELLS)
def test_each_is_changed_cleared_and_refused(rig: Rig, key: str) -> None:
    rig.sync(position())
    place, (_, value, written, bad) = PLACED[key], CELLS[key]
    rig.forget_calls()
    assert set(rig.one(position(**{key: value})).changes) == {key}
    assert nodes(rig) == [{place: written}]
    rig.forget_calls()
    assert rig.one(position(**{key: None})).cause == "nothing_to_change"
    assert kept(rig)[place] == written and nodes(rig) == [], "taken away here, it stays there"
    if bad is not None:
        refused = rig.one(position(**{key: bad}))
        assert (refused.state, refused.field) == ("failed", key) and nodes(rig) == []
    body = {"errors": [{"message": f"{place}: This value is not allowed.", "code": "BAD_REQUEST"}]}
    rig.sandbox.tenant.faults.append(OnMutation(status=200, body=json.dumps(body)))
    refused = rig.one(position())
    assert (refused.state, refused.cause, refused.field) == ("failed", "refused_by_target", key)
    assert rig.one(position()).state == "succeeded"
    assert kept(rig)[place] == CELLS[key][0]


def test_a_place_that_is_chosen_later_or_instead_gets_its_value_with_the_next_send(rig: Rig) -> None:
    chosen = rig.settings.pop("free_texts")
    rig.sync(position())
    rig.forget_calls()
    rig.settings["free_texts"] = chosen
    assert rig.one(position()).state == "succeeded"
    assert nodes(rig) == [{"text3": "5223101", "text6": "shift"}]
    rig.settings["free_texts"] = {"occupation_code": "text1", "working_hours_scheme": "text6"}
    rig.forget_calls()
    assert rig.one(position()).state == "succeeded"
    assert nodes(rig) == [{"text1": "5223101"}] and kept(rig)["text3"] == "5223101"
    rig.forget_calls()
    assert rig.one(position()).cause == "nothing_to_change" and not nodes(rig)
    guide = Path(declaration.__file__).with_name("guide.md").read_text(encoding="utf-8")
    assert "The earlier place keeps what it has" in guide
    assert all("the earlier one keeps what it has" in str(table.help) for table in FREE)
