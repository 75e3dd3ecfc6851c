from typing import Any

from django.urls import path
from rest_framework.routers import SimpleRouter

from positions.api.views.bulk import EmployeeBulkView, PositionBulkView
from positions.api.views.changes import ChangesView
from positions.api.views.employees import EmployeeByExternalIdViewSet, EmployeeViewSet
from positions.api.views.me import MeView, RootView, RotateView
from positions.api.views.positions import (
    EmployeePositionByExternalIdViewSet,
    EmployeePositionViewSet,
    PositionByExternalIdViewSet,
    PositionViewSet,
)
from positions.api.views.registers import (
    CompanyByExternalIdViewSet,
    CompanyViewSet,
    DepartmentByExternalIdViewSet,
    DepartmentViewSet,
)

app_name = "positions_api"

router = SimpleRouter(use_regex_path=False)
router.register("employees", EmployeeViewSet, basename="employee")
router.register("positions", PositionViewSet, basename="position")
router.register("companies", CompanyViewSet, basename="company")
router.register("departments", DepartmentViewSet, basename="department")


def _by_external_id(before: str, view: Any) -> Any:
    methods = {"get": "retrieve", "put": "update", "patch": "partial_update", "delete": "destroy"}
    return path(f"{before}/by-external-id/<path:external_id>/", view.as_view(methods, detail=True))


urlpatterns = [
    path("", RootView.as_view(), name="root"),
    path("me/", MeView.as_view(), name="me"),
    path("me/rotate/", RotateView.as_view(), name="rotate"),
    path("positions/bulk/", PositionBulkView.as_view({"post": "bulk"}), name="position-bulk"),
    path("employees/bulk/", EmployeeBulkView.as_view({"post": "bulk"}), name="employee-bulk"),
    path("changes/", ChangesView.as_view({"get": "follow"}), name="changes"),
    path(
        "employees/<int:employee_pk>/positions/",
        EmployeePositionViewSet.as_view({"get": "list", "post": "create"}, detail=False),
        name="employee-positions",
    ),
    _by_external_id("employees/<int:employee_pk>/positions", EmployeePositionByExternalIdViewSet),
    _by_external_id("employees", EmployeeByExternalIdViewSet),
    _by_external_id("positions", PositionByExternalIdViewSet),
    _by_external_id("companies", CompanyByExternalIdViewSet),
    _by_external_id("departments", DepartmentByExternalIdViewSet),
    *router.urls,
]
