"""Whom a person of the issuer is here: the user that they connected, one that they were expected as, or nobody."""

from __future__ import annotations

import re
import time
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth import SESSION_KEY, get_user_model
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from positions import languages
from positions.accounts import federation, sessions
from positions.accounts import issuer as ours
from positions.models import (
    ApiKey,
    AuditEntry,
    FederatedIdentity,
    GroupRole,
    Invitation,
    LanguageChoice,
    Member,
    Organization,
    SecondFactor,
    SelfMadeUser,
)  # fmt: skip
from synclog.log import retention
from synclog.queue import tasks
from synclog.telling import outbox
from tests.factories import ApiKeyFactory, MemberFactory, OperatorFactory, OrganizationFactory, UserFactory
from tests.issuer import Issuer
from tests.security import walk
from tests.security.conftest import browser_of
from tests.security.test_confirming import ASKED, USERS, changed, sent_again
from tests.security.test_issuer import ARRIVED, connected, connected_kari, path_of, sign_in, there
from tests.security.test_joining import alike, link_for
from tests.security.test_second_factor import (
    CODE,
    OVERVIEW,
    PASSWORD,
    SET_UP,
    current,
    given,
    inside,
    key_on,
    open_pages,
    password_given,
    person,
    with_factor,
)  # fmt: skip

pytestmark = pytest.mark.django_db

SIGN_IN, SESSIONS = "/admin/sign-in/", "/admin/sessions/"
EMAIL = "kari@example.com"


@pytest.fixture
def fjell() -> Organization:
    return OrganizationFactory(name="Fjellheim")


@pytest.fixture
def kari(issuer: Issuer) -> Any:
    return connected_kari(issuer)


def arrive(issuer: Issuer, client: Client | None = None) -> Client:
    """Somebody whom no user is connected with yet."""
    client, answer = sign_in(issuer, client)
    assert answer.headers["Location"] == ARRIVED
    return client


def answered(client: Client, answer: str, **more: str) -> Any:
    """The page's form, sent with this button."""
    return client.post(ARRIVED, sent_again(client.get(ARRIVED), answer=answer, **more))


def users() -> int:
    return int(get_user_model()._default_manager.count())


def invited(organization: Organization, email: str = EMAIL, role: str = "editor") -> str:
    """The link."""
    return link_for(browser_of(organization, "admin"), email, role)


def role_of(organization: Organization, user: Any) -> tuple[str, str] | None:
    return Member.objects.filter(organization=organization, user=user).values_list("role", "group").first()


def with_groups(issuer: Issuer, *groups: str) -> None:
    issuer.claims["groups"] = list(groups)


def gives(organization: Organization, group: str, role: str = "editor") -> GroupRole:
    return GroupRole.objects.create(organization=organization, group=group, role=role)


# -- nobody who is not expected


def test_who_is_not_invited_gets_no_user_and_is_told_what_to_do(issuer: Issuer) -> None:
    client = arrive(issuer)
    page = client.get(ARRIVED)
    assert page.status_code == 403 and "Ask an admin of your organization to invite you" in page.content.decode()
    assert answered(client, "new").status_code == 403
    assert users() == 0 and not inside(client)


def test_the_same_address_is_nobody(issuer: Issuer, fjell: Organization) -> None:
    """Neither with a verified address nor by a name or an id does somebody become a user that is there."""
    for name in ("kari", EMAIL, issuer.claims["sub"]):
        MemberFactory(organization=fjell, user=person(username=name, email=EMAIL), role="admin")
    operator = OperatorFactory(email=EMAIL)
    issuer.claims |= {"preferred_username": "kari"}
    client = arrive(issuer)
    answered(client, "new")
    answered(client, "connect", password=PASSWORD)
    assert not inside(client) and not FederatedIdentity.objects.exists()
    operator.refresh_from_db()
    assert operator.last_login is None


def test_whether_the_address_has_a_user_is_not_told(issuer: Issuer, fjell: Organization) -> None:
    def seen() -> tuple[list[str], list[str]]:
        pages = []
        with CaptureQueriesContext(connection) as asked:
            client = arrive(issuer)
            for page in (client.get(ARRIVED), client.post(ARRIVED, {"answer": "new"}), answered(client, "new")):
                pages.append(re.sub(r'value="[^"]+"|nonce="[^"]+"', "", page.content.decode()))
        return pages, [alike(re.sub("'[^']*'", "N", one["sql"])) for one in asked]

    unknown = seen()
    MemberFactory(organization=fjell, user=person(username="kari", email=EMAIL))
    assert seen() == unknown


def test_another_subject_with_everything_else_the_same_is_somebody_else(issuer: Issuer, kari: Any) -> None:
    issuer.claims["sub"] = issuer.claims["sub"].replace("1", "2")
    client = arrive(issuer)
    assert not inside(client)


def test_another_issuer_with_the_same_subject_is_somebody_else(issuer: Issuer, kari: Any) -> None:
    FederatedIdentity.objects.update(issuer="https://id.example.com")
    arrive(issuer)


def test_who_waits_is_forgotten_after_ten_minutes(issuer: Issuer, fjell: Organization) -> None:
    gives(fjell, "staff")
    with_groups(issuer, "staff")
    client = arrive(issuer)
    with time_machine.travel(time.time() + 601, tick=False):
        assert client.post(ARRIVED, {"answer": "new"}).headers["Location"] == "/admin/login/"
    assert users() == 0


