"""Webhooks: addresses of an organization's own that are told of what happens, and what became of each telling."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError as ModelValidationError
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    PolymorphicProxySerializer,
    extend_schema,
    extend_schema_field,
)
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings

from integrations.addresses import refused
from positions.api.base import etag_of, writes
from positions.api.fields import AnswerId, Choice, Line, Said, StrictSerializer, Switch, required
from positions.api.filters import ChoiceFilter, Filters
from positions.api.listed import Listed
from synclog.api.told import EVENTS
from synclog.models import Webhook, WebhookDelivery
from synclog.webhooks import endpoints

SCOPES = {"GET": "sync:read", "POST": "sync:write", "PATCH": "sync:write", "DELETE": "sync:write"}
_TOPICS = [topic.value for topic in Webhook.Topic]
# Of the sender's own book, which nobody is shown.
_UNSEEN = ("secret", "former_secrets")

_WEBHOOK = OpenApiParameter("webhook_pk", OpenApiTypes.INT, OpenApiParameter.PATH, description="Id of the webhook.")


def _allowed(url: str) -> None:
    if reason := refused(url):
        raise ValidationError(reason, "invalid")


class Address(Line):
    """Of a receiver of webhooks."""

    pattern = r'^https?://[A-Za-z0-9][A-Za-z0-9._-]*(:[1-9]\d{0,3}|:[1-5]\d{4}|:6[0-4]\d{3})?([/?][!-"$-~]*)?$'

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=500, validators=[_allowed], **kwargs)


class WebhookSerializer(StrictSerializer):
    about = "An address of your own that is told of what happens."

    id = AnswerId(help_text="Our id.")
    url = Address(help_text="Where events are posted to, with `https://`. A new one ends a pause.", **required())
    events = serializers.ListField(
        child=Choice(Webhook.Topic.choices), min_length=1, help_text="What it is told of.", **required()
    )
    active = Switch(
        required=False,
        default=True,
        help_text="false: nothing is sent, and what happens meanwhile is not told afterwards. true again ends a pause.",
    )
    state = serializers.ChoiceField(
        Webhook.State.choices,
        read_only=True,
        help_text="`failing`: nothing was taken lately; it is tried again. `paused`: it waits until somebody resumes "
        "it. `off`: `active` is false.",
    )
    failing_since = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="Since when nothing was taken. null: all is well."
    )
    paused_at = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="When it was paused. null: it is not."
    )
    paused_cause = Said(help_text="`failing`: nothing was taken for five days. `gone`: it answered 410.")
    created_at = serializers.DateTimeField(read_only=True, help_text="When it was made here.")
    updated_at = serializers.DateTimeField(read_only=True, help_text="When it was last changed here.")

    def validate_events(self, given: list[str]) -> list[str]:
        return [topic for topic in _TOPICS if topic in given]


class WebhookWithSecretSerializer(WebhookSerializer):
    about = "The webhook with its secret, which is shown this once."

    secret = Said(
        help_text="What signs, in the form of Standard Webhooks: keep it. null when an answer is repeated "
        "(`Idempotent-Replay`): rotate it then."
    )


class DeliverySerializer(serializers.Serializer):
    about = "One event for one webhook, and what became of it."

    id = AnswerId(help_text="Our id.")
    webhook = AnswerId(source="webhook_id", help_text="Id of the webhook.")
    webhook_id = Said(source="message_id", help_text="The header of this name: the same at each try and each replay.")
    event = serializers.CharField(source="topic", help_text="What it tells of, or `webhook.test`.")
    state = serializers.ChoiceField(
        WebhookDelivery.State.choices,
        help_text="`waiting`, `retrying`, `delivered`, or `failed`: it was tried for seven days.",
    )
    payload = serializers.SerializerMethodField(help_text="What is posted.")
    created_at = serializers.DateTimeField(help_text="When it happened.")
    attempts = serializers.IntegerField(min_value=0, help_text="Tries since it happened, or was last replayed.")
    next_attempt_at = serializers.SerializerMethodField(
        help_text="When it is tried next. null when it is not tried by itself."
    )
    last_attempt_at = serializers.DateTimeField(
        source="tried_at", allow_null=True, help_text="When it was tried last. null: not yet."
    )
    status_code = serializers.SerializerMethodField(help_text="Of the last answer. null: there was none.")
    message = Said(help_text="Why it was not taken.")
    answer = Said(help_text="How the last answer begins, masked, for some weeks.")
    milliseconds = serializers.IntegerField(min_value=0, help_text="That the last try took.")

    @extend_schema_field(PolymorphicProxySerializer("WebhookEvent", dict(EVENTS), "type"))
    def get_payload(self, delivery: WebhookDelivery) -> Any:
        return json.loads(delivery.body)

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_next_attempt_at(self, delivery: WebhookDelivery) -> datetime | None:
        webhook = delivery.webhook
        if delivery.state not in WebhookDelivery.ACTIVE or not webhook.active or webhook.paused_at:
            return None
        return max(delivery.due_at, webhook.retry_at) if webhook.retry_at else delivery.due_at

    @extend_schema_field(serializers.IntegerField(allow_null=True, min_value=100, max_value=999))
    def get_status_code(self, delivery: WebhookDelivery) -> int | None:
        return delivery.status or None


class DeliveryFilters(Filters):
    state = ChoiceFilter(choices=WebhookDelivery.State.choices, help_text="How far they are.")
    event = ChoiceFilter(
        field_name="topic",
        choices=[*Webhook.Topic.choices, (Webhook.TEST, Webhook.TEST)],
        help_text="What they tell of.",
    )

    class Meta:
        model = WebhookDelivery
        fields: list[str] = []


class WebhookViewSet(Listed):
    """Webhooks of the key's organization."""

    scopes = SCOPES
    etags = True
    serializer_class = WebhookSerializer
    lookup_value_converter = "int"
    ordering = ("id",)

    def get_queryset(self) -> QuerySet[Webhook]:
        if getattr(self, "swagger_fake_view", False):
            return Webhook.objects.none()
        return Webhook.objects.filter(organization=self.organization).defer(*_UNSEEN).order_by("id")

    def checked_form(self) -> Mapping[str, Any] | None:
        if self.action not in ("create", "partial_update"):
            return None
        form = WebhookSerializer(data=self.request.data, partial=self.action == "partial_update")
        form.is_valid(raise_exception=True)
        return form.validated_data

    @extend_schema(summary="List webhooks", description="All webhooks of the key's organization.")
    def list(self, request: Request) -> Response:
        return self.page(self.get_queryset())

    @extend_schema(summary="Read a webhook", description="One webhook as it is now. Its secret is never shown again.")
    def retrieve(self, request: Request, pk: int) -> Response:
        return Response(self.get_serializer(get_object_or_404(self.get_queryset(), pk=pk)).data)

    @extend_schema(
        summary="Create a webhook",
        description="From now on events are posted to the address, signed with the `secret` of the answer, which is "
        "shown this once.",
        responses={201: WebhookWithSecretSerializer},
        examples=[
            OpenApiExample(
                "What needs somebody",
                {"url": "https://hr.example.com/position-sync", "events": ["job.failed", "job.recovered"]},
                request_only=True,
            )
        ],
    )
    @writes
    def create(self, request: Request) -> Response:
        webhook = Webhook(organization=self.organization, **self.form)
        try:
            webhook.require_room()
        except ModelValidationError as error:
            detail = [ErrorDetail(sentence, "too_many") for sentence in error.messages]
            raise ValidationError({api_settings.NON_FIELD_ERRORS_KEY: detail}) from None
        webhook.save()
        location = request.build_absolute_uri(reverse("sync_api:webhook-detail", args=[webhook.pk]))
        return self._with_secret(webhook, status=201, headers={"Location": location})

    @extend_schema(
        summary="Change a webhook",
        description="What is left out stays. A new `url`, and `active` that becomes true, end a pause.",
        examples=[OpenApiExample("Switch it off", {"active": False}, request_only=True)],
    )
    @writes
    def partial_update(self, request: Request, pk: int) -> Response:
        webhook = self._locked(pk)
        changed = [name for name, value in self.form.items() if getattr(webhook, name) != value]
        for name in changed:
            setattr(webhook, name, self.form[name])
        if changed:
            webhook.save(update_fields=[*changed, "updated_at"])
            endpoints.edited(webhook, changed)
        return self._answer(webhook)

    @extend_schema(
        summary="Delete a webhook",
        description="With its deliveries: what waits is not sent any more.",
        responses={204: None},
    )
    @writes
    def destroy(self, request: Request, pk: int) -> Response:
        webhook = self._locked(pk)
        webhook.delete()
        return Response(status=204)

    @extend_schema(
        summary="Rotate the secret of a webhook",
        description="The answer has the new secret, which is shown this once. For 24 hours the one before signs, too.",
        request=None,
        responses=WebhookWithSecretSerializer,
    )
    @action(detail=True, methods=["post"], url_path="rotate")
    @writes
    def rotate(self, request: Request, pk: int) -> Response:
        return self._with_secret(self._acted_on(pk, endpoints.rotate))

    @extend_schema(
        summary="Resume a webhook",
        description="Ends a pause: what waited is sent now.",
        request=None,
        responses=WebhookSerializer,
    )
    @action(detail=True, methods=["post"], url_path="resume")
    @writes
    def resume(self, request: Request, pk: int) -> Response:
        return self._answer(self._acted_on(pk, endpoints.resume))

    def _locked(self, pk: int) -> Webhook:
        return get_object_or_404(self.get_queryset().select_for_update(of=("self",)), pk=pk)

    def _acted_on(self, pk: int, act: Callable[[int], Webhook]) -> Webhook:
        return act(get_object_or_404(self.get_queryset(), pk=pk).pk)

    def _etag(self, webhook: Webhook) -> str:
        return etag_of(WebhookSerializer(webhook).data)

    def _answer(self, webhook: Webhook) -> Response:
        return Response(WebhookSerializer(webhook).data, headers={"ETag": self._etag(webhook)})

    def _with_secret(self, webhook: Webhook, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        data = WebhookWithSecretSerializer(webhook).data
        answer = Response(data, status=status, headers={**(headers or {}), "ETag": self._etag(webhook)})
        answer.kept = {**data, "secret": None}  # type: ignore[attr-defined]  # positions.api.base
        return answer


class DeliveryViewSet(Listed):
    """What one webhook was told, newest first."""

    scopes = SCOPES
    serializer_class = DeliverySerializer
    filterset_class = DeliveryFilters
    ordering = ("-id",)

    def get_queryset(self) -> QuerySet[WebhookDelivery]:
        if getattr(self, "swagger_fake_view", False):
            return WebhookDelivery.objects.none()
        unseen = (f"webhook__{name}" for name in _UNSEEN)
        found = WebhookDelivery.objects.filter(webhook=self._webhook()).select_related("webhook").defer(*unseen)
        return found.order_by("-id")

    def _webhook(self) -> Webhook:
        found = Webhook.objects.filter(organization=self.organization).defer(*_UNSEEN)
        return get_object_or_404(found, pk=self.kwargs["webhook_pk"])

    @extend_schema(
        operation_id="webhooks_deliveries_list",
        summary="List deliveries of a webhook",
        description="What it was told, what waits, and what it did not take, newest first.",
        parameters=[_WEBHOOK],
    )
    def list(self, request: Request, webhook_pk: int) -> Response:
        return self.page(self.get_queryset())

    @extend_schema(
        operation_id="webhooks_deliveries_retrieve",
        summary="Read a delivery",
        description="One event for one webhook, and what became of it. Its number is `id`, not the header.",
        parameters=[_WEBHOOK],
    )
    def retrieve(self, request: Request, webhook_pk: int, pk: int) -> Response:
        return Response(self.get_serializer(get_object_or_404(self.get_queryset(), pk=pk)).data)

    @extend_schema(
        operation_id="webhooks_deliveries_replay",
        summary="Replay a delivery",
        description="Sends it once more, under the same `webhook-id`, whatever became of it.",
        parameters=[_WEBHOOK],
        request=None,
        responses=DeliverySerializer,
    )
    @writes
    def replay(self, request: Request, webhook_pk: int, pk: int) -> Response:
        return self._answer(endpoints.replay(get_object_or_404(self.get_queryset(), pk=pk).pk))

    @extend_schema(
        operation_id="webhooks_test",
        summary="Send a test event",
        description="Posts a `webhook.test`, whatever the webhook is told of otherwise.",
        parameters=[_WEBHOOK],
        request=None,
        responses=DeliverySerializer,
    )
    @writes
    def send_test(self, request: Request, webhook_pk: int) -> Response:
        return self._answer(endpoints.send_test(self._webhook()))

    def _answer(self, delivery: WebhookDelivery) -> Response:
        return Response(self.get_serializer(self.get_queryset().get(pk=delivery.pk)).data)
