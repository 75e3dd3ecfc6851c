"""Two people have the same form open: the second one sees both values and chooses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.conftest import sign_in
from tests.browser.test_main_job import open_employee
from tests.process.product import Product

pytestmark = pytest.mark.browser


def test_the_second_to_save_sees_what_the_first_has_saved_and_chooses(
    new_page: Callable[[], Any], demo: Product
) -> None:
    first, second = new_page(), new_page()
    for page in (first, second):
        sign_in(page, demo, "admin", demo.password)
        page.wait_for_url("**/admin/")
        open_employee(page, demo, "Rønning")
    address = second.url
    first.fill("input[name=email]", "first@example.com")
    first.fill("input[name=external_id]", "HR-1")
    second.fill("input[name=email]", "second@example.com")
    for page in (first, second):
        page.get_by_role("button", name="Save", exact=True).click()
        page.wait_for_load_state()
    conflict = second.locator(".ps-conflict")
    assert second.url == address
    for words in ("first@example.com", "second@example.com", "HR-1", "Saved last by admin"):
        assert words in conflict.inner_text()
    conflict.get_by_role("radio", name="Saved meanwhile first@example.com").check()
    second.get_by_role("button", name="Save", exact=True).click()
    second.wait_for_load_state()
    second.goto(address)
    assert second.input_value("input[name=email]") == "first@example.com"
    assert second.input_value("input[name=external_id]") == "HR-1"