@pytest.mark.parametrize("field", ["is_active", "is_staff"])
def test_who_may_not_sign_in_here_does_not_by_the_issuer(issuer: Issuer, kari: Any, field: str) -> None:
    type(kari).objects.filter(pk=kari.pk).update(**{field: False})
    client, answer = sign_in(issuer)
    assert answer.status_code == 403 and "may not sign in here any more" in answer.content.decode()
    assert not inside(client)
    assert AuditEntry.objects.get(action="refused").changes["reason"] == ["", "may not sign in"]


def test_a_deactivated_user_is_out_at_once(issuer: Issuer, kari: Any) -> None:
    client, _ = sign_in(issuer)
    assert inside(client)
    kari.is_active = False
    kari.save()
    assert not inside(client)


def test_the_trail_says_who_signed_in_and_by_what(issuer: Issuer, kari: Any) -> None:
    sign_in(issuer)
    entry = AuditEntry.objects.get(action="signed_in")
    assert (entry.actor, entry.changes) == ("kari", {"address": ["", "127.0.0.1"], "by": ["", "Fjell ID"]})


# -- invited


def test_who_is_invited_under_a_verified_address_gets_a_user_and_accepts(issuer: Issuer, fjell: Organization) -> None:
    invited(fjell)
    client = arrive(issuer)
    assert "Make my user" in client.get(ARRIVED).content.decode()
    assert answered(client, "new").headers["Location"] == "/admin/join/"
    user = FederatedIdentity.objects.get().user
    assert (user.email, user.first_name, user.has_usable_password()) == (EMAIL, "Kari", False)
    assert not user.memberships.exists() and not SelfMadeUser.objects.exists()
    page = client.get("/admin/join/").content.decode()
    found = re.search(r'name="invitation" value="(\d+)"', page)
    assert found is not None
    client.post("/admin/join/", {"invitation": found[1], "answer": "accept"})
    assert role_of(fjell, user) == ("editor", "")
    again, _ = sign_in(issuer)
    assert inside(again) and users() == 2  # with the admin


@pytest.mark.parametrize("verified", [False, None, "no", 0, [True], "yes"])
def test_an_address_that_is_not_verified_finds_no_invitation(
    issuer: Issuer, fjell: Organization, verified: Any
) -> None:
    invited(fjell)
    issuer.claims["email_verified"] = verified
    client = arrive(issuer)
    page = client.get(ARRIVED)
    assert page.status_code == 403 and "does not say that this address is yours" in page.content.decode()
    answered(client, "new")
    assert not FederatedIdentity.objects.exists()


@pytest.mark.parametrize("value", [True, "true", "1", 1])
def test_which_claim_is_trusted_is_the_operators_to_say(
    issuer: Issuer, fjell: Organization, settings: Any, value: Any
) -> None:
    """Entra ID has no email_verified."""
    settings.OIDC_EMAIL_VERIFIED_CLAIM = "xms_edov"
    invited(fjell)
    assert arrive(issuer).get(ARRIVED).status_code == 403
    issuer.claims["xms_edov"] = value
    assert arrive(issuer).get(ARRIVED).status_code == 200


def test_by_the_link_the_address_need_not_be_verified(issuer: Issuer, fjell: Organization) -> None:
    issuer.claims["email_verified"] = False
    client = Client()
    client.get(invited(fjell))
    assert "/admin/sign-in/begin/?next=/admin/join/" in client.get("/admin/join/").content.decode()
    arrive(issuer, client)
    assert answered(client, "new").headers["Location"] == "/admin/"
    user = FederatedIdentity.objects.get().user
    assert role_of(fjell, user) == ("editor", "") and inside(client)
    # Only that organization vouches for the address: it is no way into others.
    assert SelfMadeUser.objects.filter(user=user).exists() and not Invitation.objects.exists()


def test_by_the_link_a_verified_address_counts_as_such(issuer: Issuer, fjell: Organization) -> None:
    client = Client()
    client.get(invited(fjell))
    answered(arrive(issuer, client), "new")
    assert FederatedIdentity.objects.exists() and not SelfMadeUser.objects.exists()


def test_a_link_that_is_over_makes_nobody(issuer: Issuer, fjell: Organization) -> None:
    client = Client()
    client.get(invited(fjell, "siri@example.com"))
    arrive(issuer, client)
    Invitation.objects.all().delete()
    answered(client, "new")
    assert not FederatedIdentity.objects.exists() and not inside(client)


# -- a user who is there


def test_who_has_a_password_signs_in_and_connects(issuer: Issuer, fjell: Organization) -> None:
    user = person(username="kari", email="other@example.com")
    MemberFactory(organization=fjell, user=user, role="editor")
    client = arrive(issuer)
    page = client.get(ARRIVED).content.decode()
    assert f"/admin/login/?next={ARRIVED}" in page
    assert (
        client.post("/admin/login/", {"username": "kari", "password": PASSWORD, "next": ARRIVED}).headers["Location"]
        == ARRIVED
    )
    assert "Is this you?" in client.get(ARRIVED).content.decode() and not FederatedIdentity.objects.exists()
    assert answered(client, "connect", password=PASSWORD).headers["Location"] == SIGN_IN
    identity = FederatedIdentity.objects.get()
    assert (identity.user, identity.subject, identity.issuer) == (user, issuer.claims["sub"], issuer.address)
    assert inside(sign_in(issuer)[0]) and inside(password_given(user))
    assert AuditEntry.objects.filter(kind="sign-in by an issuer", action="created", actor="kari").exists()


