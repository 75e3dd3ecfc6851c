"""Sessions of `requests` whose calls end in time and in bounds, whatever the other side does.

What a library offers as a timeout is the time between two bytes: whoever sends one byte every second is never too slow.
Here each read of an answer gets what is left of the whole answer's time, be it headers, body, or one `100 Continue`
after the other. Headers and answers are bounded in size before anything unpacks or parses them; cookies are not even
parsed (nothing that is spoken to here works with any), and where a redirect leads is not looked at (`requests` would
read its body first).
"""

from __future__ import annotations

import http.client
import io
import socket
import time
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from integrations.sdk.addresses import open_socket

MAX_ANSWER_BYTES = 20 * 1024 * 1024
MAX_HEADER_BYTES = 128 * 1024  # all lines before the body, with whatever `100 Continue` comes before them


class _Reader(io.RawIOBase):
    """The bytes of one answer: at most `room` of them, and none after `deadline` (of the monotonic clock)."""

    def __init__(self, sock: socket.socket, deadline: float, room: int) -> None:
        self._sock, self._deadline, self.room = sock, deadline, room
        self._raw = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer took too long")
        self._sock.settimeout(left)
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

    def request(self: Any, *args: Any, **kwargs: Any) -> None:
        if self.sock is not None:
            self.sock.settimeout(self.timeout)  # the last answer left what was left of its own time
        super().request(*args, **kwargs)  # type: ignore[misc]

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


class _Adapter(HTTPAdapter):
    """Through a proxy the proxy looks the name up, and has to refuse what leads inside."""

    def __init__(self, public_only: bool) -> None:
        self._direct = {"https": _PublicTlsPool} if public_only else {"http": _PlainPool, "https": _TlsPool}
        super().__init__()

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **kwargs: Any) -> None:
        super().init_poolmanager(connections, maxsize, block, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._direct

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        for name in ("Set-Cookie", "Set-Cookie2"):
            del resp._original_response.msg[name]
        return super().build_response(req, resp)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = {"http": _PlainPool, "https": _TlsPool}
        return manager


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        return None


def new_session(*, public_only: bool) -> requests.Session:
    """For one thread. `public_only`: TLS connections to public addresses alone, or `PrivateAddressError`."""
    session = _Session()
    session.trust_env = False  # no .netrc credentials, and proxies are the caller's to give
    for scheme in ("https://", "http://"):
        session.mount(scheme, _Adapter(public_only))
    return session
