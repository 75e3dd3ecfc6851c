"""The form of a position asks from when a change counts; its page says what holds by day, and takes a change back."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from positions.models import AuditEntry, Position
from positions.terms import FromDay
from tests.factories import EmployeeFactory, PositionFactory
from tests.positions.test_admin_opened import address, inputs, opened, saved

pytestmark = pytest.mark.django_db

TODAY = date(2026, 3, 10)


@pytest.fixture(autouse=True)
def clock() -> Any:
    with time_machine.travel("2026-03-10T12:00:00Z", tick=False) as traveller:
        yield traveller


@pytest.fixture
def editor(organization: Any, sign_in: Any) -> Client:
    return sign_in(organization, "editor")


@pytest.fixture
def position(organization: Any) -> Position:
    return PositionFactory(
        employee=EmployeeFactory(organization=organization),
        title="Cook",
        start_date=date(2026, 1, 1),
        end_date=None,
        end_reason="",
        percentage=Decimal(50),
    )


def plan(position: Position, day: date, **values: Any) -> None:
    row = Position.objects.get(pk=position.pk)
    for name, value in values.items():
        setattr(row, name, value)
    row.counting = FromDay(day)
    row.save()


def percentages(position: Position) -> list[tuple[date | None, int]]:
    return [(row.effective_from, int(row.percentage)) for row in position.terms.all()]


def text(page: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.content.decode()))


def test_a_change_counts_from_the_day_that_is_chosen(editor, position):
    data = opened(editor, position)
    assert data["counts"] == ["day"] and data["effective_from"] == ["2026-03-10"]
    later = {**data, "percentage": ["80"], "effective_from": ["2026-04-01"]}
    assert saved(editor, position, later).status_code == 302
    assert percentages(position) == [(None, 50), (date(2026, 4, 1), 80)]
    entry = LogEntry.objects.latest("pk")
    assert entry.get_change_message() == "Changed Percentage from 1 Apr 2026."
    # From today on, as the page offers; what is planned stays, and is told of.
    data = opened(editor, position)
    page = editor.post(address(position), {**data, "percentage": ["60"]}, follow=True)
    assert "From 1 Apr 2026 percentage is 80 %, as it was said before" in text(page)
    assert percentages(position) == [(None, 50), (TODAY, 60), (date(2026, 4, 1), 80)]
    assert LogEntry.objects.latest("pk").get_change_message() == "Changed Percentage."
    # It was always so.
    saved(editor, position, {**opened(editor, position), "percentage": ["70"], "counts": ["always"]})
    assert percentages(position) == [(None, 50), (TODAY, 70), (date(2026, 4, 1), 80)]
    assert LogEntry.objects.latest("pk").get_change_message() == "Changed Percentage (correction)."
    assert AuditEntry.objects.first().changes == {"percentage corrected": ["60.00", "70"]}
    # Without a change of terms there is nothing to count.
    saved(editor, position, {**opened(editor, position), "note": ["x"], "effective_from": ["1999-01-01"]})
    position.refresh_from_db()
    assert position.note == "x" and len(percentages(position)) == 3


def test_a_wrong_day_is_told_at_its_field(editor, position):
    data = {**opened(editor, position), "percentage": ["80"]}
    for day, words in (
        ("2025-12-31", "outside the position"),
        ("", "Give the day"),
        ("soon", "is not a date. Write it"),
    ):
        page = saved(editor, position, {**data, "effective_from": [day]})
        assert words in str(page.context["adminform"].form.errors["effective_from"]), day
    assert not position.terms.exists()


@pytest.mark.parametrize(
    ("start", "end", "counts", "day"),
    [(date(2026, 5, 1), None, "day", "2026-05-01"), (date(2025, 1, 1), date(2025, 12, 31), "always", "2025-12-31")],
)
def test_the_form_offers_what_is_usual(editor, position, start, end, counts, day):
    position.start_date, position.end_date = start, end
    position.save()
    data = opened(editor, position)
    assert (data["counts"], data["effective_from"]) == ([counts], [day])
    saved(editor, position, {**data, "percentage": ["80"], "start_date": ["2024-12-01"]})
    assert not position.terms.exists() and Position.objects.get().percentage == 80


def test_a_new_position_has_no_such_choice_and_a_viewer_none_at_all(editor, position, organization, sign_in):
    page = editor.get(reverse("admin:positions_position_add")).content.decode()
    assert 'name="counts"' not in page and 'name="effective_from"' not in page
    plan(position, date(2026, 4, 1), percentage=80)
    page = sign_in(organization, "viewer").get(address(position)).content.decode()
    assert "Terms by day" in page and "Withdraw" not in page and 'name="counts"' not in page


def test_the_page_says_what_holds_by_day(editor, position):
    assert "Terms by day" not in editor.get(address(position)).content.decode()
    plan(position, date(2026, 2, 1), percentage=60, contract_type="temporary")
    plan(position, date(2026, 4, 1), percentage=80)
    said = text(editor.get(address(position)))
    for words in (
        "From the first day, 1 Jan 2026",
        "From 1 Feb 2026 holds today",
        "Contract type Permanent → Temporary Percentage 50 % → 60 %",
        "From 1 Apr 2026 planned Percentage 60 % → 80 %",
    ):
        assert words in said, words
    timeline = text(editor.get(address(position.employee)))
    assert "From 1 Apr 2026: percentage 60 % → 80 % planned" in timeline


def test_a_change_is_withdrawn_once(editor, position, organization, sign_in):
    plan(position, date(2026, 4, 1), percentage=80)
    withdraw = reverse("admin:positions_position_withdraw", args=[position.pk, "2026-04-01"])
    assert "Percentage 50 % → 80 %" in text(editor.get(withdraw))
    assert sign_in(organization, "viewer").post(withdraw).status_code == 403
    assert percentages(position) == [(None, 50), (date(2026, 4, 1), 80)]
    assert "The change from 1 Apr 2026 is withdrawn." in text(editor.post(withdraw, follow=True))
    assert not position.terms.exists()
    entry = AuditEntry.objects.first()
    assert entry.actor == editor.user.username
    assert entry.changes == {"percentage from 2026-04-01, withdrawn": ["80.00", "50.00"]}
    assert LogEntry.objects.latest("pk").get_change_message() == "Withdrew the change from 1 Apr 2026."
    assert "Nothing changes on that day any more." in text(editor.post(withdraw, follow=True))


def test_what_somebody_else_planned_meanwhile_is_a_conflict(editor, position):
    data = opened(editor, position)
    plan(position, date(2026, 4, 1), percentage=80)
    page = saved(editor, position, {**data, "percentage": ["60"]})
    assert page.status_code == 200 and not Position.objects.filter(percentage=60).exists()
    assert "50.00, with changes from 1 Apr 2026: 80 %" in text(page)
    chosen = {**inputs(page.content.decode()), "choose-percentage": ["mine"]}
    assert saved(editor, position, chosen).status_code == 302
    assert percentages(position) == [(None, 50), (TODAY, 60), (date(2026, 4, 1), 80)]
    # Another field is not concerned.
    data = opened(editor, position)
    plan(position, date(2026, 5, 1), percentage=90)
    assert saved(editor, position, {**data, "title": ["Baker"]}).status_code == 302


def test_pages_take_as_many_queries_however_many_rows(editor, position):
    def queries() -> list[int]:
        found = []
        for row in (position.employee, position):
            with CaptureQueriesContext(connection) as asked:
                editor.get(address(row))
            found.append(len([query for query in asked if "django_session" not in query["sql"]]))
        return found

    plan(position, date(2026, 4, 1), percentage=80)
    queries()
    one = queries()
    for day in range(2, 8):
        plan(position, date(2026, 4, day), percentage=day, title=f"Cook {day}")
        plan(PositionFactory(employee=position.employee, end_date=None), TODAY, percentage=day)
    assert queries() == one
