"""What one call sends, how it is told of, and what is written down of it."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import requests
from requests.auth import AuthBase

from integrations.sdk import http as http_module
from integrations.sdk.declaration import Limits
from integrations.sdk.errors import (
    ConnectorError,
    InterruptedRunError,
    NotAuthorizedError,
    RateLimitedError,
    UnavailableError,
    UnclearOutcomeError,
)
from integrations.sdk.http import Exchange, Http, Response, no_sign_in, nonsense, raise_for_trouble
from integrations.sdk.kept import Kept
from integrations.sdk.limiter import WindowLimiter
from integrations.sdk.masking import LONGEST_HEADER, MASK, MOST_HEADERS
from tests.integrations.test_http import Bad, bad, client  # noqa: F401


@pytest.fixture(autouse=True)
def nothing_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    Bad.seen.clear()
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


class Key(AuthBase):
    def __init__(self, key: str) -> None:
        self.key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["X-Key"] = self.key
        return request


def only(http: Http) -> Exchange:
    [exchange] = http.take_exchanges()
    return exchange


# -- what is called ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("base", ["/api", "/api/"])
@pytest.mark.parametrize("path", ["x/y?a=1", "/x/y?a=1"])
def test_a_path_stands_below_the_base_and_an_address_for_itself(bad: str, base: str, path: str) -> None:  # noqa: F811
    http = client(bad + base)
    http.get(path)
    http.get(f"{bad}/elsewhere")
    assert [path for _, path, _ in Bad.seen] == ["/api/x/y?a=1", "/elsewhere"]


def test_each_method(bad: str) -> None:  # noqa: F811
    http = client(bad)
    for call in (http.get, http.post, http.put, http.patch, http.delete):
        call("x", params={"a": 1}, headers={"X-One": "1"})
    assert [(method, path) for method, path, _ in Bad.seen] == [
        (method, "/x?a=1") for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
    ]
    assert all(headers["X-One"] == "1" for _, _, headers in Bad.seen)
    assert [exchange.method for exchange in http.take_exchanges()] == ["GET", "POST", "PUT", "PATCH", "DELETE"]
    assert http.calls == 5


def test_the_headers_of_a_call_come_before_the_connectors_and_those_before_ours(bad: str) -> None:  # noqa: F811
    http = client(bad)
    http.headers = {"X-One": "connector", "X-Two": "connector", "X-Three": "connector"}
    http.get("x", headers={"X-Two": "call", "X-Three": None})
    http.post("x", json={"a": 1})
    http.post("x", data={"a": 1})
    (_, _, sent), (_, _, json_sent), (_, _, data_sent) = Bad.seen
    assert (sent["X-One"], sent["X-Two"], sent["User-Agent"]) == ("connector", "call", "PositionSync/1.0")
    assert "X-Three" not in sent
    assert json_sent["Content-Type"] == "application/json" and "form" in data_sent["Content-Type"]


def test_a_call_is_signed_unless_it_signs_in(bad: str) -> None:  # noqa: F811
    http = client(bad)
    http.auth = Key("connector")
    http.get("x")
    http.get("x", auth=Key("call"))
    http.get("x", sign=False)
    http.get("x", sign=False, auth=Key("call"))
    assert [headers.get("X-Key") for _, _, headers in Bad.seen] == ["connector", "call", None, "call"]


def test_a_call_is_repeated_once_where_the_credentials_were_renewed(bad: str) -> None:  # noqa: F811
    asked: list[int] = []

    def refused(response: Response) -> bool:
        asked.append(response.status)
        return response.status == 401

    http = client(bad)
    http.refused = refused
    http.get("status401", sign=False)
    assert (len(Bad.seen), asked) == (1, [])
    http.get("status200")
    assert (len(Bad.seen), asked) == (2, [200])
    http.get("status401")
    assert (len(Bad.seen), asked) == (4, [200, 401]), "the repeat is not asked about: it would be repeated again"


def test_the_guard_is_asked_again_after_a_wait_for_the_limit(bad: str) -> None:  # noqa: F811
    """A turn may be over by then."""
    asked: list[bool] = []

    def guard() -> None:
        asked.append(True)
        if len(asked) == 2:
            raise InterruptedRunError("no more")

    http = client(bad, limits=Limits(requests=1, per_seconds=1), guard=guard)
    with pytest.raises(InterruptedRunError):
        http.get("x")
    assert Bad.seen == []


def test_who_is_told_to_wait_waits(bad: str) -> None:  # noqa: F811
    until = time.monotonic() + 60

    def guard() -> None:
        if time.monotonic() > until:
            raise InterruptedRunError("no more")

    http = client(bad, guard=guard, limiter=WindowLimiter(100, 1))
    with pytest.raises(RateLimitedError):
        http.get("limited")
    until = time.monotonic() + 0.2
    with pytest.raises(InterruptedRunError):
        http.get("x")
    assert len(Bad.seen) == 1


def test_a_call_may_have_a_time_of_its_own(bad: str) -> None:  # noqa: F811
    assert client(bad).get("slow", read_timeout=5).ok
    assert client(bad, limits=Limits(read_timeout=5), read_timeout=0).get("slow").ok
    with pytest.raises(UnavailableError, match="in time"):
        client(bad, limits=Limits(read_timeout=0.3), read_timeout=0).get("slow")
    with pytest.raises(UnavailableError, match="in time"):
        client(bad, read_timeout=5).get("slow", read_timeout=0.3)


@pytest.mark.parametrize(("name", "most"), [("RUN_SECONDS", 0.0), ("RUN_BYTES", 11)])
def test_a_run_takes_so_long_and_so_much_and_the_next_one_again(
    bad: str,  # noqa: F811
    name: str,
    most: float,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http_module, name, most)
    http = client(bad)
    http.get("x")
    with pytest.raises(UnavailableError, match="no end"):
        http.get("x")
    http.begin()
    http.get("x")
    assert len(Bad.seen) == 2


def test_a_run_that_took_as_much_as_may_be_goes_on(bad: str, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    monkeypatch.setattr(http_module, "RUN_BYTES", 24)
    http = client(bad)
    for _ in range(3):
        http.get("x")
    with pytest.raises(UnavailableError, match="no end"):
        http.get("x")


def test_an_answer_as_large_as_may_be_is_read(bad: str, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    monkeypatch.setattr(http_module, "MAX_ANSWER_BYTES", 3000)
    assert len(client(bad).get("large").content) == 3000


def test_the_operators_proxy_is_taken_unless_the_host_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:8080")
    monkeypatch.setenv("NO_PROXY", "near.example")
    http = client("")
    for _ in range(2):
        assert http._proxies("https://far.example/x?a=https://near.example")["https"] == "http://proxy.example:8080"
        assert http._proxies("https://near.example/x") == {}
        assert http._proxies("https://near.example/y") == {}
    assert list(http._proxies_of) == ["https://far.example", "https://near.example"], "found once for each host"


def test_a_thread_has_one_transport_until_it_is_closed(bad: str) -> None:  # noqa: F811
    http = client(bad)
    transport = http._transport()
    assert http._transport() is transport
    assert http.get("ok").ok
    [pool] = transport._pools.values()
    http.close()
    http.close()
    assert pool.pool is None and not transport._pools, "its connections are closed, not left to whoever tidies up"


# -- what is told --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [500, 501, 502, 503, 504, 505])
def test_who_breaks_down_over_a_write_may_have_done_it(bad: str, status: int) -> None:  # noqa: F811
    http = client(bad)
    http.kept = Kept(["ok"])
    with pytest.raises(ConnectorError) as caught:
        http.post(f"status{status}", json={})
    unclear = status in (500, 502, 504)
    assert type(caught.value) is (UnclearOutcomeError if unclear else UnavailableError)
    assert str(status) in caught.value.message
    assert (caught.value.vendor_text, caught.value.vendor_code) == ('{"ok": true}', str(status))
    with pytest.raises(UnavailableError):
        http.get(f"status{status}")
    with pytest.raises(UnavailableError):
        http.post(f"status{status}", write=False)


@pytest.mark.parametrize("sign", [True, False])
def test_a_refused_sign_in_is_told_from_any_other_refusal(bad: str, sign: bool) -> None:  # noqa: F811
    def refuse(response: Response) -> None:
        raise NotAuthorizedError("no")

    with pytest.raises(NotAuthorizedError) as caught:
        client(bad).get("x", sign=sign, classify=refuse)
    assert caught.value.sign_in is not sign


def test_the_connector_s_own_reading_of_trouble_takes_the_place_of_the_common_one(bad: str) -> None:  # noqa: F811
    http = client(bad)
    http.classify = lambda response: None
    assert http.get("status500").status == 500
    with pytest.raises(UnavailableError):
        http.get("status500", classify=raise_for_trouble)


@pytest.mark.parametrize("status", [200, 299, 304, 400, 404, 428, 430, 499])
def test_what_is_no_trouble_everywhere(status: int) -> None:
    raise_for_trouble(Response(status, {}, b"no", None))


@pytest.mark.parametrize("status", [300, 303, 305, 399, 429, 500, 599])
def test_what_is_trouble_everywhere(status: int) -> None:
    with pytest.raises(RateLimitedError if status == 429 else UnavailableError) as caught:
        raise_for_trouble(Response(status, {"Retry-After": "7"}, b'{"message": "no"}', None))
    error: Any = caught.value
    assert error.vendor_code == str(status) and error.message
    redirected = status < 400
    assert (error.wait, error.vendor_text) == ((None, "") if redirected else (7, '{"message": "no"}'))


@pytest.mark.parametrize("tell", [nonsense, no_sign_in])
def test_an_answer_of_no_use_is_told_in_the_system_s_own_words(tell: Any) -> None:
    error = tell(Response(404, {"Retry-After": "7"}, b'{"message": "no"}', None))
    assert isinstance(error, UnavailableError) and error.message
    assert (error.vendor_text, error.vendor_code, error.wait) == ('{"message": "no"}', "404", None)


def test_retry_after_as_a_date() -> None:
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=100))
    wait = Response(503, {"Retry-After": f"  {at} "}, b"", None).retry_after()
    assert wait is not None and 95 < wait <= 100


def test_of_the_headers_of_an_answer_a_few_and_their_beginning() -> None:
    given = {"x" * 3000: "y" * 3000} | {f"X-{n}": "1" for n in range(MOST_HEADERS)}
    found = Response(200, given, b"", None).headers
    assert len(found) == MOST_HEADERS and found["x" * LONGEST_HEADER] == "y" * LONGEST_HEADER


def test_brackets_within_a_text_are_no_levels() -> None:
    assert Response(200, {}, b'["' + b"[" * 200 + b'"]', None).json() == ["[" * 200]
    with pytest.raises(UnavailableError, match="not JSON") as caught:
        Response(200, {}, b'{"a":' * 61 + b"1" + b"}" * 61, None).json()
    assert caught.value.vendor_code == "200"


def test_json_in_another_encoding() -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-32"):
        assert Response(200, {}, '{"a": "Åse"}'.encode(encoding), None).json() == {"a": "Åse"}


def test_libraries_log_no_query() -> None:
    told = logging.LogRecord("urllib3", logging.DEBUG, "x", 1, "%s %s %d", ("GET", "/a?token=s3cr3t?b", 5), None)
    logger = logging.getLogger("urllib3.connectionpool")
    assert all(f.filter(told) for f in logger.filters if isinstance(f, logging.Filter))
    assert told.getMessage() == "GET /a?… 5"


# -- what is written down ------------------------------------------------------------------------------------


def test_a_call_is_written_down_whole_and_masked(bad: str) -> None:  # noqa: F811
    http = client(bad)
    http.kept = Kept(["id", "ok", "note"])
    http.masker.add("s3cr3t-value")
    before = time.time()
    http.post("x?id=1&pay=2&note=s3cr3t-value", json={"id": 7, "pay": 8, "note": "s3cr3t-value"}, headers={"X-A": "1"})
    exchange = only(http)
    assert before <= exchange.at <= time.time() and 0 <= exchange.milliseconds < 30_000
    assert (exchange.method, exchange.status, exchange.error) == ("POST", 200, "")
    assert exchange.url == f"{bad}/x?id=1&pay=(not%20kept)&note={MASK}"
    assert exchange.request_body == f'{{"id": 7, "pay": "(not kept)", "note": "{MASK}"}}'
    assert exchange.response_body == '{"ok": true}'
    assert exchange.request_headers["X-A"] == "1"
    assert exchange.response_headers["Content-Type"] == "application/json"


def test_of_a_form_that_was_sent_what_may_be_is_kept(bad: str) -> None:  # noqa: F811
    http = client(bad)
    http.kept = Kept(["id"])
    http.post("x", data={"id": 7, "pay": 8})
    assert only(http).request_body == "id=7&pay=(not%20kept)"


@pytest.mark.parametrize(
    ("path", "error"),
    [("drop", "connection failed"), ("slow", "no answer in time"), ("truncated", "broken answer")],
)
def test_a_call_without_an_answer_is_written_down_with_the_reason(bad: str, path: str, error: str) -> None:  # noqa: F811
    http = client(bad)
    started = time.monotonic()
    with pytest.raises(UnclearOutcomeError):
        http.post(path, json={"id": 1})
    exchange = only(http)
    assert (exchange.status, exchange.error) == (0, error)
    assert (exchange.response_headers, exchange.response_body) == ({}, "")
    assert exchange.milliseconds <= (time.monotonic() - started) * 1000 + 1
    if path == "slow":
        assert exchange.milliseconds >= 350


def test_nobody_there_is_written_down(bad: str) -> None:  # noqa: F811
    http = client("http://127.0.0.1:9")
    with pytest.raises(UnavailableError):
        http.post("x", json={})
    assert only(http).error == "connection failed"


def test_a_list_of_everybody_has_no_place_in_the_record_but_a_refusal_has(bad: str) -> None:  # noqa: F811
    http = client(bad)
    http.kept = Kept(["ok"])
    http.get("x", keep_answer=False)
    assert only(http).response_body.startswith("(12 bytes, not kept")
    http.get("status404", keep_answer=False)
    assert only(http).response_body == '{"ok": true}'


def test_the_last_calls_of_many_are_kept_and_a_new_run_begins_without(bad: str) -> None:  # noqa: F811
    http = client(bad)
    for n in range(205):
        http.get(f"x{n}")
    kept = http.take_exchanges()
    assert [exchange.url for exchange in kept] == [f"{bad}/x{n}" for n in range(5, 205)]
    http.get("x")
    http.begin()
    assert http.take_exchanges() == ()
