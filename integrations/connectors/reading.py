"""Plain values out of what systems answer, whatever stands there."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from integrations.connectors.errors import Unavailable


def text_of(value: Any) -> str | None:
    """Without blanks around it; None for nothing but blanks."""
    return None if value is None else str(value).strip() or None


def email_of(value: Any) -> str:
    """To compare by: in small letters, "" without one."""
    return (text_of(value) or "").lower()


def digits_of(value: Any) -> str:
    """The digits alone, of an organization number or a national id in any spelling."""
    return re.sub(r"[^0-9]", "", str(value or ""))


def number_of(value: Any) -> Decimal | None:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def date_of(value: Any) -> date | None:
    """The day of a date with or without a time; None for anything else."""
    try:
        return date.fromisoformat(str(value or "")[:10])
    except ValueError:
        return None


def sure_date(value: Any) -> date | None:
    """As `date_of`, for periods: one whose date cannot be read must not look open. Raises Unavailable."""
    day = date_of(value)
    if value and day is None:
        raise Unavailable("It gave a date that cannot be read.", vendor_text=str(value)[:100])
    return day
