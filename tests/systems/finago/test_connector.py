"""Finago Payday: everything is text, one upsert does it all, and 401 means two things."""

from __future__ import annotations

import contextlib
import json
import logging
import traceback
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from integrations.planning.planner import Rules, Sent
from integrations.sandboxes.base import Call
from integrations.sdk.context import MemoryVault
from integrations.sdk.errors import (
    DataRefusedError,
    EmployeeNotFoundError,
    NotAuthorizedError,
    RateLimitedError,
    StaleError,
    UnavailableError,
    UnclearOutcomeError,
)
from integrations.sdk.values import Change, Company, Person, RemoteEmployee, Wanted
from tests.contracts import check_openapi
from tests.systems.kit import PERSON, CountsWhenWritten, HistoryBehaviour, Rig, SeveralAtOnce

NEVER_REPORTED = "arbeidsforholdetSkulleAldriVaertRapportert"
ROW = {
    "employment_id": "33042-90",
    "primary_employment": "1",
    "startdate": "2024-01-01",
    "enddate": "2025-12-31",
    "enddate_reason": "kontraktEngasjementEllerVikariatErUtloept",
    "employment_form": "midlertidig",
    "profession_code": "1142102",
    "employment_rate": "50.00",
    "employment_type": "ordinaertArbeidsforhold",
    "enterprise_number": "811010472",
    "working_times": "skift365",
}
HTML = "<html><head><title>Fatal</title><style>p{}</style></head><body><p>Noe gikk galt &amp; stoppet</p></body></html>"


