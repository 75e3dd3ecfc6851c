"""How long things are kept, with time travel: on the day before they are there, on the day after they are gone."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ, Task

from integrations.models import EmployeeLink, ExportFile, ExportRecord, Integration, PeriodLink
from integrations.runtime import export_files
from positions.accounts.sessions import SessionStore
from positions.models import AuditEntry, Employee, IdempotencyKey, Import, ImportPiece
from synclog.log import retention
from synclog.models import Attempt, Batch, BatchError, Event, Job, RetroChange
from synclog.queue import tasks
from tests.factories import IntegrationFactory, UserFactory
from tests.positions.files import sent
from tests.said import kept
from tests.security.conftest import browser_of
from tests.security.test_canaries import queued
from tests.synclog.world import World, new_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(sandbox_server: Any, settings: Any) -> World:
    settings.ALLOW_PRIVATE_TARGETS = True
    return new_world(sandbox_server)


@contextmanager
def days_later(days: float) -> Iterator[None]:
    with time_machine.travel(timezone.now() + timedelta(days=days), tick=True):
        yield


def a_job(integration: Integration, number: int = 1, **values: Any) -> Job:
    now = timezone.now()
    return Job(
        **{
            "organization_id": integration.organization_id, "integration": integration, "employee_key": number,
            "position_key": number, "employee_name": "Kari", "title": "T", "start_date": now.date(), "due_at": now,
            "recorded_at": now, "changed_at": now, "finished_at": now, "state": Job.State.SUCCEEDED, **values,
        }
    )  # fmt: skip


def an_attempt(job: Job) -> Attempt:
    now = timezone.now()
    return Attempt(job=job, number=1, started_at=now, finished_at=now, exchanges=[{"url": "x" * 500}])


def test_calls_are_kept_30_days_and_the_attempt_longer(world: World) -> None:
    attempt = an_attempt(a_job(IntegrationFactory()))
    attempt.job.save()
    attempt.save()
    with days_later(29.9):
        tasks.prune()
        assert Attempt.objects.get().exchanges
    with days_later(30.1):
        tasks.prune()
        assert Attempt.objects.get().exchanges == []


def test_closed_jobs_are_kept_400_days_and_open_ones_for_ever(world: World) -> None:
    integration = IntegrationFactory()
    closed = a_job(integration)
    failed = a_job(integration, 2, state=Job.State.FAILED, open_key=2, finished_at=None)
    for job in (closed, failed):
        job.save()
        an_attempt(job).save()
    Event.objects.create(integration=integration, kind="on", said=kept("On."))
    now = timezone.now()
    batch = Batch.objects.create(keys=b"", total=1, origin="api", by="x", asked_at=now, moved_at=now, done_at=now)
    BatchError.objects.create(batch=batch, integration=integration, employee_key=1, position_key=1, cause="being_sent")
    RetroChange.objects.create(
        integration=integration, kind="made", employee_key=1, position_key=1, employee_name="Kari", title="T",
        cutoff_at=now, first_on=now.date(), last_on=now.date(), saved_at=now, origin="edit",
    )  # fmt: skip
    with days_later(399.9):
        tasks.prune()
        assert Job.objects.count() == Attempt.objects.count() == 2 and Event.objects.exists()
        assert RetroChange.objects.exists()
        assert BatchError.objects.exists()
    with days_later(400.1):
        tasks.prune()
        assert Job.objects.get() == failed and Attempt.objects.get().job_id == failed.pk
        assert not Event.objects.exists() and not RetroChange.objects.exists()
        assert not Batch.objects.exists() and not BatchError.objects.exists()
    with days_later(4000):
        tasks.prune()
        assert Job.objects.get() == failed


@pytest.mark.parametrize(
    ("kept", "make"),
    [
        (400, lambda: AuditEntry.objects.create(via="admin", action="changed", kind="user", object_name="x")),
        (
            400,
            lambda: LogEntry.objects.create(
                user=UserFactory(),
                content_type=ContentType.objects.get_for_model(Employee),
                object_id="1",
                object_repr="Kari",
                action_flag=CHANGE,
            ),
        ),
        (
            30,
            lambda: Task.objects.create(
                id="a", name="n", func="f", started=timezone.now(), stopped=timezone.now(), success=False
            ),
        ),
        (
            1,
            lambda: IdempotencyKey.objects.create(
                organization=IntegrationFactory().organization, key_hash="k", request_hash="r", body={}
            ),
        ),
    ],
)
def test_other_traces(kept: float, make: Any) -> None:
    AuditEntry.objects.all().delete()
    row = make()
    with days_later(kept - 0.1):
        tasks.prune()
        assert type(row).objects.filter(pk=row.pk).exists()
    with days_later(kept + 0.1):
        tasks.prune()
        assert not type(row).objects.filter(pk=row.pk).exists()


def test_sessions_end_with_their_time(settings: Any) -> None:
    session = SessionStore()
    session.create()
    with days_later(settings.SESSION_IDLE_SECONDS / 86400 - 0.01):
        tasks.prune()
        assert Session.objects.exists()
    with days_later(settings.SESSION_IDLE_SECONDS / 86400 + 0.01):
        tasks.prune()
        assert not Session.objects.exists()


# -- files


def test_a_fetched_files_contents_are_kept_90_days(world: World) -> None:
    crona = world.connect("crona_lon")
    position = world.save(title="Baker")
    world.drain(crona)
    fetched = ExportFile.objects.get()
    export_files.fetch(fetched, by="kari")
    position.title = "Cook"
    position.save()
    world.drain(crona)
    open_file = ExportFile.objects.get(fetched_at=None)
    waiting = ExportFile.objects.create(
        integration=crona, made_at=timezone.now(), fetched_at=timezone.now(), folder="crona", kept="x"
    )
    with days_later(89.9):
        tasks.prune()
        fetched.refresh_from_db()
        assert fetched.content and fetched.records.count() == 1
    with days_later(90.1):
        tasks.prune()
        fetched.refresh_from_db()
        assert fetched.content == b"" and fetched.fetched and not fetched.records.exists()
        waiting.refresh_from_db()
        assert waiting.content, "it is not in its folder yet"
        # the newest record is what we know of the person there
        assert [r.record["befattning"] for r in ExportRecord.objects.all()] == ["Cook"]
        editor = browser_of(world.organization, "editor")
        page = editor.get(reverse("admin:integrations_integration_files", args=[crona.pk])).content.decode()
        assert page.count("Contents removed: they are kept for 90 days") == 1
        download = reverse("admin:integrations_integration_file_download", args=[crona.pk, fetched.pk])
        assert "is not kept any more" in editor.get(download, follow=True).content.decode()
    # nobody fetched this one: it waits for ever
    with days_later(1000):
        tasks.prune()
        assert open_file.records.count() == 1


def test_what_is_known_there_of_somebody_who_left_goes_after_400_days(world: World) -> None:
    tripletex = world.connect("tripletex", delete_positions=True)
    complete = {"occupation_code": "7412101", "working_hours_scheme": "not_shift", "remuneration_type": "monthly"}
    gone = world.hire(number="9", company=world.employee.company, birth_date=date(1990, 1, 1))
    world.introduce(tripletex, gone)
    for employee in (gone, world.employee):
        world.save(employee, **complete)
    world.drain(tripletex)
    key = gone.pk
    assert PeriodLink.objects.filter(employee_key=key).exists()
    tripletex.paused_at = timezone.now()
    tripletex.save()
    gone.delete()  # recorded, and not sent yet
    with days_later(401):
        tasks.prune()
        assert EmployeeLink.objects.filter(employee_key=key).exists(), "the deletion there still waits"
    Job.objects.open().update(open_key=None, finished_at=timezone.now(), state=Job.State.DISMISSED)
    with days_later(399):
        tasks.prune()
        assert EmployeeLink.objects.filter(employee_key=key).exists()
    with days_later(401):
        tasks.prune()
        for model in (EmployeeLink, PeriodLink):
            assert set(model.objects.values_list("employee_key", flat=True)) == {world.employee.pk}


# -- how it is done


def fill(integration: Integration, count: int) -> None:
    jobs = Job.objects.bulk_create((a_job(integration, n) for n in range(count)), batch_size=1000)
    Attempt.objects.bulk_create((an_attempt(job) for job in jobs), batch_size=1000)


def test_it_goes_in_batches_of_short_transactions(world: World, monkeypatch: Any) -> None:
    fill(IntegrationFactory(), 1200)
    sizes: list[int] = []
    monkeypatch.setattr(
        retention, "delete_jobs", lambda rows, do=retention.delete_jobs: sizes.append(rows.count()) or do(rows)
    )
    with days_later(401), CaptureQueriesContext(connection) as queries:
        tasks.prune()
    assert sizes == [500, 500, 200]
    assert not Job.objects.exists() and not Attempt.objects.exists()
    # no job and no call is read: keys only
    read = [q["sql"] for q in queries if q["sql"].startswith("SELECT")]
    assert not [sql for sql in read if "exchanges" in sql.split(" FROM ")[0] or "employee_name" in sql]
    # as many savepoints (transactions, outside of a test) as batches
    assert sum(q["sql"].startswith("SAVEPOINT") for q in queries) >= 6


def test_a_long_backlog_is_gone_on_with_behind_the_others(world: World, monkeypatch: Any) -> None:
    fill(IntegrationFactory(), 1200)
    monkeypatch.setattr(retention, "SECONDS", 0.0)
    rounds = 0
    with days_later(401):
        while rounds < 50:
            OrmQ.objects.all().delete()
            tasks.prune()
            rounds += 1
            if not OrmQ.objects.exists():
                break
            assert "synclog.queue.tasks.prune" in queued()
    assert 1 < rounds < 50 and not Job.objects.exists()


def test_it_is_scheduled_every_day() -> None:
    from django_q.models import Schedule

    row = Schedule.objects.get(func="synclog.queue.tasks.prune")
    assert row.minutes == 24 * 60 and row.repeats == -1


# -- deleting a connection


def test_deleting_a_connection_never_reads_its_log(world: World) -> None:
    integration = world.connect("tripletex")
    admin = browser_of(world.organization, "admin")
    address = reverse("admin:integrations_integration_delete", args=[integration.pk])
    fill(integration, 50)
    with CaptureQueriesContext(connection) as few:
        short = admin.get(address)
    number = 6_000
    Job.objects.all().delete()
    fill(integration, number)
    Event.objects.bulk_create(Event(integration=integration, kind="on", said=kept("x" * 200)) for _ in range(5000))
    PeriodLink.objects.bulk_create(
        PeriodLink(integration=integration, employee_key=n, position_key=n, remote_id="1") for n in range(5000)
    )
    with CaptureQueriesContext(connection) as many:
        page = admin.get(address)
    assert len(many) == len(few) and len(page.content) < len(short.content) + 100
    text = page.content.decode()
    assert "6,000 entries" in text and "5,000 positions" in text

    tracemalloc.start()
    with CaptureQueriesContext(connection) as queries:
        answer = admin.post(address, {"post": "yes"})
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert answer.status_code == 302 and not Integration.objects.exists()
    for model in (Job, Attempt, Event, PeriodLink):
        assert not model.objects.exists()
    selects = [q["sql"].split(" FROM ")[0] for q in queries if q["sql"].startswith("SELECT")]
    assert not [s for s in selects if s.count("synclog_attempt") > 2]
    whole = [s for s in selects if "employee_name" in s]
    assert len(whole) <= 1, "the last look at what is left, and no more"
    assert len(queries) < 600
    assert peak < 20_000_000, peak


@pytest.mark.parametrize("role", ["viewer", "editor"])
def test_only_admins_empty_a_connection(world: World, role: str) -> None:
    integration = world.connect("tripletex")
    fill(integration, 3)
    address = reverse("admin:integrations_integration_delete", args=[integration.pk])
    assert browser_of(world.organization, role).post(address, {"post": "yes"}).status_code == 403
    assert Job.objects.count() == 3
    assert browser_of(world.organization, "admin").get(address).status_code == 200
    assert Job.objects.count() == 3


def test_a_file_that_is_imported_is_forgotten_within_a_day(world: World) -> None:
    asked = sent(world.organization, "employees", [["Employee number", "First name"], ["1", "Kari"]])
    with days_later(22.9 / 24):
        tasks.sweep()
        assert Import.objects.filter(pk=asked.pk).exists() and ImportPiece.objects.exists()
    with days_later(23.1 / 24):
        tasks.sweep()
        assert not Import.objects.exists() and not ImportPiece.objects.exists()
