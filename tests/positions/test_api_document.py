"""The OpenAPI document: rules that hold for every schema, operation and example of it, and against the server."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from itertools import chain
from typing import Any

import pytest
from django.conf import settings
from django.db.models import Model
from django.urls import get_resolver
from rest_framework.serializers import BaseSerializer, Serializer
from rest_framework.views import APIView

from integrations.models import EmployeeLink, Integration
from positions.api.serializers import EmployeeSerializer, PositionSerializer
from positions.models import Employee, Position
from synclog.api.caused import CausedSerializer
from synclog.api.people import MatchSerializer
from synclog.api.serializers.batches import BatchErrorSerializer, BatchSerializer
from synclog.api.serializers.integrations import IntegrationSerializer
from synclog.api.serializers.jobs import AttemptSerializer, JobDetailSerializer
from synclog.models import Attempt, Batch, BatchError, Job
from tests.apidocument import document, operation_of, problems, resolved

METHODS = ("get", "put", "post", "patch", "delete")
# Requests in which what is left out stays as it is.
PARTIAL = re.compile(r"Patched\w+Request")


def schemas() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = document()["components"]["schemas"]
    return found


def operations() -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method.upper()} {path}", operation)
        for path, by_method in document()["paths"].items()
        for method, operation in by_method.items()
    ]


def parts(value: Any, where: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object inside of a value, with where it stands. Examples hold values, not schemas."""
    if isinstance(value, dict):
        yield where, value
        for key, inner in value.items():
            if key not in ("example", "examples"):
                yield from parts(inner, f"{where}/{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from parts(inner, f"{where}/{index}")


def reached(name: str, seen: set[str]) -> set[str]:
    """The schema and all that it refers to."""
    if name not in seen:
        seen.add(name)
        for _, part in parts(schemas()[name]):
            if isinstance(reference := part.get("$ref"), str):
                reached(reference.rpartition("/")[2], seen)
    return seen


def bodies(direction: str) -> set[str]:
    """Names of the schemas that are sent or answered, with all that they refer to."""
    seen: set[str] = set()
    for _, operation in operations():
        sides = [operation.get("requestBody", {})] if direction == "request" else operation["responses"].values()
        for _, part in chain.from_iterable(parts(resolved(side)) for side in sides):
            if str(part.get("$ref", "")).startswith("#/components/schemas/"):
                reached(part["$ref"].rpartition("/")[2], seen)
    return seen


def properties() -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{name}.{key}", value)
        for name, schema in schemas().items()
        for key, value in schema.get("properties", {}).items()
    ]


# -- what is sent


def test_what_is_left_out_of_a_partial_request_is_neither_required_nor_filled_in() -> None:
    partial = [name for name in schemas() if PARTIAL.fullmatch(name)]
    for label, operation in operations():
        if label.startswith("PATCH"):
            reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
            assert reference.rpartition("/")[2] in partial, label
    assert {"PatchedPositionRequest", "PatchedEmployeeRequest", "PatchedBulkRowRequest"} <= set(partial)
    whole = reached("CutoffChangeRequest", set())  # replaced as one, by all of its parts
    for name in partial:
        for within in reached(name, set()) - whole:
            for where, part in parts(schemas()[within], within):
                assert "default" not in part, where
                assert "required" not in part, where


def test_what_is_only_answered_is_no_part_of_a_request() -> None:
    asked, answered = bodies("request"), bodies("response")
    shared = {name for name in asked & answered if "properties" in schemas()[name]}
    assert not shared
    for name in asked:
        assert not {"created_at", "status", "national_id_set", "jobs"} & set(schemas()[name].get("properties", {})), (
            name
        )
    assert "national_id" not in schemas()["Employee"]["properties"]
    # Unknown names are refused, so the document says that there are no others.
    assert all(schemas()[name]["additionalProperties"] is False for name in asked if "properties" in schemas()[name])


def test_every_row_and_body_has_a_type() -> None:
    for name in bodies("request") | bodies("response"):
        for where, part in parts(schemas()[name], name):
            if part.get("type") == "object":
                assert part.get("properties") or part.get("additionalProperties"), where
            if part.get("type") == "array":
                assert part["items"], where


# -- what is answered


