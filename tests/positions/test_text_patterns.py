"""What the OpenAPI document says of texts is what the server takes, character by character."""

from __future__ import annotations

import re

import pytest

from positions.text import ONE_LINE, SEVERAL_LINES, SOME_LINE, TRIMMED_LINE, control_character


@pytest.mark.parametrize(
    ("pattern", "lines"), [(ONE_LINE, False), (SOME_LINE, False), (TRIMMED_LINE, False), (SEVERAL_LINES, True)]
)
def test_no_more_and_no_less_is_in_a_pattern_than_is_refused(pattern: str, lines: bool) -> None:
    compiled = re.compile(pattern)
    # a surrogate is half of a character, which no answer and no request can carry
    characters = [chr(code) for code in range(0x11000) if not 0xD800 <= code < 0xE000]
    for character in characters:
        taken = compiled.search(f"a{character}b") is not None
        assert taken is not bool(control_character(character, lines=lines)), hex(ord(character))


def test_a_line_that_must_say_something_is_not_blank() -> None:
    blank = "".join(chr(code) for code in range(0x11000) if chr(code).isspace() and not control_character(chr(code)))
    assert not re.search(SOME_LINE, "") and not re.search(SOME_LINE, blank) and not blank.strip()
    assert re.search(SOME_LINE, f"{blank}a{blank}") and re.search(ONE_LINE, blank)
    assert re.search(TRIMMED_LINE, f"a{blank}b") and re.search(TRIMMED_LINE, "a")
    for text in ("", blank, f"a{blank}", f"{blank}a"):
        assert not re.search(TRIMMED_LINE, text)
