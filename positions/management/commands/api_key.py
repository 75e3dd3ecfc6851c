from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from positions.dates import show
from positions.management.running import ORGANIZATION, operator, organization_of
from positions.models import ApiKey, Member, Organization
from positions.models.api_key import SCOPES
from positions.origin import Origin, started_by


class Command(BaseCommand):
    help = (
        "Makes, lists and revokes keys for the REST API. A new key is printed once, alone on the standard output. "
        "The audit trail names the account of the machine that runs the command."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        create = actions.add_parser("create", help="makes a key and prints it")
        create.add_argument("--organization", required=True, help=ORGANIZATION)
        create.add_argument("--scopes", required=True, help=f"with commas between them, of {', '.join(SCOPES)}")
        create.add_argument("--name", default="Made at the command line", help="what uses it")
        create.add_argument("--days", type=int, default=settings.API_KEY_DAYS, help="until it expires (%(default)s)")
        create.add_argument(
            "--owner",
            default="",
            help="the user with whose right to hold keys it ends; may be left out where one person has it",
        )
        listed = actions.add_parser("list", help="lists keys, without their secrets")
        listed.add_argument("--organization", default="", help=ORGANIZATION)
        revoke = actions.add_parser("revoke", help="ends a key at once, for good")
        revoke.add_argument("number", type=int, help="as `list` shows it")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        with started_by(Origin("command", operator())), transaction.atomic():
            getattr(self, f"_{action}")(**options)

    def _create(self, organization: str, scopes: str, name: str, days: int, owner: str, **options: Any) -> None:
        asked = [scope.strip() for scope in scopes.split(",")]
        if unknown := [scope for scope in asked if scope not in SCOPES]:
            raise CommandError(f"There is no scope “{unknown[0]}”. There are: {', '.join(SCOPES)}.")
        if not 1 <= days <= settings.API_KEY_DAYS:
            raise CommandError(f"A key lasts 1 to {settings.API_KEY_DAYS} days.")
        of = organization_of(organization)
        key = ApiKey(
            organization=of,
            name=name,
            scopes=[scope for scope in SCOPES if scope in asked],
            owner=self._owner(of, owner),
            expires_at=timezone.now() + timedelta(days=days),
        )
        secret = key.issue()
        try:
            key.full_clean()
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from None
        key.save()
        self.stderr.write(
            f"{key} of {of}: {', '.join(key.scopes)}, until {show(key.expires.date())}, owned by {key.owner}. "
            "Keep what follows, it is shown once:"
        )
        self.stdout.write(secret)

    def _owner(self, organization: Organization, name: str) -> Any:
        """Whoever is named, or the only one who may hold keys of the organization."""
        admins = Member.objects.filter(organization=organization, role=Member.Role.ADMIN)
        may = get_user_model()._default_manager.filter(
            Q(is_superuser=True) | Q(pk__in=admins.values("user")), is_active=True
        )
        found = may.filter(username=name) if name else may
        if len(found) == 1:
            return found[0]
        names = ", ".join(user.get_username() for user in may.order_by("username")[:10])
        if not names:
            raise CommandError(f"Nobody may hold keys of {organization}: make an operator (manage.py operator) first.")
        if name:
            raise CommandError(f"{name} may hold no keys of {organization}. Those who may: {names}.")
        raise CommandError(f"Whose key is it? It ends with that person's right to hold it. --owner one of: {names}.")

    def _list(self, organization: str, **options: Any) -> None:
        keys = ApiKey.objects.with_right().select_related("organization", "owner").order_by("organization", "pk")
        for key in keys.filter(organization=organization_of(organization)) if organization else keys:
            what = f"{key.pk}  {key}  {key.organization}  {' '.join(key.scopes)}"
            self.stdout.write(
                f"{what}  {key.state().label}  until {show(key.expires.date())}  owner: {key.owner or 'nobody'}"
            )

    def _revoke(self, number: int, **options: Any) -> None:
        key = ApiKey.objects.filter(pk=number).first()
        if key is None:
            raise CommandError(f"There is no key {number}. `api_key list` shows them.")
        key.delete()
        self.stdout.write(f"{key} ended.")
