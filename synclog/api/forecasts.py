"""What would be sent of all positions if a connection were switched on, and what would become of each."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.engine import Start
from integrations.models import Integration
from positions.api.base import key_of, writes
from positions.api.fields import AnswerId, Said
from positions.api.filters import ChoiceFilter, Filters, IdFilter, TextFilter
from synclog.api.later import over, where
from synclog.api.of_integration import INTEGRATION, OfIntegration, not_possible
from synclog.api.views.scopes import ADMINS_ASK, SYNC
from synclog.log import forecasts
from synclog.log.forecasts import Foreseen
from synclog.models import Forecast, ForecastRow
from synclog.questions import asking, walks

_SENDING = (Start.CURRENT, Start.ALL)
STARTS = [(start.value, start.value) for start in _SENDING]
RESULTS = [(result, result) for result in forecasts.OF_START]
_PREVIEW = OpenApiParameter("id", int, OpenApiParameter.PATH, description="Id of the preview.")
_RESULT_HELP = (
    "`planned`: it would be sent. `failed`: it would not, `cause` says why. `waiting`: it would wait for its day. "
    "`skipped`: there is nothing to send. `retrying`: it could not be found out."
)


class ForecastGroupSerializer(serializers.Serializer):
    about = "Positions of which the same would become, for the same cause."

    result = serializers.ChoiceField(RESULTS, help_text=_RESULT_HELP)
    action = Said(help_text="Of what would be sent: `create`, `update`, `move`, `end` or `delete`.")
    cause = Said(help_text="Why it would not be sent, as a code.")
    field = Said(help_text="The field that the cause is about.")
    title = Said(help_text="The action, or the cause and its field, in words.")
    positions = serializers.IntegerField(source="number", min_value=1, help_text="How many.")


class ForecastStartSerializer(serializers.Serializer):
    about = "What would become of the positions that go out with one start."

    start = serializers.ChoiceField(STARTS, help_text="As `start` of a connection's PATCH.")
    positions = serializers.IntegerField(min_value=0, help_text="How many positions it is about.")
    summary = serializers.CharField(help_text="All of it in one line.")
    groups = ForecastGroupSerializer(many=True, help_text="What would become of how many.")


class ForecastSerializer(serializers.Serializer):
    about = "What would be sent if a connection were switched on, found out without sending anything. Kept for a day."

    id = AnswerId(source="pk", help_text="Our id.")
    integration = AnswerId(source="integration_id", help_text="Id of the integration.")
    state = serializers.ChoiceField(Forecast.State.choices, help_text="How far it is.")
    by = Said(help_text="The person or key that asked for it.")
    asked_at = serializers.DateTimeField(help_text="When it was asked for.")
    finished_at = serializers.DateTimeField(source="done_at", allow_null=True, help_text="When it was over.")
    there = serializers.IntegerField(help_text="Employees who were read there.")
    looked_at = serializers.IntegerField(source="employees", help_text="Employees here who were looked at,")
    total = serializers.IntegerField(help_text="of so many.")
    calls = serializers.IntegerField(help_text="Calls that it made there.")
    outdated = serializers.SerializerMethodField(help_text="The connection was changed since: ask for another one.")
    starts = serializers.SerializerMethodField(help_text="What each start would send, once it is done.")
    cause = Said(help_text="Why it ended early, as a code.")
    message = Said(help_text="Why it ended early, in words.")
    cancelled_by = Said(help_text="Who cancelled it.")

    @extend_schema_field(serializers.BooleanField())
    def get_outdated(self, forecast: Forecast) -> bool:
        return forecasts.outdated(forecast, forecast.integration)

    @extend_schema_field(ForecastStartSerializer(many=True))
    def get_starts(self, forecast: Forecast) -> Any:
        if forecast.state is not Forecast.State.DONE:
            return []
        found = [
            {
                "start": start.value,
                "positions": forecasts.total(forecast, start),
                "summary": forecasts.sentence(forecast, start),
                "groups": forecasts.groups(forecast, start),
            }
            for start in _SENDING
        ]
        return ForecastStartSerializer(found, many=True).data


class ForeseenLineSerializer(serializers.Serializer):
    about = "A field that would be written, in the system's words."

    field = serializers.CharField(help_text="The field.")
    old = serializers.CharField(allow_null=True, help_text="What it is there. null: empty, or not known.")
    new = serializers.CharField(allow_null=True, help_text="What would be written. null: empty.")
    since = serializers.DateField(allow_null=True, help_text="From which day on, of what holds from a day on.")


class ForeseenSerializer(serializers.Serializer):
    about = "What would become of one position."

    id = AnswerId(source="row.pk", help_text="Our id.")
    starts = serializers.SerializerMethodField(help_text="With which starts it is so.")
    employee = AnswerId(source="row.employee_key", help_text="Id of the employee, who may be deleted since.")
    employee_number = serializers.SerializerMethodField(help_text="Their number. null: the employee was deleted here.")
    position = AnswerId(source="row.position_key", help_text="Id of the position.")
    result = serializers.ChoiceField(RESULTS, source="row.result", help_text=_RESULT_HELP)
    action = Said(source="row.action", help_text="What would be done there.")
    cause = Said(source="row.cause", help_text="Why it would not be sent, as a code.")
    field = Said(source="row.field", help_text="The field that the cause is about.")
    message = Said(help_text="Why, in words.")
    what_to_do = Said(source="remedy", help_text="What to do about it.")
    changes = ForeseenLineSerializer(many=True, source="lines", help_text="What would be written.")

    @extend_schema_field(serializers.ListField(child=serializers.ChoiceField(STARTS)))
    def get_starts(self, found: Foreseen) -> list[str]:
        return [found.row.start] if found.row.start else [start.value for start in _SENDING]

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_employee_number(self, found: Foreseen) -> str | None:
        return found.employee.number if found.employee else None


class ForeseenFilters(Filters):
    start = ChoiceFilter(choices=STARTS, method="with_start", help_text="With this start.")
    result = ChoiceFilter(choices=RESULTS, also=("in",), help_text="What would become of it.")
    cause = TextFilter(help_text="Why it would not be sent, as a code.")
    field = TextFilter(help_text="The field that the cause is about.")
    employee = IdFilter(field_name="employee_key", also=("in",), help_text="Id of an employee.")
    position = IdFilter(field_name="position_key", also=("in",), help_text="Id of a position.")

    class Meta:
        model = ForecastRow
        fields: list[str] = []

    def with_start(self, rows: QuerySet[ForecastRow], name: str, value: str) -> QuerySet[ForecastRow]:
        return rows.filter(Q(start="") | Q(start=value))


def _previews(integration: Integration) -> QuerySet[Forecast]:
    found = Forecast.objects.filter(integration=integration, kind=Forecast.Kind.START)
    return found.select_related("integration")


class ForecastViewSet(OfIntegration):
    """What would be sent if a connection were switched on, newest first."""

    scopes = SYNC
    needs = ADMINS_ASK
    serializer_class = ForecastSerializer
    ordering = ("-id",)
    queryset = Forecast.objects.none()  # for the document

    @extend_schema(
        operation_id="integrations_previews_list",
        summary="List previews of an integration",
        description="What would be sent if it were switched on, newest first. The rows of the last whole one are kept, "
        "for a day.",
        parameters=[INTEGRATION],
    )
    def list(self, request: Request, integration_pk: int) -> Response:
        return self.page(_previews(self.integration()))

    @extend_schema(
        operation_id="integrations_previews_retrieve",
        summary="Read a preview of everything",
        description="How far it is, and what would become of how many positions with each start.",
        parameters=[INTEGRATION, _PREVIEW],
    )
    def retrieve(self, request: Request, integration_pk: int, pk: int) -> Response:
        return Response(self.get_serializer(get_object_or_404(_previews(self.integration()), pk=pk)).data)

    @extend_schema(
        operation_id="integrations_previews_create",
        summary="Preview everything",
        description="A worker reads everybody there and finds out what would be sent of all positions, and why some "
        "would not: 202, and how far it is at `Location`. Nothing is sent. Whether the connection is on does not "
        "matter.",
        parameters=[INTEGRATION],
        request=None,
        responses={202: ForecastSerializer},
    )
    @writes
    def create(self, request: Request, integration_pk: int) -> Response:
        integration = self.integration()
        try:
            made = asking.preview_start(integration, key_of(request).name)
        except walks.NotPossibleError as reason:
            raise not_possible(reason) from None
        headers = where(request, "forecast", integration.pk, made.pk)
        return Response(self.get_serializer(made).data, status=202, headers=headers)

    @extend_schema(
        operation_id="integrations_previews_cancel",
        summary="Cancel a preview",
        description="What the one before found stays.",
        parameters=[INTEGRATION, _PREVIEW],
        request=None,
        responses=ForecastSerializer,
    )
    @writes
    def cancel(self, request: Request, integration_pk: int, pk: int) -> Response:
        if not walks.cancel(get_object_or_404(_previews(self.integration()), pk=pk), key_of(request).name):
            raise over()
        return self.retrieve(request, integration_pk, pk)


class ForeseenViewSet(OfIntegration):
    """What would become of each position."""

    scopes = {"GET": "sync:read"}
    needs = {"GET": "view"}
    serializer_class = ForeseenSerializer
    filterset_class = ForeseenFilters
    ordering = ("id",)
    queryset = ForecastRow.objects.none()  # for the document

    @extend_schema(
        operation_id="integrations_previews_positions",
        summary="List what would become of positions",
        description="What a preview found. Kept until the next whole one is through, and for a day at most.",
        parameters=[INTEGRATION, _PREVIEW],
    )
    def list(self, request: Request, integration_pk: int, pk: int) -> Response:
        forecast = get_object_or_404(_previews(self.integration()), pk=pk)
        rows = ForecastRow.objects.filter(part_of=forecast).order_by("id")
        page: Any = self.paginate_queryset(self.filter_queryset(rows)) or []
        return self.get_paginated_response(ForeseenSerializer(forecasts.in_words(page), many=True).data)
