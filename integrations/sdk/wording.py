"""Puts messages into words: the one place where that is done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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


@dataclass(frozen=True, slots=True)
class Words:
    """The parts of a message, "" where there is none."""

    why: str = ""
    remedy: str = ""
    next: str = ""

    def __str__(self) -> str:
        return " ".join(part for part in (self.why, self.remedy, self.next) if part)


def speak_with(translate: Callable[[str], str]) -> None:
    """From here on all is said in the language that `translate` gives at that moment; English before that."""
    _SPEAKER.translate = translate


def say(text: str) -> str:
    """A text of ours that was marked for translation, as whoever reads now reads it: of a declaration, a label ..."""
    if isinstance(text, Label) and text.params:
        return _SPEAKER.say(text.text, text.params)
    return _SPEAKER.translate(text) if text else ""


def in_words(message: Sayable) -> Words:
    text = message.text
    if text is None:
        return Words(f"{message.id} ({', '.join(_SPEAKER.format_field(v, '') for v in message.params.values())})")
    return Words(*(_SPEAKER.say(part, message.params) for part in (text.why, text.remedy, text.next)))


def shown(value: Any) -> str:
    """What may stand in a message, by itself: a message, a label, a text, a date ..."""
    return _SPEAKER.format_field(value, "")


def day(value: date) -> str:
    return f"{value.day} {value:%b %Y}"


def span(value: Span) -> str:
    if value.end:
        return f"{day(value.start)} – {day(value.end)}"
    return _SPEAKER.say(_("from {day}"), {"day": value.start})


class _Speaker(Formatter):
    """`{name}` as it is in words; `{name:lower}` inside a sentence, `{name:cap}` at its beginning, `{name:or}` for a
    list of alternatives, `{name:comma}` for one without a last joint."""

    translate: Callable[[str], str] = staticmethod(str)

    def say(self, part: str, params: Mapping[str, Any]) -> str:
        return self.vformat(say(part), (), params).strip()

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
                return say(value)
            case FieldName():
                return say(BY_KEY[value].label) if value in BY_KEY else value.replace("_", " ").capitalize()
            case datetime():
                return f"{day(value)} {value:%H:%M}"
            case date():
                return day(value)
            case Span():
                return span(value)
            case Decimal():
                return f"{value.normalize():f}"
            case Sayable():
                return str(in_words(value))
        return "" if value is None else str(value)

    def _list(self, values: tuple[Any, ...], spec: str) -> str:
        words = [self._one(value) for value in values]
        if spec == "comma":
            return ", ".join(words)
        joint = say(_("or")) if spec == "or" else say(_("and"))
        return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {joint} {words[-1]}" if words else ""


_SPEAKER = _Speaker()
