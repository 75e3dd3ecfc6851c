"""`.ci/audit` fails for a vulnerability, and for nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
KNOWN = {"name": "urllib3", "version": "2.0.0"}
VULNERABLE = {**KNOWN, "vulns": [{"id": "GHSA-made-up", "fix_versions": ["2.0.1"]}]}
CLEAN = {**KNOWN, "vulns": []}
LEFT_OUT = {"name": "urllib3", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("osv", "pypi", "code", "words"),
    [
        ([CLEAN], None, 0, "1 packages looked up at “osv”, 0 vulnerable"),
        ([VULNERABLE, CLEAN], None, 1, "urllib3 2.0.0: GHSA-made-up, mended in 2.0.1"),
        (None, [VULNERABLE], 1, "GHSA-made-up"),
        ([CLEAN, LEFT_OUT], None, 0, "Not looked up: urllib3"),
        (None, [LEFT_OUT], 0, "NOT AUDITED"),
        (None, None, 0, "NOT AUDITED"),
    ],
)
def test_audit(tmp_path: Path, osv: list[Any] | None, pypi: list[Any] | None, code: int, words: str) -> None:
    answers = {name: json.dumps({"dependencies": a}) for name, a in (("osv", osv), ("pypi", pypi)) if a is not None}
    (tmp_path / "answers.json").write_text(json.dumps(answers))
    fake = tmp_path / "pip-audit"
    fake.write_text(
        f"#!{sys.executable}\nimport json, sys\nanswers = json.load(open({str(tmp_path / 'answers.json')!r}))\n"
        "answer = answers.get(sys.argv[sys.argv.index('--vulnerability-service') + 1])\n"
        "print(answer) if answer else sys.exit('no connection')\n"
        "sys.exit('GHSA' in answer)\n"
    )
    fake.chmod(0o755)
    env = {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run([sys.executable, ROOT / ".ci" / "audit"], env=env, capture_output=True, text=True)
    assert (done.returncode, words in done.stdout + done.stderr) == (code, True), done.stdout + done.stderr
