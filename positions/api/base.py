"""The base of every view of the API: scopes, strict query parameters, transactions, idempotency, conditional writes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from typing import Any, ClassVar, Self, cast

from django.core.exceptions import ValidationError as FormError
from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import ErrorDetail, NotFound, ValidationError
from rest_framework.filters import OrderingFilter
from rest_framework.metadata import BaseMetadata
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from positions import roles
from positions.api.members import Membership
from positions.api.names import Unknown, unknown
from positions.api.problems import IdempotencyKeyReused, PreconditionFailed
from positions.api.reading import etag_of, named, require_match, shown, tags_to_match
from positions.api.schema import ApiSchema
from positions.models import ApiKey, IdempotencyKey, Organization
from positions.origin import Origin, started_by
from positions.text import one_line
from positions.transactions import repeated

KEEP_ANSWERS = timedelta(hours=24)  # of requests with an Idempotency-Key
# Headers of an answer that a replay of it repeats.
_REPEATED = ("ETag", "Location", "Retry-After")


def key_of(request: Request) -> ApiKey:
    """Who calls. In a view with `needs` it may be a Membership (positions/api/members.py), which has no more than
    `organization`, `name`, `role` and `hash`."""
    return cast(ApiKey, request.auth)


class Filtering(DjangoFilterBackend):
    """django-filter's own errors take a “%” in what a client wrote for a format."""

    def filter_queryset(self, request: Request, queryset: Any, view: Any) -> Any:
        filterset = self.get_filterset(request, queryset, view)
        if filterset is None:
            return queryset
        if not filterset.is_valid():
            wrong = filterset.errors.as_data()
            raise ValidationError(
                {name: [ErrorDetail(e.messages[0], e.code) for e in errors] for name, errors in wrong.items()}
            )
        return filterset.qs


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
                raise ValidationError({"ordering": [unknown(name.lstrip("-"), allowed, gettext_noop("ordering"))]})
        return list(fields)


class Methods(BaseMetadata):
    """The answer to OPTIONS. What the methods take stands in the document."""

    def determine_metadata(self, request: Request, view: APIView) -> dict[str, Any]:
        return {"methods": view.allowed_methods, "document": request.build_absolute_uri(reverse("api-schema"))}


class ApiView(APIView):
    """Mix in first. `scopes` says what a key needs for each method, `needs` what a member needs of their role, as the
    pages do (positions/api/permissions.py): where it says nothing, no member gets in.

    `query_parameters`: the names that GET understands besides those of filters, ordering and pages; every other name
    is refused, since a misspelt filter would answer with everything. `filterset_class`, `ordering_fields` and
    `pagination_class` work as in DRF's generic views. Reads: see positions/api/reading.py. Writes: see `writes`.
    """

    scopes: ClassVar[Mapping[str, str]] = {}
    needs: ClassVar[Mapping[str, roles.Need]] = {}
    query_parameters: ClassVar[Collection[str]] = ()
    etags: ClassVar[bool] = False  # whether answers to writes of one object carry its ETag; those to reads always do
    volatile: ClassVar[Collection[str]] = ()  # what changes by itself in an answer, and is no reason for a 412
    filter_backends: Any = (Filtering, StrictOrdering)
    schema = ApiSchema()
    metadata_class = Methods
    form: Any = None  # what `checked_form` gave

    def checked_form(self) -> Any:
        """What a write's body says, or what is wrong with it, as far as no database is needed. Asked before the
        transaction is begun: while a large body is looked at, nobody waits."""
        return None

    def hold(self) -> None:
        """Locks the object that the address names, before a write compares it with what its client had read."""
        if "pk" in self.kwargs:
            objects: Any = self.get_queryset()  # type: ignore[attr-defined]
            objects.select_for_update(of=("self",)).filter(pk=self.kwargs["pk"]).first()

    @property
    def organization(self) -> Organization:
        return key_of(self.request).organization

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        try:
            self.perform_authentication(request)
        finally:
            super().check_throttles(request)  # before anything else: also what is refused is counted
        super().initial(request, *args, **kwargs)
        if request.method not in self.allowed_methods:
            self.http_method_not_allowed(request)  # raises; what else is wrong with it does not matter
        allowed = self.known_query_parameters()
        given = request.query_params
        errors = Unknown(gettext_noop("query parameter"), "unknown_parameter").errors(
            [name for name in given if name not in allowed], allowed
        )
        for name in allowed.intersection(given):
            if len(given.getlist(name)) > 1:
                errors[name] = [ErrorDetail(_("This is given more than once. Give it once."), "repeated")]
            elif not given[name].strip():
                # It would leave nothing out: the client means something that it does not have.
                errors[name] = [ErrorDetail(_("This is empty. Give a value, or leave it out."), "empty")]
            else:
                try:
                    one_line(given[name])
                except FormError as error:
                    errors[name] = [ErrorDetail(error.messages[0], "control_characters")]
        if errors:
            raise ValidationError(errors)
        named(self, request)

    def check_throttles(self, request: Request) -> None:
        """Done: see `initial`."""

    def known_query_parameters(self) -> set[str]:
        names = set(self.query_parameters)
        if self.request.method in ("GET", "HEAD"):
            names |= {"fields", "expand"}
        if self.request.method in ("GET", "HEAD") and getattr(self, "detail", None) is not True:
            filterset = getattr(self, "filterset_class", None)
            names |= set(filterset.base_filters) if filterset else set()
            names |= {"ordering"} if getattr(self, "ordering_fields", None) else set()
            names |= set(getattr(getattr(self, "pagination_class", None), "query_parameters", ()))
        return names

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        if request.method in ("GET", "HEAD") and response.status_code == 200:
            try:
                response = shown(self, request, response)
            except Exception as error:
                response = self.handle_exception(error)
        response = super().finalize_response(request, response, *args, **kwargs)
        for name, value in getattr(request, "ends", {}).items():
            response.headers[name] = value
        response.headers["Cache-Control"] = "no-store"
        return response


