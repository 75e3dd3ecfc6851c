"""A log line says for which request and which job it was written."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from config.logging import IdsFilter
from positions.tracing import job_id, request_id, working_on
from synclog.models import Job
from tests.factories import ApiKeyFactory
from tests.synclog.world import World

ROOT = Path(__file__).resolve().parents[2]


class Kept(logging.Handler):
    """What the console's handler would write, with the same filter and formatter."""

    def __init__(self, formatter: logging.Formatter) -> None:
        super().__init__()
        self.setFormatter(formatter)
        self.addFilter(IdsFilter())
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def kept(settings: Any) -> Any:
    from pythonjsonlogger.json import JsonFormatter

    handler = Kept(JsonFormatter(settings.LOGGING["formatters"]["json"]["fmt"]))
    logging.getLogger("synclog").addHandler(handler)
    yield handler
    logging.getLogger("synclog").removeHandler(handler)


def test_the_ids_of_work_are_set_and_put_back() -> None:
    with working_on([7, 8], ["b-request", "", "a-request", "b-request"]):
        assert (job_id.get(), request_id.get()) == ("7,8", "a-request,b-request")
        with working_on([9]):
            assert (job_id.get(), request_id.get()) == ("9", "a-request,b-request")
    assert (job_id.get(), request_id.get()) == ("", "")


def test_a_failing_jobs_line_names_the_job_and_the_request(world: World, client: Client, kept: Kept) -> None:
    """From the request of the API to the worker's line, by the id that the client chose."""
    integration = world.connect("tripletex", known=False)
    key = ApiKeyFactory(organization=world.organization)
    answer = client.post(
        "/api/v1/positions/",
        {"employee": world.employee.pk, "title": "Baker", "start_date": "2026-01-01"},
        content_type="application/json",
        headers={"Authorization": f"Bearer {key.key}", "X-Request-ID": "from-the-hr-system-1"},
    )
    assert answer.status_code == 201, answer.content
    job = Job.objects.get()
    assert job.request_id == "from-the-hr-system-1"
    world.drain(integration)
    job.refresh_from_db()
    assert job.state == Job.State.FAILED
    [line] = [json.loads(line) for line in kept.lines if "not sent" in line]
    assert line["levelname"] == "WARNING"
    assert (line["job_id"], line["request_id"]) == (str(job.pk), "from-the-hr-system-1")
    assert line["message"] == f"Integration {integration.pk}: not sent: {job.cause}"
    for secret_of_people in (world.employee.last_name, world.employee.email, "Baker"):
        assert secret_of_people not in "".join(kept.lines)


def test_a_mistake_of_ours_is_logged_with_the_job_by_the_thread_that_made_it(
    world: World, kept: Kept, monkeypatch: Any
) -> None:
    integration = world.connect("netvisor")
    position = world.save()

    def breaks(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr("synclog.engine.worker_turn.run", breaks)
    world.drain(integration)
    job = world.job(integration, position)
    lines = [json.loads(line) for line in kept.lines]
    [traceback] = [line for line in lines if "a mistake of ours" in line.get("exc_info", "")]
    assert traceback["job_id"] == str(job.pk)
    assert (job_id.get(), request_id.get()) == ("", "")


def test_a_newer_change_and_a_resync_name_their_own_request(world: World) -> None:
    from synclog.engine.actions import resync

    integration = world.connect("netvisor")
    with working_on([], ["the-first"]):
        position = world.save()
    with working_on([], ["the-second"]):
        position.title = "Head baker"
        position.save()
    assert world.job(integration, position).request_id == "the-second"
    with working_on([], ["the-third"]):
        resync(Job.objects.all(), by="anna")
    assert world.job(integration, position).request_id == "the-third"


def test_a_real_line_of_a_real_process(tmp_path: Path) -> None:
    """As in production: JSON on the standard error, one object a line."""
    code = (
        "import django; django.setup(); import logging; from positions.tracing import working_on\n"
        "with working_on([12], ['a-request']): logging.getLogger('synclog.engine.results').warning('not sent')"
    )
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "LOG_FORMAT": "json", "DATA_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
    line = json.loads(done.stderr.strip().splitlines()[-1])
    assert (line["message"], line["job_id"], line["request_id"]) == ("not sent", "12", "a-request")
