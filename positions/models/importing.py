from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from positions.encryption import EncryptedJSONField, EncryptedTextField
from positions.models.organization import Organization


class Import(models.Model):
    """A file of employees or positions that somebody brings in: read and tried out by a worker, and carried out when
    the person has confirmed it (positions/importing). All of it is forgotten within a day."""

    class Kind(models.TextChoices):
        EMPLOYEES = "employees", _("Employees")
        POSITIONS = "positions", _("Positions")

    class State(models.TextChoices):
        READING = "reading", _("Being read")
        CHECKING = "checking", _("Being checked")
        CHECKED = "checked", _("Waits for you")
        IMPORTING = "importing", _("Being imported")
        DONE = "done", _("Imported")
        REFUSED = "refused", _("Refused")
        CANCELLED = "cancelled", _("Cancelled")

    WORKING = (State.READING, State.CHECKING, State.IMPORTING)

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind)
    state = models.CharField(max_length=10, choices=State, default=State.READING)
    language = models.CharField(max_length=12)  # of whoever reads the answer
    effective_from = models.DateField(null=True)  # from when changes count of which the row says nothing
    empty_clears = models.BooleanField(default=False)
    file = EncryptedTextField(blank=True, editable=False)  # as it was sent, in base64; emptied when it is read
    problem = EncryptedTextField(blank=True, editable=False)  # why all of it is refused
    columns = models.JSONField(default=list)  # names of positions/importing/columns.py, in the order of the file
    # Numbers of managers who come with this file, and those of them whose row is good.
    managers = EncryptedJSONField(default=dict, blank=True, editable=False)
    # Rows of the file, and how many of them are through in this state.
    total = models.PositiveIntegerField(default=0)
    taken = models.PositiveIntegerField(default=0)
    next_piece = models.PositiveIntegerField(default=0)
    # What became of those, or would become of them.
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    changed = models.JSONField(default=dict)  # {column: how many rows change it}
    follows = models.JSONField(default=dict)  # {connection: how many positions are sent there}
    asked_at = models.DateTimeField()
    moved_at = models.DateTimeField()  # when it was sent, begun to be read, or of the last piece
    done_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name, verbose_name_plural = _("import"), _("imports")
        indexes = [
            models.Index(fields=["organization", "kind", "-id"], name="import_by_organization"),
            models.Index(fields=["asked_at"], name="import_by_time"),
        ]

    def __str__(self) -> str:
        done = gettext("{taken} of {total} rows").format(taken=self.taken, total=self.total)
        return f"{self.get_kind_display()}: {self.get_state_display()}, {done}"

    @property
    def working(self) -> bool:
        return self.state in self.WORKING

    @property
    def percent(self) -> int:
        return 100 * self.taken // self.total if self.total else 0


class ImportPiece(models.Model):
    """Some rows of a file, and what is wrong with each: what a worker does in one transaction."""

    part_of = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="pieces", db_index=False)
    number = models.PositiveIntegerField()
    refused = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    content = EncryptedJSONField(editable=False)  # {"rows": [positions.importing.rows.Row as JSON]}

    class Meta:
        ordering = ["number"]
        verbose_name, verbose_name_plural = _("part of an import"), _("parts of imports")
        constraints = [models.UniqueConstraint(fields=["part_of", "number"], name="import_piece_once")]

    def __str__(self) -> str:
        return f"{self.part_of_id}: {self.number}"
