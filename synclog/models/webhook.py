from __future__ import annotations

import base64
import secrets
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.addresses import refused
from positions.encryption import EncryptedJSONField, EncryptedTextField
from positions.models import Organization
from positions.models.text import Line
from synclog.models.outgoing import Outgoing

BOTH_SIGN = timedelta(hours=24)  # after a rotation
MOST_WEBHOOKS = 20  # of one organization
_MOST_FORMER = 3  # secrets that sign beside the present one: each makes the header longer


def new_secret() -> str:
    """In the form of Standard Webhooks (https://www.standardwebhooks.com, "Signature scheme"): 256 random bits."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


class Webhook(models.Model):
    """An address of an organization's own, to which what happens is posted (`synclog.webhooks`)."""

    class Topic(models.TextChoices):
        """What it may be told of, by the name that stands in a body as its `type`."""

        JOB_FAILED = "job.failed", _("A change was refused and needs somebody")
        JOB_RECOVERED = "job.recovered", _("A change that had been refused went through")
        POSITION_SYNCED = "position.synced", _("A system has a position as it is here")
        STATE_CHANGED = "integration.state_changed", _("A connection stopped, recovered, was paused or switched")
        BATCH_FINISHED = "batch.finished", _("A re-sync of many jobs is through")

    TEST = "webhook.test"  # sent when somebody asks for it, whatever was chosen

    class State(models.TextChoices):
        ON = "on", _("On")
        FAILING = "failing", _("Failing")
        PAUSED = "paused", _("Paused")
        OFF = "off", _("Off")

    class Pause(models.TextChoices):
        FAILING = "failing", _("Nothing has been taken for days")
        GONE = "gone", _("It answered 410: it is gone for good")

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="webhooks", verbose_name=_("organization")
    )
    url = Line(_("address"), max_length=500, help_text=_("Where events are posted to, with https:// in front."))
    events = models.JSONField(default=list, verbose_name=_("events"))  # of `Topic`
    active = models.BooleanField(
        _("on"), default=True, help_text=_("Switched off: nothing is sent and nothing is recorded.")
    )
    secret = EncryptedTextField(default=new_secret, editable=False, verbose_name=_("secret"))
    former_secrets = EncryptedJSONField(default=dict, blank=True, editable=False)  # {"signing": [[secret, until]]}
    former_until = models.DateTimeField(null=True, editable=False)  # the latest of these

    # Kept by the sender (`synclog.webhooks.turn`).
    failing_since = models.DateTimeField(null=True, editable=False)  # nothing was taken since
    retry_at = models.DateTimeField(null=True, editable=False)
    retry_count = models.PositiveSmallIntegerField(default=0, editable=False)
    last_success_at = models.DateTimeField(null=True, editable=False)
    paused_at = models.DateTimeField(null=True, editable=False, verbose_name=_("paused at"))
    paused_cause = models.CharField(
        max_length=10, choices=Pause, blank=True, editable=False, verbose_name=_("paused cause")
    )
    held_by = models.CharField(max_length=32, blank=True, editable=False)  # whose turn it is
    held_until = models.DateTimeField(null=True, editable=False)

    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        ordering = ["organization", "pk"]

    def __str__(self) -> str:
        return gettext("Webhook {number}: {url}").format(number=self.pk, url=self.url)

    @property
    def state(self) -> State:
        if not self.active:
            return self.State.OFF
        if self.paused_at is not None:
            return self.State.PAUSED
        return self.State.FAILING if self.failing_since is not None else self.State.ON

    def signing(self, now: datetime) -> list[str]:
        """The secrets that sign at this moment, the present one first."""
        return [self.secret, *(old for old, _ in self._former(now))]

    def _former(self, now: datetime) -> list[list[str]]:
        return [one for one in self.former_secrets.get("signing", ()) if datetime.fromisoformat(one[1]) > now]

    def rotate(self) -> None:
        """A new secret; the one before signs beside it for a day. Not saved."""
        now = timezone.now()
        until = now + BOTH_SIGN
        former = [[self.secret, until.isoformat()], *self._former(now)]
        self.former_secrets = {"signing": former[:_MOST_FORMER]}
        self.former_until, self.secret = until, new_secret()

    def resume(self) -> None:
        """Everything waiting is tried at once. Not saved."""
        self.paused_at, self.paused_cause, self.failing_since, self.retry_at, self.retry_count = None, "", None, None, 0

    RESUMED_FIELDS = ("paused_at", "paused_cause", "failing_since", "retry_at", "retry_count", "updated_at")

    def clean(self) -> None:
        """Raises ValidationError for an address that connections may not lead to either, and for one too many."""
        if reason := refused(self.url):
            raise ValidationError({"url": reason})
        self.require_room()

    def require_room(self) -> None:
        if self._state.adding and Webhook.objects.filter(organization=self.organization_id).count() >= MOST_WEBHOOKS:
            raise ValidationError(
                _("An organization has {number} webhooks at most: delete one first.").format(number=MOST_WEBHOOKS)
            )


class WebhookDelivery(Outgoing):
    """One event for one webhook."""

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries", verbose_name=_("webhook"))
    message_id = models.CharField(max_length=40)  # the same at each try, also of a replay
    topic = models.CharField(_("event"), max_length=40)
    body = models.TextField()  # as it is sent: ids, states, causes and times
    status = models.PositiveSmallIntegerField(default=0)  # of the last answer; 0: there was none
    answer = models.TextField(blank=True)  # how the last one begins, masked; emptied after the retention time
    milliseconds = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        indexes = [
            models.Index(
                fields=["webhook", "due_at", "id"],
                condition=Q(state__in=("waiting", "retrying")),
                name="delivery_due",
            ),
            models.Index(fields=["webhook", "state", "-id"], name="delivery_by_state"),
            models.Index(fields=["created_at"], name="delivery_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.message_id}"
