from __future__ import annotations

import uuid
from collections.abc import Collection

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from integrations.models import Integration
from positions.models import Member
from synclog.models.outgoing import Outgoing


class Topic(models.TextChoices):
    """What members are told of a connection, once each."""

    STOPPED = "stopped", _("A connection stops and needs somebody")
    RETRYING = "retrying", _("A system has not let us send for an hour")
    RECOVERED = "recovered", _("It works again after one of these")
    DIFFERS = "differs", _("More differs than when everything was compared before")
    CUTOFF = "cutoff", _("Something is saved after a payroll cut-off")


class MailChoice(models.Model):
    """What a member wants to be mailed, chosen by themselves. Without a row: `of_role`."""

    class Digest(models.TextChoices):
        NEVER = "never", _("Never")
        DAILY = "daily", _("Every morning")
        WEEKLY = "weekly", _("Monday mornings")

    member = models.OneToOneField(
        Member, on_delete=models.CASCADE, primary_key=True, related_name="mail_choice", verbose_name=_("member")
    )
    topics = models.JSONField(default=list, verbose_name=_("topics"))  # of `Topic`
    digest = models.CharField(max_length=10, choices=Digest, default=Digest.NEVER, verbose_name=_("digest"))
    # The local day up to which it was thought of: that of the choice, then of each digest, be there something to say
    # or not.
    digested_on = models.DateField(null=True, editable=False)

    class Meta:
        verbose_name, verbose_name_plural = _("choice of mails"), _("choices of mails")

    def __str__(self) -> str:
        return str(self.member)

    @staticmethod
    def of_role(role: str) -> Collection[str]:
        """Who can mend a connection is told of it."""
        return Topic.values if role == Member.Role.ADMIN else ()


class Notice(models.Model):
    """One member's notice of what happened to a connection."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="notices")
    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="+")
    event_key = models.BigIntegerField()
    topic = models.CharField(max_length=10, choices=Topic)
    cause = models.CharField(max_length=60, blank=True)
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name, verbose_name_plural = _("notice"), _("notices")
        constraints = [models.UniqueConstraint(fields=["member", "event_key"], name="notice_once")]
        indexes = [
            models.Index(fields=["member"], condition=Q(read_at=None), name="notice_unread"),
            models.Index(fields=["at"], name="notice_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.integration}: {self.get_topic_display()}"


class Mail(Outgoing):
    """One mail to one member, user or invited person; to nobody where a password was asked for that nobody has. Whom it
    goes to and how it reads is decided when it is sent: who left gets nothing, and no address and no link lies here."""

    DIGEST, PASSWORD, INVITATION = "digest", "password", "invitation"
    ADDRESS, FORMER = "address", "former"  # to the new address of a user, with its link; to the former one
    CONNECTED = "connected"  # to a user, with an OpenID issuer

    member = models.ForeignKey(Member, on_delete=models.CASCADE, null=True, related_name="mails")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+")
    invitation_key = models.BigIntegerField(null=True)
    about = models.CharField(max_length=40)  # of one recipient, once each: "event:12", "digest:2026-03-01"
    topic = models.CharField(max_length=10)  # of `Topic`, or one of those above
    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, null=True, related_name="+")
    facts = models.JSONField(default=dict)  # causes, numbers and ids
    message_id = models.UUIDField(default=uuid.uuid4)  # the same at each try: who gets it twice can tell

    class Meta:
        ordering = ["-pk"]
        verbose_name, verbose_name_plural = _("mail"), _("mails")
        constraints = [
            models.UniqueConstraint(fields=["member", "about"], name="mail_once"),
            models.UniqueConstraint(fields=["user", "about"], name="mail_of_user_once"),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state__in=("waiting", "retrying")), name="mail_due"),
            models.Index(fields=["created_at"], name="mail_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.about}"
