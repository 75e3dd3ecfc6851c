"""Which jobs a save makes, and what it leaves of those that are open. No system is asked."""

from __future__ import annotations

import time
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from integrations.models import Integration, PeriodLink
from positions.models import Company, Position
from positions.origin import Origin
from synclog.engine import record as recording
from synclog.engine.record import Changed, again, left_scope, record, renew
from synclog.models import Job
from tests.factories import CompanyFactory, EmployeeFactory, IntegrationFactory, OrganizationFactory, PositionFactory
from tests.said import kept


class Office:
    """An organization with two companies, and positions about which nobody has said anything yet."""

    def __init__(self) -> None:
        self.organization = OrganizationFactory()
        self.ours, self.theirs = (CompanyFactory(organization=self.organization) for _ in range(2))

    def connection(self, *companies: Company, on: bool = True, was_on: bool = True, **values: Any) -> Integration:
        found = IntegrationFactory(organization=self.organization, **values)
        if on or was_on:
            found.switch(True)
        found.send_positions = on
        found.save()
        if companies:
            found.companies.set(companies)
        return found

    def position(self, company: Company | None = None, **values: Any) -> Position:
        person = EmployeeFactory(organization=self.organization, company=company)
        found = PositionFactory(employee=person, company=company, **values)
        Job.objects.all().delete()
        return Position.objects.select_related("employee").get(pk=found.pk)

    def sent(self, integration: Integration, position: Position) -> PeriodLink:
        return PeriodLink.objects.create(
            integration=integration, employee_key=position.employee_id, position_key=position.pk, remote_id="r1"
        )


@pytest.fixture
def office(db: Any) -> Office:
    return Office()


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    found: list[int] = []
    monkeypatch.setattr(recording, "wake", found.extend)
    return found


def saved(*changes: Changed, origin: Origin | None = None) -> list[Job]:
    with transaction.atomic():
        record(changes, origin)
    return list(Job.objects.open().order_by("integration_id", "position_key"))


# -- for whom ----------------------------------------------------------------------------------------------


def test_every_connection_that_records_gets_a_job(office: Office, rung: list[int]) -> None:
    one, two = office.connection(), office.connection()
    off, never = office.connection(on=False), office.connection(on=False, was_on=False)
    stranger = Office().connection()
    positions = [office.position(), office.position()]
    jobs = saved(*(Changed(p, ["title"]) for p in positions))
    assert [(j.integration_id, j.position_key) for j in jobs] == [(i.pk, p.pk) for i in (one, two) for p in positions]
    assert set(rung) == {one.pk, two.pk}
    assert not Job.objects.filter(integration__in=[off, never, stranger]).exists()
    job = jobs[0]
    assert (job.organization_id, job.employee_key) == (office.organization.pk, positions[0].employee_id)
    assert (job.open_key, job.action, job.deleted, job.outside) == (positions[0].pk, Job.Action.SAVE, False, False)
    assert (job.changed, job.changed_in) == (["title"], job.generation)
    assert (job.employee_name, job.employee_number) == (positions[0].employee.name, positions[0].employee.number)
    assert (job.title, job.start_date, job.end_date) == (positions[0].title, positions[0].start_date, None)
    assert job.due_at <= timezone.now()


def test_of_several_organizations_each_gets_its_own(office: Office) -> None:
    other = Office()
    one, two = office.connection(), other.connection()
    here, there = office.position(), other.position()
    for changes in ((here, there), (there, here)):
        jobs = saved(*(Changed(p) for p in changes))
        assert [(j.integration_id, j.position_key) for j in jobs] == [(one.pk, here.pk), (two.pk, there.pk)]
        Job.objects.all().delete()


def test_nothing_saved_is_nothing_recorded(office: Office, rung: list[int], django_assert_num_queries: Any) -> None:
    office.connection()
    with django_assert_num_queries(0):
        assert record([]) == []
    assert rung == []


def test_a_connection_that_is_off_has_its_links_looked_at(office: Office) -> None:
    """Nothing of it is sent, and nobody is to say that it is in sync."""
    off, on = office.connection(on=False), office.connection()
    position, bystander = office.position(), office.position()
    looked_at, *others = office.sent(off, position), office.sent(off, bystander), office.sent(on, position)
    saved(Changed(position, ["title"]))
    looked_at.refresh_from_db()
    assert looked_at.stale
    for link in others:
        link.refresh_from_db()
        assert not link.stale


def test_a_deleted_position_is_said_to_be_deleted(office: Office) -> None:
    office.connection()
    [job] = saved(Changed(office.position(), deleted=True))
    assert (job.action, job.deleted, job.outside, job.changed) == (Job.Action.DELETE, True, False, None)


def test_who_started_it_is_kept(office: Office) -> None:
    office.connection()
    [job] = saved(Changed(office.position()), origin=Origin("resync", "Kari"))
    assert (job.origin, job.origin_name) == ("resync", "Kari")


