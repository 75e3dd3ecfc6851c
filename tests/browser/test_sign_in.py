"""To an OpenID issuer and back, in a real browser, whose policies hold for links and redirects alike."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.conftest import sign_in
from tests.issuer import Issuer
from tests.process.product import Product

pytestmark = pytest.mark.browser


def to_the_issuer_and_back(page: Any, issuer: Issuer) -> None:
    page.get_by_role("link", name="Fjell ID").click()
    page.wait_for_url(f"{issuer.address}/page**")
    page.get_by_role("link", name="Sign in").click()


def test_a_user_is_connected_and_then_signs_in_by_the_issuer(
    new_page: Callable[..., Any], demo: Product, issuer: Issuer
) -> None:
    page = new_page()
    page.goto(f"{demo.address}admin/login/?next=/admin/positions/employee/")
    to_the_issuer_and_back(page, issuer)
    page.get_by_role("heading", name="Nobody has invited you yet").wait_for()
    page.get_by_role("link", name="Sign in by password").click()
    page.fill("input[name=username]", "admin")
    page.fill("input[name=password]", demo.password)
    page.press("input[name=password]", "Enter")
    page.get_by_text("Is this you?").wait_for()
    page.fill("input[name=password]", demo.password)
    page.get_by_role("button", name="Connect", exact=True).click()
    page.get_by_text("Connected since").wait_for()

    another = new_page()
    another.goto(f"{demo.address}admin/login/?next=/admin/positions/employee/")
    to_the_issuer_and_back(another, issuer)
    another.wait_for_url("**/admin/positions/employee/")


def test_who_has_no_password_shows_it_at_the_issuer_beside_the_page(
    new_page: Callable[..., Any], demo: Product, issuer: Issuer
) -> None:
    """The session's key changes in the other tab, and what was typed in this one goes on."""
    issuer.claims["sub"] = "an-operator"
    with sqlite3.connect(demo.log.parent / "data" / "position-sync.sqlite3", timeout=20) as database:
        made = database.execute(
            "INSERT INTO auth_user (username, password, is_superuser, is_staff, is_active, first_name, last_name, "
            "email, date_joined) VALUES ('issued', '!', 1, 1, 1, '', '', '', '2026-03-01 09:00:00')"
        )
        database.execute(
            "INSERT INTO positions_federatedidentity (user_id, issuer, subject, created_at) "
            "VALUES (?, ?, 'an-operator', '2026-03-01 09:00:00')",
            (made.lastrowid, issuer.address),
        )
    page = new_page()
    page.goto(f"{demo.address}admin/login/?next=/admin/auth/user/{made.lastrowid}/change/")
    to_the_issuer_and_back(page, issuer)
    page.fill("input[name=first_name]", "Ola")
    page.get_by_role("button", name="Save", exact=True).click()
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="To Fjell ID").click()
    beside = opened.value
    beside.get_by_role("link", name="Sign in").click()
    beside.get_by_text("You have shown that it is you").wait_for()
    page.get_by_role("button", name="Go on").click()
    page.get_by_text("was changed successfully").wait_for()


def test_the_pages_are_readable_in_light_and_dark_and_on_a_phone(
    new_page: Callable[..., Any], demo: Product, issuer: Issuer
) -> None:
    """Nothing is wider than the window."""
    for options in ({}, {"color_scheme": "dark"}, {"viewport": {"width": 390, "height": 844}}):
        page = new_page(**options)
        issuer.claims["sub"] = f"somebody-new-{len(options)}"
        page.goto(f"{demo.address}admin/login/")
        assert _fits(page)
        to_the_issuer_and_back(page, issuer)
        page.get_by_role("heading", name="Nobody has invited you yet").wait_for()
        assert _fits(page)
    page = new_page()
    sign_in(page, demo, "admin", demo.password)
    page.wait_for_url("**/admin/")
    page.goto(f"{demo.address}admin/sign-in/")
    assert _fits(page)


def _fits(page: Any) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))
