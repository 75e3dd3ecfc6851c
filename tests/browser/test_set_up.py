"""A connection is set up from nothing to the first accepted position: in few clicks, on a screen and on a telephone;
and wholly by keyboard."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import requests

from integrations.sandboxes.server import sandboxes
from tests.browser.conftest import sign_in
from tests.process.product import Product, wait_for

pytestmark = pytest.mark.browser

CLICKS = 11
# The first of the demo's people, whose position the new connection lists first.
INGRID = {"number": "1001", "first_name": "Ingrid", "last_name": "Solbakken", "email": "", "birth_date": "1970-01-03"}


def tenant(demo: Product, system: str, name: str) -> str:
    """The address of a company there that knows Ingrid, and which no other connection knows."""
    address = f"{demo.sandboxes}/{system}/{name}"
    requests.post(f"{address}/-/employees", json=[INGRID], timeout=10).raise_for_status()
    return address


class Hand:
    """Clicks, and counts."""

    def __init__(self, page: Any) -> None:
        self.page, self.clicks = page, 0

    def click(self, role: str, name: str | re.Pattern[str]) -> None:
        self.page.get_by_role(role, name=name).first.click()
        self.page.wait_for_load_state()
        self.clicks += 1


@pytest.mark.parametrize("width", [1280, 390])
def test_from_nothing_to_the_first_accepted_position(new_page: Callable[[], Any], demo: Product, width: int) -> None:
    page = new_page()
    sign_in(page, demo, "admin", demo.password)
    page.wait_for_url("**/admin/")
    page.set_viewport_size({"width": width, "height": 900})
    company = tenant(demo, "tripletex", f"walk-{width}")
    page.goto(f"{demo.address}admin/integrations/integration/")
    hand = Hand(page)
    hand.click("link", "Connect a system")
    hand.click("button", re.compile("Tripletex"))
    page.fill("#id_name", f"Walk {width}")
    for name in ("consumer_token", "employee_token"):
        page.fill(f"#id_credential__{name}", sandboxes()["tripletex"].credentials[name])
    # Only here: the demo's server stands in for Tripletex.
    page.locator("summary", has_text="Test tenant").click()
    page.fill("#id_url__api", f"{company}/v2")
    hand.click("button", "Save and test")
    page.wait_for_url("**/switch-on/rights/")
    assert "Rights" in page.locator(".ig-bar [aria-current=step]").inner_text()
    hand.click("link", "Continue: Required settings")
    hand.click("button", "Save and continue")
    # Left, and come back to from the list.
    page.goto(f"{demo.address}admin/integrations/integration/")
    page.locator(".ig-line", has_text=f"Walk {width}").get_by_role("link", name="Set up").click()
    page.wait_for_url("**/switch-on/preview/")
    hand.click("link", "Continue: Switch on")
    hand.click("button", "Switch on")
    page.wait_for_url("**/change/")
    hand.click("link", re.compile("Not sent"))
    assert requests.get(f"{company}/-/employments/1001", timeout=5).json() == [], "switching on has sent nothing"
    hand.click("button", "Send now")
    wait_for(lambda: requests.get(f"{company}/-/employments/1001", timeout=5).json(), 30)
    assert hand.clicks <= CLICKS
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


class Keys:
    """A person without a mouse."""

    def __init__(self, page: Any) -> None:
        self.page = page

    def to(self, selector: str) -> None:
        for _ in range(150):
            if self.page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{selector} is not reached by Tab")

    def open(self, selector: str) -> None:
        self.to(selector)
        self.page.keyboard.press("Enter")

    def press(self, selector: str) -> None:
        """And another page, or the same one anew, comes."""
        with self.page.expect_navigation():
            self.open(selector)

    def type(self, selector: str, text: str) -> None:
        self.to(selector)
        self.page.keyboard.type(text)


def test_the_steps_wholly_by_keyboard(page: Any, demo: Product) -> None:
    company = tenant(demo, "fortnox", "by-keyboard")
    keys = Keys(page)
    page.goto(f"{demo.address}admin/integrations/integration/")
    keys.press("a[href$='/integration/add/']")
    keys.press("button[name=system][value=fortnox]")
    page.wait_for_url("**/add/?system=fortnox")
    keys.press("#page-actions button")
    # What is to be mended is summed up, and the first of it has the focus.
    page.get_by_text("Nothing was saved: 2 fields are to be mended").wait_for()
    page.wait_for_function("document.activeElement.id === 'id_credential__client_id'")
    assert page.locator("#id_credential__client_id").get_attribute("aria-invalid") == "true"
    for name, value in sandboxes()["fortnox"].credentials.items():
        keys.type(f"#id_credential__{name}", value)
    keys.open("form .ig-folded summary")
    keys.type("#id_url__api", f"{company}/3")
    keys.type("#id_url__oauth", f"{company}/oauth-v1")
    keys.press("#page-actions button")
    page.wait_for_url("**/switch-on/rights/")
    keys.press("#page-actions a")
    page.wait_for_url("**/switch-on/settings/")
    keys.press("#page-actions button")
    page.get_by_text("2 fields are to be mended").wait_for()
    page.wait_for_function("document.activeElement.id === 'id_setting__personel_type'")
    page.keyboard.press("ArrowDown")
    keys.to("#id_setting__salary_form")
    page.keyboard.press("ArrowDown")
    keys.press("#page-actions button")
    page.wait_for_url("**/switch-on/preview/")
    keys.press(".ig-bar a[href$='/rights/']")
    page.wait_for_url("**/switch-on/rights/")
    keys.press(".ig-bar a[href$='/start/']")
    page.wait_for_url("**/switch-on/start/")
    keys.press("#page-actions button")
    page.wait_for_url("**/change/")
    page.get_by_text("is on: changes from now on are sent").wait_for()
    # And off again: what that would do is told before.
    keys.open("#ig-switch-send")
    asked = page.get_by_role("dialog", name=re.compile("Switch off Fortnox"))
    assert "No change is waiting." in asked.inner_text()
    page.keyboard.press("Escape")
    asked.wait_for(state="detached")
    assert page.evaluate("document.activeElement.id") == "ig-switch-send"
    keys.open("#ig-switch-send")
    asked.wait_for()
    keys.open("#ig-ask button")
    page.get_by_text("is off: changes are not recorded").wait_for()
