from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import BooleanField, Case, Q, When
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from positions.models.organization import Member, Organization
from positions.models.text import Line

SCOPES = ("positions:read", "positions:write", "sync:read", "sync:write")
SOON, VERY_SOON = timedelta(days=30), timedelta(days=7)  # before the end: it is warned of, and urgently
# So long the secret of before a rotation goes on.
OVERLAP = timedelta(hours=1)
# Of keys without an end, which the release before makes while it still runs.
_AT_MOST = timedelta(days=365)


def latest_end(since: datetime | None = None) -> datetime:
    """When a key that is made then (or now) expires at the latest."""
    return (since or timezone.now()) + timedelta(days=settings.API_KEY_DAYS)


class ApiKeys(models.QuerySet["ApiKey"]):
    def of_secret(self, digest: str) -> Self:
        """The key whose secret it is, also the one of before a rotation while that goes on."""
        former = Q(former_hash=digest, former_until__gt=timezone.now())
        return self.filter(Q(hash=digest) | former)

    def with_right(self) -> Self:
        """`owner_may`: whether the owner still may hold keys of the organization, as positions/roles.py says of
        "administer"; true of keys that nobody owns. Asked with the key, for a right may end in any way."""
        may = Q(owner=None) | Member.may_administer("owner")
        return self.annotate(owner_may=Case(When(may, then=True), default=False, output_field=BooleanField()))


class ApiKey(models.Model):
    """A key of an organization for the REST API. Only its hash is stored; the key itself is shown once.

    It expires, and it ends before that with its owner's right to hold it (positions/api_keys.py).
    """

    class Ended(models.TextChoices):
        MEMBERSHIP = "membership", _("its owner is no longer a member of the organization")
        ROLE = "role", _("its owner is no longer an admin of the organization")
        INACTIVE = "inactive", _("its owner's user was deactivated")
        DELETED = "deleted", _("its owner's user was deleted")

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        EXPIRING = "expiring", _("Expires soon")
        EXPIRED = "expired", _("Expired")
        ENDED = "ended", _("Ended")

    organization = models.ForeignKey(
        Organization, verbose_name=_("organization"), on_delete=models.CASCADE, related_name="api_keys"
    )
    name = Line(_("name"), max_length=80, help_text=_("What uses it, for example: HR nightly import."))
    prefix = models.CharField(max_length=12, editable=False)
    hash = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(_("scopes"), default=list)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True, default=latest_end)
    last_used_at = models.DateTimeField(_("last used at"), null=True, blank=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("created by"),
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    # None: nobody, of keys that are older than this and whose maker may hold none.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("owner"),
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="api_keys",
    )
    # The secret of before the last rotation.
    former_hash = models.CharField(max_length=64, blank=True, default="", db_default="", editable=False)
    former_until = models.DateTimeField(null=True, editable=False)
    ended_at = models.DateTimeField(null=True, editable=False)
    ended_why = models.CharField(max_length=10, choices=Ended, blank=True, default="", db_default="", editable=False)

    objects = ApiKeys.as_manager()

    class Meta:
        ordering = ["organization", "name"]
        verbose_name, verbose_name_plural = _("API key"), _("API keys")
        indexes = [models.Index(fields=["former_hash"], name="api_key_by_former_hash")]

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

    def rotate(self, used: str) -> str:
        """Issues a new secret, unsaved, for whoever called with the secret of the digest `used`, which goes on for
        OVERLAP from its first rotation: with it again, an answer that was lost is asked for anew, and what that one
        held has no use. Every other secret ends. The key ends when it did."""
        if used == self.hash:
            self.former_hash, self.former_until = self.hash, min(timezone.now() + OVERLAP, self.expires)
        return self.issue()

    @property
    def expires(self) -> datetime:
        return self.expires_at or self.created_at + _AT_MOST

    def state(self, now: datetime | None = None) -> State:
        """Of a key that was read `with_right`."""
        left = self.expires - (now or timezone.now())
        if self.ended_at is not None or not self.owner_may:  # type: ignore[attr-defined]
            return self.State.ENDED
        if left <= timedelta(0):
            return self.State.EXPIRED
        return self.State.EXPIRING if left <= SOON else self.State.ACTIVE

    def why_ended(self) -> str:
        """As what follows "because" in a sentence, of a key that ended."""
        if not self.ended_why:
            return gettext("its owner may hold no keys of the organization")
        return str(self.Ended(self.ended_why).label)
