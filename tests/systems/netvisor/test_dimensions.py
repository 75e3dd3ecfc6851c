"""Netvisor: department and cost centre as the employee's default dimensions, and the sandbox as others find it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest
import requests

from integrations.planning.drift import Kind
from integrations.planning.planner import Rules
from integrations.sandboxes.server import Tenants
from integrations.sdk.values import Department, Position
from integrations.systems.netvisor.sandbox import NetvisorSandbox
from integrations.systems.netvisor.signature import mac
from tests.systems.kit import PERSON, Rig
from tests.systems.netvisor.test_connector import TestNetvisor as Shared
from tests.systems.netvisor.test_connector import failure

SHARED = Shared()
SHOP, NORTH = Department("BUT1", "Butikk"), Department("BUT2", "Nord")


@pytest.fixture
def rig(sandbox_server: tuple[str, Tenants]) -> Iterator[Rig]:
    rig = Rig(sandbox_server, "netvisor", PERSON, {}, known=True)
    rig.settings |= {"department_dimension": "Osasto", "cost_centre_dimension": "Kustannuspaikka"}
    person(rig)["dimensions"] = [["Projekti", "Remontti", "4"]]  # a clerk's
    yield rig
    SHARED.check_contract(rig.calls)


def position(position_id: str = "1", start: str = "2026-01-01", end: str | None = None, **values: Any) -> Position:
    return SHARED.position(position_id, start, end, **{"probation_end": None, **values})


def person(rig: Rig) -> dict[str, Any]:
    found: dict[str, Any]
    [found] = rig.sandbox.state["employees"].values()
    return found


def held(rig: Rig) -> dict[str, str]:
    return {name: item for name, item, _ in person(rig)["dimensions"]}


def writes(rig: Rig) -> list[str]:
    return [c.path for c in rig.calls if c.method == "POST"]


def test_department_and_cost_centre_are_default_dimensions(rig: Rig) -> None:
    """Made, changed, emptied; what a clerk chose in another dimension goes along with the item above it."""
    outcome = rig.one(position(department=SHOP, cost_centre="4010"))
    assert (outcome.state, outcome.warnings) == ("succeeded", ()), outcome
    assert held(rig) == {"Projekti": "Remontti", "Osasto": "BUT1", "Kustannuspaikka": "4010"}
    assert ["Projekti", "Remontti", "4"] in person(rig)["dimensions"]
    rig.forget_calls()
    assert rig.one(position(department=SHOP, cost_centre="4010")).cause == "nothing_to_change"
    assert not writes(rig)
    assert [found.kind for found in SHARED.drift(rig)] == [Kind.EQUAL], "seen with everybody, too"
    rig.forget_calls()
    outcome = rig.one(position(department=NORTH, cost_centre="4010"))
    assert set(outcome.changes) == {"department"}
    assert writes(rig) == ["employeedimensioncurve.nv"], "the period is not touched"
    assert held(rig) == {"Projekti": "Remontti", "Osasto": "BUT2", "Kustannuspaikka": "4010"}
    rig.sync(position(cost_centre="4010"))
    assert held(rig) == {"Projekti": "Remontti", "Kustannuspaikka": "4010"}
    assert list(rig.sandbox.state["dimensions"]) == ["Osasto", "Kustannuspaikka", "Projekti"], "nothing is made"


@pytest.mark.parametrize(
    ("values", "settings", "words"),
    [
        ({"department": Department("NEW", "New")}, {}, "has no item “NEW”"),
        ({"department": Department("GML", "Hidden")}, {}, "has no item “GML”"),
        ({"department": Department("Tiimi", "Two")}, {}, "several items “Tiimi”"),
        ({"cost_centre": "4010"}, {"cost_centre_dimension": "Cost"}, "no dimension “Cost”. It has Osasto"),
    ],
)
def test_what_is_not_there_once_is_refused_before_anything_is_written(
    rig: Rig, values: dict[str, Any], settings: dict[str, Any], words: str
) -> None:
    rig.settings |= settings
    outcome = rig.one(position(**values))
    assert (outcome.state, outcome.cause, outcome.field) == ("failed", "dimension_not_in_target", next(iter(values)))
    assert words in outcome.message
    assert not writes(rig)
    assert held(rig) == {"Projekti": "Remontti"}


def test_department_and_cost_centre_in_one_dimension_are_refused(rig: Rig) -> None:
    """One would take the other's place at every turn."""
    rig.settings["cost_centre_dimension"] = "Osasto"
    outcome = rig.one(position(department=SHOP, cost_centre="BUT2"))
    assert (outcome.state, outcome.cause, rig.calls) == ("failed", "value_refused", [])
    assert "both go to dimension Osasto" in outcome.message


def test_a_clerks_item_that_cannot_be_told_apart_is_not_lost(rig: Rig) -> None:
    """All are replaced at once: of two of one name, the wrong one might be put in its place."""
    person(rig)["dimensions"] = [["Osasto", "Tiimi", "2"]]
    outcome = rig.one(position(cost_centre="4010"))
    assert outcome.state == "succeeded" and len(rig.there()) == 1, "the period does not wait for it"
    assert [w.field for w in outcome.warnings] == ["cost_centre"] and "several items" in outcome.warnings[0].message
    outcome = rig.one(position(cost_centre="4010"))
    assert (outcome.state, outcome.cause) == ("failed", "dimension_not_in_target"), "alone, it is a refusal"
    assert held(rig) == {"Osasto": "Tiimi"}


