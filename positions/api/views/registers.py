"""Companies and departments: what employees and positions refer to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db.models import RESTRICT, Model, QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework.exceptions import ValidationError

from positions.api.filters import Filters, IdFilter, TextFilter
from positions.api.problems import Conflict
from positions.api.serializers import (
    CompanySerializer,
    DepartmentSerializer,
    GoneSerializer,
    WrittenCompanySerializer,
    WrittenDepartmentSerializer,
)
from positions.api.views.resource import BY_EXTERNAL_ID, MEMBERS, ByExternalId, Resource, Written, checked, saved
from positions.models import Company, Department


class CompanyFilters(Filters):
    id = IdFilter(also=("in",), alone=True, help_text="Our id.")
    organization_number = TextFilter(also=("in",), help_text="The whole number.")
    external_id = TextFilter(also=("in",), help_text="Your own id, whole.")


class DepartmentFilters(Filters):
    id = IdFilter(also=("in",), alone=True, help_text="Our id.")
    code = TextFilter(also=("in",), help_text="The whole code.")
    external_id = TextFilter(also=("in",), help_text="Your own id, whole.")


def uses(row: Model) -> dict[str, int]:
    """What refers to it and keeps it from being deleted: what that is called, and how many."""
    found = {}
    for relation in row._meta.related_objects:
        if relation.on_delete is RESTRICT:
            number = relation.related_model._base_manager.filter(**{relation.field.name: row}).count()
            if number:
                found[str(relation.related_model._meta.verbose_name)] = number
    return found


class Register(Resource):
    """What employees and positions refer to."""

    model: ClassVar[Any]

    def get_queryset(self) -> QuerySet:
        if getattr(self, "swagger_fake_view", False):
            return self.model.objects.none()
        return self.model.objects.filter(organization=self.organization)

    def save(self, row: Any | None, *, partial: bool) -> Written:
        if self.form.errors:
            raise ValidationError(self.form.errors)
        row = row or self.model(organization=self.organization)
        for name, value in {**self.form.validated_data, **self.given()}.items():
            setattr(row, name, value)
        checked(row)
        return Written(row, saved(row), {})

    def remove(self, row: Any) -> Mapping[str, Any]:
        if found := uses(row):
            of = ", ".join(f"{what}: {number}" for what, number in found.items())
            raise Conflict(
                _("“{row}” is in use ({of}). Nothing was deleted. Change or delete those first.").format(
                    row=row, of=of
                ),
                "in_use",
            )
        return super().remove(row)


def _operations(
    one: str, several: str, names: str, example: dict[str, Any], written: Any, *, by_external_id: bool = False
) -> dict[str, Any]:
    """What the document says of the operations of a register, or of those by the client's own id."""
    whose = " by your id" if by_external_id else ""
    changed = (
        f"Where a connection sends {names} along, a change of it counts as a change of the current and upcoming "
        "positions."
    )
    made = f"Makes the {one} if there is none with this id, else replaces it: what" if by_external_id else "What"
    said: dict[str, dict[str, Any]] = {
        "list": {"description": f"All {several} of the key's organization, a page at a time."},
        "retrieve": {"description": f"One {one} as it is now."},
        "create": {"description": f"Makes a {one} of the organization.", "responses": {201: written}},
        "update": {
            "description": f"{made} is left out is cleared. {changed}",
            "responses": {200: written, 201: written} if by_external_id else written,
        },
        "partial_update": {
            "description": f"What is left out stays, null clears, a value sets. {changed}", "responses": written
        },
        "destroy": {
            "description": f"409 `in_use`, with what and how many, while an employee, a position or a connection "
            f"refers to the {one}: nothing loses its {one} unasked.",
            "responses": {200: GoneSerializer},
        },
    }  # fmt: skip
    verbs = {
        "list": f"List {several}",
        "retrieve": f"Read a {one}",
        "create": f"Create a {one}",
        "update": f"{'Create or replace' if by_external_id else 'Replace'} a {one}",
        "partial_update": f"Change a {one}",
        "destroy": f"Delete a {one}",
    }
    for action, words in said.items():
        words["summary"] = verbs[action] + whose
        if action in ("create", "update"):
            words["examples"] = [OpenApiExample(f"A {one}", example, request_only=True)]
        if by_external_id:
            words["operation_id"] = f"{several}_by_external_id_{'upsert' if action == 'update' else action}"
    ours = said.keys() - ({"list", "create"} if by_external_id else set())
    return {action: extend_schema(**said[action]) for action in ours}


_COMPANY: Any = (
    "company", "companies", "the name or the number", {"name": "Oslo", "organization_number": "974760673"},
    WrittenCompanySerializer,
)  # fmt: skip
_DEPARTMENT: Any = (
    "department", "departments", "the code or the name", {"code": "BUT1", "name": "Oslo"}, WrittenDepartmentSerializer,
)  # fmt: skip


class CompaniesView(Register):
    model = Company
    serializer_class = CompanySerializer
    filterset_class = CompanyFilters
    needs = {**MEMBERS, **dict.fromkeys(("POST", "PUT", "PATCH", "DELETE"), "administer")}  # as on the pages
    ordering_fields = ("id", "name")
    address = "positions_api:company-detail"


class DepartmentsView(Register):
    model = Department
    serializer_class = DepartmentSerializer
    filterset_class = DepartmentFilters
    ordering_fields = ("id", "code")
    address = "positions_api:department-detail"


@extend_schema_view(**_operations(*_COMPANY))
class CompanyViewSet(CompaniesView):
    """Companies of the key's organization."""


@extend_schema(parameters=[BY_EXTERNAL_ID])
@extend_schema_view(**_operations(*_COMPANY, by_external_id=True))
class CompanyByExternalIdViewSet(ByExternalId, CompaniesView):
    """One company, by the client's own id."""


@extend_schema_view(**_operations(*_DEPARTMENT))
class DepartmentViewSet(DepartmentsView):
    """Departments of the key's organization."""


@extend_schema(parameters=[BY_EXTERNAL_ID])
@extend_schema_view(**_operations(*_DEPARTMENT, by_external_id=True))
class DepartmentByExternalIdViewSet(ByExternalId, DepartmentsView):
    """One department, by the client's own id."""
