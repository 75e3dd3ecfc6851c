"""Every list of the API, and every page that lists something, asks the database as often for many rows as for few."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from integrations.models import EmployeeLink, ExportFile, Integration, PeriodLink
from positions.models import (
    ApiKey,
    AuditEntry,
    Company,
    Department,
    Employee,
    Import,
    Invitation,
    Member,
    Organization,
    Position,
)
from synclog.models import (
    Batch,
    BatchError,
    DriftCheck,
    DriftRow,
    Event,
    Forecast,
    ForecastRow,
    Job,
    Mail,
    Notice,
    RetroChange,
    Webhook,
    WebhookDelivery,
)
from tests.apidocument import document
from tests.factories import ApiKeyFactory, OperatorFactory
from tests.positions.conftest import Api
from tests.security import walk

pytestmark = [pytest.mark.django_db, pytest.mark.long]

MANY = 120  # more than any list has on a page
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
    DriftCheck: {"done_at": lambda n: timezone.now()},
    DriftRow: {"employee_key": int, "position_key": int},
    Forecast: {"done_at": lambda n: timezone.now()},
    ForecastRow: {"employee_key": int, "position_key": int},
    RetroChange: {"employee_key": int, "position_key": int},
}
# And of what is only seen on pages.
_OF_PAGES: dict[type[Model], dict[str, Callable[[int], Any]]] = {
    Organization: {"name": str},
    User: {"id": int, "username": str},
    Member: {"user_id": int},
    Invitation: {"digest": str},
    ApiKey: {"hash": str},
    AuditEntry: {},
    Import: {"uuid": lambda n: uuid.UUID(int=n)},
    ExportFile: {"imported_at": lambda n: timezone.now()},
    PeriodLink: {"position_key": int},
    Notice: {"event_key": int},
    Mail: {"about": str},
}


def multiply(first: int, number: int, kinds: dict[type[Model], dict[str, Callable[[int], Any]]] = _OWN) -> None:
    """So many more of each planted row."""
    for kind, own in kinds.items():
        row = kind._base_manager.get(pk=walk.PK)
        names = [field.attname for field in kind._meta.concrete_fields if not field.primary_key]
        kind._base_manager.bulk_create(
            kind(**{name: own[name](n) if name in own else getattr(row, name) for name in (*names, *own)})
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
    used = timezone.now() + timedelta(hours=1)  # the use of a key is noted each minute, and a slow walk takes longer
    api = Api(ApiKeyFactory(organization=walk.plant(), last_used_at=used))

    def asked() -> dict[str, tuple[int, int]]:
        found = {}
        for path in lists():
            with CaptureQueriesContext(connection) as queries:
                answer = api.get(f"{path}?limit=1000")
            assert answer.status_code == 200, path
            found[path] = (len(queries), len(answer.json()["results"]))
        return found

    multiply(10_000_000, 9)
    few = asked()
    multiply(20_000_000, 990)
    many = asked()
    assert {path: queries for path, (queries, _) in many.items()} == {
        path: queries for path, (queries, _) in few.items()
    }
    assert len(many) > 10
    assert {rows for _, rows in many.values()} == {1000}, many
    assert max(queries for queries, _ in many.values()) <= 12, many


def pages() -> list[str]:
    """The address of each page that lists rows."""
    changelists = [f"admin:{kind._meta.app_label}_{kind._meta.model_name}_changelist" for kind in admin.site._registry]
    of_one = {
        "admin:positions_employee_change", "admin:positions_position_change", "admin:positions_organization_change",
        "admin:integrations_integration_change", "admin:integrations_integration_history",
"admin:integrations_integration_switch_on",
        "admin:synclog_job_positions", "admin:synclog_job_change", "admin:synclog_webhook_change",
        "admin:synclog_job_cutoff",
    }  # fmt: skip
    plain = {
        "admin:index", "admin:synclog_job_by_cause", "admin:synclog_job_retro", "admin:positions_employee_import_rows",
        "admin:positions_position_import_rows", "notices", "synclog_queue", "integrations_supported_fields",
    }  # fmt: skip
    people = f"{reverse('admin:integrations_employeelink_changelist')}?integration__id__exact={walk.PK}"
    return [
        *(reverse(name) for name in (*changelists, *plain)),
        *(reverse(name, args=[walk.PK]) for name in of_one),
        f"{reverse('admin:synclog_job_changelist')}?tab=all",
        people,
    ]


@pytest.mark.parametrize("who", ["operator", "admin"])
def test_a_page_of_many_rows_asks_as_often_as_one_of_few(who: str) -> None:
    walk.plant()
    AuditEntry.objects.exclude(pk=walk.PK).delete()  # each kind of row on a page asks for its own names
    client = Client()
    client.force_login(OperatorFactory() if who == "operator" else User.objects.get(pk=walk.PK))

    def asked() -> dict[str, int]:
        cache.clear()
        found = {}
        for address in pages():
            with CaptureQueriesContext(connection) as queries:
                answer = client.get(address, follow=True)
            if answer.status_code == 403 and who == "admin":
                continue
            assert answer.status_code == 200, address
            found[address] = len(queries)
            if many and who == "operator" and "cl" in answer.context:
                rows = answer.context["cl"].result_count
                assert rows >= MANY, f"{address} lists {rows}: multiply its model"
        return found

    many = False
    multiply(10_000_000, 3, _OWN | _OF_PAGES)
    asked()  # notes that somebody is there, and knows the content types
    few = asked()
    many = True
    multiply(20_000_000, MANY, _OWN | _OF_PAGES)
    assert asked() == few
    assert max(few.values()) <= 40, few


def test_no_list_counts_all_rows_beside_those_that_it_found() -> None:
    assert [a for a in admin.site._registry.values() if a.show_full_result_count] == []
