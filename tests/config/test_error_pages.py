"""Whatever is refused or breaks on a page is told in the product's look, with a way back."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import SuspiciousOperation
from django.db import connection
from django.test import Client, RequestFactory, override_settings
from django.test.utils import CaptureQueriesContext

from config import error_pages
from config.busy import failed
from tests.factories import OrganizationFactory
from tests.security.conftest import browser_of


def told(answer: Any, status: int, *words: str) -> str:
    text: str = answer.content.decode()
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert text.count("<h1") == 1 and "Position Sync</title>" in text and "<main" in text
    for word in words:
        assert word in text, word
    return text


def test_what_is_not_there(db: Any) -> None:
    for address in ("/nothing", "/admin/nothing/", "/admin/join/none/"):
        answer = browser_of(OrganizationFactory(), "admin").get(address)
        assert answer.status_code == 404 and b"<h1" in answer.content, address
    text = told(Client().get("/nothing"), 404, "There is nothing here", 'href="/admin/"')
    assert "/nothing" not in text


def test_what_a_role_does_not_include(db: Any) -> None:
    answer = browser_of(OrganizationFactory(), "viewer").get("/admin/positions/employee/add/")
    told(answer, 403, "This is not yours to open", "admin of your organization")


def test_what_only_its_button_does(db: Any) -> None:
    answer = browser_of(OrganizationFactory(), "admin").get("/admin/logout/")
    told(answer, 405, "This page only answers its button")
    assert "POST" in answer.headers["Allow"]


def test_a_form_from_before_the_sign_in(db: Any) -> None:
    browser = Client(enforce_csrf_checks=True)
    told(browser.post("/admin/login/", {"username": "kari"}), 403, "Nothing was saved", "load the page anew")


def test_a_host_that_is_not_ours() -> None:
    with override_settings(ALLOWED_HOSTS=["sync.example.com"]):
        told(Client().get("/admin/", headers={"host": "evil.example"}), 400, "not reached under this host name")


def test_what_cannot_be_read(rf: RequestFactory) -> None:
    text = told(error_pages.bad_request(rf.get("/admin/"), SuspiciousOperation("<b>")), 400, "This cannot be read")
    assert "<b>" not in text and "/api/docs" not in text


def test_what_broke(rf: RequestFactory) -> None:
    request = rf.get("/admin/")
    request.request_id = "4f1e"  # type: ignore[attr-defined]
    told(failed(request), 500, "Our mistake", "this number: 4f1e")


@pytest.mark.django_db
def test_no_page_of_an_error_asks_the_database(rf: RequestFactory) -> None:
    with CaptureQueriesContext(connection) as asked:
        for status in (400, 403, 404, 405, 410, 413, 429, 500, 502, 503):
            told(error_pages.error_page(rf.get("/admin/"), status), status)
    assert len(asked) == 0


def test_the_programs_keep_their_words(db: Any) -> None:
    assert Client().get("/api/v1/nothing/").headers["Content-Type"] == "application/problem+json"
    with override_settings(METRICS_TOKEN="t" * 40):
        assert Client().get("/metrics").headers["Content-Type"].startswith("text/plain")
