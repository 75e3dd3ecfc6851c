from __future__ import annotations

import django_filters as filters
from django import forms
from django.core.exceptions import ValidationError

from positions.api.base import unknown
from positions.api.filters import ChoiceFilter, IdFilter, MomentFilter
from synclog.log.causes import causes
from synclog.models import Job


def known_cause(code: str) -> None:
    """A validator: a misspelt cause would find nothing, and look like good news."""
    if code not in causes():
        raise ValidationError(unknown(code, causes(), "cause", listed=False), "unknown_cause")


class CauseField(forms.CharField):
    default_validators = [known_cause]


class CauseFilter(filters.CharFilter):
    """A cause's code."""

    field_class = CauseField


class JobFilters(filters.FilterSet):
    state = ChoiceFilter(choices=Job.State.choices, help_text="How far they are.")
    cause = CauseFilter(help_text="A cause's code: `missing_required_field`.")
    action = ChoiceFilter(choices=Job.Action.choices, help_text="What is done there.")
    integration = IdFilter(field_name="integration_id", help_text="Id of an integration.")
    employee = IdFilter(field_name="employee_key", help_text="Id of an employee.")
    position = IdFilter(field_name="position_key", help_text="Id of a position.")
    since = MomentFilter(field_name="changed_at", lookup_expr="gte", help_text="Changed at this moment or later.")

    class Meta:
        model = Job
        fields: list[str] = []
