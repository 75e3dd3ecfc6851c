from django.urls import path
from rest_framework.routers import SimpleRouter

from positions.api.views.bulk import EmployeeBulkView, PositionBulkView
from positions.api.views.changes import ChangesView
from positions.api.views.employees import EmployeeViewSet
from positions.api.views.positions import EmployeePositionViewSet, PositionByExternalIdViewSet, PositionViewSet
from positions.api.views.registers import CompanyViewSet, DepartmentViewSet

app_name = "positions_api"

router = SimpleRouter(use_regex_path=False)
router.register("employees", EmployeeViewSet, basename="employee")
router.register("positions", PositionViewSet, basename="position")
router.register("companies", CompanyViewSet, basename="company")
router.register("departments", DepartmentViewSet, basename="department")

urlpatterns = [
    path("positions/bulk/", PositionBulkView.as_view({"post": "bulk"}), name="position-bulk"),
    path("employees/bulk/", EmployeeBulkView.as_view({"post": "bulk"}), name="employee-bulk"),
    path("changes/", ChangesView.as_view({"get": "follow"}), name="changes"),
    path(
        "employees/<int:employee_pk>/positions/",
        EmployeePositionViewSet.as_view({"get": "list", "post": "create"}, detail=False),
        name="employee-positions",
    ),
    path(
        "employees/<int:employee_pk>/positions/by-external-id/<path:external_id>/",
        PositionByExternalIdViewSet.as_view({"get": "retrieve", "put": "update"}, detail=True),
        name="position-by-external-id",
    ),
    *router.urls,
]
