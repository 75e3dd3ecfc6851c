"""What writes of positions cause: jobs (`settings.API_CAUSED`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rest_framework import serializers

from positions.models import Position
from synclog.api.serializers.jobs import CausedJobSerializer
from synclog.models import Job


class CausedSerializer(serializers.Serializer):
    """Of positions as they were saved; deleted ones still have their id."""

    jobs = CausedJobSerializer(many=True, read_only=True, help_text="The jobs that this caused, to be followed.")

    def to_representation(self, positions: Sequence[Position]) -> dict[str, Any]:
        jobs: list[Job] = []
        deleted: list[int] = []
        for position in positions:
            # synclog/engine/receivers.py leaves the jobs on whatever was saved.
            if hasattr(position, "sync_jobs"):
                jobs += position.sync_jobs
            else:
                deleted.append(position.pk)
        if deleted:
            jobs += Job.objects.open().filter(open_key__in=deleted, deleted=True).order_by("pk")
        return {"jobs": [{"id": job.pk, "integration": job.integration_id} for job in jobs]}
