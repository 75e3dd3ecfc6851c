"""Takes credentials, tokens and national ids out of what is kept of a call."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

MASK = "•••"

_SECRET_NAMES = (
    r"[\w\-@:.]*(?:password|passwd|secret|token|assertion|api[_-]?key|client[_-]?key|subscription[_-]?key"
    r"|customerkey|partnerkey|authorization|encryptionkey|session[_-]?id|set-cookie|cookie"
    r"|national[_-]?id\w*|personal[_-]?id\w*|personalidentity\w*|social[_-]?sec\w*|ssn|hetu|personnr|persnr"
    r"|d[_-]?number|employeeidentifier|international[_-]?id\w*|bank[_-]?account\w*|iban)[\w\-]*"
)
_JSON_VALUE = re.compile(rf'("{_SECRET_NAMES}"\s*:\s*)("(?:[^"\\]|\\.)*"|\d+)', re.I)
_XML_VALUE = re.compile(rf"(<({_SECRET_NAMES})(?:\s[^<>]*)?>)[^<]*(</\2>)", re.I)
_XML_ATTRIBUTE = re.compile(rf'(\s{_SECRET_NAMES}=")[^"]*(")', re.I)
_FORM_VALUE = re.compile(rf"((?:^|[?&]){_SECRET_NAMES}=)[^&\s\"]*", re.I)
_HEADER_NAMES = re.compile(rf"^(?:{_SECRET_NAMES}|x-netvisor-authentication-mac)$", re.I)
_PEM = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)", re.S)
_NATIONAL_ID = re.compile(
    r"(?<![\d.\-])(?:\d{11}"  # Norway
    r"|\d{6}[-+A-FU-Y]\d{3}[0-9A-FHJ-NPR-Y]"  # Finland
    r"|(?:\d{2})?\d{6}[-+]\d{4}"  # Sweden, written with its hyphen
    r")(?![\d.\-])",
    re.I,
)


class Masker:
    """Masks known secret values wherever they stand, and whatever looks like one by its name or form."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: set[str] = set()
        self.add(*secrets)

    def add(self, *secrets: str) -> None:
        for secret in secrets:
            if secret and len(secret) >= 4:
                # As it is, in an address, and in JSON (a key of several lines).
                self._secrets |= {secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]}

    def known(self, text: str) -> str:
        """Only the secrets that were added, for texts whose numbers must stay readable."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, MASK)
        return text

    def text(self, text: str) -> str:
        text = _PEM.sub(MASK, self.known(text))
        text = _JSON_VALUE.sub(rf'\1"{MASK}"', text)
        text = _XML_VALUE.sub(rf"\1{MASK}\3", text)
        text = _XML_ATTRIBUTE.sub(rf"\1{MASK}\2", text)
        text = _FORM_VALUE.sub(rf"\1{MASK}", text)
        return _NATIONAL_ID.sub(MASK, text)

    def headers(self, headers: Iterable[tuple[str, str]]) -> dict[str, str]:
        return {k: MASK if _HEADER_NAMES.match(k) else self.text(v) for k, v in headers}
