"""What is answered where the database was busy: 503, when to come back, and that nothing was changed.

DRF's views answer for themselves (positions/api/problems.py); this is for everything else.
"""

import logging
import sys
from collections.abc import Callable

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.defaults import server_error

from positions.api.problems import MEDIA_TYPE, Busy, document
from positions.busy import RETRY_AFTER, is_busy

logger = logging.getLogger(__name__)


def busy(request: HttpRequest) -> HttpResponse:
    if request.path_info.startswith("/api/"):
        body = document(request, 503, Busy.default_code, Busy.default_detail)
        response = JsonResponse(body, status=503, content_type=MEDIA_TYPE)
        return _to_come_back(response, RETRY_AFTER)
    return later(request, "busy.html", 503, RETRY_AFTER)


def later(request: HttpRequest, template: str, status: int, seconds: int) -> HttpResponse:
    """A page that says when to come back, with a link to where somebody was if that only reads."""
    again = request.get_full_path() if request.method in ("GET", "HEAD") else ""
    frame = {**admin.site.each_context(request), "again": again, "seconds": seconds}
    return _to_come_back(render(request, template, frame, status=status), seconds)


def _to_come_back(response: HttpResponse, seconds: int) -> HttpResponse:
    response.headers["Retry-After"] = str(seconds)
    response.headers["Cache-Control"] = "no-store"
    return response


class BusyMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not is_busy(exception):
            return None
        logger.warning("The database is busy: %s", exception)
        return busy(request)


def failed(request: HttpRequest) -> HttpResponse:
    """handler500. A middleware's own statements (a session that is saved) come here and to no `process_exception`."""
    return busy(request) if is_busy(sys.exc_info()[1]) else server_error(request)
