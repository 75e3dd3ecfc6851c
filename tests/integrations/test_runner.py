"""One run, seen from inside: whose record is touched, and what is left behind when it does not go as planned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from integrations.planning.planner import Rules, Sent
from integrations.planning.run import run
from integrations.planning.work import Meant, Report, Touched, Work
from integrations.sdk.connector import Connector
from integrations.sdk.context import Context
from integrations.sdk.declaration import Delete, Model, System
from integrations.sdk.declared_field import When
from integrations.sdk.errors import (
    ConnectorError,
    DataRefusedError,
    InterruptedRunError,
    NotAuthorizedError,
    RateLimitedError,
    StaleError,
    UnavailableError,
    UnclearOutcomeError,
)
from integrations.sdk.values import Change, Person, Position, Remote, RemoteEmployee, Wanted, Written
from tests.integrations.systems import made_up
from tests.integrations.test_planner import SHOWN, day

KARI = Person("7", "1042", "Kari", "Nordmann")


class Shelf(Connector):
    """A system in this process: periods by id. `troubles` is raised by the writes in turn, before they are carried out
    unless it is an unclear outcome."""

    system: System = made_up()  # type: ignore[misc]  # each object has one of its own

    def __init__(
        self, model: Model = Model.HISTORY, *there: Remote, troubles: Sequence[ConnectorError] = (), **how: Any
    ) -> None:
        flat = {"delete": Delete.BY_HAND, "moves": False} if model is Model.FLAT else {}
        self.system = made_up(model, **{**flat, **how})
        settings = {"fte": "", "send_hours": False, "end_reasons": {}}
        super().__init__(Context({}, settings, {"api": "https://example.org"}, "n", day(15)))
        self.there = {r.id: r for r in there}
        self.troubles = list(troubles)
        self.wrote: list[tuple[str, str]] = []
        self.reads = 0

    def find_employee(self, person: Person, known_id: str = "") -> RemoteEmployee:
        return RemoteEmployee("e1", matched_by="employee number")

    def read(self, employee: RemoteEmployee) -> Sequence[Remote]:
        self.reads += 1
        return list(self.there.values())

    def _written(self, what: str, remote_id: str, values: Mapping[str, Any] | None) -> Written:
        troubles = self.troubles.pop(0) if self.troubles else None
        if troubles is None or isinstance(troubles, UnclearOutcomeError):
            self.wrote.append((what, remote_id))
            if values is None:
                del self.there[remote_id]
            else:
                self.there[remote_id] = Remote(remote_id, {**SHOWN, **values})
        if troubles is not None:
            raise troubles
        return Written(remote_id)

    def create(self, employee: RemoteEmployee, person: Person, wanted: Wanted) -> Written:
        return self._written("create", f"new{wanted.position_id}", wanted.values)

    def update(
        self, employee: RemoteEmployee, person: Person, remote: Remote, changes: Mapping[str, Change], wanted: Wanted
    ) -> Written:
        return self._written("update", remote.id, {**remote.values, **{k: c.new for k, c in changes.items()}})

    def delete(self, employee: RemoteEmployee, remote: Remote) -> Written:
        return self._written("delete", remote.id, None)


def p(position_id: str, start: int, end: int | None = None, **values: Any) -> Position:
    reason = {"end_reason": "resigned"} if end is not None else {}
    found = {"title": "Baker", "percentage": Decimal(100), **reason, **values}
    return Position(position_id, day(start), day(end) if end is not None else None, found)


def r(remote_id: str, start: int, end: int | None = None, **values: Any) -> Remote:
    dates = {"start_date": day(start), "end_date": day(end) if end is not None else None}
    reason = "OWN" if end is not None else None
    found = {"title": "Baker", "percentage": Decimal(100), "end_reason": reason, **dates, **values}
    return Remote(remote_id, {**SHOWN, **found})


def sent(remote: Remote) -> Sent:
    return Sent(remote.id, remote.values)


def go(shelf: Shelf, positions: Sequence[Position], touched: Sequence[Touched | str], **more: Any) -> Report:
    execute, before_write = more.pop("execute", True), more.pop("before_write", lambda *_: None)
    values: dict[str, Any] = {"sent": {}, "rules": Rules(delete=True), "today": day(15), "remote_employee_id": "e1"}
    values |= more
    work = Work(KARI, positions, [t if isinstance(t, Touched) else Touched(t) for t in touched], **values)
    return run(shelf, work, execute=execute, before_write=before_write)


# -- what a lost answer leaves behind --------------------------------------------------------------------


def test_only_a_creation_without_an_answer_is_in_doubt() -> None:
    report = go(Shelf(troubles=[UnclearOutcomeError("lost")]), [p("1", 0)], ["1"])
    assert report.unanswered == {"1"}
    there = r("a", 0)
    shelf = Shelf(Model.HISTORY, there, troubles=[UnclearOutcomeError("lost")])
    report = go(shelf, [p("1", 0, title="Cook")], ["1"], sent={"1": sent(there)})
    assert report.unanswered == set(), "its record is known"


@pytest.mark.parametrize("model", list(Model))
@pytest.mark.parametrize(
    "trouble",
    [DataRefusedError("no"), RateLimitedError("slow"), NotAuthorizedError("who"), InterruptedRunError("stop")],
    ids=lambda t: type(t).__name__,
)
def test_what_was_certainly_not_carried_out_is_not_in_doubt(model: Model, trouble: ConnectorError) -> None:
    report = go(Shelf(model, troubles=[trouble]), [p("1", 0)], ["1"])
    assert report.unanswered == set()
    assert report.outcomes["1"].sent is None


@pytest.mark.parametrize(
    "trouble", [UnclearOutcomeError("lost"), UnavailableError("gone")], ids=lambda t: type(t).__name__
)
def test_a_flat_write_for_another_position_may_have_been_carried_out(trouble: ConnectorError) -> None:
    there = r("e", 0)
    report = go(Shelf(Model.FLAT, there, troubles=[trouble]), [p("2", 5, title="Cook")], ["2"], sent={"1": sent(there)})
    assert report.unanswered == {"2"}


def test_a_creation_that_was_never_answered_is_found_by_the_start_it_was_tried_with() -> None:
    shelf = Shelf(Model.HISTORY, r("a", 3))
    report = go(shelf, [p("1", 8)], [Touched("1", tried=(day(1), day(3)))], rules=Rules(move=True))
    assert shelf.wrote == [("update", "a")], "moved, not made twice"
    assert report.outcomes["1"].sent is not None


def test_of_several_tries_the_newest_is_looked_for_first() -> None:
    shelf = Shelf(Model.HISTORY, r("old", 1, 2), r("new", 4, 5))
    go(shelf, [], [Touched("1", tried=(day(1), day(4)))])
    assert shelf.wrote == [("delete", "new")]


def test_a_record_of_another_position_is_never_taken_for_a_lost_creation() -> None:
    shelf = Shelf(Model.HISTORY, r("a", 3))
    report = go(shelf, [p("2", 3)], [Touched("1", tried=(day(3),))], sent={"2": Sent("a")})
    assert (shelf.wrote, report.outcomes["1"].cause) == (
        [],
        "already_gone" if report.outcomes["1"].gone else "never_sent",
    )


# -- whose record ----------------------------------------------------------------------------------------


def test_a_record_of_a_position_that_did_not_change_is_left_alone() -> None:
    shelf = Shelf(Model.HISTORY, r("a", 3))
    report = go(shelf, [p("1", 3), p("2", 3, title="Cook")], ["2"], sent={"1": Sent("a")})
    assert (shelf.wrote, report.outcomes["2"].cause) == ([], "overlap_in_target")
    assert "from 4 Jan 2026" in report.outcomes["2"].message


def test_a_record_of_a_position_of_another_company_is_left_alone() -> None:
    shelf = Shelf(Model.HISTORY, r("a", 3))
    report = go(shelf, [p("2", 3, title="Cook")], ["2"], sent={"1": Sent("a")}, outside=frozenset("1"))
    assert (shelf.wrote, report.outcomes["2"].cause) == ([], "overlap_in_target")


def test_a_record_of_a_deleted_position_is_taken_over_by_the_one_made_anew() -> None:
    shelf = Shelf(Model.HISTORY, r("a", 3))
    report = go(shelf, [p("2", 3, title="Cook")], ["2"], sent={"1": Sent("a")})
    assert shelf.wrote == [("update", "a")]
    assert report.outcomes["2"].sent is not None


@pytest.mark.parametrize("model", list(Model))
def test_what_left_the_companies_is_said_so(model: Model) -> None:
    there = r("a", 0)
    shelf = Shelf(model, there, delete=Delete.BY_HAND)
    report = go(shelf, [], ["1"], sent={"1": sent(there)}, outside=frozenset("1"))
    outcome = report.outcomes["1"]
    assert (outcome.state, outcome.cause, outcome.gone) == ("failed", "delete_by_hand", False)
    assert outcome.message.startswith("It left this connection's companies")
    never = go(shelf, [], ["2"], sent={"1": sent(there)}, outside=frozenset("2")).outcomes["2"]
    assert (never.state, never.cause) == ("skipped", "out_of_scope")
    assert shelf.wrote == []


def test_what_left_the_companies_is_removed_where_that_can_be_done() -> None:
    there = r("a", 0)
    shelf = Shelf(Model.HISTORY, there)
    outcome = go(shelf, [], ["1"], sent={"1": sent(there)}, outside=frozenset("1")).outcomes["1"]
    assert shelf.wrote == [("delete", "a")]
    assert outcome.gone
    assert outcome.message == "It left this connection's companies, so its record was removed there."


# -- a position that takes over and is refused -----------------------------------------------------------


def test_the_link_of_a_deleted_position_stays_until_its_successor_is_written() -> None:
    there = r("e", 0)
    shelf = Shelf(Model.FLAT, there, troubles=[DataRefusedError("no")])
    report = go(shelf, [p("2", 5, title="Cook")], ["1", "2"], sent={"1": sent(there)})
    assert (report.outcomes["2"].state, report.outcomes["1"].cause) == ("failed", "not_yet_taken_over")
    assert not report.outcomes["1"].gone
    report = go(Shelf(Model.FLAT, there), [p("2", 5, title="Cook")], ["1", "2"], sent={"1": sent(there)})
    assert (report.outcomes["1"].cause, report.outcomes["1"].gone) == ("taken_over", True)


def test_in_history_the_deletion_goes_its_own_way_when_the_successor_is_refused() -> None:
    there = r("a", 0)
    shelf = Shelf(Model.HISTORY, there, troubles=[DataRefusedError("no")])
    report = go(shelf, [p("2", 0, title="Cook")], ["1", "2"], sent={"1": sent(there)})
    assert [report.outcomes[i].state for i in ("2", "1")] == ["failed", "succeeded"]
    assert shelf.wrote == [("delete", "a")]


def test_an_error_that_is_kept_does_not_hold_on_to_what_the_run_had_read() -> None:
    trouble = UnavailableError("down")
    trouble.__cause__ = OSError()
    assert go(Shelf(troubles=[trouble]), [p("1", 0)], ["1"]).error is trouble
    assert (trouble.__traceback__, trouble.__cause__, trouble.__context__) == (None, None, None)


def test_an_error_keeps_both_open() -> None:
    there = r("e", 0)
    shelf = Shelf(Model.FLAT, there, troubles=[UnavailableError("gone")])
    report = go(shelf, [p("2", 5, title="Cook")], ["1", "2"], sent={"1": sent(there)})
    assert {o.state for o in report.outcomes.values()} == {"retrying"}
    assert not any(o.gone or o.sent for o in report.outcomes.values())


# -- reading again ---------------------------------------------------------------------------------------


def test_what_changed_there_meanwhile_is_read_once_more_and_only_once() -> None:
    shelf = Shelf(troubles=[StaleError("changed")])
    assert go(shelf, [p("1", 0)], ["1"]).outcomes["1"].state == "succeeded"
    assert shelf.reads == 2
    shelf = Shelf(troubles=[StaleError("changed"), StaleError("changed")])
    report = go(shelf, [p("1", 0)], ["1"])
    assert (report.outcomes["1"].state, report.outcomes["1"].cause) == ("retrying", "changed_in_target")
    assert shelf.reads == 2


def test_one_that_is_refused_leaves_the_others_to_be_written() -> None:
    shelf = Shelf(troubles=[DataRefusedError("no")])
    report = go(shelf, [p("1", 0, 4), p("2", 5, 9), p("3", 10)], ["1", "2", "3"])
    assert [report.outcomes[i].state for i in ("1", "2", "3")] == ["failed", "succeeded", "succeeded"]
    assert [w for w, _ in shelf.wrote] == ["create", "create"]


# -- flat: what a try says before it writes --------------------------------------------------------------


def test_what_was_there_is_said_before_it_is_given_to_another_position_and_only_then() -> None:
    there = r("e", 0)
    said: list[tuple[str, Mapping[str, Any]]] = []

    def before_write(position_id: str, values: Mapping[str, Any]) -> None:
        assert shelf.wrote == [], "before"
        said.append((position_id, values))

    shelf = Shelf(Model.FLAT, there)
    go(shelf, [p("2", 5, title="Cook")], ["2"], sent={"1": sent(there)}, before_write=before_write)
    assert said == [("2", there.values)]
    said.clear()
    shelf = Shelf(Model.FLAT, there)
    go(shelf, [p("1", 0, title="Cook")], ["1"], sent={"1": sent(there)}, before_write=before_write)
    go(shelf, [p("2", 5, title="Chef")], ["2"], sent={"1": sent(there)}, before_write=before_write, execute=False)
    assert said == [], "its own record, or a preview"
    shelf = Shelf(Model.FLAT)
    go(shelf, [p("2", 5)], ["2"], before_write=before_write)
    assert said == [("2", {})], "nothing was there"


def meant(position: Position, before: Remote | None = None, **values: Any) -> tuple[Meant, ...]:
    wanted = Wanted(position.id, {**r("", (position.start - day(0)).days).values, **position.values, **values})
    return (Meant(wanted, (before.values,) if before else ()),)


def test_a_record_that_says_what_was_meant_stands_for_that_position() -> None:
    shelf = Shelf(Model.FLAT, r("e", 0, title="Cook"))
    over = p("1", 0, 9, title="Cook")
    report = go(shelf, [over], [Touched("1", meant=meant(p("1", 0, title="Cook")))])
    assert shelf.wrote == [("update", "e")]
    assert (report.outcomes["1"].action, shelf.there["e"].end) == ("end", day(9))


@pytest.mark.parametrize(
    ("title", "share", "ours"), [("Cook", 100, True), ("Cook", 50, True), ("Chef", 100, False), ("Baker", 50, False)]
)
def test_a_record_that_was_cut_off_stands_for_that_position(title: str, share: int, ours: bool) -> None:
    """It said Baker, 50 %; Cook, 100 % was meant."""
    before = r("e", 0, percentage=Decimal(50))
    shelf = Shelf(Model.FLAT, r("e", 0, title=title, percentage=Decimal(share)))
    over = p("1", 0, 9, title="Cook")
    report = go(shelf, [over], [Touched("1", meant=meant(p("1", 0, title="Cook"), before))])
    assert (shelf.wrote == [("update", "e")]) == ours
    assert (report.outcomes["1"].cause == "not_current") == (not ours)


@pytest.mark.parametrize("was_there", [True, False])
def test_a_record_that_was_there_before_a_try_that_was_cut_off_is_not_deleted_as_one_that_it_made(
    was_there: bool,
) -> None:
    """The same first day as ours: what only a new record is given was not written to it."""
    fields = [replace(f, when=When.ON_CREATE) if f.ours == "start_date" else f for f in made_up(Model.FLAT).fields]
    shelf = Shelf(Model.FLAT, r("e", 0, title="Cook"), delete=Delete.REMOVE, fields=tuple(fields))
    before = r("e", 0) if was_there else Remote("", {})
    touched = Touched("1", meant=meant(p("1", 0, title="Cook"), before))
    outcome = go(shelf, [], [touched]).outcomes["1"]
    assert (outcome.cause, outcome.gone) == (("delete_by_hand", False) if was_there else ("", True))


def test_an_adopted_record_that_nothing_is_done_to_is_kept_as_that_positions() -> None:
    shelf = Shelf(Model.FLAT, r("e", 0, title="Cook"))
    report = go(shelf, [], [Touched("1", meant=meant(p("1", 0, title="Cook")))])
    outcome = report.outcomes["1"]
    assert (outcome.cause, outcome.gone) == ("delete_by_hand", False)
    assert outcome.sent is not None
    assert outcome.sent.remote_id == "e"


def test_an_adopted_record_that_another_one_takes_over_is_not_kept() -> None:
    shelf = Shelf(Model.FLAT, r("e", 0, title="Cook"))
    report = go(shelf, [p("2", 5)], [Touched("1", meant=meant(p("1", 0, title="Cook"))), Touched("2")])
    assert report.outcomes["1"].sent is None
    assert report.outcomes["2"].sent is not None
    assert report.outcomes["1"].gone


# -- what is held to be there ----------------------------------------------------------------------------


def test_what_stays_as_it_is_there_is_not_held_to_have_been_written() -> None:
    there = r("a", 0, contract_type="T")
    shelf = Shelf(Model.HISTORY, there)
    report = go(shelf, [p("1", 0, contract_type="permanent")], ["1"])
    outcome = report.outcomes["1"]
    assert outcome.cause == "nothing_to_change"
    assert "agrees" not in outcome.message
    assert "Contract type stays “T” there: it is sent only when the record is made." in outcome.message
    assert outcome.sent is not None
    assert "contract_type" not in outcome.sent.values


def test_what_is_not_shown_is_compared_with_what_we_wrote_and_with_nothing_else() -> None:
    hidden = {k: v for k, v in r("a", 0).values.items() if k != "cost_centre"}
    shelf = Shelf(Model.HISTORY, Remote("a", hidden))
    first = go(shelf, [p("1", 0, cost_centre="10")], ["1"]).outcomes["1"]
    assert (first.cause, shelf.wrote) == ("nothing_to_change", [])
    assert "already agrees" not in first.message
    assert "shows no cost centre, so that is not compared" in first.message
    ours = Sent("a", {**hidden, "cost_centre": "10"})
    assert go(shelf, [p("1", 0, cost_centre="10")], ["1"], sent={"1": ours}).outcomes["1"].cause == "nothing_to_change"
    assert shelf.wrote == []
    go(shelf, [p("1", 0, cost_centre="20")], ["1"], sent={"1": ours})
    assert shelf.wrote == [("update", "a")], "what changed here since is sent"
