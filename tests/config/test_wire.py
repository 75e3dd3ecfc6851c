"""What goes over the wire as `manage.py serve` sends it: HEAD without a body, and every refusal in words."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator

import pytest
from django.http import HttpResponseNotAllowed, StreamingHttpResponse
from django.urls import path
from waitress.server import create_server

from config import channel
from config.management.commands.serve import LIMITS
from config.urls import handler400, handler404, handler500, urlpatterns  # noqa: F401
from config.wsgi import application

urlpatterns = [
    *urlpatterns,
    path("streamed", lambda request: StreamingHttpResponse([b"a" * 900, b"b" * 900])),
    path("button", lambda request: HttpResponseNotAllowed(["POST"])),
]


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, int]]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(channel.BaseWSGIServer, "channel_class", channel.BaseWSGIServer.channel_class)
        channel.install()
        listener = socket.create_server(("127.0.0.1", 0))
        address = listener.getsockname()
        made = create_server(application, sockets=[listener], threads=2, **LIMITS)
        thread = threading.Thread(target=made.run, daemon=True)
        thread.start()
        yield address
        made.trigger.pull_trigger(made.close)
        thread.join(5)


def asked(address: tuple[str, int], *parts: bytes) -> bytes:
    """All that comes back until the server ends the connection."""
    found = b""
    with socket.create_connection(address, timeout=10) as connection:
        for part in parts:
            connection.sendall(part)
        while piece := connection.recv(65536):
            found += piece
    return found


def request(method: str, where: str, *lines: str, host: str = "localhost") -> bytes:
    return "\r\n".join([f"{method} {where} HTTP/1.1", f"Host: {host}", *lines, "", ""]).encode()


@pytest.mark.parametrize(
    ("where", "status"),
    [
        ("/healthz", 200),
        ("/api/docs/", 200),
        ("/api/v1/employees/", 401),
        ("/api/v1/nothing/", 404),
        ("/admin/login/", 200),
        ("/static/unfold/css/styles.css", 200),
        ("/nothing", 404),
    ],
)
def test_head_has_no_body_and_the_next_request_on_the_connection_is_answered(
    server: tuple[str, int], where: str, status: int
) -> None:
    got = asked(server, request("HEAD", where), request("GET", "/healthz", "Connection: close"))
    head, _, rest = got.partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ".encode()), head
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    assert int(length.partition(b":")[2]) > 0  # as GET would have it
    assert rest.startswith(b"HTTP/1.1 200 OK\r\n") and rest.endswith(b'{"alive": true}')


@pytest.mark.urls("tests.config.test_wire")
def test_the_page_in_place_of_no_words_comes_whole(server: tuple[str, int]) -> None:
    head, _, page = asked(server, request("GET", "/button", "Connection: close")).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 405 ") and f"content-length: {len(page)}".encode() in head.lower()
    assert page.rstrip().endswith(b"</html>") and b"This page only answers its button" in page


@pytest.mark.urls("tests.config.test_wire")
def test_head_of_what_is_sent_in_pieces(server: tuple[str, int]) -> None:
    got = asked(server, request("GET", "/streamed", "Connection: close"))
    assert got.count(b"a" * 900) == got.count(b"b" * 900) == 1
    head, _, rest = asked(server, request("HEAD", "/streamed")).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ") and rest == b""


def problem(got: bytes, status: int) -> dict[str, str]:
    head, _, body = got.partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ".encode()), head
    assert b"content-type: application/problem+json" in head.lower()
    found: dict[str, str] = json.loads(body)
    assert (
        found["status"] == status
        and found["detail"]
        and f"x-request-id: {found['request_id']}" in head.decode().lower()
    )
    return found


def test_a_body_that_even_the_server_refuses_is_a_problem_for_programs(server: tuple[str, int]) -> None:
    declared = f"Content-Length: {LIMITS['max_request_body_size'] + 1}"
    found = problem(asked(server, request("POST", "/api/v1/positions/bulk/", declared)), 413)
    assert found["code"] == "request_too_large" and "Send fewer rows" in found["detail"]
    assert b"text/plain" in asked(server, request("POST", "/admin/login/", declared))


def test_a_host_that_is_not_ours_is_a_problem_for_programs(server: tuple[str, int]) -> None:
    asking = request("GET", "/api/v1/employees/", "Connection: close", host="elsewhere.example")
    found = problem(asked(server, asking), 400)
    assert found["code"] == "bad_request" and "host name" in found["detail"]
    page = asked(server, request("GET", "/admin/login/", "Connection: close", host="elsewhere.example"))
    assert page.startswith(b"HTTP/1.1 400 ") and b"text/html" in page


@pytest.mark.parametrize("where", ["/api/v1/employees/", "/api/v1/employees", "/api/docs/", "/api/schema/"])
def test_trace_is_answered_nowhere(server: tuple[str, int], where: str) -> None:
    got = asked(server, request("TRACE", where, "Connection: close", "X-Canary: seen"))
    assert problem(got, 405)["code"] == "method_not_allowed"
    assert b"\r\nAllow: " in got and b"seen" not in got
    for other in ("/healthz", "/admin/login/", "/nothing"):
        got = asked(server, request("TRACE", other, "Connection: close", "X-Canary: seen"))
        assert got.startswith(b"HTTP/1.1 405 ") and b"seen" not in got


def test_another_method_at_the_documentation_is_a_problem(server: tuple[str, int]) -> None:
    got = asked(server, request("POST", "/api/docs/", "Connection: close", "Content-Length: 0"))
    assert problem(got, 405)["code"] == "method_not_allowed" and b"\r\nAllow: GET, HEAD\r\n" in got


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_an_address_without_its_slash_is_the_same(server: tuple[str, int], method: str) -> None:
    for where in ("/api/v1/positions/bulk", "/api/v1/jobs/7", "/api/v1/employees?limit=5"):
        got = asked(server, request(method, where, "Connection: close", "Content-Length: 0"))
        assert problem(got, 401)["code"] == "not_authenticated"
    assert asked(server, request("GET", "/api/docs", "Connection: close")).startswith(b"HTTP/1.1 200 ")
