"""Takes credentials, tokens and national ids out of what is kept of a call."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import quote, quote_plus

from positions.national_ids import MASK, masked, masked_strictly

_SECRET_NAMES = (
    r"[\w\-@:.]*(?:password|passwd|secret|token|assertion|api[_-]?key|client[_-]?key|subscription[_-]?key"
    r"|customerkey|partnerkey|authorization|encryptionkey|session[_-]?id|set-cookie|cookie"
    r"|national[_-]?id\w*|personal[_-]?id\w*|personalidentity\w*|social[_-]?sec\w*|ssn|hetu|personnr|persnr"
    r"|d[_-]?number|employeeidentifier|international[_-]?id\w*|bank[_-]?account\w*|iban)[\w\-]*"
)
_SECRET_NAME = re.compile(_SECRET_NAMES, re.I)
_JSON_NAME = re.compile(r'"([\w\-@:.]+)"\s*:\s*')
_JSON_VALUE = re.compile(r'"(?:[^"\\]|\\.)*"|\d+')
_XML_VALUE = re.compile(rf"(<({_SECRET_NAMES})(?:\s[^<>]*)?>)[^<]*(</\2>)", re.I)
_XML_ATTRIBUTE = re.compile(rf'(\s{_SECRET_NAMES}=")[^"]*(")', re.I)
_FORM_VALUE = re.compile(rf"((?:^|[?&]){_SECRET_NAMES}=)[^&\s\"]*", re.I)
_PEM = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)", re.S)


@lru_cache(10_000)
def _secret_name(name: str) -> bool:
    return _SECRET_NAME.fullmatch(name) is not None or name.lower() == "x-netvisor-authentication-mac"


def _json(text: str) -> str:
    """Looks at each name once in the life of the process: names repeat, and the search for secret ones is dear."""
    parts, done = [], 0
    for name in _JSON_NAME.finditer(text):
        if name.start() >= done and _secret_name(name[1]) and (value := _JSON_VALUE.match(text, name.end())):
            parts += [text[done : name.end()], f'"{MASK}"']
            done = value.end()
    return "".join([*parts, text[done:]])


def _forms(secrets: Iterable[str]) -> frozenset[str]:
    """Each as it is, in an address, and in JSON (a key of several lines). Nothing shorter than four characters."""
    long = [secret for secret in secrets if secret and len(secret) >= 4]
    return frozenset(f for s in long for f in (s, quote(s, safe=""), quote_plus(s), json.dumps(s)[1:-1]))


class Masker:
    """Masks known secret values wherever they stand, and whatever looks like one by its name or form."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = _forms(secrets)
        self._about = threading.local()
        self._adding = threading.Lock()

    def add(self, *secrets: str) -> None:
        with self._adding:
            self._secrets = self._secrets | _forms(secrets)

    def about(self, *secrets: str) -> None:
        """What belongs to the person whom this thread's calls are about from now on, in place of the one before: the
        numbers of all would be looked for in every text otherwise."""
        self._about.secrets = _forms(secrets)

    def words(self, text: str) -> str:
        """For sentences, whose other numbers must stay readable: what was added, and whoever's national id."""
        return masked(self._known(text))

    def _known(self, text: str) -> str:
        for secret in sorted(self._secrets | getattr(self._about, "secrets", frozenset()), key=len, reverse=True):
            text = text.replace(secret, MASK)
        return text

    def text(self, text: str) -> str:
        """Each search is made only where its sign stands: most of what passes here is short and has none."""
        text = self._known(text)
        if "-----BEGIN" in text:
            text = _PEM.sub(MASK, text)
        if '"' in text:
            text = _json(text)
        if "<" in text:
            text = _XML_VALUE.sub(rf"\1{MASK}\3", text)
        if "=" in text:
            text = _XML_ATTRIBUTE.sub(rf"\1{MASK}\2", text)
            text = _FORM_VALUE.sub(rf"\1{MASK}", text)
        return masked_strictly(text)

    def headers(self, headers: Iterable[tuple[str, str]]) -> dict[str, str]:
        return {k: MASK if _secret_name(k) else self.text(v) for k, v in headers}


__all__ = ["MASK", "Masker"]
