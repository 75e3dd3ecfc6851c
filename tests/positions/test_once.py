"""A form that makes something makes one, however often it is sent (positions/once.py)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
import time_machine
from django.db import connection, connections
from django.test import Client
from django.utils import timezone

from integrations.admin.steps import StepPages
from positions import once
from positions.models import ApiKey, Company, Department, Employee, Invitation, Organization, Position, SentForm
from synclog.log import retention
from tests.factories import EmployeeFactory, OperatorFactory
from tests.positions.test_admin_opened import inputs

pytestmark = pytest.mark.django_db

ADD: dict[Any, tuple[str, dict[str, Any]]] = {
    Employee: ("positions/employee", {"number": "77", "first_name": "Kari", "last_name": "Dahl"}),
    Position: ("positions/position", {"title": "Cook", "start_date": "2026-01-01", "percentage": "50"}),
    Company: ("positions/company", {"name": "Bakery AS"}),
    Department: ("positions/department", {"code": "D1", "name": "Kitchen"}),
    ApiKey: ("positions/apikey", {"name": "HR", "scopes": ["sync:read"]}),
    Invitation: ("positions/invitation", {"email": "kari@example.com", "role": "viewer"}),
}


def add(client: Client, model: Any, **values: Any) -> tuple[str, dict[str, Any]]:
    """The address of an add page, and what a browser would post of it."""
    place, typed = ADD[model]
    address = f"/admin/{place}/add/"
    page = client.get(address)
    return address, {**inputs(page.content.decode()), **typed, **values}


@pytest.fixture
def admin(organization: Organization, sign_in: Callable[..., Client]) -> Client:
    return sign_in(organization, "admin")


def said(response: Any) -> list[str]:
    return [str(message) for message in response.context["messages"]]


@pytest.mark.parametrize("model", ADD)
def test_each_add_form_that_is_sent_twice_makes_one_and_answers_the_same(
    admin: Client, organization: Organization, model: Any
) -> None:
    more = {"employee": EmployeeFactory(organization=organization).pk} if model is Position else {}
    before = model.objects.count()
    address, data = add(admin, model, **more)
    first, again = admin.post(address, data), admin.post(address, data)
    assert model.objects.count() == before + 1, first.content
    assert first.status_code == again.status_code == 302 and first.headers["Location"] == again.headers["Location"]


def test_another_form_makes_another_one(admin: Client, organization: Organization) -> None:
    employee = EmployeeFactory(organization=organization)
    for _ in range(2):
        address, data = add(admin, Position, employee=employee.pk)
        admin.post(address, data)
    assert employee.positions.count() == 2


def test_what_was_typed_since_is_not_lost_in_silence(admin: Client) -> None:
    address, data = add(admin, Employee)
    admin.post(address, data)
    again = admin.post(address, {**data, "first_name": "Karin"}, follow=True)
    made = Employee.objects.get(number="77")
    assert made.first_name == "Kari" and again.redirect_chain[-1][0].endswith(f"/{made.pk}/change/")
    assert any("Nothing was saved now" in words for words in said(again))


def test_a_form_that_was_wrong_is_sent_again_when_it_is_right(admin: Client) -> None:
    address, data = add(admin, Employee)
    wrong = admin.post(address, {**data, "number": ""})
    assert inputs(wrong.content.decode())[once.FIELD] == data[once.FIELD]
    admin.post(address, data)
    assert Employee.objects.filter(number="77").exists()


def test_a_token_is_one_person_s(admin: Client, organization: Organization, sign_in: Any) -> None:
    address, data = add(admin, Department)
    admin.post(address, data)
    sign_in(organization, "editor").post(address, {**data, "code": "D2"})
    assert set(Department.objects.values_list("code", flat=True)) == {"D1", "D2"}


def test_without_a_token_and_after_a_deletion(admin: Client) -> None:
    address, data = add(admin, Company)
    for number, token in enumerate(("", "no-uuid")):
        admin.post(address, {**data, "name": f"AS {number}", once.FIELD: token})
    assert Company.objects.count() == 2 and not SentForm.objects.exists()
    admin.post(address, data)
    Company.objects.all().delete()
    assert admin.post(address, data).headers["Location"] == "/admin/positions/company/"


def test_what_is_kept_of_a_form_goes_after_two_days(admin: Client) -> None:
    address, data = add(admin, Company)
    admin.post(address, data)
    row = SentForm.objects.get()
    assert "Bakery" not in str(row.digest) and len(row.digest) == 64
    for days, left in ((1.9, 1), (2.1, 0)):
        with time_machine.travel(timezone.now() + timedelta(days=days), tick=True):
            retention.prune()
        assert SentForm.objects.count() == left


@pytest.mark.skipif(connection.vendor != "postgresql", reason="tests/browser/test_people.py clicks twice on SQLite")
@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_make_one() -> None:
    client = Client()
    client.force_login(OperatorFactory())
    Organization.objects.create(name="One")
    address, data = add(client, Company)
    together, answers = Barrier(2), []

    def click() -> None:
        other = Client()
        other.cookies = client.cookies
        together.wait()
        answers.append(other.post(address, data).status_code)
        connections.close_all()

    threads = [Thread(target=click) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [302, 302] and Company.objects.count() == 1


def test_connecting_a_system_twice_makes_one_connection(
    admin: Client, organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = "/admin/integrations/integration/add/?system=fortnox"
    page = admin.get(address).content.decode()
    sent = re.findall(r'<input type="hidden" name="(once|system|organization)" value="([^"]*)"', page)
    data = {**dict(sent), "name": "Payroll", "credential__client_id": "client-id-1234",
            "credential__client_secret": "made-up-secret", "setting__personel_type": "TJM",
            "setting__salary_form": "MAN"}  # fmt: skip
    assert "once" in data
    begun: list[int] = []
    begin = StepPages.begin_test

    def noted(pages: StepPages, request: Any, made: Any) -> Any:
        begun.append(len(connection.savepoint_ids))  # within the transaction of the test itself
        return begin(pages, request, made)

    monkeypatch.setattr(StepPages, "begin_test", noted)
    first, again = (admin.post("/admin/integrations/integration/add/", data) for _ in range(2))
    assert begun == [0], "a worker sees what is to be tested, and nobody waits for it with the database locked"
    assert organization.integrations.count() == 1, first.content
    assert first.headers["Location"] == again.headers["Location"]
