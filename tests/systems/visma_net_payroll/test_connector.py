"""Visma.net Payroll: the shared behaviour of a system with history, and what is its own: jobs, whole documents,
timelines, an index of all employees."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import Any, ClassVar
from urllib.parse import urljoin

import pytest

from integrations.planning.drift import Kind
from integrations.sandboxes.base import Call
from integrations.sdk.errors import NotAuthorizedError, StaleError, UnavailableError, UnclearOutcomeError
from integrations.sdk.periods import nearest
from integrations.sdk.values import Change, Company, Department, Manager, Wanted
from integrations.systems.visma_net_payroll.connector import VismaNetPayrollConnector
from integrations.systems.visma_net_payroll.sandbox.server import (
    CUSTOMER_TENANT,
    DAYTIME,
    MEDIA_TYPE,
    READ,
    SHIFT,
    TAX_UNIT,
    TAX_UNIT_STORE,
    VismaNetPayrollSandbox,
)
from integrations.systems.visma_net_payroll.timelines import in_force, with_value
from tests.contracts import contract_file
from tests.systems.kit import DEPARTMENT, HistoryBehaviour, Rig, TermsByDay

CONTRACT = "visma_net_payroll.json"
HOURLY = {"salaryType": "Period", "contractSalaryType": "Hourly", "hourlySalary": "212.50", "monthlySalary": "34531.25"}


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(VismaNetPayrollConnector, "poll_pauses", (0.02,))
    monkeypatch.setattr(VismaNetPayrollConnector, "poll_budget", 1.0)


# -- the contract ----------------------------------------------------------------------------------------


@cache
def contract() -> dict[str, Any] | None:
    file = contract_file(CONTRACT)
    return json.loads(file.read_text("utf-8")) if file else None


def operations(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """(method, path pattern) -> operation; one key of the contract may hold several paths."""
    found = {}
    for key, operation in document["paths"].items():
        method, _, paths = key.partition(" ")
        for template in paths.split(","):
            if method in ("GET", "POST", "PUT") and template.strip().startswith("/"):
                found[method, re.sub(r"\{\w+\}", "[0-9a-f-]{36}", template.strip())] = operation
    return found


def check_call(document: dict[str, Any], call: Call, seen: set[str]) -> list[str]:
    """What is wrong with one call by the compiled contract. `seen` collects the properties that positions had in
    answers: a PUT sends those back, documented or not."""
    path = "/" + call.path.removeprefix("v2/")
    operation = next(
        (o for (m, p), o in operations(document).items() if m == call.method and re.fullmatch(p, path)), None
    )
    if operation is None:
        return [f"{call.method} {path}: not in the contract"]
    wrong = [f"{path}: query {q}" for q in re.findall(r"(?:^|&)([^=&]+)", call.query) if q not in operation["query"]]
    if path.startswith("/employees"):
        if call.headers.get("Accept") != document["media_type"]:
            wrong.append(f"{path}: Accept {call.headers.get('Accept')}")
        if call.method != "GET" and call.headers.get("Content-Type") != document["media_type"]:
            wrong.append(f"{path}: Content-Type {call.headers.get('Content-Type')}")
    if call.method == "PUT" and not call.headers.get("If-Match"):
        wrong.append(f"{path}: no If-Match")
    if call.method != "GET":
        wrong += check_position(document, json.loads(call.body), path, seen)
    if call.status != 200:
        return wrong
    answer = json.loads(call.answer)
    if path == "/employees":
        wrong += [f"{path}: answer has {k}" for k in answer if k not in ("cursor", "data")]
    elif "/jobs" in path:
        for job in answer if isinstance(answer, list) else [answer]:
            wrong += [f"{path}: job has {k}" for k in job if k not in document["Job"]]
            wrong += [] if job["status"] in document["Job"]["status"] else [f"{path}: status {job['status']}"]
    elif "/positions" in path:
        for position in answer if isinstance(answer, list) else [answer]:
            seen |= set(position)
    return wrong


def check_position(document: dict[str, Any], body: dict[str, Any], path: str, seen: set[str]) -> list[str]:
    declared = document["Position"]
    wrong = [f"{path}: {k} is not a property" for k in body if k not in declared and k not in seen]
    wrong += [f"{path}: {k} is missing" for k, d in declared.items() if d.get("required") and not body.get(k)]
    for name, value in body.items():
        kind = declared.get(name, {}).get("type", "")
        if kind == "TimelineValue[]":
            wrong += [f"{path}: {name} has {k}" for e in value for k in e if k not in document["TimelineValue"]]
        elif kind == "date string" and not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            wrong.append(f"{path}: {name} is {value}")
        elif kind.startswith("array of {"):
            wrong += [f"{path}: {name} has {k}" for e in value for k in e if k not in re.findall(r"\w+", kind)]
            wrong += [
                f"{path}: {k} is no text" for e in value for k in e if k.endswith("Salary") and type(e[k]) is not str
            ]
    return wrong


def test_the_contract_is_there_to_be_checked() -> None:
    document = contract()
    if document is None:
        pytest.skip("the contract files are not on this machine (CONTRACTS_DIR)")
    assert ("PUT", "/employees/[0-9a-f-]{36}/positions/[0-9a-f-]{36}") in operations(document)
    bad = Call("POST", "v2/employees/" + "a" * 8 + "/positions", "", {}, "{}", 202, "")
    assert check_call(document, bad, set()), "the checker must be able to fail"


# -- the behaviour ---------------------------------------------------------------------------------------


class TestVismaNetPayroll(TermsByDay, HistoryBehaviour):
    system = "visma_net_payroll"
    values: ClassVar[dict[str, Any]] = {
        "contract_type": "permanent",
        "occupation_code": "1233101",
        "percentage": Decimal("100"),
        "working_hours_scheme": "not_shift",
        "department": DEPARTMENT,
    }
    said: ClassVar[dict[str, Any]] = {
        "contract_type": "fast",
        "occupation_code": "1233101",
        "percentage": Decimal("100"),
        "working_hours_scheme": DAYTIME,
    }
    changed = ("percentage", Decimal("60"))
    shown = (
        "partTimeFactors",
        [{"value": 100, "activeEnd": "2026-06-14"}, {"value": 60, "activeStart": "2026-06-15"}],
    )
    start_name = "activeStart"
    end_name = "activeEnd"
    required = "occupation_code"
    too_long = ("occupation_code", "12331010")
    bad = ("occupation_code", "1233-101")
    write_path = "positions"
    several = {"status": 400, "body": '{"errors":[{"message":"First thing"},{"message":"Second thing"}]}'}
    access = ({"path": "employees", "status": 401}, {"path": "employees", "status": 403})

    def faulty_write(self, rig: Rig, **fault: Any) -> None:
        rig.sandbox.state["jobSeconds"] = 0
        super().faulty_write(rig, **fault)

    def calls_counted(self, rig: Rig) -> int:
        """How often a job is asked for before it has ended is a matter of time: once counts."""
        paths = [(c.method, c.path) for c in rig.calls]
        return len([p for p, before in zip(paths, [None, *paths], strict=False) if p != before])

    def page_of_two(self, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(VismaNetPayrollConnector, "sight_size", 2)

    # -- manager and kind of salary ----------------------------------------------------------------------

    def manager_there(self, rig: Rig) -> Any:
        return rig.there()[0].get("manager")

    @pytest.mark.parametrize("dated", [False, True])
    def test_the_manager(self, rig: Rig, dated: bool) -> None:
        """Created, changed, emptied and not found; as an id, or as a value with dates where one stands there."""
        boss, other = (Manager(number, f"{number}@firma.test") for number in ("7", "8"))
        ids = [rig.sandbox.add_employee(m.number, "Kari", "Li", email=m.email) for m in (boss, other)]
        assert "manager" in rig.one(self.position(manager=boss)).unsent
        rig.settings["send_manager"] = True
        if dated:
            document = next(iter(rig.sandbox.state["positions"].values()))["document"]
            document["manager"] = [{"value": ids[1], "activeStart": "2026-01-01"}]
        rig.person = replace(rig.person, manager=boss)
        assert set(rig.one(self.position(manager=boss)).changes) == {"manager"}
        then = [{"value": ids[1], "activeStart": "2026-01-01", "activeEnd": "2026-06-14"}]
        now = {"value": ids[0], "activeStart": "2026-06-15"}
        assert self.manager_there(rig) == ([*then, now] if dated else ids[0])
        assert rig.one(self.position(manager=boss)).cause == "nothing_to_change"
        rig.person = replace(rig.person, manager=None)
        assert rig.one(self.position()).state == "succeeded"
        assert self.manager_there(rig) == (then if dated else None)
        rig.person = replace(rig.person, manager=replace(other, number="99"))  # found by e-mail
        assert rig.one(self.position(manager=rig.person.manager)).state == "succeeded"
        assert self.manager_there(rig) == ([*then, {**now, "value": ids[1]}] if dated else ids[1])
        assert rig.one(self.position(manager=rig.person.manager)).cause == "nothing_to_change"
        rig.person = replace(rig.person, manager=Manager("404"))
        told = rig.one(self.position(manager=rig.person.manager, percentage=Decimal("60")))
        assert (told.state, [w.field for w in told.warnings]) == ("succeeded", ["manager"])
        refused = rig.one(self.position(manager=rig.person.manager, percentage=Decimal("60")))
        assert (refused.state, refused.field) == ("failed", "manager") and "404" in refused.message

    def test_a_manager_of_an_unknown_form_or_not_shown_is_not_written_again_and_again(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for number in ("7", "8"):
            rig.sandbox.add_employee(number, "Kari", "Li")
        rig.settings["send_manager"] = True
        rig.person, later = replace(rig.person, manager=Manager("7")), Manager("8")
        read = VismaNetPayrollConnector._positions
        hidden = "manager"
        monkeypatch.setattr(
            VismaNetPayrollConnector,
            "_positions",
            lambda self, employee: [{k: v for k, v in p.items() if k != hidden} for p in read(self, employee)],
        )
        rig.sync(self.position())
        assert set(rig.one(self.position(manager=Manager("7"))).changes) == {"manager"}, "there may be none"
        assert rig.one(self.position(manager=Manager("7"))).cause == "nothing_to_change"
        hidden = ""
        document = next(iter(rig.sandbox.state["positions"].values()))["document"]
        document["manager"] = theirs = {"id": document["manager"]}
        rig.person = replace(rig.person, manager=later)
        told = rig.one(self.position(manager=later, percentage=Decimal("60")))
        assert (told.state, [w.field for w in told.warnings]) == ("succeeded", ["manager"])
        assert self.manager_there(rig) == theirs, "neither replaced nor lost"
        assert set(rig.one(self.position(manager=later, percentage=Decimal("60"))).changes) == set()

    def test_a_new_position_brings_its_manager_and_one_of_the_past_does_not(self, rig: Rig) -> None:
        key = rig.sandbox.add_employee("7", "Kari", "Li")
        rig.settings["send_manager"] = True
        rig.person = replace(rig.person, manager=Manager("7"))
        past = self.position("2", "2025-01-01", "2025-12-31", manager=Manager("7"))
        rig.sync(self.position(manager=Manager("7")), past)
        assert [p.get("manager") for p in rig.there()] == [None, key]
        assert {found.kind for found in self.drift(rig)} == {Kind.EQUAL}
        rig.person = replace(rig.person, manager=Manager("404"))
        rig.sandbox.state["positions"].clear()
        told = rig.one(self.position("3", "2026-03-01", manager=Manager("404")))
        assert [w.field for w in told.warnings] == ["manager"] and "manager" not in rig.there()[0]

    def test_the_kind_of_salary_of_a_new_position(self, rig: Rig) -> None:
        """With its own amount; never of one that exists; refused where the kind has no amount or no counterpart."""
        rig.settings["send_remuneration_type"] = True
        refused = rig.one(self.position(remuneration_type="hourly"))
        assert refused.cause == "values_for_new_positions" and "by kind" in refused.message
        assert rig.one(self.position(remuneration_type="fee")).cause == "no_translation"
        rig.settings["salaries"] = {"Hourly": "212,50"}
        assert rig.one(self.position(remuneration_type="hourly")).state == "succeeded"
        hourly = [{"salaryType": "Period", "contractSalaryType": "Hourly", "hourlySalary": "212.50"}]
        assert rig.there()[0]["salaryInformation"] == hourly
        assert rig.one(self.position(remuneration_type="hourly")).cause == "nothing_to_change"
        kept = rig.one(self.position(remuneration_type="monthly"))
        assert kept.state == "skipped" and "Hourly" in kept.message
        assert rig.one(self.position(percentage=Decimal("60"))).state == "succeeded"
        assert rig.there()[0]["salaryInformation"] == hourly
        rig.one(self.position("2", "2025-01-01", "2025-12-31", remuneration_type="monthly"))
        assert rig.there()[0]["salaryInformation"][0]["monthlySalary"] == "30000"

    def test_a_page_for_people_is_not_an_employee_who_is_gone(self, rig: Rig) -> None:
        """A wrong address answers 404, too."""
        rig.sync(self.position())
        page = {"status": 404, "headers": {"Content-Type": "text/html"}, "body": "<html>Nothing here</html>"}
        for method, path in (("GET", f"employees/{rig.employee_id}"), ("PUT", "/positions/")):
            rig.fail(method=method, path=path, **page)
            error = rig.sync(self.position(percentage=Decimal("60"))).error
            assert isinstance(error, UnavailableError) and "address" in error.message, method
        assert rig.one(self.position(percentage=Decimal("60"))).state == "succeeded"

    def test_an_independent_client_is_refused_less(self, rig: Rig) -> None:
        """Hires with everything in one call, lists as it likes, changes a person and a position without a version."""
        http = rig.connector().http
        headers = {"Content-Type": f"{MEDIA_TYPE}; charset=utf-8", "Accept": "*/*"}
        rig.sync(self.position())
        mine = {k: v for k, v in rig.there()[0].items() if k not in ("id", "tenantId", "employeeId", "activeEnd")}
        path = f"employees/{rig.employee_id}/positions/{rig.there()[0]['id']}"
        strange = {**mine, "nickname": "x"}

        def ask(method: str, where: str, body: Any = None, **more: Any) -> Any:
            return http.request(method, where, json=body, headers=headers, classify=lambda r: None, **more)

        assert [ask("GET", "employees").status, ask("PUT", path, mine).status] == [406, 406]
        rig.sandbox.tenant.strict = False
        rig.sandbox.state["jobSeconds"] = 0
        assert ask("PUT", path, strange).status == 202
        hired = {"personNames": [{"firstName": "Kari", "lastName": "Li"}], "positions": [mine]}

        def job(body: dict[str, Any]) -> dict[str, Any]:
            answer = ask("POST", "employees/withPosition", body)
            return dict(ask("GET", urljoin(rig.address, answer.headers["Location"])).json())

        done = job(hired)
        assert done["status"] == "Succeeded"
        made = done["artifactId"]
        whole = ask("GET", f"employees/{made}?embed=(positions)")
        assert (whole.json()["number"], len(whole.json()["_embedded"]["positions"])) == ("1043", 1)
        assert ask("PUT", f"employees/{made}", {**whole.json(), "dateOfBirth": "1990-01-01"}).status == 202
        listed = ask("GET", "employees?fields=(id,dateOfBirth)&onlyActive=True&pageSize=10&shoe=1").json()["data"]
        assert {"id": made, "dateOfBirth": "1990-01-01"} in listed
        failed = job({**hired, "positions": [{"activeStart": "x"}]})
        assert failed["status"] == "Failed" and failed["validationResults"][0]["jsonPath"].startswith("$.positions[0]")
        assert len(ask("GET", "employees/jobs").json()) == 3
        assert ask("GET", f"taxUnits/{TAX_UNIT}").json()["name"] == "Fjellheim Drift"
        rig.forget_calls()  # the compiled contract has none of these

    def test_a_snapshot_asks_for_positions_that_the_list_does_not_mention(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.sandbox.state["embeds"] = False
        [seen] = rig.connector().snapshot()
        assert len(seen.records) == 1 and rig.calls[-1].path.endswith("/positions")

    def writes(self, rig: Rig) -> list[Call]:
        return [c for c in rig.calls if c.method in ("POST", "PUT") and "positions" in c.path]

    def check_contract(self, calls: list[Call]) -> None:
        document = contract()
        seen: set[str] = set()
        if document is not None:
            wrong = [w for c in calls if c.path.startswith("v2/") for w in check_call(document, c, seen)]
            assert not wrong, wrong

    def sandbox(self, rig: Rig) -> VismaNetPayrollSandbox:
        assert isinstance(rig.sandbox, VismaNetPayrollSandbox)
        return rig.sandbox

    def employee_there(self, rig: Rig) -> str:
        return next(e["id"] for e in rig.sandbox.state["employees"].values() if e["number"] == rig.person.number)

    def made_by_payroll(self, rig: Rig, **properties: Any) -> str:
        """A position that payroll made: the same as ours, but for `properties`."""
        plain = {
            "workTimeAgreement": [{"value": DAYTIME}],
            "accountingDimensions": [{"dimension": "1", "dimensionValues": [{"value": "BUT1"}]}],
        }
        return self.sandbox(rig).add_position(self.employee_there(rig), **{**plain, **properties})

    # -- dated values, cancelled positions, codes of theirs ----------------------------------------------

    def factors(self, rig: Rig) -> list[dict[str, Any]]:
        return rig.there()[-1]["partTimeFactors"]

    def dated(self, rig: Rig) -> list[dict[str, Any]]:
        return [
            {"activeStart": position["activeStart"], **entry}
            for position in rig.there()
            for entry in position["partTimeFactors"]
        ]

    def day_of(self, row: dict[str, Any]) -> str:
        return str(row["activeStart"])

    def past(self, rig: Rig) -> list[dict[str, Any]]:
        """Day by day: a new entry closes the one before it, which says the same of its days as before."""
        days = [date(2026, 1, 1) + timedelta(days=n) for n in range((rig.today - date(2026, 1, 1)).days)]
        return [{"day": d, "value": (in_force(self.factors(rig), d) or {}).get("value")} for d in days]

    def percentage_of(self, row: dict[str, Any]) -> Any:
        return row["value"]

    def clerk_writes(self, rig: Rig, day: str, percentage: int) -> None:
        [position] = rig.sandbox.state["positions"].values()
        timeline = position["document"]["partTimeFactors"]
        start = date(2026, 1, 1)
        position["document"]["partTimeFactors"] = with_value(timeline, percentage, date.fromisoformat(day), start)

    def cancel(self, rig: Rig) -> None:
        for position in rig.sandbox.state["positions"].values():
            position["document"] |= {
                "activeEnd": "2026-03-31",
                "positionEndReason": ["arbeidsforholdetSkulleAldriVaertRapportert"],
            }

    def clerk_chooses(self, rig: Rig) -> tuple[str, str]:
        rig.sandbox.state["newer"] = ["laerling"]
        [position] = rig.sandbox.state["positions"].values()
        position["document"]["employmentForm"] = [{"value": "laerling"}]
        return "contract_type", "laerling"

    def test_an_unchanged_turn_leaves_the_values_of_a_position_that_is_over(self, rig: Rig) -> None:
        over: dict[str, Any] = {"start": "2025-01-01", "end": "2026-01-31"}
        rig.sync(self.position(**over))
        self.clerk_writes(rig, "2026-01-15", 50)
        outcome = rig.one(self.position(**over))
        assert (outcome.state, outcome.cause, outcome.field) == ("skipped", "stays_there", "percentage")

    def paths(self, rig: Rig) -> list[str]:
        """What was called, ids left out."""
        return [f"{c.method} {re.sub('[0-9a-f-]{36}', '*', c.path)}" for c in rig.calls]

    # -- the body of a new position ----------------------------------------------------------------------

    def test_a_new_position_in_their_words(self, rig: Rig) -> None:
        assert rig.one(self.position(end="2026-12-31")).state == "succeeded"
        [call] = self.writes(rig)
        assert json.loads(call.body) == {
            "activeStart": "2026-01-01",
            "activeEnd": "2026-12-31",
            "typeOfPosition": "Ordinary",
            "employmentForm": [{"value": "fast"}],
            "typeOfWork": [{"value": "1233101"}],
            "partTimeFactors": [{"value": 100}],
            "workTimeAgreement": [{"value": DAYTIME}],
            "taxUnitIds": [{"value": TAX_UNIT}],
            "salaryInformation": [{"salaryType": "Period", "contractSalaryType": "Monthly", "monthlySalary": "30000"}],
            "accountingDimensions": [{"dimension": "1", "dimensionValues": [{"value": "BUT1"}]}],
            "positionEndReason": ["arbeidstakerHarSagtOppSelv"],
        }

    @pytest.mark.parametrize("missing", ["salary", "work_time_agreement", "tax_unit"])
    def test_what_the_settings_lack_for_a_new_position_is_named(self, rig: Rig, missing: str) -> None:
        rig.settings[missing] = ""
        outcome = rig.one(self.position(without=("working_hours_scheme",)))
        assert (outcome.state, outcome.cause) == ("failed", "values_for_new_positions")
        label = next(s.label for s in rig.system.settings if s.name == missing)
        assert f"“{label}”" in outcome.message
        assert not self.writes(rig)

    def test_several_missing_settings_are_named_together(self, rig: Rig) -> None:
        rig.settings |= {"salary": "", "tax_unit": ""}
        outcome = rig.one(self.position())
        assert "“Salary of a new position” and “Tax unit of a new position”" in outcome.message

    def test_settings_for_new_positions_are_not_needed_to_update(self, rig: Rig) -> None:
        """Nor do they replace what payroll chose on a position that is there."""
        rig.settings |= {"salary": "", "tax_unit": "", "work_time_agreement": ""}
        self.made_by_payroll(rig, taxUnitIds=[{"value": TAX_UNIT_STORE}])
        assert rig.one(self.position(percentage=Decimal("50"))).state == "succeeded"
        assert rig.there()[0]["taxUnitIds"] == [{"value": TAX_UNIT_STORE}]

    def test_the_salary_of_a_new_position_is_of_the_chosen_kind(self, rig: Rig) -> None:
        rig.settings |= {"salary": Decimal("212.50"), "salary_type": "Hourly"}
        assert rig.one(self.position()).state == "succeeded"
        assert rig.there()[0]["salaryInformation"] == [
            {"salaryType": "Period", "contractSalaryType": "Hourly", "hourlySalary": "212.50"}
        ]

    def test_an_occupation_code_has_seven_digits(self, rig: Rig) -> None:
        outcome = rig.one(self.position(occupation_code="123310"))
        assert (outcome.state, outcome.field) == ("failed", "occupation_code")
        assert "seven digits of STYRK-98" in outcome.message and "no code of STYRK-08" in outcome.message
        assert rig.calls == []

    def test_percentage_with_decimals_is_a_number_and_read_as_the_same(self, rig: Rig) -> None:
        rig.sync(self.position(percentage=Decimal("37.50")))
        assert rig.there()[0]["partTimeFactors"] == [{"value": 37.5}]
        assert rig.one(self.position(percentage=Decimal("37.50"))).cause == "nothing_to_change"

    @pytest.mark.parametrize(
        ("contract_type", "form"),
        [
            ("permanent", "fast"),
            ("temporary", "midlertidig"),
            ("seasonal", "midlertidig"),
            ("casual", "midlertidigAnsattSomTilkallingsvikar"),
        ],
    )
    def test_employment_forms(self, rig: Rig, contract_type: str, form: str) -> None:
        assert rig.one(self.position(contract_type=contract_type)).state == "succeeded"
        assert rig.there()[0]["employmentForm"] == [{"value": form}]

    def test_a_contract_type_without_counterpart_needs_a_row_in_the_settings(self, rig: Rig) -> None:
        outcome = rig.one(self.position(contract_type="third_party"))
        assert (outcome.cause, outcome.field) == ("no_translation", "contract_type")
        assert rig.calls == []
        rig.settings["employment_forms"] = {"third_party": "midlertidigAnsattUtleid"}
        assert rig.one(self.position(contract_type="third_party")).state == "succeeded"
        assert rig.there()[0]["employmentForm"] == [{"value": "midlertidigAnsattUtleid"}]

    # -- working time, tax unit, dimensions, end reason --------------------------------------------------

    def test_the_scheme_chooses_the_work_time_agreement(self, rig: Rig) -> None:
        rig.sync(self.position(working_hours_scheme="shift"))
        assert rig.there()[0]["workTimeAgreement"] == [{"value": SHIFT}]

    def test_a_scheme_without_agreement_is_refused_here(self, rig: Rig) -> None:
        rig.settings["work_time_agreements"] = {"not_shift": DAYTIME}
        outcome = rig.one(self.position(working_hours_scheme="offshore_336"))
        assert (outcome.cause, outcome.field) == ("value_refused", "working_hours_scheme")
        assert "“offshore 336” has no work-time agreement" in outcome.message
        assert rig.calls == []

    def test_the_scheme_is_left_alone_when_switched_off(self, rig: Rig) -> None:
        rig.settings["send_working_hours"] = False
        outcome = rig.one(self.position(working_hours_scheme="shift"))
        assert outcome.state == "succeeded"
        unsent = {field: str(why) for field, why in outcome.unsent.items()}
        assert unsent == {"working_hours_scheme": "Switched off in this connection's settings."}
        assert rig.there()[0]["workTimeAgreement"] == [{"value": DAYTIME}]

    def test_ids_answered_in_capitals_are_the_same_ids(self, rig: Rig) -> None:
        self.made_by_payroll(rig, workTimeAgreement=[{"value": DAYTIME.upper()}])
        assert rig.one(self.position()).cause == "nothing_to_change"

    def test_ids_typed_in_capitals_are_the_same_ids(self, rig: Rig) -> None:
        """A different spelling must not become a new entry in the timeline every day."""
        rig.settings["work_time_agreements"] = {"not_shift": DAYTIME.upper()}
        rig.settings["tax_unit"] = TAX_UNIT.upper()
        rig.sync(self.position())
        assert rig.there()[0]["workTimeAgreement"] == [{"value": DAYTIME}]
        assert rig.one(self.position()).cause == "nothing_to_change"

    def test_the_company_chooses_the_tax_unit(self, rig: Rig) -> None:
        rig.settings |= {"send_company": True, "tax_unit": "", "tax_units": {"974760673": TAX_UNIT_STORE}}
        position = self.position(company=Company("Fjellheim Drift", "974760673"))
        assert rig.one(position).state == "succeeded"
        assert rig.there()[0]["taxUnitIds"] == [{"value": TAX_UNIT_STORE}]

    def test_a_company_without_tax_unit_is_refused_here(self, rig: Rig) -> None:
        rig.settings["send_company"] = True
        outcome = rig.one(self.position(company=Company("Fjellheim Sør", "999888777")))
        assert (outcome.cause, outcome.field) == ("value_refused", "company")
        assert "“Fjellheim Sør” (999888777) has no tax unit" in outcome.message

    def test_department_and_cost_centre_go_to_their_dimensions(self, rig: Rig) -> None:
        rig.settings |= {"send_cost_centre": True, "cost_centre_dimension": "2", "cost_centres": {"K1": "100"}}
        rig.sync(self.position(cost_centre="K1"))
        assert rig.there()[0]["accountingDimensions"] == [
            {"dimension": "1", "dimensionValues": [{"value": "BUT1"}]},
            {"dimension": "2", "dimensionValues": [{"value": "100"}]},
        ]
        assert rig.one(self.position(cost_centre="K1")).cause == "nothing_to_change"

    def test_changed_department_leaves_other_dimensions_alone(self, rig: Rig) -> None:
        other = {"dimension": "2", "dimensionValues": [{"value": "200"}]}
        mine = {"dimension": "1", "dimensionValues": [{"value": "BUT1"}]}
        self.made_by_payroll(rig, accountingDimensions=[other, mine])
        outcome = rig.one(self.position(department=Department("LAG1")))
        assert set(outcome.changes) == {"department"}
        assert rig.there()[0]["accountingDimensions"] == [
            other,
            {
                "dimension": "1",
                "dimensionValues": [
                    {"value": "BUT1", "activeEnd": "2026-06-14"},
                    {"value": "LAG1", "activeStart": "2026-06-15"},
                ],
            },
        ]

    def test_cleared_department_ends_there_what_we_sent(self, rig: Rig) -> None:
        rig.sync(self.position())
        outcome = rig.one(self.position(without=("department",)))
        assert outcome.state == "succeeded"
        values = rig.there()[0]["accountingDimensions"][0]["dimensionValues"]
        assert values == [{"value": "BUT1", "activeEnd": "2026-06-14"}]
        assert rig.one(self.position(without=("department",))).cause == "nothing_to_change"

    def test_cleared_department_on_the_first_day_leaves_nothing_behind(self, rig: Rig) -> None:
        rig.sync(self.position(start="2026-07-01"))
        assert rig.one(self.position(start="2026-07-01", without=("department",))).state == "succeeded"
        assert rig.there()[0]["accountingDimensions"] == []

    def test_a_department_that_payroll_filled_in_stays(self, rig: Rig) -> None:
        self.made_by_payroll(rig)
        assert rig.one(self.position(without=("department",))).cause == "nothing_to_change"

    def test_a_dimension_without_number_or_used_twice_is_refused_here(self, rig: Rig) -> None:
        rig.settings["department_dimension"] = ""
        outcome = rig.one(self.position())
        assert (outcome.cause, outcome.field) == ("value_refused", "department")
        assert "Dimension of the department" in outcome.message
        rig.settings |= {"department_dimension": "1", "send_cost_centre": True, "cost_centre_dimension": "1"}
        assert "both go to dimension 1" in rig.one(self.position(cost_centre="100")).message
        assert rig.calls == []

    def test_an_end_reason_is_only_sent_when_switched_on(self, rig: Rig) -> None:
        rig.settings["send_end_reason"] = False
        rig.sync(self.position(end="2026-12-31"))
        assert "positionEndReason" not in rig.there()[0]

    def test_an_end_without_a_reason_stops_where_reasons_are_sent(self, rig: Rig) -> None:
        """The a-melding asks for one with each end; where they are off, it is filled in by hand there."""
        outcome = rig.one(self.position(end="2026-12-31", without=("end_reason",)))
        assert (outcome.cause, outcome.field) == ("missing_required_field", "end_reason")
        rig.settings["send_end_reason"] = False
        assert rig.one(self.position(end="2026-12-31", without=("end_reason",))).state == "succeeded"

    def test_end_reason_other_needs_a_row_in_the_settings(self, rig: Rig) -> None:
        outcome = rig.one(self.position(end="2026-12-31", end_reason="other"))
        assert (outcome.cause, outcome.field) == ("no_translation", "end_reason")
        rig.settings["end_reasons"] = {"other": "arbeidsgiverHarSagtOppArbeidstaker"}
        assert rig.one(self.position(end="2026-12-31", end_reason="other")).state == "succeeded"
        assert rig.there()[0]["positionEndReason"] == ["arbeidsgiverHarSagtOppArbeidstaker"]

    @pytest.mark.parametrize("sent", [True, False])
    def test_reopening_takes_the_end_reason_away_too(self, rig: Rig, sent: bool) -> None:
        rig.settings["send_end_reason"] = sent
        self.made_by_payroll(rig, activeEnd="2026-12-31", positionEndReason=["arbeidstakerHarSagtOppSelv"])
        assert rig.one(self.position()).state == "succeeded"
        [there] = rig.there()
        assert there["activeEnd"] is None
        assert "positionEndReason" not in there

    # -- the whole document and its version --------------------------------------------------------------

    def test_everything_else_of_the_document_comes_back_as_it_was(self, rig: Rig) -> None:
        more = {
            "absence": {"prepaidSickness": [{"value": True, "activeStart": "2026-02-01"}]},
            "externalIds": [{"key": "other", "value": "9"}],
            "typeOfPerson": "Employee",
            "customSalaryRates": [{"rate": 1.25, "activeStart": "2026-01-01"}],
        }
        position_id = self.made_by_payroll(rig, **more)
        before = rig.there()[0]
        assert rig.one(self.position(percentage=Decimal("80"))).state == "succeeded"
        after = rig.there()[0]
        changed = {k for k in {*before, *after} if before.get(k) != after.get(k)}
        assert changed == {"partTimeFactors"}
        [put] = self.writes(rig)
        sent = json.loads(put.body)
        assert {k: sent[k] for k in more} == more
        assert sent["id"] == position_id, "read-only properties travel along"

    def test_salary_is_sent_back_exactly_as_read(self, rig: Rig) -> None:
        """An hourly salary set by payroll: without its type and every amount, the vendor drops or refuses it."""
        salary = [{**HOURLY, "activeEnd": "2026-05-31"}, {**HOURLY, "hourlySalary": "220", "activeStart": "2026-06-01"}]
        self.made_by_payroll(rig, salaryInformation=salary)
        outcome = rig.one(self.position(percentage=Decimal("80")))
        assert (outcome.state, outcome.warnings) == ("succeeded", ())
        assert json.loads(self.writes(rig)[0].body)["salaryInformation"] == salary
        assert rig.there()[0]["salaryInformation"] == salary

    def test_the_version_read_last_goes_with_the_write(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.sync(self.position(percentage=Decimal("80")))
        rig.sync(self.position(percentage=Decimal("60")))
        puts = [c for c in self.writes(rig) if c.method == "PUT"]
        assert [c.headers["If-Match"] for c in puts] == ['"1"', '"2"']

    def test_a_stale_version_is_read_and_planned_again(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.fail(status=412, method="PUT")
        assert rig.one(self.position(percentage=Decimal("60"))).state == "succeeded"
        assert rig.there()[0]["partTimeFactors"][-1]["value"] == 60

    @pytest.mark.parametrize("status", [409, 412])
    def test_a_version_that_stays_stale_says_so(self, rig: Rig, status: int) -> None:
        rig.sync(self.position())
        before = rig.there()
        rig.fail(status=status, method="PUT", times=9)
        report = rig.sync(self.position(percentage=Decimal("60")))
        assert isinstance(report.error, StaleError)
        assert rig.there() == before

    def test_dates_changed_there_after_they_were_read(self, rig: Rig) -> None:
        """The plan was made on other dates: it is made again, not forced through."""
        position_id = self.made_by_payroll(rig)
        connector = rig.connector()
        employee = connector.find_employee(rig.person)
        [remote] = connector.read(employee)
        stored = rig.sandbox.state["positions"][position_id]
        stored["document"]["activeEnd"] = "2026-09-30"
        changes = {"percentage": Change(Decimal(100), Decimal(60))}
        with pytest.raises(StaleError):
            connector.update(employee, rig.person, remote, changes, Wanted("1", {**remote.values}))
        assert not self.writes(rig)

    def test_a_value_changed_there_after_it_was_read(self, rig: Rig) -> None:
        """What a list showed a while ago is no longer so (`guards`): it is read and planned anew, and told."""
        position_id = self.made_by_payroll(rig)
        connector = rig.connector()
        employee = connector.find_employee(rig.person)
        [remote] = connector.read(employee)
        stored = rig.sandbox.state["positions"][position_id]["document"]
        stored["partTimeFactors"] = [{"value": 45}]
        changes, wanted = {"percentage": Change(Decimal(100), Decimal(60))}, Wanted("1", {**remote.values})
        assert connector.guards(remote, changes, wanted)
        with pytest.raises(StaleError):
            connector.update(employee, rig.person, remote, changes, wanted)
        assert not self.writes(rig)

    def test_a_position_without_version_is_not_overwritten(self, rig: Rig) -> None:
        position_id = self.made_by_payroll(rig)
        body = json.dumps(rig.sandbox.state["positions"][position_id]["document"])
        rig.fail(status=200, method="GET", path=f"positions/{position_id}", body=body)
        report = rig.sync(self.position(percentage=Decimal("60")))
        assert isinstance(report.error, UnavailableError)
        assert not self.writes(rig)

    # -- timelines ---------------------------------------------------------------------------------------

    def test_history_is_never_rewritten(self, rig: Rig) -> None:
        rig.sync(self.position())
        for day, share in ((date(2026, 7, 1), 80), (date(2026, 8, 15), 60)):
            rig.today = day
            assert rig.one(self.position(percentage=Decimal(share))).state == "succeeded"
        assert rig.there()[0]["partTimeFactors"] == [
            {"value": 100, "activeEnd": "2026-06-30"},
            {"value": 80, "activeStart": "2026-07-01", "activeEnd": "2026-08-14"},
            {"value": 60, "activeStart": "2026-08-15"},
        ]

    def test_a_correction_on_the_same_day_replaces_the_entry(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.sync(self.position(percentage=Decimal("60")))
        rig.sync(self.position(percentage=Decimal("65")))
        assert rig.there()[0]["partTimeFactors"] == [
            {"value": 100, "activeEnd": "2026-06-14"},
            {"value": 65, "activeStart": "2026-06-15"},
        ]

    @pytest.mark.parametrize("start", ["2026-06-15", "2026-09-01"])
    def test_before_or_on_its_first_day_a_position_has_no_history(self, rig: Rig, start: str) -> None:
        rig.sync(self.position(start=start))
        assert rig.one(self.position(start=start, percentage=Decimal("60"))).state == "succeeded"
        assert rig.there()[0]["partTimeFactors"] == [{"value": 60}]

    def test_a_later_change_that_payroll_planned_stays(self, rig: Rig) -> None:
        self.made_by_payroll(
            rig,
            partTimeFactors=[
                {"value": 100, "activeEnd": "2026-08-31"},
                {"value": 50, "activeStart": "2026-09-01"},
            ],
        )
        assert rig.one(self.position()).cause == "nothing_to_change"
        rig.sync(self.position(percentage=Decimal("80")))
        assert rig.there()[0]["partTimeFactors"] == [
            {"value": 100, "activeEnd": "2026-06-14"},
            {"value": 80, "activeStart": "2026-06-15", "activeEnd": "2026-08-31"},
            {"value": 50, "activeStart": "2026-09-01"},
        ]

    @pytest.mark.parametrize(
        ("timeline", "value", "day", "expected"),
        [
            ([], "a", "2026-06-15", [{"value": "a", "activeStart": "2026-06-15"}]),
            ([], None, "2026-06-15", []),
            (  # a gap is filled up to the next entry
                [{"value": "b", "activeStart": "2026-07-01"}],
                "a",
                "2026-06-15",
                [
                    {"value": "b", "activeStart": "2026-07-01"},
                    {"value": "a", "activeStart": "2026-06-15", "activeEnd": "2026-06-30"},
                ],
            ),
            (  # unknown properties of an entry stay with it
                [{"value": "a", "note": 1}],
                "b",
                "2026-06-15",
                [{"value": "a", "note": 1, "activeEnd": "2026-06-14"}, {"value": "b", "activeStart": "2026-06-15"}],
            ),
        ],
    )
    def test_timeline(self, timeline: Any, value: Any, day: str, expected: Any) -> None:
        before = json.dumps(timeline)
        assert with_value(timeline, value, date.fromisoformat(day), date(2026, 1, 1)) == expected
        assert json.dumps(timeline) == before, "the document that was read is not changed in passing"

    def test_a_change_counts_from_today_but_never_outside_the_position(self) -> None:
        today, start, end = date(2026, 6, 15), date(2026, 9, 1), date(2026, 3, 31)
        assert nearest(today, date(2026, 1, 1), None) == today
        assert nearest(today, start, None) == start
        assert nearest(today, date(2026, 1, 1), end) == end

    def test_a_position_that_is_over_keeps_its_values(self, rig: Rig) -> None:
        self.made_by_payroll(rig, activeEnd="2026-03-31", positionEndReason=["arbeidstakerHarSagtOppSelv"])
        outcome = rig.one(self.position(end="2026-03-31", percentage=Decimal("60")))
        assert (outcome.state, outcome.cause, outcome.field) == ("failed", "position_is_over", "percentage")
        assert not self.writes(rig)

    def test_ending_in_the_past_with_another_change_ends_and_warns(self, rig: Rig) -> None:
        rig.sync(self.position())
        outcome = rig.one(self.position(end="2026-05-31", percentage=Decimal("60")))
        assert outcome.state == "succeeded"
        assert [w.field for w in outcome.warnings] == ["percentage"]
        assert "31 May 2026" in outcome.warnings[0].message
        [there] = rig.there()
        assert (there["activeEnd"], there["partTimeFactors"]) == ("2026-05-31", [{"value": 100}])

    # -- jobs --------------------------------------------------------------------------------------------

    def test_a_job_is_followed_until_it_has_ended(self, rig: Rig) -> None:
        rig.sandbox.state["jobSeconds"] = 0.2
        assert rig.one(self.position()).state == "succeeded"
        answers = [json.loads(c.answer)["status"] for c in rig.calls if re.search(r"/jobs/[0-9a-f-]{36}$", c.path)]
        assert answers[0] == "NotStarted"
        assert "InProgress" in answers
        assert answers[-1] == "Succeeded"

    def test_the_link_holds_the_position_that_the_job_made(self, rig: Rig) -> None:
        outcome = rig.one(self.position())
        assert outcome.sent is not None
        assert outcome.sent.remote_id == rig.there()[0]["id"]

    def test_the_location_is_a_path_on_the_host(self, rig: Rig) -> None:
        """The address of the API ends in /v2, the job's path begins with all of it again."""
        rig.sync(self.position())
        looked = [c.path for c in rig.calls if "/jobs/" in c.path]
        assert looked and all(p.startswith("v2/employees/") for p in looked)

    def test_a_location_elsewhere_never_gets_our_token(self, rig: Rig) -> None:
        rig.fail(status=202, method="POST", path="positions", headers={"Location": "http://localhost:9/v2/jobs/1"})
        report = rig.sync(self.position())
        assert isinstance(report.error, UnclearOutcomeError)
        assert not [e for e in report.exchanges if "localhost:9" in e.url]

    def test_an_accepted_write_without_location_is_unclear(self, rig: Rig) -> None:
        rig.fail(status=202, method="POST", path="positions")
        assert isinstance(rig.sync(self.position()).error, UnclearOutcomeError)

    def test_a_failed_job_is_a_refusal_in_their_words(self, rig: Rig) -> None:
        rig.settings["tax_unit"] = "00000000-0000-4000-8000-000000000000"
        outcome = rig.one(self.position())
        assert (outcome.state, outcome.cause) == ("failed", "refused_by_target")
        assert outcome.message.startswith("Visma.net Payroll took the position but refused it")
        assert outcome.vendor_text == "taxUnitIds is not valid."
        assert outcome.vendor_code == "invalidValue"
        assert rig.there() == []

    @pytest.mark.parametrize(("field", "value"), [("department", Department("XX9")), ("working_hours_scheme", "shift")])
    def test_a_failed_job_names_our_field(self, rig: Rig, field: str, value: Any) -> None:
        rig.settings["work_time_agreements"] = {"not_shift": DAYTIME, "shift": TAX_UNIT}
        assert rig.one(self.position(**{field: value})).field == field

    def test_of_two_dimensions_the_refused_one_is_named(self, rig: Rig) -> None:
        rig.settings |= {"send_cost_centre": True, "cost_centre_dimension": "2"}
        assert rig.one(self.position(cost_centre="999")).field == "cost_centre"

    def test_a_dropped_part_is_a_warning_although_the_job_succeeded(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.sandbox.state["dropped"] = {"partTimeFactors": "Part time factor was not saved"}
        outcome = rig.one(self.position(percentage=Decimal("60"), occupation_code="2310114"))
        assert outcome.state == "succeeded"
        [warning] = outcome.warnings
        assert warning.field == "percentage"
        assert "Part time factor was not saved." in warning.message
        assert outcome.sent is not None and "percentage" not in outcome.sent.values
        rig.sandbox.state["dropped"] = {}
        again = rig.one(self.position(percentage=Decimal("60"), occupation_code="2310114"))
        assert set(again.changes) == {"percentage"}, "what was dropped is still to be sent"

    def test_a_dropped_part_of_a_new_position_is_a_warning(self, rig: Rig) -> None:
        rig.sandbox.state["dropped"] = {"accountingDimensions": "Dimension was not saved."}
        outcome = rig.one(self.position())
        assert (outcome.state, [w.field for w in outcome.warnings]) == ("succeeded", ["department"])

    def test_trouble_while_following_a_job_is_sat_out(self, rig: Rig) -> None:
        rig.fail(status=503, method="GET", path="/positions/jobs/", times=2)
        rig.fail(status=404, method="GET", path="/positions/jobs/")
        assert rig.one(self.position()).state == "succeeded"
        assert len(rig.there()) == 1

    def test_a_job_that_does_not_end_is_unclear_and_adopted_later(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(VismaNetPayrollConnector, "poll_budget", 0.1)
        rig.sandbox.state["jobSeconds"] = 60
        for _ in range(2):
            report = rig.sync(self.position())
            assert isinstance(report.error, UnclearOutcomeError), report.error
        assert len(self.writes(rig)) == 1, "a second try made a second job"
        rig.sandbox.state["jobSeconds"] = 0
        assert rig.one(self.position()).cause == "nothing_to_change"
        assert (len(rig.there()), len(self.writes(rig))) == (1, 1)

    def test_a_lost_answer_whose_job_still_runs_is_waited_for(self, rig: Rig) -> None:
        """The position is in no list yet: only its job says that it is being made."""
        rig.connector().check()
        rig.sandbox.state["jobSeconds"] = 0.9
        rig.read_timeout = 0.3
        rig.fail(kind="hang", method="POST", path="positions", seconds=0.5, after=True)
        assert isinstance(rig.sync(self.position()).error, UnclearOutcomeError)
        rig.read_timeout = None
        outcome = rig.one(self.position())
        assert outcome.cause == "nothing_to_change", outcome
        assert (len(rig.there()), len(self.writes(rig))) == (1, 1)

    def test_a_lost_change_whose_job_still_runs_is_not_sent_twice(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.forget_calls()
        rig.sandbox.state["jobSeconds"] = 0.9
        rig.read_timeout = 0.3
        rig.fail(kind="hang", method="PUT", seconds=0.5, after=True)
        assert isinstance(rig.sync(self.position(percentage=Decimal("60"))).error, UnclearOutcomeError)
        rig.read_timeout = None
        assert rig.one(self.position(percentage=Decimal("60"))).cause == "nothing_to_change"
        assert len(self.writes(rig)) == 1

    def test_earlier_jobs_are_looked_for_once_per_employee(self, rig: Rig) -> None:
        rig.sync(self.position(end="2026-05-31"), self.position("2", "2026-06-01"))
        assert self.paths(rig).count("GET v2/employees/*/positions/jobs") == 1

    def test_a_job_left_running_is_found_again_within_the_same_turn(self, rig: Rig) -> None:
        rig.settings["send_department"] = False
        connector = rig.connector()
        employee = connector.find_employee(rig.person)
        first, second = (
            Wanted(i, {"start_date": start, "end_date": end, **self.said})
            for i, start, end in (
                ("1", date(2026, 1, 1), date(2026, 5, 31)),
                ("2", date(2026, 6, 1), None),
            )
        )
        connector.create(employee, rig.person, first)
        rig.fail(status=202, method="POST", path="positions")
        with pytest.raises(UnclearOutcomeError):
            connector.create(employee, rig.person, second)
        rig.forget_calls()
        connector.create(employee, rig.person, second)
        assert self.paths(rig)[0] == "GET v2/employees/*/positions/jobs"

    def test_a_new_position_costs_few_calls(self, rig: Rig) -> None:
        rig.sandbox.state["jobSeconds"] = 0
        rig.sync(self.position())
        assert self.paths(rig) == [
            "POST connect/token",
            "GET v2/employees",
            "GET v2/employees/*/positions",
            "GET v2/employees/*/positions/jobs",
            "POST v2/employees/*/positions",
            "GET v2/employees/*/positions/jobs/*",
        ]

    @pytest.mark.parametrize("artifact", ["", "employee"])
    def test_a_job_that_does_not_name_the_position_is_made_good_by_reading(self, rig: Rig, artifact: str) -> None:
        rig.sandbox.state["jobSeconds"] = 0
        named = self.employee_there(rig) if artifact else ""
        job = {"id": "1", "status": "Done", "artifactId": named, "artifactType": "Employee"}
        rig.connector().check()
        rig.fail(status=200, method="GET", path="/positions/jobs/", body=json.dumps(job))
        outcome = self.without_contract(rig).one(self.position())
        assert outcome.sent is not None
        assert outcome.sent.remote_id == rig.there()[0]["id"]

    def test_warnings_of_a_jobs_parts_are_read_too(self, rig: Rig) -> None:
        rig.sync(self.position())
        result = {"message": "Not taken", "jsonPath": "$.typeOfWork[0].value", "severity": "warning"}
        job = {"id": "1", "status": "Succeeded", "artifacts": [{"validationResults": [result]}]}
        rig.fail(status=200, method="GET", path="/positions/jobs/", body=json.dumps(job))
        outcome = self.without_contract(rig).one(self.position(percentage=Decimal("60")))
        assert [w.field for w in outcome.warnings] == ["occupation_code"]

    def without_contract(self, rig: Rig) -> Rig:
        """For tests that make up an answer of another version of the API."""
        self.check_contract = lambda calls: None  # type: ignore[method-assign]
        return rig

    def test_an_error_without_a_form_shows_their_text(self, rig: Rig) -> None:
        rig.fail(status=422, method="POST", path="positions", body="Something about " + "x" * 500)
        outcome = rig.one(self.position())
        assert (outcome.state, outcome.vendor_code) == ("failed", "422")
        assert outcome.vendor_text.startswith("Something about")
        assert len(outcome.vendor_text) <= 300

    def test_the_media_type_of_version_2_goes_both_ways(self, rig: Rig) -> None:
        rig.sync(self.position())
        [post] = self.writes(rig)
        assert (post.headers["Content-Type"], post.headers["Accept"]) == (MEDIA_TYPE, MEDIA_TYPE)

    # -- signing in --------------------------------------------------------------------------------------

    def tokens(self, rig: Rig) -> list[Call]:
        return [c for c in rig.calls if c.path == "connect/token"]

    def test_one_token_serves_until_its_end_comes_near(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.sync(self.position(percentage=Decimal("60")))
        assert len(self.tokens(rig)) == 1
        rig.vault.save({**rig.vault.load(), "expires_at": 0})
        rig.sync(self.position(percentage=Decimal("80")))
        assert len(self.tokens(rig)) == 2
        assert rig.vault.load()["expires_at"] - time.time() < 3541

    def test_the_token_is_asked_for_with_tenant_and_scopes(self, rig: Rig) -> None:
        rig.connector().check()
        [call] = self.tokens(rig)
        for part in ("grant_type=client_credentials", "tenant_id=", "employees%3Aread+visma_net_employee"):
            assert part in call.body
        assert call.headers["Content-Type"] == "application/x-www-form-urlencoded"
        assert "Authorization" not in call.headers

    def test_a_revoked_token_is_renewed_once_and_the_call_repeated(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.sandbox.state["tokens"].clear()
        assert rig.one(self.position(percentage=Decimal("60"))).state == "succeeded"
        assert len(self.tokens(rig)) == 2

    def test_a_customer_tenant_gets_a_token_that_opens_nothing(self, rig: Rig) -> None:
        rig.credentials["tenant_id"] = CUSTOMER_TENANT
        report = rig.sync(self.position())
        assert isinstance(report.error, NotAuthorizedError)
        assert "company's own tenant id" in report.error.message
        assert all(c.status == 200 for c in self.tokens(rig)), "the token itself is given"
        lines = rig.connector().check()
        assert [(line.title, line.ok) for line in lines] == [("Sign in", True), ("Read employees", False)]
        assert "tenant id" in lines[1].where

    def test_changed_credentials_do_not_use_the_old_token(self, rig: Rig) -> None:
        rig.connector().check()
        rig.credentials["tenant_id"] = CUSTOMER_TENANT
        assert isinstance(rig.sync(self.position()).error, NotAuthorizedError)

    @pytest.mark.parametrize(
        ("credential", "value", "code", "said"),
        [
            ("client_secret", "wrong-not-a-secret-0000", "invalid_client", "Make a new secret"),
            ("tenant_id", "00000000-0000-4000-8000-000000000000", "invalid_grant", "approved for the company"),
        ],
    )
    def test_a_refused_sign_in_says_what_to_renew(
        self, rig: Rig, credential: str, value: str, code: str, said: str
    ) -> None:
        rig.credentials[credential] = value
        error = rig.sync(self.position()).error
        assert isinstance(error, NotAuthorizedError)
        assert error.vendor_code == code
        assert said in error.message

    def test_refused_scopes_are_told(self, rig: Rig) -> None:
        rig.settings["scope"] = "payroll:employees:read"
        error = rig.sync(self.position()).error
        assert isinstance(error, NotAuthorizedError)
        assert "refused the scopes" in error.message

    def test_the_right_to_write_is_checked_without_writing(self, rig: Rig) -> None:
        rig.sandbox.state["grantedScopes"] = [READ]
        lines = {line.title: line for line in rig.connector().check()}
        assert lines["Read employees"].ok
        assert not lines["Write employees"].ok
        assert "Visma App Store" in lines["Write employees"].where
        error = rig.sync(self.position()).error
        assert isinstance(error, NotAuthorizedError)
        assert "lacks a right" in error.message

    # -- test connection ---------------------------------------------------------------------------------

    def test_check_lists_the_ids_that_the_settings_ask_for(self, rig: Rig) -> None:
        lines = {line.title: line for line in rig.connector().check()}
        assert f"Fjellheim Drift: {TAX_UNIT}" in lines["Tax units"].detail
        assert f"Skift 35,5 timer: {SHIFT}" in lines["Work-time agreements"].detail

    def test_check_finds_ids_that_the_company_does_not_have(self, rig: Rig) -> None:
        rig.settings["work_time_agreements"] = {"shift": TAX_UNIT}
        lines = {line.title: line for line in rig.connector().check()}
        assert not lines["Work-time agreements"].ok
        assert TAX_UNIT in lines["Work-time agreements"].detail

    def test_check_says_what_new_positions_lack(self, rig: Rig) -> None:
        rig.settings["salary"] = ""
        lines = {line.title: line for line in rig.connector().check()}
        assert not lines["Values for new positions"].ok
        assert "Salary of a new position" in lines["Values for new positions"].detail

    def test_an_announced_end_of_this_version_is_shown(self, rig: Rig) -> None:
        rig.sandbox.state["sunset"] = "Sun, 31 Jan 2027 00:00:00 GMT"
        lines = {line.title: line for line in rig.connector().check()}
        assert "31 Jan 2027" in lines["Version of the API"].detail

    # -- employees ---------------------------------------------------------------------------------------

    def crowd(self, rig: Rig, number: int = 5) -> None:
        for n in range(number):
            rig.add(replace(self.person, number=f"30{n}", email=f"p{n}@example.com", national_id=f"010190{n:05}"))

    def test_the_list_is_read_to_its_end_with_the_same_parameters(
        self, empty_rig: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rig = empty_rig
        monkeypatch.setattr(VismaNetPayrollConnector, "page_size", 2)
        self.crowd(rig)
        rig.add(self.person)
        assert rig.one(self.position()).state == "succeeded"
        pages = [c for c in rig.calls if c.path == "v2/employees"]
        assert len(pages) == 3
        assert all("page-size=2" in c.query for c in pages)
        assert ["cursor=" in c.query for c in pages] == [False, True, True]

    def test_pages_that_go_round_in_a_circle_end(self, rig: Rig) -> None:
        body = json.dumps({"cursor": {"nextToken": "again"}, "data": []})
        rig.fail(status=200, path="v2/employees", body=body, times=50)
        assert isinstance(rig.sync(self.position()).error, UnavailableError)
        assert len(rig.calls) < 5

    def test_an_address_without_employees_is_not_a_company_without_any(self, rig: Rig) -> None:
        rig.fail(status=404, path="v2/employees", times=2)
        line = rig.connector().check()[-1]
        assert (line.title, line.ok) == ("Read employees", False)
        assert "address" in line.detail
        assert isinstance(rig.sync(self.position()).error, UnavailableError)

    def test_everybody_has_no_place_in_the_log_of_one(self, rig: Rig) -> None:
        self.crowd(rig)
        listed = [e for e in rig.sync(self.position()).exchanges if e.url.split("?")[0].endswith("/employees")]
        assert listed and not [e for e in listed if "304" in e.response_body]

    def test_the_index_of_employees_is_built_once_per_turn(self, rig: Rig) -> None:
        self.crowd(rig)
        connector = rig.connector()
        for n in range(5):
            found = connector.find_employee(replace(self.person, number=f"30{n}", national_id=""))
            assert found.matched_by == "employee number"
        assert [c.path for c in rig.calls].count("v2/employees") == 1

    def test_number_goes_before_national_id_before_e_mail(self, rig: Rig) -> None:
        other = rig.add(replace(self.person, number="2", email="two@example.com", national_id="02029012345"))
        connector = rig.connector()
        mine = self.employee_there(rig)
        find = connector.find_employee
        assert find(replace(self.person, email="two@example.com")).id == mine
        assert find(replace(self.person, number="none", email="two@example.com")).id == mine
        by_mail = find(replace(self.person, number="", email="TWO@example.com", national_id=""))
        assert (by_mail.id, by_mail.matched_by) == (other, "e-mail")
        by_id = find(replace(self.person, number="none", email="", national_id="020290 12345"))
        assert (by_id.id, by_id.matched_by) == (other, "national id")

    def test_the_national_id_is_searched_for_but_never_said(self, empty_rig: Rig) -> None:
        empty_rig.add(replace(self.person, number="1", email=""))
        empty_rig.add(replace(self.person, number="2", email=""))
        outcome = empty_rig.one(self.position())
        assert outcome.cause == "employee_not_unique"
        assert "national id" in outcome.message
        assert self.person.national_id not in outcome.message

    def test_drafts_are_not_found(self, rig: Rig) -> None:
        rig.sandbox.state["employees"][self.employee_there(rig)]["isDraft"] = True
        outcome = rig.one(self.position())
        assert outcome.cause == "employee_not_found"
        assert "Drafts" in outcome.message

    def test_a_known_employee_costs_no_list(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.forget_calls()
        rig.sync(self.position())
        assert self.paths(rig) == ["GET v2/employees/*", "GET v2/employees/*/positions"]
        rig.forget_calls()
        rig.sync(self.position(percentage=Decimal("60")))
        assert self.paths(rig)[:5] == [
            "GET v2/employees/*",
            "GET v2/employees/*/positions",
            "GET v2/employees/*/positions/jobs",
            "GET v2/employees/*/positions/*",
            "PUT v2/employees/*/positions/*",
        ]

    def test_a_known_employee_without_positions_is_asked_for(self, rig: Rig) -> None:
        rig.employee_id = self.employee_there(rig)
        assert rig.one(self.position()).state == "succeeded"
        assert "GET v2/employees" not in self.paths(rig)

    def test_a_known_employee_that_is_gone_is_searched_for_again(self, rig: Rig) -> None:
        rig.employee_id = "00000000-0000-4000-8000-000000000000"
        assert rig.one(self.position()).state == "succeeded"
        assert rig.employee_id == self.employee_there(rig)

    # -- what cannot be done -----------------------------------------------------------------------------

    def test_deleting_is_left_to_a_person(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.rules = replace(rig.rules, delete=True)
        outcome = rig.sync(deleted=["1"]).outcomes["1"]
        assert (outcome.state, outcome.cause) == ("failed", "delete_by_hand")
        assert "Visma.net Employee Management" in outcome.message
        assert len(rig.there()) == 1

    def test_what_has_no_place_there_says_why(self, rig: Rig) -> None:
        outcome = rig.one(self.position(title="Butikksjef", weekly_hours=Decimal("37.5")))
        assert set(outcome.unsent) == {"title", "weekly_hours"}
        assert "no job title" in str(outcome.unsent["title"])

    def test_an_unreadable_date_is_their_trouble(self, rig: Rig) -> None:
        self.made_by_payroll(rig, activeEnd="31.12.2026")
        report = rig.sync(self.position())
        assert isinstance(report.error, UnavailableError)
        assert report.outcomes["1"].state == "retrying"

    # -- the page ----------------------------------------------------------------------------------------

    def test_the_page_shows_timelines_in_words(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.sync(self.position(percentage=Decimal("60")))
        employees, positions, jobs = rig.sandbox.tables()
        assert employees.rows[0][:2] == ("1042", "Åse Sørlie")
        row = dict(zip(positions.columns, positions.rows[0], strict=True))
        assert row["partTimeFactors"] == "100 to 2026-06-14, 60 from 2026-06-15"
        assert row["workTimeAgreement"] == "Dagtid 37,5 timer"
        assert len(jobs.rows) == 2
