"""What each of these scripts gets and gives: an object as JSON on its command line, and one on its output."""

from __future__ import annotations

import json
import sys
import uuid
from typing import Any

given: dict[str, Any] = json.loads(sys.argv[1])
# What all of `ds-provider-*` ask for.
NAMED: dict[str, Any] = {
    "id": uuid.uuid4(),
    "name": "sandbox",
    "version": "1.0.0",
}


def done(**seen: Any) -> None:
    print(json.dumps(seen, default=str))


def rows_of(dataset: Any, column: str) -> list[Any]:
    """One column of what a dataset of `ds-provider-*` reads."""
    dataset.read()
    return [row.get(column) for row in dataset.output.to_dict("records")]
