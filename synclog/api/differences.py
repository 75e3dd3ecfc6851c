"""Everything of a connection held against everything there, and what differed."""

from __future__ import annotations

from collections.abc import Iterable

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers

from positions.api.fields import AnswerId, Said
from positions.api.filters import ChoiceFilter, Filters, IdFilter, TextFilter
from synclog.api.of_integration import INTEGRATION
from synclog.api.views.scopes import EDITORS_ASK
from synclog.api.walks import WalkRowsViewSet, WalkSerializer, WalkViewSet, operations
from synclog.log import differences
from synclog.log.differences import Difference
from synclog.models import DriftCheck, DriftRow
from synclog.questions import asking

_KINDS = [(kind, mark.called) for kind, mark in differences.MARKS.items()]
_CHECK = OpenApiParameter("id", int, OpenApiParameter.PATH, description="Id of the check.")


class DriftCheckSerializer(WalkSerializer):
    about = "Everything of a connection held against everything there, once, without changing anything."

    shown = (
        "id", "integration", "state", "origin", "by", "asked_at", "begun_at", "finished_at", "there", "compared",
        "total", "counts", "calls", "cause", "message", "cancelled_by",
    )  # fmt: skip

    origin = serializers.ChoiceField(DriftCheck.Origin.choices, help_text="What it was made for.")
    begun_at = serializers.DateTimeField(allow_null=True, help_text="When the reading of everybody there began.")
    compared = serializers.IntegerField(source="employees", help_text="Employees here who were compared,")
    counts = serializers.DictField(
        child=serializers.IntegerField(), help_text="How many positions, by the kind of difference; `equal` too."
    )


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
    employee_number = Said(source="employee.number", help_text="Their number. null: the employee was deleted here.")
    position = AnswerId(source="row.position_key", allow_null=True, help_text="Id of the position. null: of none here.")
    remote_id = Said(source="row.remote_id", help_text="The record there.")
    differs = DifferingSerializer(many=True, source="fields", help_text="What differs.")
    message = Said(source="row.message", help_text="What else is to be said.")
    sendable = serializers.BooleanField(help_text="Whether sending ours puts it right: `POST /batches/`, `send_now`.")


class DifferenceFilters(Filters):
    kind = ChoiceFilter(choices=_KINDS, also=("in",), help_text="On which side it differs.")
    employee = IdFilter(field_name="employee_key", also=("in",), help_text="Id of an employee.")
    position = IdFilter(field_name="position_key", also=("in",), help_text="Id of a position.")
    remote_id = TextFilter(help_text="The id of a record there.")

    class Meta:
        model = DriftRow
        fields: list[str] = []


@extend_schema_view(
    **operations(
        "integrations_checks",
        _CHECK,
        DriftCheckSerializer,
        list=(
            "List checks of an integration",
            "Everything held against everything there, newest first. The rows of the last whole one are kept.",
        ),
        retrieve=("Read a check", "How far it is, and how many positions differ."),
        create=(
            "Check everything",
            "A worker reads everybody there and compares every position: 202, and how far it is at `Location`. "
            "Nothing is changed, here or there.",
        ),
        cancel=("Cancel a check", "What the one before found stays."),
    )
)
class CheckViewSet(WalkViewSet):
    """Everything of a connection compared."""

    needs = EDITORS_ASK
    serializer_class = DriftCheckSerializer
    walks = DriftCheck.objects.all()
    queryset = DriftCheck.objects.none()  # for the document

    def begin(self, by: str) -> DriftCheck:
        return asking.compare_everything(self.integration(), by)


@extend_schema_view(
    list=extend_schema(
        operation_id="integrations_checks_differences",
        summary="List differences",
        description="What a check found. Kept until the next whole one is through, and for 30 days at most.",
        parameters=[INTEGRATION, _CHECK],
    )
)
class DifferenceViewSet(WalkRowsViewSet):
    """What differed when everything was compared."""

    serializer_class = DifferenceSerializer
    filterset_class = DifferenceFilters
    walks = DriftCheck.objects.all()
    queryset = DriftRow.objects.none()  # for the document

    def in_words(self, rows: Iterable[DriftRow]) -> list[Difference]:
        return differences.in_words(rows)
