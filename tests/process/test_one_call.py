"""Two processes send for one company in Netvisor at the same time, each for a connection of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from itertools import groupby
from pathlib import Path

import pytest

from integrations.sandboxes.server import running
from tests.process.product import ROOT

pytestmark = pytest.mark.process
PEOPLE = 20
PREPARE = """
from datetime import date
from integrations.models import Integration
from integrations.systems.netvisor.sandbox import NetvisorSandbox
from positions.models import Company, Employee, Organization, Position
organization = Organization.objects.create(name="Fjellheim", time_zone="Europe/Helsinki")
for name in "ab":
    company = Company.objects.create(organization=organization, name=name)
    integration = Integration(organization=organization, system_key="netvisor", name=name, base_urls={"api": ADDRESS})
    integration.everybody = False
    integration.switch(True)
    integration.set_credentials({**NetvisorSandbox.credentials, "sender": name}, by="test")
    integration.save()
    integration.companies.set([company])
    for number in range(PEOPLE):
        person = Employee.objects.create(
            organization=organization, company=company, number=f"{name}{number}", first_name="A", last_name="B"
        )
        Position.objects.create(employee=person, title="Baker", start_date=date(2026, 1, 1))
"""
DRAIN = """
import time
from integrations.models import Integration
from synclog.models import Job
from synclog.queue.tasks import drain
integration = Integration.objects.get(name=NAME)
jobs, until = Job.objects.filter(integration=integration), time.monotonic() + 120
# While the other waits for its first turn, one's own are short.
while jobs.open().exists() and time.monotonic() < until:
    drain(integration.pk, 30)
print(jobs.filter(state="succeeded").count())
"""


def process(data: Path, code: str, **names: object) -> subprocess.Popen[str]:
    env = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE")}
    given = "".join(f"{name} = {value!r}\n" for name, value in names.items())
    return subprocess.Popen(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", given + code],
        cwd=ROOT,
        env={**env, "DATA_DIR": str(data), "ALLOW_PRIVATE_TARGETS": "1", "DEBUG": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )


def test_calls_of_two_processes_for_one_company_never_overlap(
    tmp_path: Path, already_migrated: Callable[[Path], None]
) -> None:
    already_migrated(tmp_path)
    with running() as (address, tenants):
        sandbox = tenants.get("netvisor", "both")
        for name in "ab":
            for number in range(PEOPLE):
                sandbox.add_employee(f"{name}{number}", "A", "B")
        sandbox.tenant.fail(kind="hang", seconds=0.02, times=10_000)
        assert process(tmp_path, PREPARE, ADDRESS=f"{address}/netvisor/both", PEOPLE=PEOPLE).wait(60) == 0
        both = [process(tmp_path, DRAIN, NAME=name) for name in "ab"]
        assert [int(p.communicate(timeout=180)[0]) for p in both] == [PEOPLE, PEOPLE]
        assert sandbox.tenant.most_at_once == 1
        assert [len(sandbox.employments(f"{name}{number}")) for name in "ab" for number in range(PEOPLE)] == [
            1
        ] * 2 * PEOPLE
        senders = (call.headers["X-Netvisor-Authentication-Sender"] for call in sandbox.tenant.calls)
        assert len(list(groupby(senders))) > PEOPLE / 2, "they take turns: neither waits until the other is through"
