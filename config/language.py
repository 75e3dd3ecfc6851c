"""The language of an answer: of each page, and of the words of a problem that the API tells."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers

from positions import languages

# What programs read, and the documentation for who writes them, is English.
_ENGLISH = ("/api/schema", "/api/docs", "/metrics", "/healthz", "/readyz", settings.STATIC_URL)


class BrowserMiddleware:
    """In the browser's language, or in what was chosen in it before a sign-in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith(_ENGLISH):
            with translation.override(languages.ENGLISH):
                return self.get_response(request)
        of_api = request.path_info.startswith("/api/")
        with translation.override(languages.asked_for(request) if of_api else languages.of_browser(request)):
            response = self.get_response(request)
            language = translation.get_language()
            response.headers.setdefault("Content-Language", language)
        if isinstance(response, StreamingHttpResponse):
            response.streaming_content = _said_in(language, response.streaming_content)
        patch_vary_headers(response, ("Accept-Language",))
        return response


def _said_in(language: str, parts: Iterable[bytes]) -> Iterator[bytes]:
    """A file is made while it is sent: after the middleware, and nobody else's language is to change meanwhile."""
    left = iter(parts)
    while True:
        with translation.override(language):
            part = next(left, None)
        if part is None:
            return
        yield part


class PersonMiddleware:
    """In the language that the person who is signed in chose. To be placed after SessionMiddleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        of_page = not request.path_info.startswith(("/api/", *_ENGLISH))
        if of_page and settings.SESSION_COOKIE_NAME in request.COOKIES and (chosen := languages.of_session(request)):
            translation.activate(chosen)
        return self.get_response(request)
