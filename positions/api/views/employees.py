from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError as ModelValidationError
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from positions.api.apply import merged, model_errors
from positions.api.base import ApiView, writes
from positions.api.caused import caused
from positions.api.expansions import employees_of
from positions.api.filters import EmployeeFilters
from positions.api.pagination import Pages
from positions.api.reading import etag_of
from positions.api.references import Errors, References, as_changed, names
from positions.api.serializers import DeletedSerializer, EmployeeSerializer
from positions.employer import follow
from positions.models import Employee, Position
from positions.roles import Need

READ_WRITE = {
    "GET": "positions:read",
    "POST": "positions:write",
    "PUT": "positions:write",
    "PATCH": "positions:write",
    "DELETE": "positions:write",
}
MEMBERS: Mapping[str, Need] = {"GET": "view", "POST": "edit", "PUT": "edit", "PATCH": "edit", "DELETE": "edit"}
EXAMPLE = {
    "number": "1042",
    "first_name": "Kari",
    "last_name": "Nordmann",
    "email": "kari@example.com",
    "birth_date": "1990-04-02",
    "department_code": "BUT1",
    "external_id": "hr-1042",
}


class EmployeeViewSet(ApiView, GenericViewSet):
    """Employees of the key's organization."""

    scopes = READ_WRITE
    needs = MEMBERS
    etags = True
    serializer_class = EmployeeSerializer
    filterset_class = EmployeeFilters
    pagination_class = Pages
    ordering_fields = ("id", "number", "last_name", "created_at", "updated_at")
    ordering = ("id",)
    lookup_value_converter = "int"

    def get_queryset(self) -> QuerySet[Employee]:
        if getattr(self, "swagger_fake_view", False):
            return Employee.objects.none()
        return employees_of(self.organization)

    @extend_schema(summary="List employees", description="All employees of the key's organization, a page at a time.")
    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(summary="Read an employee", description="One employee as they are now.")
    def retrieve(self, request: Request, pk: int) -> Response:
        return Response(self.get_serializer(get_object_or_404(self.get_queryset(), pk=pk)).data)

    @extend_schema(
        summary="Create an employee",
        description="Makes an employee. Whoever has no position is sent nowhere.",
        responses={201: EmployeeSerializer},
        examples=[OpenApiExample("An employee", EXAMPLE, request_only=True)],
    )
    @writes
    def create(self, request: Request) -> Response:
        employee = self._save(Employee(organization=self.organization), partial=False)
        location = reverse("positions_api:employee-detail", args=(employee.pk,))
        return self._answer(employee, 201, {"Location": request.build_absolute_uri(location)})

    @extend_schema(
        summary="Change an employee",
        description="What is left out stays, null clears, a value sets. A changed department, manager or number counts "
        "as a change of the current and upcoming positions where a connection sends it. A changed company does not: "
        "positions keep theirs unless `positions_follow` is true. What is only answered, as `national_id_set`, may "
        "be sent back and is ignored.",
        examples=[
            OpenApiExample("Another department", {"department_code": "BUT2"}, request_only=True),
            OpenApiExample(
                "Another company, with the positions", {"company": 3, "positions_follow": True}, request_only=True
            ),
        ],
    )
    @writes
    def partial_update(self, request: Request, pk: int) -> Response:
        return self._answer(self._save(self._locked(), partial=True), 200)

    @extend_schema(
        summary="Delete an employee with all positions",
        description="Deletes them and their positions here, and those there as each system deletes.",
        responses={200: DeletedSerializer},
    )
    @writes
    def destroy(self, request: Request, pk: int) -> Response:
        employee = self._locked()
        positions = list(Position.objects.filter(employee=employee))
        number = employee.pk
        for position in positions:
            position.employee = employee
        employee.delete()
        employee.pk = number
        return Response({"id": number, "deleted": True, **caused(positions)})

    def _locked(self) -> Employee:
        return get_object_or_404(self.get_queryset().select_for_update(of=("self",)), pk=self.kwargs["pk"])

    def _answer(self, employee: Employee, status: int, headers: dict[str, str] | None = None) -> Response:
        # As a later read finds it: with its department, its e-mail trimmed, its national id known or not.
        data = self.get_serializer(self.get_queryset().get(pk=employee.pk)).data
        return Response(data, status=status, headers={**(headers or {}), "ETag": etag_of(data)})

    def checked_form(self) -> EmployeeSerializer | None:
        if self.request.method not in ("POST", "PATCH"):
            return None
        form = EmployeeSerializer(data=self.request.data, partial=self.request.method == "PATCH")
        form.is_valid()
        return form

    def _save(self, employee: Employee, *, partial: bool) -> Employee:
        request, form = self.request, self.form
        errors: Errors = form.errors
        row: Mapping[str, Any] = request.data if isinstance(request.data, Mapping) else {}
        if employee.pk is not None:
            row = as_changed(row, employee)
        references = References(self.organization, [row])
        found: Errors = {}
        department = references.one(
            row, "department", references.departments, "department", found, code="department_code"
        )
        company = references.one(row, "company", references.companies, "company", found)
        manager = references.one(row, "manager", references.employees, "employee", found)
        errors = merged(errors, found)
        if errors:
            raise ValidationError(errors)
        values = self._values(form)
        positions_follow = values.pop("positions_follow", False)
        for name, value in values.items():
            setattr(employee, name, value)
        for name, value in (("department", department), ("company", company), ("manager", manager)):
            if not partial or names(row, name, f"{name}_code"):
                setattr(employee, name, value)
        try:
            employee.clean()
            employee.validate_constraints()
        except ModelValidationError as error:
            raise ValidationError(model_errors(error)) from None
        employee.save()
        if positions_follow:
            follow(employee)
        return employee

    @staticmethod
    def _values(form: EmployeeSerializer) -> dict[str, Any]:
        """What was sent, but for those whom it names."""
        values = dict(form.validated_data)
        for name in ("department_id", "department", "company_id", "manager_id"):
            values.pop(name, None)
        if "national_id" in values:
            values["national_id"] = (values["national_id"] or "").replace(" ", "")
        return values
