"""What two do at the same moment, forced at the moment: on two connections, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone
from django_q.models import OrmQ

from integrations.models import EmployeeLink, Integration
from integrations.runtime.vault import DatabaseVault
from integrations.sdk.errors import InterruptedRunError
from positions.models import Employee, Organization, Position
from synclog.engine import actions, worker_turn
from synclog.models import Event, Job
from synclog.queue import tasks
from tests.factories import DepartmentFactory, OrganizationFactory, PositionFactory
from tests.synclog.interleaving import Elsewhere, during_a_call, meanwhile, on_postgresql
from tests.synclog.world import TURN, World

pytestmark = pytest.mark.django_db(transaction=True)

SUCCEEDED, FAILED, WAITING, SKIPPED = Job.State.SUCCEEDED, Job.State.FAILED, Job.State.WAITING, Job.State.SKIPPED


# -- the day ---------------------------------------------------------------------------------------------


def link(world: World, integration: Integration, employee: Employee, day: date | None = None) -> EmployeeLink:
    return EmployeeLink.objects.create(
        integration=integration, employee_key=employee.pk, remote_id=str(employee.pk),
        next_change_on=day or world.organization.today(), planned_in=integration.activated_at,
    )  # fmt: skip


@pytest.mark.parametrize("at", ['UPDATE "integrations_employeelink"', 'FROM "positions_position"'])
def test_a_day_that_a_turn_stores_while_the_day_is_taken_over_stays(world: World, at: str) -> None:
    """It is read, recorded and blanked in one transaction, in which nobody else writes it."""
    integration = world.connect("fortnox")
    mine = link(world, integration, world.employee)
    later = world.organization.today() + timedelta(days=30)
    stored = lambda: EmployeeLink.objects.filter(pk=mine.pk).update(next_change_on=later)  # noqa: E731
    with meanwhile(stored, at=at):
        tasks.take_over_the_day()
    assert EmployeeLink.objects.get().next_change_on == later


def test_a_day_of_many_links_is_taken_over_to_the_last(world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr(tasks, "TAKEN_OVER", 2)
    integration = world.connect("fortnox", on=False)
    today = world.organization.today()
    people = [world.hire() for _ in range(5)]
    for person in people:
        PositionFactory(employee=person, start_date=today)
    actions.switch(integration, True, by="anna")
    for person in people:
        link(world, integration, person)
    tasks.take_over_the_day()
    assert not EmployeeLink.objects.exclude(next_change_on=None).exists()
    assert set(Job.objects.values_list("employee_key", flat=True)) == {person.pk for person in people}


def test_what_fails_in_one_organization_ends_the_sweep_for_no_other(world: World) -> None:
    broken = OrganizationFactory()
    Organization.objects.filter(pk=broken.pk).update(time_zone="Nowhere/Land")
    last = OrganizationFactory()
    for organization in (world.organization, last):
        world.organization = organization
        link(world, world.connect("fortnox", known=False), world.hire())
    tasks.sweep()
    assert not EmployeeLink.objects.exclude(next_change_on=None).exists()


# -- what a run goes by ----------------------------------------------------------------------------------


def test_a_correction_of_the_employee_while_they_are_sent_is_not_lost(world: World) -> None:
    integration = world.connect("netvisor")
    wrong = world.hire(number="999", email="")
    world.sandboxes[integration.pk].add_employee("888", wrong.first_name, wrong.last_name)
    position = world.save(wrong)

    def correct() -> None:
        person = Employee.objects.get(pk=wrong.pk)
        person.number = "888"
        person.save()

    with during_a_call(correct, after=True):
        world.drain(integration)
    job = world.job(integration, position)
    assert job.state == SUCCEEDED, job.message
    assert [p["profession"] for p in world.there(integration, Employee.objects.get(pk=wrong.pk))] == ["Baker"]


def _settings(world: World, integration: Integration) -> None:
    again = Integration.objects.get(pk=integration.pk)
    again.settings = {**again.settings, "note": "another"}
    again.save(update_fields=["settings"])


def _department(world: World, integration: Integration) -> None:
    department = Employee.objects.get(pk=world.employee.pk).department
    assert department is not None
    department.name = "Another"
    department.save()


def _company(world: World, integration: Integration) -> None:
    company = Position.objects.get().company
    assert company is not None
    company.organization_number = "912345678"
    company.save()


def _manager(world: World, integration: Integration) -> None:
    manager = Employee.objects.get(pk=world.employee.pk).manager
    assert manager is not None
    manager.email = "another@example.com"
    manager.save()


@pytest.mark.parametrize("change", [_settings, _department, _company, _manager])
def test_whatever_a_run_goes_by_has_it_run_once_more(world: World, change: Any) -> None:
    """A result of what was before neither closes the job nor fails it; what was written is kept in its attempts."""
    integration = world.connect("netvisor")
    world.employee.department = DepartmentFactory(organization=world.organization)
    world.employee.manager = world.hire()
    world.employee.save()
    position = world.save()
    with during_a_call(lambda: change(world, integration), method="POST", after=True):
        tasks.drain(integration.pk, TURN)
        tasks.drain(integration.pk, TURN)
    job = world.job(integration, position)
    assert job.state in (SUCCEEDED, SKIPPED), job.message
    assert "succeeded" in [attempt.state for attempt in job.tries.all()]
    assert len(world.there(integration)) == 1


# -- the switches ----------------------------------------------------------------------------------------


def many(world: World, integration: Integration, number: int) -> list[Position]:
    people = [world.hire() for _ in range(number)]
    for person in people:
        world.introduce(integration, person)
    return [world.save(person) for person in people]


def test_a_pause_reaches_a_turn_that_is_at_work(world: World) -> None:
    integration = world.connect("fortnox")
    many(world, integration, 25)
    world.fail(integration, kind="hang", seconds=0.1, times=10_000)
    other = lambda: actions.pause(Integration.objects.get(pk=integration.pk), by="anna")  # noqa: E731
    with during_a_call(other) as begun:
        world.drain(integration, 8)
    assert [late for late in begun if late > 1] == [], "no call is begun a second after the pause"
    assert Job.objects.filter(state=Job.State.RUNNING).count() == 0
    waited = Job.objects.filter(state=WAITING).count()
    assert waited > 15
    actions.resume(integration, by="anna")
    world.sandboxes[integration.pk].tenant.faults.clear()
    world.drain(integration, 20)
    assert Job.objects.filter(state=WAITING).count() < waited, "and it goes on"


def test_nothing_is_deleted_there_after_the_switch_for_it_was_turned_off(world: World) -> None:
    integration = world.connect("netvisor", delete_positions=True)
    position = world.save()
    world.drain(integration)
    key = position.pk
    position.delete()

    def turn_off() -> None:
        again = Integration.objects.get(pk=integration.pk)
        again.delete_positions = False
        again.save(update_fields=["delete_positions"])

    with during_a_call(turn_off, method="GET", then_wait=2 * worker_turn.KNOWN):
        world.drain(integration)
        world.drain(integration)
    assert len(world.there(integration)) == 1
    assert world.job(integration, key).cause != "", "it says that it stays there"


def test_what_is_under_way_when_it_is_switched_off_does_not_go_out_when_it_is_on_again(world: World) -> None:
    integration = world.connect("netvisor")
    position = world.save()

    def off_and_on() -> None:
        for on in (False, True):
            actions.switch(Integration.objects.get(pk=integration.pk), on, by="anna")

    with during_a_call(off_and_on, method="GET", then_wait=2 * worker_turn.KNOWN):
        world.drain(integration)
        world.drain(integration)
    assert world.there(integration) == []
    job = world.job(integration, position)
    assert (job.state, job.cause, job.open_key) == (SKIPPED, "switched_off", None)


def test_what_was_sent_before_it_was_switched_off_says_so(world: World) -> None:
    integration = world.connect("netvisor")
    position = world.save()
    off = lambda: actions.switch(Integration.objects.get(pk=integration.pk), False, by="anna")  # noqa: E731
    with during_a_call(off, method="POST", after=True):
        world.drain(integration)
    assert len(world.there(integration)) == 1
    assert world.job(integration, position).state == SUCCEEDED


def test_the_refusal_of_old_credentials_does_not_stop_the_new_ones(world: World) -> None:
    integration = world.connect("netvisor")
    position = world.save()
    world.fail(integration, status=401, times=1)

    def renew() -> None:
        again = Integration.objects.get(pk=integration.pk)
        again.set_credentials(dict(again.credentials), by="anna")
        again.save(update_fields=Integration.CREDENTIAL_FIELDS)
        actions.credentials_renewed(again, by="anna")

    with during_a_call(renew, after=True):
        world.drain(integration)
        world.drain(integration)
    assert integration.stopped_at is None
    assert not Event.objects.filter(kind="stopped").exists()
    assert world.job(integration, position).state == SUCCEEDED


# -- buttons ---------------------------------------------------------------------------------------------


def test_a_move_that_is_asked_for_while_it_is_sent_is_carried_out(world: World) -> None:
    integration = world.connect("netvisor")
    position = world.save()
    world.drain(integration)
    position.start_date = date(2026, 2, 1)
    position.save()
    world.drain(integration)
    job = world.job(integration, position)
    assert (job.state, job.cause) == (FAILED, "start_date_changed")
    actions.resync(Job.objects.filter(pk=job.pk), by="anna")
    with during_a_call(lambda: actions.move_period(job, by="anna"), after=True):
        world.drain(integration)
    assert [p["startdate"] for p in world.there(integration)] == ["2026-02-01"]
    assert world.job(integration, position).action == "move"


def test_a_resync_of_what_is_closed_at_that_moment_leaves_no_half_open_job(world: World) -> None:
    integration = world.connect("netvisor")
    position = world.save()
    job = world.job(integration, position)

    def close() -> None:
        Job.objects.filter(pk=job.pk).update(state=SUCCEEDED, open_key=None)

    with meanwhile(close, at='UPDATE "synclog_job"'):
        actions.resync(Job.objects.filter(pk=job.pk), by="anna")
    assert not Job.objects.filter(open_key=None, state__in=Job.OPEN).exists()


def test_a_resync_does_not_bring_back_what_is_deleted_at_that_moment(world: World) -> None:
    integration = world.connect("netvisor")
    position = world.save()
    world.drain(integration)
    closed = world.job(integration, position)
    with meanwhile(lambda: Position.objects.get(pk=position.pk).delete(), at='INSERT INTO "synclog_job"'):
        actions.resync(Job.objects.filter(pk=closed.pk), by="anna")
    assert world.job(integration, closed.position_key).deleted


# -- the vault -------------------------------------------------------------------------------------------


def test_whoever_lost_a_vaults_lock_does_not_free_anothers(world: World) -> None:
    integration = world.connect("netvisor")
    slow, next_one, third = (DatabaseVault(integration.pk) for _ in range(3))
    assert slow.try_lock()
    with time_machine.travel(timezone.now() + timedelta(seconds=60), tick=True):
        assert next_one.try_lock(), "the first one's time is over"
        slow.unlock()
        assert not third.try_lock()
        next_one.unlock()
        assert third.try_lock()


def test_a_token_of_old_credentials_is_not_kept_over_that_of_new_ones(world: World) -> None:
    integration = world.connect("netvisor")
    old, new = DatabaseVault(integration.pk), DatabaseVault(integration.pk)
    old.save({**old.load(), "access_token": "1"})
    old.load()
    integration.refresh_from_db()
    integration.set_credentials(dict(integration.credentials), by="anna")
    integration.save()
    new.save({**new.load(), "access_token": "of the new ones"})
    with pytest.raises(InterruptedRunError):
        old.save({"access_token": "2"})
    assert new.load()["access_token"] == "of the new ones"


# -- every change has its ring ---------------------------------------------------------------------------


@pytest.fixture
def in_orm(settings: Any) -> None:
    """Wake-ups lie in the database, where they can be counted."""
    settings.Q_CLUSTER = {k: v for k, v in settings.Q_CLUSTER.items() if k != "redis"} | {"orm": "default"}


def rings() -> int:
    return OrmQ.objects.count()


def test_a_first_day_that_nobody_rang_for_silences_nobody(world: World, in_orm: None) -> None:
    with time_machine.travel(datetime(2026, 6, 15, 10, tzinfo=UTC), tick=True) as clock:
        integration = world.connect("fortnox")
        world.save(title="Chef", start_date=date(2026, 7, 1))
        world.drain(integration)
        clock.move_to(datetime(2026, 6, 30, 22, 0, 1, tzinfo=UTC))
        assert Job.objects.due(timezone.now()).exists()
        OrmQ.objects.all().delete()
        world.save(world.hire())
        assert rings() == 1


def test_a_first_day_is_rung_for_when_it_has_come(world: World, in_orm: None) -> None:
    with time_machine.travel(datetime(2026, 6, 15, 10, tzinfo=UTC), tick=True) as clock:
        integration = world.connect("fortnox")
        world.save(title="Chef", start_date=date(2026, 7, 1))
        world.drain(integration)
        OrmQ.objects.all().delete()
        clock.move_to(datetime(2026, 6, 30, 21, 59, 59, tzinfo=UTC))
        since = tasks.wake_retries(timezone.now() - timedelta(seconds=3))
        assert rings() == 0
        clock.move_to(datetime(2026, 6, 30, 22, 0, 1, tzinfo=UTC))
        tasks.wake_retries(since)
        assert rings() == 1


def test_what_is_saved_by_a_clock_that_is_ahead_is_sent_by_the_ring_that_came_along(world: World) -> None:
    integration = world.connect("netvisor")
    with time_machine.travel(timezone.now() + timedelta(seconds=2), tick=True):
        position = world.save()
    tasks.look([integration.pk])
    assert world.job(integration, position).state == SUCCEEDED


@on_postgresql
def test_a_save_that_commits_after_the_job_it_had_seen_was_sent_rings(world: World, in_orm: None) -> None:
    integration = world.connect("netvisor")
    world.save()
    other = world.hire()
    world.introduce(integration, other)

    def send_the_first() -> None:
        tasks.drain(integration.pk, TURN)
        OrmQ.objects.all().delete()

    with transaction.atomic():
        late = world.save(other)
        Elsewhere(send_the_first).begin(30).over()
    assert rings() == 1
    tasks.look([integration.pk])
    assert world.job(integration, late).state == SUCCEEDED


def test_a_turn_that_is_cut_short_has_somebody_look_once_more(world: World, in_orm: None, monkeypatch: Any) -> None:
    """It did not wait for whoever had seen its last job waiting and is not through."""
    integration = world.connect("netvisor")
    world.save()
    OrmQ.objects.all().delete()
    # Somebody else waits for a worker as soon as this one is at work.
    short = lambda _: -1.0 if Job.objects.exclude(state=WAITING).exists() else math.inf  # noqa: E731
    monkeypatch.setattr(tasks, "allowed_seconds", short)
    monkeypatch.setattr(worker_turn, "SHORT", -1.0)
    monkeypatch.setattr(worker_turn, "LOOK", 0.0)
    world.drain(integration, 5)
    assert not Job.objects.open().exists()
    assert rings() == 1
