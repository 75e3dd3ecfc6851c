from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from positions.api.base import ApiView
from positions.api.filters import Filters, IdFilter, TextFilter
from positions.api.pagination import Pages
from positions.api.serializers import CompanySerializer, DepartmentSerializer
from positions.models import Company, Department


class _Register(ApiView, GenericViewSet):
    """What employees and positions refer to: read here, kept in the admin."""

    scopes = {"GET": "positions:read"}
    needs = {"GET": "view"}
    pagination_class = Pages
    ordering = ("id",)
    model: Any

    def get_queryset(self) -> QuerySet:
        if getattr(self, "swagger_fake_view", False):
            return self.model.objects.none()
        return self.model.objects.filter(organization=self.organization).order_by("id")

    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class CompanyFilters(Filters):
    id = IdFilter(also=("in",), alone=True, help_text="Our id.")
    organization_number = TextFilter(also=("in",), help_text="The whole number.")


class DepartmentFilters(Filters):
    id = IdFilter(also=("in",), alone=True, help_text="Our id.")
    code = TextFilter(also=("in",), help_text="The whole code.")


@extend_schema(summary="List companies", description="All employers of the key's organization.")
class CompanyViewSet(_Register):
    """Companies of the key's organization."""

    model = Company
    serializer_class = CompanySerializer
    filterset_class = CompanyFilters


@extend_schema(summary="List departments", description="All departments of the key's organization.")
class DepartmentViewSet(_Register):
    """Departments of the key's organization."""

    model = Department
    serializer_class = DepartmentSerializer
    filterset_class = DepartmentFilters
