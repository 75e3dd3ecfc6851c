"""What was saved of days before a connection's last payroll cut-off, for whoever pays them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from positions.api.fields import AnswerId, Said
from positions.api.listed import Listed
from synclog.api.filters import RetroFilters
from synclog.api.serializers.jobs import StartedBySerializer
from synclog.log import retro
from synclog.log.retro import Retro
from synclog.models import RetroChange


class RetroFieldSerializer(serializers.Serializer):
    about = "A field that is another on days before the cut-off, as people read its values on the first of them."

    field = serializers.CharField(help_text="Our name of the field.")
    old = serializers.CharField(allow_null=True, help_text="What it was. null: empty.")
    new = serializers.CharField(allow_null=True, help_text="What it is. null: empty.")
    first_on = serializers.DateField(source="first", help_text="The first of the days.")
    last_on = serializers.DateField(source="last", help_text="The last of them before the cut-off.")


class RetroChangeSerializer(serializers.Serializer):
    about = "A change that was saved after a payroll cut-off and is about days before it."

    id = AnswerId(source="row.pk", help_text="Our id.")
    integration = AnswerId(source="row.integration_id", help_text="Id of the integration.")
    kind = serializers.ChoiceField(RetroChange.Kind.choices, source="row.kind", help_text="What was done.")
    employee = AnswerId(source="row.employee_key", help_text="Id of the employee, who may be deleted since.")
    employee_number = Said(source="row.employee_number", help_text="Their number, as it was then.")
    employee_name = serializers.CharField(source="row.employee_name", help_text="Their name, as it was then.")
    position = AnswerId(source="row.position_key", help_text="Id of the position, which may be deleted since.")
    title = serializers.CharField(source="row.title", help_text="The position's, as it was then.")
    cutoff_at = serializers.DateTimeField(source="row.cutoff_at", help_text="The cut-off after which it was saved.")
    first_on = serializers.DateField(source="row.first_on", help_text="The first day that it is about.")
    last_on = serializers.DateField(source="row.last_on", help_text="The last day before the cut-off that it is about.")
    changes = RetroFieldSerializer(many=True, source="fields", help_text="What is another. []: the whole position.")
    saved_at = serializers.DateTimeField(source="row.saved_at", help_text="When it was saved.")
    saved_by = serializers.SerializerMethodField(help_text="Who or what saved it.")
    job = AnswerId(source="job.pk", allow_null=True, help_text="The position's newest job there. null: none is kept.")

    @extend_schema_field(StartedBySerializer)
    def get_saved_by(self, found: Retro) -> Any:
        return StartedBySerializer({"kind": found.row.origin, "name": found.row.by}).data


class RetroChangeViewSet(Listed):
    """What was saved of days before a payroll cut-off. Newest first."""

    scopes = {"GET": "sync:read"}
    needs = {"GET": "view"}
    serializer_class = RetroChangeSerializer
    filterset_class = RetroFilters
    ordering_fields = ("id",)
    ordering = ("-id",)

    def get_queryset(self) -> QuerySet[RetroChange]:
        if getattr(self, "swagger_fake_view", False):
            return RetroChange.objects.none()
        return RetroChange.objects.filter(integration__organization=self.organization)

    @extend_schema(
        operation_id="retro_changes_list",
        summary="List retroactive changes",
        description="What was saved after a connection's payroll cut-off and is about days before it, whether it was "
        "held or sent at once; newest first.",
    )
    def list(self, request: Request) -> Response:
        page: Any = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        return self.get_paginated_response(RetroChangeSerializer(retro.in_words(page), many=True).data)
