"""Which headers about content are believed. A name of a codec in one of them would reach Python's own codecs, of which
some take a time that grows with the square of the length and others decode no text at all, and it would do so before
anybody is known: Django decodes the address while it makes the request."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from positions.api.problems import refusal

LONGEST = 500
# As Python calls them. Django reads what it has never heard of as UTF-8.
_CODECS = re.compile(r"utf-(8(-sig)?|16(-[bl]e)?)|ascii|iso8859-\d+|cp125\d", re.IGNORECASE)
_CHARSET = re.compile(r"""charset\s*=\s*["']?([^"';,\s]*)""", re.IGNORECASE)
_ENCODED = re.compile(r"\*[\d*]*\s*=|\\")  # a parameter that names its own codec (RFC 2231), or hides its name
_REFUSED = "position_sync.content_type_refused"

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


def _believed(header: str) -> bool:
    harmless = len(header) <= LONGEST and not _ENCODED.search(header)
    return harmless and all(map(_of_text, _CHARSET.findall(header)))


def _of_text(charset: str) -> bool:
    try:
        return _CODECS.fullmatch(codecs.lookup(charset).name) is not None
    except (LookupError, ValueError):
        return True


def screened(application: Application) -> Application:
    """The WSGI application, which is not told of such headers: an Accept is as if it were not there, and a
    Content-Type is refused by the middleware below."""

    def screen(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if not _believed(environ.get("HTTP_ACCEPT", "")):
            del environ["HTTP_ACCEPT"]
        if not _believed(environ.get("CONTENT_TYPE", "")):
            environ |= {"CONTENT_TYPE": "", _REFUSED: True}
        return application(environ, start_response)

    return screen


class ContentTypeMiddleware:
    """415 for a Content-Type that was taken away."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if _REFUSED not in request.META:
            return self.get_response(request)
        words = _("Its Content-Type cannot be read here: text is to be UTF-8. Nothing was done.")
        if request.path_info.startswith("/api/"):
            return refusal(request, 415, "unsupported_media_type", words)
        return HttpResponse(words, status=415, content_type="text/plain; charset=utf-8")
