from __future__ import annotations

from django.conf import settings
from django.db import models


class LanguageChoice(models.Model):
    """The language that a person chose for themselves; without a row it is as their browser says."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="+")
    language = models.CharField(max_length=10)  # of LANGUAGES

    def __str__(self) -> str:
        return f"{self.user.get_username()}: {self.language}"
