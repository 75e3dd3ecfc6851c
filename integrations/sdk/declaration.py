"""What a connector declares about its system: the only source of the supported-fields page, the validation,
the payload mapping, the API, `manage.py systems` and docs/systems.md."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import InitVar, dataclass, field, replace
from enum import StrEnum
from typing import Any

from integrations.sdk.declared_field import Field
from integrations.sdk.fields import FIELDS
from integrations.sdk.kept import Kept
from integrations.sdk.marking import gettext_noop as _
from integrations.sdk.settings import NUMBERS_DIFFER, Setting, switch, value_of

_WORD = re.compile(r"[^\W\d]\w*")  # a remote name may have its record's before it, or be several


class Model(StrEnum):
    HISTORY = "history"
    FLAT = "flat"


class Delete(StrEnum):
    """What happens there when a position is deleted here and the connection's *delete* switch is on."""

    REMOVE = "remove"  # the record goes away
    CANCEL = "cancel"  # the record stays, marked as never valid; `read()` leaves such records out
    BY_HAND = "by_hand"  # the system cannot; `delete_note` says what a person does there


class Transport(StrEnum):
    """HTTP, or a file that a person carries over: see `Connector.render`, `without` and `context.Outbox`."""

    HTTP = "http"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Calls:
    """What one employee costs in HTTP calls: the first position there, a change of one field, and no difference at all.

    What a turn fetches once for everybody (tokens, registers, an index of employees) is not counted.
    """

    create: int
    update: int
    unchanged: int


@dataclass(frozen=True, slots=True)
class Dearer:
    """What of a `Sight` is otherwise for a connection that has this switch on: it costs more calls then."""

    switch: str
    page: int
    each: int = 0


@dataclass(frozen=True, slots=True)
class Sight:
    """How everybody there is seen at once (`Connector.snapshot`), or why not (`unsupported`).

    page      employees on a page of the list; 0: all of them in one answer
    lists     how many such lists are read
    each      calls for each employee besides, where the records do not come along
    dearer    what of these is otherwise for some connections
    versions  whether the version by which a write is checked comes along
    minutes   how old a snapshot may be before it is worth nothing
    hides     our fields that only reading one employee shows
    """

    page: int = 0
    lists: int = 1
    each: int = 0
    dearer: Dearer | None = None
    versions: bool = False
    minutes: int = 60
    hides: tuple[str, ...] = ()
    note: str = ""
    unsupported: str = ""

    def where(self, settings: Mapping[str, Any]) -> Sight:
        """What it is for a connection with these settings."""
        dearer = self.dearer
        return replace(self, page=dearer.page, each=dearer.each) if dearer and settings.get(dearer.switch) else self

    def calls(self, employees: int) -> int:
        """How many at most; `where` says for whom. What a turn fetches once (tokens, registers) is not counted."""
        pages = employees // self.page + 1 if self.page else 1
        return self.lists * pages + self.each * employees


@dataclass(frozen=True, slots=True)
class Limits:
    """`requests` per sliding window of `per_seconds` (0 = none known), `concurrency` calls at a time.

    `shared_by` names the credential whose value the vendor counts by when that is not the connection itself:
    connections with the same value then share one limiter across processes. `one_call_by` names the credential of the
    customer from whom the vendor takes one call at a time: connections with the same value then take turns.
    """

    requests: int = 0
    per_seconds: float = 1.0
    concurrency: int = 4
    read_timeout: float = 30.0
    shared_by: str = ""
    one_call_by: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Cause:
    """A stable code for why something was not written, with what a person does about it.

    `title` is a short noun phrase for the log's column, `remedy` says what to do and where.
    `{field}`, `{system}` and other named params are filled in when shown.
    """

    code: str
    title: str
    remedy: str