def test_connecting_wants_password_and_code_however_fresh(issuer: Issuer) -> None:
    """Whoever sits at an open browser for a minute would have a way in that outlives a new password and a new code."""
    user = person(username="kari")
    codes = with_factor(user)
    client = password_given(user)
    given(client, codes[0])
    arrive(issuer, client)
    wrong: list[dict[str, str]] = [
        {},
        {"password": PASSWORD},
        {"password": PASSWORD, "code": codes[0]},
        {"password": "wrong", "code": codes[1]},
    ]
    for given_again in wrong:
        assert answered(client, "connect", **given_again).status_code == 200
        assert not FederatedIdentity.objects.exists()
    answered(client, "connect", password=PASSWORD, code=codes[1])
    assert FederatedIdentity.objects.get().user == user


def test_who_is_connected_is_mailed_and_their_organizations_see_it(
    issuer: Issuer, fjell: Organization, settings: Any, monkeypatch: Any
) -> None:
    settings.PUBLIC_ADDRESS = "https://sync.example.com"
    monkeypatch.setattr(outbox, "async_task", lambda *_, **__: None)
    user = person(username="kari", email="kari@other.example")
    MemberFactory(organization=fjell, user=user)
    LanguageChoice.objects.create(user=user, language=languages.ENGLISH)
    answered(arrive(issuer, password_given(user)), "connect", password=PASSWORD)
    tasks.mail()
    (letter,) = mail.outbox
    assert letter.to == ["kari@other.example"] and "https://sync.example.com/admin/sign-in/" in letter.body
    assert "Your user kari of Position Sync was connected with an account of Fjell ID" in letter.body
    told = AuditEntry.objects.get(organization=fjell, kind="sign-in by an issuer", action="created")
    assert told.object_name == "kari" and issuer.claims["sub"] not in str(told.changes)


def test_connects_whom_the_page_named(issuer: Issuer) -> None:
    """Another account that has come in another tab meanwhile, or by another site, is not connected unseen."""
    client = password_given(person(username="kari"))
    page = arrive(issuer, client).get(ARRIVED)
    mine = issuer.claims["sub"]
    issuer.claims |= {"sub": "another", "email": "another@example.com"}
    arrive(issuer, client)
    answer = client.post(ARRIVED, sent_again(page, answer="connect", password=PASSWORD), follow=True)
    assert "Somebody else has come from Fjell ID" in answer.content.decode()
    assert "another@example.com" in answer.content.decode() and not FederatedIdentity.objects.exists()
    client.post(ARRIVED, {"answer": "connect", "password": PASSWORD})
    assert not FederatedIdentity.objects.exists()
    issuer.claims["sub"] = mine
    arrive(issuer, client)
    client.post(ARRIVED, sent_again(page, answer="connect", password=PASSWORD))
    assert FederatedIdentity.objects.get().subject == mine


def test_makes_the_user_whom_the_page_named(issuer: Issuer, fjell: Organization) -> None:
    gives(fjell, "hr")
    with_groups(issuer, "hr")
    page = arrive(issuer, client := Client()).get(ARRIVED)
    issuer.claims["sub"] = "another"
    arrive(issuer, client)
    client.post(ARRIVED, sent_again(page, answer="new"))
    assert users() == 0
    answered(client, "new")
    assert FederatedIdentity.objects.get().subject == "another"


