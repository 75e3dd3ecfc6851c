"""Arithmetic on periods: each bound, on the day itself and on either side of it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.sdk.periods import (
    Period,
    becomes_current,
    carries_on,
    current,
    current_since,
    employed_from,
    employed_since,
    end_of_chain,
    goes_on,
    holds,
    intersection,
    next_change,
    to_count_from,
)
from integrations.sdk.values import Position


def day(number: int) -> date:
    return date(2026, 1, 1) + timedelta(days=number)


def period(start: int, end: int | None) -> Period:
    return day(start), None if end is None else day(end)


def position(key: str, start: int, end: int | None, share: Any = None) -> Position:
    return Position(key, day(start), None if end is None else day(end), {} if share is None else {"percentage": share})


@pytest.mark.parametrize(
    ("a", "b", "common"),
    [
        ((0, 9), (5, 20), (5, 9)),
        ((0, 9), (9, 20), (9, 9)),
        ((0, 9), (10, 20), None),
        ((0, None), (5, 9), (5, 9)),
        ((0, None), (5, None), (5, None)),
        ((0, 4), (5, None), None),
        ((5, 5), (0, 9), (5, 5)),
    ],
)
def test_the_days_of_both(a: Any, b: Any, common: Any) -> None:
    expected = period(*common) if common else None
    assert intersection(period(*a), period(*b)) == intersection(period(*b), period(*a)) == expected


@pytest.mark.parametrize(
    ("outer", "inner", "expected"),
    [
        ((0, 9), (0, 9), True),
        ((0, 9), (1, 8), True),
        ((1, 9), (0, 9), False),
        ((0, 9), (0, 10), False),
        ((0, 9), (0, None), False),
        ((0, None), (0, None), True),
        ((0, None), (3, 5), True),
        ((4, None), (3, 5), False),
    ],
)
def test_every_day_is_in_it(outer: Any, inner: Any, expected: bool) -> None:
    assert holds(period(*outer), period(*inner)) is expected


def test_no_days_are_in_anything_and_nothing_is_in_no_days() -> None:
    assert holds(None, None) is True
    assert holds(period(0, 1), None) is True
    assert holds(None, period(0, 1)) is False


def test_current_is_active_on_both_its_first_and_its_last_day() -> None:
    one = position("1", 5, 9)
    assert [current([one], day(n)) for n in (4, 5, 9, 10)] == [None, one, one, None]
    assert current([position("1", 5, None)], day(5000)) is not None
    assert current([], day(0)) is None


def test_current_is_the_highest_share_then_the_latest_start_then_the_newest() -> None:
    half, most, whole = position("1", 0, None, "50"), position("2", 0, None, Decimal("99.5")), position("3", 0, None)
    assert current([half, most], day(1)) == most, "numbers, not texts"
    assert current([position("9", 0, None, "9"), half], day(1)) == half
    assert current([most, whole], day(1)) == whole, "no percentage counts as 100"
    assert current([whole, position("4", 0, None, 101)], day(1)) is not whole
    assert current([position("4", 0, None, 100), position("1", 1, None)], day(1)).id == "1"
    assert current([position("9", 0, None), position("1", 1, None, 100)], day(1)).id == "1"
    assert current([position("9", 0, None), position("10", 0, None)], day(1)).id == "10"
    assert current([position("11", 0, None), position("10", 0, None)], day(1)).id == "11"


def test_it_carries_on_what_ran_until_the_day_before() -> None:
    two = position("2", 10, None)
    assert carries_on(two, [position("1", 0, 9), two])
    assert carries_on(two, [position("1", 0, None), two]) and carries_on(two, [position("1", 9, 12), two])
    assert not carries_on(two, [position("1", 0, 8), two]), "a day lies between"
    assert not carries_on(two, [position("1", 10, 20), two]), "it begins no earlier"
    assert not carries_on(two, [position("2", 0, 9)]), "itself, as it was"


def test_it_goes_on_only_without_a_day_between() -> None:
    one = position("1", 0, 9)
    assert goes_on(one, [one, position("2", 10, 20)])
    assert goes_on(one, [one, position("2", 10, None)])
    assert goes_on(one, [position("2", 3, 10)]), "it runs beyond the end"
    assert not goes_on(one, [one, position("2", 11, 20)])
    assert not goes_on(one, [position("2", 3, 9)])
    assert not goes_on(one, [position("1", 0, 30)]), "itself, as it was"
    assert not goes_on(one, [])
    assert not goes_on(position("1", 0, None), [position("2", 10, 20)])
    assert not goes_on(Position("1", day(0), date.max, {}), [position("2", 10, None)])


def test_the_next_change_is_after_today() -> None:
    one = position("1", 5, 9)
    assert [next_change([one], day(n)) for n in (4, 5, 9, 10)] == [day(5), day(10), day(10), None]
    assert next_change([one, position("2", 7, None)], day(5)) == day(7)
    assert next_change([position("2", 7, None)], day(7)) is None


def test_the_day_on_which_it_becomes_current() -> None:
    one, two = position("1", 0, 9), position("2", 5, None, 50)
    assert becomes_current(two, [one, two], day(0)) == day(10), "while the greater one runs, it is not"
    assert becomes_current(two, [one, two], day(9)) == day(10)
    assert becomes_current(two, [one, two], day(10)) is None, "it is already"
    assert becomes_current(one, [one, two], day(9)) is None
    assert becomes_current(position("3", 3, 4), [position("3", 3, 4)], day(2)) == day(3)
    assert becomes_current(two, [Position("1", day(0), date.max, {}), two], day(0)) is None


def test_since_when_it_has_been_the_current_one() -> None:
    half, whole = position("1", 0, None, 50), position("2", 5, 9)
    rows = [half, whole]
    assert [current_since(half, rows, day(n)) for n in (0, 4, 10, 15)] == [day(0), day(0), day(10), day(10)]
    assert current_since(half, iter(rows), day(7)) == day(0), "it is not, today"
    assert [current_since(whole, rows, day(n)) for n in (5, 9)] == [day(5), day(5)]
    assert current_since(half, [*rows, position("3", 12, 13)], day(11)) == day(10), "what is to come changes nothing"
    assert current_since(half, [*rows, position("3", 12, 12)], day(13)) == day(13)
    assert current_since(whole, [position("2", 5, 9, 100), position("4", 2, 6, 100)], day(8)) == day(5)
    assert current_since(position("5", 30, None), [position("5", 30, None)], day(3)) == day(30)


def test_the_end_of_an_employment_of_several_positions() -> None:
    one, two, three, later = position("1", 0, 9), position("2", 10, 19), position("3", 15, 29), position("4", 40, None)
    all_of_them = [later, three, two, one]
    assert end_of_chain(one, all_of_them) == end_of_chain(two, iter(all_of_them)) == three
    assert end_of_chain(later, all_of_them) == later
    assert end_of_chain(three, all_of_them) == three, "a day between is an end"
    open_end = position("5", 18, None)
    assert end_of_chain(one, [*all_of_them, open_end]) == open_end
    assert end_of_chain(one, [one, position("6", 10, None), position("7", 10, None)]).id == "7"
    assert end_of_chain(one, [one, position("6", 5, None), position("7", 10, 12)]).id == "6"
    # What runs on the longest is it, without a way over what ends before it.
    assert end_of_chain(one, [position("6", 5, None), position("7", 10, 12), position("8", 13, None)]).id == "6"
    assert end_of_chain(one, [position("2", 10, 20), position("3", 10, 15), position("4", 16, 20)]).id == "2"


def test_the_first_day_of_an_unbroken_employment() -> None:
    first, second, later = position("1", 0, 9), position("2", 10, 20), position("3", 22, None)
    free = Position("4", day(0), day(21), {"contract_type": "freelance"})
    rows = [later, second, first]
    assert [employed_since(p, iter(rows)) for p in (first, second, later)] == [day(0), day(0), day(22)]
    assert employed_since(later, [*rows, free]) == day(22), "years of a freelancer are none of service"
    assert employed_since(free, rows) == day(0)


@given(
    st.lists(st.tuples(st.integers(0, 30), st.sampled_from(["", "permanent", "freelance"])), min_size=1),
    st.integers(0, 40),
)
def test_days_as_a_freelancer_are_none_of_the_employment(rows: list[tuple[int, str]], today: int) -> None:
    """By the contract types of each day, whatever today's is: back to the last day on which it was no employment."""
    kinds = dict(sorted({0: "", **dict(rows)}.items()))
    terms = tuple((day(n), {"contract_type": kind}) for n, kind in kinds.items())
    one = Position("1", day(0), None, {}, terms).on(day(today))
    on = [next(kind for n, kind in reversed(kinds.items()) if n <= number) for number in range(today + 1)]
    free = [number for number, kind in enumerate(on) if kind == "freelance"]
    expected = 0 if on[-1] == "freelance" or not free else free[-1] + 1
    assert employed_since(one, [one]) == day(expected)
    without = employed_from(one, has_word=lambda values: False)
    assert (without.start, without.values) == (day(expected), one.values)
    assert employed_from(one, has_word=lambda values: True) == one


