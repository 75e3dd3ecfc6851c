from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from integrations.models import Integration
from positions.encryption import EncryptedJSONField
from positions.models import Organization
from synclog.models.batch import Batch
from synclog.models.drift import DriftCheck
from synclog.models.forecast import Forecast
from synclog.models.walk import Walk


class Question(models.Model):
    """A call to a target that a person waits for: a test of the connection, or a preview. A worker finds the answer;
    `synclog.questions.asking` says how. Forgotten after an hour, but for the last test of each connection, which says
    on its pages what was found."""

    class Kind(models.TextChoices):
        CHECK = "check", _("Test connection")
        PREVIEW = "preview", _("Preview")
        BATCH = "batch", _("Previews of a batch")  # some of them; a person waits for none of these
        REGISTER = "register", _("Occupation register")  # nor for these
        DRIFT = "drift", _("Everything compared")  # nor for these: some of it
        FORECAST = "forecast", _("Preview of everything")  # the same

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=20, choices=Kind)
    # Of a preview: whom it is about, and the entry of the log it was asked from (0: from the position's page).
    employee_key = models.BigIntegerField(default=0)
    position_key = models.BigIntegerField(default=0)
    job_key = models.BigIntegerField(default=0)
    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, null=True, related_name="+")
    drift_check = models.ForeignKey(DriftCheck, on_delete=models.CASCADE, null=True, related_name="+")
    forecast = models.ForeignKey(Forecast, on_delete=models.CASCADE, null=True, related_name="+")
    asked_by = models.CharField(max_length=150)
    asked_at = models.DateTimeField(auto_now_add=True)
    begun_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    answer = EncryptedJSONField(default=dict, blank=True, editable=False)

    class Meta:
        indexes = [
            models.Index(fields=["organization"], condition=models.Q(done_at=None), name="question_open"),
            models.Index(fields=["asked_at"], name="question_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.integration}"

    @property
    def walk(self) -> Walk | None:
        """That of which it is some."""
        return self.drift_check or self.forecast
