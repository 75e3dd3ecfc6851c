"""What a typed or sent value may look like, wherever it comes from: a form, the API, a file.

Each letter has one form (NFC): “é” of one character and “é” of two look alike, and neither a search nor a payroll
system would take them for the same. Control characters are no text, and digits are those of ASCII.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

_NUMBER = re.compile(r"[+-]?\d{1,40}(?:\.\d{0,40})?", re.ASCII)
_IN_LINES = frozenset("\n\r\t")
# Controls, ends of a line or paragraph; beside them, what no XML document holds.
_CATEGORIES = frozenset({"Cc", "Zl", "Zp"})
_IN_NO_XML = frozenset("\ufffe\uffff")
# The same as classes of regular expressions that every dialect reads, for the OpenAPI document: what no line holds, and
# what no text of several lines holds.
_NO_LINE = r"\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff"
_NO_LINES = _NO_LINE.replace(r"\x00-\x1f", r"\x00-\x08\x0b\x0c\x0e-\x1f")
ONE_LINE = f"^[^{_NO_LINE}]*$"
SOME_LINE = f"^[^{_NO_LINE}]*[^{_NO_LINE}\\s][^{_NO_LINE}]*$"  # and not blank
TRIMMED_LINE = f"^[^{_NO_LINE}\\s]([^{_NO_LINE}]*[^{_NO_LINE}\\s])?$"  # nor with blanks at its ends
SEVERAL_LINES = f"^[^{_NO_LINES}]*$"

NO_ADDRESS = gettext_lazy("This is no e-mail address. Write it as kari@example.com.")


def composed(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def control_character(text: str, *, lines: bool = False) -> str:
    """The first one, as “U+0007”; "" when there is none. `lines`: a text of several lines, which ends them."""
    if text.isascii() and text.isprintable():
        return ""
    for character in text:
        refused = character in _IN_NO_XML or unicodedata.category(character) in _CATEGORIES
        if refused and not (lines and character in _IN_LINES):
            return f"U+{ord(character):04X}"
    return ""


def one_line(text: str) -> None:
    """A validator, for models and the API."""
    _refuse(control_character(text))


def several_lines(text: str) -> None:
    _refuse(control_character(text, lines=True))


def _refuse(found: str) -> None:
    if found:
        words = _("Remove the control character {found}: it is no text, and no system takes it.").format(found=found)
        raise ValidationError(words, "control_characters")


def plain_number(text: str) -> Decimal | None:
    """The number that was written as 80, 37.5 or -1; None for any other form (8_0, ٨٠, 1e3). -0 is 0."""
    if _NUMBER.fullmatch(text.strip()) is None:
        return None
    return Decimal(text.strip()) + 0
