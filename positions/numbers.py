"""Numbers in sentences, and what is said of one that was written wrongly."""

from __future__ import annotations

from typing import Any

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy


def figure(number: int) -> str:
    """Its digits grouped as the reader's language does: "12,400", or "12 400"."""
    return number_format(number, force_grouping=True)


def too_long(limits: str | Promise) -> dict[str, Any]:
    """For a field of two decimals: what is said in place of how many digits a number has. `limits`: from where to where
    it lies, as a sentence."""
    said = format_lazy("{} {}", limits, gettext_lazy("Write two decimals at most."))
    return dict.fromkeys(("max_digits", "max_decimal_places", "max_whole_digits"), said)
