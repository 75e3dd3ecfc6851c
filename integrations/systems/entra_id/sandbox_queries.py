"""What Graph's list of users can be asked: $filter, $orderby and $search ("Use the $filter query parameter", "Advanced
query capabilities on directory objects"). Capitals make no difference in any of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

Record = Mapping[str, Any]
Test = Callable[[Record], bool]

_TOKEN = re.compile(r"\s*(?:('(?:[^']|'')*')|([(),])|([\w/.@-]+))")
_FUNCTIONS: dict[str, Callable[[str, str], bool]] = {"startswith": str.startswith, "endswith": str.endswith}
_WORDS = {"true": True, "false": False, "null": None}


class NotUnderstood(Exception):
    """This is no query of its language."""


class NotFilterable(Exception):
    """It names a property by which nobody can be looked for."""


class Filter:
    """One $filter. `advanced`: whether it is let through with `ConsistencyLevel: eventual` and `$count=true` alone."""

    def __init__(self, text: str, known: Mapping[str, bool]) -> None:
        """`known`: the properties by which one can look, and whether that alone makes the query an advanced one."""
        self._known, self._left, self.advanced = known, self._split(text), False
        self.fits = self._either()
        if self._left:
            raise NotUnderstood(self._left[0])

    @staticmethod
    def _split(text: str) -> list[str]:
        tokens, at = [], 0
        while at < len(text.rstrip()):
            match = _TOKEN.match(text, at)
            if match is None:
                raise NotUnderstood(text[at:])
            tokens.append(match[0].strip())
            at = match.end()
        return tokens

    def _take(self, expected: str = "") -> str:
        token = self._left.pop(0) if self._left else ""
        if not token or (expected and token.lower() != expected):
            raise NotUnderstood(token)
        return token

    def _next(self, word: str) -> bool:
        if self._left and self._left[0].lower() == word:
            self._left.pop(0)
            return True
        return False

    def _either(self) -> Test:
        tests = [self._both()]
        while self._next("or"):
            tests.append(self._both())
        return lambda record: any(test(record) for test in tests)

    def _both(self) -> Test:
        tests = [self._one()]
        while self._next("and"):
            tests.append(self._one())
        return lambda record: all(test(record) for test in tests)

    def _one(self) -> Test:
        if self._next("not"):
            inner, self.advanced = self._one(), True
            return lambda record: not inner(record)
        if self._next("("):
            inner = self._either()
            self._take(")")
            return inner
        word = self._take()
        if word.lower() in _FUNCTIONS:
            self.advanced |= word.lower() == "endswith"
            return self._function(_FUNCTIONS[word.lower()])
        return self._comparison(self._property(word))

    def _function(self, function: Callable[[str, str], bool]) -> Test:
        self._take("(")
        name = self._property(self._take())
        self._take(",")
        part = str(self._literal())
        self._take(")")
        return lambda record: function(str(record.get(name) or "").casefold(), part)

    def _comparison(self, name: str) -> Test:
        operator = self._take().lower()
        if operator == "in":
            self._take("(")
            values = [self._literal()]
            while self._next(","):
                values.append(self._literal())
            self._take(")")
            return lambda record: folded(record.get(name)) in values
        if operator not in ("eq", "ne"):
            raise NotUnderstood(operator)
        value = self._literal()
        self.advanced |= operator == "ne"
        return lambda record: (folded(record.get(name)) == value) == (operator == "eq")

    def _property(self, name: str) -> str:
        if name not in self._known:
            raise NotFilterable(name)
        self.advanced |= self._known[name]
        return name

    def _literal(self) -> Any:
        token = self._take()
        if token.startswith("'"):
            return token[1:-1].replace("''", "'").casefold()
        if token.lower() not in _WORDS:
            raise NotUnderstood(token)
        return _WORDS[token.lower()]


def folded(value: Any) -> Any:
    """A value as it is compared: an empty text is none."""
    return (value.casefold() or None) if isinstance(value, str) else value


def searching(text: str) -> Test:
    """One $search: `"displayName:kari"`, or several joined by OR or AND; a word of the property begins with it."""
    parts = re.split(r"\s+(OR|AND)\s+", text.strip())
    tests = []
    for part in parts[::2]:
        match = re.fullmatch(r'"(\w+):([^"]+)"', part)
        if match is None:
            raise NotUnderstood(part)
        tests.append((match[1], match[2].casefold()))

    def fits(record: Record) -> bool:
        found = [
            any(word.startswith(begins) for word in [text, *text.split()])
            for name, begins in tests
            for text in [str(record.get(name) or "").casefold()]
        ]
        return all(found) if "AND" in parts[1::2] else any(found)

    return fits


def ordering(text: str) -> tuple[Callable[[Record], str], bool]:
    """One $orderby: the key of a record, and whether it is turned round."""
    match = re.fullmatch(r"(\w+)(?: (asc|desc))?", text.strip())
    if match is None:
        raise NotUnderstood(text)
    name = match[1]
    return (lambda record: str(record.get(name) or "").casefold()), match[2] == "desc"
