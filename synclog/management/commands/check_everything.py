from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from positions.models import Organization
from synclog.questions import check_schedules


class Command(BaseCommand):
    help = "After a restore: has the workers compare everything of all connections. Nothing is changed by that."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--organization", metavar="NUMBER", type=int, help="of one organization only")

    def handle(self, *args: Any, organization: int | None, **options: Any) -> None:
        one = None
        if organization is not None:
            one = Organization.objects.filter(pk=organization).first()
            if one is None:
                raise CommandError(f"There is no organization {organization}. Its page in the admin has its number.")
        begun, left = check_schedules.begin_everywhere("manage.py check_everything", one)
        for integration, why in left:
            self.stdout.write(f"{integration.organization}, {integration.name}: left out. {why}")
        self.stdout.write(f"{len(begun)} connections are compared. Each shows under Differences how far it is.")
