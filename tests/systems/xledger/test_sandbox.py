"""Xledger's sandbox as somebody else's client finds it: what real clients send is taken."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from graphql import build_client_schema, get_introspection_query

from integrations.sandboxes.server import running
from integrations.systems.xledger.sandbox import TOKEN


class Client:
    def __init__(self, address: str) -> None:
        self.url = f"{address}/xledger/elsewhere/graphql"

    def post(self, query: str, variables: Any = None, kind: str = "application/json", **more: Any) -> requests.Response:
        headers = {"Authorization": f"token {TOKEN}", "Content-Type": kind}
        body = {"query": query, "variables": variables, **more}
        return requests.post(self.url, json.dumps(body), headers=headers, timeout=5)

    def __call__(self, query: str, variables: Any = None, **how: Any) -> Any:
        answer = self.post(query, variables, **how).json()
        assert "errors" not in answer, answer
        return answer["data"]


@pytest.fixture(scope="module")
def call() -> Iterator[Client]:
    with running() as (address, tenants):
        sandbox = tenants.get("xledger", "elsewhere")
        sandbox.state["burst"] = 1000
        for number in ("1", "2", "3"):
            sandbox.add_employee(number, "Kari", f"Nr{number}", email=f"{number}@x.no")
        yield Client(address)


def codes(connection: Any) -> list[str]:
    return [edge["node"]["code"] for edge in connection["edges"]]


def test_the_short_form_with_aliases_fragments_and_type_names(call: Client) -> None:
    found = call(
        "{ all: employees(first: 2) { __typename edges { node { ...Who ... on Employee { mail: email } } } } "
        "viewer { entity { owner: ownerDbId } } } fragment Who on Employee { code description createdAt modifiedAt }"
    )
    assert found["all"]["__typename"] == "EmployeesConnection"
    node = found["all"]["edges"][0]["node"]
    assert (node["code"], node["description"], node["mail"]) == ("1", "Kari Nr1", "1@x.no")
    assert node["createdAt"] and node["modifiedAt"] and found["viewer"]["entity"]["owner"]


def test_a_body_in_plain_text_and_one_of_several_operations(call: Client) -> None:
    query = (
        "query A { viewer { entity { ownerDbId } } } query B($n: Int = 1) { employees(first: $n) { edges { cursor } } }"
    )
    assert len(call(query, kind="text/plain", operationName="B")["employees"]["edges"]) == 1
    assert call.post("{ __typename }", kind="text/plain; charset=utf-8").json() == {"data": {"__typename": "Query"}}


def test_it_is_introspected_as_clients_do(call: Client) -> None:
    schema = build_client_schema(call(get_introspection_query()))
    mutation = schema.mutation_type
    assert mutation is not None and {"addEmployees", "updateEmployees"} <= set(mutation.fields)
    fields = call('{ __type(name: "UpdateEmployeesInputNode") { inputFields { name } } }')["__type"]["inputFields"]
    assert {"value1", "text6", "date4", "employmentTo"} <= {field["name"] for field in fields}


def test_pages_go_forwards_and_backwards_and_filters_are_those_that_are_known(call: Client) -> None:
    def page(arguments: str) -> Any:
        found = "edges { cursor node { code } } pageInfo { hasNextPage hasPreviousPage }"
        return call(f"{{ employees({arguments}) {{ {found} }} }}")["employees"]

    first = page("first: 2, ownerSet: CURRENT")
    assert codes(first)[:2] == ["1", "2"] and first["pageInfo"]["hasNextPage"]
    assert codes(page(f'first: 1, after: "{first["edges"][1]["cursor"]}"')) == ["3"]
    assert codes(page(f'last: 5, before: "{first["edges"][1]["cursor"]}"')) == ["1"]
    assert codes(page('filter: { code_in: ["3", "1"] }')) == ["1", "3"]
    assert page('first: 5, filter: { modifiedAt_gte: "2999-01-01T00:00:00" }')["edges"] is None
    assert call.post('{ employees(first: 1, filter: { email: "x" }) { edges { cursor } } }').json()["errors"]


def test_an_employee_is_made_changed_ended_and_shown_with_its_position(call: Client) -> None:
    add = "mutation ($i: [AddEmployeesInput!]!) { addEmployees(inputs: $i) { edges { clientId node { dbId code } } } }"
    node: dict[str, Any] = {
        "code": "9",
        "description": "Ola",
        "firstName": "Ola",
        "employmentFrom": "2026-01-01",
        "text1": "a",
    }
    [edge] = call(add, {"i": [{"clientId": "x", "node": node}]})["addEmployees"]["edges"]
    number = edge["node"]["dbId"]
    assert (edge["clientId"], edge["node"]["code"]) == ("x", "9")
    change = (
        "mutation ($i: [UpdateEmployeesInput!]!) { updateEmployees(inputs: $i) { edges { node { employmentTo } } } }"
    )
    node = {"dbId": number, "employmentTo": "2026-08-31", "positionValue": {"code": "1010"}, "noticeDate": None}
    node |= {"flexiFieldItem": {"text1": "b"}, "value1": 80.5}
    [edge] = call(change, {"i": [{"node": node}]})["updateEmployees"]["edges"]
    assert edge["node"]["employmentTo"] == "2026-08-31"
    shown = "contact { firstName } flexiFieldsItem { text1 } positionValue { description }"
    [edge] = call(f"{{ employees(filter: {{ dbId: {number} }}) {{ edges {{ node {{ {shown} }} }} }} }}")["employees"][
        "edges"
    ]
    assert edge["node"]["contact"]["firstName"] == "Ola" and edge["node"]["flexiFieldsItem"]["text1"] == "b"
    [edge] = call(
        f"{{ employeePositions(first: 5, filter: {{ employeeDbId: {number} }}) "
        "{ edges { node { dateFrom dateTo position { description } } } } }"
    )["employeePositions"]["edges"]
    assert edge["node"] == {
        "dateFrom": "2026-01-01",
        "dateTo": "2026-08-31",
        "position": {"description": "Butikkmedarbeider"},
    }


def test_what_is_no_call_is_refused_in_its_own_form(call: Client) -> None:
    answer = requests.get(call.url, headers={"Authorization": f"token {TOKEN}"}, timeout=5)
    assert answer.status_code == 405 and answer.json()["errors"][0]["message"]
    assert call.post("{ employees { nonsense } }").json()["errors"][0]["message"].startswith("Cannot query field")
    assert call.post("{ employees {").json()["errors"][0]["message"].startswith("Syntax Error")
