"""Odd values and odd requests: refused in words, or taken as what they mean; never a 500, never half understood."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from positions.api import names as told
from positions.models import Employee, Position
from tests.apidocument import document
from tests.factories import CompanyFactory, DepartmentFactory, EmployeeFactory, PositionFactory

pytestmark = pytest.mark.django_db

DECOMPOSED, COMPOSED = "A\u030asa", "\u00c5sa"


@pytest.fixture
def employee(organization):
    return EmployeeFactory(organization=organization, number="1042")


def body_of(employee, **changes):
    return {"employee": employee.pk, "title": "T", "start_date": "2026-01-01", **changes}


def errors_of(response):
    return {e["field"]: e for e in response.json()["errors"]}


# -- bodies of thousands of names


def unknown_names(number):
    return {f"titl{n}": n for n in range(number)}


@pytest.mark.parametrize("where", ["one", "employee", "rows", "spread", "nested", "form", "query"])
def test_sixty_thousand_unknown_names_are_refused_quickly_and_briefly(api, employee, monkeypatch, where):
    suggested = []
    monkeypatch.setattr(told.difflib, "get_close_matches", lambda name, names, n: suggested.append(name) or [])
    row = body_of(employee)
    path, body = {
        "one": ("/positions/", {**row, **unknown_names(60_000)}),
        "employee": ("/employees/", unknown_names(60_000)),
        "rows": ("/positions/bulk/", {"positions": [{**row, **unknown_names(60_000)}]}),
        "spread": ("/positions/bulk/", {"positions": [{**row, **unknown_names(60)} for _ in range(1000)]}),
        "nested": ("/positions/", {**row, "department": unknown_names(60_000), "note": [unknown_names(9_000)]}),
        "form": ("/positions/bulk/", {"positions": [row], **unknown_names(60_000)}),
        "query": ("/positions/?" + "&".join(f"q{n}=1" for n in range(900)), row),
    }[where]
    with CaptureQueriesContext(database) as ran:
        response = api.post(path, body)
    assert response.status_code == 400
    problem = response.json()
    assert len(response.content) < 60_000 and len(problem["errors"]) <= 100
    assert len(suggested) <= 2 * told.HINTED
    assert len(ran) < 25
    if where in ("one", "employee", "rows", "form"):
        assert "59,980 more names" in response.content.decode()
    if where == "spread":
        assert problem["detail"] == "21000 values are not right; nothing was changed. The first 100 are in errors."
    assert not Position.objects.exists()


def test_a_long_name_or_value_is_not_said_again_in_full(api, employee):
    long = "x" * 1_000_000
    for wrong in ({long: 1}, {"contract_type": long}, {"department_code": long}, {"start_date": long}, {"note": long}):
        response = api.post("/positions/", body_of(employee, **wrong))
        assert response.status_code == 400 and len(response.content) < 5_000


@pytest.mark.parametrize("many", [False, True])
def test_a_body_is_checked_before_the_transaction(api, employee, monkeypatch, many):
    """While a large body is looked at, nobody waits for the database."""
    from positions.api.serializers import PositionSerializer

    inside, check = [], PositionSerializer.run_validation

    def run_validation(self, data):
        inside.append(len(database.savepoint_ids))
        return check(self, data)

    monkeypatch.setattr(PositionSerializer, "run_validation", run_validation)
    outside = len(database.savepoint_ids)  # the test itself runs within a transaction
    row = body_of(employee, external_id="a")
    path, body = ("/positions/bulk/", {"positions": [row] * 1}) if many else ("/positions/", row)
    assert api.post(path, body).status_code in (200, 201)
    assert inside and set(inside) == {outside}


@pytest.mark.parametrize("depth", [21, 300, 960, 990])
def test_a_value_that_is_nested_deeply(api, employee, depth):
    row = json.dumps(body_of(employee))[:-1]
    for field in ("start_date", "contract_type", "percentage", "title", "department", "unheard_of"):
        response = api.send("POST", "/positions/", f'{row}, "{field}": {"[" * depth}{"]" * depth}}}'.encode())
        assert response.status_code == 400 and response.json()["code"] == "parse_error"


def test_a_name_that_stands_twice_in_a_body_is_refused(api, employee):
    row = json.dumps(body_of(employee))[:-1]
    response = api.send("POST", "/positions/", f'{row}, "title": "U"}}'.encode())
    assert response.status_code == 400 and "“title” stands twice" in response.json()["detail"]
    assert not Position.objects.exists()


# -- addresses


def test_without_the_slash_at_the_end_it_is_the_same_address(api, employee):
    created = api.post("/positions", body_of(employee), Idempotency_Key="a")
    assert created.status_code == 201
    assert api.post("/positions/", body_of(employee), Idempotency_Key="a").headers["Idempotent-Replay"] == "true"
    path = f"/positions/{created.json()['id']}"
    assert api.patch(path, {"title": "U"}).json()["title"] == "U"
    assert api.get(f"{path}?").status_code == 200
    PositionFactory(employee=employee)
    following = api.get("/positions?limit=1").json()["next"]
    assert "/api/v1/positions/?" in following and api.get(following).status_code == 200
    by_id = f"/employees/{employee.pk}/positions/by-external-id/hr/1"
    assert api.put(by_id, {"title": "T", "start_date": "2026-01-01"}).json()["external_id"] == "hr/1"
    assert api.delete(path).json()["deleted"] is True


@pytest.mark.parametrize(
    "path",
    ["/employees/", "/employees/9/", "/positions/", "/positions/bulk/", "/companies/", "/jobs/", "/preview/",
     "/employees/9/positions/by-external-id/x/", "/employees/9/positions/", "/jobs/resync/", "/positions/9/sync/"],
)  # fmt: skip
def test_options_says_which_methods_there_are(api, path):
    response = api.send("OPTIONS", path)
    assert response.status_code == 200
    assert set(response.headers["Allow"].split(", ")) == set(response.json()["methods"]) > {"OPTIONS"}
    assert response.json()["document"].endswith("/api/schema/")


# -- filters


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_a_moment_at_the_edge_of_the_calendar(api, moment):
    for path in ("/employees/?updated_since=", "/positions/?updated_since=", "/jobs/?since="):
        response = api.get(path + moment.replace("+", "%2B"))
        assert response.status_code == 400 and "no moment" in response.json()["detail"]
    assert api.post("/jobs/resync/", {"since": moment}).status_code == 400


@pytest.mark.parametrize(
    "moment", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "2026-03-01", "2026-03-01T09:14"]
)
def test_moments_that_there_are(api, moment):
    assert api.get(f"/positions/?updated_since={moment}").status_code == 200


@pytest.mark.parametrize("moment", ["٢٠٢٦-03-01T09:14:00Z", "20260301T091400Z", "2026-W09-1", "2026-03-01T24:01:00Z"])
def test_moments_in_another_form(api, moment):
    response = api.get(f"/positions/?updated_since={moment}")
    assert response.status_code == 400 and errors_of(response)["updated_since"]


def test_a_cursor_at_the_edge_of_the_calendar(api):
    import base64

    made = json.dumps([False, ["updated_at", "id"], ["0001-01-01T00:00:00+14:00", 1]]).encode()
    response = api.get(f"/positions/?ordering=updated_at&cursor={base64.urlsafe_b64encode(made).decode()}")
    assert response.status_code == 400 and errors_of(response)["cursor"]


@pytest.mark.parametrize("query", ["employee=", "employee_number=", "contract_type=%20", "active_on=", "updated_since=",
                                   "ordering=", "limit=", "cursor=", "external_id"])  # fmt: skip
def test_an_empty_filter_is_refused(api, employee, query):
    PositionFactory(employee=employee)
    response = api.get(f"/positions/?{query}")
    assert response.status_code == 400
    assert errors_of(response)[query.partition("=")[0]]["code"] == "empty"


def test_a_repeated_filter_is_refused(api, employee):
    response = api.get(f"/positions/?employee={employee.pk}&employee=1&limit=1")
    assert response.status_code == 400
    assert [(e["field"], e["code"]) for e in response.json()["errors"]] == [("employee", "repeated")]


def test_more_query_parameters_than_are_read(api):
    response = api.get("/positions/?" + "&".join(f"q{n}=1" for n in range(1001)))
    assert response.status_code == 400 and "at most 1000" in response.json()["detail"]


@pytest.mark.parametrize("value", ["8_0", "٨", "１２", "12.0", "1e3", "0x1"])
def test_an_id_in_another_form(api, value):
    response = api.get(f"/positions/?employee={value}")
    assert response.status_code == 400 and "whole number" in errors_of(response)["employee"]["message"]


# -- values


@pytest.mark.parametrize("value", ["8_0", "٨٠", "８０", "1e1", "NaN", "Infinity", "0x10", True, [], {}, "8 0"])
@pytest.mark.parametrize("field", ["percentage", "weekly_hours"])
def test_a_number_in_another_form(api, employee, field, value):
    response = api.post("/positions/", body_of(employee, **{field: value}))
    assert response.status_code == 400 and errors_of(response)[field]["code"] == "invalid", response.json()


@pytest.mark.parametrize("value", ["-0", "-0.00", -0.0, 0, "0"])
def test_there_is_one_zero(api, employee, value):
    response = api.post("/positions/", body_of(employee, percentage=value, weekly_hours=value))
    assert (response.json()["percentage"], response.json()["weekly_hours"]) == ("0.00", "0.00")
    assert str(Position.objects.get().percentage) in ("0.00", "0")


@pytest.mark.parametrize("odd", ["a\x07b", "a\nb", "a\x7fb", "a\x85b", "a\u2028b", "a\uffffb"])
def test_control_characters_are_refused(api, employee, odd):
    for field in ("title", "occupation_code", "cost_centre", "external_id", "employee_number"):
        response = api.post("/positions/", body_of(employee, **{field: odd}))
        assert errors_of(response)[field]["code"] == "control_characters", field
    for field in ("number", "first_name", "last_name", "email", "external_id"):
        good = {"number": "7", "first_name": "K", "last_name": "N"}
        assert errors_of(api.post("/employees/", {**good, field: odd}))[field]["code"] == "control_characters"
    assert not Position.objects.exists()


def test_a_note_has_lines_and_no_other_control_characters(api, employee):
    assert api.post("/positions/", body_of(employee, note="a\r\n\tb")).status_code == 201
    assert errors_of(api.post("/positions/", body_of(employee, note="a\x07")))["note"]["code"] == "control_characters"


def test_each_letter_has_one_form(api, organization):
    DepartmentFactory(organization=organization, code=COMPOSED)
    response = api.post(
        "/employees/",
        {"number": DECOMPOSED, "first_name": DECOMPOSED, "last_name": "N", "department_code": DECOMPOSED},
    )
    assert response.status_code == 201 and response.json()["first_name"] == COMPOSED
    employee = Employee.objects.get()
    assert employee.number == employee.first_name == COMPOSED and employee.department.code == COMPOSED
    row = {"employee_number": DECOMPOSED, "title": DECOMPOSED, "start_date": "2026-01-01", "external_id": DECOMPOSED}
    assert api.post("/positions/", row).json()["title"] == COMPOSED
    again = api.post("/positions/bulk/", {"positions": [row]}).json()
    assert again["unchanged"] == 1
    by_id = f"/employees/{employee.pk}/positions/by-external-id/{DECOMPOSED}/"
    assert api.put(by_id, {"title": "T", "start_date": "2026-01-01", "external_id": DECOMPOSED}).status_code == 200
    assert api.get(by_id).json()["external_id"] == COMPOSED
    for path in (f"/employees/?number={DECOMPOSED}", f"/positions/?external_id={DECOMPOSED}"):
        assert len(api.get(path).json()["results"]) == 1


def test_forms_go_by_the_same_rules(organization, sign_in):
    client = sign_in(organization, "admin")
    address = "/admin/positions/employee/add/"
    good = {"organization": organization.pk, "number": "7", "first_name": DECOMPOSED, "last_name": "N"}
    formset = {"positions-TOTAL_FORMS": 0, "positions-INITIAL_FORMS": 0}
    page = client.post(address, {**good, **formset, "last_name": "a\x07b"})
    assert page.status_code == 200 and "control character U+0007" in page.content.decode()
    assert client.post(address, {**good, **formset}).status_code == 302
    employee = Employee.objects.get()
    assert employee.first_name == COMPOSED
    position = {
        "employee": employee.pk, "title": DECOMPOSED, "start_date": "2026-01-01", "contract_type": "permanent",
    }  # fmt: skip
    for value in ("8_0", "٨٠", "1e1"):
        page = client.post("/admin/positions/position/add/", {**position, "percentage": value})
        assert page.status_code == 200 and "Write a number such as 80 or 37.5." in page.content.decode()
    answer = client.post("/admin/positions/position/add/", {**position, "percentage": "-0", "note": "a\r\nb"})
    assert answer.status_code == 302, answer.content.decode()
    stored = Position.objects.get()
    assert (stored.title, str(stored.percentage)) in ((COMPOSED, "0.00"), (COMPOSED, "0"))


# -- external ids that change hands


def test_two_positions_swap_their_external_ids(api, employee):
    a = PositionFactory(employee=employee, external_id="a", title="A")
    b = PositionFactory(employee=employee, external_id="b", title="B")
    swapped = [{"id": a.pk, "external_id": "b"}, {"id": b.pk, "external_id": "a"}]
    response = api.post("/positions/bulk/", {"positions": swapped})
    assert response.status_code == 200 and response.json()["updated"] == 2
    assert dict(Position.objects.values_list("title", "external_id")) == {"A": "b", "B": "a"}
    assert api.post("/positions/bulk/", {"positions": swapped}).json()["unchanged"] == 2
    # one that is given away may be a new one's at once, and keeps nobody from changing
    rows = [{"id": a.pk, "external_id": None}, body_of(employee, title="C", external_id="b")]
    assert api.post("/positions/bulk/", {"positions": rows}).json()["created"] == 1
    assert dict(Position.objects.values_list("title", "external_id")) == {"A": "", "B": "a", "C": "b"}
    assert api.post("/positions/bulk/", {"positions": [{"id": b.pk, "external_id": "b"}]}).status_code == 400


def test_numbers_are_what_they_were(api, employee):
    response = api.post("/positions/", body_of(employee, percentage=37.5, weekly_hours=" 12.25 "))
    assert response.json()["percentage"] == "37.50"
    assert Position.objects.get().weekly_hours == Decimal("12.25")


def test_texts_of_before_are_composed_when_it_is_upgraded(api, organization, capsys):
    """Stored as they came until then; who looks for them would find nothing."""
    old, twin = (EmployeeFactory(organization=organization, number=number) for number in ("1", "2"))
    EmployeeFactory(organization=organization, number=f"{COMPOSED}2")
    with database.cursor() as cursor:
        for employee, number in ((old, DECOMPOSED), (twin, f"{DECOMPOSED}2")):
            cursor.execute("UPDATE positions_employee SET number = %s WHERE id = %s", [number, employee.pk])
    assert api.get(f"/employees/?number={COMPOSED}").json()["results"] == []
    import_module("positions.migrations.0012_composed").compose(apps, None)
    assert [e["id"] for e in api.get(f"/employees/?number={DECOMPOSED}").json()["results"]] == [old.pk]
    twin.refresh_from_db()
    assert twin.number == f"{DECOMPOSED}2" and f"employee {twin.pk} looks the same" in capsys.readouterr().out


def test_a_percent_sign_in_any_filter_is_a_character(api):
    lists = {
        path: [p["name"] for p in get["get"]["parameters"] if p["in"] == "query"]
        for path, get in document()["paths"].items()
        if "get" in get and "{" not in path and get["get"].get("parameters")
    }
    assert len(lists) > 8
    for path, names in lists.items():
        answer = api.get(path.removeprefix("/api/v1") + "?" + "&".join(f"{name}=%25s%25(x)s%25" for name in names))
        assert answer.status_code in (200, 400), (path, answer.json())


def test_nothing_breaks_where_nothing_is_whatever_was_read_before(api):
    """Each write with an If-Match, of what is not there."""
    for path, operations in document()["paths"].items():
        address = re.sub(r"\{\w+\}", "1", path).removeprefix("/api/v1")
        for method in operations.keys() & {"post", "put", "patch", "delete"}:
            answer = api.send(method.upper(), address, {}, If_Match='"other"')
            assert answer.status_code < 500, (method, path)


def test_what_an_address_does_not_answer_is_said_first(api):
    answer = api.put("/employees/?fields=id", {})
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    nowhere = api.get("/companies/null/")
    assert nowhere.status_code == 404 and nowhere.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("field", "value"), [("number", 42), ("national_id", 12345678901), ("first_name", True), ("positions_follow", 0)]
)
def test_a_value_of_another_type_is_refused(api, employee, field, value):
    response = api.patch(f"/employees/{employee.pk}/", {field: value})
    assert response.status_code == 400 and errors_of(response)[field]["code"] == "invalid", response.json()


def test_a_whole_number_may_have_a_point(api, organization, employee):
    company = CompanyFactory(organization=organization)
    body = b'{"company": %d.0}' % company.pk
    assert api.send("PATCH", f"/employees/{employee.pk}/", body).json()["company"] == company.pk
    assert api.patch(f"/employees/{employee.pk}/", {"company": company.pk + 0.5}).status_code == 400


def test_a_tag_in_no_form_of_one_is_refused_whatever_is_there(api, employee):
    for address in (f"/employees/{employee.pk}/", "/employees/by-external-id/nobody-yet/"):
        body = {"number": "3001", "first_name": "Åse", "last_name": "Berg"}
        response = api.put(address, body, If_Match="no quotes")
        assert response.status_code == 400 and set(errors_of(response)) == {"If-Match"}, address


def test_a_filter_or_an_id_with_a_control_character_is_refused(api, employee):
    for name in ("number", "search", "external_id__in"):
        response = api.get(f"/employees/?{name}=a%1Cb")
        assert errors_of(response)[name]["code"] == "control_characters", response.json()
    body = {"number": "3001", "first_name": "Åse", "last_name": "Berg"}
    response = api.put("/employees/by-external-id/a%1Cb/", body)
    assert errors_of(response)["external_id"]["code"] == "control_characters"
    assert errors_of(api.get("/employees/?cursor=x"))["cursor"]["code"] == "unknown_cursor"
