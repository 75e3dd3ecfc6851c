"""A forgotten password, and invitations by mail: the link goes to the mailbox alone, and nothing tells of users."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail as django_mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from positions import mailing
from positions.accounts import forgotten, joining
from positions.admin import invitation as invitation_admin
from positions.models import Invitation, Member, Organization, SelfMadeUser
from synclog.models import Mail
from synclog.queue import tasks
from tests.factories import OperatorFactory, OrganizationFactory, UserFactory
from tests.security.conftest import browser_of
from tests.security.test_invitations import CHOSEN, choose, signs_in
from tests.security.test_second_factor import person, with_factor

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english_mails")]

KNOWN, UNKNOWN = "kari@example.com", "siri@example.com"
PAGE = "/admin/forgotten-password/"


@pytest.fixture(autouse=True)
def mailed(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.PUBLIC_ADDRESS = "https://sync.example.com"
    counted: Counter[str] = Counter()

    def hit(name: str, seconds: int) -> int:
        counted[name] += 1
        return counted[name]

    monkeypatch.setattr("positions.rates.hit", hit)


def ask(email: str, **headers: Any) -> Any:
    return Client(**headers).post(PAGE, {"email": email})


def sent() -> list[Any]:
    tasks.mail()
    return django_mail.outbox


def link() -> str:
    (mail,) = sent()
    found = re.search(r"https://sync\.example\.com(/admin/choose-password/\S+)", mail.body)
    assert found, mail.body
    return found[1]


def test_whoever_has_the_mailbox_chooses_a_password_once() -> None:
    person(email=KNOWN, username="kari")
    assert ask(KNOWN.upper()).status_code == 200
    found = link()
    (mail,) = django_mail.outbox
    assert mail.to == [KNOWN] and "kari" in mail.body and mail.message()["List-Unsubscribe"] is None
    assert not signs_in("kari")
    assert choose(found).url == reverse("admin:login")
    assert signs_in("kari")
    assert "This link is over" in choose(found, "another-long-password-9").content.decode()


def test_the_second_factor_is_asked_for_as_ever() -> None:
    user = person(email=KNOWN, username="kari")
    with_factor(user)
    ask(KNOWN)
    choose(link())
    client = Client()
    client.post(reverse("admin:login"), {"username": "kari", "password": CHOSEN})
    assert "/second-factor/code/" in client.get("/admin/", follow=True).redirect_chain[-1][0]


def test_an_address_with_a_user_and_one_without_look_alike() -> None:
    person(email=KNOWN)

    def seen(email: str) -> tuple[str, list[str]]:
        client = Client()
        client.get(PAGE)
        with CaptureQueriesContext(connection) as asked:
            page = client.post(PAGE, {"email": email}).content.decode()
        page = re.sub(r'(csrfmiddlewaretoken" value=|nonce=)"[^"]+"', "TOKEN", page)
        return page, [re.sub(r"s\d+_x\d+", "S", query["sql"])[:40] for query in asked]

    seen(UNKNOWN)
    (page, statements), (other_page, other_statements) = seen(KNOWN), seen(UNKNOWN)
    assert page == other_page and KNOWN not in page
    assert statements == other_statements and any("INSERT" in one and "mail" in one for one in statements)
    assert len(sent()) == 1 and not Mail.objects.filter(user=None).exists()


def test_no_mail_for_those_who_are_not_to_have_one_by_it() -> None:
    inactive = person(email="a@example.com")
    inactive.is_active = False
    inactive.save()
    person(email="b@example.com", is_staff=False)
    OperatorFactory(email="c@example.com")
    SelfMadeUser.objects.create(user=person(email="d@example.com"))
    nobody = UserFactory(email="e@example.com")
    nobody.set_unusable_password()
    nobody.save()
    person(email="ﬀ@example.com")  # looks like, and is another mailbox
    for email in (
        "a@example.com",
        "b@example.com",
        "c@example.com",
        "d@example.com",
        "e@example.com",
        "ff@example.com",
    ):
        assert ask(email).status_code == 200
    assert sent() == []


def test_a_user_is_mailed_once_in_a_while() -> None:
    person(email=KNOWN)
    for _ in range(5):
        ask(KNOWN)
        tasks.mail()
    assert len(sent()) == 1
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        ask(KNOWN)
        assert len(sent()) == 2


def test_an_address_asks_a_few_times_an_hour(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    for _ in range(forgotten.MOST):
        assert ask(UNKNOWN).status_code == 200
    assert ask(UNKNOWN).status_code == 429
    assert Mail.objects.count() == forgotten.MOST
    assert UNKNOWN not in caplog.text and "forgotten" in caplog.text


def test_of_ipv6_a_network_of_64_bits_asks_as_one_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgotten, "MOST", 2)
    for number in range(2):
        assert ask(UNKNOWN, REMOTE_ADDR=f"2001:db8:1:2::{number + 1}").status_code == 200
    assert ask(UNKNOWN, REMOTE_ADDR="2001:db8:1:2:ffff::9").status_code == 429
    assert ask(UNKNOWN, REMOTE_ADDR="2001:db8:1:3::9").status_code == 200


def test_while_mails_cannot_be_counted_none_is_sent(monkeypatch: pytest.MonkeyPatch, admin: Any) -> None:
    person(email=KNOWN)
    monkeypatch.setattr("positions.rates.hit", lambda *_: 0)
    assert ask(KNOWN).status_code == 429
    shown = invite(admin)
    assert re.search(r"/admin/join/[\w-]{43}/", shown) and "No link was mailed" in shown
    assert sent() == [] and not Mail.objects.exists()


@pytest.mark.parametrize(
    ("origins", "hosts", "address"),
    [
        (["https://*.example.com", "https://sync.example.com"], ["other.example.com"], "https://sync.example.com"),
        (["http://localhost:8000"], ["127.0.0.1", "[::1]", "0.0.0.0", "sync.example.com"], "http://sync.example.com"),
        ([], [".example.com", "*", "sync.example.com"], "http://sync.example.com"),
        (["https://*.example.com"], ["*", ".example.com", "localhost", "sync.localhost"], ""),
    ],
)
def test_no_link_leads_to_a_pattern_of_hosts_or_to_this_machine(
    settings: Any, origins: list[str], hosts: list[str], address: str
) -> None:
    settings.PUBLIC_ADDRESS, settings.CSRF_TRUSTED_ORIGINS, settings.ALLOWED_HOSTS = "", origins, hosts
    assert mailing.site_address() == address and mailing.links_are_sent() is bool(address)


def test_the_link_does_not_follow_the_host_of_the_request(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    person(email=KNOWN)
    assert Client().post(PAGE, {"email": KNOWN}, headers={"Host": "thief.example.net"}).status_code == 200
    link()
    assert "thief" not in str(django_mail.outbox[0].message())


def test_who_changed_meanwhile_gets_nothing() -> None:
    user = person(email=KNOWN)
    ask(KNOWN)
    user.is_active = False
    user.save()
    assert sent() == [] and not Mail.objects.exists()


def test_it_needs_a_token_of_the_form_and_is_offered_where_mails_are_sent(settings: Any) -> None:
    assert Client(enforce_csrf_checks=True).post(PAGE, {"email": KNOWN}).status_code == 403
    assert ask("no address").status_code == 200 and not Mail.objects.exists()
    assert PAGE in Client().get(reverse("admin:login")).content.decode()
    for name, value in (
        ("EMAIL_BACKEND", "django.core.mail.backends.dummy.EmailBackend"),
        ("PUBLIC_ADDRESS", ""),
    ):
        before = getattr(settings, name)
        setattr(settings, name, value)
        settings.ALLOWED_HOSTS = ["*"]
        assert Client().get(PAGE).status_code == ask(KNOWN).status_code == 404
        assert PAGE not in Client().get(reverse("admin:login")).content.decode()
        setattr(settings, name, before)


# -- invitations


@pytest.fixture
def organization() -> Organization:
    return OrganizationFactory(name="Fjellheim")


@pytest.fixture
def admin(organization: Organization) -> Any:
    return browser_of(organization, "admin")


def invite(admin: Any, email: str = UNKNOWN) -> str:
    data = {"email": email, "role": "editor", "by_mail": "on"}
    shown: str = admin.post(reverse("admin:positions_invitation_add"), data, follow=True).content.decode()
    return shown


def act(admin: Any, action: str) -> str:
    data = {"action": action, "_selected_action": [Invitation.objects.get().pk]}
    shown: str = admin.post(reverse("admin:positions_invitation_changelist"), data, follow=True).content.decode()
    return shown


def invitation_link(number: int = 1) -> str:
    found = sent()
    assert len(found) == number
    path = re.search(r"https://sync\.example\.com(/admin/join/\w+/)", found[-1].body)
    assert path, found[-1].body
    return path[1]


def join(path: str) -> Any:
    browser = Client()
    browser.get(path)
    key = Invitation.objects.get().pk
    data = {"invitation": key, "answer": "new", "new_password1": CHOSEN, "new_password2": CHOSEN}
    return browser.post("/admin/join/", data)


def test_a_mailed_link_is_nobody_else_s_and_proves_the_mailbox(organization: Organization, admin: Any) -> None:
    shown = invite(admin)
    assert UNKNOWN in shown and "/admin/join/" not in shown
    path = invitation_link()
    token = path.split("/")[-2]
    assert "Fjellheim invites you" in django_mail.outbox[0].subject and django_mail.outbox[0].to == [UNKNOWN]
    row = Invitation.objects.get()
    assert token not in str(list(Invitation.objects.values_list()) + list(Mail.objects.values_list())) and row.seed
    assert join(path).status_code == 302
    user = Member.objects.get(organization=organization, role="editor").user
    assert not SelfMadeUser.objects.filter(user=user).exists()
    # so a forgotten password is mailed there, too
    ask(UNKNOWN)
    assert len(sent()) == 2


def test_a_link_that_is_handed_over_proves_nothing(organization: Organization, admin: Any) -> None:
    invite(admin)
    invitation_link()
    found = re.search(r"/admin/join/[\w-]{43}/", act(admin, "send_again"))
    assert found and join(found[0]).status_code == 302
    assert SelfMadeUser.objects.count() == 1
    ask(UNKNOWN)
    assert len(sent()) == 1


@pytest.mark.parametrize("what", ["send_again", "withdraw", "left", "over"])
def test_a_link_that_is_over_before_it_was_sent_is_not_mailed(
    organization: Organization, admin: Any, what: str
) -> None:
    invite(admin)
    if what == "left":
        Member.objects.filter(user=admin.user).delete()
    elif what == "over":
        Invitation.objects.update(until=timezone.now())
    else:
        act(admin, what)
    assert sent() == [] and not Mail.objects.exists()


def test_a_new_link_is_mailed_and_the_former_is_over(organization: Organization, admin: Any) -> None:
    invite(admin)
    first = invitation_link()
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert "/admin/join/" not in act(admin, "mail_again")
        second = invitation_link(2)
    assert first != second and Client().get(first).status_code == 404 and Client().get(second).status_code == 302


def test_an_organization_mails_so_many_an_hour(
    organization: Organization, admin: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invitation_admin, "MAILED_MOST", 1)
    invite(admin)
    shown = invite(admin, "other@example.com")
    assert re.search(r"/admin/join/[\w-]{43}/", shown) and "No link was mailed" in shown
    assert len(sent()) == 1


def test_an_organization_mails_an_address_once_in_a_quarter_of_an_hour(organization: Organization, admin: Any) -> None:
    with time_machine.travel(datetime(2026, 3, 2, 9, 0, tzinfo=UTC)):
        invite(admin)
        first = invitation_link()
        shown = act(admin, "mail_again")
        assert "No link was mailed" in shown and "/admin/join/" not in shown
        assert Client().get(first).status_code == 302  # the mailed link is as good as before
        act(admin, "withdraw")
        assert re.search(r"/admin/join/[\w-]{43}/", invite(admin, UNKNOWN.upper()))
        assert len(sent()) == 1
        invite(browser_of(OrganizationFactory(), "admin"))
        assert len(sent()) == 2


def test_who_declined_is_not_mailed_again(organization: Organization, admin: Any) -> None:
    invite(admin)
    invitation_link()
    joining.decline(joining.judged(Invitation.objects.all()).get())
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert "declined, and is not mailed again" in act(admin, "mail_again")
        assert len(sent()) == 1
    assert Invitation.objects.get().declined_at is not None


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Fjellheim AS", "Fjellheim AS"),
        ("A.S. Fjellheim", "A.S. Fjellheim"),
        ("Win at https://thief.example.net/a", "Win at https thief. example. net/a"),
        ("www.thief.example.net", "www. thief. example. net"),
        ("Ask thief@example.net", "Ask thief example. net"),
    ],
)
def test_a_name_is_no_link_in_a_mail_to_a_stranger(
    organization: Organization, admin: Any, name: str, written: str
) -> None:
    Organization.objects.filter(pk=organization.pk).update(name=name)
    invite(admin)
    (mail,) = sent()
    assert mail.subject == f"{written} invites you to Position Sync"
    assert written in mail.body and written in mail.alternatives[0][0]
    assert name == written or name not in str(mail.message())


def test_an_invitation_is_not_searched_for_by_what_its_link_is_made_of(admin: Any) -> None:
    for name in ("digest", "seed"):
        address = f"{reverse('admin:positions_invitation_changelist')}?{name}__startswith=a"
        assert admin.get(address).status_code == 400


def test_where_no_mail_is_sent_the_link_is_shown(organization: Organization, admin: Any, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    assert "by_mail" not in admin.get(reverse("admin:positions_invitation_add")).content.decode()
    assert re.search(r"/admin/join/[\w-]{43}/", invite(admin))
    assert "mail_again" not in admin.get(reverse("admin:positions_invitation_changelist")).content.decode()
    assert not Mail.objects.exists()
