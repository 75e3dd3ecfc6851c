from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from integrations.models import Integration
from integrations.sdk.messages import words_of
from positions.encryption import EncryptedJSONField
from synclog.models.walk import Walk


class Forecast(Walk):
    """What would be sent of all positions, without sending anything: when a connection is switched on, or with other
    settings than it has. Carried on by workers (`synclog.questions.forecasts`), kept for a day."""

    class Kind(models.TextChoices):
        START = "start", _("Switching on")
        SETTINGS = "settings", _("Other settings")

    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="forecasts")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.START)
    version = models.BigIntegerField(default=0)  # of the connection when it was asked for
    # The other settings, as a connection stores them; emptied when it is over.
    settings = EncryptedJSONField(default=dict, editable=False)
    # Names of settings that differ and of which no single field tells what they do.
    beyond = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["integration", "kind"], condition=models.Q(done_at=None), name="forecast_once"
            )
        ]
        indexes = [
            models.Index(fields=["integration", "kind", "-id"], name="forecast_newest"),
            models.Index(fields=["done_at"], name="forecast_by_time"),
        ]

    def emptied(self) -> list[str]:
        self.settings = {}
        return ["settings"]


class ForecastRow(models.Model):
    """What would become of one position."""

    part_of = models.ForeignKey(Forecast, on_delete=models.CASCADE, related_name="rows")
    # Of switching on: with which start (`integrations.engine.Start`); "" where it is the same with each that sends it.
    start = models.CharField(max_length=10, blank=True)
    # Plain numbers, as of jobs.
    employee_key = models.BigIntegerField()
    position_key = models.BigIntegerField()
    result = models.CharField(max_length=20)  # a state of `integrations.planning.states`, or a `Told` of forecasts
    action = models.CharField(max_length=10, blank=True)
    cause = models.CharField(max_length=60, blank=True)
    field = models.CharField(max_length=40, blank=True)
    # [{"field", "remote", "old", "new", "since"}], values as people read them.
    changes = EncryptedJSONField(default=list, editable=False)
    said = models.JSONField(default=list)  # `sdk.messages.packed`

    class Meta:
        indexes = [
            models.Index(fields=["part_of", "result", "cause", "id"], name="forecast_row_by_result"),
            models.Index(fields=["employee_key"], name="forecast_row_by_employee"),
        ]

    def __str__(self) -> str:
        return f"{self.result}: position {self.position_key}"

    @property
    def message(self) -> str:
        return words_of(self.said)
