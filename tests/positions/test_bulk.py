"""Many employees and positions in one request: what each row does, alone and beside others that are refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from positions import bulk as saving
from positions.api.bulk import employees as of_employees
from positions.api.bulk import positions as of_positions
from positions.models import AuditEntry, Change, Employee, EmployeeWord, Organization, Position, Terms
from synclog.models import Job
from tests.factories import (
    ApiKeyFactory,
    CompanyFactory,
    DepartmentFactory,
    EmployeeFactory,
    IntegrationFactory,
    PositionFactory,
)
from tests.positions.conftest import Api

pytestmark = pytest.mark.django_db

START = {"title": "Baker", "start_date": "2026-01-01"}


def statuses(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    rows = answer.json()["results"]
    counted = {"created": 0, "updated": 0, "deleted": 0, "unchanged": 0, "failed": 0}
    for row in rows:
        counted["failed" if row["status"] == "error" else row["status"]] += 1
        assert (row["problem"] is not None) == (row["status"] == "error")
        assert row["action"] == row["status"]
    assert counted.items() <= answer.json().items()
    assert [row["index"] for row in rows] == list(range(len(rows)))
    return [row["status"] for row in rows]


def wrong(answer: Any, index: int) -> dict[str, str]:
    """field: code, of a row that was refused"""
    problem = answer.json()["results"][index]["problem"]
    return {error["field"]: error["code"] for error in problem["errors"]} or {"": problem["code"]}


def positions(api: Api, rows: list[Any], **more: Any) -> Any:
    return api.post("/positions/bulk/", {"positions": rows, **more})


def employees(api: Api, rows: list[Any], **more: Any) -> Any:
    return api.post("/employees/bulk/", {"employees": rows, **more})


@pytest.fixture
def kari(organization: Organization) -> Employee:
    return EmployeeFactory(organization=organization, number="1", external_id="k")


# -- positions


def test_each_operation_does_what_it_says_and_nothing_else(api: Api, kari: Employee) -> None:
    old = PositionFactory(employee=kari, external_id="old", title="Old")
    gone = PositionFactory(employee=kari, external_id="gone")
    [other, another, third] = [PositionFactory(employee=kari, title="Other") for _ in range(3)]
    IntegrationFactory(organization=kari.organization).switch(True)
    answer = positions(
        api,
        [
            {"operation": "create", "employee": kari.pk, **START, "external_id": "a"},
            {"operation": "create", "employee_number": "1", **START, "external_id": "old"},
            {"operation": "update", "employee_external_id": "k", "external_id": "old", "title": "New"},
            {"operation": "update", "employee_external_id": "k", "external_id": "none", "title": "New"},
            {"operation": "upsert", "employee_external_id": "k", "external_id": "up", **START},
            {"operation": "delete", "employee_external_id": "k", "external_id": "gone"},
            {"operation": "delete", "id": other.pk},
            {"operation": "delete", "id": 10**9},
            {"operation": "create", "id": old.pk, "employee": kari.pk, **START},
            {"operation": "update", "employee": kari.pk, "title": "Whose?"},
            {"operation": "remove", "id": another.pk},
            {"id": third.pk, "employee_external_id": "nobody"},
            {"employee_external_id": "k", "employee": 10**9, **START},
        ],
        mode="each",
    )
    assert statuses(answer) == [
        "created", "error", "updated", "error", "created", "deleted", "deleted", *["error"] * 6,
    ]  # fmt: skip
    assert [wrong(answer, index) for index in (1, 3, 7, 8, 9, 10, 11)] == [
        {"external_id": "taken"}, {"external_id": "does_not_exist"}, {"id": "does_not_exist"}, {"id": "mismatch"},
        {"id": "required"}, {"operation": "invalid_choice"}, {"employee_external_id": "does_not_exist"},
    ]  # fmt: skip
    stored = set(Position.objects.values_list("external_id", "title"))
    assert stored == {("a", "Baker"), ("old", "New"), ("up", "Baker"), ("", "Other")}
    assert not Position.objects.filter(pk__in=(gone.pk, other.pk)).exists()


def test_the_requests_operation_is_that_of_rows_without_one(api: Api, kari: Employee) -> None:
    [one, two] = [PositionFactory(employee=kari) for _ in range(2)]
    rows = [{"id": one.pk}, {"id": two.pk, "operation": "update", "title": "Stays"}]
    assert statuses(positions(api, rows, operation="delete")) == ["deleted", "updated"]


def test_atomic_is_all_or_nothing(api: Api, kari: Employee) -> None:
    position = PositionFactory(employee=kari)
    rows = [{"operation": "delete", "id": position.pk}, {"employee": kari.pk, **START}, {"employee": 10**9, **START}]
    answer = positions(api, rows)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == ["positions[2].employee"]
    assert list(Position.objects.all()) == [position]
    assert statuses(positions(api, rows, mode="each")) == ["deleted", "created", "error"]


def test_jobs_are_those_of_the_row_and_what_changes_nothing_has_none(api: Api, kari: Employee) -> None:
    [same, changed, gone] = [PositionFactory(employee=kari, title="T") for _ in range(3)]
    integration = IntegrationFactory(organization=kari.organization)
    integration.switch(True)
    integration.save()
    rows = [
        {"id": same.pk, "title": "T"}, {"id": changed.pk, "title": "U"}, {"id": gone.pk, "operation": "delete"},
        {"employee": 10**9, **START}, {"employee": kari.pk, **START},
    ]  # fmt: skip
    answer = positions(api, rows, mode="each")
    assert statuses(answer) == ["unchanged", "updated", "deleted", "error", "created"]
    jobs = {job.position_key: job.pk for job in Job.objects.all()}
    results = answer.json()["results"]
    assert [[job["id"] for job in row["jobs"]] for row in results] == [
        [], [jobs[changed.pk]], [jobs[gone.pk]], [], [jobs[results[4]["id"]]],
    ]  # fmt: skip
    assert {job["id"] for job in answer.json()["jobs"]} == set(jobs.values())
    assert Job.objects.get(position_key=gone.pk).action == Job.Action.DELETE


def test_an_external_id_is_free_only_if_the_row_that_gives_it_away_is_carried_out(api: Api, kari: Employee) -> None:
    has = PositionFactory(employee=kari, external_id="x", title="Has it")
    gives = {"id": has.pk, "external_id": "y"}
    takes = {"employee": kari.pk, "external_id": "x", **START}
    answer = positions(api, [{**gives, "end_date": "1999-01-01"}, takes], mode="each")
    assert statuses(answer) == ["error", "error"] and wrong(answer, 1) == {"external_id": "taken"}
    has.refresh_from_db()
    assert has.title == "Has it", "what the row would have made is not put onto somebody else's"
    assert statuses(positions(api, [takes, gives], mode="each")) == ["created", "updated"]
    last = Position.objects.get(external_id="y")
    rows = [{"id": last.pk, "operation": "delete"}, {"employee": kari.pk, "external_id": "y", **START}]
    assert statuses(positions(api, rows)) == ["deleted", "created"]
    [one, two] = Position.objects.order_by("external_id")
    assert statuses(positions(api, [{"id": one.pk, "external_id": "y"}, {"id": two.pk, "external_id": "x"}])) == [
        "updated", "updated",
    ]  # fmt: skip


def refusing(save: Callable[[list[Any]], list[str]], refused: Callable[[Any], bool]) -> Callable[[Any], list[str]]:
    """As if somebody else had taken a number between the look and the write."""

    def saved(rows: Any) -> list[str]:
        done = save(rows)
        if any(refused(row) for row in rows):
            raise IntegrityError
        return done

    return saved


def test_a_row_that_the_database_refuses_takes_no_other_along(
    api: Api, kari: Employee, organization: Organization, monkeypatch: Any
) -> None:
    refused = refusing(saving.save_positions, lambda row: row.title in ("No", "Neither"))
    monkeypatch.setattr(of_positions, "save_positions", refused)
    others = [EmployeeFactory(organization=organization) for _ in range(9)]
    rows = [{"employee": e.pk, **START, "title": f"T{n}"} for n, e in enumerate(others)]
    rows[3]["title"], rows[7]["title"] = "No", "Neither"
    rows.append({"employee": others[3].pk, **START, "title": "Beside it"})
    answer = positions(api, rows, mode="each")
    assert [index for index, word in enumerate(statuses(answer)) if word == "error"] == [3, 7]
    assert wrong(answer, 3) == {"": "conflict"}
    kept = [row["id"] for row in answer.json()["results"] if row["status"] == "created"]
    assert sorted(kept) == sorted(Position.objects.values_list("pk", flat=True)) and len(kept) == 8
    assert Change.objects.filter(kind="position").count() == 8
    assert positions(api, rows).status_code == 409
    monkeypatch.setattr(of_employees, "save_employees", refusing(saving.save_employees, lambda e: e.number == "N2"))
    rows = [{"number": f"N{n}", "first_name": "A", "last_name": "B"} for n in range(5)]
    assert statuses(employees(api, rows, mode="each")) == ["created", "created", "error", "created", "created"]


def test_many_wrong_rows_are_told_briefly(api: Api, kari: Employee) -> None:
    answer = positions(api, [{f"x{n}": 1 for n in range(60)}] * 100, mode="each")
    assert statuses(answer) == ["error"] * 100
    assert len(answer.content) < 300_000
    answer = positions(api, [{"employee": kari.pk}] * 1000)
    assert answer.status_code == 400 and len(answer.json()["errors"]) == 100


def test_the_same_request_is_answered_again_and_done_once(api: Api, kari: Employee) -> None:
    rows = [{"employee": kari.pk, **START}, {"employee": 10**9, **START}]
    first = api.post("/positions/bulk/", {"mode": "each", "positions": rows}, Idempotency_Key="a")
    again = api.post("/positions/bulk/", {"mode": "each", "positions": rows}, Idempotency_Key="a")
    assert first.json()["results"][0] == again.json()["results"][0] and Position.objects.count() == 1
    assert again.headers["Idempotent-Replay"] == "true"


# -- employees


def test_employees_are_named_by_id_external_id_or_number(api: Api, organization: Organization, kari: Employee) -> None:
    department = DepartmentFactory(organization=organization, code="B")
    ola = EmployeeFactory(organization=organization, number="2", external_id="o", national_id="02049012345")
    PositionFactory(employee=ola)
    report = EmployeeFactory(organization=organization, number="3", manager=ola)
    answer = employees(
        api,
        [
            {"id": kari.pk, "first_name": "Karin", "department_code": "B", "manager": report.pk},
            {"number": "3", "email": "three@example.com"},
            {"external_id": "new", "number": "4", "first_name": "N", "last_name": "Ew", "birth_date": "1990-01-01"},
            {"external_id": "o", "operation": "delete"},
            {"number": "1", "first_name": "Twice"},
            {"external_id": "newer", "number": "3", "first_name": "N", "last_name": "Ew"},
            {"operation": "update", "number": "none", "first_name": "N"},
            {"number": "5", "first_name": "Lacks a name"},
            {"number": "6", "first_name": "A", "last_name": "B", "birth_date": "2999-01-01"},
        ],
        mode="each",
    )
    assert statuses(answer) == ["updated", "updated", "created", "deleted", *["error"] * 5]
    assert [wrong(answer, index) for index in range(4, 9)] == [
        {"id": "duplicate"}, {"number": "taken"},
        {"number": "does_not_exist"}, {"last_name": "required"}, {"birth_date": "invalid"},
    ]  # fmt: skip
    kari.refresh_from_db()
    report.refresh_from_db()
    assert (kari.first_name, kari.department, kari.manager) == ("Karin", department, report)
    assert report.manager is None and not Position.objects.exists()
    assert set(Employee.objects.values_list("number", flat=True)) == {"1", "3", "4"}
    assert [e.number for e in Employee.objects.search("karin", None)] == ["1"]
    assert not EmployeeWord.objects.filter(employee=ola.pk).exists()
    assert [row["number"] for row in answer.json()["results"]][:6] == ["1", "3", "4", "2", "1", "3"]
    audited = AuditEntry.objects.filter(kind="employee", via="api").values_list("action", "object_key")
    assert {("changed", kari.pk), ("deleted", ola.pk)} <= set(audited)
    # what was answered may be sent back
    sent = [api.get(f"/employees/{kari.pk}/").json()]
    assert statuses(employees(api, sent)) == ["unchanged"]


def test_numbers_and_external_ids_are_swapped(api: Api, organization: Organization, kari: Employee) -> None:
    ola = EmployeeFactory(organization=organization, number="2", external_id="o")
    rows = [{"id": kari.pk, "number": "2", "external_id": "o"}, {"id": ola.pk, "number": "1", "external_id": "k"}]
    assert statuses(employees(api, rows)) == ["updated", "updated"]
    assert list(Employee.objects.order_by("pk").values_list("number", "external_id")) == [("2", "o"), ("1", "k")]
    rows = [{"id": kari.pk, "number": "9", "email": "x"}, {"number": "2", "first_name": "A", "last_name": "B"}]
    answer = employees(api, rows, mode="each")
    assert statuses(answer) == ["error", "error"] and wrong(answer, 1) == {"number": "taken"}
    rows = [{"id": kari.pk, "operation": "delete"}, {"number": "2", "first_name": "A", "last_name": "B"}]
    assert statuses(employees(api, rows)) == ["deleted", "created"]


def test_positions_follow_their_employees_company(api: Api, organization: Organization, kari: Employee) -> None:
    [one, two] = [CompanyFactory(organization=organization) for _ in range(2)]
    position = PositionFactory(employee=kari, company=one)
    answer = employees(api, [{"id": kari.pk, "company": two.pk, "positions_follow": True}])
    assert statuses(answer) == ["updated"]
    position.refresh_from_db()
    assert position.company == two


def test_nothing_of_another_organization_is_named_found_or_changed(api: Api, foreign: dict[str, Any]) -> None:
    theirs, position = foreign["employee"], foreign["position"]
    found = employees(
        api,
        [
            {"id": theirs.pk, "operation": "delete"},
            {"number": theirs.number, "operation": "delete"},
            {"external_id": theirs.external_id, "operation": "update", "first_name": "X"},
            {"number": theirs.number, "external_id": theirs.external_id, "first_name": "A", "last_name": "B"},
        ],
        mode="each",
    )
    assert statuses(found) == ["error", "error", "error", "created"]
    mine = found.json()["results"][3]["id"]
    rows = [
        {"id": position.pk, "operation": "delete"},
        {"employee_external_id": theirs.external_id, "external_id": position.external_id, **START},
        {"employee": theirs.pk, **START},
    ]
    found = positions(api, rows, mode="each")
    assert statuses(found) == ["error", "created", "error"]
    assert Position.objects.get(pk=found.json()["results"][1]["id"]).employee_id == mine
    position.refresh_from_db()
    theirs.refresh_from_db()


def test_reading_does_not_suffice(organization: Organization) -> None:
    reader = Api(ApiKeyFactory(organization=organization, scopes=["positions:read"]))
    assert positions(reader, [{"id": 1}]).status_code == employees(reader, [{"id": 1}]).status_code == 403


# -- many


def test_nothing_else_refers_to_what_is_deleted_past_django() -> None:
    """`positions.bulk` deletes rows without looking for others that refer to them."""
    referring = {
        model: {(f.related_model, f.field.name) for f in model._meta.get_fields(include_hidden=True) if f.one_to_many}
        for model in (Employee, Position)
    }
    assert referring == {
        Employee: {(Position, "employee"), (EmployeeWord, "employee"), (Employee, "manager")},
        Position: {(Terms, "position")},
    }


def people(number: int, first: int = 0) -> list[dict[str, Any]]:
    return [
        {"number": str(n), "first_name": "A", "last_name": f"B{n}", "external_id": f"e{n}"}
        for n in range(first, first + number)
    ]


def connected(organization: Organization, number: int) -> None:
    for _ in range(number):
        integration = IntegrationFactory(organization=organization)
        integration.switch(True)
        integration.save()


def asked(step: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as queries:
        answer = step()
    assert answer.status_code == 200 and answer.json()["failed"] == 0, answer.content[:500]
    # A test has begun a transaction already: what a request begins is a savepoint in it.
    return sum(not query["sql"].startswith(("SAVEPOINT", "RELEASE")) for query in queries)


def test_a_thousand_rows_with_ten_connections_are_twenty_queries(api: Api, organization: Organization) -> None:
    connected(organization, 10)
    assert asked(lambda: employees(api, people(1000))) <= 20
    rows = [{"employee_external_id": f"e{n}", "external_id": "x", **START} for n in range(1000)]
    assert asked(lambda: positions(api, rows)) <= 20
    assert Job.objects.count() == 10_000
    assert asked(lambda: positions(api, rows, mode="each")) <= 20


@pytest.mark.parametrize("mode", ["atomic", "each"])
def test_queries_do_not_grow_with_rows(api: Api, organization: Organization, mode: str) -> None:
    connected(organization, 2)

    def counts(number: int, first: int) -> list[int]:
        who = people(number, first)
        rows = [{"employee_external_id": one["external_id"], "external_id": "x", **START} for one in who]
        steps: list[Callable[[], Any]] = [
            lambda: employees(api, who, mode=mode),
            lambda: positions(api, rows, mode=mode),
            lambda: positions(api, [{**row, "title": mode} for row in rows], mode=mode),
            lambda: employees(api, [{**one, "email": f"{mode}@x.com"} for one in who], mode=mode),
            lambda: positions(api, rows, mode=mode, operation="delete"),
            lambda: positions(api, rows, mode=mode),
            lambda: employees(api, who, mode=mode, operation="delete"),
        ]
        return [asked(step) for step in steps]

    counts(1, 0)
    few = counts(3, 100)
    assert counts(30, 200) == few and max(few) <= 20
    assert not Employee.objects.filter(organization=organization).exists()