def test_nobody_is_connected_by_an_address_alone(issuer: Issuer) -> None:
    """Another site may send a browser to the issuer and back, and its page can press no button of ours."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(person(username="kari"))
    arrive(issuer, client)
    assert "Is this you?" in client.get(ARRIVED).content.decode()
    assert client.post(ARRIVED, {"answer": "connect", "password": PASSWORD}).status_code == 403
    assert not FederatedIdentity.objects.exists()


def test_who_does_not_want_to_connect_does_not(issuer: Issuer) -> None:
    client = password_given(person(username="kari"))
    arrive(issuer, client)
    assert answered(client, "cancel").headers["Location"] == SIGN_IN
    assert not FederatedIdentity.objects.exists() and client.get(ARRIVED).status_code == 302


def test_a_user_has_one_account_there_and_an_account_one_user(issuer: Issuer) -> None:
    user = connected(issuer, person(username="kari"))
    issuer.claims["sub"] = "another"
    client = password_given(user)
    arrive(issuer, client)
    assert "Disconnect that one first" in client.get(ARRIVED).content.decode()
    answered(client, "connect", password=PASSWORD)
    assert FederatedIdentity.objects.get().subject != "another"
    # Somebody else's account signs somebody else in, and connects nobody.
    issuer.claims["sub"] = FederatedIdentity.objects.get().subject
    other = password_given(person(username="siri"))
    sign_in(issuer, other)
    assert FederatedIdentity.objects.get().user == user and sign_in(issuer, other)[0].session["_auth_user_id"] == str(
        user.pk
    )


def test_disconnecting_wants_the_password_and_ends_what_groups_gave(issuer: Issuer, fjell: Organization) -> None:
    user = connected(issuer, person(username="kari"))
    gives(fjell, "staff")
    with_groups(issuer, "staff")
    client, _ = sign_in(issuer)
    assert role_of(fjell, user) == ("editor", "staff")
    client.post(SIGN_IN, {"password": "wrong"})
    assert FederatedIdentity.objects.exists()
    client.post(SIGN_IN, {"password": PASSWORD})
    assert not FederatedIdentity.objects.exists() and role_of(fjell, user) is None
    assert inside(password_given(user))


def test_who_has_no_password_does_not_lock_themselves_out(issuer: Issuer, kari: Any) -> None:
    client, _ = sign_in(issuer)
    assert "You have no password here" in client.get(SIGN_IN).content.decode()
    client.post(SIGN_IN, {"password": ""})
    assert FederatedIdentity.objects.exists()


def test_an_operator_disconnects_somebody(issuer: Issuer, kari: Any) -> None:
    theirs, _ = sign_in(issuer)
    operator = password_given(person(OperatorFactory))
    data = {"action": "disconnect", "_selected_action": [kari.pk]}
    assert "Disconnected 1" in operator.post(USERS, data, follow=True).content.decode()
    assert not FederatedIdentity.objects.exists() and not inside(theirs)
    arrive(issuer)


@pytest.mark.parametrize("field", ["is_active", "is_staff"])
def test_who_was_deactivated_and_disconnected_gets_no_other_user(
    issuer: Issuer, kari: Any, fjell: Organization, field: str
) -> None:
    """Neither by a group nor by an invitation: to be unknown here would let them in again."""
    gives(fjell, "hr")
    with_groups(issuer, "hr")
    invited(fjell)
    type(kari).objects.filter(pk=kari.pk).update(**{field: False})
    before = users()
    operator = password_given(person(OperatorFactory))
    said = operator.post(USERS, {"action": "disconnect", "_selected_action": [kari.pk]}, follow=True).content.decode()
    assert "1 user who may not sign in stays connected" in said and "Disconnected" not in said
    client, answer = sign_in(issuer)
    assert answer.status_code == 403
    answered(client, "new")
    assert not inside(client) and users() == before + 1  # the operator


# -- groups


def test_a_group_gives_a_role_in_its_organization_and_nothing_elsewhere(issuer: Issuer, fjell: Organization) -> None:
    other = OrganizationFactory()
    gives(fjell, "hr", "admin")
    gives(other, "someone-else", "admin")
    with_groups(issuer, "hr", "everybody")
    client = arrive(issuer)
    answered(client, "new")
    user = FederatedIdentity.objects.get().user
    assert role_of(fjell, user) == ("admin", "hr") and role_of(other, user) is None
    assert not user.is_superuser and user.email == EMAIL
    assert client.get(reverse("admin:positions_organization_change", args=[fjell.pk])).status_code == 200
    assert client.get(reverse("admin:positions_organization_change", args=[other.pk])).status_code != 200
    made = AuditEntry.objects.get(kind="member", organization=fjell)
    assert made.changes["group"] == [None, "hr"] and made.actor == user.username


def test_without_a_verified_address_a_group_is_enough_and_the_address_vouches_for_nothing(
    issuer: Issuer, fjell: Organization
) -> None:
    gives(fjell, "hr")
    with_groups(issuer, "hr")
    issuer.claims["email_verified"] = False
    other = OrganizationFactory()
    invited(other)
    client = arrive(issuer)
    assert answered(client, "new").headers["Location"] == "/admin/"
    user = FederatedIdentity.objects.get().user
    assert user.email == EMAIL and SelfMadeUser.objects.filter(user=user).exists()
    assert client.get("/admin/join/").status_code == 404 and role_of(other, user) is None


def test_groups_are_renewed_at_each_sign_in(issuer: Issuer, kari: Any, fjell: Organization) -> None:
    hand_made = Member.objects.get(user=kari)
    gives(fjell, "hr", "editor")
    gives(fjell, "chiefs", "admin")
    gives(hand_made.organization, "hr", "viewer")
    steps: list[tuple[tuple[str, ...], Any]] = [
        (("hr",), ("editor", "hr")),
        (("hr", "chiefs"), ("admin", "chiefs")),
        (("chiefs", "hr"), ("admin", "chiefs")),
        (("hr",), ("editor", "hr")),
        ((), None),
        (("hr",), ("editor", "hr")),
    ]
    for groups, expected in steps:
        with_groups(issuer, *groups)
        assert inside(sign_in(issuer)[0])
        assert role_of(fjell, kari) == expected
        assert role_of(hand_made.organization, kari) == ("admin", "")  # what somebody gave here stays


def test_what_a_group_gives_ends_with_its_row(issuer: Issuer, kari: Any, fjell: Organization) -> None:
    """On the organization's page, be they signed in or not, and with their API keys. Another group's stays."""
    row, other = gives(fjell, "hr", "admin"), gives(fjell, "chiefs", "viewer")
    MemberFactory(organization=fjell, user=UserFactory(username="siri"), role="viewer", group="chiefs")
    with_groups(issuer, "hr")
    sign_in(issuer)
    page = reverse("admin:positions_organization_change", args=[fjell.pk])
    ApiKeyFactory(organization=fjell, owner=kari, created_by=kari)
    operator = browser_of(fjell, "operator")

    def save(**more: Any) -> str:
        form: dict[str, Any] = {}
        shown: dict[str, list[Any]] = {"members": list(fjell.members.all()), "group_roles": [row, other]}
        for name, rows in shown.items():
            form |= {f"{name}-TOTAL_FORMS": len(rows), f"{name}-INITIAL_FORMS": len(rows)}
            for number, one in enumerate(rows):
                form |= {f"{name}-{number}-id": one.pk, f"{name}-{number}-role": one.role}
                form |= {f"{name}-{number}-group": one.group} if name == "group_roles" else {}
        answer = operator.post(page, group_form(fjell, **{**form, **more}), follow=True)
        assert answer.redirect_chain
        return str(answer.content.decode())

    said = save(**{"group_roles-0-role": "editor"})
    row.refresh_from_db()
    assert role_of(fjell, kari) == ("editor", "hr")
    assert ApiKey.objects.get().ended_at is not None and ApiKey.objects.get().name in said
    save(**{"group_roles-0-role": "admin"})
    row.refresh_from_db()
    assert role_of(fjell, kari) == ("admin", "hr")
    save(**{"group_roles-0-DELETE": "on"})
    assert role_of(fjell, kari) is None and kari.memberships.count() == 1
    assert AuditEntry.objects.filter(
        kind="member", action="deleted", organization=fjell, actor=operator.user.username
    ).exists()
    other.group = "bosses"
    other.save()
    assert list(fjell.members.exclude(group="")) == []


def test_an_organization_goes_with_its_groups_and_members(issuer: Issuer, kari: Any, fjell: Organization) -> None:
    gives(fjell, "hr")
    with_groups(issuer, "hr")
    sign_in(issuer)
    fjell.delete()
    assert not GroupRole.objects.exists() and AuditEntry.objects.filter(kind="member", action="deleted").count() == 1


@pytest.mark.parametrize(
    "told", ["hr", ["hr", 7, None, ["x"], "", "\0", "\ud800"], {"hr": True}, 7, None, ["x"] * 5000 + ["hr"]]
)
def test_what_is_no_list_of_names_gives_nothing_more(issuer: Issuer, kari: Any, fjell: Organization, told: Any) -> None:
    gives(fjell, "hr")
    issuer.claims["groups"] = told
    assert inside(sign_in(issuer)[0])
    assert bool(role_of(fjell, kari)) is (told == "hr" or (isinstance(told, list) and told[0] == "hr"))


def test_groups_that_are_too_many_to_be_told_count_as_none(
    issuer: Issuer, kari: Any, fjell: Organization, caplog: Any
) -> None:
    """https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference (groups overage claim)"""
    gives(fjell, "hr")
    with_groups(issuer, "hr")
    sign_in(issuer)
    del issuer.claims["groups"]
    issuer.claims |= {"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "https://x.example"}}}
    sign_in(issuer)
    assert role_of(fjell, kari) is None and "there are too many" in caplog.text


def test_whom_a_group_made_a_member_is_none_a_month_after_the_last_sign_in(
    issuer: Issuer, kari: Any, fjell: Organization
) -> None:
    """Whoever was removed at the issuer never comes again."""
    gives(fjell, "hr", "admin")
    with_groups(issuer, "hr")
    sign_in(issuer)
    key = ApiKeyFactory(organization=fjell, owner=kari, created_by=kari)
    retention.prune()
    assert role_of(fjell, kari) is not None
    with time_machine.travel(timezone.now() + federation.RENEWED_WITHIN + timedelta(minutes=1), tick=False):
        retention.prune()
    assert role_of(fjell, kari) is None and ApiKey.objects.get(pk=key.pk).ended_at is not None
    assert kari.memberships.count() == 1  # what somebody gave here stays


def test_whom_a_group_made_a_member_signs_in_by_the_issuer_alone(issuer: Issuer, fjell: Organization) -> None:
    user = connected(issuer, person(username="kari"))
    gives(fjell, "hr")
    with_groups(issuer, "hr")
    sign_in(issuer)
    client = Client()
    wrong = client.post("/admin/login/", {"username": "kari", "password": "wrong"}).content.decode()
    right = client.post("/admin/login/", {"username": "kari", "password": PASSWORD})
    assert "a password is not enough" in right.content.decode() and "is not enough" not in wrong
    reasons = AuditEntry.objects.filter(action="refused", actor="kari").order_by("pk").values_list("changes", flat=True)
    assert [one["reason"][1] for one in reasons] == ["wrong name or password", "by password, which is not enough"]
    assert not inside(client)
    with_groups(issuer)
    sign_in(issuer)
    assert inside(password_given(user))


def test_who_came_by_a_group_has_no_password_after_it_either(issuer: Issuer, fjell: Organization) -> None:
    """Else one that they once had opens again what somebody gave them here, a month after they have left."""
    user = connected(issuer, person(username="kari"))
    MemberFactory(user=user, role="admin")
    gives(fjell, "hr")
    with_groups(issuer, "hr")
    sign_in(issuer)
    with time_machine.travel(timezone.now() + federation.RENEWED_WITHIN + timedelta(minutes=1), tick=False):
        retention.prune()
        assert role_of(fjell, user) is None
        form = {"username": "kari", "password": PASSWORD}
        assert "a password is not enough" in Client().post("/admin/login/", form).content.decode()
        operator = password_given(person(OperatorFactory))
        operator.post(USERS, {"action": "disconnect", "_selected_action": [user.pk]})
        assert inside(password_given(user))


def test_an_operator_keeps_the_password_for_the_day_the_issuer_is_away(issuer: Issuer, fjell: Organization) -> None:
    operator = connected(issuer, person(OperatorFactory, username="kari"))
    gives(fjell, "hr")
    with_groups(issuer, "hr")
    sign_in(issuer)
    assert role_of(fjell, operator) is not None and inside(password_given(operator))


def group_form(organization: Organization, **more: Any) -> dict[str, Any]:
    form = {"name": organization.name, "country": "NO", "time_zone": "Europe/Oslo"}
    for name in ("members", "group_roles"):
        form |= {f"{name}-TOTAL_FORMS": "0", f"{name}-INITIAL_FORMS": "0"}
    return {**form, **more}


NEW = {"group_roles-TOTAL_FORMS": "1", "group_roles-0-group": "everybody", "group_roles-0-role": "admin"}


def test_operators_alone_say_which_group_gives_what_and_admins_see_it(issuer: Issuer, fjell: Organization) -> None:
    """Another organization's people may be of the same group of the issuer."""
    address = reverse("admin:positions_organization_change", args=[fjell.pk])
    admin, viewer, operator = (browser_of(fjell, role) for role in ("admin", "viewer", "operator"))
    members: dict[str, Any] = {"members-TOTAL_FORMS": "2", "members-INITIAL_FORMS": "2"}
    for number, member in enumerate(fjell.members.all()):
        members |= {f"members-{number}-id": member.pk, f"members-{number}-role": member.role}
    admin.post(address, group_form(fjell, **NEW, **members))
    assert not GroupRole.objects.exists()
    assert operator.post(address, group_form(fjell, **NEW, **members)).status_code == 302
    row = GroupRole.objects.get()
    assert (row.group, row.role) == ("everybody", "admin")
    assert "everybody" in admin.get(address).content.decode()
    assert "everybody" not in viewer.get(address).content.decode()
    for browser in (admin, viewer):
        drop = {"group_roles-TOTAL_FORMS": "1", "group_roles-INITIAL_FORMS": "1", "group_roles-0-id": row.pk}
        browser.post(address, group_form(fjell, **drop, **members, **{"group_roles-0-DELETE": "on"}))
        assert GroupRole.objects.exists()
    operator.post(address, group_form(fjell, **drop, **members, **{"group_roles-0-DELETE": "on"}))
    assert not GroupRole.objects.exists()
    assert AuditEntry.objects.filter(organization=fjell, kind="group of the issuer", action="created").exists()


