"""Who decides by a row waits for whoever is changing it, and decides by what that one leaves.

For each such row somebody else has changed it in a transaction that is not over when this thread comes by. Nothing of
either is lost.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from integrations.models import EmployeeLink, Integration, PeriodLink
from integrations.runtime import export_files, mapping
from integrations.runtime.outbox import DatabaseOutbox
from integrations.runtime.shared_limiter import SharedLimiter
from integrations.runtime.vault import DatabaseVault
from integrations.sdk.errors import InterruptedRunError
from integrations.sdk.values import Person, RemoteEmployee
from positions.models import Position
from synclog.engine import actions, agreeing
from synclog.engine.lease import Held
from synclog.engine.matches import DatabaseMatches, release
from synclog.models import Job, Question
from synclog.questions import asking
from tests.synclog.interleaving import LONGEST, Elsewhere, on_postgresql
from tests.synclog.test_results import HISTORY, Desk, new_desk, outcome, report, wanted

pytestmark = [pytest.mark.django_db(transaction=True), on_postgresql]

WAITS = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


@contextmanager
def uncommitted(act: Callable[[], Any]) -> Iterator[None]:
    """`act` was done elsewhere and is committed as soon as somebody waits for it, or a moment later."""
    done = threading.Event()

    def change() -> None:
        with transaction.atomic():
            act()
            done.set()
            until = time.monotonic() + 1.5
            with connection.cursor() as cursor:
                while time.monotonic() < until and not cursor.execute(WAITS).fetchone():
                    time.sleep(0.01)
                    cursor.execute("SELECT pg_stat_clear_snapshot()")

    other = Elsewhere(change).begin(0)
    assert done.wait(LONGEST)
    yield
    other.over()


@pytest.fixture
def desk() -> Desk:
    return new_desk(HISTORY)


def test_a_change_that_is_being_saved_is_not_closed_by_the_result_of_the_old_one(desk: Desk) -> None:
    position = desk.hire()
    done = desk.done(position, report(outcome(position)))

    def save() -> None:
        again = Position.objects.get(pk=position.pk)
        again.title = "Cook"
        again.save()

    with uncommitted(save):
        desk.store(done)
    job = desk.job(position)
    assert (job.state, job.open_key, job.title) == (Job.State.WAITING, position.pk, "Cook")
    assert desk.link(position) is not None


def test_a_connection_that_is_being_changed_closes_nothing(desk: Desk) -> None:
    position = desk.hire()
    done = desk.done(position, report(outcome(position)))
    with uncommitted(lambda: Integration.objects.filter(pk=desk.integration.pk).update(version=99)):
        assert not desk.store(done)
    assert desk.job(position).state == Job.State.WAITING


def test_a_lease_that_is_being_taken_files_nothing_and_stores_nothing(desk: Desk) -> None:
    position = desk.hire()
    done = desk.done(position, report(outcome(position)))

    def take() -> None:
        desk.held._rows().update(until=timezone.now() - timedelta(seconds=1))
        assert Held.acquire(desk.integration.pk) is not None

    with uncommitted(take), transaction.atomic():
        assert not desk.held.holds()
    assert not desk.store(done)
    assert desk.link(position) is None


def test_what_a_run_is_writing_is_not_looked_at_as_it_was(desk: Desk) -> None:
    position = desk.hire(title="Cook")
    desk.store(desk.done(position, report(outcome(position, sent=None, state="skipped"))))
    link = desk.sent(position, "r1", values=mapping.to_json({"title": "Baker"}))
    new: dict[str, Any] = {"values": mapping.to_json(wanted(desk, position)), "stale": False}
    with uncommitted(lambda: PeriodLink.objects.filter(pk=link.pk).update(**new)):
        agreeing.look(PeriodLink.objects.all())
    link.refresh_from_db()
    assert not link.stale
    assert mapping.from_json(link.values)["title"] == "Cook"


def test_a_match_that_is_being_released_is_not_claimed(desk: Desk) -> None:
    position = desk.hire()
    link = desk.matched(position, "e1")
    who = Person(str(position.employee_id), "1", "A", "B")
    with uncommitted(lambda: release(link, "Kari")), pytest.raises(InterruptedRunError):
        DatabaseMatches(desk.integration).claim(who, RemoteEmployee("e1"))
    link.refresh_from_db()
    assert link.state == EmployeeLink.State.RELEASED


def test_a_match_that_is_being_claimed_is_released_as_it_is_then(desk: Desk) -> None:
    position = desk.hire()
    link = desk.matched(position, "e1")
    with uncommitted(lambda: EmployeeLink.objects.filter(pk=link.pk).update(remote_id="e2", written_to="e2")):
        release(link, "Kari")
    link.refresh_from_db()
    assert (link.state, link.remote_id, link.written_to) == (EmployeeLink.State.RELEASED, "e2", "e2")


def test_of_two_questions_that_are_begun_at_once_one_waits(desk: Desk) -> None:
    one, two = (
        Question.objects.create(
            organization=desk.integration.organization, integration=desk.integration, kind="check", asked_by="a"
        )
        for _ in range(2)
    )
    with uncommitted(lambda: asking._begin(one.pk)):
        assert asking._begin(two.pk) is None
    one.refresh_from_db()
    two.refresh_from_db()
    assert one.begun_at is not None and two.begun_at is None


def test_credentials_that_are_being_renewed_are_not_replaced_by_an_old_ones_token(desk: Desk) -> None:
    vault = DatabaseVault(desk.integration.pk)
    vault.load()

    def renew() -> None:
        row = Integration.objects.get(pk=desk.integration.pk)
        row.vault = {"token": "new"}
        row.save(update_fields=["vault"])

    with uncommitted(renew), pytest.raises(InterruptedRunError):
        vault.save({"token": "old"})
    assert DatabaseVault(desk.integration.pk).load() == {"token": "new"}


def test_a_file_that_is_being_fetched_takes_no_record_any_more() -> None:
    desk = new_desk("crona_lon")
    files = DatabaseOutbox(desk.integration)
    first = files.put("1", {"anst_nr": "1"})
    [file] = desk.integration.export_files.all()

    def fetch() -> None:
        desk.integration.export_files.filter(pk=file.pk).update(fetched_at=timezone.now(), fetched_by="clerk")

    with uncommitted(fetch):
        second = files.put("2", {"anst_nr": "2"})
    assert second.file_id != first.file_id
    assert file.records.count() == 1


def test_of_a_file_that_is_being_fetched_it_is_not_said_that_it_was_nobodys() -> None:
    desk = new_desk("crona_lon")
    DatabaseOutbox(desk.integration).put("1", {"anst_nr": "1"})
    [file] = desk.integration.export_files.all()

    def fetch() -> None:
        desk.integration.export_files.filter(pk=file.pk).update(fetched_at=timezone.now(), fetched_by="another")

    with uncommitted(fetch):
        assert not export_files.fetch(file, "clerk")
    assert file.fetched_by == "another"


def test_two_who_ask_a_shared_limit_at_once_have_different_moments() -> None:
    limiter = SharedLimiter("key", 5.0)
    limiter._reserve(0)
    first: list[Any] = []
    with uncommitted(lambda: first.append(limiter._reserve(0))):
        second = limiter._reserve(0)
    assert abs(second - first[0]) >= timedelta(seconds=5)


def test_what_is_being_saved_is_sent_now_as_it_is_then(desk: Desk) -> None:
    position = desk.hire()
    Job.objects.all().delete()
    with uncommitted(lambda: Position.objects.filter(pk=position.pk).update(title="Cook")):
        assert len(actions.send_now([position], desk.integration, "Kari")) == 1
    assert desk.job(position).title == "Cook"


def test_what_is_being_deleted_is_not_sent_now(desk: Desk) -> None:
    position = desk.hire()
    Job.objects.all().delete()
    with uncommitted(lambda: Position.objects.filter(pk=position.pk).delete()):
        assert not actions.send_now([Position(pk=position.pk)], desk.integration, "Kari")


def test_a_connection_that_is_being_paused_is_switched_as_it_is_then(desk: Desk) -> None:
    mine = Integration.objects.get(pk=desk.integration.pk)
    paused = timezone.now()
    with uncommitted(lambda: Integration.objects.filter(pk=mine.pk).update(paused_at=paused)):
        actions.switch(mine, False, "Kari")
    assert mine.paused_at == paused
    mine.refresh_from_db()
    assert (mine.paused_at, mine.send_positions) == (paused, False)
