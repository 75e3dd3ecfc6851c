"""Every kind of page can be used by whoever does not see it, or works without a mouse: axe-core's rules, light and
wide, dark and narrow. On the same walk: it works under the content security policy (`new_page`), and nothing lies on
what is to be pressed."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.pages import every_page
from tests.process.product import Product

pytestmark = pytest.mark.browser

# What no rule of axe-core's may find: its own grading, and where a page begins, what its parts are, and its headings.
GRAVE = {"critical", "serious"}
STRUCTURE = ("landmark", "heading", "region", "page-has-heading-one", "bypass", "skip-link", "document-title")
# What can be pressed, and does not lie on top at its middle once it is scrolled to. The way past the menu shows itself
# when it has the focus.
COVERED = """() => [...document.querySelectorAll('a[href], button, input, select, textarea, summary')].filter((one) => {
    if (one.matches(':disabled, .ps-skip') || !one.checkVisibility({visibilityProperty: true, opacityProperty: true}))
        return false;
    one.scrollIntoView({block: 'center', inline: 'center', behavior: 'instant'});
    const box = one.getClientRects()[0];
    if (!box || box.width < 2 || box.height < 2) return false;
    const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    return !top || !(one.contains(top) || top.contains(one) || [...(one.labels ?? [])].some((l) => l.contains(top)));
}).map((one) => one.outerHTML.slice(0, 160))"""
# An icon is drawn from a word, which nobody is to hear.
HEARD = """() => document.querySelectorAll(".material-symbols-outlined:not([aria-hidden], [title])").length"""
# Swagger UI draws them, and nothing of ours can reach inside: buttons inside of a row that can be pressed itself, and
# its headings begin with the third level.
OF_SWAGGER = {"nested-interactive", "heading-order", "region", "landmark-one-main", "page-has-heading-one"}


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_no_page_keeps_anybody_out(page: Any, new_page: Any, demo: Product, width: int, scheme: str) -> None:
    addresses = every_page(page, demo)
    looked = new_page(
        viewport={"width": width, "height": 900}, color_scheme=scheme, storage_state=page.context.storage_state()
    )
    found: list[str] = []
    docs = f"{demo.address}api/docs/"
    for address in (*addresses, docs, f"{demo.address}nothing-is-here", f"{demo.address}admin/login/"):
        if address.endswith("/login/"):
            looked.context.clear_cookies()
        answer = looked.goto(address)
        assert (answer.status, answer.url) == (404 if "nothing" in address else 200, address)
        assert "default-src 'none'" in answer.headers["content-security-policy"], address
        if address == docs:
            looked.locator(".opblock-summary").first.wait_for()
        for rule in Axe().run(looked).response["violations"]:
            grave = rule["impact"] in GRAVE or rule["id"].startswith(STRUCTURE)
            if grave and not (address == docs and rule["id"] in OF_SWAGGER):
                where = "; ".join(node["html"][:160] for node in rule["nodes"][:3])
                found.append(f"{address}: {rule['id']} ({len(rule['nodes'])}): {where}")
        if address != docs:
            found += [f"{address}: cannot be pressed: {one}" for one in looked.evaluate(COVERED)]
        if looked.evaluate(HEARD):
            found.append(f"{address}: icons are read aloud")
        if looked.evaluate("document.documentElement.scrollWidth") > width:
            found.append(f"{address}: wider than {width} pixels")
    assert found == [], "\n".join(found)


def test_the_first_key_leads_past_the_menu(page: Any, demo: Product) -> None:
    page.goto(f"{demo.address}admin/positions/employee/")
    page.locator("table").first.wait_for()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.id === 'main-content'")


def test_a_field_that_is_drawn_has_the_name_of_its_label(page: Any, demo: Product) -> None:
    page.goto(f"{demo.address}admin/positions/position/add/")
    page.locator(".select2-selection[aria-label^=Employee]").wait_for()
