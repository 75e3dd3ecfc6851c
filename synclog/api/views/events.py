from __future__ import annotations

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from positions.api.fields import AnswerId, Said
from positions.api.listed import Listed
from synclog.api.filters import EventFilters
from synclog.models import Event


class EventSerializer(serializers.ModelSerializer):
    about = "Something that happened to a connection as a whole: told once, and once when it is over."

    id = AnswerId(help_text="Our id.")
    integration = AnswerId(source="integration_id", help_text="Id of the integration.")
    kind = serializers.ChoiceField(Event.Kind.choices, help_text="What happened, for programs.")
    message = Said(source="text", help_text="The same in words.")
    by = Said(help_text="The person or key that did it. null: nobody did.")

    class Meta:
        model = Event
        fields = ("id", "integration", "at", "kind", "message", "by")
        read_only_fields = fields
        extra_kwargs = {"at": {"help_text": "When."}}


class EventViewSet(Listed):
    """What happened to connections. Newest first."""

    scopes = {"GET": "sync:read"}
    needs = {"GET": "view"}
    serializer_class = EventSerializer
    filterset_class = EventFilters
    ordering_fields = ("id",)
    ordering = ("-id",)

    def get_queryset(self) -> QuerySet[Event]:
        if getattr(self, "swagger_fake_view", False):
            return Event.objects.none()
        return Event.objects.filter(integration__organization=self.organization)

    @extend_schema(
        summary="List events",
        description="What happened to connections, newest first: switched, paused, stopped, retrying, answering again, "
        "with warnings, healthy. To follow them, order by `id` and go on from the last `next`.",
    )
    def list(self, request: Request) -> Response:
        return self.page(self.get_queryset())
