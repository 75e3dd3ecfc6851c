"""Whether a record there is the employee here: properties, and each rule by name."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from integrations.sdk.identity import (
    ANOTHER_BIRTH_DATE,
    ANOTHER_NATIONAL_ID,
    ANOTHER_NUMBER,
    Mark,
    alike,
    contradictions,
    disagreement,
    mark_of,
    numbers_differ,
    plain,
    same,
    same_name,
    somebody_else,
    still,
    strength,
    taken,
    which,
)
from integrations.sdk.settings import NUMBERS_DIFFER
from integrations.sdk.values import Marks, Person

numbers = st.sampled_from(["", "1042", " 1042 ", "01042", "A-17", "a-17", "2000", "0"])
emails = st.sampled_from(["", "ase@example.com", "ASE@Example.com ", "bo@example.com"])
national_ids = st.sampled_from(
    ["", "14038512345", "140385 12345", "54038512345", "01018012345", "140385*****", "140385"]
)
births = st.sampled_from([None, date(1985, 3, 14), date(1990, 1, 1)])
first_names = st.sampled_from(["", "Åse", "Bo", "Aase Marie"])
last_names = st.sampled_from(["", "Sørlie", "SORLIE", "Berg", "Åse Sørlie"])
people = st.builds(
    Person,
    id=st.just("1"),
    number=numbers,
    first_name=first_names,
    last_name=last_names,
    email=emails,
    birth_date=births,
    national_id=national_ids,
)
records = st.builds(
    Marks,
    number=numbers,
    national_id=national_ids,
    email=emails,
    birth_date=births,
    first_name=first_names,
    last_name=last_names,
)
ASE = Person("1", "1042", "Åse", "Sørlie", "ase@example.com", date(1985, 3, 14), "14038512345")
HERS = Marks("1042", "14038512345", "ase@example.com", date(1985, 3, 14), "Åse", "Sørlie")
BO = Marks("2000", "01018012345", "bo@example.com", date(1990, 1, 1), "Bo", "Berg")


@given(people, records, st.sampled_from(Mark), st.booleans())
def test_what_is_not_shown_never_speaks_against(person: Person, marks: Marks, by: Mark, differ: bool) -> None:
    against = contradictions(person, marks, by, differ)
    for names in (("number",), ("national_id",), ("email",), ("birth_date",), ("first_name", "last_name")):
        nothing: dict[str, Any] = {name: None if name == "birth_date" else "" for name in names}
        hidden = replace(marks, **nothing)
        assert set(contradictions(person, hidden, by, differ)) <= set(against)
    assert contradictions(person, Marks(), by, differ) == []


@given(people, records)
def test_an_email_never_outweighs_a_strong_mark(person: Person, marks: Marks) -> None:
    strong = [alike(mark, person, marks) for mark in (Mark.NUMBER, Mark.NATIONAL_ID)]
    assert bool(contradictions(person, marks, Mark.EMAIL)) >= (False in strong)


@given(people, records, st.sampled_from(Mark))
def test_numbers_that_differ_on_purpose_say_nothing(person: Person, marks: Marks, by: Mark) -> None:
    every = [contradictions(person, replace(marks, number=n), by, True) for n in ("", "1042", "2000")]
    assert every[0] == every[1] == every[2]
    assume(same(Mark.EMAIL, person.email, marks.email) is not True)
    assume(same(Mark.NATIONAL_ID, person.national_id, marks.national_id) is not True)
    assert not still(person, marks, True)


@given(people, records, st.booleans())
def test_a_known_record_that_bears_no_mark_is_never_believed(person: Person, marks: Marks, differ: bool) -> None:
    if still(person, marks, differ):
        assert any(alike(mark, person, marks, differ) for mark in Mark)
        assert alike(Mark.NATIONAL_ID, person, marks) is not False


@given(st.sampled_from(Mark), numbers | emails | national_ids, numbers | emails | national_ids)
def test_comparing_is_the_same_both_ways(mark: Mark, a: str, b: str) -> None:
    assert same(mark, a, b) == same(mark, b, a)
    assert plain(mark, plain(mark, a)) == plain(mark, a)


@pytest.mark.parametrize(
    ("marks", "by", "against"),
    [
        (HERS, Mark.NUMBER, []),
        (replace(HERS, national_id="01018012345"), Mark.NUMBER, ["another national id"]),
        (replace(HERS, birth_date=date(1990, 1, 1)), Mark.NUMBER, ["another birth date"]),
        (
            replace(BO, number="1042", national_id="", birth_date=None),
            Mark.NUMBER,
            ["another first name, last name and e-mail"],
        ),
        (replace(HERS, first_name="Bo", last_name="Berg"), Mark.NUMBER, []),  # the e-mail is hers
        (replace(HERS, email="x@example.com"), Mark.NUMBER, []),
        (replace(HERS, number="2000", national_id=""), Mark.EMAIL, ["another employee number"]),
        (replace(HERS, number="", national_id=""), Mark.EMAIL, []),
        (replace(HERS, number="2000"), Mark.NATIONAL_ID, []),
    ],
)
def test_what_speaks_against_a_hit(marks: Marks, by: Mark, against: list[str]) -> None:
    assert contradictions(ASE, marks, by) == against


@pytest.mark.parametrize(
    ("marks", "believed"),
    [
        (HERS, True),
        (replace(BO, email="ASE@example.com", national_id=""), True),
        (replace(BO, email="ASE@example.com"), False),  # a shared address, another national id
        (replace(BO, national_id="140385 12345"), True),
        (replace(BO, number="01042", national_id="", birth_date=None), False),  # the number alone, and all else differs
        (Marks("1042"), True),
        (replace(BO, national_id=""), False),
        (Marks(), False),
    ],
)
def test_a_known_match_is_believed_while_it_bears_a_mark(marks: Marks, believed: bool) -> None:
    assert still(ASE, marks) is believed


def test_of_somebody_deleted_here_number_and_name_must_not_both_be_others() -> None:
    gone = Person("1", "1042", "Åse", "Sørlie", deleted=True)
    assert still(gone, HERS) and still(gone, replace(HERS, number="77")) and still(gone, Marks())
    assert not still(gone, BO)
    assert still(gone, replace(BO, number="01042"))


@pytest.mark.parametrize(
    ("mark", "ours", "theirs", "expected"),
    [
        (Mark.NUMBER, " 1042", "1042 ", True),
        (Mark.NUMBER, "0042", "42", True),
        (Mark.NUMBER, "A042", "a42", False),
        (Mark.NUMBER, "000", "0", True),
        (Mark.EMAIL, "Ase@Example.com", " ase@example.COM", True),
        (Mark.NATIONAL_ID, "198503141234", "850314-1234", True),
        (Mark.NATIONAL_ID, "131052-308T", "131052308t", True),
        (Mark.NATIONAL_ID, "14038512345", "140385*****", None),
        (Mark.NATIONAL_ID, "14038512345", "hidden", None),
        (Mark.NATIONAL_ID, "14038512345", "1985-03-14", None),
        (Mark.NATIONAL_ID, "14038512345", "54038512345", None),  # a D-number: the same person's, before
        (Mark.NATIONAL_ID, "54038512345", "54038512346", False),
        (Mark.NATIONAL_ID, "14038512345", "140385****12345", None),  # masked, be it as long as it may
        (Mark.NATIONAL_ID, "41038512345", "01038512345", None),
        (Mark.NATIONAL_ID, "71038512345", "31038512345", None),
        (Mark.NATIONAL_ID, "31038512345", "30038512345", False),
        (Mark.NATIONAL_ID, "198503141234", "198503741234", None),  # a co-ordination number
        (Mark.NATIONAL_ID, "850301-1234", "850361-1234", None),
        (Mark.NATIONAL_ID, "850331-1234", "850391-1234", None),
        (Mark.NATIONAL_ID, "850331-1234", "850360-1234", False),
        (Mark.NATIONAL_ID, "850331-1234", "850392-1234", False),
    ],
)
def test_how_marks_are_compared(mark: Mark, ours: str, theirs: str, expected: bool | None) -> None:
    assert same(mark, ours, theirs) is expected
    assert same(mark, theirs, ours) is expected


@pytest.mark.parametrize(
    ("matched_by", "mark", "rank"),
    [
        ("employee number", Mark.NUMBER, 0),
        ("employee id", Mark.NUMBER, 0),
        ("national id", Mark.NATIONAL_ID, 1),
        ("e-mail", Mark.EMAIL, 2),
        ("user principal name", Mark.EMAIL, 2),
    ],
)
def test_which_mark_a_search_goes_by(matched_by: str, mark: Mark, rank: int) -> None:
    assert (mark_of(matched_by), strength(matched_by)) == (mark, rank)


def test_a_number_counts_unless_the_connection_says_that_they_differ() -> None:
    assert numbers_differ({NUMBERS_DIFFER.name: True})
    assert not numbers_differ({})
    assert alike(Mark.NUMBER, ASE, HERS)
    assert alike(Mark.NUMBER, ASE, HERS, True) is None


def test_names_are_compared_by_their_words() -> None:
    assert same_name(ASE, Marks(last_name="SORLIE ASE MARIE"))
    assert same_name(ASE, Marks(first_name="Bo", last_name="Berg")) is False
    assert same_name(ASE, Marks()) is None
    assert same_name(replace(ASE, first_name="Bo", last_name="Li"), Marks(last_name="LI"))
    assert same_name(replace(ASE, first_name="A B", last_name="Li"), Marks(first_name="A B", last_name="Berg")) is False


def test_of_several_the_one_that_is_ours_counts() -> None:
    assert which(Mark.EMAIL, "B@x", ["a@x", None, "b@x"]) == "b@x"
    assert which(Mark.NUMBER, "007", [25000, 7]) == "7"
    assert which(Mark.EMAIL, "c@x", ["", "a@x"]) == "a@x"
    assert which(Mark.EMAIL, "c@x", []) == ""


def test_no_national_id_is_shown_by_marks() -> None:
    assert "14038512345" not in repr(HERS)


def test_a_refusal_says_which_records_and_what_to_correct() -> None:
    """Under People and in the API a person decides by these: the record, the mark, what speaks against it."""
    one = somebody_else("Fortnox", "17", "e-mail", [ANOTHER_NUMBER])
    assert one.cause == "not_the_same_person"
    assert one.params == {"record": "17", "by": "e-mail", "against": "another employee number"}
    assert "Correct the number here" in one.message
    two = somebody_else("Fortnox", "17", "e-mail", [ANOTHER_NATIONAL_ID, ANOTHER_BIRTH_DATE])
    assert two.params["against"] == "another national id and another birth date"
    assert "Correct the e-mail or what differs here" in two.message
    both = disagreement("Fortnox", ("employee number", "17"), ("national id", "18"))
    assert (both.cause, both.params) == ("marks_disagree", {"record": "17", "other": "18"})
    assert "the employee number points at record 17 and the national id at record 18" in both.message
    assert "that record 17 is the right one" in both.message
    other = taken("Fortnox", "17")
    assert (other.cause, other.params) == ("already_matched", {"record": "17"})
    for problem in (one, two, other):
        assert problem.message.startswith("Record 17 in Fortnox ")
