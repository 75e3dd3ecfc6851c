"""Work on any number of rows in short transactions: no table is locked for long, and no list of rows is held."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from django.db import models, transaction

SIZE = 500
_M = TypeVar("_M", bound=models.Model)


def in_batches(
    rows: models.QuerySet, act: Callable[[models.QuerySet], Any], *, size: int = SIZE, until: float | None = None
) -> bool:
    """Calls `act` with so many of the rows at a time, in the order of their keys, each time in its own transaction.

    `until` is of `time.monotonic()`. False: it was over before the rows were; call again for the rest.
    """
    last: Any = None
    while True:
        page = rows.order_by("pk") if last is None else rows.order_by("pk").filter(pk__gt=last)
        keys = list(page.values_list("pk", flat=True)[:size])
        if not keys:
            return True
        with transaction.atomic():
            act(rows.model._base_manager.filter(pk__in=keys))
        last = keys[-1]
        if until is not None and time.monotonic() > until:
            return False


def in_pieces(rows: models.QuerySet[_M], *, newest_first: bool = False) -> Iterator[list[_M]]:
    """The rows, so many at a time, in the order of their keys: nothing is held open between two pieces."""
    order, after = ("-pk", "pk__lt") if newest_first else ("pk", "pk__gt")
    rows = rows.order_by(order)
    piece = list(rows[:SIZE])
    while piece:
        yield piece
        piece = list(rows.filter(**{after: piece[-1].pk})[:SIZE])


def delete(rows: models.QuerySet) -> int:
    """Deletes rows that nothing refers to, without reading them and without a signal: nobody is to act upon it."""
    return rows.order_by()._raw_delete(rows.db)
