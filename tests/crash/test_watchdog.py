"""The cluster's own weakness: a killed idle process, and a queue that is wedged, are both overcome within seconds."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.crash.product import Installation, children, installed, kill, wait_for

pytestmark = pytest.mark.crash
SENT_WITHIN = 15.0


def company(product: Installation) -> tuple[str, list[list[Any]]]:
    made = product.answer(product.hr("prepare", target=product.target_url, employees=30), 60)
    return made["key"], made["people"]


def save(product: Installation, key: str, person: int) -> None:
    answer = requests.put(
        f"{product.web}/api/v1/employees/{person}/positions/by-external-id/{person}/",
        json={"title": f"{person} v1", "start_date": "2026-01-01"},
        headers={"Authorization": f"Bearer {key}"},
        timeout=20,
    )
    assert answer.status_code == 201, answer.text


def arrives(product: Installation, number: str, seconds: float) -> float:
    started = time.monotonic()
    wait_for(lambda: product.control("state")["people"].get(number), seconds)
    return time.monotonic() - started


def parts(product: Installation) -> list[int]:
    """Workers, monitor and pusher: the children of the guard."""
    [main] = children(product.processes["worker"].pid)
    return [pid for guard in children(main) for pid in children(guard)]


def test_each_idle_process_killed_in_turn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with installed(tmp_path) as product:
        key, people = company(product)
        took = []
        for turn, (person, number) in enumerate(people[:20]):
            found = wait_for(lambda: len(parts(product)) >= 5 and sorted(parts(product)), 20)
            kill(found[turn % len(found)])
            save(product, key, person)
            took.append(arrives(product, number, SENT_WITHIN))
        assert len(product.control("state")["people"]) == 20
    with capsys.disabled():
        average = sum(took) / len(took)
        print(f"\n20 idle processes killed: sent within {max(took):.1f} s each, {average:.1f} s on average")


@pytest.mark.parametrize("wedged", ["the queue's processes", "all of the queue"])
def test_a_wedged_queue_is_noticed_and_started_anew(
    wedged: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with installed(tmp_path) as product:
        key, [[person, number], *_] = company(product)
        [main] = children(product.processes["worker"].pid)
        time.sleep(16)  # the watchdog is patient with a queue that has just started
        for pid in parts(product) if wedged == "the queue's processes" else product.queue():
            kill(pid, signal.SIGSTOP)
        started = time.monotonic()
        save(product, key, person)
        wait_for(lambda: "gives no sign of life" in product.log("worker"), SENT_WITHIN)
        noticed = time.monotonic() - started
        wait_for(lambda: children(product.processes["worker"].pid) not in ([], [main]), 5)
        arrived = noticed + arrives(product, number, SENT_WITHIN)
        assert not Path(f"/proc/{main}").exists()
    with capsys.disabled():
        print(f"\n{wedged} wedged: noticed after {noticed:.1f} s, sent after {arrived:.1f} s")
