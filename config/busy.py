"""What is answered where the database was busy: 503, when to come back, and that nothing was changed.

DRF's views answer for themselves (positions/api/problems.py); this is for everything else.
"""

import logging
import sys
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from config.error_pages import error_page, later
from positions.api.problems import Busy, refusal
from positions.busy import RETRY_AFTER, is_busy

logger = logging.getLogger(__name__)


def busy(request: HttpRequest) -> HttpResponse:
    if request.path_info.startswith("/api/"):
        headers = {"Retry-After": str(RETRY_AFTER), "Cache-Control": "no-store"}
        return refusal(request, 503, Busy.default_code, Busy.default_detail, headers)
    return later(
        request,
        503,
        RETRY_AFTER,
        title=_("The database is busy"),
        what=_("Others are writing a lot at this moment, and your request did not get its turn in time."),
        if_it_stays=_("If it stays like this, tell your operator: something holds the database."),
    )


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
    if is_busy(sys.exc_info()[1]):
        return busy(request)
    return error_page(request, 500, number=getattr(request, "request_id", ""))
