"""Many jobs or positions at once, through the API: asked for by a filter, carried on by a worker, followed, ended."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.models import Integration
from positions.models import Organization, Position
from synclog.log import batches, progress
from synclog.models import Batch, BatchError, Job, Question
from synclog.questions import asking, previews_of_many
from synclog.queue import tasks
from tests.factories import ApiKeyFactory, CompanyFactory, OrganizationFactory
from tests.positions.conftest import Api
from tests.synclog.pages import connection, job, unrecorded
from tests.synclog.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def small_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "PIECE", 4)
    monkeypatch.setattr(progress, "LARGE", 1000)


@pytest.fixture(autouse=True)
def rung(monkeypatch: pytest.MonkeyPatch, settings: Any) -> list[int]:
    """Batches for which a worker was rung, in order."""
    settings.Q_CLUSTER = {name: value for name, value in settings.Q_CLUSTER.items() if name != "redis"}
    found: list[int] = []
    monkeypatch.setattr(batches, "async_task", lambda name, pk, **_: found.append(pk))
    return found


@pytest.fixture
def organization() -> Organization:
    return OrganizationFactory()


@pytest.fixture
def integration(organization: Organization) -> Integration:
    return connection(organization, name="Netvisor Oulu")


@pytest.fixture
def api(organization: Organization) -> Api:
    return Api(ApiKeyFactory(organization=organization, name="nightly"))


def begun(api: Api, action: str, found: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = api.post("/batches/", {"action": action, "filter": found, **more})
    assert answer.status_code == 202, answer.content
    batch: dict[str, Any] = answer.json()
    assert answer.headers["Location"].endswith(f"/batches/{batch['id']}/")
    return batch


def ended(api: Api, batch: dict[str, Any]) -> dict[str, Any]:
    tasks.carry_on(batch["id"])
    found: dict[str, Any] = api.get(f"/batches/{batch['id']}/").json()
    return found


def errors(api: Api, batch: dict[str, Any], query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get(f"/batches/{batch['id']}/errors/{query}").json()["results"]
    return found


def test_a_resync_is_counted_begun_and_says_what_it_left_out(api: Api, integration: Integration) -> None:
    rows = [job(integration) for _ in range(6)]
    job(integration, cause="overlap_in_target")
    closed = job(integration, state="succeeded", cause="missing_required_field")
    meant = {"cause": "missing_required_field", "integration": integration.pk}
    counted = api.post("/batches/", {"action": "resync", "filter": meant, "count_only": True})
    assert (counted.status_code, counted.json()) == (200, {"matching": 6}) and not Batch.objects.exists()
    headers = {"Idempotency_Key": "a", "X_Request_ID": "a-request-of-mine"}
    first, again = (api.post("/batches/", {"action": "resync", "filter": meant}, **headers) for _ in range(2))
    assert first.json() == again.json() and Batch.objects.count() == 1
    Job.objects.filter(pk=rows[0].pk).update(state="running")
    found = ended(api, first.json())
    assert (found["state"], found["total"], found["acted"], found["left_out"]) == ("done", 6, 5, 1)
    assert found["causes"] == {"being_sent": 1}
    (left,) = errors(api, found)
    assert (left["job"], left["position"], left["cause"]) == (rows[0].pk, rows[0].position_key, "being_sent")
    assert left["what_to_do"] and errors(api, found, "?cause=position_deleted") == []
    # what it sent is found by its request
    sent = api.get("/jobs/?request_id=a-request-of-mine").json()["results"]
    assert {row["id"] for row in sent} == {row.pk for row in rows[1:]}
    Position.objects.filter(pk=closed.position_key).delete()
    Job.objects.open().filter(deleted=True).delete()  # as if that had been through
    gone = ended(api, begun(api, "resync", {"state__in": ["succeeded", "skipped"]}))
    assert gone["causes"] == {"position_deleted": 1} and gone["acted"] == 0


def test_a_dismissal_closes_what_is_open_and_keeps_its_reason(api: Api, integration: Integration) -> None:
    rows = [job(integration, cause="delete_by_hand") for _ in range(5)]
    job(integration)
    batch = begun(api, "dismiss", {"cause": "delete_by_hand"}, reason="Deleted by hand")
    Job.objects.filter(pk=rows[4].pk).update(state="running")
    found = ended(api, batch)
    assert (found["acted"], found["left_out"], found["causes"]) == (4, 1, {"being_sent": 1})
    dismissed = Job.objects.filter(state="dismissed", dismissed_reason="Deleted by hand (nightly)")
    assert {row.pk for row in dismissed} == {row.pk for row in rows[:4]}


def test_positions_are_sent_by_their_own_filters(api: Api, integration: Integration, rung: list[int]) -> None:
    rows = [unrecorded(integration.organization, "Baker") for _ in range(6)]
    company = CompanyFactory(organization=integration.organization)
    Position.objects.filter(pk=rows[0].pk).update(company=company)
    meant = {"integration": integration.pk, "state": "not_sent"}
    assert api.post("/batches/", {"action": "send_now", "filter": meant, "count_only": True}).json()["matching"] == 6
    one = ended(api, begun(api, "send_now", {**meant, "company": company.pk}))
    assert (one["acted"], Job.objects.get().position_key) == (1, rows[0].pk)
    assert (Job.objects.get().origin, Job.objects.get().origin_name) == ("api", "nightly")
    assert begun(api, "send_now", {**meant, "id__in": [rows[1].pk, rows[2].pk]}, count_only=False)["total"] == 2
    Batch.objects.all().delete()
    rest = begun(api, "send_now", meant)
    assert batches.carry_on(rest["id"])
    Integration.objects.update(everybody=False)  # takes none any more
    found = ended(api, rest)
    assert (found["acted"], found["left_out"], found["causes"]) == (4, 1, {"out_of_scope": 1})
    Integration.objects.update(everybody=True)
    batch = begun(api, "send_now", {"integration": integration.pk})
    Integration.objects.update(send_positions=False)
    found = ended(api, batch)
    assert (found["state"], found["acted"], found["left_out"], found["cause"]) == ("done", 0, 6, "switched_off")
    refused = api.post("/batches/", {"action": "send_now", "filter": {"integration": integration.pk}}).json()
    assert (refused["errors"][0]["field"], refused["errors"][0]["code"]) == ("filter.integration", "switched_off")


@pytest.mark.unanswered
def test_previews_of_many_tell_what_would_be_sent_and_what_not(world: World) -> None:
    api = Api(ApiKeyFactory(organization=world.organization))
    integration = world.connect("tripletex")
    good = [world.save(occupation_code="2512102") for _ in range(2)]
    bad = world.save(occupation_code="")
    Job.objects.all().delete()
    batch = begun(api, "preview", {"integration": integration.pk, "active_on": date.today().isoformat()})
    tasks.carry_on(batch["id"])
    # a worker that was killed while it asked: nobody waits for it longer than a question may take
    Question.objects.update(begun_at=timezone.now() - timedelta(minutes=2))
    Batch.objects.update(moved_at=timezone.now() - timedelta(minutes=2))
    tasks.carry_on(batch["id"])
    assert Question.objects.count() == 2
    asking.answer(Question.objects.latest("pk").pk)
    found = api.get(f"/batches/{batch['id']}/").json()
    assert (found["state"], found["acted"], found["outcomes"]) == ("done", 3, {"planned": len(good), "failed": 1})
    (error,) = errors(api, found)
    assert (error["position"], error["cause"], error["field"]) == (bad.pk, "missing_required_field", "occupation_code")
    assert "ccupation code" in error["message"]
    assert world.there(integration) == [] and not Job.objects.exists()


@pytest.mark.unanswered
def test_previews_of_a_system_that_does_not_answer_are_not_asked_for_ever(world: World) -> None:
    api = Api(ApiKeyFactory(organization=world.organization))
    integration = world.connect("netvisor")
    for _ in range(4):
        world.save(percentage=80)
    world.fail(integration, status=503, times=99)
    batch = begun(api, "preview", {"integration": integration.pk})
    for _ in range(2 * previews_of_many.TRIES):
        tasks.carry_on(batch["id"])
        asking.answer(Question.objects.latest("pk").pk)
        assert not Question.objects.filter(done_at=None).exists(), "the next one waits for the sweep"
    found = api.get(f"/batches/{batch['id']}/").json()
    assert (found["state"], found["acted"], found["left_out"]) == ("done", 2, 2)
    assert found["cause"] == "target_unavailable" and found["causes"] == {"target_unavailable": 2}


def test_people_s_questions_come_between_previews_of_many(world: World) -> None:
    integration = world.connect("netvisor")
    world.save(percentage=80)
    api = Api(ApiKeyFactory(organization=world.organization))
    for _ in range(4):
        tasks.carry_on(begun(api, "preview", {"integration": integration.pk})["id"])
    assert Question.objects.filter(kind="batch", done_at=None).count() == 4
    answer = api.post(f"/integrations/{integration.pk}/check/", None)
    assert answer.status_code == 200, "not one too many: nobody waits for the others"
    assert api.get(f"/questions/{Question.objects.filter(kind='batch')[0].uuid}/").status_code == 404


def test_a_cancelled_one_takes_nothing_more_up(api: Api, integration: Integration) -> None:
    for _ in range(10):
        job(integration)
    batch = begun(api, "resync", {})
    assert batches.carry_on(batch["id"])
    found = api.post(f"/batches/{batch['id']}/cancel/", None).json()
    assert (found["state"], found["looked_at"], found["cancelled_by"]) == ("cancelled", 4, "nightly")
    assert not batches.carry_on(batch["id"]) and Job.objects.filter(state="waiting").count() == 4
    again = api.post(f"/batches/{batch['id']}/cancel/", None)
    assert again.status_code == 400 and again.json()["errors"][0]["code"] == "not_open"
    for state, expected in {"working": 0, "done": 0, "cancelled": 1}.items():
        assert len(api.get(f"/batches/?state={state}").json()["results"]) == expected


def test_one_after_the_other_and_not_too_many(
    api: Api, integration: Integration, rung: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "OPEN_AT_ONCE", 2)
    for _ in range(5):
        job(integration)
    first, second = (begun(api, "resync", {}) for _ in range(2))
    refused = api.post("/batches/", {"action": "resync", "filter": {}})
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_batches") and refused.headers["Retry-After"]
    assert not batches.carry_on(second["id"]) and ended(api, second)["looked_at"] == 0
    rung.clear()
    assert ended(api, first)["state"] == "done" and rung == [second["id"]]
    # one that gets stuck keeps no other waiting for long
    Batch.objects.filter(pk=first["id"]).update(done_at=None, moved_at=timezone.now() - timedelta(minutes=2))
    assert ended(api, second)["state"] == "done"
    nothing = begun(api, "resync", {"position": 999_999})
    assert (nothing["state"], nothing["total"]) == ("done", 0)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ([], ""),
        ({}, "action"),
        ({"action": ["resync"], "filter": {}}, "action"),
        ({"action": "delete", "filter": {}}, "action"),
        ({"action": "resync"}, "filter"),
        ({"action": "resync", "filter": []}, "filter"),
        ({"action": "resync", "filter": {"couse": "x"}}, "filter.couse"),
        ({"action": "resync", "filter": {"cause": "missing_required_feild"}}, "filter.cause"),
        ({"action": "dismiss", "filter": {"employee": None}}, "filter.employee"),
        ({"action": "resync", "filter": {}, "reason": "x"}, "reason"),
        ({"action": "resync", "filter": {"integration": 999_999}}, "filter.integration"),
        ({"action": "send_now", "filter": {}}, "filter.integration"),
        ({"action": "resync", "filter": {"state__in": "failed"}}, "filter.state__in"),
        ({"action": "resync", "filter": {"id__in": []}}, "filter.id__in"),
        ({"action": "preview", "filter": {"integration": 1, "state": "off"}}, "filter.state"),
    ],
)
def test_what_is_not_right_is_named_and_changes_nothing(
    api: Api, integration: Integration, body: Any, field: str
) -> None:
    job(integration)
    answer = api.post("/batches/", body)
    assert answer.status_code == 400 and answer.json()["errors"][0]["field"] == field
    assert not Batch.objects.exists()


def test_nobody_else_s(api: Api, integration: Integration) -> None:
    theirs = connection(OrganizationFactory(), name="Zyxwvut")
    hidden = begun(Api(ApiKeyFactory(organization=theirs.organization)), "resync", {})
    BatchError.objects.create(
        batch_id=hidden["id"], integration=theirs, employee_key=1, position_key=1, cause="being_sent"
    )
    for path in ("", "errors/"):
        assert api.get(f"/batches/{hidden['id']}/{path}").status_code == 404
    assert api.post(f"/batches/{hidden['id']}/cancel/", None).status_code == 404
    assert api.get("/batches/").json()["results"] == []
    for action in ("resync", "send_now", "preview"):
        body = {"action": action, "filter": {"integration": theirs.pk}}
        refused = api.post("/batches/", body).json()["errors"][0]
        assert (refused["field"], refused["code"]) == ("filter.integration", "does_not_exist")
    reader = Api(ApiKeyFactory(organization=integration.organization, scopes=["sync:read"]))
    assert reader.post("/batches/", {"action": "resync", "filter": {}}).status_code == 403


def test_queries_do_not_grow(api: Api, integration: Integration) -> None:
    def queries(method: str, path: str, body: Any = None) -> int:
        with CaptureQueriesContext(database) as ran:
            assert api.send(method, path, body).status_code in (200, 202)
        return len(ran)

    def asked() -> list[int]:
        everything = {"integration": integration.pk}
        bodies = [
            {"action": "resync", "filter": {}},
            {"action": "dismiss", "filter": {}},
            {"action": "send_now", "filter": everything},
            {"action": "send_now", "filter": {**everything, "state": "not_sent"}},
        ]
        made = [queries("POST", "/batches/", body) for body in bodies]
        one = f"/batches/{Batch.objects.earliest('pk').pk}/"
        return made + [queries("GET", path) for path in ("/batches/", one, f"{one}errors/")]

    api.get("/batches/")
    for _ in range(2):
        job(integration)
        unrecorded(integration.organization)
    few = asked()
    first = Batch.objects.earliest("pk")
    for number in range(1, 21):
        job(integration)
        unrecorded(integration.organization)
        BatchError.objects.create(
            batch=first, integration=integration, employee_key=number, position_key=number, cause="being_sent"
        )
    assert asked() == few and max(few) <= 14
