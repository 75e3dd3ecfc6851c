"""Gives each request an id, echoed as X-Request-ID and found in every log line."""

import re
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from positions.tracing import request_id

_ACCEPTED = re.compile(r"[A-Za-z0-9._\-]{8,64}")


class RequestIdMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        current = given if _ACCEPTED.fullmatch(given) else uuid.uuid4().hex
        request.request_id = current  # type: ignore[attr-defined]
        token = request_id.set(current)
        try:
            response = self.get_response(request)
        finally:
            request_id.reset(token)
        response.headers["X-Request-ID"] = current
        return response
