from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from positions.accounts import second_factor


class Command(BaseCommand):
    help = "Removes the second factor of a user who lost phone and recovery codes. They sign in by password then."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--reset", metavar="USER", required=True, help="user name")

    def handle(self, *args: Any, reset: str, **options: Any) -> None:
        user = get_user_model()._default_manager.filter(username=reset).first()
        if user is None:
            raise CommandError(f"There is no user {reset}. Names are written as under Users in the admin.")
        factor = second_factor.removable().filter(user=user).first()
        if factor is None:
            raise CommandError(f"{reset} has no second factor.")
        factor.delete()
        self.stdout.write(f"Removed the second factor of {reset}. The audit trail says so.")
