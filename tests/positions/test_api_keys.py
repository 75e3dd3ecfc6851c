"""API keys expire, with a warning before, have an owner, and end with the owner's right to hold them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from positions.models import ApiKey, AuditEntry, Member
from tests.factories import ApiKeyFactory, MemberFactory, OperatorFactory, OrganizationFactory
from tests.positions.conftest import Api

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)
CHANGE, LIST, ADD = (f"admin:positions_apikey_{page}" for page in ("change", "changelist", "add"))


@pytest.fixture
def admin(organization: Any, sign_in: Any) -> Client:
    return sign_in(organization, "admin")


def owned(organization: Any, role: str = "admin", **values: Any) -> ApiKey:
    member = MemberFactory(organization=organization, role=role)
    return ApiKeyFactory(organization=organization, owner=member.user, created_by=member.user, **values)


def answer(key: ApiKey) -> tuple[int, str, str]:
    response = Api(key).get("/employees/")
    body = response.json() if response.status_code != 200 else {}
    return response.status_code, body.get("code", ""), body.get("detail", "")


# -- it expires


def make(client: Client, until: datetime | None = None) -> Any:
    when = {} if until is None else {"expires_at_0": f"{until:%Y-%m-%d}", "expires_at_1": f"{until:%H:%M}"}
    return client.post(reverse(ADD), {"name": "HR", "scopes": ["positions:read"], **when})


@pytest.mark.django_db
def test_a_key_lasts_a_year_at_most_and_less_where_the_installation_says_so(admin, settings):
    with time_machine.travel(NOW, tick=False):
        assert make(admin).status_code == 302
        assert ApiKey.objects.get().expires_at == NOW + timedelta(days=365)
        settings.API_KEY_DAYS = 90
        assert b"90 days after the key is made" in admin.get(reverse(ADD)).content
        refused = make(admin, NOW + timedelta(days=91))
        assert refused.status_code == 200 and b"90 days at most: until 30 May 2026" in refused.content
        assert make(admin, NOW + timedelta(days=20)).status_code == 302
        newest = ApiKey.objects.latest("pk")
        assert newest.expires_at == NOW + timedelta(days=20) and newest.owner == newest.created_by == admin.user


@pytest.mark.django_db
def test_no_change_makes_it_last_longer(organization, sign_in):
    with time_machine.travel(NOW, tick=False) as traveller:
        key = ApiKeyFactory(organization=organization)
        traveller.shift(timedelta(days=300))
        admin = sign_in(organization, "admin")

        def move(days: int) -> Any:
            until = NOW + timedelta(days=days)
            data = {"name": "HR", "scopes": ["positions:read"]}
            data |= {"expires_at_0": f"{until:%Y-%m-%d}", "expires_at_1": f"{until:%H:%M}"}
            response = admin.post(reverse(CHANGE, args=[key.pk]), data)
            key.refresh_from_db()
            return response.status_code

        assert move(366) == 200 and key.expires_at == NOW + timedelta(days=365)
        assert move(310) == 302 and key.expires_at == NOW + timedelta(days=310)
        assert move(365) == 302 and key.expires_at == NOW + timedelta(days=365)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("days", "said", "tone"), [(31, "", ""), (29, "expires in 29 days", "warning"), (6, "in 6 days", "danger")]
)
def test_before_it_does_everybody_concerned_is_told(admin, organization, sign_in, days, said, tone):
    key = owned(organization, name="Nightly", expires_at=NOW + timedelta(days=days, minutes=1))
    with time_machine.travel(NOW, tick=False):
        for path, status in (("/employees/", 200), ("/employees/9/", 404), ("/employees/?x=1", 400)):
            response = Api(key).get(path)
            told = response.headers.get("API-Key-Expires", "")
            assert (response.status_code, told) == (status, f"{key.expires_at:%Y-%m-%dT%H:%M:%SZ}" if said else "")
        page = admin.get(reverse("admin:index")).content.decode()
        notes = re.findall(r'sy-note sy-(\w+)".*?<p>(.*?) <a href="(.*?)"', page, re.DOTALL)
        mine = [(found, url) for found, words, url in notes if "Nightly" in words and said in words]
        assert mine == ([(tone, reverse(CHANGE, args=[key.pk]))] if said else [])
        for address in (reverse(LIST), reverse(CHANGE, args=[key.pk])):
            assert (f"xpires in {days} days" in admin.get(address).content.decode()) is bool(said)
        for role in ("editor", "viewer"):
            assert "Nightly" not in sign_in(organization, role).get(reverse("admin:index")).content.decode()
        elsewhere = sign_in(OrganizationFactory(), "admin")
        assert "Nightly" not in elsewhere.get(reverse("admin:index")).content.decode()


@pytest.mark.django_db
def test_what_the_release_before_makes_without_an_end_has_one(organization):
    with time_machine.travel(NOW, tick=False) as traveller:
        key = ApiKeyFactory(organization=organization, expires_at=None)
        traveller.shift(timedelta(days=364))
        assert answer(key)[0] == 200
        traveller.shift(timedelta(days=1))
        assert answer(key)[:2] == (401, "expired_key")


# -- it ends with its owner's right


def lower(client: Client, key: ApiKey) -> None:
    _members(client, key, role="editor")


def remove(client: Client, key: ApiKey) -> None:
    _members(client, key, DELETE="on")


def _members(client: Client, key: ApiKey, **values: str) -> None:
    organization = key.organization
    data: dict[str, Any] = {"name": organization.name, "country": "NO", "time_zone": "Europe/Oslo"}
    members = list(organization.members.all())
    data |= {"members-TOTAL_FORMS": len(members), "members-INITIAL_FORMS": len(members)}
    for number, member in enumerate(members):
        row: dict[str, Any] = {"id": member.pk, "organization": organization.pk, "role": member.role}
        row |= values if member.user_id == key.owner_id else {}
        data |= {f"members-{number}-{name}": value for name, value in row.items()}
    response = client.post(reverse("admin:positions_organization_change", args=[organization.pk]), data, follow=True)
    assert "ended, because its owner is no longer" in response.content.decode()


def deactivate(client: Client, key: ApiKey) -> None:
    _user(key, is_superuser="")


def _user(key: ApiKey, **values: str) -> None:
    operator, user = Client(), key.owner
    operator.force_login(OperatorFactory())
    memberships = list(user.memberships.all())
    data = {"username": user.username, "email": user.email, "is_staff": "on", **values}
    data |= {"memberships-TOTAL_FORMS": len(memberships), "memberships-INITIAL_FORMS": len(memberships)}
    for number, member in enumerate(memberships):
        row = {"id": member.pk, "user": user.pk, "organization": member.organization_id, "role": member.role}
        data |= {f"memberships-{number}-{name}": value for name, value in row.items()}
    response = operator.post(reverse("admin:auth_user_change", args=[user.pk]), data, follow=True)
    assert response.redirect_chain and "ended, because its owner" in response.content.decode()


def delete(client: Client, key: ApiKey) -> None:
    operator = Client()
    operator.force_login(OperatorFactory())
    address = reverse("admin:auth_user_delete", args=[key.owner_id])
    assert operator.post(address, {"post": "yes"}).status_code == 302


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("event", "why"),
    [(lower, "no longer an admin"), (remove, "no longer a member"), (deactivate, "deactivated"), (delete, "deleted")],
)
def test_it_ends_at_once_says_why_and_stays_so(admin, organization, event, why):
    key, theirs = owned(organization, name="Nightly"), owned(organization)
    owner = key.owner
    second = ApiKeyFactory(organization=OrganizationFactory(), owner=owner)
    if event in (lower, remove):
        MemberFactory(organization=second.organization, user=owner, role="admin")
    assert answer(key)[0] == answer(theirs)[0] == 200
    event(admin, key)
    status, code, detail = answer(key)
    assert (status, code) == (401, "ended_key") and why in detail and "Organization > API keys" in detail
    refused = Api(key).get("/employees/")
    assert refused.headers["Content-Type"] == "application/problem+json" and refused.headers["WWW-Authenticate"]
    page = admin.get(reverse(CHANGE, args=[key.pk])).content.decode()
    assert "Ended" in admin.get(reverse(LIST)).content.decode() and why in page.replace("&#x27;", "'")
    assert "Nightly" in admin.get(reverse("admin:index")).content.decode()
    entry = AuditEntry.objects.get(kind="API key", action="changed", object_key=key.pk)
    assert entry.changes["ended_at"][1] and entry.changes["ended_why"][1] and entry.actor
    assert answer(theirs)[0] == 200, "of somebody else"
    assert answer(second)[0] == (200 if event in (lower, remove) else 401), "of another organization"
    if event is not delete:
        owner.is_active = True
        owner.save()
        Member.objects.update_or_create(organization=organization, user=owner, defaults={"role": "admin"})
        assert answer(key)[1] == "ended_key", "whoever comes back makes a new one"


@pytest.mark.django_db
def test_an_operators_key_ends_with_the_operator(organization):
    operator = OperatorFactory()
    key = ApiKeyFactory(organization=organization, owner=operator)
    assert answer(key)[0] == 200
    operator.last_name = "New"
    operator.save()
    assert answer(key)[0] == 200
    _user(key, is_active="on", is_superuser="")
    assert answer(key)[:2] == (401, "ended_key")


@pytest.mark.django_db
@pytest.mark.parametrize("how", ["role", "membership", "user"])
def test_a_right_that_ended_behind_our_back_opens_nothing(organization, how):
    key = owned(organization)
    if how == "role":
        Member.objects.update(role="viewer")
    elif how == "membership":
        Member.objects.all()._raw_delete("default")
    else:
        get_user_model().objects.filter(pk=key.owner_id or 0).update(is_active=False)
    assert answer(key)[:2] == (401, "ended_key")
    assert not ApiKey.objects.get().ended_at


@pytest.mark.django_db
def test_a_sign_in_asks_nothing_of_keys(organization, django_assert_num_queries):
    key = owned(organization)
    key.owner.last_login = timezone.now()
    with django_assert_num_queries(1):
        key.owner.save(update_fields=["last_login"])


# -- it is replaced


@pytest.mark.django_db
def test_a_successor_works_beside_it(admin, organization):
    key = owned(organization, name="Nightly", scopes=["positions:read"], expires_at=timezone.now() + timedelta(days=5))
    page = admin.get(reverse(CHANGE, args=[key.pk])).content.decode()
    [address] = re.findall(r'href="([^"]*successor_of=\d+)"', page)
    form = admin.get(address).content.decode()
    assert 'value="Nightly"' in form
    assert re.findall(r'value="([\w:]+)"[^>]*\schecked[\s>]', form) == ["positions:read"]
    response = admin.post(address, {"name": "Nightly", "scopes": ["positions:read"]})
    [text] = set(re.findall(r"psk_[\w-]{40,}", admin.get(response.url).content.decode()))
    successor: Any = ApiKey.objects.get(hash=ApiKey.digest(text))
    successor.key = text
    assert successor.owner == admin.user and successor.expires_at > key.expires_at + timedelta(days=300)
    assert answer(key)[0] == answer(successor)[0] == 200


@pytest.mark.django_db
def test_nothing_of_a_foreign_key_is_filled_in(admin, foreign):
    form = admin.get(reverse(ADD) + f"?successor_of={foreign['apikey'].pk}").content.decode()
    assert "Zyxwvut" not in form


@pytest.mark.django_db
def test_another_admin_becomes_the_owner_but_not_of_what_ended(admin, organization):
    key, ended, nobodys = owned(organization), owned(organization), ApiKeyFactory(organization=organization)
    ended.owner.is_active = False
    ended.owner.save()
    page = admin.get(reverse(CHANGE, args=[nobodys.pk])).content.decode()
    assert "belongs to nobody" in page
    data = {"action": "become_owner", "_selected_action": [key.pk, ended.pk, nobodys.pk]}
    said = admin.post(reverse(LIST), data, follow=True).content.decode()
    assert "1 left out" in said
    former = key.owner
    for row in (key, ended, nobodys):
        row.refresh_from_db()
    assert key.owner == nobodys.owner == admin.user and ended.owner != admin.user
    assert "belongs to nobody" not in admin.get(reverse(CHANGE, args=[nobodys.pk])).content.decode()
    former.memberships.all().delete()
    assert answer(key)[0] == 200 and answer(ended)[0] == 401
