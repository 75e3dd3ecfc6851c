from __future__ import annotations

from array import array

from django.db import models
from django.utils.translation import gettext_lazy as _

from integrations.models import Integration
from integrations.sdk.messages import words_of
from positions.models import Organization
from synclog.models.job import Job


class Batch(models.Model):
    """Many jobs or positions that are taken up together, more of them than one request carries out: a worker carries it
    on, piece by piece, and whoever follows is a piece further at most (`synclog.log.batches`)."""

    class Action(models.TextChoices):
        RESYNC = "resync", _("Re-sync")
        DISMISS = "dismiss", _("Dismiss")
        SEND_NOW = "send_now", _("Send now")
        PREVIEW = "preview", _("Preview")

    class State(models.TextChoices):
        """How far it is; no column, but what the columns say."""

        WORKING = "working", _("Working")
        DONE = "done", _("Done")
        CANCELLED = "cancelled", _("Cancelled")

    # Null: asked for by somebody who sees several.
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, null=True, related_name="+")
    action = models.CharField(max_length=10, choices=Action, default=Action.RESYNC)
    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, null=True, related_name="+")  # of positions
    # Of the jobs or positions as they were found, eight bytes each, in order; emptied when it is over.
    keys = models.BinaryField()
    total = models.PositiveIntegerField()
    taken = models.PositiveIntegerField(default=0)
    acted = models.PositiveIntegerField(default=0)  # positions sent (again) or previewed, jobs dismissed
    left_out = models.PositiveIntegerField(default=0)
    off = models.JSONField(default=list)  # names of connections that were off
    outcomes = models.JSONField(default=dict)  # of previews: {result: how many}
    causes = models.JSONField(default=dict)  # {cause: how many errors}
    misses = models.PositiveSmallIntegerField(default=0)  # previews in a row to which the system gave no answer
    cause = models.CharField(max_length=60, blank=True)  # why it ended before everything was looked at
    reason = models.CharField(max_length=160, blank=True)  # of a dismissal
    origin = models.CharField(max_length=10, choices=Job.Origin)
    by = models.CharField(max_length=150)
    request_id = models.CharField(max_length=64, blank=True)
    asked_at = models.DateTimeField()
    moved_at = models.DateTimeField()  # of the last piece
    done_at = models.DateTimeField(null=True)
    cancelled_by = models.CharField(max_length=150, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["moved_at"], condition=models.Q(done_at=None), name="batch_open"),
            models.Index(fields=["organization", "-id"], name="batch_by_organization"),
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()}: {self.taken} of {self.total} since {self.asked_at}"

    @property
    def state(self) -> Batch.State:
        if self.done_at is None:
            return self.State.WORKING
        return self.State.CANCELLED if self.cancelled_by else self.State.DONE

    def piece(self, size: int) -> array[int]:
        """Keys of the next jobs or positions."""
        width = array("q").itemsize
        found = array("q")
        found.frombytes(bytes(self.keys)[self.taken * width : (self.taken + size) * width])
        return found


class BatchError(models.Model):
    """One position of a batch that was left out, or of which a preview found that it would not be sent."""

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="errors")
    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="+")
    # Plain numbers, as of jobs.
    employee_key = models.BigIntegerField()
    position_key = models.BigIntegerField()
    job_key = models.BigIntegerField(null=True)
    cause = models.CharField(max_length=60)
    said = models.JSONField(default=list)  # `sdk.messages.packed`
    field = models.CharField(max_length=40, blank=True)

    class Meta:
        indexes = [models.Index(fields=["employee_key"], name="batch_error_by_employee")]

    def __str__(self) -> str:
        return f"{self.cause}: position {self.position_key}"

    @property
    def message(self) -> str:
        """What is said of it, in words."""
        return words_of(self.said)
