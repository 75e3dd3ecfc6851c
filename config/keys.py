"""Which keys are too weak to sign or encrypt with: whoever guesses one reads or forges everything."""

from __future__ import annotations

import re

BITS = 256
_PLACEHOLDERS = ("change", "example", "secret", "insecure", "replace", "password", "placeholder")
# What a key looks like -> the bits that each of its characters holds if it is random; of words, what English holds.
_HOLDS = (
    (re.compile(r".*\s.*|[a-z._-]+|[A-Z._-]+", re.DOTALL), 1.5),
    (re.compile(r"[0-9a-f]+|[0-9A-F]+"), 4.0),
    (re.compile(r"[a-z0-9]+|[A-Z0-9]+"), 5.0),
)
_OTHERS_HOLD = 6.0
# Powers of ten that zxcvbn needs to guess it; it looks for repetitions, sequences, keys side by side and words. Random
# ones of 256 bits need more than 40. It takes ever longer for longer ones, and what is left out only adds.
_GUESSES = 30
_LOOKED_AT = 64


def weakness(key: str) -> str:
    """Why the key is too weak, as what follows its name in a sentence; "" when it is not. Nothing of it is quoted."""
    key = key.strip()
    bits = next((bits for pattern, bits in _HOLDS if pattern.fullmatch(key)), _OTHERS_HOLD)
    if len(key) * bits < BITS:
        return f"holds fewer than {BITS // 8} random bytes"
    if any(word in key.lower() for word in _PLACEHOLDERS):
        return "is a placeholder"
    # It takes a moment to load, and most processes ask for no key's strength.
    from zxcvbn import zxcvbn  # noqa: PLC0415

    if zxcvbn(key[:_LOOKED_AT])["guesses_log10"] < _GUESSES:
        return "repeats itself or follows a pattern"
    return ""
