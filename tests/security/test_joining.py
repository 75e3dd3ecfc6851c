"""Who is invited accepts; until then nobody in the inviting organization learns whether an address has a user here."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from positions.models import AuditEntry, Invitation, Member, Organization, SelfMadeUser
from synclog.log import retention
from tests.factories import MemberFactory, OrganizationFactory
from tests.security.conftest import browser_of
from tests.security.test_second_factor import current, given, password_given, person, with_factor

pytestmark = pytest.mark.django_db

JOIN = "/admin/join/"
CHOSEN = "violet-otter-harbour-92"
KNOWN, UNKNOWN = "kari@example.com", "siri@example.com"


@pytest.fixture
def organization() -> Organization:
    return OrganizationFactory(name="Fjellheim")


@pytest.fixture
def admin(organization: Organization) -> Any:
    return browser_of(organization, "admin")


def link_in(text: str) -> str:
    found = re.search(r"/admin/join/[\w-]{43}/", text)
    assert found, text
    return found[0]


def invite(admin: Client, email: str, role: str = "editor") -> Any:
    return admin.post(reverse("admin:positions_invitation_add"), {"email": email, "role": role}, follow=True)


def link_for(admin: Client, email: str, role: str = "editor") -> str:
    return link_in(invite(admin, email, role).content.decode())


def answer(client: Client, what: str, **more: str) -> Any:
    page = client.get(JOIN)
    found = re.search(r'name="invitation" value="(\d+)"', page.content.decode())
    return client.post(JOIN, {"invitation": found[1] if found else "0", "answer": what, **more})


def of(organization: Organization, user: Any) -> str | None:
    return Member.objects.filter(organization=organization, user=user).values_list("role", flat=True).first()


# -- nothing tells


def alike(text: str) -> str:
    """Without what is the question's own and what is random."""
    text = re.sub(f"{KNOWN}|{UNKNOWN}", "ADDRESS", text, flags=re.IGNORECASE)
    text = re.sub(r"/admin/join/[\w-]{43}/", "LINK", text)
    text = re.sub(r"\b(kari|siri)-[0-9a-f]{5}\b", "NAME", text)
    text = re.sub(r'(csrfmiddlewaretoken" value=|"once" value=|nonce=)"[^"]+"', "TOKEN", text)
    text = re.sub(
        r"invitation/\d+/|value=\"\d+\"|\b\d\d:\d\d(:\d\d)?\b|[0-9a-f]{64}|'?\d{4}-\d\d-\d\d[^,'\"<]*", "N", text
    )
    return re.sub(r"\bs\d+_x\d+\b|\b\d+\b", "N", text)


def seen(admin: Client, email: str) -> tuple[list[str], list[str]]:
    """All that the admin gets to see of the invitation and by its link, and the statements that were run for it."""
    pages = []
    AuditEntry.objects.all().delete()
    Invitation.objects.all().delete()
    with CaptureQueriesContext(connection) as asked:
        made = invite(admin, email).content.decode()
        pages.append(made)
        pages.append(admin.get(reverse("admin:positions_invitation_changelist")).content.decode())
        key = Invitation.objects.get().pk
        pages.append(admin.get(reverse("admin:positions_invitation_change", args=[key])).content.decode())
        pages.append(admin.get(reverse("admin:positions_auditentry_changelist")).content.decode())
        pages.append(invite(admin, email).content.decode())
        again = {"action": "send_again", "_selected_action": [key]}
        made = admin.post(reverse("admin:positions_invitation_changelist"), again, follow=True).content.decode()
        pages.append(made)
        # whoever has the link may open it in whatever browser
        for browser in (admin, Client()):
            pages.append(browser.get(link_in(made), follow=True).content.decode())
        weak = answer(browser, "new", new_password1="short", new_password2="short")
        pages.append(weak.content.decode())
        pages.append(answer(browser, "decline").url)
        pages.append(admin.get(reverse("admin:positions_invitation_changelist")).content.decode())
        pages.append(admin.get(reverse("admin:positions_auditentry_changelist")).content.decode())
    trail = AuditEntry.objects.order_by("pk").values_list("actor", "via", "action", "kind", "object_name", "changes")
    pages.append(str(list(trail)))
    return [alike(page) for page in pages], [alike(re.sub("'[^']*'", "N", query["sql"])) for query in asked]


def test_an_address_with_a_user_and_one_without_look_alike(organization: Organization, admin: Client) -> None:
    """Pages, lists, errors, audit lines, the page behind the link, and the work that is done."""
    user = person(email=KNOWN, username=KNOWN)
    MemberFactory(user=user, role="admin")
    seen(admin, UNKNOWN)  # whatever is kept from the first time on
    known, unknown = seen(admin, KNOWN), seen(admin, UNKNOWN)
    for one, other in zip(known[0], unknown[0], strict=True):
        assert one == other
    assert known[1] == unknown[1]
    assert of(organization, user) is None


