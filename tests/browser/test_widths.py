"""What stands beside a form leaves room for what follows it, however wide the window is."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.test_main_job import open_employee
from tests.process.product import Product

pytestmark = pytest.mark.browser


def test_a_change_by_day_is_withdrawn_at_each_width(page: Any, demo: Product) -> None:
    open_employee(page, demo, "Bakke-Lund")
    page.get_by_role("link", name="Butikkleder").first.click()
    page.wait_for_url("**/position/*/change/")
    position = page.url
    for width, height in ((1280, 900), (1366, 768), (1920, 1080), (390, 800)):
        page.set_viewport_size({"width": width, "height": height})
        page.goto(position)
        page.fill("input[name=percentage]", "70")
        page.fill("input[name=effective_from]", "2026-11-01")
        page.get_by_role("button", name="Save and continue editing").click()
        page.get_by_role("link", name="Withdraw").click()
        page.get_by_role("button", name="Withdraw the change").click()
        page.get_by_text("is withdrawn").wait_for()
