from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from integrations.sdk.messages import words_of


class Outgoing(models.Model):
    """Something that somebody outside is to be told. The row is written in the transaction of what it tells of; the
    queue only wakes a worker, which sends it until it is taken or given up (`synclog.engine.outgoing`)."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RETRYING = "retrying", _("Retrying")
        DELIVERED = "delivered", _("Delivered")
        FAILED = "failed", _("Given up")

    ACTIVE = (State.WAITING.value, State.RETRYING.value)

    created_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State, default=State.WAITING, verbose_name=_("state"))
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField()
    first_failed_at = models.DateTimeField(null=True)
    tried_at = models.DateTimeField(null=True)
    said = models.JSONField(default=list)  # why it was not taken: `sdk.messages.packed`

    class Meta:
        abstract = True

    @property
    def message(self) -> str:
        """Why it was not taken, in words."""
        return words_of(self.said)
