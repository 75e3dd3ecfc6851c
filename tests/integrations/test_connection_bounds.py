"""How a call connects and what it reads: bounds of time and size byte by byte, one pool for each place, no cookies."""

from __future__ import annotations

import http.client
import io
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth
from urllib3.response import HTTPResponse

from integrations.sdk import connection
from integrations.sdk.connection import Transport, prepared

WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
URL = "https://api.example.org/v1/x?a=1"


@pytest.fixture
def wire() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Ours, and theirs."""
    ours, theirs = socket.socketpair()
    yield ours, theirs
    ours.close()
    theirs.close()


def soon(seconds: float = 5.0) -> float:
    return time.monotonic() + seconds


# -- one answer ------------------------------------------------------------------------------------------------


def test_so_many_bytes_are_read_and_none_more(wire: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = wire
    reader = connection._Reader(ours, soon(), 5)
    buffer = bytearray(3)
    theirs.sendall(b"abcdef")
    assert reader.readable() and reader.readinto(buffer) == 3 and bytes(buffer) == b"abc" and reader.room == 2
    assert reader.readinto(memoryview(buffer)[:2]) == 2 and reader.room == 0, "exactly as many as there is room for"
    with pytest.raises(ValueError, match="too large"):
        reader.readinto(buffer)


def test_the_end_of_an_answer_is_no_byte(wire: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = wire
    theirs.close()
    assert connection._Reader(ours, soon(), 5).readinto(bytearray(3)) == 0


def test_each_further_read_gets_what_is_left_of_the_time(wire: tuple[socket.socket, socket.socket]) -> None:
    """The first one has all of it."""
    ours, theirs = wire
    theirs.sendall(b"abcdef")
    reader, short, late = (connection._Reader(ours, soon(seconds), 5) for seconds in (5, 0.9, -1))
    for one in (reader, short):
        one.readinto(bytearray(1))
    reader.readinto(bytearray(1))
    assert 4 < (ours.gettimeout() or 0) <= 5
    assert short.readinto(bytearray(1)) == 1, "the last second too"
    with suppress(TimeoutError):
        late.readinto(bytearray(1))
    with pytest.raises(TimeoutError):
        late.readinto(bytearray(1))


def test_a_reader_lets_its_socket_go_and_may_be_closed_twice(wire: tuple[socket.socket, socket.socket]) -> None:
    ours, _ = wire
    reader = connection._Reader(ours, soon(), 5)
    ours.close()
    assert ours.fileno() != -1, "it is in use"
    reader.close()
    reader.close()
    assert reader.closed and ours.fileno() == -1


def answer(wire: tuple[socket.socket, socket.socket], content: bytes, deadline: float | None = None) -> Any:
    ours, theirs = wire
    theirs.sendall(content)
    found = connection._Answer(ours, deadline or soon(), method="GET")
    found.begin()
    return found


def test_headers_and_answer_have_bounds_of_their_own(
    wire: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "MAX_HEADER_BYTES", len(WHOLE))
    monkeypatch.setattr(connection, "MAX_ANSWER_BYTES", 7)
    found = answer(wire, WHOLE)
    assert (found.status, found._reader.room, found.read()) == (200, 7, b"ok")
    monkeypatch.setattr(connection, "MAX_HEADER_BYTES", 10)
    with pytest.raises(ValueError, match="too large"):
        answer(wire, WHOLE)


def test_an_interim_answer_is_skipped_or_none_at_all(wire: tuple[socket.socket, socket.socket]) -> None:
    assert answer(wire, b"HTTP/1.1 100 Continue\r\n\r\n" + WHOLE).status == 200
    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.raises(http.client.BadStatusLine, match="103"):
        answer((ours, theirs), b"HTTP/1.1 103 Early Hints\r\n\r\n")


# -- one connection --------------------------------------------------------------------------------------------


def test_a_kept_connection_has_its_whole_time_again(wire: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = wire
    kept = connection._Plain("api.example.org", timeout=3.0)
    kept.sock = ours
    ours.settimeout(0.5)
    kept.request("GET", "/x", headers={"A": "b"})
    assert ours.gettimeout() == 3.0
    assert theirs.recv(1000).startswith(b"GET /x HTTP/1.1\r\n")
    made: Any = kept.response_class(ours, method="GET")
    assert 2 < made._reader._deadline - time.monotonic() <= 3 and made._method == "GET"


@pytest.mark.parametrize("kind", [connection._Plain, connection._Tls, connection._PublicTls], ids=lambda k: k.__name__)
def test_a_connection_is_opened_where_it_may_lead(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []

    def open_socket(one: Any, *, public_only: bool) -> str:
        opened.append((one, public_only))
        return "a socket"

    monkeypatch.setattr(connection, "open_socket", open_socket)
    one = kind("api.example.org", timeout=3.0)
    assert one._new_conn() == "a socket" and opened == [(one, kind is connection._PublicTls)]


# -- all of a thread's -----------------------------------------------------------------------------------------


def pool(transport: Transport, url: str = URL, proxies: Mapping[str, str] | None = None, verify: Any = True) -> Any:
    return transport.get_connection_with_tls_context(prepared("GET", url, headers={}), verify, proxies)


def test_each_place_has_one_pool_until_others_take_its_place() -> None:
    transport = Transport(public_only=False)
    first = pool(transport)
    assert pool(transport, "https://api.example.org/v2/y") is first
    assert pool(transport, "https://api.example.org:8443/v1/x") is not first
    assert pool(transport, "http://api.example.org/v1/x") is not first
    assert pool(transport, proxies={"https": "http://proxy.example.org:3128"}) is not first
    transport.poolmanager.clear()
    assert pool(transport) is first, "it is still open"
    first.close()
    again = pool(transport)
    assert again is not first and pool(transport) is again
    transport.close()
    assert again.pool is None and pool(transport) is not again


def test_a_place_is_looked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    look = HTTPAdapter.get_connection_with_tls_context
    monkeypatch.setattr(
        HTTPAdapter, "get_connection_with_tls_context", lambda *args: asked.append(args[1].url) or look(*args)
    )
    transport = Transport(public_only=False)
    urls = [URL, "https://api.example.org/v1/x/y/z?b=/2", "https://api.example.org/", "https://other.example.org/v1/x"]
    for url in urls * 2:
        pool(transport, url)
    assert asked == [urls[0], urls[3]]


@pytest.mark.parametrize(
    ("public_only", "url", "kind"),
    [
        (True, URL, connection._PublicTlsPool),
        (False, URL, connection._TlsPool),
        (False, "http://api.example.org/x", connection._PlainPool),
    ],
)
def test_which_way_leads_there(public_only: bool, url: str, kind: type) -> None:
    assert type(pool(Transport(public_only=public_only), url)) is kind


@pytest.mark.parametrize("public_only", [True, False])
def test_a_proxy_may_be_inside(public_only: bool) -> None:
    proxies = {"https": "http://proxy.inside:3128", "http": "http://proxy.inside:3128"}
    transport = Transport(public_only=public_only)
    assert type(pool(transport, URL, proxies)) is connection._TlsPool
    assert type(pool(transport, "http://api.example.org/x", proxies)) is connection._PlainPool


@pytest.mark.parametrize(("verify", "asked"), [(True, "CERT_REQUIRED"), (False, "CERT_NONE")])
def test_certificates_are_decided_on_once(verify: bool, asked: str) -> None:
    transport = Transport(public_only=False)
    made = pool(transport, verify=verify)
    assert made.cert_reqs == asked
    transport.cert_verify(made, URL, not verify, None)
    assert made.cert_reqs == asked


def test_what_is_asked_for_is_the_path_and_of_a_proxy_the_whole() -> None:
    transport, request = Transport(public_only=False), prepared("GET", "http://api.example.org/v1/x?a=1", headers={})
    assert transport.request_url(request, None) == "/v1/x?a=1"
    assert (
        transport.request_url(request, {"http": "http://proxy.example.org:3128"}) == "http://api.example.org/v1/x?a=1"
    )


def test_an_answer_is_what_came_without_cookies() -> None:
    raw = HTTPResponse(
        io.BytesIO(b"ok"),
        headers={"Content-Type": "text/plain; charset=latin-1", "Set-Cookie": "a=b"},
        status=201,
        reason="Created",
        preload_content=False,
    )
    request = prepared("GET", URL, headers={})
    found = Transport(public_only=False).build_response(request, raw)
    assert (found.status_code, found.reason, found.encoding, found.url) == (201, "Created", "latin-1", URL)
    assert found.headers["content-type"].startswith("text/plain") and not found.cookies
    assert found.request is request and found.content == b"ok"


# -- one request -----------------------------------------------------------------------------------------------


def test_a_request_is_prepared_as_requests_does_it() -> None:
    found = prepared("post", "https://api.example.org/x", headers={"A": "b"}, params={"q": "ø"}, json={"n": 1})
    assert (found.method, found.url) == ("POST", "https://api.example.org/x?q=%C3%B8")
    assert (found.headers["A"], found.headers["Content-Type"], found.body) == ("b", "application/json", b'{"n": 1}')
    form = prepared("PUT", URL, headers={}, data={"n": "1"}, auth=HTTPBasicAuth("me", "secret"))
    assert (form.body, form.headers["Authorization"]) == ("n=1", "Basic bWU6c2VjcmV0")
    assert prepared("GET", URL, headers={}).url == URL and prepared("GET", URL, headers={}).body is None
    assert prepared("GET", "https://api.example.org/x", headers={}, params={}).url == "https://api.example.org/x"


@pytest.mark.parametrize(("url", "headers"), [("no address", {}), (URL, {"A": "b\r\nC: d"})])
def test_what_cannot_be_sent_is_refused(url: str, headers: Mapping[str, str]) -> None:
    with pytest.raises(requests.exceptions.RequestException):
        prepared("GET", url, headers=headers)
