"""What the sync engine adds to the pages of integrations, which know nothing of it.

Append to these lists in `AppConfig.ready`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.http import HttpRequest

from integrations.models import Integration
from integrations.sdk.values import CheckLine


@dataclass(frozen=True, slots=True)
class Counter:
    """A number that opens the list of what it counts."""

    label: str
    number: int
    url: str
    urgent: bool = False  # somebody must do something when it is not 0


@dataclass(frozen=True, slots=True)
class Health:
    """How a connection is: a word, a tone for its glyph and colour, a sentence, and its counters.

    `tone` is success, info, warning, danger or neutral.
    """

    word: str
    tone: str
    detail: str
    counters: tuple[Counter, ...] = ()


@dataclass(frozen=True, slots=True)
class Tab:
    title: str
    url: str
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Happening:
    at: datetime
    by: str
    text: str


@dataclass(frozen=True, slots=True)
class Test:
    """A test of a connection, which a worker makes. Until `lines` are there, `words` say how far it is, and `reload`
    whether they may still come. `key` is None for one that was not begun."""

    key: UUID | None
    lines: Sequence[CheckLine] | None = None
    words: str = ""
    reload: bool = False


# Of all of them at once: the number of queries must not grow with the connections.
health: list[Callable[[Sequence[Integration]], Mapping[int, Health]]] = []
# Sentences above the list and each connection's overview: trouble that concerns all of them.
banners: list[Callable[[HttpRequest], Sequence[str]]] = []
# Safe HTML on a connection's overview ("" for nothing).
overview_panels: list[Callable[[HttpRequest, Integration], str]] = []
# Further tabs of a connection's page.
tabs: list[Callable[[HttpRequest, Integration, Health | None], Sequence[Tab]]] = []
# The newest so many things that happened to a connection.
happenings: list[Callable[[Integration, int], Sequence[Happening]]] = []
# What goes with a connection that is deleted, as sentences.
losses: list[Callable[[Integration], Sequence[str]]] = []
# Called before a connection is deleted, outside of any transaction: each removes what it keeps of it.
before_deletion: list[Callable[[Integration], None]] = []

# The engine does these itself, since each also concerns what is waiting: (integration, on, by) and (integration, by).
on_switch: list[Callable[[Integration, bool, str], None]] = []
on_pause: list[Callable[[Integration, str], None]] = []
on_resume: list[Callable[[Integration, str], None]] = []
# After new credentials were saved.
on_credentials: list[Callable[[Integration, str], None]] = []
# After an address was changed: (integration, what to tell the organization's admins, by).
on_address: list[Callable[[Integration, str, str], None]] = []
# *Test connection*: (integration, by) begins one and waits for a moment; (integration, key) looks at one again.
begin_test: list[Callable[[Integration, str], Test]] = []
look_at_test: list[Callable[[Integration, UUID], Test | None]] = []
