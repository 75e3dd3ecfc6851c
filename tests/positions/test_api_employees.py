from __future__ import annotations

import pytest

from positions.models import Employee, Position
from tests.factories import CompanyFactory, DepartmentFactory, EmployeeFactory, PositionFactory

pytestmark = pytest.mark.django_db

GOOD = {"number": "1", "first_name": "Kari", "last_name": "Nordmann"}


def errors_of(response):
    return {e["field"]: e for e in response.json()["errors"]}


def test_create_read_change_delete(api, organization):
    department = DepartmentFactory(organization=organization, code="BUT1")
    company = CompanyFactory(organization=organization)
    manager = EmployeeFactory(organization=organization)
    response = api.post(
        "/employees/",
        {
            **GOOD,
            "email": "kari@example.com",
            "birth_date": "1990-04-02",
            "department_code": "BUT1",
            "company": company.pk,
            "manager": manager.pk,
            "external_id": "hr-1",
        },
    )
    assert response.status_code == 201, response.json()
    body = response.json()
    assert (body["department"], body["department_code"]) == (department.pk, "BUT1")
    assert (body["company"], body["manager"], body["birth_date"]) == (company.pk, manager.pk, "1990-04-02")
    path = response.headers["Location"]
    assert {**api.get(path).json(), "action": "created", "positions": [], "jobs": [], "unmatched": []} == body
    changed = api.patch(path, {"email": None, "manager": None, "department": None, "last_name": "Berg"})
    assert changed.status_code == 200, changed.json()
    employee = Employee.objects.get(number="1")
    assert (employee.email, employee.manager, employee.department, employee.last_name) == ("", None, None, "Berg")
    assert employee.company == company and employee.external_id == "hr-1"
    PositionFactory(employee=employee)
    deleted = api.delete(path)
    assert deleted.status_code == 200 and deleted.json() == {"id": employee.pk, "deleted": True, "jobs": []}
    assert not Position.objects.exists()


def test_the_national_id_is_written_and_never_read(api):
    response = api.post("/employees/", {**GOOD, "national_id": "020490 12345"})
    assert response.json()["national_id_set"] is True
    path = response.headers["Location"]
    assert Employee.objects.get().national_id == "02049012345"
    assert api.patch(path, {"first_name": "K"}).json()["national_id_set"] is True
    assert Employee.objects.get().national_id == "02049012345"
    assert "02049012345" not in api.get(path).content.decode() + api.get("/employees/").content.decode()
    assert api.patch(path, {"national_id": None}).json()["national_id_set"] is False
    assert Employee.objects.get().national_id == ""
    refused = api.patch(path, {"national_id": "98765432109876543210!"})
    assert refused.status_code == 400 and "98765" not in refused.content.decode()
    assert api.patch(path, {"national_id_set": True}).json()["national_id_set"] is False


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"number": "taken"}, "number", "taken"),
        ({"external_id": "taken"}, "external_id", "taken"),
        ({"number": ""}, "number", "blank"),
        ({"first_name": None}, "first_name", "null"),
        ({"email": "kari"}, "email", "invalid"),
        ({"birth_date": "2999-01-01"}, "birth_date", "invalid"),
        ({"company": 999}, "company", "does_not_exist"),
        ({"manager": 999}, "manager", "does_not_exist"),
        ({"department_code": "x"}, "department_code", "does_not_exist"),
        ({"nmae": "x"}, "nmae", "unknown_field"),
    ],
)
def test_a_wrong_value_is_named(api, organization, body, field, code):
    EmployeeFactory(organization=organization, number="taken", external_id="taken")
    response = api.post("/employees/", {**GOOD, **body})
    assert response.status_code == 400
    assert {e["field"]: e["code"] for e in response.json()["errors"]} == {field: code}
    assert Employee.objects.count() == 1


def test_all_that_is_wrong_is_told_at_once(api):
    """What is checked across values, or by the day it is, does not wait for the rest."""
    body = {**GOOD, "first_name": "", "email": "x", "birth_date": "2999-01-01", "national_id": "123"}
    wrong = {"first_name", "email", "birth_date", "national_id"}
    assert set(errors_of(api.post("/employees/", body))) == wrong
    rows = api.post("/employees/bulk/", {"employees": [body]}).json()["errors"]
    assert {error["field"] for error in rows} == {f"employees[0].{name}" for name in wrong}
    assert set(errors_of(api.post("/employees/", {**GOOD, "birth_date": "1850-01-01"}))) == {"birth_date"}
    position = {
        "title": "", "start_date": "2026-03-01", "end_date": "2026-02-01", "percentage": "180",
        "notice_date": "2099-01-01", "probation_end": "1026-01-01", "company": 999,
    }  # fmt: skip
    made = errors_of(api.post("/employees/", {**GOOD, "email": "x", "positions": [position]}))
    assert set(made) == {"email", *(f"positions[0].{name}" for name in {*position} - {"start_date"})}


def test_nobody_is_their_own_manager(api, organization):
    employee = EmployeeFactory(organization=organization)
    response = api.patch(f"/employees/{employee.pk}/", {"manager": employee.pk})
    assert errors_of(response)["manager"]["message"] == "Nobody is their own manager."


def test_filters_and_registers(api, organization):
    company = CompanyFactory(organization=organization, organization_number="974760673")
    department = DepartmentFactory(organization=organization, code="BUT1")
    one = EmployeeFactory(organization=organization, number="7", email="A@example.com", company=company)
    EmployeeFactory(organization=organization, department=department, external_id="e")

    def ids(query):
        return [row["id"] for row in api.get(f"/employees/?{query}").json()["results"]]

    assert ids("number=7") == ids("email=a@EXAMPLE.com") == ids(f"company={company.pk}") == [one.pk]
    assert ids("external_id=e") == ids(f"department={department.pk}") != [one.pk]
    assert len(ids("updated_since=2020-01-01T00:00:00Z")) == 2
    assert ids("ordering=-id")[1] == one.pk
    assert api.get("/companies/?organization_number=974760673").json()["results"][0]["id"] == company.pk
    assert api.get("/departments/?code=BUT1").json()["results"] == [
        {"id": department.pk, "code": "BUT1", "name": department.name, "external_id": None}
    ]
