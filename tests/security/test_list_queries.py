"""Every list of the API asks the database as often for a thousand rows as for ten."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext

from integrations.models import EmployeeLink, Integration
from positions.models import Company, Department, Employee, Position
from synclog.models import Batch, BatchError, Event, Job, Webhook, WebhookDelivery
from tests.apidocument import document
from tests.factories import ApiKeyFactory
from tests.positions.conftest import Api
from tests.security import walk

pytestmark = [pytest.mark.django_db, pytest.mark.long]

# What no two rows may have alike: column -> its value in the row of this number.
_OWN: dict[type[Model], dict[str, Callable[[int], Any]]] = {
    Company: {"name": str, "external_id": str},
    Department: {"code": str, "external_id": str},
    Employee: {"number": str, "external_id": str},
    Position: {"external_id": str},
    Integration: {"name": str, "uuid": lambda n: uuid.UUID(int=n)},
    Job: {"position_key": int, "open_key": int},
    Event: {},
    Batch: {},
    BatchError: {"position_key": int, "employee_key": int},
    Webhook: {},
    WebhookDelivery: {},
    EmployeeLink: {"employee_key": int, "remote_id": str},
}


def multiply(first: int, number: int) -> None:
    """So many more of each planted row."""
    for kind, own in _OWN.items():
        row = kind._base_manager.get(pk=walk.PK)
        names = [field.attname for field in kind._meta.concrete_fields if not field.primary_key]
        kind._base_manager.bulk_create(
            kind(**{name: own[name](n) if name in own else getattr(row, name) for name in names})
            for n in range(first, first + number)
        )


def lists() -> list[str]:
    return [
        re.sub(r"\{\w+\}", str(walk.PK), path)
        for path, operations in document()["paths"].items()
        if any(one["name"] == "limit" for one in operations.get("get", {}).get("parameters", ()))
        and path != "/api/v1/changes/"  # tests/positions/test_changes.py
    ]


def test_a_list_of_a_thousand_rows_asks_as_often_as_one_of_ten() -> None:
    api = Api(ApiKeyFactory(organization=walk.plant()))

    def asked() -> dict[str, tuple[int, int]]:
        found = {}
        for path in lists():
            with CaptureQueriesContext(connection) as queries:
                answer = api.get(f"{path}?limit=1000")
            assert answer.status_code == 200, path
            found[path] = (len(queries), len(answer.json()["results"]))
        return found

    multiply(10_000_000, 9)
    asked()  # notes the use of the key
    few = asked()
    multiply(20_000_000, 990)
    many = asked()
    assert {path: queries for path, (queries, _) in many.items()} == {
        path: queries for path, (queries, _) in few.items()
    }
    assert len(many) > 10
    assert {rows for _, rows in many.values()} == {1000}, many
    assert max(queries for queries, _ in many.values()) <= 12, many
