from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils import timezone

from positions.models.organization import Organization

SCOPES = ("positions:read", "positions:write", "sync:read", "sync:write")


class ApiKey(models.Model):
    """A key of an organization for the REST API. Only its hash is stored; the key itself is shown once."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=80, help_text="What uses it, for example: HR nightly import.")
    prefix = models.CharField(max_length=12, editable=False)
    hash = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(default=list)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["organization", "name"]
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @staticmethod
    def digest(key: str) -> str:
        # The key has 256 random bits: a plain hash cannot be searched back, and it can be looked up by index.
        return hashlib.sha256(key.encode()).hexdigest()

    def issue(self) -> str:
        """Gives this (unsaved) row a new key and returns the key, which is never stored."""
        key = f"psk_{secrets.token_urlsafe(32)}"
        self.prefix = key[:10]
        self.hash = self.digest(key)
        return key

    def usable(self, now: datetime | None = None) -> bool:
        return self.expires_at is None or self.expires_at > (now or timezone.now())
