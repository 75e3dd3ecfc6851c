"""An answer to a write says in which connections payroll does not know the employee yet, and what to do."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from integrations.models import EmployeeLink, Integration
from positions.models import Organization
from tests.factories import ApiKeyFactory, CompanyFactory, EmployeeFactory, OrganizationFactory
from tests.positions.conftest import Api
from tests.synclog.pages import connection

pytestmark = pytest.mark.django_db
State = EmployeeLink.State
OLA = {"number": "2001", "first_name": "Ola", "last_name": "Nordmann"}
BAKER = {"title": "Baker", "start_date": "2026-03-01"}


@pytest.fixture
def organization() -> Organization:
    return OrganizationFactory()


@pytest.fixture
def api(organization: Organization) -> Api:
    return Api(ApiKeyFactory(organization=organization))


def known(integration: Integration, employee: int, **values: Any) -> None:
    link = {"remote_id": str(employee), "matched_by": "employee number", **values}
    EmployeeLink.objects.update_or_create(integration=integration, employee_key=employee, defaults=link)


def names(answer: Any) -> list[str]:
    return [one["integration_name"] for one in answer.json()["unmatched"]]


def test_who_is_new_here_is_unknown_there_until_they_are_matched(api: Api, organization: Organization) -> None:
    connection(OrganizationFactory(), "tripletex", name="Another organization's")
    connection(organization, "fortnox", name="Off", send_positions=False)
    connection(organization, "crona_lon", name="By file, where nobody can look")
    netvisor = connection(organization, "netvisor", name="Netvisor")
    made = api.post("/employees/", OLA)
    employee = made.json()["id"]
    assert made.json()["unmatched"] == [
        {
            "integration": netvisor.pk,
            "integration_name": "Netvisor",
            "system": "netvisor",
            "cause": None,
            "message": "Nobody in Netvisor is matched with this employee yet. They are looked for when a position is "
            "sent.",
            "what_to_do": "Make sure that payroll has the person by then, with the same number: nobody is added to it "
            "from here.",
        }
    ]
    position = api.post(f"/employees/{employee}/positions/", BAKER)
    assert names(position) == ["Netvisor"]
    for state, cause, said in (
        (State.NOT_MATCHED, "employee_not_found", "employee_not_found"),
        (State.NOT_MATCHED, "", None),
        (State.RELEASED, "", "match_released"),
        (State.STOPPED, "", "match_stopped"),
    ):
        known(netvisor, employee, state=state, cause=cause)
        (one,) = api.patch(f"/employees/{employee}/", {"email": "ola@example.com"}).json()["unmatched"]
        assert one["cause"] == said and one["message"].endswith(".") and one["what_to_do"].endswith(".")
        assert "2001" not in str(one) and "Ola" not in str(one)
    known(netvisor, employee, state=State.MATCHED, cause="")
    for answer in (
        api.put(f"/employees/{employee}/", OLA),
        api.patch(f"/positions/{position.json()['id']}/", {"percentage": 80}),
    ):
        assert answer.json()["unmatched"] == []


def test_only_connections_that_take_their_positions_are_named(api: Api, organization: Organization) -> None:
    oslo, bergen = CompanyFactory(organization=organization), CompanyFactory(organization=organization)
    for name, company in (("Oslo", oslo), ("Bergen", bergen)):
        connection(organization, "netvisor", name=name).companies.add(company)
    assert names(api.post("/employees/", OLA)) == []
    body = {**OLA, "number": "2002", "company": oslo.pk}
    assert names(api.post("/employees/", body)) == ["Oslo"]
    moved = {**body, "number": "2003", "positions": [{**BAKER, "company": bergen.pk}]}
    made = api.post("/employees/", moved)
    assert names(made) == ["Bergen", "Oslo"]
    path = f"/positions/{made.json()['positions'][0]['id']}/"
    assert names(api.patch(path, {"percentage": 50})) == ["Bergen"]


def test_it_costs_two_queries_however_many_connections_there_are(api: Api, organization: Organization) -> None:
    employee = EmployeeFactory(organization=organization)

    def queries() -> int:
        with CaptureQueriesContext(database) as ran:
            assert api.patch(f"/employees/{employee.pk}/", {"first_name": employee.first_name}).status_code == 200
        return len(ran)

    queries()  # notes the use of the key
    none = queries()
    connection(organization, "netvisor")
    one = queries()
    for number in range(10):
        connection(organization, "netvisor", name=f"Netvisor {number}")
    assert queries() == one == none + 1
