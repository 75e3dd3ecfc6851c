"""The pages of webhooks, for admins of an organization."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from positions import moments
from positions.models import AuditEntry, Organization
from synclog.models import Webhook, WebhookDelivery
from synclog.models.webhook import MOST_WEBHOOKS
from synclog.webhooks import endpoints, outbox
from tests.factories import OrganizationFactory
from tests.synclog.pages import client_of, text_of

pytestmark = pytest.mark.django_db

HOOKS, LOG = "/admin/synclog/webhook/", "/admin/synclog/webhookdelivery/"
FORM: dict[str, Any] = {"url": "https://9.9.9.9/hook", "events": ["job.failed", "batch.finished"], "active": "on"}


@pytest.fixture
def organization() -> Organization:
    return OrganizationFactory()


def hook(organization: Organization, **values: Any) -> Webhook:
    return Webhook.objects.create(
        organization=organization, **{"url": "https://9.9.9.9/hook", "events": ["job.failed"], **values}
    )


def deliveries(webhook: Webhook, number: int = 1) -> None:
    for n in range(number):
        outbox.tell([(webhook.pk, frozenset(["job.failed"]))], [("job.failed", timezone.now(), {"job": n})])


def test_a_secret_is_shown_once_when_it_is_made_and_when_it_is_rotated(organization: Organization) -> None:
    admin = client_of(organization)
    assert "No webhook yet" in text_of(admin.get(HOOKS))
    made = admin.post(f"{HOOKS}add/", FORM)
    webhook = Webhook.objects.get()
    assert webhook.organization == organization and webhook.events == ["job.failed", "batch.finished"]
    assert webhook.secret in text_of(admin.get(made.headers["Location"]))
    again = admin.get(made.headers["Location"], follow=True)
    assert webhook.secret not in text_of(again) and "shown once" in text_of(again)
    rotated = admin.post(f"{HOOKS}{webhook.pk}/rotate/")
    former, webhook = webhook, Webhook.objects.get()
    page = text_of(admin.get(rotated.headers["Location"]))
    assert webhook.secret in page and former.secret not in page and "The secret before signs beside it" in page
    entries = AuditEntry.objects.filter(kind="webhook").order_by("pk")
    assert [entry.action for entry in entries] == ["created", "changed"]
    assert not any(secret in str(list(entries.values())) for secret in (former.secret, webhook.secret))
    # nor does any page of it say them
    for path in (HOOKS, f"{HOOKS}{webhook.pk}/change/", f"{HOOKS}{webhook.pk}/history/", "/admin/"):
        assert "whsec_" not in text_of(admin.get(path))


def test_what_is_wrong_with_an_address_is_said_beside_it(organization: Organization) -> None:
    admin = client_of(organization)
    for url, words in (("https://127.0.0.1/", "private network"), ("http://9.9.9.9/", "starts with https")):
        page = text_of(admin.post(f"{HOOKS}add/", {**FORM, "url": url}))
        assert words in page
    assert "Tick at least one event" in text_of(admin.post(f"{HOOKS}add/", {**FORM, "events": []}))
    for _ in range(MOST_WEBHOOKS):
        hook(organization)
    assert f"{MOST_WEBHOOKS} webhooks at most" in text_of(admin.post(f"{HOOKS}add/", FORM))
    assert Webhook.objects.count() == MOST_WEBHOOKS


def test_a_pause_is_told_wherever_an_admin_looks_and_resumed_by_one_button(organization: Organization) -> None:
    webhook = hook(organization, paused_at=timezone.now(), paused_cause="failing", failing_since=timezone.now())
    deliveries(webhook)
    admin = client_of(organization)
    for path in ("/admin/", HOOKS, f"{HOOKS}{webhook.pk}/change/"):
        assert "nothing had been taken for five days" in text_of(admin.get(path)), path
    assert "Waits until the webhook is resumed" in text_of(admin.get(LOG))
    assert "nothing had been taken" not in text_of(client_of(organization, "editor").get("/admin/"))
    assert "nothing had been taken" not in text_of(client_of(OrganizationFactory()).get("/admin/"))
    admin.post(f"{HOOKS}{webhook.pk}/resume/")
    webhook.refresh_from_db()
    assert webhook.state == Webhook.State.ON
    # another address does the same, and what was chosen besides stays
    Webhook.objects.update(paused_at=timezone.now(), paused_cause="gone")
    admin.post(f"{HOOKS}{webhook.pk}/change/", {**FORM, "url": "https://9.9.9.9/new"})
    webhook.refresh_from_db()
    assert (webhook.url, webhook.state) == ("https://9.9.9.9/new", Webhook.State.ON)
    assert AuditEntry.objects.filter(kind="webhook", changes__has_key="url").exists()


def test_when_a_failing_one_is_tried_again_is_said_as_it_is(organization: Organization) -> None:
    now = timezone.now()
    webhook, admin = hook(organization, failing_since=now, retry_at=now + timedelta(hours=1)), client_of(organization)
    page = f"{HOOKS}{webhook.pk}/change/"
    assert "tried again with the next event" in text_of(admin.get(page))
    deliveries(webhook)
    zone = organization.zone
    for due in (now, now + timedelta(hours=30)):
        WebhookDelivery.objects.update(state="retrying", attempts=3, due_at=due)
        said = moments.when(max(due, now + timedelta(hours=1)), zone)
        for state in ("waiting", "retrying"):  # the rows say no other moment
            WebhookDelivery.objects.update(state=state)
            assert f"It is tried again {said}." in text_of(admin.get(page))
            for rows in (page, LOG):
                assert f"3 tries, next {said}" in text_of(admin.get(rows))
    # and the button does it now
    admin.post(f"{HOOKS}{webhook.pk}/resume/")
    assert WebhookDelivery.objects.get().due_at <= timezone.now()
    webhook.refresh_from_db()
    assert (webhook.state, webhook.retry_at) == (Webhook.State.ON, None)


def test_a_test_event_is_followed_and_replayed(organization: Organization) -> None:
    webhook, admin = hook(organization), client_of(organization)
    page = admin.post(f"{HOOKS}{webhook.pk}/test/", follow=True)
    assert "webhook.test" in text_of(page) and "Not sent yet" in text_of(page)
    row = WebhookDelivery.objects.get()
    WebhookDelivery.objects.update(
        state="failed", attempts=12, status=500, tried_at=timezone.now(), answer="<b>down</b>"
    )
    shown = text_of(admin.get(f"{LOG}{row.pk}/change/"))
    assert "Answered 500" in shown and "12 tries" in shown and "&lt;b&gt;down" in shown
    assert "Given up" in text_of(admin.get(f"{LOG}?state__exact=failed&event=webhook.test"))
    assert "No delivery matches" in text_of(admin.get(f"{LOG}?state__exact=waiting"))
    admin.post(f"{LOG}{row.pk}/replay/")
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("waiting", 0)
    assert [e.action for e in AuditEntry.objects.filter(kind="webhook delivery")] == ["changed", "created"]


def test_deleting_one_reads_none_of_its_deliveries(organization: Organization) -> None:
    webhook, other, admin = hook(organization), hook(organization), client_of(organization)
    deliveries(webhook, 3)
    deliveries(other)
    with CaptureQueriesContext(database) as ran:
        asked = text_of(admin.get(f"{HOOKS}{webhook.pk}/delete/"))
        assert admin.post(f"{HOOKS}{webhook.pk}/delete/", {"post": "yes"}).status_code == 302
    assert webhook.url in asked and "ebhook deliveries" in asked
    assert not any("message_id" in query["sql"] for query in ran.captured_queries)
    assert list(WebhookDelivery.objects.values_list("webhook", flat=True)) == [other.pk]


@pytest.mark.parametrize("role", ["viewer", "editor"])
def test_they_are_for_admins(organization: Organization, role: str) -> None:
    webhook = hook(organization)
    row = endpoints.send_test(webhook)
    other = client_of(organization, role)
    assert "Webhooks" not in text_of(other.get("/admin/"))
    for path in (HOOKS, f"{HOOKS}add/", f"{HOOKS}{webhook.pk}/change/", LOG, f"{LOG}{row.pk}/change/"):
        answer = other.get(path)
        assert answer.status_code in (302, 403) and webhook.url not in text_of(answer), path
    assert "Webhooks" in text_of(client_of(organization).get("/admin/"))


def test_lists_ask_the_same_whatever_their_length(organization: Organization) -> None:
    admin = client_of(organization)

    def queries(path: str) -> int:
        with CaptureQueriesContext(database) as ran:
            assert admin.get(path).status_code == 200
        return len(ran)

    webhook = hook(organization, paused_at=timezone.now(), paused_cause="gone")
    deliveries(webhook, 2)
    paths = ("/admin/", HOOKS, LOG, f"{HOOKS}{webhook.pk}/change/")
    few = [queries(path) for path in paths]
    for n in range(6):
        deliveries(hook(organization, paused_at=timezone.now(), paused_cause="gone"), 1 + n)
    assert [queries(path) for path in paths] == few
