"""Who is found there: whatever a directory holds, nobody is taken for somebody else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.sdk.connector import Connector, Search
from integrations.sdk.context import Context, MemoryMatches
from integrations.sdk.errors import (
    ConnectorError,
    EmployeeNotFoundError,
    EmployeeNotUniqueError,
    InterruptedRunError,
    MatchRefusedError,
    NotAuthorizedError,
    UnavailableError,
)
from integrations.sdk.identity import Mark, alike, contradictions, same, still
from integrations.sdk.messages import as_message
from integrations.sdk.settings import NUMBERS_DIFFER
from integrations.sdk.values import CheckLine, Marks, Person, RemoteEmployee
from tests.integrations.systems import made_up
from tests.integrations.test_identity import ASE, BO, HERS, people, records


class Directory(Connector):
    """People there, by id; searched by number, national id and e-mail. `hides`: what a record does not show."""

    system = made_up()
    tested: Sequence[CheckLine] | Exception = ()

    def __init__(self, *there: Marks, differ: bool = False, hides: tuple[str, ...] = ()) -> None:
        settings = {NUMBERS_DIFFER.name: differ}
        super().__init__(Context({}, settings, {"api": "https://example.org"}, "n", date(2026, 6, 15)))
        self.there = {f"r{number}": marks for number, marks in enumerate(there)}
        self.hides = hides
        self.searched: list[str] = []
        self.tests = 0

    def _shown(self, record: str, matched_by: str = "") -> RemoteEmployee:
        hidden: dict[str, Any] = dict.fromkeys(self.hides, "")
        marks = replace(self.there[record], **hidden)
        return RemoteEmployee(record, matched_by=matched_by, marks=marks)

    def employee(self, known_id: str, person: Person) -> RemoteEmployee | None:
        assert isinstance(person, Person)
        return self._shown(known_id) if known_id in self.there else None

    def searches(self, person: Person) -> Sequence[Search]:
        """Not in the order of their strength."""

        def by(mark: Mark, value: str, field: str) -> Search:
            def look() -> list[RemoteEmployee]:
                self.searched.append(mark)
                return [self._shown(r) for r, m in self.there.items() if same(mark, value, getattr(m, field))]

            return (mark, value, look)

        return (
            by(Mark.EMAIL, person.email, "email"),
            by(Mark.NATIONAL_ID, person.national_id, "national_id"),
            by(Mark.NUMBER, person.number, "number"),
        )

    def hint(self, person: Person) -> str:
        return f"Drafts of {person.number} are not seen."

    def check(self) -> Sequence[CheckLine]:
        self.tests += 1
        if isinstance(self.tested, Exception):
            raise self.tested
        return self.tested


def looked_for(directory: Directory, person: Person, known_id: str = "") -> RemoteEmployee | ConnectorError:
    try:
        return directory.find_employee(person, known_id)
    except ConnectorError as refusal:
        return refusal


def found(directory: Directory, person: Person, known_id: str = "") -> str:
    """The record, or the cause of the refusal."""
    match = looked_for(directory, person, known_id)
    return match.id if isinstance(match, RemoteEmployee) else match.cause


# -- properties ------------------------------------------------------------------------------------------

directories = st.lists(records, max_size=4)


@given(directories, people, st.booleans(), st.sampled_from(["", "r0", "r1"]))
def test_nobody_is_taken_for_somebody_else(there: list[Marks], person: Person, differ: bool, known: str) -> None:
    directory = Directory(*there, differ=differ)
    match = looked_for(directory, person, known)
    if isinstance(match, ConnectorError):
        assert isinstance(match, (EmployeeNotFoundError, EmployeeNotUniqueError, MatchRefusedError))
        assert not person.national_id or person.national_id not in match.message
        return
    marks = directory.there[match.id]
    if match.id == known and match.matched_by == "earlier match":
        assert still(person, marks, differ)
        return
    by = Mark(match.matched_by)
    assert alike(by, person, marks, differ)
    assert contradictions(person, marks, by, differ) == []
    strong = {
        record
        for record, other in directory.there.items()
        if same(Mark.NATIONAL_ID, person.national_id, other.national_id)
        or (not differ and same(Mark.NUMBER, person.number, other.number))
    }
    assert strong <= {match.id} or by is Mark.NATIONAL_ID or alike(Mark.NATIONAL_ID, person, marks)
    if differ:
        assert by is not Mark.NUMBER


@given(directories, people)
def test_the_order_there_does_not_matter(there: list[Marks], person: Person) -> None:
    def marks(directory: Directory) -> Marks | str:
        answer = found(directory, person)
        return directory.there.get(answer, answer)

    assert marks(Directory(*there)) == marks(Directory(*reversed(there)))


# -- rules by name ---------------------------------------------------------------------------------------


def test_the_strongest_mark_that_finds_somebody_decides() -> None:
    directory = Directory(replace(HERS, number=""), BO)
    match = directory.find_employee(ASE)
    assert (match.id, match.matched_by) == ("r0", "national id")
    assert directory.searched == [Mark.NUMBER, Mark.NATIONAL_ID]


def test_what_the_hit_itself_shows_is_not_searched_for() -> None:
    directory = Directory(HERS)
    assert found(directory, ASE) == "r0"
    assert directory.searched == [Mark.NUMBER]


def test_two_strong_marks_that_point_at_two_records_are_neither_believed() -> None:
    """The record with the number does not show its national id; the search for that one says whose it is."""
    number, national_id = Marks("1042"), Marks("", "14038512345")
    directory = Directory(number, national_id)
    with pytest.raises(MatchRefusedError) as caught:
        directory.find_employee(ASE)
    assert (caught.value.cause, caught.value.candidate) == ("marks_disagree", "r0")
    assert "In Made Up the employee number points at record r0" in caught.value.message
    assert "the national id at record r1" in caught.value.message
    assert found(Directory(number), ASE) == "r0"
    assert found(Directory(number, national_id, differ=True), ASE) == "r1", "a number says nothing there"
    assert found(Directory(number, national_id), replace(ASE, national_id="")) == "r0"


@pytest.mark.parametrize(
    ("there", "cause"),
    [
        (replace(HERS, national_id="01018012345"), "not_the_same_person"),
        (replace(HERS, number="2000", national_id=""), "not_the_same_person"),
        (replace(HERS, number="", national_id=""), "r0"),
    ],
)
def test_a_hit_against_which_another_mark_speaks_is_refused_and_may_be_confirmed(there: Marks, cause: str) -> None:
    directory = Directory(there)
    assert found(directory, ASE) == cause
    if cause != "r0":
        with pytest.raises(MatchRefusedError) as caught:
            directory.find_employee(ASE)
        assert caught.value.candidate == "r0"
        assert "Record r0 in Made Up" in caught.value.message


def test_numbers_that_differ_on_purpose_are_neither_searched_nor_compared() -> None:
    there = replace(HERS, number="2000", national_id="")
    directory = Directory(there, replace(BO, number="1042"), differ=True)
    assert found(directory, ASE) == "r0"
    assert Mark.NUMBER not in directory.searched


def test_an_earlier_match_is_believed_while_it_bears_a_mark() -> None:
    directory = Directory(BO, replace(HERS, number="77", national_id=""))
    match = directory.find_employee(ASE, "r1")
    assert (match.id, match.matched_by, directory.searched) == ("r1", "earlier match", [])
    assert found(Directory(BO, HERS), ASE, "r0") == "r1", "it does not any more"
    assert found(Directory(HERS), ASE, "r7") == "r0", "it is gone"
    number = Directory(replace(BO, number="1042", birth_date=None, national_id=""), differ=True)
    assert found(number, ASE, "r0") == "employee_not_found", "a number alone says nothing there"


def test_what_helps_is_said_where_nobody_is_found() -> None:
    for known in ("", "r7"):
        with pytest.raises(EmployeeNotFoundError) as caught:
            Directory().find_employee(ASE, known)
        assert caught.value.message.endswith("Drafts of 1042 are not seen.")
    with pytest.raises(EmployeeNotFoundError) as caught:
        Directory().find_confirmed(ASE, "r7")
    assert caught.value.message.endswith("Drafts of 1042 are not seen.")


def test_a_confirmed_record_is_believed_whatever_it_shows() -> None:
    directory = Directory(BO, HERS)
    match = directory.find_confirmed(ASE, "r0")
    assert (match.id, match.matched_by, directory.searched) == ("r0", "confirmation", [])
    assert directory.find_confirmed(ASE, "r7").id == "r1", "it is gone: looked for as ever"


def test_when_marks_changed_here_a_strong_one_that_points_elsewhere_is_said() -> None:
    directory = Directory(BO, replace(HERS, national_id=""))
    with pytest.raises(MatchRefusedError) as caught:
        directory.find_confirmed(ASE, "r0", anew=True)
    assert (caught.value.cause, caught.value.candidate) == ("marks_disagree", "r0")
    assert "the confirmed match points at record r0 and the employee number at record r1" in caught.value.message
    by_email = Directory(BO, Marks(email="ase@example.com"))
    assert by_email.find_confirmed(ASE, "r0", anew=True).id == "r0", "an e-mail is no strong one"
    own = Directory(replace(BO, number="1042"))
    assert own.find_confirmed(ASE, "r0", anew=True).id == "r0"
    differ = Directory(BO, replace(HERS, national_id=""), differ=True)
    assert differ.find_confirmed(ASE, "r0", anew=True).id == "r0"


def test_one_record_is_one_employees() -> None:
    matches = MemoryMatches()
    other = replace(ASE, id="2")
    assert matches.claim(ASE, RemoteEmployee("r0"))
    assert matches.claim(ASE, RemoteEmployee("r0"))
    assert not matches.claim(other, RemoteEmployee("r0"))
    assert not matches.free(other, RemoteEmployee("r0"))
    assert matches.claim(ASE, RemoteEmployee("r1"))
    assert matches.free(other, RemoteEmployee("r0")), "whoever has another one has left it"


# -- whose refusal it is ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tested", "everybody"),
    [
        ((CheckLine(False, "Rights", "No right. Grant it.", refusal=as_message("No right.")),), True),
        ((CheckLine(True, "Rights", "No right."),), False),
        ((CheckLine(False, "Rights", "Something else.", refusal=as_message("Something else.")),), False),
        ((), False),
        (NotAuthorizedError("No right."), True),
        (UnavailableError("Down."), False),
        (ZeroDivisionError("ours"), False),
    ],
)
def test_a_refusal_is_everybodys_where_the_test_is_refused_in_the_same_words(tested: Any, everybody: bool) -> None:
    directory = Directory()
    directory.tested = tested
    assert directory.refuses_everybody(NotAuthorizedError("No right.")) is everybody
    assert directory.refuses_everybody(NotAuthorizedError("No right.")) is everybody
    assert directory.tests == 1, "once in a turn"


def test_a_refused_sign_in_is_everybodys_without_a_test() -> None:
    directory = Directory()
    refusal = NotAuthorizedError("Who?")
    refusal.sign_in = True
    assert directory.refuses_everybody(refusal)
    assert directory.tests == 0


def test_a_test_that_may_not_be_made_any_more_says_nothing() -> None:
    directory = Directory()
    directory.tested = InterruptedRunError("stop")
    with pytest.raises(InterruptedRunError):
        directory.refuses_everybody(NotAuthorizedError("No right."))
    directory.tested = NotAuthorizedError("No right.")
    assert directory.refuses_everybody(NotAuthorizedError("No right.")), "and it is not kept"


# -- once in a turn --------------------------------------------------------------------------------------


def test_what_is_fetched_for_everybody_is_fetched_once_until_it_is_forgotten() -> None:
    directory, made = Directory(), []

    def make() -> int:
        made.append(1)
        return len(made)

    assert [directory.once("index", make), directory.once("index", make), directory.once("other", make)] == [1, 1, 2]
    directory.forget("index")
    directory.forget("nothing")
    assert [directory.once("index", make), directory.once("other", make)] == [3, 2]
