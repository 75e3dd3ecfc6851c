"""Before a position is saved, its form says what the connected systems need of it, and why: by the rules by which it is
planned afterwards."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext

from integrations.models import Integration
from integrations.planning.required import Need, needs
from integrations.planning.translate import translate
from integrations.sandboxes.server import sandboxes
from integrations.sdk.values import Position as Plain
from integrations.systems.registry import connectors, systems
from positions.models import Employee, Organization, Position
from tests.factories import CompanyFactory, EmployeeFactory, OrganizationFactory
from tests.positions.test_admin_opened import inputs
from tests.synclog.pages import client_of, connection, unrecorded

ADD = "/admin/positions/position/add/"
HINTS = "/admin/positions/position/hints/"


@pytest.fixture
def organization() -> Organization:
    return OrganizationFactory()


@pytest.fixture
def employee(organization: Organization) -> Employee:
    return EmployeeFactory(organization=organization, company=CompanyFactory(organization=organization))


@pytest.fixture
def editor(organization: Organization) -> Client:
    return client_of(organization, "editor")


def needing(organization: Organization, key: str, **values: Any) -> Integration:
    return connection(organization, key, settings=dict(sandboxes()[key].settings), **values)


def typed(client: Client, employee: Employee, **values: Any) -> dict[str, Any]:
    page = client.get(f"{ADD}?employee={employee.pk}").content.decode()
    return {**inputs(page), "employee": employee.pk, "title": "Cook", "start_date": "2026-01-01", **values}


def said(response: Any) -> dict[str, str]:
    """By field, and "" above all of them."""
    page = response.content.decode()
    line = r'<span class="ps-hint-line[^>]*>.*?</span>'
    spans = re.findall(rf'id="ps-hint-(\w+)"[^>]*>((?:{line})*)</span>', page, re.S)
    found = {name: _text(body) for name, body in spans}
    above = re.search(r'id="ps-hints".*?</div>', page, re.S)
    return {**found, "": _text(above[0].partition(">")[2]) if above else ""}


def _text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).strip()


# -- the rule


@pytest.mark.parametrize("key", [system.key for system in systems()])
def test_what_is_said_to_be_needed_is_what_is_refused_without_it(key: str) -> None:
    """Of each system: with everything that is needed nothing is missing, and without one of it that is what is told."""
    system = connectors()[key].system
    settings = dict(sandboxes()[key].settings)
    position = Plain("1", date(2026, 1, 1), date(2026, 12, 31), {"contract_type": "temporary"})
    told = {need.field for need in needs(system, position, settings) if need.missing}
    refused = {p.field for p in translate(system, position, settings).problems if p.field not in position.values}
    assert told == refused


@pytest.mark.parametrize(
    ("end", "values", "expected"),
    [
        (None, {}, None),
        (date(2026, 12, 31), {}, Need("end_reason", True, because="end_date")),
        (date(2026, 12, 31), {"end_reason": "resigned"}, Need("end_reason", False, because="end_date")),
    ],
)
def test_a_reason_is_needed_with_an_end(end: date | None, values: Any, expected: Need | None) -> None:
    system = connectors()["tripletex"].system
    found = needs(system, Plain("1", date(2026, 1, 1), end, values), dict(sandboxes()["tripletex"].settings))
    assert next((need for need in found if need.field == "end_reason"), None) == expected


def test_a_default_of_the_connection_stands_in() -> None:
    system = connectors()["poweroffice_go"].system
    default = system.field("occupation_code").default_setting
    assert default is not None
    position = Plain("1", date(2026, 1, 1), None, {})
    needed = [{n.field for n in needs(system, position, settings)} for settings in ({}, {default.name: "2130109"})]
    assert "occupation_code" in needed[0] - needed[1]


# -- on the page


@pytest.mark.django_db
def test_the_page_marks_what_is_needed_and_the_fragment_follows_what_is_typed(
    editor: Client, organization: Organization, employee: Employee
) -> None:
    needing(organization, "tripletex", name="Payroll")
    shown = said(editor.get(f"{ADD}?employee={employee.pk}"))
    assert "Needed by Payroll." in shown["occupation_code"] and "Needed by" not in shown["end_reason"]
    data = typed(editor, employee, end_date="2026-12-31")
    answered = said(editor.post(HINTS, data))
    assert answered["end_reason"] == "Needed by Payroll because end date is filled in."
    assert "Not taken like this by Payroll" in answered[""]
    right = said(editor.post(HINTS, {**data, "end_reason": "resigned", "occupation_code": "5122111"}))
    assert "Needed by Payroll." in right["occupation_code"] and "end date is filled in" in right["end_reason"]
    assert not Position.objects.exists()


@pytest.mark.django_db
def test_a_value_that_is_not_taken_is_told_before_it_is_saved(
    editor: Client, organization: Organization, employee: Employee
) -> None:
    needing(organization, "tripletex")
    answered = said(editor.post(HINTS, typed(editor, employee, occupation_code="12")))
    assert "seven digits of STYRK-98" in answered["occupation_code"]


@pytest.mark.django_db
def test_hints_hold_up_nothing(editor: Client, organization: Organization, employee: Employee) -> None:
    needing(organization, "tripletex")
    assert editor.post(ADD, typed(editor, employee)).status_code == 302
    assert Position.objects.get().occupation_code == ""


@pytest.mark.django_db
def test_only_connections_count_that_are_on_and_take_the_company(
    editor: Client, organization: Organization, employee: Employee
) -> None:
    needing(organization, "tripletex", name="Off", send_positions=False)
    needing(organization, "tripletex", name="Elsewhere").companies.add(CompanyFactory(organization=organization))
    needing(OrganizationFactory(), "tripletex", name="Foreign")
    page = editor.post(HINTS, typed(editor, employee)).content.decode()
    assert "Needed by" not in page
    for name in ("Off", "Elsewhere", "Foreign"):
        assert name not in page


@pytest.mark.django_db
@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("stranger", 302), ("editor", 200)])
def test_whose_hints_they_are(organization: Organization, role: str, status: int) -> None:
    needing(organization, "tripletex", name="Payroll")
    position = unrecorded(organization)
    stranger = role == "stranger"
    client = client_of(OrganizationFactory() if stranger else organization, "admin" if stranger else role)
    answer = client.post(f"/admin/positions/position/{position.pk}/hints/", {"title": "X", "start_date": "2026-01-01"})
    assert answer.status_code == status and (b"Payroll" in answer.content) is (status == 200)
    assert client.get(HINTS).status_code == 405
    if role == "stranger":  # nor of somebody else's employee
        answer = client.post(HINTS, {"employee": position.employee_id, "title": "X", "start_date": "2026-01-01"})
        assert b"Payroll" not in answer.content


@pytest.mark.django_db
def test_as_many_queries_with_eight_connections_as_with_one(
    editor: Client, organization: Organization, employee: Employee
) -> None:
    numbers = []
    for more in (1, 7):
        for _ in range(more):
            needing(organization, "tripletex")
        data = typed(editor, employee)
        with CaptureQueriesContext(database) as seen:
            editor.post(HINTS, data)
        numbers.append(len(seen))
    assert numbers[0] == numbers[1] < 25
