"""What the payroll side need not keep any longer, as rows. synclog/log/retention.py empties and deletes them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from integrations.models import EmployeeLink, ExportFile, ExportRecord, PeriodLink
from positions.models import Employee


def contents(before: datetime) -> QuerySet[ExportFile]:
    """Files that were fetched before then. One that is still to be put into its folder is not done with."""
    to_be_dropped = Q(dropped_at=None) & ~Q(folder="")
    return ExportFile.objects.filter(fetched_at__lt=before).exclude(kept="").exclude(to_be_dropped)


def superseded(before: datetime) -> QuerySet[ExportRecord]:
    """Records of such files of which there is a newer one: the newest is what we know of the person there."""
    newer = ExportRecord.objects.filter(
        file__integration=OuterRef("file__integration"), employee_key=OuterRef("employee_key"), pk__gt=OuterRef("pk")
    )
    return ExportRecord.objects.filter(Exists(newer), file__fetched_at__lt=before)


def of_nobody(before: datetime) -> list[QuerySet[Any]]:
    """What is known there of employees who are no longer here, unchanged since then."""
    here = Employee.objects.filter(pk=OuterRef("employee_key"))
    return [
        EmployeeLink.objects.filter(~Exists(here), matched_at__lt=before),
        PeriodLink.objects.filter(~Exists(here), sent_at__lt=before),
        ExportRecord.objects.filter(~Exists(here), put_at__lt=before, file__fetched_at__lt=before),
    ]
