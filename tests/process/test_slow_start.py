"""A slow machine gets there: however long the worker takes to start, it is started once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.crash.product import ROOT, Installation, wait_for

pytestmark = pytest.mark.process
SLOW = Path(__file__).parent / "slow"


def starts_once(folder: Path, migrated: Callable[[Path], None], seconds: float, within: float) -> None:
    """Three steps of so many seconds each; then what was saved before is sent. Asserts that nobody lost patience."""
    product = Installation(folder, workers=2)
    product.env |= {"SLOW_START": str(seconds), "PYTHONPATH": os.pathsep.join([str(SLOW), str(ROOT)])}
    try:
        migrated(folder / "data")
        product.start("target")
        wait_for(lambda: answers(product), 60)
        product.run(
            "-m", "tests.process.saves", "make",
            json.dumps({"target": product.target_url, "connections": 1, "people": 1}),
        )  # fmt: skip
        product.start("worker")
        wait_for(lambda: product.control("state")["people"], within)
        log = product.log("worker")
        assert log.count("Queue started as process") == 1, log
        assert "no sign of life" not in log
    finally:
        product.end()


def answers(product: Installation) -> bool:
    try:
        product.control("state")
    except OSError:
        return False
    return True


def test_a_worker_that_takes_long_to_start_is_started_once(
    tmp_path: Path, already_migrated: Callable[[Path], None]
) -> None:
    starts_once(tmp_path, already_migrated, seconds=7, within=120)


@pytest.mark.crash
def test_on_a_machine_with_nothing_to_spare_it_takes_a_minute_and_gets_there(
    tmp_path: Path, already_migrated: Callable[[Path], None]
) -> None:
    """One core, shared with two that never rest, and the last to be served."""
    core = str(min(os.sched_getaffinity(0)))
    busy = [subprocess.Popen(["taskset", "-c", core, sys.executable, "-c", "while True: pass"]) for _ in range(2)]
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {int(core)})  # whatever is started from here on inherits it
        starts_once(tmp_path, already_migrated, seconds=20, within=400)
    finally:
        os.sched_setaffinity(0, before)
        for one in busy:
            one.kill()
            one.wait()
