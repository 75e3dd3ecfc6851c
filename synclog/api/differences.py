"""Everything of a connection held against everything there, and what differed."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.models import Integration
from positions.api.base import key_of, writes
from positions.api.fields import AnswerId, Said
from positions.api.filters import ChoiceFilter, Filters, IdFilter, TextFilter
from synclog.api.later import over, where
from synclog.api.of_integration import INTEGRATION, OfIntegration, not_possible
from synclog.api.views.scopes import EDITORS_ASK, SYNC
from synclog.log import differences
from synclog.log.differences import Difference
from synclog.models import DriftCheck, DriftRow
from synclog.questions import asking, walks

_KINDS = [(kind, mark.called) for kind, mark in differences.MARKS.items()]
_CHECK = OpenApiParameter("id", int, OpenApiParameter.PATH, description="Id of the check.")


class DriftCheckSerializer(serializers.Serializer):
    about = "Everything of a connection held against everything there, once, without changing anything."

    id = AnswerId(source="pk", help_text="Our id.")
    integration = AnswerId(source="integration_id", help_text="Id of the integration.")
    state = serializers.ChoiceField(DriftCheck.State.choices, help_text="How far it is.")
    origin = serializers.ChoiceField(DriftCheck.Origin.choices, help_text="What it was made for.")
    by = Said(help_text="The person or key that asked for it.")
    asked_at = serializers.DateTimeField(help_text="When it was asked for.")
    begun_at = serializers.DateTimeField(allow_null=True, help_text="When the reading of everybody there began.")
    finished_at = serializers.DateTimeField(source="done_at", allow_null=True, help_text="When it was over.")
    there = serializers.IntegerField(help_text="Employees who were read there.")
    compared = serializers.IntegerField(source="employees", help_text="Employees here who were compared,")
    total = serializers.IntegerField(help_text="of so many.")
    counts = serializers.DictField(
        child=serializers.IntegerField(), help_text="How many positions, by the kind of difference; `equal` too."
    )
    calls = serializers.IntegerField(help_text="Calls that it made there.")
    cause = Said(help_text="Why it ended early, as a code.")
    message = Said(help_text="Why it ended early, in words.")
    cancelled_by = Said(help_text="Who cancelled it.")


class DifferingSerializer(serializers.Serializer):
    about = "A field that differs, as people read its values."

    field = serializers.CharField(help_text="The field.")
    here = serializers.CharField(allow_null=True, help_text="What it is here. null: empty.")
    there = serializers.CharField(allow_null=True, help_text="What it is there. null: empty.")
    since = serializers.DateField(allow_null=True, help_text="From which day on, of what holds from a day on.")
    stays = Said(help_text="Why it is left as it is there, whatever is sent.")


class DifferenceSerializer(serializers.Serializer):
    about = "A position that differs, a record that is there alone, or an employee of whom nothing could be compared."

    id = AnswerId(source="row.pk", help_text="Our id.")
    kind = serializers.ChoiceField(_KINDS, source="row.kind", help_text="On which side it differs.")
    employee = AnswerId(source="row.employee_key", help_text="Id of the employee, who may be deleted since.")
    employee_number = serializers.SerializerMethodField(help_text="Their number. null: the employee was deleted here.")
    position = AnswerId(source="row.position_key", allow_null=True, help_text="Id of the position. null: of none here.")
    remote_id = Said(source="row.remote_id", help_text="The record there.")
    differs = DifferingSerializer(many=True, source="fields", help_text="What differs.")
    message = Said(source="row.message", help_text="What else is to be said.")
    sendable = serializers.BooleanField(help_text="Whether sending ours puts it right: `POST /batches/`, `send_now`.")

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_employee_number(self, found: Difference) -> str | None:
        return found.employee.number if found.employee else None


class DifferenceFilters(Filters):
    kind = ChoiceFilter(choices=_KINDS, also=("in",), help_text="On which side it differs.")
    employee = IdFilter(field_name="employee_key", also=("in",), help_text="Id of an employee.")
    position = IdFilter(field_name="position_key", also=("in",), help_text="Id of a position.")
    remote_id = TextFilter(help_text="The id of a record there.")

    class Meta:
        model = DriftRow
        fields: list[str] = []


def _checks(integration: Integration) -> QuerySet[DriftCheck]:
    return DriftCheck.objects.filter(integration=integration)


class CheckViewSet(OfIntegration):
    """Everything of a connection compared, newest first."""

    scopes = SYNC
    needs = EDITORS_ASK
    serializer_class = DriftCheckSerializer
    ordering = ("-id",)
    queryset = DriftCheck.objects.none()  # for the document

    @extend_schema(
        operation_id="integrations_checks_list",
        summary="List checks of an integration",
        description="Everything held against everything there, newest first. The rows of the last whole one are kept.",
        parameters=[INTEGRATION],
    )
    def list(self, request: Request, integration_pk: int) -> Response:
        return self.page(_checks(self.integration()))

    @extend_schema(
        operation_id="integrations_checks_retrieve",
        summary="Read a check",
        description="How far it is, and how many positions differ.",
        parameters=[INTEGRATION, _CHECK],
    )
    def retrieve(self, request: Request, integration_pk: int, pk: int) -> Response:
        return Response(self.get_serializer(get_object_or_404(_checks(self.integration()), pk=pk)).data)

    @extend_schema(
        operation_id="integrations_checks_create",
        summary="Check everything",
        description="A worker reads everybody there and compares every position: 202, and how far it is at "
        "`Location`. Nothing is changed, here or there.",
        parameters=[INTEGRATION],
        request=None,
        responses={202: DriftCheckSerializer},
    )
    @writes
    def create(self, request: Request, integration_pk: int) -> Response:
        integration = self.integration()
        try:
            check = asking.compare_everything(integration, key_of(request).name)
        except walks.NotPossibleError as reason:
            raise not_possible(reason) from None
        headers = where(request, "check", integration.pk, check.pk)
        return Response(self.get_serializer(check).data, status=202, headers=headers)

    @extend_schema(
        operation_id="integrations_checks_cancel",
        summary="Cancel a check",
        description="What the one before found stays.",
        parameters=[INTEGRATION, _CHECK],
        request=None,
        responses=DriftCheckSerializer,
    )
    @writes
    def cancel(self, request: Request, integration_pk: int, pk: int) -> Response:
        check = get_object_or_404(_checks(self.integration()), pk=pk)
        if not walks.cancel(check, key_of(request).name):
            raise over()
        return self.retrieve(request, integration_pk, pk)


class DifferenceViewSet(OfIntegration):
    """What differed when everything was compared."""

    scopes = {"GET": "sync:read"}
    needs = {"GET": "view"}
    serializer_class = DifferenceSerializer
    filterset_class = DifferenceFilters
    ordering = ("id",)
    queryset = DriftRow.objects.none()  # for the document

    @extend_schema(
        operation_id="integrations_checks_differences",
        summary="List differences",
        description="What a check found. Kept until the next whole one is through, and for 30 days at most.",
        parameters=[INTEGRATION, _CHECK],
    )
    def list(self, request: Request, integration_pk: int, pk: int) -> Response:
        check = get_object_or_404(_checks(self.integration()), pk=pk)
        rows = DriftRow.objects.filter(part_of=check).order_by("id")
        page: Any = self.paginate_queryset(self.filter_queryset(rows)) or []
        return self.get_paginated_response(DifferenceSerializer(differences.in_words(page), many=True).data)
