"""A signed-in person tries the API on the page of its documentation: with the rights of their role, and from there
alone."""

from __future__ import annotations

import re
from typing import Any

import pytest
import time_machine
from django.test import Client

from positions.api.members import HEADER
from positions.api.throttling import KeyThrottle
from positions.models import AuditEntry, Employee, Organization
from tests.factories import EmployeeFactory, MemberFactory, OperatorFactory, OrganizationFactory, UserFactory

pytestmark = pytest.mark.django_db

GOOD = {"number": "1", "first_name": "Kari", "last_name": "Nordmann"}


@pytest.fixture
def organization() -> Organization:
    return OrganizationFactory()


def browser(organization: Organization, role: str, **user: Any) -> Any:
    """A real one: what changes anything needs the token."""
    client = Client(enforce_csrf_checks=True)
    person = UserFactory(**{"is_staff": True, **user})
    MemberFactory(organization=organization, user=person, role=role)
    client.force_login(person)
    client.user = person  # type: ignore[attr-defined]
    return client


def token_on(client: Any) -> str:
    page = client.get("/api/docs/")
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.content.decode())
    assert found and "no-store" in page.headers["Cache-Control"]
    return found.group(1)


def test_the_page_names_whoever_is_signed_in_and_where_they_may_try_it(organization: Organization) -> None:
    nobody = Client().get("/api/docs/")
    assert "/admin/login/?next=%2Fapi%2Fdocs%2F" in nobody.content.decode() and not nobody.cookies
    client = browser(organization, "editor")
    other = OrganizationFactory()
    page = client.get("/api/docs/").content.decode()
    assert f'<option value="{organization.pk}">' in page and "(Editor)" in page and f'value="{other.pk}"' not in page
    # The script, which any page may include, has no token in it.
    script = client.get("/api/docs/?script=").content.decode()
    assert token_on(client) not in script and "asMember" in script
    operator = Client()
    operator.force_login(OperatorFactory())
    assert "a member of no organization" in operator.get("/api/docs/").content.decode()


def test_a_member_has_the_rights_of_their_role(organization: Organization) -> None:
    EmployeeFactory(organization=organization)
    named = {HEADER: str(organization.pk)}
    for role, status in (("viewer", 403), ("editor", 201), ("admin", 201)):
        client = browser(organization, role)
        assert client.get("/api/v1/employees/", headers=named).json()["results"]
        headers = {**named, "X-CSRFToken": token_on(client)}
        body = {**GOOD, "number": role}
        answer = client.post("/api/v1/employees/", body, content_type="application/json", headers=headers)
        assert answer.status_code == status, answer.json()
        if status == 403:
            assert answer.json()["code"] == "missing_role" and "viewer" in answer.json()["detail"]
        else:
            entry = AuditEntry.objects.get(kind="employee", object_name__contains=role)
            assert (entry.actor, entry.via) == (client.user.get_username(), "admin")
    assert Employee.objects.count() == 3


def test_a_session_is_taken_from_our_own_pages_alone(organization: Organization) -> None:
    client = browser(organization, "admin")
    token, named = token_on(client), {HEADER: str(organization.pk)}

    def post(**headers: str) -> Any:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.post("/api/v1/employees/", GOOD, content_type="application/json", headers=given)

    assert post(X_CSRFToken=token).status_code == 401  # without the header that no form can send
    assert post(**named).status_code == 403  # without the token
    assert post(**named, X_CSRFToken="x" * 64).status_code == 403
    assert post(**named, X_CSRFToken=token, Origin="https://evil.example").status_code == 403
    for site in ("cross-site", "same-site", "none"):
        assert post(**named, X_CSRFToken=token, Sec_Fetch_Site=site).json()["code"] == "cross_site"
        assert client.get("/api/v1/employees/", headers={**named, "Sec-Fetch-Site": site}).status_code == 403
    # A browser that asks whether another site may send the header is told nothing.
    asked = client.options("/api/v1/employees/", headers={"Origin": "https://evil.example"})
    assert not [name for name in asked.headers if name.startswith("Access-Control")]
    assert not Employee.objects.exists()
    assert post(**named, X_CSRFToken=token, Sec_Fetch_Site="same-origin").status_code == 201
    # A key goes before a session, also a wrong one.
    assert post(**named, X_CSRFToken=token, Authorization="Bearer psk_wrong").status_code == 401


@pytest.mark.parametrize("wrong", ["0", "-1", "x", "1" * 30, "٣"])
def test_an_organization_that_is_none(organization: Organization, wrong: str) -> None:
    answer = browser(organization, "admin").get(
        "/api/v1/employees/", headers={HEADER: wrong.encode().decode("latin-1")}
    )
    assert answer.status_code == 403 and answer.json()["code"] == "no_member"


def test_who_is_not_wholly_signed_in_is_nobody(organization: Organization, settings: Any) -> None:
    named = {HEADER: str(organization.pk)}
    for changed in ({"is_staff": False}, {"is_active": False}):
        client = browser(organization, "admin")
        type(client.user).objects.filter(pk=client.user.pk).update(**changed)
        assert client.get("/api/v1/employees/", headers=named).json()["code"] == "not_signed_in"
    settings.REQUIRE_SECOND_FACTOR = "all"  # and this one has given the password alone
    client = browser(organization, "admin")
    assert client.get("/api/v1/employees/", headers=named).json()["code"] == "not_signed_in"
    assert "<option" not in client.get("/api/docs/").content.decode()


def test_a_membership_that_ended_ends_it_and_a_person_has_a_limit(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(KeyThrottle, "THROTTLE_RATES", {"key": "2/min"})
    client, named = browser(organization, "viewer"), {HEADER: str(organization.pk)}
    with time_machine.travel("2026-03-01T10:00:00Z", tick=False) as clock:
        statuses = [client.get("/api/v1/employees/", headers=named).status_code for _ in range(3)]
        assert statuses == [200, 200, 429]
        clock.shift(60)
        client.user.memberships.all().delete()
        assert client.get("/api/v1/employees/", headers=named).json()["code"] == "no_member"
