"""Members and API keys, as an organization's admin keeps them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.urls import reverse
from django.utils import timezone

from positions.admin.organization import MemberForm
from positions.models import ApiKey, Member, SelfMadeUser
from tests.factories import MemberFactory, UserFactory
from tests.positions.conftest import Api

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(organization, sign_in):
    return sign_in(organization, "admin")


def post_members(client, organization, rows, deleted=()):
    data = {
        "name": organization.name,
        "country": "NO",
        "time_zone": "Europe/Oslo",
        "members-TOTAL_FORMS": len(rows),
        "members-INITIAL_FORMS": sum(1 for row in rows if row.get("id")),
    }
    for index, row in enumerate(rows):
        sent = {"organization": organization.pk, **row}
        data |= {f"members-{index}-{name}": value for name, value in sent.items() if value is not None}
    for index in deleted:
        data[f"members-{index}-DELETE"] = "on"
    return client.post(reverse("admin:positions_organization_change", args=[organization.pk]), data)


@pytest.fixture
def operator(organization, sign_in):
    return sign_in(organization, "operator")


def test_an_admin_changes_a_role_and_an_operator_adds_somebody(organization, admin, operator):
    me = Member.objects.get(user=admin.user)
    other = MemberFactory(organization=organization, role="viewer")
    UserFactory(username="kari", email="Kari@example.com")
    rows = [{"id": me.pk, "role": "admin"}, {"id": other.pk, "role": "editor"}]
    response = post_members(admin, organization, rows)
    assert response.status_code == 302, response.content.decode()
    other.refresh_from_db()
    assert other.role == "editor"
    post_members(operator, organization, [*rows, {"person": "kari@example.com", "role": "editor"}])
    assert Member.objects.get(user__username="kari").role == "editor"


@pytest.mark.parametrize(
    ("person", "words"),
    [
        ("nobody@example.com", "No user here is called nobody@example.com"),
        ("twin@example.com", "Several users have this e-mail"),
        ("outside", "may not sign in"),
        ("gone", "No user here is called gone"),
    ],
)
def test_an_operator_adds_nobody_unknown(organization, operator, person, words):
    UserFactory(email="twin@example.com")
    UserFactory(email="twin@example.com")
    UserFactory(username="outside", is_staff=False)
    UserFactory(username="gone", is_active=False)
    response = post_members(operator, organization, [{"person": person, "role": "viewer"}])
    assert response.status_code == 200 and words in response.content.decode()
    assert not Member.objects.exists()


def test_an_address_nobody_vouches_for_finds_no_member(organization, operator):
    """Whoever gave themselves the address of somebody else would be made a member in their stead. By name they are."""
    user = UserFactory(username="ceo-12345", email="ceo@example.com")
    SelfMadeUser.objects.create(user=user)
    by_address, by_name = (MemberForm({"person": given, "role": "admin"}) for given in (user.email, user.username))
    assert "person" in by_address.errors and by_name.is_valid() and by_name.instance.user == user
    SelfMadeUser.objects.all().delete()
    assert MemberForm({"person": user.email, "role": "admin"}).is_valid()


def test_one_admin_remains_and_nobody_is_in_twice(organization, admin, operator):
    me = Member.objects.get(user=admin.user)
    response = post_members(admin, organization, [{"id": me.pk, "role": "viewer"}])
    assert "keeps at least one admin" in response.content.decode()
    response = post_members(admin, organization, [{"id": me.pk, "role": "admin"}], deleted=[0])
    assert "keeps at least one admin" in response.content.decode()
    twice = [{"id": me.pk, "role": "admin"}, {"person": admin.user.username, "role": "viewer"}]
    assert "listed twice" in post_members(operator, organization, twice).content.decode()
    me.refresh_from_db()
    assert me.role == "admin" and Member.objects.count() == 1


def test_others_do_not_see_the_members(organization, admin, sign_in):
    for role in ("viewer", "editor"):
        client = sign_in(organization, role)
        page = client.get(reverse("admin:positions_organization_change", args=[organization.pk])).content.decode()
        assert "members-TOTAL_FORMS" not in page and admin.user.email not in page
        assert post_members(client, organization, []).status_code == 403


# -- API keys


def make_key(client, **changes):
    data = {"name": "HR import", "scopes": ["positions:read"], **changes}
    return client.post(reverse("admin:positions_apikey_add"), data)


def test_a_key_is_shown_once_and_works(organization, admin):
    response = make_key(admin)
    assert response.status_code == 302, response.content.decode()
    row: Any = ApiKey.objects.get()
    assert row.organization == organization and row.created_by == admin.user and row.scopes == ["positions:read"]
    assert not any("psk_" in session.session_data for session in Session.objects.all())
    assert not any("psk_" in str(s.get_decoded()) for s in Session.objects.all())
    page = admin.get(response.url)
    assert "no-store" in page.headers["Cache-Control"]
    (key,) = set(re.findall(r"psk_[\w-]{40,}", page.content.decode()))
    assert ApiKey.digest(key) == row.hash
    again = admin.get(response.url, follow=True).content.decode()
    assert key not in again and "shown once" in again
    row.key = key
    assert Api(row).get("/employees/").status_code == 200
    for address in (
        reverse("admin:positions_apikey_change", args=[row.pk]),
        reverse("admin:positions_apikey_changelist"),
        reverse("admin:positions_apikey_history", args=[row.pk]),
    ):
        text = admin.get(address).content.decode()
        assert key not in text and row.hash not in text
    assert key not in str(list(LogEntry.objects.values()))


def test_deleting_a_key_revokes_it(organization, admin, api):
    row = ApiKey.objects.get()
    assert api.get("/employees/").status_code == 200
    admin.post(reverse("admin:positions_apikey_delete", args=[row.pk]), {"post": "yes"})
    assert api.get("/employees/").status_code == 401


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"scopes": []}, "Tick at least one scope"),
        ({"scopes": ["everything"]}, "not one of the available choices"),
        ({"expires_at_0": "2020-01-01", "expires_at_1": "00:00"}, "lies in the past"),
        ({"name": ""}, "required"),
    ],
)
def test_a_wrong_key_is_not_made(organization, admin, changes, words):
    response = make_key(admin, **changes)
    assert response.status_code == 200 and words in response.content.decode()
    assert not ApiKey.objects.exists()


def test_a_change_keeps_the_key(organization, admin):
    make_key(admin)
    row = ApiKey.objects.get()
    tomorrow = timezone.now() + timedelta(days=1)
    data = {
        "name": "New",
        "scopes": ["positions:write"],
        "expires_at_0": f"{tomorrow:%Y-%m-%d}",
        "expires_at_1": "10:00",
    }
    assert admin.post(reverse("admin:positions_apikey_change", args=[row.pk]), data).status_code == 302
    changed = ApiKey.objects.get()
    assert (changed.name, changed.hash, changed.scopes) == ("New", row.hash, ["positions:write"])
    response = admin.get(reverse("admin:positions_apikey_changelist") + "?hash__startswith=a")
    assert response.status_code == 400
