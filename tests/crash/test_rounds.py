"""Crash rounds: processes, database and broker are killed while HR saves, and the target misbehaves. At the end it
holds what HR holds, and its journal shows that nothing was doubled, out of order or overlapping on the way.

Short by default; CRASH_ROUND=long makes each a long one. Each prints its counts as one line of JSON.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.crash.product import Installation, Postgres, Redis, installed

pytestmark = pytest.mark.crash


@dataclass(frozen=True)
class Size:
    changes: int
    employees: int
    seconds: float  # over which HR spreads its changes
    kills: int
    fault_rate: float
    patience: float  # for the queue to drain at the end
    ring: bool  # the minute's sweep every second, at the end


SHORT = Size(200, 40, 12, 6, 0.12, 40, ring=True)
LONG = Size(2000, 300, 240, 60, 0.05, 400, ring=False)
SIZE = LONG if os.environ.get("CRASH_ROUND") == "long" else SHORT


@pytest.mark.parametrize("backend", ["sqlite", "postgres", "redis"])
def test_round(backend: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seed = int(os.environ.get("CRASH_SEED", "1"))
    services: list[Postgres | Redis] = []
    try:
        given: dict[str, Any] = {"seed": seed}
        if backend != "sqlite":
            services.append(Postgres(tmp_path))
            given["database"] = services[0].url
        if backend == "redis":
            services.append(Redis(tmp_path))
            given["redis"] = services[1].url
        with installed(tmp_path, **given) as product:
            counts = play(product, services, SIZE, random.Random(seed))
    finally:
        for service in services:
            service.stop()
    with capsys.disabled():
        print("\n" + json.dumps({"backend": backend, "seed": seed, **counts}))


def play(product: Installation, services: list[Postgres | Redis], size: Size, dice: random.Random) -> dict[str, Any]:
    started = time.monotonic()
    company = product.answer(product.hr("prepare", target=product.target_url, employees=size.employees), 60)
    product.control("rate", str(size.fault_rate))
    hr = product.hr("change", web=product.web, seed=product.seed, changes=size.changes, seconds=size.seconds, **company)
    outcome = chaos(product, services, size, dice, hr)
    product.control("rate", "0")
    settled = product.answer(product.hr("settle", seconds=size.patience, ring=size.ring), size.patience + 60)
    target = product.control("state")
    assert not outcome["errors"], outcome["errors"]
    assert settled["left"] == 0, json.dumps(settled, indent=1) + product.log("worker")[-3000:]
    journal = [json.loads(line) for line in product.journal.read_text().splitlines()]
    faults = wrongs(journal, company["people"])
    there = {person: state(periods.values()) for person, periods in target["people"].items() if periods}
    wanted = {person: periods for person, periods in outcome["wanted"].items() if periods}
    different = {p: (wanted.get(p), there.get(p)) for p in {*wanted, *there} if wanted.get(p) != there.get(p)}
    assert not different, f"{len(different)} employees differ (here, there): {json.dumps(different, indent=1)[:4000]}"
    assert not any(faults.values()), json.dumps({k: v[:5] for k, v in faults.items()}, indent=1)
    assert killed(product) >= size.kills
    return {
        "changes": outcome["counts"]["changes"],
        "employees": size.employees,
        "by": {k: v for k, v in outcome["counts"].items() if k != "changes"},
        "kills": killed(product),
        **product.counts,
        "target": target["counts"],
        "periods_there": sum(map(len, there.values())),
        "lost": len(different),
        **{kind: len(found) for kind, found in faults.items()},
        "jobs": settled["jobs"],
        "attempts": settled["attempts"],
        "drained_after": settled["seconds"],
        "seconds": round(time.monotonic() - started, 1),
    }


def chaos(
    product: Installation, services: list[Postgres | Redis], size: Size, dice: random.Random, hr: subprocess.Popen[str]
) -> dict[str, Any]:
    """Kills something at random moments for as long as HR saves. Services crash now and then, once at least."""
    pause = size.seconds / (size.kills + 1)
    planned = ["one"] * 6 + ["cluster"] * 2 + ["web"] * 3
    services_left = list(services)
    deadline = time.monotonic() + 20 * size.seconds + 120
    kills = 0
    while hr.poll() is None and time.monotonic() < deadline:
        time.sleep(dice.uniform(0.3, 1.7) * pause)
        if services and (kills % 8 == 2 + len(services_left) or (services_left and kills >= 2)):
            service = services_left.pop() if services_left else dice.choice(services)
            service.crash()
            product.counts[f"crashed_{type(service).__name__.lower()}"] += 1
        elif (what := "web" if kills == 0 else dice.choice(planned)) == "one":
            product.kill_one(dice)
        elif what == "cluster":
            product.kill_cluster()
        else:
            product.kill_web()
        kills += 1
    for _ in range(max(0, size.kills - killed(product))):
        product.kill_cluster()
        product.wait_for_workers()
    product.kill_cluster()
    return product.answer(hr, 120)


def killed(product: Installation) -> int:
    return sum(product.counts.values())


def state(periods: Any) -> list[list[Any]]:
    rows = [[p["start"], p["end"], p["title"], p["percentage"]] for p in periods]
    return sorted(rows, key=lambda row: row[0])


def wrongs(journal: list[dict[str, Any]], people: list[list[Any]]) -> dict[str, list[Any]]:
    """What must never have happened at any moment, however short."""
    found: dict[str, list[Any]] = {"doubled": [], "overlapped": [], "older_over_newer": [], "two_at_once": []}
    newest: Counter[str] = Counter()
    last_there: dict[str, set[str]] = {}
    for line in journal:
        names = [name_of(p) for p in line["now"]]
        if len(names) != len(set(names)):
            found["doubled"].append(line)
        for one, other in zip(line["now"], line["now"][1:], strict=False):
            if (one["end"] or "9999") >= other["start"]:
                found["overlapped"].append(line)
        for period in line["now"]:
            name, version = name_of(period), int(period["title"].rpartition("v")[2])
            if version < newest[name]:
                found["older_over_newer"].append(line)
            newest[name] = max(newest[name], version)
        # A position that was taken away never comes back: HR deletes for good.
        before = last_there.get(line["person"], set())
        gone = before - set(names)
        for name in gone:
            newest[name] = 10**9
        last_there[line["person"]] = set(names)
        if line["together"] > 1:
            found["two_at_once"].append(line)
    return found


def name_of(period: dict[str, Any]) -> str:
    return str(period["title"]).rpartition(" v")[0]
