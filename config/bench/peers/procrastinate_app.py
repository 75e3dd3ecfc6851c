"""procrastinate: a task for each position, deferred in the transaction of the saves. A lock for each employee keeps one
employee's positions in order; coroutines of one process share a kept HTTP session.

Tuned for it: a worker that finds only locked jobs looks again after 50 ms (its own default is 5 s), and the table is
analyzed, as PostgreSQL does by itself a minute later: without that it searches half as fast for the next job.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import aiohttp
import procrastinate
from django.db import connection, transaction
from procrastinate.contrib.django.django_connector import DjangoConnector

from config.bench.peers import steps
from positions.bulk import save_positions
from positions.models import Position

# Connections to the database that finished jobs are noted with, beside the one that listens.
app = procrastinate.App(
    connector=procrastinate.PsycopgConnector(conninfo=os.environ["DATABASE_URL"], min_size=4, max_size=8)
)


@app.task(pass_context=True)
async def send(context: procrastinate.JobContext, address: str, number: str, body: dict[str, str]) -> None:
    session: aiohttp.ClientSession = context.additional_context["session"]

    async def call(method: str, path: str, **more: Any) -> Any:
        async with session.request(method, f"{address}/{path}", **more) as answer:
            answer.raise_for_status()
            return await answer.json()

    employee = (await call("GET", f"employees/{number}"))["id"]
    held = await call("GET", f"employees/{employee}/periods")
    if found := steps.write(employee, held, body):
        await call(*found, json=body)


@contextmanager
def scratch() -> Iterator[None]:
    """With its tables in the scratch database, which goes as a whole."""
    with app.replace_connector(DjangoConnector()) as ours:
        ours.schema_manager.apply_schema()
    yield


def feed(positions: Sequence[Position], address: str) -> float:
    """Saves them; the moment of the commit, monotonic."""
    with transaction.atomic(), app.replace_connector(DjangoConnector()):
        save_positions(positions)
        for position in positions:
            number = position.employee.number
            send.configure(lock=number).defer(address=address, number=number, body=steps.body(position))
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE procrastinate_jobs")
    return time.monotonic()


def work() -> None:
    """As one worker process; says "ready"."""
    asyncio.run(_work())


async def _work() -> None:
    limit = aiohttp.TCPConnector(limit=steps.EACH)
    async with app.open_async(), aiohttp.ClientSession(connector=limit) as session:
        print("ready", flush=True)
        await app.run_worker_async(
            concurrency=steps.EACH,
            fetch_job_polling_interval=0.05,
            additional_context={"session": session},
        )