# -- whose companies ---------------------------------------------------------------------------------------


def test_a_limited_connection_takes_the_positions_of_its_companies(office: Office) -> None:
    limited = office.connection(office.ours)
    inside, outside, without = office.position(office.ours), office.position(office.theirs), office.position()
    jobs = saved(*(Changed(p, ["title"]) for p in (inside, outside, without)))
    assert [(j.integration_id, j.position_key, j.changed) for j in jobs] == [(limited.pk, inside.pk, ["title"])]


def test_a_position_that_comes_in_is_all_new_there(office: Office) -> None:
    limited, everybody = office.connection(office.ours), office.connection()
    position = office.position(office.ours)
    jobs = saved(Changed(position, ["company", "title"]))
    assert {j.integration_id: j.changed for j in jobs} == {limited.pk: None, everybody.pk: ["company", "title"]}


@pytest.mark.parametrize("known", ["sent", "about to be", "never"])
def test_a_position_that_leaves_is_told_where_it_is_known(office: Office, known: str) -> None:
    limited, other = office.connection(office.ours), office.connection(office.theirs)
    position = office.position(office.theirs)
    if known == "sent":
        office.sent(limited, position)
    elif known == "about to be":
        recording.store([recording.job_for(Changed(position), position.employee, limited.pk)])
    jobs = {j.integration_id: j for j in saved(Changed(position, ["company"]))}
    assert set(jobs) == {other.pk} | ({limited.pk} if known != "never" else set())
    if known != "never":
        left = jobs[limited.pk]
        assert (left.action, left.outside, left.deleted, left.changed) == (Job.Action.DELETE, True, False, None)


def test_that_it_left_is_told_once_and_once_more_when_it_moves_again(office: Office) -> None:
    limited = office.connection(office.ours)
    position = office.position(office.theirs)
    office.sent(limited, position)
    [job] = saved(Changed(position, ["title"]))
    assert job.outside, "it left while nobody looked"
    Job.objects.update(state=Job.State.SKIPPED, open_key=None)
    assert saved(Changed(position, ["title"])) == []
    assert len(saved(Changed(position, ["company"]))) == 1
    Job.objects.update(state=Job.State.DISMISSED, open_key=None, cause="switched_off", outside=False)
    Job.objects.exclude(pk=Job.objects.order_by("-pk")[0].pk).update(cause="", outside=True)
    assert saved(Changed(position, ["title"])) == [], "what was closed by switching off told nothing"


def test_what_one_connection_was_told_another_one_was_not(office: Office) -> None:
    one, two = office.connection(office.ours), office.connection(office.ours)
    position = office.position(office.theirs)
    office.sent(one, position)
    saved(Changed(position, ["title"]))
    Job.objects.update(state=Job.State.SKIPPED, open_key=None)
    office.sent(two, position)
    assert [j.integration_id for j in saved(Changed(position, ["title"]))] == [two.pk]


def test_a_deletion_of_what_left_is_told_once_too(office: Office) -> None:
    limited = office.connection(office.ours)
    position = office.position(office.theirs)
    office.sent(limited, position)
    [job] = saved(Changed(position, deleted=True))
    assert (job.action, job.deleted, job.outside) == (Job.Action.DELETE, True, False)


def test_leaving_is_each_connections_own(office: Office) -> None:
    one, two = office.connection(office.ours), office.connection(office.ours)
    here, there = office.position(office.theirs), office.position(office.theirs)
    office.sent(one, here)
    office.sent(two, there)
    both = left_scope({here.pk, there.pk}, {one.pk, two.pk})
    assert both == {(one.pk, here.pk): False, (two.pk, there.pk): False}
    assert left_scope({here.pk}, set()) == left_scope(set(), {one.pk}) == {}
    jobs = saved(Changed(here, ["company"]), Changed(there, ["company"]))
    assert [(j.integration_id, j.position_key) for j in jobs] == [(one.pk, here.pk), (two.pk, there.pk)]


def test_a_resync_sends_what_is_taken_takes_out_what_left_and_nothing_else(office: Office) -> None:
    limited = office.connection(office.ours)
    inside, left, never = office.position(office.ours), office.position(office.theirs), office.position(office.theirs)
    office.sent(limited, left)
    jobs = again([(limited.pk, p) for p in (inside, left, never)], Origin("resync", "Kari"))
    assert [(j.position_key, j.outside, j.origin) for j in jobs] == [
        (inside.pk, False, "resync"),
        (left.pk, True, "resync"),
    ]
    gone = limited.pk
    limited.delete()
    assert again([(gone, inside)], Origin("resync", "Kari")) == []


# -- a job that is open already ----------------------------------------------------------------------------


