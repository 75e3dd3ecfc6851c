from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError as FormError
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.exceptions import ErrorDetail, NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from positions.api.apply import IMMUTABLE, TAKEN, date_errors, merged, set_values
from positions.api.base import writes
from positions.api.caused import caused
from positions.api.expansions import positions_of
from positions.api.filters import IdField, PositionFilters
from positions.api.references import (
    OF_EMPLOYEE,
    Errors,
    References,
    as_changed,
    by_external_id,
    names,
    storable,
    taken,
)
from positions.api.schema import HIGHEST_ID
from positions.api.serializers import (
    DeletedSerializer,
    PositionSerializer,
    WrittenPositionSerializer,
    example,
)
from positions.api.unmatched import unmatched_for
from positions.api.views.resource import BY_EXTERNAL_ID, Action, ByExternalId, Resource, Written
from positions.models import Employee, Position
from positions.terms import Withdrawal

_NAME = format_lazy(gettext_lazy("Name the employee by one of {names}."), names=", ".join(OF_EMPLOYEE))


class PositionsView(Resource):
    serializer_class = PositionSerializer
    filterset_class = PositionFilters
    ordering_fields = ("id", "start_date", "created_at", "updated_at")
    address = "positions_api:position-detail"

    def get_queryset(self) -> QuerySet[Position]:
        if getattr(self, "swagger_fake_view", False):
            return Position.objects.none()
        return positions_of(self.organization)

    def get_serializer_context(self) -> dict[str, Any]:
        context = dict(super().get_serializer_context())
        if not getattr(self, "swagger_fake_view", False):
            context["today"] = self.organization.today()
        return context

    def employee_of_address(self, *, lock: bool = False) -> Employee | None:
        """None where the address names none. Raises Http404."""
        if "employee_pk" not in self.kwargs:
            return None
        return self.employee(lock=lock, pk=self.kwargs["employee_pk"])

    def employee(self, *, lock: bool, **of: Any) -> Employee:
        """Raises Http404."""
        employees = Employee.objects.filter(organization=self.organization).defer("national_id")
        return get_object_or_404(employees.select_for_update() if lock else employees, **of)

    def save(self, row: Position | None, *, partial: bool) -> Written:
        body: Mapping[str, Any] = self.request.data if isinstance(self.request.data, Mapping) else {}
        known = row.employee if row is not None else self.employee_of_address(lock=True)
        if row is not None:
            body = as_changed(body, row)
        references = References(self.organization, [body])
        found: Errors = {}
        named = references.employee(body, found)
        if known is not None and named is not None and named.pk != known.pk:
            name = next(name for name in OF_EMPLOYEE if body.get(name))
            found[name] = [ErrorDetail(str(IMMUTABLE), "immutable")]
        company, department = references.of_position(body, found)
        whose = known or named
        if whose is None and not found and not names(self.form.errors, *OF_EMPLOYEE):
            found["employee"] = [ErrorDetail(str(_NAME), "required")]
        errors = merged(self.form.errors, found)
        if errors:
            raise ValidationError(errors)
        assert whose is not None
        position = row or Position(employee=whose)
        if not partial:
            position.department = None
        set_values(position, body, {**self.form.validated_data, **self.given()}, company, department)
        errors = date_errors(position)
        if position.external_id:
            other = by_external_id([whose], {position.external_id}).get((whose.pk, position.external_id))
            if other is not None and other.pk != position.pk:
                errors["external_id"] = taken(TAKEN)
        if errors:
            raise ValidationError(errors)
        return self._stored(position)

    @classmethod
    def _stored(cls, position: Position) -> Written:
        """Saves a valid one. It is locked: what it was loaded with is what is stored."""
        if position._state.adding:
            position.save()
            return cls._written(position, "created")
        before = position.updated_at
        if position.counting is not None or position.changed_fields() != []:
            position.save()
        return cls._written(position, "updated" if position.updated_at != before else "unchanged")

    @staticmethod
    def _written(position: Position, action: Action) -> Written:
        jobs = caused([] if action == "unchanged" else [position])
        return Written(position, action, {**jobs, **unmatched_for(position)})

    def remove(self, row: Position) -> Mapping[str, Any]:
        number = row.pk
        row.delete()
        row.pk = number
        return caused([row])


_CHANGE = "What is left out stays, null clears, a value sets."
_REPLACE = "What is left out goes back to its default, but for `company`, which stays."
_DELETE = (
    "Deletes it here. In each connection to which it was sent it is removed or ended where the connection deletes and "
    "its system can, else told of as to be done by hand; `jobs` say what becomes of it."
)
_ONE = OpenApiExample("A position", {"title": "Shift leader", "start_date": "2026-03-01"}, request_only=True)
_END = OpenApiExample("End it", {"end_date": "2026-12-31", "end_reason": "resigned"}, request_only=True)


