"""Throttles sign-ins (django-axes): by user name and address together, so that nobody locks somebody else out."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse


def address_of(request: HttpRequest) -> str:
    """Behind a proxy, the last address of X-Forwarded-For: the one that our own proxy saw and wrote."""
    forwarded = request.headers.get("X-Forwarded-For", "") if settings.BEHIND_PROXY else ""
    return forwarded.rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR", "")


def locked_out(request: HttpRequest, credentials: dict[str, Any] | None = None, **kwargs: Any) -> HttpResponse:
    minutes = round(settings.AXES_COOLOFF_TIME.total_seconds() / 60)
    return HttpResponse(
        f"Too many failed sign-ins with this user name from your address. Try again in {minutes} minutes.",
        status=429,
        content_type="text/plain; charset=utf-8",
        headers={"Retry-After": str(minutes * 60)},
    )
