"""The base of every view of the API: scopes, strict query parameters, rate headers, transactions, idempotency."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import timedelta
from functools import wraps
from typing import Any, ClassVar, cast

from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.http import parse_etags
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.filters import OrderingFilter
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from positions.api.problems import IdempotencyKeyReused, PreconditionFailed
from positions.api.schema import ApiSchema
from positions.models import ApiKey, IdempotencyKey, Organization
from positions.origin import Origin, started_by
from positions.transactions import repeated

KEEP_ANSWERS = timedelta(hours=24)  # of POSTs with an Idempotency-Key
# Headers of an answer that a replay of it repeats.
_REPEATED = ("ETag", "Location")


def unknown(name: str, allowed: Iterable[str], what: str) -> str:
    """The sentence for a name that nobody knows, with what was probably meant."""
    names = sorted(allowed)
    near = difflib.get_close_matches(name, names, n=1)
    hint = f" Did you mean “{near[0]}”?" if near else ""
    listed = f" Known: {', '.join(names)}." if names else ""
    return f"There is no {what} “{name}”.{hint}{listed}"


def key_of(request: Request) -> ApiKey:
    return cast(ApiKey, request.auth)


class StrictOrdering(OrderingFilter):
    """Orders by the fields in the view's `ordering_fields`, and says so when another is asked for."""

    ordering_description = "Field to order by; with “-” before it, downwards."

    def remove_invalid_fields(self, queryset: Any, fields: Any, view: Any, request: Any) -> list[str]:
        allowed = {name for name, _ in self.get_valid_fields(queryset, view, {"request": request})}
        for name in fields:
            if name.lstrip("-") not in allowed or name.startswith("--"):
                raise ValidationError({"ordering": [unknown(name.lstrip("-"), allowed, "ordering")]})
        return list(fields)


class ApiView(APIView):
    """Mix in first. `scopes` says what a key needs for each method (positions/api/permissions.py).

    `query_parameters`: the names that GET understands besides those of filters, ordering and pages; every other name
    is refused, since a misspelt filter would answer with everything. `filterset_class`, `ordering_fields` and
    `pagination_class` work as in DRF's generic views. Writes: see `writes`.
    """

    scopes: ClassVar[Mapping[str, str]] = {}
    query_parameters: ClassVar[Collection[str]] = ()
    filter_backends: Any = (DjangoFilterBackend, StrictOrdering)
    schema = ApiSchema()

    @property
    def organization(self) -> Organization:
        return key_of(self.request).organization

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        allowed = self.known_query_parameters()
        wrong = [name for name in request.query_params if name not in allowed]
        if wrong:
            raise ValidationError(
                {name: [ErrorDetail(unknown(name, allowed, "query parameter"), "unknown_parameter")] for name in wrong}
            )

    def known_query_parameters(self) -> set[str]:
        names = set(self.query_parameters)
        if self.request.method in ("GET", "HEAD") and getattr(self, "detail", None) is not True:
            filterset = getattr(self, "filterset_class", None)
            names |= set(filterset.base_filters) if filterset else set()
            names |= {"ordering"} if getattr(self, "ordering_fields", None) else set()
            names |= set(getattr(getattr(self, "pagination_class", None), "query_parameters", ()))
        return names

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        for name, value in (*getattr(request, "rate_limit", {}).items(), *getattr(request, "ends", {}).items()):
            response.headers[name] = value
        response.headers["Cache-Control"] = "no-store"
        return response


# -- writes


def writes(handler: Callable[..., Response]) -> Callable[..., Response]:
    """For each handler that changes something: one transaction, undone by any error, and begun anew when the database
    undid it for somebody else's; started by the API key; and on POST, the same `Idempotency-Key` answered once more
    without doing it again."""

    @wraps(handler)
    def carried_out(view: ApiView, request: Request, *args: Any, **kwargs: Any) -> Response:
        body = request._request.body  # read before it is parsed: the hash needs it
        request.data  # noqa: B018  # parsed here: whoever writes waits for a transaction's end
        return in_transaction(view, request, body, *args, **kwargs)

    @repeated
    def in_transaction(view: ApiView, request: Request, body: bytes, *args: Any, **kwargs: Any) -> Response:
        with started_by(Origin("api", key_of(request).name)):
            key = request.headers.get("Idempotency-Key") if request.method == "POST" else None
            if key is None:
                return handler(view, request, *args, **kwargs)
            return _once(key, body, request, lambda: handler(view, request, *args, **kwargs))

    return carried_out


def _once(key: str, body: bytes, request: Request, carry_out: Callable[[], Response]) -> Response:
    if not 1 <= len(key) <= 255 or not key.isprintable():
        raise ValidationError({"Idempotency-Key": ["Send 1 to 255 printable characters, for example a UUID."]})
    organization = key_of(request).organization
    IdempotencyKey.objects.filter(organization=organization, created_at__lt=timezone.now() - KEEP_ANSWERS).delete()
    asked = f"{request.method} {request.get_full_path()}\n".encode() + body
    request_hash = _keyed_hash(asked)
    # The row is written with the work, in one transaction: a second request waits for it, or finds it.
    row, new = IdempotencyKey.objects.get_or_create(
        organization=organization, key_hash=_keyed_hash(key.encode()), defaults={"request_hash": request_hash}
    )
    if not new:
        if row.request_hash != request_hash:
            raise IdempotencyKeyReused
        return Response(row.body, status=row.status, headers={**row.headers, "Idempotent-Replay": "true"})
    response = carry_out()
    row.status = response.status_code
    row.body = json.loads(JSONRenderer().render(response.data) or b"null")
    row.headers = {name: response.headers[name] for name in _REPEATED if name in response.headers}
    row.save(update_fields=["status", "body", "headers"])
    return response


def _keyed_hash(text: bytes) -> str:
    digest = hashlib.sha256(text).hexdigest()
    return salted_hmac("positions.idempotency", digest, algorithm="sha256").hexdigest()


# -- ETags


def etag_of(data: Any) -> str:
    """Of what a reader sees, so that it also changes when a department is renamed."""
    return f'"{hashlib.sha256(JSONRenderer().render(data)).hexdigest()[:32]}"'


def require_match(request: Request, current: Callable[[], str]) -> None:
    """412 unless the object is as the client read it. Without If-Match the last write wins."""
    given = request.headers.get("If-Match")
    if given is None:
        return
    tags = parse_etags(given)
    if tags == ["*"]:
        return
    if not tags:
        raise ValidationError({"If-Match": ["Send the ETag as it was given, with its quotes."]})
    if current() not in tags:
        raise PreconditionFailed


def matches(request: Request, etag: str) -> bool:
    """Whether the reader already has this (If-None-Match)."""
    tags = [tag.removeprefix("W/") for tag in parse_etags(request.headers.get("If-None-Match", ""))]
    return etag in tags or tags == ["*"]
