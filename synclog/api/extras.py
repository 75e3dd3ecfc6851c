"""What sync adds to the answers of writes of positions: the jobs that the write caused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from positions.models import Position
from synclog.models import Job


def caused_jobs(positions: Sequence[Position]) -> dict[str, Any]:
    jobs: list[Job] = []
    deleted: list[int] = []
    for position in positions:
        # synclog/listen.py leaves the jobs on whatever was saved.
        if hasattr(position, "sync_jobs"):
            jobs += position.sync_jobs
        else:
            deleted.append(position.pk)
    if deleted:
        jobs += Job.objects.open().filter(open_key__in=deleted, deleted=True).order_by("pk")
    return {"jobs": [{"id": job.pk, "integration": job.integration_id} for job in jobs]}
