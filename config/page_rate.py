"""No signed-in person, and nobody with a session of theirs, keeps the pages busy for everybody: `PAGE_RATE`.

Counted where the API's requests are counted (positions/rates.py), in no row of the database. Who is signed in is
read from the session, which every page reads anyway. What is answered before (static files, probes) is not counted.
While requests cannot be counted, pages go on.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from config.error_pages import later
from positions.api.throttling import Windowed
from positions.tracing import address_of

logger = logging.getLogger(__name__)


class PageThrottle(Windowed):
    scope = "pages"


class PageRateMiddleware:
    """To be placed after SessionMiddleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = _user_of(request)
        throttle = PageThrottle()
        # A user's number alone begins anew in another database behind the same counter.
        hashed = hashlib.sha256(user.encode()).hexdigest()[:32] if user else ""
        if not user or throttle.hits(hashed) <= throttle.num_requests:
            return self.get_response(request)
        logger.warning("refused: user %s at %s asked for too many pages", user.partition(":")[0], address_of(request))
        return later(
            request,
            429,
            throttle.wait(),
            title=_("Too many pages"),
            what=_("More was asked for under your name, in all browsers together, than a person reads."),
            if_it_stays=_("Not you? End your other sessions, change your password, and tell your operator."),
        )


def _user_of(request: HttpRequest) -> str:
    """The same for all sessions of one person; "" for nobody. Requests of the API have a limit of their own."""
    of_api = request.path_info.startswith("/api/") and not request.path_info.startswith("/api/docs")
    if settings.SESSION_COOKIE_NAME not in request.COOKIES or of_api:
        return ""
    session = request.session
    return f"{session[SESSION_KEY]}:{session.get(HASH_SESSION_KEY, '')}" if SESSION_KEY in session else ""
