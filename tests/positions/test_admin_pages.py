"""Every page of the HR side, for every role."""

from __future__ import annotations

from urllib.parse import quote_plus

import pytest
from django.urls import reverse

pytestmark = pytest.mark.django_db

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
def test_each_role_opens_just_the_pages_it_may(organization, things, sign_in, role):
    client = sign_in(organization, role)
    for model, roles in ALLOWED.items():
        allowed = roles.get(role, "")
        pk = things[model].pk

        def answer(page, *args, model=model):
            return client.get(reverse(f"admin:positions_{model}_{page}", args=args))

        assert answer("changelist").status_code == (200 if "v" in allowed else 403), model
        page = answer("change", pk)
        assert page.status_code == (200 if "v" in allowed else 403), model
        assert (b'name="_save"' in page.content) is ("c" in allowed), model
        history = answer("history", pk)
        trail = reverse("admin:positions_auditentry_changelist")
        if "v" in allowed and role in ("admin", "operator"):
            kind = quote_plus(str(things[model]._meta.verbose_name))
            assert history.headers["Location"] == f"{trail}?kind={kind}&object_key={pk}"
        else:
            assert history.status_code == (200 if "v" in allowed else 302), model
        assert answer("add").status_code == (200 if "a" in allowed else 403), model
        assert answer("delete", pk).status_code == (200 if "d" in allowed else 403), model
        posted = client.post(reverse(f"admin:positions_{model}_change", args=[pk]), {})
        assert posted.status_code == (200 if "c" in allowed else 403), model
        if "d" not in allowed:
            deleted = client.post(reverse(f"admin:positions_{model}_delete", args=[pk]), {"post": "yes"})
            assert deleted.status_code == 403, model
            assert type(things[model]).objects.filter(pk=pk).exists()
    index = client.get(reverse("admin:index"))
    assert index.status_code == 200


@pytest.mark.parametrize(
    ("role", "seen", "unseen"),
    [
        ("stranger", [], ["employee", "position", "organization", "apikey", "user"]),
        ("viewer", ["employee", "position", "company", "department", "organization"], ["apikey", "user"]),
        ("admin", ["employee", "position", "company", "organization", "apikey"], ["user"]),
        ("operator", ["employee", "position", "organization", "apikey", "user"], []),
    ],
)
def test_the_sidebar_offers_just_what_opens(organization, things, sign_in, role, seen, unseen):
    page = sign_in(organization, role).get(reverse("admin:index")).content.decode()
    for model in seen:
        assert f'/{model}/"' in page, model
    for model in unseen:
        assert f'/{model}/"' not in page, model


def test_users_are_for_operators(organization, things, sign_in):
    for role, status in (("admin", 403), ("operator", 200)):
        client = sign_in(organization, role)
        for page in ("changelist", "add"):
            assert client.get(reverse(f"admin:auth_user_{page}")).status_code == status
        address = reverse("admin:auth_user_change", args=[client.user.pk])
        assert client.get(address).status_code == status


def test_an_operator_makes_a_user_who_may_sign_in(organization, sign_in, django_user_model):
    client = sign_in(organization, "operator")
    data = {
        "username": "kari",
        "email": "kari@example.com",
        "memberships-TOTAL_FORMS": 0,
        "memberships-INITIAL_FORMS": 0,
    }
    response = client.post(reverse("admin:auth_user_add"), data)
    assert response.status_code == 302, response.content.decode()
    assert django_user_model.objects.get(username="kari").is_staff
