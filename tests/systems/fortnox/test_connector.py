"""Fortnox: the shared behaviour of a flat system, and Fortnox's own traps."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import requests

from integrations.models import Integration
from integrations.planning.work import Report
from integrations.sandboxes.base import Call
from integrations.sandboxes.server import Tenants
from integrations.sdk.context import MemoryVault
from integrations.sdk.errors import DataRefusedError, NotAuthorizedError, RateLimitedError, UnavailableError
from integrations.sdk.fields import CONTRACT_TYPES
from integrations.sdk.http import Response
from integrations.sdk.values import Change, Wanted
from integrations.systems.fortnox import connector as fortnox
from integrations.systems.fortnox.declaration import EMPLOYMENT_FORMS, SYSTEM
from integrations.systems.fortnox.sandbox import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, TENANT_ID
from tests.contracts import check_openapi
from tests.systems.kit import DEPARTMENT, CountsWhenWritten, FlatBehaviour, Rig

# Where Fortnox's own pages and samples differ from its contract: paging parameters are left out of it, an empty value
# comes as null or an empty text, a flag may come as text, and an update needs only the fields that change.
KNOWN_DIFFERENCES = re.compile(
    r"query parameter (page|limit) is not in the contract"
    r"|answer: .*: None (is not of type 'string'|for not nullable)"
    r"|answer: .*: '' is not one of "
    r"|AutoNonRecurringTax: 'true' is not of type 'boolean'"
    r"|PUT .* body: Employee: '(Email|FirstName|LastName)' is a required property"
)


class NoSaving(MemoryVault):
    def save(self, values: Mapping[str, Any]) -> None:
        raise RuntimeError("the disk is full")


class TestFortnox(CountsWhenWritten, FlatBehaviour):
    # `required` stays empty: an update of a Fortnox employee needs nothing that every position does not have.
    system = "fortnox"
    values = {
        "title": "Butikssäljare",
        "contract_type": "permanent",
        "remuneration_type": "monthly",
        "percentage": Decimal("80"),
        "weekly_hours": Decimal("37.5"),
        "cost_centre": "BUT1",
        "department": DEPARTMENT,
    }
    changed = ("weekly_hours", Decimal("30.00"))
    shown = ("AverageWeeklyHours", "30")
    start_name = "EmploymentDate"
    end_name = "EmployedTo"
    too_long = ("title", "x" * 31)
    bad = ("title", "Kock <extra>")
    write_method = "PUT"
    write_path = "employees"
    access = (
        {
            "path": "token",
            "status": 400,
            "body": '{"error":"invalid_grant","error_description":"Invalid refresh token"}',
        },
        {"path": "3/", "status": 400, "body": '{"ErrorInformation":{"error":1,"message":"x","code":2000663}}'},
        {"path": "3/", "status": 400, "body": '{"ErrorInformation":{"error":1,"message":"x","code":2001101}}'},
    )
    several = {
        "status": 400,
        "body": '{"ErrorInformation":{"error":1,"message":"First thing. Second thing.","code":2000106}}',
    }
    our_mistakes = ({"status": 400, "body": '{"ErrorInformation":{"error":1,"message":"x","code":2001392}}'},)

    def test_a_snapshot_reads_whom_the_list_shows_in_part(self, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
        """As an older contract has it."""
        rig.sync(self.position())
        whole = list(rig.connector().snapshot())
        monkeypatch.setattr(fortnox, "_WHOLE", {*fortnox._WHOLE, "NewSinceThen"})
        rig.forget_calls()
        assert list(rig.connector().snapshot()) == whole
        assert [c.path for c in rig.calls][-2:] == ["3/employees", "3/employees/1042"]

    def check_contract(self, calls: list[Call]) -> None:
        wrong = [
            finding
            for call in calls
            if call.path.startswith("3/")
            for finding in check_openapi("fortnox.openapi.json", call)
            if not KNOWN_DIFFERENCES.search(finding)
        ]
        assert wrong == []

    # -- helpers -----------------------------------------------------------------------------------------

    def clerk_chooses(self, rig: Rig) -> tuple[str, str]:
        self.kept(rig)["EmploymentForm"] = "LAR"
        return "contract_type", "LAR"

    def test_what_is_not_shown_is_not_compared(self, rig: Rig) -> None:
        rig.sync(self.position())
        for name in ("JobTitle", "FullTimeEquivalent", "EmploymentForm"):
            del self.kept(rig)[name]
        rig.forget_calls()
        assert rig.one(self.position()).cause == "nothing_to_change"
        assert not self.writes(rig)

    @staticmethod
    def kept(rig: Rig, number: str = "") -> dict[str, Any]:
        """The employee's whole record there."""
        record: dict[str, Any] = rig.sandbox.state["employees"][number or rig.person.number]
        return record

    def bodies(self, rig: Rig) -> list[dict[str, Any]]:
        """What was put, unwrapped."""
        return [json.loads(call.body)["Employee"] for call in self.writes(rig)]

    @staticmethod
    def paths(rig: Rig) -> list[str]:
        return [f"{c.method} {c.path}" + (f"?{c.query}" if c.query else "") for c in rig.calls]

    @staticmethod
    def with_refresh_token(rig: Rig) -> None:
        rig.credentials = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "refresh_token": REFRESH_TOKEN}

    @staticmethod
    def expire(rig: Rig) -> None:
        """Fortnox no longer takes any access token."""
        rig.sandbox.state["access_tokens"].clear()

    def answered(self, rig: Rig, status: int, body: Any, path: str = "3/employees", method: str = "") -> Report:
        """A run in which Fortnox answers so."""
        text = body if isinstance(body, str) else json.dumps(body)
        rig.fail(status=status, body=text, path=path, method=method, times=50)
        return rig.sync(self.position())

    # -- calls -------------------------------------------------------------------------------------------

    def test_fewest_calls(self, rig: Rig) -> None:
        rig.sync(self.position())
        assert self.paths(rig) == [
            "POST oauth-v1/token",
            "GET 3/employees/1042",
            "GET 3/costcenters/BUT1",
            "PUT 3/employees/1042",
        ]
        rig.forget_calls()
        rig.sync(self.position(weekly_hours=Decimal("20")))
        assert self.paths(rig) == ["GET 3/employees/1042", "PUT 3/employees/1042"]

    def test_only_changed_fields_are_put(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.forget_calls()
        rig.sync(self.position(title="Butikschef"))
        assert self.bodies(rig) == [{"JobTitle": "Butikschef"}]

    def test_never_get_modify_put_of_the_whole_object(self, rig: Rig) -> None:
        """What is read holds salaries, schedules and balances that Fortnox refuses or would overwrite."""
        rig.sync(self.position())
        [body] = self.bodies(rig)
        assert set(body) == {
            "EmploymentDate",
            "EmploymentForm",
            "JobTitle",
            "CostCenter",
            "AverageWeeklyHours",
        }
        assert self.kept(rig)["DatedWages"][0]["MonthlySalary"] == "31000"

    def test_what_a_clerk_filled_in_stays(self, rig: Rig) -> None:
        self.kept(rig).update(JobTitle="Säljare", CostCenter="LAGER", EmploymentForm="VIK", SalaryForm="TIM")
        rig.sync(self.position(without=("title", "cost_centre", "contract_type", "remuneration_type")))
        kept = self.kept(rig)
        assert [kept[name] for name in ("JobTitle", "CostCenter", "EmploymentForm", "SalaryForm")] == [
            "Säljare",
            "LAGER",
            "VIK",
            "TIM",
        ]

    def test_a_changed_start_date_corrects_the_employment_date_that_was_sent(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.forget_calls()
        assert rig.one(self.position(start="2026-02-01")).state == "succeeded"
        assert self.bodies(rig) == [{"EmploymentDate": "2026-02-01"}]

    def test_the_employment_date_is_the_employments_start_not_the_positions(self, rig: Rig) -> None:
        rig.sync(self.position("1", "2026-01-01", "2026-06-30"), self.position("2", "2026-07-01", title="Butikschef"))
        rig.today = date(2026, 7, 1)
        rig.forget_calls()
        outcome = rig.one(rig.positions["2"])
        assert outcome.state == "succeeded" and set(outcome.changes) == {"title"}
        assert self.bodies(rig) == [{"JobTitle": "Butikschef"}]
        assert self.kept(rig)["EmploymentDate"] == "2026-01-01"
        assert rig.one(self.position("2", "2026-06-15", title="Butikschef")).state == "skipped"
        assert self.kept(rig)["EmploymentDate"] == "2026-01-01", "a successor's own start is no correction of it"

    def test_the_employments_first_day_is_an_earlier_positions(self, rig: Rig) -> None:
        """Also where that one was never sent; and it is corrected after another position has taken over."""
        rig.save(self.position("1", "2020-01-01", "2025-12-31"))
        rig.sync(self.position("2", "2026-01-01", "2026-06-30"))
        assert self.kept(rig)["EmploymentDate"] == "2020-01-01"
        rig.today = date(2026, 7, 1)
        rig.sync(self.position("3", "2026-07-01", title="Butikschef"))
        rig.forget_calls()
        rig.sync(self.position("1", "2019-08-01", "2025-12-31"))
        assert self.bodies(rig) == [{"EmploymentDate": "2019-08-01"}]
        self.kept(rig)["EmploymentDate"] = "2018-01-01"
        rig.sync(self.position("1", "2019-09-01", "2025-12-31"))
        assert self.kept(rig)["EmploymentDate"] == "2018-01-01", "a clerk's"

    def test_an_employment_date_that_payroll_filled_in_stays(self, rig: Rig) -> None:
        self.kept(rig)["EmploymentDate"] = "2019-05-01"
        rig.sync(self.position())
        outcome = rig.one(self.position(start="2026-02-01"))
        assert outcome.state == "skipped" and "only where it is empty" in outcome.message
        assert self.kept(rig)["EmploymentDate"] == "2019-05-01"

    def test_a_later_position_replaces_the_employment_date_by_setting(self, rig: Rig) -> None:
        rig.settings["replace_start_date"] = True
        rig.sync(self.position("1", "2026-01-01", "2026-06-30"), self.position("2", "2026-07-01"))
        rig.today = date(2026, 7, 1)
        rig.sync(rig.positions["2"])
        assert self.kept(rig)["EmploymentDate"] == "2026-07-01"

    @pytest.mark.parametrize(("start", "there"), [("2026-06-11", "2026-01-01"), ("2026-06-12", "2026-06-12")])
    def test_who_comes_back_after_a_gap_is_employed_anew(self, rig: Rig, start: str, there: str) -> None:
        rig.today = date(2026, 6, 5)
        rig.sync(self.position("1", "2026-01-01", "2026-06-10"))
        rig.today = date(2026, 6, 15)
        rig.forget_calls()
        outcome = rig.one(self.position("2", start, weekly_hours=Decimal("20.00")))
        assert outcome.state == "succeeded", outcome
        kept = self.kept(rig)
        assert (kept["EmploymentDate"], kept["AverageWeeklyHours"]) == (there, "20")
        assert not kept["EmployedTo"]
        assert rig.one(rig.positions["2"]).cause == "nothing_to_change"

    def test_start_date_can_be_left_to_fortnox(self, rig: Rig) -> None:
        self.kept(rig)["EmploymentDate"] = "2019-05-01"
        rig.settings["send_start_date"] = False
        outcome = rig.one(self.position())
        assert outcome.state == "succeeded"
        assert "start_date" in outcome.unsent
        assert self.kept(rig)["EmploymentDate"] == "2019-05-01"

    def test_tolerates_what_real_answers_hold(self, rig: Rig) -> None:
        """Empty texts, nulls, missing fields and numbers as texts with a comma."""
        kept = self.kept(rig)
        kept.update(EmploymentDate="2026-01-01", EmployedTo="", AverageWeeklyHours="37,50", JobTitle="Butikssäljare ")
        kept.update(EmploymentForm="TV", CostCenter="BUT1")
        del kept["FullTimeEquivalent"]
        assert rig.one(self.position()).cause == "nothing_to_change"

    # -- the end date ------------------------------------------------------------------------------------

    def test_end_date_removed_is_blanked_with_the_vendors_word(self, rig: Rig) -> None:
        rig.sync(self.position(end="2026-12-31"))
        rig.forget_calls()
        outcome = rig.one(self.position())
        assert self.bodies(rig) == [{"EmployedTo": "API_BLANK"}]
        assert outcome.warnings == ()

    def test_end_date_that_stays_gives_a_warning_that_says_what_to_do(self, rig: Rig) -> None:
        rig.sync(self.position(end="2026-12-31"))
        rig.sandbox.state["blank"] = "kept"
        outcome = rig.one(self.position())
        assert outcome.state == "succeeded"
        [warning] = outcome.warnings
        assert warning.field == "end_date"
        assert "2026-12-31" in warning.message
        assert "by hand" in warning.message and "Anställd t.o.m." in warning.message
        assert "end_date" not in rig.sent["1"].values

    def test_refused_blank_says_what_to_do_by_hand(self, rig: Rig) -> None:
        rig.sync(self.position(end="2026-12-31"))
        rig.sandbox.state["blank"] = "refused"
        outcome = rig.one(self.position())
        assert (outcome.state, outcome.cause, outcome.field) == ("failed", "refused_by_target", "end_date")
        assert "by hand" in outcome.message
        self.kept(rig)["EmployedTo"] = None
        assert rig.one(self.position()).cause == "nothing_to_change"

    def test_end_before_the_start_in_fortnox_is_refused_here(self, rig: Rig) -> None:
        self.kept(rig)["EmploymentDate"] = "2026-03-01"
        rig.settings["send_start_date"] = False
        outcome = rig.one(self.position(start="2026-01-01", end="2026-12-31"))
        assert outcome.state == "succeeded"
        self.kept(rig)["EmploymentDate"] = "2027-03-01"
        rig.forget_calls()
        outcome = rig.one(self.position(start="2026-01-01", end="2026-11-30"))
        assert (outcome.state, outcome.field) == ("failed", "end_date")
        assert not self.writes(rig)

    def test_title_and_cost_centre_taken_away_are_blanked(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.forget_calls()
        rig.sync(self.position(without=("title", "cost_centre")))
        assert self.bodies(rig) == [{"JobTitle": "API_BLANK", "CostCenter": "API_BLANK"}]
        assert (self.kept(rig)["JobTitle"], self.kept(rig)["CostCenter"]) == ("", "")

    def test_codes_and_numbers_taken_away_stay_as_they_are(self, rig: Rig) -> None:
        """Whether the blanking word works for them is not documented, so nothing is risked."""
        rig.sync(self.position())
        rig.forget_calls()
        outcome = rig.one(self.position(without=("contract_type", "remuneration_type", "weekly_hours")))
        assert outcome.cause == "nothing_to_change"
        assert not self.writes(rig)

    def test_a_field_that_fortnox_did_not_take_is_a_warning(self, rig: Rig) -> None:
        rig.sync(self.position())
        answer = {"Employee": {**self.kept(rig), "JobTitle": "Something else"}}
        rig.fail(status=200, body=json.dumps(answer), method="PUT")
        outcome = rig.one(self.position(title="Butikschef"))
        [warning] = outcome.warnings
        assert warning.field == "title"
        assert "Something else" in warning.message

    def test_an_employee_marked_inactive_gives_a_warning(self, rig: Rig) -> None:
        self.kept(rig)["Inactive"] = True
        outcome = rig.one(self.position())
        assert outcome.state == "succeeded"
        assert "inactive" in outcome.warnings[0].message
        assert self.kept(rig)["Inactive"] is True

    # -- fields ------------------------------------------------------------------------------------------

    def test_average_weekly_hours_is_a_string(self, rig: Rig) -> None:
        rig.sync(self.position(weekly_hours=Decimal("38.25")))
        assert self.bodies(rig)[0]["AverageWeeklyHours"] == "38.25"
        rig.sync(self.position(weekly_hours=Decimal("40.00")))
        assert self.bodies(rig)[1]["AverageWeeklyHours"] == "40"

    def test_title_of_30_characters_is_sent_whole_and_31_refused_never_cut(self, rig: Rig) -> None:
        assert rig.one(self.position(title="x" * 30)).state == "succeeded"
        outcome = rig.one(self.position(title="x" * 31))
        assert (outcome.cause, outcome.field) == ("too_long", "title")
        assert self.kept(rig)["JobTitle"] == "x" * 30

    @pytest.mark.parametrize("title", ["Kock & servitör (½ tid)", "Säljare, nivå 2: 50%", "Chef–drift_3"])
    def test_allowed_characters_pass(self, rig: Rig, title: str) -> None:
        assert rig.one(self.position(title=title)).state == "succeeded"
        assert self.kept(rig)["JobTitle"] == title

    @pytest.mark.parametrize("title", ['"Chef"', "a|b", "a~b", "Kock 👩‍🍳", "a<b", "a>b"])
    def test_other_characters_are_refused_never_replaced(self, rig: Rig, title: str) -> None:
        outcome = rig.one(self.position(title=title))
        assert (outcome.cause, outcome.field) == ("bad_characters", "title")
        assert rig.calls == []

    def test_cost_centre_must_exist(self, rig: Rig) -> None:
        outcome = rig.one(self.position(cost_centre="NIX9"))
        assert (outcome.state, outcome.cause, outcome.field) == ("failed", "cost_centre_missing", "cost_centre")
        assert "NIX9" in outcome.message and "Create it" in outcome.message
        assert not self.writes(rig)

    def test_cost_centre_must_be_active(self, rig: Rig) -> None:
        outcome = rig.one(self.position(cost_centre="GML"))
        assert (outcome.cause, outcome.field) == ("cost_centre_missing", "cost_centre")
        assert "not active" in outcome.message

    def test_cost_centre_is_looked_up_once_per_turn(self, rig: Rig) -> None:
        connector = rig.connector()
        rig.add(replace(rig.person, number="2001"))
        for number in ("1042", "2001"):
            employee = connector.find_employee(replace(rig.person, number=number))
            [remote] = connector.read(employee)
            connector.update(
                employee,
                rig.person,
                remote,
                {"cost_centre": Change(None, "BUT1")},
                Wanted("1", {"start_date": date(2026, 1, 1), "cost_centre": "BUT1"}),
            )
        assert len([c for c in rig.calls if "costcenters" in c.path]) == 1

    def test_department_instead_of_cost_centre(self, rig: Rig) -> None:
        rig.settings.update(send_cost_centre=False, send_department=True)
        outcome = rig.one(self.position(cost_centre="LAGER"))
        assert outcome.state == "succeeded"
        assert self.kept(rig)["CostCenter"] == "BUT1"
        assert "cost_centre" in outcome.unsent
        assert rig.one(self.position(cost_centre="LAGER")).cause == "nothing_to_change"

    def test_a_refused_cost_centre_is_named_as_what_we_sent(self, rig: Rig) -> None:
        rig.settings.update(send_cost_centre=False, send_department=True)
        body = {"ErrorInformation": {"error": 1, "message": "Kan inte hitta kostnadsstället.", "code": 2000423}}
        outcome = self.answered(rig, 400, body, method="PUT").outcomes["1"]
        assert (outcome.state, outcome.field) == ("failed", "department")

    def test_department_and_cost_centre_together_are_refused(self, rig: Rig) -> None:
        rig.settings.update(send_cost_centre=True, send_department=True)
        outcome = rig.one(self.position())
        assert (outcome.state, outcome.field) == ("failed", "department")
        assert rig.calls == []
        assert "One source for the cost centre" in [line.title for line in rig.connector().check() if not line.ok]

    def test_percentage_is_off_by_default(self, rig: Rig) -> None:
        outcome = rig.one(self.position())
        assert "FullTimeEquivalent" not in self.bodies(rig)[0]
        assert "percentage" in outcome.unsent

    @pytest.mark.parametrize(("unit", "there"), [("1", 0.3333), ("100", 33.33)])
    def test_percentage_in_the_unit_of_the_setting(self, rig: Rig, unit: str, there: float) -> None:
        rig.settings.update(send_percentage=True, percentage_unit=unit)
        assert rig.one(self.position(percentage=Decimal("33.33"))).state == "succeeded"
        assert self.kept(rig)["FullTimeEquivalent"] == there
        assert rig.one(self.position(percentage=Decimal("33.33"))).cause == "nothing_to_change"

    def test_percentage_without_a_unit_is_refused(self, rig: Rig) -> None:
        rig.settings.update(send_percentage=True)
        outcome = rig.one(self.position())
        assert (outcome.state, outcome.field) == ("failed", "percentage")
        assert "1 or 100" in outcome.message

    def test_every_contract_type_has_a_form_or_asks_for_one(self, rig: Rig) -> None:
        codes = SYSTEM.field("contract_type").codes
        assert codes is not None and set(codes) == set(CONTRACT_TYPES)
        assert {c for c in codes.values() if c} <= {code for code, _ in EMPLOYMENT_FORMS}
        outcome = rig.one(self.position(contract_type="casual"))
        assert (outcome.cause, outcome.field) == ("no_translation", "contract_type")
        rig.settings["employment_forms"] = {"casual": "SVT"}
        assert rig.one(self.position(contract_type="casual")).state == "succeeded"
        assert self.kept(rig)["EmploymentForm"] == "SVT"

    @pytest.mark.parametrize(("ours", "theirs"), [("probation", "PRO"), ("substitute", "VIK")])
    def test_probation_and_substitute_are_forms_of_their_own(self, rig: Rig, ours: str, theirs: str) -> None:
        assert rig.one(self.position(contract_type=ours)).state == "succeeded"
        assert self.kept(rig)["EmploymentForm"] == theirs

    def test_salary_form_follows_the_remuneration_type(self, rig: Rig) -> None:
        rig.sync(self.position(remuneration_type="hourly"))
        assert self.kept(rig)["SalaryForm"] == "TIM"

    # -- ftgavtalid --------------------------------------------------------------------------------------

    def test_ftgavtalid_defaults_fill_what_fortnox_lacks(self, rig: Rig) -> None:
        self.kept(rig).update(PersonelType="", SalaryForm="", EmploymentForm="")
        rig.settings.update(personel_type="ARB", salary_form="TIM", employment_form="TID")
        assert rig.one(self.position(without=("remuneration_type", "contract_type"))).state == "succeeded"
        kept = self.kept(rig)
        assert (kept["PersonelType"], kept["SalaryForm"], kept["EmploymentForm"]) == ("ARB", "TIM", "TID")

    def test_ftgavtalid_defaults_never_overwrite(self, rig: Rig) -> None:
        self.kept(rig).update(PersonelType="ARB", SalaryForm="TIM")
        rig.sync(self.position(without=("remuneration_type",)))
        assert (self.kept(rig)["PersonelType"], self.kept(rig)["SalaryForm"]) == ("ARB", "TIM")
        assert "PersonelType" not in self.bodies(rig)[0]

    def test_ftgavtalid_itself_says_where_to_mend_it(self, rig: Rig) -> None:
        self.kept(rig).update(PersonelType="")
        rig.settings["personel_type"] = ""
        outcome = rig.one(self.position())
        assert (outcome.state, outcome.cause) == ("failed", "agreement_missing")
        assert "ersonnel type" in outcome.message
        assert "ftgavtalid" in outcome.vendor_text

    def test_the_defaults_are_required_settings(self) -> None:
        assert {"personel_type", "salary_form"} <= {s.name for s in SYSTEM.required_settings}

    def test_personnel_type_and_salary_form_must_be_chosen(self) -> None:
        """They decide about pension, insurances and wages: nothing is sent before somebody has chosen."""
        given = {"client_id": "a", "client_secret": "b"}
        new = Integration(system_key="fortnox", credentials=given, settings={})
        assert {s.name for s in new.missing_settings()} == {"personel_type", "salary_form"} and not new.connected
        both = {"personel_type": "ARB", "salary_form": "TIM"}
        chosen = Integration(system_key="fortnox", credentials=given, settings=both)
        assert chosen.missing_settings() == [] and chosen.connected
        assert chosen.cleaned_settings()["personel_type"] == "ARB"

    # -- finding employees -------------------------------------------------------------------------------

    def test_no_list_when_the_number_is_found(self, rig: Rig) -> None:
        rig.sync(self.position())
        assert "3/employees" not in [c.path for c in rig.calls]

    def test_matched_by_email_whatever_its_capitals(self, empty_rig: Rig) -> None:
        empty_rig.add(replace(self.person, number="2001", email=" Ase.Sorlie@Example.com", national_id=""))
        empty_rig.settings["numbers_differ"] = True
        report = empty_rig.sync(self.position())
        assert report.outcomes["1"].state == "succeeded"
        assert report.remote_employee is not None
        assert (report.remote_employee.id, report.remote_employee.matched_by) == ("2001", "e-mail")

    @pytest.mark.parametrize("there", ["19850314-1234", "850314-1234", "8503141234"])
    def test_matched_by_the_last_ten_digits_of_the_national_id(self, empty_rig: Rig, there: str) -> None:
        empty_rig.person = replace(self.person, national_id="198503141234", email="")
        empty_rig.add(replace(self.person, number="2001", national_id=there, email="other@example.com"))
        report = empty_rig.sync(self.position())
        assert report.remote_employee is not None
        assert (report.remote_employee.id, report.remote_employee.matched_by) == ("2001", "national id")
        assert "198503141234" not in repr(report) and "8503141234" not in repr(report.exchanges)

    def test_employee_not_found_names_what_was_searched(self, empty_rig: Rig) -> None:
        message = empty_rig.one(self.position()).message
        assert "employee number 1042" in message
        assert "ase.sorlie@example.com" in message
        assert "national id" in message

    def test_known_employee_is_believed_while_it_bears_a_mark(self, rig: Rig) -> None:
        rig.add(replace(self.person, number="2001", national_id=""))
        rig.employee_id = "2001"
        rig.sync(self.position())
        assert rig.there("2001") and not rig.there("1042")
        del rig.sandbox.state["employees"]["2001"]
        rig.sent.clear()
        rig.sync(self.position())
        assert rig.there("1042")

    def test_inactive_employees_are_matched_too(self, empty_rig: Rig) -> None:
        """Else somebody who comes back would be made anew."""
        empty_rig.add(replace(self.person, number="2001"))
        empty_rig.sandbox.state["employees"]["2001"]["Inactive"] = True
        report = empty_rig.sync(self.position())
        assert report.remote_employee is not None and report.remote_employee.id == "2001"
        assert not [c for c in empty_rig.calls if "filter" in c.query or "lastmodified" in c.query]

    def test_the_whole_list_is_read_by_its_pages_once_per_turn(self, empty_rig: Rig) -> None:
        rig = empty_rig
        for number in range(501):
            rig.sandbox.add_employee(f"F{number}", "Fil", "Ler", email=f"f{number}@example.com")
        rig.add(replace(self.person, number="2001"))
        connector = rig.connector()
        for _ in range(2):
            assert connector.find_employee(rig.person).id == "2001"
        lists = [c.query for c in rig.calls if c.path == "3/employees"]
        assert lists == ["limit=500&page=1", "limit=500&page=2"]

    def test_the_number_is_encoded_in_the_address(self, rig: Rig) -> None:
        rig.person = replace(self.person, number="7?å #1")
        rig.add(rig.person)
        report = rig.sync(self.position())
        assert report.remote_employee is not None and report.remote_employee.matched_by == "employee number"
        assert rig.there("7?å #1") and not rig.there("1042")

    def test_a_number_too_long_for_fortnox_is_not_asked_for(self, empty_rig: Rig) -> None:
        empty_rig.person = replace(self.person, number="1" * 16)
        empty_rig.add(replace(self.person, number="2001"))
        assert empty_rig.one(self.position()).state == "succeeded"
        assert not [c for c in empty_rig.calls if "1" * 16 in c.path]

    def test_not_found_by_code_when_the_status_is_400(self, rig: Rig) -> None:
        rig.person = replace(self.person, number="9999")
        body = {"ErrorInformation": {"error": 1, "message": "Kan inte hitta den anställda.", "code": 2000423}}
        rig.fail(status=400, body=json.dumps(body), path="employees/9999", times=9)
        assert rig.one(self.position()).state == "succeeded"
        assert rig.there("1042")

    def test_employee_gone_between_reading_and_writing(self, rig: Rig) -> None:
        body = {"ErrorInformation": {"error": 1, "message": "Kan inte hitta den anställda.", "code": 2000423}}
        outcome = self.answered(rig, 404, body, method="PUT").outcomes["1"]
        assert outcome.cause == "employee_not_found"

    # -- sign-in -----------------------------------------------------------------------------------------

    def test_client_credentials_name_the_tenant(self, rig: Rig) -> None:
        rig.sync(self.position())
        call = rig.calls[0]
        assert call.path == "oauth-v1/token"
        assert call.headers["Tenantid"] == TENANT_ID
        assert call.body == "grant_type=client_credentials"

    def test_wrong_tenant(self, rig: Rig) -> None:
        rig.credentials["tenant_id"] = "1500999"
        error = rig.sync(self.position()).error
        assert isinstance(error, NotAuthorizedError)
        assert "Connect again" in error.message

    def test_no_service_account(self, rig: Rig) -> None:
        rig.sandbox.state["service_account"] = False
        error = rig.sync(self.position()).error
        assert isinstance(error, NotAuthorizedError)
        assert "service account" in error.message

    def test_wrong_client_secret_is_named(self, rig: Rig) -> None:
        self.spoil_credentials(rig)
        error = rig.sync(self.position()).error
        assert isinstance(error, NotAuthorizedError)
        assert "Client-Secret" in error.message

    def test_neither_tenant_nor_refresh_token(self, rig: Rig) -> None:
        rig.credentials["tenant_id"] = ""
        error = rig.sync(self.position()).error
        assert isinstance(error, NotAuthorizedError)
        assert rig.calls == []
        [line] = rig.connector().check()
        assert not line.ok and line.where

    def test_refresh_token_works_and_rotates(self, rig: Rig) -> None:
        self.with_refresh_token(rig)
        assert rig.one(self.position()).state == "succeeded"
        first = rig.vault.load()["refresh_token"]
        assert first != REFRESH_TOKEN
        self.expire(rig)
        assert rig.one(self.position(title="Chef")).state == "succeeded"
        assert rig.vault.load()["refresh_token"] not in (first, REFRESH_TOKEN)
        used = [c.body for c in rig.calls if c.path == "oauth-v1/token"]
        assert [f"refresh_token={t}" in b for t, b in zip((REFRESH_TOKEN, first), used, strict=True)] == [True, True]

    def test_access_token_is_kept_between_turns(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.sync(self.position(title="Chef"))
        assert len([c for c in rig.calls if c.path == "oauth-v1/token"]) == 1

    def test_access_token_that_has_run_out_is_not_used(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.vault.save({**rig.vault.load(), "expires_at": time.time() - 1})
        rig.forget_calls()
        rig.sync(self.position(title="Chef"))
        assert rig.calls[0].path == "oauth-v1/token"
        assert 401 not in [c.status for c in rig.calls]

    def test_new_refresh_token_is_saved_before_the_access_token_is_used(self, rig: Rig) -> None:
        self.with_refresh_token(rig)
        rig.vault = NoSaving()
        with pytest.raises(RuntimeError, match="the disk is full"):
            rig.sync(self.position())
        assert [c.path for c in rig.calls] == ["oauth-v1/token"]

    def test_refreshed_only_once_under_parallel_threads(self, rig: Rig) -> None:
        self.with_refresh_token(rig)
        connector = rig.connector()
        connector.check()
        self.expire(rig)
        rig.forget_calls()
        barrier, results = threading.Barrier(6), []

        def ask() -> None:
            barrier.wait()
            results.append(connector.http.get("employees/1042").status)

        threads = [threading.Thread(target=ask) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert results == [200] * 6
        assert len([c for c in rig.calls if c.path == "oauth-v1/token"]) == 1
        assert len([c for c in rig.calls if c.status == 401]) > 1, "nobody met the expired token: the test is void"

    def test_another_process_token_is_taken_over(self, rig: Rig) -> None:
        """Two workers share the vault: the second finds what the first has renewed."""
        self.with_refresh_token(rig)
        one, two = rig.connector(), rig.connector()
        one.check()
        two.check()
        self.expire(rig)
        assert one.http.get("employees/1042").ok
        assert two.http.get("employees/1042").ok
        assert len([c for c in rig.calls if c.path == "oauth-v1/token"]) == 2

    def test_invalid_refresh_token_says_to_reconnect(self, rig: Rig) -> None:
        self.with_refresh_token(rig)
        rig.sandbox.state["refresh_tokens"].clear()
        error = rig.sync(self.position()).error
        assert isinstance(error, NotAuthorizedError)
        assert "refresh token" in error.message and "Connect again" in error.message
        assert error.vendor_text == "Invalid refresh token"
        assert [c.path for c in rig.calls] == ["oauth-v1/token"]

    def test_a_newly_typed_refresh_token_replaces_a_dead_chain(self, rig: Rig) -> None:
        self.with_refresh_token(rig)
        rig.sync(self.position())
        rig.sandbox.state["refresh_tokens"] = {"newly-approved-token": time.time() + 999}
        self.expire(rig)
        assert isinstance(rig.sync(self.position(title="Chef")).error, NotAuthorizedError)
        rig.credentials["refresh_token"] = "newly-approved-token"
        assert rig.one(self.position(title="Chef")).state == "succeeded"

    def test_new_client_secret_keeps_the_chain_of_refresh_tokens(self, rig: Rig) -> None:
        self.with_refresh_token(rig)
        rig.sync(self.position())
        rig.credentials["client_secret"] = "wrong-secret-typed"
        assert isinstance(rig.sync(self.position(title="Chef")).error, NotAuthorizedError)
        rig.credentials["client_secret"] = CLIENT_SECRET
        self.expire(rig)
        assert rig.one(self.position(title="Chef")).state == "succeeded"

    def test_no_token_in_what_is_kept(self, rig: Rig) -> None:
        self.with_refresh_token(rig)
        rig.sync(self.position())
        self.expire(rig)
        report = rig.sync(self.position(title="Chef"))
        vault, kept = rig.vault.load(), repr(report.exchanges)
        for secret in (vault["access_token"], vault["refresh_token"], REFRESH_TOKEN, CLIENT_SECRET):
            assert secret not in kept
        assert not [t for t in rig.sandbox.state["access_tokens"] if t in kept]

    def test_token_endpoint_in_trouble_is_not_a_refusal(self, rig: Rig) -> None:
        rig.fail(status=500, path="oauth-v1/token", body="oops")
        assert isinstance(rig.sync(self.position()).error, UnavailableError)

    def test_a_token_refused_twice_stops_the_connection(self, rig: Rig) -> None:
        body = {"ErrorInformation": {"error": 1, "message": "Inte inloggad", "code": 2003275}}
        error = self.answered(rig, 401, body).error
        assert isinstance(error, NotAuthorizedError)
        # One renewal; the third is the connection's test, which tells whether it is everybody's refusal.
        assert len([c for c in rig.calls if c.path == "oauth-v1/token"]) == 3

    # -- refusals ----------------------------------------------------------------------------------------

    @pytest.mark.parametrize(
        "info",
        [
            {"error": 1, "message": "Otillåtna tecken (JobTitle).", "code": 2000359},
            {"Error": 1, "Message": "Otillåtna tecken (JobTitle).", "Code": "2000359"},
        ],
    )
    def test_error_information_in_either_capitals(self, rig: Rig, info: dict[str, Any]) -> None:
        outcome = self.answered(rig, 400, {"ErrorInformation": info}, method="PUT").outcomes["1"]
        assert (outcome.state, outcome.cause, outcome.field) == ("failed", "refused_by_target", "title")
        assert (outcome.vendor_text, outcome.vendor_code) == ("Otillåtna tecken (JobTitle).", "2000359")

    def test_2xx_with_error_information_is_an_error(self, rig: Rig) -> None:
        body = {"ErrorInformation": {"error": 1, "message": "Ogiltigt värde (SalaryForm).", "code": 0}}
        outcome = self.answered(rig, 200, body, method="PUT").outcomes["1"]
        assert (outcome.state, outcome.field) == ("failed", "remuneration_type")
        assert outcome.vendor_code == "0"

    def test_sandbox_refusal_wrapped_in_200_is_an_error_too(self, rig: Rig) -> None:
        rig.sandbox.state["wrapped_errors"] = True
        self.kept(rig).update(PersonelType="")
        rig.settings["personel_type"] = ""
        assert rig.one(self.position()).cause == "agreement_missing"

    @pytest.mark.parametrize("code", [1000030, 1000031, 2000588, 2001392, 2001399, 2001740, 2002115])
    def test_a_request_that_fortnox_does_not_understand_is_our_fault(self, rig: Rig, code: int) -> None:
        body = {"ErrorInformation": {"error": 1, "message": "Felaktigt anrop.", "code": code}}
        outcome = self.answered(rig, 400, body, method="PUT").outcomes["1"]
        assert outcome.state == "failed"
        assert "fault of Position Sync" in outcome.message

    def test_missing_scope(self, rig: Rig) -> None:
        rig.sandbox.state["scopes"].remove("salary")
        error = rig.sync(self.position()).error
        assert isinstance(error, NotAuthorizedError)
        assert error.cause == "scope_missing"
        assert "salary" in error.message and "approve" in error.message
        assert len([c for c in rig.calls if c.path == "oauth-v1/token"]) == 1, "no refresh mends a missing scope"

    def test_missing_scope_of_the_cost_centre(self, rig: Rig) -> None:
        rig.sandbox.state["scopes"].remove("costcenter")
        error = rig.sync(self.position()).error
        assert isinstance(error, NotAuthorizedError) and error.cause == "scope_missing"
        assert rig.there() == []
        [bad] = [line for line in rig.connector().check() if not line.ok]
        assert "costcenter" in bad.title and bad.where
        rig.settings["send_cost_centre"] = False
        assert all(line.ok for line in rig.connector().check())
        assert rig.one(self.position()).state == "succeeded"

    @pytest.mark.parametrize(("licence", "words"), [("salary", "Fortnox Lön"), ("api", "integration licence")])
    def test_missing_licence(self, rig: Rig, licence: str, words: str) -> None:
        rig.sandbox.state["licences"][licence] = False
        error = rig.sync(self.position()).error
        assert isinstance(error, NotAuthorizedError)
        assert error.cause == "licence_missing"
        assert words in error.message
        assert not all(line.ok for line in rig.connector().check())

    @pytest.mark.parametrize("status", [400, 403])
    @pytest.mark.parametrize("code", [2000663, 2001101, 2001103, 2000310, 2000311, 2003275])
    def test_right_and_licence_codes_with_either_status(self, rig: Rig, status: int, code: int) -> None:
        body = {"ErrorInformation": {"error": 1, "message": "Nej.", "code": code}}
        error = self.answered(rig, status, body).error
        assert isinstance(error, NotAuthorizedError)
        assert error.vendor_code == str(code)

    @pytest.mark.parametrize("body", ["", "<html>no</html>", '{"message":"Forbidden"}'])
    def test_plain_403_stops_the_connection(self, rig: Rig, body: str) -> None:
        error = self.answered(rig, 403, body).error
        assert isinstance(error, NotAuthorizedError)
        assert "licences" in error.message and "scopes" in error.message

    def test_system_exception_is_tried_again(self, rig: Rig) -> None:
        body = {"ErrorInformation": {"error": 1, "message": "Systemfel", "code": 1000003}}
        assert isinstance(self.answered(rig, 400, body).error, UnavailableError)

    def test_wrong_address_is_not_a_missing_employee(self, rig: Rig) -> None:
        assert isinstance(self.answered(rig, 404, "no such page").error, UnavailableError)
        rig.sandbox.tenant.faults.clear()
        rig.fail(status=404, body="no such page", path="3/employees/1042")
        assert isinstance(rig.sync(self.position()).error, UnavailableError)

    def test_an_answer_without_an_employee_is_not_believed(self, rig: Rig) -> None:
        assert isinstance(self.answered(rig, 200, {}).error, UnavailableError)

    def test_the_real_rate_limit(self, rig: Rig) -> None:
        """25 calls in 5 seconds for the tenant, whoever makes them; the body is no JSON and names no wait."""
        connector = rig.connector()
        token = connector.tokens.get()  # type: ignore[attr-defined]
        address = f"{rig.connector().context.urls['api']}/costcenters"
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        with requests.Session() as session:
            statuses = [session.get(address, headers=headers, timeout=5).status_code for _ in range(26)]
        assert statuses == [200] * 25 + [429]
        error = rig.sync(self.position()).error
        assert isinstance(error, RateLimitedError)
        assert error.wait is None

    def test_limits_are_the_documented_ones(self) -> None:
        assert (SYSTEM.limits.requests, SYSTEM.limits.per_seconds) == (25, 5.0)

    def test_deleting_is_done_by_hand(self, rig: Rig) -> None:
        rig.rules = replace(rig.rules, delete=True)
        rig.sync(self.position())
        rig.forget_calls()
        outcome = rig.sync(deleted=["1"]).outcomes["1"]
        assert (outcome.state, outcome.cause) == ("failed", "delete_by_hand")
        assert "inactive" in outcome.message
        assert rig.calls == []

    # -- the sandbox is strict ---------------------------------------------------------------------------

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ({"Nonsense": "1"}, 2001399),
            ({"VacationDaysSaved": 3}, 2001399),
            ({"EmployeeId": "1043"}, 2001399),
            ({"EmployedTo": None}, 2001392),
            ({"AverageWeeklyHours": "thirty"}, 2000108),
            ({"ScheduleId": "NIX"}, 2000423),
            ({"JobTitle": "x" * 31}, 2000106),
            ({"JobTitle": "a|b"}, 2000359),
            ({"CostCenter": "NIX9"}, 2000423),
            ({"EmploymentForm": "XXX"}, 2000729),
            ({"EmploymentDate": "2026-05-01", "EmployedTo": "2026-04-01"}, 2000729),
            ({"ScheduleId": "HEL", "DatedSchedules": [{"EmployeeId": "1042", "FirstDay": "1970-01-01"}]}, 2000729),
            ({"DatedWages": [{"EmployeeId": "1042", "FirstDay": "2020-01-01"}]}, 2000729),
        ],
    )
    def test_sandbox_refuses(self, rig: Rig, body: dict[str, Any], code: int) -> None:
        before = rig.sandbox.state["employees"]["1042"]
        with pytest.raises(DataRefusedError) as caught:
            rig.connector().http.put("employees/1042", json={"Employee": body})
        assert caught.value.vendor_code == str(code)
        assert rig.sandbox.state["employees"]["1042"] == before

    def test_sandbox_takes_an_empty_text_for_no_change(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.connector().http.put("employees/1042", json={"Employee": {"JobTitle": "", "CostCenter": "LAGER"}})
        assert (self.kept(rig)["JobTitle"], self.kept(rig)["CostCenter"]) == ("Butikssäljare", "LAGER")

    def test_sandbox_creates_only_whole_employees(self, empty_rig: Rig) -> None:
        http = empty_rig.connector().http
        person = {"EmployeeId": "5", "FirstName": "Bo", "LastName": "Ek", "Email": "bo@example.com"}
        with pytest.raises(DataRefusedError, match="agreement"):
            http.post("employees", json={"Employee": person})
        answer: Response = http.post(
            "employees", json={"Employee": {**person, "PersonelType": "TJM", "SalaryForm": "MAN"}}
        )
        assert answer.status == 201
        assert [t.title for t in empty_rig.sandbox.tables()] == ["Anställda", "Kostnadsställen"]


def test_the_sandbox_keeps_json_only(sandbox_server: tuple[str, Tenants]) -> None:
    rig = Rig(sandbox_server, "fortnox", TestFortnox.person, {}, known=True)
    rig.connector().check()
    assert json.loads(json.dumps(rig.sandbox.state)) == rig.sandbox.state
