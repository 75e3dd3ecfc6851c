"""The way back to the page from which something was opened to be put right."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme


def back(request: HttpRequest, default: str) -> str:
    """The `next` that the request asks for where it is the path of one of these pages, else `default`."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    ours = wanted.startswith(reverse("admin:index")) and url_has_allowed_host_and_scheme(
        wanted, {request.get_host()}, require_https=request.is_secure()
    )
    return wanted if ours else default
