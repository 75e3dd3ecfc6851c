"""How one of our fields is taken by a system: its name there, when it is sent, its codes, limits and settings."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any

from integrations.sdk.fields import BY_KEY
from integrations.sdk.marking import gettext_noop as _
from integrations.sdk.settings import Kind, Setting, value_of


class When(StrEnum):
    ALWAYS = "always"
    ON_CREATE = "on_create"
    IF_EMPTY = "if_empty"


class Dates(StrEnum):
    """How a system dates the value of a field."""

    NONE = "none"  # not at all: another value counts from when it is written
    SINCE = "since"  # one value, with the day from which it counts; nothing of days to come
    ROWS = "rows"  # a row for each day of a change, past and to come


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
    is the switch with which the change is written all the same, with a warning that repeats `why`."""

    cause: str
    what: str
    why: str
    lifted_by: Setting | None = None


def place_table(name: str, label: str, ours: Sequence[str], places: Sequence[str], *, help: str) -> Setting:
    """The TABLE in which a customer says to which free place there each of these fields of ours goes, one field to a
    place. It is the `opt_in` of them all: sent is what has a row (`Field.place`)."""
    return Setting(
        name=name,
        label=label,
        kind=Kind.TABLE,
        rows=tuple(ours),
        row_words=tuple((key, BY_KEY[key].label, "") for key in ours),
        choices=tuple((place, place) for place in places),
        each_once=True,
        help=help,
        group=_("What is sent"),
    )


