"""Employees, positions and their terms, as they are sent and answered."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from positions import dates
from positions.api.caused import WithCaused, caused_fields
from positions.api.fields import (
    AnswerId,
    Choice,
    Day,
    Email,
    Id,
    Line,
    Matching,
    OptionalChoice,
    OptionalDay,
    Percentage,
    StrictSerializer,
    Switch,
    Text,
    WeeklyHours,
    required,
)
from positions.api.unmatched import WithUnmatched, unmatched_fields
from positions.models import ContractType, EndReason, Position, RemunerationType, WorkingHoursScheme
from positions.terms import TERMS

_ACTIONS = [("created", "Made"), ("updated", "Changed"), ("unchanged", "Nothing was done")]


class WithAction(serializers.Serializer):
    """An answer to a write, for the document: what the views add to it (positions/api/views/resource.py)."""

    action = serializers.ChoiceField(
        _ACTIONS, read_only=True, help_text="What was done. `unchanged`: all of it was stored already."
    )


class Changeable(StrictSerializer):
    """Takes what an answer to a write has besides the object, and ignores it."""

    @property
    def also_answered(self) -> Collection[str]:
        return ("action",)


class EmployeeSerializer(Changeable):
    about = "An employee of the organization."

    id = AnswerId(help_text="Our id.")
    number = Line(max_length=30, help_text="The number that payroll knows the person by.", **required())
    first_name = Line(max_length=80, help_text="Given names.", **required())
    last_name = Line(max_length=80, help_text="Family name.", **required())
    email = Email(max_length=254, help_text="Of work: some systems find the person by it.")
    birth_date = OptionalDay(help_text="The day of birth, not in the future.")
    national_id = Matching(
        r"^[0-9A-Za-z+\- ]{6,20}\Z",
        required=False,
        allow_null=True,
        write_only=True,
        default=None,
        error_messages={"invalid": gettext_lazy("A national id has 6 to 20 digits, letters, “-” or “+”.")},
        help_text="Written, never read. Encrypted. null removes it; left out it stays, also when all else is replaced.",
    )
    national_id_set = serializers.BooleanField(read_only=True, help_text="Whether a national id is stored.")
    company = Id(
        default=None,
        source="company_id",
        help_text="Id of a company, see `/companies/`, or give `company_external_id`. New positions have it; those "
        "that exist keep theirs, see `positions_follow`.",
    )
    company_external_id = Text(
        max_length=120, source="company.external_id", help_text="Instead of `company`: your own id of it."
    )
    positions_follow = Switch(
        required=False,
        default=False,
        write_only=True,
        help_text="true: the current and upcoming positions are given the employee's company, too. Ended ones keep "
        "theirs.",
    )
    department = Id(default=None, source="department_id", help_text="Id of a department, or give `department_code`.")
    department_code = Text(max_length=20, source="department.code", help_text="Instead of `department`.")
    manager = Id(default=None, source="manager_id", help_text="Id of another employee.")
    external_id = Text(max_length=120, help_text="Your own id, unique in the organization.")
    created_at = serializers.DateTimeField(read_only=True, help_text="When it was made here.")
    updated_at = serializers.DateTimeField(read_only=True, help_text="When it was last changed here.")

    @cached_property
    def also_answered(self) -> Collection[str]:
        return ("action", *caused_fields(), *unmatched_fields())

    def across(self, values: Mapping[str, Any]) -> dict[str, Any]:
        birth = values.get("birth_date")
        odd = birth and dates.odd_birth(birth, timezone.now().date())
        return {"birth_date": [ErrorDetail(odd, "invalid")]} if odd else {}


class WrittenEmployeeSerializer(WithAction, WithCaused, WithUnmatched, EmployeeSerializer):
    """The answer to a write, for the document."""

    about = (
        "The employee as they are stored now, what was done, the jobs of the positions that were made or moved with "
        "it, and where payroll does not know them."
    )


class PositionValuesSerializer(Changeable):
    """What is said of a position, and answered."""

    id = AnswerId(help_text="Our id.")
    employee = Id(
        source="employee_id",
        help_text="Id of the employee, or give `employee_number` or `employee_external_id`.",
        allow_null=False,
    )
    employee_number = Line(max_length=30, required=False, source="employee.number", help_text="Instead of `employee`.")
    employee_external_id = Text(
        max_length=120,
        source="employee.external_id",
        default=serializers.empty,
        help_text="Instead of `employee`: your own id of the employee.",
    )
    title = Line(max_length=250, help_text="The job's title.", **required())
    company = Id(
        default=None,
        source="company_id",
        help_text="Id of the employer, see `/companies/`, or give `company_external_id`. A new position without one "
        "has the employee's; that of an existing one stays when it is left out.",
    )
    company_external_id = Text(
        max_length=120, source="company.external_id", help_text="Instead of `company`: your own id of it."
    )
    start_date = Day(help_text="The first day.", **required())
    end_date = OptionalDay(help_text="The last day. null: open.")
    end_reason = OptionalChoice(EndReason.choices, help_text="Why it ends; needs an `end_date`.")
    contract_type = Choice(
        ContractType.choices, default=ContractType.PERMANENT.value, required=False, help_text="The kind of contract."
    )
    percentage = Percentage(default=Decimal(100), required=False, help_text="0 to 100, up to two decimals.")
    weekly_hours = WeeklyHours(
        default=None, required=False, allow_null=True, help_text="Hours in a week, 0 to 168, up to two decimals."
    )
    occupation_code = Text(max_length=20, help_text="The code of the occupation in the country's register.")
    working_hours_scheme = OptionalChoice(WorkingHoursScheme.choices, help_text="How the working hours lie.")
    remuneration_type = OptionalChoice(RemunerationType.choices, help_text="What is paid for.")
    department = Id(default=None, source="department_id", help_text="Id of a department, or give `department_code`.")
    department_code = Text(max_length=20, source="department.code", help_text="Instead of `department`.")
    cost_centre = Text(max_length=30, help_text="The code of the cost centre.")
    first_day_of_work = OptionalDay(help_text="Where it is not the start date.")
    last_day_of_work = OptionalDay(help_text="Where it is not the end date.")
    probation_end = OptionalDay(help_text="The last day of the probation.")
    notice_date = OptionalDay(help_text="The day on which notice was given.")
    note = Text(help_text="Never sent anywhere.", max_length=10_000, lines=True)
    external_id = Text(max_length=120, help_text="Your own id, unique for the employee.")

    def across(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Of what is sent: with what is stored beside it, the position itself is asked."""
        found = dates.problems(
            start=values.get("start_date"),
            end=values.get("end_date"),
            has_end_reason="end_date" in values and bool(values.get("end_reason")),
            first_day_of_work=values.get("first_day_of_work"),
            last_day_of_work=values.get("last_day_of_work") if "first_day_of_work" in values else None,
            probation_end=values.get("probation_end"),
            notice_date=values.get("notice_date"),
        )
        return {name: [ErrorDetail(said, "invalid")] for name, said in found.items()}


