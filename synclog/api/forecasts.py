"""What would be sent of all positions if a connection were switched on, and what would become of each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q, QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers

from integrations.engine import Start
from positions.api.fields import AnswerId, Said
from positions.api.filters import ChoiceFilter, Filters, IdFilter, TextFilter
from synclog.api.of_integration import INTEGRATION
from synclog.api.views.scopes import ADMINS_ASK
from synclog.api.walks import WalkRowsViewSet, WalkSerializer, WalkViewSet, operations
from synclog.log import forecasts
from synclog.log.forecasts import Foreseen
from synclog.models import Forecast, ForecastRow
from synclog.questions import asking

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


class ForecastSerializer(WalkSerializer):
    about = "What would be sent if a connection were switched on, found out without sending anything. Kept for a day."

    shown = (
        "id", "integration", "state", "by", "asked_at", "finished_at", "there", "looked_at", "total", "calls",
        "outdated", "starts", "cause", "message", "cancelled_by",
    )  # fmt: skip

    looked_at = serializers.IntegerField(source="employees", help_text="Employees here who were looked at,")
    outdated = serializers.SerializerMethodField(help_text="The connection was changed since: ask for another one.")
    starts = serializers.SerializerMethodField(help_text="What each start would send, once it is done.")

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
    employee_number = Said(source="employee.number", help_text="Their number. null: the employee was deleted here.")
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


_PREVIEWS = Forecast.objects.filter(kind=Forecast.Kind.START).select_related("integration")


@extend_schema_view(
    **operations(
        "integrations_previews",
        _PREVIEW,
        ForecastSerializer,
        list=(
            "List previews of an integration",
            "What would be sent if it were switched on, newest first. The rows of the last whole one are kept, for a "
            "day.",
        ),
        retrieve=(
            "Read a preview of everything",
            "How far it is, and what would become of how many positions with each start.",
        ),
        create=(
            "Preview everything",
            "A worker reads everybody there and finds out what would be sent of all positions, and why some would "
            "not: 202, and how far it is at `Location`. Nothing is sent. Whether the connection is on does not matter.",
        ),
        cancel=("Cancel a preview", "What the one before found stays."),
    )
)
class ForecastViewSet(WalkViewSet):
    """What would be sent if a connection were switched on."""

    needs = ADMINS_ASK
    serializer_class = ForecastSerializer
    walks = _PREVIEWS
    queryset = Forecast.objects.none()  # for the document

    def begin(self, by: str) -> Forecast:
        return asking.preview_start(self.integration(), by)


@extend_schema_view(
    list=extend_schema(
        operation_id="integrations_previews_positions",
        summary="List what would become of positions",
        description="What a preview found. Kept until the next whole one is through, and for a day at most.",
        parameters=[INTEGRATION, _PREVIEW],
    )
)
class ForeseenViewSet(WalkRowsViewSet):
    """What would become of each position."""

    serializer_class = ForeseenSerializer
    filterset_class = ForeseenFilters
    walks = _PREVIEWS
    queryset = ForecastRow.objects.none()  # for the document

    def in_words(self, rows: Iterable[ForecastRow]) -> list[Foreseen]:
        return forecasts.in_words(rows)
