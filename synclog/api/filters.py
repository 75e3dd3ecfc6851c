from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError

from positions.api.filters import RANGE, ChoiceFilter, Filters, IdFilter, MomentFilter, TextFilter
from positions.api.names import unknown
from synclog.log.causes import causes
from synclog.models import Job


def known_cause(code: str) -> None:
    """A validator: a misspelt cause would find nothing, and look like good news."""
    if code not in causes():
        raise ValidationError(unknown(code, causes(), "cause", listed=False), "unknown_cause")


class CauseField(forms.CharField):
    default_validators = [known_cause]


class CauseFilter(TextFilter):
    """A cause's code."""

    field_class = CauseField


class JobFilters(Filters):
    id = IdFilter(also=("in",), alone=True, help_text="Our id.")
    state = ChoiceFilter(choices=Job.State.choices, also=("in",), help_text="How far they are.")
    cause = CauseFilter(also=("in",), help_text="A cause's code: `missing_required_field`.")
    action = ChoiceFilter(choices=Job.Action.choices, also=("in",), help_text="What is done there.")
    integration = IdFilter(field_name="integration_id", also=("in",), help_text="Id of an integration.")
    employee = IdFilter(field_name="employee_key", also=("in",), help_text="Id of an employee.")
    position = IdFilter(field_name="position_key", also=("in",), help_text="Id of a position.")
    since = MomentFilter(field_name="changed_at", lookup_expr="gte", help_text="Changed at this moment or later.")
    changed_at = MomentFilter(also=RANGE, alone=True, help_text="When its state last changed.")
    recorded_at = MomentFilter(also=RANGE, alone=True, help_text="When the newest change that it carries was made.")

    class Meta:
        model = Job
        fields: list[str] = []
