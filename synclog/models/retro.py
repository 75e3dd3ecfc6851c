from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from integrations.models import Integration
from positions.encryption import EncryptedJSONField


class RetroChange(models.Model):
    """What was saved here and is about days before the connection's last payroll cut-off: for whoever pays those days.
    Written with the change (`synclog.engine.retro`); it stays, whatever became of the change there."""

    class Kind(models.TextChoices):
        MADE = "made", _("New position")
        CHANGED = "changed", _("Changed")
        DELETED = "deleted", _("Taken away")  # deleted here, or of another company now

    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="retro_changes")
    kind = models.CharField(max_length=10, choices=Kind)
    # Plain numbers and names as they were, as of jobs.
    employee_key = models.BigIntegerField()
    position_key = models.BigIntegerField()
    employee_name = models.CharField(max_length=200)
    employee_number = models.CharField(max_length=30, blank=True)
    title = models.CharField(max_length=250)
    cutoff_at = models.DateTimeField()  # the last one when it was saved
    first_on = models.DateField()  # the days before that one that it is about, both included
    last_on = models.DateField()
    # {"fields": [{"field", "first", "last", "old", "new"}]}, values as people read them on the first of the days; none
    # where the whole position is meant.
    concerns = EncryptedJSONField(default=dict, editable=False)
    saved_at = models.DateTimeField()
    origin = models.CharField(max_length=10)  # of `Job.Origin`
    by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name, verbose_name_plural = _("retroactive change"), _("retroactive changes")
        indexes = [
            models.Index(fields=["integration", "cutoff_at", "-id"], name="retro_by_cutoff"),
            models.Index(fields=["employee_key"], name="retro_by_employee"),
            models.Index(fields=["saved_at"], name="retro_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: position {self.position_key}"
