"""What stands in a message, beside plain texts (a system's own words, an id, a code), numbers, dates, other messages,
and tuples of all of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


class Label(str):
    """A word or words of ours, translated like a text: the label of a setting, of a choice, of a mark."""


class FieldName(str):
    """One of our fields by its key: shown as its label."""


@dataclass(frozen=True, slots=True)
class Span:
    """A period: shown as "1 Jan 2026 – 31 Dec 2026" or "from 1 Jan 2026"."""

    start: date
    end: date | None = None