# -- writes


def writes(handler: Callable[..., Response]) -> Callable[..., Response]:
    """For each handler that changes something: its form is checked first (`checked_form`); then one transaction, undone
    by any error, and begun anew when the database undid it for somebody else's; started by whoever calls; only if the
    object is as If-Match says; and the same `Idempotency-Key` answered once more without doing it again."""

    @wraps(handler)
    def carried_out(view: ApiView, request: Request, *args: Any, **kwargs: Any) -> Response:
        once = Once.asked_for(request)
        request.data  # noqa: B018  # parsed here: whoever writes waits for a transaction's end
        view.form = view.checked_form()
        return in_transaction(view, request, once, *args, **kwargs)

    @repeated
    def in_transaction(view: ApiView, request: Request, once: Once | None, *args: Any, **kwargs: Any) -> Response:
        by_person = isinstance(request.auth, Membership)
        with started_by(Origin("edit" if by_person else "api", key_of(request).name)):
            if once is None:
                return _unless_changed(view, request, handler, args, kwargs)
            once.forget_others()
            # The row is written with the work, in one transaction: a second request waits for it, or finds it.
            row, new = IdempotencyKey.objects.get_or_create(**once.names, defaults={"request_hash": once.request_hash})
            if not new:
                return once.again(row)
            response = _unless_changed(view, request, handler, args, kwargs)
            for name, value in _kept(response).items():
                setattr(row, name, value)
            row.save()
            return response

    carried_out.writes = True  # type: ignore[attr-defined]  # for the document: positions/api/schema.py
    return carried_out


def asks(handler: Callable[..., Response]) -> Callable[..., Response]:
    """For a handler of POST that changes nothing here, and may wait for a worker, who has to see what is asked: as
    `writes`, but without a transaction. Two at the same moment are both carried out."""

    @wraps(handler)
    def carried_out(view: ApiView, request: Request, *args: Any, **kwargs: Any) -> Response:
        once = Once.asked_for(request)
        if once is None:
            return handler(view, request, *args, **kwargs)
        once.forget_others()
        row = IdempotencyKey.objects.filter(**once.names).first()
        if row is not None:
            return once.again(row)
        response = handler(view, request, *args, **kwargs)
        IdempotencyKey.objects.get_or_create(
            **once.names, defaults={"request_hash": once.request_hash, **_kept(response)}
        )
        return response

    carried_out.once = True  # type: ignore[attr-defined]  # for the document
    return carried_out


def _unless_changed(view: ApiView, request: Request, handler: Callable[..., Response], args: Any, kwargs: Any) -> Any:
    """Carries it out, unless If-Match says that the client has read something else than is stored."""
    read = getattr(view, "retrieve", None) or getattr(view, "get", None)
    tags = tags_to_match(request)
    if tags is None or getattr(view, "detail", None) is not True or read is None:
        return handler(view, request, *args, **kwargs)
    view.hold()
    try:
        data = read(request, *args, **kwargs).data
    except (Http404, NotFound):
        response = handler(view, request, *args, **kwargs)
        if response.status_code == 201:  # nothing is there, so there is nothing to match
            raise PreconditionFailed from None
        return response
    require_match(tags, lambda: etag_of({k: v for k, v in data.items() if k not in view.volatile}))
    return handler(view, request, *args, **kwargs)


@dataclass(frozen=True, slots=True)
class Once:
    """A request with an Idempotency-Key. `names` finds what was stored of it."""

    names: Mapping[str, Any]
    request_hash: str

    @classmethod
    def asked_for(cls, request: Request) -> Self | None:
        """None without the header. To be asked before the body is parsed."""
        body = request._request.body
        key = request.headers.get("Idempotency-Key")
        if key is None:
            return None
        if not 1 <= len(key) <= 255 or not key.isprintable():
            raise ValidationError({"Idempotency-Key": [_("Send 1 to 255 printable characters, for example a UUID.")]})
        names = {"organization": key_of(request).organization, "key_hash": _keyed_hash(key.encode())}
        return cls(names, _keyed_hash(f"{request.method} {request.get_full_path()}\n".encode() + body))

    def forget_others(self) -> None:
        """Answers that need not be kept any more."""
        old = timezone.now() - KEEP_ANSWERS
        IdempotencyKey.objects.filter(organization=self.names["organization"], created_at__lt=old).delete()

    def again(self, row: IdempotencyKey) -> Response:
        if row.request_hash != self.request_hash:
            raise IdempotencyKeyReused
        return Response(row.body, status=row.status, headers={**row.headers, "Idempotent-Replay": "true"})


def _kept(response: Response) -> dict[str, Any]:
    """What is stored of it. What is shown once stays out: such an answer has the rest of it as `kept`."""
    return {
        "status": response.status_code,
        "body": json.loads(JSONRenderer().render(getattr(response, "kept", response.data)) or b"null"),
        "headers": {name: response.headers[name] for name in _REPEATED if name in response.headers},
    }


def _keyed_hash(text: bytes) -> str:
    digest = hashlib.sha256(text).hexdigest()
    return salted_hmac("positions.idempotency", digest, algorithm="sha256").hexdigest()