def test_a_role_that_a_group_gives_is_shown_as_such_and_not_changed_by_hand(
    issuer: Issuer, fjell: Organization
) -> None:
    admin = browser_of(fjell, "admin")
    member = MemberFactory(organization=fjell, user=UserFactory(), role="viewer", group="hr", renewed_at=timezone.now())
    address = reverse("admin:positions_organization_change", args=[fjell.pk])
    assert "the group hr of Fjell ID" in admin.get(address).content.decode()
    mine = fjell.members.get(user=admin.user)
    form: dict[str, Any] = {"members-TOTAL_FORMS": "2", "members-INITIAL_FORMS": "2"}
    for number, one in enumerate((mine, member)):
        form |= {f"members-{number}-id": one.pk, f"members-{number}-role": "admin"}
    assert admin.post(address, group_form(fjell, **form)).status_code == 302
    member.refresh_from_db()
    assert member.role == "viewer"


# -- the second factor


def test_the_second_factor_is_asked_for_as_ever(issuer: Issuer, kari: Any) -> None:
    with_factor(kari)
    client, _ = sign_in(issuer, next="/admin/positions/employee/")
    assert not inside(client)
    assert client.get("/admin/", follow=True).redirect_chain[-1][0].startswith(CODE)
    given(client, current())
    assert inside(client)


