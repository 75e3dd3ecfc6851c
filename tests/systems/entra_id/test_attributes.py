"""Entra ID: the fields that go to extension attributes, and the division: created, changed, cleared and refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import pytest

from integrations.sandboxes.server import Tenants
from integrations.sdk.values import Company, Position
from integrations.systems.entra_id.declaration import PLACES, SYSTEM
from tests.contracts import check_openapi
from tests.systems.kit import DEPARTMENT, PERSON, Rig

PLACED: dict[str, str] = {key: f"extensionAttribute{number}" for number, key in enumerate(PLACES.rows, 3)}
VALUES: dict[str, Any] = {
    "first_day_of_work": date(2026, 1, 5),
    "last_day_of_work": date(2026, 12, 18),
    "probation_end": date(2026, 6, 30),
    "occupation_code": "5223101",
    "remuneration_type": "monthly",
    "percentage": Decimal("80.00"),
    "weekly_hours": Decimal("37.50"),
    "working_hours_scheme": "shift",
}
# What is written of each, another value of ours, and what is written then.
CELLS: dict[str, tuple[str, Any, str]] = {
    "first_day_of_work": ("2026-01-05", date(2026, 1, 7), "2026-01-07"),
    "last_day_of_work": ("2026-12-18", date(2026, 12, 11), "2026-12-11"),
    "probation_end": ("2026-06-30", date(2026, 7, 31), "2026-07-31"),
    "occupation_code": ("5223101", "3431102", "3431102"),
    "remuneration_type": ("monthly", "hourly", "Per hour"),
    "percentage": ("80", Decimal("62.50"), "62.5"),
    "weekly_hours": ("37.5", Decimal("30"), "30"),
    "working_hours_scheme": ("shift", "continuous", "continuous"),
}
REFUSED = {"error": {"code": "Request_BadRequest", "message": "Invalid value specified for property 'x'."}}


def position(**values: Any) -> Position:
    given = {"title": "Butikkmedarbeider", **VALUES, **values}
    return Position("1", date(2026, 1, 1), None, {k: v for k, v in given.items() if v is not None})


@pytest.fixture
def rig(sandbox_server: tuple[str, Tenants]) -> Iterator[Rig]:
    chosen = {"attributes": PLACED, "remuneration_words": {"hourly": "Per hour"}, "send_leave_date": False}
    rig = Rig(sandbox_server, "entra_id", PERSON, chosen, known=True)
    yield rig
    calls = [call for call in rig.calls if call.path.startswith("v1.0/")]
    assert [wrong for call in calls for wrong in check_openapi("entra_id.openapi.json", call, strip="v1.0/")] == []


def user(rig: Rig) -> dict[str, Any]:
    found: dict[str, Any] = next(u for u in rig.sandbox.state["users"].values() if u["employeeId"] == PERSON.number)
    return found


def attributes(rig: Rig) -> dict[str, str]:
    return {name: text for name, text in user(rig)["onPremisesExtensionAttributes"].items() if text}


def patches(rig: Rig) -> list[dict[str, Any]]:
    return [json.loads(call.body) for call in rig.calls if call.method == "PATCH"]


def test_every_field_without_a_property_of_its_own_has_a_row() -> None:
    declared = {f.ours for f in SYSTEM.fields if f.opt_in == PLACES}
    assert declared == set(PLACES.rows) == set(VALUES) == set(CELLS)


def test_nothing_goes_there_as_it_comes(rig: Rig) -> None:
    del rig.settings["attributes"]
    outcome = rig.one(position())
    assert set(VALUES) <= set(outcome.unsent)
    assert not attributes(rig)
    assert not [c for c in rig.calls if "onPremisesExtensionAttributes" in f"{c.query}{c.body}"]


def test_all_are_created_together_and_what_else_is_there_stays(rig: Rig) -> None:
    user(rig)["onPremisesExtensionAttributes"]["extensionAttribute1"] = "IT's own"
    assert rig.one(position()).state == "succeeded"
    assert attributes(rig) == {"extensionAttribute1": "IT's own"} | {PLACED[k]: CELLS[k][0] for k in CELLS}
    assert patches(rig)[1:2] == [{"onPremisesExtensionAttributes": {PLACED[k]: CELLS[k][0] for k in CELLS}}]
    rig.forget_calls()
    assert rig.one(position()).cause == "nothing_to_change"
    assert "IT's own" not in repr(rig.sync(position(title="Butikksjef")).exchanges), "nobody's business here"


@pytest.mark.parametrize("key", CELLS)
def test_each_is_changed_cleared_and_refused(rig: Rig, key: str) -> None:
    rig.sync(position())
    place, (_, value, written) = PLACED[key], CELLS[key]
    rig.forget_calls()
    assert set(rig.one(position(**{key: value})).changes) == {key}
    assert patches(rig) == [{"onPremisesExtensionAttributes": {place: written}}]
    rig.forget_calls()
    assert rig.one(position(**{key: None})).state == "succeeded"
    assert patches(rig) == [{"onPremisesExtensionAttributes": {place: None}}]
    assert place not in attributes(rig)
    rig.fail(status=400, body=json.dumps(REFUSED), method="PATCH")
    refused = rig.one(position())
    assert (refused.state, refused.cause, refused.field) == ("failed", "refused_by_target", key)
    assert rig.one(position()).state == "succeeded"


def test_what_somebody_else_wrote_is_written_over_only_where_we_say_something(rig: Rig) -> None:
    rig.sync(position(weekly_hours=None))
    user(rig)["onPremisesExtensionAttributes"] |= {PLACED["weekly_hours"]: "x", PLACED["percentage"]: "80 %"}
    rig.sync(position(weekly_hours=None))
    assert attributes(rig)[PLACED["weekly_hours"]] == "x"
    assert attributes(rig)[PLACED["percentage"]] == "80"


@pytest.mark.parametrize("value", [Decimal("100.01"), Decimal("-1"), Decimal("33.333")])
def test_a_percentage_that_is_none_is_refused_here(rig: Rig, value: Decimal) -> None:
    outcome = rig.one(position(percentage=value))
    assert (outcome.state, outcome.field) == ("failed", "percentage")
    assert not patches(rig)


def test_of_a_user_who_was_synced_once_the_rest_is_written(rig: Rig) -> None:
    """Only the flag `false` tells; Graph takes everything but these then."""
    user(rig)["onPremisesSyncEnabled"] = False
    outcome = rig.one(position())
    assert outcome.state == "succeeded"
    assert {w.field for w in outcome.warnings} == set(CELLS)
    assert all("Exchange admin center" in w.message for w in outcome.warnings)
    assert user(rig)["jobTitle"] == "Butikkmedarbeider" and not attributes(rig)
    assert outcome.sent is not None and not set(CELLS) & set(outcome.sent.values)
    again = rig.one(position())
    assert again.state == "failed" and "once synced" in again.message, "nothing else is left to write"
    rig.settings["attributes"] = {}
    assert rig.one(position()).cause == "nothing_to_change", "as the remedy says"


def test_they_are_emptied_with_the_job_by_setting(rig: Rig) -> None:
    rig.settings["clear_at_end"] = True
    rig.sync(position())
    user(rig)["onPremisesExtensionAttributes"][PLACED["weekly_hours"]] = "by hand"
    rig.sync(Position("1", date(2026, 1, 1), date(2026, 6, 10), position().values))
    assert attributes(rig) == {PLACED["weekly_hours"]: "by hand"}


@pytest.mark.parametrize(("holds", "name"), [("company", "companyName"), ("department", "department")])
def test_the_division_holds_what_the_setting_says(rig: Rig, holds: str, name: str) -> None:
    rig.settings["division_holds"] = holds
    user(rig)["employeeOrgData"] = {"division": "Før", "costCenter": "1"}
    ours = {"company": Company("Fjellheim Drift", "974760673"), "department": DEPARTMENT}
    words = {"company": "Fjellheim Drift", "department": "Butikk"}
    rig.sync(position(**ours))
    assert user(rig)["employeeOrgData"] == {"division": words[holds], "costCenter": "1"}
    assert user(rig)[name] is None
    rig.forget_calls()
    assert rig.one(position(**ours)).cause == "nothing_to_change"
    rig.sync(position(**ours, cost_centre="4010"))
    assert patches(rig) == [{"employeeOrgData": {"division": words[holds], "costCenter": "4010"}}]
    rig.forget_calls()
    rig.sync(position(**{**ours, holds: None}, cost_centre="4010"))
    assert patches(rig) == [{"employeeOrgData": {"division": None, "costCenter": "4010"}}]
    body = {"error": {"code": "x", "message": "Invalid value specified for property 'employeeOrgData'."}}
    rig.fail(status=400, body=json.dumps(body), method="PATCH")
    assert rig.one(position(**ours, cost_centre="4010")).state == "failed"


def test_everybody_at_once_shows_them(rig: Rig) -> None:
    rig.sync(position())
    connector = rig.connector()
    [seen] = [seen for seen in connector.snapshot() if seen.id == rig.employee_id]
    connector.close()
    assert str(seen.records[0].values["percentage"]) == "80"
    assert "onPremisesExtensionAttributes" in unquote(rig.calls[-1].query)


def test_who_comes_back_has_no_last_day_of_the_time_before(rig: Rig) -> None:
    """What we wrote is taken away, a clerk's stays."""
    rig.settings["send_leave_date"] = True
    rig.today = date(2026, 5, 10)
    before = replace(position(last_day_of_work=date(2026, 5, 18)), end=date(2026, 5, 20))
    place = PLACED["last_day_of_work"]
    for position_id, there in (("2", None), ("3", "2026-05-31")):
        rig.somebody_else(PERSON)
        user(rig)["employeeHireDate"] = None
        rig.sync(before)
        assert attributes(rig)[place] == "2026-05-18"
        if there:
            user(rig)["onPremisesExtensionAttributes"][place] = there
        rig.today = date(2026, 6, 15)
        now = replace(position(last_day_of_work=None), id=position_id, start=date(2026, 6, 10))
        outcome = rig.one(now)
        assert (outcome.action, attributes(rig).get(place)) == ("create", there)
        assert (outcome.changes.get("last_day_of_work") is None) == bool(there), "the log says what was taken away"
        assert rig.one(now).cause == "nothing_to_change"
        rig.today = date(2026, 5, 10)
