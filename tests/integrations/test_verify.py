"""`integrations.verifying`: what a sandbox does as its vendor says is confirmed; what it does otherwise is named."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse

from integrations.sandboxes.server import Tenants, sandboxes
from integrations.sdk.confirming import Sample
from integrations.sdk.declaration import Delete
from integrations.sdk.limiter import WindowLimiter
from integrations.sdk.masking import MASK, Masker
from integrations.sdk.values import Department, Manager, Person, Position
from integrations.systems.registry import confirmations_of, systems
from integrations.verifying import report, verify
from integrations.verifying.flat import FlatWrites
from integrations.verifying.history import HistoryWrites
from integrations.verifying.trial import SHORT_WAIT, Result, Trial
from integrations.verifying.writes import Writes, plain
from tests.systems.kit import PERSON, Rig

OK = "<Root><ResponseStatus><Status>OK</Status></ResponseStatus></Root>"
SYSTEMS = [system.key for system in systems() if system.base_urls]
BOSS = Person("70", "1001", "Tor", "Haugen", "tor.haugen@example.com")
WHO = replace(PERSON, manager=Manager(BOSS.number, BOSS.email, BOSS.name))

# What the settings of a connection switch on, and what whoever runs it gives: values of each sandbox's own registers.
SETTINGS: Mapping[str, Mapping[str, Any]] = {"tripletex": {"send_weekly_hours": True}}
SHOP = Department("BUT1", "Butikk")
GIVEN: Mapping[str, Sample] = {
    "tripletex": Sample({"department": SHOP}),
    "visma_net_payroll": Sample({"department": SHOP}),
    "unimicro": Sample({"department": SHOP}),
    "fortnox": Sample({"department": SHOP, "cost_centre": "BUT1"}),
    "xledger": Sample(
        {"title": "Butikkmedarbeider", "department": SHOP, "cost_centre": "2760"}, {"title": "Butikksjef"}
    ),
    "poweroffice_go": Sample({"department": SHOP}),
    "entra_id": Sample({"department": SHOP, "cost_centre": "4010"}),
}
# What stands on the employee there and cannot be given back: the hours of a day that has none cannot be taken away.
LEFT = {"tripletex": "Weekly hours"}


class Verified:
    """What was found in a sandbox without limits (how those are waited for is tested apart)."""

    def __init__(
        self,
        server: tuple[str, Tenants],
        system: str,
        *,
        writes: bool = True,
        prepare: Callable[[Rig], None] = lambda rig: None,
        given: Sample | None = None,
    ) -> None:
        self.given = given or GIVEN.get(system, Sample())
        rig = self.rig = Rig(server, system, WHO, SETTINGS.get(system, {}), known=True)
        rig.add(BOSS)
        rig.limiter = WindowLimiter(10_000, 1.0)
        rig.sandbox.tenant.window = lambda *_: (True, 1000, 0.0)  # type: ignore[method-assign]
        self.asked, self.sample = confirmations_of(system)
        self.before = rig.there()
        self.waited: list[float] = []
        prepare(rig)
        self.go(writes=writes)

    def go(self, *, writes: bool) -> None:
        connector = self.rig.connector()
        trial = Trial(connector, WHO, sleep=self.waited.append)
        verify.look(trial)
        if writes:
            verify.write(trial, self.asked, self.sample, self.given)
        lines = report.lines_of(trial, self.asked, writes=writes)
        self.report = report.as_json(lines, trial.left, report.hiding(connector.http.masker, WHO))
        connector.close()

    def having(self, *results: Result) -> dict[str, str]:
        return {
            line["id"]: " ".join([*line["found"], *line["calls"]])
            for line in self.report["lines"]
            if line["result"] in results
        }

    @property
    def odd(self) -> dict[str, str]:
        return self.having(Result.ODD)


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_sandbox_is_confirmed_and_left_as_it_was(sandbox_server: tuple[str, Tenants], system: str) -> None:
    found = Verified(sandbox_server, system)
    assert not found.having(Result.ODD, Result.NOT_TRIED), "\n".join(report.as_text(found.report))
    assert len(found.having(Result.CONFIRMED)) > 12
    if found.rig.system.delete is not Delete.CANCEL and found.rig.there() != found.before:
        assert found.report["left"], found.rig.there()
    assert not [left for left in found.report["left"] if "what was there before is not known" in left]
    assert any(LEFT.get(system, "") in left for left in found.report["left"]) or system not in LEFT
    said = json.dumps(found.report, ensure_ascii=False)
    secrets = [found.rig.credentials.get(s.name) for s in found.rig.system.credentials if "secret" in s.kind]
    for hidden in (
        WHO.first_name,
        WHO.last_name,
        WHO.email,
        WHO.national_id,
        BOSS.last_name,
        BOSS.email,
        *filter(None, secrets),
    ):
        assert hidden not in said


def test_what_stands_on_the_employee_is_given_back(sandbox_server: tuple[str, Tenants]) -> None:
    """PowerOffice Go keeps title, department and manager on the employee, who has no employment yet."""
    held = {"JobTitle": "Sykepleier", "DepartmentId": 1610, "ManagerEmployeeId": None}

    def record(rig: Rig) -> dict[str, Any]:
        found: dict[str, Any] = next(e for e in rig.sandbox.state["employees"].values() if e["Number"] == 1042)
        return found

    found = Verified(sandbox_server, "poweroffice_go", prepare=lambda rig: record(rig).update(held))
    assert not found.odd, "\n".join(report.as_text(found.report))
    assert [call for call in found.rig.calls if call.method == "PATCH" and "Position Sync test" in call.body]
    assert {name: record(found.rig)[name] for name in held} == held


def test_what_a_position_of_today_alone_says_is_not_tried_with_one_to_come(
    sandbox_server: tuple[str, Tenants],
) -> None:
    def prepare(rig: Rig) -> None:
        rig.settings |= {"department_dimension": "Osasto"}

    found = Verified(sandbox_server, "netvisor", prepare=prepare, given=Sample({"department": SHOP}))
    assert not found.odd and "department" in str(found.having(Result.NOT_TRIED))
    assert not [call for call in found.rig.calls if "BUT1" in call.body]


def test_a_report_tells_nothing_of_others_and_hides_short_names_too() -> None:
    hide = report.hiding(Masker(), replace(WHO, first_name="Bo", last_name="Li"))
    said = hide("Bo LI (Li, 1042, kari@other.example): the link is no bo. Tor Haugen, HAUGEN.")
    assert [word for word in ("Bo ", "LI", "(Li", "kari", "Tor ", "HAUGEN", "other.example") if word in said] == []
    assert "1042" in said and "the link is no bo." in said
    assert plain("manager", "1001") == MASK and plain("manager", None) == "" and plain("title", "Baker") == "Baker"


def test_reading_writes_nothing(sandbox_server: tuple[str, Tenants]) -> None:
    found = Verified(sandbox_server, "tripletex", writes=False)
    assert {call.path.split("/")[0] for call in found.rig.calls if call.method != "GET"} == {"token"}
    assert found.rig.there() == found.before
    assert found.having(Result.NOT_TRIED)["create"] == "Not without --write."
    assert {"sign_in", "match", "nobody", "everybody", "agrees"} <= found.having(Result.CONFIRMED).keys()


# -- a sandbox that does otherwise ---------------------------------------------------------------------------


def otherwise(
    monkeypatch: pytest.MonkeyPatch, system: str, do: Callable[[Any, HttpRequest, str, Callable[[], HttpResponse]], Any]
) -> None:
    """`do` answers in the place of the sandbox: it gets the sandbox, the request, its path and how it is answered."""
    kind = sandboxes()[system]
    honest = kind.respond
    monkeypatch.setattr(kind, "respond", lambda self, r, path: do(self, r, path, lambda: honest(self, r, path)))


def test_an_ignored_field_is_named(sandbox_server: tuple[str, Tenants], monkeypatch: pytest.MonkeyPatch) -> None:
    name = "percentageOfFullTimeEquivalent"

    def ignoring(sandbox: Any, request: HttpRequest, path: str, answer: Callable[[], HttpResponse]) -> HttpResponse:
        rows = sandbox.state["EmploymentDetails"]
        before = {row["id"]: row[name] for row in rows}
        response = answer()
        for row in sandbox.state["EmploymentDetails"] if request.method == "PUT" else ():
            row[name] = before.get(row["id"], row[name])
        return response

    otherwise(monkeypatch, "tripletex", ignoring)
    odd = Verified(sandbox_server, "tripletex").odd
    assert odd.keys() == {"change", "field.percentage"}
    assert "“60.00” was sent, “80.0” is shown" in odd["field.percentage"]
    assert "PUT /tripletex/…/v2/employee/employment/details/… -> 200" in odd["field.percentage"]


def test_a_list_that_ends_early_is_named(sandbox_server: tuple[str, Tenants], monkeypatch: pytest.MonkeyPatch) -> None:
    """It says that there is one page: whoever stands on the next is found by a search alone."""

    def short(sandbox: Any, request: HttpRequest, path: str, answer: Callable[[], HttpResponse]) -> HttpResponse:
        response = answer()
        if path == "3/employees":
            body = json.loads(response.content)
            body["MetaInformation"] |= {"@TotalPages": 1, "@TotalResources": 1}
            body["Employees"] = body["Employees"][1:]
            response.content = json.dumps(body).encode()
        return response

    otherwise(monkeypatch, "fortnox", short)
    odd = Verified(sandbox_server, "fortnox", writes=False).odd
    assert odd.keys() == {"match", "everybody", "fortnox.whole_list"}
    assert "not among the 1 in the list" in odd["everybody"]


def test_another_status_is_named(sandbox_server: tuple[str, Tenants], monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidding(sandbox: Any, request: HttpRequest, path: str, answer: Callable[[], HttpResponse]) -> HttpResponse:
        response = answer()
        response.status_code = 403 if response.status_code == 404 else response.status_code
        return response

    otherwise(monkeypatch, "fortnox", forbidding)
    odd = Verified(sandbox_server, "fortnox", writes=False).odd
    assert odd.keys() == {"nobody", "fortnox.unknown_number"}
    assert "-> 403" in odd["nobody"]


def test_an_end_that_stays_is_named_and_left(
    sandbox_server: tuple[str, Tenants], monkeypatch: pytest.MonkeyPatch
) -> None:
    def keeping(sandbox: Any, request: HttpRequest, path: str, answer: Callable[[], HttpResponse]) -> HttpResponse:
        people = sandbox.state["employees"]
        before = {number: kept["EmployedTo"] for number, kept in people.items()}
        response = answer()
        for number, kept in people.items():
            kept["EmployedTo"] = kept["EmployedTo"] or before.get(number)
        return response

    otherwise(monkeypatch, "fortnox", keeping)
    found = Verified(sandbox_server, "fortnox")
    assert found.odd.keys() == {"reopen", "restore", "field.end_date", "fortnox.clearing_the_end"}
    assert any("End date" in left for left in found.report["left"])


def test_an_accepted_overlap_is_named_and_taken_away(
    sandbox_server: tuple[str, Tenants], monkeypatch: pytest.MonkeyPatch
) -> None:
    def blind(sandbox: Any, request: HttpRequest, path: str, answer: Callable[[], HttpResponse]) -> HttpResponse:
        kept = dict(sandbox.state["periods"])
        if path == "addjobperiod.nv":
            sandbox.state["periods"].clear()
        response = answer()
        sandbox.state["periods"].update(kept if path == "addjobperiod.nv" else {})
        return response

    otherwise(monkeypatch, "netvisor", blind)
    found = Verified(sandbox_server, "netvisor")
    assert found.odd.keys() == {"netvisor.overlap"}
    assert "It was accepted." in found.odd["netvisor.overlap"]
    assert found.rig.there() == found.before


def test_what_cannot_be_taken_away_is_told(sandbox_server: tuple[str, Tenants]) -> None:
    """A deletion that is answered well and not carried out."""

    def never(rig: Rig) -> None:
        rig.fail(path="deletejobperiod", times=50, status=200, body=OK, headers={"Content-Type": "text/xml"})

    found = Verified(sandbox_server, "netvisor", prepare=never)
    assert found.odd.keys() == {"delete"}
    assert len(found.report["left"]) == len(found.rig.there()) == 1


def test_a_write_without_an_answer_leaves_nothing(sandbox_server: tuple[str, Tenants]) -> None:
    def lost(rig: Rig) -> None:
        body = f"{WHO.name} ({WHO.email}, {WHO.national_id})"
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        rig.fail(method="POST", path="employment/", status=500, after=True, body=body, headers=headers)

    found = Verified(sandbox_server, "finago", prepare=lost)
    assert "create" in found.odd and found.having(Result.NOT_TRIED)["change"]
    assert [period["enddate"] for period in found.rig.there()] == ["2026-07-01"]  # cancelled: it never counted
    said = json.dumps(found.report, ensure_ascii=False)
    assert not [word for word in (WHO.last_name, WHO.email, WHO.national_id) if word in said]


def test_a_record_made_without_an_answer_is_ended_and_told(sandbox_server: tuple[str, Tenants]) -> None:
    found = Verified(
        sandbox_server,
        "poweroffice_go",
        prepare=lambda rig: rig.fail(method="POST", path="Employments", status=500, after=True),
    )
    [made] = found.rig.there()
    assert made["EndDate"] == str(found.rig.today)
    assert any(str(made["Id"]) in left for left in found.report["left"])
    assert "create" in found.odd and "restore" in found.having(Result.CONFIRMED)


@pytest.mark.parametrize(("system", "at"), [("netvisor", HistoryWrites), ("fortnox", FlatWrites)])
def test_who_interrupts_it_leaves_nothing(
    sandbox_server: tuple[str, Tenants], monkeypatch: pytest.MonkeyPatch, system: str, at: type[Writes]
) -> None:
    rigs: list[Rig] = []

    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(at, "again", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Verified(sandbox_server, system, prepare=rigs.append)
    assert [call for call in rigs[0].calls if call.method in ("POST", "PUT")]
    left = [employment.get("JobTitle", "") for employment in rigs[0].there()]
    assert left in ([], [""])


def test_a_limit_is_waited_for(sandbox_server: tuple[str, Tenants]) -> None:
    def limited(rig: Rig) -> None:
        rig.fail(method="POST", path="employment/", status=429)

    found = Verified(sandbox_server, "finago", prepare=limited)
    assert found.waited == [SHORT_WAIT] and not found.odd


def test_nobody_with_an_open_period_there_is_written_to(sandbox_server: tuple[str, Tenants]) -> None:
    def employed(rig: Rig) -> None:
        start = Position("9", date(2020, 1, 1), None, {"title": "Baker", "contract_type": "permanent"})
        assert rig.one(start).state == "succeeded"

    found = Verified(sandbox_server, "netvisor", prepare=employed)
    assert "from 1 Jan 2020" in found.having(Result.NOT_TRIED)["create"]
    assert [period["startdate"] for period in found.rig.there()] == ["2020-01-01"]
