"""JSON is refused for its depth before anything parses it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from positions.nesting import shallow

VALUES = st.recursive(
    st.none() | st.integers() | st.text('[]{}"\\ aø', max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('[{"\\', max_size=3), inner, max_size=3),
    max_leaves=12,
)


def depth(value: Any) -> int:
    if not isinstance(value, dict | list):
        return 0
    return 1 + max(map(depth, value.values() if isinstance(value, dict) else value), default=0)


@given(value=VALUES, ascii_only=st.booleans())
def test_the_depth_of_a_text_is_the_depth_of_what_it_says(value: Any, ascii_only: bool) -> None:
    text, levels = json.dumps(value, ensure_ascii=ascii_only), depth(value)
    assert shallow(text, levels) is text
    if levels:
        with pytest.raises(ValueError, match=f"more than {levels - 1} levels"):
            shallow(text, levels - 1)


@pytest.mark.parametrize("text", ["[" * 1_000_000, '{"a":' * 200_000, "[" * 90_000 + "]" * 90_000, '["' + "[" * 9])
def test_what_is_no_json_ends_too(text: str) -> None:
    if text.count('"') == 1:
        assert shallow(text, 1) == text  # all of it but the first is in a string
    else:
        with pytest.raises(ValueError, match="levels"):
            shallow(text, 60)
