"""The pages on which members read what they are told and choose their mails: each sees and changes their own alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core import mail as django_mail
from django.core.mail import EmailMultiAlternatives
from django.db import connection as database
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from config import demo_mails
from integrations.sdk.messages import packed
from positions.models import AuditEntry, Member, Organization
from synclog.models import Mail, MailChoice, Notice
from synclog.telling import texts
from synclog.telling.outbox import topics_of
from tests.factories import MemberFactory, OperatorFactory, OrganizationFactory, UserFactory
from tests.synclog.pages import connection
from tests.synclog.test_telling import stop

pytestmark = pytest.mark.django_db


@pytest.fixture
def organization() -> Organization:
    return OrganizationFactory(name="Bakery")


@pytest.fixture
def member(organization: Organization) -> Member:
    return MemberFactory(organization=organization, role="viewer", user__email="kari@example.com")


def browser(user: Any, **options: Any) -> Client:
    client = Client(**options)
    client.force_login(user)
    return client


def page(client: Client, name: str = "notices") -> str:
    response = client.get(reverse(name))
    assert response.status_code == 200
    return response.content.decode()


def test_a_notice_is_read_by_opening_it_and_by_nobody_else_s(organization: Organization, member: Member) -> None:
    other = MemberFactory(organization=organization)
    integration = connection(organization, name="Netvisor, Oslo")
    stop(integration)
    client, theirs = browser(member.user), browser(other.user)
    shown = page(client)
    assert "Netvisor, Oslo stopped: Credentials or rights are refused" in shown and "Notices, 1 unread" in shown
    assert Notice.objects.filter(read_at=None).count() == 2  # looking changes nothing
    for name in ("admin:index", "admin:positions_employee_changelist", "sessions", "mail_choices"):
        assert "Notices, 1 unread" in page(client, name), name
    notice = member.notices.get()
    answer = client.post(reverse("notice_follow", args=[notice.pk]))
    assert answer.headers["Location"] == reverse("admin:integrations_integration_change", args=[integration.pk])
    assert "Notices, 0 unread" in page(client) and "Notices, 1 unread" in page(theirs)
    theirs.post(reverse("notices_read"))
    assert "Notices, 0 unread" in page(theirs)


def test_what_is_somebody_else_s_is_not_there(organization: Organization, member: Member) -> None:
    stop(connection(organization, name="Secret"))
    stranger = MemberFactory(role="admin")
    operator = OperatorFactory()
    for user in (stranger.user, operator, UserFactory()):
        client = browser(user)
        assert client.post(reverse("notice_follow", args=[member.notices.get().pk])).status_code == 404
        client.post(reverse("notices_read"))
        assert "Secret" not in page(client)
    assert member.notices.get().read_at is None
    # who was a member, and is none any more
    client = browser(member.user)
    member.delete()
    assert "Secret" not in page(client)


@pytest.mark.parametrize("name", ["notices", "notices_read", "mail_choices"])
def test_they_are_for_whoever_is_signed_in(name: str, member: Member) -> None:
    anybody = Client().post(reverse(name)) if name == "notices_read" else Client().get(reverse(name))
    assert anybody.status_code == 302 and "/login/" in anybody.headers["Location"]
    client = browser(member.user, enforce_csrf_checks=True)
    if name != "notices":
        assert client.post(reverse(name), {f"m{member.pk}-digest": "daily"}).status_code == 403
        assert not MailChoice.objects.exists()
    if name == "notices_read":
        assert client.get(reverse(name)).status_code == 405


def test_the_pages_cost_the_same_with_more(organization: Organization, member: Member) -> None:
    client = browser(member.user)

    def queries(name: str) -> int:
        with CaptureQueriesContext(database) as ran:
            page(client, name)
        return len(ran)

    stop(connection(organization))
    pages = ("notices", "mail_choices", "admin:positions_employee_changelist")
    few = {name: queries(name) for name in pages}
    for _ in range(20):
        stop(connection(organization))
    assert {name: queries(name) for name in pages} == few


def test_a_member_chooses_their_own_mails_for_each_organization(member: Member) -> None:
    admin = MemberFactory(user=member.user, role="admin", organization__name="Café")
    stranger = MemberFactory(organization=member.organization, role="admin")
    client = browser(member.user)
    shown = page(client, "mail_choices")
    assert "kari@example.com" in shown and "Café" in shown
    assert (list(topics_of(member)), len(list(topics_of(admin)))) == ([], 5)
    sent = {
        f"m{member.pk}-topics": ["stopped"], f"m{member.pk}-digest": "weekly",
        f"m{admin.pk}-digest": "never",
        f"m{stranger.pk}-digest": "daily",
    }  # fmt: skip
    assert client.post(reverse("mail_choices"), sent).status_code == 302
    kept = {choice.member_id: choice for choice in MailChoice.objects.all()}
    assert kept.keys() == {member.pk, admin.pk}
    assert (kept[member.pk].topics, kept[member.pk].digest) == (["stopped"], "weekly")
    # the first one comes with the next Monday, not at once
    assert kept[member.pk].digested_on == member.organization.today()
    assert (kept[admin.pk].topics, kept[admin.pk].digested_on) == ([], None)
    entry = AuditEntry.objects.filter(organization=member.organization, kind="choice of mails").get()
    assert entry.actor == member.user.get_username() and "digested_on" not in entry.changes
    wrong = {**sent, f"m{member.pk}-digest": "hourly", f"m{member.pk}-topics": ["everything"]}
    assert client.post(reverse("mail_choices"), wrong).status_code == 200
    kept[member.pk].refresh_from_db()
    assert kept[member.pk].digest == "weekly"


def test_the_page_says_when_no_mail_can_reach_anybody(member: Member, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    member.user.email = ""
    member.user.save()
    shown = page(browser(member.user), "mail_choices")
    assert "No mails are sent here" in shown and "You have no e-mail address here" in shown
    assert "You are a member of no organization" in page(browser(UserFactory()), "mail_choices")


def test_operators_see_what_became_of_mails(organization: Organization) -> None:
    MemberFactory(organization=organization, role="admin", user__email="")
    stop(connection(organization))
    Mail.objects.update(state="failed", said=packed([texts.REFUSED(status=550)]), tried_at=timezone.now())
    shown = page(browser(OperatorFactory()), "synclog_queue")
    assert "Given up" in shown and "The mail server refused it with 550." in shown


# -- the demo's


def kept_mail(to: str, body: str = "<b>Hello</b>\nhttps://sync.example.com/admin/") -> EmailMultiAlternatives:
    return EmailMultiAlternatives("Bakery: Netvisor stopped", body, "sync@example.com", [to])


def test_the_demo_keeps_its_mails_and_shows_each_person_their_own(settings: Any, tmp_path: Path) -> None:
    settings.DEMO_MAILS = str(tmp_path / "mails")
    settings.EMAIL_BACKEND = "config.demo_mails.Backend"
    django_mail.get_connection().send_messages([kept_mail("kari@example.com"), kept_mail("ola@example.com")])
    assert all(file.stat().st_mode & 0o077 == 0 for file in (tmp_path / "mails").iterdir())
    request: Any = RequestFactory().get("/admin/demo-mails/")
    for user, expected in (
        (UserFactory(email="kari@example.com"), ["kari@example.com"]),
        (UserFactory(email=""), []),
        (OperatorFactory(), ["ola@example.com", "kari@example.com"]),
    ):
        request.user = user
        response: Any = demo_mails.mails(request)
        assert [mail.to for mail in response.context_data["mails"]] == expected
        html = response.render().content.decode()
        assert "<b>Hello" not in html


def test_there_is_no_such_page_but_in_the_demo() -> None:
    assert browser(OperatorFactory()).get("/admin/demo-mails/").status_code == 404
