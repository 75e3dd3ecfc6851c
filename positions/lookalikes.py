"""Whose employee number or e-mail address somebody else's of the same organization looks like: it may be a slip, or the
same person entered twice. Never by the national id, which is stored encrypted and cannot be looked for."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q
from django.utils.translation import gettext as _

from positions.folding import LONGEST, fold
from positions.models import Employee, EmployeeWord

_MOST = 3  # are named
_DIGITS = 12  # a number is looked for with zeros before it up to so many


def lookalikes(employee: Employee) -> dict[str, list[str]]:
    """A sentence for each, by field; in one query. `employee` need not be saved."""
    if employee.organization_id is None:
        return {}
    numbers, address = set(_written_otherwise(employee.number)), fold(employee.email.strip())
    wanted = Q(number__in=numbers)
    if address:
        words = EmployeeWord.objects.filter(organization=employee.organization_id, word=address[:LONGEST])
        wanted |= Q(pk__in=words.values("employee"))
    others = Employee.objects.filter(wanted, organization=employee.organization_id).exclude(pk=employee.pk)
    found: dict[str, list[str]] = {"number": [], "email": []}
    for other in others.only("first_name", "last_name", "number", "email").order_by("pk")[: 2 * _MOST]:
        if other.number in numbers:
            found["number"].append(_("This looks like the number of %(who)s.") % {"who": other})
        if address and fold(other.email.strip()) == address:
            found["email"].append(_("%(who)s has this e-mail address.") % {"who": other})
    return {name: sentences[:_MOST] for name, sentences in found.items() if sentences}


def _written_otherwise(number: str) -> Iterator[str]:
    """The same with and without zeros before it, blanks, hyphens and capitals."""
    bare = "".join(number.split()).replace("-", "")
    for text in {number.strip(), bare}:
        yield from {text, text.upper(), text.lower()}
    digits = bare.lstrip("0")
    if digits.isascii() and digits.isdecimal():
        yield from (digits.rjust(length, "0") for length in range(len(digits), _DIGITS + 1))
