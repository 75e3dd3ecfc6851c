"""Members are told of their connections: each event once to each, whatever is repeated, raced or killed."""

from __future__ import annotations

import smtplib
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail as django_mail
from django.core.mail.backends import locmem
from django.db import connection as database
from django.db import transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from integrations.models import Integration
from integrations.sandboxes.server import sandboxes
from integrations.sdk.errors import NotAuthorizedError, UnavailableError
from integrations.sdk.messages import as_message
from positions.models import Member, Organization
from synclog.engine import actions, results_connection
from synclog.log import retention
from synclog.models import Event, Job, Mail, MailChoice, Notice, Topic, Webhook
from synclog.queue import tasks
from synclog.telling import digest, outbox, trouble, turn
from tests.factories import ApiKeyFactory, MemberFactory, OrganizationFactory
from tests.integrations.test_admin_opened import form_of
from tests.said import kept as said
from tests.synclog.pages import connection, job

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english_mails")]

MORNING = datetime(2026, 3, 2, 6, 30, tzinfo=UTC)  # a Monday, 7:30 in Oslo


@pytest.fixture(autouse=True)
def rung(monkeypatch: pytest.MonkeyPatch, settings: Any) -> list[str]:
    """At once, as where Redis does not wait for the commit."""
    settings.Q_CLUSTER = {name: value for name, value in settings.Q_CLUSTER.items() if name != "redis"}
    settings.PUBLIC_ADDRESS = "https://sync.example.com"
    settings.DEFAULT_FROM_EMAIL = "Position Sync <sync@example.com>"
    found: list[str] = []
    monkeypatch.setattr(outbox, "async_task", lambda name, **_: found.append(name))
    return found


@pytest.fixture
def organization() -> Organization:
    return OrganizationFactory(name="Bakery", time_zone="Europe/Oslo")


@pytest.fixture
def admin(organization: Organization) -> Member:
    return MemberFactory(organization=organization, role="admin", user__email="kari@example.com")


def stop(integration: Integration, cause: str = "not_authorized") -> Event:
    Integration.objects.filter(pk=integration.pk).update(stopped_at=timezone.now(), stopped_cause=cause)
    return Event.objects.create(integration=integration, kind="stopped", said=said("Kari's secret words"))


def retrying(integration: Integration, **values: Any) -> Event:
    Integration.objects.filter(pk=integration.pk).update(retry_count=1, retry_said=said("No answer"), **values)
    return Event.objects.create(integration=integration, kind="retrying", said=said("No answer"))


def answers(integration: Integration) -> None:
    """Something was accepted there."""
    Integration.objects.filter(pk=integration.pk).update(
        retry_count=0, retry_said=[], retry_at=None, stopped_at=None, last_success_at=timezone.now()
    )


def later(**much: float) -> Any:
    return time_machine.travel(timezone.now() + timedelta(**much), tick=True)


def box() -> list[Any]:
    return django_mail.outbox


def subjects() -> list[str]:
    return [one.subject for one in box()]


def topics(member: Member) -> list[str]:
    return list(member.notices.order_by("pk").values_list("topic", flat=True))


# -- what is told, and when


def test_a_stop_is_told_at_once_and_once(organization: Organization, admin: Member, rung: list[str]) -> None:
    integration = connection(organization, name="Netvisor, Oslo")
    event = stop(integration)
    assert rung == ["synclog.queue.tasks.mail"]
    for _ in range(3):
        outbox.tell(event, Topic.STOPPED)
        tasks.mail()
    (sent,) = box()
    assert sent.subject == "Bakery: Netvisor, Oslo stopped" and sent.to == ["kari@example.com"]
    assert "Credentials or rights are refused" in sent.body and "Renew them" in sent.body
    assert f"https://sync.example.com/admin/integrations/integration/{integration.pk}/change/" in sent.body
    assert "secret words" not in str(sent.message())
    assert topics(admin) == ["stopped"] and admin.notices.get().cause == "not_authorized"


