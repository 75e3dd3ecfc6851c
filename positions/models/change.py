from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from positions.models.organization import Organization


class Change(models.Model):
    """That an employee or a position was made, changed or deleted; written by positions/changes.py in the same
    transaction. What it was is asked of the object itself: nothing of a person stands here but their keys.

    `turn` is empty until the row is read: then it gets its place in the feed, which is (turn, id).
    """

    class Kind(models.TextChoices):
        EMPLOYEE = "employee", _("Employee")
        POSITION = "position", _("Position")

    class Operation(models.TextChoices):
        CREATED = "created", _("Made")
        UPDATED = "updated", _("Changed")
        DELETED = "deleted", _("Deleted")

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+", db_index=False)
    turn = models.BigIntegerField(null=True)
    kind = models.CharField(max_length=10, choices=Kind)
    object_key = models.BigIntegerField()
    employee_key = models.BigIntegerField()  # whom it is about
    external_id = models.CharField(max_length=120, blank=True)  # as it was then; emptied by an erasure
    operation = models.CharField(max_length=10, choices=Operation)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            models.Index(fields=["organization", "turn", "id"], name="change_in_turn"),
            models.Index(fields=["employee_key"], name="change_by_employee"),
            models.Index(fields=["at"], name="change_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_key} {self.operation}"


class ChangeFeed(models.Model):
    """How far an organization's feed is: the newest turn, and the newest of which rows were deleted for their age.

    Whoever gives a turn holds this row, so that turns are committed in their order.
    """

    organization = models.OneToOneField(Organization, on_delete=models.CASCADE, related_name="+", primary_key=True)
    last = models.BigIntegerField(default=0)
    pruned = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.organization_id}: {self.last}"
