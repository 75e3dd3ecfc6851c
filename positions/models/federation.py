from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from positions.models.organization import Member, Organization
from positions.models.text import Line


class FederatedIdentity(models.Model):
    """Who a user is at an OpenID issuer. Issuer and subject together are one person for ever (OpenID Connect Core 1.0,
    5.7); names and e-mail addresses there are given to others later, and say nothing here.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("user"),
        on_delete=models.CASCADE,
        related_name="federated_identities",
    )
    issuer = models.CharField(_("issuer"), max_length=255)
    subject = models.CharField(_("subject"), max_length=255)  # ASCII, case sensitive, 255 at most (Core, 2)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    # By a group they were a member until they came no more: no password is enough, until they are disconnected.
    stayed_away = models.BooleanField(default=False, db_default=False, editable=False)

    class Meta:
        verbose_name, verbose_name_plural = _("sign-in by an issuer"), _("sign-ins by an issuer")
        constraints = [
            models.UniqueConstraint(fields=["issuer", "subject"], name="one_user_of_a_subject"),
            models.UniqueConstraint(fields=["user", "issuer"], name="one_subject_of_a_user"),
        ]

    def __str__(self) -> str:
        return f"{self.user.get_username()} · {self.issuer}"


class GroupRole(models.Model):
    """Whoever the issuer says is of this group has this role in the organization, and nothing elsewhere.

    Operators alone make one: the issuer may be that of several organizations, and an admin of one could otherwise make
    members of everybody, and see who has a user here.
    """

    organization = models.ForeignKey(
        Organization, verbose_name=_("organization"), on_delete=models.CASCADE, related_name="group_roles"
    )
    group = Line(_("group"), max_length=255, help_text=_("As the issuer gives it: an id with Entra ID, else a name."))
    role = models.CharField(_("role"), max_length=10, choices=Member.Role, default=Member.Role.VIEWER)

    class Meta:
        verbose_name, verbose_name_plural = _("group of the issuer"), _("groups of the issuer")
        ordering = ["organization", "group"]
        constraints = [models.UniqueConstraint(fields=["organization", "group"], name="group_once")]

    def __str__(self) -> str:
        return f"{self.group} · {self.get_role_display()} · {self.organization}"
