from __future__ import annotations

import re
from typing import Any

import django_filters as filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

from positions.api.fields import Day, moment_of
from positions.api.schema import HIGHEST_ID
from positions.models import ContractType, Employee, Position
from positions.models.words import matching


class DayField(forms.CharField):
    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        try:
            return Day().to_internal_value(text)
        except Exception as error:
            raise ValidationError(str(error.detail[0]), "invalid") from None  # type: ignore[attr-defined]


@extend_schema_field(OpenApiTypes.DATE)
class DayFilter(filters.Filter):
    """A day as 2026-03-01."""

    field_class = DayField


class MomentField(forms.CharField):
    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        try:
            # A “+” that was not escaped in the address arrives as a space.
            return moment_of(text.replace(" ", "+"))
        except Exception as error:
            raise ValidationError(str(error.detail[0]), "invalid") from None  # type: ignore[attr-defined]


@extend_schema_field(OpenApiTypes.DATETIME)
class MomentFilter(filters.Filter):
    """A moment as 2026-03-01T09:14:00Z; without an offset it is UTC."""

    field_class = MomentField


class IdField(forms.IntegerField):
    default_error_messages = {"invalid": "An id is a whole number."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=HIGHEST_ID, **kwargs)

    def to_python(self, value: Any) -> Any:
        # Python also reads 8_0 and the digits of other scripts.
        if isinstance(value, str) and value and not re.fullmatch(r"-?\d+", value.strip(), re.ASCII):
            raise ValidationError(self.error_messages["invalid"], "invalid")
        return super().to_python(value)


@extend_schema_field({"type": "integer", "format": "int64", "minimum": 1, "maximum": HIGHEST_ID})
class IdFilter(filters.Filter):
    field_class = IdField


class ChoiceFilter(filters.ChoiceFilter):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        allowed = ", ".join(value for value, _ in kwargs["choices"])
        self.extra["error_messages"] = {"invalid_choice": f"“%(value)s” is not one of: {allowed}."}


class EmployeeFilters(filters.FilterSet):
    search = filters.CharFilter(
        method="filter_search",
        help_text="Beginnings of the number, of names or of the e-mail address; case and accents do not matter.",
    )
    number = filters.CharFilter(help_text="The whole number.")
    email = filters.CharFilter(method="filter_email", help_text="The whole address; case does not matter.")
    external_id = filters.CharFilter(help_text="Your own id, whole.")
    company = IdFilter(field_name="company_id", help_text="Id of a company.")
    department = IdFilter(field_name="department_id", help_text="Id of a department.")
    updated_since = MomentFilter(
        field_name="updated_at", lookup_expr="gte", help_text="Changed here at this moment or later."
    )

    class Meta:
        model = Employee
        fields: list[str] = []

    def filter_search(self, queryset: QuerySet, name: str, text: str) -> QuerySet:
        return queryset.filter(matching(text, [self.request.auth.organization_id]))

    def filter_email(self, queryset: QuerySet, name: str, text: str) -> QuerySet:
        # The index leaves a few, of which only the same address is meant.
        return self.filter_search(queryset, name, text).filter(email__iexact=text)


class PositionFilters(filters.FilterSet):
    employee = IdFilter(field_name="employee_id", help_text="Id of an employee.")
    employee_number = filters.CharFilter(field_name="employee__number", help_text="The whole number of an employee.")
    external_id = filters.CharFilter(help_text="Your own id, whole.")
    contract_type = ChoiceFilter(choices=ContractType.choices, help_text="The kind of contract.")
    active_on = DayFilter(method="filter_active_on", help_text="Positions that run on this day.")
    start_date_from = DayFilter(field_name="start_date", lookup_expr="gte", help_text="Begins on this day or later.")
    start_date_to = DayFilter(field_name="start_date", lookup_expr="lte", help_text="Begins on this day or earlier.")
    end_date_from = DayFilter(field_name="end_date", lookup_expr="gte", help_text="Open positions have no end date.")
    end_date_to = DayFilter(field_name="end_date", lookup_expr="lte", help_text="Open positions have no end date.")
    company = IdFilter(field_name="company_id", help_text="Id of a company.")
    department = IdFilter(field_name="department_id", help_text="Id of a department.")
    updated_since = MomentFilter(
        field_name="updated_at", lookup_expr="gte", help_text="Changed here at this moment or later."
    )

    class Meta:
        model = Position
        fields: list[str] = []

    def filter_active_on(self, queryset: QuerySet, name: str, day: Any) -> QuerySet:
        return queryset.filter(Q(end_date=None) | Q(end_date__gte=day), start_date__lte=day)
