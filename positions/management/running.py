"""Who runs a command, and for which organization."""

from __future__ import annotations

import getpass

from django.core.management.base import CommandError

from positions.models import Organization

ORGANIZATION = "its number, as in the admin's addresses, or its name"


def organization_of(given: str) -> Organization:
    """By name, else by number. Raises CommandError with the words that say what is wrong."""
    found = Organization.objects.filter(name=given).first()
    if found is None and given.isdecimal():
        found = Organization.objects.filter(pk=int(given)).first()
    if found is None:
        raise CommandError(f"There is no organization {given}.")
    return found


def operator() -> str:
    """For the audit trail: the account of the machine that runs the command."""
    try:
        return f"{getpass.getuser()} (command line)"
    except (KeyError, OSError):
        return "command line"
