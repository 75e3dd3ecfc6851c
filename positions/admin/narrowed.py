"""A list says what its address narrows it to, and what of that it did not understand: never that there is nothing."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin.views.main import ERROR_FLAG
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _


class NarrowedAdmin:
    """Mix into a ModelAdmin before its own class."""

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Django counts what its filters made; an address may also compare a column by itself."""
        found = super().get_changelist_instance(request)  # type: ignore[misc]
        found.has_active_filters |= any(any(values) for values in found.get_filters_params().values())
        return found

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if ERROR_FLAG in request.GET:  # Django's way back from what it cannot look up
            said = _("The address asked for something that this list does not know, so nothing was narrowed by it.")
            messages.warning(request, said)
        shown: HttpResponse = super().changelist_view(request, extra_context)  # type: ignore[misc]
        return shown
