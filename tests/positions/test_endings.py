"""*Change of job* and *End employment*: in one form, one transaction and one audit trail, whatever is dated."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from positions import endings
from positions.models import AuditEntry, Employee, Organization, Position, SentForm
from positions.terms import FromDay
from tests.factories import CompanyFactory, DepartmentFactory, EmployeeFactory, OrganizationFactory, PositionFactory
from tests.positions.test_admin_opened import inputs

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock() -> Any:
    with time_machine.travel("2026-03-10T12:00:00Z", tick=False) as traveller:
        yield traveller


@pytest.fixture
def editor(organization: Organization, sign_in: Any) -> Client:
    return sign_in(organization, "editor")


@pytest.fixture
def employee(organization: Organization) -> Employee:
    return EmployeeFactory(organization=organization, first_name="Kari", last_name="Dahl")


@pytest.fixture
def cook(employee: Employee) -> Position:
    return made(employee, "Cook", company=CompanyFactory(organization=employee.organization), percentage=Decimal(80),
                department=DepartmentFactory(organization=employee.organization), occupation_code="5122111",
                external_id="HR-1", note="Likes soup.", notice_date=None, probation_end=date(2026, 6, 30))  # fmt: skip


def made(employee: Employee, title: str, start: date = date(2026, 1, 1), end: date | None = None, **values: Any) -> Any:
    values = {"end_reason": "", "notice_date": None, **values}
    return PositionFactory(employee=employee, title=title, start_date=start, end_date=end, **values)


def change(client: Client, former: Position, **typed: Any) -> tuple[str, dict[str, Any], Any]:
    address = f"/admin/positions/position/add/?after={former.pk}"
    page = client.get(address)
    assert page.status_code == 200
    return address, {**inputs(page.content.decode()), **typed}, page


def ending(client: Client, employee: Employee, **typed: Any) -> tuple[str, dict[str, Any]]:
    address = f"/admin/positions/employee/{employee.pk}/end/"
    page = client.get(address)
    assert page.status_code == 200
    return address, {**inputs(page.content.decode()), "end_reason": "resigned", **typed}


def words(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def periods(employee: Employee) -> list[tuple[str, date, date | None, str]]:
    rows = employee.positions.order_by("start_date", "pk")
    return list(rows.values_list("title", "start_date", "end_date", "end_reason"))


# -- change of job


def test_one_ends_the_day_before_and_the_next_starts_with_its_values(
    editor: Client, employee: Employee, cook: Position
) -> None:
    address, data, _ = change(editor, cook, title="Head cook", start_date="2026-04-01")
    answer = editor.post(address, data)
    assert (
        answer.status_code == 302 and answer.headers["Location"] == f"/admin/positions/employee/{employee.pk}/change/"
    )
    assert periods(employee) == [
        ("Cook", date(2026, 1, 1), date(2026, 3, 31), "internal_transfer"),
        ("Head cook", date(2026, 4, 1), None, ""),
    ]
    follower = employee.positions.get(title="Head cook")
    for name in ("company", "department", "percentage", "occupation_code", "contract_type", "weekly_hours"):
        assert getattr(follower, name) == getattr(cook, name), name
    # what is of one employment alone does not go along
    assert (follower.note, follower.external_id, follower.probation_end) == ("", "", None)
    newest = AuditEntry.objects.filter(kind="position").order_by("-pk")[:2]
    audited = {(entry.object_name.partition(",")[0], entry.actor) for entry in newest}
    assert audited == {("Cook", editor.user.username), ("Head cook", editor.user.username)}  # type: ignore[attr-defined]
    assert "Followed by “Head cook”" in LogEntry.objects.get(object_id=str(cook.pk)).get_change_message()


def test_an_end_that_was_agreed_goes_along(editor: Client, employee: Employee) -> None:
    former = made(employee, "Cook", end=date(2026, 12, 31), end_reason="contract_ended")
    address, data, _ = change(editor, former, start_date="2026-04-01")
    editor.post(address, data)
    assert periods(employee)[1] == ("Cook", date(2026, 4, 1), date(2026, 12, 31), "contract_ended")


def test_it_starts_with_the_terms_of_its_day_and_says_what_was_planned(
    editor: Client, employee: Employee, cook: Position
) -> None:
    row = Position.objects.get(pk=cook.pk)
    row.percentage, row.counting = Decimal(50), FromDay(date(2026, 5, 1))
    row.save()
    _, data, page = change(editor, cook)
    assert data["percentage"] == ["80.00"]
    assert "Planned for it, and not for the new one: From 1 May 2026: percentage 80 % → 50 %" in words(page)
    later = inputs(editor.get(f"/admin/positions/position/add/?after={cook.pk}&start_date=2026-06-01").content.decode())
    assert later["percentage"] == ["50.00"]
    # the old position keeps its days
    editor.post(f"/admin/positions/position/add/?after={cook.pk}", {**data, "start_date": "2026-06-01"})
    assert [int(one.percentage) for one in Position.objects.get(pk=cook.pk).terms.all()] == [80, 50]


def test_the_form_of_a_change_of_job_says_when_the_first_day_has_other_terms(editor: Client, cook: Position) -> None:
    row = Position.objects.get(pk=cook.pk)
    row.percentage, row.counting = Decimal(60), FromDay(date(2026, 6, 1))
    row.save()
    address = f"/admin/positions/position/hints/?after={cook.pk}"

    def said(day: str, opened_with: str = "") -> str:
        sent = {"title": "Cook", "percentage": "80", "start_date": day}
        return editor.post(f"{address}{opened_with}", sent).content.decode()

    page = said("2026-06-15")
    assert "The terms below are those of 10 Mar 2026." in page and "has others: percentage." in page
    link = re.search(r'href="([^"]+start_date=2026-06-15)"', page)
    assert link is not None
    form = inputs(editor.get(unescape(link[1])).content.decode())
    assert (form["percentage"], form["start_date"]) == (["60.00"], ["2026-06-15"])
    assert "has others" not in said("2026-04-01")
    assert "has others" not in said("2026-06-20", "&start_date=2026-06-15")


@pytest.mark.parametrize(
    ("end", "day", "why"),
    [
        (None, "2026-01-01", "starts on 1 Jan 2026: choose a later day"),
        (date(2026, 3, 20), "2026-04-01", "ends on 20 Mar 2026 already"),
    ],
)
def test_a_day_that_cannot_be_changes_nothing(
    editor: Client, employee: Employee, end: date | None, day: str, why: str
) -> None:
    former = made(employee, "Cook", end=end)
    before = periods(employee)
    address, data, _ = change(editor, former, start_date=day)
    assert why in words(editor.post(address, data))
    assert periods(employee) == before and not SentForm.objects.exists()


def test_a_wrong_next_one_leaves_the_former_as_it_is(editor: Client, employee: Employee, cook: Position) -> None:
    address, data, _ = change(editor, cook, title="", start_date="2026-04-01")
    assert editor.post(address, data).status_code == 200
    assert periods(employee) == [("Cook", date(2026, 1, 1), None, "")]


def test_what_somebody_else_has_changed_meanwhile_is_looked_at_first(
    editor: Client, employee: Employee, cook: Position, clock: Any
) -> None:
    address, data, _ = change(editor, cook, start_date="2026-04-01")
    clock.shift(60)
    row = Position.objects.get(pk=cook.pk)
    row.end_date = date(2026, 12, 31)
    row.save()
    answer = editor.post(address, data)
    assert "Somebody has changed “Cook” meanwhile" in words(answer) and len(periods(employee)) == 1
    editor.post(address, {**data, "former": inputs(answer.content.decode())["former"]})
    assert len(periods(employee)) == 2


def test_sent_twice_it_is_one_change(editor: Client, employee: Employee, cook: Position) -> None:
    address, data, _ = change(editor, cook, title="Head cook", start_date="2026-04-01")
    first, again = (editor.post(address, data).headers["Location"] for _ in range(2))
    assert first == again
    assert len(periods(employee)) == 2


@pytest.mark.parametrize("role", ["viewer", "stranger"])
def test_nobody_changes_a_job_who_may_not(organization: Organization, cook: Position, sign_in: Any, role: str) -> None:
    client = sign_in(
        organization if role == "viewer" else OrganizationFactory(), "viewer" if role == "viewer" else "admin"
    )
    address = f"/admin/positions/position/add/?after={cook.pk}"
    for answer in (client.get(address), client.post(address, {"title": "X", "start_date": "2026-04-01"})):
        assert answer.status_code in (302, 403) and b"Cook" not in answer.content
    assert Position.objects.count() == 1 and Position.objects.get().end_date is None


def test_the_next_one_is_offered_nothing_of_another_organization(
    editor: Client, cook: Position, foreign: dict[str, Any], employee: Employee
) -> None:
    address, data, _ = change(editor, cook, start_date="2026-04-01", company=foreign["company"].pk)
    assert editor.post(address, data).status_code == 200
    assert len(periods(employee)) == 1


# -- end of employment


def test_notice_is_given_before_the_end(editor: Client, employee: Employee, cook: Position) -> None:
    for day, said in (
        ("2026-05-01", "after the last day 30 Apr 2026"),
        ("1026-03-01", "The year 1026 cannot be right"),
    ):
        address, data = ending(editor, employee, last_day="2026-04-30", notice_date=day)
        assert said in words(editor.post(address, data, follow=True))
    assert Position.objects.get(pk=cook.pk).end_date is None


def test_all_open_positions_end_on_the_day(editor: Client, employee: Employee, cook: Position) -> None:
    made(employee, "Waiter", end=date(2026, 12, 31), end_reason="contract_ended")
    made(employee, "Over", date(2020, 1, 1), date(2020, 12, 31))
    made(employee, "Brief", end=date(2026, 3, 20))
    made(employee, "Later", date(2027, 1, 1))
    address, data = ending(editor, employee, last_day="2026-04-30", notice_date="2026-03-01")
    answer = editor.post(address, data, follow=True)
    assert periods(employee) == [
        ("Over", date(2020, 1, 1), date(2020, 12, 31), ""),
        ("Cook", date(2026, 1, 1), date(2026, 4, 30), "resigned"),
        ("Waiter", date(2026, 1, 1), date(2026, 4, 30), "resigned"),
        ("Brief", date(2026, 1, 1), date(2026, 3, 20), ""),
        ("Later", date(2027, 1, 1), None, ""),
    ]
    assert Position.objects.get(pk=cook.pk).notice_date == date(2026, 3, 1)
    assert "2 positions end on 30 Apr 2026." in words(answer) and "“Later”: begins after that day" in words(answer)
    assert AuditEntry.objects.filter(kind="position", action="changed").count() == 2
    assert "2 positions end" in LogEntry.objects.get().get_change_message()


def test_the_page_says_what_would_end_on_the_day_that_is_typed(
    editor: Client, employee: Employee, cook: Position
) -> None:
    address, _ = ending(editor, employee)
    assert "Cook , from 1 Jan 2026: ends on 30 Apr 2026" in words(editor.get(f"{address}?last_day=2026-04-30"))
    assert "begins later, and stays" in words(editor.get(f"{address}?last_day=2025-04-30"))
    assert editor.get(f"{address}?last_day=nonsense").status_code == 200


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ({"last_day": "2025-12-31"}, "No position is open on that day"),
        ({"last_day": "0026-04-30"}, "year 26 cannot be right"),
        ({"end_reason": ""}, "required"),
        ({"opened": "1:1"}, "Somebody has changed a position meanwhile"),
    ],
)
def test_what_is_wrong_ends_nothing(editor: Client, employee: Employee, cook: Position, typed: Any, why: str) -> None:
    address, data = ending(editor, employee, **{"last_day": "2026-04-30", **typed})
    page = words(editor.post(address, data))
    assert why in page and ("ends on 30 Apr 2026" in page) is (data["last_day"] == "2026-04-30")
    assert Position.objects.get().end_date is None


def test_sent_twice_it_ends_once(editor: Client, employee: Employee, cook: Position) -> None:
    address, data = ending(editor, employee, last_day="2026-04-30")
    first, again = (editor.post(address, data).headers["Location"] for _ in range(2))
    assert first == again
    assert LogEntry.objects.count() == 1


@pytest.mark.parametrize("role", ["viewer", "stranger"])
def test_nobody_ends_an_employment_who_may_not(
    organization: Organization, employee: Employee, cook: Position, sign_in: Any, role: str
) -> None:
    client = sign_in(
        organization if role == "viewer" else OrganizationFactory(), "viewer" if role == "viewer" else "admin"
    )
    address = f"/admin/positions/employee/{employee.pk}/end/"
    for answer in (client.get(address), client.post(address, {"last_day": "2026-04-30", "end_reason": "other"})):
        assert answer.status_code in (302, 403) and b"Cook" not in answer.content
    assert Position.objects.get().end_date is None


def test_as_many_queries_for_two_positions_as_for_thirty(editor: Client, employee: Employee, cook: Position) -> None:
    made(employee, "Waiter")
    numbers = []
    for more in (0, 28):
        for number in range(more):
            made(employee, f"Job {number}")
        with CaptureQueriesContext(
            connection,
        ) as seen:
            ending(editor, employee)
        numbers.append(len(seen))
    assert numbers[0] == numbers[1]


def test_both_are_offered_where_people_look(editor: Client, employee: Employee, cook: Position, sign_in: Any) -> None:
    end, follow = f"/employee/{employee.pk}/end/", f"add/?after={cook.pk}"
    pages = [f"/admin/positions/employee/{employee.pk}/change/", f"/admin/positions/position/{cook.pk}/change/"]
    for page in pages:
        assert end in editor.get(page).content.decode() and follow in editor.get(page).content.decode()
        seen = sign_in(employee.organization, "viewer").get(page).content.decode()
        assert end not in seen and follow not in seen


def test_a_contract_that_ends_on_the_last_day_gets_its_reason() -> None:
    employee = EmployeeFactory()
    last = employee.organization.today() + timedelta(days=30)
    position = PositionFactory(employee=employee, end_date=last)
    assert [row.pk for row in endings.ending(employee, last).ended] == [position.pk]
