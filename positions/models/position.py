from __future__ import annotations

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from positions import dates, periods, terms
from positions.models.base import ErrorsAtFields
from positions.models.company import Company
from positions.models.dating import ByDay
from positions.models.employee import Employee
from positions.models.text import Line, Lines


class EndReason(models.TextChoices):
    RESIGNED = "resigned", _("Resigned")
    DISMISSED = "dismissed", pgettext_lazy("end reason", "Dismissed")
    CONTRACT_ENDED = "contract_ended", _("Contract ended")
    MUTUAL_AGREEMENT = "mutual_agreement", _("Mutual agreement")
    RETIREMENT = "retirement", _("Retirement")
    INTERNAL_TRANSFER = "internal_transfer", _("Internal transfer")
    PAYROLL_SYSTEM_CHANGE = "payroll_system_change", _("Payroll system change")
    OTHER = "other", _("Other")


class Position(ByDay, ErrorsAtFields):
    """One period of employment. Dates are whole days; an empty end date means open."""

    employee = models.ForeignKey(
        Employee, verbose_name=_("employee"), on_delete=models.CASCADE, related_name="positions"
    )
    company = models.ForeignKey(
        Company,
        verbose_name=_("company"),
        on_delete=models.RESTRICT,
        null=True,
        blank=True,
        related_name="positions",
        help_text=_("The employer. Left empty on a new position: the employee's company."),
    )
    start_date = models.DateField(_("contract start date"))
    end_date = models.DateField(
        _("contract end date"), null=True, blank=True, help_text=_("The last day. Empty: open.")
    )
    end_reason = models.CharField(_("end reason"), max_length=30, choices=EndReason, blank=True)
    first_day_of_work = models.DateField(_("first day of work"), null=True, blank=True)
    last_day_of_work = models.DateField(_("last day of work"), null=True, blank=True)
    probation_end = models.DateField(_("probation end"), null=True, blank=True)
    notice_date = models.DateField(
        _("notice date"), null=True, blank=True, help_text=_("The day on which notice was given.")
    )
    note = Lines(_("note"), blank=True, help_text=_("Never sent anywhere."))
    external_id = Line(_("external id"), max_length=120, blank=True, help_text=_("The API client's own id."))
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    class Meta:
        ordering = ["employee", "start_date", "pk"]
        verbose_name, verbose_name_plural = _("position"), _("positions")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(end_date__isnull=True) | models.Q(end_date__gte=models.F("start_date")),
                name="position_end_not_before_start",
                violation_error_message=_("The end date is before the start date."),
            ),
            models.CheckConstraint(
                condition=models.Q(percentage__gte=0, percentage__lte=100), name="position_percentage_range"
            ),
            models.UniqueConstraint(
                fields=["employee", "external_id"],
                condition=~models.Q(external_id=""),
                name="position_external_id_once",
                violation_error_message=_("Another position of this employee has this external id."),
            ),
        ]
        indexes = [
            models.Index(fields=["employee", "start_date"], name="position_by_start"),
            models.Index(fields=["external_id"], name="position_by_external_id"),
        ]

    # The fields whose change is a change of the position; what an instance was loaded with tells what changed.
    TRACKED = (
        "employee_id", "title", "company_id", "start_date", "end_date", "end_reason", "contract_type", "percentage",
        "weekly_hours", "occupation_code", "working_hours_scheme", "remuneration_type", "department_id", "cost_centre",
        "first_day_of_work", "last_day_of_work", "probation_end", "notice_date", "note", "external_id",
    )  # fmt: skip
    HERE_ONLY = frozenset({"note", "external_id"})
    # Of those, what holds from a day on, and may hold otherwise on others (positions/terms.py).
    TERMS = terms.TERMS

    def __str__(self) -> str:
        return f"{self.title}, {dates.span(self.start_date, self.end_date)}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Does nothing when nothing is changed: the row keeps its `updated_at`, and nobody is told. A change of terms
        counts as `counting` says."""
        with transaction.atomic():
            if self._state.adding:
                self.fill_in()
            if self._state.adding or kwargs.get("force_insert") or not self._is_stored(kwargs):
                super().save(*args, **kwargs)
        self.counting = self.dated = self.moved = None
        self.named = frozenset()

    def _is_stored(self, kwargs: dict[str, Any]) -> bool:
        """Whether a save with these arguments, which are completed, would change nothing."""
        only = kwargs.get("update_fields")
        if not self.concerns_others(only):
            Position.look_again([self])
        besides = Position.give_days([self], only)
        if only is None:
            return self.changed_fields() == []
        kwargs["update_fields"] = {*only, *besides, *(["updated_at"] if self.dated else [])}
        return False

    def fill_in(self) -> None:
        """What a new position has of its employee unless something else was chosen."""
        if self.company_id is None and self.employee_id is not None:
            self.company_id = self.employee.company_id

    def status(self, today: date) -> str:
        return periods.status(self.start_date, self.end_date, today)

    def clean(self) -> None:
        errors = dates.problems(
            start=self.start_date,
            end=self.end_date,
            has_end_reason=bool(self.end_reason),
            first_day_of_work=self.first_day_of_work,
            last_day_of_work=self.last_day_of_work,
            probation_end=self.probation_end,
            notice_date=self.notice_date,
        )
        if self.employee_id is not None:
            for name in ("company", "department"):
                related = getattr(self, name)
                if related is not None and related.organization_id != self.employee.organization_id:
                    errors[name] = self.of_another(name)
        errors |= self._counting_problems()
        if errors:
            raise ValidationError(errors)

    def _counting_problems(self) -> dict[str, str]:
        if self.counting is None:
            return {}
        if self._state.adding:
            field = "effective_from" if isinstance(self.counting, terms.FromDay) else "correction"
            return {field: gettext("What a new position is made with holds from its first day. Leave this out.")}
        if not isinstance(self.counting, terms.FromDay) or self.start_date is None:
            return {}
        wrong = terms.outside(self.counting.day, self.start_date, self.end_date)
        return {"effective_from": wrong} if wrong else {}
