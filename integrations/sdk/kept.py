"""What of a call's address and bodies may be kept: the values that its connector declares, and the words of a refusal.

A target answers with much more than the position: pay, tax, addresses, families, health. So what is kept is a list of
what may stay, not of what must go: names stay, so that an answer's form can be read, and every value goes whose name,
or the name of anything around it, is not among those declared (`System.kept`).
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote_plus, urlsplit
from xml.etree.ElementTree import Element, tostring

from defusedxml.ElementTree import fromstring

from positions.nesting import DEEPEST, shallow

NOT_KEPT = "(not kept)"
_NOT_KEPT_IN_ADDRESS = quote(NOT_KEPT, safe="()")
_NOT_KEPT_TAG = "not-kept"
MOST_BYTES = 1024 * 1024  # of a body that is looked into
MOST_VALUES = 4_000  # of one body; what follows is left out
MOST_PAIRS = 200  # of a form or a query
LONGEST_WORDS = 2_000  # of a refusal that is plain text or a page

# What signing in with OAuth (RFC 6749) says besides secrets.
_OF_OAUTH = ("grant_type", "scope", "token_type", "expires_in")
# The parts of a refusal, as these systems and most frameworks name them: RFC 6749, RFC 9457, OData, GraphQL, ASP.NET.
_OF_REFUSALS = (
    *("", "error", "errors", "error_description", "error_code", "errorcode", "errormessage", "message", "messages"),
    *("code", "detail", "details", "title", "type", "status", "statuscode", "field", "property", "target", "reason"),
    *("innererror", "date", "request-id", "client-request-id", "requestid", "traceid", "correlationid"),
)
_MARKS_OF_NAMES = "$@#"
_NAME = re.compile(r"[$@#_]*(?:[^\W\d_][\w.\-$:\[\]]{0,79}(?:@odata\.\w{1,40})?)?")
_LONG_NUMBER = re.compile(r"\d{5}")
_MEDIA_TYPE = re.compile(r"[\w.+\-]{1,40}/[\w.+\-]{1,80}")
_PAGE = re.compile(r"<(?:!doctype html|html|head|body|h[1-6]|p|div|pre|center)\b", re.I)
_UNREAD = re.compile(r"(?is)<(script|style|title)\b.*?(?:</\1>|\Z)")
_TAG = re.compile(r"<[^<>]*>")


@lru_cache(20_000)
def _plain(name: str) -> str:
    """A name as it is compared: without a namespace, a path before it, an index after it, or capitals."""
    last = name.rpartition("}")[2].rpartition(".")[2]
    return last.partition("[")[0].strip(_MARKS_OF_NAMES).lower()


@lru_cache(20_000)
def _fit(name: str) -> bool:
    """Whether this is a name: some systems use values as keys."""
    return _NAME.fullmatch(name) is not None and not _LONG_NUMBER.search(name)


def words_of(page: str) -> str:
    """The text of a page of HTML, without its title."""
    return " ".join(html.unescape(_TAG.sub(" ", _UNREAD.sub(" ", page))).split())


class Kept:
    """What one system declares. No method raises, whatever it is given, and each takes a time that grows with the
    length of its text, or less."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        """A name may have another before it, as "position.code": then it counts only right below that one."""
        self._declared = frozenset(".".join(map(_plain, name.split("."))) for name in (*names, *_OF_OAUTH))
        self._of_refusals = self._declared | frozenset(_OF_REFUSALS)

    def address(self, url: str) -> str:
        """The address with the values of its query that are declared; none that holds an e-mail address."""
        try:
            parts = urlsplit(url)
            return parts._replace(query=self._pairs(parts.query), fragment="").geturl()
        except ValueError:
            return NOT_KEPT

    def body(self, body: str | bytes, media_type: str = "", *, refused: bool = False) -> str:
        """A body of JSON, XML, form values or text. `refused`: it is the answer to what was refused, so that its
        words stay readable, be they text or in a page."""
        if not body.strip():
            return ""
        try:
            return self._body(body, media_type, refused)
        except Exception:  # foreign bytes are read by parsers of others; a record never fails over them
            return self._size(body, media_type)

    def _body(self, body: str | bytes, media_type: str, refused: bool) -> str:
        text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
        beginning = text.lstrip("\ufeff \t\r\n")[:20]
        start = beginning[:1]
        if _PAGE.match(beginning) or (start == "<" and "html" in media_type):
            return words_of(text[: 10 * LONGEST_WORDS])[:LONGEST_WORDS] if refused else self._size(body, media_type)
        if len(body) > MOST_BYTES:
            return self._size(body, media_type)
        copy = _Copy(self._of_refusals if refused else self._declared)
        if start == "<":
            return tostring(copy.root(fromstring(body)), encoding="unicode")
        if start in ("{", "["):
            return json.dumps(copy.value(json.loads(shallow(text.lstrip("\ufeff"))), "", True), ensure_ascii=False)
        if "x-www-form-urlencoded" in media_type:
            return self._pairs(text)
        return text[:LONGEST_WORDS] if refused else self._size(body, media_type)

    @staticmethod
    def _size(body: str | bytes, media_type: str) -> str:
        known = _MEDIA_TYPE.match(media_type.strip())
        return f"({len(body)} bytes{f' of {known[0]}' if known else ''}, not kept)"

    def _pairs(self, text: str) -> str:
        return "&".join(self._pair(pair) for pair in text.split("&", MOST_PAIRS)[:MOST_PAIRS])

    def _pair(self, pair: str) -> str:
        name, equals, value = pair.partition("=")
        told = unquote_plus(name)
        if not _fit(told) or not equals:
            return _NOT_KEPT_IN_ADDRESS if pair else ""
        if not value or (_plain(told) in self._declared and "@" not in unquote_plus(value)):
            return pair
        return f"{name}={_NOT_KEPT_IN_ADDRESS}"


class _Copy:
    """A copy of one body with what may be kept of it."""

    def __init__(self, names: frozenset[str]) -> None:
        self._names = names
        self._dotted = any("." in name for name in names)
        self._left = MOST_VALUES

    def value(self, value: Any, parent: str, kept: bool) -> Any:
        """`parent`: the name that it stands under. `kept`: that one and all around it are declared."""
        self._left -= 1
        if value is None or (kept and not isinstance(value, dict | list)):
            return value
        if not isinstance(value, dict | list):
            return NOT_KEPT
        if isinstance(value, list):
            return [self.value(one, parent, kept) for one in value if self._left > 0]
        return {
            name if _fit(name) else NOT_KEPT: self.value(one, _plain(name), kept and self._declared(parent, name))
            for name, one in value.items()
            if self._left > 0
        }

    def root(self, element: Element) -> Element:
        """The outermost element is a wrapper; where it is the whole answer, its name counts as any other's."""
        return self._element(element, len(element) > 0 or self._declared("", element.tag), DEEPEST)

    def _element(self, element: Element, kept: bool, levels: int) -> Element:
        self._left -= 1
        copy = Element(element.tag if _fit(element.tag.rpartition("}")[2]) else _NOT_KEPT_TAG)
        parent = _plain(element.tag)
        for name, value in element.items():
            if _fit(name.rpartition("}")[2]):
                copy.set(name, value if kept and self._declared(parent, name) else NOT_KEPT)
        copy.text = element.text if kept or not (element.text or "").strip() else NOT_KEPT
        for child in element if levels > 0 else ():
            if self._left > 0:
                copy.append(self._element(child, kept and self._declared(parent, child.tag), levels - 1))
        return copy

    def _declared(self, parent: str, name: str) -> bool:
        plain = _plain(name)
        return plain in self._names or (self._dotted and f"{parent}.{plain}" in self._names)


NOTHING = Kept()
