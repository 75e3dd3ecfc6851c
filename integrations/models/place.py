from __future__ import annotations

from django.db import models


class SharedPlace(models.Model):
    """Who may call now, for all connections of a customer from whom a system takes one call at a time."""

    key = models.CharField(max_length=64, primary_key=True)
    holder = models.CharField(max_length=32, blank=True)
    until = models.DateTimeField()
    waiting = models.CharField(max_length=32, blank=True)  # who is next
    waits_until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.key[:8]}: {self.holder[:8] or 'free'}"
