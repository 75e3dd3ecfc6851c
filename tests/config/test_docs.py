"""What is read beside the code is no wider than the code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WIDEST = 120


def pages() -> list[Path]:
    return [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("integrations/systems/*/guide.md")]


def too_wide(page: Path) -> Iterator[int]:
    """Numbers of the lines that could have been wrapped. Markdown cannot wrap a row of a table (the tables of
    docs/systems.md and docs/meaning.md are generated), nor is a single name or piece of code taken apart."""
    for number, line in enumerate(page.read_text("utf-8").splitlines(), start=1):
        blanks = re.sub(r"`[^`]+`", "", line).strip(" -,:")
        if len(line) > WIDEST and " " in blanks and not line.lstrip().startswith("|"):
            yield number


def test_lines_have_at_most_120_characters() -> None:
    assert len(pages()) > 25
    assert [f"{page.relative_to(ROOT)}:{number}" for page in pages() for number in too_wide(page)] == []
