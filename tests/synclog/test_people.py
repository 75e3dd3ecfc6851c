"""*People*: the list of matches, the same on the employee's page and in the API, and who may decide."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.models import EmployeeLink, Integration
from positions.models import AuditEntry, Employee, Organization
from synclog.models import Job
from tests.factories import ApiKeyFactory, EmployeeFactory, OrganizationFactory
from tests.positions.conftest import Api
from tests.said import kept
from tests.synclog.pages import client_of, connection, job, unrecorded

pytestmark = pytest.mark.django_db
PEOPLE = "/admin/integrations/employeelink/"
State = EmployeeLink.State


@pytest.fixture
def organization() -> Organization:
    return OrganizationFactory(time_zone="Europe/Oslo")


@pytest.fixture
def integration(organization: Organization) -> Integration:
    return connection(organization, "fortnox", name="Fortnox Oslo")


def known(integration: Integration, employee: Employee | None = None, **values: Any) -> EmployeeLink:
    employee = employee or EmployeeFactory(organization=integration.organization)
    given = {"remote_id": employee.number, "matched_by": "employee number", **values}
    return EmployeeLink.objects.create(integration=integration, employee_key=employee.pk, **given)


def refused(integration: Integration, remote_id: str = "1042", **values: Any) -> EmployeeLink:
    return known(
        integration,
        state=State.NOT_MATCHED,
        remote_id=remote_id,
        cause="not_the_same_person",
        said=kept("Record 1042 has the same e-mail, but another employee number."),
        **values,
    )


def test_the_list_says_who_is_who_and_why_not(organization: Organization, integration: Integration) -> None:
    known(integration, EmployeeFactory(organization=organization, first_name="Kari", last_name="Lie"))
    refused(integration)
    page = client_of(organization, "viewer").get(f"{PEOPLE}?integration__id__exact={integration.pk}")
    text = page.content.decode()
    assert page.status_code == 200
    assert "Kari Lie" in text and "by employee number" in text and "Fortnox Oslo" in text
    assert "Not matched" in text and "another employee number" in text
    assert "formaction" not in text, "a viewer decides nothing"
    assert "formaction" in client_of(organization, "admin").get(PEOPLE).content.decode()


def test_a_tab_of_the_connection(organization: Organization, integration: Integration) -> None:
    refused(integration)
    text = client_of(organization).get(f"/admin/integrations/integration/{integration.pk}/change/").content.decode()
    assert f"{PEOPLE}?integration__id__exact={integration.pk}" in text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?q=lie", {"Kari"}),
        ("?q=kari+lie", {"Kari"}),
        ("?q=4711", {"Kari"}),
        ("?q=REC-9", {"Bo"}),
        ("?state__exact=not_matched", {"Bo"}),
        ("?cause=not_the_same_person", {"Bo"}),
        ("?cause=marks_disagree", set()),
        ("?by=employee+number&state__exact=matched", {"Kari"}),
        ("?by=a+person", set()),
    ],
)
def test_search_and_filters(organization: Organization, integration: Integration, query: str, found: set[str]) -> None:
    known(integration, EmployeeFactory(organization=organization, number="4711", first_name="Kari", last_name="Lie"))
    bo = EmployeeFactory(organization=organization, first_name="Bo", last_name="Berg", email="b@example.com")
    refused(integration, "REC-9", employee=bo)
    text = client_of(organization).get(PEOPLE + query).content.decode()
    assert {name for name in ("Kari", "Bo") if f"{name} " in text.split("result_list")[-1]} == found


def test_the_queries_do_not_grow(
    organization: Organization, integration: Integration, django_assert_max_num_queries: Any
) -> None:
    client = client_of(organization)
    known(integration)
    client.get(PEOPLE)
    with django_assert_max_num_queries(20) as few:
        client.get(PEOPLE)
    for _ in range(30):
        known(integration)
    with django_assert_max_num_queries(20) as many:
        client.get(PEOPLE)
    assert len(many) == len(few)


def test_confirmed_by_an_admin_it_goes_out_by_itself(organization: Organization, integration: Integration) -> None:
    position = unrecorded(organization)
    link = refused(integration, employee=position.employee)
    failed = job(integration, position, cause="not_the_same_person")
    answer = client_of(organization, name="anna").post(f"{PEOPLE}{link.pk}/confirm/", {"next": PEOPLE}, follow=True)
    assert "Confirmed" in answer.content.decode()
    link.refresh_from_db()
    failed.refresh_from_db()
    assert (link.state, link.confirmed_by, failed.state) == (State.MATCHED, "anna", Job.State.WAITING)
    entry = AuditEntry.objects.filter(employee_key=link.employee_key).latest("pk")
    assert entry.actor == "anna" and entry.changes["state"] == ["not_matched", "matched"]
    assert "fingerprints" not in entry.changes


def test_released_and_matched_anew(organization: Organization, integration: Integration) -> None:
    link = known(integration)
    client = client_of(organization, name="anna")
    client.post(f"{PEOPLE}{link.pk}/release/")
    link.refresh_from_db()
    assert link.state == State.RELEASED and "anna" in link.message
    client.post(f"{PEOPLE}{link.pk}/anew/")
    link.refresh_from_db()
    assert (link.state, link.remote_id, link.cause) == (State.NOT_MATCHED, "", "")


def test_a_taken_record_is_not_confirmed_and_says_what_helps(
    organization: Organization, integration: Integration
) -> None:
    known(integration, remote_id="1042")
    link = refused(integration)
    text = client_of(organization).post(f"{PEOPLE}{link.pk}/confirm/", follow=True).content.decode()
    assert "Release that match first" in text
    link.refresh_from_db()
    assert link.state == State.NOT_MATCHED


@pytest.mark.parametrize("role", ["viewer", "editor"])
@pytest.mark.parametrize("action", ["confirm", "release", "anew"])
def test_only_admins_decide(organization: Organization, integration: Integration, role: str, action: str) -> None:
    link = known(integration)
    assert client_of(organization, role).post(f"{PEOPLE}{link.pk}/{action}/").status_code == 403
    assert client_of(OrganizationFactory()).post(f"{PEOPLE}{link.pk}/{action}/").status_code == 302
    assert client_of(organization).get(f"{PEOPLE}{link.pk}/{action}/").status_code == 405
    link.refresh_from_db()
    assert link.state == State.MATCHED and not link.confirmed


def test_the_same_on_the_employees_page(organization: Organization, integration: Integration) -> None:
    employee = EmployeeFactory(organization=organization)
    link = refused(integration, employee=employee)
    page = f"/admin/positions/employee/{employee.pk}/change/"
    text = client_of(organization).get(page).content.decode()
    assert "Who this is in the connected systems" in text and "Fortnox Oslo" in text
    assert f"{PEOPLE}{link.pk}/confirm/" in text
    assert f"{PEOPLE}{link.pk}/confirm/" not in client_of(organization, "editor").get(page).content.decode()
    assert client_of(organization).get(f"{PEOPLE}{link.pk}/change/")["Location"].startswith(page)


# -- the API --------------------------------------------------------------------------------------------------


@pytest.fixture
def api(organization: Organization) -> Api:
    return Api(ApiKeyFactory(organization=organization, name="nightly"))


def test_listed_with_filters(api: Api, integration: Integration, django_assert_max_num_queries: Any) -> None:
    link = refused(integration)
    api.get("/matches/")  # after which it is known that the key is in use
    with django_assert_max_num_queries(10) as few:
        api.get("/matches/")
    for _ in range(5):
        known(integration)
    with django_assert_max_num_queries(10) as many:
        api.get("/matches/")
    assert len(many) == len(few)
    (found,) = api.get("/matches/?state=not_matched").json()["results"]
    assert (found["id"], found["integration"], found["employee"]) == (link.pk, integration.pk, link.employee_key)
    assert (found["remote_id"], found["cause"]) == ("1042", "not_the_same_person")
    assert "another employee number" in found["message"]
    for query in (f"employee={link.employee_key}", "cause=not_the_same_person", "remote_id=1042"):
        assert [row["id"] for row in api.get(f"/matches/?{query}").json()["results"]] == [link.pk]
    assert len(api.get(f"/matches/?integration={integration.pk}").json()["results"]) == 6
    foreign = known(connection(OrganizationFactory()))
    assert api.get(f"/matches/{foreign.pk}/").status_code == 404
    assert api.post(f"/matches/{foreign.pk}/release/", {}).status_code == 404


def test_decided_through_the_api(api: Api, integration: Integration) -> None:
    link = refused(integration)
    answer = api.post(f"/matches/{link.pk}/confirm/", {}).json()
    assert (answer["state"], answer["confirmed_by"]) == ("matched", "nightly")
    assert api.post(f"/matches/{link.pk}/release/", {}).json()["state"] == "released"
    assert api.post(f"/matches/{link.pk}/match-anew/", {}).json()["state"] == "not_matched"
    problem = api.post(f"/matches/{link.pk}/confirm/", {})
    assert problem.status_code == 400 and "Match anew" in problem.content.decode()


@pytest.mark.parametrize("action", ["confirm", "release", "match-anew"])
def test_a_key_needs_the_scope(organization: Organization, integration: Integration, action: str) -> None:
    link = known(integration)
    reads = Api(ApiKeyFactory(organization=organization, scopes=["sync:read"]))
    assert reads.get(f"/matches/{link.pk}/").status_code == 200
    assert reads.post(f"/matches/{link.pk}/{action}/", {}).status_code == 403
    others = Api(ApiKeyFactory(organization=organization, scopes=["positions:read", "positions:write"]))
    assert others.get("/matches/").status_code == 403
