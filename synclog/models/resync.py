from __future__ import annotations

from django.db import models

from integrations.models import Integration


class Resync(models.Model):
    """The last large re-sync of a connection, so that its page can say how far it is."""

    integration = models.OneToOneField(Integration, on_delete=models.CASCADE, related_name="+", primary_key=True)
    at = models.DateTimeField()
    until = models.DateTimeField(null=True)  # when all of it was recorded
    total = models.PositiveIntegerField(default=0)  # positions
    by = models.CharField(max_length=150)

    def __str__(self) -> str:
        return f"{self.integration_id}: {self.total} since {self.at}"
