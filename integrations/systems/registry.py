"""Finds every connector by its place: `connector.py` in a folder of this package, or a module that was registered."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from types import ModuleType

from integrations.sdk.confirming import Confirmation, Sample
from integrations.sdk.connector import Connector
from integrations.sdk.declaration import System
from integrations.sdk.rules import Rule
from integrations.systems import modules

_registered: dict[str, type[Connector]] = {}


def register(module: str) -> None:
    """Adds the connectors of a module outside this package, by its dotted name (the setting EXTRA_CONNECTORS).

    Raises ValueError when there is none in it, or one whose key another module's system has.
    """
    found = list(_connectors_in(importlib.import_module(module)))
    if not found:
        raise ValueError(f"EXTRA_CONNECTORS: {module} defines no connector.")
    for connector in found:
        known = connectors().get(connector.system.key, connector)
        if known.__module__ != connector.__module__:
            raise ValueError(f"EXTRA_CONNECTORS: {module} has the key “{connector.system.key}” of {known.__module__}.")
        _registered[connector.system.key] = connector
    connectors.cache_clear()


def _connectors_in(module: ModuleType) -> Iterator[type[Connector]]:
    for thing in vars(module).values():
        if (
            isinstance(thing, type)
            and issubclass(thing, Connector)
            and thing.__module__ == module.__name__
            and "system" in vars(thing)
        ):
            yield thing


@cache
def connectors() -> dict[str, type[Connector]]:
    """Every system's key with its connector class, in the order in which people are shown them."""
    found = dict(_registered)
    for module in modules("connector"):
        for connector in _connectors_in(module):
            found[connector.system.key] = connector
    return dict(sorted(found.items(), key=lambda item: (item[1].system.rank, item[0])))


def connector_for(key: str) -> type[Connector]:
    """Raises KeyError for a system that is not known."""
    return connectors()[key]


def systems() -> tuple[System, ...]:
    return tuple(connector.system for connector in connectors().values())


def rules_of(key: str) -> tuple[Rule, ...]:
    """What `meaning.py` beside the system's connector says of its values and dates; nothing where there is none."""
    module = _beside(key, "meaning")
    rules: tuple[Rule, ...] = module.RULES if module else ()
    return rules


def confirmations_of(key: str) -> tuple[tuple[Confirmation, ...], Sample]:
    """What `confirmations.py` beside it wants confirmed on a test tenant, and with what; nothing where it has none."""
    module = _beside(key, "confirmations")
    return (module.CONFIRMATIONS, module.SAMPLE) if module else ((), Sample())


def _beside(key: str, name: str) -> ModuleType | None:
    """A module in the folder of the system's connector."""
    module = f"{connector_for(key).__module__.rpartition('.')[0]}.{name}"
    return importlib.import_module(module) if find_spec(module) else None
