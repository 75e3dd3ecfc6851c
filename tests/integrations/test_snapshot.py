"""What holds of a snapshot whatever the system: nobody twice, nobody lost, and one employee's trouble is one's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from integrations.sdk import Connector, Context, EveryMark, Looking, Pages, Seen, everybody, texts
from integrations.sdk.connector import TRIES
from integrations.sdk.declaration import Sight
from integrations.sdk.errors import (
    ConnectorError,
    DataRefusedError,
    EmployeeNotFoundError,
    InterruptedRunError,
    NotAuthorizedError,
    RateLimitedError,
    RecordRefusedError,
    UnavailableError,
)
from integrations.sdk.pages import OffsetPages
from integrations.sdk.values import CheckLine, Marks, Remote
from integrations.systems.registry import systems
from tests.integrations.systems import made_up

HISTORY = made_up()


def named(error: type[ConnectorError]) -> ConnectorError:
    return error(texts.NOT_REACHED(system="Somewhere"))


class Listing(Connector):
    """Everybody on pages of two; `troubles` are raised, one by one, by the calls of the numbers they stand under."""

    system = HISTORY
    people: tuple[Any, ...] = ("1", "2", "3", "4", "5")

    def setup(self) -> None:
        self.troubles: dict[str, list[BaseException]] = {}
        self.asked: list[str] = []
        self.tested: list[CheckLine] = []

    def check(self) -> list[CheckLine]:
        return self.tested

    def _trouble(self, call: str) -> None:
        self.asked.append(call)
        if self.troubles.get(call):
            raise self.troubles[call].pop(0)

    def everybody(self, written: Any) -> Looking:
        def fetch(asked: Any) -> list[dict[str, Any]]:
            self._trouble(f"page {asked['from']}")
            return [{"id": id} for id in self.people[asked["from"] : asked["from"] + 2]]

        pages = Pages(OffsetPages("from", "count", 2), fetch, lambda answer: answer, system="Somewhere")
        yield from self.looking(pages, "id", self._see)

    def _see(self, number: str, row: Any) -> Looking:
        who = Seen(number, EveryMark((number,)))
        yield from self.asking(who, lambda: self._trouble(number), lambda _: self.seen(number, who.marks, self._read))

    def _read(self) -> Iterator[Remote]:
        yield Remote("9", {"start_date": date(2026, 1, 1)})


@pytest.fixture
def listing() -> Listing:
    return Listing(Context({}, {}, {}, "a-namespace", date(2026, 6, 15)))


def through(listing: Listing) -> list[Any]:
    """Ids, and the errors on the way."""
    found: list[Any] = []
    snapshot = listing.snapshot()
    while len(found) < 50:
        try:
            found.append(next(snapshot).id)
        except StopIteration:
            return found
        except ConnectorError as error:
            found.append(type(error))
    raise AssertionError("it has no end")


@pytest.mark.parametrize("error", [RateLimitedError, UnavailableError, InterruptedRunError])
@pytest.mark.parametrize("call", ["page 0", "page 2", "3", "5", "page 4"])
def test_a_call_that_fails_is_made_again(listing: Listing, call: str, error: type[ConnectorError]) -> None:
    listing.troubles[call] = [named(error), named(error)]
    found = through(listing)
    assert [one for one in found if isinstance(one, str)] == list(listing.people)
    assert [one for one in found if not isinstance(one, str)] == [error, error]
    assert listing.asked.count(call) == 3
    assert len(listing.asked) == len(set(listing.asked)) + 2, "nothing else is asked twice"


def test_what_is_told_of_a_call_that_failed_does_not_hold_on_to_what_was_read(listing: Listing) -> None:
    trouble = named(UnavailableError)
    trouble.__cause__ = OSError()
    listing.troubles["3"] = [trouble]
    snapshot = listing.snapshot()
    next(snapshot), next(snapshot)
    with pytest.raises(UnavailableError) as caught:
        next(snapshot)
    assert caught.value is trouble and (trouble.__cause__, trouble.__context__) == (None, None)
    assert "_trouble" not in [entry.name for entry in caught.traceback]


def test_whose_row_it_is_may_be_unknown_but_nobody_is_left_out(listing: Listing) -> None:
    listing.people = ("1", None, 3, "", True, "6")
    found = list(listing.snapshot())
    assert [seen.id for seen in found] == ["1", "", "3", "", "", "6"]
    assert [isinstance(seen.refusal, UnavailableError) for seen in found] == [not seen.id for seen in found]


def test_whoever_is_on_two_pages_is_one(listing: Listing) -> None:
    listing.people = ("1", "2", "2", "3")
    assert through(listing) == ["1", "2", "3"]


def test_who_has_left_since_the_list_was_read_is_not_there(listing: Listing) -> None:
    listing.troubles["3"] = [named(EmployeeNotFoundError)]
    assert through(listing) == ["1", "2", "4", "5"]


def test_a_refusal_of_one_is_that_ones(listing: Listing) -> None:
    listing.troubles["2"] = [named(DataRefusedError)]
    listing.troubles["4"] = [named(NotAuthorizedError)]
    found = {seen.id: seen for seen in listing.snapshot()}
    refused = {number: type(seen.refusal) for number, seen in found.items() if seen.refusal}
    assert refused == {"2": DataRefusedError, "4": RecordRefusedError}
    assert sorted(found) == list(listing.people)
    assert [len(seen.records) for seen in found.values()] == [1, 0, 1, 0, 1]


def test_one_whose_call_never_succeeds_keeps_nobody_waiting(listing: Listing) -> None:
    listing.troubles["2"] = [named(UnavailableError) for _ in range(TRIES)]
    assert through(listing) == ["1", UnavailableError, UnavailableError, "2", "3", "4", "5"]
    listing.troubles["2"] = [named(UnavailableError) for _ in range(TRIES)]
    snapshot = listing.snapshot()
    next(snapshot)
    for _ in range(TRIES - 1):
        with pytest.raises(UnavailableError):
            next(snapshot)
    assert isinstance(next(snapshot).refusal, UnavailableError)


def test_waiting_for_a_limit_is_none_of_the_tries(listing: Listing) -> None:
    limits, failures = [RateLimitedError] * TRIES, [UnavailableError] * TRIES
    listing.troubles["2"] = [named(error) for error in (*limits, *failures)]
    assert through(listing) == ["1", *limits, *failures[1:], "2", "3", "4", "5"]
    mixed = [failures[0], *limits, *failures[1:]]
    listing.troubles["2"] = [named(error) for error in mixed]
    assert through(listing) == ["1", *mixed[:-1], "2", "3", "4", "5"]


def test_what_only_reading_one_shows_is_left_out(listing: Listing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Listing, "system", replace(HISTORY, sight=Sight(page=2, hides=("start_date",))))
    assert [record.values for seen in listing.snapshot() for record in seen.records] == [{}] * 5


def test_a_refusal_of_everybody_is_not(listing: Listing) -> None:
    refusal = named(NotAuthorizedError)
    listing.tested = [CheckLine(False, "", refusal=refusal.said)]
    listing.troubles["4"] = [refusal]
    assert through(listing) == ["1", "2", "3", NotAuthorizedError, "4", "5"]


def test_a_record_that_cannot_be_read_is_one_employees(listing: Listing, monkeypatch: pytest.MonkeyPatch) -> None:
    turns = iter([False, True, False, False, False])
    read: Callable[[], Iterator[Remote]] = listing._read

    def sometimes() -> Iterator[Remote]:
        if next(turns):
            raise named(UnavailableError)
        yield from read()

    monkeypatch.setattr(listing, "_read", sometimes)
    assert [type(seen.refusal).__name__ for seen in listing.snapshot()] == [
        "NoneType",
        "UnavailableError",
        *["NoneType"] * 3,
    ]


def test_what_nobody_reckoned_with_in_one_answer_is_one_employees(listing: Listing) -> None:
    listing.troubles["2"] = [ZeroDivisionError()]
    assert through(listing) == ["1", "2", "3", "4", "5"]
    listing.troubles["2"] = [ZeroDivisionError()]
    refused = {seen.id: type(seen.refusal) for seen in listing.snapshot() if seen.refusal}
    assert refused == {"2": UnavailableError}


def test_what_broke_down_does_not_look_like_the_end(listing: Listing) -> None:
    listing.troubles["page 2"] = [ZeroDivisionError()]
    snapshot = listing.snapshot()
    assert [next(snapshot).id, next(snapshot).id] == ["1", "2"]
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            next(snapshot)


def test_marks_are_not_shown() -> None:
    shown = ("1042", "14038512345", "ase@firma.test", "Åse", "Sørlie", "SEC-7")
    number, national_id, email, first, last, other = shown
    marks = EveryMark((number,), (national_id,), (email,), date(1985, 3, 14), first, last, {"another": other})
    one = Marks(number, national_id, email, date(1985, 3, 14), first, last)
    for said in (repr(marks), repr(Seen("1", marks)), str(marks), repr(one), str(one)):
        assert not any(mark in said for mark in (*shown, "1985"))


def test_no_more_employees_are_kept_than_fit_in_memory(listing: Listing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(everybody, "MOST_EMPLOYEES", 5)
    everybody.Everybody(listing, listing.snapshot())
    monkeypatch.setattr(everybody, "MOST_EMPLOYEES", 3)
    listing.asked.clear()
    with pytest.raises(UnavailableError) as caught:
        everybody.Everybody(listing, listing.snapshot())
    assert caught.value.said.id == texts.TOO_MANY_EMPLOYEES.id
    assert "page 4" not in listing.asked, "nothing more is asked for"


@pytest.mark.parametrize("system", systems(), ids=lambda system: system.key)
def test_every_system_says_what_a_snapshot_costs_or_why_there_is_none(system: Any) -> None:
    assert system.sight != HISTORY.sight
    assert bool(system.sight.unsupported) == (system.transport == "file")
    assert not system.sight.unsupported or system.sight.unsupported.endswith(".")
    assert {system.field(ours).ours for ours in system.sight.hides} == set(system.sight.hides)
