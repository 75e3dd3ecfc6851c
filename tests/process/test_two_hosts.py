"""Two `manage.py worker` on two hosts empty one queue together: PostgreSQL, with either broker."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.crash.product import ROOT, Installation, Postgres, Redis, installed, wait_for

pytestmark = [pytest.mark.process, pytest.mark.crash]
CONNECTIONS, PEOPLE = 6, 15
OTHER = "another-host"


@pytest.mark.parametrize("broker", ["orm", "redis"])
def test_two_workers_empty_one_queue_and_send_nothing_twice(broker: str, tmp_path: Path) -> None:
    services: list[Postgres | Redis] = []
    try:
        services.append(Postgres(tmp_path))
        if broker == "redis":
            services.append(Redis(tmp_path))
        redis = services[1].url if broker == "redis" else ""
        with installed(tmp_path, database=services[0].url, redis=redis, workers=2) as product:
            renamed = start_on_another_host(product)
            if renamed:
                wait_for(lambda: OTHER in hr(product, "left", seconds=0)["beating"], 60)
            hr(product, "make", target=product.target_url, connections=CONNECTIONS, people=PEOPLE)
            for title in ("Cook", "Chef"):
                hr(product, "change", title=title)
            found = hr(product, "left", seconds=60)
            ready = wait_for(lambda: readiness(product), 30)
            state = product.control("state")
    finally:
        for service in services:
            service.stop()
    assert found["left"] == 0, found
    assert set(found["states"]) <= {"succeeded", "skipped"}
    if renamed:
        assert OTHER in found["beating"] and len(found["beating"]) == 2
        assert OTHER in found["held"] and len(found["held"]) == 2, "one of the two did nothing"
    assert ready["ready"]

    journal = [json.loads(line) for line in product.journal.read_text().splitlines()]
    created = Counter(line["person"] for line in journal if line["method"] == "POST")
    assert len(created) == CONNECTIONS * PEOPLE and set(created.values()) == {1}
    assert not [line for line in journal if line["together"] > 1], "two wrote one employee's at a time"
    titles = {period["title"] for periods in state["people"].values() for period in periods.values()}
    assert titles == {"Chef"}


def start_on_another_host(product: Installation) -> bool:
    """A worker under another host's name where this machine lets us give one, else a second one here."""
    command = [sys.executable, "manage.py", "worker"]
    unshare = shutil.which("unshare")
    renamed = bool(unshare) and not subprocess.run([str(unshare), "-u", "true"], capture_output=True).returncode
    if renamed:
        command = [str(unshare), "-u", "sh", "-c", f'hostname {OTHER} && exec "$@"', "sh", *command]
    with (product.folder / "worker-2.log").open("ab") as log:
        product.processes["worker-2"] = subprocess.Popen(
            command, cwd=ROOT, env=product.env, stdout=log, stderr=log, start_new_session=True
        )
    return renamed


def hr(product: Installation, what: str, **given: Any) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.process.saves", what, json.dumps(given)],
        cwd=ROOT, env=product.env, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def readiness(product: Installation) -> dict[str, Any]:
    answer = requests.get(f"{product.web}/readyz", timeout=5)
    found: dict[str, Any] = answer.json()
    return found if answer.status_code == 200 else {}
