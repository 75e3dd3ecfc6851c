"""What threads need of the database is done by the thread that owns it; no database is asked here."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from integrations.runtime.owner_thread import OnOwner, OwnerThread, here, in_owner_thread


class Book:
    def __init__(self, on_owner: OnOwner = here) -> None:
        self._on_owner = on_owner
        self.written: list[str] = []

    @in_owner_thread
    def write(self, word: str, *, end: str = "") -> int:
        """Where it is written."""
        if not word:
            raise ValueError("nothing to write")
        self.written.append(word + end)
        return threading.get_ident()

    @in_owner_thread
    def write_twice(self, word: str) -> list[int]:
        return [self.write(word), self.write(word)]

    def read(self) -> int:
        return threading.get_ident()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as made:
        yield made


def served(owner: OwnerThread, *asked: Future[Any]) -> list[Any]:
    until = time.monotonic() + 30
    while not all(one.done() for one in asked) and time.monotonic() < until:
        owner.serve(0.01)
    return [one.result(0) for one in asked]


def test_what_is_marked_is_done_by_the_owner_and_the_rest_by_whoever_calls(pool: ThreadPoolExecutor) -> None:
    owner, me = OwnerThread(), threading.get_ident()
    book = Book(owner.ask)
    written, read = served(owner, pool.submit(book.write, "a", end="."), pool.submit(book.read))
    assert (written, book.written) == (me, ["a."])
    assert read != me
    assert book.write.__doc__ == "Where it is written."


def test_what_is_raised_reaches_whoever_asked_and_the_owner_goes_on(pool: ThreadPoolExecutor) -> None:
    owner = OwnerThread()
    book = Book(owner.ask)
    with pytest.raises(ValueError, match="nothing to write"):
        served(owner, pool.submit(book.write, ""))
    served(owner, pool.submit(book.write, "b"))
    assert book.written == ["b"]


def test_the_owner_does_not_wait_for_itself(pool: ThreadPoolExecutor) -> None:
    owner, me = OwnerThread(), threading.get_ident()
    book = Book(owner.ask)
    assert book.write("a") == me
    assert served(owner, pool.submit(book.write_twice, "b")) == [[me, me]]
    assert book.written == ["a", "b", "b"]


def test_where_there_is_one_thread_it_is_done_there(pool: ThreadPoolExecutor) -> None:
    book = Book()
    assert pool.submit(book.write, "a").result(30) != threading.get_ident()


def test_all_that_waits_is_done_in_its_order_and_nobody_waits_for_what_is_told() -> None:
    owner, done = OwnerThread(), []

    def note(number: int) -> Callable[[], None]:
        return lambda: done.append(number)

    for number in range(3):
        owner.tell(note(number))
    assert done == []
    owner.serve(30)
    assert done == [0, 1, 2]

    def broken() -> None:
        raise LookupError

    owner.tell(broken)
    with pytest.raises(LookupError):
        owner.serve(30)


def test_nobody_is_waited_for_longer_than_allowed() -> None:
    began = time.monotonic()
    OwnerThread().serve(0.02)
    assert 0.01 < time.monotonic() - began < 30


def test_what_many_ask_for_is_done_once_for_all_who_wait_and_anew_for_whoever_asks_later(
    pool: ThreadPoolExecutor,
) -> None:
    owner, begun = OwnerThread(), 0

    def look() -> tuple[int, int]:
        nonlocal begun
        begun += 1
        return begun, threading.get_ident()

    together = owner.together(look)
    several = [pool.submit(together) for _ in range(3)]
    time.sleep(0.2)
    assert served(owner, *several) == [(1, threading.get_ident())] * 3
    assert served(owner, pool.submit(together)) == [(2, threading.get_ident())]
    assert together() == (3, threading.get_ident())


def test_what_is_raised_reaches_all_who_asked_together(pool: ThreadPoolExecutor) -> None:
    owner = OwnerThread()
    together = owner.together(lambda: 1 // 0)
    several = [pool.submit(together) for _ in range(2)]
    time.sleep(0.2)
    with pytest.raises(ZeroDivisionError):
        served(owner, several[0])
    with pytest.raises(ZeroDivisionError):
        several[1].result(5)
