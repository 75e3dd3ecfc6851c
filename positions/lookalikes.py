"""Whose employee number, e-mail address or national id somebody else's of the same organization looks like: it may be a
slip, or the same person entered twice. Nobody's national id is told."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.db.models import Case, IntegerField, Q, Value, When
from django.utils.translation import gettext as _

from positions.folding import LONGEST, fold
from positions.models import Employee, EmployeeWord

_MOST = 3  # are named
_COMPARED = 2000  # national ids: each is decrypted for it
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


def of_the_same_national_id(employee: Employee, typed: str) -> list[str]:
    """A sentence for each who has the national id that was typed; in one query. They are stored encrypted, so that they
    are compared one by one: those of whoever was born on the same day first, and not more than can be waited for."""
    if employee.organization_id is None or not _plain(typed):
        return []
    same_day = When(birth_date=employee.birth_date, then=Value(0)) if employee.birth_date else None
    first = Case(*filter(None, [same_day]), default=Value(1), output_field=IntegerField())
    others = Employee.objects.filter(organization=employee.organization_id).exclude(national_id="")
    rows = others.exclude(pk=employee.pk).only("first_name", "last_name", "number", "national_id").order_by(first, "pk")
    alike = (other for other in rows[:_COMPARED] if _plain(other.national_id) == _plain(typed))
    return [_("%(who)s has this national id.") % {"who": other} for other in alike][:_MOST]


def _plain(national_id: str) -> str:
    """As it is compared: Swedish ones come with and without the century."""
    bare = re.sub(r"[\s\-+]", "", national_id).upper()
    return bare[-10:] if len(bare) == 12 else bare
