"""What `?expand=` may name: an object whose id stands in an answer is answered along with it, below `expanded`.

By the name of the property that holds the id, wherever that stands in what GET answers with. Whoever has the objects
enters them into `EXPANSIONS` (positions/api/expansions.py).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from positions.models import Organization

EXPANDED = "expanded"


@dataclass(frozen=True, slots=True)
class Expansion:
    """`objects` are those of an organization; `scope` is what a key needs to read them."""

    serializer: type[serializers.Serializer]
    objects: Callable[[Organization], QuerySet]
    scope: str = "positions:read"

    def found(self, organization: Organization, ids: Collection[int]) -> dict[int, Any]:
        """Id -> as it is read, in one query however many."""
        rows = list(self.objects(organization).filter(pk__in=ids)) if ids else []
        data = self.serializer(rows, many=True, context={"today": organization.today()}).data
        return {row.pk: one for row, one in zip(rows, data, strict=True)}


EXPANSIONS: dict[str, Expansion] = {}


def expandable(serializer: serializers.Serializer | None) -> list[str]:
    """Names of what may be expanded in what this serializer answers."""
    fields = {} if serializer is None else serializer.fields
    return [name for name in EXPANSIONS if isinstance(fields.get(name), serializers.IntegerField)]


def expand(rows: Collection[Any], names: Collection[str], organization: Organization) -> None:
    """Adds to each row what is expanded, null where there is none (or none any more)."""
    found = {
        name: EXPANSIONS[name].found(organization, {row[name] for row in rows if row[name] is not None})
        for name in names
    }
    for row in rows:
        row[EXPANDED] = {name: found[name].get(row[name]) for name in names}
