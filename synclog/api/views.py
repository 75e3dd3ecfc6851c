from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import APIException, ErrorDetail, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.viewsets import GenericViewSet

from integrations.models import Integration
from positions.api.base import ApiView, asks, key_of, writes
from positions.api.pagination import Pages
from positions.api.references import missing
from positions.models import Position
from positions.roles import Need
from synclog.api.examples import CARRIED_ON
from synclog.api.filters import JobFilters
from synclog.api.serializers import (
    BatchAnswerSerializer,
    BatchSerializer,
    BatchStateSerializer,
    CheckSerializer,
    DismissalSerializer,
    IntegrationDetailSerializer,
    IntegrationSerializer,
    JobDetailSerializer,
    JobSerializer,
    PreviewRequestSerializer,
    PreviewSerializer,
    QuestionSerializer,
    ResyncedSerializer,
    StateSerializer,
)
from synclog.engine.fitted import shown_value
from synclog.log import bulk_actions, sentences
from synclog.log.causes import remedy
from synclog.log.health import health_of
from synclog.log.states import connections_of, states_of
from synclog.models import Batch, Job, Question
from synclog.questions import asking
from synclog.questions.preview import Preview, question_of, unpacked

SYNC = {"GET": "sync:read", "POST": "sync:write"}
EDITORS_ASK: Mapping[str, Need] = {"GET": "view", "POST": "edit"}
ADMINS_ASK: Mapping[str, Need] = {"GET": "view", "POST": "administer"}
# No answer needs the keys of a connection, and decrypting them for each row would be slow.
_LIGHT = ("credentials", "vault")


class IntegrationViewSet(ApiView, GenericViewSet):
    """Connections of the key's organization. They are made and switched in the admin."""

    scopes = SYNC
    needs = ADMINS_ASK
    volatile = ("health", "last_success_at")
    serializer_class = IntegrationSerializer
    pagination_class = Pages
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

    @extend_schema(
        summary="Read an integration",
        description="One connection, and what its system takes of a position.",
        responses=IntegrationDetailSerializer,
    )
    def retrieve(self, request: Request, pk: int) -> Response:
        integration = get_object_or_404(self.get_queryset(), pk=pk)
        context = {"health": health_of([integration])}
        return Response(IntegrationDetailSerializer(integration, context=context).data)

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
        return _asked(request, lambda by: asking.ask_check(integration, by), "check")


class TooManyQuestions(APIException):
    status_code = 429
    default_code = "too_many_questions"
    wait = 10


def _asked(request: Request, ask: Callable[[str], Question], kind: str) -> Response:
    """The answer when it comes in time, else where it will be."""
    try:
        question = asking.wait(ask(key_of(request).name))
    except asking.TooManyError as error:
        raise TooManyQuestions(str(error)) from error
    found = _question(question)
    if question.done_at is not None:
        return Response(found[kind])
    address = reverse("sync_api:question", args=[question.uuid])
    return Response(found, status=202, headers={"Location": request.build_absolute_uri(address), "Retry-After": "1"})


def _question(question: Question) -> dict[str, Any]:
    done, check = question.done_at is not None, question.kind == Question.Kind.CHECK
    found: dict[str, Any] = {
        "id": question.uuid,
        "kind": question.kind,
        "progress": "done" if done else "lost" if asking.lost(question) else "asking",
        "message": "" if done else asking.progress(question)["words"],
        "check": None,
        "preview": None,
    }
    if done and check:
        lines = asking.lines_of(question)
        found["check"] = {"ok": all(line.ok for line in lines), "lines": lines}
    elif done:
        found["preview"] = _plain(unpacked(question.integration, question.answer))
    return QuestionSerializer(found).data


class QuestionView(ApiView):
    """A test or a preview that takes longer than a request may wait."""

    scopes = {"GET": "sync:write"}
    needs = {"GET": "administer"}
    detail = True

    @extend_schema(
        operation_id="questions_retrieve",
        summary="Read a question",
        description="How far a test or a preview is that was answered with 202, and its answer. Kept for an hour.",
        parameters=[OpenApiParameter("key", UUID, OpenApiParameter.PATH, description="Id of the question.")],
        responses=QuestionSerializer,
    )
    def get(self, request: Request, key: UUID) -> Response:
        questions = Question.objects.filter(organization=self.organization)
        question = get_object_or_404(questions.select_related("integration__organization"), uuid=key)
        return Response(_question(question))


