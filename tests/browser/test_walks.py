"""Three walks of people at work: why a position is missing, a pause in which something is changed, and what each role
is offered."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest

from tests.browser.conftest import sign_in
from tests.browser.test_errors import hire
from tests.browser.test_main_job import open_employee, there
from tests.process.product import Product, wait_for

pytestmark = pytest.mark.browser

SCREENS = pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])


def seen_by(new_page: Callable[..., Any], demo: Product, name: str, **options: Any) -> Any:
    page = new_page(**options)
    sign_in(page, demo, name, demo.password)
    page.wait_for_url("**/admin/")
    return page


@SCREENS
def test_why_a_position_is_missing(new_page: Callable[..., Any], demo: Product, width: int, scheme: str) -> None:
    """From the person to the reason and its remedy."""
    hire(demo, "Fjellheim Bakeri Drift AS", [], f"Mangler{width}", 7200 + width, 1)
    page = seen_by(new_page, demo, "erik", viewport={"width": width, "height": 1000}, color_scheme=scheme)
    chip = page.locator(".ps-chips .sy-chip.sy-danger", has_text="Tripletex")

    def told() -> int:
        open_employee(page, demo, f"Mangler{width}")
        return int(chip.count())

    wait_for(told, 40)
    chip.click()
    page.wait_for_url(re.compile(r"/position/\d+/change/#sync-\d+"))
    state = page.locator("#sync li", has_text="Tripletex").first
    assert "Occupation code is missing" in state.inner_text()
    form, panel = (page.locator(one).bounding_box() for one in ("#position_form", "#sync"))
    if width == 1280:
        assert panel["x"] >= form["x"] + form["width"] and page.locator("#sync h2").is_visible()
        assert page.evaluate("document.querySelector('#sync').getBoundingClientRect().top < innerHeight / 2")
    else:
        assert panel["y"] >= form["y"] + form["height"]
    state.get_by_role("link", name="Open entry").click()
    page.wait_for_url(re.compile(r"/synclog/job/\d+/change/"))
    assert "Fill it in on the position; it is sent when you save." in page.locator(".sy-said").inner_text()
    page.get_by_role("link", name="Fill in Occupation code").click()
    page.wait_for_function("document.activeElement?.id === 'id_occupation_code'")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@SCREENS
def test_what_is_changed_in_a_pause_goes_out_when_it_is_over(
    new_page: Callable[..., Any], demo: Product, width: int, scheme: str
) -> None:
    page = seen_by(new_page, demo, "anna", viewport={"width": width, "height": 1000}, color_scheme=scheme)
    wait_for(lambda: there(demo, "fortnox", "1010"), 40)
    page.goto(f"{demo.address}admin/integrations/integration/")
    page.locator(".ig-line", has_text="Fortnox").get_by_role("link", name="Fortnox").first.click()
    page.wait_for_url(re.compile(r"/integration/\d+/change/"))
    connection = page.url

    def waiting() -> str:
        page.goto(connection)
        return str(page.locator(".ig-counters a", has_text="Waiting").locator("b").inner_text())

    wait_for(lambda: waiting() == "0", 40)
    page.get_by_role("link", name="Pause…").click()
    asked = page.get_by_role("dialog")
    assert "No change is waiting." in asked.inner_text()
    asked.get_by_role("button", name="Pause", exact=True).click()
    page.get_by_text("Fortnox is paused: changes are recorded").wait_for()
    assert page.get_by_role("link", name="Pause…").count() == 0, "the bar of actions follows"
    open_employee(page, demo, "Lindström")
    page.locator(".ps-current .ps-what > a").first.click()
    page.wait_for_url(re.compile(r"/position/\d+/change/"))
    page.fill("input[name=title]", f"Produktionschef {width}")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_load_state()
    assert waiting() == "1"
    page.get_by_role("link", name="Resume…").click()
    asked = page.get_by_role("dialog")
    assert "1 change is waiting. It is sent now." in asked.inner_text()
    assert str(width) not in str(there(demo, "fortnox", "1010")), "nothing is sent in the pause"
    asked.get_by_role("button", name="Resume").click()
    page.get_by_text("Fortnox goes on").wait_for()
    wait_for(lambda: there(demo, "fortnox", "1010")[0]["JobTitle"] == f"Produktionschef {width}", 30)


MEMBERS = {"Employees", "Positions", "Companies", "Departments", "Overview", "Integrations", "Error log"}
MEMBERS |= {"Organization", "Matched people", "Supported fields", "Mails of the demo"}
ADMINS = MEMBERS | {"Invitations", "API keys", "Audit trail", "Webhooks"}
OPERATORS = ADMINS - {"Organization"} | {"Users", "Organizations", "Queue"}
# Who -> the menu, and what of these is offered: to add somebody, to save a position, settings, an answer to an error.
ROLES = {
    "vera": (MEMBERS, set()),
    "erik": (MEMBERS, {"add", "save", "resync"}),
    "anna": (ADMINS, {"add", "save", "resync", "settings"}),
    "admin": (OPERATORS, {"add", "save", "resync", "settings"}),
}


@pytest.mark.parametrize("who", ROLES)
def test_each_role_is_offered_what_it_may(new_page: Callable[..., Any], demo: Product, who: str) -> None:
    page = seen_by(new_page, demo, who)
    menu = page.locator("#nav-sidebar-apps a, #nav-sidebar a")
    expected, may = ROLES[who]
    entries = {link.inner_text().split("\n")[-1].strip(): link.get_attribute("href") for link in menu.all()}
    assert {name for name in entries if name in OPERATORS | ADMINS} == expected
    offered, links = set(), set(entries.values())

    def look(address: str) -> None:
        page.goto(address)
        links.update(page.eval_on_selector_all("main a[href], header a[href]", "all => all.map(one => one.href)"))

    def has(role: str, name: str) -> bool:
        return bool(page.get_by_role(role, name=name, exact=True).count())

    look(f"{demo.address}admin/positions/employee/")
    if page.locator("a[href*='/employee/add/']").count():
        offered.add("add")
    open_employee(page, demo, "Lindström")
    look(page.url)
    look(page.locator(".ps-what > a").first.evaluate("link => link.href"))
    if has("button", "Save"):
        offered.add("save")
    look(f"{demo.address}admin/integrations/integration/")
    connection = page.locator("a[href*='/integration/'][href$='/change/']").first.evaluate("link => link.href")
    look(connection)
    look(connection.replace("/change/", "/settings/"))
    if has("button", "Save"):
        offered.add("settings")
    look(f"{demo.address}admin/synclog/job/?tab=succeeded")
    look(page.locator("#result_list a[href*='/job/']").first.evaluate("link => link.href"))
    if has("button", "Re-sync now"):
        offered.add("resync")
    assert offered == may
    own = [link for link in links if link and urlsplit(link).path.startswith("/admin/") and "logout" not in link]
    each_kind = {re.sub(r"\d+", "", urlsplit(link).path): urljoin(demo.address, link) for link in own}
    statuses = {link: page.request.get(link).status for link in each_kind.values()}
    assert len(statuses) > 15 and {link: status for link, status in statuses.items() if status >= 400} == {}
