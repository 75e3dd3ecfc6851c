from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from positions import dates
from positions.encryption import EncryptedTextField
from positions.models.base import ErrorsAtFields, Tracked
from positions.models.company import Company, Department
from positions.models.organization import Organization
from positions.models.text import Email, Line
from positions.models.words import MARKS, keep_words, matching


class EmployeeQuerySet(models.QuerySet["Employee"]):
    def search(self, text: str, organizations: Collection[int] | None) -> EmployeeQuerySet:
        """Those of these organizations (None: of all) of whom each word of the text begins a word: of the number, a
        name, the e-mail address or the external id, whatever its case and accents."""
        return self.filter(matching(text, organizations))

    # What is saved without `save` keeps the words of the search too.

    def bulk_create(self, objs: Any, *args: Any, **kwargs: Any) -> Any:
        with transaction.atomic(using=self.db):
            made = super().bulk_create(objs, *args, **kwargs)
            keep_words(made, new=True)
        return made

    def bulk_update(self, objs: Any, fields: Any, *args: Any, **kwargs: Any) -> int:
        objs = list(objs)
        with transaction.atomic(using=self.db):
            number = super().bulk_update(objs, fields, *args, **kwargs)
            if not set(fields).isdisjoint(MARKS):
                keep_words(objs)
        return number

    def update(self, **values: Any) -> int:
        if set(values).isdisjoint(MARKS):
            return super().update(**values)
        with transaction.atomic(using=self.db):
            keys = list(self.values_list("pk", flat=True))
            number = super().update(**values)
            keep_words(list(self.model._base_manager.filter(pk__in=keys).only("organization", *MARKS)))
        return number


class Employee(Tracked, ErrorsAtFields):
    organization = models.ForeignKey(
        Organization, verbose_name=_("organization"), on_delete=models.CASCADE, related_name="employees"
    )
    number = Line(_("employee number"), max_length=30, help_text=_("The number that payroll knows the person by."))
    first_name = Line(_("first name"), max_length=80)
    last_name = Line(_("last name"), max_length=80)
    email = Email(_("e-mail"), blank=True)
    birth_date = models.DateField(_("birth date"), null=True, blank=True)
    national_id = EncryptedTextField(
        _("national id"),
        blank=True,
        default="",
        help_text=_("Encrypted. Used only to find the person in a target system."),
    )
    company = models.ForeignKey(
        Company,
        verbose_name=_("company"),
        on_delete=models.RESTRICT,
        null=True,
        blank=True,
        related_name="employees",
        help_text=_("New positions are given this company. Those that exist keep theirs."),
    )
    department = models.ForeignKey(
        Department,
        verbose_name=_("department"),
        on_delete=models.RESTRICT,
        null=True,
        blank=True,
        related_name="employees",
    )
    manager = models.ForeignKey(
        "self", verbose_name=_("manager"), on_delete=models.SET_NULL, null=True, blank=True, related_name="reports"
    )
    external_id = Line(_("external id"), max_length=120, blank=True, help_text=_("The API client's own id."))
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    objects = EmployeeQuerySet.as_manager()

    class Meta:
        ordering = ["last_name", "first_name", "number"]
        verbose_name, verbose_name_plural = _("employee"), _("employees")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "number"],
                name="employee_number_once",
                violation_error_message=_("Another employee of this organization has this number."),
            ),
            models.UniqueConstraint(
                fields=["organization", "external_id"],
                condition=~models.Q(external_id=""),
                name="employee_external_id_once",
                violation_error_message=_("Another employee of this organization has this external id."),
            ),
        ]
        indexes = [models.Index(fields=["organization", "last_name", "first_name", "number"], name="employee_by_name")]

    # What goes along with positions of this person, or of those who report to them.
    TRACKED = ("number", "first_name", "last_name", "email", "company_id", "department_id", "manager_id")

    def __str__(self) -> str:
        return f"{self.name} ({self.number})"

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"

    def clean(self) -> None:
        errors: dict[str, str] = {}
        for name in ("company", "department", "manager"):
            related = getattr(self, name)
            if related is not None and related.organization_id != self.organization_id:
                errors[name] = self.of_another(name)
        if self.manager_id is not None and self.manager_id == self.pk:
            errors["manager"] = gettext("Nobody is their own manager.")
        if self.birth_date is not None and (wrong := dates.odd_birth(self.birth_date, timezone.now().date())):
            errors["birth_date"] = wrong
        if errors:
            raise ValidationError(errors)


@receiver(post_save, sender=Employee, dispatch_uid="positions.words")
def keep_words_of(instance: Employee, created: bool, update_fields: Collection[str] | None, **kwargs: Any) -> None:
    if update_fields is None or not set(update_fields).isdisjoint(MARKS):
        keep_words([instance], new=created)
