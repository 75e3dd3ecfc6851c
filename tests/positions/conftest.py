from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from positions.models import ApiKey, Member, Organization
from tests.factories import (
    ApiKeyFactory,
    CompanyFactory,
    DepartmentFactory,
    EmployeeFactory,
    MemberFactory,
    OperatorFactory,
    OrganizationFactory,
    PositionFactory,
    UserFactory,
)

# In every object of the other organization: it must never be seen by anybody of ours.
CANARY = "Zyxwvut"


@pytest.fixture
def organization() -> Organization:
    return OrganizationFactory()


@pytest.fixture
def things(organization: Organization) -> dict[str, Any]:
    """One object of each kind, in one organization."""
    department = DepartmentFactory(organization=organization)
    company = CompanyFactory(organization=organization)
    employee = EmployeeFactory(organization=organization, department=department, company=company)
    return {
        "organization": organization,
        "company": company,
        "department": department,
        "employee": employee,
        "position": PositionFactory(employee=employee, department=department),
        "apikey": ApiKeyFactory(organization=organization),
    }


@pytest.fixture
def foreign() -> dict[str, Any]:
    """The same in another organization, each with the canary in its words.

    With numbers that nothing else has: an address is tried with each of them, whatever it names.
    """
    other = OrganizationFactory(pk=910_001, name=f"{CANARY} AS")
    department = DepartmentFactory(
        pk=910_002, organization=other, code=f"{CANARY}1", name=CANARY, external_id=f"{CANARY}-d"
    )
    company = CompanyFactory(pk=910_003, organization=other, name=CANARY, external_id=f"{CANARY}-c")
    employee = EmployeeFactory(
        pk=910_004,
        organization=other,
        first_name=CANARY,
        last_name=CANARY,
        email=f"{CANARY}@example.com",
        number=f"{CANARY}7",
        department=department,
        company=company,
        external_id=f"{CANARY}-e",
    )
    return {
        "organization": other,
        "company": company,
        "department": department,
        "employee": employee,
        "position": PositionFactory(
            pk=910_005, employee=employee, title=CANARY, external_id=f"{CANARY}-p", note=CANARY
        ),
        "apikey": ApiKeyFactory(pk=910_006, organization=other, name=CANARY),
    }


@pytest.fixture
def sign_in() -> Callable[..., Client]:
    """sign_in(organization, role): a browser of somebody with that role; "operator", or "stranger" for no role."""

    def signed_in(organization: Organization, role: str) -> Client:
        client = Client()
        user = OperatorFactory() if role == "operator" else UserFactory()
        if role in Member.Role.values:
            MemberFactory(organization=organization, user=user, role=role)
        client.force_login(user)
        client.user = user  # type: ignore[attr-defined]
        return client

    return signed_in


class Api:
    """A client of the API with a key. (tests/conftest.py holds each answer against the OpenAPI document.)"""

    root = "/api/v1"

    def __init__(self, key: ApiKey | None) -> None:
        self.client = Client()
        self.headers = {"Authorization": f"Bearer {key.key}"} if key is not None else {}  # type: ignore[attr-defined]

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        address = path if path.startswith(("/api", "http")) else f"{self.root}{path}"
        return self.client.generic(
            method,
            address,
            data=b"" if body is None else _json(body),
            content_type="application/json",
            headers={**self.headers, **named},
        )

    def get(self, path: str, **headers: str) -> Any:
        return self.send("GET", path, **headers)

    def post(self, path: str, body: Any, **headers: str) -> Any:
        return self.send("POST", path, body, **headers)

    def put(self, path: str, body: Any, **headers: str) -> Any:
        return self.send("PUT", path, body, **headers)

    def patch(self, path: str, body: Any, **headers: str) -> Any:
        return self.send("PATCH", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Any:
        return self.send("DELETE", path, **headers)


def _json(body: Any) -> bytes:
    import json

    return body if isinstance(body, bytes) else json.dumps(body).encode()


@pytest.fixture
def api(organization: Organization) -> Api:
    return Api(ApiKeyFactory(organization=organization))
