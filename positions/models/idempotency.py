from __future__ import annotations

from django.db import models

from positions.models.organization import Organization


class IdempotencyKey(models.Model):
    """A request that was carried out, and its answer: the same request again gets the answer and changes nothing.

    Hashes are keyed with SECRET_KEY: a body may hold a national id, whose plain hash could be searched back.
    """

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    key_hash = models.CharField(max_length=64)
    request_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.JSONField(null=True)
    headers = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "key_hash"], name="idempotency_key_once")]

    def __str__(self) -> str:
        return f"{self.organization_id} {self.key_hash[:8]}"