def test_the_engine_s_own_stop_and_retry_are_told(organization: Organization, admin: Member) -> None:
    integration = connection(organization)
    results_connection._stop(integration, NotAuthorizedError(as_message("refused")))
    results_connection._stop(integration, NotAuthorizedError(as_message("refused")))
    assert topics(admin) == ["stopped"]
    other = connection(organization)
    results_connection._back_off(other, [UnavailableError(as_message("down"))])
    with later(minutes=59):
        trouble.look_after()
        assert topics(admin) == ["stopped"]
    with later(minutes=61):
        for _ in range(3):
            trouble.look_after()
        assert topics(admin) == ["stopped", "retrying"]
        results_connection._answered(other, [], answered=True)
        assert topics(admin) == ["stopped", "retrying", "recovered"]
        trouble.look_after()
    assert admin.notices.count() == admin.mails.count() == 3


def test_what_recovers_within_the_hour_is_not_told(organization: Organization, admin: Member) -> None:
    integration = connection(organization)
    retrying(integration)
    with later(minutes=50):
        answers(integration)
        Event.objects.create(integration=integration, kind="recovered", said=said("Answers again"))
    with later(minutes=70):
        trouble.look_after()
        # another spell has an hour of its own
        retrying(integration)
        trouble.look_after()
    with later(minutes=135):
        trouble.look_after()
    assert topics(admin) == ["retrying"]


@pytest.mark.parametrize("held", [{"send_positions": False}, {"paused_at": timezone.now()}])
def test_what_somebody_switched_or_paused_is_not_told_as_trouble(
    organization: Organization, admin: Member, held: dict[str, Any]
) -> None:
    retrying(connection(organization), **held)
    with later(minutes=70):
        trouble.look_after()
    assert not admin.notices.exists()


def test_after_a_stop_it_works_again_when_something_was_accepted(organization: Organization, admin: Member) -> None:
    integration = connection(organization)
    stop(integration)
    actions.resume(Integration.objects.get(pk=integration.pk), "kari")
    trouble.look_after()
    assert topics(admin) == ["stopped"]  # resumed: whether it works is not known yet
    with later(minutes=1):
        answers(integration)
        for _ in range(3):
            trouble.look_after()
        tasks.mail()
    assert topics(admin) == ["stopped", "recovered"]
    assert Event.objects.filter(kind="recovered").count() == 1
    assert subjects()[1].endswith(" works again")
    # a recovery of which no trouble was told says nothing
    Event.objects.create(integration=integration, kind="recovered", said=said("Answers again"))
    assert topics(admin) == ["stopped", "recovered"]


def test_a_removed_credential_lets_it_go_on_as_new_ones_do(organization: Organization, admin: Member) -> None:
    made = sandboxes()["tripletex"]
    credentials = {**made.credentials, "company_id": "77"}
    integration = connection(organization, "tripletex", settings=dict(made.settings), credentials=credentials)
    stop(integration)
    client, address = Client(), reverse("admin:integrations_integration_settings", args=[integration.pk])
    client.force_login(admin.user)
    page = client.get(address).content.decode()
    sent = form_of(page)
    assert client.post(address, {**sent, "remove__company_id": "on"}).status_code == 302
    assert Event.objects.filter(kind="credentials").exists()
    with later(minutes=1):
        answers(integration)
        trouble.look_after()
    assert topics(admin) == ["stopped", "recovered"]


def test_what_was_on_its_way_when_it_stopped_does_not_say_it_works_again(
    organization: Organization, admin: Member
) -> None:
    integration = connection(organization)
    stop(integration)
    with later(minutes=1):  # of the same batch, stored after the stop
        Integration.objects.filter(pk=integration.pk).update(last_success_at=timezone.now())
    with later(minutes=5):
        stopped = Integration.objects.get(pk=integration.pk)
        actions.resume(stopped, "kari")
        actions.credentials_renewed(stopped, "kari")
        trouble.look_after()
        assert topics(admin) == ["stopped"]
    with later(minutes=6):
        answers(integration)
        trouble.look_after()
    assert topics(admin) == ["stopped", "recovered"]
    # the next stop is not over by what let the one before go on
    with later(minutes=7):
        stop(integration)
    with later(minutes=8):
        answers(integration)
        trouble.look_after()
    assert topics(admin) == ["stopped", "recovered", "stopped"]


