"""One event, signed and posted. Knows no database.

As for connections: addresses are checked where they are connected to, nothing is redirected, and each call ends in time
and within its memory, whatever the other side drips or floods (`integrations.sdk.connection`).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from http.client import HTTPException
from urllib.parse import urlsplit

import requests
import urllib3

from integrations.sdk import http
from integrations.sdk.addresses import PrivateAddressError
from integrations.sdk.connection import Transport, prepared
from integrations.sdk.masking import MASKED_BEYOND, Masker, without_emails
from integrations.sdk.messages import Message
from synclog.webhooks import texts

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 10.0
KEPT_CHARACTERS = 500
_READ = 16 * 1024  # bytes of an answer: more is not looked at
_GONE, _TOO_MANY = 410, 429


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one try. `status` 0: no answer came. `said`: why it was not taken; None: it was."""

    status: int = 0
    said: Message | None = None
    wait: float | None = None  # seconds, as it asked to
    text: str = ""
    milliseconds: int = 0

    @property
    def taken(self) -> bool:
        return self.said is None

    @property
    def gone(self) -> bool:
        return self.status == _GONE

    @property
    def down(self) -> bool:
        """Nobody is there, or it asks to wait: the next event would fare no better. Other refusals may be this one's
        alone."""
        return not self.taken and (self.status in (0, _TOO_MANY) or self.status >= 500 or self.wait is not None)


def headers(message_id: str, moment: int, body: bytes, secrets: Iterable[str]) -> dict[str, str]:
    """Of Standard Webhooks, version 1: HMAC-SHA-256 of id, seconds since 1970 and body, once by each secret
    (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md)."""
    signed = f"{message_id}.{moment}.".encode() + body
    signatures = []
    for secret in secrets:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        signatures.append("v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode())
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(moment),
        "webhook-signature": " ".join(signatures),
    }


class Sender(threading.local):
    """Posts; may be shared between threads, each of which has connections of its own, kept open for the next event."""

    def __init__(self, *, private: bool) -> None:
        self._private = private
        self._transport = Transport(public_only=not private)
        self._masker = Masker()

    def post(self, url: str, message_id: str, text: str, secrets: Iterable[str]) -> Answer:
        """Never raises for what the other side does."""
        started, body = time.monotonic(), text.encode()
        host = urlsplit(url).hostname or url
        if not (self._private or url.lower().startswith("https://")):
            return Answer(said=texts.PRIVATE(host=host))
        sent = {
            "Content-Type": "application/json",
            "User-Agent": http.HEADERS["User-Agent"],
            "Accept-Encoding": "identity",  # what is kept of an answer is read as it comes
            **headers(message_id, int(time.time()), body, secrets),
        }
        try:
            answer = self._transport.send(
                prepared("POST", url, data=body, headers=sent),
                stream=True,
                timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
                proxies=requests.utils.get_environ_proxies(url),
            )
        except PrivateAddressError:
            said = texts.PRIVATE(host=host)
        except requests.exceptions.ConnectTimeout:
            said = texts.NOT_REACHED(host=host)
        except requests.exceptions.Timeout:
            said = texts.NOT_ANSWERED(host=host)
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, HTTPException, OSError, ValueError):
            said = texts.BROKE_OFF(host=host)
        else:
            return self._answered(answer, started)
        return Answer(said=said, milliseconds=_since(started))

    def _answered(self, answer: requests.Response, started: float) -> Answer:
        with answer:
            try:
                content = answer.raw.read(_READ, decode_content=False)
            except (urllib3.exceptions.HTTPError, HTTPException, OSError, ValueError):
                content = b""  # whether it was taken, the status has said
        found = http.Response(answer.status_code, answer.headers, content, answer.encoding)
        kept = without_emails(self._masker.text(found.text[: KEPT_CHARACTERS + MASKED_BEYOND]))[:KEPT_CHARACTERS]
        return Answer(found.status, _why(found), found.retry_after(), kept, _since(started))


def _why(found: http.Response) -> Message | None:
    if found.ok:
        return None
    if found.status == _GONE:
        return texts.GONE()
    text = texts.REDIRECTED if 300 <= found.status < 400 else texts.REFUSED
    return text(status=found.status)


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
