"""The broker where Redis carries the queue; loaded there only (synclog/broker.py)."""

from __future__ import annotations

from django_q.brokers import redis_broker

from synclog.broker import Beats


class RedisBroker(Beats, redis_broker.Redis):
    pass
