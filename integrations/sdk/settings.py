"""What a connection is asked for: the credentials and settings that a system declares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from integrations.sdk.marking import gettext_noop as _


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
    not our codes. `choices` are (value, label); for a TABLE they are their codes. `each_once`: no two of its rows may
    have the same one.
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
    each_once: bool = False
    pattern: str = ""
    example: str = ""
    group: str = _("Defaults")


def switch(
    name: str = "", label: str = "", *, on: bool = False, help: str = "", group: str = _("What is sent")
) -> Setting:
    """A BOOLEAN. As a field's `opt_in`, it need not be named: `send_title`, "Send the title"."""
    return Setting(name=name, label=label, kind=Kind.BOOLEAN, default=on, help=help, group=group)


def code_table(
    name: str, label: str = "", *, help: str = "", pattern: str = "", example: str = "", group: str = _("Translation")
) -> Setting:
    """The TABLE that gives their code for each of ours. The field that declares it fills in its rows and choices, and
    the label ("Contract types") where it has none of its own."""
    return Setting(name=name, label=label, kind=Kind.TABLE, help=help, pattern=pattern, example=example, group=group)


def value_of(setting: Setting | None, settings: Mapping[str, Any]) -> Any:
    """What a connection's settings hold for it; None where no such setting is declared."""
    return settings.get(setting.name) if setting else None


# Declared here for every system that can look for people by more than their number.
NUMBERS_DIFFER = Setting(
    name="numbers_differ",
    label=_("Employee numbers there differ from ours on purpose"),
    kind=Kind.BOOLEAN,
    default=False,
    help=_("People are then found by national id or e-mail, and another number there does not speak against a match."),
    group=_("Matching"),
)
