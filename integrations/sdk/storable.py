"""What others wrote, made fit for any database and any page: the one place for foreign text on its way in, and once
more before it is stored.

PostgreSQL takes no NUL, and neither database takes half of a surrogate pair: one such character in one employee's
answer would otherwise take the results of everybody who is stored with it along.
"""

from __future__ import annotations

import math
import re
from typing import Any

from positions.nesting import DEEPEST

LONGEST_ID = 120
_UNFIT = re.compile("[\x00\ud800-\udfff]")
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
        return {storable(str(k)): storable_value(v, longest, levels - 1) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [storable_value(v, longest, levels - 1) for v in value]
    return storable_value(str(value), longest)
