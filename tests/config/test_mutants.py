"""`.ci/mutants` believes a test that fails: so nothing else may make it fail there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

TEST = "tests/synclog/test_retro.py::test_a_row_says_whose_what_when_and_by_whom"
TWICE = f"""
import sys, pytest
pytest.main(["--collect-only", "-qqq", {TEST!r}])
sys.exit(pytest.main(["-n0", "-q", "--no-migrations", "-pno:cacheprovider", {TEST!r}]))
"""


def test_another_run_in_the_same_process_has_its_database() -> None:
    """As mutmut goes about it: it collects the tests, and runs them for each mutant in a fork of that process."""
    found = subprocess.run(
        [sys.executable, "-c", TWICE],
        cwd=Path(__file__).parents[2],
        env={name: value for name, value in os.environ.items() if name != "POSITION_SYNC_TEST_RUN"},
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stdout[-2000:]
