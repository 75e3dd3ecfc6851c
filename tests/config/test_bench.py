"""The bench works: small numbers, real processes. How fast it is, the bench itself tells."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from config.bench import backlog
from config.bench.figures import Figure, percentile, table
from config.bench.peers import beside, steps
from config.management.commands import bench as bench_command
from integrations.systems import registry
from synclog.engine import worker_turn

ROOT = Path(__file__).resolve().parents[2]


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "bench", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=600
    )


@pytest.mark.process
def test_a_scenario_gives_figures_from_a_scratch_database() -> None:
    done = bench("save", "--quick", "--json")
    assert done.returncode == 0, done.stderr
    figures = {row["name"]: row for row in json.loads(done.stdout)}
    assert figures["queries added, one"]["met"] is True
    assert figures["queries added, bulk of 100"]["met"] is True
    assert figures["queries added, bulk of 100"]["plain"] == 100


def test_an_unknown_scenario_or_database_is_said_plainly() -> None:
    with pytest.raises(CommandError, match="no scenario"):
        call_command("bench", "hurry")
    with pytest.raises(CommandError, match="--database takes"):
        call_command("bench", "save", "--database", "mysql://x")


def test_why_a_peer_cannot_be_measured_is_said_plainly(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.REDIS_URL = ""
    nobody = "redis://127.0.0.1:1/15"
    here = {"procrastinate", "psycopg_pool", "celery"}
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name if name in here else None)
    assert beside.missing("postgres://postgres@127.0.0.1/", nobody)["procrastinate"] == (
        "aiohttp is not installed: uv run --group peers manage.py bench …"
    )
    with pytest.raises(CommandError, match="measured beside the drain"):
        call_command("bench", "save", "--peers")
    said = StringIO()
    monkeypatch.setattr(bench_command, "LOCAL_REDIS", nobody)
    with pytest.raises(CommandError, match="No peer can be measured here"):
        call_command("bench", "drain", "--peers", stderr=said)
    here.add("aiohttp")
    reasons = beside.missing("sqlite", nobody)
    assert reasons["procrastinate"] == "it needs PostgreSQL: --database postgres://user:password@host/"
    assert "celery is not measured: it needs Redis, at REDIS_URL or on this machine: Error" in said.getvalue()
    assert beside.missing("postgres://postgres@127.0.0.1/", nobody).keys() == {"celery"}


def test_a_peer_reads_before_it_writes() -> None:
    body = {"start_date": "2020-01-01", "title": "Baker"}
    held = [{**body, "id": "7"}]
    assert steps.write("3", [], body) == ("POST", "employees/3/periods")
    assert steps.write("3", held, {**body, "title": "Cook"}) == ("PUT", "periods/7")
    assert steps.write("3", held, body) is None


@pytest.mark.django_db
def test_a_backlog_is_counted_in_calls(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.ALLOW_PRIVATE_TARGETS = True
    monkeypatch.setattr(worker_turn, "CLAIM", 1)
    monkeypatch.setattr(backlog, "systems", lambda: (registry.connector_for("fortnox").system,))
    found = {figure.name: (round(figure.value * 6 / 1000), figure.plain) for figure in backlog.backlog(6)}
    assert found["Fortnox, nothing changed: calls"] == (1, 1000.0)
    assert found["Fortnox, a change of each: calls"] == (12, 2000.0)
    assert [found[f"Fortnox, {what}: floor"][0] for what in ("all new", "nothing changed")] == [7, 1]


@pytest.mark.process
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="There is no /proc to find processes in.")
def test_a_bench_that_is_ended_leaves_nothing_behind(tmp_path: Path) -> None:
    running = subprocess.Popen(
        [sys.executable, "manage.py", "bench", "drain", "--quick"],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("*/worker.log")) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert len(_started_in(tmp_path)) > 2
    running.terminate()
    running.wait(120)
    deadline = time.monotonic() + 60  # what was asked to end may take a moment on a busy machine
    while _started_in(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert _started_in(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def _started_in(folder: Path) -> list[str]:
    """The commands of all processes whose environment names the folder."""
    found = []
    for file in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if str(folder).encode() in file.read_bytes():
                found.append((file.parent / "cmdline").read_text().replace("\0", " "))
    return found


def test_figures_say_whether_their_target_is_met() -> None:
    assert Figure("drain", "rate", 11.9, "x", 12, at_least=True).met is False
    assert Figure("latency", "p50", 100, "ms", 100).met is True
    assert Figure("save", "time", 1).met is None
    assert "MISSED" in table([Figure("drain", "rate", 11.9, "x", 12, at_least=True)])
    assert percentile(list(range(1, 101)), 99) == 99
    assert percentile([7.0], 50) == 7.0


def test_a_connector_from_outside_is_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_registered", {})
    try:
        assert "bench" not in registry.connectors()
        registry.register("config.bench.connector")
        assert registry.connector_for("bench").system.name == "Bench"
        registry.register("config.bench.connector")  # twice is once
        with pytest.raises(ValueError, match="defines no connector"):
            registry.register("config.bench.figures")
    finally:
        monkeypatch.undo()
        registry.connectors.cache_clear()