def test_every_property_of_an_answer_is_always_there() -> None:
    for name in bodies("response"):
        schema = schemas()[name]
        absent = set(schema.get("properties", {})) - set(schema.get("required", ()))
        # What is there only when it is asked for: with `expand`, `count` and `fields`.
        sometimes = {"example"} if name == "FieldError" else absent & {"expanded", "count", "count_is"}
        assert absent == sometimes or name.startswith("Partial"), name


@pytest.mark.parametrize(
    ("serializer", "model", "component"),
    [
        (EmployeeSerializer, Employee, "Employee"),
        (PositionSerializer, Position, "Position"),
        (IntegrationSerializer, Integration, "Integration"),
        (BatchSerializer, Batch, "Batch"),
        (BatchErrorSerializer, BatchError, "BatchError"),
        (JobDetailSerializer, Job, "JobDetail"),
        (AttemptSerializer, Attempt, "Attempt"),
        (MatchSerializer, EmployeeLink, "Match"),
    ],
)
def test_what_may_be_null_in_the_database_may_be_null_in_the_answer(
    serializer: type[Serializer], model: type[Model], component: str
) -> None:
    columns = {name: f for f in model._meta.concrete_fields for name in (f.name, f.attname)}
    checked = 0
    for name, field in serializer().fields.items():
        column = columns.get(str(field.source).removeprefix("link."))
        if column is None or field.write_only:
            continue
        schema = schemas()[component]["properties"][name]
        null = "null" in schema.get("type", ()) or {"$ref": "#/components/schemas/NullEnum"} in schema.get("oneOf", ())
        assert null or not column.null, f"{component}.{name}"
        checked += 1
    assert checked > 5


def test_writes_of_positions_answer_with_their_jobs() -> None:
    for label in (
        "POST /api/v1/positions/", "PATCH /api/v1/positions/1/", "DELETE /api/v1/positions/1/",
        "POST /api/v1/positions/bulk/", "POST /api/v1/employees/1/positions/", "DELETE /api/v1/employees/1/",
        "PUT /api/v1/employees/1/positions/by-external-id/x/", "PUT /api/v1/positions/1/", "POST /api/v1/employees/",
        "PUT /api/v1/positions/by-external-id/x/", "DELETE /api/v1/positions/by-external-id/x/",
        "PUT /api/v1/employees/by-external-id/x/", "DELETE /api/v1/employees/by-external-id/x/",
    ):  # fmt: skip
        operation = operation_of(*label.split())
        assert operation is not None, label
        for status, answer in operation["responses"].items():
            if status.startswith("2"):
                schema = resolved(answer["content"]["application/json"]["schema"])
                assert schema["properties"]["jobs"]["items"] == {"$ref": "#/components/schemas/CausedJob"}, label


def test_every_operation_has_the_statuses_and_headers_that_can_occur() -> None:
    for label, operation in operations():
        method, responses = label.split()[0], operation["responses"]
        assert {"400", "401", "403", "405", "406", "429", "500", "503"} <= set(responses), label
        assert ("404" in responses) == ("{" in label), label
        if "requestBody" in operation:
            assert {"413", "415"} <= set(responses), label
        keyed = any(parameter["name"] == "Idempotency-Key" for parameter in operation.get("parameters", ()))
        assert ("422" in responses) == keyed, label
        conditional = {"If-Match": "412", "If-None-Match": "304"}
        for parameter in operation.get("parameters", ()):
            if parameter["name"] in conditional:
                assert conditional[parameter["name"]] in responses, label
        for status, answer in responses.items():
            headers = resolved(answer)["headers"]
            assert "X-Request-ID" in headers, (label, status)
            if status in ("201", "202"):
                assert "Location" in headers, (label, status)
            if status in ("202", "429", "503"):
                assert "Retry-After" in headers, (label, status)
            if status == "304" or (status == "201" and method == "POST"):
                assert "ETag" in headers, (label, status)
            if status.startswith("2"):
                assert {"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"} <= set(headers), (label, status)
            elif status != "304":
                assert "application/problem+json" in resolved(answer)["content"], (label, status)


@pytest.mark.django_db
def test_ordering_is_offered_where_it_is_accepted(api: Any) -> None:
    for label, operation in operations():
        method, path = label.split()
        names = {parameter["name"]: parameter for parameter in operation.get("parameters", ())}
        if method != "GET" or "{" in path:
            continue
        refused = api.get(f"{path}?ordering=id").status_code == 400
        assert refused == ("ordering" not in names), label
        if not refused:
            pattern = names["ordering"]["schema"]["pattern"]
            assert re.search(pattern, "id") and re.search(pattern, "-id,id") and not re.search(pattern, "nothing")


