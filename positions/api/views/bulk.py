from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from positions.api.base import ApiView, writes
from positions.api.bulk.employees import EmployeeBulk
from positions.api.bulk.positions import PositionBulk
from positions.api.bulk.rows import BulkWrite
from positions.api.bulk.serializers import (
    BulkAnswerSerializer,
    BulkSerializer,
    EmployeeBulkAnswerSerializer,
    EmployeeBulkSerializer,
)
from positions.api.fields import StrictSerializer
from positions.api.serializers import example
from positions.models import Employee, Position

_RULES = (
    "Up to 1000 rows, all or nothing, or each row that can be (`mode`). A row creates, updates, upserts or deletes: "
    "as it says itself (`operation`), else as the request says, else it upserts. A row that says what is stored "
    "already is `unchanged`: nothing is done, and nothing is sent. Numbers and external ids may be swapped in one "
    "request: what counts is who has which at the end; what is deleted is deleted first."
)


class _BulkView(ApiView, GenericViewSet):
    scopes = {"POST": "positions:write"}
    needs = {"POST": "edit"}
    filter_backends = ()
    pagination_class = None
    body_form: ClassVar[type[StrictSerializer]]
    write: ClassVar[type[BulkWrite]]

    def checked_form(self) -> Any:
        body = self.body_form(data=self.request.data)
        body.is_valid(raise_exception=True)
        asked = body.validated_data
        body_as_sent: Any = self.request.data  # what a row leaves out is not filled in
        return self.write(body_as_sent, asked["mode"], asked["operation"])

    def carried_out(self, request: Request) -> Response:
        self.form.carry_out(self.organization)
        return Response(self.form.answer(request._request))


class PositionBulkView(_BulkView):
    model = Position
    body_form = BulkSerializer
    write = PositionBulk

    @extend_schema(
        summary="Create, change and delete many positions",
        description=f"{_RULES}\n\nA position is named by `id`, or by `external_id` and its employee (`employee`, "
        "`employee_number` or `employee_external_id`).",
        operation_id="positions_bulk_create",
        request=BulkSerializer,
        responses={200: BulkAnswerSerializer},
        examples=[
            OpenApiExample(
                "One new, one changed",
                {"positions": [example(), {"id": 41, "end_date": "2026-12-31", "end_reason": "contract_ended"}]},
                request_only=True,
            ),
            OpenApiExample(
                "Each that can be, one deleted",
                {
                    "mode": "each",
                    "positions": [
                        example(),
                        {"operation": "delete", "external_id": "hr-4712", "employee_external_id": "hr-1042"},
                    ],
                },
                request_only=True,
            ),
        ],
    )
    @writes
    def bulk(self, request: Request) -> Response:
        return self.carried_out(request)


class EmployeeBulkView(_BulkView):
    model = Employee
    body_form = EmployeeBulkSerializer
    write = EmployeeBulk

    @extend_schema(
        summary="Create, change and delete many employees",
        description=f"{_RULES}\n\nAn employee is named by `id`, else by `external_id`, else by `number`. Their "
        "positions are deleted with them.",
        operation_id="employees_bulk_create",
        request=EmployeeBulkSerializer,
        responses={200: EmployeeBulkAnswerSerializer},
        examples=[
            OpenApiExample(
                "Who works here",
                {
                    "mode": "each",
                    "employees": [
                        {"external_id": "hr-1042", "number": "1042", "first_name": "Kari", "last_name": "Nordmann"},
                        {"external_id": "hr-1043", "operation": "delete"},
                    ],
                },
                request_only=True,
            )
        ],
    )
    @writes
    def bulk(self, request: Request) -> Response:
        return self.carried_out(request)
