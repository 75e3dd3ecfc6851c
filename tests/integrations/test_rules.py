"""What is refused by declared rules, with each word of the sentence: a person acts upon it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from integrations.planning.rules import changed_although_locked, lifted, locked, refusal
from integrations.sdk.declaration import System
from integrations.sdk.declared_field import Locked, RequiredWhile
from integrations.sdk.settings import switch
from integrations.sdk.values import Change, Wanted
from tests.integrations.systems import made_up
from tests.said import told

LOCKED = Locked("cannot_change", "occupation", "it keeps the first one")
WHILE = RequiredWhile("contract_type", "T|S", "a temporary contract")
FIRST, LAST = date(2026, 1, 1), date(2026, 6, 30)


def system(**more: Any) -> System:
    changed = {"occupation_code": {"locked": LOCKED, **more}, "end_date": {"required_while": WHILE}}
    return made_up(fields=tuple(replace(f, **changed.get(f.ours, {})) for f in made_up().fields))


SYSTEM = system()
REFUSED = (
    "cannot_change",
    "This employment has the occupation 1111 in Made Up and 2222 here, and it keeps the first one. Put the old one "
    "back, end this position and add a new one.",
    "occupation_code",
    {},
)


def test_what_is_set_there_stays_and_what_is_empty_is_filled_in() -> None:
    changes = {"title": Change("a", "b"), "occupation_code": Change("1111", "2222")}
    assert [told(p) for p in locked(SYSTEM, {}, SYSTEM.fields, changes)] == [REFUSED]
    assert locked(SYSTEM, {}, SYSTEM.fields, {"occupation_code": Change(None, "2222")}) == []
    assert locked(SYSTEM, {}, SYSTEM.fields, {"title": Change("a", "b")}) == []
    assert locked(SYSTEM, {}, SYSTEM.fields, {}) == []


def test_a_lock_that_the_connection_lifts_is_told_of_instead() -> None:
    rule = replace(LOCKED, lifted_by=switch("send_hours", "Hours"))
    changes = {"occupation_code": Change("1111", "2222"), "title": Change("a", "b")}
    lifting = system(locked=rule)
    [problem] = locked(lifting, {}, lifting.fields, changes)
    assert problem.message == REFUSED[1][:-1] + "; or switch on “Hours” in the connection's settings."
    assert lifted({}, lifting.fields, changes) == ()
    on = {"send_hours": True}
    assert locked(lifting, on, lifting.fields, changes) == []
    [warning] = lifted(on, lifting.fields, changes)
    assert (warning.field, "from 1111 to 2222" in warning.message) == ("", True)
    assert lifted(on, SYSTEM.fields, changes) == (), "this one cannot be lifted"
    sent = {"start_date": FIRST, "occupation_code": "1111"}
    assert changed_although_locked(lifting, on, sent, wanted("2222")) == []


def wanted(code: Any, start: date = FIRST) -> Wanted:
    return Wanted("1", {"start_date": start, "occupation_code": code})


@pytest.mark.parametrize(
    ("sent", "new", "expected"),
    [
        ({"start_date": FIRST, "occupation_code": "1111"}, "2222", [REFUSED]),
        ({"start_date": FIRST, "occupation_code": "1111"}, "1111 ", []),
        ({"start_date": FIRST, "occupation_code": "1111"}, "", []),
        ({"start_date": FIRST, "occupation_code": ""}, "2222", []),
        ({"start_date": FIRST}, "2222", []),
        ({"start_date": LAST, "occupation_code": "1111"}, "2222", []),
        ({"occupation_code": "1111"}, "2222", []),
        ({}, "2222", []),
    ],
)
def test_before_asking_there_by_what_was_last_written(sent: dict[str, Any], new: Any, expected: list[Any]) -> None:
    assert [told(p) for p in changed_although_locked(SYSTEM, {}, sent, wanted(new))] == expected


def test_a_field_that_is_switched_off_is_not_looked_at() -> None:
    optional = system(opt_in=switch("send_hours"))
    sent = {"start_date": FIRST, "occupation_code": "1111"}
    assert changed_although_locked(optional, {}, sent, wanted("2222")) == []
    refused = changed_although_locked(optional, {"send_hours": True}, sent, wanted("2222"))
    assert [told(p) for p in refused] == [REFUSED]


def test_the_first_thing_that_is_in_the_way() -> None:
    there = {"occupation_code": "1111", "contract_type": "T", "start_date": FIRST}
    missing = refusal(SYSTEM, {}, SYSTEM.fields, there, {"title": Change("a", "b")})
    assert told(missing) == (
        "missing_required_field",
        "A temporary contract needs an end date in Made Up. Fill in the end date, or choose another contract type; "
        "it is sent when you save.",
        "end_date",
        {},
    )
    changes = {"occupation_code": Change("1111", "2222")}
    assert told(refusal(SYSTEM, {}, SYSTEM.fields, there, changes)) == REFUSED, "what is locked comes first"
    assert refusal(SYSTEM, {}, SYSTEM.fields, {**there, "contract_type": "P"}, {"title": Change("a", "b")}) is None
    assert refusal(SYSTEM, {}, SYSTEM.fields, {}, {"contract_type": Change(None, "S")}) == missing
    assert refusal(SYSTEM, {}, SYSTEM.fields, there, {"contract_type": Change("T", "P")}) is None, "as it is afterwards"
    assert refusal(SYSTEM, {}, SYSTEM.fields, {**there, "contract_type": "TS"}, {}) is None, "the whole of the code"


def test_an_end_before_the_start() -> None:
    there = {"start_date": LAST, "end_date": None}
    found = refusal(SYSTEM, {}, SYSTEM.fields, there, {"end_date": Change(None, FIRST)})
    assert told(found) == (
        "value_refused",
        "The employment in Made Up would end on 2026-01-01 before it starts on 2026-06-30. Correct the end date here, "
        "or the start date there, then press Re-sync.",
        "end_date",
        {},
    )
    assert refusal(SYSTEM, {}, SYSTEM.fields, there, {"end_date": Change(None, LAST)}) is None, "one day is a period"
    assert refusal(SYSTEM, {}, SYSTEM.fields, {**there, "end_date": FIRST}, {}) is None, "nothing is written"
    for broken in ({"start_date": None, "end_date": FIRST}, {"start_date": LAST, "end_date": "2026-01-01"}):
        assert refusal(SYSTEM, {}, SYSTEM.fields, broken, {"title": Change("a", "b")}) is None
    assert refusal(SYSTEM, {}, SYSTEM.fields, {"end_date": FIRST}, {"start_date": Change(None, LAST)}) == found
