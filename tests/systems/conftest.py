"""What the tests of the systems share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integrations.sandboxes.server import Tenants, running


@pytest.fixture(scope="session")
def lenient_server() -> Iterator[tuple[str, Tenants]]:
    """(address, tenants) of all sandboxes as a client finds them that is not ours: what the vendor takes passes."""
    with running() as server:
        yield server
