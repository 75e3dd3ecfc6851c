"""The filters of a list as an object in a body: the same names and the same rows, from the same declaration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import django_filters as filters
from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from positions.api.fields import Choice, Day, Id, Line, Moment, Number, StrictSerializer, Switch
from positions.api.filters import (
    MOST_VALUES,
    ChoiceFilter,
    DayFilter,
    IdFilter,
    MomentFilter,
    NumberFilter,
    SeveralFilter,
)
from positions.text import one_line
from synclog.api.filters import CauseFilter, SwitchFilter, known_cause


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


_FIELDS: Mapping[type[filters.Filter], Callable[..., serializers.Field]] = {
    IdFilter: lambda _, **given: Id(allow_null=False, **given),
    DayFilter: lambda _, **given: Day(**given),
    MomentFilter: lambda _, **given: Moment(**given),
    NumberFilter: lambda _, **given: Number(max_digits=5, decimal_places=2, **given),
    ChoiceFilter: lambda found, **given: Choice(found.extra["choices"], **given),
    SwitchFilter: lambda _, **given: Switch(**given),
    CauseFilter: lambda _, **given: Line(validators=[one_line, known_cause], **given),
    filters.CharFilter: lambda _, **given: Line(**given),
}


def _field(found: filters.Filter) -> serializers.Field:
    """Raises StopIteration for a kind of filter that is not known here: it needs its line above."""
    make = next(_FIELDS[kind] for kind in type(found).__mro__ if kind in _FIELDS)
    words = found.extra["help_text"]
    if not isinstance(found, SeveralFilter):
        return make(found, required=False, help_text=words)
    words = words.replace(", with commas between them", "")
    return serializers.ListField(
        child=make(found),
        required=False,
        allow_empty=False,
        min_length=1,  # for the document
        max_length=MOST_VALUES,
        help_text=words,
    )
