"""A list of everybody in memory: by which marks somebody is found in it, and what is kept of their records."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from integrations.sdk import Connector, Context, Search, everybody
from integrations.sdk.errors import EmployeeNotFoundError, MatchRefusedError, UnavailableError
from integrations.sdk.everybody import Everybody
from integrations.sdk.identity import CONFIRMED, EARLIER, EveryMark, Mark
from integrations.sdk.snapshot import Seen
from integrations.sdk.values import Person, Remote
from tests.integrations.systems import made_up
from tests.integrations.test_planner import day

PRINCIPAL = "user principal name"
BORN, NATIONAL_ID = date(1985, 3, 14), "14038512345"
KARI = Person("7", "1042", "Kari", "Nordmann", "kari@firma.test", BORN, NATIONAL_ID)


class Lists(Connector):
    """Searches by each mark, which is never asked itself."""

    system = made_up()

    def searches(self, person: Person) -> Sequence[Search]:
        marks = ((Mark.NUMBER, person.number), (Mark.NATIONAL_ID, person.national_id))
        mails = ((Mark.EMAIL, person.email), (PRINCIPAL, person.email))
        return tuple((by, value, _not_there) for by, value in (*marks, *mails))


def _not_there() -> Any:
    raise AssertionError("nobody is asked")


def of(*seen: Seen, **how: Any) -> Everybody:
    return Everybody(Lists(Context({}, {}, {"api": "https://example.org"}, "n", day(0))), seen, **how)


def shows(record: str = "e9", *records: Remote, **marks: Any) -> Seen:
    name = {"first_name": "Kari", "last_name": "Nordmann", "birth_date": BORN}
    return Seen(record, EveryMark(**{**name, **marks}), records)


@pytest.mark.parametrize(
    ("marks", "by"),
    [
        ({"numbers": ("7", "1042")}, Mark.NUMBER),
        ({"national_ids": ("", NATIONAL_ID)}, Mark.NATIONAL_ID),
        ({"emails": ("k@home.test", "kari@firma.test")}, Mark.EMAIL),
        ({"emails": ("k@home.test", "kari@firma.test"), "by": {Mark.EMAIL: "k@home.test"}}, PRINCIPAL),
    ],
)
def test_somebody_is_found_by_each_mark_in_the_order_of_the_searches(marks: dict[str, Any], by: str) -> None:
    """Where a system searches one field of several by a name of its own, only what stands in that one is a hit."""
    stranger = Seen("e1", EveryMark(("1",), ("01010112345",), ("ola@firma.test",)))
    found = of(stranger, shows(**marks)).who(KARI)
    assert (found.id, found.matched_by) == ("e9", by)
    assert of(stranger, shows(**marks)).find(KARI).id == "e9"
    with pytest.raises(EmployeeNotFoundError):
        of(stranger).find(KARI)


def test_a_match_of_before_and_one_that_a_person_confirmed_come_first() -> None:
    former, other = shows(emails=("kari@firma.test",), numbers=("9",)), shows("e8", numbers=("1042",))
    both = of(former, other)
    assert (both.who(KARI, "e9").matched_by, both.find(KARI, "e9")) == (EARLIER, both.seen("e9"))
    assert both.who(KARI, "e8").id == "e8" and both.find(KARI, confirmed=True).id == "e8", "nothing was confirmed"
    assert both.find(KARI, "gone").id == "e8"
    stranger = of(Seen("e9", EveryMark(("9",))), other)
    assert stranger.find(KARI, "e9").id == "e8"
    assert stranger.find(KARI, "e9", confirmed=True).id == "e9"
    assert stranger.who(KARI, "e9", confirmed=True).matched_by == CONFIRMED
    for ask in (stranger.find, stranger.who):
        with pytest.raises(MatchRefusedError):
            ask(KARI, "e9", confirmed=True, anew=True)


def test_what_only_a_write_needs_is_kept_only_for_one() -> None:
    record = Remote("r", {"title": "Baker"}, version=3, raw={"much": "more"})
    for raw, kept in ((False, None), (True, record.raw)):
        [found] = of(shows("e9", record), raw=raw).seen("e9").records
        assert (found, found.version, found.raw) == (record, 3, kept)
    assert of(shows("e9", record)).seen("e9").records[0].raw is None


def test_more_than_memory_holds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(everybody, "MOST_EMPLOYEES", 2)
    two = of(shows("e1"), shows("e2"))
    assert len(two) == 2
    with pytest.raises(UnavailableError) as raised:
        two.add(shows("e3"))
    assert raised.value.said.params == {"system": "Made Up", "most": 2}
