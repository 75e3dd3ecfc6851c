"""The main job as a person does it: in the admin here, and to be seen in the system there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.process.product import Product, wait_for

pytestmark = pytest.mark.browser
README = Path(__file__).resolve().parents[2] / "README.md"
OCCUPATION = re.findall(r"write `(\d+)` and save", README.read_text())[0]


def there(demo: Product, system: str, number: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = requests.get(
        f"{demo.sandboxes}/{system}/demo/-/employments/{number}", timeout=5
    ).json()
    return found


def open_employee(page: Any, demo: Product, name: str) -> None:
    page.goto(f"{demo.address}admin/positions/employee/?q={name}")
    page.locator("#result_list").get_by_role("link").filter(has_text=name).first.click()
    page.wait_for_url(re.compile(r"/employee/\d+/change/"))


def test_ending_one_position_and_starting_the_next_arrives_there(page: Any, demo: Product) -> None:
    wait_for(lambda: len(there(demo, "netvisor", "1013")) == 1, 40)
    open_employee(page, demo, "Mäkelä")
    page.get_by_role("link", name="Leipuri").first.click()
    page.wait_for_url(re.compile(r"/position/\d+/change/"))
    page.fill("input[name=end_date]", "2026-12-31")
    page.select_option("select[name=end_reason]", "internal_transfer")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_load_state()
    open_employee(page, demo, "Mäkelä")
    page.get_by_role("link", name="Add position").first.click()
    page.wait_for_url(re.compile(r"/position/add/"))
    page.fill("input[name=title]", "Vuoropäällikkö")
    page.fill("input[name=start_date]", "2027-01-01")
    page.fill("input[name=percentage]", "80")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_load_state()
    wait_for(lambda: len(there(demo, "netvisor", "1013")) == 2, 20)
    page.goto(f"{demo.sandboxes}/netvisor/demo/")
    text = page.locator("body").inner_text()
    for word in ("Leipuri", "2026-12-31", "Vuoropäällikkö", "2027-01-01"):
        assert word in text


def test_fixing_the_failing_employee_and_resyncing_from_the_error_log(page: Any, demo: Product) -> None:
    wait_for(lambda: there(demo, "tripletex", "1001"), 40)
    assert there(demo, "tripletex", "1008") == []
    page.goto(f"{demo.address}admin/synclog/job/?q=Rønning")
    text = page.locator("body").inner_text()
    assert "Occupation code" in text
    # The fix, saved here: that alone sends it again.
    open_employee(page, demo, "Rønning")
    page.get_by_role("link", name="Lærling").first.click()
    page.wait_for_url(re.compile(r"/position/\d+/change/"))
    page.fill("input[name=occupation_code]", OCCUPATION)
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_load_state()
    wait_for(lambda: len(there(demo, "tripletex", "1008")) == 1, 20)
    # And Re-sync, pressed in the log on one of its rows, answers that there is nothing left to do.
    page.goto(f"{demo.address}admin/synclog/job/?tab=succeeded&q=Rønning")
    page.locator("#result_list").get_by_role("link").first.click()
    page.wait_for_load_state()
    page.get_by_role("button", name="Re-sync now").click()
    page.wait_for_load_state()

    def settled() -> bool:
        page.goto(f"{demo.address}admin/synclog/job/?tab=skipped&q=Rønning")
        return "Nothing to change" in page.locator("body").inner_text()

    wait_for(settled, 20)
