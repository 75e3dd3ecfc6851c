"""The sync side of the REST API: integrations, jobs, re-sync, dismissal, preview, and the jobs that a write caused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from integrations.models import EmployeeLink, Integration, PeriodLink
from positions.models import Organization
from synclog.models import Job
from tests.factories import ApiKeyFactory, EmployeeFactory, OrganizationFactory
from tests.positions.conftest import Api
from tests.synclog.pages import attempt, client_of, connection, job, text_of, unrecorded
from tests.synclog.world import World

pytestmark = pytest.mark.django_db
CANARY = "Zyxwvut"


@pytest.fixture
def organization() -> Organization:
    return OrganizationFactory(time_zone="Europe/Oslo")


@pytest.fixture
def integration(organization: Organization) -> Integration:
    return connection(organization, name="Netvisor Oulu", credentials={"partner_key": "canary-partner-key"})


@pytest.fixture
def api(organization: Organization) -> Api:
    return Api(ApiKeyFactory(organization=organization, name="nightly"))


# -- integrations


def test_integrations_with_health_and_without_secrets(api: Api, integration: Integration) -> None:
    job(integration)
    job(integration, state="waiting")
    response = api.get("/integrations/")
    (found,) = response.json()["results"]
    assert found["id"] == integration.pk
    assert found["system"] == {"key": "netvisor", "name": "Netvisor", "model": "history"}
    assert found["health"]["word"] == "Not connected"
    assert (found["health"]["needs_you"], found["health"]["waiting"]) == (1, 1)
    assert "canary" not in response.content.decode() and "credential" not in response.content.decode()
    one = api.get(f"/integrations/{integration.pk}/")
    assert "canary" not in one.content.decode()
    fields = {f["ours"]: f for f in api.get(f"/integrations/{integration.pk}/fields/").json()}
    assert len(fields) == 18 and fields["start_date"]["required"]


@pytest.mark.parametrize("language", ["en", "nb", "sv", "fi"])
def test_health_is_a_code_in_every_language(api: Api, integration: Integration, language: str) -> None:
    answer = api.get(f"/integrations/{integration.pk}/", Accept_Language=language)
    assert answer.headers["Content-Language"].startswith(language)
    assert answer.json()["health"]["state"] == "not_connected"


def test_check_tells_what_is_missing(world: World) -> None:
    api = Api(ApiKeyFactory(organization=world.organization))
    integration = world.connect("netvisor")
    answer = api.post(f"/integrations/{integration.pk}/check/", None)
    assert answer.status_code == 200 and answer.json()["ok"] is True
    assert all(line["ok"] for line in answer.json()["lines"])
    world.fail(integration, status=503, times=9)
    answer = api.post(f"/integrations/{integration.pk}/check/", None)
    assert answer.status_code == 200 and answer.json()["ok"] is False


# -- jobs


def test_one_job_with_its_attempts_but_no_calls(api: Api, integration: Integration) -> None:
    row = job(integration, field="occupation_code", message="Occupation code is missing.", vendor_text="Nope")
    attempt(
        row,
        trace=[{"title": "Required fields", "ok": False, "detail": "x", "at": 0}],
        changes=[{"field": "title", "remote": "job", "old": None, "new": "Baker"}],
        unsent={"note": "never"},
        warnings=[{"field": "", "message": "Careful."}],
        exchanges=[{"url": "https://canary.example"}],
    )
    listed = api.get("/jobs/").json()["results"][0]
    assert (listed["state"], listed["cause"], listed["field"]) == (
        "failed",
        "missing_required_field",
        "occupation_code",
    )
    assert listed["cause_title"] == "A required field is missing" and "Fill in" in listed["what_to_do"]
    assert listed["started_by"] == {"kind": "edit", "name": None} and listed["next_attempt_at"] is None
    assert "attempts" not in listed
    response = api.get(f"/jobs/{row.pk}/")
    (tried,) = response.json()["attempts"]
    assert tried["steps"][0] == {"title": "Required fields", "ok": False, "detail": "x"}
    assert tried["changes"] == [{"field": "title", "remote": "job", "old": None, "new": "Baker", "since": None}]
    assert tried["warnings"] == ["Careful."] and tried["unsent"] == {"note": "never"}
    assert "canary" not in response.content.decode()


def test_next_attempt(api: Api, integration: Integration) -> None:
    row = job(integration, state="retrying", due_at=timezone.now() + timedelta(hours=1))
    assert api.get(f"/jobs/{row.pk}/").json()["next_attempt_at"] is not None
    Integration.objects.update(paused_at=timezone.now())
    assert api.get(f"/jobs/{row.pk}/").json()["next_attempt_at"] is None


def test_filters_and_pages(api: Api, integration: Integration) -> None:
    other = connection(integration.organization, "fortnox")
    a = job(integration, action="create")
    b = job(other, state="succeeded", cause="")
    Job.objects.filter(pk=a.pk).update(changed_at=timezone.now() - timedelta(days=9))

    def found(query: str) -> list[int]:
        return [row["id"] for row in api.get(f"/jobs/{query}").json()["results"]]

    assert found("") == [b.pk, a.pk]
    assert found("?ordering=changed_at") == [a.pk, b.pk]
    for query, rows in {
        "?state=failed": [a.pk],
        "?cause=missing_required_field": [a.pk],
        "?action=create": [a.pk],
        f"?integration={other.pk}": [b.pk],
        f"?employee={a.employee_key}": [a.pk],
        f"?position={b.position_key}": [b.pk],
        f"?since={(timezone.now() - timedelta(days=1)).isoformat().replace('+', '%2B')}": [b.pk],
    }.items():
        assert found(query) == rows, query
    first = api.get("/jobs/?limit=1").json()
    assert [row["id"] for row in api.get(first["next"]).json()["results"]] == [a.pk]
    bad = api.get("/jobs/?state=broken").json()
    assert bad["errors"][0]["field"] == "state" and "failed" in bad["errors"][0]["message"]
    assert api.get("/jobs/?stat=failed").json()["errors"][0]["code"] == "unknown_parameter"


def test_queries_do_not_grow(api: Api, integration: Integration, django_assert_max_num_queries: Any) -> None:
    for address in ("/jobs/", "/integrations/"):
        job(integration)
        api.get(address)
        with django_assert_max_num_queries(8) as few:
            api.get(address)
        for _ in range(15):
            job(connection(integration.organization))
        with django_assert_max_num_queries(8) as many:
            api.get(address)
        assert len(few) == len(many), address
    row = job(integration)
    for number in range(30):
        attempt(row, number=number)
    with django_assert_max_num_queries(5):
        api.get(f"/jobs/{row.pk}/")


# -- re-sync


def test_resync_twice_gives_one_job(api: Api, integration: Integration) -> None:
    failed, done = job(integration), job(integration, state="succeeded")
    for _ in range(2):
        answer = api.post(f"/jobs/{failed.pk}/resync/", None).json()
        assert answer["job"] == {"id": failed.pk, "integration": integration.pk}
        answer = api.post(f"/jobs/{done.pk}/resync/", None).json()
    newest = Job.objects.get(position_key=done.position_key, state="waiting")
    assert answer["job"]["id"] == newest.pk
    assert (newest.origin, newest.origin_name) == ("api", "nightly")
    assert Job.objects.count() == 3


def test_resync_of_what_is_off_is_said(api: Api, integration: Integration) -> None:
    row = job(integration)
    Integration.objects.update(send_positions=False)
    answer = api.post(f"/jobs/{row.pk}/resync/", None).json()
    assert (answer["resynced"], answer["off"]) == (0, ["Netvisor Oulu"])


def test_resync_many_counts_first_and_takes_what_failed_by_itself(api: Api, integration: Integration) -> None:
    rows = [job(integration) for _ in range(3)]
    job(integration, state="succeeded")
    job(integration, cause="overlap_in_target")
    asked = {"cause": "missing_required_field"}
    assert api.post("/jobs/resync/", {**asked, "count_only": True}).json() == {
        "matching": 3, "resynced": 0, "left_out": 0, "off": [], "batch": None,
    }  # fmt: skip
    assert not Job.objects.filter(state="waiting").exists()
    assert api.post("/jobs/resync/", {**asked, "integration": integration.pk}).json()["resynced"] == 3
    assert set(Job.objects.filter(state="waiting").values_list("pk", flat=True)) == {row.pk for row in rows}
    assert api.post("/jobs/resync/", {}).json()["resynced"] == 1
    assert api.post("/jobs/resync/", {"state": "succeeded"}).json()["resynced"] == 1
    later = (timezone.now() + timedelta(days=1)).isoformat()
    assert api.post("/jobs/resync/", {"state": "waiting", "since": later}).json()["matching"] == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"state": "broken"}, "state"),
        ({"integration": 999_999}, "integration"),
        ({"integration": "x"}, "integration"),
        ({"couse": "x"}, "couse"),
        ({"since": "yesterday"}, "since"),
        ({"cause": "missing_required_feild"}, "cause"),
        ({"cause": ""}, "cause"),
        ({"integration": None}, "integration"),
        ({"position": None}, "position"),
        ({"since": None}, "since"),
        ([], ""),
    ],
)
def test_bad_filters_change_nothing(api: Api, integration: Integration, body: Any, field: str) -> None:
    job(integration)
    response = api.post("/jobs/resync/", body)
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == field
    assert Job.objects.get().state == "failed"


def test_idempotency_key(api: Api, integration: Integration) -> None:
    row = job(integration, state="succeeded")
    first = api.post(f"/jobs/{row.pk}/resync/", None, Idempotency_Key="a")
    again = api.post(f"/jobs/{row.pk}/resync/", None, Idempotency_Key="a")
    assert again.headers["Idempotent-Replay"] == "true" and again.json() == first.json()


def test_a_dismissal_without_a_reason_says_by_whom(api: Api, integration: Integration) -> None:
    row = job(integration)
    admin = client_of(integration.organization, "admin", "kari")
    admin.post(f"/admin/synclog/job/{row.pk}/dismiss/", {"reason": " "})
    assert api.get(f"/jobs/{row.pk}/").json()["dismissed_reason"] == "by kari"
    for language, said in (("en", "By kari."), ("nb", "Av kari.")):
        page = admin.get(f"/admin/synclog/job/{row.pk}/change/", headers={"Accept-Language": language})
        assert said in text_of(page)


def test_dismiss(api: Api, integration: Integration) -> None:
    row = job(integration)
    answer = api.post(f"/jobs/{row.pk}/dismiss/", {"reason": "By hand"})
    assert answer.json()["state"] == "dismissed"
    assert answer.json()["dismissed_reason"] == "By hand (nightly)"
    again = api.post(f"/jobs/{row.pk}/dismiss/", {})
    assert again.status_code == 400 and "closed already" in again.json()["detail"]
    running = job(integration, state="running")
    assert "being sent right now" in api.post(f"/jobs/{running.pk}/dismiss/", {}).json()["detail"]


# -- preview


def test_preview_writes_nothing(world: World) -> None:
    api = Api(ApiKeyFactory(organization=world.organization))
    integration = world.connect("netvisor")
    position = world.save(percentage=80)
    Job.objects.all().delete()
    answer = api.post("/preview/", {"position": position.pk, "integration": integration.pk})
    assert answer.status_code == 200, answer.content
    found = answer.json()
    assert (found["result"], found["action"]) == ("planned", "create")
    assert found["message"] == "A new record would be created in Netvisor."
    assert {"start_date", "title"} & {c["field"] for c in found["changes"]}
    assert found["steps"][0]["ok"] is True
    assert world.there(integration) == [] and not Job.objects.exists() and not PeriodLink.objects.exists()
    Integration.objects.update(credentials={})
    found = api.post("/preview/", {"position": position.pk, "integration": integration.pk}).json()
    assert found["result"] == "nothing" and "not connected" in found["message"]


def test_preview_of_what_is_not_there(api: Api, integration: Integration) -> None:
    errors = api.post("/preview/", {"position": 999_999, "integration": 999_998}).json()["errors"]
    assert {(e["field"], e["code"]) for e in errors} == {
        ("position", "does_not_exist"), ("integration", "does_not_exist"),
    }  # fmt: skip
    assert api.post("/preview/", {"position": None}).status_code == 400
    assert api.post("/preview/", {"position": 1, "integration": 1, "x": 1}).status_code == 400


# -- empty, unknown, counted


@pytest.mark.parametrize("path", ["/jobs/", "/matches/"])
def test_an_unknown_cause_is_refused_and_guessed(api: Api, path: str) -> None:
    found = api.get(f"{path}?cause=missing_required_feild")
    assert found.status_code == 400
    assert "Did you mean “missing_required_field”?" in found.json()["errors"][0]["message"]
    assert api.get(f"{path}?cause=missing_required_field").status_code == 200


def test_what_is_not_there_is_null_as_everywhere(api: Api, integration: Integration) -> None:
    def blanks(value: Any, where: str = "") -> list[str]:
        if isinstance(value, dict):
            return [found for name, one in value.items() for found in blanks(one, f"{where}.{name}")]
        if isinstance(value, list):
            return [found for one in value for found in blanks(one, where)]
        return [where] if value == "" else []

    row = job(integration, state="succeeded", cause="", employee_number="")
    attempt(row, trace=[{"title": "Read", "ok": True, "detail": "", "at": 0}])
    employee = EmployeeFactory(organization=integration.organization)
    link = EmployeeLink.objects.create(integration=integration, employee_key=employee.pk, state="not_matched")
    for path in (f"/jobs/{row.pk}/", "/jobs/", f"/matches/{link.pk}/", f"/integrations/{integration.pk}/",
                 f"/positions/{row.position_key}/sync/", "/integrations/"):  # fmt: skip
        answer = api.get(path)
        assert answer.status_code == 200 and blanks(answer.json()) == [], path
    preview = api.post("/preview/", {"position": row.position_key, "integration": integration.pk})
    assert preview.json()["result"] == "nothing" and blanks(preview.json()) == []
    assert preview.json()["cause"] is None


def test_attempts_are_counted_through(world: World) -> None:
    api = Api(ApiKeyFactory(organization=world.organization))
    integration = world.connect("netvisor")
    world.fail(integration, status=400, times=9)
    world.save(percentage=80)
    world.drain(integration)
    row = Job.objects.get()
    for _ in range(2):
        assert api.post(f"/jobs/{row.pk}/resync/", None).json()["job"]["id"] == row.pk
        world.drain(integration)
    assert [tried["number"] for tried in api.get(f"/jobs/{row.pk}/").json()["attempts"]] == [3, 2, 1]


# -- keys and tenancy


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/integrations/", "sync:read"), ("GET", "/integrations/1/", "sync:read"),
        ("POST", "/integrations/1/check/", "sync:write"), ("GET", "/jobs/", "sync:read"),
        ("GET", "/jobs/1/", "sync:read"), ("POST", "/jobs/1/resync/", "sync:write"),
        ("POST", "/jobs/resync/", "sync:write"), ("POST", "/jobs/1/dismiss/", "sync:write"),
        ("POST", "/preview/", "sync:write"),
    ],
)  # fmt: skip
def test_each_needs_its_scope(organization: Organization, method: str, path: str, scope: str) -> None:
    others = {"positions:read", "positions:write", "sync:read", "sync:write"} - {scope}
    lacking = Api(ApiKeyFactory(organization=organization, scopes=sorted(others)))
    answer = lacking.send(method, path, {} if method == "POST" else None)
    assert answer.status_code == 403 and scope in answer.json()["detail"]
    assert Api(None).send(method, path).status_code == 401
    enough = Api(ApiKeyFactory(organization=organization, scopes=[scope]))
    assert enough.send(method, path, {} if method == "POST" else None).status_code not in (401, 403)
    assert enough.send("DELETE", path).status_code == 405


def test_another_organizations_are_not_there(api: Api, integration: Integration) -> None:
    foreign = connection(OrganizationFactory(name=CANARY), name=CANARY)
    theirs = unrecorded(foreign.organization, CANARY)
    mine = unrecorded(integration.organization)
    row = job(foreign, theirs, message=CANARY)
    for path in (f"/jobs/{row.pk}/", f"/integrations/{foreign.pk}/"):
        answer, missing = api.get(path), api.get(path.replace(str(path.split("/")[2]), "999999"))
        assert answer.status_code == missing.status_code == 404
        assert CANARY not in answer.content.decode()
    for path in (f"/jobs/{row.pk}/resync/", f"/jobs/{row.pk}/dismiss/", f"/integrations/{foreign.pk}/check/"):
        assert api.post(path, {}).status_code == 404
    for path in ("/jobs/", f"/jobs/?integration={foreign.pk}", f"/jobs/?position={theirs.pk}", "/integrations/"):
        assert CANARY not in api.get(path).content.decode(), path
    assert api.post("/jobs/resync/", {}).json()["matching"] == 0
    assert api.post("/jobs/resync/", {"integration": foreign.pk}).status_code == 400
    for body in (
        {"position": theirs.pk, "integration": integration.pk},
        {"position": mine.pk, "integration": foreign.pk},
    ):
        answer = api.post("/preview/", body)
        assert answer.status_code == 400 and CANARY not in answer.content.decode()
    row.refresh_from_db()
    assert row.state == "failed"


# -- what a write caused


def test_writes_answer_with_the_jobs_that_they_caused(api: Api, integration: Integration) -> None:
    employee = EmployeeFactory(organization=integration.organization, number="1042")
    other = connection(integration.organization, "fortnox")
    connection(integration.organization, "fortnox", send_positions=False)
    created = api.post("/positions/", {"employee": employee.pk, "title": "Baker", "start_date": "2026-01-01"}).json()
    assert {j["integration"] for j in created["jobs"]} == {integration.pk, other.pk}
    assert api.get(f"/jobs/{created['jobs'][0]['id']}/").json()["position"] == created["id"]
    changed = api.patch(f"/positions/{created['id']}/", {"title": "Cook"}).json()
    assert {j["id"] for j in changed["jobs"]} == {j["id"] for j in created["jobs"]}
    rows = [{"employee": employee.pk, "title": f"T{n}", "start_date": "2026-01-01"} for n in range(3)]
    bulk = api.post("/positions/bulk/", {"positions": [*rows, {"id": created["id"], "title": "Chef"}]}).json()
    assert len(bulk["jobs"]) == 8 and all(j["id"] for j in bulk["jobs"])
    deleted = api.delete(f"/positions/{created['id']}/").json()
    assert {j["id"] for j in deleted["jobs"]} == {j["id"] for j in created["jobs"]}
    gone = api.delete(f"/employees/{employee.pk}/").json()
    assert len(gone["jobs"]) == 6


def test_without_connections_a_write_causes_none(api: Api, organization: Organization) -> None:
    employee = EmployeeFactory(organization=organization)
    answer = api.post("/positions/", {"employee": employee.pk, "title": "Baker", "start_date": "2026-01-01"})
    assert answer.json()["jobs"] == []


def test_the_document_has_no_warnings() -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", "/dev/null")