def test_who_must_have_one_sets_it_up_after_the_issuer(issuer: Issuer, kari: Any, settings: Any) -> None:
    settings.REQUIRE_SECOND_FACTOR = "all"
    client, _ = sign_in(issuer)
    assert not inside(client)
    key = key_on(client.get(SET_UP).content.decode())
    client.post(SET_UP, {"code": current(key)})
    assert inside(client) and SecondFactor.objects.get().user == kari


@pytest.mark.parametrize("page", [CODE, SET_UP])
def test_until_all_is_given_no_address_but_that_one_page_is_open(
    issuer: Issuer, kari: Any, settings: Any, page: str
) -> None:
    settings.REQUIRE_SECOND_FACTOR = "all"
    organization = walk.plant()
    MemberFactory(organization=organization, user=kari, role="admin")
    if page == CODE:
        with_factor(kari)
    client, _ = sign_in(issuer)
    before = walk.dump(organization)
    anybody = open_pages(Client())
    assert "/admin/sign-in/confirmed/" in anybody  # it only says so
    assert open_pages(client) == {*anybody, page}
    assert walk.dump(organization) == before


def test_where_the_issuers_counts_it_is_not_asked_for_and_a_password_still_is_not_enough(
    issuer: Issuer, settings: Any
) -> None:
    settings.REQUIRE_SECOND_FACTOR, settings.OIDC_SECOND_FACTOR = "all", "issuer"
    user = connected(issuer, person(username="kari"))
    assert inside(sign_in(issuer)[0]) and not inside(password_given(user))
    with_factor(user)
    client, _ = sign_in(issuer)
    assert inside(client)
    # In the same browser the password afterwards is a sign-in of its own.
    client.post("/admin/login/?next=/admin/", {"username": "kari", "password": PASSWORD, "next": "/admin/"})
    assert not inside(client)


# -- showing it again


@pytest.fixture
def operator(issuer: Issuer) -> Any:
    user = connected(issuer, OperatorFactory(username="op"))
    user.set_unusable_password()
    user.save()
    return user


def confirm(issuer: Issuer, client: Client) -> Any:
    address = there(client, confirm="1", next="/admin/sign-in/confirmed/")
    assert "prompt=login" in address and "max_age=0" in address
    return client.get(path_of(issuer.back(address)))


def test_who_has_no_password_shows_it_at_the_issuer_and_nothing_typed_is_lost(issuer: Issuer, operator: Any) -> None:
    other = UserFactory(email="siri@example.com")
    client, _ = sign_in(issuer)  # the issuer asked nothing: somebody was signed in there for an hour
    address = f"{USERS}{other.pk}/change/"
    page = client.post(address, changed(other, email="new@example.com"))
    assert ASKED in page.content.decode() and "/admin/sign-in/begin/?confirm=1" in page.content.decode()
    refused = client.post(address, sent_again(page))
    other.refresh_from_db()
    assert "You have not shown Fjell ID" in refused.content.decode() and other.email == "siri@example.com"
    before = client.session.session_key
    assert confirm(issuer, client).headers["Location"] == "/admin/sign-in/confirmed/"
    assert client.session.session_key != before
    assert client.post(address, sent_again(refused)).status_code == 302
    other.refresh_from_db()
    assert other.email == "new@example.com"


