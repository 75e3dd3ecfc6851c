"""The filters of a list as an object in a body: the same names and the same rows, from the same declaration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import django_filters as filters
from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from positions.api.fields import Choice, Day, Id, Moment, StrictSerializer
from positions.api.filters import ChoiceFilter, DayFilter, IdFilter, MomentFilter
from synclog.api.filters import CauseFilter, known_cause


def filter_body(
    filterset: type[filters.FilterSet], name: str, about: str, **more: serializers.Field
) -> type[StrictSerializer]:
    """A serializer of this name with a field for each filter, none of which may be null or empty, and `more`."""
    fields = {key: _field(found) for key, found in filterset.base_filters.items()}
    return type(name, (StrictSerializer,), {"about": about, **fields, **more})


def narrowed(
    queryset: QuerySet, filterset: type[filters.FilterSet], wanted: Mapping[str, Any], request: Request
) -> Any:
    """The rows that a list with these filters would have. `wanted`: as `filter_body` has validated it."""
    chosen = filterset(data={}, queryset=queryset, request=request)
    for name, value in wanted.items():
        if name in chosen.filters:
            queryset = chosen.filters[name].filter(queryset, value)
    return queryset


_FIELDS: Mapping[type[filters.Filter], Callable[[filters.Filter], Callable[..., serializers.Field]]] = {
    IdFilter: lambda _: lambda **given: Id(allow_null=False, **given),
    DayFilter: lambda _: Day,
    MomentFilter: lambda _: Moment,
    ChoiceFilter: lambda found: lambda **given: Choice(found.extra["choices"], **given),
    CauseFilter: lambda _: lambda **given: serializers.CharField(validators=[known_cause], **given),
    filters.CharFilter: lambda _: serializers.CharField,
}


def _field(found: filters.Filter) -> serializers.Field:
    """Raises KeyError for a kind of filter that is not known here: it needs its line above."""
    return _FIELDS[type(found)](found)(required=False, help_text=found.extra["help_text"])