@dataclass(frozen=True, slots=True)
class Field:
    """One of our fields in this system. The settings that it names are the connection's: nothing else declares them.

    ours           key in `sdk.fields`
    remote         its name there
    when           always, only on create, only if empty there
    corrected      with on_create or if_empty: also written later where the record still holds what we wrote for the
                   same position; never when another position takes a flat record over, nor where a clerk wrote it
    of_employment  (flat) of a start date: the first day of the unbroken employment, which may be an earlier position's;
                   the position's own where `always_by` is on
    of_employee    (history) it is the employee's, there or here, one value for all periods: it is sent with the
                   position of today alone, so that none that is over or to come replaces what holds now, nor gets it
    opt_in         the setting that switches this field on: a `switch`, one without which it cannot be sent, or a
                   `place_table` with a row for it
    always_by      the switch that makes the field `always`, whatever `when` says
    cleared_by     the switch that empties the field at the end of the employment (flat), where the record still holds
                   what we wrote
    required       a value must exist (ours, or from `default_setting`) before anything is written
    required_with  required only when this other field of ours has a value ("end_date")
    required_while  required only while another field of the same record holds certain values there
    absent_while   not a value of the record at all while another of its fields holds certain values there
    locked         cannot be changed on a record that has a value
    hidden         what a person does where the system does not show it to us (a right, a permission)
    stays          with if_empty: what a person does about a value there that differs from ours
    codes          our code -> their code; None = no counterpart (the table must give one, else refused)
    table          the `code_table` whose rows replace `codes`
    dated          how its value is dated there
    undated_by     the setting, and its value, with which a connection corrects one row instead of adding another
    choices        every code of theirs that we know, with its label, to offer in the table and in `default_setting`,
                   and to check against; a record that holds another one keeps it
    default_setting  setting that gives the value *in their words* when ours is empty (with `required_with`: only
                   when that other field has a value)
    beside         further settings of the field, which only the connector reads
    placed         (settings) -> where there it goes by settings of `beside`, as an `opt_in` that is no switch says it;
                   where it goes elsewhere now, it was never written
    along          (their value, settings) -> what is written beside it by settings of `beside` and not shown with it;
                   where that is something else now, the value is written again
    encode         (our value, settings) -> their value, before the limits; not used with `codes`
    finish         (their text) -> the same text as they write it, after the table and before the limits
    unless         why it should not be empty, where the system takes it so: said as a warning with every write
    clearable      whether an empty value can be written over one that we sent before
    owned          True: an empty value here always clears there (dates of the period itself);
                   False: cleared only where we wrote it, so that what a clerk filled in stays
    max_length, allowed (regular expression for the whole text; `allowed_note` says it in words), minimum, maximum,
                   decimals: limits; a value outside them is refused here, with the limit named
    unsupported    why there is none; only `System` makes such a field, of its own `unsupported`
    """

    ours: str
    remote: str = ""
    _: KW_ONLY
    opt_in: Setting | None = None
    when: When = When.ALWAYS
    corrected: bool = False
    of_employment: bool = False
    of_employee: bool = False
    always_by: Setting | None = None
    cleared_by: Setting | None = None
    required: bool = False
    required_with: str = ""
    required_while: RequiredWhile | None = None
    absent_while: AbsentWhile | None = None
    locked: Locked | None = None
    hidden: str = ""
    stays: str = ""
    codes: Mapping[str, str | None] | None = None
    table: Setting | None = None
    dated: Dates = Dates.NONE
    undated_by: tuple[str, str] = ("", "")
    choices: tuple[tuple[str, str], ...] = ()
    default_setting: Setting | None = None
    beside: tuple[Setting, ...] = ()
    placed: Callable[[Mapping[str, Any]], Any] | None = None
    along: Callable[[Any, Mapping[str, Any]], Any] | None = None
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

    def __post_init__(self) -> None:
        if self.ours not in BY_KEY:
            raise ValueError(f"{self.ours!r} is not one of our fields")
        if bool(self.remote) == bool(self.unsupported):
            raise ValueError(f"{self.ours}: give either a remote name or the reason why there is none")
        if self.allowed and not self.allowed_note:
            raise ValueError(f"{self.ours}: say in words what is allowed")
        ours = BY_KEY[self.ours]
        self._complete("opt_in", name=f"send_{self.ours}", label=ours.send)
        self._complete("table", label=ours.several, rows=ours.codes, choices=self.choices)
        if self.choices and self.default_setting:
            offered = replace(self.default_setting, kind=Kind.CHOICE, choices=self.choices)
            object.__setattr__(self, "default_setting", offered)

    def _complete(self, place: str, **values: Any) -> None:
        """Gives the setting that stands there what it leaves open."""
        setting = getattr(self, place)
        if setting is not None:
            left_open = {name: value for name, value in values.items() if not getattr(setting, name)}
            object.__setattr__(self, place, replace(setting, **left_open))

    @property
    def supported(self) -> bool:
        return bool(self.remote)

    @property
    def settings(self) -> tuple[Setting, ...]:
        """All that it names, in the order of the form, but for `cleared_by`, which fields share."""
        lifted_by = self.locked.lifted_by if self.locked else None
        named = (self.opt_in, self.always_by, self.default_setting, self.table, *self.beside, lifted_by)
        return tuple(setting for setting in named if setting)

    def in_rows(self, settings: Mapping[str, Any]) -> bool:
        """Whether a connection with these settings keeps its values in rows by day."""
        setting, value = self.undated_by
        return self.dated is Dates.ROWS and not (setting and settings.get(setting) == value)

    def sent(self, settings: Mapping[str, Any]) -> bool:
        """Whether a connection with these settings sends it: supported, and switched on where it is opt-in."""
        return self.supported and (self.opt_in is None or bool(self.place(settings)))

    @property
    def place_is_chosen(self) -> bool:
        """Whether the customer says where there it goes, and gives that place to it alone."""
        return self.opt_in is not None and self.opt_in.kind is not Kind.BOOLEAN

    @property
    def says_more(self) -> bool:
        """Whether a write of it says more than its value: `written_as`."""
        return self.place_is_chosen or self.placed is not None or self.along is not None

    def where(self, settings: Mapping[str, Any]) -> str:
        """All that the settings say of where there it goes."""
        chosen = self.place(settings) if self.place_is_chosen else None
        return " / ".join(str(place) for place in (chosen, self.placed and self.placed(settings)) if place)

    def written_as(self, value: Any, settings: Mapping[str, Any]) -> list[str]:
        """What of a write of their value the value itself does not tell: where it goes, and what goes along."""
        along = self.along(value, settings) if self.along else None
        return [self.where(settings), "" if along is None else str(along)]

    def place(self, settings: Mapping[str, Any]) -> Any:
        """What its `opt_in` says: that it is sent, or where to."""
        chosen = value_of(self.opt_in, settings)
        if self.opt_in and self.opt_in.kind is Kind.TABLE:
            return (chosen or {}).get(self.ours)
        return chosen
