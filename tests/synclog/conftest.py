from __future__ import annotations

from typing import Any

import pytest

from integrations.sandboxes.server import Tenants
from tests.synclog.world import World, new_world


@pytest.fixture
def world(db: Any, sandbox_server: tuple[str, Tenants], settings: Any) -> World:
    settings.ALLOW_PRIVATE_TARGETS = True
    return new_world(sandbox_server)
