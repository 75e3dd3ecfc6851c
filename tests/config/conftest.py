from __future__ import annotations

from tests.synclog.conftest import world

__all__ = ["world"]
