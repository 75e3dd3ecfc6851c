"""What checks and previews of everything share over REST: each walks through all employees of a connection."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from positions.api.base import key_of, writes
from positions.api.fields import AnswerId, Said
from synclog.api.later import over, where
from synclog.api.of_integration import INTEGRATION, OfIntegration, not_possible
from synclog.api.views.scopes import SYNC
from synclog.models.walk import Walk
from synclog.questions import walks


class WalkSerializer(serializers.Serializer):
    """`shown`: the names of all fields, in the order of an answer."""

    shown: ClassVar[tuple[str, ...]]

    id = AnswerId(source="pk", help_text="Our id.")
    integration = AnswerId(source="integration_id", help_text="Id of the integration.")
    state = serializers.ChoiceField(Walk.State.choices, help_text="How far it is.")
    by = Said(help_text="The person or key that asked for it.")
    asked_at = serializers.DateTimeField(help_text="When it was asked for.")
    finished_at = serializers.DateTimeField(source="done_at", allow_null=True, help_text="When it was over.")
    there = serializers.IntegerField(help_text="Employees who were read there.")
    total = serializers.IntegerField(help_text="of so many.")
    calls = serializers.IntegerField(help_text="Calls that it made there.")
    cause = Said(help_text="Why it ended early, as a code.")
    message = Said(help_text="Why it ended early, in words.")
    cancelled_by = Said(help_text="Who cancelled it.")

    def get_fields(self) -> dict[str, serializers.Field]:
        fields = super().get_fields()
        return {name: fields[name] for name in self.shown}


def operations(
    name: str, key: OpenApiParameter, serializer: type[WalkSerializer], **said: tuple[str, str]
) -> dict[str, Callable[[Any], Any]]:
    """For `extend_schema_view` of a WalkViewSet: `said` has the summary and the description of each. `name`: what its
    operations begin with."""
    begun: dict[str, Any] = {"request": None, "responses": {202: serializer}}
    cancelled: dict[str, Any] = {"request": None, "responses": serializer}
    kinds: dict[str, tuple[list[OpenApiParameter], dict[str, Any]]] = {
        "list": ([INTEGRATION], {}),
        "retrieve": ([INTEGRATION, key], {}),
        "create": ([INTEGRATION], begun),
        "cancel": ([INTEGRATION, key], cancelled),
    }
    return {
        kind: extend_schema(
            operation_id=f"{name}_{kind}",
            summary=said[kind][0],
            description=said[kind][1],
            parameters=parameters,
            **body,
        )
        for kind, (parameters, body) in kinds.items()
    }


class OfWalks(OfIntegration):
    """`walks`: those of all connections."""

    walks: ClassVar[QuerySet]

    def of_integration(self) -> QuerySet:
        return self.walks.filter(integration=self.integration())

    def walk(self) -> Any:
        """The one that the address names."""
        return get_object_or_404(self.of_integration(), pk=self.kwargs["pk"])


class WalkViewSet(OfWalks):
    """Newest first. Whoever asks for one has a worker go through everybody: 202, and `state` says how far it is."""

    scopes = SYNC
    ordering = ("-id",)

    def begin(self, by: str) -> Walk:
        """Raises `walks.NotPossibleError`."""
        raise NotImplementedError

    def list(self, request: Request, integration_pk: int) -> Response:
        return self.page(self.of_integration())

    def retrieve(self, request: Request, integration_pk: int, pk: int) -> Response:
        return Response(self.get_serializer(self.walk()).data)

    @writes
    def create(self, request: Request, integration_pk: int) -> Response:
        try:
            walk = self.begin(key_of(request).name)
        except walks.NotPossibleError as reason:
            raise not_possible(reason) from None
        headers = where(request, self.basename, integration_pk, walk.pk)
        return Response(self.get_serializer(walk).data, status=202, headers=headers)

    @action(detail=True, methods=["post"])  # else `extend_schema_view` does not know it
    @writes
    def cancel(self, request: Request, integration_pk: int, pk: int) -> Response:
        if not walks.cancel(self.walk(), key_of(request).name):
            raise over()
        return self.retrieve(request, integration_pk, pk)


class WalkRowsViewSet(OfWalks):
    """What one of them found."""

    scopes = {"GET": "sync:read"}
    needs = {"GET": "view"}
    ordering = ("id",)

    def in_words(self, rows: Iterable[Any]) -> Sequence[Any]:
        """What the serializer is given of these rows."""
        raise NotImplementedError

    def list(self, request: Request, integration_pk: int, pk: int) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.walk().rows.order_by("id"))) or []
        return self.get_paginated_response(self.get_serializer(self.in_words(page), many=True).data)
