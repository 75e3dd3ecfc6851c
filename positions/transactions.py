"""One transaction, carried out once more where the database gave it up for somebody else's.

Whoever locks many rows takes them in one order, so that this is rare: employees, positions, leases, integrations, jobs,
links; jobs by (integration, position), everything else by primary key.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import OperationalError, connection, transaction

P = ParamSpec("P")
T = TypeVar("T")

TRIES = 6
# PostgreSQL: deadlock detected, serialization failure. A wait for a lock that took too long is not among them: it was
# waited for already.
_UNDONE = {"40P01", "40001"}


def was_undone(error: BaseException) -> bool:
    """Whether the database undid a transaction only because it and another one were in each other's way."""
    return isinstance(error, OperationalError) and getattr(error.__cause__, "sqlstate", None) in _UNDONE


def repeated(function: Callable[P, T]) -> Callable[P, T]:
    """The function in one transaction, and from its start in another one when the database undid the first.

    It may leave nothing behind but what it writes to the database. Within another transaction it is a part of that
    one, which only its outermost function can begin anew. Raises OperationalError when six tries were undone.
    """

    @wraps(function)
    def carried_out(*args: P.args, **kwargs: P.kwargs) -> T:
        tries = 1 if connection.in_atomic_block else TRIES
        while True:
            try:
                with transaction.atomic():
                    return function(*args, **kwargs)
            except OperationalError as error:
                tries -= 1
                if not tries or not was_undone(error):
                    raise
            time.sleep(random.uniform(0.01, 0.1))  # noqa: S311

    return carried_out
