from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import ErrorDetail, NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from positions.api.apply import IMMUTABLE, TAKEN, bulk_positions, checked_rows, date_errors, merged, set_values
from positions.api.base import ApiView, writes
from positions.api.caused import caused
from positions.api.expansions import positions_of
from positions.api.fields import Text
from positions.api.filters import PositionFilters
from positions.api.pagination import Pages
from positions.api.reading import etag_of
from positions.api.references import Errors, References, as_changed, by_external_id, names, storable, taken
from positions.api.serializers import (
    BulkAnswerSerializer,
    BulkSerializer,
    DeletedSerializer,
    PositionSerializer,
    WrittenPositionSerializer,
    example,
)
from positions.api.views.employees import MEMBERS, READ_WRITE
from positions.bulk import save_positions
from positions.models import Employee, Position
from positions.text import composed


class PositionsView(ApiView, GenericViewSet):
    scopes = READ_WRITE
    needs = MEMBERS
    etags = True
    serializer_class = PositionSerializer
    filterset_class = PositionFilters
    pagination_class = Pages
    ordering_fields = ("id", "start_date", "created_at", "updated_at")
    ordering = ("id",)

    def get_queryset(self) -> QuerySet[Position]:
        if getattr(self, "swagger_fake_view", False):
            return Position.objects.none()
        return positions_of(self.organization)

    def get_serializer_context(self) -> dict[str, Any]:
        context = dict(super().get_serializer_context())
        if not getattr(self, "swagger_fake_view", False):
            context["today"] = self.organization.today()
        return context

    def employee_of_address(self, *, lock: bool = False) -> Employee:
        employees = Employee.objects.filter(organization=self.organization).defer("national_id")
        if lock:
            employees = employees.select_for_update()
        return get_object_or_404(employees, pk=self.kwargs["employee_pk"])

    def page(self, queryset: QuerySet[Position]) -> Response:
        page = self.paginate_queryset(self.filter_queryset(queryset))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def answer(self, position: Position, status: int) -> Response:
        data = self.get_serializer(position).data
        headers = {"ETag": etag_of(data)}
        if status == 201:
            headers["Location"] = self.request.build_absolute_uri(
                reverse("positions_api:position-detail", args=(position.pk,))
            )
        return Response({**data, **caused([position])}, status=status, headers=headers)

    def checked_form(self) -> Any:
        if self.request.method not in ("POST", "PUT", "PATCH"):
            return None
        form = PositionSerializer(data=self.request.data, partial=self.request.method == "PATCH")
        form.is_valid()
        return form

    def save(
        self,
        position: Position | None,
        *,
        employee: Employee | None = None,
        partial: bool = False,
        external_id: str | None = None,
    ) -> Position:
        """Validates the body into a position and saves it; raises with every error found."""
        data = self.request.data
        row: Mapping[str, Any] = data if isinstance(data, Mapping) else {}
        if position is not None:
            row = as_changed(row, position)
        known = position.employee if position is not None else employee
        errors: Any = self.form.errors
        references = References(self.organization, [row])
        found: Errors = {}
        named = references.one(row, "employee", references.employees, "employee", found, code="employee_number")
        if known is not None and named is not None and named.pk != known.pk:
            name = "employee" if "employee" in row else "employee_number"
            found[name] = [ErrorDetail(IMMUTABLE, "immutable")]
        company, department = references.of_position(row, found)
        whose = known or named
        if whose is None and not found and not names(errors, "employee", "employee_number"):
            found["employee"] = [ErrorDetail("Name the employee: employee (id) or employee_number.", "required")]
        errors = merged(errors, found)
        if errors:
            raise ValidationError(errors)
        assert whose is not None
        position = position or Position(employee=whose)
        if not partial:
            position.department = None
        set_values(position, row, self.form.validated_data, company, department)
        if external_id is not None:
            position.external_id = external_id
        errors = date_errors(position)
        if position.external_id:
            other = by_external_id([whose], {position.external_id}).get((whose.pk, position.external_id))
            if other is not None and other.pk != position.pk:
                errors["external_id"] = taken(TAKEN)
        if errors:
            raise ValidationError(errors)
        position.save()
        return position


