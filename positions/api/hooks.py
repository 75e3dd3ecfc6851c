"""What other apps add to the answers of the API, which knows nothing of those apps. Append in `AppConfig.ready`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rest_framework.fields import Field

from positions.models import Position

# Merged into the answer of every write of positions, for example {"jobs": [...]}. Called inside the transaction, with
# positions as they were saved; deleted ones still have their id.
write_extras: list[Callable[[Sequence[Position]], dict[str, Any]]] = []

# What these add, by name: a new serializer field that describes it.
extra_fields: dict[str, Callable[[], Field]] = {}


def extras(positions: Sequence[Position]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for ask in write_extras:
        found.update(ask(positions))
    return found
