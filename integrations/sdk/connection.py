"""How `requests` connects here: calls end in time and in bounds, whatever the other side does.

What a library offers as a timeout is the time between two bytes: whoever sends one byte every second is never too slow.
Here each read of an answer gets what is left of the whole answer's time, be it headers, body, or one `100 Continue`
after the other. Headers and answers are bounded in size before anything unpacks or parses them; cookies are not even
parsed (nothing that is spoken to here works with any), and no .netrc is read.
"""

from __future__ import annotations

import http.client
import io
import re
import socket
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from integrations.sdk.addresses import open_socket

# Stays as it is, whoever parses, joins or quotes it: no part of it is empty or dots, and nothing is to be quoted.
_PLAIN_ADDRESS = re.compile(r"https?://[a-z0-9][a-z0-9.-]*(?::[0-9]{1,5})?(?:/[\w~-][\w.~-]*)+/?", re.ASCII)
MAX_ANSWER_BYTES = 20 * 1024 * 1024
MAX_HEADER_BYTES = 128 * 1024  # all lines before the body, with whatever `100 Continue` comes before them


class _Reader(io.RawIOBase):
    """The bytes of one answer: at most `room` of them, and none after `deadline` (of the monotonic clock)."""

    def __init__(self, sock: socket.socket, deadline: float, room: int) -> None:
        self._sock, self._deadline, self.room = sock, deadline, room
        self._waited = False
        self._raw = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._waited:  # the first wait has all the time, which the socket has been told
            left = self._deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("the answer took too long")
            self._sock.settimeout(left)
        self._waited = True
        size = self._raw.readinto(buffer) or 0
        self.room -= size
        if self.room < 0:
            raise ValueError("answer too large")
        return int(size)

    def close(self) -> None:
        if not self.closed:
            super().close()
            self._raw.close()


class _Answer(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, deadline: float, *args: Any, **kwargs: Any) -> None:
        self._reader = _Reader(sock, deadline, MAX_HEADER_BYTES)
        super().__init__(self, *args, **kwargs)  # type: ignore[arg-type]

    def makefile(self, mode: str) -> io.BufferedReader:
        """For the base class, which asks its socket for this."""
        return io.BufferedReader(self._reader)

    def begin(self) -> None:
        super().begin()
        if self.status < 200:  # the base class skips `100 Continue` alone, and takes any other for the answer
            raise http.client.BadStatusLine(f"an interim answer ({self.status})")
        self._reader.room = MAX_ANSWER_BYTES


class _Timed:
    """A connection each of whose answers has to be there whole `timeout` seconds after it was asked for."""

    public_only = False
    _parts: list[bytes] | None = None

    def request(self: Any, *args: Any, **kwargs: Any) -> None:
        """Head and body leave together: one packet, and one wait for the other threads, in place of two."""
        self._parts = []
        try:
            super().request(*args, **kwargs)  # type: ignore[misc]
        finally:
            parts, self._parts = self._parts, None
        self.send(b"".join(parts))

    def send(self: Any, data: bytes) -> None:
        if self._parts is None:
            super().send(data)  # type: ignore[misc]
        else:
            self._parts.append(data)

    def response_class(self: Any, sock: socket.socket, *args: Any, **kwargs: Any) -> _Answer:
        return _Answer(sock, time.monotonic() + self.timeout, *args, **kwargs)

    def _new_conn(self: Any) -> socket.socket:
        return open_socket(self, public_only=self.public_only)


class _Plain(_Timed, HTTPConnection):  # type: ignore[misc]
    pass


class _Tls(_Timed, HTTPSConnection):  # type: ignore[misc]
    pass


class _PublicTls(_Tls):
    """Connects to an address that it has checked; certificate, SNI and Host stay those of the name."""

    public_only = True


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _Tls


class _PublicTlsPool(HTTPSConnectionPool):
    ConnectionCls = _PublicTls


class Transport(HTTPAdapter):
    """What sends the requests of one thread, by connections that stay open.

    `public_only`: TLS connections to public addresses alone, or `PrivateAddressError`. Through a proxy the proxy looks
    the name up, and has to refuse what leads inside. No redirect is followed. What `requests` does anew for each call
    and always with the same end (which pool, which certificates, which cookies) is done once, or not at all.
    """

    def __init__(self, *, public_only: bool) -> None:
        super().__init__()
        self._pools: dict[tuple[Any, ...], Any] = {}
        direct = {"https": _PublicTlsPool} if public_only else {"http": _PlainPool, "https": _TlsPool}
        self.poolmanager.pool_classes_by_scheme = direct

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = {"http": _PlainPool, "https": _TlsPool}
        return manager

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        key = (*(request.url or "").split("/", 3)[:3], *(proxies or {}).items())
        pool = self._pools.get(key)
        if pool is None or pool.pool is None:  # closed: others took its place
            pool = self._pools[key] = super().get_connection_with_tls_context(request, verify, proxies, cert)
            HTTPAdapter.cert_verify(self, pool, request.url or "", verify, cert)  # type: ignore[no-untyped-call]
        return pool

    def close(self) -> None:
        for pool in self._pools.values():
            pool.close()
        self._pools.clear()
        super().close()

    def cert_verify(self, *args: object) -> None:
        """That was done when its pool was made."""

    def request_url(self, request: requests.PreparedRequest, proxies: Any) -> str:
        return super().request_url(request, proxies) if proxies else request.path_url

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        """Without cookies, which would be parsed."""
        response = requests.Response()
        response.status_code, response.reason, response.raw = resp.status, resp.reason, resp
        response.headers = requests.structures.CaseInsensitiveDict(resp.headers)
        response.encoding = requests.utils.get_encoding_from_headers(response.headers)
        response.url, response.request = req.url or "", req
        return response


def joined(base: str, path: str) -> str:
    """The address of that path below the base."""
    base, path = base.rstrip("/") + "/", path.lstrip("/")
    return base + path if _PLAIN_ADDRESS.fullmatch(base + path) else urljoin(base, path)


def prepared(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str | bytes],
    params: Any = None,
    data: Any = None,
    json: Any = None,
    auth: AuthBase | None = None,
) -> requests.PreparedRequest:
    """A request as `requests.Request` prepares it, but for cookies. Raises the exceptions of `requests` for an address
    or a header that cannot be sent."""
    request = requests.PreparedRequest()
    request.prepare_method(method)
    if params or not _PLAIN_ADDRESS.fullmatch(url):
        request.prepare_url(url, params or None)
    else:
        request.url = url
    request.prepare_headers(headers)
    request.prepare_body(data, None, json)
    if auth is not None or "@" in url:  # what stands before that may be a user and a password
        request.prepare_auth(auth, url)
    return request
