"""The API's positions: read, write, upsert, bulk, and what it says when something is wrong."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from rest_framework.serializers import DictField

from positions.models import Position
from positions.origin import current_origin
from positions.signals import positions_changed
from synclog.api.caused import CausedSerializer
from tests.factories import DepartmentFactory, EmployeeFactory, PositionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def employee(organization):
    return EmployeeFactory(organization=organization, number="1042")


def errors_of(response):
    return {e["field"]: e for e in response.json()["errors"]}


def test_a_position_is_created_with_the_employee_and_department_by_their_own_codes(api, employee, organization):
    department = DepartmentFactory(organization=organization, code="BUT1")
    response = api.post(
        "/positions/",
        {
            "employee_number": "1042",
            "title": "  Shift leader ",
            "start_date": "2026-03-01",
            "percentage": 37.5,
            "department_code": "BUT1",
            "contract_type": "temporary",
        },
    )
    assert response.status_code == 201, response.json()
    body = response.json()
    position = Position.objects.get()
    assert position.employee == employee and position.department == department
    assert body["title"] == position.title == "Shift leader"
    assert body["percentage"] == "37.50" and position.percentage == Decimal("37.50")
    assert body["employee"] == employee.pk and body["employee_number"] == "1042"
    assert body["department"] == department.pk and body["department_code"] == "BUT1"
    assert body["end_date"] is None and body["end_reason"] is None and body["external_id"] is None
    assert response.headers["Location"].endswith(f"/api/v1/positions/{position.pk}/")
    read = api.get(response.headers["Location"])
    assert {**read.json(), "action": "created", "jobs": [], "unmatched": []} == body
    assert read.headers["ETag"] == response.headers["ETag"]


def test_patch_knows_absent_null_and_a_value(api, employee):
    position = PositionFactory(
        employee=employee,
        title="A",
        end_date=date(2026, 12, 31),
        end_reason="resigned",
        note="keep",
        weekly_hours="37.5",
        external_id="x",
    )
    response = api.patch(
        f"/positions/{position.pk}/",
        {"end_date": None, "end_reason": None, "title": "B", "external_id": "", "weekly_hours": None},
    )
    assert response.status_code == 200, response.json()
    position.refresh_from_db()
    assert (position.title, position.end_date, position.end_reason) == ("B", None, "")
    assert (position.note, position.external_id, position.weekly_hours) == ("keep", "", None)


@pytest.mark.parametrize(
    ("body", "field", "code", "words"),
    [
        ({"start_date": "1.3.2026"}, "start_date", "invalid", "Write it as 2026-03-01"),
        ({"start_date": "20260301"}, "start_date", "invalid", "Write it as 2026-03-01"),
        ({"start_date": "2026-02-30"}, "start_date", "invalid", "no day 2026-02-30"),
        ({"start_date": 20260301}, "start_date", "invalid", "is not a date"),
        ({"start_date": None}, "start_date", "null", "cannot be cleared"),
        ({"start_date": "0001-01-01"}, "start_date", "invalid", "The year 1 cannot be right"),
        ({"title": ""}, "title", "blank", "cannot be empty"),
        ({"title": None}, "title", "null", "cannot be cleared"),
        ({"title": "x" * 251}, "title", "max_length", "250"),
        ({"title": "a\x00b"}, "title", "null_characters_not_allowed", "Null"),
        ({"title": "\ud800"}, "title", "surrogate_characters_not_allowed", "U+D800"),
        ({"contract_type": "forever"}, "contract_type", "invalid_choice", "“forever” is not one of: permanent, prob"),
        ({"contract_type": None}, "contract_type", "null", "cannot be cleared"),
        ({"percentage": "101"}, "percentage", "max_value", "between 0 and 100"),
        ({"percentage": -1}, "percentage", "min_value", "between 0 and 100"),
        ({"percentage": "80,5"}, "percentage", "invalid", "80 or 37.5"),
        ({"percentage": "33.333"}, "percentage", "max_decimal_places", "two decimals at most"),
        ({"end_date": "2025-12-31"}, "end_date", "invalid", "The end date 31 Dec 2025 is before the start date"),
        ({"end_reason": "resigned"}, "end_reason", "invalid", "An end reason needs an end date"),
        ({"titel": "x"}, "titel", "unknown_field", "Did you mean “title”?"),
        ({"department": 999}, "department", "does_not_exist", "There is no department “999” in your organization."),
        ({"department": True}, "department", "invalid", "whole number"),
        ({"department": [1]}, "department", "invalid", "whole number"),
        ({"department_code": "nope"}, "department_code", "does_not_exist", "no department “nope”"),
        ({"employee": 10**30}, "employee", "max_value", "9223372036854775807"),
        ({"employee": None}, "employee", "null", ""),
        ({"employee_number": "9"}, "employee_number", "does_not_exist", "There is no employee “9”"),
    ],
)
def test_a_wrong_value_is_named_with_the_reason_and_changes_nothing(api, employee, body, field, code, words):
    good = {"employee": employee.pk, "title": "T", "start_date": "2026-01-01"}
    response = api.post("/positions/", {**good, **body})
    assert response.status_code == 400, response.json()
    assert response.headers["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert problem["code"] == "validation_failed" and problem["status"] == 400
    error = errors_of(response)[field]
    assert error["code"] == code and words in error["message"], error
    assert not Position.objects.exists()
    position = PositionFactory(employee=employee, title="Old", start_date=date(2026, 1, 1))
    if "employee" not in field:
        assert api.patch(f"/positions/{position.pk}/", body).status_code == 400
        position.refresh_from_db()
        assert position.title == "Old"


def test_errors_carry_an_example(api, employee):
    response = api.post("/positions/", {"employee": employee.pk, "title": "T"})
    assert errors_of(response)["start_date"] == {
        "field": "start_date",
        "code": "required",
        "message": "This is required.",
        "example": "2026-03-01",
    }


@pytest.mark.parametrize("body", [[], "text", 5, None, [1]])
def test_a_body_that_is_no_object_is_refused(api, employee, body):
    for method, path in (("POST", "/positions/"), ("POST", "/positions/bulk/"), ("POST", "/employees/")):
        response = api.send(method, path, b"null" if body is None else body)
        assert response.status_code == 400
        assert response.json()["code"] == "validation_failed"


def test_the_employee_must_be_named_and_stays(api, employee, organization):
    response = api.post("/positions/", {"title": "T", "start_date": "2026-01-01"})
    assert "employee_number" in errors_of(response)["employee"]["message"]
    other = EmployeeFactory(organization=organization)
    mixed = {"employee": employee.pk, "employee_number": other.number, "title": "T", "start_date": "2026-01-01"}
    assert errors_of(api.post("/positions/", mixed))["employee_number"]["code"] == "mismatch"
    position = PositionFactory(employee=employee)
    response = api.patch(f"/positions/{position.pk}/", {"employee": other.pk})
    assert errors_of(response)["employee"]["code"] == "immutable"
    assert api.patch(f"/positions/{position.pk}/", {"employee": employee.pk}).status_code == 200


def test_an_external_id_is_unique_for_the_employee(api, employee):
    PositionFactory(employee=employee, external_id="a")
    second = PositionFactory(employee=employee, external_id="b")
    response = api.patch(f"/positions/{second.pk}/", {"external_id": "a"})
    assert errors_of(response)["external_id"]["code"] == "taken"
    body = {"employee": employee.pk, "title": "T", "start_date": "2026-01-01", "external_id": "a"}
    assert errors_of(api.post("/positions/", body))["external_id"]["code"] == "taken"
    assert api.patch(f"/positions/{second.pk}/", {"external_id": "b"}).status_code == 200


def test_delete_answers_with_what_is_gone(api, employee):
    position = PositionFactory(employee=employee)
    response = api.delete(f"/positions/{position.pk}/")
    assert response.status_code == 200
    assert response.json()["id"] == position.pk and response.json()["deleted"] is True
    assert api.get(f"/positions/{position.pk}/").status_code == 404


# -- under an employee


def test_positions_of_one_employee(api, employee, organization):
    mine = PositionFactory(employee=employee)
    PositionFactory(employee=EmployeeFactory(organization=organization))
    listed = api.get(f"/employees/{employee.pk}/positions/").json()["results"]
    assert [p["id"] for p in listed] == [mine.pk]
    response = api.post(f"/employees/{employee.pk}/positions/", {"title": "T", "start_date": "2026-01-01"})
    assert response.status_code == 201 and response.json()["employee"] == employee.pk


def test_put_by_external_id_makes_then_replaces_then_changes_nothing(api, employee):
    path = f"/employees/{employee.pk}/positions/by-external-id/hr/47 11/"
    first = api.put(path, {"title": "A", "start_date": "2026-01-01", "note": "n", "percentage": "50"})
    assert first.status_code == 201, first.json()
    assert first.json()["external_id"] == "hr/47 11"
    again = api.put(path, {"title": "B", "start_date": "2026-01-01"})
    assert again.status_code == 200
    position = Position.objects.get()
    assert (position.title, position.note, position.percentage) == ("B", "", Decimal(100))
    assert api.get(path).json()["title"] == "B"
    assert api.put(path, {"title": "B", "start_date": "2026-01-01", "external_id": "other"}).status_code == 400
    assert api.put(path, {"start_date": "2026-01-01"}).status_code == 400
    assert api.put(path, {"title": "C", "start_date": "2026-01-01"}, If_Match='"no"').status_code == 412
    missing = f"/employees/{employee.pk}/positions/by-external-id/missing/"
    assert api.put(missing, {"title": "C", "start_date": "2026-01-01"}, If_Match='"no"').status_code == 412
    assert Position.objects.count() == 1


# -- many at once


def test_bulk_creates_and_changes_in_one_go(api, employee, organization):
    by_id = PositionFactory(employee=employee, title="Old", note="stays")
    by_external = PositionFactory(employee=employee, title="Old", external_id="ext")
    heard = []

    def hear(sender, saved, **kwargs):
        heard.extend((p.title, fields, current_origin().kind) for p, fields in saved)

    positions_changed.connect(hear)
    try:
        response = api.post(
            "/positions/bulk/",
            {
                "positions": [
                    {"employee_number": "1042", "title": "New", "start_date": "2026-01-01", "external_id": "n"},
                    {"id": by_id.pk, "title": "By id"},
                    {"employee": employee.pk, "external_id": "ext", "title": "By external id"},
                ]
            },
        )
    finally:
        positions_changed.disconnect(hear)
    assert response.status_code == 200, response.json()
    body = response.json()
    assert (body["created"], body["updated"]) == (1, 2)
    assert [r["action"] for r in body["results"]] == ["created", "updated", "updated"]
    assert [r["id"] for r in body["results"]][1:] == [by_id.pk, by_external.pk]
    by_id.refresh_from_db()
    assert (by_id.title, by_id.note) == ("By id", "stays")
    assert heard == [("New", None, "api"), ("By id", ["title"], "api"), ("By external id", ["title"], "api")]


def test_bulk_is_all_or_nothing_and_names_each_wrong_value(api, employee):
    mine = PositionFactory(employee=employee, title="Old", external_id="taken")
    other = PositionFactory(employee=employee, external_id="other")
    response = api.post(
        "/positions/bulk/",
        {
            "positions": [
                {"employee": employee.pk, "title": "Good", "start_date": "2026-01-01"},
                {"employee": employee.pk, "title": "T", "start_date": "soon"},
                {"id": 99999, "title": "T"},
                {"title": "T", "start_date": "2026-01-01"},
                {"id": mine.pk, "title": "New"},
                {"id": mine.pk, "title": "Newer"},
                {"id": other.pk, "external_id": "taken"},
                {"employee": employee.pk, "title": "T", "start_date": "2026-03-01", "end_date": "2026-01-01"},
            ]
        },
    )
    assert response.status_code == 400
    found = {field: error["code"] for field, error in errors_of(response).items()}
    assert found == {
        "positions[1].start_date": "invalid",
        "positions[2].id": "does_not_exist",
        "positions[3].employee": "required",
        "positions[5].id": "duplicate",
        "positions[6].external_id": "taken",
        "positions[7].end_date": "invalid",
    }
    assert errors_of(response)["positions[1].start_date"]["example"] == "2026-03-01"
    mine.refresh_from_db()
    assert mine.title == "Old" and Position.objects.count() == 2


@pytest.mark.parametrize("odd", ["a\x00b", "\ud800"])
@pytest.mark.parametrize("field", ["employee_number", "department_code", "external_id", "title"])
def test_text_that_no_database_takes(api, employee, field, odd):
    row = {"employee": employee.pk, "title": "T", "start_date": "2026-01-01", field: odd}
    for path, body in (("/positions/", row), ("/positions/bulk/", {"positions": [row]})):
        response = api.post(path, body)
        assert response.status_code == 400 and any(field in e["field"] for e in response.json()["errors"])
    for wrong in ({"contract_type": odd}, {"start_date": odd}, {odd: 1}):
        assert api.post("/positions/", {**row, **wrong}).status_code == 400
    assert api.get(f"/employees/{employee.pk}/positions/by-external-id/a%00b/").status_code == 404
    path = f"/employees/{employee.pk}/positions/by-external-id/a%00b/"
    assert api.put(path, {"title": "T", "start_date": "2026-01-01"}).status_code == 400
    assert api.get("/employees/?number=a%00b").status_code == 400


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "positions"),
        ({"positions": []}, "positions"),
        ({"positions": {}}, "positions"),
        ({"positions": [5]}, "positions[0]"),
        ({"positions": [{}] * 1001}, "positions"),
        ({"rows": []}, "rows"),
    ],
)
def test_bulk_refuses_another_form(api, body, field):
    response = api.post("/positions/bulk/", body)
    assert response.status_code == 400 and field in errors_of(response), response.json()


def test_bulk_takes_a_thousand(api, employee):
    rows = [{"employee": employee.pk, "title": f"T{i}", "start_date": "2026-01-01"} for i in range(1000)]
    response = api.post("/positions/bulk/", {"positions": rows})
    assert response.status_code == 200 and response.json()["created"] == 1000


def test_bulk_looks_at_no_row_when_there_are_too_many(api, employee, monkeypatch):
    seen = []
    monkeypatch.setattr(DictField, "run_validation", lambda field, row: seen.append(row))
    response = api.post("/positions/bulk/", {"positions": [{}] * 1001})
    assert response.status_code == 400 and "at most 1000" in response.json()["detail"]
    assert seen == []


# -- lists


def ids(response):
    assert response.status_code == 200, response.json()
    return [row["id"] for row in response.json()["results"]]


def test_filters(api, employee, organization):
    department = DepartmentFactory(organization=organization)
    past = PositionFactory(employee=employee, start_date=date(2020, 1, 1), end_date=date(2020, 12, 31))
    open_ = PositionFactory(employee=employee, start_date=date(2021, 1, 1), contract_type="temporary")
    last = PositionFactory(
        employee=EmployeeFactory(organization=organization),
        start_date=date(2026, 3, 1),
        end_date=date(2026, 3, 1),
        external_id="e",
        department=department,
    )
    assert ids(api.get("/positions/")) == [past.pk, open_.pk, last.pk]
    assert ids(api.get(f"/positions/?employee={employee.pk}")) == [past.pk, open_.pk]
    assert ids(api.get("/positions/?employee_number=1042")) == [past.pk, open_.pk]
    assert ids(api.get("/positions/?active_on=2020-12-31")) == [past.pk]
    assert ids(api.get("/positions/?active_on=2026-03-01")) == [open_.pk, last.pk]
    assert ids(api.get("/positions/?active_on=2026-03-02")) == [open_.pk]
    assert ids(api.get("/positions/?contract_type=temporary")) == [open_.pk]
    assert ids(api.get("/positions/?external_id=e")) == [last.pk]
    assert ids(api.get(f"/positions/?department={department.pk}")) == [last.pk]
    assert ids(api.get("/positions/?start_date_from=2021-01-01&start_date_to=2021-01-01")) == [open_.pk]
    assert ids(api.get("/positions/?end_date_from=2021-01-01&end_date_to=2026-12-31")) == [last.pk]
    assert ids(api.get("/positions/?ordering=-start_date")) == [last.pk, open_.pk, past.pk]
    Position.objects.filter(pk=past.pk).update(updated_at="2020-01-01T00:00:00Z")
    assert ids(api.get("/positions/?updated_since=2021-01-01T00:00:00%2B01:00")) == [open_.pk, last.pk]
    assert ids(api.get("/positions/?updated_since=2021-01-01T00:00:00+01:00")) == [open_.pk, last.pk]


@pytest.mark.parametrize(
    ("query", "field", "words"),
    [
        ("employe=1", "employe", "Did you mean “employee”?"),
        ("active_on=tomorrow", "active_on", "2026-03-01"),
        ("contract_type=x", "contract_type", "permanent"),
        ("employee=x", "employee", "whole number"),
        ("employee=99999999999999999999", "employee", ""),
        ("updated_since=x", "updated_since", "2026-03-01T09:14:00Z"),
        ("ordering=title", "ordering", "Known: created_at"),
        ("limit=0", "limit", "from 1 to 1000"),
        ("limit=1001", "limit", "from 1 to 1000"),
        ("limit=x", "limit", "from 1 to 1000"),
        ("cursor=x", "cursor", "Start without one"),
        ("cursor=WzFd", "cursor", "Start without one"),
    ],
)
def test_a_wrong_query_is_refused_with_words(api, query, field, words):
    response = api.get(f"/positions/?{query}")
    assert response.status_code == 400
    assert words in errors_of(response)[field]["message"]


@pytest.mark.parametrize("ordering", ["id", "-id", "start_date", "-start_date", "updated_at", "-created_at"])
def test_pages_have_every_row_once_in_both_directions(api, employee, ordering):
    for number in range(23):
        PositionFactory(employee=employee, start_date=date(2026, 1, 1 + number // 20))
    address, seen, last = f"/positions/?limit=5&ordering={ordering}", [], None
    while address:
        response = api.get(address)
        seen.append(ids(response))
        last, address = response, response.json()["next"]
    flat = [pk for page in seen for pk in page]
    assert len(flat) == len(set(flat)) == 23 and [len(page) for page in seen] == [5, 5, 5, 5, 3]
    assert flat == list(
        Position.objects.order_by(ordering, "-id" if ordering[0] == "-" else "id").values_list("pk", flat=True)
    )
    back, address = [seen[-1]], last.json()["previous"]
    while address:
        response = api.get(address)
        back.insert(0, ids(response))
        address = response.json()["previous"]
    assert [pk for page in back for pk in page] == flat


# -- what it caused, and origin


def test_writes_are_started_by_the_key_and_answer_with_extras(api, employee, monkeypatch):
    origins = []

    def extra(self, positions):
        origins.append((current_origin().kind, current_origin().name))
        return {"jobs": [{"id": p.pk, "integration": 1} for p in positions]}

    monkeypatch.setattr(CausedSerializer, "to_representation", extra)
    created = api.post("/positions/", {"employee": employee.pk, "title": "T", "start_date": "2026-01-01"})
    pk = created.json()["id"]
    job = {"id": pk, "integration": 1}
    assert created.json()["jobs"] == [job]
    assert api.patch(f"/positions/{pk}/", {"title": "U"}).json()["jobs"] == [job]
    assert api.delete(f"/positions/{pk}/").json()["jobs"] == [job]
    bulk = api.post(
        "/positions/bulk/", {"positions": [{"employee": employee.pk, "title": "T", "start_date": "2026-01-01"}]}
    )
    assert len(bulk.json()["jobs"]) == 1
    assert {kind for kind, _ in origins} == {"api"} and all(name.startswith("key") for _, name in origins)