@pytest.mark.django_db
def test_an_answer_that_the_document_does_not_have_is_found(api: Any, things: dict[str, Any], monkeypatch: Any) -> None:
    """What every request of these tests is checked by (tests/apidocument.py)."""
    path = f"/positions/{things['position'].pk}/"
    for jobs in ([1], None, [{"id": 0, "integration": 1}], [{"id": 1}]):
        monkeypatch.setattr(CausedSerializer, "to_representation", lambda self, positions, jobs=jobs: {"jobs": jobs})
        with pytest.raises(AssertionError, match=r"\$\.jobs"):
            api.patch(path, {"title": str(jobs)})
    monkeypatch.setattr(CausedSerializer, "to_representation", lambda self, positions: {})
    with pytest.raises(AssertionError, match="'jobs' is a required property"):
        api.patch(path, {"title": "without"})


@pytest.mark.django_db
def test_a_filter_that_is_refused_when_it_is_empty_is_never_empty_in_the_document(api: Any) -> None:
    checked = 0
    for label, operation in operations():
        method, path = label.split()
        if method != "GET" or "{" in path:
            continue
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "query" and api.get(f"{path}?{parameter['name']}=%20").status_code == 400:
                assert problems(parameter["schema"], " "), (label, parameter["name"])
                checked += 1
    assert checked > 20


# -- words, examples and form


def test_everything_is_described() -> None:
    assert [where for where, schema in properties() if not schema.get("description")] == []
    tags = {tag["name"]: tag["description"] for tag in document()["tags"]}
    for label, operation in operations():
        assert operation["summary"], label
        assert operation["description"].partition("\n\nScope:")[0], label
        assert all(tags[name] for name in operation["tags"]), label
        for parameter in operation.get("parameters", ()):
            assert parameter.get("description"), (label, parameter["name"])
        for status, answer in operation["responses"].items():
            assert resolved(answer)["description"], (label, status)
    assert document()["servers"]


def test_no_docstring_is_a_description() -> None:
    """They are for whoever reads the code, and say nothing to integrators."""
    classes: set[type] = set()
    todo: list[type] = [BaseSerializer, APIView]
    while todo:
        one = todo.pop()
        todo += one.__subclasses__()
        classes.add(one)
    docstrings = {inspect.cleandoc(one.__doc__) for one in classes if one.__doc__}
    for where, part in parts(document()):
        if isinstance(words := part.get("description"), str):
            assert words.partition("\n\nScope:")[0] not in docstrings, where


def test_null_is_a_type_and_nothing_of_another_version_is_left() -> None:
    assert document()["openapi"].startswith("3.1.")
    for where, part in parts(document()):
        assert "nullable" not in part, where
        assert not isinstance(part.get("exclusiveMinimum"), bool) and not isinstance(part.get("exclusiveMaximum"), bool)


def test_every_name_that_was_given_to_a_set_of_choices_is_used() -> None:
    """One that fits no choices is no error of drf-spectacular's, which then makes up a name."""
    named: Any = settings.SPECTACULAR_SETTINGS["ENUM_NAME_OVERRIDES"]
    assert set(named) <= set(schemas())


def test_every_schema_is_referred_to() -> None:
    text = json.dumps(document(), default=str)
    assert schemas().keys() - set(re.findall(r"#/components/schemas/(\w+)", text)) == set()


def test_ids_are_positive() -> None:
    ids = {"id", "employee", "position", "integration", "company", "department", "manager", "job"}
    found = [(where, schema) for where, schema in properties() if where.rpartition(".")[2] in ids]
    for label, operation in operations():
        found += [(f"{label} {p['name']}", p["schema"]) for p in operation.get("parameters", ())]
    checked = 0
    for where, schema in found:
        if schema.get("type") in ("integer", ["integer", "null"]):
            assert schema.get("minimum") == 1, where
            checked += 1
    assert checked > 60


def test_every_example_is_valid_and_every_success_has_one() -> None:
    for label, operation in operations():
        media = [
            (status, one)
            for status, side in [("request", operation.get("requestBody", {})), *operation["responses"].items()]
            for one in resolved(side).get("content", {}).values()
        ]
        for status, one in media:
            values = [found["value"] for found in one.get("examples", {}).values()]
            values += [one["example"]] if "example" in one else []
            assert values or status == "request", (label, status)
            for value in values:
                assert problems(one["schema"], value) == [], (label, status)


