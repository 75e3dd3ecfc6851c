"""The pages that say why something was not shown or not done: in the product's look, with a way back.

They ask the database nothing, which may be what is away, and know nobody: some are made before anyone is known. Below
/api/ every error is a problem document instead (positions/api/problems.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from positions.api import problems

# Status -> title; what it means and what to do.
_WORDS: dict[int, tuple[Promise, Promise]] = {
    400: (
        _("This cannot be read"),
        _("Something in the address, or in what was sent, is not as it should be. Nothing was changed."),
    ),
    403: (
        _("This is not yours to open"),
        _("Your role does not include it. An admin of your organization can tell you more."),
    ),
    404: (_("There is nothing here"), _("It was deleted, is not yours to see, or the address is not right.")),
    405: (_("This page only answers its button"), _("Nothing was changed. Go back and press the button there.")),
    413: (_("Too large"), _("Nothing was saved. Go back and shorten it.")),
    429: (_("Too often"), _("Wait a little, then do it once more.")),
    500: (
        _("Our mistake"),
        _("Something broke on our side. Look whether what you did was saved before you do it once more."),
    ),
    503: (_("Not now"), _("Wait a little, then do it once more.")),
}


def error_page(request: HttpRequest, status: int, what: str | Promise = "", **more: Any) -> HttpResponse:
    """`what`: what happened and what to do, where more is known than the status. `more`: for the template."""
    known = status if status in _WORDS else (500 if status >= 500 else 400)
    title, usual = _WORDS[known]
    words = {"title": title, "what": what or usual, **more}
    return HttpResponse(render_to_string("error.html", words), status=status, headers={"Cache-Control": "no-store"})


def later(
    request: HttpRequest, status: int, seconds: int, *, title: Promise, what: Promise, if_it_stays: Promise
) -> HttpResponse:
    """Nothing was changed, and it works after so many seconds. With a link to where one was, if that only reads."""
    again = request.get_full_path() if request.method in ("GET", "HEAD") else ""
    page = error_page(request, status, what, title=title, if_it_stays=if_it_stays, seconds=seconds, again=again)
    page.headers["Retry-After"] = str(seconds)
    return page


class ErrorPageMiddleware:
    """What was refused without a page of its own: in plain words, or in none. After what sets headers on all pages."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code < 400 or response.streaming or request.path_info.startswith(("/api/", "/metrics")):
            return response
        plain = response.headers.get("Content-Type", "").startswith("text/plain")
        if response.content and not plain:
            return response
        page = error_page(request, response.status_code, response.content.decode())
        response.content = page.content
        response.headers["Content-Length"] = str(len(page.content))  # it was said of the plain words
        response.headers["Content-Type"] = page.headers["Content-Type"]
        response.headers.setdefault("Cache-Control", "no-store")
        return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler400"""
    words = problems.words_of(exception)
    if _of_api(request):
        return problems.bad_request(request, words)
    return error_page(request, 400, words if isinstance(exception, DisallowedHost) else "")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler403; below /api/ ProblemMiddleware words it."""
    return error_page(request, 403)


def form_too_old(request: HttpRequest, reason: str = "") -> HttpResponse:
    """CSRF_FAILURE_VIEW: the form is not from the session that sends it."""
    return error_page(
        request,
        403,
        _(
            "This page was opened before you signed in, or your browser sends no cookies here. Nothing was saved. "
            "Go back, load the page anew, and do it once more."
        ),
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler404"""
    return problems.not_found(request) if _of_api(request) else error_page(request, 404)


def _of_api(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/")
