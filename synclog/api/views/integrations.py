from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.db.models import BooleanField, Case, QuerySet, When
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from integrations import supported
from integrations.gaps import any_of, gaps_here, gaps_of, positions_here
from integrations.models import Integration
from integrations.sdk.wording import say
from positions.api.base import asks, key_of, writes
from positions.api.listed import Listed
from synclog.api.serializers.integrations import (
    FieldSerializer,
    GapsSerializer,
    IntegrationSerializer,
    KeptBackSerializer,
    SwitchesSerializer,
)
from synclog.api.serializers.questions import CheckSerializer, QuestionSerializer
from synclog.api.switching import switch
from synclog.api.views.batches import TooManyBatches
from synclog.api.views.questions import asked
from synclog.api.views.scopes import ADMINS_ASK, SYNC
from synclog.log import batches
from synclog.log.health import health_of
from synclog.questions import asking


class IntegrationViewSet(Listed):
    """Connections of the key's organization. They are made in the admin, which also has their keys and settings."""

    scopes = SYNC
    needs = ADMINS_ASK
    volatile = ("health", "last_success_at", "cutoff")
    serializer_class = IntegrationSerializer
    lookup_value_converter = "int"
    ordering = ("id",)

    def get_queryset(self) -> QuerySet[Integration]:
        if getattr(self, "swagger_fake_view", False):
            return Integration.objects.none()
        found = Integration.objects.filter(organization=self.organization).prefetch_related("companies")
        return found.select_related("organization").defer("vault").order_by("id")

    @extend_schema(summary="List integrations", description="Connections of the key's organization, and how each is.")
    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.get_queryset()) or []
        context = {"health": health_of(page)}
        return self.get_paginated_response(IntegrationSerializer(page, many=True, context=context).data)

    @extend_schema(summary="Read an integration", description="One connection, and how it is.")
    def retrieve(self, request: Request, pk: int) -> Response:
        return self._answer(pk)

    @extend_schema(
        operation_id="integrations_partial_update",
        summary="Switch an integration",
        description="Its switches and its payroll cut-off; keys and settings are the admin's. Each change is told in "
        "its history and audited. "
        "Switched on, changes from then on are sent, and of what is here what `start` says: nothing by default.",
        request=SwitchesSerializer,
        responses=IntegrationSerializer,
        examples=[
            OpenApiExample("Pause", {"paused": True}, request_only=True),
            OpenApiExample("Switch on", {"send_positions": True}, request_only=True),
            OpenApiExample(
                "Switch on, and send what is current", {"send_positions": True, "start": "current"}, request_only=True
            ),
            OpenApiExample(
                "Hold after the 13th",
                {"cutoff": {"after": "hold", "monthly": {"day": 13, "hour": 12}, "opens": {"day": 1, "hour": 0}}},
                request_only=True,
            ),
        ],
    )
    @writes
    def partial_update(self, request: Request, pk: int) -> Response:
        try:
            switch(get_object_or_404(self.get_queryset(), pk=pk), self.form, key_of(request).name)
        except batches.TooManyError:
            raise TooManyBatches from None
        return self._answer(pk)

    def checked_form(self) -> Any:
        if self.action != "partial_update":
            return None
        form = SwitchesSerializer(data=self.request.data, partial=True)
        form.is_valid(raise_exception=True)
        return form.validated_data

    @extend_schema(
        summary="Read an integration's fields",
        description="What its system takes of a position: all our fields, also those that it does not take.",
        responses=FieldSerializer(many=True),
    )
    @action(detail=True, url_path="fields", pagination_class=None)
    def fields(self, request: Request, pk: int) -> Response:
        integration = get_object_or_404(self.get_queryset(), pk=pk)
        return Response(FieldSerializer(supported.described(integration.system)["fields"], many=True).data)

    @extend_schema(
        summary="Read what keeps positions back",
        description="What the system requires and positions of today lack, found out without asking it. Each with the "
        "number of positions; `gaps/positions/` has them.",
        responses=GapsSerializer,
    )
    @action(detail=True, url_path="gaps", pagination_class=None)
    def gaps(self, request: Request, pk: int) -> Response:
        integration = get_object_or_404(self.get_queryset(), pk=pk)
        rows = [{**asdict(gap), "positions": number} for gap, number in gaps_here(integration)]
        without = [say(setting.label) for setting in integration.missing_settings()]
        return Response(GapsSerializer({"missing_settings": without, "gaps": rows}).data)

    @extend_schema(
        summary="Test an integration",
        description="A worker asks the system itself whether keys and rights hold. Changes nothing. 202 when it takes "
        "longer than a request may wait: the answer is at `Location`.",
        request=None,
        responses={200: CheckSerializer, 202: QuestionSerializer},
    )
    @action(detail=True, methods=["post"], url_path="check")
    @asks
    def check(self, request: Request, pk: int) -> Response:
        integration = get_object_or_404(self.get_queryset(), pk=pk)
        return asked(request, lambda by: asking.ask_check(integration, by), "check")

    def _answer(self, pk: int) -> Response:
        integration = get_object_or_404(self.get_queryset(), pk=pk)
        context = {"health": health_of([integration])}
        return Response(IntegrationSerializer(integration, context=context).data)


class KeptBackViewSet(Listed):
    """Positions that a connection would not send today, since they lack something."""

    scopes = SYNC
    needs = ADMINS_ASK
    serializer_class = KeptBackSerializer
    queryset = Integration.objects.none()  # for the document: what the address names

    @extend_schema(
        operation_id="integrations_gaps_positions",
        summary="List the positions that are kept back",
        description="Current and upcoming positions that would not be sent, with what each lacks.",
        parameters=[
            OpenApiParameter("integration_pk", int, OpenApiParameter.PATH, description="Id of the integration.")
        ],
        responses=KeptBackSerializer(many=True),
    )
    def list(self, request: Request, integration_pk: int) -> Response:
        known = Integration.objects.filter(organization=self.organization).select_related("organization")
        integration = get_object_or_404(known, pk=integration_pk)
        found = gaps_of(integration)
        rows = positions_here(integration).filter(any_of(found))
        rows = rows.annotate(
            **{
                f"gap{n}": Case(When(gap.positions(), then=True), default=False, output_field=BooleanField())
                for n, gap in enumerate(found)
            }
        )
        page = self.paginate_queryset(rows.select_related("employee").defer("employee__national_id").order_by("id"))
        return self.get_paginated_response(KeptBackSerializer(page, many=True, context={"gaps": found}).data)
