"""The API's resources by the client's own ids, what is made together, what is in use, and the key itself."""

from __future__ import annotations

from datetime import timedelta
from threading import Thread
from time import sleep
from typing import Any

import pytest
import time_machine
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from positions.models import ApiKey, AuditEntry, Company, Department, Employee, Organization, Position
from positions.models.api_key import OVERLAP
from synclog.models import Job
from tests.factories import (
    ApiKeyFactory,
    CompanyFactory,
    DepartmentFactory,
    EmployeeFactory,
    OrganizationFactory,
    PositionFactory,
)
from tests.positions.conftest import Api
from tests.synclog.pages import connection

pytestmark = pytest.mark.django_db

PERSON = {"number": "1042", "first_name": "Kari", "last_name": "Nordmann"}
PERIOD = {"title": "Baker", "start_date": "2026-01-01"}


@pytest.fixture
def employee(organization: Organization) -> Employee:
    return EmployeeFactory(organization=organization, number="7", external_id="p7")


def errors_of(response: Any) -> dict[str, str]:
    assert response.status_code == 400, response.content.decode()
    return {error["field"]: error["code"] for error in response.json()["errors"]}


def written(call: Any) -> tuple[Any, list[str]]:
    """The answer, and the statements that wrote anything."""
    with CaptureQueriesContext(database) as queries:
        answer = call()
    return answer, [q["sql"] for q in queries if q["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]


# -- by the client's own id


@pytest.mark.parametrize(
    ("model", "before", "body", "change"),
    [
        (Employee, "/employees", {**PERSON, "national_id": "02049012345", "birth_date": "1990-04-02"}, "last_name"),
        (Position, "/positions", {**PERIOD, "employee_external_id": "p7", "percentage": 80}, "title"),
        (Position, "/employees/{employee}/positions", {**PERIOD, "note": "n"}, "title"),
        (Company, "/companies", {"name": "Oslo", "organization_number": "974760673"}, "name"),
        (Department, "/departments", {"code": "BUT1", "name": "Oslo"}, "name"),
    ],
)
def test_put_by_external_id_makes_then_does_nothing_then_replaces(
    api: Api, employee: Employee, model: Any, before: str, body: dict[str, Any], change: str
) -> None:
    path = f"{before.format(employee=employee.pk)}/by-external-id/hr/47 11é/"
    assert api.get(path).status_code == 404 and api.put(path, body, If_Match="*").status_code == 412
    made = api.put(path, body)
    assert made.status_code == 201 and made.json()["action"] == "created", made.json()
    assert made.json()["external_id"] == "hr/47 11é"
    row = model.objects.get(external_id="hr/47 11é")
    assert api.get(made.headers["Location"]).json()["id"] == row.pk
    again, writes = written(lambda: api.put(path.replace("é", "e\N{COMBINING ACUTE ACCENT}"), body))
    assert again.status_code == 200 and again.json()["action"] == "unchanged" and writes == []
    assert again.headers["ETag"] == made.headers["ETag"] == api.get(path).headers["ETag"]
    assert api.get(path, If_None_Match=made.headers["ETag"]).status_code == 304
    replaced = api.put(path, {**body, change: "Other"}, If_Match=made.headers["ETag"])
    assert replaced.status_code == 200 and replaced.json()["action"] == "updated"
    assert api.put(path, body, If_Match=made.headers["ETag"]).status_code == 412
    assert errors_of(api.put(path, {**body, "external_id": "x"})) == {"external_id": "mismatch"}
    assert api.put(path.replace("/hr", "/%20hr"), body).status_code == 400
    changed = api.patch(path, {change: "Third"})
    assert changed.json()["action"] == "updated" and changed.json()[change] == "Third"
    assert api.delete(path).json()["deleted"] is True and not model.objects.filter(pk=row.pk).exists()
    assert api.delete(path).status_code == api.patch(path, {}).status_code == 404


def test_a_replaced_employee_keeps_only_what_is_never_read(api: Api, employee: Employee) -> None:
    employee.national_id, employee.company = "02049012345", CompanyFactory(organization=employee.organization)
    employee.save()
    body = {**PERSON, "number": employee.number}
    assert api.put(f"/employees/{employee.pk}/", body).json()["national_id_set"] is True
    employee.refresh_from_db()
    assert (employee.national_id, employee.company, employee.email) == ("02049012345", None, "")
    assert api.put(f"/employees/{employee.pk}/", {**body, "national_id": None}).json()["national_id_set"] is False
    assert errors_of(api.put(f"/employees/{employee.pk}/", {**body, "positions": [PERIOD]})) == {
        "positions": "unknown_field"
    }
    EmployeeFactory(organization=employee.organization, external_id="new")
    refused = api.put("/employees/by-external-id/other/", body)
    assert errors_of(refused) == {"number": "taken"}, "an employee of before is given the id by PATCH first"


def test_two_employees_may_have_positions_with_the_same_id(api: Api, employee: Employee) -> None:
    other = EmployeeFactory(organization=employee.organization, number="8", external_id="p8")
    path = "/positions/by-external-id/4711/"
    assert errors_of(api.put(path, PERIOD)) == {"employee": "required"}
    assert errors_of(api.put(path, {**PERIOD, "employee_external_id": "nobody"})) == {
        "employee_external_id": "does_not_exist"
    }
    one = api.put(path, {**PERIOD, "employee_external_id": "p7"})
    assert one.status_code == 201 and one.json()["employee"] == employee.pk
    assert api.put(path, {**PERIOD, "title": "Cook"}).json()["id"] == one.json()["id"], "there is just one"
    two = api.put(path, {**PERIOD, "employee_number": "8"})
    assert two.status_code == 201 and two.json()["employee"] == other.pk
    assert api.get(f"/positions/{one.json()['id']}/").json()["title"] == "Cook"
    for answer in (api.get(path), api.put(path, PERIOD), api.patch(path, {"title": "X"}), api.delete(path)):
        assert errors_of(answer) == {"employee": "ambiguous"}
    for query in (f"employee={other.pk}", "employee_number=8", "employee_external_id=p8"):
        assert api.get(f"{path}?{query}").json()["id"] == two.json()["id"]
    assert errors_of(api.get(f"{path}?employee=x")) == {"employee": "invalid"}
    assert errors_of(api.get(f"{path}?employe=1")) == {"employe": "unknown_parameter"}
    assert api.patch(path, {"employee": other.pk, "title": "Mate"}).json()["id"] == two.json()["id"]
    assert api.delete(f"{path}?employee_external_id=p8").json()["id"] == two.json()["id"]
    assert api.get(path).json()["id"] == one.json()["id"]


def test_whoever_and_whatever_is_named_by_the_clients_own_ids(api: Api, employee: Employee) -> None:
    company = CompanyFactory(organization=employee.organization, external_id="c1")
    other = CompanyFactory(organization=employee.organization, external_id="c2")
    body = {**PERIOD, "employee_external_id": "p7", "company_external_id": "c1"}
    made = api.post("/positions/", body).json()
    assert (made["employee"], made["company"]) == (employee.pk, company.pk)
    assert (made["employee_external_id"], made["company_external_id"]) == ("p7", "c1")
    assert errors_of(api.post("/positions/", {**body, "employee_number": "none"})) == {
        "employee_number": "does_not_exist"
    }
    mixed = EmployeeFactory(organization=employee.organization)
    assert errors_of(api.post("/positions/", {**body, "employee": mixed.pk})) == {"employee_external_id": "mismatch"}
    path = f"/positions/{made['id']}/"
    assert errors_of(api.put(path, {**body, "employee_external_id": None, "employee": mixed.pk})) == {
        "employee": "immutable"
    }
    # Who reads both, changes one and sends both back means the one that was changed.
    assert api.put(path, {**made, "company": other.pk}).json()["company_external_id"] == "c2"
    assert api.put(path, {**made, "company": other.pk, "company_external_id": "c1"}).json()["company"] == company.pk
    kept = api.put(path, PERIOD).json()
    assert kept["company"] == company.pk and kept["percentage"] == "100.00"
    person = api.patch(f"/employees/{employee.pk}/", {"company_external_id": "c2"}).json()
    assert person["company"] == other.pk
    assert api.get("/companies/?external_id=c2").json()["results"][0]["id"] == other.pk


# -- made together, and gone together


def test_an_employee_is_made_with_positions_or_not_at_all(api: Api, organization: Organization) -> None:
    integration = connection(organization)
    company = CompanyFactory(organization=organization)
    body = {**PERSON, "company": company.pk}
    rows = [{**PERIOD, "external_id": "a"}, {**PERIOD, "external_id": "a", "department_code": "none"}]
    cases: list[tuple[Any, dict[str, str]]] = [
        (rows, {"positions[1].department_code": "does_not_exist"}),
        ([rows[0], rows[0]], {"positions[1].external_id": "taken"}),
        (
            [{"title": "T"}, {**PERIOD, "end_date": "2025-01-01"}],
            {"positions[0].start_date": "required", "positions[1].end_date": "invalid"},
        ),
        ([{**PERIOD, "end_date": "2025-01-01"}], {"positions[0].end_date": "invalid"}),
        ([{**PERIOD, "employee": 1}], {"positions[0].employee": "unknown_field"}),
        ([5], {"positions[0]": "invalid"}),
        ("x", {"positions": "not_a_list"}),
        ([PERIOD] * 101, {"positions": "max_length"}),
    ]
    for sent, codes in cases:
        assert errors_of(api.post("/employees/", {**body, "positions": sent})) == codes, sent
    errors = errors_of(api.post("/employees/", {"positions": [{"title": "T"}], "department_code": "none"}))
    assert {"number", "department_code", "positions[0].start_date"} < set(errors), "all of it is told at once"
    assert not Employee.objects.exists() and not Job.objects.exists()
    made = api.post("/employees/", {**body, "positions": [rows[0], PERIOD]})
    assert made.status_code == 201, made.json()
    positions = list(Position.objects.order_by("pk"))
    assert [row["id"] for row in made.json()["positions"]] == [row.pk for row in positions]
    assert {row.company for row in positions} == {company}, "as of any new position: the employee's"
    assert {job["id"] for job in made.json()["jobs"]} == set(Job.objects.values_list("pk", flat=True))
    assert {job["integration"] for job in made.json()["jobs"]} == {integration.pk} and Job.objects.count() == 2
    moved = CompanyFactory(organization=organization)
    path = made.headers["Location"]
    follows = {"company": moved.pk, "positions_follow": True}
    assert len(api.patch(path, follows).json()["jobs"]) == 2
    again = api.patch(path, follows).json()
    assert (again["action"], again["jobs"]) == ("unchanged", [])
    assert len(api.delete(path).json()["jobs"]) == 2 and not Position.objects.exists()


def test_what_is_in_use_is_not_deleted(api: Api, organization: Organization) -> None:
    company, department = CompanyFactory(organization=organization), DepartmentFactory(organization=organization)
    employee = EmployeeFactory(organization=organization, company=company, department=department)
    PositionFactory(employee=employee, company=company)
    connection(organization, everybody=False).companies.add(company)
    refused = api.delete(f"/companies/{company.pk}/")
    assert refused.status_code == 409 and refused.json()["code"] == "in_use"
    for words in (company.name, "employee: 1", "position: 1", "connection that is limited to it: 1"):
        assert words in refused.json()["detail"]
    assert api.delete(f"/departments/{department.pk}/").json()["code"] == "in_use"
    assert Company.objects.exists() and Department.objects.exists()
    api.delete(f"/employees/{employee.pk}/")
    assert api.delete(f"/departments/{department.pk}/").json() == {"id": department.pk, "deleted": True}
    assert api.delete(f"/companies/{company.pk}/").status_code == 409, "the connection's still"


def test_registers_say_what_is_taken(api: Api, organization: Organization) -> None:
    CompanyFactory(organization=organization, name="Oslo", external_id="c")
    CompanyFactory(organization=OrganizationFactory(), name="Bergen", external_id="foreign")
    DepartmentFactory(organization=organization, code="A", external_id="d")
    assert errors_of(api.post("/companies/", {"name": "Oslo", "external_id": "c"})) == {
        "name": "taken", "external_id": "taken",
    }  # fmt: skip
    assert errors_of(api.post("/departments/", {"code": "A", "external_id": "d", "nam": "x"}))["nam"] == "unknown_field"
    made = api.post("/companies/", {"name": "Bergen", "external_id": "foreign"}, Idempotency_Key="k")
    assert made.status_code == 201 and made.headers["ETag"] == api.get(made.headers["Location"]).headers["ETag"]
    replay = api.post("/companies/", {"name": "Bergen", "external_id": "foreign"}, Idempotency_Key="k")
    assert replay.json() == made.json() and replay.headers["Idempotent-Replay"] == "true"
    assert api.post("/departments/", {"code": "B"}).json()["external_id"] is None
    assert api.post("/departments/", {"code": "C"}).status_code == 201, "none is no id that is taken"


# -- the key itself


def test_the_root_names_what_the_key_may_read(organization: Organization) -> None:
    hr = {"employees", "positions", "companies", "departments"}
    for scopes, there, not_there in (
        (["positions:read"], hr, {"jobs", "integrations"}),
        (["sync:read"], {"jobs", "integrations", "matches"}, hr),
        (["positions:write"], {"me"}, hr | {"jobs", "preview"}),
    ):
        api = Api(ApiKeyFactory(organization=organization, scopes=scopes))
        found = api.get("/").json()["collections"]
        assert there <= set(found) and not not_there & set(found)
        assert "me" in found and {api.get(address).status_code for address in found.values()} == {200}


def test_a_key_knows_itself(organization: Organization) -> None:
    organization.time_zone, organization.country = "Europe/Stockholm", "SE"
    organization.save()
    key = ApiKeyFactory(organization=organization, name="Nightly", scopes=["sync:read"])
    me = Api(key).get("/me/")
    body = me.json()
    assert body["organization"]["name"] == organization.name and body["organization"]["country"] == "SE"
    assert body["organization"]["today"] == organization.today().isoformat()
    assert (body["key"]["name"], body["key"]["scopes"]) == ("Nightly", ["sync:read"])
    assert body["rate_limit"]["requests"] == int(me.headers["RateLimit-Limit"])
    assert Api(key).get("/me/", If_None_Match=me.headers["ETag"]).status_code == 304
    assert Api(None).get("/me/").status_code == Api(None).post("/me/rotate/", {}).status_code == 401


def test_a_key_is_given_a_new_secret(organization: Organization) -> None:
    key = ApiKeyFactory(organization=organization, name="Nightly", scopes=["positions:read"])

    def status(secret: str) -> int:
        key.key = secret
        return int(Api(key).get("/employees/").status_code)

    def rotated(secret: str) -> str:
        key.key = secret
        answer = Api(key).post("/me/rotate/", {}, Idempotency_Key="same")
        assert answer.status_code == 200, answer.json()
        return str(answer.json()["key"])

    first = key.key
    with time_machine.travel(timezone.now(), tick=False) as clock:
        lost = rotated(first)
        assert status(first) == status(lost) == 200
        clock.shift(OVERLAP / 2)
        second = rotated(first)
        assert [status(secret) for secret in (first, lost, second)] == [200, 401, 200]
        key.key = first
        ends = Api(key).get("/employees/").headers["API-Key-Expires"]
        assert ends == f"{timezone.now() + OVERLAP / 2:%Y-%m-%dT%H:%M:%SZ}", "asking again prolongs nothing"
        clock.shift(OVERLAP / 2 + timedelta(seconds=1))
        assert [status(secret) for secret in (first, second)] == [401, 200]
        third = rotated(second)
        fourth = rotated(third)
        assert [status(secret) for secret in (second, third, fourth)] == [401, 200, 200], (
            "what became known ends at once"
        )
    stored = ApiKey.objects.get()
    assert (stored.name, stored.scopes, stored.expires_at) == ("Nightly", ["positions:read"], key.expires_at)
    entries = AuditEntry.objects.filter(kind="API key", action="changed")
    assert entries.count() == 4 and {entry.actor for entry in entries} == {"Nightly"}
    assert not any(secret in str(list(entries.values())) for secret in (first, second, third, fourth))
    assert "•••" in str(entries[0].changes["hash"]) and stored.hash not in str(list(entries.values()))
    ApiKey.objects.all().delete()
    assert status(third) == status(fourth) == 401, "deleting the key ends every secret"


# -- at the same moment


@pytest.mark.django_db(transaction=True)
def test_put_by_several_at_the_same_moment_makes_one(
    organization: Organization, employee: Employee, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("positions.api.throttling.KeyThrottle.THROTTLE_RATES", {"key": "1000000/min"})
    key = ApiKeyFactory(organization=organization)
    bodies = {"/companies": {"name": "Oslo"}, "/employees": PERSON, "/positions": {**PERIOD, "employee": employee.pk}}
    answers: list[tuple[str, int]] = []

    def put() -> None:
        try:
            for path, body in bodies.items():
                while (status := Api(key).put(f"{path}/by-external-id/a/", body).status_code) == 503:
                    sleep(0.05)  # busy: as Retry-After says, somewhat faster
                answers.append((path, status))
        finally:
            database.close()

    threads = [Thread(target=put) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [(path, status) for path in sorted(bodies) for status in (200, 200, 200, 201)]


def test_what_is_wrong_with_an_employee_is_said_also_where_the_positions_are_right(api: Api) -> None:
    body = {**PERSON, "positions": [PERIOD]}
    for wrong, code in (({"nonsense": 1}, "unknown_field"), ({"first_name": ""}, "blank"), ({"number": 42}, "invalid")):
        response = api.post("/employees/", {**body, **wrong})
        (field,) = wrong
        assert response.status_code == 400 and errors_of(response) == {field: code}, response.json()
    assert not Employee.objects.filter(number=PERSON["number"]).exists()
