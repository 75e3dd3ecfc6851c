"""What a connector declares about its system: the only source of the supported-fields page, the validation,
the payload mapping, the API, `manage.py systems` and docs/systems.md."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from integrations.sdk.fields import BY_KEY, FIELDS
from integrations.sdk.kept import Kept

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


class When(StrEnum):
    ALWAYS = "always"
    ON_CREATE = "on_create"
    IF_EMPTY = "if_empty"


class Kind(StrEnum):
    """How a setting is asked for in a form."""

    TEXT = "text"
    SECRET = "secret"
    LONG_SECRET = "long_secret"  # several lines, a PEM key
    CHOICE = "choice"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    DECIMAL = "decimal"
    TABLE = "table"  # our code -> their code, one row for each of `rows`
    FOLDER = "folder"  # FILE systems: where finished files are dropped, below what the operator allows


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One credential or setting of a connection.

    A TABLE has `rows`: our codes, shown as row titles; empty rows mean free keys typed by the admin (a company's
    organization number, a department code). `row_words` are (row, title, what an empty one means) where the rows are
    not our codes. `choices` are (value, label); for a TABLE they are their codes.
    Values arrive in `Context.settings` already cleaned: bool, int, Decimal, str or dict[str, str].
    """

    name: str
    label: str
    kind: Kind = Kind.TEXT
    help: str = ""
    required: bool = False
    default: Any = ""
    choices: tuple[tuple[str, str], ...] = ()
    rows: tuple[str, ...] = ()
    row_words: tuple[tuple[str, str, str], ...] = ()
    pattern: str = ""
    example: str = ""
    group: str = "Defaults"


# Declared here for every system that can look for people by more than their number.
NUMBERS_DIFFER = Setting(
    name="numbers_differ",
    label="Employee numbers there differ from ours on purpose",
    kind=Kind.BOOLEAN,
    default=False,
    help="People are then found by national id or e-mail, and another number there does not speak against a match.",
    group="Matching",
)


def code_table(
    name: str,
    ours: str,
    choices: tuple[tuple[str, str], ...] = (),
    *,
    help: str = "",
    label: str = "",
    example: str = "",
    group: str = "Translation",
) -> Setting:
    """The TABLE that gives their code for each code of our field `ours`."""
    field = BY_KEY[ours]
    return Setting(
        name=name,
        label=label or f"{field.label}s",
        kind=Kind.TABLE,
        rows=field.codes,
        choices=choices,
        help=help,
        example=example,
        group=group,
    )


@dataclass(frozen=True, slots=True)
class Calls:
    """What one employee costs in HTTP calls: the first position there, a change of one field, and no difference at all.

    What a turn fetches once for everybody (tokens, registers, an index of employees) is not counted.
    """

    create: int
    update: int
    unchanged: int


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
class RequiredWhile:
    """A value must exist while the record's `field` holds, in their words, a text that `matches` (regular expression
    for the whole of it). `what` says that in words: "a temporary contract"."""

    field: str
    matches: str
    what: str

    def applies(self, values: Mapping[str, Any]) -> bool:
        """Whether a record with these values of theirs is such a one."""
        return bool(re.fullmatch(self.matches, str(values.get(self.field) or "")))


@dataclass(frozen=True, slots=True)
class AbsentWhile(RequiredWhile):
    """The other way round: a record whose `field` holds such a text has no such value. It is neither required nor
    sent then, no default stands in for it, and what we wrote there before is emptied: `clearable` or not."""


