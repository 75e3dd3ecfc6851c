"""The sliding window, by a clock that goes only while somebody sleeps."""

from __future__ import annotations

import pytest

from integrations.sdk import limiter
from integrations.sdk.errors import InterruptedRunError
from integrations.sdk.limiter import LOOK, WindowLimiter, wait_until

EPOCH = 1_790_000_000.0


class Clock:
    """`slept` are the naps; each may last longer than it was to, on a busy machine."""

    def __init__(self) -> None:
        self.now, self.shift, self.late = 100.0, EPOCH, 0.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return self.now + self.shift

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.slept.append(seconds)
        self.now += seconds + self.late


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(limiter, "time", found)
    return found


def went(window: WindowLimiter, clock: Clock, number: int) -> list[float]:
    """When so many went, in seconds from now."""
    started, found = clock.now, []
    for _ in range(number):
        window.acquire()
        found.append(round(clock.now - started, 6))
    return found


def test_so_many_go_at_once_and_the_next_when_the_window_has_passed(clock: Clock) -> None:
    assert went(WindowLimiter(3, 10), clock, 7) == [0, 0, 0, 10.3, 10.3, 10.3, 20.6]


def test_of_no_requests_one_goes_at_a_time(clock: Clock) -> None:
    assert went(WindowLimiter(0, 10), clock, 2) == [0, 10.3]


def test_whoever_wakes_late_counts_from_when_it_went(clock: Clock) -> None:
    window = WindowLimiter(1, 10)
    window.acquire()
    clock.late = 1.0
    window.acquire()
    late = clock.now
    clock.late = 0.0
    window.acquire()
    assert clock.now >= late + 10.3 - 1e-6


def test_nobody_goes_before_the_penalty_is_over_nor_does_a_shorter_one_end_it(clock: Clock) -> None:
    window = WindowLimiter(3, 10)
    window.penalize(50)
    window.penalize(5)
    assert went(window, clock, 2) == [50, 50]
    window.penalize(100)
    assert went(window, clock, 1) == [100]


def test_the_guard_is_asked_while_it_waits(clock: Clock) -> None:
    asked: list[float] = []
    wait_until(clock.now + 1, lambda: asked.append(clock.now))
    assert len(asked) == round(1 / LOOK) - 1, "not when the time has come"
    assert clock.slept == [LOOK] * round(1 / LOOK)
    wait_until(clock.now, lambda: asked.append(-1))
    assert -1 not in asked

    def refuse() -> None:
        raise InterruptedRunError("no more")

    until = clock.now + 60
    with pytest.raises(InterruptedRunError):
        wait_until(until, refuse)
    assert clock.now < until - 50


def test_what_was_sent_is_handed_on_to_the_next_turn(clock: Clock) -> None:
    first = WindowLimiter(2, 10)
    assert first.sent() == []
    went(first, clock, 2)
    sent = first.sent()
    assert sent == [clock.time()] * 2
    clock.now += 4
    assert went(WindowLimiter(2, 10, sent), clock, 3) == [6.3, 6.3, 16.6]
    clock.now += 20
    assert first.sent() == [], "it does not count any more"
    assert went(WindowLimiter(2, 10, sent), clock, 2) == [0, 0]


def test_only_the_last_of_what_was_sent_count(clock: Clock) -> None:
    sent = [clock.time() - ago for ago in (1, 9, 5)]
    assert went(WindowLimiter(2, 10, sent), clock, 2) == [5.3, 9.3]


def test_a_clock_that_was_set_back_makes_nobody_wait_for_longer_than_one_window(clock: Clock) -> None:
    assert went(WindowLimiter(1, 10, [clock.time() + 86_400]), clock, 1) == [10.3]