@extend_schema_view(
    list=extend_schema(summary="List positions", description="All employees' positions, a page at a time."),
    retrieve=extend_schema(summary="Read a position", description="One position as it is now."),
    create=extend_schema(
        summary="Create a position",
        description="Makes a position of the employee that `employee`, `employee_number` or `employee_external_id` "
        "names, and sends it to each connection that takes it.",
        responses={201: WrittenPositionSerializer},
        examples=[OpenApiExample("A position", example(), request_only=True)],
    ),
    update=extend_schema(
        summary="Replace a position",
        description=f"{_REPLACE} The employee need not be named, and stays.",
        responses=WrittenPositionSerializer,
        examples=[_ONE],
    ),
    partial_update=extend_schema(
        summary="Change a position",
        description=f"{_CHANGE} What is only answered, such as `status`, may be sent back and is ignored. What is in "
        "`terms` counts from today on, from `effective_from` on, or as a `correction`; a change that is planned for a "
        "later day stays.",
        responses=WrittenPositionSerializer,
        examples=[
            _END,
            OpenApiExample("Reopen it", {"end_date": None, "end_reason": None}, request_only=True),
            OpenApiExample(
                "Less work from a day on", {"percentage": "60.00", "effective_from": "2026-06-01"}, request_only=True
            ),
            OpenApiExample("It was always so", {"occupation_code": "2130109", "correction": True}, request_only=True),
        ],
    ),
    destroy=extend_schema(summary="Delete a position", description=_DELETE, responses={200: DeletedSerializer}),
)
class PositionViewSet(PositionsView):
    """Positions of all employees of the key's organization."""

    @extend_schema(
        summary="Withdraw a change",
        description="Takes back what changed on this day of `terms`: what held the day before goes on. What holds from "
        "the first day is not taken back but corrected.",
        responses={200: WrittenPositionSerializer},
        parameters=[
            OpenApiParameter(
                "effective_from", date, OpenApiParameter.PATH, description="As in `terms`, for example 2026-06-01."
            )
        ],
    )
    @action(detail=True, methods=["delete"], url_path="terms/<str:effective_from>", filterset_class=None)
    @writes
    def withdraw(self, request: Request, pk: int, effective_from: str) -> Response:
        position = self.locked()
        later = {str(row.effective_from): row.effective_from for row in position.terms.all() if row.effective_from}
        if effective_from not in later:
            raise NotFound(_("Nothing changed on this day. `terms` has the days: each but the first may be withdrawn."))
        position.counting = Withdrawal(later[effective_from])
        position.save()
        return self.answer(self._written(position, "updated"))


_EMPLOYEE = OpenApiParameter("employee_pk", int, OpenApiParameter.PATH, description="Id of the employee.")


@extend_schema(parameters=[_EMPLOYEE])
@extend_schema_view(
    list=extend_schema(
        summary="List an employee's positions",
        description="All positions of one employee, a page at a time.",
        operation_id="employees_positions_list",
    ),
    create=extend_schema(
        summary="Create a position of an employee",
        description="The same as creating a position, with the employee named by the address.",
        operation_id="employees_positions_create",
        responses={201: WrittenPositionSerializer},
        examples=[_ONE],
    ),
)
class EmployeePositionViewSet(PositionsView):
    """Positions of one employee."""

    def list(self, request: Request, **kwargs: Any) -> Response:
        return self.page(self.get_queryset().filter(employee=self.employee_of_address()))


class ByOwnId(ByExternalId, PositionsView):
    """An id of the client's is unique among the positions of one employee."""

    def owner(self, *, lock: bool) -> Employee:
        """The employee whose position is meant. Raises Http404 or ValidationError."""
        raise NotImplementedError

    def found(self, rows: QuerySet) -> Any:
        if not storable(self.external_id()):
            raise NotFound
        return get_object_or_404(rows, employee=self.owner(lock=False), external_id=self.external_id())

    def hold(self) -> None:
        self.owner(lock=True)

    def existing(self) -> Position | None:
        # The employee is locked, so that two of these at the same moment make one position.
        employee = self.owner(lock=True)
        return by_external_id([employee], {self.external_id()}).get((employee.pk, self.external_id()))


_UPSERT = (
    "Makes the position if there is none with this id, else replaces it: what is left out goes back to its default, "
    "but for `company`, which stays. Repeating it changes nothing more."
)


