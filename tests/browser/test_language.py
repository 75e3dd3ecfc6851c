"""A language is chosen below the sign-in, and by the person for all browsers."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import translation
from django.utils.translation import gettext

from synclog.admin.job.listing import TABS
from tests.browser.conftest import sign_in
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


def said(language: str, *english: str) -> set[str]:
    with translation.override(language):
        return {gettext(words) for words in english}


@pytest.mark.parametrize(
    ("language", "locale", "width", "scheme"),
    [("nb", "nb-NO", 1280, "light"), ("sv", "sv-SE", 390, "dark"), ("fi", "fi-FI", 1280, "light")],
)
def test_from_the_dashboard_to_a_position_and_back(
    new_page: Callable[..., Any], demo: Product, language: str, locale: str, width: int, scheme: str
) -> None:
    """Headings, tabs and buttons on the way are in the language of the browser."""
    page = new_page(viewport={"width": width, "height": 900}, color_scheme=scheme, locale=locale)

    def texts(selector: str) -> set[str]:
        found = page.locator(selector).evaluate_all("all => all.map(one => one.innerText.split('\\n')[0].trim())")
        return {str(words) for words in found} - {"", "search"}  # a glyph

    def looked(selector: str, *english: str) -> None:
        page.wait_for_load_state()
        assert language_of(page) == language, page.url
        assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url
        shown = texts(selector)
        assert shown and shown <= said(language, *english), page.url

    sign_in(page, demo, "erik", demo.password)
    page.wait_for_url("**/admin/")
    looked("h1, button", "Overview")
    page.locator("section[aria-labelledby=needs-you] .sy-section-head a").click()
    page.wait_for_url("**/synclog/job/")
    looked("h1, button, .sy-tabs a", "Error log", *(title for title, _states in TABS.values()))
    page.locator("#result_list").get_by_role("link").first.click()
    page.wait_for_url(re.compile(r"/job/\d+/change/"))
    entry = page.url
    looked("button", "Re-sync now", "Preview", "Dismiss…")
    page.locator("main a[href*='/position/']").first.click()
    page.wait_for_url(re.compile(r"/position/\d+/change/"))
    buttons = ("Save", "Save and continue editing", "Save and add another", "Send now", "Preview")
    looked("button", *buttons)  # its heading is the position
    page.locator("[name=_save]").click()
    page.wait_for_url(entry)
    looked("button", "Re-sync now", "Preview", "Dismiss…")
