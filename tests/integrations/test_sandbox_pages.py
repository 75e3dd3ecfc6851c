"""The page of each sandbox: what it holds now, and clearly not the real system."""

from __future__ import annotations

import html

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
    assert '<meta http-equiv="refresh" content="3">' in page and "Looks again every 3 seconds" in page
    for table in sandbox.tables():
        assert html.escape(table.title) in page


def test_the_index_leads_to_every_tenant(sandbox_server: tuple[str, Tenants]) -> None:
    address, tenants = sandbox_server
    key = next(iter(sandboxes()))
    tenants.get(key, "index")
    page = requests.get(f"{address}/", timeout=5).text
    assert f'href="/{key}/index/"' in page and "none of these is the real system" in page
