"""Finago: what stands on the employee, and a connection may switch on: each field made, changed, emptied, refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import requests

from integrations.planning.drift import Kind
from integrations.planning.planner import Rules
from integrations.sandboxes.server import Tenants
from integrations.sdk.values import Department, Position
from tests.systems.finago.test_connector import TestFinago as Shared
from tests.systems.kit import PERSON, Rig

SHARED = Shared()
SHOP, NORTH = Department("BUT1", "Butikk"), Department("BUT2", "Nord")


@pytest.fixture
def rig(sandbox_server: tuple[str, Tenants]) -> Iterator[Rig]:
    """With everything switched on, and an employee of whom the rest must stay as it is."""
    rig = Rig(sandbox_server, "finago", PERSON, {}, known=True)
    rig.settings |= {
        "title_field": "2",
        "department_dimension": "1",
        "cost_centre_dimension": "3",
        "send_first_day_of_work": True,
        "send_remuneration_type": True,
        "send_weekly_hours": True,
    }
    rig.sandbox.state["employees"]["1042"] |= {"account": "89974064871181", "taxtable": "7150", "city": "OSLO"}
    yield rig
    SHARED.check_contract(rig.calls)


def position(position_id: str = "1", start: str = "2026-01-01", end: str | None = None, **values: Any) -> Position:
    return SHARED.position(position_id, start, end, **values)


def person(rig: Rig) -> dict[str, Any]:
    found: dict[str, Any] = rig.sandbox.state["employees"]["1042"]
    return found


def writes(rig: Rig) -> list[str]:
    return [c.path for c in rig.calls if c.method == "POST"]


def test_the_current_position_says_what_stands_on_the_employee(rig: Rig) -> None:
    rig.today = date(2026, 1, 1)
    person(rig)["salary"] = "0.00"
    before = dict(person(rig))
    values: dict[str, Any] = {
        "title": "Selger", "department": SHOP, "cost_centre": "4010", "first_day_of_work": date(2026, 1, 5),
        "remuneration_type": "hourly", "weekly_hours": Decimal("30"),
    }  # fmt: skip
    outcome = rig.one(position(**values))
    assert outcome.state == "succeeded", outcome
    assert person(rig) == before | {
        "employee_field_2": "Selger",
        "accounting": [
            {"percentage": "100.00", "dimensions": [{"dimid": "1", "value": "BUT1"}, {"dimid": "3", "value": "4010"}]}
        ],
        "employee_date": "2026-01-05",
        "salary_type": "hourly",
        "salary_valid_from": "2026-01-01",
        "hours_per_week": "30.00",
        "hours_per_week_valid_from": "2026-01-01",
    }, "and the rest of the record goes back as it was"
    rig.forget_calls()
    assert rig.one(position(**values)).cause == "nothing_to_change"
    assert not writes(rig)
    assert [found.kind for found in SHARED.drift(rig)] == [Kind.EQUAL], "seen with everybody, too"


def test_each_is_changed_from_its_day_and_emptied_where_it_can_be(rig: Rig) -> None:
    values: dict[str, Any] = {
        "title": "Selger",
        "department": SHOP,
        "remuneration_type": "monthly",
        "weekly_hours": Decimal("30"),
    }
    rig.sync(position(**values))
    rig.forget_calls()
    outcome = rig.one(position(**{**values, "weekly_hours": Decimal("20")}), since=date(2026, 6, 1))
    assert set(outcome.changes) == {"weekly_hours"}
    assert writes(rig) == ["api/employee/v2/1042"], "the employment is not touched"
    assert (person(rig)["hours_per_week"], person(rig)["hours_per_week_valid_from"]) == ("20.00", "2026-06-01")
    assert person(rig)["salary_valid_from"] == "", "what did not change keeps its day"
    outcome = rig.one(position(department=NORTH, title="Leder"), correction=True)
    assert person(rig)["accounting"][0]["dimensions"] == [{"dimid": "1", "value": "BUT2"}]
    assert (person(rig)["hours_per_week"], person(rig)["salary_type"]) == ("20.00", "monthly"), "these have no nothing"
    rig.sync(position(), correction=True)
    assert (person(rig)["accounting"], person(rig)["employee_field_2"]) == ([], "")


def test_a_new_employment_changes_nothing_of_the_past(rig: Rig) -> None:
    """Hours and kind of pay that stand there have been paid by; and an amount is of its kind."""
    person(rig)["hours_per_week_valid_from"] = "2024-01-01"
    values: dict[str, Any] = {"weekly_hours": Decimal(30), "remuneration_type": "hourly"}
    outcome = rig.one(position(**values))
    said = {w.field: w.message for w in outcome.warnings}
    assert outcome.state == "succeeded" and "another kind of pay" in said["remuneration_type"]
    assert "“37.50” stood" in said[""] and "15 Jun 2026" in said[""]
    assert (person(rig)["hours_per_week"], person(rig)["hours_per_week_valid_from"]) == ("30.00", f"{rig.today}")
    assert (person(rig)["salary_type"], person(rig)["salary_valid_from"]) == ("monthly", ""), "43210.00 an hour"
    person(rig)["salary"] = ""
    assert set(rig.one(position(**values)).changes) == {"remuneration_type"}
    assert (person(rig)["salary_type"], person(rig)["salary_valid_from"]) == ("hourly", f"{rig.today}")
    assert rig.one(position(**values)).cause == "nothing_to_change"


def test_only_the_position_that_counts_today_is_written(rig: Rig) -> None:
    rig.sync(
        position(end="2026-05-31", weekly_hours=Decimal(30)), position("2", "2026-06-01", weekly_hours=Decimal(20))
    )
    assert person(rig)["hours_per_week"] == "20.00"
    outcome = rig.one(position(end="2026-05-31", weekly_hours=Decimal(25)), correction=True)
    assert person(rig)["hours_per_week"] == "20.00"
    assert outcome.cause == "nothing_to_change" and "weekly_hours" in outcome.unsent, outcome
    later = rig.one(position("3", "2026-09-01", weekly_hours=Decimal(10), occupation_code="1142102"))
    assert later.cause == "overlap_in_target"
    rig.sync(position("2", "2026-06-01", "2026-08-31", weekly_hours=Decimal(20)))
    later = rig.one(position("3", "2026-09-01", weekly_hours=Decimal(10)))
    assert (later.state, later.wait_until) == ("succeeded", date(2026, 9, 1)), "it comes back by itself"
    assert person(rig)["hours_per_week"] == "20.00"
    rig.today = date(2026, 9, 1)
    assert set(rig.one(rig.positions["3"]).changes) == {"weekly_hours"}
    assert (person(rig)["hours_per_week"], person(rig)["hours_per_week_valid_from"]) == ("10.00", "2026-09-01")


def test_of_two_positions_of_today_the_primary_employments_counts(rig: Rig) -> None:
    rig.settings["several_at_once"] = True
    rig.sync(position(weekly_hours=Decimal(20)))
    beside = rig.one(position("2", "2026-03-01", weekly_hours=Decimal(10), occupation_code="1142102"))
    assert beside.state == "succeeded" and "position that counts today" in beside.warnings[0].message
    assert person(rig)["hours_per_week"] == "20.00"


def test_what_somebody_put_there_stays(rig: Rig) -> None:
    """A division of cost among several, and a date of employment."""
    split = [
        {"percentage": "50.00", "dimensions": [{"dimid": "1", "value": "BUT1"}, {"dimid": "2", "value": "10"}]},
        {"percentage": "50.00", "dimensions": [{"dimid": "1", "value": "BUT2"}]},
    ]
    person(rig).update(accounting=split, employee_date="2019-08-01")
    outcome = rig.one(position(department=SHOP, first_day_of_work=date(2026, 1, 5)))
    assert outcome.state == "succeeded"
    assert {w.field for w in outcome.warnings} == {"department", "first_day_of_work"}
    assert (person(rig)["accounting"], person(rig)["employee_date"]) == (split, "2019-08-01")
    assert "50.00 % BUT1" in " ".join(w.message for w in outcome.warnings)
    rig.sync(position(department=SHOP, cost_centre="4020"))
    assert [row["dimensions"][-1] for row in person(rig)["accounting"]] == [{"dimid": "3", "value": "4020"}] * 2
    assert [row["dimensions"][0]["value"] for row in person(rig)["accounting"]] == ["BUT1", "BUT2"]


def test_an_emptied_dimension_leaves_the_division_of_cost(rig: Rig) -> None:
    person(rig)["accounting"] = [
        {"percentage": "60.00", "dimensions": [{"dimid": "2", "value": "10"}]},
        {"percentage": "40.00", "dimensions": []},
    ]
    rig.sync(position(department=SHOP))
    rig.sync(position())
    assert person(rig)["accounting"] == [
        {"percentage": "60.00", "dimensions": [{"dimid": "2", "value": "10"}]},
        {"percentage": "40.00", "dimensions": []},
    ], "40 % of the cost would be lost"


@pytest.mark.parametrize(
    ("settings", "values", "field", "words", "seen"),
    [
        ({}, {"department": Department("GML", "Gammel")}, "department", "not an active value of dimension 1", []),
        (
            {"cost_centre_dimension": "9"},
            {"cost_centre": "4010"},
            "cost_centre",
            "no dimension 9. It has 1 (Avdeling)",
            ["9"],
        ),
        ({"title_field": "7"}, {"title": "Selger"}, "title", "no field 7 of employees", ["7"]),
        ({"title_field": "1"}, {"title": "Selger"}, "title", "not one of them", []),
    ],
)
def test_what_is_not_there_is_refused_before_anything_is_written(
    rig: Rig, settings: dict[str, Any], values: dict[str, Any], field: str, words: str, seen: list[str]
) -> None:
    rig.settings |= settings
    outcome = rig.one(position(**values))
    assert (outcome.state, outcome.cause, outcome.field) == ("failed", "not_on_employee", field), outcome
    assert words in outcome.message
    assert not writes(rig)
    bad = [line for line in rig.connector().check() if not line.ok]
    assert [number for line in bad for number in seen if f"does not have {number}." in line.detail] == seen
    assert len(bad) == len(seen), "the test of the connection says as much of the settings"


def test_department_and_cost_centre_in_one_dimension_are_refused(rig: Rig) -> None:
    """One would take the other's place at every turn."""
    rig.settings["cost_centre_dimension"] = "1"
    outcome = rig.one(position(department=SHOP, cost_centre="BUT2"))
    assert (outcome.state, outcome.cause, rig.calls) == ("failed", "value_refused", [])
    assert "both go to dimension 1" in outcome.message


