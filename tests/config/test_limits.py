"""No request may be larger than the product needs, whoever sends it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from waitress.server import create_server

from config.management.commands.serve import LIMITS


def test_a_form_or_file_that_is_too_large_is_refused_before_anybody_signs_in(settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 2**20
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        answer = Client().post("/admin/login/", b"x" * (2**20 + 1), content_type=kind)
        assert answer.status_code == 413
        assert "What was sent is larger than 1.0 MB, and nothing was saved." in answer.content.decode()


@pytest.mark.parametrize("length", ["-1", "many", "1e3"])
def test_a_length_that_is_none(length: str) -> None:
    answer = Client().generic("POST", "/admin/login/", b"x", CONTENT_LENGTH=length)
    assert answer.status_code == 413


def test_the_servers_limit_leaves_room_for_words(settings: Any) -> None:
    assert settings.DATA_UPLOAD_MAX_MEMORY_SIZE < LIMITS["max_request_body_size"] <= 2**25


@pytest.fixture
def server() -> Iterator[tuple[str, int]]:
    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Length", "0")])
        return [b""]

    listener = socket.create_server(("127.0.0.1", 0))
    address = listener.getsockname()
    made = create_server(application, sockets=[listener], threads=1, **LIMITS)
    thread = threading.Thread(target=made.run, daemon=True)
    thread.start()
    yield address
    made.trigger.pull_trigger(made.close)  # by the thread that waits on the sockets
    thread.join(5)


def status(address: tuple[str, int], *parts: bytes) -> str:
    with socket.create_connection(address, timeout=10) as connection:
        try:
            for part in parts:
                connection.sendall(part)
        except (BrokenPipeError, ConnectionResetError):
            pass
        return connection.recv(200).split(b"\r\n")[0].decode()


def test_what_the_server_refuses_by_itself(server: tuple[str, int]) -> None:
    most = LIMITS["max_request_body_size"]
    assert "200" in status(server, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n", b"{}")
    declared = f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {most + 1}\r\n\r\n".encode()
    assert "413" in status(server, declared)
    chunk = b"100000\r\n" + b"x" * 2**20 + b"\r\n"
    chunked = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert "413" in status(server, chunked, *[chunk] * (most // 2**20 + 1), b"0\r\n\r\n")
    header = b"X-Long: " + b"y" * LIMITS["max_request_header_size"] + b"\r\n"
    assert "431" in status(server, b"GET / HTTP/1.1\r\nHost: x\r\n" + header + b"\r\n")
