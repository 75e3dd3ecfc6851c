"""The broker where Redis carries the queue; loaded there only (synclog/queue/broker.py)."""

from __future__ import annotations

from django_q.brokers import redis_broker

from synclog.queue.beats import Beats


class RedisBroker(Beats, redis_broker.Redis):  # type: ignore[misc]  # django-q2 has no types
    pass
