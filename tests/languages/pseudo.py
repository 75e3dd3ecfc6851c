"""A language in which everything that can be said in it stands in ⟦brackets⟧, and a reader of pages that finds what
does not. It takes the place of Norwegian, so that dates and numbers are written as there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from html.parser import HTMLParser

import pytest
from django.utils.translation import trans_real

from tests.languages.catalogs import catalogs

LANGUAGE = "nb"
_CONTEXT = trans_real.CONTEXT_SEPARATOR
# Elements whose text is no sentence of ours: what programs read, glyphs of the icon font, and secrets and codes.
_SILENT = {"script", "style", "code", "pre", "output", "textarea", "template"}
_BLOCKS = {
    *(
        "p",
        "li",
        "td",
        "th",
        "div",
        "h1",
        "h2",
        "h3",
        "h4",
        "button",
        "option",
        "tr",
        "dt",
        "dd",
        "label",
        "title",
        "a",
    ),
    *(
        "summary",
        "legend",
        "section",
        "header",
        "main",
        "aside",
        "nav",
        "ul",
        "ol",
        "dl",
        "table",
        "form",
        "blockquote",
    ),
}
_ATTRIBUTES = ("title", "placeholder", "aria-label", "alt", "data-ig-busy", "data-placeholder")
_VOID = {"input", "br", "img", "meta", "link", "hr", "source", "col", "wbr", "path", "line", "rect", "stop"}


@cache
def _known() -> frozenset[str]:
    """All that has an entry in our catalogs or in Django's own."""
    found = set()
    for context, message in catalogs.wanted():
        for one in (message,) if isinstance(message, str) else message:
            found.add(f"{context}{_CONTEXT}{one}" if context else one)
    for message in catalogs._known(LANGUAGE):
        for one in (message.id,) if isinstance(message.id, str) else message.id:
            found.add(f"{message.context}{_CONTEXT}{one}" if message.context else one)
    return frozenset(found)


class _Pseudo:
    def __init__(self) -> None:
        self.plural = lambda number: int(number != 1)

    def gettext(self, text: str) -> str:
        return f"⟦{text.rpartition(_CONTEXT)[2]}⟧" if text in _known() and text.strip() else text

    def ngettext(self, one: str, several: str, number: int) -> str:
        return self.gettext(one if number == 1 else several)

    def language(self) -> str:
        return LANGUAGE

    def to_language(self) -> str:
        return LANGUAGE


@contextmanager
def installed() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(vars(trans_real)["_translations"], LANGUAGE, _Pseudo())
        yield


class _Reader(HTMLParser):
    """Collects what is read of a page: (where, text), an element's text as a whole."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._open: list[tuple[str, bool]] = []
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in _BLOCKS:
            self._end()
        for name in _ATTRIBUTES:
            if given.get(name):
                self.found.append((f"{tag} {name}", given[name]))
        if tag == "input" and given.get("type") in ("submit", "button"):
            self.found.append(("input value", given.get("value", "")))
        if tag not in _VOID:
            glyph = "material-symbols-outlined" in given.get("class", "")
            self._open.append((tag, tag in _SILENT or glyph or ("lang" in given and tag != "html")))

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self._end()
        while self._open:
            name, _silent = self._open.pop()
            if name == tag:
                break

    def handle_data(self, data: str) -> None:
        if not any(silent for _, silent in self._open):
            self._text.append(data)

    def _end(self) -> None:
        text, self._text = " ".join("".join(self._text).split()), []
        if text:
            self.found.append((self._open[-1][0] if self._open else "", text))


def outside(text: str) -> str:
    """What of it stands in no brackets; a bracket that was cut off ends with the text."""
    kept, depth = [], 0
    for character in text:
        if character == "⟦":
            depth += 1
        elif character == "⟧":
            depth = max(0, depth - 1)
            kept.append("⟧" if not depth else "")
        elif not depth:
            kept.append(character)
    return "".join(kept)


def english(page: str, data: re.Pattern[str]) -> list[tuple[str, str, str]]:
    """(where, words, all of the text) of what stands outside the brackets and is not `data`."""
    reader = _Reader()
    reader.feed(page)
    reader._end()
    left = [(where, data.sub(" ", outside(text)), text) for where, text in reader.found]
    return [(where, " ".join(words.split()), text) for where, words, text in left if re.search(r"[^\W\d_]{2,}", words)]
