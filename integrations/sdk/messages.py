"""What a person is told, as data: which text, and what stands in it.

A `Text` is declared once, where the case is known, and called with what stands in it. That gives the `Message` which
errors, plans and the log carry, and which is put into words only where it is shown (`integrations.sdk.wording`):

    OVERLAP = Text(
        "plan.overlap",
        _("{system} already has a period {period} that overlaps this one."),
        remedy=_("Change the dates of one of them, then press Re-sync."),
        cause="overlap_in_target",
    )
    raise DataRefusedError(OVERLAP(system="Tripletex", period=Span(start, end)))

No code decides by words: what has to be decided is a cause, a field or the id of a text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from string import Formatter
from typing import Any

from integrations.sdk.params import FieldName, Label, Span
from integrations.sdk.renamed_texts import RENAMED
from integrations.sdk.wording import in_words


@dataclass(frozen=True, slots=True)
class Message:
    """One thing to say, with what stands in it (`integrations.sdk.params`). `str()` of it is in words."""

    id: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash(self.id)

    def __str__(self) -> str:
        return str(in_words(self))

    @property
    def text(self) -> Text | None:
        """What was declared under this id; None for an old row's whose text is no longer there."""
        return TEXTS.get(self.id)

    @property
    def settings(self) -> Iterator[str]:
        """The names of the connection's settings and credentials that it speaks of, or what stands in it."""
        if self.text is not None and self.text.setting:
            yield self.text.setting
        for value in self.params.values():
            if isinstance(value, Message):
                yield from value.settings

    def hiding(self, hide: Callable[[str], str]) -> Message:
        """The same with everything in it that is text hidden: a system may repeat what it was sent."""
        if not self.params:
            return self
        return Message(self.id, {name: hidden(value, hide) for name, value in self.params.items()})

    def to_json(self) -> dict[str, Any]:
        return {"id": self.id, **({"params": {k: to_json(v) for k, v in self.params.items()}} if self.params else {})}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Message:
        """Raises KeyError where it has no id."""
        id, more = RENAMED.get(str(kept["id"]), (str(kept["id"]), {}))
        return cls(id, {**_params_of(kept.get("params", {})), **more})


# What a page shows by itself: a message, a label of ours, or a text as it stands.
Shown = Message | str


def hidden(value: Any, hide: Callable[[str], str]) -> Any:
    if isinstance(value, Message):
        return value.hiding(hide)
    if isinstance(value, tuple):
        return tuple(hidden(one, hide) for one in value)
    return hide(value) if isinstance(value, str) and not isinstance(value, Label | FieldName) else value


def _params_of(kept: Mapping[str, Any]) -> dict[str, Any]:
    return {name: from_json(value) for name, value in kept.items()}


_KINDS: Mapping[str, Callable[[Any], Any]] = {
    "label": lambda said: Label(said) if isinstance(said, str) else Label(said[0], **_params_of(said[1])),
    "field": FieldName,
    "number": Decimal,
    "day": date.fromisoformat,
    "moment": datetime.fromisoformat,
    "span": lambda days: Span(date.fromisoformat(days[0]), date.fromisoformat(days[1]) if days[1] else None),
    "list": lambda values: tuple(from_json(value) for value in values),
    "message": Message.from_json,
}


def to_json(value: Any) -> Any:
    match value:
        case Label():
            filled = {name: to_json(param) for name, param in value.params.items()}
            return {"label": [value.text, filled] if filled else str(value)}
        case FieldName():
            return {"field": str(value)}
        case str() | int() | None:
            return value
        case Decimal():
            return {"number": str(value)}
        case datetime():
            return {"moment": value.isoformat()}
        case date():
            return {"day": value.isoformat()}
        case Span():
            return {"span": [value.start.isoformat(), value.end and value.end.isoformat()]}
        case tuple():
            return {"list": [to_json(one) for one in value]}
        case Message():
            return {"message": value.to_json()}
    return str(value)


def from_json(kept: Any) -> Any:
    if not isinstance(kept, dict):
        return kept
    ((kind, value),) = kept.items()
    try:
        return _KINDS[kind](value)
    except (KeyError, ValueError, ArithmeticError, TypeError):  # it was erased, or is of another version
        return str(value)


# -- texts ---------------------------------------------------------------------------------------------------

TEXTS: dict[str, Text] = {}


@dataclass(frozen=True, slots=True)
class Text:
    """One thing that the product can say, in its parts; each may name parameters: "{system}", "{period}".

    id       stable for ever, as rows of the log hold it: "plan.overlap", "tripletex.wage_hidden". One that has to
             become another stands in `renamed_texts`
    why      what is so
    remedy   what a person does, and where; "" where the cause's own remedy serves, or nothing is to be done
    next     what happens by itself
    cause    the stable code that it is grouped and filtered by; "" where the error's own stands
    field    our field that it is about, to be opened
    setting  the connection's setting (or credential) to be opened
    complete  it leaves nothing for the cause's remedy to add
    """

    id: str
    why: str
    remedy: str = ""
    next: str = ""
    cause: str = ""
    field: str = ""
    setting: str = ""
    complete: bool = False

    def __post_init__(self) -> None:
        if TEXTS.setdefault(self.id, self) != self:
            raise ValueError(f"two texts have the id {self.id!r}")

    def __call__(self, **params: Any) -> Message:
        """Raises ValueError when something that the text names is not given, or something else is."""
        if params.keys() != self.names:
            raise ValueError(f"{self.id} takes {sorted(self.names)}, not {sorted(params)}")
        return Message(self.id, params)

    @property
    def names(self) -> frozenset[str]:
        return _names_in(self.why, self.remedy, self.next)


@cache
def _names_in(*parts: str) -> frozenset[str]:
    return frozenset(name for part in parts for _, name, _, _ in Formatter().parse(part) if name)


# A sentence with all that is to be said, or without what is to be done: of rows from before messages were data.
AS_WRITTEN = Text("as_written", "{text}", complete=True)
AS_WRITTEN_IN_PART = Text("as_written_in_part", "{text}")

Said = tuple[Message, ...]


def as_message(said: Message | str) -> Message:
    """A connector of somebody else's may give a plain sentence."""
    return said if isinstance(said, Message) else AS_WRITTEN(text=said)


def said_of(*parts: Message | None) -> Said:
    """What there is of these, in this order."""
    return tuple(part for part in parts if part)


def packed(said: Iterable[Message]) -> list[dict[str, Any]]:
    """As JSON, for the log."""
    return [message.to_json() for message in said]


def unpacked(kept: Iterable[Mapping[str, Any]]) -> Said:
    return tuple(Message.from_json(message) for message in kept)


def in_full(said: Iterable[Message]) -> str:
    """All of them in words, one after the other."""
    return " ".join(str(message) for message in said)


def words_of(kept: Iterable[Mapping[str, Any]]) -> str:
    """The same of what is kept of them as JSON."""
    return in_full(unpacked(kept))
