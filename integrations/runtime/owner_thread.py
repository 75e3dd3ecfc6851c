"""The database belongs to one thread of a turn. The others, which do HTTP, have done there what they need of it.

What they are lent (vault, outbox, matches, limiter, place) marks its methods that touch the database with
`in_owner_thread`. Its other methods stay with whoever calls them: waiting, above all.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial, wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class OnOwner(Protocol):
    """Has a function called by the owner, and gives back what it returns or raises."""

    def __call__(self, call: Callable[[], R], /) -> R: ...


class Lent(Protocol):
    _on_owner: OnOwner


L = TypeVar("L", bound=Lent)


def in_owner_thread(method: Callable[Concatenate[L, P], R]) -> Callable[Concatenate[L, P], R]:
    """For a method that touches the database: whoever calls it, the owner does it."""

    @wraps(method)
    def lent(self: L, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return self._on_owner(partial(method, self, *args, **kwargs))

    return lent


def here(call: Callable[[], R], /) -> R:
    """`OnOwner` where whoever calls may use the database."""
    return call()


class OwnerThread:
    """The thread that makes it owns the database: it does what the others ask for whenever it `serve`s them."""

    def __init__(self) -> None:
        self._ident = threading.get_ident()
        self._calls: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()

    def ask(self, call: Callable[[], R], /) -> R:
        """Waits until the owner has done it. The owner's own calls are done at once."""
        if threading.get_ident() == self._ident:
            return call()
        answer: Future[R] = Future()
        self.tell(partial(_answer, call, answer))
        return answer.result()

    def together(self, call: Callable[[], R]) -> Callable[[], R]:
        """What many threads ask for at the same time: each waits until the owner has done it after it asked, and the
        owner does it once for all who wait by then."""
        waiting: list[Future[R]] = []
        lock = threading.Lock()

        def do() -> None:
            with lock:
                answer = waiting.pop()
            _answer(call, answer)

        def ask() -> R:
            if threading.get_ident() == self._ident:
                return call()
            with lock:
                if not waiting:
                    waiting.append(Future())
                    self.tell(do)
                answer = waiting[0]
            return answer.result()

        return ask

    def tell(self, call: Callable[[], None]) -> None:
        """Does not wait: nobody hears what it raises but the owner."""
        self._calls.put(call)

    def serve(self, seconds: float) -> None:
        """For the owner: does all that is asked for, and waits so long for the first."""
        while True:
            try:
                call = self._calls.get(timeout=seconds)
            except queue.Empty:
                return
            call()
            seconds = 0


def _answer(call: Callable[[], R], answer: Future[R]) -> None:
    try:
        answer.set_result(call())
    except Exception as error:
        answer.set_exception(error)
