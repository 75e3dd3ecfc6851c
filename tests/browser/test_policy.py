"""The content security policy: what moves on pages moves under it, and what is injected does not. That nothing of ours
is refused is asserted by `new_page`, on every page by the walk of test_accessibility.py."""

from __future__ import annotations

import re
import sqlite3
from base64 import b32decode
from collections.abc import Callable
from typing import Any

import pytest
from django_otp.oath import totp

from tests.browser.conftest import sign_in
from tests.process.product import Product

pytestmark = pytest.mark.browser


def test_the_apis_documentation_is_refused_nothing(page: Any, demo: Product) -> None:
    answer = page.goto(f"{demo.address}api/docs/")
    page.get_by_role("heading", name=re.compile("Position Sync")).wait_for()
    page.locator(".opblock-summary").first.click()
    page.locator(".opblock-body").first.wait_for()
    assert "unsafe-eval" not in answer.headers["content-security-policy"]


def test_whoever_is_signed_in_tries_the_api_on_its_documentation(page: Any, demo: Product) -> None:
    """A read, and a write with the token of the page: refused for what is sent, not for who sends it."""
    # The operator of the demo is a member of nothing, and has nothing by the API.
    with sqlite3.connect(demo.log.parent / "data" / "position-sync.sqlite3", timeout=20) as database:
        database.execute(
            "INSERT INTO positions_member (organization_id, user_id, role) "
            "SELECT organization.id, person.id, 'editor' FROM positions_organization organization, auth_user person "
            "WHERE person.username = 'admin'"
        )
    page.goto(f"{demo.address}api/docs/")
    for block, status in (("employees_list", "200"), ("employees_create", "400")):
        operation = page.locator(f"[id$={block}]")
        if not operation.locator(".opblock-body").count():
            operation.locator(".opblock-summary-control").click()
        operation.get_by_role("button", name="Try it out").click()
        if status == "400":
            operation.locator("textarea.body-param__text").fill("{}")
        operation.get_by_role("button", name="Execute").click()
        operation.locator(".live-responses-table .response-col_status", has_text=status).first.wait_for()


def test_what_moves_on_the_pages_moves(page: Any, demo: Product) -> None:
    page.goto(f"{demo.address}admin/positions/employee/")
    # the menu of one's name
    page.locator("[x-data*=openUserLinks] > div").click()
    page.get_by_role("link", name="Second factor").wait_for()
    page.reload()
    # ticking a row shows the bar of actions, as wide as the list
    bar = page.locator("#changelist-actions")
    assert not bar.is_visible()
    page.locator("input.action-select").first.check()
    bar.wait_for()
    assert bar.bounding_box()["width"] > 500
    page.select_option("select[name=action]", index=1)
    page.get_by_role("button", name="Run").wait_for()
    # what is searched for appears while one types (htmx)
    page.goto(f"{demo.address}admin/")
    page.keyboard.press("Control+k")
    page.locator("#search-input-command").wait_for()
    page.locator("#search-input-command").press_sequentially("compan")
    page.locator("#command-results").get_by_text("Companies").wait_for()
    # an autocomplete (select2)
    page.goto(f"{demo.address}admin/positions/position/add/")
    page.locator(".select2-selection").first.click()
    page.locator(".select2-search__field").press_sequentially("Solbakken")
    page.locator(".select2-results__option").filter(has_text="Solbakken").wait_for()
    # the switch of a connection, without a page change; off, after it was told what that does
    page.goto(f"{demo.address}admin/integrations/integration/")
    page.evaluate("window.same = true")
    switch = page.locator(".ig-line button[role=switch]").first
    assert switch.get_attribute("aria-checked") == "true"
    switch.click()
    page.get_by_role("dialog").get_by_role("button", name="Switch off").click()
    page.locator(".ig-line").first.locator("button[aria-checked=false]").click()
    page.locator(".ig-line").first.locator("button[aria-checked=true]").wait_for()
    assert page.evaluate("window.same")


def test_the_theme_is_ours_and_can_be_switched(new_page: Callable[[], Any], demo: Product) -> None:
    page = new_page()
    page.goto(f"{demo.address}admin/login/")
    colour = "getComputedStyle(document.documentElement).getPropertyValue('--color-primary-600').trim()"
    assert page.evaluate(colour) == "oklch(54.6% .245 262.881)"
    assert page.locator("style").count() == 0
    page.locator("[x-data='{ openTheme: false }'] > a").click()
    page.get_by_text("Dark", exact=True).click()
    page.wait_for_function("document.documentElement.classList.contains('dark')")


INJECTED = """() => {
    const add = (name, fill) => {
        const element = document.createElement(name);
        fill(element);
        document.body.append(element);
    };
    window.ran = [];
    add("script", e => { e.textContent = "window.ran.push('inline script')"; });
    add("script", e => { e.src = "data:text/javascript,window.ran.push('foreign script')"; });
    add("div", e => { e.innerHTML = "<img src=none onerror=\\"window.ran.push('handler')\\">"; });
    add("style", e => { e.textContent = "body { display: none }"; });
    add("base", e => { e.href = "https://evil.example/"; });
}"""


def test_what_is_injected_does_not_run(chromium: Any, demo: Product) -> None:
    page = chromium.new_page()
    page.goto(f"{demo.address}admin/login/")
    page.evaluate(INJECTED)
    page.wait_for_timeout(500)
    assert page.evaluate("window.ran") == []
    assert page.locator("body").is_visible() and page.evaluate("document.baseURI").startswith(demo.address)
    # The same without the policy: else this proves nothing.
    page = chromium.new_page(bypass_csp=True)
    page.goto(f"{demo.address}admin/login/")
    page.evaluate(INJECTED)
    page.wait_for_function("window.ran.length === 3")
    assert not page.locator("body").is_visible()


def test_setting_up_a_second_factor_and_signing_in_with_it(new_page: Any, page: Any, demo: Product) -> None:
    password = "correct-horse-9-staple"
    page.goto(f"{demo.address}admin/auth/user/add/")
    page.fill("input[name=username]", "kari")
    page.get_by_role("button", name="Save", exact=True).click()
    link = page.get_by_text("/admin/choose-password/").first.inner_text().rpartition(" ")[2]

    kari = new_page()
    kari.goto(link)
    kari.fill("input[name=new_password1]", password)
    kari.fill("input[name=new_password2]", password)
    kari.get_by_role("button", name="Save and sign in").click()
    kari.wait_for_url("**/admin/login/**")
    sign_in(kari, demo, "kari", password)
    kari.wait_for_url("**/admin/")
    kari.locator("[x-data*=openUserLinks] > div").click()
    kari.get_by_role("link", name="Second factor").click()
    kari.get_by_role("link", name="Set up").click()
    kari.get_by_text("It cannot be scanned").click()
    key = b32decode(kari.locator(".sf-secret").inner_text().replace(" ", ""))
    assert kari.locator(".sf-picture svg").bounding_box()["width"] > 150
    kari.fill("input[name=code]", f"{totp(key):06d}")
    kari.fill("input[name=password]", password)
    kari.get_by_role("button", name="Turn on").click()
    codes = kari.locator(".sf-codes li")
    codes.first.wait_for()
    assert codes.count() == 10
    recovery = codes.first.inner_text()
    kari.get_by_role("link", name="I have kept them").click()
    kari.wait_for_url("**/admin/")

    again = new_page()
    sign_in(again, demo, "kari", password)
    again.wait_for_url("**/second-factor/code/**")
    again.fill("input[name=code]", recovery)
    again.get_by_role("button", name="Continue").click()
    again.wait_for_url("**/admin/")
