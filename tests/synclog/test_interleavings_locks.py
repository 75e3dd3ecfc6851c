"""Two transactions that stand in each other's way: one is undone and carried out once more, and nothing is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from integrations.models import EmployeeLink, PeriodLink
from positions.bulk import save_positions
from positions.models import Department, Employee, Position
from positions.transactions import TRIES, repeated
from synclog.engine import actions
from synclog.models import Job
from synclog.queue import tasks
from tests.factories import (
    ApiKeyFactory,
    DepartmentFactory,
    IntegrationFactory,
    OperatorFactory,
    OrganizationFactory,
    PositionFactory,
)
from tests.synclog.interleaving import (
    Elsewhere,
    during_a_call,
    meanwhile,
    on_postgresql,
    until_nobody_waits,
    until_somebody_waits,
)
from tests.synclog.world import World

pytestmark = [pytest.mark.django_db(transaction=True), on_postgresql]

SUCCEEDED = Job.State.SUCCEEDED
# What PostgreSQL says to the victim of a deadlock.
UNDONE = "DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40P01'; END $$"


def test_crosswise_transactions_are_both_carried_out(world: World) -> None:
    first, second = (PositionFactory(employee=world.employee, title="-") for _ in range(2))
    both = threading.Barrier(2, timeout=20)
    begun: list[int] = []

    def write(keys: list[int], name: str) -> None:
        @repeated
        def once() -> None:
            begun.append(1)
            for number, key in enumerate(keys):
                Position.objects.filter(pk=key).update(title=name)
                if number == 0 and len(begun) <= 2:
                    both.wait()

        once()

    other = Elsewhere(lambda: write([second.pk, first.pk], "b")).begin(0)
    write([first.pk, second.pk], "a")
    other.over()
    assert len(begun) == 3, "one of them was undone, once"
    assert len(set(Position.objects.values_list("title", flat=True))) == 1


def test_what_is_undone_every_time_is_told(world: World) -> None:
    tries: list[int] = []

    @repeated
    def never() -> None:
        tries.append(1)
        with connection.cursor() as cursor:
            cursor.execute(UNDONE)

    with pytest.raises(Exception, match="x"):
        never()
    assert len(tries) == TRIES


def test_within_another_transaction_nothing_is_repeated_on_its_own(world: World) -> None:
    tries: list[int] = []

    @repeated
    def inner() -> None:
        tries.append(1)
        with connection.cursor() as cursor:
            cursor.execute(UNDONE)

    with pytest.raises(Exception, match="x"), transaction.atomic():
        inner()
    assert len(tries) == 1


# -- the worker's results --------------------------------------------------------------------------------


def test_a_crosswise_transaction_loses_no_result(world: World) -> None:
    """Somebody holds the second job and wants the first, when the worker holds the first and wants the second."""
    integration = world.connect("netvisor")
    first = world.save()
    second = world.save(start_date=date(2025, 1, 1), end_date=date(2025, 6, 30), end_reason="resigned")
    jobs = {p.pk: world.job(integration, p).pk for p in (first, second)}
    holds, wants = threading.Event(), threading.Event()

    def crosswise() -> None:
        with transaction.atomic():
            Job.objects.filter(pk=jobs[second.pk]).update(request_id="x")
            holds.set()
            wants.wait(20)
            # In the order that nobody of ours takes: it waits for the worker, who waits for us.
            Job.objects.filter(pk=jobs[first.pk]).update(request_id="x")

    other = Elsewhere(crosswise)

    def begin() -> None:
        other.begin(0)
        assert holds.wait(20)

    def want() -> None:
        until_somebody_waits()
        wants.set()

    with during_a_call(begin, after=True), meanwhile(want, at="FOR UPDATE", nth=2, patience=0):
        world.drain(integration)
    other.over()
    for position in (first, second):
        job = world.job(integration, position)
        assert job.state == SUCCEEDED, job.message
        assert [attempt.state for attempt in job.tries.all()] == ["succeeded"], "not found to be there already"


def test_results_wait_for_somebody_who_is_saving_for_long(world: World) -> None:
    integration = world.connect("netvisor")
    position = world.save()
    job = world.job(integration, position)
    held = threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Job.objects.filter(pk=job.pk).update(request_id="x")
            held.set()
            until_somebody_waits()
            until_nobody_waits()  # whoever waited has given up: nobody waits for ever

    other = Elsewhere(hold)

    def begin() -> None:
        other.begin(0)
        assert held.wait(20)

    with during_a_call(begin, method="POST", after=True):
        world.drain(integration)
    other.over()
    job.refresh_from_db()
    assert job.state == SUCCEEDED, job.message
    assert [attempt.state for attempt in job.tries.all()] == ["succeeded"]


def test_a_position_that_took_over_and_is_saved_at_that_moment_loses_no_result(world: World) -> None:
    """The worker is about to open a job for it; whoever saves it has opened one, which is not committed yet."""
    integration = world.connect("fortnox", on=False)
    other = world.save(title="Chef", percentage="40")
    current = world.save(title="Bagare", percentage="60")
    actions.switch(integration, True, by="anna")
    current.title = "Bagare II"
    current.save()
    world.drain(integration)
    current.end_date, current.end_reason = date(2026, 1, 31), "resigned"
    current.save()  # the other one takes over, which nobody has touched
    saved = threading.Event()

    def save() -> None:
        with transaction.atomic():
            row = Position.objects.get(pk=other.pk)
            row.title = "Chef II"
            row.save()
            saved.set()
            until_somebody_waits()

    thread = Elsewhere(save)

    def begin() -> None:
        thread.begin(0)
        assert saved.wait(20)

    with during_a_call(begin, method="PUT", after=True):
        world.drain(integration)
    thread.over()
    world.drain(integration)
    assert [e["JobTitle"] for e in world.there(integration)] == ["Chef II"]
    assert not Job.objects.open().exists()
    assert PeriodLink.objects.get().position_key == other.pk


# -- what nobody has committed yet -----------------------------------------------------------------------


def test_neither_how_somebody_was_nor_how_they_will_be_is_sent_while_they_are_changed(world: World) -> None:
    integration = world.connect("netvisor")
    wrong = world.hire(number="999", email="")
    world.sandboxes[integration.pk].add_employee("999", wrong.first_name, wrong.last_name)
    changed, drained = threading.Event(), threading.Event()

    def correct() -> None:
        with transaction.atomic():
            person = Employee.objects.get(pk=wrong.pk)
            person.last_name = "Corrected"
            person.save()
            changed.set()
            assert drained.wait(20)

    other = Elsewhere(correct).begin(0)
    assert changed.wait(20)
    position = world.save(wrong)  # its job comes too late for whoever is correcting the person
    world.drain(integration, 1)
    assert world.job(integration, position).state == Job.State.WAITING
    drained.set()
    other.over()
    world.drain(integration)
    assert world.job(integration, position).state == SUCCEEDED


# -- clients ---------------------------------------------------------------------------------------------


def test_a_name_that_changes_while_a_position_is_saved_goes_along(world: World) -> None:
    """Neither sees the other before both are committed, and the position is sent before the name is."""
    entra = world.connect("entra_id")
    world.employee.department = DepartmentFactory(organization=world.organization, name="Butikk")
    world.employee.save()
    changed, drained = threading.Event(), threading.Event()

    def rename() -> None:
        with transaction.atomic():
            department = Department.objects.get(name="Butikk")
            department.name = "Store"
            department.save()
            changed.set()
            assert drained.wait(20)

    other = Elsewhere(rename).begin(0)
    assert changed.wait(20)
    world.save()
    world.drain(entra)
    before = world.there(entra)[0]["department"]
    drained.set()
    other.over()
    world.drain(entra)
    assert (before, world.there(entra)[0]["department"]) == ("Butikk", "Store")


def test_crosswise_bulks_are_both_carried_out(world: World) -> None:
    world.connect("netvisor")
    people = [world.hire() for _ in range(6)]
    rows = [PositionFactory(employee=person, external_id=f"x{n}") for n, person in enumerate(people)]
    key = ApiKeyFactory(organization=world.organization).key
    both = threading.Barrier(2, timeout=20)

    def send(order: list[Position], title: str) -> int:
        both.wait()
        answer = Client().post(
            "/api/v1/positions/bulk/",
            {"positions": [{"id": row.pk, "title": title} for row in order]},
            content_type="application/json",
            headers={"Authorization": f"Bearer {key}"},
        )
        return answer.status_code

    for _ in range(3):
        other = Elsewhere(lambda: send(rows[::-1], "b")).begin(0)
        assert send(rows, "a") == 200
        assert other.over() == 200
        assert len(set(Position.objects.values_list("title", flat=True))) == 1, "one after the other, each whole"


def test_a_request_that_was_undone_for_another_is_carried_out_once_more(world: World, monkeypatch: Any) -> None:
    """Of the API and of a form alike; what it had said before it was undone is not said twice."""
    integration = world.connect("netvisor")
    position = world.save()
    key = ApiKeyFactory(organization=world.organization).key
    undone = _undoes_once(monkeypatch)
    answer = Client().patch(
        f"/api/v1/positions/{position.pk}/",
        {"title": "Cook"},
        content_type="application/json",
        headers={"Authorization": f"Bearer {key}"},
    )
    assert (answer.status_code, undone()) == (200, 1)
    operator = Client()
    operator.force_login(OperatorFactory())
    address = reverse("admin:positions_position_change", args=[position.pk])
    values = operator.get(address).context["adminform"].form.initial
    undone = _undoes_once(monkeypatch)
    data = {name: value for name, value in values.items() if value is not None} | {"title": "Chef"}
    shown = operator.post(address, data, follow=True)
    assert undone() == 1
    assert Position.objects.get().title == "Chef"
    assert len([m for m in shown.context["messages"] if "changed successfully" in str(m)]) == 1
    assert Job.objects.filter(integration=integration).count() == 1


def _undoes_once(monkeypatch: Any) -> Callable[[], int]:
    """The next save of a job is undone by the database, once. Gives how often it was."""
    from synclog.engine import record

    original, times = record.store, []

    def store(*given: Any) -> None:
        original(*given)
        if not times:
            times.append(1)
            with connection.cursor() as cursor:
                cursor.execute(UNDONE)

    monkeypatch.setattr(record, "store", store)
    return lambda: len(times)


def test_saves_of_many_and_their_resync_do_not_undo_each_other(world: World) -> None:
    integration = world.connect("netvisor")
    rows = [world.save(world.hire()) for _ in range(30)]
    Job.objects.update(state=SUCCEEDED, open_key=None)
    both = threading.Barrier(2, timeout=20)

    def again() -> None:
        both.wait()
        actions.resync(Job.objects.order_by("-pk"), by="anna")

    for _ in range(3):
        other = Elsewhere(again).begin(0)
        both.wait()
        save_positions(list(reversed(rows)))
        other.over()
    assert Job.objects.open().filter(integration=integration).count() == 30


# -- the day ---------------------------------------------------------------------------------------------


def test_a_day_that_is_taken_over_waits_for_the_results_that_are_being_stored(world: World) -> None:
    """Without the lock on the links, the day that a turn has just stored would be blanked."""
    integration = world.connect("fortnox")
    link = EmployeeLink.objects.create(
        integration=integration, employee_key=world.employee.pk, remote_id="1",
        next_change_on=world.organization.today(), planned_in=integration.activated_at,
    )  # fmt: skip
    stored = threading.Event()

    def store() -> None:
        with transaction.atomic():
            EmployeeLink.objects.filter(pk=link.pk).update(next_change_on=date(2030, 1, 1))
            stored.set()
            until_somebody_waits()

    other = Elsewhere(store).begin(0)
    assert stored.wait(20)
    tasks.take_over_the_day()
    other.over()
    link.refresh_from_db()
    assert link.next_change_on == date(2030, 1, 1)


def test_two_processes_that_take_up_one_organization_at_once_are_counted(world: World, settings: Any) -> None:
    """The share is looked at and taken by one after the other: else both would see that there is room."""
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, "workers": 2}
    IntegrationFactory(organization=OrganizationFactory(), send_positions=True)
    first, second = world.connect("netvisor"), world.connect("fortnox")
    position = world.save()
    with meanwhile(lambda: tasks.drain(second.pk), at='UPDATE "synclog_lease"'):
        tasks.drain(first.pk)
    assert world.job(first, position).state == SUCCEEDED
    assert world.job(second, position).state == Job.State.WAITING, "the last process is for the others"
