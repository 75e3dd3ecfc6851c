"""What a run would do by what was read of everybody: whom it asks for, what it believes, and what ends it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from integrations.planning.foresee import foresee
from integrations.planning.planner import Rules, Sent
from integrations.planning.states import State
from integrations.planning.work import Match, Report, Touched, Work
from integrations.sdk.connector import Search
from integrations.sdk.errors import (
    ConnectorError,
    DataRefusedError,
    EmployeeNotFoundError,
    NotAuthorizedError,
    RateLimitedError,
    RecordRefusedError,
    UnavailableError,
)
from integrations.sdk.everybody import Everybody
from integrations.sdk.identity import EveryMark, Mark
from integrations.sdk.snapshot import Seen
from integrations.sdk.values import CheckLine, Person, Position, Remote, RemoteEmployee
from tests.integrations.test_planner import day
from tests.integrations.test_runner import KARI, p, r
from tests.integrations.test_runner_who import Reception


class Desk(Reception):
    """Looks for people in a list by their number, and at itself as a reception does."""

    def searches(self, person: Person) -> Sequence[Search]:
        return ((Mark.NUMBER, person.number, list),)

    def find_employee(self, person: Person, known_id: str = "") -> RemoteEmployee:
        assert person == KARI
        return super().find_employee(person, known_id)

    def find_confirmed(self, person: Person, known_id: str, *, anew: bool = False) -> RemoteEmployee:
        assert person == KARI
        return super().find_confirmed(person, known_id, anew=anew)


def listed(*records: Remote, number: str = KARI.number, refusal: ConnectorError | None = None) -> Seen:
    return Seen("e9", EveryMark((number,)), records, refusal)


def foreseen(desk: Desk, *seen: Seen, positions: Sequence[Position] = (p("1", 0),), **more: Any) -> Report:
    values: dict[str, Any] = {"sent": {}, "rules": Rules(), "today": day(15), "remote_employee_id": ""} | more
    work = Work(KARI, positions, [Touched("1")], **values)
    return foresee(desk, Everybody(desk, seen), work)


def test_whoever_is_in_the_list_is_not_asked_for_and_nothing_is_written() -> None:
    desk = Desk()
    report = foreseen(desk, listed(r("a", 0, title="Cook")), sent={"1": Sent("a")}, remote_employee_id="e9")
    assert (report.outcomes["1"].state, report.outcomes["1"].action) == (State.PLANNED, "update")
    assert report.outcomes["1"].changes["title"].old == "Cook"
    assert report.remote_employee is not None and report.remote_employee.id == "e9"
    assert desk.asked == desk.read_for == desk.wrote == []
    assert foreseen(desk, listed()).outcomes["1"].action == "create" and desk.wrote == []


def test_an_earlier_match_that_bears_another_mark_is_not_asked_for() -> None:
    desk, born = Desk(), date(1985, 3, 14)
    work = Work(
        replace(KARI, email="kari@firma.test", birth_date=born), [p("1", 0)], [Touched("1")], {}, "e9", Rules(), day(15)
    )
    former = Seen("e9", EveryMark(("7",), emails=("kari@firma.test",), birth_date=born))
    report = foresee(desk, Everybody(desk, [former]), work)
    assert report.remote_employee is not None and (report.remote_employee.id, desk.asked) == ("e9", [])


def test_without_a_list_the_system_is_asked_and_nothing_is_written() -> None:
    desk = Desk()
    work = Work(KARI, [p("1", 0)], [Touched("1")], sent={}, rules=Rules(), today=day(15), remote_employee_id="")
    report = foresee(desk, None, work)
    assert (report.outcomes["1"].state, desk.asked, desk.wrote) == (State.PLANNED, [("find", "", False)], [])
    assert len(desk.read_for) == 1


def test_whoever_is_not_in_the_list_is_looked_for_and_read_there() -> None:
    desk = Desk()
    report = foreseen(desk, listed(number="7"), remote_employee_id="e1")
    assert report.outcomes["1"].state is State.PLANNED
    assert desk.asked == [("find", "e1", False)] and [one.id for one in desk.read_for] == ["e1"]


@pytest.mark.parametrize("anew", [False, True])
def test_who_was_confirmed_is_found_by_that_in_the_list_and_there(anew: bool) -> None:
    match, desk = Match(confirmed=True, doubted=anew), Desk()
    report = foreseen(desk, listed(number="7"), match=match, remote_employee_id="e9")
    assert report.remote_employee is not None and (report.remote_employee.id, desk.asked) == ("e9", [])
    foreseen(desk, listed(number="7"), match=match, remote_employee_id="e2")
    assert desk.asked == [("confirmed", "e2", anew)] and [one.id for one in desk.read_for] == ["e2"]


def test_a_confirmed_one_whose_number_is_another_records_since_is_said() -> None:
    other = Seen("e8", EveryMark((KARI.number,)))
    kept, looked = (
        foreseen(Desk(), listed(number="7"), other, match=Match(confirmed=True, doubted=anew), remote_employee_id="e9")
        for anew in (False, True)
    )
    assert (kept.outcomes["1"].state, looked.outcomes["1"].state) == (State.PLANNED, State.FAILED)
    assert looked.outcomes["1"].cause == "marks_disagree"


def test_whoever_is_nowhere_fails_alone() -> None:
    desk = Desk()
    desk.finds = EmployeeNotFoundError("nobody")
    report = foreseen(desk)
    assert (report.outcomes["1"].state, report.outcomes["1"].cause) == (State.FAILED, "employee_not_found")


# -- trouble -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("trouble", [UnavailableError("down"), RateLimitedError("slow")], ids=lambda t: t.cause)
def test_where_no_answer_comes_nothing_is_foreseen(trouble: ConnectorError) -> None:
    desk = Desk()
    desk.finds = trouble
    with pytest.raises(type(trouble)) as raised:
        foreseen(desk)
    assert raised.value is trouble
    with pytest.raises(type(trouble)):
        foreseen(desk, listed(refusal=trouble))


def test_records_that_are_refused_are_that_employees_failure() -> None:
    report = foreseen(Desk(), listed(refusal=DataRefusedError("not these")))
    assert (report.outcomes["1"].state, report.outcomes["1"].cause) == (State.FAILED, "refused_by_target")


def calls(monkeypatch: pytest.MonkeyPatch, desk: Desk) -> list[Any]:
    """One of the run, and one of the test whether everybody is refused."""
    made = [(object(),), (object(),)]
    found = [one for [one] in made]
    monkeypatch.setattr(desk.http, "take_exchanges", lambda: made.pop(0) if made else ())
    return found


def test_a_refusal_of_one_record_is_that_employees_failure_and_of_all_it_is_raised(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refusal, desk = NotAuthorizedError("not this one"), Desk()
    desk.finds = refusal
    made = calls(monkeypatch, desk)
    report = foreseen(desk)
    outcome = report.outcomes["1"]
    assert (outcome.state, outcome.cause) == (State.FAILED, "record_refused")
    assert outcome.said == (RecordRefusedError(desk.system.name, refusal).said,)
    assert list(report.exchanges) == made
    desk = Desk()
    desk.finds = refusal
    desk.tested = [CheckLine(False, "Employees", refusal=refusal.said)]
    with pytest.raises(NotAuthorizedError):
        foreseen(desk)


def test_what_was_settled_before_a_refusal_stays_as_it_is() -> None:
    desk = Desk()
    desk.finds = NotAuthorizedError("not this one")
    values: dict[str, Any] = {"sent": {}, "rules": Rules(), "today": day(15), "remote_employee_id": ""}
    work = Work(KARI, [p("1", 0), p("2", 30, title="")], [Touched("1"), Touched("2")], **values)
    report = foresee(desk, Everybody(desk), work)
    assert [report.outcomes[key].cause for key in ("1", "2")] == ["record_refused", "missing_required_field"]
