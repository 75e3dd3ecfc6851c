"""A call ends when its time is over and takes no more than its memory, whatever the other side sends; for every
connector, in the place of its calls."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from integrations.planning.work import Outcome
from integrations.sandboxes.server import Tenants
from integrations.sdk.errors import ConnectorError, UnavailableError, UnclearOutcomeError
from tests.integrations import hostile
from tests.integrations.hostile import DRIPS, FLOODS, WRONGS, Hostile
from tests.integrations.test_hostile import KEYS, Place, generic
from tests.integrations.test_http import client

SECONDS = 0.6  # that an answer may take
BUSY = 4.0  # what a busy machine may add
MEGABYTES = 150


@pytest.fixture(scope="module")
def server(sandbox_server: tuple[str, Tenants]) -> Iterator[Hostile]:
    with Hostile(sandbox_server[0]).running() as made:
        yield made


@pytest.fixture(autouse=True)
def no_answer(server: Hostile) -> Iterator[None]:
    yield
    server.answer, server.matches = None, lambda method, path: True


@pytest.mark.parametrize("answer", DRIPS, ids=lambda answer: answer.__name__)
def test_a_drip_ends_at_the_deadline(server: Hostile, answer: Callable[[], Any]) -> None:
    server.answer = answer
    http = client(server.address, read_timeout=SECONDS)
    for method, error in (("GET", UnavailableError), ("POST", UnclearOutcomeError)):
        started = time.monotonic()
        with pytest.raises(error):
            http.request(method, "x")
        took = time.monotonic() - started
        assert SECONDS * 0.9 < took < SECONDS + BUSY
    http.close()


@pytest.mark.parametrize("answer", FLOODS, ids=lambda answer: answer.__name__)
def test_a_flood_ends_before_the_memory_does(server: Hostile, answer: Callable[[], Any]) -> None:
    server.answer = answer
    http = client(server.address, read_timeout=20)
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    with pytest.raises(UnavailableError):
        http.get("x")
    assert time.monotonic() - started < 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MEGABYTES * 1024
    http.close()


@pytest.mark.parametrize("answer", WRONGS, ids=lambda answer: answer.__name__)
def test_a_wrong_answer_is_an_answer_or_trouble_and_the_next_call_meets_nothing_of_it(
    server: Hostile, answer: Callable[[], Any]
) -> None:
    server.answer = answer
    http = client(server.address, read_timeout=SECONDS)
    started = time.monotonic()
    with suppress(ConnectorError):
        http.get("x")
    assert time.monotonic() - started < SECONDS + BUSY
    server.answer = None
    answers = []
    for _ in range(3):
        with suppress(ConnectorError):  # it may be hung up on just now
            answers.append(http.get("x", classify=lambda response: None).text)
    assert answers and all("No such sandbox" in text for text in answers)
    assert http.take_exchanges()
    http.close()


def test_a_body_that_is_slow_but_in_time_is_read(server: Hostile) -> None:
    def slow() -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n"
        for byte in b'{"a":1':
            time.sleep(0.05)
            yield bytes([byte])

    server.answer = slow
    http = client(server.address, read_timeout=5)
    assert http.get("x").content == b'{"a":1'
    http.close()


def test_a_kept_connection_has_its_whole_time_again(server: Hostile) -> None:
    http = client(server.address, read_timeout=1.5)
    for _ in range(3):
        assert http.get("x", classify=lambda response: None).status == 404
        time.sleep(0.6)
    http.close()


def test_cookies_are_neither_kept_nor_sent(server: Hostile) -> None:
    server.answer = hostile.cookies
    http = client(server.address, read_timeout=5)
    http.get("x")
    http.get("x")
    assert [exchange.request_headers.get("Cookie") for exchange in http.take_exchanges()] == [None, None]
    http.close()


SOME = (*DRIPS[:3], FLOODS[2], WRONGS[1])
ALL = (*DRIPS, *FLOODS, *WRONGS)


@pytest.mark.parametrize("key", KEYS)
def test_every_connector_ends_in_time(key: str, server: Hostile, sandbox_server: tuple[str, Tenants]) -> None:
    """In the place of the last call that a first position takes, and in CI of each before it too."""
    place = Place(sandbox_server, key)
    *before, last = place.calls()
    places = [(last, SOME)] if not os.environ.get("CI") else [(last, ALL), *((call, DRIPS[:2]) for call in before)]
    for (method, path), answers in places:
        for answer in answers:
            for _ in range(3):  # on a busy machine another call may be the one that is not answered in time
                server.met = 0
                outcome, took = meet(place, server, method, path, answer)
                assert outcome.state == "succeeded" or outcome.message
                assert took < SECONDS * (server.met + 1) + 2 * BUSY, f"{method} {path}, {answer.__name__}: {took:.1f} s"
                if server.met:
                    break
            assert server.met, f"{method} {path} was not called: {outcome.message}"


def meet(place: Place, server: Hostile, method: str, path: str, answer: Callable[[], Any]) -> tuple[Outcome, float]:
    """What comes out of a first position, and after how many seconds."""
    rig = place.rig()
    rig.address, rig.read_timeout = server.address, SECONDS
    server.answer = answer
    server.matches = partial(is_call, method, path, f"/{rig.system.key}/{rig.sandbox.tenant.name}/")
    started = time.monotonic()
    outcome = rig.sync(place.behaviour.position()).outcomes["1"]
    return outcome, time.monotonic() - started


def is_call(method: str, path: str, tenant: str, met_method: str, met_path: str) -> bool:
    """Sandboxes leave a version in front of a path out of what they remember."""
    met = "/" + generic(met_path.partition("?")[0].removeprefix(tenant))
    return met_method == method and met.endswith("/" + path)


def test_endless_pages_end(server: Hostile, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each page alone is fine: it is the run that has had enough."""

    def page() -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]"

    server.answer = page
    monkeypatch.setattr("integrations.sdk.http.RUN_SECONDS", 0.3)
    http = client(server.address)
    http.begin()
    met = ""
    for _ in range(5000):
        try:
            http.get("x")
        except UnavailableError as error:
            met = error.message
            break
    assert "no end" in met
    http.begin()
    http.get("x")
    monkeypatch.setattr("integrations.sdk.http.RUN_BYTES", 1)
    with pytest.raises(UnavailableError, match="no end"):
        http.get("x")
    http.close()
