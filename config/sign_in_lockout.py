"""Throttles sign-ins (django-axes): by user name and address together, so that nobody locks somebody else out."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import ngettext

from positions.tracing import address_of

__all__ = ["address_of", "locked_out"]


def locked_out(request: HttpRequest, credentials: dict[str, Any] | None = None, **kwargs: Any) -> HttpResponse:
    minutes = round(settings.AXES_COOLOFF_TIME.total_seconds() / 60)
    said = ngettext(
        "Too many failed sign-ins with this user name from your address. Try again in {minutes} minute.",
        "Too many failed sign-ins with this user name from your address. Try again in {minutes} minutes.",
        minutes,
    )
    return HttpResponse(
        said.format(minutes=minutes),
        status=429,
        content_type="text/plain; charset=utf-8",
        headers={"Retry-After": str(minutes * 60)},
    )