class PositionViewSet(PositionsView):
    """Positions of all employees of the key's organization."""

    lookup_value_converter = "int"

    def checked_form(self) -> Any:
        if self.action != "bulk":
            return super().checked_form()
        body: Any = self.request.data
        BulkSerializer(data=body).is_valid(raise_exception=True)
        return checked_rows(body["positions"])

    @extend_schema(summary="List positions", description="All employees' positions, a page at a time.")
    def list(self, request: Request) -> Response:
        return self.page(self.get_queryset())

    @extend_schema(summary="Read a position", description="One position as it is now.")
    def retrieve(self, request: Request, pk: int) -> Response:
        return Response(self.get_serializer(get_object_or_404(self.get_queryset(), pk=pk)).data)

    @extend_schema(
        summary="Create a position",
        description="Makes a position of the employee that `employee` or `employee_number` names, and sends it to each "
        "connection that takes it.",
        responses={201: WrittenPositionSerializer},
        examples=[OpenApiExample("A position", example(), request_only=True)],
    )
    @writes
    def create(self, request: Request) -> Response:
        return self.answer(self.save(None), 201)

    @extend_schema(
        summary="Change a position",
        description="What is left out stays, null clears, a value sets. What is only answered, such as `status`, may "
        "be sent back and is ignored.",
        responses=WrittenPositionSerializer,
        examples=[
            OpenApiExample("End it", {"end_date": "2026-12-31", "end_reason": "resigned"}, request_only=True),
            OpenApiExample("Reopen it", {"end_date": None, "end_reason": None}, request_only=True),
        ],
    )
    @writes
    def partial_update(self, request: Request, pk: int) -> Response:
        return self.answer(self.save(self._locked(pk), partial=True), 200)

    @extend_schema(
        summary="Delete a position",
        description="Deletes it here, and there as each system deletes.",
        responses={200: DeletedSerializer},
    )
    @writes
    def destroy(self, request: Request, pk: int) -> Response:
        position = self._locked(pk)
        position.delete()
        position.pk = pk
        return Response({"id": pk, "deleted": True, **caused([position])})

    def _locked(self, pk: int) -> Position:
        return get_object_or_404(self.get_queryset().select_for_update(of=("self",)), pk=pk)

    @extend_schema(
        summary="Create and change many positions",
        description="Up to 1000 rows, all or nothing. A row with `id`, or with the `external_id` of a position of its "
        "employee, changes that position (what is left out stays); any other makes a new one. A row that says what "
        "is stored already is `unchanged`: nothing is done, and nothing is sent.",
        request=BulkSerializer,
        responses={200: BulkAnswerSerializer},
        examples=[
            OpenApiExample(
                "One new, one changed",
                {"positions": [example(), {"id": 41, "end_date": "2026-12-31", "end_reason": "contract_ended"}]},
                request_only=True,
            )
        ],
    )
    @action(detail=False, methods=["post"], url_path="bulk", pagination_class=None, filterset_class=None)
    @writes
    def bulk(self, request: Request) -> Response:
        positions = bulk_positions(self.form, self.organization, self.get_queryset())
        actions = save_positions(positions)
        written = [position for position, done in zip(positions, actions, strict=True) if done != "unchanged"]
        return Response(
            {
                "created": actions.count("created"),
                "updated": actions.count("updated"),
                "unchanged": actions.count("unchanged"),
                "results": [
                    {"index": i, "id": p.pk, "external_id": p.external_id or None, "action": done}
                    for i, (p, done) in enumerate(zip(positions, actions, strict=True))
                ],
                **caused(written),
            }
        )


_EMPLOYEE = OpenApiParameter("employee_pk", int, OpenApiParameter.PATH, description="Id of the employee.")


@extend_schema(parameters=[_EMPLOYEE])
class EmployeePositionViewSet(PositionsView):
    """Positions of one employee."""

    @extend_schema(
        summary="List an employee's positions",
        description="All positions of one employee, a page at a time.",
        operation_id="employees_positions_list",
    )
    def list(self, request: Request, employee_pk: int) -> Response:
        return self.page(self.get_queryset().filter(employee=self.employee_of_address()))

    @extend_schema(
        summary="Create a position of an employee",
        description="The same as creating a position, with the employee named by the address.",
        operation_id="employees_positions_create",
        responses={201: WrittenPositionSerializer},
        examples=[
            OpenApiExample("A position", {"title": "Shift leader", "start_date": "2026-03-01"}, request_only=True)
        ],
    )
    @writes
    def create(self, request: Request, employee_pk: int) -> Response:
        return self.answer(self.save(None, employee=self.employee_of_address(lock=True)), 201)


@extend_schema(
    parameters=[
        _EMPLOYEE,
        OpenApiParameter("external_id", str, OpenApiParameter.PATH, description="Your own id of the position."),
    ]
)
class PositionByExternalIdViewSet(PositionsView):
    """One position of an employee, by your own id."""

    def hold(self) -> None:
        self.employee_of_address(lock=True)

    @extend_schema(
        summary="Read a position by your id",
        description="One position of an employee, by your own id of it.",
        operation_id="positions_by_external_id_retrieve",
    )
    def retrieve(self, request: Request, employee_pk: int, external_id: str) -> Response:
        employee = self.employee_of_address()
        if not storable(external_id):
            raise NotFound
        external_id = composed(external_id)
        position = get_object_or_404(self.get_queryset(), employee=employee, external_id=external_id)
        return Response(self.get_serializer(position).data)

    @extend_schema(
        summary="Create or replace a position by your id",
        description="Makes the position if there is none with this id, else replaces it: what is left out goes back "
        "to its default, but for `company`, which stays. Repeating it changes nothing more.",
        operation_id="positions_by_external_id_upsert",
        responses={200: WrittenPositionSerializer, 201: WrittenPositionSerializer},
        examples=[
            OpenApiExample("A position", {"title": "Shift leader", "start_date": "2026-03-01"}, request_only=True)
        ],
    )
    @writes
    def update(self, request: Request, employee_pk: int, external_id: str) -> Response:
        # The employee is locked, so that two of these at the same moment make one position.
        employee = self.employee_of_address(lock=True)
        external_id = composed(external_id)
        if Text(max_length=120).run_validation(external_id) != external_id or not external_id:
            raise ValidationError({"external_id": ["An id has no space at its ends."]})
        sent = request.data.get("external_id", external_id) if isinstance(request.data, Mapping) else external_id
        if sent != external_id:
            raise ValidationError(
                {"external_id": [ErrorDetail("The address names another id. Leave this out.", "mismatch")]}
            )
        position = by_external_id([employee], {external_id}).get((employee.pk, external_id))
        status = 200 if position is not None else 201
        return self.answer(self.save(position, employee=employee, external_id=external_id), status)