@pytest.mark.parametrize(("kind", "field"), [("commission", "remuneration_type"), ("fee", "remuneration_type")])
def test_a_kind_of_pay_without_counterpart_must_be_chosen(rig: Rig, kind: str, field: str) -> None:
    outcome = rig.one(position(remuneration_type=kind))
    assert (outcome.cause, outcome.field) == ("no_translation", field)
    assert rig.calls == []


def test_a_refusal_of_the_employees_record_says_so_and_the_employment_stands(rig: Rig) -> None:
    rig.fail(method="POST", path="api/employee/", status=400, body="Invalid input, object invalid", times=9)
    outcome = rig.one(position(weekly_hours=Decimal(30)))
    assert outcome.state == "succeeded" and outcome.sent is not None, "whose it is stays known"
    assert [w.field for w in outcome.warnings] == ["weekly_hours"] and "Invalid input" in outcome.warnings[0].message
    assert "weekly_hours" not in outcome.sent.values
    outcome = rig.one(position(weekly_hours=Decimal(30)))
    assert (outcome.state, outcome.cause) == ("failed", "refused_by_target"), "alone, it is a refusal"
    assert "what goes to the employee" in outcome.message
    outcome = rig.one(position(weekly_hours=Decimal(30), percentage=Decimal(50)))
    assert [w.field for w in outcome.warnings] == ["weekly_hours"] and set(outcome.changes) > {"weekly_hours"}
    rig.sandbox.tenant.faults.clear()
    assert rig.one(position(weekly_hours=Decimal(30))).state == "succeeded"
    assert person(rig)["hours_per_week"] == "30.00"
    rig.rules = Rules(delete=True)
    assert rig.sync(deleted=["1"]).outcomes["1"].state == "succeeded", "and what was made is cancelled"
    assert rig.there()[0]["enddate"] == "2026-01-01"


