"""Entra ID's sandbox as somebody else's client finds it: what Microsoft's own clients send is taken."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from integrations.sandboxes.server import running
from integrations.systems.entra_id.sandbox import CLIENT_ID, CLIENT_SECRET, TENANT_ID

EVENTUAL = {"ConsistencyLevel": "eventual"}
GRAPH = "https://graph.microsoft.com"


class Client:
    def __init__(self, address: str) -> None:
        self.base = f"{address}/entra_id/elsewhere"
        basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        form = {"grant_type": "client_credentials", "scope": f"{GRAPH}/.default"}
        url = f"{self.base}/login/{TENANT_ID}/oauth2/v2.0/token"
        answer = requests.post(url, form, headers={"Authorization": f"Basic {basic}"}, timeout=5)
        self.token = {"Authorization": f"Bearer {answer.json()['access_token']}"}

    def __call__(
        self, method: str, path: str, json: Any = None, headers: dict[str, str] | None = None
    ) -> requests.Response:
        url = f"{self.base}/v1.0/{path}"
        return requests.request(method, url, json=json, headers={**self.token, **(headers or {})}, timeout=5)

    def names(self, path: str, **how: Any) -> list[str]:
        answer = self("GET", path, **how)
        assert answer.status_code == 200, answer.text
        return [user["displayName"] for user in answer.json()["value"]]


@pytest.fixture(scope="module")
def call() -> Iterator[Client]:
    with running() as (address, tenants):
        sandbox = tenants.get("entra_id", "elsewhere")
        for number, name, email in (("1", "Kari", "kari@x.no"), ("2", "Ola", "ola@x.no"), ("3", "Karl", "karl@x.no")):
            sandbox.add_employee(number, name, "Holm", email=email)
        yield Client(address)


def id_of(call: Client, number: str) -> str:
    return str(call("GET", f"users?$filter=employeeId eq '{number}'&$select=id").json()["value"][0]["id"])


def test_users_are_made_changed_and_deleted(call: Client) -> None:
    new = {
        "@odata.type": "#microsoft.graph.user",
        "accountEnabled": True,
        "displayName": "Liv Moe",
        "mailNickname": "liv",
        "userPrincipalName": "liv@fjellheim.example",
        "passwordProfile": {"@odata.type": "#microsoft.graph.passwordProfile", "password": "xWwvJ]6NMw+bWH-d"},
    }
    answer = call("POST", "users", new)
    assert answer.status_code == 201 and "password" not in answer.text
    address = f"users/{answer.json()['id']}"
    changed = {
        "@odata.type": "x",
        "jobTitle": "Kokk",
        "mobilePhone": "+47 1",
        "businessPhones": ["2"],
        "city": "Bergen",
    }
    assert call("PATCH", address, changed).status_code == 204
    attributes = {"extensionAttribute2": "a", "@odata.type": "#microsoft.graph.onPremisesExtensionAttributes"}
    assert call("PATCH", address, {"onPremisesExtensionAttributes": attributes}).status_code == 204
    shown = call("GET", f"{address}?$select=jobTitle,mobilePhone,businessPhones,onPremisesExtensionAttributes").json()
    assert (shown["jobTitle"], shown["businessPhones"]) == ("Kokk", ["2"])
    assert shown["onPremisesExtensionAttributes"]["extensionAttribute2"] == "a"
    assert call("POST", "users", new).status_code == 400, "the principal name is taken"
    assert call("POST", "users", {**new, "displayName": ""}).json()["error"]["code"] == "Request_BadRequest"
    assert call("PATCH", address, {"id": "x"}).status_code == 400
    assert call("DELETE", address).status_code == 204
    assert call("GET", address).json()["error"]["code"] == "Request_ResourceNotFound"


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("$filter=startswith(displayName,'KAR')", ["Kari Holm", "Karl Holm"]),
        ("$filter=employeeId in ('1','2')", ["Kari Holm", "Ola Holm"]),
        ("$filter=(mail eq 'ola@x.no' or employeeId eq '3') and accountEnabled eq true", ["Ola Holm", "Karl Holm"]),
        ("$filter=mail eq null", ["Tenant Administrator"]),
        ("$filter=surname eq 'Holm' and not startsWith(displayName,'Ka')&$count=true", ["Ola Holm"]),
        ("$filter=endsWith(mail,'@x.no') and employeeId ne '1'&$count=true", ["Ola Holm", "Karl Holm"]),
        ("$orderby=displayName desc&$top=2", ["Tenant Administrator", "Ola Holm"]),
        ('$search="displayName:ola"', ["Ola Holm"]),
        ('$search="displayName:holm" AND "displayName:kari"', ["Kari Holm"]),
        ('$search="displayName:ola" OR "displayName:kari"', ["Kari Holm", "Ola Holm"]),
    ],
)
def test_lists_are_asked_as_graph_lets_one(call: Client, query: str, names: list[str]) -> None:
    assert call.names(f"users?{query}", headers=EVENTUAL) == names


def test_how_many_there_are(call: Client) -> None:
    assert call("GET", "users?$count=true&$top=1", headers=EVENTUAL).json()["@odata.count"] == 4
    assert call("GET", "users/$count", headers=EVENTUAL).text == "4"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("$filter=employeeId ne '1'", "Request_UnsupportedQuery"),
        ('$search="displayName:ola"', "Request_UnsupportedQuery"),
        ("$filter=companyName eq 'x'", "Request_UnsupportedQuery"),
        ("$filter=shoeSize eq '42'", "Request_UnsupportedQuery"),
        ("$filter=employeeId like '1'", "Request_BadRequest"),
        ("$filter=employeeId eq '1' or", "Request_BadRequest"),
        ("$skip=2", "Request_BadRequest"),
    ],
)
def test_other_questions_are_refused_in_graphs_own_form(call: Client, query: str, code: str) -> None:
    answer = call("GET", f"users?{query}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
    assert answer.json()["error"]["innerError"]["request-id"] == answer.headers["request-id"]


def test_a_manager_is_a_directory_object_with_reports(call: Client) -> None:
    boss, other = id_of(call, "1"), id_of(call, "2")
    reference = {"@odata.id": f"{GRAPH}/v1.0/directoryObjects/{boss}"}
    assert call("PUT", f"users/{other}/manager/$ref", reference).status_code == 204
    assert call("GET", f"users/{other}/manager").json()["displayName"] == "Kari Holm"
    assert call.names(f"users/{boss}/directReports") == ["Ola Holm"]
    shown = call("GET", f"users/{boss}?$expand=directReports($select=id)").json()
    assert [report["id"] for report in shown["directReports"]] == [other]
    assert call("DELETE", f"users/{other}/manager/$ref").status_code == 204
    assert call.names(f"users/{boss}/directReports") == []


def test_several_in_one_call(call: Client) -> None:
    number = id_of(call, "3")
    steps: list[dict[str, Any]] = [
        {"id": "1", "method": "GET", "url": f"/users/{number}?$select=displayName"},
        {"id": "2", "method": "PATCH", "url": f"/users/{number}", "body": {"jobTitle": "Vakt"}, "headers": {}},
        {"id": "3", "method": "GET", "url": "/users/nobody"},
        {"id": "4", "method": "GET", "url": "/users", "dependsOn": ["3"]},
    ]
    answers = call("POST", "$batch", {"requests": steps}).json()["responses"]
    assert [(answer["id"], answer["status"]) for answer in answers] == [("1", 200), ("2", 204), ("3", 404), ("4", 424)]
    assert answers[0]["body"]["displayName"] == "Karl Holm"
    assert call("GET", f"users/{number}").json()["jobTitle"] == "Vakt"
    assert call("POST", "$batch", {"requests": [steps[0]] * 2}).status_code == 400


def test_what_is_no_call_is_refused_in_graphs_own_form(call: Client) -> None:
    answer = call("PUT", "users", {})
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "Request_BadRequest")
    assert call("GET", "groups").json()["error"]["code"] == "BadRequest"
    assert call("GET", "users", headers={"Authorization": "Bearer x"}).status_code == 401
