"""What holds for every address of the API: keys, scopes, errors, ETags, idempotency, rates, the document."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from positions.api import docs
from positions.api.throttling import KeyThrottle
from positions.models import IdempotencyKey, Position
from synclog.api.caused import CausedSerializer
from tests.factories import ApiKeyFactory, EmployeeFactory, PositionFactory
from tests.positions.conftest import Api

pytestmark = pytest.mark.django_db


@pytest.fixture
def employee(organization):
    return EmployeeFactory(organization=organization, number="1042")


def body_of(employee, **changes):
    return {"employee": employee.pk, "title": "T", "start_date": "2026-01-01", **changes}


# -- keys


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "not_authenticated"),
        ("Bearer psk_wrong", "unknown_key"),
        ("Bearer", "not_authenticated"),
        ("Bearer \xff\xfe", "unknown_key"),
        ("Basic YTpi", "not_authenticated"),
    ],
)
def test_without_a_right_key_nothing_is_told(api, header, code):
    api.headers = {} if header is None else {"Authorization": header}
    response = api.get("/employees/")
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert response.json()["code"] == code and "Organization > API keys" in response.json()["detail"]


def test_an_expired_key_is_refused_with_words(organization):
    api = Api(ApiKeyFactory(organization=organization, name="Old", expires_at=timezone.now() - timedelta(seconds=1)))
    response = api.get("/employees/")
    assert response.status_code == 401 and response.json()["code"] == "expired_key"
    assert "“Old” expired on" in response.json()["detail"]


def test_last_use_is_noted_once_a_minute(organization, django_assert_max_num_queries):
    key = ApiKeyFactory(organization=organization)
    with time_machine.travel("2026-03-01T10:00:00Z", tick=False) as traveller:
        Api(key).get("/employees/")
        key.refresh_from_db()
        first = key.last_used_at
        assert first == timezone.now()
        traveller.shift(59)
        Api(key).get("/employees/")
        key.refresh_from_db()
        assert key.last_used_at == first
        traveller.shift(2)
        Api(key).get("/employees/")
        key.refresh_from_db()
        assert key.last_used_at == timezone.now()


@pytest.mark.parametrize(
    ("scopes", "read", "write"),
    [(["positions:read"], 200, 403), (["positions:write"], 403, 201), ([], 403, 403), (["sync:write"], 403, 403)],
)
def test_scopes(organization, employee, scopes, read, write):
    api = Api(ApiKeyFactory(organization=organization, scopes=scopes))
    assert api.get("/positions/").status_code == read
    response = api.post("/positions/", body_of(employee))
    assert response.status_code == write
    if write == 403:
        assert response.json()["code"] == "missing_scope"
        assert "positions:write" in response.json()["detail"]
        assert not Position.objects.exists()


# -- errors


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/employees/99/", 404, "not_found"),
        ("GET", f"/employees/{10**30}/", 404, "not_found"),
        ("GET", "/employees/x/", 404, "not_found"),
        ("GET", "/nothing/", 404, "not_found"),
        ("GET", "/positions/bulk/", 405, "method_not_allowed"),
        ("PUT", "/employees/", 405, "method_not_allowed"),
        ("TRACE", "/employees/", 405, "method_not_allowed"),
    ],
)
def test_every_error_is_a_problem_document(api, method, path, status, code):
    response = api.send(method, path, X_Request_ID="a-request-of-mine")
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert problem["code"] == code and problem["status"] == status
    assert problem["type"] and problem["title"] and problem["detail"]
    assert problem["request_id"] == response.headers["X-Request-ID"] == "a-request-of-mine"


@pytest.mark.parametrize("path", ["/positions/", "/preview/"])
@pytest.mark.parametrize("body", [b"{", b'{"a": NaN}', b"\xff\xfe", b"[" * 100_000, b"[" + b"9" * 5000 + b"]"])
def test_a_body_that_is_no_json(api, body, path):
    response = api.send("POST", path, body)
    assert response.status_code == 400 and response.json()["code"] == "parse_error"


def test_another_media_type(api):
    response = api.client.post(
        "/api/v1/positions/", data="title=T", content_type="application/x-www-form-urlencoded", headers=api.headers
    )
    assert response.status_code == 415 and response.headers["Content-Type"] == "application/problem+json"
    response = api.get("/positions/", Accept="text/html")
    assert response.status_code == 406 and response.headers["Content-Type"] == "application/problem+json"


def test_a_body_that_is_too_large(api, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    for path in ("/positions/", "/positions/bulk/", "/preview/"):
        response = api.send("POST", path, b'{"title": "' + b"x" * 2000 + b'"}', X_Request_ID="a-request-of-mine")
        assert response.status_code == 413 and response.json()["code"] == "request_too_large"
        assert response.headers["Content-Type"] == "application/problem+json"
        assert response.json()["request_id"] == response.headers["X-Request-ID"] == "a-request-of-mine"
        assert "Send fewer rows" in response.json()["detail"]


def test_what_breaks_here_is_a_problem_too_and_undone(api, employee, monkeypatch):
    def broken(self, positions):
        raise RuntimeError("secret inner words")

    monkeypatch.setattr(CausedSerializer, "to_representation", broken)
    api.client.raise_request_exception = False
    response = api.post("/positions/", body_of(employee))
    assert response.status_code == 500 and response.json()["code"] == "internal_error"
    assert "secret" not in response.content.decode()
    assert not Position.objects.exists()


def test_two_at_the_same_moment_get_a_conflict(api, employee, monkeypatch):
    PositionFactory(employee=employee, external_id="a")
    monkeypatch.setattr("positions.api.views.positions.by_external_id", lambda *args: {})
    response = api.post("/positions/", body_of(employee, external_id="a"))
    assert response.status_code == 409 and response.json()["code"] == "conflict"
    assert Position.objects.count() == 1


# -- ETags


def test_if_match_refuses_what_was_changed_meanwhile(api, employee):
    position = PositionFactory(employee=employee, title="A")
    path = f"/positions/{position.pk}/"
    etag = api.get(path).headers["ETag"]
    changed = api.patch(path, {"title": "B"}, If_Match=etag)
    assert changed.status_code == 200 and changed.headers["ETag"] != etag
    refused = api.patch(path, {"title": "C"}, If_Match=etag)
    assert refused.status_code == 412 and refused.json()["code"] == "precondition_failed"
    assert api.delete(path, If_Match=etag).status_code == 412
    assert api.patch(path, {"title": "C"}, If_Match="nonsense").status_code == 400
    position.refresh_from_db()
    assert position.title == "B"
    assert api.patch(path, {"title": "C"}, If_Match="*").status_code == 200
    assert api.delete(path, If_Match=api.get(path).headers["ETag"]).status_code == 200
    person = f"/employees/{employee.pk}/"
    assert api.patch(person, {"first_name": "X"}, If_Match='"old"').status_code == 412
    assert api.delete(person, If_Match='"old"').status_code == 412
    assert api.delete(person, If_Match=api.get(person).headers["ETag"]).status_code == 200


def test_a_reader_who_has_it_gets_304(api, employee):
    path = f"/employees/{employee.pk}/"
    etag = api.get(path).headers["ETag"]
    response = api.get(path, If_None_Match=etag)
    assert response.status_code == 304 and response.content == b""
    employee.first_name = "New"
    employee.save()
    assert api.get(path, If_None_Match=etag).status_code == 200


# -- idempotency


def test_the_same_post_again_gets_the_same_answer_and_changes_nothing(api, employee):
    first = api.post("/positions/", body_of(employee), Idempotency_Key="abc")
    again = api.post("/positions/", body_of(employee), Idempotency_Key="abc")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replay"] == "true" and "Idempotent-Replay" not in first.headers
    for header in ("ETag", "Location"):
        assert again.headers[header] == first.headers[header]
    assert Position.objects.count() == 1


def test_the_same_key_for_another_request_is_refused(api, employee):
    api.post("/positions/", body_of(employee), Idempotency_Key="abc")
    for path, body in (
        ("/positions/", body_of(employee, title="Other")),
        ("/positions/bulk/", {"positions": [body_of(employee)]}),
    ):
        response = api.post(path, body, Idempotency_Key="abc")
        assert response.status_code == 422 and response.json()["code"] == "idempotency_key_reused"
    assert Position.objects.count() == 1


def test_a_refused_post_may_be_repeated_with_its_key(api, employee):
    assert api.post("/positions/", body_of(employee, title=""), Idempotency_Key="abc").status_code == 400
    assert not IdempotencyKey.objects.exists()
    assert api.post("/positions/", body_of(employee), Idempotency_Key="abc").status_code == 201


def test_keys_are_an_organizations_own_and_live_a_day(api, employee):
    other = EmployeeFactory()
    elsewhere = Api(ApiKeyFactory(organization=other.organization))
    with time_machine.travel("2026-03-01T10:00:00Z", tick=False) as traveller:
        assert api.post("/positions/", body_of(employee), Idempotency_Key="abc").status_code == 201
        assert elsewhere.post("/positions/", body_of(other), Idempotency_Key="abc").status_code == 201
        traveller.shift(timedelta(hours=23))
        assert "Idempotent-Replay" in api.post("/positions/", body_of(employee), Idempotency_Key="abc").headers
        traveller.shift(timedelta(hours=2))
        assert api.post("/positions/", body_of(employee, title="New"), Idempotency_Key="abc").status_code == 201
    assert api.post("/positions/", body_of(employee), Idempotency_Key="x" * 256).status_code == 400


# -- rates


def test_a_key_that_asks_too_often_waits(organization, monkeypatch):
    monkeypatch.setattr(KeyThrottle, "THROTTLE_RATES", {"key": "3/min"})
    api, other = Api(ApiKeyFactory(organization=organization)), Api(ApiKeyFactory(organization=organization))
    with time_machine.travel("2026-03-01T10:00:00Z", tick=False) as traveller:
        for left in (2, 1, 0):
            response = api.get("/positions/")
            assert response.headers["RateLimit-Limit"] == "3"
            assert response.headers["RateLimit-Remaining"] == str(left)
            assert response.headers["RateLimit-Reset"] == "60"
        traveller.shift(10)
        response = api.get("/positions/")
        assert response.status_code == 429 and response.json()["code"] == "throttled"
        assert response.headers["Retry-After"] == response.headers["RateLimit-Reset"] == "50"
        assert "Wait 50 s" in response.json()["detail"]
        assert other.get("/positions/").status_code == 200
        traveller.shift(51)
        assert api.get("/positions/").status_code == 200


# -- the document


def test_the_document_is_made_once_in_each_form(client, monkeypatch):
    """Making it takes a processor a second, and it is open to everybody."""
    made = []
    monkeypatch.setattr(docs, "_MADE", {})
    monkeypatch.setattr(
        docs.Document.generator_class, "get_schema", lambda *args, **rest: made.append(rest) or {"openapi": "3.1.0"}
    )
    address = reverse("api-schema")
    for asked, kind, text in (
        ("", "openapi; ", "openapi:3.1.0"),
        ("?format=json&version=2&lang=nb", "+json", '{"openapi":"3.1.0"}'),
    ):
        for _ in range(2):
            answer = client.get(address + asked)
            assert answer.status_code == 200 and "".join(answer.content.decode().split()) == text
            assert kind in answer.headers["Content-Type"] and "Position Sync" in answer.headers["Content-Disposition"]
    assert len(made) == 2


def test_the_document_is_whole_and_open(client, capsys):
    call_command("spectacular", "--validate", "--fail-on-warn", "--format", "openapi-json")
    document = json.loads(capsys.readouterr().out)
    for operations in document["paths"].values():
        for operation in operations.values():
            assert operation["security"] == [{"apiKey": []}]
    problem = document["components"]["responses"]["BadRequest"]["content"]["application/problem+json"]
    assert problem["schema"]["$ref"].endswith("/Problem") and problem["example"]["errors"]
    assert document["components"]["securitySchemes"]["apiKey"]["scheme"] == "bearer"
    assert client.get(reverse("api-schema")).status_code == 200
    page = client.get(reverse("api-docs"))
    assert page.status_code == 200 and b"https://" not in page.content  # nothing from elsewhere
