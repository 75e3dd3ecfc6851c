"""Whoever is looked at by a question may be erased before what was found is stored, and nothing may come back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from django.db import models

from integrations.models import PeriodLink
from positions.models import Employee

R = TypeVar("R", bound=models.Model)


def of_people_still_held(integration: int, rows: Sequence[R]) -> list[R]:
    """Those of the rows that are about nobody, about somebody who is here, or about somebody of whose records there
    the connection knows. In a transaction, until whose end nobody of them is erased."""
    keys = {key for row in rows if (key := getattr(row, "employee_key", None)) is not None}
    people = Employee.objects.filter(pk__in=keys).order_by("pk").select_for_update(no_key=True)
    held = set(people.values_list("pk", flat=True))
    links = PeriodLink.objects.filter(integration=integration, employee_key__in=keys - held).order_by("pk")
    held |= set(links.select_for_update().values_list("employee_key", flat=True))
    return [row for row in rows if getattr(row, "employee_key", None) in {*held, None}]
