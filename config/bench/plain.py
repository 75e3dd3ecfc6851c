"""The plain pattern, to compare with: one django-q2 task for each save, and one call in each task."""

from __future__ import annotations

import time

import requests
from django_q.tasks import async_task

from positions.models import Position

TASK = "config.bench.plain.send"

_session = requests.Session()  # one for each worker process: the pattern is shown at its best


def saved(position: Position, address: str) -> None:
    async_task(TASK, position.pk, address, task_name="plain")


def send(position_id: int, address: str) -> None:
    position = Position.objects.select_related("employee").get(pk=position_id)
    body = {"title": position.title, "start_date": str(position.start_date), "percentage": str(position.percentage)}
    for _ in range(100):
        answer = _session.post(f"{address}/employees/{position.employee.number}/periods", json=body, timeout=30)
        if answer.status_code != 429:
            answer.raise_for_status()
            return
        time.sleep(float(answer.headers["Retry-After"]))
