"""What others wrote, made fit for any database and any page: the one place for foreign text on its way in, and once
more before it is stored.

PostgreSQL takes no NUL, and neither database takes half of a surrogate pair: one such character in one employee's
answer would otherwise take the results of everybody who is stored with it along.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from positions.nesting import DEEPEST

LONGEST_ID = 120
_UNFIT = re.compile("[\x00\ud800-\udfff]")
_JSON = json.JSONEncoder(ensure_ascii=False, allow_nan=False)
UNFIT_SIGN = "\ufffd"  # what Unicode has for a character that could not be read


def storable(text: str) -> str:
    """The same text with U+FFFD for each character that no database takes."""
    if text.isascii():
        return text.replace("\0", UNFIT_SIGN)
    return _UNFIT.sub(UNFIT_SIGN, text)


def fit_id(remote_id: str) -> bool:
    """Whether an id can be kept as it is: a shortened or mended one would be the id of something else."""
    return len(remote_id) <= LONGEST_ID and storable(remote_id) == remote_id


def storable_value(value: Any, longest: int = 0, levels: int = DEEPEST) -> Any:
    """A value of JSON with all of its texts and keys made storable, and its texts cut after `longest` characters (0:
    none is). What is nested deeper than `levels` becomes "…"; numbers that JSON does not know become texts."""
    text = _plain(value)
    if text is not None and _fits(text, longest, levels):
        return json.loads(text)
    return _mended(value, longest, levels)


class Encoded(str):
    """A value of JSON as its text, for a column that takes it so."""


def storable_json(value: Any, longest: int = 0) -> Encoded:
    """The same as the text that is stored."""
    text = _plain(value)
    if text is not None and text.isascii() and _fits(text, longest, DEEPEST):
        return Encoded(text)
    return Encoded(json.dumps(storable_value(value, longest)))


def _plain(value: Any) -> str | None:
    """The value as JSON; None where it is not one."""
    try:
        return _JSON.encode(value)
    except (TypeError, ValueError, RecursionError):
        return None


def _fits(text: str, longest: int, levels: int) -> bool:
    """Whether nothing of it has to be mended, as is nearly always so, by looks that take a tenth of the time of a walk.
    False where they do not tell."""
    if text.count("{") + text.count("[") > levels or "\\u0000" in text:
        return False
    if not text.isascii() and _UNFIT.search(text):
        return False
    return not longest or len(text) <= longest or ("\\" not in text and max(map(len, text.split('"'))) <= longest)


def _mended(value: Any, longest: int, levels: int) -> Any:
    if isinstance(value, str):
        text = storable(value)
        return text[:longest] if longest else text
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if levels <= 0:
        return "…"
    if isinstance(value, dict):
        return {storable(str(k)): _mended(v, longest, levels - 1) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_mended(v, longest, levels - 1) for v in value]
    return _mended(str(value), longest, levels)