def test_every_address_of_the_api_is_in_the_document() -> None:
    def addresses(patterns: Any, before: str = "") -> Iterator[str]:
        for pattern in patterns:
            path = before + str(pattern.pattern)
            if hasattr(pattern, "url_patterns"):
                yield from addresses(pattern.url_patterns, path)
            elif path.startswith("api/v1/"):
                yield "/" + re.sub(r"<(\w+:)?(\w+)>", "{}", path)

    named = {re.sub(r"\{\w+\}", "{}", path) for path in document()["paths"]}
    assert {path for path in addresses(get_resolver().url_patterns) if path not in named} == set()


# -- a body that was read is sent back


@pytest.mark.django_db
def test_what_was_read_may_be_changed_and_sent_back(api: Any, things: dict[str, Any]) -> None:
    """GET, then PATCH, PUT or a row of a bulk with the same body: only what was changed changes."""
    employee, position = things["employee"], things["position"]
    position.external_id = "hr-1"
    position.save()
    department = things["department"]
    other = type(department).objects.create(organization=things["organization"], code="NEW", name="New")
    for path, change in (
        (f"/employees/{employee.pk}/", {"first_name": "Changed"}),
        (f"/employees/{employee.pk}/", {"department_code": "NEW"}),
        (f"/employees/{employee.pk}/", {"department": None}),
        (f"/positions/{position.pk}/", {"title": "Changed"}),
        (f"/positions/{position.pk}/", {"department": other.pk}),
        (f"/positions/{position.pk}/", {"department_code": department.code}),
        (f"/positions/{position.pk}/", {"department": None}),
        (f"/companies/{things['company'].pk}/", {"name": "Changed"}),
        (f"/departments/{department.pk}/", {"name": "Changed"}),
        ("/positions/by-external-id/hr-1/", {"title": "By PUT"}),
    ):
        read = api.get(path)
        unchanged = api.put(path, read.json(), If_Match=read.headers["ETag"])
        assert unchanged.json()["action"] == "unchanged" and unchanged.headers["ETag"] == read.headers["ETag"], path
        send = api.put if "hr-1" in path else api.patch
        written = send(path, {**read.json(), **change}, If_Match=read.headers["ETag"])
        assert written.status_code == 200 and written.json()["action"] == "updated", written.json()
        before, after = read.json(), api.get(path).json()
        for name, value in change.items():
            assert after[name] == value
        moved = {name for name in before if before[name] != after[name]}
        assert moved - {"department", "department_code", "terms", "updated_at"} == set(change) - {
            "department",
            "department_code",
        }
        assert (after.get("department") is None) == (after.get("department_code") is None)
    one = f"/employees/{employee.pk}/positions/by-external-id/hr-1/"
    read = api.get(one).json()
    assert api.put(one, {**read, "title": "By PUT"}).status_code == 200
    assert api.put(one, {**read, "department_code": "NEW"}).json()["department"] == other.pk
    # The answer of a write has the jobs that it caused: that is no field, and is ignored as well.
    written = api.patch(f"/positions/{position.pk}/", {"title": "By PATCH"}).json()
    assert "jobs" in written
    rows = {"positions": [{**written, "department": department.pk, "department_code": "NEW"}]}
    answer = api.post("/positions/bulk/", rows)
    assert answer.status_code == 200 and answer.json()["updated"] == 1, answer.content.decode()
    assert api.get(one).json()["department"] == department.pk


@pytest.mark.django_db
def test_values_that_are_computed_are_ignored_and_unknown_names_refused(api: Any, things: dict[str, Any]) -> None:
    path = f"/positions/{things['position'].pk}/"
    before = api.get(path).json()
    changed = api.patch(path, {"status": "ended", "created_at": "1999-01-01T00:00:00Z", "id": 5, "jobs": None})
    assert changed.status_code == 200
    assert {**api.get(path).json(), "updated_at": ""} == {**before, "updated_at": ""}
    refused = api.patch(path, {**before, "titel": "x"})
    assert refused.status_code == 400
    [error] = refused.json()["errors"]
    assert (error["field"], error["code"]) == ("titel", "unknown_field") and "Did you mean “title”?" in error["message"]
