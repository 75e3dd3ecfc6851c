"""What the views of employees, positions, companies and departments share: the objects of one kind, read and written.

Each says with `extend_schema_view` what its operations are for; what they do is the same for all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from django.core.exceptions import ValidationError as ModelValidationError
from django.db.models import Model, QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ErrorDetail, NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from positions.api.apply import model_errors
from positions.api.base import writes
from positions.api.fields import Text
from positions.api.listed import Listed
from positions.api.reading import etag_of
from positions.api.references import storable
from positions.models import Organization, tracking
from positions.roles import Need
from positions.text import TRIMMED_LINE, composed

READ_WRITE = {
    "GET": "positions:read",
    "POST": "positions:write",
    "PUT": "positions:write",
    "PATCH": "positions:write",
    "DELETE": "positions:write",
}
MEMBERS: Mapping[str, Need] = {"GET": "view", "POST": "edit", "PUT": "edit", "PATCH": "edit", "DELETE": "edit"}
BY_EXTERNAL_ID = OpenApiParameter(
    "external_id",
    {"type": "string", "pattern": TRIMMED_LINE, "maxLength": 120},
    OpenApiParameter.PATH,
    description="Your own id.",
)
Action = Literal["created", "updated", "unchanged"]


def differs(row: Model) -> bool:
    """Whether a save would change anything of an object that was read, and locked, in this transaction."""
    kind = type(row)
    return any(tracking.different(row, tracking.loaded(row) or {}, tracking.followed(kind)))


def checked(row: Any) -> None:
    """The model's own rules. Raises ValidationError of the API."""
    try:
        row.clean()
        row.validate_constraints()
    except ModelValidationError as error:
        raise ValidationError(model_errors(error)) from None


def saved(row: Any) -> Action:
    """Saves a valid object, if there is anything to save."""
    if row._state.adding:
        row.save()
        return "created"
    if not differs(row):
        return "unchanged"
    row.save()
    return "updated"


@dataclass(frozen=True, slots=True)
class Written:
    """What became of an object. `more`: what the answer has besides it."""

    row: Any
    action: Action
    more: Mapping[str, Any]


class Resource(Listed):
    scopes = READ_WRITE
    needs = MEMBERS
    etags = True
    ordering: ClassVar[Sequence[str]] = ("id",)
    lookup_value_converter = "int"
    address: ClassVar[str]  # the name of the address of one object

    # -- of each kind

    def form_class(self) -> Any:
        """The serializer of what a write takes."""
        return self.get_serializer_class()

    def save(self, row: Any | None, *, partial: bool) -> Written:
        """Validates the body into the object, or a new one, and saves that; raises with every error found.
        `partial`: what is left out stays."""
        raise NotImplementedError

    def given(self) -> Mapping[str, Any]:
        """Values that the address gives, whatever the body says."""
        return {}

    def remove(self, row: Any) -> Mapping[str, Any]:
        """Deletes it. Gives what the answer has besides."""
        row.delete()
        return {}

    def found(self, rows: QuerySet) -> Any:
        """The object of the address, among these. Raises Http404."""
        return get_object_or_404(rows, pk=self.kwargs["pk"])

    # -- for all

    def locked(self) -> Any:
        return self.found(self.get_queryset().select_for_update(of=("self",)))

    def shown(self, row: Any) -> Any:
        return self.get_serializer(row).data

    def checked_form(self) -> Any:
        if self.request.method not in ("POST", "PUT", "PATCH"):
            return None
        form = self.form_class()(data=self.request.data, partial=self.request.method == "PATCH")
        form.is_valid()
        return form

    def answer(self, written: Written) -> Response:
        # As a later read finds it: with its department, its e-mail trimmed, its national id known or not.
        data = self.shown(self.get_queryset().get(pk=written.row.pk))
        headers = {"ETag": etag_of(data)}
        if written.action == "created":
            location = reverse(self.address, args=(written.row.pk,))
            headers["Location"] = self.request.build_absolute_uri(location)
        status = 201 if written.action == "created" else 200
        return Response({**data, "action": written.action, **written.more}, status=status, headers=headers)

    def list(self, request: Request, **kwargs: Any) -> Response:
        return self.page(self.get_queryset())

    def retrieve(self, request: Request, **kwargs: Any) -> Response:
        return Response(self.shown(self.found(self.get_queryset())))

    @writes
    def create(self, request: Request, **kwargs: Any) -> Response:
        return self.answer(self.save(None, partial=False))

    @writes
    def update(self, request: Request, **kwargs: Any) -> Response:
        return self.answer(self.save(self.locked(), partial=False))

    @writes
    def partial_update(self, request: Request, **kwargs: Any) -> Response:
        return self.answer(self.save(self.locked(), partial=True))

    @writes
    def destroy(self, request: Request, **kwargs: Any) -> Response:
        row = self.locked()
        number = row.pk
        return Response({"id": number, "deleted": True, **self.remove(row)})


class ByExternalId(Resource):
    """Mixed into a Resource: the object of the address is named by the client's own id, and PUT makes it where there
    is none."""

    def external_id(self) -> str:
        return composed(self.kwargs["external_id"])

    def given(self) -> Mapping[str, Any]:
        return {"external_id": self.external_id()} if self.request.method == "PUT" else {}

    def found(self, rows: QuerySet) -> Any:
        if not storable(self.external_id()):
            raise NotFound
        return get_object_or_404(rows, external_id=self.external_id())

    def hold(self) -> None:
        if storable(self.external_id()):
            self._own().first()

    def existing(self) -> Any | None:
        """The object that PUT replaces, locked; None when it makes one, which nobody else does at the same moment."""
        row = self._own().first()
        if row is None:
            Organization.objects.select_for_update(no_key=True).get(pk=self.organization.pk)
            row = self._own().first()
        return row

    def _own(self) -> QuerySet:
        return self.get_queryset().select_for_update(of=("self",)).filter(external_id=self.external_id())

    @writes
    def update(self, request: Request, **kwargs: Any) -> Response:
        self._require_an_id()
        return self.answer(self.save(self.existing(), partial=False))

    def _require_an_id(self) -> None:
        """What PUT makes has the id of the address. Raises ValidationError."""
        text = self.external_id()
        try:
            taken = Text(max_length=120).run_validation(text)
        except ValidationError as error:
            raise ValidationError({"external_id": error.detail}) from None
        if taken != text or not text:
            raise ValidationError({"external_id": [_("An id has no space at its ends.")]})
        body = self.request.data
        if isinstance(body, Mapping) and body.get("external_id", text) != text:
            words = _("The address names another id. Leave this out.")
            raise ValidationError({"external_id": [ErrorDetail(words, "mismatch")]})
