"""When it is tried again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synclog.engine.backoff import GIVE_UP_AFTER, STEPS, delay, tries_in_all

MIDDLE = 0.5


@pytest.mark.parametrize(
    ("tries", "step"),
    [(0, 0), (1, 0), (2, 1), (3, 2), (6, 5), (7, 5), (99, 5)],
)
def test_each_step_is_waited_once_and_the_last_one_on(tries: int, step: int) -> None:
    assert delay(tries, lambda: MIDDLE) == STEPS[step]


@given(st.integers(0, 20), st.floats(0, 1))
def test_it_is_spread_by_a_fifth_to_either_side(tries: int, dice: float) -> None:
    middle = delay(tries, lambda: MIDDLE)
    assert middle * 0.799 <= delay(tries, lambda: dice) <= middle * 1.201


def test_the_dice_reach_both_ends() -> None:
    assert delay(1, lambda: 0.0) == timedelta(seconds=24)
    assert delay(1, lambda: 1.0) == timedelta(seconds=36)


def test_so_many_tries_fit_into_seven_days() -> None:
    spent = [sum((delay(n, lambda: MIDDLE) for n in range(1, count)), timedelta()) for count in range(1, 20)]
    assert tries_in_all() == 1 + sum(1 for waited in spent if waited < GIVE_UP_AFTER)
