"""Fortnox' sandbox as somebody else's client finds it: what public client programs send is taken."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from integrations.sandboxes.server import running
from integrations.systems.fortnox.sandbox import CLIENT_ID, CLIENT_SECRET

BACK = "https://client.example/back"
PERSON = {"FirstName": "Bo", "LastName": "Ek", "Email": "bo@x.se", "PersonelType": "TJM", "SalaryForm": "MAN"}


class Client:
    """As a program that a system administrator has just approved."""

    def __init__(self, address: str) -> None:
        self.base = f"{address}/fortnox/elsewhere"
        asked = {"client_id": CLIENT_ID, "redirect_uri": BACK, "state": "s", "response_type": "code", "scope": "salary"}
        sent = requests.get(f"{self.base}/oauth-v1/auth", asked, allow_redirects=False, timeout=5).headers["Location"]
        self.code = parse_qs(urlsplit(sent).query)["code"][0]
        self.tokens = self.exchange(self.code).json()

    def exchange(self, code: str) -> requests.Response:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK}
        return requests.post(f"{self.base}/oauth-v1/token", form, auth=(CLIENT_ID, CLIENT_SECRET), timeout=5)

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        sent = {"Authorization": f"Bearer {self.tokens['access_token']}"} | headers
        return requests.request(method, f"{self.base}/3/{path}", json=body, headers=sent, timeout=5)

    def code_of(self, method: str, path: str, body: Any = None, **headers: str) -> int:
        code: int = self(method, path, body, **headers).json()["ErrorInformation"]["code"]
        return code


@pytest.fixture(scope="module")
def call() -> Iterator[Client]:
    with running() as (address, tenants):
        tenants.get("fortnox", "elsewhere").add_employee("1", "Kari", "Holm", email="kari@x.se")
        yield Client(address)


def test_an_approval_is_changed_for_tokens_once(call: Client) -> None:
    assert call.tokens["refresh_token"] and call.tokens["token_type"] == "bearer"
    again = call.exchange(call.code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize("accept", ["*/*", "application/json; charset=utf-8", "text/html, application/*;q=0.8"])
def test_whatever_accept_has_json_in_it(call: Client, accept: str) -> None:
    assert call("GET", "employees?limit=1", Accept=accept).json()["MetaInformation"]["@TotalResources"] >= 1
    assert call.code_of("GET", "employees", Accept="text/html") == 1000030


def test_an_employee_is_made_read_and_changed_as_other_programs_do(call: Client) -> None:
    made = call("POST", "employees", {"Employee": {**PERSON, "ForaType": "A74", "TaxTable": "33", "EmployeeId": "7"}})
    assert made.status_code == 201 and made.json()["Employee"]["ForaType"] == "A74"
    whole = {"EmployeeId": "7", "FullName": "x", "AverageWeeklyHours": 37.5, "MonthlySalary": 31000, "EmployedTo": None}
    whole |= {"VacationDaysRegisteredPaid": 3, "VacationDaysPaid": 25.0, "EmploymentDate": "2026-01-01"}
    changed = call("PUT", "employees/7", {"Employee": whole}).json()["Employee"]
    assert (changed["AverageWeeklyHours"], changed["MonthlySalary"], changed["FullName"]) == ("37.5", "31000", "Bo Ek")
    assert changed["VacationDaysPaid"] == 25.0 and "VacationDaysRegisteredPaid" not in changed
    ended = call("PUT", "employees/7", {"Employee": {"EmployedTo": "2026-08-31", "Inactive": True}}).json()["Employee"]
    assert (ended["EmployedTo"], ended["Inactive"]) == ("2026-08-31", True)
    listed = call("GET", "employees?filter=inactive&page=1&limit=500").json()["Employees"]
    assert [employee["EmployeeId"] for employee in listed] == ["7"]
    assert call.code_of("PUT", "employees/7", {"Employee": {"Shoe": "42"}}) == 2001399
    assert call.code_of("PUT", "employees/7", {"Employee": {"EmployeeId": "8"}}) == 2001399
    assert call.code_of("POST", "employees", {"Employee": {**PERSON, "PersonelType": ""}}) == 0


def test_cost_centres_are_made_changed_and_deleted(call: Client) -> None:
    assert call("POST", "costcenters", {"CostCenter": {"Code": "NY1", "Description": "Ny"}}).status_code == 201
    put = call("PUT", "costcenters/NY1", {"CostCenter": {"Active": False}}).json()["CostCenter"]
    assert (put["Active"], put["Description"]) == (False, "Ny")
    assert call("DELETE", "costcenters/NY1").status_code == 204
    assert call("GET", "costcenters/NY1").status_code == 404


def test_what_is_no_call_is_refused_in_its_own_form(call: Client) -> None:
    for method, path, status in (("DELETE", "employees/1", 405), ("GET", "shoes", 404)):
        answer = call(method, path)
        assert answer.status_code == status and answer.json()["message"]
    assert call.code_of("GET", "employees?lastmodified=2026-01-01") == 2000588
    assert call("GET", "employees", Authorization="Bearer x").status_code == 401
