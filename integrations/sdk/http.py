"""The one way in which connectors talk to the world: limits, timeouts, size caps, and a masked record of each call."""

from __future__ import annotations

import json
import logging
import math
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cached_property
from http.client import HTTPException
from itertools import islice
from typing import Any

import requests
import urllib3
from requests.auth import AuthBase

from integrations.sdk import texts
from integrations.sdk.addresses import PrivateAddressError
from integrations.sdk.connection import MAX_ANSWER_BYTES, Transport, joined, prepared
from integrations.sdk.context import Context
from integrations.sdk.declaration import Limits
from integrations.sdk.errors import (
    NotAuthorizedError,
    RateLimitedError,
    UnavailableError,
    UnclearOutcomeError,
    believed,
)
from integrations.sdk.kept import NOTHING, Kept
from integrations.sdk.limiter import WindowLimiter
from integrations.sdk.marking import gettext_noop as _
from integrations.sdk.masking import LONGEST_HEADER, MASKED_BEYOND, MOST_HEADERS, Masker, without_emails
from integrations.sdk.messages import Message
from integrations.sdk.storable import storable, storable_value
from positions.nesting import shallow

# What the calls of one run may take together, waits for a limit apart: nobody's list goes on for ever, and no single
# employee holds a turn up.
RUN_SECONDS = 28.0
RUN_BYTES = 100 * 1024 * 1024
# Answers of a server that broke down on the way: seen where what was sent had been carried out all the same.
BROKE_DOWN = (500, 502, 504)
KEPT_CHARACTERS = 20_000
UNNAMED = "The system"
HEADERS = {**requests.utils.default_headers(), "User-Agent": "PositionSync/1.0"}


# What a text may be written in; anything else is read as UTF-8.
_ENCODINGS = frozenset(
    ["utf-8", "us-ascii", "ascii", "latin-1", "latin1", "utf-16", "utf-16le", "utf-16be"]
    + [f"iso-8859-{part}" for part in range(1, 17) if part != 12]
    + [f"windows-125{part}" for part in range(9)]
)


def _float(text: str) -> float | str:
    """What is too large for any number stays the text that it came as: nobody can calculate or store infinity."""
    number = float(text)
    return number if math.isfinite(number) else text


_JSON = json.JSONDecoder(parse_float=_float, parse_constant=str)
# In bytes: a NUL or half a surrogate pair, as such or written as an escape; UTF-16 has NULs everywhere.
_PERHAPS_UNFIT = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])|\xed[\xa0-\xbf]|\0")


class _WithoutQueries(logging.Filter):
    """urllib3 logs the address of each request at DEBUG; what follows its "?" may be a secret or a national id."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(a.split("?")[0] + "?…" if isinstance(a, str) and "?" in a else a for a in record.args)
        return True


logging.getLogger("urllib3.connectionpool").addFilter(_WithoutQueries())


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call as it may be kept and shown: with the values that its connector declares, masked and capped. `status` 0
    means that no answer came."""

    at: float
    method: str
    url: str
    request_headers: dict[str, str]
    request_body: str
    status: int
    response_headers: dict[str, str]
    response_body: str
    milliseconds: int
    error: str = ""