def test_a_sign_in_for_which_the_issuer_asked_is_itself_enough(issuer: Issuer, operator: Any) -> None:
    issuer.signed_in_at = int(time.time())
    other = UserFactory(email="siri@example.com")
    sign_in(issuer)[0].post(f"{USERS}{other.pk}/change/", changed(other, email="new@example.com"))
    other.refresh_from_db()
    assert other.email == "new@example.com"


def test_it_wants_a_code_of_whoever_has_a_factor(issuer: Issuer, operator: Any) -> None:
    codes = with_factor(operator)
    client, _ = sign_in(issuer)
    given(client, codes[0])
    other = UserFactory(email="siri@example.com")
    address = f"{USERS}{other.pk}/change/"
    confirm(issuer, client)
    page = client.post(address, changed(other, email="new@example.com"))
    assert 'name="confirm-code"' in page.content.decode()
    client.post(address, sent_again(page))
    client.post(address, sent_again(page, **{"confirm-code": codes[0]}))
    other.refresh_from_db()
    assert other.email == "siri@example.com"
    client.post(address, sent_again(page, **{"confirm-code": codes[1]}))
    other.refresh_from_db()
    assert other.email == "new@example.com"


@pytest.mark.parametrize(
    ("spoil", "asks_anew"),
    [
        pytest.param(lambda claims: None, False, id="it did not ask"),
        pytest.param(lambda claims: claims.pop("auth_time"), True, id="it does not say"),
        pytest.param(lambda claims: claims.update(auth_time="now"), True, id="it says nothing that can be read"),
        pytest.param(lambda claims: claims.update(auth_time=True), True, id="it says yes"),
    ],
)
def test_an_issuer_that_asked_nothing_confirms_nothing(
    issuer: Issuer, operator: Any, spoil: Any, asks_anew: bool
) -> None:
    client, _ = sign_in(issuer)
    issuer.spoil, issuer.asks_anew = spoil, asks_anew
    assert confirm(issuer, client).status_code == 403
    page = client.post(USERS, {"action": "end_sessions", "_selected_action": [operator.pk]})
    assert ASKED in client.post(USERS, sent_again(page)).content.decode()


def test_somebody_else_cannot_confirm(issuer: Issuer, operator: Any) -> None:
    client, _ = sign_in(issuer)
    connected(issuer, UserFactory(), "somebody-else")
    issuer.claims["sub"] = "somebody-else"
    assert confirm(issuer, client).status_code == 403
    page = client.post(USERS, {"action": "end_sessions", "_selected_action": [operator.pk]})
    assert ASKED in page.content.decode() and client.session["_auth_user_id"] == str(operator.pk)


def test_it_is_over_after_ten_minutes(issuer: Issuer, operator: Any) -> None:
    with time_machine.travel(time.time(), tick=False) as clock:
        client, _ = sign_in(issuer)
        confirm(issuer, client)
        clock.shift(sessions.FRESH + timedelta(seconds=1))
        page = client.post(USERS, {"action": "end_sessions", "_selected_action": [operator.pk]})
        assert ASKED in client.post(USERS, sent_again(page)).content.decode()


def test_ones_own_pages_want_it_too(issuer: Issuer, kari: Any) -> None:
    """Ending other sessions, setting up a factor and turning it off."""
    client, _ = sign_in(issuer)
    other, _ = sign_in(issuer)
    client.post(SESSIONS, {"which": ""})
    assert inside(other)
    key = key_on(client.get(SET_UP).content.decode())
    assert "/admin/sign-in/begin/?confirm=1" in client.post(SET_UP, {"code": current(key)}).content.decode()
    assert not SecondFactor.objects.exists()
    confirm(issuer, client)
    client.post(SESSIONS, {"which": ""})
    assert not inside(other)
    client.post(SET_UP, {"code": current(key)})
    assert SecondFactor.objects.exists()
    client.post(OVERVIEW, {"off": "", "code": current(key)})
    assert SecondFactor.objects.exists()  # that code is spent


# -- the issuer alone


def test_where_it_is_alone_a_password_signs_in_operators_and_whoever_connects(issuer: Issuer, settings: Any) -> None:
    settings.OIDC_ONLY = True
    user = person(username="kari")
    form = {"username": "kari", "password": PASSWORD, "next": ARRIVED}
    assert "a password is not enough" in Client().post("/admin/login/", form).content.decode()
    assert inside(password_given(person(OperatorFactory)))
    client = arrive(issuer)
    client.post("/admin/login/", form)
    answered(client, "connect", password=PASSWORD)
    assert FederatedIdentity.objects.get().user == user and inside(sign_in(issuer)[0])
    # Who is connected needs none any more; somebody else's sign-in there is no help with it.
    issuer.claims["sub"] = "another"
    assert "a password is not enough" in arrive(issuer).post("/admin/login/", form).content.decode()


