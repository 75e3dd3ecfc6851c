"""Filters of lists. A filter that names `also` is there with these lookups, too: `start_date`, and
`start_date__gte`."""

from __future__ import annotations

import copy
import re
from collections.abc import Collection, Iterator
from typing import Any

import django_filters as filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_filters.fields import BaseCSVField
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

from positions.api.fields import Day, moment_of
from positions.api.schema import HIGHEST_ID, MOST_VALUES
from positions.folding import MOST_SOUGHT, sought
from positions.models import ContractType, Employee, Position
from positions.models.words import matching
from positions.text import plain_number

RANGE = ("gt", "gte", "lt", "lte")
_WORDS = {
    "gt": "greater or later than this",
    "gte": "this, or greater or later",
    "lt": "less or earlier than this",
    "lte": "this, or less or earlier",
    "in": f"one of these, with commas between them, {MOST_VALUES} at most",
}


class Also(filters.Filter):
    """Mix in first. `also`: more lookups under which this filter is there; `alone`: without one it is not."""

    def __init__(self, *args: Any, also: Collection[str] = (), alone: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.also, self.alone = also, alone

    def named(self, name: str) -> Iterator[tuple[str, filters.Filter]]:
        if not self.alone:
            yield name, self
        for lookup in self.also:
            words = f"{self.extra['help_text'].removesuffix('.')}: {_WORDS[lookup]}."
            extra = {**self.extra, "help_text": words}
            made: filters.Filter
            if lookup == "in":
                made = type(f"{type(self).__name__}In", (SeveralFilter, type(self)), {})(
                    field_name=self.field_name or name, **extra
                )
            else:
                made = copy.copy(self)
                made.extra, made.lookup_expr, made.field_name = extra, lookup, self.field_name or name
            made.also, made.alone = (), False
            yield f"{name}__{lookup}", made


class SeveralField(BaseCSVField):
    def clean(self, value: Any) -> Any:
        if value is not None and len(value) > MOST_VALUES:
            raise ValidationError(_("Send at most {most_values} values.").format(most_values=MOST_VALUES), "max_length")
        if value is not None and not all(one.strip() for one in value):
            raise ValidationError(_("A value between the commas is empty."), "empty")
        return super().clean(value)


class SeveralFilter(filters.BaseInFilter):
    base_field_class = SeveralField


class Filters(filters.FilterSet):
    """The base of every set of filters of the API."""

    @classmethod
    def get_filters(cls) -> dict[str, filters.Filter]:
        found: dict[str, filters.Filter] = {}
        for name, one in super().get_filters().items():
            found.update(one.named(name) if isinstance(one, Also) else [(name, one)])
        return found


class TextFilter(Also, filters.CharFilter):
    pass


class SearchField(forms.CharField):
    def validate(self, value: Any) -> None:
        super().validate(value)
        if len(value.split()) > MOST_SOUGHT:
            raise ValidationError(_("At most ten words are searched for."), "max_length")


class SearchFilter(filters.CharFilter):
    """Words that are searched for."""

    field_class = SearchField


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
class DayFilter(Also):
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
class MomentFilter(Also):
    """A moment as 2026-03-01T09:14:00Z; without an offset it is UTC."""

    field_class = MomentField


class IdField(forms.IntegerField):
    default_error_messages = {"invalid": gettext_lazy("An id is a whole number.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=HIGHEST_ID, **kwargs)

    def to_python(self, value: Any) -> Any:
        # Python also reads 8_0 and the digits of other scripts.
        if isinstance(value, str) and value and not re.fullmatch(r"-?\d+", value.strip(), re.ASCII):
            raise ValidationError(self.error_messages["invalid"], "invalid")
        return super().to_python(value)


@extend_schema_field({"type": "integer", "format": "int64", "minimum": 1, "maximum": HIGHEST_ID})
class IdFilter(Also):
    field_class = IdField


class ChoiceFilter(Also, filters.ChoiceFilter):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        allowed = ", ".join(value for value, _ in kwargs["choices"])
        self.extra["error_messages"] = {
            "invalid_choice": format_lazy(gettext_lazy("“%(value)s” is not one of: {choices}."), choices=allowed)
        }


class NumberField(forms.CharField):
    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        number = plain_number(text)
        if number is None or not 0 <= number < 1000 or number != round(number, 2):
            raise ValidationError(_("Write a number such as 80 or 37.5."), "invalid")
        return number


@extend_schema_field({"type": "string", "format": "decimal", "pattern": r"^\d{1,3}(\.\d{1,2})?$"})
class NumberFilter(Also):
    """A number of up to three digits and two decimals, as 80 or 37.5."""

    field_class = NumberField


class EmployeeFilters(Filters):
    search = SearchFilter(
        method="filter_search",
        help_text="Beginnings of the number, of names, of the e-mail address or of your own id, ten words at most; "
        "case and accents do not matter.",
    )
    id = IdFilter(also=("in",), alone=True, help_text="Our id.")
    number = TextFilter(also=("in",), help_text="The whole number.")
    email = SearchFilter(method="filter_email", help_text="The whole address; case does not matter.")
    external_id = TextFilter(also=("in",), help_text="Your own id, whole.")
    company = IdFilter(field_name="company_id", also=("in",), help_text="Id of a company.")
    department = IdFilter(field_name="department_id", also=("in",), help_text="Id of a department.")
    manager = IdFilter(field_name="manager_id", also=("in",), help_text="Id of another employee.")
    updated_since = MomentFilter(
        field_name="updated_at", lookup_expr="gte", help_text="Changed here at this moment or later."
    )
    created_at = MomentFilter(also=RANGE, alone=True, help_text="When it was made here.")
    updated_at = MomentFilter(also=RANGE, alone=True, help_text="When it was last changed here.")

    class Meta:
        model = Employee
        fields: list[str] = []

    def filter_search(self, queryset: QuerySet, name: str, text: str) -> QuerySet:
        return queryset.filter(matching(text, [self.request.auth.organization.pk]))

    def filter_email(self, queryset: QuerySet, name: str, text: str) -> QuerySet:
        # The index leaves a few, of which only the same address is meant.
        return self.filter_search(queryset, name, text).filter(email__iexact=text)


class PositionFilters(Filters):
    search = SearchFilter(
        method="filter_search",
        help_text="At most ten words, each of which stands in the title or the external id, or begins a name, the "
        "number, the e-mail address or your own id of the employee (where accents do not matter).",
    )
    id = IdFilter(also=("in",), alone=True, help_text="Our id.")
    employee = IdFilter(field_name="employee_id", also=("in",), help_text="Id of an employee.")
    employee_number = TextFilter(
        field_name="employee__number", also=("in",), help_text="The whole number of an employee."
    )
    external_id = TextFilter(also=("in",), help_text="Your own id, whole.")
    contract_type = ChoiceFilter(choices=ContractType.choices, also=("in",), help_text="The kind of contract.")
    active_on = DayFilter(method="filter_active_on", help_text="Positions that run on this day.")
    start_date = DayFilter(also=RANGE, help_text="The first day.")
    start_date_from = DayFilter(field_name="start_date", lookup_expr="gte", help_text="Begins on this day or later.")
    start_date_to = DayFilter(field_name="start_date", lookup_expr="lte", help_text="Begins on this day or earlier.")
    end_date = DayFilter(also=RANGE, help_text="The last day. Open positions have none.")
    end_date_from = DayFilter(field_name="end_date", lookup_expr="gte", help_text="Open positions have no end date.")
    end_date_to = DayFilter(field_name="end_date", lookup_expr="lte", help_text="Open positions have no end date.")
    percentage = NumberFilter(also=RANGE, help_text="The percentage.")
    weekly_hours = NumberFilter(also=RANGE, help_text="Hours in a week.")
    company = IdFilter(field_name="company_id", also=("in",), help_text="Id of a company.")
    department = IdFilter(field_name="department_id", also=("in",), help_text="Id of a department.")
    updated_since = MomentFilter(
        field_name="updated_at", lookup_expr="gte", help_text="Changed here at this moment or later."
    )
    created_at = MomentFilter(also=RANGE, alone=True, help_text="When it was made here.")
    updated_at = MomentFilter(also=RANGE, alone=True, help_text="When it was last changed here.")

    class Meta:
        model = Position
        fields: list[str] = []

    def filter_search(self, queryset: QuerySet, name: str, text: str) -> QuerySet:
        for word in sought(text):
            person = matching(word, [self.request.auth.organization.pk], "employee")
            queryset = queryset.filter(person | Q(title__icontains=word) | Q(external_id__icontains=word))
        return queryset

    def filter_active_on(self, queryset: QuerySet, name: str, day: Any) -> QuerySet:
        return queryset.filter(Q(end_date=None) | Q(end_date__gte=day), start_date__lte=day)
