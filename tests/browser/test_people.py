"""People's forms as a person uses them: the helpers, hints that follow what is typed, and one click too many."""

from __future__ import annotations

import re
import sqlite3
from typing import Any

import pytest

from tests.browser.test_main_job import open_employee, there
from tests.process.product import Product, wait_for

pytestmark = pytest.mark.browser


def rows(demo: Product, title: str) -> int:
    with sqlite3.connect(demo.log.parent / "data" / "position-sync.sqlite3", timeout=20) as database:
        count: int = database.execute("SELECT count(*) FROM positions_position WHERE title = ?", [title]).fetchone()[0]
    return count


def test_a_change_of_job_is_one_form_and_arrives_there(page: Any, demo: Product) -> None:
    wait_for(lambda: len(there(demo, "netvisor", "1014")) == 1, 40)
    open_employee(page, demo, "Hämäläinen")
    page.get_by_role("link", name="Change of job…").first.click()
    page.wait_for_url(re.compile(r"/position/add/\?after=\d+"))
    page.fill("input[name=title]", "Tiiminvetäjä")
    page.fill("input[name=start_date]", "2027-01-01")
    page.get_by_role("button", name="Save", exact=True).dblclick()
    page.wait_for_url(re.compile(r"/employee/\d+/change/"))
    # What it says may be lost with the first of two answers, which the browser throws away.
    page.get_by_text("– 31 Dec 2026").first.wait_for()
    assert rows(demo, "Tiiminvetäjä") == 1
    wait_for(lambda: len(there(demo, "netvisor", "1014")) == 2, 20)
    page.get_by_role("link", name="End employment").click()
    page.fill("input[name=last_day]", "2027-06-30")
    page.locator("#ps-ends").get_by_text("ends on 30 Jun 2027").wait_for()
    page.select_option("select[name=end_reason]", "resigned")
    page.get_by_role("button", name="End employment").click()
    page.get_by_text("1 position ends on 30 Jun 2027").wait_for()


def test_a_double_click_makes_one_and_hints_follow_what_is_typed(page: Any, demo: Product) -> None:
    open_employee(page, demo, "Hægstad")
    page.get_by_role("link", name="Add position").first.click()
    page.wait_for_url(re.compile(r"/position/add/"))
    hint = page.locator("#ps-hint-end_reason")
    page.fill("input[name=title]", "Twice")
    page.fill("input[name=start_date]", "2030-01-01")
    assert hint.inner_text() == ""
    page.fill("input[name=end_date]", "2030-12-31")
    hint.get_by_text("because end date is filled in").wait_for()
    page.locator("input[name=occupation_code]").press_sequentially("bak")
    page.locator("#ps-occupations option[value='7412101']").wait_for(state="attached", timeout=90_000)
    page.fill("input[name=occupation_code]", "7412101")
    page.get_by_role("button", name="Save", exact=True).dblclick()
    page.wait_for_url(re.compile(r"/employee/\d+/change/"))
    assert rows(demo, "Twice") == 1


def test_whoever_is_typed_into_the_palette_is_found(page: Any, demo: Product) -> None:
    page.keyboard.press("Control+k")
    page.locator("#search-input-command").press_sequentially("lindström göran")
    page.locator("#command-results").get_by_text("Göran Lindström").click()
    page.wait_for_url(re.compile(r"/employee/\d+/change/"))
