"""A language is chosen below the sign-in, and by the person for all browsers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.process.product import Product

pytestmark = pytest.mark.browser


def language_of(page: Any) -> str:
    return str(page.locator("html").get_attribute("lang"))


def test_a_language_is_chosen_before_and_after_the_sign_in(new_page: Callable[..., Any], demo: Product) -> None:
    page = new_page(viewport={"width": 390, "height": 900}, locale="sv-FI")
    page.goto(f"{demo.address}admin/login/?next=/admin/language/")
    assert language_of(page) == "sv"
    page.get_by_role("button", name="Suomi").click()
    page.wait_for_function("document.documentElement.lang === 'fi'")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert not [
        rule["id"] for rule in Axe().run(page).response["violations"] if rule["impact"] in ("critical", "serious")
    ]

    page.fill("input[name=username]", "admin")
    page.fill("input[name=password]", demo.password)
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/admin/language/")
    assert language_of(page) == "fi"
    page.check("input[name=language][value=nb]")
    page.locator("form:has(input[name=language]) button[type=submit]").click()
    page.wait_for_function("document.documentElement.lang === 'nb'")
    page.goto(f"{demo.address}admin/positions/position/add/")
    assert page.locator("input[name=start_date]").get_attribute("placeholder") == "01.03.2026"
    assert page.evaluate("[get_format('FIRST_DAY_OF_WEEK'), get_format('DATE_INPUT_FORMATS')[0]]") == [1, "%d.%m.%Y"]

    page.goto(f"{demo.address}admin/language/")
    page.check("input[name=language][value='']")
    page.locator("form:has(input[name=language]) button[type=submit]").click()
    page.wait_for_function("document.documentElement.lang === 'sv'")
