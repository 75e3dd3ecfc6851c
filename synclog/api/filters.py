from __future__ import annotations

import django_filters as filters

from positions.api.filters import ChoiceFilter, IdFilter, MomentFilter
from synclog.models import Job


class JobFilters(filters.FilterSet):
    state = ChoiceFilter(choices=Job.State.choices)
    cause = filters.CharFilter(help_text="A cause's code: `missing_required_field`.")
    action = ChoiceFilter(choices=Job.Action.choices)
    integration = IdFilter(field_name="integration_id")
    employee = IdFilter(field_name="employee_key")
    position = IdFilter(field_name="position_key")
    since = MomentFilter(field_name="changed_at", lookup_expr="gte", help_text="Changed at this moment or later.")

    class Meta:
        model = Job
        fields: list[str] = []
