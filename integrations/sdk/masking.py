"""Takes credentials, tokens and national ids out of what is kept of a call."""

from __future__ import annotations

import html
import json
import re
import threading
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice
from urllib.parse import quote, quote_plus
from weakref import WeakSet

from positions.privacy.national_ids import MASK, masked, masked_strictly

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
_ATTRIBUTE_NAME = re.compile(rf'[\s(]({_NAME}+)="')
_ATTRIBUTE_VALUE = re.compile(r'[^"]+')
_FORM_NAME = re.compile(rf"(?:^|[?&])({_NAME}+)=")
_FORM_VALUE = re.compile(r'[^&\s"]+')
# As a value stands in a program's own words (a traceback), and in JSON within JSON.
_QUOTED_NAME = re.compile(rf"'({_NAME}+)'\s*:\s*['\"]|(?<!{_NAME})({_NAME}+)='")
_QUOTED_VALUE = re.compile(r"(?<=')[^']+|(?<=\")[^\"]+")
_ESCAPED_NAME = re.compile(rf'\\"({_NAME}+)\\"\s*:\s*\\"')
_ESCAPED_VALUE = re.compile(r'[^"\\]+')
_EMAIL = re.compile(r"[\w.+\-]{1,64}(?:@|%40)[\w\-]{1,63}\.[\w.\-]{2,190}")
_PERCENT = re.compile(r"%[0-9A-F]{2}")
_PEM = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)", re.S)
LONGEST_NAME = 200
SHORTEST_SECRET = 4
SHORTEST_LINE = 8  # of a secret of several lines, and of what is looked for in base64


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
        name = found[found.lastindex or 0]
        if not (_known_secret(name) if len(name) <= LONGEST_NAME else _secret_word(name)) or found.start() < done:
            continue
        if what := value.match(text, found.end()):
            parts += [text[done : found.end()], mask]
            done = what.end()
    if not parts:
        return text
    return "".join([*parts, text[done:]])


def without_emails(text: str) -> str:
    return _EMAIL.sub(MASK, text) if "@" in text or "%40" in text else text


def _forms(secrets: Iterable[str]) -> frozenset[str]:
    """Each in every form in which it may leave, but nothing shorter than four characters."""
    return frozenset(form for secret in secrets if secret for form in _forms_of(secret) if len(form) >= SHORTEST_SECRET)


def _forms_of(secret: str) -> Iterator[str]:
    """As it is, in an address, in JSON (a key of several lines), in a program's words, in a page, and in base64, with
    whatever stands before it there (`user:secret`). Of several lines, each by itself: a header folds them."""
    plain = secret.strip()
    for text in {secret, plain}:
        yield text
        for encoded in (quote(text), quote(text, safe=""), quote_plus(text)):
            yield encoded
            yield _PERCENT.sub(lambda found: found[0].lower(), encoded)
        yield json.dumps(text)[1:-1]
        yield json.dumps(text, ensure_ascii=False)[1:-1]
        yield repr(text)[1:-1]
        yield html.escape(text)
    lines = plain.splitlines()
    for line in map(str.strip, lines if len(lines) > 1 else ()):
        if len(line) >= SHORTEST_LINE and not line.startswith("-----"):
            yield line
            yield quote(line, safe="")
    if len(plain) < SHORTEST_LINE:
        return
    content = plain.encode("utf-8", "surrogatepass")
    for before in range(3):
        # The characters that no byte before or behind has a part in.
        first, last = -(-before * 8 // 6), (before + len(content)) * 8 // 6
        for encode in (b64encode, urlsafe_b64encode):
            yield encode(b"\0" * before + content).decode()[first:last]


def _longest_first(forms: Iterable[str]) -> tuple[str, ...]:
    """One may be a part of another."""
    return tuple(sorted(forms, key=len, reverse=True))


class Masker:
    """Masks known secret values wherever they stand, and whatever looks like one by its name or form."""

    _in_use: WeakSet[Masker] = WeakSet()
    _adding = threading.Lock()

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = _longest_first(_forms(secrets))
        self._about = threading.local()
        with self._adding:
            self._in_use.add(self)

    def add(self, *secrets: str) -> None:
        new = _forms(secrets)
        with self._adding:
            self._secrets = _longest_first(new.union(self._secrets))

    @classmethod
    def of_all(cls, text: str) -> str:
        """Without any secret that somebody in this process works with: for the log, whoever writes the line."""
        with cls._adding:
            in_use = tuple(cls._in_use)
        for masker in in_use:
            text = masker._known(text)
        return text

    def about(self, *secrets: str) -> None:
        """What belongs to the person whom this thread's calls are about from now on, in place of the one before: the
        numbers of all would be looked for in every text otherwise."""
        self._about.secrets = _longest_first(_forms(secrets))

    def words(self, text: str) -> str:
        """For sentences, whose other numbers must stay readable: what was added, and whoever's national id."""
        return masked(self._known(text))

    def _known(self, text: str) -> str:
        for secret in (*self._secrets, *getattr(self._about, "secrets", ())):
            text = text.replace(secret, MASK)
        return text

    def text(self, text: str) -> str:
        """Each search is made only where its sign stands: most of what passes here is short and has none."""
        text = self._known(text)
        if "-----BEGIN" in text:
            text = _PEM.sub(MASK, text)
        if '"' in text:
            text = _masked_values(text, _JSON_NAME, _JSON_VALUE, f'"{MASK}"')
        if '\\"' in text:
            text = _masked_values(text, _ESCAPED_NAME, _ESCAPED_VALUE)
        if "'" in text:
            text = _masked_values(text, _QUOTED_NAME, _QUOTED_VALUE)
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
