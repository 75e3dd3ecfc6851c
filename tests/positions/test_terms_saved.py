"""Terms by day, as they are saved: the rows of a position, its columns, who hears of it, the trail."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db.models import RestrictedError

from positions.bulk import save_positions
from positions.models import AuditEntry, Position, Terms
from positions.new_day import roll
from positions.signals import positions_changed
from positions.terms import CORRECTION, FromDay, Withdrawal
from tests.factories import DepartmentFactory, EmployeeFactory, PositionFactory

pytestmark = pytest.mark.django_db

NOON = "2026-03-10T12:00:00Z"
SINCE_JANUARY = {"start_date": date(2026, 1, 1), "end_date": None, "end_reason": ""}
TODAY, LATER = date(2026, 3, 10), date(2026, 4, 1)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def employee(organization):
    return EmployeeFactory(organization=organization)


@pytest.fixture
def position(employee) -> Position:
    """Half of the week since the first of January, for ever."""
    made = PositionFactory(
        employee=employee,
        title="Cook",
        start_date=date(2026, 1, 1),
        end_date=None,
        end_reason="",
        percentage=Decimal(50),
    )
    return Position.objects.get(pk=made.pk)


def change(position: Position, counting=None, only=None, **values) -> Position:
    for name, value in values.items():
        setattr(position, name, value)
    position.counting = counting
    position.save(**({} if only is None else {"update_fields": only}))
    return Position.objects.get(pk=position.pk)


def percentages(position: Position) -> list[tuple[date | None, int]]:
    return [(row.effective_from, int(row.percentage)) for row in position.terms.all()]


def last_change(position: Position) -> dict:
    entry = AuditEntry.objects.filter(kind="position", object_key=position.pk, action="changed").first()
    return {} if entry is None else entry.changes


def test_a_change_counts_from_today_unless_said_otherwise(position):
    heard = change(position, percentage="80")
    assert percentages(position) == [(None, 50), (TODAY, 80)]
    assert heard.percentage == 80
    assert last_change(position) == {"percentage": ["50.00", "80"]}
    assert position.counting is None and position.changed_fields() == []


def test_a_change_from_a_day_to_come_is_a_change_of_today(position, clock, django_assert_num_queries):
    before, heard = position.updated_at, []
    clock.shift(1)

    def hear(sender, saved, **kwargs):
        heard.extend(fields for _, fields in saved)

    positions_changed.connect(hear)
    try:
        position.percentage = Decimal(80)
        position.counting = FromDay(LATER)
        assert save_positions([position]) == ["updated"]
    finally:
        positions_changed.disconnect(hear)
    assert heard == [["percentage"]]
    assert position.percentage == 50 and position.changed_fields() == []
    position = Position.objects.get(pk=position.pk)
    assert position.percentage == 50 and position.updated_at > before
    assert percentages(position) == [(None, 50), (LATER, 80)]
    assert last_change(position) == {f"percentage from {LATER}": ["50.00", "80"]}
    # What is in force today is corrected beside it, and the change of April stays.
    change(position, CORRECTION, percentage=60)
    assert percentages(position) == [(None, 60), (LATER, 80)]
    assert last_change(position) == {"percentage corrected": ["50.00", "60"]}
    # Said of a day on which it holds already: nothing is changed.
    with django_assert_num_queries(6):
        change(position, FromDay(LATER, frozenset({"percentage"})), percentage=80)


def test_what_is_stated_of_a_day_counts_although_it_holds_today(position):
    position = change(position, FromDay(LATER), percentage=80)
    position = change(position, FromDay(date(2026, 4, 15), frozenset({"percentage"})))
    assert percentages(position) == [(None, 50), (LATER, 80), (date(2026, 4, 15), 50)]
    assert position.percentage == 50


def test_the_past_reaches_until_another_change(position):
    position = change(position, FromDay(date(2026, 3, 1)), percentage=80)
    position = change(position, FromDay(date(2026, 2, 1)), percentage=60)
    assert position.percentage == 80
    assert percentages(position) == [(None, 50), (date(2026, 2, 1), 60), (date(2026, 3, 1), 80)]
    # The first day is from the start on; what never changes is kept in the columns alone.
    position = change(position, FromDay(date(2026, 1, 1), frozenset({"percentage"})), percentage=60)
    position = change(position, CORRECTION, percentage=60)
    assert position.percentage == 60 and not position.terms.exists()


@pytest.mark.parametrize(
    ("start", "end"), [(date(2026, 3, 11), None), (TODAY, None), (date(2026, 1, 1), date(2026, 3, 9))]
)
def test_outside_and_on_the_first_day_it_is_a_plain_edit(employee, start, end):
    made = PositionFactory(employee=employee, title="Cook", start_date=start, end_date=end, end_reason="")
    position = change(Position.objects.get(pk=made.pk), title="Baker")
    assert position.title == "Baker" and not position.terms.exists()
    assert last_change(position) == {"title": ["Cook", "Baker"]}


def test_a_day_outside_of_the_period_is_refused(position):
    for day in (date(2025, 12, 31), date(2026, 7, 1)):
        position.end_date, position.counting = date(2026, 6, 30), FromDay(day)
        with pytest.raises(ValidationError) as caught:
            position.full_clean()
        assert set(caught.value.message_dict) == {"effective_from"}
        assert "1 Jan 2026 – 30 Jun 2026" in str(caught.value)


def test_code_that_saves_some_fields_goes_by_the_same_rule(position):
    position.title = "Not saved"
    position = change(position, FromDay(LATER), only=["percentage"], percentage=80)
    assert (position.title, position.percentage) == ("Cook", 50)
    assert percentages(position) == [(None, 50), (LATER, 80)]


def test_rows_follow_the_period(position):
    position = change(position, FromDay(date(2026, 2, 1)), percentage=60)
    position = change(position, percentage=80)
    # It ended in February: its columns are what held last. The row of March waits, should the end move again.
    position = change(position, end_date=date(2026, 2, 28))
    assert position.percentage == 60 and len(percentages(position)) == 3
    assert last_change(position)["end_date"] == [None, "2026-02-28"]
    position = change(position, end_date=None)
    assert position.percentage == 80
    position = change(position, start_date=date(2026, 2, 15))
    assert percentages(position) == [(None, 60), (TODAY, 80)]
    position = change(position, start_date=date(2026, 3, 20))
    assert position.percentage == 80 and not position.terms.exists()


def test_the_columns_follow_the_day(position, organization, clock, django_assert_max_num_queries):
    others = [PositionFactory(employee=position.employee, **SINCE_JANUARY) for _ in range(20)]
    planned = [position, *Position.objects.filter(pk__in=[one.pk for one in others]).select_related("employee")]
    for one in planned:
        one.percentage, one.counting = Decimal(80), FromDay(LATER)
    save_positions(planned)
    assert roll(organization) == 0
    clock.move_to("2026-03-31T22:30:00Z")  # the first of April in Oslo
    with django_assert_max_num_queries(12):
        assert roll(organization) == 21
    position.refresh_from_db()
    assert position.percentage == 80 and position.updated_at.isoformat() == "2026-03-31T22:30:00+00:00"
    entry = AuditEntry.objects.filter(object_key=position.pk, kind="position").first()
    assert entry is not None
    assert (entry.via, entry.actor, entry.changes) == ("system", "", {"percentage": ["50.00", "80.00"]})
    assert roll(organization) == 0
    assert not Terms.objects.filter(awaited=True).exists()


def test_many_are_dated_in_as_many_queries_as_one(employee, django_assert_num_queries):
    made = [PositionFactory(employee=employee, **SINCE_JANUARY) for _ in range(12)]
    for number, queries in ((2, 10), (10, 10)):
        rows = list(Position.objects.filter(pk__in=[one.pk for one in made[:number]]).select_related("employee"))
        made = made[number:]
        for row in rows:
            row.percentage, row.counting = Decimal(20), FromDay(LATER)
        with django_assert_num_queries(queries):
            save_positions(rows)


def test_a_department_of_the_past_is_kept(position, organization):
    old, new = DepartmentFactory.create_batch(2, organization=organization)
    position = change(change(position, CORRECTION, department=old), department=new)
    assert [row.department for row in position.terms.all()] == [old, new]
    with pytest.raises(RestrictedError):
        old.delete()
    organization.delete()
    assert not Terms.objects.exists()


def test_a_change_is_withdrawn(position):
    position = change(position, FromDay(LATER), percentage=80)
    position = change(position, percentage=60)
    assert percentages(position) == [(None, 50), (TODAY, 60), (LATER, 80)]
    position = change(position, Withdrawal(TODAY))
    assert percentages(position) == [(None, 50), (LATER, 80)] and position.percentage == 50
    assert last_change(position) == {f"percentage from {TODAY}, withdrawn": ["60.00", "50.00"]}
    with pytest.raises(KeyError):
        change(position, Withdrawal(TODAY))
    position = change(position, Withdrawal(LATER))
    assert not position.terms.exists()
