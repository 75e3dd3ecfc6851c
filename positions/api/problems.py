"""Every error is a problem document (RFC 9457) with a stable code, words that say what to do, and the fields."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import (
    DisallowedHost,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
)
from django.core.signals import got_request_exception
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.settings import api_settings

from positions.api.examples import EXAMPLES
from positions.busy import RETRY_AFTER, is_busy

MEDIA_TYPE = "application/problem+json"
log = logging.getLogger(__name__)

TITLES = {
    400: gettext_lazy("The request is not right"),
    401: gettext_lazy("Who are you?"),
    403: gettext_lazy("Not allowed"),
    404: gettext_lazy("Not found"),
    405: gettext_lazy("Method not allowed"),
    406: gettext_lazy("Not acceptable"),
    409: gettext_lazy("Conflict"),
    410: gettext_lazy("Not kept any more"),
    412: gettext_lazy("It was changed meanwhile"),
    413: gettext_lazy("Too large"),
    415: gettext_lazy("Wrong media type"),
    422: gettext_lazy("Idempotency key used before"),
    429: gettext_lazy("Too many requests"),
    500: gettext_lazy("Our mistake"),
    503: gettext_lazy("Busy"),
}
# Errors that are not about the form of a value: an example of the form would mislead.
_WITHOUT_EXAMPLE = {"does_not_exist", "unknown_field", "taken", "immutable", "duplicate", "mismatch", "repeated"}


class BadRequest(exceptions.APIException):
    """A request that Django itself refuses to read."""

    status_code = status.HTTP_400_BAD_REQUEST
    default_code = "bad_request"


class PreconditionFailed(exceptions.APIException):
    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_code = "precondition_failed"
    default_detail = gettext_lazy(
        "It was changed since you read it: the ETag differs. Read it again and repeat your change."
    )


class CursorGone(exceptions.APIException):
    status_code = status.HTTP_410_GONE
    default_code = "cursor_gone"
    default_detail = gettext_lazy(
        "What came after this cursor is not kept any more. Start over: take a new cursor by a call without one, read "
        "all employees and positions, then go on from the new cursor."
    )


class Conflict(exceptions.APIException):
    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"
    default_detail = gettext_lazy(
        "Somebody saved the same thing at the same moment. Nothing was changed. Read again and repeat."
    )


class IdempotencyKeyReused(exceptions.APIException):
    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_code = "idempotency_key_reused"
    default_detail = gettext_lazy(
        "This Idempotency-Key was used for another request. Use a new key for each new request."
    )


class TooLarge(exceptions.APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "request_too_large"
    default_detail = gettext_lazy("The body is too large. Send fewer rows at a time.")


class NotCounted(exceptions.APIException):
    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "not_counted"
    default_detail = format_lazy(
        gettext_lazy(
            "Requests cannot be counted at the moment, so nothing is written. Nothing was changed. "
            "Repeat in {seconds} s (Retry-After); if it goes on, tell your operator."
        ),
        seconds=RETRY_AFTER,
    )
    wait = RETRY_AFTER


class Busy(exceptions.APIException):
    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "busy"
    default_detail = format_lazy(
        gettext_lazy(
            "The database is busy with other writes. Nothing was changed. Repeat in {seconds} s (Retry-After)."
        ),
        seconds=RETRY_AFTER,
    )
    wait = RETRY_AFTER


def _of_ours(exc: Exception) -> exceptions.APIException:
    if isinstance(exc, exceptions.APIException):
        return exc
    if isinstance(exc, Http404):
        return exceptions.NotFound(_("There is nothing here with this id."))
    if isinstance(exc, PermissionDenied):
        return exceptions.PermissionDenied()
    if isinstance(exc, RequestDataTooBig):
        return TooLarge()
    if isinstance(exc, SuspiciousOperation):
        return BadRequest(words_of(exc))
    if isinstance(exc, IntegrityError):
        return Conflict()
    if is_busy(exc):
        log.warning("The database is busy: %s", exc)
        return Busy()
    return exceptions.APIException(
        _("Something broke on our side and nothing was changed. Repeat later; if it stays, report the request id."),
        "internal_error",
    )


# So many errors of one request are told. Of what was sent, so many characters are said again.
MOST_ERRORS = 100
_LONGEST = {"field": 200, "message": 1000}


def _sendable(text: str, longest: int) -> str:
    """What was sent may be quoted back, also halves of characters, which no answer can carry, and megabytes."""
    short = text if len(text) <= longest else f"{text[:longest]}…"
    return short.encode("utf-8", "replace").decode()


def flatten(detail: Any, path: str = "") -> Iterator[dict[str, str]]:
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            if name == api_settings.NON_FIELD_ERRORS_KEY:
                inside = path
            elif isinstance(name, int):
                inside = f"{path}[{name}]"
            else:
                inside = f"{path}.{name}" if path else str(name)
            yield from flatten(inner, inside)
    elif isinstance(detail, list | tuple):
        for index, inner in enumerate(detail):
            nested = isinstance(inner, Mapping | list | tuple)
            yield from flatten(inner, f"{path}[{index}]" if nested else path)
    else:
        code = getattr(detail, "code", "invalid")
        error = {
            "field": _sendable(path, _LONGEST["field"]),
            "code": code,
            "message": _sendable(str(detail), _LONGEST["message"]),
        }
        example = EXAMPLES.get(path.rpartition(".")[2].partition("__")[0])
        if example is not None and code not in _WITHOUT_EXAMPLE:
            error["example"] = example
        yield error


def document(
    request: Any, status_code: int, code: str, detail: str | Promise, errors: list[dict[str, str]] | None = None
) -> dict[str, Any]:
    return {
        "type": f"urn:position-sync:problem:{code}",
        "title": str(TITLES.get(status_code, "Error")),
        "status": status_code,
        "code": code,
        "detail": str(detail),
        "errors": errors or [],
        "request_id": getattr(request, "request_id", ""),
    }


def problem_response(exc: Exception, context: dict[str, Any]) -> Response:
    """DRF's exception handler (settings.REST_FRAMEWORK)."""
    problem = _of_ours(exc)
    request = context.get("request")
    if problem.status_code >= 500 and not isinstance(problem, Busy) and not isinstance(exc, exceptions.APIException):
        # We answer it, so Django does not see it: log it and tell whoever listens, as Django would.
        log.error("Unexpected %s in the API", type(exc).__name__, exc_info=exc)
        sender = getattr(context.get("view"), "__class__", None)
        if sys.exc_info()[1] is not None:
            got_request_exception.send(sender=sender, request=request)
    headers = {}
    if header := getattr(problem, "auth_header", None):
        headers["WWW-Authenticate"] = header
    if (wait := getattr(problem, "wait", None)) is not None:
        headers["Retry-After"] = str(int(wait))

    errors: list[dict[str, str]] = []
    if isinstance(problem, exceptions.ValidationError):
        code = "validation_failed"
        detail, errors = _wrong_values(problem)
    else:
        codes = problem.get_codes()
        code = codes if isinstance(codes, str) else problem.default_code
        detail = str(problem.detail)
        if isinstance(problem, exceptions.Throttled):
            detail = _("This key makes too many requests. Wait {seconds} s (Retry-After).").format(
                seconds=int(wait or 1)
            )

    body = document(getattr(request, "_request", request), problem.status_code, code, detail, errors)
    return Response(body, status=problem.status_code, headers=headers, content_type=MEDIA_TYPE)


