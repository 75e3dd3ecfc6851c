"""Values by day: what holds when, since when, and what changes with another row."""

from __future__ import annotations

from datetime import date

import pytest

from integrations.sdk.timelines import at, from_start, held_since, put, turns, within
from tests.integrations.test_planner import day

ROWS = ((day(2), "a"), (day(5), "b"), (day(7), "b"), (day(9), "a"))


@pytest.mark.parametrize(
    ("number", "value", "since"),
    [(1, None, None), (2, "a", 2), (4, "a", 2), (5, "b", 5), (8, "b", 5), (9, "a", 9), (30, "a", 9)],
)
def test_what_holds_on_a_day_and_since_when(number: int, value: str | None, since: int | None) -> None:
    assert at(ROWS, day(number)) == value
    assert held_since(ROWS, day(number)) == (None if since is None else day(since))


def test_the_days_on_which_any_of_them_turns() -> None:
    assert turns(ROWS[:2], (), ((day(5), 1), (day(6), 2))) == {day(2), day(5), day(6)}


def test_a_row_holds_until_the_next_and_takes_the_place_of_one_of_its_day() -> None:
    assert put(ROWS[:2], day(3), "c") == ((day(2), "a"), (day(3), "c"), (day(5), "b"))
    assert put(ROWS[:2], day(5), "c") == ((day(2), "a"), (day(5), "c"))


@pytest.mark.parametrize(
    ("start", "rows"),
    [
        (1, ((day(1), None), *ROWS)),
        (2, ROWS),
        (3, ((day(3), "a"), *ROWS[1:])),
        (5, ROWS[1:]),
        (30, ((day(30), "a"),)),
    ],
)
def test_a_record_takes_over_what_began_before_it(start: int, rows: tuple[tuple[date, str | None], ...]) -> None:
    assert from_start(ROWS, day(start)) == rows


def test_days_of_a_period_with_both_its_ends() -> None:
    days = [day(9), day(2), day(5), day(5)]
    assert within(days, day(2), day(9)) == [day(2), day(5), day(9)]
    assert within(days, day(3), day(8)) == [day(5)]
    assert within(days, day(3), None) == [day(5), day(9)]
