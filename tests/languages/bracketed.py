"""A language for tests of words alone: each text that is looked up is put between ⟦ and ⟧, in a catalog or not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from django.utils.translation import trans_real


class _Brackets(trans_real.DjangoTranslation):
    def __init__(self) -> None:  # no catalog is read
        self._DjangoTranslation__language = self._DjangoTranslation__to_language = "en-gb"

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"⟦{msgid1 if n == 1 else msgid2}⟧"


@contextmanager
def bracketed() -> Iterator[None]:
    """Whatever is said inside is said in it."""
    with patch.object(trans_real._active, "value", _Brackets(), create=True):  # type: ignore[attr-defined]
        yield
