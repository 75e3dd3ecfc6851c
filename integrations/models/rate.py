from __future__ import annotations

from django.db import models


class SharedRate(models.Model):
    """When the next request may go out, for all connections that a vendor counts together."""

    key = models.CharField(max_length=64, primary_key=True)
    next_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.key[:8]}: {self.next_at}"
