"""How deep a text of JSON is nested, known before it is parsed: at the end of a parser's recursion nothing else can run
either, so that whatever Python tidies up at that moment (sockets, locks) would fail too."""

from __future__ import annotations

import re
from itertools import accumulate

DEEPEST = 60  # levels of lists and objects; nothing that is read here comes near it
_STRINGS_AND_THE_REST = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[^][{}"]++', re.DOTALL)


def shallow(text: str, levels: int = DEEPEST) -> str:
    """The text itself. Raises ValueError where more than `levels` lists and objects stand in each other."""
    if text.count("[") + text.count("{") > levels:
        brackets = _STRINGS_AND_THE_REST.sub("", text)
        if max(accumulate(1 if bracket in "[{" else -1 for bracket in brackets), default=0) > levels:
            raise ValueError(f"nested more than {levels} levels deep")
    return text
