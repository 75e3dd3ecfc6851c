"""Puts messages into words: the one place where that is done.

In whose language, `READER` says: English, until the product sets it to whoever reads (integrations/apps.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from string import Formatter
from typing import Any, Protocol, runtime_checkable

from integrations.sdk.fields import BY_KEY
from integrations.sdk.marking import gettext_noop as _
from integrations.sdk.params import FieldName, Label, Span


class Parts(Protocol):
    """`integrations.sdk.messages.Text`."""

    @property
    def why(self) -> str: ...
    @property
    def remedy(self) -> str: ...
    @property
    def next(self) -> str: ...


@runtime_checkable
class Sayable(Protocol):
    """`integrations.sdk.messages.Message`."""

    @property
    def id(self) -> str: ...
    @property
    def params(self) -> Mapping[str, Any]: ...
    @property
    def text(self) -> Parts | None: ...


def _english_day(value: date) -> str:
    return f"{value.day} {value:%b %Y}"


@dataclass(frozen=True, slots=True)
class Language:
    """How a reader is spoken to: an English text of ours in their words, a date, a time of day, and a number."""

    translate: Callable[[str], str] = str
    day: Callable[[date], str] = _english_day
    clock: Callable[[datetime], str] = "{:%H:%M}".format
    number: Callable[[Decimal], str] = lambda value: f"{value.normalize():f}"


READER = Language()


@dataclass(frozen=True, slots=True)
class Words:
    """The parts of a message, "" where there is none."""

    why: str = ""
    remedy: str = ""
    next: str = ""

    def __str__(self) -> str:
        return " ".join(part for part in (self.why, self.remedy, self.next) if part)


def say(text: str) -> str:
    """A text of ours that is marked for translation, as whoever reads now reads it: a label of a declaration ..."""
    return shown(Label(text))


def either(words: Iterable[str]) -> str:
    """ "a, b or c"."""
    return _Speaker(READER).format_field(tuple(words), "or")


def in_words(message: Sayable, language: Language | None = None) -> Words:
    """In the reader's language, unless another is given."""
    text, speak = message.text, _Speaker(language or READER)
    if text is None:
        return Words(f"{message.id} ({', '.join(speak.format_field(v, '') for v in message.params.values())})")
    return Words(*(speak.say(part, message.params) for part in (text.why, text.remedy, text.next)))


def shown(value: Any, language: Language | None = None) -> str:
    """What may stand in a message, by itself: a message, a label, a text, a date ..."""
    return _Speaker(language or READER).format_field(value, "")


def span(value: Span) -> str:
    return shown(value)


class _Speaker(Formatter):
    """`{name}` as it is in words; `{name:lower}` inside a sentence, `{name:cap}` at its beginning, `{name:or}` for a
    list of alternatives, `{name:comma}` for one without a last joint."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def say(self, part: str, params: Mapping[str, Any]) -> str:
        return self.vformat(self._translated(part), (), params).strip()

    def _translated(self, text: str) -> str:
        return self._language.translate(text) if text else ""

    def get_value(self, key: int | str, args: Any, params: Mapping[str, Any]) -> Any:
        return params.get(str(key), "")  # an old row may lack what its text names today

    def format_field(self, value: Any, format_spec: str) -> str:
        words = self._list(value, format_spec) if isinstance(value, tuple) else self._one(value)
        if format_spec == "lower":
            return words.lower()
        return words[:1].upper() + words[1:] if format_spec == "cap" else words

    def _one(self, value: Any) -> str:
        match value:
            case Label():
                return self.say(value.text, value.params) if value.params else self._translated(value.text)
            case FieldName():
                known = BY_KEY.get(value)
                return self._translated(known.label) if known else value.replace("_", " ").capitalize()
            case datetime():
                return f"{self._language.day(value)} {self._language.clock(value)}"
            case date():
                return self._language.day(value)
            case Span():
                return self._span(value)
            case Decimal():
                return self._language.number(value)
            case Sayable():
                return str(in_words(value, self._language))
        return "" if value is None else str(value)

    def _span(self, value: Span) -> str:
        start = self._language.day(value.start)
        if value.end is None:
            return self._translated(_("from {day}")).format(day=start)
        return f"{start} – {self._language.day(value.end)}"

    def _list(self, values: tuple[Any, ...], spec: str) -> str:
        words = [self._one(value) for value in values]
        if spec == "comma":
            return ", ".join(words)
        joint = self._translated(_("or") if spec == "or" else _("and"))
        return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {joint} {words[-1]}" if words else ""
