"""Plain values out of what systems answer, whatever stands there."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from integrations.sdk import texts
from integrations.sdk.errors import UnavailableError

LONGEST_NUMBER = 40  # characters, and digits before or after the point
# Programs write the ends of their calendars where there is no date: 0001-01-01, 1753-01-01, 1899-12-30, 1900-01-01,
# 9999-12-31, and databases 0000-00-00. Nobody's employment begins or ends in these years.
FIRST_YEAR, LAST_YEAR, NOTHING = 1901, 9998, "0000-00-00"


def text_of(value: Any) -> str | None:
    """Without blanks around it; None for nothing but blanks."""
    return None if value is None else str(value).strip() or None


def email_of(value: Any) -> str:
    """To compare by: in small letters, "" without one."""
    return (text_of(value) or "").lower()


def digits_of(value: Any) -> str:
    """The digits alone, of an organization number or a national id in any spelling."""
    return re.sub(r"[^0-9]", "", str(value or ""))


def number_of(value: Any, *, comma: bool = False) -> Decimal | None:
    """`comma`: it may be written with one in the place of the point. None for what is no number, or none that anybody's
    working hours or percentage could be: one of three million digits, or 1e999999999, is dear to compare and impossible
    to write down."""
    text = str(value).strip()
    if comma:
        text = text.replace(",", ".")
    try:
        number = Decimal(text) if len(text) <= LONGEST_NUMBER else None
    except InvalidOperation:
        return None
    plausible = number is not None and number.is_finite() and abs(number.adjusted()) <= LONGEST_NUMBER
    return number if plausible else None


def date_of(value: Any) -> date | None:
    """The day of a date with or without a time; None for anything else, and for what stands for "no date"."""
    try:
        day = date.fromisoformat(str(value or "")[:10])
    except ValueError:
        return None
    return day if FIRST_YEAR <= day.year <= LAST_YEAR else None


def sure_date(value: Any) -> date | None:
    """As `date_of`, for periods: one whose date cannot be read must not look open. Raises UnavailableError."""
    text = str(value or "")[:10]
    if not text.strip() or text == NOTHING:
        return None
    try:
        date.fromisoformat(text)
    except ValueError:
        raise UnavailableError(texts.BAD_DATE(), vendor_text=str(value)[:100]) from None
    return date_of(value)