class JobViewSet(ApiView, GenericViewSet):
    """The error log: what was sent, what waits, and what needs somebody. Newest first."""

    scopes = SYNC
    needs = EDITORS_ASK
    serializer_class = JobSerializer
    filterset_class = JobFilters
    pagination_class = Pages
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
        forms: Mapping[str, type[Serializer]] = {"resync_many": BatchSerializer, "dismiss": DismissalSerializer}
        if self.action not in forms:
            return None
        form = forms[self.action](data=self.request.data)
        form.is_valid(raise_exception=True)
        return form.validated_data

    @extend_schema(summary="List jobs", description="What was sent, what waits, and what needs somebody, newest first.")
    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

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
        request=BatchSerializer,
        responses={200: BatchAnswerSerializer, 202: BatchAnswerSerializer},
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
        names = {"employee": "employee_key", "position": "position_key", "since": "changed_at__gte"}
        jobs = Job.objects.filter(organization=self.organization).filter(
            **{names.get(name, name): value for name, value in asked.items()}
        )
        if asked.get("integration") is not None:
            self._known_integration(asked["integration"])
        matching = jobs.count()
        done: bulk_actions.Resynced | Batch = bulk_actions.Resynced(0)
        if not count_only:
            done = bulk_actions.ask(jobs, key_of(request).name, self.organization, kind=Job.Origin.API.value)
        carried_on = done if isinstance(done, Batch) else None
        answer = {
            "matching": matching, "resynced": done.sent, "left_out": done.left_out, "off": done.off,
            "batch": carried_on,
        }  # fmt: skip
        if carried_on is None:
            return Response(BatchAnswerSerializer(answer).data)
        address = reverse("sync_api:batch", args=[carried_on.pk])
        headers = {"Location": request.build_absolute_uri(address), "Retry-After": "5"}
        return Response(BatchAnswerSerializer(answer).data, status=202, headers=headers)

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
                "It is being sent right now." if job.is_open else "It is closed already: there is nothing to dismiss."
            )
            raise ValidationError({"state": [ErrorDetail(words, "not_open")]})
        return Response(JobSerializer(get_object_or_404(self.get_queryset(), pk=pk)).data)


class BatchView(ApiView):
    """Many jobs that are sent again."""

    scopes = {"GET": "sync:read"}
    needs = {"GET": "view"}
    detail = True
    queryset = Batch.objects.none()  # for the document: what the address names

    @extend_schema(
        operation_id="batches_retrieve",
        summary="Read a batch",
        description="How far a re-sync of many jobs is that was answered with 202.",
        parameters=[OpenApiParameter("id", int, OpenApiParameter.PATH, description="Id of the batch.")],
        responses=BatchStateSerializer,
    )
    def get(self, request: Request, id: int) -> Response:
        found = get_object_or_404(Batch.objects.filter(organization=self.organization).defer("keys"), pk=id)
        return Response(BatchStateSerializer(found).data)


class PositionStatesView(ApiView):
    """What holds of a position in each connection."""

    scopes = SYNC
    needs = EDITORS_ASK
    queryset = Position.objects.none()  # for the document: what the address names

    @extend_schema(
        operation_id="positions_sync",
        summary="Read what holds of a position in each connection",
        description="Whether it is there, on its way, or why not.",
        parameters=[OpenApiParameter("id", int, OpenApiParameter.PATH, description="Id of the position.")],
        responses=StateSerializer(many=True),
    )
    def get(self, request: Request, id: int) -> Response:
        found = Position.objects.filter(employee__organization=self.organization).select_related("employee", "company")
        position = get_object_or_404(found.defer("employee__national_id"), pk=id)
        states = states_of(connections_of(self.organization), [position])[id]
        return Response(StateSerializer(states, many=True).data)


class PreviewView(ApiView):
    """What would be sent for a position, without sending it."""

    scopes = SYNC
    needs = ADMINS_ASK

    @extend_schema(
        operation_id="preview",
        summary="Preview a position",
        description="A worker asks the system and plans, but writes nothing. 202 when it takes longer than a request "
        "may wait: the answer is at `Location`.",
        request=PreviewRequestSerializer,
        responses={200: PreviewSerializer, 202: QuestionSerializer},
        examples=[OpenApiExample("A position", {"position": 12, "integration": 3}, request_only=True)],
    )
    @asks
    def post(self, request: Request) -> Response:
        serializer = PreviewRequestSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        asked = serializer.validated_data
        positions = Position.objects.filter(employee__organization=self.organization)
        position = positions.select_related("employee", "company").filter(pk=asked["position"]).first()
        integrations = Integration.objects.filter(organization=self.organization).select_related("organization")
        integration = integrations.filter(pk=asked["integration"]).first()
        if position is None or integration is None:
            errors = {}
            if position is None:
                errors["position"] = missing("position", asked["position"])
            if integration is None:
                errors["integration"] = missing("integration", asked["integration"])
            raise ValidationError(errors)
        return _asked(
            request, lambda by: asking.ask_preview(integration, question_of(position, integration), by), "preview"
        )


def _plain(preview: Preview) -> dict[str, Any]:
    outcome = preview.outcome
    if outcome is None:
        nothing = dict.fromkeys(("action", "cause", "field", "what_to_do"), "")
        return {
            "result": "nothing", "message": preview.refused, "changes": [], "unsent": {}, "steps": [], "notes": [],
            **nothing,
        }  # fmt: skip
    names = {f.ours: f.remote for f in preview.integration.system.fields}
    zone = preview.integration.organization.zone
    return {
        "result": outcome.state,
        "action": outcome.action,
        "message": preview.sentence(),
        "cause": outcome.cause,
        "field": outcome.field,
        "what_to_do": remedy(outcome.cause),
        "changes": [
            {"field": key, "remote": names.get(key, ""), "old": shown_value(c.old), "new": shown_value(c.new)}
            for key, c in outcome.changes.items()
        ],
        "unsent": {key: str(reason) for key, reason in outcome.unsent.items()},
        "steps": sentences.trace_steps(outcome.trace, zone),
        "notes": list(preview.notes),
    }