class TestFinago(CountsWhenWritten, SeveralAtOnce, HistoryBehaviour):
    other_code = "1142102"
    system = "finago"
    values = {
        "company": Company("Fjellheim Drift", "974760673"),
        "contract_type": "permanent",
        "occupation_code": "2130102",
        "percentage": Decimal("90"),
        "working_hours_scheme": "not_shift",
    }
    shown = ("employment_rate", "60.00")
    start_name = "startdate"
    end_name = "enddate"
    end_open = ""
    required = "occupation_code"
    too_long = ("occupation_code", "21301020")
    bad = ("occupation_code", "213010A")
    write_path = "employment/"
    access = ({"path": "employee/", "status": 403},)
    several = {"status": 400, "body": "<p>First thing: startdate</p><p>Second thing: profession_code</p>"}

    breaks_at = "employment/"

    def page_of_two(self, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
        """It has no pages."""

    def vanish(self, rig: Rig, employee_id: str) -> None:
        del rig.sandbox.state["employees"][employee_id]

    def check_contract(self, calls: list[Call]) -> None:
        """Every call against the vendor's contract; answers of ordered faults (plain text) are not the vendor's."""
        for call in calls:
            if call.content_type != "text/plain":
                assert check_openapi("finago.openapi.json", call, strip="api/") == []

    # -- helpers -----------------------------------------------------------------------------------------

    def seeded(self, rig: Rig, **values: str) -> dict[str, str]:
        """An employment that a payroll clerk typed in."""
        row = {**ROW, **values}
        rig.sandbox.state["employments"][rig.person.number].append(row)
        return row

    def clerk_chooses(self, rig: Rig) -> tuple[str, str]:
        rig.sandbox.state["newer"] = ["laerling"]
        rig.sandbox.state["employments"][rig.person.number][0]["employment_form"] = "laerling"
        return "contract_type", "laerling"

    def test_a_kind_of_employment_that_we_do_not_know_stays(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.sandbox.state["employments"][rig.person.number][0]["employment_type"] = "verneplikt"
        outcome = rig.one(self.position())
        assert (outcome.cause, outcome.field) == ("stays_there", "contract_type")
        rig.forget_calls()  # newer than the contract

    @pytest.mark.parametrize("name", ["employment_rate", "profession_code", "enterprise_number"])
    def test_what_is_not_shown_is_not_compared(self, rig: Rig, name: str) -> None:
        rig.sync(self.position())
        del rig.sandbox.state["employments"][rig.person.number][0][name]
        rig.forget_calls()
        assert rig.one(self.position()).cause == "nothing_to_change"
        assert not self.writes(rig)

    def test_an_end_that_cannot_be_read_is_no_open_end(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.sandbox.state["employments"][rig.person.number][0]["enddate"] = "31.12.2026"
        assert isinstance(rig.sync(self.position("2", "2026-06-01")).error, UnavailableError)
        rig.forget_calls()

    def by_id(self, rig: Rig) -> dict[str, dict[str, str]]:
        return {row["employment_id"]: row for row in rig.there()}

    def sent_bodies(self, rig: Rig) -> list[Any]:
        return [json.loads(call.body) for call in self.writes(rig)]

    def counted(self, rig: Rig, method: str, path: str) -> int:
        return sum(1 for c in rig.calls if c.method == method and c.path == path)

    def wanted(self, **values: Any) -> Wanted:
        """A translated position, as the connector gets it."""
        return Wanted(
            "1",
            {
                "start_date": date(2026, 1, 1),
                "end_date": None,
                "end_reason": None,
                "contract_type": "fast",
                "occupation_code": "2130102",
                "percentage": Decimal("90.00"),
                "company": "974760673",
                "working_hours_scheme": "ikkeSkift",
                **values,
            },
        )

    employee = RemoteEmployee("1042")

    # -- everything is text ------------------------------------------------------------------------------

    def test_everything_sent_is_text(self, rig: Rig) -> None:
        rig.sync(self.position())
        [[body]] = self.sent_bodies(rig)
        assert body == {
            "primary_employment": "1",
            "startdate": "2026-01-01",
            "enddate": "",
            "enddate_reason": "",
            "employment_form": "fast",
            "profession_code": "2130102",
            "employment_rate": "90.00",
            "employment_type": "ordinaertArbeidsforhold",
            "enterprise_number": "974760673",
            "working_times": "ikkeSkift",
        }

    @pytest.mark.parametrize(
        ("ours", "theirs"), [("0", "0.00"), ("100", "100.00"), ("37.5", "37.50"), ("33.33", "33.33")]
    )
    def test_a_percentage_has_two_decimals(self, rig: Rig, ours: str, theirs: str) -> None:
        rig.sync(self.position(percentage=Decimal(ours)))
        assert rig.there()[0]["employment_rate"] == theirs
        assert rig.one(self.position(percentage=Decimal(ours))).cause == "nothing_to_change"

    def test_text_is_read_as_dates_and_numbers(self, rig: Rig) -> None:
        self.seeded(rig)
        self.seeded(rig, employment_id="33042-91", startdate="2026-01-01", enddate="", enddate_reason="")
        ended, running = rig.connector().read(self.employee)
        assert dict(ended.values) == {
            "start_date": date(2024, 1, 1),
            "end_date": date(2025, 12, 31),
            "end_reason": "kontraktEngasjementEllerVikariatErUtloept",
            "contract_type": "midlertidig",
            "occupation_code": "1142102",
            "percentage": Decimal("50.00"),
            "company": "811010472",
            "working_hours_scheme": "skift365",
        }
        assert (running.values["end_date"], running.values["end_reason"]) == (None, None)

    def test_an_occupation_code_keeps_its_leading_zeros(self, rig: Rig) -> None:
        rig.sync(self.position(occupation_code="0110101"))
        assert rig.there()[0]["profession_code"] == "0110101"
        assert rig.one(self.position(occupation_code="0110101")).cause == "nothing_to_change"

    # -- the upsert --------------------------------------------------------------------------------------

    def test_an_update_sends_the_one_full_object_and_leaves_siblings_alone(self, rig: Rig) -> None:
        """Fields left out of an update would be blanked, so what a clerk filled in must travel back."""
        sibling = self.seeded(rig)
        mine = self.seeded(rig, employment_id="33042-91", startdate="2026-01-01", enddate="", enddate_reason="")
        settings = ("working_hours_scheme", "contract_type")
        outcome = rig.one(
            self.position(without=settings, occupation_code="1142102", company=Company("Lager", "811010472"))
        )
        assert set(outcome.changes) == {"percentage"}
        assert self.sent_bodies(rig) == [[{**mine, "employment_rate": "90.00"}]]
        assert rig.there() == [sibling, {**mine, "employment_rate": "90.00"}]

    def test_a_create_leaves_siblings_alone_and_gives_back_the_generated_id(self, rig: Rig) -> None:
        sibling = self.seeded(rig)
        rig.sync(self.position())
        assert self.by_id(rig)[sibling["employment_id"]] == sibling
        [made] = set(self.by_id(rig)) - {sibling["employment_id"]}
        assert rig.sent["1"].remote_id == made

    def test_a_create_never_sends_an_id(self, rig: Rig) -> None:
        """An unknown id makes a new employment under that id, which a-melding would then carry."""
        rig.sent["1"] = Sent("32553-1")
        rig.sync(self.position())
        [[body]] = self.sent_bodies(rig)
        assert "employment_id" not in body

    def test_an_employment_that_is_gone_is_not_written_to(self, rig: Rig) -> None:
        self.seeded(rig, startdate="2026-01-01", enddate="", enddate_reason="")
        connector = rig.connector()
        [remote] = connector.read(self.employee)
        rig.sandbox.state["employments"]["1042"].clear()
        connector.read(self.employee)
        changes = {"percentage": Change(Decimal("50"), Decimal("90"))}
        with pytest.raises(StaleError):
            connector.update(self.employee, PERSON, remote, changes, self.wanted())
        with pytest.raises(StaleError):
            connector.delete(self.employee, remote)
        assert not self.writes(rig)

    def test_a_lost_create_is_known_by_start_occupation_and_enterprise(self, rig: Rig) -> None:
        """Of those that start on one day only the alike one is ours; it is written by its id and not made again."""
        rig.connector().check()
        rig.read_timeout = 0.3
        rig.fail(kind="hang", method="POST", path="employment/", seconds=0.6, after=True)
        with pytest.raises(UnclearOutcomeError):
            rig.connector().create(self.employee, PERSON, self.wanted())
        rig.read_timeout = None
        [ours] = rig.there()
        others = [
            self.seeded(
                rig, employment_id=f"33042-9{n}", startdate="2026-01-01", enddate="", enddate_reason="", **other
            )
            for n, other in enumerate(({"profession_code": "2130102"}, {"enterprise_number": "974760673"}))
        ]
        rig.sandbox.state["employments"]["1042"].reverse()
        rig.forget_calls()
        answer = [ours, *others]
        rig.fail(method="POST", path="employment/", status=200, body=json.dumps(answer))  # the clerk's overlap
        written = rig.connector().create(self.employee, PERSON, self.wanted())
        assert written.remote_id == ours["employment_id"]
        assert [body["employment_id"] for [body] in self.sent_bodies(rig)] == [ours["employment_id"]]

    @pytest.mark.parametrize("different", ["profession_code", "enterprise_number", "startdate"])
    def test_an_employment_that_differs_in_the_key_is_not_adopted(self, rig: Rig, different: str) -> None:
        """It is the clerk's: ours goes out as a new one, which the sandbox refuses if it is the same job at once."""
        alike = {"profession_code": "2130102", "enterprise_number": "974760673", "startdate": "2026-01-01"}
        theirs = self.seeded(rig, **{**alike, different: ROW[different]}, enddate="2026-12-31")
        with contextlib.suppress(DataRefusedError):
            rig.connector().create(self.employee, PERSON, self.wanted())
        assert all("employment_id" not in body for [body] in self.sent_bodies(rig))
        assert rig.there()[0] == theirs
        assert len(rig.there()) == (1 if different == "startdate" else 2)

    def test_a_broken_off_answer_to_a_create_is_adopted(self, rig: Rig) -> None:
        rig.fail(kind="truncate", method="POST", path="employment/")
        assert isinstance(rig.sync(self.position()).error, UnclearOutcomeError)
        rig.sync(self.position())
        assert len(rig.there()) == 1
        assert rig.sent["1"].remote_id == rig.there()[0]["employment_id"]

    def test_an_accepted_create_that_is_not_shown_is_said(self, rig: Rig) -> None:
        rig.fail(method="POST", path="employment/", status=200, body="[]")
        outcome = rig.one(self.position())
        assert (outcome.state, outcome.cause) == ("failed", "not_kept_by_target")
        assert self.counted(rig, "POST", "api/employment/v2/1042") == 1

    def test_a_value_that_was_not_kept_is_a_warning(self, rig: Rig) -> None:
        kept = {**ROW, "startdate": "2026-01-01", "enddate": "", "enddate_reason": "", "working_times": "ikkeSkift"}
        kept |= {"employment_form": "fast", "profession_code": "2130102", "enterprise_number": "974760673"}
        rig.fail(method="POST", path="employment/", status=200, body=json.dumps([kept]))
        outcome = rig.one(self.position())
        assert outcome.state == "succeeded"
        assert [(w.field, "50.00" in w.message) for w in outcome.warnings] == [("percentage", True)]
        assert outcome.sent is not None
        assert "percentage" not in outcome.sent.values

    def test_a_changed_sibling_is_a_warning(self, rig: Rig) -> None:
        sibling = self.seeded(rig)
        rig.sync(self.position())
        mine = next(row for row in rig.there() if row != sibling)
        answer = [{**mine, "employment_rate": "60.00"}, {**sibling, "employment_rate": "10.00"}]
        rig.fail(method="POST", path="employment/", status=200, body=json.dumps(answer))
        outcome = rig.one(self.position(percentage=Decimal("60")))
        assert [sibling["employment_id"] in w.message for w in outcome.warnings] == [True]

    def test_fewest_calls(self, rig: Rig) -> None:
        rig.sync(self.position())
        assert [(c.method, c.path) for c in rig.calls] == [
            ("GET", "api/auth"),
            ("GET", "api/employee/v2"),
            ("GET", "api/employment/v2/1042"),
            ("GET", "api/organization/v2"),
            ("POST", "api/employment/v2/1042"),
        ]
        rig.forget_calls()
        rig.sync(self.position(percentage=Decimal("60")))
        assert [(c.method, c.path) for c in rig.calls] == [
            ("GET", "api/employee/v2"),
            ("GET", "api/employment/v2/1042"),
            ("POST", "api/employment/v2/1042"),
        ]

    # -- 401 means two things ----------------------------------------------------------------------------

    def test_a_dead_access_token_is_renewed_once_and_the_work_goes_on(self, rig: Rig) -> None:
        rig.connector().check()
        rig.sandbox.state["tokens"].clear()
        rig.forget_calls()
        assert rig.one(self.position()).state == "succeeded"
        assert self.counted(rig, "GET", "api/auth") == 1
        assert len(rig.there()) == 1

    def test_a_second_401_with_a_fresh_token_is_refused_data(self, rig: Rig) -> None:
        """The overlap is refused in the very words of a dead token; a new token shows which of the two it is."""
        self.seeded(rig, profession_code="2130102", enterprise_number="974760673", enddate="", enddate_reason="")
        connector = rig.connector()
        connector.read(self.employee)
        rig.forget_calls()
        with pytest.raises(DataRefusedError) as caught:
            connector.create(self.employee, PERSON, self.wanted())
        assert caught.value.vendor_text == "Error, bad input parameter"
        assert caught.value.vendor_code == "401"
        assert [c.path for c in rig.calls if c.status == 401] == ["api/employment/v2/1042"] * 2
        assert self.counted(rig, "GET", "api/auth") == 1
        assert len(rig.there()) == 1

    def test_refused_data_leaves_the_connection_and_the_other_positions_going(self, rig: Rig) -> None:
        rig.fail(method="POST", path="employment/", status=401, times=2)
        report = rig.sync(self.position(end="2026-05-31"), self.position("2", "2026-06-01"))
        assert report.error is None
        first, second = report.outcomes["1"], report.outcomes["2"]
        assert (first.state, first.cause) == ("failed", "refused_by_target")
        assert second.state == "succeeded"

    def test_a_refused_api_key_stops_the_connection(self, rig: Rig) -> None:
        rig.connector().check()
        rig.sandbox.state.update(persistent="another-key-0001", tokens={})
        report = rig.sync(self.position())
        assert isinstance(report.error, NotAuthorizedError)
        assert "Settings, tab Misc" in report.error.message
        assert report.outcomes["1"].state == "retrying"

    def test_a_refused_list_is_a_missing_right(self, rig: Rig) -> None:
        """The list of employees takes no input, so with a fresh token only the key's rights can be refused."""
        rig.fail(method="GET", path="employee/v2", status=401, times=2)
        error = rig.sync(self.position()).error
        assert isinstance(error, NotAuthorizedError)
        assert "employees" in error.message

    def test_refused_employments_are_one_employees_trouble(self, rig: Rig) -> None:
        rig.fail(method="GET", path="employment/", status=401, times=2)
        error = rig.sync(self.position()).error
        assert isinstance(error, DataRefusedError)

    def test_a_forbidden_call_stops_the_connection(self, rig: Rig) -> None:
        rig.fail(method="POST", path="employment/", status=403)
        assert isinstance(rig.sync(self.position()).error, NotAuthorizedError)

    def test_check_says_what_to_renew_and_where(self, rig: Rig) -> None:
        rig.credentials = {"token": "quite-another-key"}
        [line] = rig.connector().check()
        assert (line.ok, line.title) == (False, "API key")
        assert "Settings, tab Misc" in line.where

    def test_check_proves_the_key_and_not_only_the_kept_token(self, rig: Rig) -> None:
        rig.connector().check()
        rig.sandbox.state["persistent"] = "another-key-0001"
        assert not rig.connector().check()[0].ok

    def test_check_reads_employments(self, rig: Rig) -> None:
        rig.fail(method="GET", path="employment/", status=401, times=2)
        lines = rig.connector().check()
        assert [(line.title, line.ok) for line in lines] == [
            ("API key", True),
            ("Company", True),
            ("Employees", True),
            ("Employments", False),
        ]

    # -- access tokens -----------------------------------------------------------------------------------

    @pytest.mark.parametrize("offset", ["+02:00", "+00:00", "-05:00", "+05:30"])
    @pytest.mark.parametrize(("minutes", "calls"), [(58, 0), (59.5, 1), (90, 1)])
    def test_expires_on_is_an_instant_with_an_offset(self, rig: Rig, offset: str, minutes: float, calls: int) -> None:
        """The token lives an hour, whatever clock its end is written on; it is renewed a minute early."""
        rig.sandbox.state["offset"] = offset
        rig.connector().check()
        rig.forget_calls()
        connector = rig.connector()
        connector.context.now = lambda: datetime.now(UTC) + timedelta(minutes=minutes)
        connector.read(self.employee)
        assert self.counted(rig, "GET", "api/auth") == calls

    @pytest.mark.parametrize("expires", ["", "soon", "2020-01-01T00:00:00+02:00"])
    def test_a_strange_expiry_is_no_reason_to_ask_before_every_call(self, rig: Rig, expires: str) -> None:
        rig.connector().check()
        [token] = rig.sandbox.state["tokens"]
        rig.vault = MemoryVault()
        rig.forget_calls()
        answer = json.dumps({"accessToken": token, "expiresOn": expires})
        rig.fail(method="GET", path="auth", status=200, body=answer, times=9)
        assert rig.one(self.position()).state == "succeeded"
        assert self.counted(rig, "GET", "api/auth") == 1

    @pytest.mark.parametrize(("hours", "calls"), [(0.9, 1), (3.5, 0)])
    def test_an_expiry_without_an_offset_is_taken_early_rather_than_late(
        self, rig: Rig, hours: float, calls: int
    ) -> None:
        """A bare clock time could be Norwegian, which is up to two hours ahead of UTC: it means the earlier instant."""
        rig.connector().check()
        [token] = rig.sandbox.state["tokens"]
        expires = (datetime.now(UTC) + timedelta(hours=hours)).replace(tzinfo=None).isoformat()
        answer = json.dumps({"accessToken": token, "expiresOn": expires})
        rig.fail(method="GET", path="auth", status=200, body=answer)
        rig.connector().check()
        rig.forget_calls()
        rig.connector().read(self.employee)
        assert self.counted(rig, "GET", "api/auth") == calls

    def test_an_access_token_serves_the_next_turn_too(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.sync(self.position(percentage=Decimal("60")))
        assert self.counted(rig, "GET", "api/auth") == 1

    def test_another_api_key_does_not_use_the_old_ones_access_token(self, rig: Rig) -> None:
        """A key opens one company: the kept token of the old key would write into the old company."""
        rig.connector().check()
        rig.sandbox.state["persistent"] = rig.credentials["token"] = "fresh-key-of-company-2"
        rig.forget_calls()
        rig.sync(self.position())
        assert self.counted(rig, "GET", "api/auth") == 1

    def test_no_access_token_in_the_answer_is_tried_again(self, rig: Rig) -> None:
        rig.fail(method="GET", path="auth", status=200, body=HTML)
        assert isinstance(rig.sync(self.position()).error, UnavailableError)

    def test_the_access_request_carries_no_bearer(self, rig: Rig) -> None:
        rig.sync(self.position())
        call = next(c for c in rig.calls if c.path == "api/auth")
        assert "Authorization" not in call.headers

    # -- the API key in the address ----------------------------------------------------------------------

    def test_the_api_key_is_in_no_log_and_no_exchange(self, rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        secret = rig.credentials["token"]
        report = rig.sync(self.position())
        assert any("/auth" in e.url for e in report.exchanges)
        assert "/auth" in caplog.text  # urllib3 does log the address
        [access] = rig.sandbox.state["tokens"]
        for kept in (repr(report.exchanges), caplog.text):
            assert secret not in kept
            assert access not in kept

    @pytest.mark.parametrize("status", [401, 500, 429, 404])
    def test_the_api_key_is_in_no_exception_even_if_they_echo_it(self, rig: Rig, status: int) -> None:
        secret = rig.credentials["token"]
        body = f"<html><body>Bad request: /api/auth?token={secret}</body></html>"
        rig.fail(method="GET", path="auth", status=status, body=body, times=9)
        error = rig.sync(self.position()).error
        assert error is not None
        assert "Bad request" in error.vendor_text
        assert secret not in "".join(traceback.format_exception(error)) + repr(vars(error))
        assert all(secret not in line.detail for line in rig.connector().check())

    def test_the_api_key_is_in_no_exception_of_a_broken_connection(self, rig: Rig) -> None:
        secret = rig.credentials["token"]
        connector = rig.connector()
        connector.http.base_url = "http://127.0.0.1:9/api"  # nobody listens there
        with pytest.raises(UnavailableError) as caught:
            connector.read(self.employee)
        assert secret not in "".join(traceback.format_exception(caught.value))
        assert secret not in repr(connector.http.take_exchanges())

    def test_the_api_key_is_in_no_exception_of_a_timeout(self, rig: Rig) -> None:
        rig.read_timeout = 0.2
        rig.fail(kind="hang", path="auth", seconds=0.4)
        with pytest.raises(UnavailableError) as caught:
            rig.connector().read(self.employee)
        assert rig.credentials["token"] not in "".join(traceback.format_exception(caught.value))

    # -- ends --------------------------------------------------------------------------------------------

    def test_an_end_needs_a_reason(self, rig: Rig) -> None:
        outcome = rig.one(self.position(end="2026-12-31", without=("end_reason",)))
        assert (outcome.state, outcome.cause, outcome.field) == ("failed", "missing_required_field", "end_reason")
        assert rig.calls == []

    def test_an_end_reason_without_counterpart_must_be_chosen(self, rig: Rig) -> None:
        position = self.position(end="2026-12-31", end_reason="other")
        outcome = rig.one(position)
        assert (outcome.cause, outcome.field) == ("no_translation", "end_reason")
        rig.settings["end_reasons"] = {"other": "arbeidsgiverHarSagtOppArbeidstaker"}
        rig.sync(position)
        assert rig.there()[0]["enddate_reason"] == "arbeidsgiverHarSagtOppArbeidstaker"

    def test_nobody_can_choose_the_reason_that_cancels(self, rig: Rig) -> None:
        rig.settings["end_reasons"] = {"other": NEVER_REPORTED}
        outcome = rig.one(self.position(end="2026-01-01", end_reason="other"))
        assert (outcome.state, outcome.field) == ("failed", "end_reason")

    def test_reopening_blanks_end_and_reason(self, rig: Rig) -> None:
        rig.sync(self.position(end="2026-12-31"))
        assert rig.there()[0]["enddate_reason"] == "arbeidstakerHarSagtOppSelv"
        rig.sync(self.position())
        assert (rig.there()[0]["enddate"], rig.there()[0]["enddate_reason"]) == ("", "")

    def test_an_open_end_never_keeps_a_reason(self, rig: Rig) -> None:
        """Also when only the end date is said to change: a reason without an end would be refused."""
        rig.sync(self.position(end="2026-12-31"))
        connector = rig.connector()
        [remote] = connector.read(self.employee)
        connector.update(self.employee, PERSON, remote, {"end_date": Change(remote.end, None)}, self.wanted())
        assert (rig.there()[0]["enddate"], rig.there()[0]["enddate_reason"]) == ("", "")

    def test_only_the_reason_changes(self, rig: Rig) -> None:
        rig.sync(self.position(end="2026-12-31"))
        outcome = rig.one(self.position(end="2026-12-31", end_reason="dismissed"))
        assert set(outcome.changes) == {"end_reason"}
        assert rig.there()[0]["enddate"] == "2026-12-31"
        assert rig.there()[0]["enddate_reason"] == "arbeidsgiverHarSagtOppArbeidstaker"

    def test_other_values_are_not_cleared(self, rig: Rig) -> None:
        """Only an empty end date is documented to clear anything."""
        rig.sync(self.position())
        outcome = rig.one(self.position(without=("percentage", "working_hours_scheme", "contract_type")))
        assert outcome.cause == "nothing_to_change"
        assert rig.there()[0]["employment_rate"] == "90.00"

    # -- the primary employment --------------------------------------------------------------------------

    def test_the_first_employment_is_primary(self, rig: Rig) -> None:
        rig.sync(self.position())
        assert [e["primary_employment"] for e in rig.there()] == ["1"]

    def test_a_new_employment_is_not_primary_beside_an_open_primary(self, rig: Rig) -> None:
        running = self.seeded(rig, startdate="2026-07-01", enddate="", enddate_reason="")
        rig.sync(self.position(end="2026-06-30"))
        assert [e["primary_employment"] for e in rig.there()] == ["0", "1"]
        assert rig.there()[1] == running

    def test_a_new_employment_is_primary_when_the_primary_one_is_over(self, rig: Rig) -> None:
        rig.sync(self.position())
        report = rig.sync(self.position(end="2026-05-31"), self.position("2", "2026-06-01"))
        assert report.outcomes["2"].warnings == ()
        open_ones = [e for e in rig.there() if not e["enddate"]]
        assert [e["primary_employment"] for e in open_ones] == ["1"]

    def test_a_cancelled_primary_counts_for_nothing(self, rig: Rig) -> None:
        self.seeded(rig, startdate="2026-01-01", enddate="2026-01-01", enddate_reason=NEVER_REPORTED)
        rig.sync(self.position())
        assert [e["primary_employment"] for e in rig.there() if not e["enddate"]] == ["1"]

    def test_an_open_employment_that_is_not_primary_does_not_lead(self, rig: Rig) -> None:
        self.seeded(rig, startdate="2026-07-01", enddate="", enddate_reason="", primary_employment="0")
        rig.sync(self.position(end="2026-06-30"))
        assert rig.there()[0]["primary_employment"] == "1"

    def test_an_update_keeps_the_primary_flag(self, rig: Rig) -> None:
        self.seeded(rig, startdate="2026-01-01", enddate="", enddate_reason="", primary_employment="0")
        rig.sync(self.position())
        assert rig.there()[0]["primary_employment"] == "0"

    def test_ending_the_primary_beside_another_open_one_is_a_warning(self, rig: Rig) -> None:
        rig.sync(self.position())
        self.seeded(rig, startdate="2026-07-01", enddate="", enddate_reason="", primary_employment="0")
        outcome = rig.one(self.position(end="2026-05-31"))
        assert ["primary" in w.message for w in outcome.warnings] == [True]
        again = rig.one(self.position(end="2026-04-30"))
        assert again.warnings == ()  # said once

    # -- employees ---------------------------------------------------------------------------------------

    def test_the_employee_list_is_fetched_once_per_turn(self, rig: Rig) -> None:
        rig.sandbox.add_employee("1043", "Bo", "Berg", email="bo@example.com")
        connector = rig.connector()
        assert connector.find_employee(PERSON).id == "1042"
        assert connector.find_employee(Person("78", "1043", "Bo", "Berg")).id == "1043"
        with pytest.raises(EmployeeNotFoundError):
            connector.find_employee(Person("79", "9", "Cy", "Dahl"))
        assert self.counted(rig, "GET", "api/employee/v2") == 1

    def test_the_employee_list_is_not_kept_in_the_log(self, rig: Rig) -> None:
        rig.sandbox.add_employee("1043", "Hemmelig", "Berg", email="bo@example.com")
        report = rig.sync(self.position())
        kept = repr(report.exchanges)
        assert "Hemmelig" not in kept
        assert "43210.00" not in kept

    @pytest.mark.parametrize(
        ("number", "email", "national_id", "by"),
        [
            ("1042", "", "", "employee number"),
            ("01042", "", "", "employee number"),
            ("", "ASE.Sorlie@Example.COM", "", "e-mail"),
            ("999", "ase.sorlie@example.com", "14038512345", "national id"),
            ("999", "nobody@example.com", "140385 12345", "national id"),
            ("", "", "14038512345", "national id"),
        ],
    )
    def test_matching_order(self, rig: Rig, number: str, email: str, national_id: str, by: str) -> None:
        rig.sandbox.add_employee("2000", "Bo", "Berg", email="bo@example.com", national_id="01018012345")
        person = replace(PERSON, number=number, email=email, national_id=national_id)
        found = rig.connector().find_employee(person)
        assert (found.id, found.matched_by) == ("1042", by)

    def test_the_number_goes_before_the_email(self, rig: Rig) -> None:
        rig.sandbox.add_employee("2000", "Åse", "Berg", email=PERSON.email)
        assert rig.connector().find_employee(replace(PERSON, number="2000", national_id="")).id == "2000"

    def test_a_birth_date_is_no_national_id(self, empty_rig: Rig) -> None:
        """What they keep as national id may be a birth date only, which several people share."""
        empty_rig.sandbox.add_employee("2000", "Bo", "Berg", birth_date="1985-03-14")
        empty_rig.sandbox.add_employee("2001", "Cy", "Dahl", national_id="140385")
        for national_id in ("140385", "19850314"):
            with pytest.raises(EmployeeNotFoundError):
                empty_rig.connector().find_employee(replace(PERSON, number="", email="", national_id=national_id))

    @pytest.mark.parametrize(("here", "there"), [("198503141234", "850314-1234"), ("850314-1234", "19850314-1234")])
    def test_a_swedish_national_id_with_or_without_century(self, empty_rig: Rig, here: str, there: str) -> None:
        empty_rig.sandbox.add_employee("2000", "Bo", "Berg", national_id=there)
        person = replace(PERSON, number="", email="", national_id=here)
        assert empty_rig.connector().find_employee(person).id == "2000"

    def test_a_known_id_is_believed_while_it_bears_a_mark(self, rig: Rig) -> None:
        rig.sandbox.add_employee("2000", "Bo", "Berg", email=PERSON.email)
        assert rig.connector().find_employee(PERSON, "2000").id == "2000"
        del rig.sandbox.state["employees"]["2000"]
        assert rig.connector().find_employee(PERSON, "2000").id == "1042"

    def test_nothing_to_search_by(self, rig: Rig) -> None:
        with pytest.raises(EmployeeNotFoundError, match=r"nothing here .* digits only"):
            rig.connector().find_employee(Person("5", "A-17", "Bo", "Berg"))

    # -- two employments with the same dates -------------------------------------------------------------

    def test_two_employments_with_the_same_dates_are_not_guessed_between(self, rig: Rig) -> None:
        for employment_id in ("33042-1", "33042-2"):
            self.seeded(rig, employment_id=employment_id, startdate="2026-01-01", enddate="", enddate_reason="")
        outcome = rig.one(self.position())
        assert (outcome.state, outcome.cause) == ("failed", "period_not_unique")
        assert not self.writes(rig)

    def test_of_two_with_the_same_dates_ours_is_known_by_its_id(self, rig: Rig) -> None:
        """They may hold two side by side (the vendor's own example does); only the linked one is written."""
        period = {"startdate": "2026-01-01", "enddate": "2026-12-31"}
        for employment_id, primary in (("33042-1", "1"), ("33042-2", "0")):
            self.seeded(rig, employment_id=employment_id, primary_employment=primary, **period)
        rig.sent["1"] = Sent("33042-2", {})
        connector = rig.connector()
        remotes = {r.id: r for r in connector.read(self.employee)}
        assert set(remotes) == {"33042-1", "33042-2"}
        plan = rig.one(self.position(end="2026-12-31"), execute=False)
        assert plan.state == "planned"
        rig.fail(
            method="POST",
            path="employment/",
            status=200,
            body=json.dumps([ROW | period, ROW | period | {"employment_id": "33042-2"}]),
        )
        rig.sync(self.position(end="2026-12-31"))
        [[body]] = self.sent_bodies(rig)
        assert body["employment_id"] == "33042-2"

    # -- answers that are no JSON ------------------------------------------------------------------------

    def test_an_html_refusal_is_told_in_plain_words(self, rig: Rig) -> None:
        rig.fail(method="POST", path="employment/", status=401, body=HTML, times=2)
        outcome = rig.one(self.position())
        assert outcome.vendor_text == "Noe gikk galt & stoppet"
        assert "<" not in outcome.message
        assert outcome.message.startswith("Finago refused")

    def test_an_html_page_for_server_trouble(self, rig: Rig) -> None:
        rig.fail(method="POST", path="employment/", status=500, body=HTML)
        error = rig.sync(self.position()).error
        assert isinstance(error, UnclearOutcomeError)  # it may have been carried out before the trouble
        assert error.vendor_text == "Noe gikk galt & stoppet"

    @pytest.mark.parametrize("body", [HTML, "", '{"error": "x"}', '[{"startdate": "2026-01-01"}]'])
    def test_an_unreadable_answer_to_a_read_is_trouble_and_not_an_empty_list(self, rig: Rig, body: str) -> None:
        """Taken for an empty list it would make the employment a second time."""
        rig.sync(self.position())
        rig.sent.clear()
        rig.fail(method="GET", path="employment/", status=200, body=body)
        assert isinstance(rig.sync(self.position()).error, UnavailableError)
        assert len(rig.there()) == 1

    @pytest.mark.parametrize("body", ["null", "{}", "[]"])
    def test_no_employments_may_come_as_nothing(self, rig: Rig, body: str) -> None:
        rig.fail(method="GET", path="employment/", status=200, body=body)
        assert rig.connector().read(self.employee) == []

    @pytest.mark.parametrize("path", ["employee/v2", "organization/v2"])
    def test_an_unreadable_register_is_trouble(self, rig: Rig, path: str) -> None:
        rig.fail(method="GET", path=path, status=200, body=HTML)
        assert isinstance(rig.sync(self.position()).error, UnavailableError)

    def test_an_unreadable_answer_to_a_write_is_unclear(self, rig: Rig) -> None:
        rig.fail(method="POST", path="employment/", status=200, body=HTML)
        assert isinstance(rig.sync(self.position()).error, UnclearOutcomeError)

    @pytest.mark.parametrize(
        ("words", "field"),
        [
            ('{"message": "profession_code is invalid"}', "occupation_code"),
            ("<p>enddate_reason missing</p>", "end_reason"),
            ("enddate before startdate", "start_date"),
            ("something else", ""),
        ],
    )
    def test_a_field_that_they_name_is_named(self, rig: Rig, words: str, field: str) -> None:
        rig.fail(method="POST", path="employment/", status=401, body=words, times=2)
        assert rig.one(self.position()).field == field

    def test_no_national_id_in_their_words(self, rig: Rig) -> None:
        rig.fail(method="POST", path="employment/", status=400, body="14038512345 is unknown")
        outcome = rig.one(self.position())
        assert outcome.cause == "refused_by_target"
        assert "14038512345" not in repr(outcome)

    def test_a_rate_limit_while_writing_writes_nothing(self, rig: Rig) -> None:
        rig.fail(method="POST", path="employment/", status=429, headers={"Retry-After": "3"})
        error = rig.sync(self.position()).error
        assert isinstance(error, RateLimitedError)
        assert error.wait == 3
        assert rig.there() == []

    # -- the enterprise number ---------------------------------------------------------------------------

    def test_an_enterprise_number_that_they_do_not_have_is_refused_here(self, rig: Rig) -> None:
        outcome = rig.one(self.position(company=Company("Fremmed AS", "999999999")))
        assert (outcome.state, outcome.cause, outcome.field) == ("failed", "enterprise_not_in_target", "company")
        assert "974760673 (Fjellheim AS)" in outcome.message
        assert "811010472 (Fjellheim Lager)" in outcome.message
        assert not self.writes(rig)

    def test_a_changed_enterprise_number_is_held_against_their_list_too(self, rig: Rig) -> None:
        rig.sync(self.position())
        assert rig.one(self.position(company=Company("X", "999999999"))).cause == "enterprise_not_in_target"
        assert rig.one(self.position(company=Company("Lager", "811 010 472"))).state == "succeeded"
        assert rig.there()[0]["enterprise_number"] == "811010472"

    def test_companies_are_mapped_by_the_settings(self, rig: Rig) -> None:
        rig.settings["enterprise_numbers"] = {"914778271": "217733234"}
        rig.sync(self.position(company=Company("Fjellheim AS", "914778271")))
        assert rig.there()[0]["enterprise_number"] == "217733234"

    @pytest.mark.parametrize("company", [None, Company("Uten nummer")])
    def test_a_company_without_a_number_takes_the_settings_one(self, rig: Rig, company: Company | None) -> None:
        outcome = rig.one(self.position(company=company))
        assert outcome.field == "company"
        assert rig.calls == []
        rig.settings["enterprise_number"] = "811010472"
        rig.sync(self.position(company=company))
        assert rig.there()[0]["enterprise_number"] == "811010472"

    def test_the_company_is_read_once_per_turn(self, rig: Rig) -> None:
        rig.sync(self.position(end="2026-05-31"), self.position("2", "2026-06-01"))
        assert self.counted(rig, "GET", "api/organization/v2") == 1

    def test_check_holds_the_settings_against_their_list(self, rig: Rig) -> None:
        rig.settings["enterprise_numbers"] = {"914778271": "999999999"}
        [wrong] = [line for line in rig.connector().check() if not line.ok]
        assert wrong.title == "Enterprise numbers"
        assert "999999999" in wrong.detail

    # -- moving ------------------------------------------------------------------------------------------

    def test_a_move_writes_the_start_date_of_the_same_employment(self, rig: Rig) -> None:
        rig.sync(self.position())
        before = rig.there()[0]
        rig.sync(self.position(start="2026-02-01"), move=True)
        assert rig.there() == [{**before, "startdate": "2026-02-01"}]
        assert self.sent_bodies(rig)[-1] == [{**before, "startdate": "2026-02-01"}]

    def test_the_move_warns_of_a_melding(self, rig: Rig) -> None:
        assert rig.system.moves
        assert "a-melding" in rig.system.move_note

    # -- cancelling --------------------------------------------------------------------------------------

    def cancel(self, rig: Rig) -> None:
        for row in rig.sandbox.state["employments"][rig.person.number]:
            row |= {"enddate": "2026-03-31", "enddate_reason": NEVER_REPORTED}

    def delete(self, rig: Rig) -> Any:
        rig.rules = Rules(delete=True)
        return rig.sync(deleted=["1"]).outcomes["1"]

    def test_a_deleted_position_is_cancelled(self, rig: Rig) -> None:
        sibling = self.seeded(rig)
        rig.sync(self.position())
        before = next(row for row in rig.there() if row != sibling)
        outcome = self.delete(rig)
        assert (outcome.state, outcome.action, outcome.gone) == ("succeeded", "delete", True), outcome
        assert rig.there() == [sibling, {**before, "enddate": "2026-01-01", "enddate_reason": NEVER_REPORTED}]

    def test_a_cancelled_employment_is_left_out_and_does_not_clash(self, rig: Rig) -> None:
        rig.sync(self.position())
        self.delete(rig)
        assert rig.connector().read(self.employee) == []
        outcome = rig.one(self.position("2"))
        assert (outcome.state, outcome.action) == ("succeeded", "create")
        cancelled, made = sorted(rig.there(), key=lambda e: e["enddate"], reverse=True)
        assert cancelled["enddate_reason"] == NEVER_REPORTED
        assert (made["enddate"], rig.sent["2"].remote_id) == ("", made["employment_id"])
        assert made["employment_id"] != cancelled["employment_id"]

    def test_never_reported_counts_as_not_there_whatever_its_end(self, rig: Rig) -> None:
        self.seeded(rig, enddate="2026-05-31", enddate_reason=NEVER_REPORTED)
        assert rig.connector().read(self.employee) == []

    def test_an_ended_employment_can_be_cancelled(self, rig: Rig) -> None:
        rig.sync(self.position(end="2026-12-31"))
        self.delete(rig)
        assert [(e["enddate"], e["enddate_reason"]) for e in rig.there()] == [("2026-01-01", NEVER_REPORTED)]

    def test_nothing_is_cancelled_while_the_switch_is_off(self, rig: Rig) -> None:
        rig.sync(self.position())
        outcome = rig.sync(deleted=["1"]).outcomes["1"]
        assert outcome.cause == "delete_switched_off"
        assert rig.there()[0]["enddate"] == ""

    # -- Sweden ------------------------------------------------------------------------------------------

    def test_norwegian_values_are_refused_for_a_swedish_company(self, rig: Rig) -> None:
        rig.sandbox.state["organization"]["country_code"] = "SE"
        outcome = rig.one(self.position())
        assert (outcome.cause, outcome.field) == ("value_of_other_country", "contract_type")
        assert "Swedish" in outcome.message
        assert not self.writes(rig)

    def test_swedish_values_are_chosen_in_the_settings(self, rig: Rig) -> None:
        rig.sandbox.state["organization"]["country_code"] = "SE"
        rig.settings["contract_types"] = {"permanent": "Tillsvidare"}
        rig.settings["end_reasons"] = {"resigned": "EgenBegaran"}
        assert rig.one(self.position(end="2026-12-31", occupation_code="5223")).state == "succeeded"
        assert [(e["employment_form"], e["enddate_reason"]) for e in rig.there()] == [("Tillsvidare", "EgenBegaran")]
        outcome = self.delete(rig)
        assert (outcome.state, outcome.cause) == ("failed", "delete_by_hand")
        assert rig.there()[0]["enddate"] == "2026-12-31"

    def test_no_norwegian_scheme_stands_in_for_none_in_a_swedish_company(self, rig: Rig) -> None:
        rig.sandbox.state["organization"]["country_code"] = "SE"
        rig.settings |= {"contract_types": {"permanent": "Tillsvidare"}, "working_times": "ikkeSkift"}
        bare = self.position(occupation_code="5223", without=("working_hours_scheme",))
        assert rig.one(bare).warnings == ()
        assert "working_times" not in rig.there()[0]
        assert rig.one(bare).cause == "nothing_to_change"

    @pytest.mark.parametrize(
        ("country", "code", "listed"), [("SE", "2130109", "four digits of SSYK 2012"), ("NO", "5223", "STYRK-98")]
    )
    def test_an_occupation_code_of_the_other_country_is_refused(
        self, rig: Rig, country: str, code: str, listed: str
    ) -> None:
        rig.sandbox.state["organization"]["country_code"] = country
        rig.settings["contract_types"] = {"permanent": "Tillsvidare" if country == "SE" else "fast"}
        outcome = rig.one(self.position(occupation_code=code))
        assert (outcome.cause, outcome.field) == ("value_of_other_country", "occupation_code")
        assert listed in outcome.message
        assert not self.writes(rig)

    def test_swedish_values_are_refused_for_a_norwegian_company(self, rig: Rig) -> None:
        rig.settings["contract_types"] = {"permanent": "Tillsvidare"}
        assert rig.one(self.position()).cause == "value_of_other_country"

    def test_a_company_without_country_is_norwegian(self, rig: Rig) -> None:
        """The vendor documents country_code and leaves it out of its own example."""
        del rig.sandbox.state["organization"]["country_code"]
        assert rig.one(self.position()).state == "succeeded"
        assert all(line.ok for line in rig.connector().check())

    def test_check_tells_a_swedish_company_to_translate(self, rig: Rig) -> None:
        rig.sandbox.state["organization"]["country_code"] = "SE"
        [wrong] = [line for line in rig.connector().check() if not line.ok]
        assert wrong.title == "Values for this country"
        tables = {"contract_types": rig.system.field("contract_type"), "end_reasons": rig.system.field("end_reason")}
        for name, field in tables.items():
            assert field.codes is not None
            rig.settings[name] = {ours: "Ingen" for ours in field.codes if ours != "freelance"}
        assert all(line.ok for line in rig.connector().check())

    # -- kinds of employment -----------------------------------------------------------------------------

    def test_a_freelancer_is_a_kind_of_employment_without_a_form(self, rig: Rig) -> None:
        rig.sync(self.position(contract_type="freelance"))
        [there] = rig.there()
        assert there["employment_type"] == "frilanserOppdragstakerHonorarPersonerMm"
        assert "employment_form" not in there
        assert rig.one(self.position(contract_type="freelance")).cause == "nothing_to_change"
        rig.sync(self.position(contract_type="temporary"))
        assert rig.there()[0]["employment_type"] == "ordinaertArbeidsforhold"
        assert rig.there()[0]["employment_form"] == "midlertidig"
        rig.sync(self.position(contract_type="freelance"))
        assert rig.there()[0]["employment_type"] == "frilanserOppdragstakerHonorarPersonerMm"
        assert rig.one(self.position(contract_type="freelance")).cause == "nothing_to_change"

    def test_a_freelancer_has_neither_percentage_nor_scheme(self, rig: Rig) -> None:
        rig.settings["working_times"] = "ikkeSkift"
        freelance = self.position(contract_type="freelance", without=("working_hours_scheme",))
        outcome = rig.one(freelance)
        assert (outcome.state, set(outcome.unsent) & {"percentage"}) == ("succeeded", {"percentage"})
        [there] = rig.there()
        assert (there["employment_rate"], "working_times" in there) == ("", False)
        rig.sync(self.position())
        assert (rig.there()[0]["employment_rate"], rig.there()[0]["working_times"]) == ("90.00", "ikkeSkift")
        assert rig.one(freelance).warnings == ()
        [there] = rig.there()
        assert (there["employment_rate"], "working_times" in there, "employment_form" in there) == ("", False, False)
        assert rig.one(freelance).cause == "nothing_to_change"

    def test_a_missing_scheme_is_filled_in_or_told_of(self, rig: Rig) -> None:
        """The a-melding needs one of whoever is employed: a new connection has a default, one of before is warned."""
        bare = self.position(without=("working_hours_scheme",))
        assert rig.one(bare).warnings == ()
        assert rig.there()[0]["working_times"] == "ikkeSkift"
        rig.settings["working_times"] = ""
        [warning] = rig.one(self.position("2", "2020-01-01", "2020-12-31", without=("working_hours_scheme",))).warnings
        assert "a-melding" in warning.message
        free = self.position("3", "2019-01-01", "2019-12-31", contract_type="freelance")
        assert rig.one(free).warnings == ()

    def test_a_trainee_is_employed_for_a_time(self, rig: Rig) -> None:
        rig.sync(self.position(contract_type="trainee"))
        assert rig.there()[0]["employment_form"] == "midlertidig"

    def test_a_changed_form_keeps_a_maritime_employment_maritime(self, rig: Rig) -> None:
        rig.settings["employment_type"] = "maritimtArbeidsforhold"
        rig.sync(self.position())
        rig.settings["employment_type"] = "ordinaertArbeidsforhold"
        rig.sync(self.position(contract_type="temporary"))
        [there] = rig.there()
        assert (there["employment_type"], there["employment_form"]) == ("maritimtArbeidsforhold", "midlertidig")

    def test_a_contract_type_without_counterpart_must_be_chosen(self, rig: Rig) -> None:
        outcome = rig.one(self.position(contract_type="third_party"))
        assert (outcome.cause, outcome.field) == ("no_translation", "contract_type")
        rig.settings["contract_types"] = {"third_party": "midlertidigAnsattUtleid"}
        rig.sync(self.position(contract_type="third_party"))
        assert rig.there()[0]["employment_form"] == "midlertidigAnsattUtleid"

    def test_defaults_fill_what_a_position_lacks(self, rig: Rig) -> None:
        rig.settings |= {"contract_type": "midlertidig", "working_times": "andreSkift", "occupation_code": "1142102"}
        rig.sync(self.position(without=("contract_type", "working_hours_scheme", "occupation_code")))
        [there] = rig.there()
        assert there["employment_form"] == "midlertidig"
        assert there["working_times"] == "andreSkift"
        assert there["profession_code"] == "1142102"

    def test_weekly_hours_are_not_sent_and_the_reason_is_said(self, rig: Rig) -> None:
        outcome = rig.one(self.position(weekly_hours=Decimal("30"), title="Selger"))
        assert set(outcome.unsent) == {"weekly_hours", "title"}
        assert rig.sandbox.state["employees"]["1042"]["hours_per_week"] == "37.50"

    # -- the sandbox is strict ---------------------------------------------------------------------------

    @pytest.mark.parametrize(
        "wrong",
        [
            {"startdate": ""},
            {"startdate": "01.01.2026"},
            {"enddate": "2026-12-31"},
            {"enddate": "2025-12-31", "enddate_reason": "arbeidstakerHarSagtOppSelv"},
            {"enddate_reason": "arbeidstakerHarSagtOppSelv"},
            {"employment_rate": 90},
            {"employment_rate": "90"},
            {"employment_rate": "100.01"},
            {"profession_code": "213010"},
            {"primary_employment": True},
            {"enterprise_number": "999999999"},
            {"working_times": "nattskift"},
            {"job_title": "Selger"},
            {"startdate": "2025-06-01"},
        ],
    )
    def test_the_sandbox_refuses(self, rig: Rig, wrong: dict[str, Any]) -> None:
        self.seeded(rig)
        good = {**ROW, "startdate": "2026-01-01", "enddate": "", "enddate_reason": ""}
        del good["employment_id"]
        connector = rig.connector()
        answer = connector.http.post("employment/v2/1042", json=[good | wrong], classify=lambda r: None)
        assert answer.status == 401
        assert len(rig.there()) == 1
        assert connector.http.post("employment/v2/1042", json=good, classify=lambda r: None).status == 401
        assert connector.http.post("employment/v2/1042", json=[good], classify=lambda r: None).ok

    def test_the_page_shows_employees_and_employments(self, rig: Rig) -> None:
        rig.sync(self.position())
        people, employments, *_ = rig.sandbox.tables()
        assert people.rows[0][0] == "1042"
        assert dict(zip(employments.columns, employments.rows[0], strict=True))["startdate"] == "2026-01-01"
