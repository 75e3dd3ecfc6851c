"""Every system's guide tells an administrator the same things, each under a heading that they all share.

## Rights                    what to grant, with the path in the vendor's menus, in their language ("A > B")
## How employees are matched
## Fields                    every field that is sent, by our name for it, with examples as `code`
## What happens              items that begin with **Created**, **Changed**, **Ended**, **Deleted** and **Moved**
## Refusals                  every cause that the system declares, by its title in bold, with its remedy
## To confirm on a test tenant   a table: what is open, what we do meanwhile, how to see it there
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from integrations.sdk.fields import BY_KEY
from integrations.systems.registry import connector_for, systems

SYSTEMS = Path(__file__).parents[2] / "integrations" / "systems"
RIGHTS, MATCHING, FIELDS = "Rights", "How employees are matched", "Fields"
HAPPENS, REFUSALS, UNCONFIRMED = "What happens", "Refusals", "To confirm on a test tenant"


def sections(text: str) -> dict[str, str]:
    parts = re.split(r"^## (.+)\n", text, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def missing(key: str) -> list[str]:
    """What a guide does not say."""
    system = connector_for(key).system
    found = sections((SYSTEMS / key / "guide.md").read_text("utf-8"))
    lacks = [f"## {name}" for name in (RIGHTS, MATCHING, FIELDS, HAPPENS, REFUSALS, UNCONFIRMED) if name not in found]
    if lacks:
        return lacks
    if " > " not in found[RIGHTS]:
        lacks.append("a path in the vendor's menus under Rights")
    fields = " ".join(found[FIELDS].lower().split())
    sent = (BY_KEY[field.ours].label for field in system.fields if field.supported)
    lacks += [f"the field {label}" for label in sent if label.lower() not in fields]
    if "`" not in fields:
        lacks.append("an example under Fields")
    for word in ("Created", "Changed", "Ended", "Deleted", "Moved"):
        if not re.search(rf"^- \*\*{word}\b[^*]*\*\*", found[HAPPENS], re.M):
            lacks.append(f"what happens: {word}")
    refusals = " ".join(found[REFUSALS].split())
    lacks += [f"the cause {cause.title}" for cause in system.causes if f"**{cause.title}**" not in refusals]
    rows = [line.strip().strip("|").split("|") for line in found[UNCONFIRMED].splitlines() if line.startswith("|")]
    if len(rows) < 3 or any(len(row) != 3 or not all(cell.strip() for cell in row) for row in rows):
        lacks.append("a table of three columns of what is unconfirmed")
    return lacks


@pytest.mark.parametrize("key", [system.key for system in systems()])
def test_a_guide_says_all_of_it(key: str) -> None:
    assert missing(key) == []
