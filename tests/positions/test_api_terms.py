"""Terms by day through the API: read with a position, changed from a day, corrected, withdrawn."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from positions.models import Position
from tests.factories import DepartmentFactory, EmployeeFactory, PositionFactory

pytestmark = pytest.mark.django_db

TODAY = "2026-03-10"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(f"{TODAY}T12:00:00Z", tick=False) as traveller:
        yield traveller


@pytest.fixture
def position(organization) -> Position:
    return PositionFactory(
        employee=EmployeeFactory(organization=organization),
        title="Cook",
        start_date=date(2026, 1, 1),
        end_date=None,
        end_reason="",
        percentage=Decimal(50),
        external_id="hr-1",
    )


def percentages(body) -> list[tuple[str, str]]:
    return [(row["effective_from"], row["percentage"]) for row in body["terms"]]


def errors(response) -> dict[str, str]:
    assert response.status_code == 400, response.content
    return {one["field"]: one["code"] for one in response.json()["errors"]}


def test_a_position_says_what_holds_by_day(api, position, organization):
    address = f"/positions/{position.pk}/"
    first = api.get(address)
    (only,) = first.json()["terms"]
    assert (only["effective_from"], only["title"], only["percentage"]) == ("2026-01-01", "Cook", "50.00")
    department = DepartmentFactory(organization=organization, code="BUT9")
    changed = api.patch(
        address, {"percentage": "80", "department_code": "BUT9", "effective_from": "2026-06-01"},
        If_Match=first.headers["ETag"],
    )  # fmt: skip
    body = changed.json()
    assert percentages(body) == [("2026-01-01", "50.00"), ("2026-06-01", "80.00")]
    assert body["percentage"] == "50.00" and body["department"] is None and "effective_from" not in body
    assert (body["terms"][1]["department"], body["terms"][1]["department_code"]) == (department.pk, "BUT9")
    assert changed.headers["ETag"] != first.headers["ETag"]
    # From today on, beside what is planned; then it was always so; all of it sent back is no change.
    body = api.patch(address, {"percentage": 60}).json()
    assert percentages(body) == [("2026-01-01", "50.00"), (TODAY, "60.00"), ("2026-06-01", "80.00")]
    body = api.patch(address, {"percentage": 70, "correction": True}).json()
    assert percentages(body) == [("2026-01-01", "50.00"), (TODAY, "70.00"), ("2026-06-01", "80.00")]
    again = api.patch(address, {**body, "effective_from": None})
    assert again.status_code == 200 and again.json()["updated_at"] == body["updated_at"]
    # A value of today may be meant for another day.
    body = api.patch(address, {"percentage": 70, "effective_from": "2026-06-01"}).json()
    assert percentages(body) == [("2026-01-01", "50.00"), (TODAY, "70.00"), ("2026-06-01", "70.00")]
    assert body["terms"][2]["department_code"] == "BUT9"


def test_a_change_is_withdrawn(api, position):
    address = f"/positions/{position.pk}/"
    read = api.patch(address, {"percentage": 80, "effective_from": "2026-06-01"})
    gone = api.delete(f"{address}terms/2026-06-01/", If_Match='"another"')
    assert gone.status_code == 412
    gone = api.delete(f"{address}terms/2026-06-01/", If_Match=read.headers["ETag"])
    assert gone.status_code == 200 and percentages(gone.json()) == [("2026-01-01", "50.00")]
    assert gone.headers["ETag"] == api.get(address).headers["ETag"]
    for day in ("2026-06-01", "2026-01-01", "yesterday"):
        assert api.delete(f"{address}terms/{day}/").status_code == 404


def test_what_cannot_be_dated_is_refused_with_words(api, position):
    address = f"/positions/{position.pk}/"
    both = {"percentage": 80, "effective_from": "2026-06-01", "correction": True}
    assert errors(api.patch(address, both)) == {"correction": "mismatch"}
    early = api.patch(address, {"percentage": 80, "effective_from": "2025-12-31"})
    assert errors(early) == {"effective_from": "invalid"} and "from 1 Jan 2026" in early.json()["detail"]
    ends = {"end_date": "2026-05-31", "percentage": 80, "effective_from": "2026-06-01"}
    assert errors(api.patch(address, ends)) == {"effective_from": "invalid"}
    assert errors(api.patch(address, {"percentage": 80, "effective_from": "1 June"})) == {"effective_from": "invalid"}
    new = {"employee": position.employee_id, "title": "Cook", "start_date": "2027-01-01"}
    assert errors(api.post("/positions/", {**new, "effective_from": "2027-02-01"})) == {"effective_from": "invalid"}
    upsert = f"/employees/{position.employee_id}/positions/by-external-id/hr-2/"
    assert errors(api.put(upsert, {**new, "correction": True})) == {"correction": "invalid"}
    rows = [{"id": position.pk, "effective_from": "2199-13-01"}, {**new, "effective_from": "2027-02-01"}]
    assert errors(api.post("/positions/bulk/", {"positions": rows[1:]})) == {"positions[0].effective_from": "invalid"}
    assert errors(api.post("/positions/bulk/", {"positions": rows[:1]})) == {"positions[0].effective_from": "invalid"}
    assert Position.objects.get().terms.count() == 0


def test_rows_of_a_bulk_and_a_replacement_have_their_days(api, position):
    whose = {"employee": position.employee_id, "external_id": "hr-1"}
    row = {**whose, "percentage": 80, "effective_from": "2026-02-01"}
    done = api.post("/positions/bulk/", {"positions": [row]})
    assert done.json()["updated"] == 1
    assert api.post("/positions/bulk/", {"positions": [row]}).json()["unchanged"] == 1
    address = f"/employees/{position.employee_id}/positions/by-external-id/hr-1/"
    replaced = {"title": "Cook", "start_date": "2026-01-01", "percentage": 50, "effective_from": "2026-04-01"}
    body = api.put(address, replaced).json()
    assert percentages(body) == [("2026-01-01", "50.00"), ("2026-02-01", "80.00"), ("2026-04-01", "50.00")]
    assert api.get(address).json()["terms"] == body["terms"]


def test_a_list_takes_as_many_queries_however_many_rows(api, position):
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            assert api.get("/positions/").status_code == 200
        return len(found)

    api.patch(f"/positions/{position.pk}/", {"percentage": 80})
    one = queries()
    for _ in range(5):
        other = PositionFactory(employee=position.employee, start_date=date(2026, 1, 1), end_date=None)
        api.patch(f"/positions/{other.pk}/", {"percentage": 20, "title": "Other"})
    assert queries() == one


def test_what_is_sent_is_answered_also_where_the_same_write_ends_it_before(api, position):
    """From today on, 80; then it turns out to have ended: who names a value means it, who does not means what held."""
    address = f"/positions/{position.pk}/"
    ended = {"end_date": "2026-02-10", "end_reason": "resigned"}
    api.patch(address, {"percentage": "80"})
    assert api.patch(address, ended).json()["percentage"] == "50.00", "what held on its days"
    api.patch(address, {"end_date": None, "end_reason": None})
    assert api.patch(address, {**ended, "percentage": "80"}).json()["percentage"] == "80.00"
    again = api.patch(address, {**ended, "percentage": "80"}).json()
    assert (again["percentage"], again["action"]) == ("80.00", "unchanged")
