"""Every page of the HR side, for every role."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from positions.models import Member
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

pytestmark = pytest.mark.django_db

MODELS = ("organization", "company", "department", "employee", "position", "apikey")


@pytest.fixture
def organization():
    return OrganizationFactory()


@pytest.fixture
def things(organization):
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


def client_of(organization, role):
    client = Client()
    user = OperatorFactory() if role == "operator" else UserFactory()
    if role in Member.Role.values:
        MemberFactory(organization=organization, user=user, role=role)
    client.force_login(user)
    client.user = user
    return client


# What each role may do: view, add, change, delete.
ALLOWED = {
    "organization": {"viewer": "v", "editor": "v", "admin": "vc", "operator": "vacd"},
    "company": {"viewer": "v", "editor": "v", "admin": "vacd", "operator": "vacd"},
    "department": {"viewer": "v", "editor": "vacd", "admin": "vacd", "operator": "vacd"},
    "employee": {"viewer": "v", "editor": "vacd", "admin": "vacd", "operator": "vacd"},
    "position": {"viewer": "v", "editor": "vacd", "admin": "vacd", "operator": "vacd"},
    "apikey": {"viewer": "", "editor": "", "admin": "vacd", "operator": "vacd"},
}


@pytest.mark.parametrize("role", ["viewer", "editor", "admin", "operator", "stranger"])
@pytest.mark.parametrize("model", MODELS)
def test_each_role_opens_just_the_pages_it_may(organization, things, model, role):
    client = client_of(organization, role)
    allowed = ALLOWED[model].get(role, "")
    pk = things[model].pk

    def status(page, *args):
        return client.get(reverse(f"admin:positions_{model}_{page}", args=args)).status_code

    assert status("changelist") == (200 if "v" in allowed else 403)
    assert status("change", pk) == (200 if "v" in allowed else 403)
    assert status("history", pk) == (200 if "v" in allowed else 302)
    assert status("add") == (200 if "a" in allowed else 403)
    assert status("delete", pk) == (200 if "d" in allowed else 403)
    page = client.get(reverse(f"admin:positions_{model}_change", args=[pk]))
    if "v" in allowed:
        assert (b'name="_save"' in page.content) is ("c" in allowed)
    posted = client.post(reverse(f"admin:positions_{model}_change", args=[pk]), {})
    assert posted.status_code == (200 if "c" in allowed else 403)
    assert client.get(reverse("admin:index")).status_code == 200
