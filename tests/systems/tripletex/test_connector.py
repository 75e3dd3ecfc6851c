"""Tripletex: the shared behaviour, and its own rules and traps."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import pytest

from integrations.planning.drift import Kind
from integrations.planning.planner import Rules
from integrations.sandboxes.base import Call
from integrations.sdk.context import MemoryVault
from integrations.sdk.errors import (
    DataRefusedError,
    EmployeeNotFoundError,
    EmployeeNotUniqueError,
    NotAuthorizedError,
    RateLimitedError,
    StaleError,
    UnavailableError,
    UnclearOutcomeError,
)
from integrations.sdk.values import Change, Company, Department, Person, RemoteEmployee, Wanted
from integrations.systems.tripletex.confirmations import CONFIRMATIONS
from integrations.systems.tripletex.declaration import SYSTEM
from tests.contracts import check_openapi
from tests.systems.kit import PERSON, HistoryBehaviour, Rig, TermsByDay

EMPLOYMENT, DETAILS = "employee/employment", "employee/employment/details"
CODES = "employee/employment/occupationCode"
LAGER = Company("Fjellheim Lager", "974760681")


def without_nulls(text: str) -> str:
    """The contract calls nothing nullable, but Tripletex' recorded answers are full of nulls."""

    def strip(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: strip(v) for k, v in value.items() if v is not None}
        return [strip(v) for v in value] if isinstance(value, list) else value

    try:
        return json.dumps(strip(json.loads(text)))
    except ValueError:
        return text


def bodies(rig: Rig, method: str, path: str) -> list[dict[str, Any]]:
    """What was sent with one method to one path, or to the numbered records below it."""
    return [
        json.loads(c.body)
        for c in rig.calls
        if c.method == method and (c.path == path or c.path.removeprefix(path + "/").isdigit())
    ]


def rows(rig: Rig) -> list[dict[str, Any]]:
    return rig.there()[-1]["employmentDetails"]


def asked(rig: Rig, path: str) -> list[str]:
    return [c.query for c in rig.calls if c.method == "GET" and c.path == path]


