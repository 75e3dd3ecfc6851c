from __future__ import annotations

from django.db import models

from positions.models.base import ErrorsAtFields, Tracked
from positions.models.organization import Organization
from positions.models.text import Line


class Company(Tracked, ErrorsAtFields):
    """A legal entity or sub-unit of an organization, with the number it has in the country's register."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="companies")
    name = Line(max_length=120)
    organization_number = Line(
        max_length=20, blank=True, help_text="As the authorities write it: 974760673, 556123-4567, 1234567-8."
    )

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "companies"
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "name"],
                name="company_name_once",
                violation_error_message="Another company of this organization has this name.",
            )
        ]

    TRACKED = ("name", "organization_number")

    def __str__(self) -> str:
        return self.name


class Department(Tracked, ErrorsAtFields):
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="departments")
    code = Line(max_length=20, help_text="The code that payroll knows the department by.")
    name = Line(max_length=120, blank=True)

    class Meta:
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "code"],
                name="department_code_once",
                violation_error_message="Another department of this organization has this code.",
            )
        ]

    TRACKED = ("code", "name")

    def __str__(self) -> str:
        return f"{self.code} {self.name}".strip()
