"""Takes credentials, tokens and national ids out of what is kept of a call."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterable
from functools import lru_cache
from itertools import islice
from urllib.parse import quote, quote_plus

from positions.national_ids import MASK, masked, masked_strictly

MOST_HEADERS = 60
LONGEST_HEADER = 2_000
MASKED_BEYOND = 8_000  # longer than any token or key: what is cut is masked so far beyond the cut

# Each pattern here meets text of strangers: none of them may take more time than grows with the length of the text.
# So names are found by a pattern that knows no words, and looked at once each.
_NAME = r"[\w\-@:.]"
_SECRET_WORD = re.compile(
    r"password|passwd|secret|token|assertion|api[_-]?key|client[_-]?key|subscription[_-]?key"
    r"|customerkey|partnerkey|authorization|encryptionkey|session[_-]?id|cookie"
    r"|national[_-]?id|personal[_-]?id|social[_-]?sec|ssn|hetu|personnr|persnr"
    r"|d[_-]?number|employeeidentifier|international[_-]?id|bank[_-]?account|iban",
    re.I,
)
_BEFORE_LAST = re.compile(r"[@:.]")
_JSON_NAME = re.compile(rf'"({_NAME}+)"\s*:\s*')
_JSON_VALUE = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|\d+', re.S)
_XML_NAME = re.compile(rf"<({_NAME}+)(?:\s[^<>]*)?>")
_XML_VALUE = re.compile(r"\s*[^<\s][^<]*")
_ATTRIBUTE_NAME = re.compile(rf'\s({_NAME}+)="')
_ATTRIBUTE_VALUE = re.compile(r'[^"]+')
_FORM_NAME = re.compile(rf"(?:^|[?&])({_NAME}+)=")
_FORM_VALUE = re.compile(r'[^&\s"]+')
_PEM = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)", re.S)
LONGEST_NAME = 200


@lru_cache(10_000)
def _known_secret(name: str) -> bool:
    return _secret_word(name) or name.lower() == "x-netvisor-authentication-mac"


def _secret_word(name: str) -> bool:
    """Only in what follows the last dot, colon or at sign: `token.type` is none."""
    return _SECRET_WORD.search(_BEFORE_LAST.split(name)[-1]) is not None


def _secret_name(name: str) -> bool:
    """Looks at each name once in the life of the process: names repeat. Long ones are nobody's, and are not kept."""
    return _known_secret(name) if len(name) <= LONGEST_NAME else _secret_word(name)


def _masked_values(text: str, names: re.Pattern[str], value: re.Pattern[str], mask: str = MASK) -> str:
    """What follows each secret name, masked. `names` has the name as its first group."""
    parts, done = [], 0
    for found in names.finditer(text):
        name = found[1]
        if not (_known_secret(name) if len(name) <= LONGEST_NAME else _secret_word(name)) or found.start() < done:
            continue
        if what := value.match(text, found.end()):
            parts += [text[done : found.end()], mask]
            done = what.end()
    if not parts:
        return text
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
            text = _masked_values(text, _JSON_NAME, _JSON_VALUE, f'"{MASK}"')
        if "<" in text:
            text = _masked_values(text, _XML_NAME, _XML_VALUE)
        if "=" in text:
            text = _masked_values(text, _ATTRIBUTE_NAME, _ATTRIBUTE_VALUE)
            text = _masked_values(text, _FORM_NAME, _FORM_VALUE)
        return masked_strictly(text)

    def headers(self, headers: Iterable[tuple[str, str]]) -> dict[str, str]:
        """At most `MOST_HEADERS` of them, each name and value cut (a value after it was masked)."""
        return {
            k[:LONGEST_NAME]: MASK
            if _secret_name(k)
            else self.text(v[: LONGEST_HEADER + MASKED_BEYOND])[:LONGEST_HEADER]
            for k, v in islice(headers, MOST_HEADERS)
        }


__all__ = ["MASK", "Masker"]
