"""The audit trail as people read it: in words, in their organization's time, in a fixed number of queries."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from positions.models import AuditEntry, Department, Position
from tests.factories import (
    CompanyFactory,
    DepartmentFactory,
    EmployeeFactory,
    OrganizationFactory,
    PositionFactory,
)
from tests.security.conftest import browser_of

pytestmark = pytest.mark.django_db
TRAIL = "/admin/positions/auditentry/"


def text(browser: Client, address: str = TRAIL) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_fields_choices_and_keys_are_told_in_words() -> None:
    organization = OrganizationFactory(time_zone="Europe/Oslo")
    bakery = DepartmentFactory(organization=organization, code="BAK1", name="Bakery")
    employee = EmployeeFactory(organization=organization)
    position = PositionFactory(employee=employee, contract_type="permanent", title="Baker")
    # As a form loads it.
    position = Position.objects.get(pk=position.pk)
    position.contract_type, position.department = "temporary", bakery
    position.save()
    browser = browser_of(organization, "admin")
    page = text(browser)
    assert "<div>Contract type: Permanent → Temporary</div>" in page
    assert f"<div>Department: (empty) → {bakery}</div>" in page
    entry = AuditEntry.objects.filter(kind="position", action="changed").get()
    assert "Contract type: Permanent → Temporary" in text(browser, f"{TRAIL}{entry.pk}/change/")
    number = bakery.pk
    Position.objects.all().delete()
    Department.objects.all().delete()
    assert f"<div>Department: (empty) → no. {number}, deleted</div>" in text(browser)


def test_the_time_is_the_organizations() -> None:
    organization = OrganizationFactory(time_zone="Europe/Helsinki")
    with time_machine.travel("2026-03-01T22:30:00Z", tick=False):
        CompanyFactory(organization=organization)
    page = text(browser_of(organization, "admin"))
    assert "2 Mar 2026 00:30" in page and "22:30" not in page


def test_what_belongs_to_no_organization_is_told_to_operators() -> None:
    get_user_model().objects.create_user("kari", password="correct-horse-9-staple")
    operator = browser_of(None, "operator")
    assert "User name" in text(operator) or "Username" in text(operator)


def test_the_same_number_of_queries_whatever_the_rows() -> None:
    organization = OrganizationFactory()
    browser = browser_of(organization, "admin")

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            text(browser)
        return len(queries)

    def more() -> None:
        employee: Any = EmployeeFactory(organization=organization, company=CompanyFactory(organization=organization))
        PositionFactory(employee=employee, department=DepartmentFactory(organization=organization))

    more()
    few = asked()
    for _ in range(6):
        more()
    assert asked() == few


def test_the_history_of_a_record_is_its_part_of_the_trail() -> None:
    organization = OrganizationFactory()
    employee, other = EmployeeFactory.create_batch(2, organization=organization)
    address = f"/admin/positions/employee/{employee.pk}/history/"
    answer = browser_of(organization, "admin").get(address, follow=True)
    page = answer.content.decode()
    assert employee.name in page and other.name not in page and "Created" in page
    assert browser_of(OrganizationFactory(), "admin").get(address).status_code == 302, "as what does not exist"
    own = browser_of(organization, "editor").get(address)
    assert own.status_code == 200 and other.name not in own.content.decode()
