from __future__ import annotations

from datetime import datetime

from django.db import models

from integrations.models.integration import Integration
from integrations.sdk.context import FILE_OF_A_DAY, FILE_OF_TODAY
from integrations.sdk.messages import Message, words_of
from positions.encryption import EncryptedJSONField, EncryptedTextField


class ExportFile(models.Model):
    """A file for a system that has no API that we may call: filled, fetched by a person, imported there by hand.

    Once fetched (or dropped into a folder) it never changes: `file_name` and `content` stay as they were then.
    """

    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="export_files")
    made_at = models.DateTimeField()
    fetched_at = models.DateTimeField(null=True, blank=True)
    fetched_by = models.CharField(max_length=150, blank=True)
    file_name = models.CharField(max_length=120, blank=True)
    kept = EncryptedTextField(blank=True, default="")  # the bytes, one character each
    folder = models.CharField(max_length=4000, blank=True)  # where it goes by itself
    dropped_at = models.DateTimeField(null=True, blank=True)
    trouble_said = models.JSONField(default=list, blank=True)  # why it could not be put there
    imported_at = models.DateTimeField(null=True, blank=True)
    imported_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["integration"],
                condition=models.Q(fetched_at=None, imported_at=None),
                name="one_file_being_filled",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def content(self) -> bytes:
        return self.kept.encode("latin-1")

    @content.setter
    def content(self, content: bytes) -> None:
        self.kept = content.decode("latin-1")

    @property
    def fetched(self) -> bool:
        return self.fetched_at is not None

    @property
    def imported(self) -> bool:
        return self.imported_at is not None

    @property
    def trouble(self) -> str:
        """Why it could not be put into its folder, in words."""
        return words_of(self.trouble_said)

    @property
    def called(self) -> Message:
        """In the organization's time: "the file of 14:02" (with its day, if that is another one)."""
        local: datetime = self.made_at.astimezone(self.integration.organization.zone)
        time = f"{local:%H:%M}"
        if local.date() == self.integration.organization.today():
            return FILE_OF_TODAY(time=time)
        return FILE_OF_A_DAY(day=local.date(), time=time)

    @property
    def name(self) -> str:
        """The same in words."""
        return str(self.called)


class ExportRecord(models.Model):
    """One employee's record in a file, as the connector made it. Encrypted: it may hold a national id."""

    file = models.ForeignKey(ExportFile, on_delete=models.CASCADE, related_name="records")
    employee_key = models.BigIntegerField()
    record = EncryptedJSONField(default=dict)
    put_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["employee_key"]
        constraints = [models.UniqueConstraint(fields=["file", "employee_key"], name="one_record_for_each_employee")]
        indexes = [models.Index(fields=["employee_key", "-id"], name="record_by_employee")]

    def __str__(self) -> str:
        return f"{self.employee_key} in {self.file}"
