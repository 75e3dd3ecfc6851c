from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from positions.models.text import Line


def validate_time_zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(_("“{name}” is not a time zone. Write it as in Europe/Oslo.").format(name=name))


class Organization(models.Model):
    """A customer. Everything else belongs to one organization and is seen by its members only."""

    class Country(models.TextChoices):
        NORWAY = "NO", _("Norway")
        SWEDEN = "SE", _("Sweden")
        FINLAND = "FI", _("Finland")
        DENMARK = "DK", _("Denmark")

    name = Line(_("name"), max_length=120, unique=True)
    country = models.CharField(_("country"), max_length=2, choices=Country, default=Country.NORWAY)
    time_zone = models.CharField(
        _("time zone"),
        max_length=60,
        default="Europe/Oslo",
        validators=[validate_time_zone],
        help_text=_("Decides which day it is: a position becomes current at midnight here."),
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        ordering = ["name"]
        verbose_name, verbose_name_plural = _("organization"), _("organizations")

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def today(self) -> date:
        return timezone.now().astimezone(self.zone).date()


class Member(models.Model):
    """A user's role in an organization. Users without any see nothing; superusers are the operators."""

    class Role(models.TextChoices):
        ADMIN = "admin", _("Admin")
        EDITOR = "editor", _("Editor")
        VIEWER = "viewer", _("Viewer")

    organization = models.ForeignKey(
        Organization, verbose_name=_("organization"), on_delete=models.CASCADE, related_name="members"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("user"), on_delete=models.CASCADE, related_name="memberships"
    )
    role = models.CharField(
        _("role"),
        max_length=10,
        choices=Role,
        default=Role.VIEWER,
        help_text=_("Admin: everything. Editor: employees and positions. Viewer: reads."),
    )
    # The group of the issuer that gives it (positions/accounts/federation.py); "": somebody gave it here, and it stays.
    group = models.CharField(_("group"), max_length=255, blank=True, default="", db_default="", editable=False)
    renewed_at = models.DateTimeField(null=True, editable=False)  # by the last sign-in with that group

    class Meta:
        ordering = ["organization", "user"]
        verbose_name, verbose_name_plural = _("member"), _("members")
        constraints = [models.UniqueConstraint(fields=["organization", "user"], name="member_once")]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()} · {self.organization}"

    @classmethod
    def may_administer(cls, user: str) -> models.Q:
        """Of rows with an `organization`: whether the user that this field names may "administer" it, as
        positions/roles.py says. For a query, where the right may have ended since."""
        admin = cls.objects.filter(
            organization=models.OuterRef("organization"), user=models.OuterRef(user), role=cls.Role.ADMIN
        )
        return models.Q(**{f"{user}__is_active": True}) & (
            models.Q(**{f"{user}__is_superuser": True}) | models.Q(models.Exists(admin))
        )
