"""How far a large re-sync is: said on the connection's page, from a range of an index only."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection as database
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.models import Integration
from positions.models import Organization, Position
from synclog.log import batches, bulk_actions, progress
from synclog.models import Event, Job, Resync
from tests.factories import OrganizationFactory
from tests.synclog.pages import client_of, connection, job, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def small_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "LARGE", 6)
    monkeypatch.setattr(batches, "PIECE", 4)


@pytest.fixture
def organization() -> Organization:
    return OrganizationFactory(time_zone="Europe/Oslo")


@pytest.fixture
def integration(organization: Organization) -> Integration:
    return connection(organization, name="Netvisor Oulu")


def sent(integration: Integration, number: int) -> QuerySet[Job]:
    """So many positions that were sent some time ago."""
    long_ago = timezone.now() - timedelta(days=3)
    keys = [job(integration, state=Job.State.SUCCEEDED, changed_at=long_ago).pk for _ in range(number)]
    return Job.objects.filter(pk__in=keys)


def work_off(integration: Integration, number: int, state: str = Job.State.SUCCEEDED) -> None:
    keys = list(
        Job.objects.open().filter(integration=integration, state="waiting").values_list("pk", flat=True)[:number]
    )
    Job.objects.filter(pk__in=keys).update(state=state, open_key=None, changed_at=timezone.now())


def test_how_far_it_is_and_how_long_it_takes(integration: Integration) -> None:
    assert bulk_actions.resync(sent(integration, 10), "anna").sent == 10
    found = progress.progress_of(integration)
    assert found is not None
    assert (found.words, found.percent) == ("0 of 10 positions done.", 0)
    work_off(integration, 4)
    Resync.objects.update(at=timezone.now() - timedelta(minutes=40))
    found = progress.progress_of(integration)
    assert found is not None
    # 4 in the last two minutes, 6 to go
    assert (found.words, found.percent) == ("4 of 10 positions done, about 3 minutes left.", 40)
    work_off(integration, 6)
    assert progress.progress_of(integration) is None
    [told] = Event.objects.filter(integration=integration)
    assert (told.text, told.by) == ("Re-sync: 10 positions looked at again.", "anna")


def test_what_somebody_saves_meanwhile_is_not_part_of_it(integration: Integration) -> None:
    bulk_actions.resync(sent(integration, 7), "anna")
    for _ in range(3):
        job(integration, state=Job.State.WAITING)
    found = progress.progress_of(integration)
    assert found is not None
    assert (found.total, found.left) == (7, 7)


def test_what_is_refused_or_tried_again_later_is_done_with(integration: Integration) -> None:
    bulk_actions.resync(sent(integration, 7), "anna")
    waiting = list(Job.objects.open().values_list("pk", flat=True))
    Job.objects.filter(pk=waiting[0]).update(state="failed")
    Job.objects.filter(pk=waiting[1]).update(state="retrying", due_at=timezone.now() + timedelta(hours=1))
    found = progress.progress_of(integration)
    assert found is not None
    assert found.left == 5


def test_a_small_one_is_not_spoken_of(integration: Integration) -> None:
    bulk_actions.resync(sent(integration, 5), "anna")
    assert progress.progress_of(integration) is None
    assert not Resync.objects.exists() and not Event.objects.exists()


def test_while_it_is_still_being_recorded(integration: Integration) -> None:
    bulk_actions.resync(sent(integration, 8), "anna")
    Resync.objects.update(until=None)
    found = progress.progress_of(integration)
    assert found is not None and found.words == "0 of 8 positions done, and more are still being recorded."


def test_of_several_connections_each_has_its_own(organization: Organization, integration: Integration) -> None:
    other = connection(organization, name="Tripletex Oslo")
    bulk_actions.resync(sent(integration, 5) | sent(other, 3), "anna")
    totals = [p.total for i in (integration, other) if (p := progress.progress_of(i)) is not None]
    assert totals == [5, 3]


def test_a_held_back_connection_says_why_instead_of_how_long(integration: Integration) -> None:
    bulk_actions.resync(sent(integration, 8), "anna")
    work_off(integration, 2)
    integration.paused_at, integration.paused_by = timezone.now(), "anna"
    found = progress.progress_of(integration)
    assert found is not None
    assert found.words == "2 of 8 positions done." and "paused" in found.note.lower()


def test_the_page_says_it_and_only_to_its_own_organization(
    organization: Organization, integration: Integration
) -> None:
    bulk_actions.resync(sent(integration, 8), "anna")
    address = f"/admin/integrations/integration/{integration.pk}/change/"
    page = text_of(client_of(organization).get(address))
    assert "0 of 8 positions done." in page
    stranger = client_of(OrganizationFactory()).get(address)
    assert b"positions done" not in stranger.content and stranger.status_code != 200


def test_neither_the_queries_nor_what_they_look_at_grow(integration: Integration) -> None:
    def queries() -> list[str]:
        with CaptureQueriesContext(
            database,
        ) as ran:
            assert progress.progress_of(integration) is not None
        return [q["sql"] for q in ran.captured_queries]

    bulk_actions.resync(sent(integration, 8), "anna")
    work_off(integration, 2)
    few = queries()
    bulk_actions.resync(sent(integration, 30), "anna")
    work_off(integration, 2)
    assert len(queries()) == len(few) == 3
    if database.vendor == "sqlite":
        with database.cursor() as cursor:
            plans = [str(cursor.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall()) for sql in few[1:]]
        assert "job_due (integration_id=? AND due_at>? AND due_at<?)" in plans[0], plans
        assert "state=? AND changed_at>?" in plans[1], plans


def test_recording_takes_the_same_queries_for_each_piece(
    integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "PIECE", 10)

    def queries(jobs: QuerySet[Job]) -> int:
        with CaptureQueriesContext(database) as ran:
            bulk_actions.resync(jobs, "anna")
        return len(ran)

    _, one, three, five = (queries(sent(integration, number)) for number in (10, 10, 30, 50))
    assert five - three == three - one


def test_a_position_that_stands_in_the_log_many_times_counts_once(integration: Integration) -> None:
    jobs = sent(integration, 8)
    position = Position.objects.get(pk=jobs[0].position_key)
    more = [job(integration, position, state=Job.State.SUCCEEDED).pk for _ in range(3)]
    done = bulk_actions.resync(jobs | Job.objects.filter(pk__in=more), "anna")
    assert (done.sent, done.left_out) == (8, 3)
    found = progress.progress_of(integration)
    assert found is not None and found.total == 8
