"""What stands in a cell: read as people in the organization's country write it, and written so that they read it.

Each kind of value reads a cell into what the API takes (dates as 2026-12-01, numbers as 37.5, codes), raising
ValueError with a sentence; and shows a stored value as a cell, of which reading gives the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Choices
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from positions import spreadsheets
from positions.privacy.national_ids import masked_strictly
from positions.text import composed, plain_number

# What a file holds: text; of a workbook also numbers and days.
Cell = str | int | float | bool | date

_BLANKS = re.compile(r"[\s\u00a0\u202f]+")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
_DAY_FIRST = re.compile(r"(\d{1,2})[.\-](\d{1,2})[.\-](\d{4})\.?", re.ASCII)
# Countries that write the year first.
_YEAR_FIRST = {"SE"}

YES = gettext_noop("yes")
NO = gettext_noop("no")
# As the four countries and their spreadsheets write them, whatever the reader's language.
_YES = frozenset({"yes", "y", "true", "1", "x", "ja", "j", "kyllä", "k", "sant", "sann", "sand", "tosi"})
_NO = frozenset({"no", "n", "false", "0", "nei", "nej", "ei", "e", "usant", "falskt", "falsk", "epätosi"})


def plain(text: object) -> str:
    """As words are compared: without case, and with one blank where there are some, or a hyphen or underscore."""
    return _BLANKS.sub(" ", re.sub(r"[_\-*]", " ", composed(str(text)))).strip().casefold()


def quoted(text: str) -> str:
    """A cell in a sentence: its beginning, without the national id that somebody has put into another column."""
    return masked_strictly(text)[:60]


def languages() -> list[str]:
    """Those that the product is translated into, and its own."""
    folders = [folder for path in settings.LOCALE_PATHS for folder in Path(path).iterdir() if folder.is_dir()]
    return [*sorted({translation.to_language(folder.name) for folder in folders} - {"en"}), "en"]


def in_all_languages(text: object) -> set[str]:
    """A lazy text in each language, plain."""
    found = {plain(text)}
    for language in languages():
        with translation.override(language):
            found.add(plain(text))
    return found


def shown_day(day: date, country: str) -> str:
    return day.isoformat() if country in _YEAR_FIRST else f"{day:%d.%m.%Y}"


def text_of(cell: Any, country: str) -> str:
    """A cell as text, as somebody would type it there."""
    if isinstance(cell, date):
        return shown_day(cell, country)
    if isinstance(cell, Decimal):
        return _plain(cell).replace(".", ",")
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


@dataclass(frozen=True)
class Text:
    """Text, and codes and numbers that are text: 0042 stays 0042."""

    def read(self, cell: Cell, country: str) -> Any:
        if isinstance(cell, date | bool):
            raise ValueError(_("The spreadsheet has made a date or a yes of this. Format the cell as text."))
        return self.stored(spreadsheets.unguarded(text_of(cell, country)))

    def stored(self, value: Any) -> Any:
        """A stored value as reading gives it."""
        return composed(str(value or "")).replace("\r\n", "\n").strip() or None

    def show(self, value: Any, country: str) -> Any:
        return value or ""


@dataclass(frozen=True)
class Day:
    def read(self, cell: Cell, country: str) -> str:
        if isinstance(cell, datetime):
            cell = cell.date()
        if isinstance(cell, date):
            return cell.isoformat()
        text = str(cell).strip()
        if found := _ISO.fullmatch(text):
            year, month, day = found.groups()
        elif found := _DAY_FIRST.fullmatch(text):
            day, month, year = found.groups()
        else:
            example = shown_day(date(2026, 12, 1), country)
            words = _("“%(text)s” is not a date. Write it as %(example)s.")
            raise ValueError(words % {"text": quoted(text), "example": example})
        try:
            return date(int(year), int(month), int(day)).isoformat()
        except ValueError:
            raise ValueError(_("There is no day %(text)s in the calendar.") % {"text": quoted(text)}) from None

    def stored(self, value: Any) -> Any:
        return value.isoformat() if value else None

    def show(self, value: Any, country: str) -> Any:
        return value or ""


@dataclass(frozen=True)
class Number:
    percent: bool = False

    def read(self, cell: Cell, country: str) -> str:
        text = _BLANKS.sub("", text_of(cell, country))
        said = self.percent and text.endswith("%")
        if said:
            text = text.removesuffix("%")
        number = None if isinstance(cell, bool | date) else plain_number(text.replace(",", ".", 1))
        if number is None:
            words = _("“%(text)s” is not a number. Write it as %(example)s.")
            raise ValueError(words % {"text": quoted(text), "example": "37,5"})
        if self.percent and not said and 0 < number <= 1:
            # A share (0.8), or what a spreadsheet's own per cent look like when they lose their format.
            words = _("%(text)s could mean %(many)s %% or %(few)s %%. Write the one that you mean with its %% sign.")
            plain_text = _plain(number)
            raise ValueError(words % {"text": text, "many": _plain(number * 100), "few": plain_text})
        return _plain(number)

    def stored(self, value: Any) -> Any:
        return None if value is None else _plain(Decimal(value))

    def show(self, value: Any, country: str) -> Any:
        if value is None:
            return ""
        number = Decimal(value)
        if self.percent and 0 < number <= 1:
            return f"{_plain(number)} %".replace(".", ",")
        return number


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}" if number else "0"


@dataclass(frozen=True)
class Choice:
    """A code, or what it is called in any of our languages."""

    codes: type[Choices]

    def read(self, cell: Cell, country: str) -> str:
        text = text_of(cell, country)
        code = _codes(self.codes).get(plain(text))
        if code is None:
            words = _("“%(text)s” is not one of: %(choices)s.")
            raise ValueError(words % {"text": quoted(text), "choices": ", ".join(map(str, self.codes.labels))})
        return code

    def stored(self, value: Any) -> Any:
        return value or None

    def show(self, value: Any, country: str) -> Any:
        return str(dict(self.codes.choices)[value]) if value in self.codes.values else value or ""


@lru_cache
def _codes(codes: type[Choices]) -> dict[str, str]:
    """Word -> code; a code is its own word, whatever another one is called."""
    labels: Iterable[tuple[Any, Any]] = codes.choices
    found = {word: str(code) for code, label in labels for word in in_all_languages(label)}
    return found | {plain(code): str(code) for code in codes.values}


@dataclass(frozen=True)
class YesNo:
    def read(self, cell: Cell, country: str) -> bool:
        word = plain(text_of(cell, country))
        if word in _YES | in_all_languages(translation.gettext_lazy(YES)):
            return True
        if word in _NO | in_all_languages(translation.gettext_lazy(NO)):
            return False
        words = _("“%(text)s” is neither %(yes)s nor %(no)s.")
        raise ValueError(words % {"text": quoted(word), "yes": _(YES), "no": _(NO)})

    def stored(self, value: Any) -> Any:
        return value

    def show(self, value: Any, country: str) -> Any:
        return _(YES) if value else _(NO)
