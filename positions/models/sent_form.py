from __future__ import annotations

from django.conf import settings
from django.db import models


class SentForm(models.Model):
    """A form that has made something, by the token that it carried (positions/once.py). Kept for two days.

    The digest of what was sent is keyed with SECRET_KEY: it may hold a national id, whose plain hash could be searched
    back.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    token = models.UUIDField()
    digest = models.CharField(max_length=64)
    made = models.CharField(max_length=40, blank=True)  # the key of what was made
    at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "token"], name="sent_form_once")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.token}"