class TermsSerializer(PositionValuesSerializer):
    about = "What holds of a position from a day on: the values that may change while it lasts."

    effective_from = serializers.DateField(source="since", help_text="From this day on.")

    def get_fields(self) -> dict[str, serializers.Field]:
        fields = super().get_fields()
        return {name: fields[name] for name in ("effective_from", *TERMS, "department_code")}


class PositionSerializer(PositionValuesSerializer):
    about = "A period of work of one employee."

    effective_from = OptionalDay(
        write_only=True,
        help_text="The day from which the values of `terms` that are sent count, past or to come, within the position. "
        "Left out or null: from today on; of a position to come from its first day, and of one that is over as a "
        "correction of what held last. Not for a new position.",
    )
    correction = Switch(
        write_only=True,
        required=False,
        default=False,
        help_text="true: it was always so. What the values that are sent were is replaced for as long as it held, "
        "before today and after. Not together with `effective_from`, and not for a new position.",
    )
    terms = TermsSerializer(
        many=True,
        read_only=True,
        source="by_day",
        help_text="What held, holds and will hold, by day: the first from `start_date` on. The values of the position "
        "itself are what holds today: before it starts, the first; after it ended, the last. What begins after "
        "`end_date` counts only if the end is moved.",
    )
    status = serializers.SerializerMethodField(help_text="Today, in the organization's time zone.")
    created_at = serializers.DateTimeField(read_only=True, help_text="When it was made here.")
    updated_at = serializers.DateTimeField(read_only=True, help_text="When it was last changed here.")

    @extend_schema_field({"type": "string", "enum": ["current", "upcoming", "ended"]})
    def get_status(self, position: Position) -> str:
        return position.status(self.context["today"])

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("correction") and attrs.get("effective_from"):
            message = _("Either it counts from a day, or it was always so: leave this or `effective_from` out.")
            raise serializers.ValidationError({"correction": [ErrorDetail(message, "mismatch")]})
        return attrs

    @cached_property
    def also_answered(self) -> Collection[str]:
        return ("action", *caused_fields(), *unmatched_fields())


