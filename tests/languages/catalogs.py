"""`.ci/catalogs`, as a module."""

from __future__ import annotations

from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any


def _loaded() -> Any:
    path = Path(__file__).parents[2] / ".ci" / "catalogs"
    loader = SourceFileLoader("catalogs", str(path))
    spec = spec_from_loader("catalogs", loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


catalogs = _loaded()
