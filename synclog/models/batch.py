from __future__ import annotations

from array import array

from django.db import models

from positions.models import Organization
from synclog.models.job import Job


class Batch(models.Model):
    """Jobs that are to be sent again, more of them than one request takes up: a worker carries it on, piece by piece,
    and whoever follows is a piece further at most (`synclog.log.bulk_actions`)."""

    # Null: asked for by somebody who sees several.
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, null=True, related_name="+")
    keys = models.BinaryField()  # of the jobs as they were found, eight bytes each, in order; emptied when it is done
    total = models.PositiveIntegerField()
    taken = models.PositiveIntegerField(default=0)
    sent = models.PositiveIntegerField(default=0)  # positions that are looked at again
    left_out = models.PositiveIntegerField(default=0)
    off = models.JSONField(default=list)  # names of connections that were off
    origin = models.CharField(max_length=10, choices=Job.Origin)
    by = models.CharField(max_length=150)
    request_id = models.CharField(max_length=64, blank=True)
    asked_at = models.DateTimeField()
    moved_at = models.DateTimeField()  # of the last piece
    done_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["moved_at"], condition=models.Q(done_at=None), name="batch_open")]

    def __str__(self) -> str:
        return f"{self.taken} of {self.total} since {self.asked_at}"

    def piece(self, size: int) -> array[int]:
        """Keys of the next jobs."""
        width = array("q").itemsize
        found = array("q")
        found.frombytes(bytes(self.keys)[self.taken * width : (self.taken + size) * width])
        return found
