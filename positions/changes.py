"""The change feed: which employees and positions were made, changed or deleted, in an order in which nothing is missed.

Every write adds its rows in its own transaction (`connect`). Their keys are no order to read by: of two transactions
the one with the lower keys may be committed last, when a reader is past it. So a row gets its place when it is read:
all rows that are committed by then and have none are given the next turn, by one reader at a time, and the order is
(turn, key). What is committed later gets a later turn, whatever its key; a turn is seen as a whole or not at all.
That holds on every database, and through a dump and its restore.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import models
from django.db.models.signals import post_delete, post_save, pre_delete

from positions import batches
from positions.models import Change, ChangeFeed, Company, Department, Employee, Position, tracking
from positions.signals import (
    employees_changed,
    employees_deleted,
    goes_with_organization,
    positions_changed,
    positions_deleted,
)
from positions.transactions import repeated

KEPT = timedelta(days=90)
AT_ONCE = 10_000  # rows are given their turn by one request; the next one goes on

Operation = Change.Operation


# -- reading


@dataclass(frozen=True, slots=True)
class Place:
    """Behind a row of the feed, or behind all of a turn (`key` None)."""

    turn: int
    key: int | None = None


class Gone(Exception):
    """Rows that come behind this place are not kept any more, or it is of another history (a restored backup)."""


def end(organization: int) -> Place:
    """Behind all that is committed; of more than `AT_ONCE` new rows, before some of them."""
    _give_turn(organization)
    feed = ChangeFeed.objects.filter(organization=organization).first()
    return Place(feed.last if feed else 0)


def behind(organization: int, place: Place, limit: int) -> tuple[list[Change], Place, bool]:
    """(so many rows, the place behind them, whether there are more now). In a fixed number of queries; no write where
    nothing is new. Raises Gone."""
    _give_turn(organization)
    feed = ChangeFeed.objects.filter(organization=organization).first() or ChangeFeed()
    rows = Change.objects.filter(organization=organization)
    _require_known(feed, place, rows)
    later = models.Q(turn__gt=place.turn, turn__lte=feed.last)
    if place.key is not None:
        later |= models.Q(turn=place.turn, pk__gt=place.key)
    found = list(rows.filter(later).order_by("turn", "pk")[: limit + 1])
    if len(found) > limit:
        last = found[limit - 1]
        assert last.turn is not None
        return found[:limit], Place(last.turn, last.pk), True
    return found, Place(feed.last), False


def _require_known(feed: ChangeFeed, place: Place, rows: models.QuerySet[Change]) -> None:
    if place.key is None and place.turn in (feed.last, feed.pruned):
        return
    if not feed.pruned < place.turn <= feed.last or not rows.filter(turn=place.turn).exists():
        raise Gone


def _give_turn(organization: int) -> None:
    if Change.objects.filter(organization=organization, turn=None).exists():
        _give_turn_alone(organization)


@repeated
def _give_turn_alone(organization: int) -> None:
    ChangeFeed.objects.get_or_create(organization_id=organization)
    feed = ChangeFeed.objects.select_for_update().get(organization=organization)
    # Asked only now: what whoever had the feed before has committed is seen.
    new = Change.objects.filter(organization=organization, turn=None)
    last_of_many = new.order_by("pk").values_list("pk", flat=True)[AT_ONCE - 1 : AT_ONCE].first()
    # By the clock: after a backup was restored, no turn is one that a reader has seen as something else.
    turn = max(feed.last + 1, time.time_ns() // 1000)
    if (new if last_of_many is None else new.filter(pk__lte=last_of_many)).update(turn=turn):
        feed.last = turn
        feed.save(update_fields=["last"])


def prune(rows: models.QuerySet[Change]) -> None:
    """Deletes these, and keeps that they were there: whoever has not read them is told to start over."""
    for organization in rows.order_by().values_list("organization", flat=True).distinct():
        ChangeFeed.objects.get_or_create(organization_id=organization)
        feed = ChangeFeed.objects.select_for_update().get(organization=organization)
        own = rows.filter(organization=organization)
        if own.filter(turn=None).exists():
            feed.last = max(feed.last + 1, time.time_ns() // 1000)
            own.filter(turn=None).update(turn=feed.last)
        newest = own.aggregate(newest=models.Max("turn"))["newest"]
        feed.pruned = max(feed.pruned, newest or 0)
        feed.save()
    batches.delete(rows)


# -- writing


# The columns that employees and positions are answered with besides their own: another value is a change of theirs.
ALONG: dict[type[models.Model], frozenset[str]] = {
    Employee: frozenset({"number", "external_id"}),
    Company: frozenset({"external_id"}),
    Department: frozenset({"code"}),
}


def _goes_along(instance: models.Model, update_fields: Iterable[str] | None = None) -> bool:
    """Whether one of these is, or may be, another one now."""
    then = tracking.loaded(instance)
    return then is None or any(tracking.different(instance, then, ALONG[type(instance)], update_fields))


def _of_employee(employee: Employee, operation: str) -> Change:
    return Change(
        organization_id=employee.organization_id,
        kind=Change.Kind.EMPLOYEE,
        object_key=employee.pk,
        employee_key=employee.pk,
        external_id=employee.external_id,
        operation=operation,
    )


def _of_position(position: Position, operation: str, organization: int | None = None) -> Change:
    return Change(
        organization_id=organization or position.employee.organization_id,
        kind=Change.Kind.POSITION,
        object_key=position.pk,
        employee_key=position.employee_id,
        external_id=position.external_id,
        operation=operation,
    )


def note_employees(employees: Iterable[Employee], operation: str) -> None:
    _write([_of_employee(employee, operation) for employee in employees])


def note_positions(positions: Iterable[Position], operation: str) -> None:
    """Each with its employee."""
    _write([_of_position(position, operation) for position in positions])


def _write(rows: Sequence[Change]) -> None:
    if rows:
        Change.objects.bulk_create(rows, batch_size=2000)


def note_reports(managers: Collection[int]) -> None:
    """Of those who have a manager that is about to be deleted: their `manager` is emptied."""
    reports = Employee.objects.filter(manager__in=managers).exclude(pk__in=managers)
    note_employees(_slim(reports), Operation.UPDATED)


def _note_positions_of(**whose: Any) -> None:
    rows = Position.objects.filter(**whose).values_list("pk", "employee", "external_id", "employee__organization")
    _write(
        [
            _of_position(Position(pk=pk, employee_id=employee, external_id=text), Operation.UPDATED, organization)
            for pk, employee, text, organization in rows.order_by("pk")
        ]
    )


def _slim(employees: models.QuerySet[Employee]) -> Iterable[Employee]:
    return employees.only("organization", "external_id").order_by("pk")


def _employee_saved(instance: Employee, created: bool, raw: bool, update_fields: Any = None, **kwargs: Any) -> None:
    if raw:
        return
    note_employees([instance], Operation.CREATED if created else Operation.UPDATED)
    if not created and _goes_along(instance, update_fields):
        _note_positions_of(employee=instance)


def _position_saved(instance: Position, created: bool, raw: bool, **kwargs: Any) -> None:
    if not raw:
        note_positions([instance], Operation.CREATED if created else Operation.UPDATED)


def _employees_saved(saved: Sequence[tuple[Employee, list[str] | None]], **kwargs: Any) -> None:
    _write([_of_employee(one, Operation.CREATED if new is None else Operation.UPDATED) for one, new in saved])
    if renamed := [one for one, fields in saved if fields is not None and _goes_along(one)]:
        _note_positions_of(employee__in=renamed)


def _positions_saved(saved: Sequence[tuple[Position, list[str] | None]], **kwargs: Any) -> None:
    _write([_of_position(one, Operation.CREATED if new is None else Operation.UPDATED) for one, new in saved])


def _employee_leaves(instance: Employee, origin: Any = None, **kwargs: Any) -> None:
    if not goes_with_organization(origin):
        note_reports([instance.pk])


def _employee_deleted(instance: Employee, origin: Any = None, **kwargs: Any) -> None:
    if not goes_with_organization(origin):
        note_employees([instance], Operation.DELETED)


def _position_deleted(instance: Position, origin: Any = None, **kwargs: Any) -> None:
    if not goes_with_organization(origin):
        note_positions([instance], Operation.DELETED)


def _employees_deleted(deleted: Sequence[Employee], **kwargs: Any) -> None:
    note_reports([employee.pk for employee in deleted])
    note_employees(deleted, Operation.DELETED)


def _positions_deleted(deleted: Sequence[Position], **kwargs: Any) -> None:
    note_positions(deleted, Operation.DELETED)


def _related_saved(instance: models.Model, created: bool, raw: bool, update_fields: Any = None, **kwargs: Any) -> None:
    """One that employees and positions refer to under the name of its model."""
    if not raw and not created and _goes_along(instance, update_fields):
        whose: dict[str, Any] = {str(instance._meta.model_name): instance}
        note_employees(_slim(Employee.objects.filter(**whose)), Operation.UPDATED)
        _note_positions_of(**whose)


def connect() -> None:
    for signal, model, heard in (
        (post_save, Employee, _employee_saved),
        (post_save, Position, _position_saved),
        (pre_delete, Employee, _employee_leaves),
        (post_delete, Employee, _employee_deleted),
        (post_delete, Position, _position_deleted),
    ):
        signal.connect(heard, sender=model, dispatch_uid=f"changes.{heard.__name__}")
    for lender in ALONG.keys() - {Employee}:
        post_save.connect(_related_saved, sender=lender, dispatch_uid=f"changes.{lender.__name__}")
    employees_changed.connect(_employees_saved, dispatch_uid="changes.employees")
    positions_changed.connect(_positions_saved, dispatch_uid="changes.positions")
    employees_deleted.connect(_employees_deleted, dispatch_uid="changes.employees_deleted")
    positions_deleted.connect(_positions_deleted, dispatch_uid="changes.positions_deleted")
