from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from integrations.models import Integration
from integrations.planning.drift import Kind
from integrations.sdk.messages import words_of
from positions.encryption import EncryptedJSONField
from synclog.models.walk import Walk

# Beside those of `integrations.planning.drift`: all that differs is left as it is there, whatever is sent.
STAYS = "stays"


class DriftCheck(Walk):
    """Everything of a connection held against everything there, once, without changing anything: carried on by workers
    (`synclog.questions.checks`). The rows of the last whole one are kept, the counts of those before."""

    class Origin(models.TextChoices):
        PERSON = "person", _("Asked for")
        SCHEDULE = "schedule", _("Schedule")
        RESTORE = "restore", _("After a restore")

    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="drift_checks")
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.PERSON)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["integration"], condition=models.Q(done_at=None), name="drift_check_once")
        ]
        indexes = [models.Index(fields=["integration", "-id"], name="drift_check_newest")]

    @property
    def compared(self) -> int:
        """Positions, and records that are there alone."""
        return sum(self.counts.values())

    @property
    def agreeing(self) -> int:
        """Of which nothing would be sent."""
        return sum(self.counts.get(kind, 0) for kind in (Kind.EQUAL.value, STAYS))


class DriftSchedule(models.Model):
    """When a connection is compared by itself, by its organization's clock. Without a row: never."""

    class Every(models.TextChoices):
        DAILY = "daily", _("Every day")
        WEEKLY = "weekly", _("Every Monday")

    integration = models.OneToOneField(
        Integration, on_delete=models.CASCADE, primary_key=True, related_name="drift_schedule"
    )
    every = models.CharField(max_length=10, choices=Every)
    hour = models.PositiveSmallIntegerField()
    last_on = models.DateField(null=True)  # the local day of the last one

    def __str__(self) -> str:
        return f"{self.integration_id}: {self.every} at {self.hour}"


class DriftRow(models.Model):
    """One position that differs, one record that is there alone, or one employee of whom nothing could be compared."""

    part_of = models.ForeignKey(DriftCheck, on_delete=models.CASCADE, related_name="rows")
    # Plain numbers, as of jobs.
    employee_key = models.BigIntegerField()
    position_key = models.BigIntegerField(null=True)
    remote_id = models.CharField(max_length=120, blank=True)
    kind = models.CharField(max_length=20)  # of `integrations.planning.drift.Kind`, or STAYS
    # {"fields": [{"field", "remote", "kind", "here", "there", "since", "stays"}]}, values as people read them.
    differs = EncryptedJSONField(default=dict, editable=False)
    said = models.JSONField(default=list)  # `sdk.messages.packed`

    class Meta:
        indexes = [
            models.Index(fields=["part_of", "kind", "id"], name="drift_row_by_kind"),
            models.Index(fields=["employee_key"], name="drift_row_by_employee"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: position {self.position_key}"

    @property
    def message(self) -> str:
        return words_of(self.said)
