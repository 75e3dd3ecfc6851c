"""What is said of names that nobody knows: of fields, of query parameters, and in them."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable
from itertools import islice

from django.utils.translation import gettext
from django.utils.translation import gettext as _
from rest_framework.exceptions import ErrorDetail
from rest_framework.settings import api_settings

from positions.numbers import figure

# Of the unknown names in one body or address: so many are told what was probably meant, which takes long, and so many
# are named at all.
HINTED = 5
NAMED = 20
_QUOTED = 60  # characters of a name that are said again


def unknown(name: str, allowed: Iterable[str], what: str, *, hinted: bool = True, listed: bool = True) -> str:
    """The sentence for a name that nobody knows; `hinted`: with what was probably meant, and (`listed`) all names."""
    short = name if len(name) <= _QUOTED else f"{name[:_QUOTED]}…"
    sentence = _("There is no {what} “{short}”.").format(what=gettext(what), short=short)
    if not hinted:
        return sentence
    names = sorted(allowed)
    near = difflib.get_close_matches(name, names, n=1) if short == name else []
    hint = _("Did you mean “{name}”?").format(name=near[0]) if near else ""
    known = _("Known: {names}.").format(names=", ".join(names)) if names and listed else ""
    return " ".join(part for part in (sentence, hint, known) if part)


class Unknown:
    """Says of names that nobody knows what is wrong with them, of the first ones in detail."""

    def __init__(self, what: str, code: str) -> None:
        self._what, self._code = what, code
        self._hints = HINTED

    def errors(self, names: Collection[str], allowed: Iterable[str]) -> dict[str, list[ErrorDetail]]:
        found: dict[str, list[ErrorDetail]] = {}
        for name in islice(names, NAMED):
            words = unknown(name, allowed, self._what, hinted=self._hints > 0)
            self._hints -= 1
            found[name] = [ErrorDetail(words, self._code)]
        if len(names) > NAMED:
            words = _("There are {value} more names that are no {what}.").format(
                value=figure(len(names) - NAMED), what=gettext(self._what)
            )
            found[api_settings.NON_FIELD_ERRORS_KEY] = [ErrorDetail(words, self._code)]
        return found