def _wrong_values(problem: exceptions.ValidationError, most: int = MOST_ERRORS) -> tuple[str, list[dict[str, str]]]:
    errors = list(flatten(problem.detail))
    number, errors = len(errors), errors[:most]
    if number == 1:
        [one] = errors
        return f"{one['field']}: {one['message']}" if one["field"] else one["message"], errors
    if number == len(errors):
        return _("{number} values are not right; nothing was changed. See errors.").format(number=number), errors
    said = _("{number} values are not right; nothing was changed. The first {told} are in errors.")
    return said.format(number=number, told=len(errors)), errors


# So many errors of one row are told where each row has its own answer.
MOST_ERRORS_OF_A_ROW = 10


def of_a_row(request: Any, problem: exceptions.APIException) -> dict[str, Any]:
    """The problem document of one row of a request whose others are carried out."""
    if isinstance(problem, exceptions.ValidationError):
        detail, errors = _wrong_values(problem, MOST_ERRORS_OF_A_ROW)
        return document(request, 400, "validation_failed", detail, errors)
    return document(request, problem.status_code, problem.default_code, str(problem.detail))


def words_of(exc: Exception) -> str:
    """What is wrong with a request that cannot be read, and what to do."""
    if isinstance(exc, DisallowedHost):
        return _("This product is not reached under this host name. Call the address that its operator gave you.")
    if isinstance(exc, TooManyFieldsSent):
        return _("Send at most {data_upload_max_number_fields} query parameters.").format(
            data_upload_max_number_fields=settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
        )
    return plain_words(400)[1]


def plain_words(status_code: int) -> tuple[str, str]:
    """(code, what to do) of an error of which no more is known than its status."""
    words = {
        400: ("bad_request", _("The request cannot be read. Nothing was changed. See /api/docs/.")),
        403: ("permission_denied", _("This is not allowed. Nothing was changed.")),
        404: ("not_found", _("There is no such address in the API. See /api/docs/.")),
        405: ("method_not_allowed", _("This address does not answer this method. See the header Allow.")),
    }
    ours = _("Something broke on our side and nothing was changed. Repeat later; if it stays, report the request id.")
    return words.get(status_code, ("internal_error", ours) if status_code >= 500 else words[400])


def refusal(
    request: HttpRequest, status_code: int, code: str, words: str | Promise, headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """For what is refused before a view is asked, or beside it."""
    body = document(request, status_code, code, words)
    return JsonResponse(body, status=status_code, content_type=MEDIA_TYPE, headers=headers)


def bad_request(request: HttpRequest, words: str) -> HttpResponse:
    return refusal(request, 400, BadRequest.default_code, words)


def not_found(request: HttpRequest) -> HttpResponse:
    """For an address that there is not."""
    return refusal(request, 404, *plain_words(404))
