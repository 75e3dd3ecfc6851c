"""Fortnox: the working-hours scheme as a schedule, created, changed, cleared and refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from integrations.sandboxes.server import Tenants
from integrations.sdk.values import Position
from tests.contracts import check_openapi
from tests.systems.fortnox.test_connector import KNOWN_DIFFERENCES
from tests.systems.kit import PERSON, Rig

CHOSEN = {"send_working_hours_scheme": True, "schedules": {"not_shift": "DEL", "shift": "SKIFT", "continuous": "NIX"}}


def position(scheme: str | None, title: str = "Kock") -> Position:
    values = {"title": title, "contract_type": "permanent", "working_hours_scheme": scheme}
    return Position("1", date(2026, 1, 1), None, {k: v for k, v in values.items() if v})


@pytest.fixture
def rig(sandbox_server: tuple[str, Tenants]) -> Iterator[Rig]:
    rig = Rig(sandbox_server, "fortnox", PERSON, CHOSEN, known=True)
    yield rig
    calls = [call for call in rig.calls if call.path.startswith("3/")]
    found = [wrong for call in calls for wrong in check_openapi("fortnox.openapi.json", call)]
    assert [wrong for wrong in found if not KNOWN_DIFFERENCES.search(wrong)] == []


def bodies(rig: Rig) -> list[dict[str, Any]]:
    return [json.loads(call.body)["Employee"] for call in rig.calls if call.method == "PUT"]


def schedule(rig: Rig) -> str:
    [there] = rig.there()
    return str(there["ScheduleId"])


def test_it_is_off_as_it_comes(rig: Rig) -> None:
    rig.settings["send_working_hours_scheme"] = False
    outcome = rig.one(position("shift"))
    assert "working_hours_scheme" in outcome.unsent
    assert schedule(rig) == "HEL" and "ScheduleId" not in bodies(rig)[0]


def test_created_changed_cleared_and_left_alone(rig: Rig) -> None:
    rig.sync(position("shift"))
    assert bodies(rig)[0]["ScheduleId"] == "SKIFT" and schedule(rig) == "SKIFT"
    rig.forget_calls()
    assert rig.one(position("shift")).cause == "nothing_to_change"
    outcome = rig.one(position("not_shift"))
    assert (set(outcome.changes), outcome.warnings) == ({"working_hours_scheme"}, ())
    assert bodies(rig) == [{"ScheduleId": "DEL"}]
    rig.forget_calls()
    assert rig.one(position(None)).cause == "nothing_to_change", "taken away here, it stays there"
    assert bodies(rig) == [] and schedule(rig) == "DEL"


def test_it_is_refused_here_without_a_row_and_there_without_the_schedule(rig: Rig) -> None:
    none = rig.one(position("offshore_336"))
    assert (none.state, none.field) == ("failed", "working_hours_scheme") and bodies(rig) == []
    unknown = rig.one(position("continuous"))
    assert (unknown.state, unknown.cause, unknown.field) == ("failed", "refused_by_target", "working_hours_scheme")
    assert rig.there() == [], "nothing of it was kept"
    rig.sandbox.state["schedules"].append("NIX")
    assert rig.one(position("continuous")).state == "succeeded"


def test_schedules_that_were_planned_there_are_not_lost_unsaid(rig: Rig) -> None:
    kept = rig.sandbox.state["employees"][PERSON.number]
    rows = [*kept["DatedSchedules"], {"EmployeeId": "1042", "FirstDay": "2026-09-01", "ScheduleId": "DEL"}]
    kept["DatedSchedules"] = rows
    [warning] = rig.one(position("shift")).warnings
    assert not warning.field, "it was written"
    assert "DEL" in warning.message and "2026" in warning.message
    rig.sandbox.state["employees"][PERSON.number]["DatedSchedules"] = rows
    rig.forget_calls()
    assert rig.one(position("not_shift", title="Kallskänka")).state == "succeeded"
    rig.sandbox.state["employees"][PERSON.number]["DatedSchedules"] = rows
    assert rig.one(position("not_shift", title="Kock")).warnings == (), "whoever writes no schedule loses none"


def test_an_answer_that_shows_no_planned_schedules_says_nothing_of_them(rig: Rig) -> None:
    rig.sync(position("shift"))
    planned = [{"EmployeeId": "1042", "FirstDay": "2099-09-01", "ScheduleId": "DEL"}]
    rig.sandbox.state["employees"][PERSON.number]["DatedSchedules"] = planned
    rig.fail(status=200, body=json.dumps({"Employee": {"EmployeeId": "1042", "ScheduleId": "DEL"}}), method="PUT")
    outcome = rig.one(position("not_shift"))
    assert (outcome.state, outcome.warnings) == ("succeeded", ())
    rig.forget_calls()  # that answer holds less than Fortnox's contract asks for
