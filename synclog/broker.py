"""django-q2's broker (Q_CLUSTER["broker_class"]), which also gives each cluster its own signs of life to carry.

A sign that waited in the shared queue would be carried by whichever cluster is faster, and say nothing of the others.
"""

from __future__ import annotations

import time
import uuid
from typing import Any

from django.conf import settings
from django.utils import timezone
from django_q.brokers import Broker, orm
from django_q.signing import SignedPackage

from synclog import signs

BEAT_EVERY = 3.0  # seconds


class Beats:
    """Called by the pusher alone, so a beat that is carried out proves pusher, queue and a worker of this cluster."""

    _next = 0.0

    def ping(self) -> bool:
        """Asked by the guard of a cluster before it spawns the others."""
        signs.give(signs.STEP)
        return bool(super().ping())  # type: ignore[misc]

    def dequeue(self) -> list[tuple[Any, Any]]:
        if not self._next:
            signs.give(signs.STEP)  # the pusher is up
        found = super().dequeue() or []  # type: ignore[misc]
        now = time.monotonic()
        if now >= self._next:
            self._next = now + BEAT_EVERY
            found.append((None, SignedPackage.dumps(_beat())))
        return list(found)


def _beat() -> dict[str, Any]:
    """A task as `async_task` makes one."""
    return {
        "id": uuid.uuid4().hex,
        "name": "beat",
        "func": "synclog.tasks.beat",
        "args": (),
        "kwargs": {},
        "started": timezone.now(),
    }


class OrmBroker(Beats, orm.ORM):
    pass


def broker(list_key: str) -> Broker:
    if not _over_redis():
        return OrmBroker(list_key=list_key)
    from synclog.redis_broker import RedisBroker

    return RedisBroker(list_key=list_key)


def no_answer(*others: type[Exception]) -> tuple[type[Exception], ...]:
    """To be caught: what is raised when the broker does not answer, but for the database's errors; and the others."""
    if not _over_redis():
        return *others, OSError
    from redis.exceptions import RedisError

    return *others, OSError, RedisError


def _over_redis() -> bool:
    """Where no Redis is used, no process loads its library."""
    return bool(settings.Q_CLUSTER.get("redis"))
