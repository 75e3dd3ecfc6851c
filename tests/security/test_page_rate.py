"""Nobody who is signed in keeps the pages busy for everybody."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from config.page_rate import PageThrottle
from positions import rates
from positions.models import Department
from tests.factories import OrganizationFactory
from tests.security.conftest import browser_of
from tests.security.test_confirming import password_given, person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def few(settings: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    settings.REDIS_URL, settings.DATA_DIR = "", tmp_path
    monkeypatch.setattr(PageThrottle, "THROTTLE_RATES", {"pages": "3/min"})
    with time_machine.travel("2026-03-01T10:00:10Z", tick=False) as clock:
        yield clock


def status(browser: Client, address: str = "/admin/") -> int:
    return int(browser.get(address).status_code)


def test_a_person_is_told_to_wait_whatever_the_browser_and_others_are_not(few: Any) -> None:
    user = person()
    one, two = password_given(user), password_given(user)
    other = browser_of(None, "stranger")
    # of each sign-in the page after it
    assert [status(one), status(two), status(one)] == [200, 200, 200]
    answer = two.get("/admin/?q=1")
    text = answer.content.decode()
    assert answer.status_code == 429 and answer.headers["Retry-After"] == "50"
    assert "goes on in 50 seconds" in text and 'href="/admin/?q=1"' in text
    assert status(other) == 200 and status(Client(), "/admin/login/") == 200
    few.shift(51)
    assert status(one) == 200


def test_what_is_sent_then_is_not_saved() -> None:
    organization = OrganizationFactory()
    browser = browser_of(organization, "editor")
    for _ in range(3):
        status(browser)
    answer = browser.post("/admin/positions/department/add/", {"code": "X", "name": "X"})
    assert answer.status_code == 429 and "Go back in your browser" in answer.content.decode()
    assert not Department.objects.exists()


def test_it_costs_no_query_and_a_refusal_one(settings: Any) -> None:
    browser = browser_of(None, "operator")
    status(browser)
    with CaptureQueriesContext(connection) as counted:
        assert status(browser) == 200
    whole = settings.MIDDLEWARE
    without = [one for one in whole if "PageRate" not in one]
    settings.MIDDLEWARE, browser.handler._middleware_chain = without, None
    with CaptureQueriesContext(connection) as uncounted:
        assert status(browser) == 200
    assert len(counted) == len(uncounted)
    settings.MIDDLEWARE, browser.handler._middleware_chain = whole, None
    while status(browser) == 200:
        pass
    with CaptureQueriesContext(connection) as refused:
        assert status(browser) == 429
    assert len(refused) == 1, "the session"


def test_static_files_and_the_api_are_not_counted() -> None:
    browser = browser_of(None, "operator")
    for _ in range(5):
        assert status(browser, "/static/positions/admin.css") == 200
        assert status(browser, "/api/schema/") == 200
        assert status(browser, "/healthz") == 200
    assert status(browser) == 200


def test_a_counter_that_is_away_keeps_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    browser = browser_of(None, "operator")
    status(browser)
    rates._file(rates.Path(rates.settings.DATA_DIR) / "api-rates.sqlite3")._connection.execute("DROP TABLE hit")
    assert [status(browser) for _ in range(5)] == [200] * 5
