"""The change feed: a client that follows it has at its end what is stored, whoever wrote it and in whatever way."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from positions import changes
from positions.api.serializers import EmployeeSerializer, PositionSerializer
from positions.bulk import delete_employees, delete_positions, save_employees, save_positions
from positions.models import Change, ChangeFeed, Department, Employee, Organization, Position
from positions.privacy import personal_data
from synclog.log import retention
from tests.factories import ApiKeyFactory, DepartmentFactory, EmployeeFactory, PositionFactory
from tests.positions.conftest import Api

pytestmark = pytest.mark.django_db


class Reader:
    """A client that keeps a copy of everything."""

    def __init__(self, api: Any, limit: int = 1000) -> None:
        self.api, self.limit = api, limit
        self.copy: dict[tuple[str, int], Any] = {}
        self.seen: list[Any] = []
        self.start()

    def start(self) -> None:
        begun = self.api.get("/changes/").json()
        assert begun["results"] == [] and begun["next"] is None
        self.cursor = begun["cursor"]
        self.copy = self.stored()

    def follow(self) -> list[Any]:
        """The rows since, each put into the copy."""
        found: list[Any] = []
        address: str | None = f"/changes/?cursor={self.cursor}&limit={self.limit}"
        while address:
            response = self.api.get(address)
            assert response.status_code == 200, response.content
            answer = response.json()
            found += answer["results"]
            self.cursor, address = answer["cursor"], answer["next"]
        for row in found:
            current = row[f"current_{row['kind']}"]
            if current is None:
                self.copy.pop((row["kind"], row["id"]), None)
            else:
                self.copy[row["kind"], row["id"]] = current
        self.seen += found
        return found

    def stored(self) -> dict[tuple[str, int], Any]:
        return {
            (kind, row["id"]): row
            for kind in ("employee", "position")
            for row in self.api.get(f"/{kind}s/?limit=1000").json()["results"]
        }


def told(rows: list[Any]) -> list[tuple[str, str, int]]:
    return [(row["operation"], row["kind"], row["id"]) for row in rows]


def test_whoever_follows_has_what_is_stored(api: Any, organization: Organization, sign_in: Any) -> None:
    """Through forms, the API, bulks, what goes along, deletions and an erasure; page by page as well as at once."""
    department = DepartmentFactory(organization=organization, code="OLD")
    kari = EmployeeFactory(organization=organization, department=department, external_id="k")
    ola = EmployeeFactory(organization=organization, manager=kari)
    of_ola = PositionFactory(employee=ola, department=department, external_id="o")
    admin = sign_in(organization, "admin")
    slow, fast = Reader(api, limit=2), Reader(api)

    def in_the_admin() -> None:
        page = reverse("admin:positions_position_change", args=[of_ola.pk])
        form = {
            "employee": ola.pk, "title": "Cook", "start_date": "2026-01-01", "contract_type": "permanent",
            "percentage": "70",
        }  # fmt: skip
        assert admin.post(page, form).status_code == 302

    def by_the_api() -> None:
        body = {"employee": kari.pk, "title": "Baker", "start_date": "2026-01-01"}
        pk = api.post("/positions/", body).json()["id"]
        api.patch(f"/positions/{pk}/", {"title": "Chef"})
        api.delete(f"/positions/{pk}/")
        api.patch(f"/employees/{kari.pk}/", {"email": "new@example.com"})

    def in_bulk() -> None:
        new = [PositionFactory.build(employee=ola, title=str(number)) for number in range(3)]
        save_positions(new)
        save_employees([Employee(organization=organization, number="77", first_name="A", last_name="B")])
        delete_positions(new[:2])

    def along() -> None:
        """What positions and employees are answered with, but others hold."""
        again = Employee.objects.get(pk=ola.pk)
        again.number = "NEW"
        again.save()
        named = Department.objects.get(pk=department.pk)
        named.code = "NEW"
        named.save()

    def a_manager_leaves() -> None:
        gone = EmployeeFactory(organization=organization)
        Employee.objects.filter(pk=ola.pk).update(manager=gone)
        gone.delete()
        also = EmployeeFactory(organization=organization)
        other = Employee.objects.get(pk=ola.pk)
        other.manager = also
        other.save()
        delete_employees([also])

    def an_erasure() -> None:
        person = EmployeeFactory(organization=organization, number="ER1", external_id="hers")
        PositionFactory(employee=person, external_id="hers-too")
        fast.follow()
        personal_data.erase(personal_data.find(organization, "ER1"), "kari", "admin")
        assert not Change.objects.filter(employee_key=person.pk).exclude(external_id="").exists()

    acts: list[Callable[[], None]] = [in_the_admin, by_the_api, in_bulk, along, a_manager_leaves, an_erasure]
    for act in acts:
        act()
        assert fast.follow(), act.__name__
        assert fast.copy == fast.stored(), act.__name__
    slow.follow()
    assert slow.copy == fast.copy
    assert told(slow.seen) == told(fast.seen)
    gone = [row for row in fast.seen if row["operation"] == "deleted"][-2:]
    assert [(row["kind"], row["external_id"]) for row in gone] == [("position", None), ("employee", None)]
    assert fast.follow() == [] == Reader(api).follow()


def test_what_others_lend_to_an_answer_is_known() -> None:
    """A field that is answered from a relation changes when that one is saved: `changes.ALONG` has it."""
    lent = {
        (model._meta.get_field(relation).related_model, column)
        for model, form in ((Employee, EmployeeSerializer()), (Position, PositionSerializer()))
        for field in form.fields.values()
        if not field.write_only and "." in str(field.source)
        for relation, column in [str(field.source).split(".")]
    }
    assert lent == {(model, column) for model, columns in changes.ALONG.items() for column in columns}


def test_a_save_that_changes_nothing_is_no_change_of_a_position(api: Any, organization: Organization) -> None:
    position = PositionFactory(employee=EmployeeFactory(organization=organization))
    reader = Reader(api)
    api.patch(f"/positions/{position.pk}/", {"title": position.title})
    save_positions([Position.objects.get(pk=position.pk)])
    assert reader.follow() == []


def test_nobody_sees_another_organizations_changes(api: Any, foreign: dict[str, Any]) -> None:
    reader = Reader(api)
    foreign["position"].title = "Cook"
    foreign["position"].save()
    foreign["employee"].delete()
    assert reader.follow() == []


def test_an_organization_is_deleted_with_its_feed(organization: Organization) -> None:
    PositionFactory(employee=EmployeeFactory(organization=organization))
    changes.end(organization.pk)
    organization.delete()
    assert not Change.objects.exists() and not ChangeFeed.objects.exists()


def test_an_age_is_told_and_no_row_is_skipped_for_it(api: Any, organization: Organization) -> None:
    """What was deleted unread is answered with 410; whoever has read all goes on, however long nothing happened."""
    employee = EmployeeFactory(organization=organization)
    up_to_date, late = Reader(api, limit=2), Reader(api, limit=2)
    for number in range(3):
        employee.email = f"{number}@example.com"
        employee.save()
    up_to_date.follow()
    middle = api.get(f"/changes/?cursor={late.cursor}&limit=1").json()["cursor"]
    # Of these one was never read by anybody when it is deleted.
    employee.save()
    unread = Reader.__new__(Reader)
    unread.__dict__.update(up_to_date.__dict__)

    def prune() -> None:
        for rows, act in retention.rules(timezone.now()):
            if rows.model is Change:
                act(rows)

    with time_machine.travel(timezone.now() + changes.KEPT - timedelta(hours=1)):
        prune()
        assert len(unread.follow()) == 1
    with time_machine.travel(timezone.now() + changes.KEPT + timedelta(hours=1)):
        prune()
        assert not Change.objects.filter(organization=organization).exists()
        for cursor in (late.cursor, middle, up_to_date.cursor):
            answer = api.get(f"/changes/?cursor={cursor}")
            assert (answer.status_code, answer.json()["code"]) == (410, "cursor_gone")
            assert "Start over" in answer.json()["detail"]
        assert unread.follow() == []
        late.start()
        employee.save()
        assert told(late.follow()) == told(unread.follow()) == [("updated", "employee", employee.pk)]


def test_a_cursor_from_before_a_backup_was_restored_is_gone(api: Any, organization: Organization) -> None:
    employee = EmployeeFactory(organization=organization)
    Reader(api)
    kept = list(Change.objects.values()), ChangeFeed.objects.values().get()
    employee.save()
    reader = Reader(api)
    Change.objects.exclude(pk__in=[row["id"] for row in kept[0]]).delete()
    ChangeFeed.objects.update(last=kept[1]["last"])
    assert api.get(f"/changes/?cursor={reader.cursor}").status_code == 410
    employee.save()
    changes.end(organization.pk)
    assert api.get(f"/changes/?cursor={reader.cursor}").status_code == 410


@pytest.mark.parametrize(
    "cursor", ["x", "WzFd", "WzEsIG51bGwsIDFd", "W3RydWUsIG51bGxd", "Wy0xLCBudWxsXQ", "W1sxXSwgMV0"]
)
def test_what_is_no_cursor_of_the_feed_is_refused(api: Any, cursor: str) -> None:
    answer = api.get(f"/changes/?cursor={cursor}")
    assert answer.status_code == 400 and "change feed" in json.dumps(answer.json()["errors"])


def test_more_than_a_request_takes_is_taken_by_the_next(api: Any, organization: Organization, monkeypatch: Any) -> None:
    monkeypatch.setattr(changes, "AT_ONCE", 3)
    reader = Reader(api)
    made = [EmployeeFactory(organization=organization).pk for _ in range(8)]
    seen: list[int] = []
    for _ in range(4):
        seen += [row["id"] for row in reader.follow()]
    assert seen == made


def test_queries_do_not_grow(api: Any, organization: Organization) -> None:
    def changed(number: int) -> int:
        reader = Reader(api)
        for _ in range(number):
            PositionFactory(employee=EmployeeFactory(organization=organization))
        with CaptureQueriesContext(connection) as queries:
            assert len(reader.follow()) == 2 * number
        return len(queries)

    changed(1)  # the first reader begins the feed
    assert changed(20) == changed(2) <= 15
    reader = Reader(api)
    with CaptureQueriesContext(connection) as polled:
        reader.follow()
    assert len(polled) <= 7
    assert all(query["sql"].startswith("SELECT") for query in polled), "whoever finds nothing new writes nothing"


def test_the_scope_is_that_of_reading(organization: Organization) -> None:
    assert Api(ApiKeyFactory(organization=organization, scopes=["sync:read"])).get("/changes/").status_code == 403
