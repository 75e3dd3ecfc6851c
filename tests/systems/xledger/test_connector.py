"""Xledger: the shared behaviour of a flat system, and Xledger's own traps."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from django.http import HttpRequest
from graphql import DocumentNode, GraphQLSchema, build_schema, execute_sync, parse, validate

from integrations.planning.planner import Rules
from integrations.planning.work import Report
from integrations.sandboxes.base import Call, Fault
from integrations.sandboxes.server import Tenants
from integrations.sdk.declaration import Delete
from integrations.sdk.errors import (
    ConnectorError,
    DataRefusedError,
    EmployeeNotFoundError,
    EmployeeNotUniqueError,
    NotAuthorizedError,
    RateLimitedError,
    UnavailableError,
    UnclearOutcomeError,
)
from integrations.sdk.values import Manager
from integrations.systems.xledger.connector import XledgerConnector
from integrations.systems.xledger.declaration import FREE, LISTS, OBJECTS, SYSTEM
from integrations.systems.xledger.queries import EMPLOYMENT, MUTATIONS
from integrations.systems.xledger.sandbox import OTHER_OWNER, OWNER, TOKEN
from tests.contracts import contract_file
from tests.systems.kit import DEPARTMENT, CountsWhenWritten, FlatBehaviour, Rig

# The compiled schema leaves this query out, and only the names of these fields are known.
OBJECT_KINDS = """
type ObjectKind { dbId: Int name: String }
type ObjectKindEdge { cursor: String node: ObjectKind }
type ObjectKindsConnection { edges: [ObjectKindEdge!] pageInfo: PageInfo }
extend type Query { objectKinds(first: Int, after: String): ObjectKindsConnection }
"""

BURST = "BAD_REQUEST.BURST_RATE_LIMIT_REACHED"
CONCURRENCY = "BAD_REQUEST.CONCURRENCY_LIMIT_REACHED"
CREDITS = "BAD_REQUEST.INSUFFICIENT_CREDITS"


@cache
def schema() -> GraphQLSchema | None:
    file = contract_file("xledger.graphql")
    return build_schema(file.read_text("utf-8") + OBJECT_KINDS) if file else None


@cache
def read(query: str) -> tuple[DocumentNode, list[str]]:
    """The document, and what is wrong with it by the schema: the same few are sent in every test."""
    contract = schema()
    assert contract is not None
    document = parse(query)
    return document, [error.message for error in validate(contract, document)]


def with_text_ids(data: Any) -> Any:
    """A dbId may be a number or a text there."""
    if isinstance(data, list):
        return [with_text_ids(item) for item in data]
    if isinstance(data, dict):
        return {k: str(v) if k == "dbId" else with_text_ids(v) for k, v in data.items()}
    return data


def breaches(call: Call) -> list[str]:
    """What is wrong with one call and its answer by the schema; calls that were refused are left out."""
    contract = schema()
    if contract is None:
        return []
    try:
        body, answer = json.loads(call.body), json.loads(call.answer)
    except ValueError:
        return []
    made_up = not call.content_type.startswith("application/json")  # by a fault that a test ordered
    if not made_up and "errors" in answer:
        return []
    document, broken = read(body["query"])
    wrong = list(broken)
    if wrong or made_up or answer["data"] is None or body["query"] == MUTATIONS:
        return wrong
    # Executed over what the sandbox gave: every value must be there and pass as its declared type.
    result = execute_sync(contract, document, root_value=answer["data"], variable_values=body["variables"])
    wrong += [error.message for error in result.errors or []]
    if with_text_ids(result.data) != with_text_ids(answer["data"]):
        wrong.append(f"the answer is not what was asked for: {call.answer[:300]}")
    return wrong


@dataclass
class OnMutation(Fault):
    """Trouble for what writes alone: reading and writing share one address."""

    def matches(self, request: HttpRequest, vendor_path: str) -> bool:
        return super().matches(request, vendor_path) and b"updateEmployees" in request.body


class TestXledger(CountsWhenWritten, FlatBehaviour):
    shows_national_id = False
    # `required` stays empty: an update of an Xledger employee needs nothing that every position does not have.
    # `too_long` and `bad` stay None: every text that is sent as it comes is looked up in a list of the customer's. Free
    # fields are in test_free_fields.py.
    system = "xledger"
    values = {
        "title": "Butikkmedarbeider",
        "contract_type": "permanent",
        "percentage": Decimal("80"),
        "weekly_hours": Decimal("37.5"),
        "department": DEPARTMENT,
        "cost_centre": "2760",
    }
    changed = ("title", "Butikksjef")
    shown = ("positionValue", "1020 Butikksjef")
    start_name = "employmentFrom"
    end_name = "employmentTo"
    access = ({"status": 200, "body": '{"errors":[{"message":"Not authorized for employees."}]}'},)
    several = {
        "status": 200,
        "body": '{"data":null,"errors":[{"message":"First thing: positionTitle is too long"},'
        '{"message":"Second thing: employmentFrom is wrong"}]}',
    }
    our_mistakes = ({"status": 200, "body": '{"errors":[{"message":"Cannot query field \\"x\\""}]}'},)

    @pytest.fixture(autouse=True)
    def _many_calls(self, request: pytest.FixtureRequest) -> None:
        """Tests call more often than 20 times in 5 seconds; the limit has its own test."""
        for name in {"rig", "empty_rig"} & set(request.fixturenames):
            request.getfixturevalue(name).sandbox.state["burst"] = 1000

    def page_of_two(self, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("integrations.systems.xledger.connector.SIGHT", 2)

    def check_contract(self, calls: list[Call]) -> None:
        assert [wrong for call in calls for wrong in breaches(call)] == []

    def writes(self, rig: Rig) -> list[Call]:
        """Everything is a POST to one address: what writes is a mutation."""
        return [c for c in rig.calls if self.asked(c)["query"].startswith("mutation")]

    def fail_write(self, rig: Rig, **fault: Any) -> None:
        """Method and path do not tell a mutation from a query."""
        rig.sandbox.tenant.faults.append(OnMutation(**fault))

    def test_lost_answer_is_found_again_and_adopted(self, rig: Rig) -> None:
        """As shared, but for the fault: method and path do not tell a mutation from a query."""
        rig.read_timeout = 0.4
        rig.sandbox.tenant.faults.append(OnMutation(kind="hang", seconds=0.9, after=True))
        first = rig.sync(self.position())
        assert isinstance(first.error, UnclearOutcomeError), first.error
        rig.read_timeout = None
        second = rig.one(self.position())
        assert second.state in ("succeeded", "skipped"), second
        assert len(rig.there()) == 1
        assert rig.one(self.position()).cause == "nothing_to_change"

    # -- helpers ---------------------------------------------------------------------------------------------

    @staticmethod
    def kept(rig: Rig, number: str = "") -> dict[str, Any]:
        """The employee's whole record there."""
        number = number or rig.person.number
        record: dict[str, Any] = next(e for e in rig.sandbox.state["employees"] if e["code"] == number)
        return record

    @staticmethod
    def asked(call: Call) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(call.body)
        return body

    def operations(self, rig: Rig) -> list[str]:
        return [self.asked(c)["query"].split("(")[0].split("{")[0].strip() for c in rig.calls]

    def nodes(self, rig: Rig) -> list[dict[str, Any]]:
        """What the mutations sent, without the employee's number."""
        inputs = [self.asked(call)["variables"]["inputs"] for call in self.writes(rig)]
        assert all(len(i) == 1 for i in inputs)
        return [{k: v for k, v in i[0]["node"].items() if k != "dbId"} for i in inputs]

    @staticmethod
    def number_of(rig: Rig, code: str, kind: int = 20100) -> int:
        values = rig.sandbox.state["values"]
        return next(v["dbId"] for v in values if (v["code"], v["objectKindDbId"]) == (code, kind))

    @staticmethod
    def add_value(rig: Rig, kind: int, code: str, description: str, **more: Any) -> int:
        number = 38000 + len(rig.sandbox.state["values"])
        value = {"dbId": number, "objectKindDbId": kind, "code": code, "description": description}
        rig.sandbox.state["values"].append({**value, "ownerDbId": OWNER, "dateFrom": None, "dateTo": None, **more})
        return number

    @staticmethod
    def answer(rig: Rig, body: Any, status: int = 200, mutation: bool = False, **fault: Any) -> None:
        """From now on Xledger answers so."""
        text = body if isinstance(body, str) else json.dumps(body)
        kind = OnMutation if mutation else Fault
        rig.sandbox.tenant.faults.append(kind(status=status, body=text, times=50, **fault))

    def error_of(
        self, rig: Rig, message: str, code: str = "", *, at: str = "top", status: int = 200, **more: Any
    ) -> Any:
        """What a run ends with when Xledger answers every call with this error."""
        error: dict[str, Any] = {"message": message}
        if at == "top":
            error |= {"code": code} if code else {}
            error |= {"extensions": more} if more else {}
        else:
            error["extensions"] = {"code": code, **more}
        self.answer(rig, {"errors": [error]}, status)
        return rig.sync(self.position()).error

    def refused(self, rig: Rig, message: str, code: str = "", status: int = 200) -> Report:
        """A run whose mutation Xledger answers with this error."""
        self.answer(rig, {"errors": [{"message": message, "code": code}]}, status, mutation=True)
        return rig.sync(self.position())

    # -- calls -----------------------------------------------------------------------------------------------

    def test_one_address_and_its_header(self, rig: Rig) -> None:
        rig.sync(self.position())
        assert {(c.method, c.path, c.query) for c in rig.calls} == {("POST", "graphql", "")}
        for call in rig.calls:
            assert call.headers["Authorization"] == f"token {TOKEN}"
            assert call.headers["Content-Type"] == "application/json"
            assert set(self.asked(call)) == {"query", "variables"}

    def test_fewest_calls(self, rig: Rig) -> None:
        rig.sync(self.position())
        assert self.operations(rig) == [
            "query FindEmployee",
            "query ObjectKinds",
            *["query ObjectValues"] * 4,
            "mutation UpdateEmployee",
        ]
        rig.forget_calls()
        rig.sync(self.position(notice_date=date(2026, 5, 31)))
        assert self.operations(rig) == ["query ReadEmployee", "mutation UpdateEmployee"]

    def test_lists_are_read_once_per_turn(self, rig: Rig) -> None:
        connector = rig.connector()
        assert isinstance(connector, XledgerConnector)
        for _ in range(3):
            assert connector._value("title", "Kokk") == str(self.number_of(rig, "1030"))
            assert connector._value("department", "LAGER") == str(self.number_of(rig, "LAGER", 20130))
        assert self.operations(rig) == ["query ObjectKinds", "query ObjectValues", "query ObjectValues"]

    def test_an_object_kind_given_by_number_needs_no_list_of_kinds(self, rig: Rig) -> None:
        rig.settings.update(title_kind="20100", contract_type_kind="", department_object="", cost_centre_object="")
        assert rig.one(self.position()).state == "succeeded"
        assert "query ObjectKinds" not in self.operations(rig)

    def test_one_node_per_call_with_a_label(self, rig: Rig) -> None:
        rig.sync(self.position("41"))
        [call] = self.writes(rig)
        [item] = self.asked(call)["variables"]["inputs"]
        assert item["clientId"] == "position-41"
        assert item["node"]["dbId"] == self.kept(rig)["dbId"]

    def test_only_changed_fields_are_sent(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.forget_calls()
        rig.sync(self.position(title="Butikksjef"))
        assert self.nodes(rig) == [{"positionValue": {"dbId": self.number_of(rig, "1020")}}]

    def test_first_employment_writes_what_differs(self, rig: Rig) -> None:
        rig.sync(self.position())
        assert self.nodes(rig) == [
            {
                "employmentFrom": "2026-01-01",
                "positionValue": {"dbId": self.number_of(rig, "1010")},
                "employmentType": {"dbId": self.number_of(rig, "F", 20110)},
                "glObject1": {"dbId": self.number_of(rig, "BUT1", 20130)},
                "glObject2": {"dbId": self.number_of(rig, "2760", 20140)},
            }
        ]

    def test_values_travel_as_variables_and_never_in_the_query(self, rig: Rig) -> None:
        evil = '1042") { edges { node { dbId } } } } #'
        rig.person = replace(self.person, number=evil)
        rig.add(rig.person)
        report = rig.sync(self.position())
        assert report.remote_employee is not None and report.remote_employee.matched_by == "employee number"
        assert self.asked(rig.calls[0])["variables"] == {"code": evil}
        assert not [c for c in rig.calls if "1042" in self.asked(c)["query"]]
        title = 'Kokk" } }'
        self.add_value(rig, 20100, "1031", title)
        rig.sync(self.position(title=title))
        assert rig.there()[0]["positionValue"] == f"1031 {title}"

    def test_queries_are_the_same_text_for_everybody(self, rig: Rig) -> None:
        rig.sync(self.position())
        first = {self.asked(c)["query"] for c in rig.calls}
        rig.forget_calls()
        rig.employee_id, rig.person = "", replace(self.person, number="2001")
        rig.add(rig.person)
        rig.sync(self.position(title="Kokk", cost_centre="2770"))
        assert {self.asked(c)["query"] for c in rig.calls} <= first

    def test_reads_are_posts_that_leave_nothing_unclear(self, rig: Rig) -> None:
        rig.read_timeout = 0.3
        rig.fail(kind="hang", seconds=0.6)
        error = rig.sync(self.position()).error
        assert isinstance(error, UnavailableError)

    def test_mutations_that_are_lost_are_unclear(self, rig: Rig) -> None:
        rig.sandbox.tenant.faults.append(OnMutation(kind="truncate"))
        assert isinstance(rig.sync(self.position()).error, UnclearOutcomeError)
        assert rig.one(self.position()).cause == "nothing_to_change"

    def test_a_repeated_update_is_harmless(self, rig: Rig) -> None:
        rig.sync(self.position())
        [call] = self.writes(rig)
        before = self.kept(rig)
        connector = rig.connector()
        connector.http.post(connector.context.urls["api"], json=self.asked(call))
        assert {**self.kept(rig), "modifiedAt": ""} == {**before, "modifiedAt": ""}

    def test_a_mutation_that_confirms_nothing_is_unclear(self, rig: Rig) -> None:
        self.answer(rig, {"data": {"updateEmployees": {"edges": None}}}, mutation=True)
        assert isinstance(rig.sync(self.position()).error, UnclearOutcomeError)

    def test_a_field_that_xledger_did_not_take_is_a_warning(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.sandbox.state["deaf"] = ["positionValue"]
        outcome = rig.one(self.position(title="Butikksjef"))
        assert outcome.state == "succeeded"
        [warning] = outcome.warnings
        assert warning.field == "title"
        assert "Butikksjef" in warning.message and "Butikkmedarbeider" in warning.message
        assert "title" not in rig.sent["1"].values

    # -- the employment --------------------------------------------------------------------------------------

    def test_employment_from_is_the_employments_start_not_the_positions(self, rig: Rig) -> None:
        rig.sync(self.position("1", "2026-01-01", "2026-06-30"), self.position("2", "2026-07-01", title="Butikksjef"))
        rig.today = date(2026, 7, 1)
        outcome = rig.one(rig.positions["2"])
        assert outcome.state == "succeeded"
        assert "start_date" not in outcome.changes
        assert (self.kept(rig)["employmentFrom"], self.kept(rig)["employmentTo"]) == ("2026-01-01", None)
        assert rig.one(rig.positions["2"]).cause == "nothing_to_change"
        rig.sync(replace(rig.positions["2"], values={**rig.positions["2"].values, "title": "Kokk"}))
        assert self.kept(rig)["employmentFrom"] == "2026-01-01"

    @pytest.mark.parametrize(
        ("earlier_end", "there", "then"),
        [("2025-12-31", None, "2020-01-01"), ("2025-12-30", None, None), ("2025-12-31", "2012-08-01", "2012-08-01")],
    )
    def test_what_led_up_to_the_first_employment_that_is_sent(
        self, rig: Rig, earlier_end: str, there: str | None, then: str | None
    ) -> None:
        """HR knows of years before the position that is current when the connection begins."""
        self.kept(rig)["seniorityDate"] = there
        rig.save(self.position("0", "2020-01-01", earlier_end))
        rig.sync(self.position())
        first = "2020-01-01" if then else "2026-01-01"
        assert (self.kept(rig)["employmentFrom"], self.kept(rig)["seniorityDate"]) == (first, then)

    def test_a_start_that_was_there_before_us_stays(self, rig: Rig) -> None:
        self.kept(rig)["employmentFrom"] = "2019-05-01"
        assert rig.one(self.position()).state == "succeeded"
        assert self.kept(rig)["employmentFrom"] == "2019-05-01"
        assert rig.one(self.position()).cause == "nothing_to_change"

    def test_an_employment_that_ended_before_a_gap_starts_anew(self, rig: Rig) -> None:
        self.kept(rig).update(
            employmentFrom="2019-05-01", employmentTo="2025-10-31", exitReason=self.number_of(rig, "FRIVILLIG", 20120)
        )
        outcome = rig.one(self.position())
        assert (outcome.state, outcome.action) == ("succeeded", "create")
        assert (self.kept(rig)["employmentFrom"], self.kept(rig)["employmentTo"]) == ("2026-01-01", None)
        assert rig.one(self.position()).cause == "nothing_to_change"

    @pytest.mark.parametrize(("end", "start"), [("2025-12-31", "2019-05-01"), ("2025-12-30", "2026-01-01")])
    def test_a_gap_of_one_day_breaks_the_chain(self, rig: Rig, end: str, start: str) -> None:
        self.kept(rig).update(
            employmentFrom="2019-05-01", employmentTo=end, exitReason=self.number_of(rig, "ANNET", 20120)
        )
        rig.sync(self.position())
        assert self.kept(rig)["employmentFrom"] == start
        assert self.kept(rig)["employmentTo"] is None

    def test_a_start_that_we_wrote_is_corrected(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.forget_calls()
        assert rig.one(self.position(start="2026-02-01")).state == "succeeded"
        assert self.nodes(rig) == [{"employmentFrom": "2026-02-01"}]
        assert rig.one(self.position(start="2026-01-15")).state == "succeeded"
        assert self.kept(rig)["employmentFrom"] == "2026-01-15"

    def test_the_start_can_follow_the_position(self, rig: Rig) -> None:
        rig.settings["start_follows_position"] = True
        self.kept(rig)["employmentFrom"] = "2019-05-01"
        assert rig.one(self.position()).state == "succeeded"
        assert self.kept(rig)["employmentFrom"] == "2026-01-01"

    def test_an_end_that_is_the_year_9999(self, rig: Rig) -> None:
        self.kept(rig).update(
            employmentFrom="2019-05-01", employmentTo="9999-12-31", exitReason=self.number_of(rig, "ANNET", 20120)
        )
        [remote] = rig.connector().read(rig.connector().find_employee(rig.person))
        assert (remote.end, remote.renews_from) == (None, None)  # it stands for an open end
        assert rig.one(self.position()).state == "succeeded"
        assert rig.one(self.position(end="2026-12-31")).state == "succeeded"
        assert self.kept(rig)["employmentTo"] == "2026-12-31"

    def test_reopening_sends_null(self, rig: Rig) -> None:
        rig.sync(self.position(end="2026-12-31"))
        rig.forget_calls()
        rig.sync(self.position())
        assert self.nodes(rig) == [{"employmentTo": None}]

    def test_an_exit_reason_left_over_from_before_is_said(self, rig: Rig) -> None:
        """Only employmentTo is known to take null, so the reason of an end that was taken away stays."""
        rig.sync(self.position(end="2026-12-31"))
        outcome = rig.one(self.position())
        [warning] = outcome.warnings
        assert "FRIVILLIG" in warning.message and "by hand" in warning.message
        assert rig.one(self.position()).cause == "nothing_to_change"
        assert rig.one(self.position(title="Kokk")).warnings == ()

    def test_what_was_emptied_here_stays_there(self, rig: Rig) -> None:
        """Null is known for employmentTo alone."""
        rig.sync(self.position(notice_date=date(2026, 5, 31), probation_end=date(2026, 6, 30)))
        rig.forget_calls()
        outcome = rig.one(self.position(without=("title", "contract_type", "department", "cost_centre")))
        assert outcome.cause == "nothing_to_change"
        assert self.kept(rig)["noticeDate"] == "2026-05-31"
        assert not self.writes(rig)

    def test_end_carries_its_reason(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.forget_calls()
        rig.sync(self.position(end="2026-12-31", end_reason="dismissed"))
        reason = self.number_of(rig, "UFRIVILLIG", 20120)
        assert self.nodes(rig) == [{"employmentTo": "2026-12-31", "exitReason": {"dbId": reason}}]

    def test_end_without_a_reason_takes_the_default_of_the_settings(self, rig: Rig) -> None:
        rig.sync(self.position(end="2026-12-31", end_reason=None))
        assert rig.there()[0]["exitReason"] == "ANNET Annet"

    def test_end_without_a_reason_or_default_is_refused_here(self, rig: Rig) -> None:
        rig.settings["exit_reason"] = ""
        outcome = rig.one(self.position(end="2026-12-31", end_reason=None))
        assert (outcome.cause, outcome.field) == ("missing_required_field", "end_reason")
        assert rig.calls == []

    def test_end_before_the_start_in_xledger_is_refused_here(self, rig: Rig) -> None:
        self.kept(rig)["employmentFrom"] = "2027-03-01"
        outcome = rig.one(self.position(end="2026-11-30"))
        assert (outcome.state, outcome.field) == ("failed", "end_date")
        assert not self.writes(rig)

    def test_dates_of_probation_and_notice_go_as_they_are(self, rig: Rig) -> None:
        rig.sync(self.position(notice_date=date(2026, 5, 31), probation_end=date(2026, 6, 30)))
        assert (self.kept(rig)["trialTo"], self.kept(rig)["noticeDate"]) == ("2026-06-30", "2026-05-31")

    def test_the_validity_of_the_record_is_left_alone(self, rig: Rig) -> None:
        """dateFrom and dateTo are the employee record's own, not the employment's."""
        self.kept(rig).update(dateFrom="2010-01-01", dateTo="2011-01-01")
        rig.sync(self.position(end="2026-12-31"))
        assert (self.kept(rig)["dateFrom"], self.kept(rig)["dateTo"]) == ("2010-01-01", "2011-01-01")

    # -- fields ----------------------------------------------------------------------------------------------

    def test_title_is_found_whatever_its_capitals_and_not_written_again(self, rig: Rig) -> None:
        outcome = rig.one(self.position(title="BUTIKKsjef"))
        assert (outcome.state, outcome.warnings) == ("succeeded", ())
        assert rig.there()[0]["positionValue"] == "1020 Butikksjef"
        assert rig.one(self.position(title="BUTIKKsjef")).cause == "nothing_to_change"
        assert rig.one(self.position(title="butikksjef")).cause == "nothing_to_change"

    @pytest.mark.parametrize("title", ["Butikk", "Butikksjef 2", "1020"])
    def test_title_must_be_the_whole_description(self, rig: Rig, title: str) -> None:
        outcome = rig.one(self.position(title=title))
        assert (outcome.state, outcome.cause, outcome.field) == ("failed", "value_missing", "title")
        assert title in outcome.message

    def test_a_title_that_is_not_there_is_never_made(self, rig: Rig) -> None:
        before = json.dumps(rig.sandbox.state["values"])
        outcome = rig.one(self.position(title="Astronaut"))
        assert (outcome.cause, outcome.field) == ("value_missing", "title")
        assert not self.writes(rig)
        assert json.dumps(rig.sandbox.state["values"]) == before

    def test_a_title_that_is_there_twice_is_refused(self, rig: Rig) -> None:
        outcome = rig.one(self.position(title="Konsulent"))
        assert (outcome.state, outcome.cause, outcome.field) == ("failed", "value_not_unique", "title")
        assert "1040" in outcome.message and "2040" in outcome.message
        assert not self.writes(rig)

    def test_a_closed_title_is_refused(self, rig: Rig) -> None:
        outcome = rig.one(self.position(title="Telefonist"))
        assert (outcome.cause, outcome.field) == ("value_missing", "title")

    @pytest.mark.parametrize("limits", [{"dateFrom": "2027-01-01"}, {"dateTo": "2026-06-14"}])
    def test_a_title_that_does_not_hold_today_is_refused(self, rig: Rig, limits: Mapping[str, str]) -> None:
        """Today is the organization's day: here 15 June 2026, whatever the server holds to be open."""
        rig.settings.update(contract_type_kind="", department_object="", cost_centre_object="")
        node = {"dbId": 5, "code": "7", "description": "Pilot", "dateFrom": None, "dateTo": None, **limits}
        values = {"edges": [{"cursor": "c5", "node": node}], "pageInfo": {"hasNextPage": False}}

        @dataclass
        class OnValues(Fault):
            def matches(self, request: HttpRequest, vendor_path: str) -> bool:
                return b"query ObjectValues" in request.body

        rig.sandbox.tenant.faults.append(OnValues(status=200, body=json.dumps({"data": {"objectValues": values}})))
        assert rig.one(self.position(title="Pilot")).cause == "value_missing"

    def test_the_same_title_in_another_entity_does_not_count(self, rig: Rig) -> None:
        assert [v["ownerDbId"] for v in rig.sandbox.state["values"] if v["code"] == "1010"] == [OWNER, OTHER_OWNER]
        assert rig.one(self.position(title="Butikkmedarbeider")).state == "succeeded"
        assert self.nodes(rig)[0]["positionValue"] == {"dbId": self.number_of(rig, "1010")}

    def test_codes_are_matched_exactly(self, rig: Rig) -> None:
        outcome = rig.one(self.position(cost_centre="27"))
        assert (outcome.cause, outcome.field) == ("value_missing", "cost_centre")

    def test_a_code_that_is_there_twice_is_refused(self, rig: Rig) -> None:
        self.add_value(rig, 20140, "2760", "Drift igjen")
        outcome = rig.one(self.position())
        assert (outcome.cause, outcome.field) == ("value_not_unique", "cost_centre")

    @pytest.mark.parametrize(("there", "sent"), [("glObject3", "glObject3"), ("glObject5", "glObject5")])
    def test_department_goes_to_the_object_of_the_settings(self, rig: Rig, there: str, sent: str) -> None:
        rig.settings["department_object"] = there
        rig.sandbox.state["gl_objects"] = {there: 20130, "glObject2": 20140}
        assert rig.one(self.position()).state == "succeeded"
        assert self.kept(rig)[sent] == self.number_of(rig, "BUT1", 20130)
        assert self.kept(rig)["glObject1"] is None
        assert rig.one(self.position()).cause == "nothing_to_change"

    def test_department_and_cost_centre_in_one_object_are_refused(self, rig: Rig) -> None:
        rig.settings["cost_centre_object"] = "glObject1"
        outcome = rig.one(self.position())
        assert (outcome.state, outcome.field) == ("failed", "department")
        assert rig.calls == []
        assert "One source for glObject1" in [line.title for line in rig.connector().check() if not line.ok]

    def test_department_without_its_list_is_refused_with_the_place_to_choose_it(self, rig: Rig) -> None:
        rig.settings["department_kind"] = ""
        outcome = rig.one(self.position())
        assert (outcome.state, outcome.field) == ("failed", "department")
        assert "settings" in outcome.message

    def test_what_has_no_list_in_the_settings_is_not_sent(self, rig: Rig) -> None:
        rig.settings.update(dict.fromkeys(LISTS.values(), "") | {"department_object": "", "cost_centre_object": ""})
        outcome = rig.one(self.position())
        assert outcome.state == "succeeded"
        assert self.nodes(rig) == [{"employmentFrom": "2026-01-01"}]
        assert {"title", "contract_type", "department", "cost_centre"} <= set(outcome.unsent)

    def test_contract_type_needs_its_counterpart(self, rig: Rig) -> None:
        outcome = rig.one(self.position(contract_type="freelance"))
        assert (outcome.cause, outcome.field) == ("no_translation", "contract_type")
        rig.settings["employment_types"] = {"freelance": "M"}
        assert rig.one(self.position(contract_type="freelance")).state == "succeeded"
        assert rig.there()[0]["employmentType"] == "M Midlertidig"

    def test_a_counterpart_that_is_not_in_xledger_points_to_the_settings(self, rig: Rig) -> None:
        rig.settings["employment_types"] = {"permanent": "X"}
        outcome = rig.one(self.position())
        assert (outcome.cause, outcome.field) == ("value_missing", "contract_type")
        assert "settings" in outcome.message

    def test_remuneration_type_by_its_table(self, rig: Rig) -> None:
        rig.settings.update(remuneration_kind="Lønnstype", compensation_types={"hourly": "TL"})
        assert rig.one(self.position(remuneration_type="hourly")).state == "succeeded"
        assert rig.there()[0]["compensationType"] == "TL Timelønn"
        assert rig.one(self.position(remuneration_type="hourly")).cause == "nothing_to_change"

    def test_a_list_that_is_not_there(self, rig: Rig) -> None:
        rig.settings["title_kind"] = "Yrker"
        outcome = rig.one(self.position())
        assert (outcome.cause, outcome.field) == ("list_missing", "title")
        assert "Yrker" in outcome.message and "Object kind of job titles" in outcome.message

    def test_manager_is_the_superior(self, rig: Rig) -> None:
        rig.settings["send_manager"] = True
        rig.add(replace(self.person, number="1007", email="boss@example.com"))
        outcome = rig.one(self.position(manager=Manager("1007")))
        assert outcome.state == "succeeded"
        assert self.kept(rig)["superior"] == self.kept(rig, "1007")["dbId"]
        assert rig.one(self.position(manager=Manager("1007"))).cause == "nothing_to_change"

    @pytest.mark.parametrize(("managers", "cause"), [(0, "value_missing"), (2, "value_not_unique")])
    def test_manager_must_be_one_employee(self, rig: Rig, managers: int, cause: str) -> None:
        rig.settings["send_manager"] = True
        for _ in range(managers):
            rig.add(replace(self.person, number="1007"))
        outcome = rig.one(self.position(manager=Manager("1007")))
        assert (outcome.state, outcome.cause, outcome.field) == ("failed", cause, "manager")
        assert not self.writes(rig)

    def test_manager_is_off_at_first_and_looked_up_once_per_turn(self, rig: Rig) -> None:
        assert "manager" in rig.one(self.position(manager=Manager("1007"))).unsent
        rig.add(replace(self.person, number="1007"))
        connector = rig.connector()
        assert isinstance(connector, XledgerConnector)
        rig.forget_calls()
        assert connector._superior("1007") == connector._superior("1007") == str(self.kept(rig, "1007")["dbId"])
        assert self.operations(rig) == ["query FindSuperior"]

    # -- finding employees -----------------------------------------------------------------------------------

    def test_no_list_of_everybody_when_the_number_is_found(self, rig: Rig) -> None:
        rig.sync(self.position())
        assert "query AllEmployees" not in self.operations(rig)

    def test_two_employees_with_one_code_are_noticed(self, rig: Rig) -> None:
        rig.add(replace(self.person, email="other@example.com"))
        report = rig.sync(self.position())
        assert isinstance(report.error, EmployeeNotUniqueError)
        assert "employee number 1042" in report.error.message
        assert "first: 2" in self.asked(rig.calls[0])["query"]
        assert not self.writes(rig)

    def test_a_code_is_compared_whole(self, empty_rig: Rig) -> None:
        """Should the filter ever be loose, a neighbour is not taken for the employee."""
        node = {"dbId": 9, "code": "10421", "description": "Somebody else"}
        self.answer(empty_rig, {"data": {"employees": {"edges": [{"node": node}], "pageInfo": {"hasNextPage": False}}}})
        assert isinstance(empty_rig.sync(self.position()).error, EmployeeNotFoundError)

    def test_matched_by_email_whatever_its_capitals(self, empty_rig: Rig) -> None:
        number = empty_rig.add(replace(self.person, number="2001", email="Ase.Sorlie@Example.com"))
        empty_rig.settings["numbers_differ"] = True
        report = empty_rig.sync(self.position())
        assert report.outcomes["1"].state == "succeeded"
        assert report.remote_employee is not None
        assert (report.remote_employee.id, report.remote_employee.matched_by) == (number, "e-mail")

    def test_an_employee_without_a_number_here_is_found_by_email(self, rig: Rig) -> None:
        rig.person = replace(self.person, number="")
        connector = rig.connector()
        assert connector.find_employee(rig.person).matched_by == "e-mail"
        with pytest.raises(EmployeeNotFoundError, match="nothing here"):
            connector.find_employee(replace(rig.person, email=""))

    def test_everybody_is_read_by_pages_once_per_turn_and_not_kept(self, empty_rig: Rig) -> None:
        for n in range(1001):
            empty_rig.sandbox.add_employee(f"F{n}", "Fyll", "Stoff", email=f"f{n}@example.com")
        number = empty_rig.add(replace(self.person, number="2001"))
        empty_rig.settings["numbers_differ"] = True
        connector = empty_rig.connector()
        for _ in range(2):
            assert connector.find_employee(empty_rig.person).id == number
        pages = [self.asked(c)["variables"] for c in empty_rig.calls if "AllEmployees" in c.body]
        assert [(p["first"], bool(p["after"])) for p in pages] == [(1000, False), (1000, True)]
        assert "f7@example.com" not in repr(connector.http.take_exchanges())

    def test_a_query_that_timed_out_is_asked_again_with_smaller_pages(self, empty_rig: Rig) -> None:
        for n in range(150):
            empty_rig.sandbox.add_employee(f"F{n}", "Fyll", "Stoff", email=f"f{n}@example.com")
        number = empty_rig.add(replace(self.person, number="2001"))
        empty_rig.settings["numbers_differ"] = True
        empty_rig.sandbox.state["slow_above"] = 100
        assert empty_rig.connector().find_employee(empty_rig.person).id == number
        pages = [self.asked(c)["variables"]["first"] for c in empty_rig.calls if "AllEmployees" in c.body]
        assert pages == [1000, 100, 100]
        empty_rig.sandbox.state["slow_above"] = 50
        assert isinstance(empty_rig.sync(self.position()).error, UnavailableError)

    def test_the_same_page_twice_is_not_read_for_ever(self, empty_rig: Rig) -> None:
        edges = [{"cursor": "c1", "node": {"dbId": 1, "code": "1", "email": "x@example.com"}}]
        self.answer(empty_rig, {"data": {"employees": {"edges": edges, "pageInfo": {"hasNextPage": True}}}})
        assert isinstance(empty_rig.sync(self.position()).error, UnavailableError)

    @pytest.mark.parametrize("null_data", [False, True])
    def test_edges_null_means_none(self, empty_rig: Rig, null_data: bool) -> None:
        empty_rig.sandbox.state["null_data"] = null_data
        assert isinstance(empty_rig.sync(self.position()).error, EmployeeNotFoundError)
        answers = [json.loads(c.answer)["data"] for c in empty_rig.calls]
        assert answers
        assert all(a is None if null_data else a["employees"]["edges"] is None for a in answers)

    def test_known_employee_is_believed_while_it_bears_a_mark(self, rig: Rig) -> None:
        rig.employee_id = rig.add(replace(self.person, number="2001"))
        rig.sync(self.position())
        assert rig.there("2001") and not rig.there("1042")
        rig.sandbox.state["employees"] = [e for e in rig.sandbox.state["employees"] if e["code"] != "2001"]
        rig.sent.clear()
        rig.sync(self.position())
        assert rig.there("1042")

    def test_dbid_is_compared_as_text(self, rig: Rig) -> None:
        number = self.kept(rig)["dbId"]
        node = {"dbId": str(number), "code": "1042", "description": "Åse Sørlie"}
        for query in ("query ReadEmployee", "mutation UpdateEmployee"):
            name = query.split(" ")[0].replace("query", "employees").replace("mutation", "updateEmployees")
            shown = {**node, "employmentFrom": "2026-01-01"} if "mutation" in query else node

            @dataclass
            class OnQuery(Fault):
                word: str = ""

                def matches(self, request: HttpRequest, vendor_path: str) -> bool:
                    return self.word in request.body.decode()

            edges = {"edges": [{"clientId": "x", "cursor": "c", "node": shown}]}
            body = json.dumps({"data": {name: edges}})
            rig.sandbox.tenant.faults.append(OnQuery(status=200, body=body, times=9, word=query))
        rig.settings.update(title_kind="", contract_type_kind="", department_object="", cost_centre_object="")
        rig.employee_id = str(number)
        outcome = rig.one(self.position())
        assert (outcome.state, outcome.warnings) == ("succeeded", ())
        assert rig.employee_id == str(number)

    def test_values_whose_numbers_come_as_text(self, rig: Rig) -> None:
        rig.sandbox.state["text_ids"] = True
        assert rig.one(self.position()).state == "succeeded"
        assert rig.one(self.position()).cause == "nothing_to_change"
        assert self.nodes(rig)[0]["positionValue"] == {"dbId": self.number_of(rig, "1010")}

    def test_an_employee_whose_employment_ended_is_found(self, rig: Rig) -> None:
        """Else somebody who comes back would be looked for in vain."""
        self.kept(rig)["dateTo"] = "2020-01-01"
        assert rig.one(self.position()).state == "succeeded"

    def test_an_employee_of_another_entity_is_not_taken(self, empty_rig: Rig) -> None:
        empty_rig.add(self.person)
        self.kept(empty_rig)["ownerDbId"] = OTHER_OWNER
        assert isinstance(empty_rig.sync(self.position()).error, EmployeeNotFoundError)

    def test_employee_not_found_names_what_was_searched(self, empty_rig: Rig) -> None:
        message = empty_rig.one(self.position()).message
        assert "employee number 1042" in message
        assert "ase.sorlie@example.com" in message

    def test_employee_gone_between_reading_and_writing(self, rig: Rig) -> None:
        report = self.refused(rig, f"dbId: No value matching owner {OWNER}, dbId '52259057'.")
        assert isinstance(report.error, EmployeeNotFoundError)

    # -- errors: the body before the status ------------------------------------------------------------------

    @pytest.mark.parametrize("status", [200, 400, 500])
    def test_the_body_counts_before_the_status(self, rig: Rig, status: int) -> None:
        error = self.error_of(rig, "Too many requests in the last 5 seconds.", BURST, status=status)
        assert isinstance(error, RateLimitedError)
        assert error.wait == 5

    @pytest.mark.parametrize("status", [200, 400])
    def test_a_refusal_of_the_sandbox_with_either_status(self, rig: Rig, status: int) -> None:
        rig.settings.update(exit_reason_kind="")
        rig.sandbox.state["error_status"] = status
        outcome = rig.one(self.position(end="2026-12-31"))
        assert (outcome.state, outcome.cause, outcome.field) == ("failed", "refused_by_target", "end_reason")
        assert outcome.vendor_code == "BAD_REQUEST"

    @pytest.mark.parametrize("at", ["top", "extensions"])
    def test_the_code_stands_at_the_top_or_in_the_extensions(self, rig: Rig, at: str) -> None:
        error = self.error_of(rig, "Wait.", CONCURRENCY, at=at)
        assert isinstance(error, RateLimitedError)
        assert (error.wait, error.vendor_code) == (1, CONCURRENCY)

    @pytest.mark.parametrize("where", ["top", "extensions"])
    def test_the_code_of_the_sandbox_in_either_place(self, rig: Rig, where: str) -> None:
        rig.sandbox.state.update(code_in=where, credits=0)
        error = rig.sync(self.position()).error
        assert isinstance(error, RateLimitedError)
        assert error.vendor_code == CREDITS

    def test_burst_limit_waits_five_seconds(self, rig: Rig) -> None:
        rig.sandbox.state["burst"] = 2
        error = rig.sync(self.position()).error
        assert isinstance(error, RateLimitedError)
        assert (error.wait, error.vendor_code) == (5, BURST)

    def test_concurrency_limit_waits_one_second(self, rig: Rig) -> None:
        error = self.error_of(rig, "Too many concurrent requests.", CONCURRENCY)
        assert isinstance(error, RateLimitedError)
        assert error.wait == 1

    def test_credits_wait_until_they_are_reset(self, rig: Rig) -> None:
        at = (datetime.now(UTC) + timedelta(minutes=7)).isoformat()
        rig.sandbox.state.update(credits=0, credits_reset_at=at)
        error = rig.sync(self.position()).error
        assert isinstance(error, RateLimitedError) and error.wait is not None
        assert 400 < error.wait <= 420
        assert "credits" in error.message

    def test_a_reset_without_a_time_zone_is_central_european(self, rig: Rig) -> None:
        connector = rig.connector()
        assert isinstance(connector, XledgerConnector)
        connector.context.now = lambda: datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
        assert connector._until("2026-01-15T13:10:00") == 600
        assert connector._until("2026-01-15T12:10:00Z") == 600
        assert connector._until("2030-01-01T00:00:00Z") == 24 * 3600

    @pytest.mark.parametrize("moment", [None, "", "soon", "2020-01-01T00:00:00Z"])
    def test_credits_without_a_usable_reset_wait_twenty_minutes(self, rig: Rig, moment: str | None) -> None:
        error = self.error_of(rig, "Insufficient credits. Wait.", CREDITS, resetAt=moment)
        assert isinstance(error, RateLimitedError)
        assert error.wait == 1200

    def test_limits_without_a_code_are_known_by_their_words(self, rig: Rig) -> None:
        assert isinstance(self.error_of(rig, "Too many requests in the last 5 seconds. Wait."), RateLimitedError)
        rig.sandbox.tenant.faults.clear()
        assert isinstance(self.error_of(rig, "Insufficient credits. Wait."), RateLimitedError)

    def test_our_own_limits(self) -> None:
        limits = SYSTEM.limits
        assert (limits.requests, limits.per_seconds, limits.concurrency, limits.shared_by) == (20, 5.0, 1, "token")

    # -- errors: credentials ---------------------------------------------------------------------------------

    def test_wrong_token_format_stops_the_connection(self, rig: Rig) -> None:
        rig.credentials["token"] = "two words-are-no-token"
        error = rig.sync(self.position()).error
        assert isinstance(error, NotAuthorizedError)
        assert "without the word “token”" in error.message
        assert error.vendor_code == "UNHANDLED_ERROR"
        [line] = rig.connector().check()
        assert not line.ok and "API tokens" in line.where

    @pytest.mark.parametrize(
        ("status", "body"),
        [
            (401, ""),
            (403, ""),
            (401, '{"errors":[{"message":"Something"}]}'),
            (200, '{"errors":[{"message":"Not authorized for employees."}]}'),
        ],
    )
    def test_401_403_and_its_words_are_a_refused_token(self, rig: Rig, status: int, body: str) -> None:
        self.answer(rig, body, status)
        error = rig.sync(self.position()).error
        assert isinstance(error, NotAuthorizedError)
        assert "API tokens" in error.message

    def test_a_page_stops_nothing_and_names_the_address_and_the_token(self, rig: Rig) -> None:
        """It may be anybody's; one that is Xledger's own for a refused token is not known."""
        self.answer(rig, "<html>Log in</html>")
        error = rig.sync(self.position()).error
        assert isinstance(error, UnavailableError)
        assert "address of this connection" in error.message and "API tokens" in error.message

    def test_of_several_errors_in_one_answer_all_words_are_kept(self, rig: Rig) -> None:
        body = {"errors": [{"message": "jobTitle: too long."}, {"message": "employmentTo: too early."}]}
        rig.sandbox.tenant.faults.append(OnMutation(status=200, body=json.dumps(body)))
        outcome = rig.one(self.position())
        assert (outcome.state, outcome.vendor_text) == ("failed", "jobTitle: too long. employmentTo: too early.")

    @pytest.mark.parametrize("status", [500, 502, 503])
    def test_a_maintenance_page_is_not_a_refused_token(self, rig: Rig, status: int) -> None:
        self.answer(rig, "<html>Back at 02:00</html>", status)
        assert isinstance(rig.sync(self.position()).error, UnavailableError)

    @pytest.mark.parametrize("scope", ["Employee read", "Employee write", "Object Value read"])
    def test_missing_scope_stops_the_connection(self, rig: Rig, scope: str) -> None:
        rig.sandbox.state["scopes"].remove(scope)
        assert isinstance(rig.sync(self.position()).error, NotAuthorizedError)

    # -- errors: data ----------------------------------------------------------------------------------------

    @pytest.mark.parametrize(
        ("path", "ours"),
        [
            ("positionValue.dbId", "title"),
            ("inputs[0].node.employmentType.code", "contract_type"),
            ("exitReason.code", "end_reason"),
            ("glObject1.code", "department"),
            ("glObject2.code", "cost_centre"),
            ("superior.code", "manager"),
            ("subledger.code", ""),
        ],
    )
    def test_a_lookup_that_fails_names_our_field(self, rig: Rig, path: str, ours: str) -> None:
        text = f"{path}: No value matching owner {OWNER}, code 'P123456'."
        outcome = self.refused(rig, text).outcomes["1"]
        assert (outcome.state, outcome.cause, outcome.field) == ("failed", "value_missing", ours)
        assert outcome.vendor_text == text

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ('Cannot query field "trialTo" on type "Employee".', ""),
            ("Argument inputs has an invalid value.", "ARGUMENTS_OF_CORRECT_TYPE"),
            ("The value is not valid.", "INVALID_VALUE"),
        ],
    )
    def test_a_changed_schema_is_not_the_fault_of_the_data(self, rig: Rig, text: str, code: str) -> None:
        outcome = self.refused(rig, text, code).outcomes["1"]
        assert (outcome.state, outcome.cause) == ("failed", "interface_changed")
        assert "report it" in outcome.message
        rig.sandbox.tenant.faults.clear()
        assert isinstance(self.error_of(rig, text, code), DataRefusedError)

    def test_another_refusal_of_a_write_is_data(self, rig: Rig) -> None:
        outcome = self.refused(rig, "employmentTo: The period is closed.", "BAD_REQUEST").outcomes["1"]
        assert (outcome.state, outcome.cause, outcome.field) == ("failed", "refused_by_target", "end_date")
        assert (outcome.vendor_text, outcome.vendor_code) == ("employmentTo: The period is closed.", "BAD_REQUEST")

    def test_an_error_beside_data_is_an_error(self, rig: Rig) -> None:
        body = {"data": {"updateEmployees": {"edges": [{"node": {"dbId": 1}}]}}, "errors": [{"message": "No."}]}
        self.answer(rig, body, mutation=True)
        assert rig.one(self.position()).state == "failed"

    def test_another_error_of_a_read_is_tried_again(self, rig: Rig) -> None:
        assert isinstance(self.error_of(rig, "Something went wrong."), UnavailableError)

    @pytest.mark.parametrize(("text", "code"), [("Your query timed out.", ""), ("Oops.", "UNHANDLED_ERROR")])
    def test_trouble_while_writing_is_unclear_while_reading_not(self, rig: Rig, text: str, code: str) -> None:
        assert isinstance(self.refused(rig, text, code).error, UnclearOutcomeError)
        rig.sandbox.tenant.faults.clear()
        assert isinstance(self.error_of(rig, text, code), UnavailableError)

    @pytest.mark.parametrize("body", ["[]", '{"errors": "no"}', '{"errors": [null], "data": null}', "null", "{}"])
    def test_odd_answers_end_as_one_of_our_errors(self, rig: Rig, body: str) -> None:
        self.answer(rig, body)
        assert isinstance(rig.sync(self.position()).error, ConnectorError)

    # -- Test connection -------------------------------------------------------------------------------------

    @staticmethod
    def failing(rig: Rig) -> list[tuple[str, str]]:
        return [(line.title, line.where) for line in rig.connector().check() if not line.ok]

    def test_check_has_a_line_for_each_scope_and_writes_nothing(self, rig: Rig) -> None:
        titles = " | ".join(line.title for line in rig.connector().check())
        for scope in ("Employee, read", "Employee, write", "Object Value, read"):
            assert scope in titles
        assert not self.writes(rig)

    def test_check_says_whose_token_it_is(self, rig: Rig) -> None:
        assert str(OWNER) in rig.connector().check()[0].detail

    def test_check_lists_the_object_kinds_before_any_is_chosen(self, rig: Rig) -> None:
        rig.settings.update(dict.fromkeys(LISTS.values(), ""))
        details = " ".join(line.detail for line in rig.connector().check())
        assert "Stilling (20100)" in details

    @pytest.mark.parametrize(
        ("scope", "words"), [("Employee read", "Employee, read"), ("Object Value read", "Object Value, read")]
    )
    def test_check_names_the_scope_that_is_missing(self, rig: Rig, scope: str, words: str) -> None:
        rig.sandbox.state["scopes"].remove(scope)
        assert [(t, w) for t, w in self.failing(rig) if words in t and words in w]

    def test_check_probes_the_schema_for_the_mutation(self, rig: Rig) -> None:
        rig.sandbox.state["mutations"] = ["addCustomers"]
        [(title, where)] = self.failing(rig)
        assert "Employee, write" in title and "tick Employee, write" in where

    def test_check_notices_when_history_can_be_written(self, rig: Rig) -> None:
        assert "no way" in next(x.detail for x in rig.connector().check() if x.title == "Current position only")
        rig.sandbox.state["mutations"] += ["addEmployeePositions", "updateEmployeePositions"]
        line = next(x for x in rig.connector().check() if x.title == "Current position only")
        assert line.ok and "addEmployeePositions" in line.detail

    @pytest.mark.parametrize(
        ("settings", "title"),
        [
            ({"title_kind": "Yrker"}, "List for title"),
            ({"employment_types": {"permanent": "F", "temporary": "NIX"}}, "List for contract type"),
            ({"exit_reason": "NIX"}, "List for end reason"),
        ],
    )
    def test_check_holds_the_settings_against_the_lists(self, rig: Rig, settings: dict[str, Any], title: str) -> None:
        rig.settings.update(settings)
        assert [t for t, _ in self.failing(rig)] == [title]

    def test_check_needs_no_list_of_kinds_where_numbers_are_given(self, rig: Rig) -> None:
        rig.settings.update(title_kind="20100", contract_type_kind="20110", exit_reason_kind="20120")
        rig.settings.update(department_kind="20130", cost_centre_kind="20140")

        @dataclass
        class OnKinds(Fault):
            def matches(self, request: HttpRequest, vendor_path: str) -> bool:
                return b"query ObjectKinds" in request.body

        body = json.dumps({"errors": [{"message": 'Cannot query field "objectKinds" on type "Query".'}]})
        rig.sandbox.tenant.faults.append(OnKinds(status=200, body=body))
        assert self.failing(rig) == []

    def test_check_never_raises(self, rig: Rig) -> None:
        for status, body in ((503, ""), (200, "[]"), (200, "null"), (401, ""), (200, '{"data": null}')):
            rig.sandbox.tenant.faults.clear()
            self.answer(rig, body, status)
            assert rig.connector().check()

    # -- deleting --------------------------------------------------------------------------------------------

    def test_a_deleted_position_is_left_to_a_person(self, rig: Rig) -> None:
        assert SYSTEM.delete is Delete.BY_HAND
        rig.sync(self.position())
        rig.forget_calls()
        rig.rules = Rules(delete=True)
        outcome = rig.sync(deleted=["1"]).outcomes["1"]
        assert (outcome.state, outcome.cause) == ("failed", "delete_by_hand")
        assert rig.calls == []

    # -- the contract ----------------------------------------------------------------------------------------

    def test_the_schema_is_held(self, rig: Rig) -> None:
        if schema() is None:
            pytest.skip("the compiled schema of Xledger is not here (CONTRACTS_DIR)")
        rig.connector().check()
        rig.sync(self.position(end="2026-12-31"))
        rig.person = replace(self.person, number="77")
        rig.sync(self.position())
        assert len({self.asked(c)["query"] for c in rig.calls}) >= 8
        assert [wrong for call in rig.calls for wrong in breaches(call)] == []
        call = rig.calls[0]
        assert breaches(replace(call, body=json.dumps({"query": "query { nonsense }", "variables": {}})))
        assert breaches(replace(call, answer=json.dumps({"data": {"viewer": {"entity": None, "more": 1}}})))

    def test_every_field_is_among_the_names_of_the_live_schema(self) -> None:
        file = contract_file("xledger.employee_fields.json")
        if file is None:
            pytest.skip("the list of Xledger's live field names is not here (CONTRACTS_DIR)")
        known = json.loads(file.read_text("utf-8"))["updateEmployees"]
        writable = {f["name"] for f in known["fields"]} | set(known["added_by_live_introspection"])
        free = {place for table in FREE for place, _ in table.choices}
        assert free <= writable and not [place for place in free if re.search(rf"\b{place}\b", EMPLOYMENT)]
        names = {f.remote for f in SYSTEM.fields if f.supported and f.opt_in not in FREE}
        for name in names - {"glObject1–5"} | set(OBJECTS):
            assert name in writable or f"{name}_dbId" in writable, name
            assert name in EMPLOYMENT
        assert known["nullable_marked"] == ["employmentTo"]
        assert {f.remote for f in SYSTEM.fields if f.supported and f.clearable} == {"employmentTo"}

    def test_what_is_read_is_among_the_names_of_the_live_schema(self) -> None:
        file = contract_file("xledger.employee_fields.json")
        if file is None:
            pytest.skip("the list of Xledger's live field names is not here (CONTRACTS_DIR)")
        known = json.loads(file.read_text("utf-8"))["read"]["employees"]
        names = {name.split("_")[0] for name in known}
        for name in ("dbId", "code", "description", "email", "employmentFrom", "employmentTo", "trialTo", *OBJECTS):
            assert name in names


# -- the sandbox itself --------------------------------------------------------------------------------------


def refusals() -> Iterator[tuple[dict[str, Any], str]]:
    yield {"percentage": 80}, "not to include"
    yield {"employeePosition": {"code": "1"}}, "not to include"
    yield {"employmentFrom": None}, "must not be null"
    yield {"exitReason": None}, "must not be null"
    yield {"employmentFrom": "01.02.2026"}, "not a date"
    yield {"positionValue": {"code": "1010", "description": "Kokk"}}, "give one of"
    yield {"positionValue": "1010"}, "to be an object"
    yield {"text1": "x" * 256}, "too long"
    yield {"positionValue": {"code": "F"}}, "No value matching"
    yield {"positionValue": {"description": "Konsulent"}}, "More than one"
    yield {"positionValue": {"code": "1090"}}, "No value matching"
    yield {"positionValue": {"dbId": 39001}}, "No value matching"
    yield {"employmentFrom": "2026-01-01", "employmentTo": "2026-12-31"}, "exit reason is needed"
    yield (
        {"employmentFrom": "2026-02-01", "employmentTo": "2026-01-31", "exitReason": {"code": "ANNET"}},
        "before the start",
    )


class TestSandbox:
    @pytest.fixture
    def rig(self, sandbox_server: tuple[str, Tenants]) -> Rig:
        return Rig(sandbox_server, "xledger", TestXledger.person, {}, known=True)

    @staticmethod
    def ask(rig: Rig, query: str, variables: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        connector = rig.connector()
        assert isinstance(connector, XledgerConnector)
        return connector._ask(query, variables, write=query.startswith("mutation"))

    def update(self, rig: Rig, node: Mapping[str, Any]) -> Any:
        query = (
            "mutation U($inputs: [UpdateEmployeesInput!]!) { updateEmployees(inputs: $inputs) { edges { clientId } } }"
        )
        number = rig.sandbox.state["employees"][0]["dbId"]
        return self.ask(rig, query, {"inputs": [{"clientId": "a", "node": {"dbId": number, **node}}]})

    @pytest.mark.parametrize(("node", "words"), list(refusals()))
    def test_refuses(self, rig: Rig, node: dict[str, Any], words: str) -> None:
        before = json.dumps(rig.sandbox.state["employees"])
        with pytest.raises(DataRefusedError) as caught:
            self.update(rig, node)
        assert words in caught.value.vendor_text
        assert json.dumps(rig.sandbox.state["employees"]) == before

    def test_takes_a_number_as_text(self, rig: Rig) -> None:
        number = str(rig.sandbox.state["employees"][0]["dbId"])
        assert self.update(rig, {"dbId": number, "info": "x"}) == {"updateEmployees": {"edges": [{"clientId": "a"}]}}

    @pytest.mark.parametrize(
        "query",
        [
            "query { employees(first: 1) { edges { node { nonsense } } } }",
            "query { employees(first: 1, nonsense: 2) { edges { cursor } } }",
            "query { employees(first: 1) { edges } }",
            "query { employees { edges { cursor } } }",
            'query { employees(first: "1") { edges { cursor } } }',
            'query { employees(first: 1, filter: { email: "x" }) { edges { cursor } } }',
            "query Q($f: String) { employees(first: $f) { edges { cursor } } }",
            "query { employees(first: 10001) { edges { cursor } } }",
            "query { employees(first: 1) { edges { cursor } }",
        ],
    )
    def test_refuses_queries_that_the_schema_does_not_hold(self, rig: Rig, query: str) -> None:
        with pytest.raises((DataRefusedError, UnavailableError)):
            self.ask(rig, query, {"f": "1"})

    def test_creates_with_code_and_description_only(self, rig: Rig) -> None:
        query = (
            "mutation A($inputs: [AddEmployeesInput!]!) { addEmployees(inputs: $inputs) { edges { node { code } } } }"
        )
        with pytest.raises(DataRefusedError):
            self.ask(rig, query, {"inputs": [{"node": {"code": "5"}}]})
        with pytest.raises(DataRefusedError):
            self.ask(rig, query, {"inputs": [{"node": {"code": "1042", "description": "Bo"}}]})
        self.ask(rig, query, {"inputs": [{"node": {"code": "5", "description": "Bo"}}]})
        assert [e["code"] for e in rig.sandbox.state["employees"]] == ["1042", "5"]

    def test_keeps_json_only_and_shows_itself(self, rig: Rig) -> None:
        rig.connector().check()
        assert json.loads(json.dumps(rig.sandbox.state)) == rig.sandbox.state
        assert [len(table.rows) > 0 for table in rig.sandbox.tables()] == [True, True]

    def test_the_seed_fits_the_settings(self, rig: Rig) -> None:
        assert all(line.ok for line in rig.connector().check())
        assert {s.name for s in SYSTEM.settings} >= set(rig.sandbox.settings)
