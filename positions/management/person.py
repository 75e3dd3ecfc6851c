"""The arguments of commands about one person, and who runs them."""

from __future__ import annotations

import getpass

from django.core.management.base import CommandError, CommandParser

from positions.models import Organization
from positions.privacy import personal_data
from positions.privacy.personal_data import Subject


def add_arguments(parser: CommandParser) -> None:
    parser.add_argument("organization", help="its number, as in the admin's addresses, or its name")
    parser.add_argument("number", metavar="employee_number", help="the person's, as payroll knows it")


def find(organization: str, number: str) -> Subject:
    """Raises CommandError with the words that say what is wrong."""
    found = Organization.objects.filter(name=organization).first()
    if found is None and organization.isdecimal():
        found = Organization.objects.filter(pk=int(organization)).first()
    if found is None:
        raise CommandError(f"There is no organization {organization}.")
    try:
        return personal_data.find(found, number)
    except personal_data.NotHeld as error:
        raise CommandError(str(error)) from None


def operator() -> str:
    """For the audit trail: the account of the machine that runs the command."""
    try:
        return f"{getpass.getuser()} (command line)"
    except (KeyError, OSError):
        return "command line"
