from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from positions.models.organization import Member, Organization

GOOD_FOR = timedelta(days=7)
KEPT_AFTER = timedelta(days=30)


class Invitation(models.Model):
    """Somebody is asked to become a member. Nothing here looks for a user with that address: whether there is one is
    not the inviting admin's to know.

    The link's token is shown once; its hash is stored. The row goes when the invitation is accepted or withdrawn.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        DECLINED = "declined", _("Declined")
        OVER = "over", _("Over")

    organization = models.ForeignKey(
        Organization, verbose_name=_("organization"), on_delete=models.CASCADE, related_name="invitations"
    )
    email = models.EmailField(_("e-mail"), max_length=254)
    role = models.CharField(
        _("role"),
        max_length=10,
        choices=Member.Role,
        default=Member.Role.VIEWER,
        help_text=_("Admin: everything. Editor: employees and positions. Viewer: reads."),
    )
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("invited by"),
        on_delete=models.CASCADE,
        editable=False,
        related_name="+",
    )
    until = models.DateTimeField(_("until"), editable=False)
    declined_at = models.DateTimeField(_("declined at"), null=True, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    # Of a link that is mailed and shown to nobody: whoever uses it has the mailbox.
    seed = models.CharField(max_length=32, blank=True, default="", db_default="", editable=False)

    class Meta:
        ordering = ["organization", "email"]
        verbose_name, verbose_name_plural = _("invitation"), _("invitations")

    def __str__(self) -> str:
        return self.email

    @staticmethod
    def digest_of(token: str) -> str:
        # 256 random bits: a plain hash cannot be searched back.
        return hashlib.sha256(token.encode()).hexdigest()

    def issue(self) -> str:
        """Gives the row (to be saved) a new link's token and time, and returns the token. A former link is over."""
        token = secrets.token_urlsafe(32)
        self.seed = ""
        self._good_from_now(token)
        return token

    def issue_by_mail(self) -> None:
        """The same, with a token that the mail alone will have (`mailed_token`)."""
        self.seed = secrets.token_hex(16)
        self._good_from_now(self.mailed_token())

    def mailed_token(self) -> str:
        """Made anew at each try to send it: it lies nowhere. Whoever reads the seed needs SECRET_KEY as well."""
        return salted_hmac("positions.invitation", self.seed, algorithm="sha256").hexdigest()

    def _good_from_now(self, token: str) -> None:
        self.digest, self.until, self.declined_at = self.digest_of(token), timezone.now() + GOOD_FOR, None

    @property
    def state(self) -> State:
        if self.declined_at is not None:
            return self.State.DECLINED
        return self.State.WAITING if self.until > timezone.now() else self.State.OVER


class SelfMadeUser(models.Model):
    """A user that was made by an invitation's link which an admin handed over: that the e-mail address is theirs, only
    one organization says. By a link that was mailed there alone, the mailbox says it.

    The row goes when an operator enters an address.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, verbose_name=_("user"), on_delete=models.CASCADE, primary_key=True, related_name="+"
    )

    def __str__(self) -> str:
        return self.user.get_username()
