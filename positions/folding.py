"""Names as they are searched for: without regard to case, accents and how a character was composed."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

LONGEST = 100  # characters of a word that are searched
MOST_SOUGHT = 10  # words of one search: each is a condition of its own

# Letters of their own, which no decomposition takes apart, and the many apostrophes and hyphens.
_LETTERS = str.maketrans(
    {
        **{"ø": "o", "æ": "ae", "œ": "oe", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i", "ħ": "h", "ŧ": "t"},
        **dict.fromkeys("’‘ʼ", "'"),
        **dict.fromkeys("‐‑‒–—", "-"),
    }
)


def fold(text: str) -> str:
    """“ÅSE”, “åse” and “ase” are “ase”; ø is o, æ is ae, ß is ss. Doing it twice changes nothing."""
    plain = unicodedata.normalize("NFKD", text.translate(_LETTERS).casefold()).casefold()
    return "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c)).translate(_LETTERS)


def sought(text: str) -> list[str]:
    """What somebody typed, as words that are searched for: the first ten, as they are written."""
    return [word[:LONGEST] for word in text.split()[:MOST_SOUGHT]]


def terms(text: str) -> list[str]:
    """What somebody typed, as words of which each must begin a word of the person."""
    return [word.strip("\"'") or word for word in sought(fold(text))]


def words(*texts: str, email: str = "") -> set[str]:
    """The words under which a person with these names and numbers is found: each from every place where a part of it
    begins, so that “Anne-Marie” is found by “anne-m” and “marie”. Of an e-mail address only the part before the @
    has parts: everybody shares the other."""
    found = {part for text in texts for word in fold(text).split() for part in _parts(word, len(word))}
    for word in fold(email).split():
        found.update(_parts(word, word.find("@") % (len(word) + 1)))
    return {part[:LONGEST] for part in found}


def _parts(word: str, until: int) -> Iterator[str]:
    yield word
    for at in range(1, until):
        if word[at].isalnum() and not word[at - 1].isalnum():
            yield word[at:]
