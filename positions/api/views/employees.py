from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet, prefetch_related_objects
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework.exceptions import ValidationError

from positions.api.apply import TAKEN, date_errors, merged, set_values
from positions.api.caused import caused
from positions.api.expansions import employees_of
from positions.api.filters import EmployeeFilters
from positions.api.references import Errors, References, as_changed, names, taken
from positions.api.serializers import (
    DeletedSerializer,
    EmployeeSerializer,
    MadeEmployeeSerializer,
    NewEmployeeSerializer,
    PositionSerializer,
    WrittenEmployeeSerializer,
    example,
)
from positions.api.unmatched import unmatched_of
from positions.api.views.resource import BY_EXTERNAL_ID, ByExternalId, Resource, Written, checked, saved
from positions.bulk import save_positions
from positions.employer import follow
from positions.models import Employee, Position

EXAMPLE = {
    "number": "1042",
    "first_name": "Kari",
    "last_name": "Nordmann",
    "email": "kari@example.com",
    "birth_date": "1990-04-02",
    "department_code": "BUT1",
    "external_id": "hr-1042",
}
_POSITION = {name: value for name, value in example().items() if name != "employee_number"}
_CHANGED = (
    "A changed department, manager or number counts as a change of the current and upcoming positions where a "
    "connection sends it. A changed company does not: positions keep theirs unless `positions_follow` is true."
)
_REPLACED = (
    "What is left out is cleared, but for the national id, which is never read: it stays until `national_id` says "
    f"something else. {_CHANGED}"
)
_DELETED = (
    "Deletes them and their positions here. Each position is treated as any deleted one in each connection: what was "
    "sent is removed or ended there where the connection deletes and its system can; else its job says so, and what is "
    "to be done by hand. The person stays there. `jobs` are those of the positions."
)


