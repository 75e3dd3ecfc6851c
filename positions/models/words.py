from __future__ import annotations

from collections.abc import Collection
from typing import Any, Protocol

from django.db import models

from positions.folding import LONGEST, terms, words
from positions.models.organization import Organization

# The fields of an employee that people search by. Never the national id.
MARKS = ("number", "first_name", "last_name", "email", "external_id")


class Searched(Protocol):
    """An employee, as far as it is searched for."""

    pk: int
    organization_id: int
    number: str
    first_name: str
    last_name: str
    email: str
    external_id: str


class FoldedField(models.CharField):
    """Compared byte by byte on either database: only so does an index find what begins with something."""

    def db_parameters(self, connection: Any) -> Any:
        found = super().db_parameters(connection)
        return {**found, "collation": "C"} if connection.vendor == "postgresql" else found


class EmployeeWord(models.Model):
    """One word under which an employee is found (positions/folding.py). Kept by every way of saving employees."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+", db_index=False)
    employee = models.ForeignKey("positions.Employee", on_delete=models.CASCADE, related_name="+")
    word = FoldedField(max_length=LONGEST)

    class Meta:
        indexes = [models.Index(fields=["organization", "word", "employee"], name="employee_word_found")]

    def __str__(self) -> str:
        return self.word


def words_of(employee: Searched) -> set[str]:
    names = (employee.number, employee.first_name, employee.last_name, employee.external_id)
    return words(*names, email=employee.email)


def keep_words(employees: Collection[Searched], new: bool = False) -> None:
    """Their words as they are now. `new` ones have none yet."""
    wanted = {(employee.pk, word): employee for employee in employees for word in words_of(employee)}
    stale: list[int] = []
    if not new:
        held = EmployeeWord.objects.filter(employee__in=[employee.pk for employee in employees])
        for key, employee, word in held.values_list("pk", "employee", "word"):
            if wanted.pop((employee, word), None) is None:
                stale.append(key)
    if stale:
        EmployeeWord.objects.filter(pk__in=stale).delete()
    EmployeeWord.objects.bulk_create(
        [
            EmployeeWord(organization_id=e.organization_id, employee_id=e.pk, word=word)
            for (_, word), e in wanted.items()
        ],
        batch_size=2000,
    )


def matching(text: str, organizations: Collection[int] | None, key: str = "pk") -> models.Q:
    """Of employees (or of rows that hold an employee's key as `key`) who are in these organizations (None: in any) and
    of whom each word of the text begins one. An index finds them, however many people there are."""
    found = models.Q()
    for term in terms(text):
        found &= models.Q(**{f"{key}__in": _employees(term, organizations)})
    return found


def _employees(term: str, organizations: Collection[int] | None) -> models.QuerySet:
    where: Any = Organization.objects.values("pk") if organizations is None else list(organizations)
    # No character comes behind this one.
    between = {"word__gte": term, "word__lt": f"{term}\U0010ffff"}
    return EmployeeWord.objects.filter(organization__in=where, **between).values("employee")
