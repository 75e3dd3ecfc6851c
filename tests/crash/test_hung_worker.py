"""A worker that hangs in the middle of its turn and comes back when another has taken over: it writes no more."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import pytest

from tests.crash.product import installed, kill
from tests.crash.test_rounds import state, wrongs

pytestmark = pytest.mark.crash


def test_a_holder_that_hangs_and_comes_back_writes_no_more(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with installed(tmp_path, seed=5) as product:
        company = product.answer(product.hr("prepare", target=product.target_url, employees=20), 60)
        hr = product.hr("change", web=product.web, seed=5, changes=300, seconds=28, **company)
        time.sleep(2)
        first = product.answer(product.hr("holder", seconds=10), 20)
        assert first["pid"] in product.queue()
        kill(first["pid"], signal.SIGSTOP)
        stopped = time.monotonic()
        ringing = product.hr("settle", seconds=150, ring=True)  # the minute's sweep every second
        second = first
        while second["epoch"] <= first["epoch"] and time.monotonic() - stopped < 120:  # on a busy machine
            time.sleep(1)
            second = product.answer(product.hr("holder", seconds=10), 20)
        taken_over = time.monotonic() - stopped
        assert second["epoch"] > first["epoch"]
        assert second["pid"] != first["pid"]
        kill(first["pid"], signal.SIGCONT)
        outcome = product.answer(hr, 120)
        product.answer(ringing, 180)
        settled = product.answer(product.hr("settle", seconds=40, ring=True), 60)
        assert not outcome["errors"]
        assert settled["left"] == 0, settled
        journal = [json.loads(line) for line in product.journal.read_text().splitlines()]
        assert not any(wrongs(journal, company["people"]).values())
        there = {p: state(periods.values()) for p, periods in product.control("state")["people"].items() if periods}
        assert there == {p: periods for p, periods in outcome["wanted"].items() if periods}
    with capsys.disabled():
        print(f"\na hung holder was replaced after {taken_over:.1f} s and wrote no more when it came back")
