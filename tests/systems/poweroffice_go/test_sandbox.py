"""PowerOffice Go's sandbox as a client finds it that is not ours: what the vendor takes passes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from integrations.sandboxes.server import Tenants
from integrations.systems.poweroffice_go.sandbox import APPLICATION_KEY, CLIENT_KEY, SUBSCRIPTION_KEY

Ask = Callable[..., requests.Response]
JSON_PATCH = {"Content-Type": "application/json-patch+json"}


@pytest.fixture
def ask(lenient_server: tuple[str, Tenants], request: pytest.FixtureRequest) -> Iterator[Ask]:
    """A call with a token, fetched where the second spelling of the path has it."""
    (address, tenants), tenant = lenient_server, f"client-{len(request.node.name)}"
    with requests.Session() as session:
        tenants.get("poweroffice_go", tenant).state["per_second"] = 1000
        base = f"{address}/poweroffice_go/{tenant}"
        session.headers["Ocp-Apim-Subscription-Key"] = SUBSCRIPTION_KEY
        form = {"grant_type": "client_credentials"}
        token = session.post(f"{base}/oauth/token", data=form, auth=(APPLICATION_KEY, CLIENT_KEY)).json()
        session.headers["Authorization"] = f"Bearer {token['access_token']}"

        def call(method: str, path: str, body: Any = None, **how: Any) -> requests.Response:
            data = json.dumps(body) if body is not None else None
            headers = {"Content-Type": "application/json", **how.pop("headers", {})}
            return session.request(method, f"{base}/{path}", data=data, headers=headers, timeout=5, **how)

        yield call


def test_an_employee_and_an_employment_from_first_to_last(ask: Ask) -> None:
    """Found in capitals or not, made by codes, listed, sorted, patched, ended, deleted."""
    made = ask("POST", "v2/employees", {"FirstName": "Kari", "LastName": "Lie", "DepartmentCode": "BUT1", "hired": 1})
    assert (made.status_code, made.json()["DepartmentId"]) == (201, 1610)
    employee = made.json()["Id"]
    ask("POST", "v2/Employees", {"FirstName": "Bo", "LastName": "Berg", "ManagerEmployeeNo": made.json()["Number"]})
    listed = ask("GET", "v2/EMPLOYEES", params={"Fields": "id,lastname", "OrderBy": "LastName desc", "unknown": "1"})
    assert [row["LastName"] for row in listed.json()] == ["Lie", "Berg"]
    assert (
        len(ask("GET", "v2/Employees", params={"lastChangedDateTimeOffsetGreaterThan": "2020-01-01T00:00:00Z"}).json())
        == 2
    )
    assert (
        ask("GET", "v2/Employees", params={"lastChangedDateTimeOffsetGreaterThan": "2100-01-01T00:00:00Z"}).status_code
        == 204
    )

    body = {
        "StartDate": "2026-01-01",
        "EmploymentForm": "Permanent",
        "EmploymentType": "Ordinary",
        "EnterpriseId": 98765,
        "FullTimeHoursPerWeek": 37.5,
        "IsDefault": True,
        "ProfessionCode": "2554102",
        "WorkingHoursArrangement": "NonShift",
    }
    path = f"v2/employees/{employee}/employments"
    for media in ("application/json", "text/json", "application/json-patch+json", "application/vnd.x+json"):
        made = ask("POST", path, body, headers={"Content-Type": media})
        assert made.status_code == 201, media
    assert [row["IsDefault"] for row in ask("GET", path).json()] == [False, False, False, True], "the default moves"
    employment = made.json()["Id"]
    assert len(ask("GET", "v2/Employees/Employments", params={"activeEmployments": "true"}).json()) == 4
    assert "ProfessionCode" not in ask("GET", "v2/Employees/Employments").json()[0]

    line = ask(
        "POST",
        f"v2/Employees/Employments/{employment}/Salaries",
        {"FromDate": "2025-12-01", "RemunerationType": "FixedWage"},
    )
    assert line.status_code == 201
    last = ask("DELETE", f"v2/Employees/Employments/{employment}/Salaries/{line.json()['Id']}")
    assert (last.status_code, "last salary line" in last.json()["detail"]) == (409, True)

    end = [
        {"op": "add", "path": "/enddate", "value": "2026-12-31"},
        {"op": "copy", "from": "/EndDate", "path": "/EndDate"},
        {"op": "replace", "path": "/EndDateReason", "value": "EmployeeHasResigned"},
    ]
    ended = ask("PATCH", f"{path}/{employment}", end, headers=JSON_PATCH)
    assert (ended.status_code, ended.json()["EndDate"]) == (200, "2026-12-31")
    assert ask("DELETE", f"v2/Employees/{employee}").status_code == 409
    for row in ask("GET", path).json():
        assert ask("DELETE", f"{path}/{row['Id']}").status_code == 200
    assert ask("DELETE", f"v2/Employees/{employee}").status_code == 200


def test_what_the_vendor_refuses_is_refused_in_its_own_shape(ask: Ask) -> None:
    wrong = ask("POST", "v2/Employees", {"FirstName": "Kari", "LastName": "Lie", "DepartmentCode": "Avdeling10"})
    assert (wrong.status_code, wrong.json()["detail"]) == (404, "Department with code = 'Avdeling10' not found.")
    assert ask("POST", "v2/Employees", {"FirstName": "Kari"}).json()["title"] == "Employee validation error(s)"
    assert ask("GET", "v2/Employees", params={"$top": "1"}).status_code == 400
    for method, path in (("PUT", "v2/Employees"), ("GET", "v2/Nothing"), ("GET", "v2/Employees/Employments/1/Nothing")):
        assert ask(method, path).json() == {"statusCode": 404, "message": "Resource not found"}, path


def test_departments_and_locations_are_made_changed_and_deleted(ask: Ask) -> None:
    for kind, status in (("Departments", 201), ("Locations", 200)):
        made = ask("POST", f"v2/{kind}", {"Name": "New"})
        assert (made.status_code, made.json()["IsActive"], bool(made.json()["Code"])) == (status, False, True)
        one = f"v2/{kind}/{made.json()['Id']}"
        active = ask("PATCH", one, [{"op": "replace", "path": "/isactive", "value": True}], headers=JSON_PATCH)
        assert active.json()["IsActive"] is True
        assert ask("GET", f"v2/{kind}", params={"name": "New", "isActive": "true"}).json() == [active.json()]
        assert [ask("DELETE", one).status_code, ask("GET", one).status_code] == [200, 404]
    assert ask("GET", "v2/PayrollSettings").json()["RemunerationType"] == "FixedWage"
