from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from positions.models.organization import Organization


class AuditEntry(models.Model):
    """Who changed what, from what to what. Written by positions/audit.py, changed by an erasure only; secrets never.

    Names and keys instead of foreign keys: an entry outlives what it speaks of.
    """

    class Action(models.TextChoices):
        CREATED = "created", _("Created")
        CHANGED = "changed", _("Changed")
        DELETED = "deleted", _("Deleted")
        EXPORTED = "exported", _("Exported")
        IMPORTED = "imported", _("Imported")
        ERASED = "erased", _("Erased")
        SIGNED_IN = "signed_in", _("Signed in")
        SIGNED_OUT = "signed_out", _("Signed out")
        REFUSED = "refused", _("Sign-in refused")

    class Via(models.TextChoices):
        ADMIN = "admin", _("Admin")
        API = "api", _("API key")
        SYSTEM = "system", "Position Sync"

    # None: of the whole installation, as users are. Without a constraint: the trail of a deleted organization stays.
    organization = models.ForeignKey(
        Organization,
        verbose_name=_("organization"),
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="+",
    )
    at = models.DateTimeField(_("time"), auto_now_add=True)
    actor = models.CharField(_("by"), max_length=150, blank=True)
    via = models.CharField(_("via"), max_length=10, choices=Via)
    action = models.CharField(_("action"), max_length=10, choices=Action)
    kind = models.CharField(max_length=40)  # the model's name, as people read it
    object_key = models.BigIntegerField(null=True)
    object_name = models.CharField(_("what"), max_length=250)
    employee_key = models.BigIntegerField(null=True)  # whom it is about
    changes = models.JSONField(default=dict)  # {field: [from, to]}

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        indexes = [
            models.Index(fields=["organization", "-at", "-id"], name="audit_by_organization"),
            models.Index(fields=["at"], name="audit_by_time"),
            models.Index(fields=["employee_key"], name="audit_by_employee"),
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()} {self.kind}: {self.object_name}"