def test_after_a_stop_an_answer_that_accepts_nothing_does_not_say_it_works_again(
    organization: Organization, admin: Member
) -> None:
    integration = connection(organization)
    stop(integration)
    actions.resume(Integration.objects.get(pk=integration.pk), "kari")
    resumed = Integration.objects.get(pk=integration.pk)
    results_connection._back_off(resumed, [UnavailableError(as_message("down"))])
    results_connection._answered(resumed, [], answered=True)
    trouble.look_after()
    assert Event.objects.filter(kind="recovered").count() == 1 and topics(admin) == ["stopped"]


def test_what_is_rolled_back_tells_nobody(organization: Organization, admin: Member) -> None:
    integration = connection(organization)
    with transaction.atomic():
        stop(integration)
        transaction.set_rollback(True)
    assert not Notice.objects.exists() and not Mail.objects.exists()


# -- who is told


def test_each_member_of_this_organization_and_nobody_else(organization: Organization, admin: Member) -> None:
    viewer = MemberFactory(organization=organization, role="viewer")
    chose = MemberFactory(organization=organization, role="viewer", user__email="chose@example.com")
    MailChoice.objects.create(member=chose, topics=["stopped"])
    none = MemberFactory(organization=organization, role="admin")
    MailChoice.objects.create(member=none, topics=[])
    gone = MemberFactory(organization=organization, role="admin", user__is_active=False)
    stranger = MemberFactory(role="admin")
    stop(connection(organization))
    tasks.mail()
    assert sorted(one.to[0] for one in box()) == ["chose@example.com", "kari@example.com"]
    assert [m.notices.count() for m in (admin, viewer, chose, none, gone, stranger)] == [1, 1, 1, 1, 0, 0]


@pytest.mark.parametrize("what", ["left", "inactive", "chose", "demoted"])
def test_who_left_before_it_was_sent_gets_nothing(organization: Organization, admin: Member, what: str) -> None:
    stop(connection(organization))
    if what == "left":
        admin.delete()
    elif what == "inactive":
        admin.user.is_active = False
        admin.user.save()
    elif what == "chose":
        MailChoice.objects.create(member=admin, topics=["retrying"])
    else:
        Member.objects.filter(pk=admin.pk).update(role="viewer")
    tasks.mail()
    assert not box() and not Mail.objects.exists()
    assert Notice.objects.exists() is (what != "left")


def test_the_number_of_queries_does_not_grow_with_members(
    organization: Organization, django_assert_num_queries: Any
) -> None:
    integration = connection(organization)
    MemberFactory(organization=organization, role="admin")
    with CaptureQueriesContext(database) as few:
        stop(integration)
    for _ in range(20):
        MemberFactory(organization=organization, role="admin")
    with CaptureQueriesContext(database) as many:
        stop(integration)
    assert len(many) <= len(few)


# -- mails


