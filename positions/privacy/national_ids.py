"""Finds national ids in any text by their form, and by a check digit where the form alone would mean other numbers too.

Norway        DDMMYYnnnnn, as one number or with blanks or a sign after the date, also DD.MM.YYYY-nnnnn; D-numbers (day
              + 40), H-numbers and synthetic ones (month + 20, 40, 65, 80)
Sweden        (YY)YYMMDD-nnnn or +nnnn; as ten or twelve digits with the check digit; coordination numbers (day + 60)
Finland       DDMMYYsnnnc with any separator s that is in use: - + A to F, U to Y
Denmark       DDMMYY-nnnn; as ten digits with the check digit, which only some people born on 1 January lack

Who quotes a number most often quotes a wrong one, so that a check digit is asked for only where a date is not enough.
"""

from __future__ import annotations

import re
from collections.abc import Callable

MASK = "•••"

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I)
_QUOTES = re.compile(r'(?<!\\)(?:\\\\)*"')
# Not within a longer number, and not a part of 1.02 or of 12-345678; but at the end of a sentence.
_BLANK = r"[ \u00a0\u202f]"
_BETWEEN = rf"(?:{_BLANK}{{0,2}}|{_BLANK}?[\-‐‑–—./]{_BLANK}?)"  # what people write between the date and the rest
# Behind a letter it stands as fnr01019012345 or SE199001010017, or behind what JSON writes for the end of a line
# (whether the letters begin there, `_fits` sees). In an address, %20 is before it.
_BEFORE = r"(?=\d{6})(?:(?<![0-9%])(?:(?<!\d[.\-])|(?<=\d{11}[.\-]))|(?<=%[0-9A-F]{2})|(?<=\\u[0-9a-f]{4}))"
_AFTER = r"(?![0-9A-Za-z]|[.\-]\d(?!\d{10}(?!\d)))"  # but two of them in a row are two
_FOUND = re.compile(
    rf"{_BEFORE}(?:"
    rf"(?P<norway>\d{{6}}{_BETWEEN}\d{{5}})"
    r"|(?P<finland>\d{6}[A-FU-Y]\d{3}[0-9A-FHJ-NPR-Y]|\d{6}[-+–]\d{3}[A-FHJ-NPR-Y])"
    rf"|(?P<signed>(?:(?:18|19|20)\d{{2}}|\d{{2}})\d{{4}}{_BLANK}?[-+‐‑–]{_BLANK}?\d{{4}})"
    rf"|(?P<twelve>(?:18|19|20)\d{{6}}{_BLANK}{{0,2}}\d{{4}})"
    rf"|(?P<ten>\d{{6}}{_BLANK}{{0,2}}\d{{4}})"
    rf"){_AFTER}",
    re.I,
)
_DATED = re.compile(  # 01.01.1990-12345
    rf"(?<![0-9A-Za-z./])(?P<norway>\d\d[./]\d\d[./](?:18|19|20)?\d\d{_BLANK}?[\-–]{_BLANK}?\d{{5}})(?![0-9A-Za-z])"
)
_DECIMAL = re.compile(r"(?<!\d)\d+\.\d+")
_FIVE = re.compile(r"\d{5}")  # no number that is looked for has fewer in a row: most texts are through here
_LETTERS = re.compile(r"(?:\\(?:[bfnrt]|u[0-9a-f]{4})|(?<![^\W_])[^\W\d_]{1,20})\Z", re.I)
_ELEVEN = re.compile(r"(?=\d{11})(?<!\d)(?<!\d[.\-])\d{11}(?!\d|[.\-]\d)")

_ADDED_TO_DAY = (0, 40)
_ADDED_TO_MONTH = (0, 20, 40, 65, 80)


def masked(text: str) -> str:
    """The same text with every national id replaced. Other numbers stay readable."""
    if not _FIVE.search(text):
        return text
    for pattern in (_FOUND, _DATED):
        mask = _Masking(text)
        text = pattern.sub(lambda found, mask=mask: mask(found) if _fits(found) else found[0], text)  # type: ignore[misc]
    return text


def masked_strictly(text: str) -> str:
    """Also every other number of eleven digits: bank accounts, and national ids with any slip of the pen."""
    if not _FIVE.search(text):
        return text
    text = masked(text)
    return _ELEVEN.sub(_Masking(text), text)


def _fits(found: re.Match[str]) -> bool:
    start = found.start()
    if found.string[start - 1 : start].isalpha() and not _LETTERS.search(found.string[max(0, start - 25) : start]):
        return False
    return _RULES[found.lastgroup or ""](re.sub(r"[^0-9A-Za-z]", "", found[0]))


class _Masking:
    """What stands in the place of each number of one text, from its first to its last: the quote signs before a number
    are counted on from the one before."""

    def __init__(self, text: str) -> None:
        self._json = text.lstrip()[:1] in ("{", "[")
        self._quotes = self._counted = 0

    def __call__(self, found: re.Match[str]) -> str:
        """A number of a JSON body becomes a text, so that the body can still be read; below zero it is nobody's."""
        if _in_uuid(found):
            return found[0]
        if not self._json:
            return MASK
        text, start = found.string, found.start()
        self._quotes += len(_QUOTES.findall(text, self._counted, start))
        self._counted = start
        if self._quotes % 2:
            return MASK
        if found[0].isdigit():
            return found[0] if text[start - 1] == "-" else f'"{MASK}"'
        return found[0] if _DECIMAL.fullmatch(found[0]) else MASK  # else it is no JSON, but begins like it


def _in_uuid(match: re.Match[str]) -> bool:
    around = match.string[max(0, match.start() - 36) : match.end() + 36]
    return any(match[0] in uuid for uuid in _UUID.findall(around))


def _day_and_month(day: str, month: str, days: tuple[int, ...], months: tuple[int, ...] = (0,)) -> bool:
    return any(1 <= int(day) - d <= 31 for d in days) and any(1 <= int(month) - m <= 12 for m in months)


def _norwegian(digits: str) -> bool:
    return _day_and_month(digits[:2], digits[2:4], _ADDED_TO_DAY, _ADDED_TO_MONTH)


def _finnish(text: str) -> bool:
    return _day_and_month(text[:2], text[2:4], (0,))


def _swedish(digits: str) -> bool:
    """Ten digits that begin with a date; organization numbers have a "month" of 20 and more."""
    return _day_and_month(digits[4:6], digits[2:4], (0, 60))


def _danish(digits: str) -> bool:
    return _day_and_month(digits[:2], digits[2:4], (0, 60))


def _signed(digits: str) -> bool:
    ten = digits[-10:]
    return _swedish(ten) or (len(digits) == 10 and _danish(ten))


def _twelve(digits: str) -> bool:
    return _swedish(digits[2:]) and luhn(digits[2:])


def _ten(digits: str) -> bool:
    return (_swedish(digits) and luhn(digits)) or (_danish(digits) and (digits[:4] == "0101" or _modulus_11(digits)))


def luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of the others."""
    doubled = (int(d) * (2 if i % 2 else 1) for i, d in enumerate(reversed(digits)))
    return sum(d // 10 + d % 10 for d in doubled) % 10 == 0


def _modulus_11(digits: str) -> bool:
    return sum(int(d) * w for d, w in zip(digits, (4, 3, 2, 7, 6, 5, 4, 3, 2, 1), strict=True)) % 11 == 0


_RULES: dict[str, Callable[[str], bool]] = {
    "norway": _norwegian,
    "finland": _finnish,
    "signed": _signed,
    "twelve": _twelve,
    "ten": _ten,
}