class EmployeesView(Resource):
    serializer_class = EmployeeSerializer
    filterset_class = EmployeeFilters
    ordering_fields = ("id", "number", "last_name", "created_at", "updated_at")
    address = "positions_api:employee-detail"

    def get_queryset(self) -> QuerySet[Employee]:
        if getattr(self, "swagger_fake_view", False):
            return Employee.objects.none()
        rows = employees_of(self.organization)
        # Whoever sends a national id is told whether it is the one that is stored.
        body = self.request.data if self.request.method in ("PUT", "PATCH") else {}
        return rows.defer(None) if isinstance(body, Mapping) and "national_id" in body else rows

    def form_class(self) -> Any:
        return NewEmployeeSerializer if self.request.method == "POST" else EmployeeSerializer

    def save(self, row: Employee | None, *, partial: bool) -> Written:
        body: Mapping[str, Any] = self.request.data if isinstance(self.request.data, Mapping) else {}
        if row is not None:
            body = as_changed(body, row)
        rows = self._rows_of_positions(body)
        references = References(self.organization, [body, *rows])
        found: Errors = {}
        company, department = references.of_position(body, found)
        manager = references.one(body, "manager", references.employees, "employee", found)
        employee = row or Employee(organization=self.organization)
        form_errors = dict(self.form.errors)
        of_positions = form_errors.pop("positions", {})
        errors: dict[str, Any] = merged(form_errors, found)
        positions = self._new_positions(employee, rows, of_positions, references, errors)
        if errors:
            raise ValidationError(errors)
        values = {**self._values(), **self.given()}
        positions_follow = values.pop("positions_follow", False)
        for name, value in values.items():
            setattr(employee, name, value)
        for name, value, code in (
            ("department", department, "department_code"),
            ("company", company, "company_external_id"),
            ("manager", manager, ""),
        ):
            if not partial or names(body, name, code):
                setattr(employee, name, value)
        checked(employee)
        action = saved(employee)
        for position in positions:
            position.employee = employee  # it has a key now
        save_positions(positions)
        if positions_follow and row is not None:
            positions = follow(employee)
            action = "updated" if positions else action
        return Written(
            employee,
            action,
            {
                **self._positions_of_answer(positions),
                **caused(positions),
                **unmatched_of(employee, positions),
            },
        )

    def remove(self, row: Employee) -> Mapping[str, Any]:
        positions = list(Position.objects.filter(employee=row))
        number = row.pk
        for position in positions:
            position.employee = row
        row.delete()
        row.pk = number
        return caused(positions)

    def _values(self) -> dict[str, Any]:
        """What was sent, but for those whom it names."""
        values = dict(self.form.validated_data)
        for name in ("department_id", "department", "company_id", "company", "manager_id", "positions"):
            values.pop(name, None)
        if "national_id" in values and "national_id" not in self.request.data:
            del values["national_id"]
        if "national_id" in values:
            values["national_id"] = (values["national_id"] or "").replace(" ", "")
        return values

    # -- positions that are made along

    def _rows_of_positions(self, body: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        """As they were sent, where they have the form of rows: what is wrong with it else, the serializer says."""
        sent = body.get("positions") if "positions" in self.form.fields else None
        known = isinstance(sent, list) and len(sent) <= self.form.fields["positions"].max_length
        return [row if isinstance(row, Mapping) else {} for row in sent] if known and isinstance(sent, list) else []

    def _new_positions(
        self,
        employee: Employee,
        rows: Sequence[Mapping[str, Any]],
        of_form: Any,
        references: References,
        errors: dict[str, Any],
    ) -> list[Position]:
        """Each row as a position, not yet saved. `of_form`: what the serializer said of them; all that is wrong with
        them is added to the errors."""
        by_row = of_form if isinstance(of_form, Mapping) and all(isinstance(key, int) for key in of_form) else {}
        if of_form and not by_row:
            errors["positions"] = of_form
            return []
        values = self.form.validated_data.get("positions")  # none where anything is wrong with the employee's own
        positions: list[Position] = []
        first: dict[str, int] = {}
        for index, row in enumerate(rows):
            found: Errors = {}
            company, department = references.of_position(row, found)
            wrong = merged(by_row.get(index, {}), found)
            if not wrong and values is not None:
                position = Position(employee=employee)
                set_values(position, row, values[index], company, department)
                wrong = date_errors(position)
                own = position.external_id
                if own and first.setdefault(own, index) != index:
                    wrong = merged(wrong, {"external_id": taken(TAKEN)})
                positions.append(position)
            if wrong:
                errors[f"positions[{index}]"] = wrong
        return positions

    def _positions_of_answer(self, positions: Sequence[Position]) -> dict[str, Any]:
        if self.request.method != "POST":
            return {}
        context = {"today": self.organization.today()}
        prefetch_related_objects(positions, "terms__department")
        return {"positions": PositionSerializer(positions, many=True, context=context).data}


@extend_schema_view(
    list=extend_schema(
        summary="List employees", description="All employees of the key's organization, a page at a time."
    ),
    retrieve=extend_schema(summary="Read an employee", description="One employee as they are now."),
    create=extend_schema(
        summary="Create an employee",
        description="Makes an employee, and with `positions` their positions along: all of it, or nothing. Whoever has "
        "no position is sent nowhere. A position needs its employee in payroll, where most connections make none: "
        "until they are known there, its job says so.",
        request=NewEmployeeSerializer,
        responses={201: MadeEmployeeSerializer},
        examples=[
            OpenApiExample("An employee", EXAMPLE, request_only=True),
            OpenApiExample("With a position", {**EXAMPLE, "positions": [_POSITION]}, request_only=True),
        ],
    ),
    update=extend_schema(
        summary="Replace an employee",
        description=_REPLACED,
        responses=WrittenEmployeeSerializer,
        examples=[OpenApiExample("An employee", EXAMPLE, request_only=True)],
    ),
    partial_update=extend_schema(
        summary="Change an employee",
        description=f"What is left out stays, null clears, a value sets. {_CHANGED} What is only answered, as "
        "`national_id_set`, may be sent back and is ignored.",
        responses=WrittenEmployeeSerializer,
        examples=[
            OpenApiExample("Another department", {"department_code": "BUT2"}, request_only=True),
            OpenApiExample(
                "Another company, with the positions", {"company": 3, "positions_follow": True}, request_only=True
            ),
        ],
    ),
    destroy=extend_schema(
        summary="Delete an employee with all positions", description=_DELETED, responses={200: DeletedSerializer}
    ),
)
class EmployeeViewSet(EmployeesView):
    """Employees of the key's organization."""


@extend_schema(parameters=[BY_EXTERNAL_ID])
@extend_schema_view(
    retrieve=extend_schema(
        summary="Read an employee by your id",
        description="One employee, by your own id of them.",
        operation_id="employees_by_external_id_retrieve",
    ),
    update=extend_schema(
        summary="Create or replace an employee by your id",
        description=f"Makes the employee if there is none with this id, else replaces them. {_REPLACED}",
        operation_id="employees_by_external_id_upsert",
        responses={200: WrittenEmployeeSerializer, 201: WrittenEmployeeSerializer},
        examples=[
            OpenApiExample(
                "An employee", {"number": "1042", "first_name": "Kari", "last_name": "Nordmann"}, request_only=True
            )
        ],
    ),
    partial_update=extend_schema(
        summary="Change an employee by your id",
        description=f"What is left out stays, null clears, a value sets. {_CHANGED}",
        operation_id="employees_by_external_id_partial_update",
        responses=WrittenEmployeeSerializer,
        examples=[OpenApiExample("Another department", {"department_code": "BUT2"}, request_only=True)],
    ),
    destroy=extend_schema(
        summary="Delete an employee by your id",
        description=_DELETED,
        operation_id="employees_by_external_id_destroy",
        responses={200: DeletedSerializer},
    ),
)
class EmployeeByExternalIdViewSet(ByExternalId, EmployeesView):
    """One employee, by the client's own id."""
