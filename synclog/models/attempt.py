from __future__ import annotations

from django.db import models

from integrations.sdk.messages import words_of
from synclog.models.job import Job


class Attempt(models.Model):
    """One try of a job: its steps, the changed fields in the target's words, and its masked HTTP exchanges."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="tries")
    number = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    state = models.CharField(max_length=12)  # `integrations.planning.states.State`
    cause = models.CharField(max_length=60, blank=True)
    said = models.JSONField(default=list)  # `sdk.messages.packed`
    vendor_text = models.TextField(blank=True)
    vendor_code = models.CharField(max_length=80, blank=True)
    trace = models.JSONField(default=list)  # [{"title", "ok", "detail", "at"}], title and detail as messages
    changes = models.JSONField(default=list)  # [{"field", "remote", "old", "new", "since"}]
    unsent = models.JSONField(default=dict)  # {field: the reason as a message}
    warnings = models.JSONField(default=list)  # [{"field", "said"}]
    exchanges = models.JSONField(default=list)  # masked and capped; emptied after the retention time

    class Meta:
        ordering = ["-number", "-pk"]
        indexes = [models.Index(fields=["finished_at"], name="attempt_by_time")]

    def __str__(self) -> str:
        return f"Attempt {self.number}: {self.state}"

    @property
    def message(self) -> str:
        """What is said of it, in words."""
        return words_of(self.said)
