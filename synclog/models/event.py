from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from integrations.models import Integration
from integrations.sdk.messages import words_of


class Event(models.Model):
    """Something that happened to an integration as a whole: told once, and once when it is over."""

    class Kind(models.TextChoices):
        ON = "on", _("Switched on")
        OFF = "off", _("Switched off")
        PAUSED = "paused", _("Paused")
        RESUMED = "resumed", _("Resumed")
        OPTION = "option", _("Another switch")
        CREDENTIALS = "credentials", _("New credentials")
        ADDRESS = "address", _("New address")
        STOPPED = "stopped", _("Stopped")
        RETRYING = "retrying", _("Retrying")
        RECOVERED = "recovered", _("Answers again")
        WARNINGS = "warnings", _("Some positions need a person")
        HEALTHY = "healthy", _("No position needs a person any more")
        RESYNC = "resync", _("Large re-sync")
        DIFFERS = "differs", _("More differs than before")
        CUTOFF = "cutoff", _("Saved after the payroll cut-off")

    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField(auto_now_add=True)
    kind = models.CharField(max_length=30, choices=Kind)
    said = models.JSONField(default=list)  # `sdk.messages.packed`
    by = models.CharField(max_length=150, blank=True)
    told_at = models.DateTimeField(null=True, editable=False)  # to members (`synclog.telling`), each event once

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["integration", "-at"], name="event_by_integration"),
            models.Index(fields=["integration", "-id"], condition=Q(told_at__isnull=False), name="event_told"),
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def text(self) -> str:
        """In words."""
        return words_of(self.said)
