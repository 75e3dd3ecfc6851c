"""Finds every connector by its file: a module in this package that defines a subclass of Connector."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

import integrations.connectors as package
from integrations.connectors.base import Connector
from integrations.connectors.system import System

# The order in which people are shown the systems: with history first, as the product's documentation does.
_ORDER = (
    "tripletex",
    "visma_net_payroll",
    "unimicro",
    "finago",
    "netvisor",
    "fortnox",
    "crona_lon",
    "xledger",
    "poweroffice_go",
    "entra_id",
)


@cache
def connectors() -> dict[str, type[Connector]]:
    """Every system's key with its connector class; systems beyond the first ten follow by name."""
    found: dict[str, type[Connector]] = {}
    for module in pkgutil.iter_modules(package.__path__):
        loaded = importlib.import_module(f"{package.__name__}.{module.name}")
        for thing in vars(loaded).values():
            if (
                isinstance(thing, type)
                and issubclass(thing, Connector)
                and thing.__module__ == loaded.__name__
                and "system" in vars(thing)
            ):
                found[thing.system.key] = thing
    rank = {key: index for index, key in enumerate(_ORDER)}
    return dict(sorted(found.items(), key=lambda item: (rank.get(item[0], len(rank)), item[0])))


def connector_for(key: str) -> type[Connector]:
    """Raises KeyError for a system that is not known."""
    return connectors()[key]


def systems() -> tuple[System, ...]:
    return tuple(connector.system for connector in connectors().values())
