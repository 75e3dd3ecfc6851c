"""What an address may ask of a list: words of a search, and values of columns. It comes from whoever writes addresses,
and each of these becomes a question to the database. The list says what it is narrowed to, and what of that it did not
understand: never that there is nothing."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.contrib.admin.views.main import ERROR_FLAG, SEARCH_VAR
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from positions.folding import MOST_SOUGHT, sought

# The others (`regex`, `range`, `year` ...) are made by no filter; a pattern runs in the process that holds everybody's
# requests, for as long as it is written to.
_COMPARED = frozenset(["exact", "in", "isnull", "gt", "gte", "lt", "lte"])
_PARTS = ("year", "month", "day")
_HIGHEST = 2**63 - 1


class LookingUp:
    """Mix in before ModelAdmin."""

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet, search_term: str
    ) -> tuple[models.QuerySet, bool]:
        return super().get_search_results(request, queryset, " ".join(sought(search_term)))  # type: ignore[misc]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if len(request.GET.get(SEARCH_VAR, "").split()) > MOST_SOUGHT:
            messages.info(request, _("The search goes by the first ten words."))
        if ERROR_FLAG in request.GET:  # Django's way back from what it cannot look up
            said = _("The address asked for something that this list does not know, so nothing was narrowed by it.")
            messages.warning(request, said)
        shown: HttpResponse = super().changelist_view(request, extra_context)  # type: ignore[misc]
        return shown

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Django counts what its filters made; an address may also compare a column by itself."""
        found = super().get_changelist_instance(request)  # type: ignore[misc]
        found.has_active_filters |= any(any(values) for values in found.get_filters_params().values())
        return found

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        allowed: bool = super().lookup_allowed(lookup, value, request)  # type: ignore[misc]
        return allowed and (self._of_a_filter(lookup, value, request) or can_be_asked(self.model, lookup, value))  # type: ignore[attr-defined]

    def _of_a_filter(self, lookup: str, value: str, request: HttpRequest | None) -> bool:
        """Whether one of the list's own filters, or its line of days, reads this itself."""
        filters = self.get_list_filter(request)  # type: ignore[attr-defined]
        if lookup in {getattr(one, "parameter_name", None) for one in filters}:
            return True
        days: str | None = self.date_hierarchy  # type: ignore[attr-defined]
        number = int(value) if value.isascii() and value.isdecimal() and len(value) <= 4 else 0
        return days is not None and lookup in {f"{days}__{part}" for part in _PARTS} and 0 < number < date.max.year


def way_of(model: Any, lookup: str) -> tuple[list[Any], list[str]]:
    """The fields that a lookup goes along, and what it says behind them: how they are compared."""
    fields: list[Any] = []
    parts = lookup.split("__")
    while parts and model is not None:
        try:
            fields.append(model._meta.get_field(parts[0]))
        except FieldDoesNotExist:
            break
        parts, model = parts[1:], fields[-1].related_model
    return fields, parts


def can_be_asked(model: Any, lookup: str, value: str) -> bool:
    """Whether `lookup=value` compares a column with values that it can have. What names no column is a filter's own."""
    fields, parts = way_of(model, lookup)
    if not fields:
        return True
    if len(parts) > 1 or not _COMPARED.issuperset(parts):
        return False
    if parts == ["isnull"]:
        return value.lower() in ("true", "false", "1", "0")
    return value == "" or all(_fits(fields[-1], one) for one in (value.split(",") if parts == ["in"] else [value]))


def _fits(field: Any, value: str) -> bool:
    while field.is_relation:
        field = field.target_field
    try:
        found = field.to_python(value)
    except ValidationError:
        return False
    if isinstance(found, date):
        return 1 < found.year < 9999  # another zone's day is one as well
    return not isinstance(found, int) or abs(found) <= _HIGHEST
