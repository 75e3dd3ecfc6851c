"""What holds for every request: it has an id, comes as it should, and its body is not larger than it may be."""

import re
import uuid
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseNotAllowed
from django.http.response import HttpResponseRedirectBase
from django.urls import reverse
from django.utils.translation import gettext as _

from positions.api.problems import MEDIA_TYPE, TooLarge, plain_words, refusal
from positions.api.throttling import limits_of
from positions.tracing import request_id, request_of

_BY_PAGES = ("GET", "HEAD", "POST")
_BY_THE_API = (*_BY_PAGES, "PUT", "PATCH", "DELETE", "OPTIONS")
_ACCEPTED = re.compile(r"[A-Za-z0-9._\-]{8,64}")


class HeadMiddleware:
    """Every answer says how long it is, and to HEAD says that only: waitress writes to the wire what it is given, and
    a body there would be read as the next answer on the connection (RFC 9110, 9.3.2)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not response.streaming:
            response.headers.setdefault("Content-Length", str(len(response.content)))
        if request.method == "HEAD":
            if response.streaming:
                response.streaming_content = []  # type: ignore[attr-defined]  # what it read from is closed with it
            else:
                response.content = b""
        return response


class AddressMiddleware:
    """An address of the API without its slash at the end is the same one, by every method: a redirect would have POST
    repeated as GET, and answered with a list."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith("/api/") and not request.path_info.endswith("/"):
            request.path_info += "/"
            request.path += "/"
        return self.get_response(request)


class ProblemMiddleware:
    """Below /api/ every error is a problem document, also one that no view of the API answered; below /api/v1/ every
    answer says how many requests are left."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._worded(request, self.get_response(request))
        if request.path_info.startswith("/api/v1/"):
            for name, value in limits_of(request).items():
                response.headers[name] = value
            response.headers.setdefault("Cache-Control", "no-store")  # where no view answered
        return response

    def _worded(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        of_api = request.path_info.startswith("/api/")
        if not of_api or response.status_code < 400 or response.headers.get("Content-Type") == MEDIA_TYPE:
            return response
        problem = refusal(request, response.status_code, *plain_words(response.status_code))
        for name in ("Allow", "Retry-After", "WWW-Authenticate"):
            if name in response.headers:
                problem.headers[name] = response.headers[name]
        response.close()
        return problem


class RequestIdMiddleware:
    """The id is echoed as X-Request-ID and found in every log line."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        current = given if _ACCEPTED.fullmatch(given) else uuid.uuid4().hex
        request.request_id = current  # type: ignore[attr-defined]
        token, asked = request_id.set(current), request_of.set(request)
        try:
            response = self.get_response(request)
        finally:
            request_of.reset(asked)
            request_id.reset(token)
        response.headers["X-Request-ID"] = current
        return response


class TransportMiddleware:
    """TRACE is answered by nobody, and pages do not answer PUT, PATCH, DELETE and OPTIONS, each of which Django's admin
    would take for a GET; nor an address with NUL. A program that calls without https is told so: sent on like a browser
    it would go on showing its key to everybody on the way, and nobody would notice. Who signs out leaves nothing in the
    browser."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        of_the_api = request.path_info.startswith("/api/")
        answered = _BY_THE_API if of_the_api else _BY_PAGES
        if not of_the_api and "%00" in request.META.get("QUERY_STRING", ""):
            return HttpResponseBadRequest()  # NUL is in no text here, and PostgreSQL takes no question with it
        if request.method not in answered:
            refused = HttpResponseNotAllowed(answered)
            if of_the_api:
                words = _("{method} is answered nowhere here.").format(method=request.method)
                return refusal(request, 405, "method_not_allowed", words, {"Allow": refused["Allow"]})
            return refused
        for_programs = request.path_info.startswith(("/api/v1/", "/metrics"))
        if for_programs and settings.SECURE_SSL_REDIRECT and not request.is_secure():
            words = _(
                "This was sent without https, so the key in it could be read on the way. Nothing was done. "
                "Make a new key, delete this one, and call the https address."
            )
            return refusal(request, 403, "without_https", words)
        response = self.get_response(request)
        if request.method == "POST" and getattr(request.resolver_match, "view_name", "") == "admin:logout":
            response.headers["Clear-Site-Data"] = '"cache", "storage"'
        return response


class FragmentMiddleware:
    """Where a part of a page asks for itself anew (htmx) and is sent elsewhere, the whole page goes there: to the
    sign-in page when the session is over, and back from it. Followed by the part alone, nothing would stand in its
    place."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if "HX-Request" not in request.headers or not isinstance(response, HttpResponseRedirectBase):
            return response
        address = urlsplit(response.url)
        if address.path == reverse(settings.LOGIN_URL):
            address = address._replace(query=_way_back(request.headers.get("HX-Current-URL", "")))
        headers = {"HX-Redirect": address.geturl(), "Cache-Control": "no-store"}
        led = HttpResponse(status=HTTPStatus.NO_CONTENT, headers=headers)
        led.cookies = response.cookies
        return led


def _way_back(shown: str) -> str:
    """To the page of this address, which the browser says is shown."""
    try:
        page = urlsplit(shown)
    except ValueError:
        return ""
    return urlencode({"next": page._replace(scheme="", netloc="").geturl()})


class BodyLimitMiddleware:
    """413 for a body above DATA_UPLOAD_MAX_MEMORY_SIZE, unread. Django itself looks at forms only, and not at files."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdecimal() and int(length) <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            return self.get_response(request)
        most = f"{settings.DATA_UPLOAD_MAX_MEMORY_SIZE / 2**20:.1f} MB"
        if request.path_info.startswith("/api/"):
            words = f"{TooLarge.default_detail} At most {most} are taken."
            return refusal(request, 413, TooLarge.default_code, words)
        return HttpResponse(
            _("What was sent is larger than {most}, and nothing was saved. Go back and shorten it.").format(most=most),
            status=413,
            content_type="text/plain; charset=utf-8",
        )
