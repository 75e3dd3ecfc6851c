"""What every operation of the API's document has, and that it does what it says there."""

from __future__ import annotations

import re
from datetime import date
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver

from integrations.models import Integration
from positions.api.base import ApiView
from positions.api.pagination import Pages
from positions.api.throttling import AddressThrottle, KeyThrottle
from positions.models import IdempotencyKey, Organization, Position
from positions.models.api_key import SCOPES
from positions.roles import _NEEDED
from synclog.models import DriftCheck, DriftRow, Forecast, ForecastRow, Job, Question, RetroChange
from tests.apidocument import document, operation_of, resolved
from tests.factories import ApiKeyFactory, CompanyFactory, DepartmentFactory, EmployeeFactory, PositionFactory
from tests.positions.conftest import Api
from tests.security import walk

pytestmark = pytest.mark.django_db

LIMITS = {"RateLimit-Policy", "RateLimit", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"}


def operations() -> list[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    """(method, path, operation, its parameters by name)."""
    return [
        (method.upper(), path, operation, {one["name"]: one for one in operation.get("parameters", ())})
        for path, by_method in document()["paths"].items()
        for method, operation in by_method.items()
    ]


def test_every_operation_of_the_document_has_them() -> None:
    for method, path, operation, parameters in operations():
        label, answers = f"{method} {path}", operation["responses"]
        for status, answer in answers.items():
            assert set(resolved(answer)["headers"]) >= LIMITS, (label, status)
        if method != "GET":
            # An answer that holds a secret is kept for nobody.
            repeated = path != "/api/v1/me/rotate/"
            assert ("Idempotency-Key" in parameters) == ("422" in answers) == repeated, label
            reads = "get" in document()["paths"].get(re.sub(r"(?<=\}/)[a-z-]+/(\{effective_from\}/)?$", "", path), {})
            assert ("If-Match" in parameters) == ("{" in path and reads and "409" in answers), label
            continue
        content = answers["200"]["content"]
        schema = resolved(content["application/json"]["schema"])
        is_page = {"results", "previous"} <= schema.get("properties", {}).keys()
        is_list = is_page or schema["type"] == "array"
        assert ({"cursor", "limit", "count"} <= set(parameters)) == is_page, label
        assert ("Link" in answers["200"]["headers"]) == is_page, label
        one = schema["properties"]["results"]["items"] if is_page else schema.get("items", schema)
        answered = set(resolved(one)["properties"])
        assert set(parameters["fields"]["schema"]["items"]["enum"]) == answered - {"expanded"}, label
        expandable = {"employee", "manager", "position", "company", "department"} & answered
        assert set(parameters.get("expand", {"schema": {"items": {"enum": []}}})["schema"]["items"]["enum"]) == (
            expandable
        ), label
        assert ("expanded" in answered) == bool(expandable), label
        for name in () if is_list else ("If-None-Match",):
            assert name in parameters and "ETag" in answers["200"]["headers"] and "304" in answers, label


def test_every_read_does_as_the_document_says() -> None:
    """With a row of everything; what is answered is held against the document (tests/apidocument.py)."""
    organization = walk.plant()
    api = Api(ApiKeyFactory(organization=organization))
    checked = 0
    for method, path, _, parameters in operations():
        if method != "GET":
            continue
        address = re.sub(r"\{key\}", str(UUID(int=walk.PK)), path)
        address = re.sub(r"\{\w+\}", str(walk.PK), address)
        whole = api.get(address)
        assert whole.status_code == 200, address
        fields, expand = (
            parameters[n]["schema"]["items"]["enum"] if n in parameters else [] for n in ("fields", "expand")
        )
        answer = api.get(
            f"{address}?fields={fields[0]},{fields[-1]}" + (f"&expand={','.join(expand)}" if expand else "")
        )
        assert answer.status_code == 200, (address, answer.json())
        assert answer.headers["Content-Type"] == "application/vnd.position-sync.partial+json"
        found = answer.json()
        is_page = isinstance(found, dict) and "previous" in whole.json()
        rows = found if isinstance(found, list) else found["results"] if is_page else [found]
        assert rows, address
        for row in rows:
            assert set(row) == {fields[0], fields[-1], *(["expanded"] if expand else [])}, address
            for name in expand:
                assert row["expanded"][name] is None or row["expanded"][name]["id"] == walk.PK, (address, name)
        for query in ("fields=nothing", "expand=nothing", "fields=", f"fields={fields[0]}&fields={fields[0]}"):
            assert api.get(f"{address}?{query}").status_code == 400, (address, query)
        if "If-None-Match" in parameters:
            for query in ("", f"?fields={fields[0]}", f"?expand={expand[0]}" if expand else ""):
                etag = api.get(address + query).headers["ETag"]
                assert api.get(address + query, If_None_Match=etag).status_code == 304, address
        if "count" in parameters:
            counted = api.get(f"{address}?count=true").json()
            assert (counted["count"], counted["count_is"]) == (len(whole.json()["results"]), "exact"), address
        checked += 1
    assert checked > 12


def test_what_is_expanded_costs_the_same_however_many(organization: Organization, api: Api) -> None:
    def fill(number: int) -> None:
        for _ in range(number):
            employee = EmployeeFactory(organization=organization, manager=EmployeeFactory(organization=organization))
            company, department = (
                CompanyFactory(organization=organization),
                DepartmentFactory(organization=organization),
            )
            PositionFactory(employee=employee, company=company, department=department)

    def asked(path: str) -> int:
        with CaptureQueriesContext(connection) as ran:
            assert api.get(path).status_code == 200
        return len(ran)

    paths = ("/positions/?expand=employee,company,department&count=true", "/employees/?expand=manager&limit=1000")
    fill(2)
    api.get(paths[0])  # notes that the key is in use
    few = [asked(path) for path in paths]
    fill(20)
    assert [asked(path) for path in paths] == few and max(few) <= 7
    row = api.get(paths[0]).json()["results"][-1]
    assert row["expanded"]["employee"]["id"] == row["employee"]
    assert row["expanded"]["department"]["code"] == row["department_code"]
    assert "national_id" not in row["expanded"]["employee"]


def test_who_may_not_read_something_may_not_expand_it(organization: Organization) -> None:
    api = Api(ApiKeyFactory(organization=organization, scopes=["sync:read"]))
    refused = api.get("/jobs/?expand=employee")
    assert refused.status_code == 403 and "positions:read" in refused.json()["detail"]
    assert api.get("/jobs/").status_code == 200


def test_a_tag_of_an_expanded_object_changes_with_what_is_expanded_and_still_lets_one_write(
    api: Api, things: dict[str, Any]
) -> None:
    path = f"/positions/{things['position'].pk}/"
    plain, expanded = api.get(path).headers["ETag"], api.get(f"{path}?expand=employee").headers["ETag"]
    things["employee"].first_name = "Another"
    things["employee"].save()
    assert api.get(path, If_None_Match=plain).status_code == 304
    again = api.get(f"{path}?expand=employee", If_None_Match=expanded)
    assert again.status_code == 200 and again.headers["ETag"].partition(".")[0] == expanded.partition(".")[0]
    assert api.patch(path, {"title": "New"}, If_Match=expanded).status_code == 200
    assert api.patch(path, {"title": "Newer"}, If_Match=expanded).status_code == 412


def test_a_total_is_bounded(api: Api, things: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pages, "counted", 2)
    for day in (1, 2):
        PositionFactory(employee=things["employee"], start_date=date(2020, 1, day))
    with CaptureQueriesContext(connection) as ran:
        found = api.get("/positions/?limit=1&count=true").json()
    assert (found["count"], found["count_is"], len(found["results"])) == (2, "at_least", 1)
    assert any("COUNT(" in query["sql"] and "LIMIT 3" in query["sql"] for query in ran)
    assert "count" not in api.get("/positions/?limit=1").json()
    assert api.get("/positions/?count=yes").status_code == 400


def test_pages_are_linked_in_the_header_too(api: Api, things: dict[str, Any]) -> None:
    assert "Link" not in api.get("/positions/").headers
    for day in (1, 2):
        PositionFactory(employee=things["employee"], start_date=date(2020, 1, day))
    first = api.get("/positions/?limit=1")
    assert first.headers["Link"] == f'<{first.json()["next"]}>; rel="next"'
    second = api.get(first.json()["next"])
    links = second.json()
    assert second.headers["Link"] == f'<{links["next"]}>; rel="next", <{links["previous"]}>; rel="prev"'


# -- filters


def test_filters_by_several_values_and_by_ranges(api: Api, organization: Organization) -> None:
    kari = EmployeeFactory(organization=organization, number="1", last_name="Ås", external_id="a")
    ola = EmployeeFactory(organization=organization, number="2", external_id="b")
    with time_machine.travel("2026-01-01T00:00:00Z", tick=False):
        early = PositionFactory(
            employee=kari, title="Baker", start_date=date(2025, 1, 1), percentage=50, end_date=date(2025, 6, 30)
        )
    with time_machine.travel("2026-02-01T00:00:00Z", tick=False):
        late = PositionFactory(employee=ola, title="Cook", start_date=date(2026, 1, 1), external_id="hr-9")

    def found(query: str, path: str = "/positions/") -> set[int]:
        answer = api.get(f"{path}?{query}")
        assert answer.status_code == 200, answer.json()
        return {row["id"] for row in answer.json()["results"]}

    for query, expected in {
        f"id__in={early.pk},{late.pk}": {early, late},
        f"employee__in={kari.pk}": {early},
        "start_date=2026-01-01": {late},
        "start_date__lt=2026-01-01": {early},
        "start_date__gte=2025-01-01&start_date__lt=2026-01-01": {early},
        "start_date__gt=2025-01-01": {late},
        "end_date__lte=2025-06-30": {early},
        "percentage__lt=50.5": {early},
        "percentage__gte=50": {early, late},
        "updated_at__lt=2026-02-01T00:00:00Z": {early},
        "created_at__gte=2026-02-01T00:00:00Z": {late},
        "external_id__in=hr-9,nothing": {late},
        "contract_type__in=permanent,seasonal": {early, late},
        "search=hr-9": {late},
        "search=as baker": {early},
        "search=as cook": set(),
    }.items():
        assert found(query) == {position.pk for position in expected}, query
    assert found("number__in=1,2", "/employees/") == {kari.pk, ola.pk}
    assert found("external_id__in=a", "/employees/") == {kari.pk}
    several = (operation_of("GET", "/api/v1/positions/") or {})["parameters"]
    assert {one["schema"]["maxItems"] for one in several if one["name"].endswith("__in")} == {100}
    for query in (
        "id__in=1,,2", "id__in=1,x", "id__in=", f"id__in={','.join(['1'] * 101)}", "percentage__lt=1e3", "id=1",
        "percentage__gt=12345678", "weekly_hours__gt=37.555", "percentage=-1",
        "start_date__gte=1.1.2026", "contract_type__in=permanent,odd", "title__in=Cook", "start_date__range=1,2",
    ):  # fmt: skip
        assert api.get(f"/positions/?{query}").status_code == 400, query
    [error] = api.get("/positions/?start_date__gte=1.1.2026").json()["errors"]
    assert (error["field"], error["example"]) == ("start_date__gte", "2026-03-01")
    assert api.get("/jobs/?cause__in=missing_required_field,mising").status_code == 400


# -- limits


def test_every_answer_says_what_is_left(organization: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(KeyThrottle, "THROTTLE_RATES", {"key": "3/min"})
    monkeypatch.setattr(AddressThrottle, "THROTTLE_RATES", {"address": "5/min"})
    api, nobody = Api(ApiKeyFactory(organization=organization, scopes=["positions:read"])), Client()
    with time_machine.travel("2026-03-01T10:00:00Z", tick=False):
        for left, (method, path, status) in zip((2, 1, 0, 0), [
            ("GET", "/positions/?nothing=1", 400), ("POST", "/positions/", 403), ("GET", "/positions/9/", 404),
            ("GET", "/positions/", 429),
        ], strict=True):  # fmt: skip
            answer = api.send(method, path)
            assert answer.status_code == status
            assert answer.headers["RateLimit-Policy"] == '"key";q=3;w=60'
            assert answer.headers["RateLimit"] == f'"key";r={left};t=60'
        # Nobody's, by their address: without a key, with a wrong one, and where no view is asked.
        for left, (method, path, status) in zip((4, 3, 2, 1, 0, 0), [
            ("GET", "/api/v1/positions/", 401), ("TRACE", "/api/v1/positions/", 405), ("GET", "/api/v1/nothing/", 404),
            ("POST", "/api/v1/jobs/resync/", 401), ("HEAD", "/api/v1/none/", 404), ("GET", "/api/v1/positions/", 429),
        ], strict=True):  # fmt: skip
            answer = nobody.generic(method, path, headers={"Authorization": "Bearer psk_wrong"})
            assert answer.status_code == status, path
            assert answer.headers["RateLimit-Policy"] == '"address";q=5;w=60'
            assert answer.headers["RateLimit"] == f'"address";r={left};t=60'
        # whoever has a right key is not kept waiting by those who have none
        assert Api(ApiKeyFactory(organization=organization)).get("/positions/").status_code == 200
    assert "RateLimit" not in nobody.get("/api/docs/").headers


# -- writes


def test_every_write_is_carried_out_once_with_its_key(api: Api, things: dict[str, Any], monkeypatch: Any) -> None:
    position = things["position"]
    path, by_id = f"/positions/{position.pk}/", f"/employees/{things['employee'].pk}/positions/by-external-id/x/"
    body = {"title": "T", "start_date": "2026-01-01"}
    for method, address, sent in (
        ("PUT", by_id, body),
        ("PATCH", path, {"title": "New"}),
        ("DELETE", path, None),
    ):  # fmt: skip
        etag = {"If_Match": api.get(address).headers["ETag"]} if method != "PUT" else {}
        first = api.send(method, address, sent, Idempotency_Key=method, **etag)
        before = Position.objects.count()
        # Also what has another tag by now, or is gone: it is not done again.
        again = api.send(method, address, sent, Idempotency_Key=method, **etag)
        assert first.status_code in (200, 201) and "Idempotent-Replay" not in first.headers
        assert (again.status_code, again.json()) == (first.status_code, first.json())
        assert again.headers["Idempotent-Replay"] == "true" and Position.objects.count() == before
        assert api.send(method, f"{address}", {"title": "Other"}, Idempotency_Key=method).status_code == 422
    assert IdempotencyKey.objects.count() == 3


def test_what_only_asks_is_asked_once_too() -> None:
    organization = walk.plant()
    api = Api(ApiKeyFactory(organization=organization))
    asked = {"position": walk.PK, "integration": walk.PK}
    first = api.post("/preview/", asked, Idempotency_Key="a")
    before = Question.objects.count()
    again = api.post("/preview/", asked, Idempotency_Key="a")
    assert again.headers["Idempotent-Replay"] == "true" and again.json() == first.json()
    assert Question.objects.count() == before
    assert api.post("/preview/", {**asked, "integration": 1}, Idempotency_Key="a").status_code == 422


def test_if_match_of_what_is_done_to_an_object_and_of_what_is_not_there(api: Api, things: dict[str, Any]) -> None:
    organization = walk.plant()
    theirs = Api(ApiKeyFactory(organization=organization))
    path = f"/jobs/{walk.PK}/"
    etag = theirs.get(path).headers["ETag"]
    Job.objects.filter(pk=walk.PK).update(employee_name="Another")
    assert theirs.post(f"{path}dismiss/", {"reason": "x"}, If_Match=etag).status_code == 412
    etag = theirs.get(path).headers["ETag"]
    assert theirs.post(f"{path}dismiss/", {"reason": "x"}, If_Match=etag).status_code == 200
    by_id = f"/employees/{things['employee'].pk}/positions/by-external-id/new/"
    for tag in ("*", '"abc"'):
        refused = api.put(by_id, {"title": "T", "start_date": "2026-01-01"}, If_Match=tag)
        assert refused.status_code == 412 and not Position.objects.filter(external_id="new").exists()
    assert api.patch("/positions/99/", {"title": "T"}, If_Match='"abc"').status_code == 404


# -- members


# Models without pages of their own: those of which have theirs among them.
_ON_THE_PAGES_OF: dict[Any, Any] = {
    DriftCheck: Job,
    DriftRow: Job,
    Forecast: Integration,
    ForecastRow: Job,
    RetroChange: Job,
}


def test_no_member_gets_more_by_the_api_than_on_the_pages() -> None:
    """What each view needs of a role is what the page of its model needs, or more."""
    actions = {"GET": "view", "POST": "change", "PUT": "change", "PATCH": "change", "DELETE": "delete"}
    checked = 0
    for view in views(get_resolver().url_patterns):
        model = getattr(view, "model", None) or getattr(getattr(view, "queryset", None), "model", None)
        if model is None and hasattr(view, "get_queryset"):
            made: Any = view(swagger_fake_view=True)
            model = made.get_queryset().model
        model = _ON_THE_PAGES_OF.get(model, model)
        page = admin.site._registry.get(model) if model is not None else None
        for method, need in view.needs.items():
            assert method in view.scopes, view
            if page is not None:
                least = page.need(actions[method])  # type: ignore[attr-defined]
                assert least is not None and _NEEDED[need] >= _NEEDED[least], (view, method)
                checked += 1
            else:
                assert need == "administer" or (method == "GET" and view.scopes[method] != "sync:write"), view
    assert checked > 8


def views(patterns: Any, before: str = "") -> set[type[ApiView]]:
    found: set[type[ApiView]] = set()
    for pattern in patterns:
        path = before + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            found |= views(pattern.url_patterns, path)
        elif path.startswith("api/v1/"):
            found.add(getattr(pattern.callback, "cls", None) or pattern.callback.view_class)
    return found


def test_every_operation_needs_the_scope_that_the_document_says() -> None:
    organization = walk.plant()
    without = {one: Api(ApiKeyFactory(organization=organization, scopes=[*{*SCOPES} - {one}])) for one in SCOPES}
    alone = {one: Api(ApiKeyFactory(organization=organization, scopes=[one])) for one in SCOPES}
    nothing = Api(ApiKeyFactory(organization=organization, scopes=[]))
    for method, path, operation, _ in operations():
        said = re.search(r"Scope: `([\w:]+)`", operation["description"])
        address = re.sub(r"\{key\}", str(UUID(int=walk.PK)), path)
        address = re.sub(r"\{effective_from\}", "2026-03-01", address)
        address = re.sub(r"\{\w+\}", str(walk.PK), address)
        if said is None:
            assert path in ("/api/v1/", "/api/v1/me/", "/api/v1/me/rotate/"), (method, path)
            assert nothing.send(method, address).status_code == 200, (method, path)
            continue
        refused = without[said[1]].send(method, address, None if method == "GET" else {})
        assert (refused.status_code, refused.json()["code"]) == (403, "missing_scope"), (method, path)
        if method == "GET":
            assert alone[said[1]].get(address).status_code == 200, path