@dataclass(frozen=True, slots=True)
class AtOnce:
    """Several employments of one person at the same time, in a system that takes them.

    apart   our fields that tell two of them apart there: with all of these alike they are one employment
    help    what the vendor says of it, for whoever switches it on
    """

    apart: tuple[str, ...]
    help: str

    @property
    def allows(self) -> Setting:
        """The switch with which a connection sends them."""
        return switch("several_at_once", _("Send several employments at once"), help=self.help, group=_("Behaviour"))

    def alike(self, a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
        """Whether values of two records there are of one employment."""
        return all((a.get(key) or None) == (b.get(key) or None) for key in self.apart)


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """The declaration of one target system. `base_urls["api"]` is the main one; every one can be overridden
    per connection. `sandbox_urls` gives each one's path below the sandbox's tenant address. A FILE system has none.
    Each of our fields stands in `fields` or, with the honest reason why it is not sent, in `unsupported`; afterwards
    `fields` has them all, in our order. `settings` are those that belong to no field; afterwards those of the fields
    follow. `rank`: a lower one is shown earlier.
    `at_once`: None where it takes one employment of a person at a time.
    `delete_note`: what becomes of a record there, or what a person does there. It is said before a position is deleted
    here and afterwards, so that it tells nothing to be done here.
    `occupations`: whether it lists the occupation codes that it takes (`Connector.occupations`).
    `shows_late`: for so many seconds after a write, a read may still show what was there before it.
    `reads`: whose values may be kept of a call beside those of the fields: names with blanks between them, of ids,
    numbers, versions, codes, parts of an error, of what these stand in, and of a query; "a.b" is a `b` that stands in
    an `a` only. Never what says something of a person but the position: pay, tax, addresses, birth dates, names,
    families, health."""

    key: str
    name: str
    country: str
    model: Model
    protocol: str
    delete: Delete
    delete_note: str
    matching: tuple[str, ...]
    base_urls: Mapping[str, str]
    sandbox_urls: Mapping[str, str]
    credentials: tuple[Setting, ...]
    settings: tuple[Setting, ...] = ()
    fields: tuple[Field, ...]
    unsupported: InitVar[Mapping[str, str] | None] = None
    calls: Calls
    sight: Sight = Sight(unsupported="its connector cannot see everybody at once.")
    limits: Limits = field(default_factory=Limits)
    causes: tuple[Cause, ...] = ()
    transport: Transport = Transport.HTTP
    occupations: bool = False
    shows_late: float = 0.0
    at_once: AtOnce | None = None
    moves: bool = False  # the start date of an existing period can be changed there
    move_note: str = ""
    unsynced_note: str = ""
    reads: str = ""
    rank: int = 1000

    def __post_init__(self, unsupported: Mapping[str, str] | None) -> None:
        without = tuple(Field(ours, unsupported=reason) for ours, reason in (unsupported or {}).items())
        declared = {f.ours: f for f in (*self.fields, *without)}
        missing = [f.key for f in FIELDS if f.key not in declared]
        if missing or len(declared) != len(self.fields) + len(without):
            raise ValueError(f"{self.key}: declare each of our fields once; missing {missing}")
        object.__setattr__(self, "fields", tuple(declared[f.key] for f in FIELDS))
        of_fields = (setting for f in self.fields for setting in f.settings)
        clearing = (f.cleared_by for f in self.fields if f.cleared_by)
        differ = (NUMBERS_DIFFER,) if len(self.matching) > 1 else ()
        at_once = (self.at_once.allows,) if self.at_once else ()
        by_name = {setting.name: setting for setting in (*self.settings, *at_once, *of_fields, *clearing, *differ)}
        object.__setattr__(self, "settings", tuple(by_name.values()))
        if set(self.base_urls) != set(self.sandbox_urls):
            raise ValueError(f"{self.key}: every base URL needs its sandbox path")
        if (self.transport is Transport.HTTP) != bool(self.base_urls):
            raise ValueError(f"{self.key}: a system has base URLs if it is called over HTTP, and only then")

    def field(self, ours: str) -> Field:
        return next(f for f in self.fields if f.ours == ours)

    def setting(self, name: str) -> Setting:
        return next(s for s in (*self.settings, *self.credentials) if s.name == name)

    def taken_at_once(self, settings: Mapping[str, Any]) -> AtOnce | None:
        """What tells several employments at once apart, where a connection with these settings sends them."""
        return self.at_once if self.at_once and value_of(self.at_once.allows, settings) else None

    @property
    def kept(self) -> Kept:
        """What may be kept of a call: the values of the fields that are read or written, and of `reads`."""
        remote = (name for f in self.fields for name in _WORD.findall(f.remote))
        return Kept((*remote, *self.reads.split()))

    @property
    def required_settings(self) -> tuple[Setting, ...]:
        return tuple(s for s in (*self.credentials, *self.settings) if s.required)