def test_a_clerks_hidden_item_goes_along(rig: Rig) -> None:
    """Hidden there, so not to be chosen any longer, and still the employee's."""
    rig.sandbox.state["dimensions"]["Projekti"][0][2] = True
    outcome = rig.one(position(department=SHOP))
    assert (outcome.state, outcome.warnings) == ("succeeded", ())
    assert held(rig) == {"Projekti": "Remontti", "Osasto": "BUT1"}


def test_what_is_not_shown_is_not_replaced(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not shown is not none: one message would wipe what a clerk chose."""
    answer, hidden = NetvisorSandbox.answer, re.compile("<employeepayrollinformation>.*</employeepayrollinformation>")
    with monkeypatch.context() as patched:
        patched.setattr(NetvisorSandbox, "answer", lambda self, inner: answer(self, hidden.sub("", inner)))
        outcome = rig.one(position(department=SHOP))
    assert outcome.state == "succeeded" and [w.field for w in outcome.warnings] == ["department"]
    assert "does not show" in outcome.warnings[0].message and held(rig) == {"Projekti": "Remontti"}
    assert set(rig.one(position(department=SHOP)).changes) == {"department"}
    assert held(rig) == {"Projekti": "Remontti", "Osasto": "BUT1"}


def test_a_table_gives_departments_their_names_there(rig: Rig) -> None:
    rig.settings["departments"] = {"SHOP": "BUT1"}
    rig.sync(position(department=Department("SHOP", "Shop")))
    assert held(rig)["Osasto"] == "BUT1"
    assert rig.one(position(department=Department("SHOP", "Shop"))).cause == "nothing_to_change"


def test_a_division_among_several_stays(rig: Rig) -> None:
    person(rig)["dimensions"] = [["Osasto", "BUT1", ""], ["Osasto", "BUT2", ""]]
    outcome = rig.one(position(department=SHOP))
    assert outcome.state == "succeeded" and [w.field for w in outcome.warnings] == ["department"]
    assert "BUT1, BUT2" in outcome.warnings[0].message
    rig.sync(position(department=SHOP, cost_centre="4020"))
    assert [row[:2] for row in person(rig)["dimensions"]] == [
        ["Osasto", "BUT1"],
        ["Osasto", "BUT2"],
        ["Kustannuspaikka", "4020"],
    ]


def test_only_the_position_that_counts_today_says_them(rig: Rig) -> None:
    rig.sync(position(end="2026-05-31", department=SHOP), position("2", "2026-06-01", department=NORTH))
    assert held(rig)["Osasto"] == "BUT2"
    rig.sync(position("2", "2026-06-01", "2026-08-31", department=NORTH))
    later = rig.one(position("3", "2026-09-01", department=SHOP))
    assert (later.state, later.wait_until) == ("succeeded", date(2026, 9, 1)), "it comes back by itself"
    assert held(rig)["Osasto"] == "BUT2"
    rig.today = date(2026, 9, 1)
    assert set(rig.one(rig.positions["3"]).changes) == {"department"}
    assert held(rig)["Osasto"] == "BUT1"


def test_a_refusal_of_the_dimensions_is_told_and_the_period_stands(rig: Rig) -> None:
    rig.fail(path="employeedimensioncurve.nv", **failure("INVALID_DATA", "Not that one"), times=9)
    outcome = rig.one(position(department=SHOP, cost_centre="4010"))
    assert outcome.state == "succeeded" and outcome.sent is not None, "whose it is stays known"
    assert {w.field for w in outcome.warnings} == {"department", "cost_centre"}
    assert "Not that one" in outcome.warnings[0].message and not {"department"} & outcome.sent.values.keys()
    outcome = rig.one(position(department=SHOP, cost_centre="4010"))
    assert (outcome.state, outcome.cause) == ("failed", "refused_by_target"), "alone, it is a refusal"
    outcome = rig.one(position(department=SHOP, title="Baker"))
    assert outcome.state == "succeeded" and [w.field for w in outcome.warnings] == ["department"]
    rig.sandbox.tenant.faults.clear()
    assert rig.one(position(department=SHOP, title="Baker")).state == "succeeded"
    assert held(rig)["Osasto"] == "BUT1"
    rig.rules = Rules(delete=True)
    assert rig.sync(deleted=["1"]).outcomes["1"].state == "succeeded"
    assert rig.there() == [], "and what was made is taken away"


def test_a_connection_without_dimensions_asks_for_none_and_the_check_names_the_rights(rig: Rig) -> None:
    assert [line.ok for line in rig.connector().check()] == [True] * 8
    rig.sandbox.state["allowed"].remove("employeedimensioncurve.nv")
    [bad] = [line for line in rig.connector().check() if not line.ok]
    assert "employeedimensioncurve.nv" in bad.title and "resource access rights" in bad.where
    rig.settings |= {"department_dimension": "", "cost_centre_dimension": ""}
    rig.forget_calls()
    assert rig.one(position(department=SHOP)).state == "succeeded"
    assert "employeepayrollinformation" not in "".join(c.query for c in rig.calls)


def test_nothing_of_the_payroll_information_is_kept_in_the_log(rig: Rig) -> None:
    kept = repr(rig.sync(position(department=SHOP)).exchanges)
    assert "Osasto" in kept and "BUT1" in kept
    assert "Kuukausipalkka" not in kept


class Client:
    """As programs of others call it: names in capitals, a body in UTF-8, commas, and whatever parameters."""

    def __init__(self, base: str) -> None:
        self.base, self.keys = base, NetvisorSandbox.credentials

    def __call__(self, method: str, path: str, body: str = "") -> str:
        keys, url, now = self.keys, f"{self.base}/{path}", datetime.now(UTC)
        stamp, unix, once = f"{now:%Y-%m-%d %H:%M:%S}.000", str(int(now.timestamp())), str(uuid4())
        signed = mac(
            url=url, timestamp=stamp, timestamp_unix=unix, transaction_id=once, language="en",
            **{k: keys[k] for k in ("sender", "customer_id", "organisation_id", "customer_key", "partner_key")},
        )  # fmt: skip
        name = "X-Netvisor-Authentication-"
        headers = {
            f"{name}Sender": keys["sender"],
            f"{name}CustomerId": keys["customer_id"],
            f"{name}PartnerId": keys["partner_id"],
            f"{name}Timestamp": stamp,
            f"{name}TimestampUnix": unix,
            f"{name}TransactionId": once,
            f"{name}MAC": signed,
            f"{name}MACHashCalculationAlgorithm": "HMACSHA256",
            "X-Netvisor-Interface-Language": "en",
            "X-Netvisor-Organisation-ID": keys["organisation_id"],
        }
        return requests.request(method, url, data=body.encode(), headers=headers, timeout=5).text


def test_an_independent_client_makes_reads_changes_and_deletes(lenient_server: tuple[str, Tenants]) -> None:
    ask = Client(f"{lenient_server[0]}/netvisor/client")
    name = "<FirstName>Åse</FirstName><LastName>Lie</LastName>"
    whole = f"<Root><Employee><EmployeeBaseInformation>{name}</EmployeeBaseInformation></Employee></Root>"
    made = ask("POST", "employee.nv?method=add", whole)
    assert "<InsertedDataIdentifier>10<" in made, made
    period = "<Root><EmploymentPeriods><EmploymentPeriod><StartDate>2026-01-01</StartDate><Profession>Kokki Å"
    period += (
        "</Profession><RegularWorkingHours>37,5</RegularWorkingHours></EmploymentPeriod></EmploymentPeriods></Root>"
    )
    assert "<InsertedDataIdentifier>1802<" in ask("POST", "addjobperiod.nv?EmployeeIdentifier=10", period)
    assert "<Status>OK" in ask("POST", "AddJobPeriod.nv?employeeIdentifier=10", period), (
        "overlaps are not known to be refused"
    )
    seen = ask("GET", "getemployee.nv?netvisorKey=10&employmentPeriods=1&employeePayrollInformation=1&more=1")
    for part in ("Kokki Å", "<regularworkinghours>37,5<", "<nationality", "<kevaemploymentregistration", "Åse"):
        assert part in seen, part
    changed = "<root><employmentperiods><employmentperiod><enddate>2026-12-31</enddate></employmentperiod>"
    assert "OK" in ask("POST", "editjobperiod.nv?netvisorkey=1802", f"{changed}</employmentperiods></root>")
    assert "OK" in ask("POST", "patchemployee.nv?identifiertype=netvisorkey&identifier=10",
                       "<root><patchemployee><email>a@b.test</email></patchemployee></root>")  # fmt: skip
    assert "a@b.test" in ask("GET", "getemployee.nv?netvisorkey=10")
    assert "<Status>OK" in ask("POST", "deletejobperiod.nv?netvisorkey=1802")
    assert "BUT1" in ask("GET", "dimensionlist.nv") and "GML" in ask("GET", "dimensionlist.nv?showhidden=1")
    wrong = ask("POST", "addjobperiod.nv?employeeidentifier=10", period.replace("37,5", "x").replace("2026", "20"))
    assert wrong.count("<Status>") == 3, "all that is wrong is said"


def test_other_people_are_not_touched(rig: Rig) -> None:
    rig.sync(position(department=SHOP))
    before = replace(rig.person)
    other = replace(PERSON, id="78", number="1043", email="kari@firma.test", national_id="010277-123P")
    rig.somebody_else(other)
    rig.add(other)
    rig.sync(position("2", department=NORTH))
    dimensions = {e["employeenumber"]: e["dimensions"] for e in rig.sandbox.state["employees"].values()}
    assert dimensions[before.number][-1][:2] == ["Osasto", "BUT1"] and dimensions["1043"] == [["Osasto", "BUT2", ""]]
