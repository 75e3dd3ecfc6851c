from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from integrations.models import Integration
from positions.api.base import key_of, writes
from positions.api.listed import Listed
from positions.api.references import missing
from synclog.api.examples import CARRIED_ON
from synclog.api.filters import JobFilters
from synclog.api.later import where
from synclog.api.serializers.batches import JobsResyncAnswerSerializer, JobsResyncSerializer
from synclog.api.serializers.jobs import DismissalSerializer, JobDetailSerializer, JobSerializer, ResyncedSerializer
from synclog.api.views.batches import TooManyBatches, jobs_wanted
from synclog.api.views.scopes import EDITORS_ASK, SYNC
from synclog.log import batches, bulk_actions
from synclog.models import Batch, Job

# No answer needs the keys of a connection, and decrypting them for each row would be slow.
_LIGHT = ("credentials", "vault")


class JobViewSet(Listed):
    """The error log: what was sent, what waits, and what needs somebody. Newest first."""

    scopes = SYNC
    needs = EDITORS_ASK
    serializer_class = JobSerializer
    filterset_class = JobFilters
    lookup_value_converter = "int"
    ordering_fields = ("id", "changed_at")
    ordering = ("-id",)

    def get_queryset(self) -> QuerySet[Job]:
        if getattr(self, "swagger_fake_view", False):
            return Job.objects.none()
        return (
            Job.objects.filter(organization=self.organization)
            .select_related("integration__organization")
            .defer(*(f"integration__{name}" for name in _LIGHT))
        )

    def checked_form(self) -> Any:
        forms: Mapping[str, type[Serializer]] = {"resync_many": JobsResyncSerializer, "dismiss": DismissalSerializer}
        if self.action not in forms:
            return None
        form = forms[self.action](data=self.request.data)
        form.is_valid(raise_exception=True)
        return form.validated_data

    @extend_schema(summary="List jobs", description="What was sent, what waits, and what needs somebody, newest first.")
    def list(self, request: Request) -> Response:
        return self.page(self.get_queryset())

    @extend_schema(
        summary="Read a job with its attempts",
        description="One job, and how each try of it went.",
        responses=JobDetailSerializer,
    )
    def retrieve(self, request: Request, pk: int) -> Response:
        return Response(JobDetailSerializer(get_object_or_404(self.get_queryset(), pk=pk)).data)

    @extend_schema(
        summary="Re-sync a job",
        description="Sends the position again as it is now. Repeating it sends nothing twice.",
        request=None,
        responses=ResyncedSerializer,
    )
    @action(detail=True, methods=["post"], url_path="resync")
    @writes
    def resync(self, request: Request, pk: int) -> Response:
        job = get_object_or_404(self.get_queryset(), pk=pk)
        done = bulk_actions.resync(Job.objects.filter(pk=job.pk), key_of(request).name, kind=Job.Origin.API.value)
        newest = Job.objects.filter(integration=job.integration_id, position_key=job.position_key).order_by("-pk")[0]
        answer = {
            "resynced": done.sent,
            "left_out": done.left_out,
            "off": done.off,
            "job": {"id": newest.pk, "integration": newest.integration_id},
        }
        return Response(ResyncedSerializer(answer).data)

    @extend_schema(
        operation_id="jobs_resync_many",
        summary="Re-sync many jobs",
        description="All jobs that match, by default those that need action. Count first with `count_only`. More than "
        "500 are a `batch` that a worker carries on: 202, and how far it is at `Location`.",
        request=JobsResyncSerializer,
        responses={200: JobsResyncAnswerSerializer, 202: JobsResyncAnswerSerializer},
        examples=[
            OpenApiExample(
                "Count what lacks a field", {"cause": "missing_required_field", "count_only": True}, request_only=True
            ),
            OpenApiExample("Send it again", {"cause": "missing_required_field", "integration": 3}, request_only=True),
            OpenApiExample("A worker carries on", CARRIED_ON, response_only=True, status_codes=["202"]),
        ],
    )
    @action(detail=False, methods=["post"], url_path="resync", pagination_class=None, filterset_class=None)
    @writes
    def resync_many(self, request: Request) -> Response:
        asked: dict[str, Any] = dict(self.form)
        count_only = asked.pop("count_only")
        if "integration" in asked:
            self._known_integration(asked["integration"])
        jobs = jobs_wanted(self.organization, asked, request)
        answer = {"matching": jobs.count(), "resynced": 0, "left_out": 0, "off": [], "batch": None}
        if count_only:
            return Response(JobsResyncAnswerSerializer(answer).data)
        try:
            done = bulk_actions.ask(jobs, key_of(request).name, self.organization.pk, kind=Job.Origin.API.value)
        except batches.TooManyError:
            raise TooManyBatches from None
        if isinstance(done, Batch):
            answer |= {"off": done.off, "batch": done}
            return Response(
                JobsResyncAnswerSerializer(answer).data, status=202, headers=where(request, "batch", done.pk)
            )
        answer |= {"resynced": done.sent, "left_out": done.left_out, "off": done.off}
        return Response(JobsResyncAnswerSerializer(answer).data)

    def _known_integration(self, pk: int) -> None:
        if not Integration.objects.filter(organization=self.organization, pk=pk).exists():
            raise ValidationError({"integration": missing("integration", pk)})

    @extend_schema(
        summary="Dismiss a job",
        description="Closes it without sending. The next change of the position is sent as usual.",
        request=DismissalSerializer,
        responses=JobSerializer,
        examples=[OpenApiExample("By hand", {"reason": "Corrected in payroll by hand."}, request_only=True)],
    )
    @action(detail=True, methods=["post"], url_path="dismiss")
    @writes
    def dismiss(self, request: Request, pk: int) -> Response:
        job = get_object_or_404(self.get_queryset(), pk=pk)
        reason = self.form["reason"]
        if not bulk_actions.dismiss(Job.objects.filter(pk=job.pk), reason, key_of(request).name):
            words = (
                _("It is being sent right now.")
                if job.is_open
                else _("It is closed already: there is nothing to dismiss.")
            )
            raise ValidationError({"state": [ErrorDetail(words, "not_open")]})
        return Response(JobSerializer(get_object_or_404(self.get_queryset(), pk=pk)).data)
