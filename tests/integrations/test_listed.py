"""What a list of everybody is believed for: by each reason why not, and by what there is to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from integrations.planning.listed import Listed, Shown, hides, shown
from integrations.planning.planner import Rules, Sent
from integrations.planning.work import Match, Meant, Touched, Work
from integrations.sdk import identity, texts
from integrations.sdk.connector import Search
from integrations.sdk.declaration import Calls, Delete, Model, Sight
from integrations.sdk.errors import UnavailableError
from integrations.sdk.everybody import Everybody
from integrations.sdk.identity import EveryMark, Mark
from integrations.sdk.snapshot import Seen
from integrations.sdk.storable import LONGEST_ID
from integrations.sdk.values import Change, Person, Position, Problem, Remote, RemoteEmployee, Wanted
from tests.integrations.systems import made_up
from tests.integrations.test_planner import day
from tests.integrations.test_runner import KARI, Shelf, p, r, sent

THERE = r("a", 0)
MARKS = EveryMark((KARI.number,))


class Library(Shelf):
    """A shelf that is never asked: what it holds was read a moment ago. A change of `guarded` fields alone, of one of
    the `records`, is refused where the record was changed since."""

    guarded: frozenset[str] = frozenset()
    records: frozenset[str] = frozenset()

    def searches(self, person: Person) -> Sequence[Search]:
        return ((Mark.NUMBER, person.number, list),)

    def find_employee(self, person: Person, known_id: str = "") -> RemoteEmployee:
        raise AssertionError("nobody is asked")

    def read(self, employee: RemoteEmployee) -> Sequence[Remote]:
        raise AssertionError("nobody is asked")

    def guards(self, remote: Remote, changes: Mapping[str, Change], wanted: Wanted) -> bool:
        assert wanted.values["title"] == changes["title"].new
        return remote.id in self.records and changes.keys() <= self.guarded


def asked(
    *there: Remote,
    positions: Sequence[Position] = (),
    model: Model = Model.HISTORY,
    touched: Sequence[Touched] | None = None,
    record: str = "e1",
    marks: EveryMark = MARKS,
    refusal: UnavailableError | None = None,
    guarded: str = "",
    records: str = "a",
    how: Mapping[str, Any] | None = None,
    **more: Any,
) -> Shown | None:
    """What the list that shows these records of Kari says of her."""
    library = Library(model, **(how or {}))
    library.guarded, library.records = frozenset(guarded.split()), frozenset(records.split())
    listed = Listed(Everybody(library, [Seen(record, marks, there, refusal)]), "9:00")
    values: dict[str, Any] = {"sent": {}, "rules": Rules(delete=True), "today": day(15), "remote_employee_id": "e1"}
    values |= more
    open_ = [Touched(one.id) for one in positions] if touched is None else touched
    return shown(listed, library, Work(KARI, positions, open_, **values))


def alike(**more: Any) -> Shown | None:
    """Of a position whose record says the same."""
    return asked(THERE, **{"positions": [p("1", 0)], "sent": {"1": sent(THERE)}, **more})


def other(**more: Any) -> Shown | None:
    """Of one whose title is another one here."""
    return alike(**{"positions": [p("1", 0, title="Cook")], **more})


def says(found: Shown | None) -> tuple[bool, bool]:
    """(it is enough, her records are known)"""
    assert found is not None
    return found.enough, found.known


# -- who it is ------------------------------------------------------------------------------------------------


def test_whoever_needs_nothing_is_told_with_what_is_there() -> None:
    found = alike()
    assert found is not None and found.enough
    assert (found.employee.id, found.employee.matched_by, list(found.records)) == ("e1", identity.EARLIER, [THERE])
    assert says(alike(match=Match(written_to="e1"))) == (True, True)


@pytest.mark.parametrize(
    "doubt",
    [
        {"match": Match(withheld=Problem(texts.NOT_REACHED(system="Made Up")))},
        {"match": Match(doubted=True)},
        {"touched": [Touched("1", tried=(day(0),))]},
        {"touched": [Touched("1"), Touched("2", meant=(Meant(Wanted("2", {"start_date": day(0)})),))]},
        {"marks": EveryMark(("7",)), "remote_employee_id": ""},  # nobody there bears her number
        {"remote_employee_id": "e2"},  # another record than the one that we know
        {"refusal": UnavailableError("closed")},
        {"record": "e" * (LONGEST_ID + 1), "remote_employee_id": ""},  # no id that can be kept
        {"match": Match(written_to="e2")},  # what was written was written to another one
    ],
    ids="-".join,
)
def test_whoever_there_is_a_doubt_about_is_asked_for(doubt: Mapping[str, Any]) -> None:
    assert alike(**doubt) is None


@pytest.mark.parametrize("record", ["e1", "e" * LONGEST_ID])
def test_whoever_is_found_by_a_mark_of_theirs_needs_no_match_of_before(record: str) -> None:
    assert says(alike(record=record, remote_employee_id="")) == (True, False), "nobody has said yet whose record it is"


def test_a_record_that_a_person_has_confirmed_is_hers_whatever_it_shows() -> None:
    stranger = {"marks": EveryMark(("7",))}
    assert alike(**stranger) is None
    found = alike(match=Match(confirmed=True), **stranger)
    assert found is not None and (found.employee.matched_by, found.enough) == (identity.CONFIRMED, True)


# -- what there is to do --------------------------------------------------------------------------------------


def test_where_nothing_is_to_be_written_it_is_enough() -> None:
    assert says(alike()) == (True, True)
    never_sent = alike(positions=[], touched=[Touched("1")], sent={})
    assert says(never_sent) == (True, False), "nothing is open any more"
    assert says(alike(positions=[p("1", 0, title="")])) == (True, False), "it is refused here"


def test_a_change_is_asked_for_by_it_only_where_the_write_is_guarded() -> None:
    assert says(other()) == (False, True)
    assert says(other(guarded="title")) == (True, True)
    two = other(positions=[p("1", 0, title="Cook", percentage=50)], guarded="title")
    assert says(two) == (False, True), "one of its fields is not"


@pytest.mark.parametrize(("guarded", "enough"), [("a", False), ("b", False), ("a b", True)])
def test_of_several_writes_each_is_to_be_guarded(guarded: str, enough: bool) -> None:
    there = r("a", 0, 4), r("b", 5)
    found = asked(
        *there,
        positions=[p("1", 0, 4, title="Cook"), p("2", 5, title="Cook")],
        sent={"1": sent(there[0]), "2": sent(there[1])},
        guarded="title",
        records=guarded,
    )
    assert says(found) == (enough, True)


def test_a_record_is_never_made_or_taken_away_by_it() -> None:
    assert says(asked(positions=[p("1", 0)], guarded="title")) == (False, False)
    gone = asked(THERE, touched=[Touched("1")], sent={"1": sent(THERE)}, guarded="title")
    assert says(gone) == (False, False)


def test_whose_it_is_is_asked_again_where_nothing_was_kept_to_see_a_change_by() -> None:
    assert says(other(match=Match(unmarked=True), guarded="title")) == (False, False)
    assert says(other(remote_employee_id="", guarded="title")) == (False, False)
    assert says(alike(match=Match(unmarked=True))) == (True, False)


def test_where_looking_for_somebody_brings_the_records_along_a_known_record_spares_nothing() -> None:
    assert says(other(how={"calls": Calls(3, 3, 1)})) == (False, False)
    assert says(other(how={"calls": Calls(3, 3, 1)}, guarded="title")) == (True, False)


def test_a_problem_and_what_only_asking_tells_are_not_told_from_it() -> None:
    clash = asked(THERE, positions=[p("1", 0), p("2", 0)], touched=[Touched("2")], sent={"1": sent(THERE)})
    assert says(clash) == (False, False)
    gone = asked(touched=[Touched("1")], sent={"1": Sent("a")})
    assert says(gone) == (False, False), "its record is not in the list"


def test_a_record_that_another_position_takes_over_is_not_told_from_it() -> None:
    taken = asked(
        THERE,
        positions=[p("2", 5)],
        model=Model.FLAT,
        touched=[Touched("1"), Touched("2")],
        sent={"1": sent(THERE)},
        guarded="title start_date",
    )
    assert says(taken) == (False, False)


def test_of_a_single_record_it_is_known_as_of_periods() -> None:
    assert says(alike(model=Model.FLAT)) == (True, True)
    assert says(other(model=Model.FLAT)) == (False, True)
    assert says(other(model=Model.FLAT, guarded="title")) == (True, True)
    assert says(alike(model=Model.FLAT, positions=[p("2", 20)])) == (True, False), "its day has not come"
    by_hand = {"delete": Delete.BY_HAND}
    assert says(alike(model=Model.FLAT, positions=[], touched=[Touched("9")], how=by_hand)) == (True, False)


def test_what_is_written_late_is_taken_as_written() -> None:
    """A list shows the value of before for a short while."""
    written = Sent("a", {**THERE.values, "title": "Cook"}, older={"title": ("Baker",)})
    assert says(other(sent={"1": written})) == (True, True)


# -- what a list does not show --------------------------------------------------------------------------------


def test_a_list_without_a_field_that_is_sent_says_of_nobody_that_nothing_is_to_be_written() -> None:
    system = made_up(sight=Sight(hides=("weekly_hours",)))
    assert not hides(system, {"send_hours": False})
    assert hides(system, {"send_hours": True})
    assert not hides(made_up(), {"send_hours": True})
