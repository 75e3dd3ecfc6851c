"""Lists in pages: every row once, and no list without an end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from integrations.sdk import pages
from integrations.sdk.errors import UnavailableError
from integrations.sdk.pages import CursorPages, LinkPages, NumberedPages, OffsetPages, every_row

ROWS = list(range(7))


def read(paging: Any, fetch: Callable[[Any], Any]) -> tuple[list[Any], list[Any]]:
    asked: list[Any] = []

    def noted(what: Any) -> Any:
        asked.append(what)
        return fetch(what)

    return list(every_row(paging, noted, lambda answer: answer["rows"], system="Somewhere")), asked


def by_offset(asked: Mapping[str, Any]) -> dict[str, Any]:
    return {"rows": ROWS[asked["from"] : asked["from"] + asked["count"]]}


def by_number(asked: Mapping[str, Any]) -> dict[str, Any]:
    start = (asked["page"] - 1) * asked["limit"]
    return {"rows": ROWS[start : start + asked["limit"]]}


@pytest.mark.parametrize(("size", "asked"), [(3, [0, 3, 6]), (7, [0, 7]), (10, [0])])
def test_by_offset_until_a_page_is_not_full(size: int, asked: list[int]) -> None:
    rows, calls = read(OffsetPages("from", "count", size), by_offset)
    assert (rows, [call["from"] for call in calls]) == (ROWS, asked)


def test_a_server_that_cuts_pages_short_is_asked_on_from_where_it_cut() -> None:
    rows, calls = read(OffsetPages("from", "count", 5, full=3), lambda asked: by_offset({**asked, "count": 3}))
    assert (rows, [call["from"] for call in calls]) == (ROWS, [0, 3, 6])


@pytest.mark.parametrize(("size", "asked"), [(3, [1, 2, 3]), (7, [1, 2]), (10, [1])])
def test_by_number_until_a_page_is_not_full(size: int, asked: list[int]) -> None:
    rows, calls = read(NumberedPages("page", "limit", size), by_number)
    assert (rows, [call["page"] for call in calls]) == (ROWS, asked)


@pytest.mark.parametrize(("more", "asked"), [(lambda answer, number: number < 2, 2), (lambda answer, number: True, 4)])
def test_the_answer_may_say_whether_there_are_more(more: Any, asked: int) -> None:
    """An empty page is the last one, whatever it says."""
    assert len(read(NumberedPages("page", "limit", 3, more), by_number)[1]) == asked


CURSORS = {"": ("a", [1, 2]), "a": ("b", [3]), "b": ("", [4])}


def test_by_cursor_with_the_first_parameters_repeated() -> None:
    def fetch(asked: Mapping[str, Any]) -> dict[str, Any]:
        following, rows = CURSORS[asked.get("cursor", "")]
        return {"rows": rows, "next": following}

    rows, calls = read(CursorPages("cursor", lambda answer: answer["next"], {"size": 2}), fetch)
    assert rows == [1, 2, 3, 4]
    assert calls == [{"size": 2}, {"size": 2, "cursor": "a"}, {"size": 2, "cursor": "b"}]


def test_by_link() -> None:
    answers = iter([{"rows": [1], "next": "https://a.example/2"}, {"rows": [2], "next": ""}])
    rows, calls = read(LinkPages(lambda answer: answer["next"]), lambda asked: next(answers))
    assert (rows, calls) == ([1, 2], [{}, "https://a.example/2"])


def test_the_same_page_twice_is_no_list() -> None:
    with pytest.raises(UnavailableError, match="same page"):
        read(OffsetPages("from", "count", 2), lambda asked: {"rows": [1, 2]})


def test_a_circle_is_no_list() -> None:
    turns = iter(range(100))
    answer = lambda asked: {"rows": [next(turns)], "next": f"https://a.example/{next(turns) // 2 % 3}"}  # noqa: E731
    with pytest.raises(UnavailableError, match="same page"):
        read(LinkPages(lambda found: found["next"]), answer)


def test_no_list_goes_on_for_ever() -> None:
    turns = iter(range(10 * pages.MOST_PAGES))
    with pytest.raises(UnavailableError, match="no end") as caught:
        read(OffsetPages("from", "count", 1), lambda asked: {"rows": [next(turns)]})
    assert "Somewhere" in caught.value.message and next(turns) == pages.MOST_PAGES