class TestTripletex(TermsByDay, HistoryBehaviour):
    system = "tripletex"
    values = {
        "company": PERSON.company,
        "contract_type": "permanent",
        "occupation_code": "2511102",
        "percentage": Decimal("80"),
        "remuneration_type": "monthly",
        "working_hours_scheme": "not_shift",
    }
    shown = ("percentageOfFullTimeEquivalent", 60.0)
    start_name = "startDate"
    end_name = "endDate"
    required = "occupation_code"
    too_long = ("occupation_code", "25111021")
    bad = ("occupation_code", "2511-02")
    write_path = EMPLOYMENT
    access = (
        {"path": "employee", "status": 401, "body": '{"code":3000,"message":"Unauthorized"}'},
        {"path": "employee", "status": 403, "body": '{"code":9000,"message":"No permission"}'},
    )
    our_mistakes = tuple(
        {"status": status, "body": json.dumps({"code": code, "message": "x", "validationMessages": []})}
        for status, code in ((400, 4000), (400, 11000), (422, 16000))
    )
    refusal = {"status": 422, "body": '{"code":18000,"message":"x"}'}
    several = {
        "status": 422,
        "body": '{"code":18000,"message":"x","validationMessages":[{"field":"division.id","message":"First thing"},'
        '{"field":"employmentForm","message":"Second thing"}]}',
    }
    names = ("sub-unit", "employmentForm")

    def check_contract(self, calls: list[Call]) -> None:
        wrong = []
        for call in calls:
            if call.content_type == "text/plain":
                continue  # an answer that the test ordered, not the sandbox's own
            bare = replace(call, body=without_nulls(call.body), answer=without_nulls(call.answer))
            wrong += check_openapi("tripletex.openapi.json", bare)
        assert not wrong, "\n".join(wrong)

    def most_calls(self, declared: int, everybody: dict[str, tuple[Person, str]]) -> int:
        return declared - [record for _, record in everybody.values()].count("")

    def test_a_snapshot_knows_whose_weekly_hours_are_whose(self, rig: Rig) -> None:
        rig.settings["send_weekly_hours"] = True
        rig.sync(self.position(weekly_hours=Decimal("37.5")))
        assert [found.kind for found in self.drift(rig)] == [Kind.EQUAL]
        other = replace(PERSON, id="78", number="1043", email="kari@firma.test", national_id="")
        rig.add(other)
        rig.somebody_else(other)
        rig.sync(self.position("2", weekly_hours=Decimal("20")))
        connector = rig.connector()
        hours = []
        for seen in connector.snapshot():
            assert list(seen.records) == connector.read(RemoteEmployee(seen.id))
            hours += [record.values["weekly_hours"] for record in seen.records]
        assert hours == [Decimal("7.5"), Decimal(4)]

    def test_a_snapshot_of_more_than_are_listed_says_so(self, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("integrations.systems.tripletex.sandbox.records.TOO_MANY", 0)
        with pytest.raises(DataRefusedError) as caught:
            next(rig.connector().snapshot())
        assert caught.value.vendor_code == "23000"

    def writes(self, rig: Rig) -> list[Call]:
        """Changes are PUTs here, beside the POSTs of new records."""
        return [c for c in rig.calls if c.method in ("POST", "PUT") and "employee" in c.path]

    def state(self, rig: Rig, **changes: Any) -> None:
        rig.sandbox.state.update(changes)

    def employee(self, rig: Rig) -> dict[str, Any]:
        return rig.sandbox.state["Employee"][-1]

    # -- dated terms -------------------------------------------------------------------------------------

    def dated(self, rig: Rig) -> list[dict[str, Any]]:
        return [row for employment in rig.there() for row in employment["employmentDetails"]]

    def day_of(self, row: dict[str, Any]) -> str:
        return str(row["date"])

    def percentage_of(self, row: dict[str, Any]) -> Any:
        return row["percentageOfFullTimeEquivalent"]

    def clerk_writes(self, rig: Rig, day: str, percentage: int) -> None:
        state = rig.sandbox.state["EmploymentDetails"]
        there = next((row for row in state if row["date"] == day), None)
        if there is None:
            there = {**state[0], "id": rig.sandbox.tenant.new_id("EmploymentDetails", 1), "version": 0, "date": day}
            state.append(there)
        there |= {"percentageOfFullTimeEquivalent": float(percentage), "annualSalary": 500_000}

    def test_the_past_of_an_employment_that_is_over_is_corrected_where_it_changed_here(self, rig: Rig) -> None:
        over: dict[str, Any] = {"start": "2025-01-01", "end": "2026-01-31"}
        rig.sync(self.position(**over))
        self.clerk_writes(rig, "2026-01-01", 50)
        left = rig.one(self.position(**over))
        assert (left.state, left.cause, left.field) == ("skipped", "stays_there", "percentage")
        outcome = rig.one(self.position(**over, percentage=Decimal("60")))
        assert outcome.state == "succeeded"
        assert [r["percentageOfFullTimeEquivalent"] for r in rows(rig)] == [60.0, 60.0], "it was so all the time"

    # -- what counts as not there, and what stays --------------------------------------------------------

    def cancel(self, rig: Rig) -> None:
        for employment in rig.sandbox.state["Employment"]:
            employment |= {"endDate": "2026-03-31", "employmentEndReason": "EMPLOYMENT_END_WRONGLY_REPORTED"}

    def clerk_chooses(self, rig: Rig) -> tuple[str, str]:
        self.state(rig, newer=["LEASED_OUT"])
        rig.sandbox.state["EmploymentDetails"][0]["employmentForm"] = "LEASED_OUT"
        return "contract_type", "LEASED_OUT"

    def test_a_kind_of_employment_that_we_do_not_know_stays(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.sandbox.state["EmploymentDetails"][0] |= {"employmentType": "PENSION", "employmentForm": "NOT_CHOSEN"}
        assert rig.one(self.position()).cause == "stays_there"
        rig.forget_calls()  # newer than the contract

    @pytest.mark.parametrize("name", ["percentageOfFullTimeEquivalent", "occupationCode", "employmentForm", "code"])
    def test_what_is_hidden_is_not_compared(self, rig: Rig, name: str) -> None:
        rig.sync(self.position())
        self.state(rig, hidden=[name])
        rig.forget_calls()
        assert rig.one(self.position()).cause == "nothing_to_change"
        assert not self.writes(rig)

    def test_a_row_that_was_made_meanwhile_is_read_and_corrected(self, rig: Rig) -> None:
        """Recorded: a second row for one date is a 422 with code 18000 that names the field date."""
        rig.sync(self.position())
        connector = rig.connector()
        person = connector.find_employee(rig.person)
        [remote] = connector.read(person)
        self.clerk_writes(rig, "2026-06-15", 50)
        wanted = Wanted("1", {**remote.values, "percentage": Decimal("60")}, since=remote.start)
        change = Change(Decimal("80"), Decimal("60"), ((date(2026, 6, 15), Decimal("60")),))
        assert not connector.guards(remote, {"percentage": change}, wanted), "a new row has no version"
        assert connector.guards(remote, {"end_date": Change(None, date(2026, 12, 31))}, wanted)
        assert not connector.guards(remote, {"start_date": Change(remote.start, date(2026, 2, 1))}, wanted)
        with pytest.raises(StaleError):
            connector.update(person, rig.person, remote, {"percentage": change}, wanted)
        assert rig.one(self.position(percentage=Decimal("60"))).state == "succeeded"
        assert [r["percentageOfFullTimeEquivalent"] for r in rows(rig)] == [80.0, 60.0]

    def test_every_message_of_a_refusal_is_explained(self, rig: Rig) -> None:
        self.state(rig, hidden=["dateOfBirth"])
        self.employee(rig)["dateOfBirth"] = None
        rig.sandbox.state["Employment"].append(
            {"id": 9, "employee": self.employee(rig)["id"], "startDate": "2026-01-01", "endDate": None,
             "employmentEndReason": None, "division": 108244153, "version": 0}
        )  # fmt: skip
        connector = rig.connector()
        with pytest.raises(DataRefusedError) as refused:
            connector.create(connector.find_employee(rig.person), rig.person, Wanted("1", {
                "start_date": date(2026, 2, 1), "company": "974760673", "contract_type": "PERMANENT",
                "occupation_code": "2511102", "percentage": Decimal(80),
            }))  # fmt: skip
        assert "date of birth" in refused.value.message and "start date" in refused.value.message

    def test_a_request_that_was_not_understood_is_our_fault(self, rig: Rig) -> None:
        for code in (4000, 11000, 16000):
            rig.fail(status=422, body=json.dumps({"code": code, "message": "x", "validationMessages": []}),
                     method="POST", path=EMPLOYMENT)  # fmt: skip
            outcome = rig.one(self.position())
            assert "fault of Position Sync" in outcome.message, code

    def test_a_wrong_address_is_not_told_as_wrong_credentials(self, rig: Rig) -> None:
        rig.fail(status=404, path="token/session", times=5, body="<html>")
        assert isinstance(rig.sync(self.position()).error, UnavailableError)

    # -- what is written ---------------------------------------------------------------------------------

    def test_create_is_one_call_with_its_first_row(self, rig: Rig) -> None:
        rig.one(self.position(end="2026-12-31"))
        assert [c.path for c in self.writes(rig)] == [EMPLOYMENT]
        assert bodies(rig, "POST", EMPLOYMENT) == [
            {
                "employee": {"id": self.employee(rig)["id"]},
                "startDate": "2026-01-01",
                "endDate": "2026-12-31",
                "employmentEndReason": "EMPLOYMENT_END_EMPLOYEE",
                "division": {"id": 108244153},
                "employmentDetails": [
                    {
                        "date": "2026-01-01",
                        "employmentType": "ORDINARY",
                        "employmentForm": "PERMANENT",
                        "occupationCode": {"id": 301},
                        "remunerationType": "MONTHLY_WAGE",
                        "percentageOfFullTimeEquivalent": 80.0,
                        "workingHoursScheme": "NOT_SHIFT",
                    }
                ],
            }
        ]

    def test_tax_deduction_code_is_sent_on_create_only(self, rig: Rig) -> None:
        rig.settings["tax_deduction_code"] = "loennFraBiarbeidsgiver"
        rig.sync(self.position())
        rig.sync(self.position(end="2026-12-31"))
        assert rig.there()[0]["taxDeductionCode"] == "loennFraBiarbeidsgiver"
        assert all("taxDeductionCode" not in body for body in bodies(rig, "PUT", EMPLOYMENT))

    def test_end_and_reason_go_together(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.sync(self.position(end="2026-12-31"))
        rig.sync(self.position(end="2026-11-30"))
        ending, earlier = bodies(rig, "PUT", EMPLOYMENT)
        assert (ending["endDate"], ending["employmentEndReason"]) == ("2026-12-31", "EMPLOYMENT_END_EMPLOYEE")
        assert (earlier["endDate"], earlier["employmentEndReason"]) == ("2026-11-30", "EMPLOYMENT_END_EMPLOYEE")

    def test_end_without_reason_is_refused_here(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.forget_calls()
        outcome = rig.one(self.position(end="2026-12-31", without=("end_reason",)))
        assert (outcome.cause, outcome.field) == ("missing_required_field", "end_reason")
        assert rig.calls == []

    def test_other_end_reason_needs_the_customers_choice(self, rig: Rig) -> None:
        rig.sync(self.position())
        outcome = rig.one(self.position(end="2026-12-31", end_reason="other"))
        assert (outcome.cause, outcome.field) == ("no_translation", "end_reason")
        rig.settings["end_reasons"] = {"other": "EMPLOYMENT_END_EMPLOYER"}
        assert rig.one(self.position(end="2026-12-31", end_reason="other")).state == "succeeded"
        assert rig.there()[0]["employmentEndReason"] == "EMPLOYMENT_END_EMPLOYER"

    def test_reopening_is_not_believed_when_null_is_ignored_there(self, rig: Rig) -> None:
        self.state(rig, null_clears=False)
        rig.sync(self.position(end="2026-12-31"))
        outcome = rig.one(self.position())
        assert (outcome.state, outcome.cause, outcome.field) == ("failed", "not_cleared", "end_date")
        assert "2026-12-31" in outcome.message

    def test_freelance_is_an_employment_type(self, rig: Rig) -> None:
        rig.sync(self.position(contract_type="freelance"))
        assert (rows(rig)[0]["employmentType"], rows(rig)[0]["employmentForm"]) == ("FREELANCE", "NOT_CHOSEN")
        assert rig.one(self.position(contract_type="freelance")).cause == "nothing_to_change"
        rig.settings["details_from"] = "row"
        rig.sync(self.position(contract_type="casual"))
        assert (rows(rig)[0]["employmentType"], rows(rig)[0]["employmentForm"]) == ("ORDINARY", "TEMPORARY_ON_CALL")

    @pytest.mark.parametrize("details_from", ["today", "row"])
    def test_a_freelancer_has_no_percentage_no_scheme_and_no_hours(self, rig: Rig, details_from: str) -> None:
        """What HR has of them is not sent, what it lacks is not asked for, and what an employee had is emptied."""
        rig.settings["details_from"] = details_from
        bare = self.position("2", "2020-01-01", "2020-12-31", contract_type="freelance", without=("percentage",))
        outcome = rig.one(bare)
        assert outcome.state == "succeeded" and set(outcome.unsent) == {"working_hours_scheme"}
        [sent] = bodies(rig, "POST", EMPLOYMENT)[0]["employmentDetails"]
        assert not {"percentageOfFullTimeEquivalent", "workingHoursScheme", "shiftDurationHours"} & set(sent)

        rig.sync(self.position(working_hours_scheme="continuous"))
        freelance = self.position(contract_type="freelance", working_hours_scheme="continuous")
        outcome = rig.one(freelance)
        assert set(outcome.changes) == {"contract_type", "percentage", "working_hours_scheme"}
        assert set(outcome.unsent) == {"percentage", "working_hours_scheme"}
        last = rows(rig)[-1]
        assert (last["workingHoursScheme"], last["percentageOfFullTimeEquivalent"]) == ("NOT_CHOSEN", 0)
        assert last["shiftDurationHours"] == 0
        assert rig.one(freelance).cause == "nothing_to_change"
        again = rig.one(self.position(without=("percentage",)))
        assert (again.cause, again.field) == ("missing_required_field", "percentage")
        assert rig.one(self.position()).state == "succeeded"
        assert rows(rig)[-1]["percentageOfFullTimeEquivalent"] == 80.0

    def test_maritime_employment_stays_maritime(self, rig: Rig) -> None:
        rig.sync(self.position())
        ship = {"shipRegister": "NOR", "shipType": "OTHER", "tradeArea": "DOMESTIC"}
        rig.sandbox.state["EmploymentDetails"][0].update(employmentType="MARITIME", maritimeEmployment=ship)
        assert rig.one(self.position()).cause == "nothing_to_change"
        assert rig.one(self.position(contract_type="temporary")).state == "succeeded"
        new = rows(rig)[-1]
        assert (new["employmentType"], new["employmentForm"]) == ("MARITIME", "TEMPORARY")
        assert new["maritimeEmployment"] == ship

    def test_default_form_when_the_position_has_none(self, rig: Rig) -> None:
        rig.settings["default_employment_form"] = "TEMPORARY"
        assert rig.one(self.position(without=("contract_type",))).state == "succeeded"
        assert rows(rig)[0]["employmentForm"] == "TEMPORARY"

    @pytest.mark.parametrize(
        ("ours", "theirs", "hours"),
        [
            ("round_the_clock", "ROUND_THE_CLOCK", 35.5),
            ("shift_365", "SHIFT_365", 36.5),
            ("offshore_336", "OFFSHORE_336", 33.6),
            ("continuous", "CONTINUOUS", 33.6),
        ],
    )
    def test_shift_hours_follow_the_scheme(self, rig: Rig, ours: str, theirs: str, hours: float) -> None:
        """The hours of the a-melding's code list; a row of the table and the one number of before come first."""
        assert rig.one(self.position(working_hours_scheme=ours)).state == "succeeded"
        assert (rows(rig)[0]["workingHoursScheme"], rows(rig)[0]["shiftDurationHours"]) == (theirs, hours)
        rig.settings["shift_hours"] = Decimal("34")
        rig.one(self.position("2", "2025-01-01", "2025-12-31", working_hours_scheme=ours))
        rig.settings["full_time_hours_by_scheme"] = {theirs: "35,25"}
        rig.one(self.position("3", "2024-01-01", "2024-12-31", working_hours_scheme=ours))
        assert [r["employmentDetails"][0]["shiftDurationHours"] for r in rig.there()] == [35.25, 34, hours]

    def test_shift_hours_of_an_agreement_must_be_said(self, rig: Rig) -> None:
        outcome = rig.one(self.position(working_hours_scheme="other_shift"))
        assert (outcome.cause, outcome.field) == ("shift_hours_missing", "working_hours_scheme")
        assert not self.writes(rig)
        rig.settings["full_time_hours_by_scheme"] = {"OTHER_SHIFT": "35.5"}
        assert rig.one(self.position(working_hours_scheme="other_shift")).state == "succeeded"
        assert (rows(rig)[0]["workingHoursScheme"], rows(rig)[0]["shiftDurationHours"]) == ("OTHER_SHIFT", 35.5)

    @pytest.mark.parametrize("details_from", ["today", "row"])
    def test_a_change_of_scheme_changes_the_shift_hours(self, rig: Rig, details_from: str) -> None:
        rig.settings["details_from"] = details_from
        rig.sync(self.position())
        found = []
        for scheme in ("continuous", "round_the_clock", "not_shift"):
            rig.today += timedelta(days=1)
            assert rig.one(self.position(working_hours_scheme=scheme)).state == "succeeded"
            found.append(rows(rig)[-1]["shiftDurationHours"])
        assert found == [33.6, 35.5, 0]
        rig.forget_calls()
        assert rig.one(self.position(percentage=Decimal("60"))).state == "succeeded"
        assert rows(rig)[-1]["shiftDurationHours"] == 0

    def test_plain_shift_needs_the_customers_choice(self, rig: Rig) -> None:
        outcome = rig.one(self.position(working_hours_scheme="shift"))
        assert (outcome.cause, outcome.field) == ("no_translation", "working_hours_scheme")

    # -- occupation codes --------------------------------------------------------------------------------

    def test_occupation_code_goes_by_id_and_never_by_code(self, rig: Rig) -> None:
        """A code without an id is taken with 201 and stored as nothing."""
        rig.sync(self.position())
        rig.sync(self.position(occupation_code="2130109"))
        sent = [r["occupationCode"] for r in bodies(rig, "POST", EMPLOYMENT)[0]["employmentDetails"]]
        sent += [body["occupationCode"] for body in bodies(rig, "POST", DETAILS)]
        assert sent == [{"id": 301}, {"id": 302}]
        assert rig.there()[0]["occupationCode"] == "2130109"

    def test_unknown_occupation_code_is_refused_before_any_write(self, rig: Rig) -> None:
        outcome = rig.one(self.position(occupation_code="9999999"))
        assert (outcome.state, outcome.cause, outcome.field) == (
            "failed",
            "unknown_occupation_code",
            "occupation_code",
        )
        assert not self.writes(rig)
        rig.sync(self.position())
        rig.forget_calls()
        outcome = rig.one(self.position(occupation_code="9999999", end="2026-12-31"))
        assert outcome.cause == "unknown_occupation_code"
        assert not self.writes(rig), "the end date went out although the rest was refused"

    def test_occupation_code_matches_exactly(self, rig: Rig) -> None:
        """Tripletex' own search is "containing", and it might meet a longer code first."""
        rig.sandbox.state["OccupationCode"] = [
            {"id": 1, "version": 0, "nameNO": "A", "code": "25111029"},
            {"id": 2, "version": 0, "nameNO": "B", "code": "2511102"},
        ]
        rig.sync(self.position())
        assert bodies(rig, "POST", EMPLOYMENT)[0]["employmentDetails"][0]["occupationCode"] == {"id": 2}

    def test_occupation_codes_are_looked_up_one_by_one_and_once(self, rig: Rig) -> None:
        """Not the whole register of 7 116; what else contains the code comes in pages, and only a short one is last."""
        codes = [
            {"id": 1000 + i, "version": 0, "nameNO": f"YRKE {i:04}", "code": f"{i:04}9000001"} for i in range(1001)
        ]
        codes += [
            {"id": 1, "version": 0, "nameNO": "Å", "code": "9000001"},
            {"id": 2, "nameNO": "B", "code": "9002000"},
        ]
        rig.sandbox.state["OccupationCode"] = codes
        report = rig.sync(
            self.position(end="2026-03-31", occupation_code="9002000"),
            self.position("2", "2026-04-01", "2026-05-31", occupation_code="9000001"),
            self.position("3", "2026-06-01", occupation_code="9002000"),
        )
        assert [o.state for o in report.outcomes.values()] == ["succeeded"] * 3
        assert [(q["code"], q["from"]) for q in map(dict, map(parse_qsl, asked(rig, CODES)))] == [
            ("9002000", "0"), ("9000001", "0"), ("9000001", "1000"),
        ]  # fmt: skip
        assert [e["occupationCode"] for e in rig.there()] == ["9002000", "9000001", "9002000"]

    def test_codes_are_not_fetched_when_they_do_not_change(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.forget_calls()
        rig.sync(self.position(percentage=Decimal("60")))
        assert not asked(rig, CODES)
        assert rows(rig)[-1]["occupationCode"] == "2511102"

    def test_four_digit_codes_are_translated_by_the_table(self, rig: Rig) -> None:
        outcome = rig.one(self.position(occupation_code="2511"))
        assert (outcome.cause, outcome.field) == ("wrong_form", "occupation_code")
        rig.settings["occupation_codes"] = {"2511": "2511102"}
        assert rig.one(self.position(occupation_code="2511")).state == "succeeded"

    # -- employees ---------------------------------------------------------------------------------------

    def test_ignored_filter_returns_everybody_and_nobody_is_matched_by_it(self, rig: Rig) -> None:
        """A parameter that Tripletex does not know is ignored: all come back, and each hit is verified here."""
        self.state(rig, filters=False)
        rig.add(replace(PERSON, number="9", email="someone@example.com", national_id=""))
        rig.person = replace(PERSON, number="77", email="nobody@example.com", national_id="")
        assert rig.one(self.position()).cause == "employee_not_found"
        rig.person = PERSON
        report = rig.sync(self.position())
        assert report.remote_employee is not None
        assert report.remote_employee.matched_by == "employee number"
        assert len(rig.there()) == 1

    def test_ignored_employment_filter_does_not_mix_people(self, rig: Rig) -> None:
        """Somebody else's employment in the answer is left out."""
        rig.sync(self.position())
        self.state(rig, filters=False)
        rig.person = replace(PERSON, number="9", email="nine@example.com", national_id="")
        rig.add(rig.person)
        rig.positions, rig.sent, rig.employee_id = {}, {}, ""
        assert rig.one(self.position("2", "2026-03-01")).state == "succeeded"
        assert (len(rig.there("1042")), len(rig.there("9"))) == (1, 1)

    def test_email_filter_is_containing_so_the_hit_must_be_equal(self, empty_rig: Rig) -> None:
        empty_rig.add(replace(PERSON, number="2", email="else.ase.sorlie@example.com", national_id=""))
        empty_rig.person = replace(PERSON, national_id="")
        assert empty_rig.one(self.position()).cause == "employee_not_found"
        empty_rig.add(replace(PERSON, number="3", email="Ase.Sorlie@Example.com", national_id=""))
        empty_rig.settings["numbers_differ"] = True
        report = empty_rig.sync(self.position())
        assert report.remote_employee is not None
        assert report.remote_employee.matched_by == "e-mail"
        assert len(empty_rig.there("3")) == 1

    def test_national_id_is_matched_here_before_the_email(self, empty_rig: Rig) -> None:
        empty_rig.add(replace(PERSON, number="2", email=""))
        empty_rig.add(replace(PERSON, number="3", national_id=""))
        report = empty_rig.sync(self.position())
        assert report.remote_employee is not None
        assert report.remote_employee.matched_by == "national id"
        assert PERSON.national_id not in repr(report)

    def test_d_number_counts_as_national_id(self, empty_rig: Rig) -> None:
        empty_rig.add(replace(PERSON, number="2", email="", national_id=""))
        empty_rig.sandbox.state["Employee"][0]["dnumber"] = PERSON.national_id
        assert empty_rig.one(self.position()).state == "succeeded"

    def test_same_national_id_twice(self, empty_rig: Rig) -> None:
        empty_rig.add(replace(PERSON, number="2", email=""))
        empty_rig.add(replace(PERSON, number="3", email=""))
        report = empty_rig.sync(self.position())
        assert isinstance(report.error, EmployeeNotUniqueError)
        assert PERSON.national_id not in report.error.message

    def test_national_ids_are_not_searched_beyond_ten_thousand_employees(
        self, empty_rig: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("integrations.systems.tripletex.sandbox.records.TOO_MANY", 1)
        empty_rig.add(replace(PERSON, number="2", email="a@example.com"))
        empty_rig.add(replace(PERSON, number="3", national_id=""))
        empty_rig.settings["numbers_differ"] = True
        report = empty_rig.sync(self.position())
        assert report.remote_employee is not None
        assert report.remote_employee.matched_by == "e-mail"

    def test_not_found_names_what_was_searched(self, empty_rig: Rig) -> None:
        error = empty_rig.sync(self.position()).error
        assert isinstance(error, EmployeeNotFoundError)
        assert "employee number 1042" in error.message
        assert "national id" in error.message
        assert "ase.sorlie@example.com" in error.message

    def test_steps_without_a_key_are_skipped(self, empty_rig: Rig) -> None:
        empty_rig.person = replace(PERSON, national_id="", email="")
        empty_rig.sync(self.position())
        assert len(asked(empty_rig, "employee")) == 1

    def test_known_id_is_one_call_and_searched_again_when_gone(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.forget_calls()
        rig.sync(self.position())
        assert not asked(rig, "employee")
        rig.employee_id = "4"
        outcome = rig.one(self.position(end="2026-12-31"))
        assert outcome.state == "succeeded"
        assert rig.employee_id == str(self.employee(rig)["id"])

    def test_known_id_of_another_person_is_searched_again(self, rig: Rig) -> None:
        """The number was wrong here, and is mended: the next sending goes to the right one."""
        right = rig.add(replace(PERSON, number="1043", email="", national_id=""))
        rig.person = replace(PERSON, email="", national_id="")
        rig.sync(self.position())
        rig.person = replace(rig.person, number="1043")
        rig.sync(self.position())
        assert rig.employee_id == right
        assert len(rig.there("1043")) == 1

    def test_no_date_of_birth_there_is_a_clear_error(self, rig: Rig) -> None:
        self.employee(rig)["dateOfBirth"] = None
        outcome = rig.one(self.position())
        assert (outcome.state, outcome.cause) == ("failed", "birth_date_missing")
        assert "date of birth for Åse Sørlie" in outcome.message
        assert not self.writes(rig)
        self.employee(rig)["dateOfBirth"] = "1985-03-14"
        assert rig.one(self.position()).state == "succeeded"

    def test_hidden_date_of_birth_is_left_to_tripletex(self, rig: Rig) -> None:
        self.state(rig, hidden=["dateOfBirth"])
        self.employee(rig)["dateOfBirth"] = None
        outcome = rig.one(self.position())
        assert (outcome.cause, outcome.vendor_code) == ("birth_date_missing", "18000")
        assert "Feltet må fylles ut." in outcome.vendor_text

    # -- sub-units ---------------------------------------------------------------------------------------

    def test_division_is_set_once(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.forget_calls()
        outcome = rig.one(self.position(company=LAGER))
        assert (outcome.state, outcome.cause, outcome.field) == ("skipped", "stays_there", "company")
        assert "end this position and add a new one" in outcome.message
        outcome = rig.one(self.position(company=LAGER, end="2026-12-31"))
        assert outcome.state == "succeeded"
        assert [w.field for w in outcome.warnings] == ["company"]
        assert "974760681" in outcome.warnings[0].message
        assert all("division" not in body for body in bodies(rig, "PUT", EMPLOYMENT))
        assert rig.there()[0]["division"] == "974760673"

    def test_divisions_are_read_once(self, rig: Rig) -> None:
        rig.sync(self.position(end="2026-05-31"), self.position("2", "2026-06-01"))
        assert len(asked(rig, "division")) == 1

    def test_missing_division_is_filled_in(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.sandbox.state["Employment"][0]["division"] = None
        outcome = rig.one(self.position())
        assert set(outcome.changes) == {"company"}
        assert rig.there()[0]["division"] == "974760673"

    def test_division_with_a_hidden_number_is_still_set(self, rig: Rig) -> None:
        rig.sync(self.position())
        self.state(rig, hidden=["organizationNumber"])
        assert rig.one(self.position()).cause == "nothing_to_change"
        assert rig.one(self.position(end="2026-12-31")).warnings == ()

    def test_unknown_division_is_refused_here(self, rig: Rig) -> None:
        outcome = rig.one(self.position(company=Company("Ny", "999888777")))
        assert (outcome.cause, outcome.field) == ("unknown_division", "company")
        assert "999888777" in outcome.message
        assert not self.writes(rig)

    def test_legal_entity_is_translated_by_the_table(self, rig: Rig) -> None:
        rig.settings["divisions"] = {"974760000": "974760681"}
        assert rig.one(self.position(company=Company("Fjellheim AS", "974 760 000"))).state == "succeeded"
        assert rig.there()[0]["division"] == "974760681"

    def test_default_division(self, rig: Rig) -> None:
        outcome = rig.one(self.position(without=("company",)))
        assert (outcome.cause, outcome.field) == ("missing_required_field", "company")
        rig.settings["default_division"] = "974760681"
        assert rig.one(self.position(without=("company",))).state == "succeeded"

    def test_legal_entity_as_division_is_their_refusal(self, rig: Rig) -> None:
        rig.sandbox.state["company"]["organizationNumber"] = "974760673"
        outcome = rig.one(self.position())
        assert (outcome.cause, outcome.field, outcome.vendor_code) == ("refused_by_target", "company", "18000")
        assert "juridiske enheten" in outcome.vendor_text

    # -- from which date a change of terms counts --------------------------------------------------------

    def test_change_on_a_running_employment_makes_a_row_from_today(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.forget_calls()
        rig.sync(self.position(percentage=Decimal("60")))
        assert [(r["date"], r["percentageOfFullTimeEquivalent"]) for r in rows(rig)] == [
            ("2026-01-01", 80.0),
            ("2026-06-15", 60.0),
        ]
        assert len(self.writes(rig)) == 1

    def test_new_row_repeats_the_terms_of_the_one_before(self, rig: Rig) -> None:
        """What is left out of a new row counts as not chosen."""
        rig.sync(self.position(working_hours_scheme="continuous"))
        rig.sandbox.state["EmploymentDetails"][0]["payrollTaxMunicipalityId"] = 262
        rig.sync(self.position(working_hours_scheme="continuous", percentage=Decimal("60")))
        old, new = rows(rig)
        differing = {k for k in old if old[k] != new[k]} - {"id", "version"}
        assert differing == {"date", "percentageOfFullTimeEquivalent"}

    def test_the_other_choice_corrects_the_row_in_force(self, rig: Rig) -> None:
        rig.settings["details_from"] = "row"
        rig.sync(self.position())
        rig.sync(self.position(percentage=Decimal("60")))
        assert [(r["date"], r["percentageOfFullTimeEquivalent"]) for r in rows(rig)] == [("2026-01-01", 60.0)]

    @pytest.mark.parametrize(
        ("start", "end", "why"),
        [("2026-06-15", None, "starts today"), ("2026-08-01", None, "has not begun"), ("2025-01-01", "2025-12-31", "")],
    )
    def test_an_employment_that_is_not_running_is_corrected_in_place(
        self, rig: Rig, start: str, end: str | None, why: str
    ) -> None:
        rig.sync(self.position(start=start, end=end))
        rig.sync(self.position(start=start, end=end, percentage=Decimal("60")))
        assert [(r["date"], r["percentageOfFullTimeEquivalent"]) for r in rows(rig)] == [(start, 60.0)], why

    def test_row_of_the_same_date_is_put_and_not_posted(self, rig: Rig) -> None:
        """A second row for one date is refused there ("Finnes fra før.")."""
        rig.sync(self.position())
        rig.sync(self.position(percentage=Decimal("60")))
        rig.forget_calls()
        outcome = rig.one(self.position(percentage=Decimal("50")))
        assert outcome.state == "succeeded"
        assert not bodies(rig, "POST", DETAILS)
        [sent] = bodies(rig, "PUT", DETAILS)
        assert sent == {
            "id": rows(rig)[1]["id"],
            "version": 0,
            "employment": {"id": rig.there()[0]["id"]},
            "date": "2026-06-15",
            "percentageOfFullTimeEquivalent": 50.0,
        }
        assert len(rows(rig)) == 2

    def test_terms_planned_there_for_later_stay_and_are_told(self, rig: Rig) -> None:
        rig.sync(self.position())
        state = rig.sandbox.state["EmploymentDetails"]
        state.append({**state[0], "id": 9, "date": "2026-09-01", "percentageOfFullTimeEquivalent": 100})
        assert rig.one(self.position()).cause == "nothing_to_change"
        outcome = rig.one(self.position(percentage=Decimal("60")))
        assert [w.message for w in outcome.warnings] == [
            "Tripletex has other terms from 1 Sep 2026 on, which were left as they are."
        ]
        assert [r["percentageOfFullTimeEquivalent"] for r in rows(rig)] == [80.0, 60.0, 100]

    def test_the_row_in_force_is_what_is_compared(self, rig: Rig) -> None:
        """A clerk changed the terms there by a row of their own."""
        rig.sync(self.position())
        state = rig.sandbox.state["EmploymentDetails"]
        state.append({**state[0], "id": 9, "date": "2026-03-01", "percentageOfFullTimeEquivalent": 100})
        outcome = rig.one(self.position())
        assert outcome.changes == {"percentage": Change(Decimal("100"), Decimal("80.00"))}
        assert rows(rig)[-1]["date"] == "2026-06-15"

    def test_employment_without_any_row_gets_one_from_its_start(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.sandbox.state["EmploymentDetails"].clear()
        assert rig.one(self.position()).state == "succeeded"
        assert [(r["date"], r["percentageOfFullTimeEquivalent"]) for r in rows(rig)] == [("2026-01-01", 80.0)]
        assert rows(rig)[0]["occupationCode"] == "2511102"

    def test_not_chosen_counts_as_empty(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.sandbox.state["EmploymentDetails"][0].update(employmentType="NOT_CHOSEN", remunerationType="NOT_CHOSEN")
        outcome = rig.one(self.position())
        assert {k: v.old for k, v in outcome.changes.items()} == {"contract_type": None, "remuneration_type": None}
        assert (rows(rig)[-1]["employmentType"], rows(rig)[-1]["remunerationType"]) == ("ORDINARY", "MONTHLY_WAGE")

    # -- wages -------------------------------------------------------------------------------------------

    def test_wages_are_never_compared_or_changed(self, rig: Rig) -> None:
        rig.settings["details_from"] = "row"
        rig.sync(self.position())
        rig.sandbox.state["EmploymentDetails"][0].update(annualSalary=660000, hourlyWage=338)
        assert rig.one(self.position()).cause == "nothing_to_change"
        rig.sync(self.position(percentage=Decimal("60")))
        assert (rows(rig)[0]["annualSalary"], rows(rig)[0]["hourlyWage"]) == (660000, 338)
        sent = [*bodies(rig, "PUT", DETAILS), *bodies(rig, "POST", EMPLOYMENT)[0]["employmentDetails"]]
        assert len(sent) == 2
        assert all(not {"annualSalary", "hourlyWage", "monthlySalary"} & set(body) for body in sent)

    @pytest.mark.parametrize(
        ("kind", "wages", "sent"),
        [
            ("monthly", {"annualSalary": 660000, "hourlyWage": 338}, {"annualSalary": 660000}),
            ("monthly", {"annualSalary": 0, "hourlyWage": 210}, {"hourlyWage": 210}),
            ("hourly", {"annualSalary": 390000, "hourlyWage": 0}, {"annualSalary": 390000}),
            ("hourly", {"annualSalary": 429000, "hourlyWage": 220.5}, {"hourlyWage": 220.5}),
            ("fee", {"annualSalary": 0, "hourlyWage": 0}, {}),
        ],
    )
    def test_new_row_keeps_the_pay(self, rig: Rig, kind: str, wages: dict[str, float], sent: dict[str, float]) -> None:
        rig.sync(self.position(remuneration_type=kind))
        rig.sandbox.state["EmploymentDetails"][0].update(wages)
        rig.sync(self.position(remuneration_type=kind, percentage=Decimal("60")))
        [body] = bodies(rig, "POST", DETAILS)
        assert {k: v for k, v in body.items() if k in ("annualSalary", "hourlyWage")} == sent
        assert all(rows(rig)[-1][k] == v for k, v in sent.items())

    def test_hidden_wages_stop_a_new_row(self, rig: Rig) -> None:
        """A new row that does not know the wage before it would be a row without pay."""
        rig.sync(self.position())
        self.state(rig, hidden=["annualSalary", "hourlyWage", "monthlySalary"])
        outcome = rig.one(self.position(percentage=Decimal("60")))
        assert (outcome.state, outcome.cause) == ("failed", "wage_hidden")
        assert len(rows(rig)) == 1
        rig.one(self.position(percentage=Decimal("60"), end="2026-12-31"))
        assert rig.there()[0]["endDate"] is None, "the end date went out although the rest was refused"
        [line] = [x for x in rig.connector().check() if not x.ok]
        assert "wages" in line.title
        rig.settings["details_from"] = "row"
        assert rig.one(self.position(percentage=Decimal("60"))).state == "succeeded"
        assert all(x.ok for x in rig.connector().check())

    # -- moving ------------------------------------------------------------------------------------------

    @pytest.mark.parametrize("start", ["2025-10-01", "2026-02-01"])
    def test_moving_the_start_shifts_the_first_row(self, rig: Rig, start: str) -> None:
        rig.sync(self.position())
        outcome = rig.one(self.position(start=start), move=True)
        assert (outcome.state, outcome.action) == ("succeeded", "move")
        assert [(r["date"], r["version"]) for r in rows(rig)] == [(start, 1)]
        assert rig.one(self.position(start=start)).cause == "nothing_to_change"

    def test_moving_and_correcting_uses_the_shifted_rows_version(self, rig: Rig) -> None:
        """The move counts the first row's version up: the version read before it would be stale."""
        rig.settings["details_from"] = "row"
        rig.sync(self.position())
        outcome = rig.one(self.position(start="2026-02-01", percentage=Decimal("60")), move=True)
        assert outcome.state == "succeeded"
        [sent] = bodies(rig, "PUT", DETAILS)
        assert sent["version"] == 1
        assert [(r["date"], r["percentageOfFullTimeEquivalent"]) for r in rows(rig)] == [("2026-02-01", 60.0)]

    def test_start_may_not_pass_the_second_row(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.sync(self.position(percentage=Decimal("60")))
        outcome = rig.one(self.position(start="2026-07-01", percentage=Decimal("60")), move=True)
        assert (outcome.state, outcome.cause, outcome.field) == ("failed", "later_details_row", "start_date")
        assert "15 Jun 2026" in outcome.message
        assert rig.there()[0]["startDate"] == "2026-01-01"

    def test_moving_by_rule(self, rig: Rig) -> None:
        rig.rules = Rules(move=True)
        rig.sync(self.position())
        assert rig.one(self.position(start="2026-02-01")).action == "move"

    # -- deleting ----------------------------------------------------------------------------------------

    def test_a_deleted_position_is_cancelled_as_wrongly_reported(self, rig: Rig) -> None:
        """Its day is free then, as far as we know; while the switch is off, or where it is refused, it stays."""
        rig.sync(self.position(end="2026-03-31"))
        assert rig.sync(deleted=["1"]).outcomes["1"].cause == "delete_switched_off"
        rig.rules = Rules(delete=True)
        rig.sync(self.position())
        rig.fail(method="PUT", path=EMPLOYMENT, status=422, body='{"status":422,"code":18000,"message":"Nei"}')
        assert rig.sync(deleted=["1"]).outcomes["1"].cause == "refused_by_target"
        rig.forget_calls()
        outcome = rig.sync(deleted=["1"]).outcomes["1"]
        assert (outcome.state, outcome.gone) == ("succeeded", True)
        [sent] = bodies(rig, "PUT", EMPLOYMENT)
        assert (sent["endDate"], sent["employmentEndReason"]) == ("2026-01-01", "EMPLOYMENT_END_WRONGLY_REPORTED")
        body = {"code": 18000, "message": "Nei", "validationMessages": [{"field": "startDate", "message": "Nei"}]}
        rig.fail(method="POST", path=EMPLOYMENT, status=422, body=json.dumps(body))
        told = rig.one(self.position("2"))
        assert told.state == "failed" and "ended as wrongly reported" in told.message, "should it not be free"
        assert "cancelled_is_free" in {open_point.id for open_point in CONFIRMATIONS}
        assert rig.one(self.position("2")).action == "create"
        assert len(rig.there()) == 2

    # -- conflicts and refusals --------------------------------------------------------------------------

    def stale(self, rig: Rig, times: int, code: int = 8000, path: str = "") -> None:
        body = {"status": 409, "code": code, "message": "RevisionException", "validationMessages": None}
        rig.fail(method="PUT", path=path or EMPLOYMENT, status=409, body=json.dumps(body), times=times)

    def test_stale_version_is_read_again_once(self, rig: Rig) -> None:
        rig.sync(self.position())
        self.stale(rig, 1)
        rig.forget_calls()
        outcome = rig.one(self.position(end="2026-12-31"))
        assert outcome.state == "succeeded"
        assert len(asked(rig, EMPLOYMENT)) == 2

    def test_stale_version_twice_is_left_to_the_next_try(self, rig: Rig) -> None:
        rig.sync(self.position())
        self.stale(rig, 2)
        error = rig.sync(self.position(end="2026-12-31")).error
        assert isinstance(error, StaleError)
        assert (error.vendor_code, error.vendor_text) == ("8000", "RevisionException")

    @pytest.mark.parametrize("terms", [{"end": "2026-12-31"}, {"percentage": Decimal("60")}])
    def test_versions_are_sent_so_that_a_clerks_change_is_not_lost(self, rig: Rig, terms: dict[str, Any]) -> None:
        """Without a version the last write wins there; with the one that was read, the sandbox refuses."""
        rig.settings["details_from"] = "row"
        rig.sync(self.position())
        connector = rig.connector()
        employee = connector.find_employee(PERSON)
        [remote] = connector.read(employee)
        for kind in ("Employment", "EmploymentDetails"):
            rig.sandbox.state[kind][0]["version"] += 1
        end = date.fromisoformat(terms["end"]) if "end" in terms else None
        new = {"end_date": end, "end_reason": "EMPLOYMENT_END_EMPLOYEE"} if end else terms
        changes = {k: Change(remote.values[k], v) for k, v in new.items()}
        with pytest.raises(StaleError):
            connector.update(employee, PERSON, remote, changes, Wanted("1", {**remote.values, **new}))

    def test_a_record_gone_meanwhile_is_read_again(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.fail(method="PUT", path=EMPLOYMENT, status=404, body='{"status":404,"code":6000,"message":"x"}')
        assert rig.one(self.position(end="2026-12-31")).state == "succeeded"

    def test_locked_record_waits_for_a_person(self, rig: Rig) -> None:
        rig.sync(self.position())
        self.stale(rig, 1, code=10000)
        outcome = rig.one(self.position(end="2026-12-31"))
        assert (outcome.state, outcome.cause, outcome.vendor_code) == ("failed", "locked_in_target", "10000")

    def test_their_overlap_refusal_names_the_start_date(self, rig: Rig) -> None:
        """Made there between our reading and our writing."""
        rig.sync(self.position(end="2026-05-31"))
        connector = rig.connector()
        employee = connector.find_employee(PERSON)
        [remote] = connector.read(employee)
        wanted = Wanted("2", {**remote.values, "start_date": date(2026, 5, 1), "end_date": None, "end_reason": None})
        with pytest.raises(DataRefusedError) as caught:
            connector.create(employee, PERSON, wanted)
        assert (caught.value.field, caught.value.vendor_code) == ("start_date", "18000")
        assert "Overlappende perioder." in caught.value.vendor_text

    @pytest.mark.parametrize(
        ("field", "ours"),
        [
            ("employments.division.id", "company"),
            ("employmentDetails.employmentType", "contract_type"),
            ("occupationCode.id", "occupation_code"),
            ("employment.endDate", "end_date"),
            (None, ""),
        ],
    )
    def test_refusals_are_told_by_field_in_any_language(self, rig: Rig, field: str | None, ours: str) -> None:
        found = [{"field": field, "message": "Det går ikke.", "path": None, "rootId": None}]
        body = {"status": 422, "code": 18000, "message": "Validering feilet.", "validationMessages": found}
        rig.fail(method="POST", path=EMPLOYMENT, status=422, body=json.dumps(body))
        outcome = rig.one(self.position())
        assert (outcome.state, outcome.cause, outcome.field) == ("failed", "refused_by_target", ours)
        assert outcome.vendor_text.endswith("Det går ikke.")
        assert outcome.message.startswith("Tripletex refuses")

    @pytest.mark.parametrize("body", ["", "<html>", "[]", '{"validationMessages": []}'])
    def test_refusals_without_words_still_say_something(self, rig: Rig, body: str) -> None:
        rig.fail(method="POST", path=EMPLOYMENT, status=422, body=body)
        outcome = rig.one(self.position())
        assert (outcome.state, outcome.cause) == ("failed", "refused_by_target")
        assert outcome.message

    def test_unspecified_exception_is_trouble_of_theirs(self, rig: Rig) -> None:
        rig.fail(method="POST", path=EMPLOYMENT, status=400, body='{"status":400,"code":1000,"message":"x"}')
        assert isinstance(rig.sync(self.position()).error, UnavailableError)

    def test_lost_answer_to_a_new_row_is_found_again(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.read_timeout = 0.3
        rig.fail(kind="hang", method="POST", path=DETAILS, seconds=0.6, after=True)
        assert isinstance(rig.sync(self.position(percentage=Decimal("60"))).error, UnclearOutcomeError)
        rig.read_timeout = None
        assert rig.one(self.position(percentage=Decimal("60"))).cause == "nothing_to_change"
        assert len(rows(rig)) == 2

    @pytest.mark.parametrize("body", ["made", '{"value": {}}', '{"value": {"id": null}}'])
    def test_unreadable_answer_to_a_create_is_unclear(self, rig: Rig, body: str) -> None:
        rig.fail(method="POST", path=EMPLOYMENT, status=201, body=body)
        assert isinstance(rig.sync(self.position()).error, UnclearOutcomeError)

    def test_nonsense_instead_of_a_list_is_not_an_empty_list(self, rig: Rig) -> None:
        rig.fail(method="GET", path=EMPLOYMENT, status=200, body='{"fault": "no"}')
        assert isinstance(rig.sync(self.position()).error, UnavailableError)
        assert rig.there() == []

    # -- rate limit --------------------------------------------------------------------------------------

    def test_rate_limit_reset_header_is_honoured(self, rig: Rig) -> None:
        rig.fail(status=429, headers={"X-Rate-Limit-Reset": "42", "X-Rate-Limit-Remaining": "0"})
        error = rig.sync(self.position()).error
        assert isinstance(error, RateLimitedError)
        assert error.wait == 42

    def test_rate_limit_of_the_sandbox(self, rig: Rig) -> None:
        self.state(rig, rate_limit=[2, 30])
        error = rig.sync(self.position()).error
        assert isinstance(error, RateLimitedError)
        assert error.wait is not None
        assert 25 < error.wait <= 31

    # -- session tokens ----------------------------------------------------------------------------------

    def sessions(self, rig: Rig) -> list[str]:
        return [f"{c.method} {c.status}" for c in rig.calls if c.path == "token/session/:create"]

    def test_session_token_is_kept_between_turns(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.sync(self.position())
        assert self.sessions(rig) == ["POST 201"]

    def test_session_token_falls_back_to_put(self, rig: Rig) -> None:
        self.state(rig, post_token=False)
        report = rig.sync(self.position())
        assert report.outcomes["1"].state == "succeeded"
        assert self.sessions(rig) == ["POST 400", "PUT 200"]
        kept = repr(report.exchanges)
        assert not [v for k, v in rig.credentials.items() if k != "company_id" and v in kept]

    def test_refused_session_is_renewed_once(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.sandbox.state["sessions"].clear()
        assert rig.one(self.position(end="2026-12-31")).state == "succeeded"
        assert self.sessions(rig) == ["POST 201", "POST 201"]

    def test_session_refused_again_stops_the_connection(self, rig: Rig) -> None:
        rig.credentials["company_id"] = "12"
        error = rig.sync(self.position()).error
        assert isinstance(error, NotAuthorizedError)
        assert "Company ID" in error.message
        assert error.vendor_code == "3000"
        # The call's own, one more for it, and one more for the test that finds out whom the refusal concerns.
        assert len(self.sessions(rig)) <= 3

    def test_session_of_yesterday_is_not_used(self, rig: Rig) -> None:
        rig.sync(self.position())
        kept = dict(rig.vault.load())
        rig.vault.save({**kept, "expires_at": 0})
        rig.sync(self.position())
        assert len(self.sessions(rig)) == 2
        assert not [c for c in rig.calls if c.status == 401]

    @pytest.mark.parametrize(("minutes", "calls"), [(-2, 0), (1, 1)])
    def test_session_ends_at_norwegian_midnight(self, rig: Rig, minutes: int, calls: int) -> None:
        rig.connector().check()
        [asked] = [c for c in rig.calls if c.path == "token/session/:create"]
        day = date.fromisoformat(json.loads(asked.body)["expirationDate"])
        midnight = datetime.combine(day, time.min, ZoneInfo("Europe/Oslo"))
        rig.forget_calls()
        connector = rig.connector()
        connector.context.now = lambda: midnight.astimezone(UTC) + timedelta(minutes=minutes)
        connector.check()
        assert len(self.sessions(rig)) == calls

    def test_session_of_other_credentials_is_not_used(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.credentials["employee_token"] = "another-employee-token"
        assert isinstance(rig.sync(self.position()).error, NotAuthorizedError)

    def test_session_renewed_by_another_process_is_taken_over(self, rig: Rig) -> None:
        rig.sync(self.position())
        connector = rig.connector()
        connector.find_employee(PERSON)
        old = str(rig.vault.load()["access_token"])
        rig.sandbox.state["sessions"].pop(old)
        other = rig.connector()
        other.find_employee(PERSON)
        assert len(self.sessions(rig)) == 2
        connector.find_employee(PERSON)
        assert len(self.sessions(rig)) == 2

    def test_session_token_is_masked_in_what_is_kept(self, rig: Rig) -> None:
        report = rig.sync(self.position())
        [token] = rig.sandbox.state["sessions"]
        assert token not in repr(report.exchanges)

    def test_accountants_token_needs_the_clients_company(self, rig: Rig) -> None:
        self.state(rig, accountant=True, Client=[{"id": 88, "version": 0, "name": "Kunde", "organizationNumber": "1"}])
        error = rig.sync(self.position()).error
        assert isinstance(error, NotAuthorizedError)
        assert error.vendor_code == "9000"
        rig.credentials["company_id"] = "88"
        assert rig.one(self.position()).state == "succeeded"

    # -- test connection and rights ----------------------------------------------------------------------

    def test_check_names_the_right_that_is_missing(self, rig: Rig) -> None:
        self.state(rig, forbidden=["employee/employment/details", "division"])
        bad = [line for line in rig.connector().check() if not line.ok]
        assert [line.title for line in bad] == ["See employments and wages", "See sub-units"]
        assert all(line.where for line in bad)

    def test_check_sees_a_hidden_date_of_birth(self, rig: Rig) -> None:
        self.state(rig, hidden=["dateOfBirth"])
        assert [line.title for line in rig.connector().check() if not line.ok] == ["See employees, with date of birth"]

    def test_check_sees_an_unregistered_default_division(self, rig: Rig) -> None:
        rig.settings["default_division"] = "999888777"
        [line] = [line for line in rig.connector().check() if not line.ok]
        assert "999888777" in line.detail
        self.state(rig, Division=[])
        [line] = [line for line in rig.connector().check() if not line.ok]
        assert "No sub-unit" in line.detail

    def test_check_when_there_are_too_many_to_list(self, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("integrations.systems.tripletex.sandbox.records.TOO_MANY", 0)
        lines = rig.connector().check()
        assert [line.title for line in lines if not line.ok] == ["See sub-units"]

    def test_hidden_dates_stop_before_anything_is_doubled(self, rig: Rig) -> None:
        rig.sync(self.position())
        self.state(rig, hidden=["startDate"])
        assert isinstance(rig.sync(self.position()).error, NotAuthorizedError)
        assert len(rig.there()) == 1

    # -- weekly hours ------------------------------------------------------------------------------------

    def test_weekly_hours_are_opt_in(self, rig: Rig) -> None:
        outcome = rig.one(self.position(weekly_hours=Decimal("37.5")))
        assert outcome.state == "succeeded"
        assert "weekly_hours" in outcome.unsent
        assert rig.sandbox.state["StandardTime"] == []

    def test_weekly_hours_as_standard_time(self, rig: Rig) -> None:
        rig.settings["send_weekly_hours"] = True
        rig.sync(self.position(weekly_hours=Decimal("37.5")))
        rig.sync(self.position(weekly_hours=Decimal("30")))
        rig.sync(self.position(weekly_hours=Decimal("20")))
        assert [(s["fromDate"], s["hoursPerDay"]) for s in rig.sandbox.state["StandardTime"]] == [
            ("2026-01-01", 7.5),
            ("2026-06-15", 4.0),
        ]
        assert rig.one(self.position(weekly_hours=Decimal("20"))).cause == "nothing_to_change"

    def test_weekly_hours_whose_day_alone_is_moved_get_a_row_from_that_day(self, rig: Rig) -> None:
        rig.settings["send_weekly_hours"] = True
        rig.sync(self.position(weekly_hours=Decimal("37.5")))
        now = self.position(weekly_hours=Decimal("20"))
        rig.sync(now)
        before = {**now.values, "weekly_hours": Decimal("37.5")}
        moved = replace(now, terms=((now.start, before), (date(2026, 6, 8), now.values)))
        assert rig.one(moved).state == "succeeded"
        assert ("2026-06-08", 4.0) in [(s["fromDate"], s["hoursPerDay"]) for s in rig.sandbox.state["StandardTime"]]
        assert rig.one(moved).cause == "nothing_to_change"

    def test_weekly_hours_of_an_upcoming_employment_are_corrected_from_its_start(self, rig: Rig) -> None:
        rig.settings["send_weekly_hours"] = True
        rig.sync(self.position(start="2026-09-01", weekly_hours=Decimal("37.5")))
        rig.sync(self.position(start="2026-09-01", weekly_hours=Decimal("30")))
        assert [(s["fromDate"], s["hoursPerDay"]) for s in rig.sandbox.state["StandardTime"]] == [("2026-09-01", 6.0)]

    def test_weekly_hours_already_there_are_not_written(self, rig: Rig) -> None:
        rig.settings["send_weekly_hours"] = True
        made = {"id": 5, "version": 0, "employee": self.employee(rig)["id"], "fromDate": "2020-01-01"}
        rig.sandbox.state["StandardTime"].append({**made, "hoursPerDay": 7.5})
        rig.sync(self.position(weekly_hours=Decimal("37.5")))
        assert len(rig.sandbox.state["StandardTime"]) == 1
        assert rig.one(self.position(weekly_hours=Decimal("37.5"))).cause == "nothing_to_change"

    def test_refused_weekly_hours_are_a_warning(self, rig: Rig) -> None:
        rig.settings["send_weekly_hours"] = True
        body = '{"status":422,"code":18000,"message":"Validering feilet.","validationMessages":[]}'
        rig.fail(method="POST", path="employee/standardTime", status=422, body=body)
        outcome = rig.one(self.position(weekly_hours=Decimal("37.5")))
        assert outcome.state == "succeeded"
        assert [w.field for w in outcome.warnings] == ["weekly_hours"]
        assert outcome.sent is not None
        assert "weekly_hours" not in outcome.sent.values
        assert rig.one(self.position(weekly_hours=Decimal("37.5"))).state == "succeeded"
        assert len(rig.sandbox.state["StandardTime"]) == 1

    # -- the employee's department -----------------------------------------------------------------------

    @pytest.mark.parametrize(
        ("switch", "first", "second"),
        [
            ("department", Department("BUT1"), Department("LAG1")),
            ("cost_centre", "BUT1", "LAG1"),
        ],
    )
    def test_the_department_of_the_employee(self, rig: Rig, switch: str, first: Any, second: Any) -> None:
        """Created, changed, not cleared, refused here and there; looked up before anything is written."""
        position = partial(self.position, **{switch: first})
        assert switch in rig.one(position()).unsent, "opt-in"
        rig.settings[f"send_{switch}"] = True
        self.employee(rig)["department"] = 702
        outcome = rig.one(position())
        assert (outcome.state, set(outcome.changes)) == ("succeeded", {switch})
        assert bodies(rig, "PUT", "employee")[-1]["department"] == {"id": 701}
        assert rig.one(position()).cause == "nothing_to_change"
        assert rig.one(self.position(**{switch: second})).state == "succeeded"
        assert self.employee(rig)["department"] == 702
        kept = rig.one(self.position())
        assert self.employee(rig)["department"] == 702 and kept.cause == "nothing_to_change", "never emptied"
        unknown = type(first)("NY9")
        rig.forget_calls()
        refused = rig.one(self.position(end="2026-12-31", **{switch: unknown}))
        assert (refused.cause, refused.field) == ("unknown_department", switch)
        assert [name for said in refused.said for name in said.settings] == [f"{switch}s"], "the table to be opened"
        assert not self.writes(rig)
        named = [{"field": "department.id", "message": "Nei"}]
        theirs = {"status": 422, "body": json.dumps({"code": 18000, "message": "Nei", "validationMessages": named})}
        rig.fail(method="PUT", path=f"employee/{rig.employee_id}", **theirs)
        assert rig.one(position()).field == switch
        theirs = {"status": 422, "body": json.dumps({"code": 18000, "message": "Nei", "validationMessages": []})}
        rig.fail(method="PUT", path=f"employee/{rig.employee_id}", **theirs)
        assert rig.one(position()).cause == "refused_by_target"
        rig.fail(method="PUT", path=f"employee/{rig.employee_id}", **theirs)
        told = rig.one(position(end="2026-12-31"))
        assert (told.state, [w.field for w in told.warnings]) == ("succeeded", [switch])
        assert rig.one(position(end="2026-12-31")).state == "succeeded"
        assert self.employee(rig)["department"] == 701
        self.state(rig, hidden=["departmentNumber"])
        assert rig.one(position(end="2026-12-31")).cause == "nothing_to_change"

    def test_only_the_position_of_today_says_which_department(self, rig: Rig) -> None:
        """An old one that is saved again, or one to come, leaves the department of today; that of the latter is sent on
        its first day."""
        rig.settings["send_department"] = True
        shop, store = Department("BUT1"), Department("LAG1")
        rig.sync(self.position(department=shop, end="2026-08-31"))
        old = rig.one(self.position("2", "2025-01-01", "2025-12-31", department=store))
        assert old.state == "succeeded" and "department" in old.unsent
        coming = self.position("3", "2026-09-01", department=store)
        outcome = rig.one(coming)
        assert (outcome.state, outcome.wait_until) == ("succeeded", date(2026, 9, 1))
        assert self.employee(rig)["department"] == 701
        rig.today = date(2026, 9, 1)
        outcome = rig.one(coming)
        assert set(outcome.changes) == {"department"}
        assert self.employee(rig)["department"] == 702
        assert rig.one(self.position(department=shop, end="2026-08-31")).cause == "nothing_to_change"
        assert self.employee(rig)["department"] == 702

    def test_a_new_employment_brings_its_department(self, rig: Rig) -> None:
        rig.settings["send_department"] = True
        self.employee(rig)["department"] = 702
        rig.fail(method="PUT", path=f"employee/{self.employee(rig)['id']}", status=422, body='{"code":18000}')
        told = rig.one(self.position(department=Department("BUT1")))
        assert [w.field for w in told.warnings] == ["department"] and len(rig.there()) == 1
        assert rig.one(self.position(department=Department("BUT1"))).state == "succeeded"
        assert self.employee(rig)["department"] == 701
        rig.somebody_else(replace(PERSON, id="78", number="1043", email="kari@firma.test", national_id=""))
        rig.add(rig.person)
        assert rig.one(self.position("2", department=Department("LAG1"))).warnings == ()
        assert self.employee(rig)["department"] == 702
        assert [line.title for line in rig.connector().check() if not line.ok] == []

    def test_an_employee_has_one_department(self, rig: Rig) -> None:
        rig.settings |= {"send_department": True, "send_cost_centre": True}
        outcome = rig.one(self.position(department=Department("BUT1"), cost_centre="LAG1"))
        assert (outcome.state, outcome.cause) == ("failed", "value_refused")
        rig.settings["send_cost_centre"] = False
        rig.sandbox.state["Department"][1]["departmentNumber"] = "BUT1"
        assert "several" in rig.one(self.position(department=Department("BUT1"))).message
        rig.sandbox.state["Department"][1]["isInactive"] = True
        assert rig.one(self.position(department=Department("BUT1"))).state == "succeeded"

    # -- the declaration ---------------------------------------------------------------------------------

    def test_every_unsupported_field_has_a_reason(self) -> None:
        reasons = {f.ours: f.unsupported for f in SYSTEM.fields if not f.supported}
        assert set(reasons) == {
            "title",
            "manager",
            "first_day_of_work",
            "last_day_of_work",
            "probation_end",
            "notice_date",
        }
        assert all(reason.startswith("Tripletex ") for reason in reasons.values())

    def test_a_vault_of_nonsense_is_renewed(self, rig: Rig) -> None:
        rig.vault = MemoryVault({"access_token": "old"})
        assert rig.one(self.position()).state == "succeeded"


class TestSandbox:
    """The refusals that the connector never runs into are there all the same."""

    @pytest.fixture
    def rig(self, sandbox_server: Any) -> Rig:
        return Rig(sandbox_server, "tripletex", PERSON, {}, known=True)

    def post(self, rig: Rig, path: str, body: dict[str, Any], method: str = "POST") -> tuple[int, dict[str, Any]]:
        connector = rig.connector()
        answer = connector.http.request(method, path, json=body, classify=lambda response: None)
        return answer.status, answer.json()

    def fields(self, answer: dict[str, Any]) -> list[str]:
        return [m["field"] for m in answer["validationMessages"]]

    def test_code_without_an_id_is_stored_as_nothing(self, rig: Rig) -> None:
        rig.sync(TestTripletex().position())
        employment = {"id": rig.there()[0]["id"]}
        status, answer = self.post(
            rig, DETAILS, {"employment": employment, "date": "2026-02-01", "occupationCode": {"code": "2511102"}}
        )
        assert (status, answer["value"]["occupationCode"]) == (201, None)

    def test_refusals(self, rig: Rig) -> None:
        person = {"id": rig.sandbox.state["Employee"][0]["id"]}
        status, answer = self.post(rig, EMPLOYMENT, {"employee": person})
        assert (status, self.fields(answer)) == (422, ["startDate"])
        status, answer = self.post(rig, EMPLOYMENT, {"employee": person, "startDate": "2026-01-01"})
        assert (answer["code"], self.fields(answer)) == (18000, ["division.id"])
        status, answer = self.post(rig, EMPLOYMENT, {"employee": person, "startDate": "2026-01-01", "division": {}})
        assert self.fields(answer) == ["division.name"]
        status, answer = self.post(rig, EMPLOYMENT, {"jobTitle": "x"})
        assert (answer["code"], self.fields(answer)) == (16000, ["jobTitle"])
        status, answer = self.post(rig, EMPLOYMENT, {"employmentDetails": [{"employmentType": "X"}]})
        assert (answer["code"], self.fields(answer)) == (16000, ["employmentDetails.employmentType"])

    def test_refusals_of_rows(self, rig: Rig) -> None:
        rig.sync(TestTripletex().position())
        employment = {"id": rig.there()[0]["id"]}
        for day in ("2026-01-01", "2025-12-31"):
            status, answer = self.post(rig, DETAILS, {"employment": employment, "date": day})
            assert (status, self.fields(answer)) == (422, ["date"])

    def test_changed_division_is_refused(self, rig: Rig) -> None:
        rig.sync(TestTripletex().position())
        path = f"{EMPLOYMENT}/{rig.there()[0]['id']}"
        status, answer = self.post(rig, path, {"division": {"id": 108244154}}, "PUT")
        assert (status, self.fields(answer)) == (422, ["division.id"])
        status, answer = self.post(rig, path, {}, "DELETE")
        assert (status, answer["code"], answer["message"]) == (400, 4000, "HTTP 405 Method Not Allowed")  # recorded

    def test_version_counts_real_changes_only(self, rig: Rig) -> None:
        rig.sync(TestTripletex().position())
        path = f"{EMPLOYMENT}/{rig.there()[0]['id']}"
        assert self.post(rig, path, {"startDate": "2026-01-01", "version": 0}, "PUT")[1]["value"]["version"] == 0
        assert self.post(rig, path, {"startDate": "2026-01-02", "version": 0}, "PUT")[1]["value"]["version"] == 1
        status, answer = self.post(rig, path, {"startDate": "2026-01-03", "version": 0}, "PUT")
        assert (status, answer["code"]) == (409, 8000)

    def test_lists(self, rig: Rig) -> None:
        rig.add(replace(PERSON, number="2"))
        http = rig.connector().http
        first = http.get("employee", params={"count": 1}).json()
        assert (first["fullResultSize"], first["count"]) == (2, 1)
        assert http.get("employee", params={"nationalIdentityNumber": "1"}).json()["count"] == 2
        bad = http.get("employee", params={"fields": "id,shoeSize"}, classify=lambda r: None)
        assert (bad.status, bad.json()["code"]) == (400, 11000)

    def test_an_independent_client_is_refused_only_what_tripletex_is_known_to_refuse(self, rig: Rig) -> None:
        """Hires with everything in one call, sends back what was read, and ends as it likes; ours may not."""
        department, division = 702, {"id": 108244153}
        employment = {"startDate": "2026-01-01", "division": division, "employmentDetails": [{"date": "2026-01-01"}]}
        hired = {"firstName": "Ola", "lastName": "Li", "userType": "NO_ACCESS", "dateOfBirth": "1990-01-01",
                 "department": {"id": department}, "employments": [employment]}  # fmt: skip
        status, answer = self.post(rig, "employee?fields=*,employments(*)", hired)
        assert (status, answer["value"]["email"], answer["value"]["userType"]) == (201, "", None)
        path = f"{EMPLOYMENT}/{answer['value']['employments'][0]['id']}"
        http = rig.connector().http
        whole = http.get(path).json()["value"]
        assert "maritimeEmployment" not in http.get(DETAILS).json()["values"][0]
        endless = {**whole, "endDate": "2025-12-31"}
        assert self.post(rig, path, endless, "PUT")[0] == 422
        rig.sandbox.tenant.strict = False
        assert self.post(rig, path, endless, "PUT")[1]["value"]["endDate"] == "2025-12-31"
        digests = [http.get(kind).json()["versionDigest"] for kind in ("employee", EMPLOYMENT)]
        assert digests[0] and digests[1] is None
        refused = {key: value for key, value in hired.items() if key not in ("userType", "department")}
        assert self.fields(self.post(rig, "employee", refused)[1]) == ["department.id", None]
        assert self.post(rig, "employee", {**hired, "employments": [{**employment, "division": None}]})[0] == 422
        assert len(rig.sandbox.state["Employee"]) == 2, "somebody was left behind by a hire that was refused"
        made = self.post(rig, "department", {"name": "Kontor", "departmentNumber": "K1"})[1]["value"]
        assert [d["id"] for d in http.get("department?departmentNumber=K1&sorting=-name").json()["values"]] == [
            made["id"]
        ]
        changed = self.post(rig, f"department/{made['id']}", {"version": 0, "isInactive": True}, "PUT")[1]["value"]
        assert (changed["version"], http.get("department?isInactive=false").json()["count"]) == (1, 2)
        assert http.request("DELETE", f"department/{made['id']}").status == 204
        assert http.get("employee?count=many", classify=lambda r: None).status == 422

    def test_page_for_people_hides_national_ids(self, rig: Rig) -> None:
        rig.sync(TestTripletex().position())
        tables = rig.sandbox.tables()
        assert [len(t.rows) for t in tables] == [1, 1, 1, 0]
        assert PERSON.national_id not in repr(tables)
        assert all(len(row) == len(t.columns) for t in tables for row in t.rows)
