"""What every answer says to the browser, and what is not taken over the wire."""

from __future__ import annotations

import hashlib
import logging
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory

from config.logging import IdsFilter, JsonFormatter
from config.message_cookie import HostStorage
from positions import rates
from positions.models import SecondFactor, second_factor
from tests.factories import ApiKeyFactory, OperatorFactory, OrganizationFactory, PositionFactory
from tests.security.conftest import browser_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def https(settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 31_536_000


@pytest.mark.parametrize(
    "address", ["/admin/login/", "/admin/nowhere/", "/nowhere", "/api/v1/positions/", "/api/docs/"]
)
def test_every_answer_has_its_headers(https: None, address: str) -> None:
    answer = Client().get(address, secure=True)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    policy = answer.headers["Content-Security-Policy"]
    for part in ("default-src 'none'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert part in policy
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_so_has_a_body_that_is_refused_unread(https: None, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    for address in ("/admin/login/", "/api/v1/positions/"):
        answer = Client().post(address, b"x" * 11, content_type="application/json", secure=True)
        assert answer.status_code == 413
        assert answer.headers["X-Content-Type-Options"] == "nosniff" and "Strict-Transport-Security" in answer.headers
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("address", ["/healthz", "/readyz"])
def test_probes_are_never_taken_for_a_page(address: str) -> None:
    answer = Client().get(address)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


def test_pages_of_people_are_kept_by_no_browser() -> None:
    organization = OrganizationFactory()
    for address in ("/admin/", "/admin/positions/employee/", "/admin/integrations/supported-fields.csv"):
        answer = browser_of(organization, "admin").get(address)
        assert "no-store" in answer.headers.get("Cache-Control", ""), address
    key = ApiKeyFactory(organization=organization)
    answer = Client(headers={"Authorization": f"Bearer {key.key}"}).get("/api/v1/positions/")
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_sign_out_leaves_nothing_in_the_browser() -> None:
    answer = browser_of(None, "operator").post("/admin/logout/")
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'


@pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT"])
def test_nothing_is_echoed(method: str) -> None:
    assert Client().generic(method, "/admin/login/").status_code == 405


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])
def test_a_page_is_answered_by_no_method_that_nothing_of_ours_uses(method: str) -> None:
    """Django's admin would answer as to GET."""
    client = browser_of(None, "operator")
    for address in ("/admin/", "/admin/positions/position/add/", "/admin/no-such-page", "/", "/metrics"):
        answer = client.generic(method, address)
        assert answer.status_code == 405 and answer.headers["Allow"] == "GET, HEAD, POST", address
    assert Client().generic(method, "/api/v1/positions/").status_code == (405 if method == "PROPFIND" else 401)


def test_a_program_without_https_is_refused_and_a_browser_sent_on(https: None) -> None:
    answer = Client(headers={"Authorization": "Bearer psk_x"}).get("/api/v1/positions/")
    assert answer.status_code == 403 and answer.json()["code"] == "without_https"
    assert Client().get("/metrics").status_code == 403
    assert Client().get("/admin/login/").status_code == 301


def test_a_message_waits_in_a_cookie_of_this_host_alone(settings: Any) -> None:
    settings.SESSION_COOKIE_SECURE = True
    request, answer = RequestFactory().get("/"), HttpResponse()
    request.session = {}  # type: ignore[assignment]
    storage = HostStorage(request)
    storage.add(20, "Saved.")
    storage.update(answer)
    cookie = answer.cookies["__Host-messages"]
    assert cookie["secure"] and cookie["httponly"] and cookie["samesite"] == "Lax" and cookie["path"] == "/"
    assert not cookie["domain"]


def test_what_is_refused_is_in_the_log_with_request_name_and_address(caplog: Any) -> None:
    caplog.handler.addFilter(IdsFilter())
    foreign = PositionFactory()
    browser = browser_of(OrganizationFactory(), "editor")
    browser.get(f"/admin/positions/position/{foreign.pk}/change/", headers={"X-Request-ID": "tries-numbers"})
    browser.get("/admin/nowhere/", headers={"X-Request-ID": "tries-addresses"})
    lines = {line.request_id: line for line in caplog.records if line.levelno >= logging.WARNING}
    name = browser.user.username
    for request in ("tries-numbers", "tries-addresses"):
        assert (lines[request].actor, lines[request].address) == (name, "127.0.0.1")


def test_recovery_codes_are_hashed_slowly_with_a_salt_and_former_ones_still_work(
    cost_of_a_recovery_code: int, monkeypatch: Any
) -> None:
    monkeypatch.setattr(second_factor, "_COST", cost_of_a_recovery_code)
    factor = SecondFactor(user=OperatorFactory(), key="ab" * 20)
    [first, *_] = codes = factor.new_recovery_codes()
    plain = [hashlib.sha256(code.replace("-", "").encode()).hexdigest() for code in codes]
    assert not set(plain) & set(factor.recovery_codes.split())
    slow = hashlib.scrypt(first.replace("-", "").encode(), salt=b"\xab" * 20, n=2**14, r=8, p=1, dklen=32).hex()
    assert slow == factor.recovery_codes.split()[0]
    other = SecondFactor(user=OperatorFactory(), key="cd" * 20, recovery_codes=factor.recovery_codes)
    assert not other.verify_token(first) and factor.verify_token(first) and not factor.verify_token(first)
    former = SecondFactor(user=OperatorFactory(), key="ef" * 20, recovery_codes="\n".join(plain))
    assert former.verify_token(first) and former.recovery_codes_left == 9


def test_no_text_makes_two_lines_of_one() -> None:
    line = logging.makeLogRecord({"msg": "refused: %s", "args": ("a\n2026-01-01 INFO signed_in: admin",), "name": "x"})
    IdsFilter().filter(line)
    assert len(JsonFormatter("%(message)s").format(line).splitlines()) == 1


def test_while_requests_cannot_be_counted_nothing_is_written(settings: Any, tmp_path: Any) -> None:
    settings.DATA_DIR, settings.REDIS_URL = tmp_path, ""
    organization = OrganizationFactory()
    key = ApiKeyFactory(organization=organization)
    client = Client(headers={"Authorization": f"Bearer {key.key}"})
    body = {"number": "1", "first_name": "Kari", "last_name": "Moe"}
    rates._file(tmp_path / "api-rates.sqlite3")._connection.execute("DROP TABLE hit")
    assert client.get("/api/v1/employees/").status_code == 200
    refused = client.post("/api/v1/employees/", body, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (503, "not_counted") and refused.headers["Retry-After"]
    assert not organization.employees.exists()
    rates._file(tmp_path / "api-rates.sqlite3")._connection.execute(rates.FileCounter._TABLE)
    assert client.post("/api/v1/employees/", body, content_type="application/json").status_code == 201