def test_a_new_user_beside_one_of_the_same_address_meets_no_error(organization: Organization, admin: Client) -> None:
    person(email=KNOWN, username=KNOWN)
    link = link_for(admin, KNOWN)
    browser = Client()
    browser.get(link)
    assert answer(browser, "new", new_password1=CHOSEN, new_password2=CHOSEN).status_code == 302
    assert Member.objects.filter(organization=organization).count() == 2


def test_an_admin_adds_nobody_by_hand(organization: Organization, admin: Client) -> None:
    user = person(email=KNOWN, username="kari")
    [me] = Member.objects.filter(organization=organization)
    data = {
        "name": organization.name, "country": "NO", "time_zone": "Europe/Oslo",
        "members-TOTAL_FORMS": "2", "members-INITIAL_FORMS": "1", "members-0-id": me.pk,
        "members-0-organization": organization.pk, "members-0-role": "admin",
        "members-1-organization": organization.pk, "members-1-person": KNOWN, "members-1-role": "viewer",
        "members-1-user": user.pk,
    }  # fmt: skip
    address = reverse("admin:positions_organization_change", args=[organization.pk])
    answers = []
    for name in (KNOWN, UNKNOWN):
        answers.append(admin.post(address, {**data, "members-1-person": name}))
    assert [one.status_code for one in answers] == [302, 302]
    assert "No user" not in admin.get(address).content.decode() and Member.objects.count() == 1
    for field in ("user", "invited_by", "created_by"):
        for model in ("member", "invitation", "apikey"):
            query = {"app_label": "positions", "model_name": model, "field_name": field, "term": "kari"}
            assert admin.get("/admin/autocomplete/", query).status_code == 403


# -- accepting


def test_somebody_new_makes_a_user_and_is_a_member_then(organization: Organization, admin: Client) -> None:
    link = link_for(admin, UNKNOWN)
    assert not get_user_model().objects.filter(email=UNKNOWN).exists()
    browser = Client()
    page = browser.get(link, follow=True)
    assert page.redirect_chain == [(JOIN, 302)], "the token is in no further address"
    assert "Fjellheim" in page.content.decode()
    done = answer(browser, "new", new_password1=CHOSEN, new_password2=CHOSEN)
    user = get_user_model().objects.get(email=UNKNOWN)
    assert of(organization, user) == "editor" and not user.is_superuser
    assert user.username in browser.get(done.url, follow=True).content.decode(), "nobody is signed in by it"
    assert Client().post("/admin/login/", {"username": user.username, "password": CHOSEN}).status_code == 302
    assert not Invitation.objects.exists() and browser.get(link).status_code == 404
    trail = AuditEntry.objects.filter(organization=organization).order_by("pk")
    assert [(e.actor, e.action, e.kind) for e in trail if e.kind in ("member", "invitation")][-3:] == [
        (admin.user.username, "created", "invitation"),  # type: ignore[attr-defined]
        (user.username, "created", "member"),
        (user.username, "deleted", "invitation"),
    ]


def test_a_weak_password_joins_nobody(organization: Organization, admin: Client) -> None:
    browser = Client()
    browser.get(link_for(admin, UNKNOWN))
    assert answer(browser, "new", new_password1="positionsync2026", new_password2="positionsync2026").status_code == 200
    assert answer(browser, "new", new_password1=CHOSEN, new_password2=CHOSEN + "x").status_code == 200
    assert Member.objects.count() == 1


def test_who_has_a_user_signs_in_with_the_second_factor_and_accepts(organization: Organization, admin: Client) -> None:
    user = person(email="Kari@Example.com")
    with_factor(user)
    link = link_for(admin, KNOWN)
    browser = password_given(user, JOIN)
    browser.get(link)
    assert answer(browser, "accept").status_code == 200 and of(organization, user) is None, "the code is missing"
    given(browser, current())
    assert answer(browser, "accept").status_code == 302
    assert of(organization, user) == "editor"
    assert browser.get(reverse("admin:positions_employee_changelist")).status_code == 200


def test_who_signs_in_after_opening_the_link_comes_back_to_it(organization: Organization, admin: Client) -> None:
    user = person(email=KNOWN)
    browser = Client()
    browser.get(link_for(admin, KNOWN))
    form = {"username": user.username, "password": "correct-horse-9-staple", "next": JOIN}
    assert browser.post("/admin/login/", form).headers["Location"] == JOIN
    assert answer(browser, "accept").status_code == 302 and of(organization, user) == "editor"


def test_it_is_seen_after_the_sign_in_without_the_link(organization: Organization, admin: Client) -> None:
    user = person(email=KNOWN)
    invite(admin, KNOWN)
    browser = password_given(user)
    assert "Fjellheim invites you" in browser.get("/admin/").content.decode()
    assert answer(browser, "accept").status_code == 302 and of(organization, user) == "editor"
    assert "invites you" not in browser.get("/admin/").content.decode()


