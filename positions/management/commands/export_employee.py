from __future__ import annotations

import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from positions.management import person, running
from positions.models import AuditEntry
from positions.privacy import personal_data


class Command(BaseCommand):
    help = (
        "Writes everything that is held of one person as JSON, with the national id in clear: for the person alone. "
        "The audit trail notes it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        person.add_arguments(parser)
        parser.add_argument("--output", help="a new file, readable by you only; without it, standard output")

    def handle(self, *args: Any, organization: str, number: str, output: str | None, **options: Any) -> None:
        subject = person.find(organization, number)
        if output is None:
            personal_data.note_export(subject, running.operator(), AuditEntry.Via.SYSTEM)
            for text in personal_data.export(subject):
                self.stdout.write(text, ending="")
            return
        try:
            with open(output, "x", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
                personal_data.note_export(subject, running.operator(), AuditEntry.Via.SYSTEM)
                file.writelines(personal_data.export(subject))
        except OSError as error:
            raise CommandError(f"{output} could not be written: {error.strerror}.") from None
