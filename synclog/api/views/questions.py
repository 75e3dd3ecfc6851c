"""Tests and previews, which a worker finds the answer to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.models import Integration
from positions.api.base import ApiView, asks, key_of
from positions.api.references import missing
from positions.models import Position
from synclog.api.serializers.questions import PreviewRequestSerializer, PreviewSerializer, QuestionSerializer
from synclog.api.views.scopes import ADMINS_ASK, SYNC
from synclog.engine.fitted import shown_changes
from synclog.log import sentences
from synclog.log.causes import remedy
from synclog.models import Question
from synclog.questions import asking
from synclog.questions.preview import Preview, question_of, unpacked


class TooManyQuestions(APIException):
    status_code = 429
    default_code = "too_many_questions"
    wait = 10


def asked(request: Request, ask: Callable[[str], Question], kind: str) -> Response:
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
        questions = Question.objects.filter(organization=self.organization, batch=None)
        question = get_object_or_404(questions.select_related("integration__organization"), uuid=key)
        return Response(_question(question))


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
        wanted = serializer.validated_data
        positions = Position.objects.filter(employee__organization=self.organization)
        position = positions.select_related("employee", "company").filter(pk=wanted["position"]).first()
        integrations = Integration.objects.filter(organization=self.organization).select_related("organization")
        integration = integrations.filter(pk=wanted["integration"]).first()
        if position is None or integration is None:
            errors = {}
            if position is None:
                errors["position"] = missing("position", wanted["position"])
            if integration is None:
                errors["integration"] = missing("integration", wanted["integration"])
            raise ValidationError(errors)
        return asked(
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
        "changes": shown_changes(outcome.changes, names),
        "unsent": {key: str(reason) for key, reason in outcome.unsent.items()},
        "steps": sentences.trace_steps(outcome.trace, zone),
        "notes": list(preview.notes),
    }
