"""The running product held against its OpenAPI document, by schemathesis: all of its checks, on every operation.

Bounded here. For longer, beside `manage.py start --demo` with API_RATE=1000000/min, and with a key of all scopes:
`API_KEY=psk_... uv run schemathesis --config-file tests/process/schemathesis.toml run
http://127.0.0.1:8000/api/schema/ --url http://127.0.0.1:8000 --max-time 1200`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from positions.models.api_key import SCOPES
from tests.process.product import ROOT, started
from tests.process.test_clients import Demo, needs

pytestmark = pytest.mark.clients
SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")


@pytest.fixture
def demo(tmp_path: Path, already_migrated: Callable[[Path], None]) -> Iterator[Demo]:
    already_migrated(tmp_path / "data")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("API_RATE", "1000000/min")
        with started(tmp_path, "--demo") as product:
            demo = Demo(product, tmp_path)
            scopes = ",".join(SCOPES)
            made = demo.run(
                f"python manage.py api_key create --organization 1 --name tests --owner anna --scopes {scopes}"
            )
            demo.key = made.stdout.strip()
            assert demo.key.startswith("psk_"), made.stderr
            yield demo


def test_the_document_is_what_the_server_does(demo: Demo) -> None:
    needs(SCHEMATHESIS.exists(), "schemathesis", "uv sync")
    done = subprocess.run(
        [
            SCHEMATHESIS, "--config-file", "tests/process/schemathesis.toml", "run", f"{demo.url}/api/schema/",
            "--url", demo.url, "--no-color",
            "--phases", "examples,fuzzing,stateful", "--max-examples", "5",
        ],
        cwd=ROOT, env={**os.environ, "API_KEY": demo.key}, capture_output=True, text=True, timeout=1200,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr
    assert "Selected: " in done.stdout, "it asked something"
