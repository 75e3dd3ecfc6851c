"""What others wrote is made fit for any database before it is stored."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from integrations.sdk.storable import LONGEST_ID, _mended, fit_id, storable_json, storable_value
from positions.nesting import DEEPEST


def nested(levels: int, inner: Any, *, objects: bool) -> Any:
    for _ in range(levels):
        inner = {"a": inner} if objects else [inner]
    return inner


@pytest.mark.parametrize("value", ["a\0b\ud800", "x" * 1000, "ø" * 1000, None, True, 7, 1.5, [], {}])
def test_what_is_storable_stays_and_what_is_not_is_mended(value: Any) -> None:
    mended = "a\ufffdb\ufffd" if isinstance(value, str) and "\0" in value else value
    for stored, read in [
        (value, mended),
        ([value], [mended]),
        ((value,), [mended]),
        ({"k\0": [value]}, {"k\ufffd": [mended]}),
    ]:
        found = storable_value(stored)
        assert found == read and type(found) is type(read)


_TEXTS = st.text(st.sampled_from('ab0"\\u{[ø\0\ud800'), max_size=9)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
)


@hypothesis.given(_VALUES, st.integers(0, 6), st.integers(1, 4))
def test_a_look_at_all_of_it_tells_the_same_as_a_walk(value: Any, longest: int, levels: int) -> None:
    assert storable_value(value, longest, levels) == _mended(value, longest, levels)


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_a_number_that_json_does_not_know_becomes_a_text(value: float) -> None:
    assert storable_value([value, {"a": value}]) == [str(value), {"a": str(value)}]


def test_every_text_is_cut_wherever_it_stands() -> None:
    long, cut = "12345678", "12345"
    assert storable_value(long, 5) == cut
    assert storable_value({"a": long, "b": [long, {"c": (long,)}]}, 5) == {"a": cut, "b": [cut, {"c": [cut]}]}
    assert storable_value([Decimal("1.2345678")], 5) == ["1.234"]
    assert storable_value([Decimal("1.2345678")]) == ["1.2345678"]


@pytest.mark.parametrize("objects", [False, True])
def test_what_is_nested_too_deep_is_left_out(objects: bool) -> None:
    """Two levels are asked for here, and as many as anything is given by itself: a stack is never used up."""
    inner = {"b": 1} if objects else [1]
    for levels, given in ((2, {"levels": 2}), (DEEPEST, {})):
        kept = nested(levels, 1, objects=objects)
        assert storable_value(kept, **given) == kept
        assert storable_value(nested(levels, inner, objects=objects), **given) == nested(levels, "…", objects=objects)


@pytest.mark.parametrize(
    ("remote_id", "fit"),
    [("a" * LONGEST_ID, True), ("a" * (LONGEST_ID + 1), False), ("Åse/7", True), ("7\0", False), ("ø\ud800", False)],
)
def test_an_id_is_kept_as_it_is_or_not_at_all(remote_id: str, fit: bool) -> None:
    assert fit_id(remote_id) is fit


@hypothesis.given(_VALUES, st.sampled_from([0, 3, 50]))
def test_what_is_encoded_once_is_the_text_that_would_be_stored(value: Any, longest: int) -> None:
    assert storable_json(value, longest) == json.dumps(storable_value(value, longest))
