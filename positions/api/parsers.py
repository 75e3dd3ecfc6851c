"""What a body may be: JSON that can be read in one way only."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import IO, Any

from django.utils.translation import gettext as _
from rest_framework import parsers
from rest_framework.exceptions import ParseError
from rest_framework.parsers import get_encoding  # type: ignore[attr-defined]  # the stubs are of an older one

from positions.nesting import shallow
from positions.text import composed

_DEEPEST = 20  # of lists and objects in each other: no address takes more than three


class JSONParser(parsers.BaseParser):
    """JSON of any sensible depth, of which each name stands once in its object, with every letter in its one form
    (positions/text.py)."""

    media_type = "application/json"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        charset = get_encoding(parser_context or {})
        try:
            text = shallow(stream.read().decode(charset), _DEEPEST)
            body = json.loads(text, parse_constant=_no_number, parse_float=_number, object_pairs_hook=_object)
        except ValueError as error:
            raise ParseError(f"JSON parse error: {error}") from None
        return _composed(body)


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _number(text: str) -> float:
    """1.0 is the whole number 1, as in JSON's own schemas, as far as none is mistaken for another one."""
    value = float(text)
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def _object(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            words = _("“{name}” stands twice in one object: which of the two is meant?")
            raise ParseError(words.format(name=name[:60]))
        found[name] = value
    return found


def _composed(value: Any) -> Any:
    if isinstance(value, str):
        return composed(value)
    if not isinstance(value, dict | list):
        return value
    if isinstance(value, list):
        return [_composed(one) for one in value]
    return {name: _composed(one) for name, one in value.items()}
