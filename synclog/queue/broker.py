"""django-q2's broker (Q_CLUSTER["broker_class"]), which also gives each cluster its own signs of life to carry."""

from __future__ import annotations

from django.conf import settings
from django_q.brokers import Broker, orm

from synclog.queue.beats import Beats


class OrmBroker(Beats, orm.ORM):  # type: ignore[misc]  # django-q2 has no types
    pass


def broker(list_key: str) -> Broker:
    if not _over_redis():
        return OrmBroker(list_key=list_key)
    from synclog.queue.redis_broker import RedisBroker  # noqa: PLC0415 (see `_over_redis`)

    return RedisBroker(list_key=list_key)


def no_answer(*others: type[Exception]) -> tuple[type[Exception], ...]:
    """To be caught: what is raised when the broker does not answer, but for the database's errors; and the others."""
    if not _over_redis():
        return *others, OSError
    from redis.exceptions import RedisError  # noqa: PLC0415 (see `_over_redis`)

    return *others, OSError, RedisError


def _over_redis() -> bool:
    """Where no Redis is used, no process loads its library."""
    return bool(settings.Q_CLUSTER.get("redis"))