def test_no_mail_is_written_where_none_are_sent(organization: Organization, admin: Member, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    MailChoice.objects.create(member=admin, topics=Topic.values, digest="daily")
    integration = connection(organization)
    stop(integration)
    job(integration)
    with time_machine.travel(MORNING + timedelta(days=400)):
        digest.look_after()
    assert topics(admin) == ["stopped"] and not Mail.objects.exists()


def test_a_mail_says_what_it_is_and_where_to_choose(organization: Organization, admin: Member) -> None:
    stop(connection(organization))
    tasks.mail()
    message = box()[0].message()
    assert message["Auto-Submitted"] == "auto-generated" and message["From"] == "Position Sync <sync@example.com>"
    assert message["List-Unsubscribe"] == "<https://sync.example.com/admin/notices/mails/>"
    assert message["Message-ID"].endswith("@example.com>")
    plain, html = message.get_payload()
    assert plain.get_content_type() == "text/plain" and html.get_content_type() == "text/html"


def test_names_cannot_inject_headers_or_markup(organization: Organization, admin: Member) -> None:
    Organization.objects.filter(pk=organization.pk).update(name="A\r\nBcc: thief@example.net\r\n\r\n<b>x</b>")
    integration = connection(organization, name="<img src=x>\nTo: thief@example.net")
    stop(integration)
    tasks.mail()
    message = box()[0].message()
    assert message["Bcc"] is None and message["To"] == "kari@example.com" and "\n" not in box()[0].subject
    html = message.get_payload()[1].get_payload(decode=True).decode()
    assert "<img" not in html and "<b>x" not in html


def test_without_a_public_address_there_is_no_link(organization: Organization, admin: Member, settings: Any) -> None:
    settings.PUBLIC_ADDRESS, settings.CSRF_TRUSTED_ORIGINS, settings.ALLOWED_HOSTS = "", [], ["*"]
    stop(connection(organization))
    tasks.mail()
    assert "/admin/" not in box()[0].body and box()[0].message()["List-Unsubscribe"] is None


def fails_with(monkeypatch: pytest.MonkeyPatch, error: Exception | None) -> list[str]:
    """The addresses that the server was asked to take, and what it answers."""
    asked: list[str] = []
    take = locmem.EmailBackend.send_messages

    def send(self: Any, messages: Any) -> int:
        asked.extend(one.to[0] for one in messages)
        if error is not None:
            raise error
        return take(self, messages)

    monkeypatch.setattr(locmem.EmailBackend, "send_messages", send)
    return asked


def test_a_server_that_is_down_is_tried_again_for_a_day(
    organization: Organization, admin: Member, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    MemberFactory(organization=organization, role="admin")
    stop(connection(organization))
    with monkeypatch.context() as patched:
        asked = fails_with(patched, smtplib.SMTPAuthenticationError(535, b"kari@example.com may not"))
        tasks.mail()
        assert len(asked) == 1  # another would fare no better
        assert sorted(Mail.objects.values_list("state", flat=True)) == ["retrying", "waiting"]
        assert "kari@example.com" not in caplog.text
        tasks.mail()
        with later(hours=25):
            tasks.mail()
            tasks.mail()
        assert set(Mail.objects.values_list("state", flat=True)) <= {"failed", "retrying"}
        with later(hours=50):
            tasks.mail()
            tasks.mail()
        assert set(Mail.objects.values_list("state", flat=True)) == {"failed"}
    with later(hours=60):
        tasks.mail()
    assert not box()


@pytest.mark.parametrize(("code", "state"), [(550, "failed"), (450, "retrying")])
def test_a_refused_address_keeps_nobody_else_waiting(
    organization: Organization, admin: Member, monkeypatch: pytest.MonkeyPatch, code: int, state: str
) -> None:
    stop(connection(organization))
    refused = smtplib.SMTPRecipientsRefused({"kari@example.com": (code, b"no such user")})
    with monkeypatch.context() as patched:
        fails_with(patched, refused)
        tasks.mail()
    row = admin.mails.get()
    assert row.state == state and "kari" not in str(row.said) and str(code) in row.message
    MemberFactory(organization=organization, role="admin", user__email="other@example.com")
    stop(connection(organization))
    tasks.mail()
    assert "other@example.com" in [one.to[0] for one in box()]


def test_a_mistake_of_ours_or_a_missing_address_is_given_up(
    organization: Organization, admin: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    MemberFactory(organization=organization, role="admin", user__email="")
    stop(connection(organization))
    fails_with(monkeypatch, ValueError("boom"))
    tasks.mail()
    assert set(Mail.objects.values_list("state", flat=True)) == {"failed"}


def test_a_killed_worker_s_mail_is_sent_by_another_under_the_same_id(
    organization: Organization, admin: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop(connection(organization))
    row = admin.mails.get()
    with monkeypatch.context() as patched:
        patched.setattr(turn, "_posted", lambda *_: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            tasks.mail()
    tasks.mail()  # the dead one's claim
    assert not box()
    with later(minutes=11):
        turn.look_after()
        tasks.mail()
        tasks.mail()
    assert len(box()) == 1 and str(row.message_id) in box()[0].message()["Message-ID"]


def test_two_workers_send_a_mail_once(organization: Organization, admin: Member) -> None:
    stop(connection(organization))
    first = turn._claimed()
    assert first is not None and turn._claimed() is None
    tasks.mail()
    assert not box()


def test_a_clock_that_was_set_back_keeps_no_mail(organization: Organization, admin: Member, rung: list[str]) -> None:
    stop(connection(organization))
    with later(hours=5):
        turn._claimed()
    rung.clear()
    turn.look_after()
    tasks.mail()
    assert len(box()) == 1 and rung


# -- the digest


def wants(member: Member, digest: str) -> MailChoice:
    return MailChoice.objects.create(member=member, topics=[], digest=digest, digested_on=MORNING.date() - timedelta(1))


def look(moment: datetime) -> list[str]:
    """The subjects of what is sent then, whatever is repeated."""
    django_mail.outbox.clear()
    with time_machine.travel(moment, tick=False):
        for _ in range(3):
            digest.look_after()
            tasks.mail()
    return subjects()


def test_the_digest_says_what_needs_somebody(organization: Organization, admin: Member) -> None:
    wants(admin, "daily")
    integration = connection(organization, name="Netvisor, Oslo")
    for _ in range(3):
        job(integration, field="occupation_code", employee_name="Åse Sørlie", vendor_text="Sørlie is unknown")
    paused = connection(organization, name="Netvisor, Bergen", paused_at=timezone.now())
    job(paused, state=Job.State.WAITING)
    stopped = connection(organization, name="Netvisor, Tromsø")
    Integration.objects.filter(pk=stopped.pk).update(stopped_at=MORNING, stopped_cause="not_authorized")
    job(connection(OrganizationFactory()), cause="overlap_in_target")
    assert look(MORNING) == ["Bakery: what needs you"]
    body = box()[0].body
    assert "A required field is missing (Occupation code): 3 employees, 1 connection." in body
    assert "tab=needs_action&cause=missing_required_field&field=occupation_code" in body
    assert "Netvisor, Bergen is paused: 1 change waits." in body and "Netvisor, Tromsø is stopped" in body
    assert "Sørlie" not in str(box()[0].message()) and "overlap" not in body


def test_the_digest_tells_admins_of_keys_and_webhooks_that_need_them(organization: Organization, admin: Member) -> None:
    viewer = MemberFactory(organization=organization, role="viewer", user__email="vera@example.com")
    wants(admin, "daily")
    wants(viewer, "daily")
    soon = MORNING + timedelta(days=5)
    ApiKeyFactory(organization=organization, expires_at=soon, owner=admin.user, created_by=admin.user)
    ApiKeyFactory(organization=organization, expires_at=soon + timedelta(days=60), owner=admin.user)
    hooks = [Webhook(organization=organization, url="https://a.example/", paused_at=at) for at in (MORNING, None)]
    Webhook.objects.bulk_create(hooks)
    assert look(MORNING) == ["Bakery: what needs you"], "nothing of it is a viewer's"
    assert box()[0].to == ["kari@example.com"]
    assert "1 API key needs you." in box()[0].body and "1 webhook is paused." in box()[0].body
    # What everybody sees brings the viewer a mail too, without what only admins see.
    job(connection(organization))
    assert len(look(MORNING + timedelta(days=1))) == 2
    (vera,) = (one.body for one in box() if one.to == ["vera@example.com"])
    assert "1 employee, 1 connection" in vera and "API key" not in vera and "webhook" not in vera


def digest_link(fragment: str) -> str:
    (found,) = [line for line in box()[0].body.splitlines() if fragment in line]
    return found.removeprefix("https://sync.example.com")


def test_a_group_s_link_leads_to_that_group_alone(organization: Organization, admin: Member, client: Any) -> None:
    """Of its field or of none, and of the digest's organization."""
    wants(admin, "daily")
    mine = connection(organization)
    other = MemberFactory(user=admin.user, role="admin").organization
    job(mine, cause="refused", employee_name="Kari Nordmann")
    job(mine, cause="refused", field="occupation_code", employee_name="Siri Dahl")
    job(connection(other), cause="refused", employee_name="Aino Korhonen")
    look(MORNING)
    client.force_login(admin.user)
    page = client.get(digest_link("cause=refused&field=-")).content.decode()
    assert "Kari Nordmann" in page and "Siri Dahl" not in page and "Aino Korhonen" not in page
    Member.objects.filter(organization=other).delete()
    look(MORNING + timedelta(days=1))
    alone = digest_link("cause=refused&field=-")
    assert "organization" not in alone and "Kari Nordmann" in client.get(alone).content.decode()


def test_a_digest_comes_once_a_local_morning(organization: Organization, admin: Member) -> None:
    weekly = MemberFactory(organization=organization, role="editor", user__email="weekly@example.com")
    never = MemberFactory(organization=organization, role="editor")
    wants(admin, "daily"), wants(weekly, "weekly"), wants(never, "never")
    job(connection(organization))
    assert look(MORNING - timedelta(minutes=31)) == []  # 6:59 in Oslo
    assert len(look(MORNING)) == 2
    assert look(MORNING + timedelta(hours=5)) == []
    look(MORNING + timedelta(days=1))
    assert [one.to for one in box()] == [["kari@example.com"]]
    assert len(look(MORNING + timedelta(days=7, hours=9))) == 2  # no worker ran in the morning


def test_each_organization_has_its_own_morning_also_when_the_clocks_change(admin: Member) -> None:
    job(connection(admin.organization))
    wants(admin, "daily")
    finnish = MemberFactory(organization__time_zone="Europe/Helsinki", user__email="aino@example.com")
    job(connection(finnish.organization))
    wants(finnish, "daily")
    # By UTC, before and after the clocks go forward (29 March) and back (25 October).
    for month, day, in_helsinki, in_oslo in ((3, 28, 5, 6), (3, 29, 4, 5), (10, 24, 4, 5), (10, 25, 5, 6)):
        MailChoice.objects.update(digested_on=date(2026, month, day - 1))
        for member, hour in ((finnish, in_helsinki), (admin, in_oslo)):
            due = datetime(2026, month, day, hour, tzinfo=UTC)
            assert look(due - timedelta(minutes=1)) == [], member
            assert len(look(due)) == 1 and box()[0].to == [member.user.email]


def test_nothing_is_sent_when_there_is_nothing_to_say(organization: Organization, admin: Member) -> None:
    choice = wants(admin, "daily")
    integration = connection(organization)
    job(integration, state=Job.State.SUCCEEDED)
    assert look(MORNING) == []
    job(integration)  # later that day: the next morning tells
    assert look(MORNING + timedelta(hours=3)) == []
    choice.refresh_from_db()
    assert choice.digested_on == MORNING.date()
    assert len(look(MORNING + timedelta(days=1))) == 1


def test_a_digest_that_breaks_off_is_written_by_the_next_minute(
    organization: Organization, admin: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    wants(admin, "daily")
    job(connection(organization))
    with monkeypatch.context() as patched, time_machine.travel(MORNING):
        patched.setattr(digest, "facts", lambda _: 1 / 0)
        tasks.tell_members()
        assert not Mail.objects.exists()
    assert len(look(MORNING + timedelta(minutes=1))) == 1


def test_the_digest_of_many_costs_the_same_for_each_organization(organization: Organization, admin: Member) -> None:
    wants(admin, "daily")
    integration = connection(organization)
    job(integration)
    with time_machine.travel(MORNING), CaptureQueriesContext(database) as few:
        digest.look_after()
    for _ in range(5):
        wants(MemberFactory(organization=organization), "daily")
        job(integration)
    with time_machine.travel(MORNING + timedelta(days=1)), CaptureQueriesContext(database) as many:
        digest.look_after()
    assert len(many) <= len(few)


# -- how long it is kept


def test_mails_are_kept_30_days_and_notices_400(organization: Organization, admin: Member) -> None:
    stop(connection(organization))
    with later(days=31):
        retention.prune()
        assert not Mail.objects.exists() and Notice.objects.exists()
    with later(days=401):
        retention.prune()
        assert not Notice.objects.exists()


def test_with_a_user_all_that_was_for_them_is_gone(organization: Organization, admin: Member) -> None:
    MailChoice.objects.create(member=admin, topics=Topic.values)
    stop(connection(organization))
    admin.user.delete()
    assert not Mail.objects.exists() and not Notice.objects.exists() and not MailChoice.objects.exists()
