"""The target systems, a folder for each. Nothing outside names one.

`declaration.py` says what it takes, `connector.py` speaks it, `sandbox.py` is its API as a local server, written from
the vendor's own documentation, `guide.md` the administrator's help.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType


def modules(name: str) -> Iterator[ModuleType]:
    """The module of that name (`connector` or `sandbox`) in each system's folder."""
    for folder in pkgutil.iter_modules(__path__):
        if folder.ispkg:
            yield importlib.import_module(f"{__name__}.{folder.name}.{name}")
