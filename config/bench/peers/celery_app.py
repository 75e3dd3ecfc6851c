"""celery with Redis: a task for each position, sent right after the commit of the saves. Nothing keeps one employee's
positions in order. Each thread keeps its HTTP session; no results, no events, nothing said among workers.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import celery
import redis
import requests
from celery.signals import worker_ready
from django.db import transaction

from config.bench import counting
from config.bench.peers import beside, steps
from positions.bulk import save_positions
from positions.models import Position

# Of all keys: whatever else is in that database stays as it is.
PREFIX = Path(os.environ[counting.FOLDER]).name + ":"

app = celery.Celery("peers", broker=os.environ[beside.BROKER])
app.conf.update(
    broker_connection_retry_on_startup=False,
    broker_transport_options={"global_keyprefix": PREFIX},
    task_ignore_result=True,
    worker_disable_rate_limits=True,
    worker_enable_remote_control=False,
    worker_prefetch_multiplier=1,
    worker_redirect_stdouts=False,
)
_kept = threading.local()


@app.task
def send(address: str, number: str, body: dict[str, str]) -> None:
    if not hasattr(_kept, "session"):
        _kept.session = requests.Session()

    def call(method: str, path: str, **more: Any) -> Any:
        answer = _kept.session.request(method, f"{address}/{path}", timeout=30, **more)
        answer.raise_for_status()
        return answer.json()

    employee = call("GET", f"employees/{number}")["id"]
    held = call("GET", f"employees/{employee}/periods")
    if found := steps.write(employee, held, body):
        call(*found, json=body)


@contextmanager
def scratch() -> Iterator[None]:
    """Afterwards none of its keys is left in Redis."""
    try:
        yield
    finally:
        with redis.Redis.from_url(os.environ[beside.BROKER]) as server:
            for key in server.scan_iter(f"{PREFIX}*", count=1000):
                server.delete(key)


def feed(positions: Sequence[Position], address: str) -> float:
    """Saves them, and sends the tasks after that; the moment of the commit, monotonic."""
    with transaction.atomic():
        save_positions(positions)
    committed = time.monotonic()
    with app.producer_pool.acquire(block=True) as producer:
        for position in positions:
            send.apply_async((address, position.employee.number, steps.body(position)), producer=producer)
    return committed


def work() -> None:
    """As one worker process; says "ready"."""
    worker_ready.connect(lambda **_: print("ready", flush=True), weak=False)
    app.worker_main(
        [
            *("--quiet", "worker", "--pool", "threads", "--concurrency", str(steps.EACH), "--loglevel", "WARNING"),
            *("--without-gossip", "--without-mingle", "--without-heartbeat", "--hostname", f"{os.getpid()}@bench"),
        ]
    )
