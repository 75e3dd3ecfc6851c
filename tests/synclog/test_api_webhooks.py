"""Webhooks through the API: made, changed, rotated, deleted, and their deliveries read and replayed."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from positions.models import AuditEntry, IdempotencyKey, Organization
from synclog.models import Webhook, WebhookDelivery
from synclog.models.webhook import MOST_WEBHOOKS
from synclog.webhooks import outbox
from tests.apidocument import check_told
from tests.factories import ApiKeyFactory, OrganizationFactory
from tests.positions.conftest import Api

pytestmark = pytest.mark.django_db

BODY: dict[str, Any] = {"url": "https://203.0.113.7/hook", "events": ["position.synced", "job.failed", "job.failed"]}


@pytest.fixture
def organization() -> Organization:
    return OrganizationFactory()


@pytest.fixture
def api(organization: Organization, settings: Any) -> Api:
    settings.ALLOW_PRIVATE_TARGETS = True  # the addresses of the documentation are no public ones
    return Api(ApiKeyFactory(organization=organization, name="nightly"))


def deliveries(webhook: int, number: int) -> None:
    about = {
        "integration": 3, "system": "netvisor", "employee": 12, "position": 41, "action": "create", "state": "failed",
        "cause": "missing_required_field", "field": "title", "warning": False,
    }  # fmt: skip
    for n in range(1, number + 1):
        outbox.tell([(webhook, frozenset(["job.failed"]))], [("job.failed", timezone.now(), {"job": n, **about})])


def test_from_the_first_to_the_last(api: Api, organization: Organization) -> None:
    made = api.post("/webhooks/", BODY, Idempotency_Key="once")
    assert made.status_code == 201 and made.json()["secret"].startswith("whsec_")
    assert made.json()["events"] == ["job.failed", "position.synced"] and made.json()["state"] == "on"
    # shown once, and kept nowhere in clear
    secret = made.json()["secret"]
    again = api.post("/webhooks/", BODY, Idempotency_Key="once")
    assert again.json() == {**made.json(), "secret": None} and Webhook.objects.count() == 1
    assert secret not in str(IdempotencyKey.objects.values_list("body", "headers"))
    path = made.headers["Location"]
    read = api.get(path)
    assert "secret" not in read.json() and read.headers["ETag"] == made.headers["ETag"]
    assert api.get(path, If_None_Match=read.headers["ETag"]).status_code == 304
    assert api.get("/webhooks/").json()["results"] == [read.json()]
    changed = api.patch(path, {**read.json(), "active": False}, If_Match=read.headers["ETag"])
    assert changed.json()["state"] == "off"
    assert api.patch(path, {"active": True}, If_Match=read.headers["ETag"]).status_code == 412
    rotated = api.post(f"{path}rotate/", None)
    assert rotated.json()["secret"] not in (secret, None)
    row = Webhook.objects.get()
    assert row.signing(timezone.now()) == [rotated.json()["secret"], secret]
    assert api.delete(path).status_code == 204 and api.get(path).status_code == 404
    told = AuditEntry.objects.filter(kind="webhook", actor="nightly", via="api").order_by("pk")
    assert [entry.action for entry in told] == ["created", "changed", "changed", "deleted"]
    assert not any(word in str(list(told.values())) for word in (secret, rotated.json()["secret"]))


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({**BODY, "url": "ftp://example.com"}, "url"),
        ({**BODY, "url": "https://kari:pass@example.com/"}, "url"),
        ({**BODY, "url": None}, "url"),
        ({**BODY, "events": []}, "events"),
        ({**BODY, "events": ["job.lost"]}, "events[0]"),
        ({"url": BODY["url"]}, "events"),
        ({**BODY, "secret": "whsec_mine"}, "secret"),
    ],
)
def test_what_is_refused(api: Api, body: dict[str, Any], field: str) -> None:
    answer = api.post("/webhooks/", body)
    assert answer.status_code == 400 and [e["field"] for e in answer.json()["errors"]] == [field]
    assert not Webhook.objects.exists()


def test_an_address_inside_is_refused(api: Api, settings: Any) -> None:
    settings.ALLOW_PRIVATE_TARGETS = False
    for url in ("http://198.51.100.2/", "https://127.0.0.1/", "https://10.1.2.3/"):
        assert api.post("/webhooks/", {**BODY, "url": url}).status_code == 400


def test_there_are_not_any_number_of_them(api: Api, organization: Organization) -> None:
    for _ in range(MOST_WEBHOOKS):
        Webhook.objects.create(organization=organization, url=BODY["url"], events=BODY["events"])
    answer = api.post("/webhooks/", BODY)
    assert answer.status_code == 400 and answer.json()["errors"][0]["code"] == "too_many"


def test_a_pause_is_ended_by_hand_or_by_another_address(api: Api, organization: Organization) -> None:
    webhook = Webhook.objects.create(organization=organization, url=BODY["url"], events=BODY["events"])
    paused = {"paused_at": timezone.now(), "paused_cause": "gone", "failing_since": timezone.now()}
    for resume in (
        lambda: api.post(f"/webhooks/{webhook.pk}/resume/", None),
        lambda: api.patch(f"/webhooks/{webhook.pk}/", {"url": "https://203.0.113.8/"}),
    ):
        Webhook.objects.update(**paused)
        found = api.get(f"/webhooks/{webhook.pk}/").json()
        assert (found["state"], found["paused_cause"]) == ("paused", "gone")
        unchanged = api.patch(f"/webhooks/{webhook.pk}/", found).json()  # sent back as it was read
        assert unchanged["state"] == "paused"
        answer = resume()
        assert (answer.status_code, answer.json()["state"], answer.json()["failing_since"]) == (200, "on", None)


def test_deliveries_are_read_filtered_and_replayed(api: Api, organization: Organization) -> None:
    webhook = Webhook.objects.create(organization=organization, url=BODY["url"], events=BODY["events"])
    deliveries(webhook.pk, 3)
    test = api.post(f"/webhooks/{webhook.pk}/test/", None).json()
    assert (test["event"], test["state"]) == ("webhook.test", "waiting")
    check_told(test["payload"])
    path = f"/webhooks/{webhook.pk}/deliveries/"
    assert len(api.get(path).json()["results"]) == 4
    (found,) = api.get(f"{path}?event=webhook.test").json()["results"]
    assert found == test and found["payload"]["data"] == {"webhook": webhook.pk}
    WebhookDelivery.objects.filter(pk=test["id"]).update(state="delivered", attempts=1, status=204)
    assert api.get(f"{path}?state=delivered").json()["results"][0]["status_code"] == 204
    assert api.get(f"{path}?state=lost").status_code == 400
    answer = api.post(f"{path}{test['id']}/replay/", None).json()
    assert (answer["state"], answer["attempts"], answer["webhook_id"]) == ("waiting", 0, test["webhook_id"])
    assert api.get(f"{path}{test['id']}/").json() == answer
    entry = AuditEntry.objects.filter(kind="webhook delivery").latest("pk")
    assert (entry.actor, entry.changes) == ("nightly", {"replay": ["delivered", "waiting"]})


def test_nobody_else_and_nobody_without_the_scope(api: Api, organization: Organization) -> None:
    webhook = Webhook.objects.create(organization=organization, url=BODY["url"], events=BODY["events"])
    deliveries(webhook.pk, 1)
    one = WebhookDelivery.objects.get()
    other = Webhook.objects.create(organization=OrganizationFactory(), url=BODY["url"], events=BODY["events"])
    stranger = Api(ApiKeyFactory(organization=other.organization))
    reader = Api(ApiKeyFactory(organization=organization, scopes=["sync:read"]))
    path = f"/webhooks/{webhook.pk}/"
    for act in ("", "rotate/", "resume/", "test/", f"deliveries/{one.pk}/replay/"):
        method = "PATCH" if not act else "POST"
        assert stranger.send(method, f"{path}{act}", {}).status_code == 404, act
        assert reader.send(method, f"{path}{act}", {}).status_code == 403, act
    # not by way of one's own webhook either
    assert stranger.get(f"/webhooks/{other.pk}/deliveries/{one.pk}/").status_code == 404
    assert stranger.get(f"{path}deliveries/").status_code == 404
    assert reader.get(f"{path}deliveries/").status_code == 200


def test_lists_ask_the_same_whatever_their_length(api: Api, organization: Organization) -> None:
    def queries(path: str) -> int:
        with CaptureQueriesContext(database) as ran:
            assert api.get(path).status_code == 200
        return len(ran)

    webhook = Webhook.objects.create(organization=organization, url=BODY["url"], events=BODY["events"])
    paths = ("/webhooks/", f"/webhooks/{webhook.pk}/deliveries/")
    deliveries(webhook.pk, 1)
    api.get(paths[0])  # notes the use of the key
    few = [queries(path) for path in paths]
    deliveries(webhook.pk, 20)
    for _ in range(10):
        Webhook.objects.create(organization=organization, url=BODY["url"], events=BODY["events"])
    assert [queries(path) for path in paths] == few
