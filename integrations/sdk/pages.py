"""Lists that come in pages: how the next page is asked for, and when there is none. No list goes on for ever."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Generic, Protocol, TypeVar

from integrations.sdk import texts
from integrations.sdk.errors import UnavailableError

MOST_PAGES = 1000

Answer = TypeVar("Answer")
Taken_contra = TypeVar("Taken_contra", contravariant=True)
Row = TypeVar("Row")

# How a page is asked for: with these parameters besides the list's own, or by its whole address.
Asked = Mapping[str, Any] | str


class Paging(Protocol[Taken_contra]):
    def first(self) -> Asked: ...

    def after(self, asked: Asked, rows: Sequence[Any], answer: Taken_contra) -> Asked | None:
        """What to ask for after this page; None: it was the last one."""
        ...


@dataclass(frozen=True, slots=True)
class OffsetPages:
    """From the row with this number on. A page of less than `full` rows (by default: of `size`) is the last one."""

    offset: str
    limit: str
    size: int
    full: int = 0

    def first(self) -> Asked:
        return {self.offset: 0, self.limit: self.size}

    def after(self, asked: Any, rows: Sequence[Any], answer: Any) -> Asked | None:
        return {**asked, self.offset: asked[self.offset] + len(rows)} if len(rows) >= (self.full or self.size) else None


@dataclass(frozen=True, slots=True)
class NumberedPages:
    """Page 1, 2 ... `more(answer, number)`: whether the answer says that there are others behind this one, None if it
    does not say; then a page that is not full is the last one. So is an empty one, whatever it says."""

    number: str
    limit: str
    size: int
    more: Callable[[Any, int], bool | None] = lambda answer, number: None

    def first(self) -> Asked:
        return {self.limit: self.size, self.number: 1}

    def after(self, asked: Any, rows: Sequence[Any], answer: Any) -> Asked | None:
        more = self.more(answer, asked[self.number])
        if not rows or not (len(rows) >= self.size if more is None else more):
            return None
        return {**asked, self.number: asked[self.number] + 1}


@dataclass(frozen=True, slots=True)
class CursorPages:
    """Each page says how the next one is asked for; "" behind the last one. The other parameters are repeated."""

    name: str
    cursor: Callable[[Any], str]
    start: Mapping[str, Any]

    def first(self) -> Asked:
        return self.start

    def after(self, asked: Any, rows: Sequence[Any], answer: Any) -> Asked | None:
        cursor = self.cursor(answer)
        return {**asked, self.name: cursor} if cursor else None


@dataclass(frozen=True, slots=True)
class LinkPages:
    """Each page gives the whole address of the next one; "" behind the last one."""

    link: Callable[[Any], str]

    def first(self) -> Asked:
        return {}

    def after(self, asked: Any, rows: Sequence[Any], answer: Any) -> Asked | None:
        return self.link(answer) or None


class Pages(Iterator[Sequence[Row]], Generic[Answer, Row]):
    """The pages of a list, one after the other. Where `fetch` raises, nothing is lost: the next step asks for the same
    page again. Raises UnavailableError for a list that gives the same page again, goes round in a circle or has more
    pages than any list has."""

    def __init__(
        self,
        paging: Paging[Answer],
        fetch: Callable[[Asked], Answer],
        rows: Callable[[Answer], Sequence[Row]],
        *,
        system: str,
        most: int = MOST_PAGES,
    ) -> None:
        self._paging, self._fetch, self._rows, self._system, self._left = paging, fetch, rows, system, most
        self._asked: Asked | None = paging.first()
        self._before: Sequence[Row] | None = None
        self._seen: set[str] = set()

    def __next__(self) -> Sequence[Row]:
        if self._asked is None:
            raise StopIteration
        if not self._left:
            raise UnavailableError(texts.ENDLESS_PAGES(system=self._system))
        answer = self._fetch(self._asked)
        page = self._rows(answer)
        if page and page == self._before:
            raise UnavailableError(texts.SAME_PAGE(system=self._system))
        following = self._paging.after(self._asked, page, answer)
        if following is not None:
            if (key := str(following)) in self._seen:
                raise UnavailableError(texts.SAME_PAGE(system=self._system))
            self._seen.add(key)
        self._left -= 1
        self._asked, self._before = following, page
        return page


def every_row(
    paging: Paging[Answer],
    fetch: Callable[[Asked], Answer],
    rows: Callable[[Answer], Sequence[Row]],
    *,
    system: str,
    most: int = MOST_PAGES,
) -> Iterator[Row]:
    """The rows of all pages. Raises as `Pages`."""
    return chain.from_iterable(Pages(paging, fetch, rows, system=system, most=most))