def test_declined_is_told_under_the_invited_address_alone(organization: Organization, admin: Client) -> None:
    user = person(email=KNOWN, username="somebody-known")
    link = link_for(admin, KNOWN)
    browser = password_given(user)
    assert answer(browser, "decline").status_code == 302
    assert of(organization, user) is None and Client().get(link).status_code == 404
    assert answer(browser, "accept").status_code == 404 and of(organization, user) is None
    told = admin.get(reverse("admin:positions_invitation_changelist")).content.decode()
    told += admin.get(reverse("admin:positions_auditentry_changelist")).content.decode()
    assert "Declined" in told and "somebody-known" not in told


# -- nobody else


@pytest.mark.parametrize(
    "address",
    ["other@example.com", "\u212aari@example.com", "kari@example.com.evil.example", "ka\u0280i@example.com", ""],
)
def test_nobody_accepts_for_another_address(organization: Organization, admin: Client, address: str) -> None:
    other = person(email=address)
    link = link_for(admin, KNOWN)
    browser = password_given(other)
    assert "invites you" not in browser.get("/admin/").content.decode()
    key = Invitation.objects.get().pk
    assert browser.post(JOIN, {"invitation": key, "answer": "accept"}).status_code == 404
    browser.get(link)
    assert "another address" in browser.get(JOIN).content.decode()
    assert browser.post(JOIN, {"invitation": key, "answer": "accept"}).status_code == 403
    assert answer(browser, "new", new_password1=CHOSEN, new_password2=CHOSEN).status_code == 200
    assert Member.objects.count() == 1 and Invitation.objects.count() == 1


def test_who_made_a_user_by_one_invitation_takes_none_of_others(organization: Organization, admin: Client) -> None:
    """An admin invites an address of somebody else, keeps the link and makes the user: with it they get into their own
    organization, and learn and take nothing of another's invitation."""
    squatter = Client()
    squatter.get(link_for(admin, KNOWN))
    answer(squatter, "new", new_password1=CHOSEN, new_password2=CHOSEN)
    user = SelfMadeUser.objects.get().user
    squatter.post("/admin/login/", {"username": user.username, "password": CHOSEN})
    other = OrganizationFactory(name="Havna")
    link = link_for(browser_of(other, "admin"), KNOWN)
    assert "Havna" not in squatter.get("/admin/").content.decode()
    assert squatter.post(JOIN, {"invitation": Invitation.objects.get().pk, "answer": "accept"}).status_code == 404
    squatter.get(link)
    assert answer(squatter, "accept").status_code == 302, "with the other one's link, which its admin handed over"
    # once an operator has entered the address, it is the user's as any other
    assert SelfMadeUser.objects.filter(user=user).exists()
    form = {"username": user.username, "email": "new@example.com", "is_active": "on", "is_staff": "on"}
    members = {"memberships-TOTAL_FORMS": 0, "memberships-INITIAL_FORMS": 0}
    browser_of(None, "operator").post(reverse("admin:auth_user_change", args=[user.pk]), {**form, **members})
    assert not SelfMadeUser.objects.exists()


def test_a_link_is_over_after_a_week_a_new_one_or_when_withdrawn(organization: Organization, admin: Client) -> None:
    first = link_for(admin, KNOWN)
    with time_machine.travel(timezone.now() + timedelta(days=7, minutes=1)):
        assert Client().get(first).status_code == 404
    chosen = {"_selected_action": [Invitation.objects.get().pk]}
    changelist = reverse("admin:positions_invitation_changelist")
    again = admin.post(changelist, {"action": "send_again", **chosen}, follow=True).content.decode()
    second = link_in(again)
    opened = Client()
    opened.get(second)
    assert Client().get(first).status_code == 404 and Client().get(second).status_code == 302
    admin.post(changelist, {"action": "withdraw", **chosen})
    assert Client().get(second).status_code == 404 and not Invitation.objects.exists()
    assert answer(opened, "new", new_password1=CHOSEN, new_password2=CHOSEN).status_code == 404
    assert Member.objects.count() == 1
    [entry] = AuditEntry.objects.filter(kind="invitation", action="deleted")
    assert (entry.actor, entry.object_name) == (admin.user.username, KNOWN)  # type: ignore[attr-defined]


def test_who_may_no_longer_invite_leaves_no_way_back_in(organization: Organization, admin: Client) -> None:
    link = link_for(admin, KNOWN)
    MemberFactory(organization=organization, role="admin")
    Member.objects.filter(user=admin.user).update(role="viewer")  # type: ignore[attr-defined]
    assert Client().get(link).status_code == 404
    other = browser_of(organization, "admin")
    assert "Over" in other.get(reverse("admin:positions_invitation_changelist")).content.decode()


def test_the_database_has_no_link(organization: Organization, admin: Client) -> None:
    token = link_for(admin, KNOWN).split("/")[3]
    rows = str(list(Invitation.objects.values())) + str(list(AuditEntry.objects.values()))
    assert token not in rows and Invitation.objects.get().digest not in str(list(AuditEntry.objects.values()))


def test_what_is_over_goes_a_month_later(organization: Organization, admin: Client) -> None:
    invite(admin, KNOWN)
    for days, left in ((36, 1), (38, 0)):
        with time_machine.travel(timezone.now() + timedelta(days=days)):
            retention.prune()
        assert Invitation.objects.count() == left
