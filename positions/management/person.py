"""The arguments of commands about one person."""

from __future__ import annotations

from django.core.management.base import CommandError, CommandParser

from positions.management.running import ORGANIZATION, organization_of
from positions.privacy import personal_data
from positions.privacy.personal_data import Subject


def add_arguments(parser: CommandParser) -> None:
    parser.add_argument("organization", help=ORGANIZATION)
    parser.add_argument("number", metavar="employee_number", help="the person's, as payroll knows it")


def find(organization: str, number: str) -> Subject:
    """Raises CommandError with the words that say what is wrong."""
    try:
        return personal_data.find(organization_of(organization), number)
    except personal_data.NotHeld as error:
        raise CommandError(str(error)) from None
