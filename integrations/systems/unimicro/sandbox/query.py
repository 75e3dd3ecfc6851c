"""The part of Unimicro's query language that compares ("api/filtering")."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

Test = Callable[[Mapping[str, Any]], bool]


FUNCTIONS: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda have, part: part in have,
    "startswith": str.startswith,
    "endswith": str.endswith,
}


class Filter:
    """The part of the query language that compares: eq ne gt lt ge le, and, or, parentheses, dotted paths."""

    TOKEN = re.compile(r"\s*(?:('(?:[^']|'')*')|(-?\d+(?:\.\d+)?)(?![\w.])|([A-Za-z_][\w.]*),?|([()]))")

    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while at < len(text.rstrip()):
            match = self.TOKEN.match(text, at)
            if match is None:
                raise ValueError(f"filter: {text[at:]}")
            kind = ("text", "number", "word", "sign")[(match.lastindex or 1) - 1]
            self.tokens.append((kind, match.group(match.lastindex or 1)))
            at = match.end()

    def parse(self) -> Test:
        test = self._any()
        if self.tokens:
            raise ValueError(f"filter: {self.tokens[0][1]} is not understood")
        return test

    def _take(self, *kinds: str) -> tuple[str, str]:
        if not self.tokens or self.tokens[0][0] not in kinds:
            raise ValueError("filter: something is missing")
        return self.tokens.pop(0)

    def _any(self) -> Test:
        tests = [self._every()]
        while self.tokens and self.tokens[0] == ("word", "or"):
            self.tokens.pop(0)
            tests.append(self._every())
        return lambda record: any(test(record) for test in tests)

    def _every(self) -> Test:
        tests = [self._one()]
        while self.tokens and self.tokens[0] == ("word", "and"):
            self.tokens.pop(0)
            tests.append(self._one())
        return lambda record: all(test(record) for test in tests)

    def _function(self, function: Callable[[str, str], bool]) -> Test:
        self._take("sign")
        path, (_, text), end = self._take("word")[1], self._take("text"), self._take("sign")[1]
        if end != ")":
            raise ValueError("filter: ) is missing")
        part = text[1:-1].replace("''", "'").lower()
        return lambda record: function(str(follow(record, path) or "").lower(), part)

    def _one(self) -> Test:
        if self.tokens and self.tokens[0] == ("sign", "("):
            self.tokens.pop(0)
            test = self._any()
            if self._take("sign")[1] != ")":
                raise ValueError("filter: ) is missing")
            return test
        path = self._take("word")[1]
        if path.lower() in FUNCTIONS and self.tokens and self.tokens[0] == ("sign", "("):
            return self._function(FUNCTIONS[path.lower()])
        operator = self._take("word")[1]
        kind, text = self._take("text", "number")
        value = text[1:-1].replace("''", "'") if kind == "text" else text
        if operator in ("like", "notlike"):
            return lambda record: (value.lower() in str(follow(record, path)).lower()) is (operator == "like")
        if operator not in ("eq", "ne", "gt", "lt", "ge", "le"):
            raise ValueError(f"filter: {operator} is not an operator")
        return lambda record: compare(follow(record, path), operator, kind, value)


def follow(record: Mapping[str, Any], path: str) -> Any:
    value: Any = record
    for part in path.split("."):
        if value is None:
            return None
        if part not in value:
            raise ValueError(f"there is no property {part}")
        value = value[part]
    return value


def compare(have: Any, operator: str, kind: str, text: str) -> bool:
    if have is None:
        return operator == "ne"
    want: Any = text
    if isinstance(have, bool):
        have = str(have).lower()
    elif isinstance(have, int | float):
        if kind == "text":
            raise ValueError(f"a number is compared with '{text}'")
        want = float(text)
    return bool(
        {
            "eq": have == want,
            "ne": have != want,
            "gt": have > want,
            "lt": have < want,
            "ge": have >= want,
            "le": have <= want,
        }[operator]
    )
