from __future__ import annotations

from django.contrib import admin

from positions.admin.scoped import ScopedAdmin
from positions.models import Company, Department


@admin.register(Company)
class CompanyAdmin(ScopedAdmin):
    needs = {"add": "administer", "change": "administer", "delete": "administer"}
    list_display = ("name", "organization_number")
    search_fields = ("name", "organization_number", "external_id")
    fields = ("name", "organization_number", "external_id")


@admin.register(Department)
class DepartmentAdmin(ScopedAdmin):
    list_display = ("code", "name")
    search_fields = ("code", "name", "external_id")
    fields = ("code", "name", "external_id")
