from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from positions.models.base import ErrorsAtFields, Tracked
from positions.models.organization import Organization
from positions.models.text import Line


class Company(Tracked, ErrorsAtFields):
    """A legal entity or sub-unit of an organization, with the number it has in the country's register."""

    organization = models.ForeignKey(
        Organization, verbose_name=_("organization"), on_delete=models.CASCADE, related_name="companies"
    )
    name = Line(_("name"), max_length=120)
    organization_number = Line(
        _("organization number"),
        max_length=20,
        blank=True,
        help_text=_("As the authorities write it: 974760673, 556123-4567, 1234567-8."),
    )
    external_id = Line(
        _("external id"), max_length=120, blank=True, default="", db_default="", help_text=_("The API client's own id.")
    )

    class Meta:
        ordering = ["name"]
        verbose_name, verbose_name_plural = _("company"), _("companies")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "name"],
                name="company_name_once",
                violation_error_message=_("Another company of this organization has this name."),
            ),
            models.UniqueConstraint(
                fields=["organization", "external_id"],
                condition=~models.Q(external_id=""),
                name="company_external_id_once",
                violation_error_message=_("Another company of this organization has this external id."),
            ),
        ]

    TRACKED = ("name", "organization_number")

    def __str__(self) -> str:
        return self.name


class Department(Tracked, ErrorsAtFields):
    organization = models.ForeignKey(
        Organization, verbose_name=_("organization"), on_delete=models.CASCADE, related_name="departments"
    )
    code = Line(_("code"), max_length=20, help_text=_("The code that payroll knows the department by."))
    name = Line(_("name"), max_length=120, blank=True)
    external_id = Line(
        _("external id"), max_length=120, blank=True, default="", db_default="", help_text=_("The API client's own id.")
    )

    class Meta:
        ordering = ["code"]
        verbose_name, verbose_name_plural = _("department"), _("departments")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "code"],
                name="department_code_once",
                violation_error_message=_("Another department of this organization has this code."),
            ),
            models.UniqueConstraint(
                fields=["organization", "external_id"],
                condition=~models.Q(external_id=""),
                name="department_external_id_once",
                violation_error_message=_("Another department of this organization has this external id."),
            ),
        ]

    TRACKED = ("code", "name")

    def __str__(self) -> str:
        return f"{self.code} {self.name}".strip()
