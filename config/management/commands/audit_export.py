from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from positions.admin.audit import csv_lines
from positions.models import AuditEntry, Organization


class Command(BaseCommand):
    help = "Writes the audit trail as CSV to the standard output."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--organization", type=int, help="only this organization, by its number")
        parser.add_argument("--since", type=date.fromisoformat, help="from this day on (UTC), as 2026-01-31")

    def handle(self, *args: Any, organization: int | None, since: date | None, **options: Any) -> None:
        found = AuditEntry.objects.order_by("at", "pk")
        if organization is not None:
            # The trail of a deleted organization stays, so that either one will do.
            if not Organization.objects.filter(pk=organization).exists() and not found.filter(
                organization=organization
            ):
                raise CommandError(f"There is no organization {organization}.")
            found = found.filter(organization=organization)
        if since is not None:
            found = found.filter(at__gte=datetime.combine(since, time.min, UTC))
        for line in csv_lines(found):
            self.stdout.write(line, ending="")
