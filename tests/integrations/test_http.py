"""The HTTP layer of all connectors, against a server that misbehaves in every way."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.sdk import http as http_module
from integrations.sdk.context import Context
from integrations.sdk.declaration import Limits
from integrations.sdk.errors import InterruptedRunError, RateLimitedError, UnavailableError, UnclearOutcomeError
from integrations.sdk.http import Http, Response
from integrations.sdk.kept import Kept
from integrations.sdk.limiter import WindowLimiter
from integrations.sdk.masking import MASK, Masker
from integrations.sdk.storable import storable


class Bad(BaseHTTPRequestHandler):
    """What the path asks for."""

    seen: list[tuple[str, str, dict[str, str]]] = []

    def do_GET(self) -> None:
        Bad.seen.append((self.command, self.path, dict(self.headers)))
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(length)
        what = self.path.strip("/").split("?")[0]
        if what == "drop":
            self.connection.close()
            return
        if what == "slow":
            time.sleep(0.8)
        body = b'{"ok": true}'
        headers = {"Content-Type": "application/json"}
        status = 200
        if what == "redirect":
            status, headers["Location"] = 302, "http://127.0.0.1:1/elsewhere"
        elif what.startswith("status"):
            status = int(what[6:])
        elif what == "limited":
            status, headers["Retry-After"] = 429, "3"
        elif what == "large":
            body = b"x" * 3000
        elif what == "bomb":
            body, headers["Content-Encoding"] = gzip.compress(b"0" * 3_000_000), "gzip"
        elif what == "latin":
            body, headers["Content-Type"] = b"\xff\xfe\x00", "text/html; charset=nonsense"
        elif what == "html":
            body = b"<html>gateway</html>"
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) + (100 if what == "truncated" else 0)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def bad() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Bad)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def client(base: str, limits: Limits | None = None, **context: Any) -> Http:
    values: dict[str, Any] = {
        "credentials": {},
        "settings": {},
        "urls": {},
        "namespace": "n",
        "today": date(2026, 1, 1),
    }
    values |= {"read_timeout": 0.4, "private_targets": True, **context}
    return Http(Context(**values), limits or Limits(), base_url=base)


@pytest.mark.parametrize(
    ("path", "reading", "writing"),
    [
        ("drop", UnavailableError, UnclearOutcomeError),
        ("slow", UnavailableError, UnclearOutcomeError),
        ("truncated", UnavailableError, UnclearOutcomeError),
        ("status500", UnavailableError, UnclearOutcomeError),
        ("status503", UnavailableError, UnavailableError),
        ("redirect", UnavailableError, UnavailableError),
        ("limited", RateLimitedError, RateLimitedError),
    ],
)
def test_trouble_becomes_one_of_few_exceptions(bad: str, path: str, reading: type, writing: type) -> None:
    with pytest.raises(reading):
        client(bad).get(path)
    with pytest.raises(writing):
        client(bad).post(path, json={})


def test_a_get_that_writes_and_a_post_that_only_asks(bad: str) -> None:
    with pytest.raises(UnclearOutcomeError):
        client(bad).get("slow", write=True)
    with pytest.raises(UnavailableError):
        client(bad).post("slow", write=False)


def test_nobody_there_is_never_unclear() -> None:
    with pytest.raises(UnavailableError):
        client("http://127.0.0.1:9").post("x", json={})


def test_a_redirect_is_not_followed_and_credentials_stay(bad: str) -> None:
    Bad.seen.clear()
    with pytest.raises(UnavailableError, match="never followed"):
        client(bad).get("redirect", headers={"Authorization": "Bearer secret"})
    assert len(Bad.seen) == 1


@pytest.mark.parametrize("path", ["large", "bomb"])
def test_an_answer_that_is_too_large_is_not_read(bad: str, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_module, "MAX_ANSWER_BYTES", 2000)
    with pytest.raises(UnavailableError):
        client(bad).get(path)


def test_nonsense_is_text_at_worst(bad: str) -> None:
    assert client(bad).get("latin").text
    with pytest.raises(UnavailableError, match="not JSON"):
        client(bad).get("html").json()


def test_retry_after_in_seconds(bad: str) -> None:
    with pytest.raises(RateLimitedError) as caught:
        client(bad).get("limited")
    assert caught.value.wait == 3


def test_the_guard_is_asked_before_every_call(bad: str) -> None:
    def guard() -> None:
        raise InterruptedRunError("no more")

    Bad.seen.clear()
    with pytest.raises(InterruptedRunError):
        client(bad, guard=guard).get("x")
    assert Bad.seen == []


def test_a_refused_token_is_renewed_and_the_call_repeated_once(bad: str) -> None:
    Bad.seen.clear()
    http = client(bad)
    http.refused = lambda response: response.status == 401
    assert http.get("status401").status == 401
    assert len(Bad.seen) == 2


def test_exchanges_are_masked_and_capped(bad: str) -> None:
    http = client(bad)
    http.kept = Kept(["plain", "token", "password", "note", "id", "long"])
    http.masker.add("s3cr3t-value")
    http.post(
        "x?token=abc123456&plain=1",
        json={"password": "hunter22", "note": "my s3cr3t-value", "id": "14038512345", "long": "y" * 50_000},
        headers={"Authorization": "Bearer abc", "X-Api-Key": "k"},
    )
    [exchange] = http.take_exchanges()
    kept = repr(exchange)
    for canary in ("s3cr3t-value", "hunter22", "abc123456", "Bearer abc", "14038512345"):
        assert canary not in kept
    assert "plain=1" in exchange.url
    assert len(exchange.request_body) <= http_module.KEPT_CHARACTERS
    assert http.take_exchanges() == ()


def test_numbers_of_the_person_at_hand_are_masked_in_this_thread_and_until_the_next(bad: str) -> None:
    masker = Masker(["s3cr3t-value"])
    masker.about("A-4711-b")
    other = threading.Thread(target=masker.about, args=("B-4712-c",))
    other.start()
    other.join()
    assert masker.words("A-4711-b, B-4712-c and s3cr3t-value") == f"{MASK}, B-4712-c and {MASK}"
    masker.about("C-4713-d")
    assert masker.words("A-4711-b and C-4713-d") == f"A-4711-b and {MASK}"


def test_a_secret_at_the_cut_is_masked_whole(bad: str) -> None:
    http = client(bad)
    http.kept = Kept(["note"])
    secret = "s3cr3t-" + "v" * 60
    http.masker.add(secret)
    for before in range(1, 70, 7):
        http.post("x", json={"note": "y" * (http_module.KEPT_CHARACTERS - before) + " " + secret})
    kept = http.take_exchanges()
    assert all("yyyy" in e.request_body for e in kept) and not any("s3cr" in e.request_body for e in kept)


@pytest.mark.parametrize(
    "text",
    [
        '{"nationalIdentityNumber": "14038512345"}',
        "<employeeidentifier type='x'>140385-123A</employeeidentifier>",
        "personnr=19850314-1234&x=1",
        '<person anstid="1" persnr="198503141234">',
        '{"access_token":"eyJhbGciOi", "expires_in": 3600}',
        "grant_type=x&client_secret=verysecret&y=2",
        "Hetu 140385-123A and 850314-1234",
    ],
)
def test_what_looks_like_a_secret_is_masked(text: str) -> None:
    masked = Masker().text(text)
    assert MASK in masked
    for canary in ("14038512345", "140385-123A", "19850314-1234", "198503141234", "eyJhbGciOi", "verysecret"):
        assert canary not in masked


@pytest.mark.parametrize("text", ["2026-03-01", "974760673", '{"title": "Baker", "id": 123456}', "2511102"])
def test_what_is_no_secret_stays(text: str) -> None:
    assert Masker().text(text) == text


def test_the_window_is_never_exceeded_and_nearly_filled() -> None:
    limiter = WindowLimiter(10, 0.2)
    times: list[float] = []
    lock = threading.Lock()

    def work() -> None:
        for _ in range(8):
            limiter.acquire()
            with lock:
                times.append(time.monotonic())

    threads = [threading.Thread(target=work) for _ in range(5)]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    times.sort()
    # Noted a moment after they went: a busy machine may note one of them late.
    assert all(b - a > 0.15 for a, b in zip(times, times[10:], strict=False))
    assert time.monotonic() - started < 60


def test_penalty() -> None:
    limiter = WindowLimiter(100, 1)
    limiter.penalize(0.2)
    started = time.monotonic()
    limiter.acquire()
    assert time.monotonic() - started > 0.18


secret_names = st.sampled_from(["password", "access_token", "nationalIdentityNumber", "@session-id", "client_secret"])
plain_names = st.sampled_from(["title", "id", "expires_in", "name"])
values = st.recursive(
    st.text() | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(plain_names, inner, max_size=3),
    max_leaves=8,
)


@given(plain=values, more=values, name=secret_names, secret=st.text(min_size=1) | st.integers(min_value=0))
def test_a_secret_is_masked_by_its_name_whatever_stands_beside_it(
    plain: object, more: object, name: str, secret: str | int
) -> None:
    body = json.dumps({"before": plain, "inside": {name: secret}, "after": more})
    masked = json.loads(Masker().text(body))
    assert masked["inside"] == {name: MASK}


def test_no_wait_outlives_the_guard() -> None:
    """A system that asks for a day must not keep a thread, and with it the turn, for a day."""
    limiter = WindowLimiter(10, 1)
    limiter.penalize(86_400)
    until = time.monotonic() + 0.5

    def guard() -> None:
        if time.monotonic() > until:
            raise InterruptedRunError("no more")

    started = time.monotonic()
    with pytest.raises(InterruptedRunError):
        limiter.acquire(guard)
    assert time.monotonic() - started < 60


@pytest.mark.parametrize(
    ("value", "least", "most"),
    [
        ("3", 3, 3),
        ("1e300", 86_400, 86_400),
        ("inf", 86_400, 86_400),
        ("-5", 0, 0),
        ("1790000000", 86_400, 86_400),
        ("9" * 5000, 86_400, 86_400),
        ("31 Dec 9999 23:59:59 GMT", 86_400, 86_400),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0, 0),
    ],
)
def test_what_is_asked_for_is_believed_up_to_a_day(value: str, least: float, most: float) -> None:
    wait = Response(503, {"Retry-After": value}, b"", None).retry_after()
    assert wait is not None
    assert least <= wait <= most
    assert UnavailableError("", wait=float("1e300")).wait == 86_400


@pytest.mark.parametrize("value", ["", "nan", "soon", "99 Dec 99999999999 23:59:59 GMT"])
def test_what_is_no_time_is_not_waited_for(value: str) -> None:
    assert Response(503, {"Retry-After": value}, b"", None).retry_after() is None


@pytest.mark.parametrize(
    "encoding", [None, "utf-8", "utf-16", "utf-7", "zip", "idna", "punycode", "unicode_escape", "x" * 99]
)
def test_no_text_is_unfit_for_a_database(encoding: str | None) -> None:
    for content in (b"a\0b", b"\xed\xa0\x80", b"+2AA-", b"\\ud800", b"a-" * 30_000):
        started = time.process_time()
        text = Response(200, {"X": "a\0\ud800"}, content, encoding).text
        assert storable(text) == text
        assert time.process_time() - started < 1
    assert Response(200, {"X": "a\0\ud800"}, b"", None).headers["X"] == "a\ufffd\ufffd"


@pytest.mark.parametrize(
    ("body", "read"),
    [
        (rb'{"a\ud800": ["\u0000", "\ud83d\ude00"]}', {"a\ufffd": ["\ufffd", "\U0001f600"]}),
        (b'{"a": "\xed\xa0\x80"}', {"a": "\ufffd\ufffd\ufffd"}),
        (b'{"a": 1e999, "b": NaN, "c": -Infinity, "d": 1.5}', {"a": "1e999", "b": "NaN", "c": "-Infinity", "d": 1.5}),
        (b"[" * 60 + b"]" * 60, ...),
    ],
)
def test_json_is_fit_for_a_database(body: bytes, read: Any) -> None:
    found = Response(200, {}, body, None).json()
    json.dumps(found, allow_nan=False).encode()
    assert read is ... or found in (read, {"a": "\ufffd"})


@pytest.mark.parametrize(
    "body", [b"[" * 62 + b"]" * 62, b"[" * 100_000, b'{"a":' * 900 + b"1" + b"}" * 900, b"9" * 5000]
)
def test_json_of_no_use_is_none(body: bytes) -> None:
    with pytest.raises(UnavailableError, match="not JSON"):
        Response(200, {}, body, None).json()
