"""PowerOffice Go: the shared behaviour of a flat system, and PowerOffice Go's own traps."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import requests

from integrations.planning.planner import Action
from integrations.planning.work import Outcome, Report
from integrations.sandboxes.base import Call
from integrations.sandboxes.server import Tenants
from integrations.sdk.declared_field import When
from integrations.sdk.errors import (
    DataRefusedError,
    EmployeeNotFoundError,
    NotAuthorizedError,
    RateLimitedError,
    RecordRefusedError,
    StaleError,
    UnavailableError,
    UnclearOutcomeError,
)
from integrations.sdk.fields import CONTRACT_TYPES, END_REASONS, WORKING_HOURS_SCHEMES
from integrations.sdk.http import Response
from integrations.sdk.limiter import WindowLimiter
from integrations.sdk.values import Company, Department, Manager, Person, Wanted
from integrations.systems.poweroffice_go.declaration import ARRANGEMENTS, FORMS, REASONS, SYSTEM
from integrations.systems.poweroffice_go.sandbox import (
    APPLICATION_KEY,
    CLIENT_KEY,
    SUBSCRIPTION_KEY,
    PowerOfficeGoSandbox,
)
from tests.contracts import check_openapi
from tests.systems.kit import DEPARTMENT, PERSON, CountsFrom, DatedTerms, FlatBehaviour, Rig

# The contract has the paging parameters as one object that is spread over the query, and lets an employment without an
# end have no null for its reason, although the reason may be taken away.
KNOWN_DIFFERENCES = re.compile(
    r"query parameter (PageNumber|PageSize|Fields) is not in the contract|EndDateReason: None is not one of"
)
COMPANY = Company("Fjellheim Drift", "974760673")
NORTH = Company("Fjellheim Nord", "974 760 681")
PERSON_THERE = "12345"


class TestPowerOfficeGo(CountsFrom, DatedTerms, FlatBehaviour):
    shows_national_id = False
    keeps_rows = True
    system = "poweroffice_go"
    values = {
        "title": "Sykepleier",
        "company": COMPANY,
        "department": DEPARTMENT,
        "contract_type": "permanent",
        "occupation_code": "2554102",
        "percentage": Decimal("80"),
        "working_hours_scheme": "not_shift",
    }
    changed = ("percentage", Decimal("52.45"))
    shown = ("FtePercentage", 52.45)
    start_name = "StartDate"
    end_name = "EndDate"
    required = "occupation_code"
    too_long = ("occupation_code", "25541023")
    bad = ("occupation_code", "25A4102")
    write_method = "POST"
    write_path = "Employments"
    access = ({"path": "Employees", "status": 401}, {"path": "Employees", "status": 403})
    our_mistakes = ({"status": 400, "body": '{"title":"x","detail":"The patch document is malformed."}'},)

    several = {
        "status": 400,
        "body": '{"title":"Employment validation error(s)",'
        '"detail":"First thing: StartDate. Second thing: ProfessionCode."}',
    }
    names = ("Start date", "Occupation code")
    breaks_at = "FtePercentages"

    def most_calls(self, declared: int, everybody: dict[str, tuple[Person, str]]) -> int:
        """Of one without an employment, its lines (of one kind, or of two) are not read."""
        without = [record for _, record in everybody.values()].count("")
        each = (declared - 3) // len(everybody)
        return declared - without * (each - 1)

    def marks_elsewhere(self, rig: Rig, own: str, other: str) -> Iterator[None]:
        ours, theirs = (rig.sandbox.state["employees"][id] for id in (own, other))
        rig.settings["match_reference"] = False
        ours["ExternalImportReference"], theirs["ExternalImportReference"] = None, PERSON.number
        yield
        ours["ExternalNumber"], ours["Number"] = None, 9001
        yield
        theirs["ExternalNumber"] = int(PERSON.number)
        yield
        rig.settings["match_reference"] = True
        yield

    def vanish(self, rig: Rig, employee_id: str) -> None:
        del rig.sandbox.state["employees"][employee_id]

    def test_a_snapshot_passes_over_the_archived_and_says_who_has_two_employments(self, rig: Rig) -> None:
        rig.sync(self.position())
        archived = rig.add(replace(rig.person, number="2001", email="x@firma.test"))
        rig.sandbox.state["employees"][archived]["IsArchived"] = True
        [kept] = rig.sandbox.state["employments"].values()
        rig.sandbox.state["employments"]["9"] = {**kept, "Id": 9}
        [seen] = rig.connector().snapshot()
        assert isinstance(seen.refusal, DataRefusedError) and not seen.records
        [ours] = rig.connector().snapshot({seen.id: rig.sent["1"].remote_id})
        assert ours.records[0].id == rig.sent["1"].remote_id and "manager" not in ours.records[0].values

    def prepared(self, server: tuple[str, Tenants], known: bool) -> Rig:
        """Without waiting for the limits, which have tests of their own."""
        rig = Rig(server, self.system, self.person, self.connection_settings, known=known)
        rig.limiter = WindowLimiter(1000, 1.0)
        rig.sandbox.state["per_second"] = 1000
        return rig

    @pytest.fixture
    def rig(self, sandbox_server: tuple[str, Tenants]) -> Iterator[Rig]:
        rig = self.prepared(sandbox_server, known=True)
        yield rig
        self.check_contract(rig.calls)

    @pytest.fixture
    def empty_rig(self, sandbox_server: tuple[str, Tenants]) -> Iterator[Rig]:
        rig = self.prepared(sandbox_server, known=False)
        yield rig
        self.check_contract(rig.calls)

    def check_contract(self, calls: list[Call]) -> None:
        wrong = [
            finding
            for call in calls
            for finding in check_openapi("poweroffice_go.openapi.json", call, strip="v2/")
            if not KNOWN_DIFFERENCES.search(finding)
        ]
        assert wrong == []

    def writes(self, rig: Rig) -> list[Call]:
        return [c for c in rig.calls if c.method in ("POST", "PATCH", "DELETE") and c.path.startswith("v2/")]

    # -- helpers -----------------------------------------------------------------------------------------

    @staticmethod
    def sandbox(rig: Rig) -> PowerOfficeGoSandbox:
        assert isinstance(rig.sandbox, PowerOfficeGoSandbox)
        return rig.sandbox

    @staticmethod
    def kept(rig: Rig, employee: str = PERSON_THERE) -> dict[str, Any]:
        """The employee's whole record there."""
        record: dict[str, Any] = rig.sandbox.state["employees"][employee]
        return record

    def new_line(self, rig: Rig, day: str, percentage: float) -> None:
        """A clerk enters a percentage there."""
        line = {"FromDate": day, "FtePercentage": percentage}
        self.sandbox(rig).new_line(rig.sandbox.state["employments"]["77001"], "FtePercentages", line)

    def only(self, rig: Rig) -> dict[str, Any]:
        [there] = rig.there()
        return there

    @staticmethod
    def paths(rig: Rig) -> list[str]:
        return [f"{c.method} {c.path}" for c in rig.calls]

    @staticmethod
    def patches(rig: Rig, path: str = "") -> list[dict[str, Any]]:
        """What was patched, all documents together: path -> value, None for a removal."""
        found = []
        for call in rig.calls:
            if call.method == "PATCH" and re.search(path, call.path):
                assert all(o["op"] in ("replace", "remove") for o in json.loads(call.body))
                found.append({o["path"]: o.get("value") for o in json.loads(call.body)})
        return found

    @staticmethod
    def posts(rig: Rig, path: str) -> list[dict[str, Any]]:
        return [json.loads(c.body) for c in rig.calls if c.method == "POST" and c.path.endswith(path)]

    @staticmethod
    def expire(rig: Rig) -> None:
        """PowerOffice Go no longer takes any access token."""
        rig.sandbox.state["tokens"].clear()

    def answered(self, rig: Rig, status: int, body: Any, path: str = "v2/", method: str = "") -> Report:
        """A run in which PowerOffice Go answers so."""
        text = body if isinstance(body, str) else json.dumps(body)
        rig.fail(status=status, body=text, path=path, method=method, times=50)
        return rig.sync(self.position())

    def refused(self, rig: Rig, status: int, title: str, detail: str, method: str = "POST") -> Outcome:
        problem = {"title": title, "detail": detail}
        return self.answered(rig, status, problem, path="Employments", method=method).outcomes["1"]

    # -- calls -------------------------------------------------------------------------------------------

    def test_fewest_calls(self, rig: Rig) -> None:
        rig.settings["match_reference"] = False
        rig.sync(self.position())
        assert self.paths(rig) == [
            "POST OAuth/Token",
            "GET v2/Employees",
            "GET v2/Employees/12345/Employments",
            "GET v2/Enterprises",
            "GET v2/Departments",
            "POST v2/Employees/12345/Employments",
            "GET v2/Employees/Employments/77001/FtePercentages",
            "POST v2/Employees/Employments/77001/FtePercentages",
            "PATCH v2/Employees/12345",
        ]
        rig.forget_calls()
        rig.sync(self.position(title="Avdelingsleder"))
        assert self.paths(rig) == [
            "GET v2/Employees/12345",
            "GET v2/Employees/12345/Employments",
            "GET v2/Employees/Employments/77001/FtePercentages",
            "GET v2/Enterprises",
            "PATCH v2/Employees/12345",
        ]

    def test_body_of_a_new_employment(self, rig: Rig) -> None:
        rig.settings.update(full_time_hours=Decimal("35.5"), employment_type="Maritime")
        rig.sync(self.position(end="2026-12-31"))
        assert self.posts(rig, "Employments") == [
            {
                "StartDate": "2026-01-01",
                "EndDate": "2026-12-31",
                "EndDateReason": "EmployeeHasResigned",
                "EmploymentForm": "Permanent",
                "EmploymentType": "Maritime",
                "EnterpriseId": 98765,
                "FullTimeHoursPerWeek": 35.5,
                "IsDefault": True,
                "ProfessionCode": "2554102",
                "WorkingHoursArrangement": "NonShift",
            }
        ]
        assert self.posts(rig, "FtePercentages") == [{"FromDate": "2026-01-01", "FtePercentage": 80.0}]

    @pytest.mark.parametrize(
        ("ours", "theirs", "hours"),
        [
            ("not_shift", "NonShift", 37.5),
            ("round_the_clock", "SemiContinuousShift", 35.5),
            ("shift_365", "ShiftWork", 36.5),
            ("offshore_336", "Offshore", 33.6),
            ("continuous", "ContinuousShift", 33.6),
        ],
    )
    def test_the_full_week_follows_the_scheme(self, rig: Rig, ours: str, theirs: str, hours: float) -> None:
        """As PowerOffice Go's own list of arrangements says; a changed scheme changes it, and nothing else does."""
        rig.sync(self.position(working_hours_scheme=ours))
        [made] = self.posts(rig, "Employments")
        assert (made["WorkingHoursArrangement"], made["FullTimeHoursPerWeek"]) == (theirs, hours)
        rig.sync(self.position(working_hours_scheme="shift_365" if ours == "not_shift" else "not_shift"))
        assert rig.there()[0]["FullTimeHoursPerWeek"] == (36.5 if ours == "not_shift" else 37.5)
        rig.sandbox.state["employments"]["77001"]["FullTimeHoursPerWeek"] = 36.0  # a clerk's
        rig.sync(self.position(working_hours_scheme=rig.positions["1"].values["working_hours_scheme"], title="X"))
        assert rig.there()[0]["FullTimeHoursPerWeek"] == 36.0

    def test_the_table_of_hours_goes_before_the_one_number(self, rig: Rig) -> None:
        rig.settings |= {"full_time_hours": Decimal("37"), "full_time_hours_by_scheme": {"ShiftWork": "35.5"}}
        rig.sync(self.position(working_hours_scheme="shift_365"))
        rig.sync(self.position(working_hours_scheme="other_shift"))
        assert rig.there()[0]["FullTimeHoursPerWeek"] == 37
        assert self.posts(rig, "Employments")[0]["FullTimeHoursPerWeek"] == 35.5

    def test_hours_of_an_agreement_must_be_said(self, rig: Rig) -> None:
        outcome = rig.one(self.position(working_hours_scheme="other_shift"))
        assert (outcome.cause, outcome.field) == ("full_time_hours_missing", "working_hours_scheme")
        assert rig.there() == []
        rig.settings["full_time_hours_by_scheme"] = {"OtherShifts": "35.5"}
        assert rig.one(self.position(working_hours_scheme="other_shift")).state == "succeeded"
        assert rig.there()[0]["FullTimeHoursPerWeek"] == 35.5

    def test_reporting_id_is_left_to_go(self, rig: Rig) -> None:
        """It becomes the employment's id at the authorities, so it is never ours to choose or to change."""
        rig.sync(self.position())
        rig.sync(self.position(occupation_code="2511102"))
        assert self.only(rig)["ReportingId"] == "POGO_77001"
        assert "ReportingId" not in "".join(c.body for c in self.writes(rig))

    # -- JSON Patch --------------------------------------------------------------------------------------

    def test_updates_are_json_patch_with_its_content_type(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.forget_calls()
        rig.sync(self.position(title="Kokk", occupation_code="5120105", percentage=Decimal("60")))
        patched = [c for c in rig.calls if c.method == "PATCH"]
        assert {c.headers["Content-Type"] for c in patched} == {"application/json-patch+json"}
        assert self.patches(rig) == [{"/ProfessionCode": "5120105"}, {"/JobTitle": "Kokk"}]
        assert json.loads(patched[0].body) == [{"op": "replace", "path": "/ProfessionCode", "value": "5120105"}]

    def test_patches_hold_ids_never_codes(self, rig: Rig) -> None:
        boss = rig.add(replace(PERSON, number="1001", email="boss@example.com"))
        rig.person = replace(PERSON, manager=Manager("1001"))
        rig.settings["send_cost_centre"] = True
        outcome = rig.one(self.position(manager=Manager("1001"), cost_centre="NORD"))
        assert (outcome.state, outcome.warnings) == ("succeeded", ())
        assert self.patches(rig, r"Employees/12345$") == [
            {"/JobTitle": "Sykepleier", "/DepartmentId": 1610, "/LocationId": 2611, "/ManagerEmployeeId": int(boss)}
        ]
        there = self.only(rig)
        assert (there["DepartmentCode"], there["LocationCode"], there["ManagerEmployeeNo"]) == ("BUT1", "NORD", 1001)
        assert rig.one(self.position(manager=Manager("1001"), cost_centre="NORD")).cause == "nothing_to_change"

    def test_a_code_in_a_patch_is_refused_by_the_sandbox(self, rig: Rig) -> None:
        connector = rig.connector()
        with pytest.raises(DataRefusedError, match="fault of Position Sync") as caught:
            connector.http.patch(
                f"Employees/{PERSON_THERE}",
                data=b'[{"op":"replace","path":"/DepartmentCode","value":"BUT1"}]',
                headers={"Content-Type": "application/json-patch+json"},
            )
        assert "departmentcode" in caught.value.vendor_text

    def test_enums_are_words_never_numbers(self, rig: Rig) -> None:
        rig.sync(self.position())
        body = self.posts(rig, "Employments")[0]
        assert all(isinstance(body[n], str) for n in ("EmploymentForm", "EmploymentType", "WorkingHoursArrangement"))
        with pytest.raises(DataRefusedError, match="fault of Position Sync") as caught:
            rig.connector().http.patch(
                f"Employees/{PERSON_THERE}/Employments/77001",
                data=b'[{"op":"replace","path":"/EmploymentForm","value":1}]',
                headers={"Content-Type": "application/json-patch+json"},
            )
        assert "not allowed to be represented as integers" in caught.value.vendor_text

    def test_only_what_differs_is_patched(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.forget_calls()
        rig.sync(self.position(contract_type="temporary"))
        assert self.patches(rig) == [{"/EmploymentForm": "Temporary"}]
        assert len(self.writes(rig)) == 1

    # -- the end -----------------------------------------------------------------------------------------

    def test_end_date_and_reason_go_in_one_document(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.forget_calls()
        outcome = rig.one(self.position(end="2026-12-31", end_reason="dismissed"))
        assert outcome.action == Action.END
        assert self.patches(rig) == [{"/EndDate": "2026-12-31", "/EndDateReason": "EmployerHasDismissedTheEmployee"}]

    def test_a_moved_end_repeats_its_reason(self, rig: Rig) -> None:
        rig.sync(self.position(end="2026-12-31"))
        rig.forget_calls()
        rig.sync(self.position(end="2026-11-30"))
        assert self.patches(rig) == [{"/EndDate": "2026-11-30", "/EndDateReason": "EmployeeHasResigned"}]

    def test_end_date_needs_a_reason(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.forget_calls()
        outcome = rig.one(self.position(end="2026-12-31", without=("end_reason",)))
        assert (outcome.cause, outcome.field) == ("missing_required_field", "end_reason")
        assert rig.calls == []
        rig.settings["end_reason"] = "ContractCommitmentOrTemporaryEmploymentExpired"
        assert rig.one(self.position(end="2026-12-31", without=("end_reason",))).state == "succeeded"
        assert self.only(rig)["EndDateReason"] == "ContractCommitmentOrTemporaryEmploymentExpired"

    def test_sandbox_refuses_an_end_without_reason_and_an_end_before_the_start(self, rig: Rig) -> None:
        rig.sync(self.position())
        for operations, words in (
            ([{"op": "replace", "path": "/EndDate", "value": "2026-12-31"}], "EndDateReason must"),
            (
                [
                    {"op": "replace", "path": "/EndDate", "value": "2025-12-31"},
                    {"op": "replace", "path": "/EndDateReason", "value": "EmployeeHasResigned"},
                ],
                "before StartDate",
            ),
        ):
            with pytest.raises(DataRefusedError) as caught:
                rig.connector().http.patch(
                    f"Employees/{PERSON_THERE}/Employments/77001",
                    data=json.dumps(operations).encode(),
                    headers={"Content-Type": "application/json-patch+json"},
                )
            assert words in caught.value.vendor_text
        assert self.only(rig)["EndDate"] is None

    def test_reopen_removes_both_the_end_date_and_its_reason(self, rig: Rig) -> None:
        rig.sync(self.position(end="2026-12-31"))
        rig.forget_calls()
        assert rig.one(self.position()).state == "succeeded"
        [call] = [c for c in rig.calls if c.method == "PATCH"]
        assert json.loads(call.body) == [
            {"op": "remove", "path": "/EndDate"},
            {"op": "remove", "path": "/EndDateReason"},
        ]
        assert (self.only(rig)["EndDate"], self.only(rig)["EndDateReason"]) == (None, None)

    def test_reopen_of_an_end_without_a_reason_removes_only_what_is_there(self, rig: Rig) -> None:
        rig.sync(self.position(end="2026-12-31"))
        rig.sandbox.state["employments"]["77001"]["EndDateReason"] = None
        rig.forget_calls()
        assert rig.one(self.position()).state == "succeeded"
        assert self.patches(rig) == [{"/EndDate": None}]

    def test_end_before_the_start_there_is_refused_here(self, rig: Rig) -> None:
        self.sandbox(rig).add_employment(PERSON_THERE, "2026-07-01", 80)
        outcome = rig.one(self.position(end="2026-06-30"))
        assert (outcome.state, outcome.field) == ("failed", "end_date")
        assert not self.writes(rig)

    def test_ended_and_reported_is_left_alone(self, rig: Rig) -> None:
        rig.sync(self.position(end="2026-12-31"))
        rig.sandbox.state["employments"]["77001"]["EndedAndReported"] = True
        rig.forget_calls()
        outcome = rig.one(self.position())
        assert (outcome.state, outcome.cause, outcome.field) == ("failed", "employment_closed", "end_date")
        assert "Open it again there" in outcome.message
        assert not self.writes(rig)

    # -- what counts as not there, what stays ------------------------------------------------------------

    def clerk_chooses(self, rig: Rig) -> tuple[str, str]:
        rig.sandbox.state["employments"]["77001"]["EmploymentForm"] = "Apprentice"
        return "contract_type", "Apprentice"

    def test_a_cancelled_employment_counts_as_not_there(self, rig: Rig) -> None:
        rig.sync(self.position())
        cancelled = rig.sandbox.state["employments"]["77001"]
        cancelled |= {"EndDate": "2026-01-01", "EndDateReason": "EmploymentRelationshipShouldNeverHaveBeenReported"}
        before = dict(cancelled)
        outcome = rig.one(self.position())
        assert (outcome.state, outcome.action) == ("succeeded", "create"), outcome
        assert {**cancelled, "IsDefault": True} == before  # the new one is the default from now on
        assert rig.one(self.position()).cause == "nothing_to_change"

    @pytest.mark.parametrize("name", ["EmploymentForm", "ProfessionCode", "EnterpriseId", "EndDateReason"])
    def test_what_is_not_shown_is_not_compared(self, rig: Rig, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        rig.sync(self.position())
        whole = PowerOfficeGoSandbox._employment
        monkeypatch.setattr(
            PowerOfficeGoSandbox,
            "_employment",
            lambda sandbox, kept: {k: v for k, v in whole(sandbox, kept).items() if k != name},
        )
        rig.forget_calls()
        assert rig.one(self.position()).cause == "nothing_to_change"
        assert not self.writes(rig)
        rig.forget_calls()  # the contract has them all

    # -- the percentage ----------------------------------------------------------------------------------

    def dated(self, rig: Rig) -> list[dict[str, Any]]:
        return [dict(line) for line in self.sandbox(rig).lines_of(77001)]

    def day_of(self, row: dict[str, Any]) -> str:
        return str(row["FromDate"])

    def clerk_writes(self, rig: Rig, day: str, percentage: int) -> None:
        there = next((x for x in self.sandbox(rig).lines_of(77001) if x["FromDate"] == day), None)
        if there is None:
            self.new_line(rig, day, percentage)
        else:
            there["FtePercentage"] = percentage

    def test_a_returning_position_counts_from_the_day_it_returned(self, rig: Rig) -> None:
        """Not from its own first day, nor over the line of the position that it gave way to meanwhile."""
        first = self.position("1", percentage=Decimal("40"))
        second = self.position("2", "2026-03-01", "2026-05-31", percentage=Decimal("60"))
        for today in (date(2026, 1, 10), date(2026, 3, 1), date(2026, 6, 15)):
            rig.today = today
            rig.sync(first, *([second] if today.month > 1 else []))
        assert self.lines(rig) == [["2026-01-01", 40.0], ["2026-03-01", 60.0], ["2026-06-01", 40.0]]
        assert rig.one(first).cause == "nothing_to_change"

    def test_a_line_that_a_clerk_made_since_the_return_stays(self, rig: Rig) -> None:
        first = self.position("1", percentage=Decimal("40"))
        second = self.position("2", "2026-03-01", "2026-05-31", percentage=Decimal("60"))
        rig.today = date(2026, 3, 1)
        rig.sync(first, second)
        rig.today = date(2026, 6, 15)
        self.clerk_writes(rig, "2026-06-10", 50)
        rig.sync(first)
        assert self.lines(rig) == [
            ["2026-03-01", 60.0],
            ["2026-06-01", 40.0],
            ["2026-06-10", 50],
            ["2026-06-15", 40.0],
        ]

    def told(self, rig: Rig) -> list[tuple[str, float]]:
        return [(day, percentage) for day, percentage in self.lines(rig)]

    def lines(self, rig: Rig) -> list[list[Any]]:
        found: list[list[Any]] = self.only(rig)["FtePercentages"]
        return found

    def test_change_of_percentage_is_a_new_line_from_today(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.forget_calls()
        rig.sync(self.position(percentage=Decimal("60")))
        assert self.lines(rig) == [["2026-01-01", 80.0], ["2026-06-15", 60.0]]
        assert self.posts(rig, "FtePercentages") == [{"FromDate": "2026-06-15", "FtePercentage": 60.0}]
        assert not self.patches(rig)

    def test_a_line_is_edited_only_where_that_day_has_one(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.sync(self.position(percentage=Decimal("60")))
        rig.forget_calls()
        rig.sync(self.position(percentage=Decimal("55.5")))
        assert self.lines(rig) == [["2026-01-01", 80.0], ["2026-06-15", 55.5]]
        assert not self.posts(rig, "FtePercentages")
        rig.today = date(2026, 6, 16)
        rig.sync(self.position(percentage=Decimal("50")))
        assert self.lines(rig) == [["2026-01-01", 80.0], ["2026-06-15", 55.5], ["2026-06-16", 50.0]]

    def test_no_line_is_ever_deleted_and_the_last_one_cannot_be(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.sync(self.position(percentage=Decimal("60")))
        rig.sync(self.position(percentage=Decimal("80")))
        assert self.lines(rig) == [["2026-01-01", 80.0], ["2026-06-15", 80.0]]
        assert not [c for c in rig.calls if c.method == "DELETE"]
        http = rig.connector().http
        http.delete("Employees/Employments/77001/FtePercentages/7002")
        with pytest.raises(DataRefusedError) as caught:
            http.delete("Employees/Employments/77001/FtePercentages/7001")
        assert (caught.value.vendor_code, caught.value.field) == ("409", "percentage")

    def test_a_line_of_a_coming_day_does_not_count_today(self, rig: Rig) -> None:
        rig.sync(self.position())
        self.new_line(rig, "2026-09-01", 40)
        assert rig.one(self.position()).cause == "nothing_to_change"
        rig.sync(self.position(percentage=Decimal("70")))
        assert self.lines(rig) == [["2026-01-01", 80.0], ["2026-06-15", 70.0], ["2026-09-01", 40]]

    def test_a_later_line_that_counts_today_is_corrected_too(self, rig: Rig) -> None:
        """The line from the start of the position would count until that later line only."""
        rig.sync(self.position())
        self.new_line(rig, "2026-05-01", 50)
        rig.sync(self.position(percentage=Decimal("70")), correction=True)
        assert self.lines(rig) == [["2026-01-01", 70.0], ["2026-05-01", 70.0]]
        assert rig.one(self.position(percentage=Decimal("70"))).cause == "nothing_to_change"

    @pytest.mark.parametrize("brought", [None, 100, 80])
    def test_whatever_line_a_new_employment_brings_along(self, rig: Rig, brought: int | None) -> None:
        rig.sandbox.state["first_line"] = brought
        assert rig.one(self.position()).state == "succeeded"
        assert self.lines(rig) == [["2026-01-01", 80]]
        written = [c.method for c in self.writes(rig) if "FtePercentages" in c.path]
        assert written == {None: ["POST"], 100: ["PATCH"], 80: []}[brought]
        assert rig.one(self.position()).cause == "nothing_to_change"

    def test_an_employment_without_a_line_gets_one_from_its_start(self, rig: Rig) -> None:
        self.sandbox(rig).add_employment(PERSON_THERE, "2026-01-01", None)
        assert rig.one(self.position()).state == "succeeded"
        assert self.lines(rig) == [["2026-01-01", 80.0]]

    def test_a_percentage_of_two_decimals_is_compared_as_a_number(self, rig: Rig) -> None:
        rig.sync(self.position(percentage=Decimal("33.33")))
        assert rig.one(self.position(percentage=Decimal("33.330"))).cause == "nothing_to_change"
        assert rig.one(self.position(percentage=Decimal("0"))).state == "succeeded"
        assert self.lines(rig)[-1] == ["2026-06-15", 0.0]

    def test_a_refused_percentage_is_named(self, rig: Rig) -> None:
        rig.sync(self.position())
        body = {"title": "Employment validation error(s)", "detail": "Something about the line."}
        rig.fail(status=400, body=json.dumps(body), path="FtePercentages", method="POST")
        outcome = rig.one(self.position(percentage=Decimal("10")))
        assert (outcome.state, outcome.field) == ("failed", "percentage")

    # -- one employment ----------------------------------------------------------------------------------

    def test_takeover_keeps_the_one_employment_and_its_start(self, rig: Rig) -> None:
        rig.sync(
            self.position("1", end="2026-06-30"),
            self.position("2", "2026-07-01", title="Avdelingsleder", occupation_code="2511102"),
        )
        rig.today = date(2026, 7, 1)
        outcome = rig.one(rig.positions["2"])
        assert outcome.state == "succeeded"
        there = self.only(rig)
        assert (there["Id"], there["StartDate"], there["EndDate"]) == (77001, "2026-01-01", None)
        assert (there["JobTitle"], there["ProfessionCode"]) == ("Avdelingsleder", "2511102")
        assert rig.one(rig.positions["2"]).cause == "nothing_to_change"

    def test_takeover_starts_its_percentage_on_its_own_start(self, rig: Rig) -> None:
        rig.sync(self.position("1", end="2026-06-30"), self.position("2", "2026-07-01", percentage=Decimal("60")))
        rig.today = date(2026, 7, 5)
        rig.sync(rig.positions["2"])
        assert self.lines(rig) == [["2026-01-01", 80.0], ["2026-07-01", 60.0]]

    def test_takeover_moves_the_start_where_the_setting_says_so(self, rig: Rig) -> None:
        rig.settings["start_follows"] = True
        rig.sync(self.position("1", end="2026-06-30"), self.position("2", "2026-07-01"))
        rig.today = date(2026, 7, 1)
        rig.sync(rig.positions["2"])
        assert self.only(rig)["StartDate"] == "2026-07-01"

    def test_start_of_an_employment_that_a_clerk_made_stays(self, rig: Rig) -> None:
        self.sandbox(rig).add_employment(PERSON_THERE, "2015-03-01", 80)
        assert rig.one(self.position()).state == "succeeded"
        assert (self.only(rig)["StartDate"], self.only(rig)["Id"]) == ("2015-03-01", 77001)
        assert rig.one(self.position(start="2026-02-01")).cause == "nothing_to_change"

    @pytest.mark.parametrize("start", ["2026-02-01", "2025-12-01"])
    def test_corrected_start_of_the_same_position_follows_with_its_first_line(self, rig: Rig, start: str) -> None:
        rig.sync(self.position())
        outcome = rig.one(self.position(start=start))
        assert set(outcome.changes) == {"start_date"}
        assert self.only(rig)["StartDate"] == start
        assert self.lines(rig) == [[start, 80.0]]

    def test_first_line_stays_where_a_later_one_would_come_before_it(self, rig: Rig) -> None:
        rig.sync(self.position())
        self.new_line(rig, "2026-02-01", 50)
        rig.sync(self.position(start="2026-03-01", percentage=Decimal("50")))
        assert self.only(rig)["StartDate"] == "2026-03-01"
        assert self.lines(rig) == [["2026-01-01", 80.0], ["2026-02-01", 50]]

    def test_a_corrected_start_after_a_takeover_stays_and_is_told_of(self, rig: Rig) -> None:
        rig.sync(self.position("1", end="2026-06-30"), self.position("2", "2026-07-01"))
        rig.today = date(2026, 7, 20)
        rig.sync(rig.positions["2"])
        assert rig.one(self.position("2", "2026-07-10")).cause == "stays_there"
        assert self.only(rig)["StartDate"] == "2026-01-01"

    def test_somebody_who_comes_back_gets_a_new_employment(self, rig: Rig) -> None:
        rig.sync(self.position("1", end="2026-06-20"))
        rig.today = date(2026, 9, 1)
        outcome = rig.one(self.position("2", "2026-09-01"))
        assert (outcome.state, outcome.action) == ("succeeded", Action.CREATE)
        old, new = rig.there()
        assert (old["StartDate"], old["EndDate"]) == ("2026-01-01", "2026-06-20")
        assert (new["StartDate"], new["EndDate"], new["IsDefault"]) == ("2026-09-01", None, True)
        assert new["FtePercentages"] == [["2026-09-01", 80.0]]
        assert rig.sent["2"].remote_id == "77002"
        assert rig.one(self.position("2", "2026-09-01")).cause == "nothing_to_change"

    def test_the_day_after_an_end_that_was_reported_is_a_new_employment(self, rig: Rig) -> None:
        rig.sync(self.position("1", end="2026-06-30"))
        rig.sandbox.state["employments"]["77001"]["EndedAndReported"] = True
        rig.today = date(2026, 7, 1)
        assert rig.one(self.position("2", "2026-07-01")).action == Action.CREATE
        assert [e["EndDate"] for e in rig.there()] == ["2026-06-30", None]

    def test_read_gives_the_employment_that_we_wrote_before(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.sandbox.state["employments"]["77001"]["IsDefault"] = False
        self.sandbox(rig).add_employment(PERSON_THERE, "2026-03-01", 50)
        rig.sync(self.position(occupation_code="2511102"))
        assert [(e["Id"], e["ProfessionCode"]) for e in rig.there()] == [(77001, "2511102"), (77002, "2554102")]

    def test_read_gives_exactly_one_the_default_of_those_that_are_not_over(self, rig: Rig) -> None:
        sandbox = self.sandbox(rig)
        ended = {"EndDate": "2024-12-31", "EndDateReason": "EmployeeHasResigned"}
        sandbox.add_employment(PERSON_THERE, "2020-01-01", 100, **ended)
        right = sandbox.add_employment(PERSON_THERE, "2025-01-01", 80)
        sandbox.add_employment(PERSON_THERE, "2025-02-01", 20, IsDefault=False)
        connector = rig.connector()
        [remote] = connector.read(connector.find_employee(rig.person))
        assert remote.id == right
        rig.sandbox.state["employments"]["77001"]["IsDefault"] = True
        rig.sandbox.state["employments"][right].update(IsDefault=False, **ended)
        [remote] = connector.read(connector.find_employee(rig.person))
        assert remote.id == "77003", "the only one that is not over, default or not"

    def test_several_employments_without_a_default_are_never_guessed_between(self, rig: Rig) -> None:
        for start in ("2025-01-01", "2025-02-01"):
            self.sandbox(rig).add_employment(PERSON_THERE, start, 50, IsDefault=False)
        outcome = rig.one(self.position())
        assert (outcome.state, outcome.cause) == ("failed", "employment_not_unique")
        assert not self.writes(rig)

    def test_another_employment_that_is_not_over_is_not_doubled(self, rig: Rig) -> None:
        rig.sync(self.position("1", end="2026-06-20"))
        self.sandbox(rig).add_employment(PERSON_THERE, "2026-08-01", 80)
        rig.today = date(2026, 9, 1)
        outcome = rig.one(self.position("2", "2026-09-01"))
        assert (outcome.state, outcome.cause) == ("failed", "employment_in_the_way")
        assert "2026-08-01" in outcome.message
        assert len(rig.there()) == 2

    def test_employment_gone_there_is_made_anew(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.sandbox.state.update(employments={}, lines={})
        assert rig.one(self.position()).action == Action.CREATE
        assert self.only(rig)["Id"] == 77002

    def test_employment_gone_between_reading_and_writing_is_read_again(self, rig: Rig) -> None:
        rig.sync(self.position())
        body = {"title": "Employment not found error(s)", "detail": "Employment with id = 77001 not found."}
        rig.fail(status=404, body=json.dumps(body), method="PATCH", path="Employments/77001")
        outcome = rig.one(self.position(contract_type="temporary"))
        assert outcome.state == "succeeded"
        assert "Changed there meanwhile" in [str(step.title) for step in outcome.trace]

    # -- lost answers ------------------------------------------------------------------------------------

    def lose(self, rig: Rig, method: str, path: str, position: Any) -> None:
        rig.connector().check()
        rig.read_timeout = 0.3
        rig.fail(kind="hang", method=method, path=path, seconds=0.6, after=True)
        assert isinstance(rig.sync(position).error, UnclearOutcomeError)
        rig.read_timeout = None

    @pytest.mark.parametrize("brought", [None, 100])
    def test_lost_answer_of_a_new_employment_its_percentage_counts_from_its_start(
        self, rig: Rig, brought: int | None
    ) -> None:
        rig.sandbox.state["first_line"] = brought
        self.lose(rig, "POST", "Employments", self.position())
        assert rig.one(self.position()).state == "succeeded"
        assert self.lines(rig) == [["2026-01-01", 80.0]]
        assert self.only(rig)["JobTitle"] == "Sykepleier"

    def test_lost_answer_of_a_percentage_makes_no_second_line(self, rig: Rig) -> None:
        rig.sync(self.position())
        self.lose(rig, "POST", "FtePercentages", self.position(percentage=Decimal("60")))
        assert rig.one(self.position(percentage=Decimal("60"))).cause == "nothing_to_change"
        assert len(self.lines(rig)) == 2

    @pytest.mark.parametrize("position_id", ["2", "1"])
    def test_lost_answer_of_a_second_employment_is_adopted_by_start_occupation_and_sub_unit(
        self, rig: Rig, position_id: str
    ) -> None:
        """Also where HR moved the same position to after the end of its employment."""
        rig.sync(self.position("1", end="2026-06-20"))
        rig.today = date(2026, 9, 5)
        rig.sandbox.state["first_line"] = 100
        again = self.position(position_id, "2026-09-01")
        self.lose(rig, "POST", "Employments", again)
        assert rig.one(again).state == "succeeded"
        assert [e["Id"] for e in rig.there()] == [77001, 77002]
        assert rig.there()[1]["FtePercentages"] == [["2026-09-01", 80.0]]
        assert rig.sent[position_id].remote_id == "77002"

    def test_first_percentage_of_an_old_employment_is_history_and_stays(self, rig: Rig) -> None:
        """Only an employment that was made just now may be one whose answer got lost."""
        self.sandbox(rig).add_employment(PERSON_THERE, "2026-01-01", 100)
        rig.sync(self.position())
        assert self.lines(rig) == [["2026-01-01", 100], ["2026-06-15", 80.0]]

    # -- lists and paging --------------------------------------------------------------------------------

    def test_an_empty_list_is_204_and_is_never_parsed(self, rig: Rig) -> None:
        rig.sync(self.position())
        empty = [c for c in rig.calls if c.status == 204]
        assert {c.path for c in empty} >= {
            "v2/Employees",
            "v2/Employees/12345/Employments",
            "v2/Employees/Employments/77001/FtePercentages",
        }
        assert {c.answer for c in empty} == {""}

    def test_pages_are_followed_by_x_pagination(self, empty_rig: Rig) -> None:
        rig = empty_rig
        for number in range(5):
            rig.sandbox.add_employee(f"9{number}", "Per", "Son", email=f"p{number}@example.com")
        rig.add(replace(PERSON, number="2001"))
        rig.settings["numbers_differ"] = True
        rig.sandbox.state["page_cap"] = 2
        connector = rig.connector()
        for _ in range(2):
            assert connector.find_employee(rig.person).matched_by == "e-mail"
        pages = [re.search(r"PageNumber=(\d+)", c.query) for c in rig.calls if "Fields" in c.query]
        assert [page[1] for page in pages if page] == ["1", "2", "3"], "each page once per turn"

    def test_without_x_pagination_a_short_page_is_the_last(self, empty_rig: Rig) -> None:
        rig = empty_rig
        template = rig.sandbox.add_employee("90", "Per", "Son", email="p@example.com")
        everybody = rig.sandbox.state["employees"]
        for number in range(20_000, 25_000):
            everybody[str(number)] = {**everybody[template], "Id": number, "Number": number}
        everybody["25000"] = {**everybody[template], "Id": 25000, "Number": 7, "EmailAddress": PERSON.email}
        rig.sandbox.state["pagination"] = False
        rig.settings["numbers_differ"] = True
        assert rig.connector().find_employee(rig.person).id == "25000"
        assert len([c for c in rig.calls if "Fields" in c.query]) == 2
        rig.sandbox.tenant.calls.clear()  # 5 000 rows against the contract would take long

    # -- finding employees -------------------------------------------------------------------------------

    def test_order_of_the_search(self, empty_rig: Rig) -> None:
        rig = empty_rig
        rig.one(self.position())
        searches = [c.query.split("&")[0].split("=")[0] for c in rig.calls if c.path == "v2/Employees"]
        assert searches == ["externalImportReference", "employeeNos", "externalNos", "Fields"]

    @pytest.mark.parametrize(
        ("column", "value", "matched_by"),
        [
            ("ExternalImportReference", "1042", "external import reference"),
            ("Number", 1042, "employee number"),
            ("ExternalNumber", 1042, "external code"),
            ("EmailAddress", " ASE.sorlie@Example.com", "e-mail"),
        ],
    )
    def test_matched_by(self, empty_rig: Rig, column: str, value: Any, matched_by: str) -> None:
        rig = empty_rig
        rig.settings["numbers_differ"] = column == "EmailAddress"
        there = rig.add(replace(PERSON, number="2001", email=""))
        rig.sandbox.state["employees"][there][column] = value
        report = rig.sync(self.position())
        assert report.outcomes["1"].state == "succeeded"
        assert report.remote_employee is not None
        assert (report.remote_employee.id, report.remote_employee.matched_by) == (there, matched_by)
        assert rig.sandbox.state["employees"][there]["JobTitle"] == "Sykepleier"

    def test_the_reference_can_be_left_out(self, rig: Rig) -> None:
        other = rig.add(replace(PERSON, number="2001", email=""))
        rig.sandbox.state["employees"][other]["ExternalImportReference"] = "1042"
        rig.settings["match_reference"] = False
        rig.sync(self.position())
        assert rig.there("1042") and not rig.there("2001")
        assert not [c for c in rig.calls if "externalImportReference" in c.query]

    @pytest.mark.parametrize("number", ["1-2000", "1042, 7", "1042-", "A1042", "1" * 19])
    def test_a_number_that_reads_as_a_range_is_not_put_into_the_filter(self, rig: Rig, number: str) -> None:
        rig.person = replace(PERSON, number=number, email="")
        report = rig.sync(self.position())
        assert isinstance(report.error, EmployeeNotFoundError)
        assert not [c for c in rig.calls if "Nos=" in c.query]

    def test_archived_employees_are_not_matched(self, rig: Rig) -> None:
        self.kept(rig)["IsArchived"] = True
        outcome = rig.one(self.position())
        assert outcome.cause == "employee_not_found"
        assert "archived" in outcome.message
        rig.employee_id = PERSON_THERE
        assert rig.one(self.position()).cause == "employee_not_found", "not even one known from before"
        new = rig.add(replace(PERSON, number="2001"))
        rig.settings["numbers_differ"] = True
        report = rig.sync(self.position())
        assert report.remote_employee is not None and report.remote_employee.id == new

    def test_known_employee_is_believed_while_it_bears_a_mark(self, rig: Rig) -> None:
        other = rig.add(replace(PERSON, number="2001"))
        rig.employee_id = other
        rig.sync(self.position())
        assert rig.there("2001") and not rig.there("1042")
        assert not [c for c in rig.calls if c.path == "v2/Employees"]
        del rig.sandbox.state["employees"][other]
        rig.sent.clear()
        rig.sync(self.position())
        assert rig.there("1042")

    def test_employee_not_found_names_what_was_searched(self, empty_rig: Rig) -> None:
        message = empty_rig.one(self.position()).message
        assert "employee number 1042" in message and "ase.sorlie@example.com" in message
        empty_rig.person = replace(PERSON, number="", email="")
        assert "Fill in one of these: employee number, e-mail." in empty_rig.one(self.position()).message

    def test_the_list_of_everybody_is_kept_in_nobodys_log(self, empty_rig: Rig) -> None:
        empty_rig.add(replace(PERSON, number="2001"))
        empty_rig.sandbox.add_employee("3", "Kari", "Annen", email="kari.annen@example.com")
        report = empty_rig.sync(self.position())
        assert "kari.annen" not in repr(report.exchanges)
        [listed] = [e for e in report.exchanges if "Fields=" in e.url]
        assert "not kept" in listed.response_body

    def test_employee_gone_between_reading_and_writing(self, rig: Rig) -> None:
        outcome = self.refused(
            rig, 404, "Employment not found error(s)", f"Employee with id = {PERSON_THERE} not found."
        )
        assert outcome.cause == "employee_not_found"

    # -- title, department, manager, location ------------------------------------------------------------

    def test_title_department_and_manager_live_on_the_employee(self, rig: Rig) -> None:
        rig.sync(self.position())
        assert (self.kept(rig)["JobTitle"], self.kept(rig)["DepartmentId"]) == ("Sykepleier", 1610)
        rig.forget_calls()
        rig.sync(self.position(title="Kokk", department=Department("BUT2")))
        assert [c.path for c in self.writes(rig)] == ["v2/Employees/12345"]

    def test_employee_fields_that_agree_already_are_not_written_with_a_new_employment(self, rig: Rig) -> None:
        self.kept(rig).update(JobTitle="Sykepleier", DepartmentId=1610)
        assert rig.one(self.position()).state == "succeeded"
        assert not self.patches(rig)

    def test_what_we_wrote_is_taken_away_what_a_clerk_wrote_stays(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.forget_calls()
        rig.sync(self.position(without=("title", "department")))
        assert self.patches(rig) == [{"/JobTitle": None, "/DepartmentId": None}]
        self.kept(rig).update(JobTitle="Sjef", DepartmentId=1611)
        assert rig.one(self.position(without=("title", "department"))).cause == "nothing_to_change"
        assert self.kept(rig)["JobTitle"] == "Sjef"

    def test_switched_off_they_are_never_written(self, rig: Rig) -> None:
        rig.settings.update(send_title=False, send_department=False, send_manager=False)
        outcome = rig.one(self.position())
        assert outcome.state == "succeeded"
        assert {"title", "department"} <= set(outcome.unsent)
        assert not [c for c in self.writes(rig) if c.path == "v2/Employees/12345"]

    @pytest.mark.parametrize(
        ("changes", "cause", "field", "words"),
        [
            ({"department": Department("NIX")}, "department_missing", "department", "no department “NIX”"),
            ({"department": Department("GML")}, "department_missing", "department", "not active"),
            ({"department": Department("A,B")}, "department_missing", "department", "no department “A,B”"),
            ({"cost_centre": "NIX"}, "location_missing", "cost_centre", "no location “NIX”"),
            ({"cost_centre": "GML"}, "location_missing", "cost_centre", "not active"),
            ({"company": Company("Annen", "999888777")}, "enterprise_missing", "company", "999888777"),
        ],
    )
    def test_missing_in_a_register_writes_nothing_at_all(
        self, rig: Rig, changes: dict[str, Any], cause: str, field: str, words: str
    ) -> None:
        rig.settings["send_cost_centre"] = True
        outcome = rig.one(self.position(**changes))
        assert (outcome.state, outcome.cause, outcome.field) == ("failed", cause, field)
        assert words in outcome.message
        assert not self.writes(rig)

    def test_a_code_with_a_comma_is_not_taken_for_two(self, rig: Rig) -> None:
        rig.sandbox.state["departments"]["1699"] = {
            **rig.sandbox.state["departments"]["1610"],
            "Id": 1699,
            "Code": "BUT1,BUT2",
        }
        assert rig.one(self.position(department=Department("BUT1,BUT2"))).state == "succeeded"
        assert self.kept(rig)["DepartmentId"] == 1699

    def test_registers_are_asked_once_per_turn(self, rig: Rig) -> None:
        connector = rig.connector()
        for _ in range(2):
            assert connector._coded_id("Departments", "Department", "BUT1", "department") == 1610  # type: ignore[attr-defined]
            assert connector._enterprise_id("974760673") == 98765  # type: ignore[attr-defined]
        assert self.paths(rig) == ["POST OAuth/Token", "GET v2/Departments", "GET v2/Enterprises"]

    def test_a_manager_who_is_not_there_is_a_warning_and_the_rest_is_written(self, rig: Rig) -> None:
        rig.person = replace(PERSON, manager=Manager("1001", "boss@example.com"))
        position = self.position(manager=Manager("1001", "boss@example.com"))
        outcome = rig.one(position)
        assert outcome.state == "succeeded"
        [warning] = outcome.warnings
        assert warning.field == "manager" and "1001" in warning.message
        assert self.kept(rig)["JobTitle"] == "Sykepleier"
        rig.add(replace(PERSON, number="1001", email="boss@example.com"))
        outcome = rig.one(position)
        assert (outcome.warnings, self.only(rig)["ManagerEmployeeNo"]) == ((), 1001)

    def test_a_manager_matched_otherwise_than_by_number_is_not_written_again_and_again(self, rig: Rig) -> None:
        rig.add(replace(PERSON, number="77", email="boss@example.com"))
        rig.person = replace(PERSON, manager=Manager("1001", "Boss@example.com"))
        position = self.position(manager=Manager("1001", "Boss@example.com"))
        assert rig.one(position).state == "succeeded"
        assert self.only(rig)["ManagerEmployeeNo"] == 77
        assert rig.one(position).cause == "nothing_to_change"

    def test_another_manager_there_is_replaced(self, rig: Rig) -> None:
        clerk = rig.add(replace(PERSON, number="55", email="c@example.com"))
        rig.add(replace(PERSON, number="1001", email="boss@example.com"))
        self.kept(rig)["ManagerEmployeeId"] = int(clerk)
        rig.person = replace(PERSON, manager=Manager("1001"))
        rig.sync(self.position(manager=Manager("1001")))
        assert self.only(rig)["ManagerEmployeeNo"] == 1001

    # -- sub-unit and codes ------------------------------------------------------------------------------

    def test_sub_unit_by_its_number(self, rig: Rig) -> None:
        rig.person = replace(PERSON, company=NORTH)
        rig.sync(self.position(company=NORTH))
        assert self.only(rig)["EnterpriseId"] == 98766
        assert rig.one(self.position(company=NORTH)).cause == "nothing_to_change"

    def test_changed_sub_unit_is_patched_by_id(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.forget_calls()
        rig.person = replace(PERSON, company=NORTH)
        rig.sync(self.position(company=NORTH))
        assert self.patches(rig) == [{"/EnterpriseId": 98766}]

    def test_company_through_the_table(self, rig: Rig) -> None:
        rig.settings["enterprises"] = {"999888777": "974760681"}
        rig.person = replace(PERSON, company=Company("Morselskap", "999888777"))
        assert rig.one(self.position(company=rig.person.company)).state == "succeeded"
        assert self.only(rig)["EnterpriseId"] == 98766

    def test_default_sub_unit_without_a_company(self, rig: Rig) -> None:
        rig.person = replace(PERSON, company=None)
        assert rig.one(self.position(without=("company",))).state == "succeeded"
        assert self.only(rig)["EnterpriseId"] == 98765
        for enterprise in rig.sandbox.state["enterprises"].values():
            enterprise["IsDefault"] = False
        rig.sandbox.state.update(employments={}, lines={})
        outcome = rig.one(self.position(without=("company",)))
        assert (outcome.state, outcome.cause, outcome.field) == ("failed", "enterprise_missing", "company")

    def test_company_switched_off(self, rig: Rig) -> None:
        rig.settings["send_company"] = False
        rig.person = replace(PERSON, company=NORTH)
        rig.sync(self.position(company=NORTH))
        assert self.only(rig)["EnterpriseId"] == 98765
        assert rig.one(self.position(company=NORTH)).cause == "nothing_to_change"

    @pytest.mark.parametrize(("ours", "theirs"), [("2554 102", "2554102"), ("2554.102", "2554102"), ("0110102",) * 2])
    def test_occupation_code_keeps_its_zeros_and_loses_its_dots(self, rig: Rig, ours: str, theirs: str) -> None:
        assert rig.one(self.position(occupation_code=ours)).state == "succeeded"
        assert self.only(rig)["ProfessionCode"] == theirs

    def test_occupation_code_of_four_digits_is_refused_here(self, rig: Rig) -> None:
        outcome = rig.one(self.position(occupation_code="2554"))
        assert (outcome.cause, outcome.field) == ("wrong_form", "occupation_code")
        assert "seven digits of STYRK-98" in outcome.message and "no code of STYRK-08" in outcome.message

    def test_occupation_code_that_go_refuses_is_named(self, rig: Rig) -> None:
        outcome = rig.one(self.position(occupation_code="9999999"))
        assert (outcome.state, outcome.cause, outcome.field) == ("failed", "refused_by_target", "occupation_code")
        assert "9999999" in outcome.vendor_text

    def test_default_occupation_code_is_for_new_employments_and_empty_ones(self, rig: Rig) -> None:
        rig.settings["profession_code"] = "5120105"
        self.sandbox(rig).add_employment(PERSON_THERE, "2026-01-01", 80)
        rig.sync(self.position(without=("occupation_code",)))
        assert self.only(rig)["ProfessionCode"] == "2554102", "what a clerk chose stays"
        rig.sandbox.state.update(employments={}, lines={})
        rig.sent.clear()
        rig.sync(self.position(without=("occupation_code",)))
        assert self.only(rig)["ProfessionCode"] == "5120105"

    def test_every_code_of_ours_has_a_counterpart_or_asks_for_one(self, rig: Rig) -> None:
        for ours, every, theirs in (
            ("contract_type", CONTRACT_TYPES, FORMS),
            ("working_hours_scheme", WORKING_HOURS_SCHEMES, ARRANGEMENTS),
            ("end_reason", END_REASONS, REASONS),
        ):
            codes = SYSTEM.field(ours).codes
            assert codes is not None and set(codes) == set(every)
            assert {c for c in codes.values() if c} <= {code for code, _ in theirs}
        outcome = rig.one(self.position(end="2026-12-31", end_reason="other"))
        assert (outcome.cause, outcome.field) == ("no_translation", "end_reason")
        rig.settings["reasons"] = {"other": "EmployeeHasResigned"}
        assert rig.one(self.position(end="2026-12-31", end_reason="other")).state == "succeeded"
        assert self.only(rig)["EndDateReason"] == "EmployeeHasResigned"

    @pytest.mark.parametrize(("ours", "theirs"), FORMS)
    def test_every_form_of_the_table_is_taken(self, rig: Rig, ours: str, theirs: str) -> None:
        rig.settings["employment_forms"] = {"casual": ours}
        assert rig.one(self.position(contract_type="casual")).state == "succeeded"
        assert self.only(rig)["EmploymentForm"] == ours

    def test_a_freelancer_is_reported_as_one_where_the_table_says_so(self, rig: Rig) -> None:
        assert rig.one(self.position(contract_type="freelance")).cause == "no_translation"
        rig.settings["employment_forms"] = {"freelance": "FreelancersEtc/Temporary"}
        rig.sync(self.position(contract_type="freelance"))
        there = self.only(rig)
        assert (there["EmploymentType"], there["EmploymentForm"]) == ("FreelancersEtc", "Temporary")
        assert rig.one(self.position(contract_type="freelance")).cause == "nothing_to_change"
        rig.sync(self.position(contract_type="temporary"))
        there = self.only(rig)
        assert (there["EmploymentType"], there["EmploymentForm"]) == ("Ordinary", "Temporary")
        assert rig.one(self.position(contract_type="temporary")).cause == "nothing_to_change"

    def test_start_date_is_declared_as_kept(self) -> None:
        start = SYSTEM.field("start_date")
        assert start.always_by is not None
        assert (start.when, start.corrected, start.always_by.name) == (When.ON_CREATE, True, "start_follows")
        assert not next(s for s in SYSTEM.settings if s.name == "start_follows").default

    # -- sign-in -----------------------------------------------------------------------------------------

    def test_token_request(self, rig: Rig) -> None:
        rig.sync(self.position())
        call = rig.calls[0]
        assert (call.method, call.path, call.body) == ("POST", "OAuth/Token", "grant_type=client_credentials")
        assert call.headers["Ocp-Apim-Subscription-Key"] == SUBSCRIPTION_KEY
        assert call.headers["Authorization"].startswith("Basic ")
        assert {c.headers["Ocp-Apim-Subscription-Key"] for c in rig.calls} == {SUBSCRIPTION_KEY}
        assert not [c for c in rig.calls if "subscription" in c.query]

    @pytest.mark.parametrize("key", ["application_key", "client_key"])
    def test_token_error_400_is_not_authorized(self, rig: Rig, key: str) -> None:
        rig.credentials[key] = "another-key-altogether"
        error = rig.sync(self.position()).error
        assert isinstance(error, NotAuthorizedError)
        assert [c.status for c in rig.calls] == [400]
        assert error.vendor_code == "invalid_client"
        assert "client key" in error.message and "demo" in error.message
        [line] = rig.connector().check()
        assert not line.ok and line.where

    def test_invalid_subscription_key(self, rig: Rig) -> None:
        rig.credentials["subscription_key"] = "another-key-altogether"
        error = rig.sync(self.position()).error
        assert isinstance(error, NotAuthorizedError)
        assert "subscription key" in error.message and "developer.poweroffice.net" in error.message
        assert "Access denied due to invalid subscription key" in error.vendor_text
        assert [c.path for c in rig.calls] == ["OAuth/Token"]

    def test_subscription_key_refused_later_renews_no_token(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.forget_calls()
        body = {"statusCode": 401, "message": "Access denied due to invalid subscription key."}
        error = self.answered(rig, 401, body).error
        assert isinstance(error, NotAuthorizedError) and "subscription key" in error.message
        assert "POST OAuth/Token" not in self.paths(rig)

    def test_token_lifetime_is_that_of_the_answer(self, rig: Rig) -> None:
        rig.sandbox.state["token_seconds"] = 600
        rig.sync(self.position())
        assert 500 < rig.vault.load()["expires_at"] - time.time() <= 540
        rig.forget_calls()
        rig.sync(self.position(title="Kokk"))
        assert "POST OAuth/Token" not in self.paths(rig)
        rig.vault.save({**rig.vault.load(), "expires_at": time.time() - 1})
        rig.forget_calls()
        rig.sync(self.position(title="Sjef"))
        assert self.paths(rig)[0] == "POST OAuth/Token"
        assert 401 not in [c.status for c in rig.calls]

    def test_refused_token_is_renewed_once(self, rig: Rig) -> None:
        rig.sync(self.position())
        self.expire(rig)
        rig.forget_calls()
        assert rig.one(self.position(title="Kokk")).state == "succeeded"
        assert [c.status for c in rig.calls].count(401) == 1
        assert self.paths(rig).count("POST OAuth/Token") == 1
        rig.forget_calls()
        error = self.answered(rig, 401, "").error
        assert isinstance(error, NotAuthorizedError)
        # The second is the connection's test, which tells whether it is everybody's refusal.
        assert self.paths(rig).count("POST OAuth/Token") <= 2

    def test_renewed_only_once_under_parallel_threads(self, rig: Rig) -> None:
        connector = rig.connector()
        connector.check()
        self.expire(rig)
        rig.forget_calls()
        barrier, results = threading.Barrier(6), []

        def ask() -> None:
            barrier.wait()
            results.append(connector.http.get(f"Employees/{PERSON_THERE}").status)

        threads = [threading.Thread(target=ask) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert results == [200] * 6
        assert self.paths(rig).count("POST OAuth/Token") == 1
        assert [c.status for c in rig.calls].count(401) > 1, "nobody met the expired token: the test is void"

    def test_new_keys_are_not_used_with_an_old_token(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.credentials["client_key"] = "the-key-of-another-company"
        assert isinstance(rig.sync(self.position(title="Kokk")).error, NotAuthorizedError)

    def test_no_key_and_no_token_in_what_is_kept(self, rig: Rig) -> None:
        rig.sync(self.position())
        self.expire(rig)
        report = rig.sync(self.position(title="Kokk"))
        kept = repr(report)
        for secret in (APPLICATION_KEY, CLIENT_KEY, SUBSCRIPTION_KEY, *rig.sandbox.state["tokens"]):
            assert secret not in kept

    # -- rights ------------------------------------------------------------------------------------------

    def test_check_has_one_line_per_privilege(self, rig: Rig) -> None:
        rig.settings["send_cost_centre"] = True
        lines = rig.connector().check()
        assert all(line.ok for line in lines), lines
        named = [found[1] for line in lines if (found := re.search(r"privilege (\w+)", line.title))]
        assert named == [
            "Employee_Full",
            "Employment_Full",
            "EmploymentFtePercentage_Full",
            "Enterprises",
            "Department",
            "Location",
        ]
        assert "GET v2/ClientIntegrationInformation" in self.paths(rig)
        assert "Fjellheim Drift AS" in [line.detail for line in lines]

    def test_check_asks_for_no_more_than_the_settings_need(self, rig: Rig) -> None:
        rig.settings.update(send_title=False, send_department=False, send_manager=False)
        rig.sandbox.state["privileges"] = [
            "Employee",
            "Employment_Full",
            "EmploymentFtePercentage_Full",
            "Enterprises_Full",
        ]
        assert all(line.ok for line in rig.connector().check())
        assert rig.one(self.position()).state == "succeeded"

    def test_check_says_which_privilege_is_missing_and_why(self, rig: Rig) -> None:
        rig.sandbox.state["privileges"] = ["Employee_Full", "Employment", "Enterprises", "Department"]
        rig.sandbox.state["invalid_privileges"] = ["EmploymentFtePercentage_Full"]
        bad = [line for line in rig.connector().check() if not line.ok]
        assert [re.search(r"privilege (\w+)", line.title)[1] for line in bad] == [  # type: ignore[index]
            "Employment_Full",
            "EmploymentFtePercentage_Full",
        ]
        assert "API team" in bad[0].where
        assert "subscribe" in bad[1].detail and "Subscription" in bad[1].where

    def test_missing_privilege_is_named(self, rig: Rig) -> None:
        rig.sandbox.state["privileges"].remove("EmploymentFtePercentage_Full")
        self.sandbox(rig).add_employment(PERSON_THERE, "2026-01-01", 80)
        error = rig.sync(self.position()).error
        assert isinstance(error, NotAuthorizedError)
        # Of one employee's record it cannot be told from a protected one, and the words name both.
        assert isinstance(error, RecordRefusedError) and error.refusal.cause == "privilege_missing"
        assert "EmploymentFtePercentage" in error.message
        assert self.paths(rig).count("POST OAuth/Token") == 1, "no new token mends a missing privilege"

    # -- refusals ----------------------------------------------------------------------------------------

    def test_404_may_be_an_error_of_the_data(self, rig: Rig) -> None:
        """A department code that is not there is answered with 404, and is no missing employee."""
        outcome = self.refused(
            rig, 404, "Employee validation error(s)", "Department with code = 'Avdeling10' not found."
        )
        assert (outcome.state, outcome.cause, outcome.field) == ("failed", "refused_by_target", "department")
        assert "Avdeling10" in outcome.vendor_text

    def test_404_for_a_manager_who_is_gone_is_no_missing_employee(self, rig: Rig) -> None:
        boss = rig.add(replace(PERSON, number="1001", email="boss@example.com"))
        connector = rig.connector()
        connector._manager_ids(Manager("1001"))  # type: ignore[attr-defined]
        employee = connector.find_employee(replace(PERSON, manager=Manager("1001")))
        del rig.sandbox.state["employees"][boss]
        with pytest.raises(DataRefusedError) as caught:
            connector._write_employee(employee, {}, {"ManagerEmployeeId": int(boss)})  # type: ignore[attr-defined]
        assert f"Employee with id = {boss} not found" in caught.value.vendor_text

    def test_404_for_an_unknown_sub_unit_is_an_error_of_the_data(self, rig: Rig) -> None:
        rig.connector().check()
        connector = rig.connector()
        connector._enterprises()["98765"] = {"Id": 1, "EnterpriseNo": "974760673"}  # type: ignore[attr-defined]
        employee = connector.find_employee(rig.person)
        connector.read(employee)
        wanted = {
            "start_date": date(2026, 1, 1),
            "occupation_code": "2554102",
            "company": "974760673",
            "percentage": Decimal(80),
            "contract_type": "Permanent",
            "working_hours_scheme": "NonShift",
        }
        with pytest.raises(DataRefusedError) as caught:
            connector.create(employee, rig.person, Wanted("1", wanted))
        assert (caught.value.field, caught.value.vendor_code) == ("company", "404")

    def test_404_employment_or_employee(self, rig: Rig) -> None:
        http = rig.connector().http
        with pytest.raises(StaleError):
            http.get(f"Employees/{PERSON_THERE}/Employments/1010")
        with pytest.raises(EmployeeNotFoundError):
            http.get("Employees/999/Employments")

    @pytest.mark.parametrize("body", ["", "<html>no such page</html>"])
    def test_wrong_address_is_neither_data_nor_a_missing_employee(self, rig: Rig, body: str) -> None:
        rig.employee_id = PERSON_THERE
        assert isinstance(self.answered(rig, 404, body).error, UnavailableError)

    def test_wrong_token_address(self, rig: Rig) -> None:
        assert isinstance(self.answered(rig, 404, "", path="OAuth").error, UnavailableError)

    @pytest.mark.parametrize(
        "problem",
        [
            {"title": "Employment validation error(s)", "detail": "EndDate is not valid."},
            {"Title": "Employment validation error(s)", "Status": 400, "Detail": "EndDate is not valid.", "Type": None},
        ],
    )
    def test_problem_details_in_either_capitals(self, rig: Rig, problem: dict[str, Any]) -> None:
        outcome = self.answered(rig, 400, problem, path="Employments", method="POST").outcomes["1"]
        assert (outcome.state, outcome.cause, outcome.field) == ("failed", "refused_by_target", "end_date")
        assert outcome.vendor_text == "Employment validation error(s): EndDate is not valid."
        assert outcome.vendor_code == "400"

    @pytest.mark.parametrize(
        ("detail", "field"),
        [
            ("EmploymentPatchDto: The value 'bogus' is invalid for target location.", ""),
            ("EmploymentFtePercentagePatchDto: The value 'bogus' is invalid for target location.", "percentage"),
            ("Location with id = 12 not found.", "cost_centre"),
            ("WorkingHoursArrangement is not valid.", "working_hours_scheme"),
            ("EndDateReason must be provided.", "end_reason"),
            ("StartDate is not valid.", "start_date"),
            ("Something else.", ""),
        ],
    )
    def test_refused_field_is_named_as_ours(self, rig: Rig, detail: str, field: str) -> None:
        outcome = self.refused(rig, 400, "Employment validation error(s)", detail)
        assert (outcome.state, outcome.field) == ("failed", field)

    @pytest.mark.parametrize(
        ("status", "detail"),
        [
            (400, "Employment object is missing."),
            (
                400,
                "DepartmentPatchDto: The target location specified by path segment 'manageremployeeno' was not found.",
            ),
            (
                400,
                "Enum 'typeofleave' with value = 2 is not valid. (Enums is not allowed to be represented as integers).",
            ),
            (415, "Unsupported Media Type"),
        ],
    )
    def test_a_request_that_go_does_not_understand_is_our_fault(self, rig: Rig, status: int, detail: str) -> None:
        outcome = self.refused(rig, status, "Employment validation error(s)", detail)
        assert outcome.state == "failed"
        assert "fault of Position Sync" in outcome.message

    def test_conflict_is_an_error_of_the_data(self, rig: Rig) -> None:
        outcome = self.refused(rig, 409, "Employment conflict error(s)", "Employment with id = 1 is in use.")
        assert (outcome.state, outcome.cause) == ("failed", "refused_by_target")

    @pytest.mark.parametrize("body", ["{}", '"text"', "[1]", "not json"])
    def test_an_answer_that_is_no_list_is_not_believed(self, rig: Rig, body: str) -> None:
        assert isinstance(self.answered(rig, 200, body).error, UnavailableError)
        rig.sandbox.tenant.calls.clear()  # that it is against the contract is the point

    # -- limits ------------------------------------------------------------------------------------------

    def test_limits_leave_room_below_the_documented_ones_and_go_by_the_subscription_key(self) -> None:
        limits = SYSTEM.limits
        assert (limits.requests, limits.per_seconds, limits.shared_by) == (8, 1.0, "subscription_key")

    def test_the_real_rate_limit(self, rig: Rig) -> None:
        """10 calls in a second for the subscription key, whoever makes them."""
        rig.sandbox.state["per_second"] = 10
        token = rig.connector().tokens.get()  # type: ignore[attr-defined]
        headers = {"Authorization": f"Bearer {token}", "Ocp-Apim-Subscription-Key": SUBSCRIPTION_KEY}
        address = f"{rig.connector().context.urls['api']}/Enterprises"
        with requests.Session() as session:
            statuses = [session.get(address, headers=headers, timeout=5).status_code for _ in range(10)]
        assert statuses == [200] * 9 + [429], "the sign-in counts too"
        error = rig.sync(self.position()).error
        assert isinstance(error, RateLimitedError)
        assert error.wait == 1
        assert "Rate limit is exceeded" in error.vendor_text

    def test_token_endpoint_in_trouble_is_not_a_refusal(self, rig: Rig) -> None:
        body = {"statusCode": "429", "message": "Rate limit is exceeded. Try again in 3 seconds."}
        error = self.answered(rig, 429, body, path="OAuth").error
        assert isinstance(error, RateLimitedError) and error.wait == 3
        rig.sandbox.tenant.faults.clear()
        rig.limiter = WindowLimiter(1000, 1.0)  # the old one keeps to the three seconds
        assert isinstance(self.answered(rig, 500, "oops", path="OAuth").error, UnavailableError)

    # -- the sandbox is strict ---------------------------------------------------------------------------

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"Nonsense": 1}, "not a known property"),
            ({"EndDate": "2026-12-31"}, "EndDateReason"),
            ({"EndDate": "2025-12-31", "EndDateReason": "EmployeeHasResigned"}, "before StartDate"),
            ({"EmploymentForm": 0}, "represented as integers"),
            ({"EmploymentForm": "Fast"}, "invalid for target location"),
            ({"ProfessionCode": "2554"}, "ProfessionCode"),
            ({"EnterpriseId": 1}, "Enterprise with id = 1 not found"),
            ({"StartDate": None}, "StartDate field is required"),
            ({"WorkingHoursArrangement": ""}, "invalid for target location"),
            ({"StartDate": "01.02.2026"}, "invalid for target location"),
            ({"EmploymentSpecification": "CrossBorderCommuter"}, "TaxCountryCode"),
        ],
    )
    def test_sandbox_refuses(self, rig: Rig, changes: dict[str, Any], words: str) -> None:
        rig.sync(self.position())
        body = self.posts(rig, "Employments")[0] | {"IsDefault": False} | changes
        with pytest.raises(DataRefusedError) as caught:
            rig.connector().http.post(f"Employees/{PERSON_THERE}/Employments", json=body)
        assert words in caught.value.vendor_text
        assert len(rig.there()) == 1

    @pytest.mark.parametrize(
        ("body", "words"),
        [
            ({"FromDate": "2026-01-01", "FtePercentage": 10}, "same FromDate"),
            ({"FromDate": "2025-01-01", "FtePercentage": 10}, "before the StartDate"),
            ({"FromDate": "2026-02-01", "FtePercentage": 101}, "between 0 and 100"),
            ({"FromDate": "2026-02-01"}, "required"),
        ],
    )
    def test_sandbox_refuses_a_line(self, rig: Rig, body: dict[str, Any], words: str) -> None:
        rig.sync(self.position())
        with pytest.raises(DataRefusedError) as caught:
            rig.connector().http.post("Employees/Employments/77001/FtePercentages", json=body)
        assert words in caught.value.vendor_text
        assert caught.value.field in ("percentage", "start_date", "")

    def test_sandbox_takes_no_other_content_type_and_no_odata(self, rig: Rig) -> None:
        http = rig.connector().http
        with pytest.raises(DataRefusedError) as caught:
            http.patch(f"Employees/{PERSON_THERE}", json=[{"op": "replace", "path": "/JobTitle", "value": "x"}])
        assert caught.value.vendor_code == "415"
        with pytest.raises(DataRefusedError):
            http.get("Employees", params={"$top": 1})
        rig.sandbox.tenant.calls.clear()  # neither is in the contract

    def test_sandbox_shows_no_national_id(self, rig: Rig) -> None:
        answer: Response = rig.connector().http.get(f"Employees/{PERSON_THERE}")
        assert answer.json()["NationalIdNumber"] == "hidden"
        rig.sync(self.position())
        titles = [table.title for table in rig.sandbox.tables()]
        assert titles == ["Employees", "Employments", "Enterprises", "Departments"]

    def test_the_sandbox_keeps_json_only(self, rig: Rig) -> None:
        rig.sync(self.position())
        assert json.loads(json.dumps(rig.sandbox.state)) == rig.sandbox.state
