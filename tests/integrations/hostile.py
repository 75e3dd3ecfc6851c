"""A server that answers as no library expects: byte by byte, without an end, with wrong lengths. It can stand before a
sandbox and let through all calls but one."""

from __future__ import annotations

import http.client
import itertools
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from urllib.parse import urlsplit

PAUSE = 0.1  # between two bytes: far less than any timeout
FLOOD = b"x" * 65536
LASTS = 600  # bytes of a drip at most: a minute, so that no thread stays for ever

Bytes = Iterator[bytes]


def drip(text: bytes) -> Bytes:
    for byte in text[:LASTS]:
        yield bytes([byte])


def forever(text: bytes) -> Bytes:
    yield from drip(text * (LASTS // len(text) + 1))


def body_with_length() -> Bytes:
    yield b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n"
    yield from forever(b" ")


def body_without_length() -> Bytes:
    yield b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
    yield from forever(b" ")


def body_in_chunks() -> Bytes:
    yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    for _ in range(LASTS):
        yield b"1\r\n \r\n"


def packed_body() -> Bytes:
    yield b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 100000\r\n\r\n\x1f\x8b\x08\0\0\0\0\0\0\xff"
    yield from forever(b"\0")


def headers_byte_by_byte() -> Bytes:
    yield from forever(b"HTTP/1.1 200 OK\r\n" + b"X-A: " + b"a" * LASTS)


def status_line_byte_by_byte() -> Bytes:
    yield from forever(b"HTTP/1.1 200 " + b"O" * LASTS)


def one_continue_after_the_other() -> Bytes:
    for _ in range(LASTS):
        yield b"HTTP/1.1 100 Continue\r\n\r\n"


def one_hint_after_the_other() -> Bytes:
    for _ in range(LASTS):
        yield b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"


def nothing_at_all() -> Bytes:
    for _ in range(LASTS):
        yield b""


def trailers() -> Bytes:
    yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
    for _ in range(LASTS):
        yield b"X-A: a\r\n"


def redirect_with_a_body() -> Bytes:
    yield b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 100000\r\n\r\n"
    yield from forever(b" ")


DRIPS: tuple[Callable[[], Bytes], ...] = (
    body_with_length, headers_byte_by_byte, one_continue_after_the_other, body_without_length, body_in_chunks,
    packed_body, status_line_byte_by_byte, nothing_at_all, trailers, redirect_with_a_body,
)  # fmt: skip


def endless_header() -> Bytes:
    yield b"HTTP/1.1 200 OK\r\nX-A: "
    yield from itertools.repeat(FLOOD)


def endless_headers() -> Bytes:
    yield b"HTTP/1.1 200 OK\r\n"
    yield from (b"X-%d: a\r\n" % n * 1000 for n in itertools.count())


def flood_of_continues() -> Bytes:
    yield from itertools.repeat(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)


def endless_body() -> Bytes:
    yield b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
    yield from itertools.repeat(FLOOD)


def endless_redirect() -> Bytes:
    yield b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nConnection: close\r\n\r\n"
    yield from itertools.repeat(FLOOD)


def endless_size_of_a_chunk() -> Bytes:
    yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    yield from itertools.repeat(b"1" * 65536)


def endless_trailers() -> Bytes:
    yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
    yield from itertools.repeat(b"X-A: a\r\n" * 1000)


FLOODS: tuple[Callable[[], Bytes], ...] = (
    endless_header, endless_headers, flood_of_continues, endless_body, endless_redirect, endless_size_of_a_chunk,
    endless_trailers,
)  # fmt: skip


def too_short() -> Bytes:
    yield b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}"


def too_long() -> Bytes:
    yield b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + b"{" * 5000


def two_lengths() -> Bytes:
    yield b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}"


def length_below_zero() -> Bytes:
    yield b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}"


def length_of_5000_digits() -> Bytes:
    yield b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n{}"


def no_http() -> Bytes:
    yield b"SSH-2.0-OpenSSH_9.6\r\n"


def status_of_no_kind() -> Bytes:
    yield b"HTTP/1.1 99999 Huh\r\n\r\n"


def cookies() -> Bytes:
    yield b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
    yield from (b"Set-Cookie: %s\r\n" % (b"a=b; expires=" + b"0 " * 500) for _ in range(90))
    yield b"\r\n{}"


def half_a_surrogate_in_a_header() -> Bytes:
    yield b"HTTP/1.1 500 \xed\xa0\x80\r\nX-A: \xed\xa0\x80\0\r\nRetry-After: 1e300\r\nContent-Length: 0\r\n\r\n"


WRONGS: tuple[Callable[[], Bytes], ...] = (
    too_short, too_long, one_hint_after_the_other, two_lengths, length_below_zero, length_of_5000_digits, no_http,
    status_of_no_kind, cookies,
    half_a_surrogate_in_a_header,
)  # fmt: skip


class Hostile:
    """`address`, and `behind` it a sandbox server. Calls of this method and path get the `answer`; the others pass."""

    def __init__(self, behind: str) -> None:
        self.behind = behind
        self.answer: Callable[[], Bytes] | None = None
        self.matches: Callable[[str, str], bool] = lambda method, path: True
        self.met = 0
        self.hanging = 0  # calls that are being answered now
        hostile = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if hostile.answer is not None and hostile.matches(self.command, self.path):
                    hostile.met += 1
                    self.close_connection = True
                    hostile.hanging += 1
                    try:
                        hostile.misbehave(self.connection)
                    finally:
                        hostile.hanging -= 1
                else:
                    self.forward(body)

            do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

            def forward(self, body: bytes) -> None:
                there = http.client.HTTPConnection(urlsplit(hostile.behind).netloc, timeout=20)
                there.request(self.command, self.path, body, dict(self.headers))
                answer = there.getresponse()
                content = answer.read()
                self.send_response_only(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("content-length", "connection", "transfer-encoding"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
                there.close()

            def log_message(self, *args: object) -> None:
                pass

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = daemon_threads = True

            def handle_error(self, request: object, client_address: object) -> None:
                pass  # whoever has had enough hangs up

        self._server = Server(("127.0.0.1", 0), Handler)
        self._stopped = threading.Event()
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"

    def misbehave(self, sock: socket.socket) -> None:
        assert self.answer is not None
        dripping = self.answer in DRIPS
        sock.settimeout(20)
        for piece in self.answer():
            if piece:
                sock.sendall(piece)
            if dripping and self._stopped.wait(PAUSE):
                return

    def let_go(self) -> None:
        """Ends what drips."""
        self._stopped.set()

    @contextmanager
    def running(self) -> Iterator[Hostile]:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        try:
            yield self
        finally:
            self.let_go()
            self._server.shutdown()
            self._server.server_close()
