from __future__ import annotations

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from positions.api.fields import Choice, Day, Email, Id, OptionalChoice, OptionalDay, StrictSerializer, Text, required
from positions.models import ContractType, EndReason, Position, RemunerationType, WorkingHoursScheme


class EmployeeSerializer(StrictSerializer):
    id = serializers.IntegerField(read_only=True)
    number = serializers.CharField(
        max_length=30, help_text="The number that payroll knows the person by.", **required()
    )
    first_name = serializers.CharField(max_length=80, **required())
    last_name = serializers.CharField(max_length=80, **required())
    email = Email(max_length=254)
    birth_date = OptionalDay()
    national_id = serializers.RegexField(
        r"^[0-9A-Za-z+\- ]{6,20}\Z",
        required=False,
        allow_null=True,
        write_only=True,
        default=None,
        error_messages={"invalid": "A national id has 6 to 20 digits, letters, “-” or “+”."},
        help_text="Written, never read. Encrypted. null removes it.",
    )
    national_id_set = serializers.BooleanField(read_only=True, help_text="Whether a national id is stored.")
    company = Id(
        default=None,
        source="company_id",
        help_text="Id of a company, see `/companies/`. New positions have it; those that exist keep theirs, see "
        "`positions_follow`.",
    )
    positions_follow = serializers.BooleanField(
        required=False,
        default=False,
        write_only=True,
        help_text="true: the current and upcoming positions are given the employee's company, too. Ended ones keep "
        "theirs.",
    )
    department = Id(default=None, source="department_id", help_text="Id of a department, or give `department_code`.")
    department_code = Text(max_length=20, source="department.code", help_text="Instead of `department`.")
    manager = Id(default=None, source="manager_id", help_text="Id of another employee.")
    external_id = Text(max_length=120, help_text="Your own id.")
    created_at = serializers.DateTimeField(read_only=True)
    updated_at = serializers.DateTimeField(read_only=True)


class PositionSerializer(StrictSerializer):
    id = serializers.IntegerField(read_only=True)
    employee = Id(source="employee_id", help_text="Id of the employee, or give `employee_number`.", allow_null=False)
    employee_number = serializers.CharField(
        max_length=30, required=False, source="employee.number", help_text="Instead of `employee`."
    )
    title = serializers.CharField(max_length=250, **required())
    company = Id(
        default=None,
        source="company_id",
        help_text="Id of the employer, see `/companies/`. A new position without one has the employee's; that of an "
        "existing one stays when it is left out.",
    )
    start_date = Day(**required())
    end_date = OptionalDay(help_text="The last day. null: open.")
    end_reason = OptionalChoice(EndReason.choices)
    contract_type = Choice(ContractType.choices, default=ContractType.PERMANENT.value, required=False)
    percentage = serializers.DecimalField(
        max_digits=5,
        decimal_places=2,
        min_value=Decimal(0),
        max_value=Decimal(100),
        default=Decimal(100),
        required=False,
        help_text="0 to 100, up to two decimals.",
        error_messages={
            "invalid": "Write a number such as 80 or 37.5.",
            "min_value": "A percentage lies between 0 and 100, for example 80 or 37.5.",
            "max_value": "A percentage lies between 0 and 100, for example 80 or 37.5.",
            "null": "This cannot be cleared. Leave it out to keep it as it is.",
        },
    )
    weekly_hours = serializers.DecimalField(
        max_digits=5,
        decimal_places=2,
        min_value=Decimal(0),
        max_value=Decimal(168),
        required=False,
        allow_null=True,
        default=None,
        error_messages={
            "invalid": "Write a number such as 37.5.",
            "min_value": "Weekly hours lie between 0 and 168.",
            "max_value": "Weekly hours lie between 0 and 168.",
        },
    )
    occupation_code = Text(max_length=20)
    working_hours_scheme = OptionalChoice(WorkingHoursScheme.choices)
    remuneration_type = OptionalChoice(RemunerationType.choices)
    department = Id(default=None, source="department_id", help_text="Id of a department, or give `department_code`.")
    department_code = Text(max_length=20, source="department.code", help_text="Instead of `department`.")
    cost_centre = Text(max_length=30)
    first_day_of_work = OptionalDay()
    last_day_of_work = OptionalDay()
    probation_end = OptionalDay()
    notice_date = OptionalDay()
    note = Text(help_text="Never sent anywhere.", max_length=10_000)
    external_id = Text(max_length=120, help_text="Your own id, unique for the employee.")
    status = serializers.SerializerMethodField(help_text="Today, in the organization's time zone.")
    created_at = serializers.DateTimeField(read_only=True)
    updated_at = serializers.DateTimeField(read_only=True)

    @extend_schema_field({"type": "string", "enum": ["current", "upcoming", "ended"]})
    def get_status(self, position: Position) -> str:
        return position.status(self.context["today"])


class BulkRowSerializer(PositionSerializer):
    id = Id(help_text="Of the position to change. Without it, `external_id` finds it; else a new one is made.")


class Rows(serializers.ListField):
    def to_internal_value(self, data: Any) -> Any:
        # Before each row is looked at: a million empty ones fit into a body.
        if isinstance(data, list) and len(data) > (self.max_length or 0):
            self.fail("max_length")
        return super().to_internal_value(data)


class BulkSerializer(StrictSerializer):
    positions = Rows(
        child=serializers.DictField(),
        min_length=1,
        max_length=1000,
        error_messages={
            "required": "Send the rows as a list named “positions”.",
            "not_a_list": "Send a list of positions.",
            "min_length": "Send at least one position.",
            "max_length": "Send at most 1000 positions at a time.",
            "empty": "Send at least one position.",
        },
    )


class CompanySerializer(serializers.Serializer):
    id = serializers.IntegerField(read_only=True)
    name = serializers.CharField(read_only=True)
    organization_number = Text(read_only=True, default=serializers.empty)


class DepartmentSerializer(serializers.Serializer):
    id = serializers.IntegerField(read_only=True)
    code = serializers.CharField(read_only=True)
    name = Text(read_only=True, default=serializers.empty)


def example(**changes: Any) -> dict[str, Any]:
    """A position in the documentation."""
    return {
        "employee_number": "1042",
        "title": "Shift leader",
        "start_date": "2026-03-01",
        "contract_type": "permanent",
        "percentage": "80.00",
        "occupation_code": "2130109",
        "department_code": "BUT1",
        "external_id": "hr-4711",
        **changes,
    }
