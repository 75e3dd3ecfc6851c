"""What is spared of the work of `requests` changes nothing of what is sent."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from urllib.parse import urljoin

import hypothesis
import pytest
import requests
from hypothesis import strategies as st

from integrations.sdk.connection import Transport, joined, prepared

_SEGMENTS = st.text(st.sampled_from("aZ09._~-%+:@;=?#&å \\/"), max_size=6)


@hypothesis.given(st.lists(_SEGMENTS, max_size=4), st.lists(_SEGMENTS, max_size=4))
def test_an_address_is_what_it_would_be_with_all_its_parts_parsed(base: list[str], path: list[str]) -> None:
    below, rest = "/".join(["https://api.example.com:8443", *base]), "/".join(path)
    full = joined(below, rest)
    assert full == urljoin(below.rstrip("/") + "/", rest.lstrip("/"))
    try:
        expected = requests.Request("GET", full).prepare().url
    except (requests.exceptions.RequestException, UnicodeError) as error:
        with pytest.raises(type(error)):
            prepared("GET", full, headers={})
    else:
        assert prepared("GET", full, headers={}).url == expected


@pytest.mark.parametrize("address", ["https://user:pass@example.com/a", "https://example.com/a"])
def test_a_user_in_the_address_signs_as_ever(address: str) -> None:
    expected = requests.Request("GET", address).prepare().headers
    assert prepared("GET", address, headers={}).headers.get("Authorization") == expected.get("Authorization")


@pytest.fixture
def packets() -> Iterator[tuple[str, list[bytes]]]:
    """An address, and what each read of a server got."""
    got: list[bytes] = []
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        taken, _ = listening.accept()
        with taken:
            while data := taken.recv(65536):
                got.append(data)
                taken.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/a", got
    listening.close()
    thread.join(5)


def test_head_and_body_leave_together(packets: tuple[str, list[bytes]]) -> None:
    address, got = packets
    transport = Transport(public_only=False)
    for number in range(3):
        request = prepared("POST", address, headers={"X-Number": str(number)}, json={"number": number})
        assert transport.send(request, timeout=(5, 5), stream=True, proxies={}).content == b"{}"
    transport.close()
    assert len(got) == 3
    for number, data in enumerate(got):
        assert f"X-Number: {number}\r\n".encode() in data and data.endswith(b'{"number": %d}' % number)
