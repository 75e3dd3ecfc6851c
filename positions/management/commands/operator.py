from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from positions import mailing
from positions.accounts import invitations


class Command(BaseCommand):
    help = (
        "Makes an operator, or takes one who forgot the password, and prints a link by which they choose a password: "
        "good for one day and for once. No password stands in a command line."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="user name")
        parser.add_argument("--url", default="", help="where people reach this installation, if settings do not say")

    def handle(self, *args: Any, name: str, url: str, **options: Any) -> None:
        users = get_user_model()
        user = users._default_manager.filter(username=name).first()
        if user is None:
            user = users(username=name, is_staff=True, is_superuser=True)
            user.set_unusable_password()
            try:
                user.full_clean(exclude=["password"])
            except ValidationError as error:
                raise CommandError("; ".join(error.messages)) from None
            user.save()
        elif not user.is_superuser:
            raise CommandError(f"{name} is a user and no operator. Operators are made by operators: Users > {name}.")
        self.stdout.write(f"{(url or mailing.site_address()).rstrip('/')}{invitations.address_of(user)}")
