"""One run, seen from inside: who the employee is there, what is not the employee's, and what the report says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from integrations.planning.planner import Rules, Sent
from integrations.planning.run import run
from integrations.planning.run_flat import about_to_write
from integrations.planning.run_writes import MOST_OLDER
from integrations.planning.work import Match, Touched, Work
from integrations.sdk.declaration import Delete, Model, Transport
from integrations.sdk.errors import (
    ConnectorError,
    DataRefusedError,
    EmployeeNotFoundError,
    EmployeeNotUniqueError,
    InterruptedRunError,
    MatchRefusedError,
    NotAuthorizedError,
    RecordRefusedError,
    StaleError,
    UnavailableError,
    UnclearOutcomeError,
)
from integrations.sdk.messages import Message, as_message
from integrations.sdk.settings import switch
from integrations.sdk.values import (
    Change,
    CheckLine,
    Person,
    Problem,
    Remote,
    RemoteEmployee,
    Unsure,
    Wanted,
    Warning,
    Written,
)
from tests.integrations.systems import made_up
from tests.integrations.test_planner import day
from tests.integrations.test_runner import KARI, Shelf, go, meant, p, r, sent

OTHER = Person("8", "2000", "Ola", "Berg")


class Reception(Shelf):
    """A shelf that says who is asked for: `finds` by search, `knows` by id. Trouble is raised in their place."""

    finds: RemoteEmployee | ConnectorError = RemoteEmployee("e1", matched_by="employee number")
    tested: Sequence[CheckLine] | ConnectorError = ()
    warns: tuple[Warning, ...] = ()
    pending: Message | None = None

    def __init__(self, *args: Any, **how: Any) -> None:
        self.asked: list[tuple[str, str, bool]] = []
        self.given: list[RemoteEmployee] = []  # to updates
        self.read_for: list[RemoteEmployee] = []
        super().__init__(*args, **how)

    def find_employee(self, person: Person, known_id: str = "") -> RemoteEmployee:
        self.asked.append(("find", known_id, False))
        if isinstance(self.finds, ConnectorError):
            raise self.finds
        return self.finds

    def find_confirmed(self, person: Person, known_id: str, *, anew: bool = False) -> RemoteEmployee:
        self.asked.append(("confirmed", known_id, anew))
        return RemoteEmployee(known_id, matched_by="confirmation")

    def check(self) -> Sequence[CheckLine]:
        if isinstance(self.tested, ConnectorError):
            raise self.tested
        return self.tested

    def read(self, employee: RemoteEmployee) -> Sequence[Remote]:
        self.read_for.append(employee)
        return super().read(employee)

    def update(
        self, employee: RemoteEmployee, person: Person, remote: Remote, changes: Mapping[str, Change], wanted: Wanted
    ) -> Written:
        self.given.append(employee)
        written = super().update(employee, person, remote, changes, wanted)
        return replace(written, warnings=self.warns, pending=self.pending)


def reception(model: Model = Model.HISTORY, *there: Remote, **how: Any) -> Reception:
    ours = {key: how.pop(key) for key in ("finds", "tested", "warns", "pending") if key in how}
    found = Reception(model, *there, **how)
    for key, value in ours.items():
        setattr(found, key, value)
    return found


# -- who is asked for ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("match", "asked"),
    [
        (Match(), ("find", "e1", False)),
        (Match(unmarked=True), ("find", "e1", False)),
        (Match(doubted=True), ("find", "", False)),
        (Match(confirmed=True), ("confirmed", "e1", False)),
        (Match(confirmed=True, doubted=True), ("confirmed", "e1", True)),
    ],
)
def test_a_known_match_is_believed_unless_it_is_doubted(match: Match, asked: tuple[str, str, bool]) -> None:
    shelf = reception()
    assert go(shelf, [p("1", 0)], ["1"], match=match).outcomes["1"].state == "succeeded"
    assert shelf.asked == [asked]


def test_what_is_confirmed_and_not_known_is_looked_for() -> None:
    shelf = reception()
    go(shelf, [p("1", 0)], ["1"], match=Match(confirmed=True), remote_employee_id="")
    assert shelf.asked == [("find", "", False)]


def test_what_a_person_has_withheld_asks_nobody() -> None:
    shelf = reception()
    withheld = Match(withheld=Problem(as_message("Released."), "match_released"))
    outcome = go(shelf, [p("1", 0)], ["1"], match=withheld).outcomes["1"]
    assert (outcome.state, outcome.cause, outcome.message) == ("failed", "match_released", "Released.")
    assert (shelf.asked, shelf.wrote, shelf.reads) == ([], [], 0)


@pytest.mark.parametrize(
    ("known", "match", "claimed"),
    [
        ("e1", Match(), False),
        ("e1", Match(doubted=True), True),
        ("e1", Match(unmarked=True), True),
        ("e2", Match(), True),
        ("", Match(), True),
    ],
)
def test_a_new_match_is_claimed_before_anything_is_written(known: str, match: Match, claimed: bool) -> None:
    shelf = reception()
    go(shelf, [p("1", 0)], ["1"], match=match, remote_employee_id=known)
    assert (shelf.context.matches.free(OTHER, RemoteEmployee("e1")) is False) == claimed


@pytest.mark.parametrize("execute", [True, False])
def test_the_record_of_another_employee_here_is_left_alone(execute: bool) -> None:
    shelf = reception()
    shelf.context.matches.claim(OTHER, RemoteEmployee("e1"))
    report = go(shelf, [p("1", 0)], ["1"], remote_employee_id="", execute=execute)
    outcome = report.outcomes["1"]
    assert (outcome.state, outcome.cause) == ("failed", "already_matched")
    assert isinstance(report.error, MatchRefusedError)
    assert report.error.candidate == "e1"
    assert (shelf.wrote, shelf.reads) == ([], 0)


def test_a_preview_claims_nothing() -> None:
    shelf = reception()
    assert go(shelf, [p("1", 0)], ["1"], remote_employee_id="", execute=False).outcomes["1"].state == "planned"
    assert shelf.context.matches.free(OTHER, RemoteEmployee("e1"))
    assert shelf.wrote == []


def test_an_employees_id_that_cannot_be_kept_is_not_written_to() -> None:
    shelf = reception(finds=RemoteEmployee("9" * 121))
    outcome = go(shelf, [p("1", 0)], ["1"], remote_employee_id="").outcomes["1"]
    assert (outcome.state, outcome.cause, shelf.wrote) == ("retrying", "target_unavailable", [])
    assert "121 characters" in outcome.message
    assert shelf.context.matches.free(OTHER, RemoteEmployee("9" * 121))


# -- nobody there, and records that are not theirs -------------------------------------------------------


@pytest.mark.parametrize("model", list(Model))
@pytest.mark.parametrize(
    "nobody", [EmployeeNotFoundError("No."), EmployeeNotUniqueError("Two."), MatchRefusedError("Another.")]
)
def test_where_nobody_is_found_it_is_said_and_what_was_written_is_told_of(model: Model, nobody: ConnectorError) -> None:
    there = r("a", 0)
    shelf = reception(model, there, finds=nobody)
    report = go(shelf, [p("1", 0, title="Cook")], ["1"], sent={"1": sent(there)})
    outcome = report.outcomes["1"]
    assert (outcome.state, outcome.cause, outcome.message) == ("failed", nobody.cause, nobody.message)
    assert str(outcome.trace[-1].title) == "Employee matched"
    assert outcome.trace[-1].ok is False
    assert report.wrong_record == "e1"
    assert (shelf.wrote, report.remote_employee) == ([], None)


@pytest.mark.parametrize(
    ("work", "wrong"),
    [
        ({"match": Match(written_to="e0")}, "e0"),
        ({"remote_employee_id": ""}, ""),
        ({"sent": {}}, ""),
        ({"match": Match(withheld=Problem(as_message("Released."), "match_released"))}, ""),
    ],
    ids=["written under an earlier one", "told already", "nothing was written", "a person has decided"],
)
def test_what_is_told_of_once(work: dict[str, Any], wrong: str) -> None:
    there = r("a", 0)
    shelf = reception(Model.HISTORY, there, finds=EmployeeNotFoundError("No."))
    known: dict[str, Any] = {"sent": {"1": sent(there)}, **work}
    assert go(shelf, [p("1", 0, title="Cook")], ["1"], **known).wrong_record == wrong


def test_of_a_record_that_is_another_ones_everything_is_written_to_the_right_one_anew() -> None:
    """What was sent was sent elsewhere: the right record has not heard of it."""
    shelf = reception(finds=RemoteEmployee("e2", matched_by="national id"))
    old = Sent("a", r("a", 0).values)
    report = go(shelf, [p("1", 0)], ["1"], sent={"1": old}, match=Match(written_to="e1"))
    assert report.wrong_record == "e1"
    assert shelf.wrote == [("create", "new1")]
    assert report.remote_employee is not None
    assert report.remote_employee.id == "e2"
    deleted = go(reception(finds=RemoteEmployee("e2")), [], ["1"], sent={"1": old}, match=Match(written_to="e1"))
    assert (deleted.outcomes["1"].cause, deleted.wrong_record) == ("never_sent", "e1")


def test_of_a_flat_record_that_is_another_ones_nothing_is_known_any_more() -> None:
    shelf = reception(Model.FLAT, r("b", 0, title="Chef"), finds=RemoteEmployee("e2"))
    old = Sent("a", r("a", 0).values)
    report = go(shelf, [p("1", 0, 9)], ["1"], sent={"1": old}, match=Match(written_to="e1"))
    assert (report.outcomes["1"].cause, shelf.wrote) == ("not_current", []), "the clerk's record is not ended"
    assert report.wrong_record == "e1"


def test_written_to_the_same_record_nothing_is_wrong() -> None:
    there = r("a", 0)
    shelf = reception(Model.HISTORY, there)
    report = go(shelf, [p("1", 0, title="Cook")], ["1"], sent={"1": sent(there)}, match=Match(written_to="e1"))
    assert (report.wrong_record, shelf.wrote) == ("", [("update", "a")])


def test_a_flat_record_in_doubt_of_somebody_who_is_not_there_is_settled_without_them() -> None:
    """It was only looked whether an earlier try had written something."""
    shelf = reception(Model.FLAT, finds=EmployeeNotFoundError("No."))
    over = p("1", 0, 9)
    report = go(shelf, [over], [Touched("1", meant=meant(p("1", 0)))], remote_employee_id="")
    assert (report.outcomes["1"].state, report.outcomes["1"].cause) == ("skipped", "not_current")
    assert report.error is None
    refused = go(shelf, [p("1", 0)], [Touched("1", meant=meant(p("1", 0)))], remote_employee_id="")
    assert refused.outcomes["1"].cause == "employee_not_found"


# -- what leaves before any call -------------------------------------------------------------------------


@pytest.mark.parametrize("model", list(Model))
def test_what_is_refused_here_asks_nobody_and_holds_nobody_up(model: Model) -> None:
    shelf = reception(model)
    outcome = go(shelf, [p("1", 0, title="", end_reason="")], ["1"]).outcomes["1"]
    assert (outcome.state, outcome.cause, outcome.field) == ("failed", "missing_required_field", "title")
    assert (str(outcome.trace[0].title), outcome.trace[0].ok) == ("Required fields", False)
    assert (shelf.asked, shelf.wrote) == ([], [])
    two = go(reception(), [p("1", 0, 4, title=""), p("2", 5)], ["1", "2"])
    assert [two.outcomes[i].state for i in ("1", "2")] == ["failed", "succeeded"]


def test_every_problem_is_said() -> None:
    outcome = go(reception(), [p("1", 0, title="", percentage=Decimal(300))], ["1"]).outcomes["1"]
    assert "title" in outcome.message.lower()
    assert "300" in outcome.message


@pytest.mark.parametrize("model", list(Model))
def test_what_it_is_never_sent_asks_nobody(model: Model) -> None:
    here = p("1", 0)
    there = r("a", 0)
    note = Touched("1", changed=frozenset({"department_name"}))
    shelf = reception(model, there)
    known = {"1": Sent("a", {k: v for k, v in there.values.items() if k != "weekly_hours"})}
    outcome = go(shelf, [here], [note], sent=known).outcomes["1"]
    assert (outcome.state, outcome.cause, shelf.asked) == ("skipped", "no_supported_change", [])
    for touched, position, before in (
        (replace(note, changed=None), here, known),
        (replace(note, changed=frozenset({"department_name", "title"})), here, known),
        (note, p("1", 0, title="Cook"), known),
        (note, here, {}),
    ):
        shelf = reception(model, there)
        asked = go(shelf, [position], [touched], sent=before).outcomes["1"]
        assert shelf.asked, "something else may have to be brought there"
        assert asked.cause != "no_supported_change"


def test_what_is_only_switched_off_is_not_told_as_what_the_system_never_takes() -> None:
    there = r("a", 0)
    known = {"1": Sent("a", {k: v for k, v in there.values.items() if k != "weekly_hours"})}
    for fields, words in (
        ({"department_name"}, "which Made Up is never sent"),
        ({"weekly_hours"}, "which this connection does not send to Made Up"),
        ({"weekly_hours", "department_name"}, "which this connection does not send to Made Up"),
    ):
        touched = Touched("1", changed=frozenset(fields))
        outcome = go(reception(Model.HISTORY, there), [p("1", 0)], [touched], sent=known).outcomes["1"]
        assert outcome.cause == "no_supported_change" and words in outcome.message


def test_of_what_was_never_sent_a_deletion_asks_nobody() -> None:
    shelf = reception()
    assert go(shelf, [], ["1"]).outcomes["1"].cause == "never_sent"
    assert shelf.asked == []
    go(shelf, [], [Touched("1", tried=(day(0),))])
    assert shelf.asked, "its creation may have been carried out"


# -- late reads ------------------------------------------------------------------------------------------


LATE = {"shows_late": 600.0}


def test_what_a_late_read_shows_is_compared_as_we_wrote_it() -> None:
    there = r("a", 0, title="Old")
    ours = Sent("a", {**there.values, "title": "Baker"}, older={"title": ["Old"]})
    shelf = reception(Model.HISTORY, there, **LATE)
    assert go(shelf, [p("1", 0)], ["1"], sent={"1": ours}).outcomes["1"].cause == "nothing_to_change"
    assert go(shelf, [p("1", 0, title="Old")], ["1"], sent={"1": ours}).outcomes["1"].state == "succeeded"
    clerk = reception(Model.HISTORY, r("a", 0, title="Clerk's"), **LATE)
    assert go(clerk, [p("1", 0)], ["1"], sent={"1": ours}).outcomes["1"].changes["title"].old == "Clerk's"
    elsewhere = reception(Model.HISTORY, r("a", 0, title="Old"), r("b", 40), **LATE)
    report = go(elsewhere, [p("1", 0), p("2", 40)], ["1"], sent={"2": replace(ours, remote_id="b")})
    assert report.outcomes["1"].changes["title"].old == "Old", "another record's older values say nothing of it"


def test_what_a_write_has_replaced_may_be_shown_for_a_while() -> None:
    there = r("a", 0)
    before = Sent("a", there.values, older={"title": ["Smith"], "cost_centre": ["7"]})
    outcome = go(
        reception(Model.HISTORY, there, **LATE), [p("1", 0, title="Cook")], ["1"], sent={"1": before}
    ).outcomes["1"]
    assert outcome.older == {"title": ["Smith", "Baker"], "cost_centre": ["7"]}
    full = replace(before, older={"title": [str(n) for n in range(MOST_OLDER)]})
    outcome = go(reception(Model.HISTORY, there, **LATE), [p("1", 0, title="Cook")], ["1"], sent={"1": full}).outcomes[
        "1"
    ]
    assert outcome.older is not None
    assert outcome.older["title"] == [*(str(n) for n in range(1, MOST_OLDER)), "Baker"]
    never = go(reception(Model.HISTORY, there), [p("1", 0, title="Cook")], ["1"], sent={"1": before}).outcomes["1"]
    assert never.older == {}, "of a system whose reads come at once"


def test_what_was_written_without_an_answer_is_not_known_and_written_again() -> None:
    there = r("a", 0)
    before = {"1": replace(sent(there), older={"cost_centre": ["7"]})}
    lost = UnclearOutcomeError("lost")
    outcome = go(
        reception(Model.HISTORY, there, troubles=[lost], **LATE), [p("1", 0, title="Cook")], ["1"], sent=before
    ).outcomes["1"]
    assert outcome.sent is not None
    assert isinstance(outcome.sent.values["title"], Unsure)
    assert outcome.sent.values["percentage"] == Decimal(100)
    assert outcome.older == {"title": ["Baker", "Cook"], "cost_centre": ["7"]}
    at_once = reception(Model.HISTORY, there, troubles=[UnclearOutcomeError("lost")])
    assert go(at_once, [p("1", 0, title="Cook")], ["1"], sent=before).outcomes["1"].sent is None
    new = reception(Model.HISTORY, troubles=[UnclearOutcomeError("lost")], **LATE)
    assert go(new, [p("1", 0)], ["1"]).outcomes["1"].sent is None


# -- what the report says --------------------------------------------------------------------------------


def test_no_secret_and_no_national_id_gets_into_the_log_by_the_systems_own_words() -> None:
    who = replace(KARI, national_id="14038512345")
    refusal = DataRefusedError("We know 14038512345.", vendor_text="14038512345 again", vendor_code="no 14038512345")
    shelf = reception(Model.HISTORY, r("a", 0, title="14038512345"), troubles=[refusal])
    work = Work(who, [p("1", 0)], [Touched("1")], {}, "e1", Rules(), day(15))
    report = run(shelf, work)
    outcome = report.outcomes["1"]
    assert outcome.state == "failed"
    assert "14038512345" not in repr(report.outcomes)
    assert outcome.changes["title"].old != outcome.changes["title"].new
    shelf = reception(finds=UnavailableError("14038512345 is gone"))
    report = run(shelf, work)
    assert report.error is not None
    assert "14038512345" not in report.error.message
    report = run(reception(finds=NotAuthorizedError("Not 14038512345")), work)
    assert isinstance(report.error, RecordRefusedError)
    assert "14038512345" not in f"{report.error.message} {report.error.refusal.message}"
    warned = reception(Model.HISTORY, r("a", 0, title="Cook"), warns=(Warning("14038512345", "title"),))
    assert "14038512345" not in repr(run(warned, work).outcomes)


def test_a_success_says_what_was_written_and_what_was_not() -> None:
    there = r("a", 0)
    told = (Warning("The title stays.", "title"), Warning("Look there."))
    shelf = reception(Model.HISTORY, there, warns=told, pending=as_message("In the file of 14:02."))
    outcome = go(shelf, [p("1", 0, title="Cook", cost_centre="10")], ["1"], sent={"1": sent(there)}).outcomes["1"]
    assert (outcome.state, outcome.action, outcome.pending) == (
        "succeeded",
        "update",
        as_message("In the file of 14:02."),
    )
    assert set(outcome.changes) == {"title", "cost_centre"}
    assert outcome.warnings[:2] == told
    assert outcome.sent is not None
    assert "title" not in outcome.sent.values, "it says that it did not write it"
    assert outcome.sent.values["cost_centre"] == "10"
    said = [(str(line.title), line.ok) for line in outcome.trace]
    assert said == [
        ("Required fields", True),
        ("Employee matched by employee number", True),
        ("Read there", True),
        ("Period matched", True),
        ("Update accepted", True),
    ]
    assert str(outcome.trace[3].detail) == "Starts 1 Jan 2026 there"


def test_a_refusal_says_where_and_in_whose_words() -> None:
    error = DataRefusedError("No.", field="title", vendor_text="Nei", vendor_code="7")
    outcome = go(reception(troubles=[error]), [p("1", 0)], ["1"]).outcomes["1"]
    assert (outcome.state, outcome.cause, outcome.field) == ("failed", "refused_by_target", "title")
    assert (outcome.message, outcome.vendor_text, outcome.vendor_code) == ("No.", "Nei", "7")
    assert (str(outcome.trace[-1].title), outcome.trace[-1].ok, str(outcome.trace[-1].detail)) == (
        "Create refused",
        False,
        "Nei",
    )


def test_what_stops_the_run_is_everybodys_error_with_its_words() -> None:
    error = UnavailableError("Down.", field="title", vendor_text="nede", vendor_code="503")
    report = go(reception(troubles=[error]), [p("1", 0, 4), p("2", 5)], ["1", "2"])
    assert report.error is error
    for outcome in report.outcomes.values():
        assert (outcome.state, outcome.cause, outcome.message) == ("retrying", "target_unavailable", "Down.")
        assert (outcome.field, outcome.vendor_text, outcome.vendor_code) == ("title", "nede", "503")
        assert outcome.error is error
        assert (outcome.trace[-1].ok, str(outcome.trace[-1].detail)) == (False, "Down.")


@pytest.mark.parametrize(
    ("tested", "cause"),
    [
        ((), "record_refused"),
        ((CheckLine(True, "Rights"),), "record_refused"),
        ((CheckLine(False, "Rights", "No right. Grant it.", refusal=as_message("No right.")),), "not_authorized"),
        (NotAuthorizedError("No right."), "not_authorized"),
        (UnavailableError("Down."), "record_refused"),
        (InterruptedRunError("Stop."), "interrupted"),
    ],
)
def test_a_refusal_of_access_is_one_records_unless_it_is_everybodys(
    tested: Sequence[CheckLine] | ConnectorError, cause: str
) -> None:
    shelf = reception(troubles=[NotAuthorizedError("No right.")], tested=tested)
    report = go(shelf, [p("1", 0)], ["1"])
    assert report.outcomes["1"].cause == cause
    assert report.error is not None
    assert report.error.cause == cause


def test_a_preview_asks_no_test() -> None:
    shelf = reception(finds=NotAuthorizedError("No right."), tested=AssertionError("tested"))
    assert go(shelf, [p("1", 0)], ["1"], execute=False).outcomes["1"].cause == "not_authorized"


def test_a_preview_says_what_would_be_said() -> None:
    there = r("a", 0, contract_type="T")
    hidden = Remote("a", {k: v for k, v in there.values.items() if k != "cost_centre"})
    shelf = reception(Model.HISTORY, hidden)
    outcome = go(shelf, [p("1", 0, title="Cook", cost_centre="10")], ["1"], execute=False).outcomes["1"]
    assert (outcome.state, outcome.action, set(outcome.changes)) == ("planned", "update", {"title"})
    assert [w.field for w in outcome.warnings] == ["cost_centre"]
    assert outcome.sent is None


# -- flat: what a try is about to write ------------------------------------------------------------------


def test_what_a_flat_run_is_about_to_give_to_another_position() -> None:
    flat = made_up(Model.FLAT, delete=Delete.BY_HAND, moves=False)
    settings = {"fte": "", "send_hours": False, "end_reasons": {}}

    def meant_for(sent_to: str, *positions: Any) -> Wanted | None:
        known = {sent_to: Sent("e", {})} if sent_to else {}
        work = Work(KARI, positions, [Touched("2")], known, "e1", Rules(), day(15))
        return about_to_write(flat, settings, work)

    now = meant_for("1", p("2", 0, title="Cook"))
    assert now is not None
    assert (now.position_id, now.values["title"]) == ("2", "Cook")
    assert meant_for("", p("2", 0)) is not None
    assert meant_for("2", p("2", 0)) is None, "it stands for that one already"
    assert meant_for("", p("2", 30)) is None, "not yet"
    assert meant_for("1", p("2", 0, title="")) is None, "it is refused here"


def test_a_flat_record_is_ended_without_what_the_connection_empties() -> None:
    fields = tuple(
        replace(f, cleared_by=switch("empty")) if f.ours == "cost_centre" else f for f in made_up(Model.FLAT).fields
    )
    there = r("e", 0, cost_centre="10")
    shelf = reception(Model.FLAT, there, fields=fields)
    shelf.context.settings = {**shelf.context.settings, "empty": True}
    outcome = go(shelf, [p("1", 0, 9, cost_centre="10")], ["1"], sent={"1": sent(there)}).outcomes["1"]
    assert (outcome.action, shelf.there["e"].values["cost_centre"]) == ("end", None)


def test_sent_again_into_a_file_although_nothing_differs() -> None:
    there = r("e", 0)
    shelf = reception(Model.FLAT, there, transport=Transport.FILE, base_urls={}, sandbox_urls={})
    assert go(shelf, [p("1", 0)], ["1"], sent={"1": sent(there)}).outcomes["1"].state == "skipped"
    again = go(shelf, [p("1", 0)], [Touched("1", again=True)], sent={"1": sent(there)})
    assert again.outcomes["1"].state == "succeeded"


def test_a_clash_says_with_which_record() -> None:
    outcome = go(reception(Model.HISTORY, r("a", 0, 20)), [p("1", 10)], ["1"]).outcomes["1"]
    assert (outcome.state, outcome.cause, outcome.field) == ("failed", "overlap_in_target", "start_date")
    assert outcome.params == {"remote_id": "a", "period": "1 Jan 2026 – 21 Jan 2026"}
    last = outcome.trace[-1]
    assert (str(last.title), last.ok, str(last.detail)) == ("Planned", False, outcome.message)


@pytest.mark.parametrize(
    ("there", "said"),
    [([], "Nothing there yet"), ([r("a", 40, 41)], "1 period"), ([r("a", 40, 41), r("b", 50)], "2 periods")],
)
def test_how_much_was_read_is_said(there: list[Remote], said: str) -> None:
    outcome = go(reception(Model.HISTORY, *there), [p("1", 0, 9)], ["1"]).outcomes["1"]
    assert [str(line.detail) for line in outcome.trace if str(line.title) == "Read there"] == [said]


@pytest.mark.parametrize(("label", "said"), [("no. 7", "no. 7"), ("", "e1")])
def test_as_whom_the_employee_was_matched_is_said(label: str, said: str) -> None:
    shelf = reception(finds=RemoteEmployee("e1", label, "e-mail"))
    outcome = go(shelf, [p("1", 0)], ["1"]).outcomes["1"]
    assert [str(line.detail) for line in outcome.trace if str(line.title) == "Employee matched by e-mail"] == [said]


def test_what_changed_there_meanwhile_is_said() -> None:
    shelf = reception(troubles=[StaleError("Changed.")])
    [line] = [t for t in go(shelf, [p("1", 0)], ["1"]).outcomes["1"].trace if str(t.title) == "Changed there meanwhile"]
    assert line.ok is None
    assert str(line.detail).startswith("Changed.")


# -- whose record is written to --------------------------------------------------------------------------


def test_a_flat_write_knows_which_record_was_written_last_and_for_whom() -> None:
    there = r("e", 0)
    shelf = reception(Model.FLAT, there)
    go(shelf, [p("2", 5, title="Cook")], ["2"], sent={"1": sent(there)})
    [given] = shelf.given
    assert shelf.read_for == [given]
    assert (given.id, given.record_id, given.position_id) == ("e1", "e", "1")


def test_a_current_position_that_nobody_touched_takes_the_record_over() -> None:
    there = r("e", 0)
    shelf = reception(Model.FLAT, there)
    report = go(shelf, [p("1", 0, 9), p("2", 5, title="Cook")], ["1"], sent={"1": sent(there)})
    assert (report.outcomes["2"].state, report.outcomes["1"].cause) == ("succeeded", "not_current")
    assert shelf.there["e"].values["title"] == "Cook"


def test_a_record_that_says_what_was_meant_for_one_is_that_ones_whoever_had_it_before() -> None:
    shelf = reception(Model.FLAT, r("e", 5, title="Cook"))
    cook = p("2", 5, title="Cook")
    before = {"1": Sent("e", r("e", 0).values)}
    here = [p("1", 0, 4), p("2", 5, 9, title="Cook")]
    report = go(shelf, here, ["1", Touched("2", meant=meant(cook))], sent=before)
    assert (report.outcomes["2"].action, report.outcomes["2"].state) == ("end", "succeeded")
    assert shelf.there["e"].end == day(9)


def test_a_record_of_a_deleted_position_that_a_lost_try_took_over_moves_with_the_new_one() -> None:
    shelf = reception(Model.HISTORY, r("a", 3))
    before = {"1": Sent("a", r("a", 3).values)}
    moving = Touched("2", tried=(day(3),))
    report = go(shelf, [p("2", 8)], [moving, "1"], sent=before, rules=Rules(delete=True, move=True))
    assert shelf.wrote == [("update", "a")], "neither doubled nor removed"
    assert (report.outcomes["2"].action, report.outcomes["1"].cause) == ("move", "taken_over")
    alive = reception(Model.HISTORY, r("a", 3))
    go(alive, [p("1", 3, 5), p("2", 8)], [moving], sent=before, rules=Rules(move=True))
    assert ("update", "a") not in alive.wrote, "it is somebody's who is here"


def test_a_person_asked_to_move_it() -> None:
    there = r("a", 3)
    shelf = reception(Model.HISTORY, there)
    assert go(shelf, [p("1", 5)], ["1"], sent={"1": sent(there)}).outcomes["1"].cause == "start_date_changed"
    moved = go(shelf, [p("1", 5)], [Touched("1", move=True)], sent={"1": sent(there)})
    assert (moved.outcomes["1"].action, shelf.wrote) == ("move", [("update", "a")])


def test_what_waits_says_until_when_and_what_stays_there_meanwhile() -> None:
    fields = tuple(replace(f, opt_in=switch("s")) if f.ours == "start_date" else f for f in made_up(Model.FLAT).fields)
    there = r("e", 0)
    shelf = reception(Model.FLAT, there, fields=fields)
    outcome = go(shelf, [p("1", 40)], ["1"], sent={"1": sent(there)}).outcomes["1"]
    assert (outcome.state, outcome.cause, outcome.wait_until) == ("waiting", "not_yet_current", day(40))
    assert [w.field for w in outcome.warnings] == ["start_date"]
    new = go(reception(Model.FLAT), [p("1", 40)], ["1"]).outcomes["1"]
    assert (new.state, new.wait_until, new.warnings) == ("waiting", day(40), ())
