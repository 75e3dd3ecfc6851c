"""The rows of a bulk, and what is answered of each."""

from __future__ import annotations

from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from positions.api.caused import WithCaused
from positions.api.fields import Choice, Id, Line, OptionalChoice, StrictSerializer, Text
from positions.api.schema import ProblemSerializer
from positions.api.serializers import EmployeeSerializer, PositionSerializer

MOST = 1000
OPERATIONS = (
    ("create", "Make it; refused when it is there"),
    ("update", "Change it; refused when it is not there"),
    ("upsert", "Change it, or make it when it is not there"),
    ("delete", "Delete it"),
)
MODES = (("atomic", "All rows or none"), ("each", "Each row that can be"))
STATUSES = (
    ("created", "Made"),
    ("updated", "Changed"),
    ("deleted", "Deleted"),
    ("unchanged", "Nothing was done"),
    ("error", "Refused"),
)


class RowOperation(OptionalChoice):
    def __init__(self) -> None:
        super().__init__(OPERATIONS, help_text="Of this row; null: the request's.")


class BulkRowSerializer(PositionSerializer):
    about = (
        "A position to change, named by `id` or by `external_id` and its employee: what is left out stays. Any other "
        "row makes a new position and needs `title`, `start_date` and the employee. Of a row that deletes, only what "
        "names the position counts."
    )

    id = Id(  # type: ignore[assignment]
        help_text="Of the position to change. Without it, `external_id` finds it; else a new one is made."
    )
    operation = RowOperation()


class EmployeeBulkRowSerializer(EmployeeSerializer):
    about = (
        "An employee to change, named by `id`, else by `external_id`, else by `number`: what is left out stays. Any "
        "other row makes a new employee. Of a row that deletes, only what names the employee counts; their positions "
        "are deleted, too."
    )

    id = Id(  # type: ignore[assignment]
        help_text="Of the employee to change. Without it, `external_id` finds them, and without that `number`."
    )
    operation = RowOperation()


class Row(serializers.DictField):
    """Any object: what it holds is looked at by the serializer of a row."""

    def run_child_validation(self, data: Any) -> Any:
        return data


class Rows(serializers.ListField):
    def __init__(self, what: str) -> None:
        super().__init__(
            help_text=f"Up to {MOST} rows.",
            child=Row(),
            min_length=1,
            max_length=MOST,
            error_messages={
                "required": format_lazy(_("Send the rows as a list named “{what}”."), what=what),
                "not_a_list": format_lazy(_("Send a list of {what}."), what=what),
                "min_length": format_lazy(_("Send at least one of the {what}."), what=what),
                "max_length": format_lazy(_("Send at most {most} {what} at a time."), most=MOST, what=what),
                "empty": format_lazy(_("Send at least one of the {what}."), what=what),
            },
        )

    def to_internal_value(self, data: Any) -> Any:
        # Before each row is looked at: a million empty ones fit into a body.
        if isinstance(data, list) and len(data) > (self.max_length or 0):
            self.fail("max_length")
        return super().to_internal_value(data)


@extend_schema_field(BulkRowSerializer(many=True, partial=True))
class PositionRows(Rows):
    pass


@extend_schema_field(EmployeeBulkRowSerializer(many=True, partial=True))
class EmployeeRows(Rows):
    pass


class _BulkSerializer(StrictSerializer):
    mode = Choice(
        MODES,
        default="atomic",
        required=False,
        help_text="`atomic`: all rows are carried out, or none. `each`: every row that can be, and the answer says of "
        "each what became of it.",
    )
    operation = Choice(
        OPERATIONS,
        default="upsert",
        required=False,
        help_text="What is done by each row that names no `operation` of its own.",
    )


class BulkSerializer(_BulkSerializer):
    about = "Positions to make, change or delete."

    positions = PositionRows("positions")


class EmployeeBulkSerializer(_BulkSerializer):
    about = "Employees to make, change or delete."

    employees = EmployeeRows("employees")


class BulkResultSerializer(WithCaused):
    about = "What became of one row."

    index = serializers.IntegerField(min_value=0, help_text="Of the row, from 0.")
    id = Id(read_only=True, help_text="Our id; null of a row that was refused and names none.")
    external_id = Text(read_only=True, default=serializers.empty, help_text="Your own id.")
    status = serializers.ChoiceField(STATUSES, help_text="What became of it.")
    action = serializers.ChoiceField(STATUSES, help_text="The same as `status`, under its name of before.")
    problem = ProblemSerializer(allow_null=True, help_text="Why it was refused; only in the mode `each`.")


class EmployeeBulkResultSerializer(BulkResultSerializer):
    number = Line(
        read_only=True, allow_null=True, help_text="The employee's number; null where a refused row has none."
    )


class BulkAnswerSerializer(WithCaused):
    created = serializers.IntegerField(min_value=0, help_text="Rows that made something.")
    updated = serializers.IntegerField(min_value=0, help_text="Rows that changed something.")
    deleted = serializers.IntegerField(min_value=0, help_text="Rows that deleted something.")
    unchanged = serializers.IntegerField(
        min_value=0, help_text="Rows that said what is stored already: nothing was done."
    )
    failed = serializers.IntegerField(min_value=0, help_text="Rows that were refused; only in the mode `each`.")
    results = BulkResultSerializer(many=True, help_text="One for each row, in their order.")


class EmployeeBulkAnswerSerializer(BulkAnswerSerializer):
    results = EmployeeBulkResultSerializer(many=True, help_text="One for each row, in their order.")
