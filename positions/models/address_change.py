from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import models


class AddressChange(models.Model):
    """A new e-mail address that a user has asked for. It is theirs once they open the link that is mailed there: nobody
    gets at what is another's by naming an address. Kept for as long as the link is good, and a mail that is late."""

    GOOD_FOR = timedelta(days=1)
    KEPT = timedelta(days=3)

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="+")
    email = models.EmailField("e-mail", max_length=254)
    former = models.EmailField(max_length=254, blank=True)  # is told, also when the new one counts already
    asked_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.user.get_username()