def test_a_newer_change_refreshes_the_open_job(office: Office) -> None:
    office.connection()
    position = office.position(title="Baker")
    [first] = saved(Changed(position, ["title"]))
    Job.objects.update(
        state=Job.State.FAILED, attempts=4, cause="x", said=kept("x"), field="x", vendor_text="x", vendor_code="x",
        warning=True, first_failed_at=timezone.now(), due_at=timezone.now() + timedelta(hours=1),
        tried=["2026-01-01"], meant=[{"values": {}}], move=True,
    )  # fmt: skip
    position.title = "Cook"
    [job] = saved(Changed(position, ["cost_centre"]))
    assert job.pk == first.pk
    assert job.generation > first.generation
    assert (job.title, job.state, job.attempts, job.first_failed_at) == ("Cook", Job.State.WAITING, 0, None)
    assert (job.cause, job.message, job.field, job.vendor_text, job.vendor_code, job.warning) == (*[""] * 5, False)
    assert job.due_at <= timezone.now()
    assert (job.changed, job.changed_in) == (["title"], first.generation), "it speaks of the first change alone"
    assert (job.tried, job.meant) == (["2026-01-01"], [{"values": {}}]), "what may be there is not forgotten"
    assert not job.move


def test_a_closed_job_stays_and_a_new_one_is_opened(office: Office) -> None:
    office.connection()
    position = office.position()
    [first] = saved(Changed(position))
    Job.objects.update(state=Job.State.SUCCEEDED, open_key=None)
    [second] = saved(Changed(position))
    assert second.pk != first.pk
    assert Job.objects.get(pk=first.pk).state == Job.State.SUCCEEDED


def test_what_runs_or_failed_is_sent_anew_when_something_changed_that_it_goes_by(
    office: Office, rung: list[int]
) -> None:
    one, two = office.connection(), office.connection(on=False)
    states = ("running", "failed", "waiting", "retrying", "succeeded")
    kept: dict[str, Job] = {}
    for state, position in {state: office.position(title=state) for state in states}.items():
        job = recording.job_for(Changed(position), position.employee, one.pk)
        job.state, job.attempts, job.first_failed_at = state, 3, timezone.now()
        job.open_key = None if state == "succeeded" else position.pk
        job.due_at = timezone.now() + timedelta(hours=1)
        job.save()
        kept[state] = job
    rung.clear()
    renew(Job.objects.filter(integration=two))
    assert rung == []
    renew(Job.objects.all())
    assert rung == [one.pk]
    found = {j.title: j for j in Job.objects.all()}
    for state in ("running", "failed"):
        assert (found[state].state, found[state].attempts) == (Job.State.WAITING, 0)
        assert found[state].first_failed_at is None
        assert found[state].due_at <= timezone.now()
        assert found[state].generation > kept[state].generation, "a result of the old state cannot close it"
    for state in ("waiting", "retrying", "succeeded"):
        assert (found[state].state, found[state].attempts) == (state, 3)
        assert found[state].generation == kept[state].generation


# -- who is rung for ---------------------------------------------------------------------------------------


def test_whoever_was_rung_for_already_is_not_rung_for_again(office: Office, rung: list[int]) -> None:
    one, two = office.connection(), office.connection()
    recording.store([recording.job_for(Changed(p), p.employee, one.pk) for p in [office.position()]])
    other = Position.objects.get()
    position = PositionFactory(employee=other.employee, title="Cook")
    Job.objects.filter(position_key=position.pk).delete()
    rung.clear()
    saved(Changed(position))
    assert set(rung) == {two.pk}
    assert one.pk not in rung


@pytest.mark.parametrize(
    "values",
    [
        {"state": Job.State.RETRYING},
        {"cause": "not_yet_current"},
        {"due_at": timezone.now() + timedelta(days=1)},
        {"open_key": None, "state": Job.State.SUCCEEDED},
    ],
)
def test_what_waited_for_its_day_or_was_tried_was_not_rung_for(
    office: Office, rung: list[int], values: dict[str, Any]
) -> None:
    one = office.connection()
    waits, position = office.position(), office.position()
    recording.store([recording.job_for(Changed(waits), waits.employee, one.pk)])
    Job.objects.update(**values)
    rung.clear()
    saved(Changed(position))
    assert rung == [one.pk]


def test_a_save_that_commits_long_after_it_has_looked_rings_all_the_same(
    office: Office, rung: list[int], django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = office.connection()
    first, second = office.position(), office.position()
    recording.store([recording.job_for(Changed(first), first.employee, one.pk)])
    rung.clear()
    clock = SimpleNamespace(monotonic=lambda: 100.0, time_ns=time.time_ns)
    monkeypatch.setattr(recording, "time", clock)
    with django_capture_on_commit_callbacks(execute=True):
        record([Changed(second)])
    assert rung == [], "whoever sends the first one sees this one too"
    with django_capture_on_commit_callbacks(execute=True):
        record([Changed(second)])
        clock.monotonic = lambda: 100.0 + recording.SURELY_SEEN + 0.01
    assert rung == [one.pk]
