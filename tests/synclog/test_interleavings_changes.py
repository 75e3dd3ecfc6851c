"""The change feed while others write and read it: nothing is skipped, whoever commits first."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction

from positions import changes
from positions.bulk import save_positions
from positions.changes import Place
from positions.models import Change, Employee, Organization, Position
from tests.factories import EmployeeFactory, PositionFactory
from tests.synclog.interleaving import LONGEST, Elsewhere, meanwhile, on_postgresql

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def held_back(act: Callable[[], Any]) -> Iterator[Callable[[], None]]:
    """`act` was done elsewhere, in a transaction that is committed when what this gives is called."""
    done, go_on = threading.Event(), threading.Event()

    def change() -> None:
        with transaction.atomic():
            act()
            done.set()
            assert go_on.wait(LONGEST)

    other = Elsewhere(change).begin(0)
    assert done.wait(LONGEST)

    def commit() -> None:
        go_on.set()
        other.over()

    try:
        yield commit
    finally:
        commit()


def read(organization: Organization, place: Place, limit: int = 1000) -> tuple[list[int], Place]:
    """(keys of the objects, the place behind them)"""
    keys: list[int] = []
    more = True
    while more:
        found, place, more = changes.behind(organization.pk, place, limit)
        keys += [row.object_key for row in found]
    return keys, place


@pytest.fixture
def employee() -> Employee:
    return EmployeeFactory()


@on_postgresql
@pytest.mark.parametrize("limit", [1, 1000])
def test_what_is_committed_late_is_not_skipped(employee: Employee, limit: int) -> None:
    """It was written before what has been read already, and its key is lower."""
    organization, late = employee.organization, Employee.objects.get(pk=employee.pk)
    [one, two] = PositionFactory.build_batch(2, employee=late)
    place = changes.end(organization.pk)
    with held_back(lambda: save_positions([one, two])) as commit:
        early = PositionFactory(employee=employee)
        seen, place = read(organization, place, limit)
        assert seen == [early.pk]
        commit()
    assert Change.objects.get(object_key=one.pk, kind="position").pk < Change.objects.get(object_key=early.pk).pk
    seen, place = read(organization, place, limit)
    assert seen == [one.pk, two.pk]
    assert read(organization, place)[0] == []


@on_postgresql
def test_of_two_who_read_at_once_one_waits_and_both_see_all_in_one_order(employee: Employee) -> None:
    organization = employee.organization
    begin = changes.end(organization.pk)
    first = PositionFactory(employee=employee)
    with held_back(lambda: changes.end(organization.pk)) as commit:
        second = PositionFactory(employee=employee)
        another = Elsewhere(lambda: read(organization, begin)).begin(0.5)
        assert another.waits
        commit()
        seen, place = another.over()
    assert seen == [first.pk, second.pk]
    assert read(organization, begin)[0] == seen
    assert read(organization, place)[0] == []


@pytest.mark.parametrize(
    "at", ['FROM "positions_changefeed"', 'UPDATE "positions_change"', 'ORDER BY "positions_change"']
)
def test_what_is_saved_at_any_moment_of_a_reading_comes_now_or_next(employee: Employee, at: str) -> None:
    organization = employee.organization
    place = changes.end(organization.pk)
    first = PositionFactory(employee=employee)
    saved: list[Position] = []
    with meanwhile(
        lambda: saved.append(PositionFactory(employee=Employee.objects.get(pk=employee.pk))), at=at
    ) as other:
        seen, place = read(organization, place)
        other.over()
    seen += read(organization, place)[0]
    assert seen == [first.pk, saved[0].pk]


def test_a_change_that_is_rolled_back_is_none(employee: Employee) -> None:
    place = changes.end(employee.organization_id)
    with transaction.atomic():
        PositionFactory(employee=employee)
        transaction.set_rollback(True)
    assert read(employee.organization, place)[0] == []
