"""What is read beside the code: as wide as the code, and what it has a reader do works."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from config import demo

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


def test_the_first_five_minutes_name_a_code_that_the_demo_knows() -> None:
    """Those of its people were sent to every sandbox."""
    (code,) = re.findall(r"\*\*Fill in Occupation code\*\*, write `(\d+)`", (ROOT / "README.md").read_text())
    assert code in {who.occupation_code for who in demo.PEOPLE}