def test_nothing_of_the_employees_pay_bank_and_tax_is_kept_in_the_log(rig: Rig) -> None:
    report = rig.sync(position(weekly_hours=Decimal(30)))
    kept = repr(report.exchanges)
    assert "hours_per_week" in kept
    for secret in ("43210", "89974064871181", "7150", "OSLO"):
        assert secret not in kept


def test_an_independent_client_finds_employees_employments_and_registers(lenient_server: tuple[str, Tenants]) -> None:
    address, tenants = lenient_server
    with requests.Session() as session:
        sandbox = tenants.get("finago", "client")
        base = f"{address}/finago/client/api"
        token = session.get(f"{base}/auth", params={"token": sandbox.credentials["token"]}).json()["accessToken"]
        session.headers["Authorization"] = f"Bearer {token}"
        made = session.post(f"{base}/employee/v2", json={"empId": 7, "firstname": "Kari", "lastname": "Lie"})
        assert made.status_code == 200, made.text
        assert session.post(f"{base}/employee/v2", json={"empId": 7}).status_code == 409
        assert session.post(f"{base}/employee/v2", json={"firstname": "X"}).status_code == 400
        changed = session.post(f"{base}/employee/v2/7", json={"hours_per_week": "30", "nonsense": 1}).json()
        assert (changed["hours_per_week"], changed["firstname"]) == ("30", "Kari")
        row = {"startdate": "2026-01-01", "profession_code": "2130102", "employment_rate": 80, "more": "x"}
        [there] = session.post(f"{base}/employment/v2/7", json=[row]).json()
        assert (there["employment_rate"], there["primary_employment"]) == ("80", "1")
        end = {"enddate": "2026-12-31", "enddate_reason": "arbeidstakerHarSagtOppSelv"}
        [there] = session.post(f"{base}/employment/v2/7", json={"employment_id": there["employment_id"], **end}).json()
        assert (there["startdate"], there["enddate"]) == ("2026-01-01", "2026-12-31"), "what is left out stays"
        assert [d["dimid"] for d in session.get(f"{base}/dimension/v2").json()] == ["1", "2", "3"]
        value = {"value": "NY", "name": "Ny", "active": "1"}
        assert session.post(f"{base}/dimension/v2/1", json=value).json() == value
        assert session.get(f"{base}/dimension/v2/1/NY").json() == [value]
        assert [f["id"] for f in session.get(f"{base}/employee_field/v2/").json()] == ["1", "2"]
        assert session.put(f"{base}/employee/v2/7").headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("at_once", [True, False])
def test_what_another_position_said_is_not_somebody_elses(rig: Rig, at_once: bool) -> None:
    """It is replaced from the first day of the one that follows, be that one late: nobody is asked to correct it."""
    rig.sync(position(weekly_hours=Decimal("30")))
    over, following = position(end="2026-06-09"), position("2", "2026-06-10", weekly_hours=Decimal("37.5"))
    for saved in ((over, following),) if at_once else ((over,), (following,)):
        report = rig.sync(*saved)
    assert (report.outcomes["2"].state, report.outcomes["2"].warnings) == ("succeeded", ())
    assert (person(rig)["hours_per_week"], person(rig)["hours_per_week_valid_from"]) == ("37.50", "2026-06-10")


def test_what_a_clerk_put_over_another_position_s_is_replaced_from_today(rig: Rig) -> None:
    rig.sync(position(weekly_hours=Decimal("30")))
    person(rig)["hours_per_week"] = "35.00"
    report = rig.sync(position(end="2026-06-09"), position("2", "2026-06-10", weekly_hours=Decimal("37.5")))
    [warning] = report.outcomes["2"].warnings
    assert "“35.00” stood on the employee" in warning.message
    assert person(rig)["hours_per_week_valid_from"] == "2026-06-15"