class WrittenPositionSerializer(WithAction, WithCaused, WithUnmatched, PositionSerializer):
    """The answer to a write, for the document."""

    about = (
        "The position as it is stored now, what was done, what that caused, and where payroll does not know the "
        "employee."
    )


class NewPositionSerializer(PositionSerializer):
    """Of the employee who is made with it."""

    about = "A period of work of the employee who is made with it."

    employee = employee_number = employee_external_id = None  # type: ignore[assignment]
    effective_from = correction = None  # type: ignore[assignment]


class NewEmployeeSerializer(EmployeeSerializer):
    about = "An employee, and the positions that are made along, or none of it."

    positions = NewPositionSerializer(
        many=True, required=False, max_length=100, help_text="Up to 100 positions, made with the employee."
    )


class MadeEmployeeSerializer(WrittenEmployeeSerializer):
    """The answer to a POST, for the document."""

    about = "The employee, and the positions that were made along, with their jobs."

    positions = PositionSerializer(many=True, read_only=True, help_text="Those that were made with the employee.")


class CompanySerializer(Changeable):
    about = "An employer of the organization."

    id = AnswerId(help_text="Our id.")
    name = Line(max_length=120, help_text="Its name, unique in the organization.", **required())
    organization_number = Text(
        max_length=20, help_text="Its number in the register of businesses, as the authorities write it."
    )
    external_id = Text(max_length=120, help_text="Your own id, unique among the companies of the organization.")


class WrittenCompanySerializer(WithAction, CompanySerializer):
    """The answer to a write, for the document."""

    about = "The company as it is stored now, and what was done."


class DepartmentSerializer(Changeable):
    about = "A department of the organization."

    id = AnswerId(help_text="Our id.")
    code = Line(
        max_length=20,
        help_text="What payroll and `department_code` name it by, unique in the organization.",
        **required(),
    )
    name = Text(max_length=120, help_text="Its name.")
    external_id = Text(max_length=120, help_text="Your own id, unique among the departments of the organization.")


class WrittenDepartmentSerializer(WithAction, DepartmentSerializer):
    """The answer to a write, for the document."""

    about = "The department as it is stored now, and what was done."


class GoneSerializer(serializers.Serializer):
    about = "What is gone."

    id = AnswerId(help_text="Of what was deleted.")
    deleted = serializers.BooleanField(help_text="true.")


class DeletedSerializer(WithCaused, GoneSerializer):
    about = "What is gone, and what that caused."


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