@dataclass(frozen=True, slots=True)
class Locked:
    """What is set on a record there stays: another value is refused with this `cause`, what is empty may be filled in.
    `what` is the field in their words, `why` ends the sentence "It has this there and that here, and …". `lifted_by`
    names the BOOLEAN setting with which the change is written all the same, with a warning that repeats `why`."""

    cause: str
    what: str
    why: str
    lifted_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One of our fields in this system.

    ours           key in `sdk.fields`
    remote         its name there; "" = not supported, and then `unsupported` says honestly why
    when           always, only on create, only if empty there
    corrected      with on_create or if_empty: also written later where the record still holds what we wrote for the
                   same position; never when another position takes a flat record over, nor where a clerk wrote it
    always_by      name of the BOOLEAN setting that makes the field `always`, whatever `when` says
    cleared_by     name of the BOOLEAN setting that empties the field at the end of the employment (flat), where the
                   record still holds what we wrote
    required       a value must exist (ours, or from `default_setting`) before anything is written
    required_with  required only when this other field of ours has a value ("end_date")
    required_while  required only while another field of the same record holds certain values there
    absent_while   not a value of the record at all while another of its fields holds certain values there
    locked         cannot be changed on a record that has a value
    hidden         what a person does where the system does not show it to us (a right, a permission)
    stays          with if_empty: what a person does about a value there that differs from ours
    codes          our code -> their code; None = no counterpart (the table must give one, else refused)
    table          name of the TABLE setting whose rows replace `codes`
    choices        every code of theirs that we know, to offer in the table and to check against; a record that holds
                   another one keeps it
    default_setting  setting that gives the value *in their words* when ours is empty (with `required_with`: only
                   when that other field has a value)
    enabled_by     opt-in: name of the BOOLEAN setting that switches this field on
    encode         (our value, settings) -> their value, before the limits; not used with `codes`
    finish         (their text) -> the same text as they write it, after the table and before the limits
    unless         why it should not be empty, where the system takes it so: said as a warning with every write
    clearable      whether an empty value can be written over one that we sent before
    owned          True: an empty value here always clears there (dates of the period itself);
                   False: cleared only where we wrote it, so that what a clerk filled in stays
    max_length, allowed (regular expression for the whole text), minimum, maximum, decimals: limits; a value
                   outside them is refused here, with the limit named
    """

    ours: str
    remote: str = ""
    when: When = When.ALWAYS
    corrected: bool = False
    always_by: str = ""
    cleared_by: str = ""
    required: bool = False
    required_with: str = ""
    required_while: RequiredWhile | None = None
    absent_while: AbsentWhile | None = None
    locked: Locked | None = None
    hidden: str = ""
    stays: str = ""
    codes: Mapping[str, str | None] | None = None
    table: str = ""
    choices: tuple[str, ...] = ()
    default_setting: str = ""
    enabled_by: str = ""
    encode: Callable[[Any, Mapping[str, Any]], Any] | None = None
    finish: Callable[[str], str] | None = None
    unless: str = ""
    clearable: bool = True
    owned: bool = False
    max_length: int | None = None
    allowed: str = ""
    allowed_note: str = ""
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    decimals: int | None = None
    unsupported: str = ""
    note: str = ""
    format: str = ""
    example: str = ""

    @property
    def supported(self) -> bool:
        return bool(self.remote)

    def __post_init__(self) -> None:
        if self.ours not in BY_KEY:
            raise ValueError(f"{self.ours!r} is not one of our fields")
        if bool(self.remote) == bool(self.unsupported):
            raise ValueError(f"{self.ours}: give either a remote name or the reason why there is none")


@dataclass(frozen=True, slots=True)
class Cause:
    """A stable code for why something was not written, with what a person does about it.

    `title` is a short noun phrase for the log's column, `remedy` says what to do and where.
    `{field}`, `{system}` and other named params are filled in when shown.
    """

    code: str
    title: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """The declaration of one target system. `base_urls["api"]` is the main one; every one can be overridden
    per connection. `sandbox_urls` gives each one's path below the sandbox's tenant address. A FILE system has none.
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
    settings: tuple[Setting, ...]
    fields: tuple[Field, ...]
    calls: Calls
    limits: Limits = field(default_factory=Limits)
    causes: tuple[Cause, ...] = ()
    transport: Transport = Transport.HTTP
    shows_late: float = 0.0
    moves: bool = False  # the start date of an existing period can be changed there
    move_note: str = ""
    unsynced_note: str = ""
    reads: str = ""

    def __post_init__(self) -> None:
        if len(self.matching) > 1 and NUMBERS_DIFFER not in self.settings:
            object.__setattr__(self, "settings", (*self.settings, NUMBERS_DIFFER))
        declared = [f.ours for f in self.fields]
        missing = [f.key for f in FIELDS if f.key not in declared]
        if missing or len(declared) != len(set(declared)):
            raise ValueError(f"{self.key}: declare each of our fields once; missing {missing}")
        if set(self.base_urls) != set(self.sandbox_urls):
            raise ValueError(f"{self.key}: every base URL needs its sandbox path")
        if (self.transport is Transport.HTTP) != bool(self.base_urls):
            raise ValueError(f"{self.key}: a system has base URLs if it is called over HTTP, and only then")

    def field(self, ours: str) -> Field:
        return next(f for f in self.fields if f.ours == ours)

    @property
    def kept(self) -> Kept:
        """What may be kept of a call: the values of the fields that are read or written, and of `reads`."""
        remote = (name for f in self.fields for name in _WORD.findall(f.remote))
        return Kept((*remote, *self.reads.split()))

    @property
    def required_settings(self) -> tuple[Setting, ...]:
        return tuple(s for s in (*self.credentials, *self.settings) if s.required)
