"""What jobs, batches, events and retroactive changes may be narrowed by."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

from integrations.sdk.fields import FIELDS
from positions.api.filters import RANGE, Also, ChoiceFilter, Filters, IdFilter, MomentFilter, TextFilter
from positions.api.names import unknown
from synclog.log.causes import causes
from synclog.models import Batch, BatchError, Event, Job, JobQuerySet, RetroChange


def known_cause(code: str) -> None:
    """A validator: a misspelt cause would find nothing, and look like good news."""
    if code not in causes():
        raise ValidationError(unknown(code, causes(), "cause", listed=False), "unknown_cause")


class CauseField(forms.CharField):
    default_validators = [known_cause]


class CauseFilter(TextFilter):
    """A cause's code."""

    field_class = CauseField


class JobCauseFilter(CauseFilter):
    """A cause's code, as the jobs tell it."""

    def filter(self, queryset: JobQuerySet, value: Any) -> QuerySet:
        return super().filter(queryset.by_cause(timezone.now()) if value else queryset, value)


class SwitchField(forms.Field):
    def to_python(self, value: Any) -> bool | None:
        text = "" if value is None else str(value)
        if text not in ("", "true", "false"):
            raise ValidationError(_("Write true or false."), "invalid")
        return {"true": True, "false": False}.get(text)


@extend_schema_field(OpenApiTypes.BOOL)
class SwitchFilter(Also):
    """true or false."""

    field_class = SwitchField


class JobFilters(Filters):
    id = IdFilter(also=("in",), alone=True, help_text="Our id.")
    state = ChoiceFilter(choices=Job.State.choices, also=("in",), help_text="How far they are.")
    cause = JobCauseFilter(also=("in",), help_text="A cause's code: `missing_required_field`.")
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
    after_cutoff = SwitchFilter(
        method="filter_after_cutoff", help_text="Whether their newest change was saved after the payroll cut-off."
    )
    held = SwitchFilter(method="filter_held", help_text="Whether the payroll cut-off holds them now.")
    retro = SwitchFilter(help_text="Whether a change that they carry is about days before the payroll cut-off.")

    class Meta:
        model = Job
        fields: list[str] = []

    def filter_after_cutoff(self, queryset: QuerySet, name: str, after: bool) -> QuerySet:
        return queryset.filter(cutoff_at__isnull=not after)

    def filter_held(self, queryset: QuerySet, name: str, held: bool) -> QuerySet:
        now = Job.objects.held(timezone.now()).order_by().values("pk")
        return queryset.filter(pk__in=now) if held else queryset.exclude(pk__in=now)


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


class RetroFilters(Filters):
    integration = IdFilter(field_name="integration_id", also=("in",), help_text="Id of an integration.")
    employee = IdFilter(field_name="employee_key", also=("in",), help_text="Id of an employee.")
    position = IdFilter(field_name="position_key", also=("in",), help_text="Id of a position.")
    kind = ChoiceFilter(choices=RetroChange.Kind.choices, also=("in",), help_text="What was done.")
    cutoff_at = MomentFilter(also=RANGE, help_text="The cut-off after which it was saved.")
    saved_at = MomentFilter(also=RANGE, alone=True, help_text="When it was saved.")

    class Meta:
        model = RetroChange
        fields: list[str] = []


class EventFilters(Filters):
    integration = IdFilter(field_name="integration_id", help_text="Id of an integration.")
    kind = ChoiceFilter(choices=Event.Kind.choices, also=("in",), help_text="What happened.")
    since = MomentFilter(field_name="at", lookup_expr="gte", help_text="At this moment or later.")
    at = MomentFilter(also=RANGE, alone=True, help_text="When.")

    class Meta:
        model = Event
        fields: list[str] = []
