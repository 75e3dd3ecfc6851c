"""The base of every view of the API: scopes, strict query parameters, rate headers, transactions, idempotency."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import timedelta
from functools import wraps
from itertools import islice
from typing import Any, ClassVar, cast

from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.http import parse_etags
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.filters import OrderingFilter
from rest_framework.metadata import BaseMetadata
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import APIView

from positions.api.problems import IdempotencyKeyReused, PreconditionFailed
from positions.api.schema import ApiSchema
from positions.models import ApiKey, IdempotencyKey, Organization
from positions.origin import Origin, started_by
from positions.transactions import repeated

KEEP_ANSWERS = timedelta(hours=24)  # of POSTs with an Idempotency-Key
# Headers of an answer that a replay of it repeats.
_REPEATED = ("ETag", "Location", "Retry-After")


# Of the unknown names in one body or address: so many are told what was probably meant, which takes long, and so many
# are named at all.
HINTED = 5
NAMED = 20
_QUOTED = 60  # characters of a name that are said again


def unknown(name: str, allowed: Iterable[str], what: str, *, hinted: bool = True, listed: bool = True) -> str:
    """The sentence for a name that nobody knows; `hinted`: with what was probably meant, and (`listed`) all names."""
    short = name if len(name) <= _QUOTED else f"{name[:_QUOTED]}…"
    sentence = f"There is no {what} “{short}”."
    if not hinted:
        return sentence
    names = sorted(allowed)
    near = difflib.get_close_matches(name, names, n=1) if short == name else []
    hint = f" Did you mean “{near[0]}”?" if near else ""
    known = f" Known: {', '.join(names)}." if names and listed else ""
    return f"{sentence}{hint}{known}"


class Unknown:
    """Says of names that nobody knows what is wrong with them, of the first ones in detail."""

    def __init__(self, what: str, code: str) -> None:
        self._what, self._code = what, code
        self._hints = HINTED

    def errors(self, names: Collection[str], allowed: Iterable[str]) -> dict[str, list[ErrorDetail]]:
        found: dict[str, list[ErrorDetail]] = {}
        for name in islice(names, NAMED):
            words = unknown(name, allowed, self._what, hinted=self._hints > 0)
            self._hints -= 1
            found[name] = [ErrorDetail(words, self._code)]
        if len(names) > NAMED:
            words = f"There are {len(names) - NAMED:,} more names that are no {self._what}."
            found[api_settings.NON_FIELD_ERRORS_KEY] = [ErrorDetail(words, self._code)]
        return found


def key_of(request: Request) -> ApiKey:
    return cast(ApiKey, request.auth)


class StrictOrdering(OrderingFilter):
    """Orders by the fields in the view's `ordering_fields`, and says so when another is asked for."""

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        allowed = getattr(view, "ordering_fields", ())
        if not allowed:
            return []
        one = f"-?({'|'.join(allowed)})"
        first = ", ".join(getattr(view, "ordering", ()))
        return [
            {
                "name": "ordering",
                "in": "query",
                "description": f"Fields to order by, with commas between them; with “-” before it, downwards. Of "
                f"{', '.join(allowed)}; {first} unless asked for another.",
                "schema": {"type": "string", "pattern": f"^{one}(,{one})*$"},
            }
        ]

    def remove_invalid_fields(self, queryset: Any, fields: Any, view: Any, request: Any) -> list[str]:
        allowed = {name for name, _ in self.get_valid_fields(queryset, view, {"request": request})}
        for name in fields:
            if name.lstrip("-") not in allowed or name.startswith("--"):
                raise ValidationError({"ordering": [unknown(name.lstrip("-"), allowed, "ordering")]})
        return list(fields)


class Methods(BaseMetadata):
    """The answer to OPTIONS. What the methods take stands in the document."""

    def determine_metadata(self, request: Request, view: APIView) -> dict[str, Any]:
        return {"methods": view.allowed_methods, "document": request.build_absolute_uri(reverse("api-schema"))}


class ApiView(APIView):
    """Mix in first. `scopes` says what a key needs for each method (positions/api/permissions.py).

    `query_parameters`: the names that GET understands besides those of filters, ordering and pages; every other name
    is refused, since a misspelt filter would answer with everything. `filterset_class`, `ordering_fields` and
    `pagination_class` work as in DRF's generic views. Writes: see `writes`.
    """

    scopes: ClassVar[Mapping[str, str]] = {}
    query_parameters: ClassVar[Collection[str]] = ()
    etags: ClassVar[bool] = False  # whether answers about one object carry an ETag, and writes of one take If-Match
    filter_backends: Any = (DjangoFilterBackend, StrictOrdering)
    schema = ApiSchema()
    metadata_class = Methods
    form: Any = None  # what `checked_form` gave

    def checked_form(self) -> Any:
        """What a write's body says, or what is wrong with it, as far as no database is needed. Asked before the
        transaction is begun: while a large body is looked at, nobody waits."""
        return None

    @property
    def organization(self) -> Organization:
        return key_of(self.request).organization

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        allowed = self.known_query_parameters()
        given = request.query_params
        errors = Unknown("query parameter", "unknown_parameter").errors(
            [name for name in given if name not in allowed], allowed
        )
        for name in allowed.intersection(given):
            if len(given.getlist(name)) > 1:
                errors[name] = [ErrorDetail("This is given more than once. Give it once.", "repeated")]
            elif not given[name].strip():
                # It would leave nothing out: the client means something that it does not have.
                errors[name] = [ErrorDetail("This is empty. Give a value, or leave it out.", "empty")]
        if errors:
            raise ValidationError(errors)

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
    """For each handler that changes something: its form is checked first (`checked_form`); then one transaction, undone
    by any error, and begun anew when the database undid it for somebody else's; started by the API key; and on POST,
    the same `Idempotency-Key` answered once more without doing it again."""

    @wraps(handler)
    def carried_out(view: ApiView, request: Request, *args: Any, **kwargs: Any) -> Response:
        body = request._request.body  # read before it is parsed: the hash needs it
        request.data  # noqa: B018  # parsed here: whoever writes waits for a transaction's end
        view.form = view.checked_form()
        return in_transaction(view, request, body, *args, **kwargs)

    @repeated
    def in_transaction(view: ApiView, request: Request, body: bytes, *args: Any, **kwargs: Any) -> Response:
        with started_by(Origin("api", key_of(request).name)):
            key = request.headers.get("Idempotency-Key") if request.method == "POST" else None
            if key is None:
                return handler(view, request, *args, **kwargs)
            return _once(key, body, request, lambda: handler(view, request, *args, **kwargs))

    carried_out.writes = True  # type: ignore[attr-defined]  # for the document: positions/api/schema.py
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
    # What is shown once stays out of what is stored: such an answer has the rest of it as `kept`.
    row.body = json.loads(JSONRenderer().render(getattr(response, "kept", response.data)) or b"null")
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
