"""What stands in a message, beside plain texts (a system's own words, an id, a code), numbers, dates, other messages,
and tuples of all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Self


class Label(str):
    """A word or words of ours, translated like a text: the label of a setting, of a choice, of a mark.

    With params, `text` is filled with them where it is shown: `Label(_("{words} ({code})"), words=..., code="TIM")`.
    As a string it is English.
    """

    text: str
    params: Mapping[str, Any]

    def __new__(cls, text: str, /, **params: Any) -> Self:
        if isinstance(text, cls):
            return text
        made = super().__new__(cls, text.format(**params) if params else text)
        made.text, made.params = text, params
        return made


class FieldName(str):
    """One of our fields by its key: shown as its label."""


@dataclass(frozen=True, slots=True)
class Span:
    """A period: shown as "1 Jan 2026 – 31 Dec 2026" or "from 1 Jan 2026"."""

    start: date
    end: date | None = None
