from __future__ import annotations

from array import array
from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, PolymorphicProxySerializer, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import APIException, ErrorDetail, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.models import Integration
from integrations.scope import scope_of
from positions.api.base import key_of, writes
from positions.api.filters import PositionFilters
from positions.api.listed import Listed
from positions.api.references import missing
from positions.models import Position
from synclog.api.bodies import narrowed
from synclog.api.filters import BatchErrorFilters, BatchFilters, JobFilters
from synclog.api.later import over, where
from synclog.api.serializers.batches import (
    WANTED,
    BatchErrorSerializer,
    BatchSerializer,
    MatchingSerializer,
    checked,
)
from synclog.api.views.scopes import ADMINS_ASK, SYNC
from synclog.log import batches
from synclog.log.batches import Wanted
from synclog.log.truth import Truth, keys_in
from synclog.models import Batch, BatchError, Job


class TooManyBatches(APIException):
    status_code = 429
    default_code = "too_many_batches"
    default_detail = format_lazy(
        gettext_lazy("{number} batches of this organization are under way. Wait until one is done, or cancel one."),
        number=batches.OPEN_AT_ONCE,
    )
    wait = 10


class BatchViewSet(Listed):
    """Many jobs or positions at once. Newest first."""

    scopes = SYNC
    needs = ADMINS_ASK
    serializer_class = BatchSerializer
    filterset_class = BatchFilters
    lookup_value_converter = "int"
    ordering = ("-id",)

    def get_queryset(self) -> QuerySet[Batch]:
        if getattr(self, "swagger_fake_view", False):
            return Batch.objects.none()
        return Batch.objects.filter(organization=self.organization).defer("keys")

    def checked_form(self) -> Any:
        return checked(self.request.data) if self.action == "create" else None

    @extend_schema(summary="List batches", description="Many jobs or positions at once, newest first. Kept for a year.")
    def list(self, request: Request) -> Response:
        return self.page(self.get_queryset())

    @extend_schema(summary="Read a batch", description="How far it is, and what came of it.")
    def retrieve(self, request: Request, pk: int) -> Response:
        return Response(self.get_serializer(get_object_or_404(self.get_queryset(), pk=pk)).data)

    @extend_schema(
        summary="Begin a batch",
        description="Jobs (`resync`, `dismiss`) or positions (`send_now`, `preview`) that match a filter now are taken "
        "up by a worker, piece by piece: 202, and how far it is at `Location`. Count first with `count_only`: 200, and "
        "nothing is changed. Batches of an organization are carried on one after the other.",
        request=PolymorphicProxySerializer("BatchWanted", dict(WANTED), "action"),
        responses={200: MatchingSerializer, 202: BatchSerializer},
        examples=[
            OpenApiExample(
                "Count what lacks a field",
                {"action": "resync", "filter": {"cause": "missing_required_field"}, "count_only": True},
                request_only=True,
            ),
            OpenApiExample(
                "Send it again",
                {"action": "resync", "filter": {"cause": "missing_required_field", "integration": 3}},
                request_only=True,
            ),
            OpenApiExample(
                "Dismiss",
                {"action": "dismiss", "filter": {"cause": "delete_by_hand"}, "reason": "Deleted by hand."},
                request_only=True,
            ),
            OpenApiExample(
                "Send what was never sent",
                {"action": "send_now", "filter": {"integration": 3, "state": "not_sent", "active_on": "2026-03-01"}},
                request_only=True,
            ),
            OpenApiExample(
                "Before switching on",
                {"action": "preview", "filter": {"integration": 3, "active_on": "2026-03-01"}},
                request_only=True,
            ),
        ],
    )
    @writes
    def create(self, request: Request) -> Response:
        form = self.form
        kind, wanted = Batch.Action(form["action"]), form["filter"]
        integration = self._integration(wanted["integration"]) if "integration" in wanted else None
        rows: QuerySet[Any]
        off: tuple[str, ...] = ()
        if kind in (Batch.Action.RESYNC, Batch.Action.DISMISS):
            integration = None
            rows, off = self._jobs(kind, wanted)
        else:
            assert integration is not None
            rows = self._positions(kind, integration, wanted)
        if form["count_only"]:
            return Response(MatchingSerializer({"matching": rows.count()}).data)
        keys: array[int] = batches.keys_of(rows.order_by("pk").values_list("pk", flat=True))
        asked = Wanted(
            kind, key_of(request).name, Job.Origin.API.value, self.organization.pk, integration,
            form.get("reason", ""), off,
        )  # fmt: skip
        return self._begun(request, keys, asked)

    def _begun(self, request: Request, keys: array[int], asked: Wanted) -> Response:
        try:
            batch = batches.begin(keys, asked)
        except batches.TooManyError:
            raise TooManyBatches from None
        return Response(self.get_serializer(batch).data, status=202, headers=where(request, "batch", batch.pk))

    def _integration(self, pk: int) -> Integration:
        known = Integration.objects.filter(organization=self.organization).select_related("organization")
        found = known.filter(pk=pk).first()
        if found is None:
            raise ValidationError({"filter": {"integration": missing("integration", pk)}})
        return found

    def _jobs(self, kind: Batch.Action, wanted: Mapping[str, Any]) -> tuple[QuerySet[Job], tuple[str, ...]]:
        """Those to be taken up, and the connections of which none is, since they are off."""
        jobs = jobs_wanted(self.organization, wanted, self.request)
        if kind is Batch.Action.DISMISS:
            return jobs.filter(open_key__isnull=False), ()
        return jobs.filter(integration__send_positions=True), batches.off_among(jobs)

    def _positions(self, kind: Batch.Action, integration: Integration, wanted: Mapping[str, Any]) -> QuerySet[Position]:
        if not integration.send_positions and (kind is Batch.Action.SEND_NOW or "state" in wanted):
            off = _("Send positions is switched off for {connection}. Switch it on first.")
            _refuse(off.format(connection=integration.name), "switched_off")
        if kind is Batch.Action.PREVIEW and not integration.connected:
            lacking = _("{connection} is not connected: keys or settings are missing.")
            _refuse(lacking.format(connection=integration.name), "not_connected")
        positions = Position.objects.filter(
            scope_of(integration.pk).positions(), employee__organization=self.organization
        )
        if "state" in wanted:
            positions = positions.filter(pk__in=keys_in(integration, Truth(wanted["state"])))
        rest = {name: value for name, value in wanted.items() if name not in ("integration", "state")}
        return narrowed(positions, PositionFilters, rest, self.request)

    @extend_schema(
        summary="Cancel a batch",
        description="Nothing more of it is taken up. What was taken up goes on.",
        request=None,
        responses=BatchSerializer,
    )
    @action(detail=True, methods=["post"], url_path="cancel")
    @writes
    def cancel(self, request: Request, pk: int) -> Response:
        found = get_object_or_404(self.get_queryset(), pk=pk)
        if not batches.cancel(found.pk, key_of(request).name):
            raise over()
        return self.retrieve(request, pk)