def test_where_it_is_alone_a_password_opens_nothing_but_connecting(
    issuer: Issuer, fjell: Organization, settings: Any
) -> None:
    """Any account there, connected with nobody, would else make every password enough again."""
    settings.OIDC_ONLY = True
    organization = walk.plant()
    user = person(username="kari")
    MemberFactory(organization=organization, user=user, role="admin")
    anybody = open_pages(Client())
    client = arrive(issuer)
    client.post("/admin/login/", {"username": "kari", "password": PASSWORD})
    before = walk.dump(organization)
    assert open_pages(client, but=ARRIVED) == anybody - {ARRIVED} and walk.dump(organization) == before
    assert client.get("/admin/", follow=True).redirect_chain[-1][0] == ARRIVED
    assert "Is this you?" in client.get(ARRIVED).content.decode() and not inside(client)
    assert answered(client, "cancel").headers["Location"] == "/admin/login/"
    assert SESSION_KEY not in client.session and not FederatedIdentity.objects.exists()
    with time_machine.travel(time.time(), tick=False) as clock:
        late = arrive(issuer)
        late.post("/admin/login/", {"username": "kari", "password": PASSWORD})
        clock.shift(601)
        assert late.get("/admin/", follow=True).redirect_chain[-1][0].startswith("/admin/login/")
        assert SESSION_KEY not in late.session
    client = arrive(issuer)
    client.post("/admin/login/", {"username": "kari", "password": PASSWORD})
    answered(client, "connect", password=PASSWORD)
    assert inside(client)


def test_where_it_is_alone_the_code_comes_before_connecting(issuer: Issuer, settings: Any) -> None:
    settings.OIDC_ONLY = True
    user = person(username="kari")
    codes = with_factor(user)
    client = arrive(issuer)
    client.post("/admin/login/", {"username": "kari", "password": PASSWORD})
    assert client.get("/admin/", follow=True).redirect_chain[-1][0].startswith(CODE)
    assert "Is this you?" not in client.get(ARRIVED).content.decode()
    given(client, codes[0])
    assert not inside(client) and "Is this you?" in client.get(ARRIVED).content.decode()
    answered(client, "connect", password=PASSWORD, code=codes[1])
    assert inside(client) and FederatedIdentity.objects.get().user == user


def test_with_another_issuer_a_member_by_a_group_connects_again(issuer: Issuer, fjell: Organization) -> None:
    user = connected(issuer, person(username="kari"))
    MemberFactory(organization=fjell, user=user, group="hr", renewed_at=timezone.now())
    FederatedIdentity.objects.update(issuer="https://former.example.com")
    form = {"username": "kari", "password": PASSWORD}
    assert "a password is not enough" in Client().post("/admin/login/", form).content.decode()
    client = arrive(issuer)
    client.post("/admin/login/", form)
    assert not inside(client) and "Is this you?" in client.get(ARRIVED).content.decode()
    answered(client, "connect", password=PASSWORD)
    assert inside(client) and FederatedIdentity.objects.get(issuer=issuer.address).user == user
    # What the group of the former issuer gave went with it.
    assert role_of(fjell, user) is None


def test_where_it_is_alone_nobody_gets_a_password(issuer: Issuer, fjell: Organization, settings: Any) -> None:
    link = invited(fjell)
    settings.OIDC_ONLY = True
    settings.EMAIL_BACKEND, settings.PUBLIC_ADDRESS = (
        "django.core.mail.backends.locmem.EmailBackend",
        "https://x.example",
    )
    client = Client()
    assert client.get("/admin/forgotten-password/").status_code == 404
    assert "/admin/forgotten-password/" not in client.get("/admin/login/").content.decode()
    client.get(link)
    page = client.get("/admin/join/").content.decode()
    assert "new_password1" not in page and "/admin/sign-in/begin/?next=/admin/join/" in page
    found = re.search(r'name="invitation" value="(\d+)"', page)
    assert found is not None
    chosen = {"new_password1": "violet-otter-harbour-92", "new_password2": "violet-otter-harbour-92"}
    client.post("/admin/join/", {"invitation": found[1], "answer": "new", **chosen})
    assert users() == 1  # the admin
    answered(arrive(issuer, client), "new")
    assert role_of(fjell, FederatedIdentity.objects.get().user) == ("editor", "")


# -- the rest of the house


def test_a_page_of_somebody_new_costs_the_same_whatever_there_is(issuer: Issuer, fjell: Organization) -> None:
    def cost() -> int:
        client = arrive(issuer)
        with CaptureQueriesContext(connection) as asked:
            client.get(ARRIVED)
        return len(asked)

    with_groups(issuer, *(f"group {number}" for number in range(50)))
    before = cost()
    for number in range(20):
        gives(fjell, f"group {number}")
        gives(OrganizationFactory(), f"group {number}")
    assert cost() <= before


def test_the_name_is_the_operators_own_word_and_is_escaped(issuer: Issuer, settings: Any) -> None:
    settings.OIDC_NAME = "<b>Fjell & Co</b>"
    issuer.claims |= {"given_name": "<script>alert(1)</script>", "email": "<i>@example.com"}
    page = arrive(issuer).get(ARRIVED).content.decode() + Client().get("/admin/login/").content.decode()
    assert "<script>alert(1)" not in page and "<b>Fjell" not in page and "<i>@" not in page


def test_without_the_issuer_nobody_is_kept_from_their_password(
    issuer: Issuer, fjell: Organization, settings: Any
) -> None:
    """The operator goes back to passwords."""
    user = connected(issuer, person(username="kari"))
    MemberFactory(organization=fjell, user=user, group="hr", renewed_at=timezone.now())
    settings.OIDC_ISSUER = ""
    assert not ours.is_on() and inside(password_given(user))
    with time_machine.travel(timezone.now() + 2 * federation.RENEWED_WITHIN, tick=False):
        retention.prune()
    assert role_of(fjell, user) == ("viewer", "hr")
