"""What came back of one employee's run, on its way into the log (`synclog.engine.results`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from integrations.planning.work import Report, Work
from synclog.models import Job


@dataclass
class Done:
    """One employee's run. `report` is an exception when the run broke down by our own mistake."""

    work: Work
    jobs: dict[str, Job]
    report: Report | Exception
    started: datetime
    finished: datetime
    # `write_intents.before`, by position id
    said: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)


class NotKeptError(Exception):
    """In the place of a report that cannot be stored: nothing of it is, but that its writes may have been made."""
