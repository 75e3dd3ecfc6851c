"""Numbers in words: "1,042 positions"."""

from __future__ import annotations

from django.utils.translation import ngettext

from positions.numbers import figure


def changes(number: int) -> str:
    return ngettext("{number} change", "{number} changes", number).format(number=figure(number))


def positions(number: int) -> str:
    return ngettext("{number} position", "{number} positions", number).format(number=figure(number))


def entries(number: int) -> str:
    return ngettext("{number} entry", "{number} entries", number).format(number=figure(number))


def attempts(number: int) -> str:
    return ngettext("{number} attempt", "{number} attempts", number).format(number=figure(number))


def minutes(number: int) -> str:
    return ngettext("{number} minute", "{number} minutes", number).format(number=figure(number))


def hours(number: int) -> str:
    return ngettext("{number} hour", "{number} hours", number).format(number=figure(number))


def days(number: int) -> str:
    return ngettext("{number} day", "{number} days", number).format(number=figure(number))


def employees(number: int) -> str:
    return ngettext("{number} employee", "{number} employees", number).format(number=figure(number))


def tries(number: int) -> str:
    return ngettext("{number} try", "{number} tries", number).format(number=figure(number))
