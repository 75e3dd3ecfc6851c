from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from positions.management import person, running
from positions.models import AuditEntry
from positions.privacy import personal_data


class Command(BaseCommand):
    help = (
        "Erases everything that is held of one person, who may have been deleted before. Nothing is sent: what payroll "
        "systems hold stays there. The audit trail keeps that an erasure was made, by whom and when, and not whose."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        person.add_arguments(parser)
        parser.add_argument("--dry-run", action="store_true", help="only say what would be erased")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, organization: str, number: str, dry_run: bool, yes: bool, **options: Any) -> None:
        subject = person.find(organization, number)
        self._say("Held of this person:", personal_data.counts(subject))
        for limit in personal_data.limits_of(subject):
            self.stdout.write(f"Not reached: {limit}")
        self.stdout.write("Nothing is sent to payroll by an erasure.")
        if dry_run:
            self.stdout.write("Nothing was erased (--dry-run).")
            return
        if not yes and input(f"Type the employee number {number} to erase this for good: ").strip() != number:
            raise CommandError("That is another number. Nothing was erased.")
        try:
            erased = personal_data.erase(subject, running.operator(), AuditEntry.Via.SYSTEM)
        except personal_data.NotNow as error:
            raise CommandError(str(error)) from None
        self._say("Erased:", erased.rows)
        if erased.left:
            self.stderr.write(erased.left)

    def _say(self, title: str, found: dict[str, int]) -> None:
        self.stdout.write(title)
        for heading, number in found.items():
            self.stdout.write(f"  {heading}: {number}")
