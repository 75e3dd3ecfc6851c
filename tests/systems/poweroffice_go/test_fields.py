"""PowerOffice Go: what a connection may switch on besides, and the employment that goes with its position."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from integrations.planning.planner import Rules
from integrations.planning.work import Outcome
from integrations.sandboxes.server import Tenants
from integrations.sdk.errors import RecordRefusedError
from integrations.sdk.values import Position
from tests.systems.kit import PERSON, Rig
from tests.systems.poweroffice_go.test_connector import TestPowerOfficeGo as Shared

SHARED = Shared()
NEVER = "EmploymentRelationshipShouldNeverHaveBeenReported"


@pytest.fixture
def rig(sandbox_server: tuple[str, Tenants]) -> Iterator[Rig]:
    """With everything switched on that is off as it comes."""
    rig = SHARED.prepared(sandbox_server, known=True)
    rig.settings |= dict.fromkeys(("send_remuneration_type", "send_first_day_of_work", "send_last_day_of_work"), True)
    yield rig
    SHARED.check_contract(rig.calls)


def position(position_id: str = "1", start: str = "2026-01-01", end: str | None = None, **values: Any) -> Position:
    return SHARED.position(position_id, start, end, **values)


def only(rig: Rig) -> dict[str, Any]:
    [there] = rig.there()
    return there


def paths(rig: Rig) -> list[str]:
    return [f"{c.method} {c.path}" for c in rig.calls if c.method != "GET"]


# -- how is paid -----------------------------------------------------------------------------------------


def test_how_is_paid_is_a_salary_line_without_an_amount(rig: Rig) -> None:
    """Made, changed from a day on, not emptied, refused; the amount is neither read nor sent, and told of."""
    outcome = rig.one(position(remuneration_type="monthly"))
    assert [w.message for w in outcome.warnings if "amount" in w.message], outcome.warnings
    assert only(rig)["Salaries"] == [["2026-01-01", "FixedWage"]]
    [line] = rig.sandbox.state["Salaries"].values()
    line |= {"AnnualSalary": 480_000, "HourlyRate": 246.15}  # the payroll clerk does as the words say
    assert rig.one(position(remuneration_type="monthly")).cause == "nothing_to_change"

    outcome = rig.one(position(remuneration_type="hourly"), since=date(2026, 6, 1))
    assert (outcome.state, set(outcome.changes)) == ("succeeded", {"remuneration_type"})
    assert only(rig)["Salaries"] == [["2026-01-01", "FixedWage"], ["2026-06-01", "HourlyWage"]]
    assert "1 Jun 2026" in outcome.warnings[0].message
    assert line["AnnualSalary"] == 480_000, "what was paid before stays"
    assert rig.one(position()).cause == "nothing_to_change", "emptied here, it stays there"
    assert len(only(rig)["Salaries"]) == 2

    outcome = rig.one(position(remuneration_type="piecework"))
    assert (outcome.cause, outcome.field) == ("no_translation", "remuneration_type")
    rig.settings["remuneration_types"] = {"piecework": "Commission"}
    assert rig.one(position(remuneration_type="piecework"), correction=True).state == "succeeded"
    assert {kind for _, kind in only(rig)["Salaries"]} == {"Commission"}
    sent = "".join(c.body for c in rig.calls)
    assert "AnnualSalary" not in sent and "HourlyRate" not in sent
    asked = [c for c in rig.calls if c.path.endswith("/Salaries") and c.method == "GET"]
    assert asked and all("480000" not in c.answer for c in asked)


def test_a_salary_line_that_comes_with_an_employment_is_corrected(rig: Rig) -> None:
    rig.sandbox.state["first_salary"] = "HourlyWage"
    rig.sync(position(remuneration_type="monthly"))
    assert only(rig)["Salaries"] == [["2026-01-01", "FixedWage"]]
    rig.sync(position(start="2026-01-05", remuneration_type="monthly"))
    assert only(rig)["Salaries"] == [["2026-01-05", "FixedWage"]], "it goes with a corrected start"


def test_a_refused_salary_line_names_how_is_paid(rig: Rig) -> None:
    said = {"title": "Employment validation error(s)", "detail": "Nothing that names a field."}
    rig.fail(method="POST", path="Salaries", status=400, body=json.dumps(said), times=9)
    outcome = rig.one(position(remuneration_type="monthly"))
    assert (outcome.cause, outcome.field) == ("refused_by_target", "remuneration_type")


def test_the_privilege_for_salaries_is_asked_for_only_where_it_is_needed(rig: Rig) -> None:
    rig.sandbox.state["privileges"].remove("EmploymentSalary_Full")
    assert [line.ok for line in rig.connector().check() if "EmploymentSalary_Full" in line.title] == [False]
    error = rig.sync(position(remuneration_type="monthly")).error
    assert isinstance(error, RecordRefusedError) and "EmploymentSalary" in error.message
    rig.settings["send_remuneration_type"] = False
    assert all(line.ok for line in rig.connector().check())
    assert rig.one(position(remuneration_type="monthly")).state == "succeeded"
    assert not [c for c in rig.calls if "Salaries" in c.path and c.status == 200]


# -- the days of the employee ----------------------------------------------------------------------------


def test_first_and_last_day_of_work_are_the_employees_own_dates(rig: Rig) -> None:
    """Made, changed, emptied; and the first day stays when another position takes over."""
    first, last = date(2026, 1, 5), date(2026, 12, 18)
    rig.sync(position(first_day_of_work=first))
    there = only(rig)
    assert (there["Employee.StartDate"], there["StartDate"]) == ("2026-01-05", "2026-01-01")
    assert rig.one(position(first_day_of_work=first)).cause == "nothing_to_change"
    rig.forget_calls()
    rig.sync(position(end="2026-12-31", first_day_of_work=date(2026, 1, 7), last_day_of_work=last))
    there = only(rig)
    assert (there["Employee.StartDate"], there["Employee.EndDate"]) == ("2026-01-07", "2026-12-18")
    assert there["EndDate"] == "2026-12-31"
    rig.sync(position(first_day_of_work=date(2026, 1, 7)))
    assert only(rig)["Employee.EndDate"] is None
    rig.sync(position(end="2026-05-31"), position("2", "2026-06-01", first_day_of_work=date(2026, 6, 2)))
    assert only(rig)["Employee.StartDate"] == "2026-01-07", "whoever takes over did not begin there"


def test_a_first_day_is_emptied_where_we_wrote_it_and_a_clerks_stays(rig: Rig) -> None:
    rig.sync(position(first_day_of_work=date(2026, 1, 5)))
    rig.sync(position())
    assert only(rig)["Employee.StartDate"] is None
    rig.sandbox.state["employees"]["12345"]["StartDate"] = "2020-02-03"
    outcome = rig.one(position(first_day_of_work=date(2026, 1, 5)))
    assert outcome.state == "skipped" and "2020" in outcome.message
    assert only(rig)["Employee.StartDate"] == "2020-02-03"


@pytest.mark.parametrize(("name", "field"), [("StartDate", "first_day_of_work"), ("EndDate", "last_day_of_work")])
def test_a_refused_date_of_the_employee_is_named_as_that(rig: Rig, name: str, field: str) -> None:
    rig.sync(position())
    said = {"title": "Employee validation error(s)", "detail": f"{name} is not valid."}
    rig.fail(method="PATCH", path="Employees/12345", status=400, body=json.dumps(said))
    values: dict[str, Any] = {field: date(2026, 1, 5)}
    outcome = rig.one(position(**values))
    assert (outcome.cause, outcome.field) == ("refused_by_target", field)


def test_a_new_employment_leaves_a_clerks_days_and_takes_away_what_was_ours(rig: Rig) -> None:
    def stands(*names: str) -> list[Any]:
        return [rig.sandbox.state["employees"]["12345"].get(name) for name in names]

    def by_hand(**values: Any) -> None:
        rig.sandbox.state["employees"]["12345"] |= values

    by_hand(StartDate="2015-03-01")
    rig.today = date(2026, 5, 10)
    outcome = rig.one(
        position(end="2026-05-20", first_day_of_work=date(2026, 1, 5), last_day_of_work=date(2026, 5, 18))
    )
    assert stands("StartDate", "EndDate") == ["2015-03-01", "2026-05-18"]
    assert outcome.sent is not None and "first_day_of_work" not in outcome.sent.values
    rig.today = date(2026, 6, 15)
    outcome = rig.one(position("2", "2026-06-10", without=("title",)))
    assert (outcome.action, len(rig.there())) == ("create", 2)
    assert {k: c.old for k, c in outcome.changes.items() if c.new is None} == {
        "title": "Sykepleier",
        "last_day_of_work": date(2026, 5, 18),
    }
    assert stands("StartDate", "EndDate", "JobTitle") == ["2015-03-01", None, None]

    rig.sandbox.state["employments"].clear()
    rig.somebody_else(PERSON)
    by_hand(StartDate=None, EndDate=None)
    rig.today = date(2026, 5, 10)
    rig.one(position("3", end="2026-05-20", first_day_of_work=date(2026, 1, 5), last_day_of_work=date(2026, 5, 18)))
    by_hand(EndDate="2026-05-31", JobTitle="Chosen there")  # the clerk's from here on
    rig.today = date(2026, 6, 15)
    rig.one(position("4", "2026-06-10", without=("title",), first_day_of_work=date(2026, 6, 11)))
    assert stands("StartDate") == ["2026-06-11"], "ours, so the new one has its own"
    assert stands("EndDate", "JobTitle") == ["2026-05-31", "Chosen there"]

    rig.sync(position("4", "2026-06-10", "2026-06-20", first_day_of_work=date(2026, 6, 11)))
    by_hand(StartDate="2015-03-01")
    SHARED.sandbox(rig).add_employment("12345", "2026-08-01", WorkingHoursArrangement="Offshore")
    rig.today = date(2026, 8, 15)
    twin = position("5", "2026-08-01", without=("working_hours_scheme",), first_day_of_work=date(2026, 8, 3))
    outcome = rig.one(twin)
    assert outcome.action == "create", outcome
    assert rig.there()[-1]["WorkingHoursArrangement"] == "Offshore", "no default over what was chosen there"
    assert stands("StartDate") == ["2015-03-01"]


def test_every_date_of_the_employee_that_one_refusal_names_is_named_as_that(rig: Rig) -> None:
    rig.sync(position())
    said = {"title": "Employee validation error(s)", "detail": "EndDate is before StartDate."}
    rig.fail(method="PATCH", path="Employees/12345", status=400, body=json.dumps(said))
    outcome = rig.one(position(first_day_of_work=date(2026, 1, 5)))
    assert outcome.field in ("first_day_of_work", "last_day_of_work")
    assert "first day of work" in outcome.message.lower() and "last day of work" in outcome.message.lower()


# -- the employment that goes with its position ----------------------------------------------------------


def deleted(rig: Rig, position_id: str = "1") -> Outcome:
    rig.rules = Rules(delete=True)
    rig.forget_calls()
    return rig.sync(deleted=[position_id]).outcomes[position_id]


def test_an_employment_that_was_not_reported_is_deleted(rig: Rig) -> None:
    rig.sync(position())
    outcome = deleted(rig)
    assert (outcome.state, outcome.action, outcome.gone) == ("succeeded", "delete", True), outcome
    assert rig.there() == []
    assert paths(rig) == ["DELETE v2/Employees/12345/Employments/77001"]
    assert rig.one(position("2")).action == "create"


def test_a_reported_employment_ends_as_one_that_should_never_have_been(rig: Rig) -> None:
    rig.sync(position())
    rig.sandbox.state["reported"] = [77001]
    outcome = deleted(rig)
    assert (outcome.state, outcome.gone) == ("succeeded", True) and "never have been reported" in outcome.message
    assert (only(rig)["EndDate"], only(rig)["EndDateReason"]) == ("2026-01-01", NEVER)
    assert rig.one(position("2")).action == "create", "it counts as not there"
    assert len(rig.there()) == 2


def test_an_employment_whose_end_was_reported_for_good_is_left_to_a_person(rig: Rig) -> None:
    rig.sync(position())
    rig.sandbox.state["employments"]["77001"] |= {"EndedAndReported": True}
    outcome = deleted(rig)
    assert (outcome.state, outcome.cause) == ("failed", "employment_closed")
    assert not paths(rig)


def test_an_employment_of_more_than_this_position_is_left_to_a_person(rig: Rig) -> None:
    """One that another position led up to, one whose start a clerk changed, and one that was there before."""
    rig.sync(position())
    rig.sync(position(end="2026-05-31"), position("2", "2026-06-01"))
    assert deleted(rig, "2").cause == "delete_by_hand"
    assert not paths(rig) and len(rig.there()) == 1
    rig.somebody_else(replace(PERSON, id="78", number="1043", email="kari.lie@example.com", national_id=""))
    rig.add(rig.person)
    rig.sync(position("3"))
    next(e for e in rig.sandbox.state["employments"].values() if e["EmployeeId"] == 12346)["StartDate"] = "2025-03-01"
    assert deleted(rig, "3").cause == "delete_by_hand"
    assert len(rig.there()) == 1


def test_what_somebody_else_made_there_is_neither_deleted_nor_moved(rig: Rig) -> None:
    """Found before anything was sent; in the place of ours; and beside ours that is over."""
    sandbox, temporary = SHARED.sandbox(rig), {"contract_type": "temporary"}
    sandbox.add_employment("12345", "2026-01-01")
    rig.one(position())
    assert rig.one(position(**temporary)).state == "succeeded", "the second look finds the same day again"
    rig.forget_calls()
    assert rig.one(position(start="2026-02-01", **temporary)).cause == "nothing_to_change"
    rig.one(position(**temporary))
    assert deleted(rig).cause == "delete_by_hand"

    rig.sandbox.state["employments"].clear()
    rig.sync(position("2"))
    rig.sandbox.state["employments"].clear()
    sandbox.add_employment("12345", "2026-01-01")
    assert "start_date" not in rig.one(position("2", "2026-02-01")).changes
    rig.one(position("2"))
    assert deleted(rig, "2").cause == "delete_by_hand"
    assert not paths(rig) and only(rig)["StartDate"] == "2026-01-01"

    rig.sandbox.state["employments"].clear()
    rig.today = date(2026, 5, 10)
    rig.sync(position("3", end="2026-05-20"))
    rig.today = date(2026, 6, 15)
    sandbox.add_employment("12345", "2026-06-10")
    outcome = rig.one(position("4", "2026-06-10"))
    assert "start_date" in [w.field for w in outcome.warnings], "it is carried on, and said to have been there"
    assert deleted(rig, "4").cause == "delete_by_hand"
    assert len(rig.there()) == 2 and not paths(rig)


def test_nothing_is_deleted_while_the_switch_is_off_and_twice_is_no_fault(rig: Rig) -> None:
    rig.sync(position())
    assert rig.sync(deleted=["1"]).outcomes["1"].cause == "delete_switched_off"
    assert len(rig.there()) == 1
    rig.sync(position())
    rig.sandbox.state["employments"].clear()
    assert deleted(rig).cause == "already_gone"


def test_a_percentage_there_is_no_hindrance(rig: Rig) -> None:
    rig.sync(position(percentage=Decimal(80), remuneration_type="hourly"))
    deleted(rig)
    assert rig.sandbox.state["lines"] == rig.sandbox.state["Salaries"] == {}