def _by_external_id(name: str, upsert: str, which: str, *more: OpenApiParameter) -> dict[str, Any]:
    """What the document says of its operations. `name`: of operations; `more`: parameters of those without a body."""
    return {
        "retrieve": extend_schema(
            summary="Read a position by your id",
            description=f"One position, by your own id of it. {which}".strip(),
            operation_id=f"{name}_retrieve",
            parameters=list(more),
        ),
        "update": extend_schema(
            summary="Create or replace a position by your id",
            description=f"{_UPSERT} {upsert}".strip(),
            operation_id=f"{name}_upsert",
            responses={200: WrittenPositionSerializer, 201: WrittenPositionSerializer},
            examples=[OpenApiExample("Of an employee", {"employee_number": "1042", **_ONE.value}, request_only=True)]
            if more
            else [_ONE],
        ),
        "partial_update": extend_schema(
            summary="Change a position by your id",
            description=f"{_CHANGE} {which}".strip(),
            operation_id=f"{name}_partial_update",
            responses=WrittenPositionSerializer,
            examples=[_END],
        ),
        "destroy": extend_schema(
            summary="Delete a position by your id",
            description=f"{_DELETE} {which}".strip(),
            operation_id=f"{name}_destroy",
            responses={200: DeletedSerializer},
            parameters=list(more),
        ),
    }


@extend_schema(parameters=[_EMPLOYEE, BY_EXTERNAL_ID])
@extend_schema_view(**_by_external_id("employees_positions_by_external_id", "", ""))
class EmployeePositionByExternalIdViewSet(ByOwnId):
    """One position of an employee, by the client's own id."""

    def owner(self, *, lock: bool) -> Employee:
        return self.employee(lock=lock, pk=self.kwargs["employee_pk"])


_WHICH = (
    "Two employees may each have a position with the same id: name the employee then ({where}), or it is refused with "
    "`ambiguous`. Where only one position has the id, the employee need not be named."
)
_QUERY = [
    OpenApiParameter(
        "employee",
        {"type": "integer", "format": "int64", "minimum": 1, "maximum": HIGHEST_ID},
        description="Id of the employee.",
    ),
    OpenApiParameter("employee_number", str, description="The employee's whole number."),
    OpenApiParameter("employee_external_id", str, description="Your own id of the employee, whole."),
]


@extend_schema(parameters=[BY_EXTERNAL_ID])
@extend_schema_view(
    **_by_external_id(
        "positions_by_external_id",
        "Name the employee by `employee`, `employee_number` or `employee_external_id`. Another employee's position "
        "with the same id is another one, and is not touched. Where only one position has the id, the employee need "
        "not be named.",
        _WHICH.format(where="in the body, or in the address where there is none"),
        *_QUERY,
    )
)
class PositionByExternalIdViewSet(ByOwnId):
    """One position of any employee, by the client's own id."""

    def known_query_parameters(self) -> set[str]:
        by_address = self.request.method in ("GET", "HEAD", "DELETE")
        return super().known_query_parameters() | (set(OF_EMPLOYEE) if by_address else set())

    def owner(self, *, lock: bool) -> Employee:
        errors: Errors = {}
        row = self._row()
        named = References(self.organization, [row]).employee(row, errors)
        if errors:
            raise ValidationError(merged(self.form.errors if self.form is not None else {}, errors))
        if named is not None:
            return self.employee(lock=lock, pk=named.pk) if lock else named
        rows = Position.objects.filter(employee__organization=self.organization, external_id=self.external_id())
        found = list(rows.order_by("pk").values_list("employee", flat=True)[:2])
        if len(found) == 1:
            return self.employee(lock=lock, pk=found[0])
        if found:
            words = _("Several employees have a position with this external id. {how}").format(how=_NAME)
            raise ValidationError({"employee": [ErrorDetail(words, "ambiguous")]})
        if self.request.method != "PUT":
            raise NotFound
        raise ValidationError(merged(self.form.errors, {"employee": [ErrorDetail(str(_NAME), "required")]}))

    def _row(self) -> Mapping[str, Any]:
        """What names the employee: the body, or the address where there is none."""
        if self.request.method in ("PUT", "PATCH"):
            return self.request.data if isinstance(self.request.data, Mapping) else {}
        row: dict[str, Any] = dict(self.request.query_params.items())
        if "employee" in row:
            try:
                row["employee"] = IdField().clean(row["employee"])
            except FormError as error:
                raise ValidationError({"employee": [ErrorDetail(error.messages[0], "invalid")]}) from None
        return row
