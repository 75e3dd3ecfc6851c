from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from integrations.models import Integration
from integrations.sdk.messages import words_of


class Walk(models.Model):
    """All employees of a connection gone through once, without changing anything: carried on by workers, piece by piece
    (`synclog.questions.walks`)."""

    class State(models.TextChoices):
        """How far it is; no column, but what the columns say."""

        WAITING = "waiting", _("Waiting")
        READING = "reading", _("Reading")  # everybody there
        COMPARING = "comparing", _("Comparing")
        DONE = "done", _("Done")
        CANCELLED = "cancelled", _("Cancelled")
        ENDED = "ended", _("Ended early")

    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="+")
    by = models.CharField(max_length=150, blank=True)
    asked_at = models.DateTimeField()
    due_at = models.DateTimeField()  # of the next piece
    moved_at = models.DateTimeField()
    begun_at = models.DateTimeField(null=True)  # the reading of everybody there, which may begin anew
    read_at = models.DateTimeField(null=True)  # when it was through
    done_at = models.DateTimeField(null=True)
    cancelled_by = models.CharField(max_length=150, blank=True)
    cause = models.CharField(max_length=60, blank=True)  # why it ended early
    said = models.JSONField(default=list)  # `sdk.messages.packed`
    holder = models.CharField(max_length=200, blank=True)  # the process that has in its memory who was read
    there = models.PositiveIntegerField(default=0)  # employees who were read there
    last_key = models.BigIntegerField(default=0)  # the last of our employees who was looked at
    employees = models.PositiveIntegerField(default=0)  # how many were looked at,
    total = models.PositiveIntegerField(default=0)  # of so many
    counts = models.JSONField(default=dict)  # {what was found: positions}
    calls = models.PositiveIntegerField(default=0)
    misses = models.PositiveSmallIntegerField(default=0)  # pieces in a row to which the system gave no answer
    restarts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.integration_id}: {self.state} since {self.asked_at}"

    @property
    def state(self) -> Walk.State:
        if self.done_at is not None:
            if self.cancelled_by:
                return self.State.CANCELLED
            return self.State.ENDED if self.cause else self.State.DONE
        if self.begun_at is None:
            return self.State.WAITING
        return self.State.READING if self.read_at is None else self.State.COMPARING

    def emptied(self) -> list[str]:
        """Empties what is kept no longer than it is under way. Gives the names of these fields."""
        return []

    @property
    def message(self) -> str:
        """Why it ended early, in words."""
        return words_of(self.said)