class Response:
    """An answer read whole. `json()` raises UnavailableError when the body is not JSON."""

    def __init__(
        self,
        status: int,
        headers: Mapping[str, str],
        content: bytes,
        encoding: str | None,
        kept: Kept = NOTHING,
        system: str = UNNAMED,
    ) -> None:
        self.status = status
        self.system = system  # its name, for what is said of the answer
        self._kept = kept
        self.headers = requests.structures.CaseInsensitiveDict(
            (storable(name[:LONGEST_HEADER]), storable(value[:LONGEST_HEADER]))
            for name, value in islice(headers.items(), MOST_HEADERS)
        )
        self.content = content
        self._encoding = encoding or "utf-8"

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def is_page(self) -> bool:
        """Whether it is a page for people, and so no answer of an API, whatever its status."""
        media_type = self.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        begins = self.content.lstrip()[:1]
        return begins == b"<" or bool(begins and media_type == "text/html")

    @cached_property
    def text(self) -> str:
        """The body as text that can be stored. Of the many encodings that Python knows only those of text are used:
        others take a time that grows with the square of the length, or unpack something."""
        encoding = self._encoding.lower()
        return storable(self.content.decode(encoding if encoding in _ENCODINGS else "utf-8", "replace"))

    def json(self) -> Any:
        """The body with texts that can be stored, numbers that exist, and no more levels than anybody needs."""
        content = self.content
        try:
            body = _JSON.decode(shallow(content.decode(json.detect_encoding(content), "surrogatepass")))
        except ValueError:
            raise UnavailableError(texts.NOT_JSON(), **self.words) from None
        return storable_value(body) if _PERHAPS_UNFIT.search(content) else body

    def json_object(self) -> dict[str, Any]:
        """The JSON object in the body, {} if something else is there: for refusals, whose form is never sure."""
        try:
            body = self.json()
        except UnavailableError:
            return {}
        return body if isinstance(body, dict) else {}

    @cached_property
    def kept(self) -> str:
        """The body with nothing in it but what may be kept."""
        media_type = self.headers.get("Content-Type", "")
        # What calls itself JSON or XML says its encoding itself; text does it in the header.
        start = self.content.lstrip()[:1]
        body = self.content if start in (b"<", b"{", b"[") else self.text
        kept = storable(self._kept.body(body, media_type, refused=self.status >= 400))
        return without_emails(kept) if self.status >= 400 else kept

    @property
    def said(self) -> str:
        """How that begins: a system's own words, where nothing better is known of its refusal."""
        return self.kept[:300]

    @property
    def words(self) -> dict[str, Any]:
        """The same and the status, as the exceptions of `errors` take a system's own words."""
        return {"vendor_text": self.said, "vendor_code": str(self.status)}

    def retry_after(self) -> float | None:
        """Seconds of a Retry-After header (at most a day), given as seconds or as a date; None without a usable one."""
        value = self.headers.get("Retry-After", "").strip()[:100]
        if not value:
            return None
        try:
            return believed(float(value))
        except ValueError:
            pass
        try:
            return believed(parsedate_to_datetime(value).timestamp() - time.time())
        except (TypeError, ValueError, OverflowError, IndexError):
            return None


def raise_for_trouble(response: Response) -> None:
    """The part of reading an answer that is alike everywhere: too many requests, server trouble, redirects."""
    if response.status == 429:
        said = texts.TOO_MANY_REQUESTS(system=response.system)
        raise RateLimitedError(said, wait=response.retry_after(), **response.words)
    if response.status >= 500:
        said = texts.BAD_ANSWER(system=response.system, status=response.status)
        raise UnavailableError(said, wait=response.retry_after(), **response.words)
    if 300 <= response.status < 400 and response.status != 304:
        said = texts.REDIRECTED(system=response.system, status=response.status)
        raise UnavailableError(said, vendor_code=str(response.status))


def nonsense(response: Response) -> UnavailableError:
    """What to say of a good answer that does not hold what it should."""
    return UnavailableError(texts.NOT_WHAT_WAS_ASKED(), **response.words)


def record_in(response: Response, *path: str) -> dict[str, Any]:
    """The object in a good answer, at the end of this path of names. Raises UnavailableError if there is none."""
    found = _inside(response, path)
    if not isinstance(found, dict):
        raise nonsense(response)
    return found


def rows_in(response: Response, *path: str) -> list[dict[str, Any]]:
    """The same of a list of objects."""
    found = _inside(response, path)
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise nonsense(response)
    return found


def _inside(response: Response, path: tuple[str, ...]) -> Any:
    found = response.json()
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found


def no_sign_in(response: Response) -> UnavailableError:
    """What to say where the address for signing in, or the only one there is, leads nowhere: that says nothing of the
    credentials."""
    return UnavailableError(texts.NOTHING_AT_ADDRESS(system=response.system), **response.words)


def _was_open(error: requests.exceptions.ConnectionError) -> bool:
    """Whether the connection broke only after it had been made, so that something may have been sent."""
    reason: object = error.args[0] if error.args else None
    while reason is not None and not isinstance(reason, urllib3.exceptions.NewConnectionError):
        # urllib3 wraps what happened: MaxRetryError does, and ProxyError within it.
        reason = getattr(reason, "reason", None) or getattr(reason, "original_error", None)
    return reason is None


class _OfThread(threading.local):
    """What each thread has for itself. `seconds` and `bytes`: what the calls of its run have taken so far; `ahead`:
    what they brought along for a later step of it."""

    def __init__(self) -> None:
        self.transport: Transport | None = None
        self.exchanges: list[Exchange] = []
        self.ahead: dict[Any, Any] = {}
        self.seconds = 0.0
        self.bytes = 0


