"""From an error to its fix as a person does it, clicks counted."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import Any

import pytest
import requests

from tests.process.product import ROOT, Product, wait_for

pytestmark = pytest.mark.browser

HIRE = """
from datetime import date
from positions.bulk import save_positions
from positions.models import Company, Employee, Position
company = Company.objects.get(name={company!r})
people = [
    Employee.objects.create(
        organization=company.organization, company=company, number=str(number), first_name="Testi",
        last_name=f"{name}{{number}}", email=f"testi{{number}}@fjellheim.example", birth_date=date(1990, 1, 1),
    )
    for number in range({first}, {first} + {many})
]
save_positions([
    Position(employee=person, title="Leipuri", start_date=date(2026, 1, 1), percentage=100, **{values!r})
    for person in people
])
"""


class Clicks:
    """Counts what a person presses."""

    def __init__(self) -> None:
        self.number = 0

    def __call__(self, target: Any) -> None:
        self.number += 1
        target.click()


def hire(demo: Product, company: str, systems: list[str], name: str, first: int, many: int, **values: str) -> None:
    """So many people of a company, whom its systems know already, with a position each."""
    numbers = range(first, first + many)
    known = [
        {
            "number": str(n), "first_name": "Testi", "last_name": f"{name}{n}",
            "email": f"testi{n}@fjellheim.example", "birth_date": "1990-01-01",
        }
        for n in numbers
    ]  # fmt: skip
    for system in systems:
        requests.post(f"{demo.sandboxes}/{system}/demo/-/employees", json=known, timeout=20).raise_for_status()
    code = HIRE.format(company=company, name=name, first=first, many=many, values=values)
    env = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE")}
    subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", code],
        cwd=ROOT,
        env={**env, "DATA_DIR": str(demo.log.parent / "data"), "ALLOW_PRIVATE_TARGETS": "1", "DEBUG": "1"},
        check=True,
    )


def needs_action(page: Any, demo: Product, query: str) -> int:
    """How many rows the log lists under *Needs action*."""
    page.goto(f"{demo.address}admin/synclog/job/?tab=needs_action&{query}")
    return int(page.locator(".sy-tabs a[aria-current] .sy-count").inner_text())


def test_a_failing_employee_is_green_after_three_clicks(page: Any, demo: Product) -> None:
    in_norway = ["tripletex", "unimicro", "visma_net_payroll", "finago", "poweroffice_go", "xledger", "entra_id"]
    hire(
        demo, "Fjellheim Bakeri Drift AS", in_norway, "Koodi", 7001, 1, contract_type="permanent",
        remuneration_type="monthly", working_hours_scheme="not_shift",
    )  # fmt: skip
    wait_for(lambda: needs_action(page, demo, "q=Koodi7001") > 0, 40)
    click = Clicks()
    page.goto(f"{demo.address}admin/")
    card = page.locator(".sy-groups li", has_text="Occupation code")
    click(card.get_by_role("link", name=re.compile("Open .* entries")))
    page.locator("#result_list tr", has_text="Koodi7001").first.wait_for()
    click(
        page.locator("#result_list tr", has_text="Koodi7001").first.get_by_role("link", name="Fill in Occupation code")
    )
    page.wait_for_function("document.activeElement?.id === 'id_occupation_code'")
    page.keyboard.type("7412101")
    click(page.get_by_role("button", name="Save", exact=True))
    page.wait_for_url(re.compile(r"/synclog/job/\d+/change/"))
    page.evaluate("window.same = true")
    page.locator(".sy-said .sy-success").wait_for()
    assert page.evaluate("window.same"), "the page was not loaded anew"
    assert "Koodi7001" in page.locator("#entry-said").inner_text()
    assert page.locator("#entry[hx-trigger]").count() == 0
    assert click.number <= 3


def test_thirty_failures_of_one_cause_are_cleared_in_five_clicks(page: Any, demo: Product) -> None:
    hire(
        demo, "Fjellheim Leipomo Oy", ["netvisor", "entra_id"], "Keikka", 7101, 30, contract_type="casual",
        remuneration_type="monthly", working_hours_scheme="not_shift",
    )  # fmt: skip
    wait_for(lambda: needs_action(page, demo, "cause=no_translation&q=Keikka") == 30, 60)
    click = Clicks()
    page.goto(f"{demo.address}admin/")
    card = page.locator(".sy-groups li", has_text="Contract type: 30 employees, 1 system")
    click(card.get_by_role("link", name=re.compile("Open Settings")))
    page.wait_for_url(re.compile(r"/settings/"))
    assert page.evaluate("document.activeElement.id").startswith("id_setting__contract_types")
    row = page.locator("#id_setting__contract_types .ig-pair", has=page.get_by_text("Casual", exact=True))
    click(row.locator("select"))
    row.locator("select").select_option("1/1")
    click(page.get_by_role("button", name="Save", exact=True))
    page.wait_for_url(re.compile(r"/by-cause/\?tab=needs_action&cause=no_translation"))
    click(page.get_by_role("link", name="Re-sync all…"))
    click(page.get_by_role("button", name="Re-sync 30 entries"))
    page.wait_for_url(re.compile(r"/resync/progress/"))
    page.get_by_role("heading", name="All done").wait_for()
    assert page.locator("#resyncing[hx-trigger]").count() == 0
    assert click.number <= 5
    assert needs_action(page, demo, "cause=no_translation&q=Keikka") == 0
