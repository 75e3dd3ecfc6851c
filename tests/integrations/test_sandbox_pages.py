"""The page of each sandbox: what it holds now, and clearly not the real system."""

from __future__ import annotations

import html
from pathlib import Path

import pytest
import requests

from integrations.sandboxes.server import Tenants, sandboxes


@pytest.mark.parametrize("key", sorted(sandboxes()))
def test_a_tenants_page_shows_what_it_holds(sandbox_server: tuple[str, Tenants], key: str) -> None:
    address, tenants = sandbox_server
    sandbox = tenants.get(key, "page")
    sandbox.add_employee("1042", "Åse", "Sørlie <b>", email="ase.sorlie@example.com")
    answer = requests.get(f"{address}/{key}/page/", timeout=5)
    assert answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html")
    page = answer.content.decode()
    assert f"Sandbox: not the real {html.escape(sandbox.name)}" in page
    assert "Sørlie" in page and "<b>" not in page.partition("</style>")[2]
    assert "http-equiv" not in page and "Looks again every 3 seconds" in page
    assert all(html.escape(value) in page for value in sandbox.credentials.values())
    for table in sandbox.tables():
        assert html.escape(table.title) in page


def test_the_index_leads_to_every_tenant(sandbox_server: tuple[str, Tenants]) -> None:
    address, tenants = sandbox_server
    key = next(iter(sandboxes()))
    tenants.get(key, "index")
    page = requests.get(f"{address}/", timeout=5).text
    assert f'href="/{key}/index/"' in page and "none of these is the real system" in page


@pytest.mark.parametrize("key", sorted(sandboxes()))
def test_somebody_is_added_on_its_page(sandbox_server: tuple[str, Tenants], key: str) -> None:
    address, tenants = sandbox_server
    sandbox = tenants.get(key, "adding")
    person = {
        "number": "77",
        "first_name": "Åse",
        "last_name": "Nordgård",
        "email": "ase@example.com",
        "birth_date": "",
    }
    foreign = requests.post(
        f"{address}/{key}/adding/-/add", person, headers={"Sec-Fetch-Site": "cross-site"}, timeout=5
    )
    assert foreign.status_code == 403
    page = requests.get(f"{address}/{key}/adding/", timeout=5).text
    assert "Nordgård" not in page
    page = requests.post(f"{address}/{key}/adding/-/add", person, timeout=5).text
    assert "Nordgård" in page
    assert sandbox.tables()


def test_the_script_that_looks_again_is_the_only_one(sandbox_server: tuple[str, Tenants]) -> None:
    address, _ = sandbox_server
    answer = requests.get(f"{address}/", timeout=5)
    assert "script-src 'self';" in answer.headers["Content-Security-Policy"]
    assert answer.text.count("<script") == 1 and 'src="/live.js"' in answer.text
    script = requests.get(f"{address}/live.js", timeout=5)
    assert script.status_code == 200 and script.headers["Content-Type"].startswith("text/javascript")


def test_only_our_own_suite_finds_them_strict(sandbox_server: tuple[str, Tenants], tmp_path: Path) -> None:
    """One switch for all; what a kept tenant was before says nothing of it."""
    key = next(iter(sandboxes()))
    assert sandbox_server[1].get(key, "switch").strict
    for strict in (True, False):
        tenants = Tenants(tmp_path, strict)
        sandbox = tenants.get(key, "switch")
        tenants.save(key, sandbox)
        assert sandbox.strict is strict
    assert (tmp_path / f"{key}--switch.json").exists()
