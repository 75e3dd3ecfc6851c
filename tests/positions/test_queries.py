"""No page and no API answer asks the database more often because there are more rows."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from positions.models import ApiKey, Employee
from tests.factories import (
    ApiKeyFactory,
    CompanyFactory,
    DepartmentFactory,
    EmployeeFactory,
    MemberFactory,
    PositionFactory,
)

pytestmark = pytest.mark.django_db


def fill(organization, count):
    """`count` employees, each with all relations of its own and a position."""
    manager = None
    for _ in range(count):
        manager = EmployeeFactory(
            organization=organization,
            company=CompanyFactory(organization=organization),
            department=DepartmentFactory(organization=organization),
            manager=manager,
            national_id="02049012345",
        )
        PositionFactory(employee=manager, department=DepartmentFactory(organization=organization))
        MemberFactory(organization=organization)
        ApiKeyFactory(organization=organization)


def asked(call) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        response = call()
    assert response.status_code in (200, 201, 302), response.content
    return len(queries)


ADDRESSES = [
    "/api/v1/employees/?limit=1000",
    "/api/v1/positions/?limit=1000",
    "/api/v1/positions/?limit=1000&active_on=2026-03-01&ordering=-start_date",
    "/api/v1/companies/",
    "/api/v1/departments/",
]
PAGES = ["employee", "position", "company", "department", "apikey", "organization"]


@pytest.mark.parametrize("path", ADDRESSES)
def test_api_lists(organization, api, path):
    fill(organization, 3)
    api.get(path)
    few = asked(lambda: api.get(path))
    fill(organization, 27)
    assert asked(lambda: api.get(path)) == few <= 4


def test_a_key_its_organization_and_its_owners_right_are_one_query(organization, api):
    member = MemberFactory(organization=organization, role="admin")
    ApiKey.objects.update(owner=member.user)
    api.get("/employees/")
    with CaptureQueriesContext(connection) as queries:
        assert api.get("/employees/").status_code == 200
    tables = ("positions_apikey", "positions_member", "auth_user", "positions_organization")
    assert sum(any(table in query["sql"] for table in tables) for query in queries) == 1
    assert all(query["sql"].startswith("SELECT") for query in queries), "nobody who looks one up waits for a writer"


def test_api_lists_of_one_employee_and_single_objects(organization, api):
    fill(organization, 1)
    employee = Employee.objects.get()
    path = f"/employees/{employee.pk}/positions/"
    api.get(path)
    few = asked(lambda: api.get(path))
    for day in range(1, 28):
        PositionFactory(employee=employee, start_date=date(2020, 1, day))
    assert asked(lambda: api.get(path)) == few <= 5
    assert asked(lambda: api.get(f"/employees/{employee.pk}/")) <= 4


def test_bulk(organization, api):
    def rows(count):
        fill(organization, count)
        employees = list(Employee.objects.filter(organization=organization).order_by("-pk")[:count])
        return {
            "positions": [
                {
                    "employee_number": e.number,
                    "title": "T",
                    "start_date": "2026-01-01",
                    "external_id": "x",
                    "department": e.department_id,
                }
                for e in employees
            ]
        }

    for times in range(2):
        three, thirty = rows(3), rows(30)
        for _ in range(2):  # create, then change
            few = asked(lambda body=three: api.post("/positions/bulk/", body))
            assert asked(lambda body=thirty: api.post("/positions/bulk/", body)) <= few + (1 if times else 3)


def test_an_employee_with_positions(organization, api):
    def body(count):
        fill(organization, count)
        employees = Employee.objects.filter(organization=organization).order_by("-pk")[:count]
        rows = [
            {"title": "T", "start_date": "2026-01-01", "department": e.department_id, "company": e.company_id}
            for e in employees
        ]
        return {"number": f"n{count}", "first_name": "Kari", "last_name": "Nordmann", "positions": rows}

    few, many = body(3), body(30)
    api.get("/employees/")
    assert asked(lambda: api.post("/employees/", few)) == asked(lambda: api.post("/employees/", many)) <= 24


@pytest.mark.parametrize("model", PAGES)
@pytest.mark.parametrize("role", ["admin", "operator"])
def test_admin_lists(organization, sign_in, model, role):
    client = sign_in(organization, role)
    fill(organization, 3)
    address = reverse(f"admin:positions_{model}_changelist")
    client.get(address)
    few = asked(lambda: client.get(address))
    fill(organization, 27)
    assert asked(lambda: client.get(address)) == few


@pytest.mark.parametrize("model", ["employee", "position", "organization"])
def test_admin_pages(organization, sign_in, model):
    client = sign_in(organization, "admin")
    fill(organization, 1)
    employee = Employee.objects.get()
    pk = {"employee": employee, "position": employee.positions.get(), "organization": organization}[model].pk
    addresses = [reverse(f"admin:positions_{model}_{page}", args=[pk]) for page in ("change", "history")]
    if model != "organization":
        addresses.append(reverse(f"admin:positions_{model}_delete", args=[pk]))
    for address in addresses:
        client.get(address)
    few = [asked(lambda a=a: client.get(a)) for a in addresses]
    for day in range(1, 28):
        PositionFactory(employee=employee, start_date=date(2020, 1, day))
    fill(organization, 27)
    assert [asked(lambda a=a: client.get(a)) for a in addresses] == few


def test_deleting_many_asks_little(organization, sign_in):
    client = sign_in(organization, "editor")

    def confirm(count):
        fill(organization, count)
        chosen = list(Employee.objects.order_by("-pk").values_list("pk", flat=True)[:count])
        data = {"action": "delete_selected", "_selected_action": chosen, "index": "0"}
        return asked(lambda: client.post(reverse("admin:positions_employee_changelist"), data))

    confirm(3)
    assert confirm(3) == confirm(30)
