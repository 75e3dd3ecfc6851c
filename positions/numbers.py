"""Numbers in sentences."""

from __future__ import annotations

from django.utils.formats import number_format


def figure(number: int) -> str:
    """Its digits grouped as the reader's language does: "12,400", or "12 400"."""
    return number_format(number, force_grouping=True)
