"""Fixtures for every test. One sandbox server runs for each test process; every test gets tenants of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integrations.sandbox.server import Tenants, running


@pytest.fixture(scope="session")
def sandbox_server() -> Iterator[tuple[str, Tenants]]:
    """(address, tenants) of all sandboxes, over real HTTP on loopback."""
    with running() as server:
        yield server