def jobs_wanted(organization: Any, wanted: Mapping[str, Any], request: Request) -> QuerySet[Job]:
    """The organization's jobs that match; without a state, those that need action."""
    jobs = Job.objects.filter(organization=organization)
    presumed = {} if {"state", "state__in"} & wanted.keys() else {"state": Job.State.FAILED.value}
    return narrowed(jobs, JobFilters, {**presumed, **wanted}, request)


def _refuse(words: str, code: str) -> None:
    raise ValidationError({"filter": {"integration": [ErrorDetail(words, code)]}})


class BatchErrorViewSet(Listed):
    """What of a batch was left out, or would not be sent."""

    scopes = {"GET": "sync:read"}
    needs = {"GET": "view"}
    serializer_class = BatchErrorSerializer
    filterset_class = BatchErrorFilters
    ordering = ("id",)
    queryset = BatchError.objects.none()  # for the document

    @extend_schema(
        operation_id="batches_errors",
        summary="List what a batch left out",
        description="Positions that were left out, and of a preview those that would not be sent, as they were "
        "looked at. Whether a system took what was sent is told by the jobs: `GET /jobs/?request_id=`.",
        parameters=[OpenApiParameter("batch_pk", int, OpenApiParameter.PATH, description="Id of the batch.")],
    )
    def list(self, request: Request, batch_pk: int) -> Response:
        batch = get_object_or_404(Batch.objects.filter(organization=self.organization).only("pk"), pk=batch_pk)
        return self.page(BatchError.objects.filter(batch=batch).order_by("id"))