class Http:
    """HTTP for one connection; safe to share between threads (one `Transport` each).

    `auth` signs each request (called anew for each, also for the repeat after a refusal).
    `refused(response)` is asked after each answer: True means "I renewed the credentials, send it once more".
    `classify(response)` raises one of `sdk.errors` for answers that are trouble in this system.
    `system` is its name, for what is said of it.
    """

    def __init__(
        self,
        context: Context,
        limits: Limits,
        *,
        kept: Kept = NOTHING,
        base_url: str = "",
        system: str = UNNAMED,
        refused: Callable[[Response], bool] | None = None,
        classify: Callable[[Response], None] = raise_for_trouble,
    ) -> None:
        self.context = context
        self.base_url = base_url
        self.system = system
        self.auth: AuthBase | None = None
        self.headers: dict[str, str] = {}
        self.refused = refused
        self.classify = classify
        self.masker = Masker()
        self.kept = kept
        self.calls = 0
        self._read_timeout = context.read_timeout or limits.read_timeout
        self._limiter = context.limiter or (
            WindowLimiter(limits.requests, limits.per_seconds) if limits.requests else None
        )
        self._mine = _OfThread()
        self._transports: list[Transport] = []
        self._lock = threading.Lock()
        self._proxies_of: dict[str, dict[str, str]] = {}

    # -- calls -------------------------------------------------------------------------------------------

    def get(self, url: str, **kwargs: Any) -> Response:
        return self.request("GET", url, **kwargs)

    def post(self, url: str, **kwargs: Any) -> Response:
        return self.request("POST", url, **kwargs)

    def put(self, url: str, **kwargs: Any) -> Response:
        return self.request("PUT", url, **kwargs)

    def patch(self, url: str, **kwargs: Any) -> Response:
        return self.request("PATCH", url, **kwargs)

    def delete(self, url: str, **kwargs: Any) -> Response:
        return self.request("DELETE", url, **kwargs)

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        data: Any = None,
        headers: Mapping[str, str] | None = None,
        auth: AuthBase | None = None,
        write: bool | None = None,
        sign: bool = True,
        classify: Callable[[Response], None] | None = None,
        read_timeout: float | None = None,
        keep_answer: bool = True,
    ) -> Response:
        """One call. `url` is absolute or relative to `base_url`.

        `write` says whether a lost answer leaves the outcome unclear; by default every method but GET and HEAD
        (say True for a GET that deletes, False for a POST that only asks, as a token request or GraphQL query).
        `sign=False` leaves out the auth and the one repeat after a refusal. `classify` replaces the connector's.
        `keep_answer=False` keeps only the size of a good answer in the record: a list of everybody there has no
        place in the log of one employee.
        """
        if write is None:
            write = method not in ("GET", "HEAD")
        full = url if "://" in url else joined(self.base_url, url)
        for attempt in (1, 2):
            with self.context.one_call():
                response = self._send(
                    method,
                    full,
                    params=params,
                    json=json,
                    data=data,
                    headers={**HEADERS, **self.headers, **(headers or {})},
                    auth=auth or (self.auth if sign else None),
                    write=write,
                    read_timeout=read_timeout or self._read_timeout,
                    keep_answer=keep_answer,
                )
            if not (sign and attempt == 1 and self.refused is not None and self.refused(response)):
                break
        try:
            (classify or self.classify)(response)
        except RateLimitedError as error:
            if self._limiter is not None and error.wait:
                self._limiter.penalize(error.wait)
            raise
        except NotAuthorizedError as error:
            error.sign_in = not sign
            raise
        except UnavailableError as error:
            if write and response.status in BROKE_DOWN:
                said = {"vendor_text": error.vendor_text, "vendor_code": error.vendor_code}
                message = texts.BROKE_DOWN_OVER_WRITE(system=self.system, status=response.status)
                raise UnclearOutcomeError(message, **said) from error
            raise
        return response

    def _send(
        self, method: str, url: str, *, write: bool, read_timeout: float, keep_answer: bool, **kwargs: Any
    ) -> Response:
        self.context.guard()
        if not (self.context.private_targets or url.lower().startswith("https://")):
            raise UnavailableError(texts.PLAIN_ADDRESS(system=self.system))
        mine = self._mine
        if mine.seconds > RUN_SECONDS or mine.bytes > RUN_BYTES:
            raise UnavailableError(texts.ANSWERS_ENDLESS(system=self.system))
        if self._limiter is not None:
            self._limiter.acquire(self.context.guard)
            self.context.guard()
        transport, request = self._transport(), self._prepared(method, url, **kwargs)
        started, clock = time.time(), time.monotonic()
        self.calls += 1
        response: Response | None = None
        error = ""
        try:
            answer = transport.send(
                request, stream=True, timeout=(self.context.connect_timeout, read_timeout), proxies=self._proxies(url)
            )
            try:
                content = self._read(answer)
            finally:
                answer.close()
            response = Response(answer.status_code, answer.headers, content, answer.encoding, self.kept, self.system)
            mine.bytes += len(content)
            return response
        except PrivateAddressError:
            error = _("not connected: the address leads into a private network")
            raise
        except requests.exceptions.ConnectTimeout:
            error = _("no connection in time")
            raise UnavailableError(texts.NOT_REACHED(system=self.system)) from None
        except requests.exceptions.Timeout:
            error = _("no answer in time")
            raise self._lost(write, texts.NOT_ANSWERED(system=self.system)) from None
        except requests.exceptions.ConnectionError as exc:
            error = _("connection failed")
            raise self._lost(write and _was_open(exc), texts.CONNECTION_FAILED(system=self.system)) from None
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, HTTPException, OSError, ValueError):
            error = _("broken answer")
            raise self._lost(write, texts.ANSWER_BROKE_OFF(system=self.system)) from None
        finally:
            mine.seconds += time.monotonic() - clock
            self._record(request, response, started, clock, error, keep_answer)

    def _prepared(
        self, method: str, url: str, *, headers: Mapping[str, Any], **kwargs: Any
    ) -> requests.PreparedRequest:
        """Signed, too. Raises "from None", as `_send` does: the texts of these exceptions hold a header's value or the
        whole address, with any secret in its query."""
        headers = {k: v for k, v in headers.items() if v is not None}
        try:
            return prepared(method, url, headers=headers, **kwargs)
        except requests.exceptions.InvalidHeader:
            raise NotAuthorizedError(texts.UNSENDABLE_CREDENTIAL()) from None
        except (requests.exceptions.InvalidURL, requests.exceptions.MissingSchema, UnicodeError):
            raise UnavailableError(texts.BAD_ADDRESS(system=self.system)) from None

    @staticmethod
    def _lost(write: bool, message: Message) -> UnclearOutcomeError | UnavailableError:
        return UnclearOutcomeError(message) if write else UnavailableError(message)

    @staticmethod
    def _read(answer: requests.Response) -> bytes:
        """The whole body, unpacked, up to MAX_ANSWER_BYTES (an answer is never trusted with our memory)."""
        body = bytearray()
        for chunk in answer.iter_content(64 * 1024):
            body += chunk
            if len(body) > MAX_ANSWER_BYTES:
                raise ValueError("answer too large")
        return bytes(body)

    # -- the record --------------------------------------------------------------------------------------

    def begin(self) -> None:
        """A run begins in this thread: its calls are counted and kept from here on."""
        self._mine.seconds = self._mine.bytes = 0
        self._mine.exchanges, self._mine.ahead = [], {}

    @property
    def ahead(self) -> dict[Any, Any]:
        """What this thread's run has read already for a later step of it; empty when the next one begins."""
        return self._mine.ahead

    def take_exchanges(self) -> tuple[Exchange, ...]:
        """What this thread has called since the last take, masked with every secret known by now."""
        taken, self._mine.exchanges = tuple(self._mine.exchanges), []
        return taken

    def _record(
        self,
        request: requests.PreparedRequest,
        response: Response | None,
        started: float,
        clock: float,
        error: str,
        keep_answer: bool,
    ) -> None:
        mask = self.masker
        answer = self._masked(response.kept) if response else ""
        if response and response.ok and not keep_answer:
            answer = f"({len(response.content)} bytes, not kept: it holds other employees too)"
        sent = self.kept.body(request.body or b"", request.headers.get("Content-Type", ""))
        self._mine.exchanges.append(
            Exchange(
                at=started,
                method=request.method or "",
                url=mask.text(self.kept.address(request.url or "")),
                request_headers=mask.headers((k, str(v)) for k, v in request.headers.items()),
                request_body=self._masked(storable(sent)),
                status=response.status if response else 0,
                response_headers=mask.headers(response.headers.items()) if response else {},
                response_body=answer,
                milliseconds=round((time.monotonic() - clock) * 1000),
                error=error,
            )
        )
        del self._mine.exchanges[:-200]

    def _masked(self, text: str) -> str:
        """Masked first and cut afterwards: a secret that stands at the cut must not stay in part."""
        return self.masker.text(text[: KEPT_CHARACTERS + MASKED_BEYOND])[:KEPT_CHARACTERS]

    # -- connections -------------------------------------------------------------------------------------

    def _transport(self) -> Transport:
        transport = self._mine.transport
        if transport is None:
            transport = self._mine.transport = Transport(public_only=not self.context.private_targets)
            with self._lock:
                self._transports.append(transport)
        return transport

    def _proxies(self, url: str) -> dict[str, str]:
        """The operator's HTTPS_PROXY (HTTP_PROXY for plain addresses), unless NO_PROXY names the host."""
        origin = url.split("/", 3)[:3]
        found = self._proxies_of.get(key := "/".join(origin))
        if found is None:
            found = self._proxies_of[key] = dict(requests.utils.get_environ_proxies(key))
        return found

    def close(self) -> None:
        with self._lock:
            for transport in self._transports:
                transport.close()
            self._transports.clear()
