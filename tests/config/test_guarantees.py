"""docs/guarantees.md names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_NAMED = re.compile(r"`(tests/[\w/]+\.py)?(?:::(test_\w+))?(?:\[\w+\])?`")


def test_every_test_that_is_named_exists() -> None:
    missing, file, count = [], "", 0
    for path, name in _NAMED.findall((ROOT / "docs" / "guarantees.md").read_text()):
        file = path or file
        if not (path or name):
            continue
        count += 1
        source = ROOT / file
        if not source.exists() or (name and f"def {name}(" not in source.read_text()):
            missing.append(f"{file}::{name}")
    assert count > 80
    assert not missing, missing
