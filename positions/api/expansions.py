"""Employees and positions as they are answered, and what `expand` puts into an answer."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from positions.api.expand import Expansion
from positions.api.serializers import CompanySerializer, DepartmentSerializer, EmployeeSerializer, PositionSerializer
from positions.models import Company, Department, Employee, Organization, Position


def employees_of(organization: Organization) -> QuerySet[Employee]:
    """As they are answered. The national id stays in the database: only whether there is one is told."""
    return (
        Employee.objects.filter(organization=organization)
        .select_related("company", "department")
        .annotate(national_id_set=~Q(national_id=""))
        .defer("national_id")
    )


def positions_of(organization: Organization) -> QuerySet[Position]:
    """As they are answered."""
    return (
        Position.objects.filter(employee__organization=organization)
        .select_related("employee", "company", "department")
        .prefetch_related("terms__department")
        .defer("employee__national_id")
    )


_EMPLOYEE = Expansion(EmployeeSerializer, employees_of)
OURS = {
    "employee": _EMPLOYEE,
    "manager": _EMPLOYEE,
    "position": Expansion(PositionSerializer, positions_of),
    "company": Expansion(CompanySerializer, lambda of: Company.objects.filter(organization=of)),
    "department": Expansion(DepartmentSerializer, lambda of: Department.objects.filter(organization=of)),
}