def test_the_day_that_is_sent_as_the_beginning_of_it() -> None:
    assert to_count_from(day(10), day(10), []) is None, "the start says it"
    assert to_count_from(day(0), day(10), []) == day(0)
    there = [(day(0), day(-400)), (day(-500), day(-600)), (day(10), day(-700)), (None, day(-800)), (day(5), None)]
    assert to_count_from(day(0), day(10), there) == day(-400), "what somebody entered on a record of the same chain"
    assert to_count_from(day(0), day(10), [(day(0), day(3))]) == day(0), "never later than HR's own"
    assert to_count_from(day(10), day(10), there) is None


positions = st.lists(
    st.builds(
        lambda n, start, length, share: position(str(n), start, None if length is None else start + length, share),
        st.integers(1, 30),
        st.integers(0, 30),
        st.none() | st.integers(0, 20),
        st.none() | st.integers(0, 100),
    ),
    max_size=6,
    unique_by=lambda p: p.id,
)


@given(positions, st.integers(0, 60))
def test_between_two_changes_the_current_one_stays(rows: list[Position], number: int) -> None:
    change = next_change(rows, day(number))
    for later in range(number + 1, 60):
        if change is not None and day(later) >= change:
            break
        assert current(rows, day(later)) == current(rows, day(number))
    for row in rows:
        if current(rows, day(number)) != row:
            first = next((day(n) for n in range(number + 1, 120) if current(rows, day(n)) == row), None)
            assert becomes_current(row, rows, day(number)) == first


@given(positions, st.integers(0, 60))
def test_since_then_it_was_on_every_day(rows: list[Position], number: int) -> None:
    for row in rows:
        since = row.start
        for back in range(number, -1, -1):
            if day(back) < row.start or current(rows, day(back)) != row:
                break
            since = day(back)
        assert current_since(row, rows, day(number)) == since
