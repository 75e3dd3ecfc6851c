from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet

from integrations.sdk.fields import FIELDS
from positions.api.filters import RANGE, ChoiceFilter, Filters, IdFilter, MomentFilter, TextFilter
from positions.api.names import unknown
from synclog.log.causes import causes
from synclog.models import Batch, BatchError, Event, Job


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
    field = ChoiceFilter(choices=[(f.key, f.label) for f in FIELDS], help_text="Our name of the field to be mended.")
    action = ChoiceFilter(choices=Job.Action.choices, also=("in",), help_text="What is done there.")
    integration = IdFilter(field_name="integration_id", also=("in",), help_text="Id of an integration.")
    employee = IdFilter(field_name="employee_key", also=("in",), help_text="Id of an employee.")
    position = IdFilter(field_name="position_key", also=("in",), help_text="Id of a position.")
    request_id = TextFilter(
        help_text="What this request caused (its X-Request-ID), unless it was changed or sent again since."
    )
    since = MomentFilter(field_name="changed_at", lookup_expr="gte", help_text="Changed at this moment or later.")
    changed_at = MomentFilter(also=RANGE, alone=True, help_text="When its state last changed.")
    recorded_at = MomentFilter(also=RANGE, alone=True, help_text="When the newest change that it carries was made.")

    class Meta:
        model = Job
        fields: list[str] = []


_BATCH_STATES = {
    Batch.State.WORKING.value: Q(done_at=None),
    Batch.State.DONE.value: Q(done_at__isnull=False, cancelled_by=""),
    Batch.State.CANCELLED.value: Q(done_at__isnull=False) & ~Q(cancelled_by=""),
}


class BatchFilters(Filters):
    state = ChoiceFilter(choices=Batch.State.choices, method="filter_state", help_text="How far they are.")
    action = ChoiceFilter(choices=Batch.Action.choices, help_text="What is done.")
    request_id = TextFilter(help_text="What this request asked for (its X-Request-ID).")

    class Meta:
        model = Batch
        fields: list[str] = []

    def filter_state(self, queryset: QuerySet, name: str, state: Any) -> QuerySet:
        return queryset.filter(_BATCH_STATES[state])


class BatchErrorFilters(Filters):
    cause = CauseFilter(help_text="A cause's code: `missing_required_field`.")
    employee = IdFilter(field_name="employee_key", help_text="Id of an employee.")

    class Meta:
        model = BatchError
        fields: list[str] = []


class EventFilters(Filters):
    integration = IdFilter(field_name="integration_id", help_text="Id of an integration.")
    kind = ChoiceFilter(choices=Event.Kind.choices, also=("in",), help_text="What happened.")
    since = MomentFilter(field_name="at", lookup_expr="gte", help_text="At this moment or later.")
    at = MomentFilter(also=RANGE, alone=True, help_text="When.")

    class Meta:
        model = Event
        fields: list[str] = []
