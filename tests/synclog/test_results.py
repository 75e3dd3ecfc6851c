"""What is stored after a run, from made-up reports: no system is asked. What unusual runs leave behind above all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from integrations.models import EmployeeLink, Integration, PeriodLink
from integrations.planning import steps
from integrations.planning.planner import Sent
from integrations.planning.states import State
from integrations.planning.translate import translate
from integrations.planning.work import Outcome, Report, Trace
from integrations.runtime import mapping
from integrations.sdk.errors import (
    ConnectorError,
    EmployeeNotFoundError,
    InterruptedRunError,
    MatchRefusedError,
    NotAuthorizedError,
    RateLimitedError,
    RecordRefusedError,
    UnavailableError,
    UnclearOutcomeError,
)
from integrations.sdk.http import Exchange
from integrations.sdk.messages import as_message
from integrations.sdk.values import Change, RemoteEmployee, Warning
from positions.models import Employee, Position
from synclog.engine.done import Done
from synclog.engine.fitted import LONGEST_TEXT, shown_value
from synclog.engine.lease import Held
from synclog.engine.loading import load_work
from synclog.engine.record import Changed, job_for, store
from synclog.engine.results import store_results
from synclog.engine.results_attempts import MOST_WARNINGS
from synclog.log.sentences import unsent_of, warnings_of
from synclog.models import Attempt, Event, Job
from tests.factories import EmployeeFactory, IntegrationFactory, PositionFactory
from tests.said import kept

HISTORY, FLAT = "netvisor", "fortnox"
VALUES = {"title": "Baker", "start_date": date(2026, 1, 1)}


@dataclass
class Desk:
    """One connection whose turn is under way: jobs are claimed as a turn claims them, and reports are handed in."""

    integration: Integration
    held: Held
    claimed: dict[int, list[Job]] = field(default_factory=dict)

    def hire(self, **values: Any) -> Position:
        """A position with a job that is being sent."""
        person = EmployeeFactory(organization=self.integration.organization)
        return self.position(person, **values)

    def position(self, person: Employee, **values: Any) -> Position:
        found = PositionFactory(employee=person, **{"title": "Baker", **values})
        self.claim(found)
        return found

    def untouched(self, person: Employee) -> Position:
        """A position that nobody has changed since it was sent or left out."""
        found = PositionFactory(employee=person, title="Cook")
        Job.objects.filter(position_key=found.pk).delete()
        return found

    def claim(self, *positions: Position) -> None:
        store([job_for(Changed(p), p.employee, self.integration.pk) for p in positions])
        Job.objects.open().filter(open_key__in=[p.pk for p in positions]).update(
            state=Job.State.RUNNING, epoch=self.held.epoch, attempts=1
        )

    def sent(self, position: Position, remote_id: str = "r1", **more: Any) -> PeriodLink:
        """What an earlier run wrote."""
        return PeriodLink.objects.create(
            integration=self.integration,
            employee_key=position.employee_id,
            position_key=position.pk,
            remote_id=remote_id,
            **more,
        )

    def matched(self, position: Position, remote_id: str = "e1", **more: Any) -> EmployeeLink:
        return EmployeeLink.objects.create(
            integration=self.integration, employee_key=position.employee_id, remote_id=remote_id, **more
        )

    def done(self, position: Position, report: Report | Exception, said: Mapping[str, Any] | None = None) -> Done:
        jobs = list(
            Job.objects.open()
            .filter(integration=self.integration, employee_key=position.employee_id, state=Job.State.RUNNING)
            .order_by("pk")
        )
        [(work, of_positions)] = load_work(self.integration, jobs)
        return Done(work, of_positions, report, timezone.now(), timezone.now(), said or {})

    def store(self, *done: Done) -> bool:
        return store_results(self.integration, self.held, done)

    def job(self, position: Position) -> Job:
        return Job.objects.filter(integration=self.integration, position_key=position.pk).order_by("-pk")[0]

    def link(self, position: Position) -> PeriodLink | None:
        return PeriodLink.objects.filter(integration=self.integration, position_key=position.pk).first()

    def match(self, position: Position) -> EmployeeLink | None:
        return EmployeeLink.objects.filter(integration=self.integration, employee_key=position.employee_id).first()


@pytest.fixture(params=[HISTORY, FLAT])
def desk(db: Any, request: pytest.FixtureRequest) -> Desk:
    return new_desk(request.param)


@pytest.fixture
def history(db: Any) -> Desk:
    return new_desk(HISTORY)


@pytest.fixture
def flat(db: Any) -> Desk:
    return new_desk(FLAT)


def new_desk(system: str) -> Desk:
    integration = IntegrationFactory(system_key=system)
    integration.switch(True)
    integration.save()
    held = Held.acquire(integration.pk)
    assert held is not None
    return Desk(Integration.objects.select_related("organization").get(pk=integration.pk), held)


def wanted(desk: Desk, position: Position) -> dict[str, Any]:
    """All that is to be sent of it."""
    here = mapping.position(position, position.employee, desk.integration.organization.today())
    found = translate(desk.integration.system, here, desk.integration.cleaned_settings()).wanted
    assert found is not None
    return dict(found.values)


def outcome(position: Position, state: str = "succeeded", **values: Any) -> Outcome:
    if state == "succeeded" and "sent" not in values:
        values["sent"] = Sent("r1", VALUES)
    if "message" in values:
        values["said"] = (as_message(values.pop("message")),)
    if values.get("pending"):
        values["pending"] = as_message(values["pending"])
    return Outcome(str(position.pk), State(state), **values)


def report(*outcomes: Outcome, **values: Any) -> Report:
    found = {"remote_employee": RemoteEmployee("e1"), "exchanges": (AN_EXCHANGE,), **values}
    return Report({o.position_id: o for o in outcomes}, **found)


def stopped(*positions: Position, error: ConnectorError, **values: Any) -> Report:
    """A run that this error ended."""
    said = {"error": error, "cause": error.cause, "said": (error.said,)}
    how = {"state": "retrying", **values.pop("how", {})}
    outcomes = [outcome(p, how["state"], **said) for p in positions]
    return report(*outcomes, error=error, **{"remote_employee": None, **values})


AN_EXCHANGE = Exchange(0.0, "GET", "https://example.org/x", {}, "", 200, {}, "", 5)


# -- what becomes of one job -------------------------------------------------------------------------------


def test_what_was_sent_is_closed_with_its_link_and_an_entry(desk: Desk) -> None:
    position = desk.hire()
    assert desk.store(desk.done(position, report(outcome(position, action="create"))))
    job, link = desk.job(position), desk.link(position)
    assert (job.state, job.open_key, job.action, job.cause) == (Job.State.SUCCEEDED, None, "create", "")
    assert job.finished_at is not None and job.finished_at == job.changed_at
    assert job.message == f"Accepted by {desk.integration.system.name}."
    assert not job.warning
    assert link is not None
    assert (link.remote_id, link.employee_key) == ("r1", position.employee_id)
    assert link.values["title"] == "Baker"
    assert link.written_at is None, "of a system whose reads come late only"
    [attempt] = Attempt.objects.filter(job=job)
    assert (attempt.state, attempt.number) == ("succeeded", 1)
    desk.integration.refresh_from_db()
    assert desk.integration.last_success_at is not None


def test_what_is_said_with_a_success_is_kept(history: Desk) -> None:
    position = history.hire()
    said = outcome(position, message="Moved.", pending="Import it.", warnings=(Warning("Look there."),), file_id=7)
    history.store(history.done(position, report(said)))
    job = history.job(position)
    assert (job.message, job.warning, job.file_key) == ("Moved. Import it. Look there.", True, 7)


def test_what_is_skipped_is_closed(desk: Desk) -> None:
    position = desk.hire()
    desk.store(desk.done(position, report(outcome(position, "skipped", cause="never_sent", message="No."))))
    job = desk.job(position)
    assert (job.state, job.open_key, job.cause, job.message) == (Job.State.SKIPPED, None, "never_sent", "No.")
    assert job.finished_at is not None
    assert desk.link(position) is None
    desk.integration.refresh_from_db()
    assert desk.integration.last_success_at is None


def test_what_waits_is_due_at_the_midnight_of_its_organization_and_makes_no_entry(desk: Desk) -> None:
    desk.integration.organization.time_zone = "Europe/Oslo"
    position = desk.hire()
    until = date(2026, 7, 1)
    waits = outcome(position, "waiting", cause="not_yet_current", message="It waits.", wait_until=until)
    desk.store(desk.done(position, report(waits)))
    job = desk.job(position)
    assert (job.state, job.attempts, job.open_key) == (Job.State.WAITING, 0, position.pk)
    assert job.due_at == datetime(2026, 6, 30, 22, tzinfo=UTC)
    assert job.finished_at is None
    assert not Attempt.objects.filter(job=job).exists()


def test_what_failed_stays_open_and_remembers_since_when(desk: Desk) -> None:
    position = desk.hire()
    words = {"cause": "refused_by_target", "message": "No.", "field": "title", "vendor_text": "Nei", "vendor_code": "7"}
    desk.store(desk.done(position, report(outcome(position, "failed", **words))))
    job = desk.job(position)
    assert (job.state, job.open_key, job.finished_at) == (Job.State.FAILED, position.pk, None)
    assert {name: getattr(job, name) for name in words} == words
    since = job.first_failed_at
    assert since is not None
    Job.objects.filter(pk=job.pk).update(state=Job.State.RUNNING)
    desk.store(desk.done(position, report(outcome(position, "failed"))))
    assert desk.job(position).first_failed_at == since
    assert Attempt.objects.filter(job=job).count() == 2


@pytest.mark.parametrize(
    ("error", "least", "most", "attempts"),
    [
        (UnavailableError("down"), 24, 36, 1),
        (UnavailableError("down", wait=100), 101, 101, 1),
        (RateLimitedError("slow"), 24, 36, 1),
        (RateLimitedError("slow", wait=100), 101, 101, 0),
        (UnclearOutcomeError("lost"), 24, 36, 1),
    ],
)
def test_when_it_is_tried_again(history: Desk, error: ConnectorError, least: int, most: int, attempts: int) -> None:
    """At the system's word, else by the steps; waiting as it was told to is no failed try."""
    position = history.hire()
    before = timezone.now()
    history.store(history.done(position, stopped(position, error=error)))
    job = history.job(position)
    assert (job.state, job.attempts, job.cause) == (Job.State.RETRYING, attempts, error.cause)
    assert job.first_failed_at is not None
    assert timedelta(seconds=least) <= job.due_at - before <= timedelta(seconds=most + 5)
    assert Attempt.objects.filter(job=job).count() == 1


def test_whoever_is_known_there_stays_so_when_no_answer_came(desk: Desk) -> None:
    position = desk.hire()
    link = desk.matched(position, written_to="e1")
    desk.store(desk.done(position, stopped(position, error=UnavailableError("down"))))
    assert (desk.job(position).state, desk.job(position).cause) == (Job.State.RETRYING, "target_unavailable")
    link.refresh_from_db()
    assert (link.state, link.remote_id, link.written_to) == (EmployeeLink.State.MATCHED, "e1", "e1")


@pytest.mark.parametrize(("days", "state"), [(6.9, Job.State.RETRYING), (7.1, Job.State.FAILED)])
def test_after_seven_days_a_person_is_asked(history: Desk, days: float, state: str) -> None:
    position = history.hire()
    Job.objects.update(first_failed_at=timezone.now() - timedelta(days=days))
    history.store(history.done(position, stopped(position, error=UnavailableError("Down."))))
    job = history.job(position)
    assert (job.state, job.cause == "gave_up") == (state, state == Job.State.FAILED)
    assert job.message.startswith("Down.")


def test_what_was_interrupted_was_not_tried(desk: Desk) -> None:
    position = desk.hire()
    desk.store(desk.done(position, stopped(position, error=InterruptedRunError("stop"))))
    job = desk.job(position)
    assert (job.state, job.attempts, job.cause, job.tried) == (Job.State.WAITING, 0, "", [])
    assert job.due_at <= timezone.now()
    assert not Attempt.objects.exists()


def test_refused_credentials_are_not_the_changes_fault(desk: Desk) -> None:
    position = desk.hire()
    assert not desk.store(desk.done(position, stopped(position, error=NotAuthorizedError("Who are you?"))))
    job = desk.job(position)
    assert (job.state, job.attempts) == (Job.State.WAITING, 0)
    assert job.due_at <= timezone.now()
    assert Attempt.objects.filter(job=job, state="retrying").count() == 1
    desk.integration.refresh_from_db()
    assert desk.integration.stopped_at is not None
    assert (desk.integration.stopped_cause, desk.integration.stopped_message) == ("not_authorized", "Who are you?")


# -- what may have been written there ----------------------------------------------------------------------


def test_what_a_lost_answer_may_have_made_is_remembered(history: Desk) -> None:
    position = history.hire(start_date=date(2026, 3, 1))
    run = stopped(position, error=UnclearOutcomeError("lost"))
    run.unanswered.add(str(position.pk))
    history.store(history.done(position, run))
    assert history.job(position).tried == ["2026-03-01"]
    Job.objects.update(state=Job.State.RUNNING)
    Position.objects.update(start_date=date(2026, 4, 1))
    history.store(history.done(position, replace(run)))
    assert history.job(position).tried == ["2026-03-01", "2026-04-01"], "both may be there"


def test_what_was_certainly_not_made_is_not_remembered(history: Desk) -> None:
    position = history.hire()
    history.store(history.done(position, stopped(position, error=UnavailableError("down"))))
    assert history.job(position).tried == []


def test_what_a_lost_answer_may_have_written_to_a_flat_record_is_remembered_as_it_was_said(flat: Desk) -> None:
    position = flat.hire()
    run = stopped(position, error=UnclearOutcomeError("lost"))
    run.unanswered.add(str(position.pk))
    said = [{"values": {"title": "Baker"}, "defaulted": [], "before": [{"title": "Cook"}]}]
    flat.store(flat.done(position, run, {str(position.pk): said}))
    assert flat.job(position).meant == said
    Job.objects.update(state=Job.State.RUNNING, meant=[])
    flat.store(flat.done(position, run))
    [meant] = flat.job(position).meant
    assert meant["values"]["title"] == "Baker", "killed before it could say so"


def test_what_was_meant_is_forgotten_when_it_is_closed(flat: Desk) -> None:
    position, other = flat.hire(), flat.hire()
    Job.objects.update(meant=[{"values": {}, "defaulted": []}])
    flat.store(flat.done(position, report(outcome(position))), flat.done(other, report(outcome(other))))
    assert [flat.job(p).meant for p in (position, other)] == [[], []]


@pytest.mark.parametrize("broken", [ZeroDivisionError("ours")])
def test_a_mistake_of_ours_is_one_employees_trouble_and_may_have_written_something(
    history: Desk, broken: Exception
) -> None:
    position, other = history.hire(), history.hire()
    assert history.store(history.done(position, broken), history.done(other, report(outcome(other))))
    job = history.job(position)
    assert (job.state, job.cause, job.tried) == (Job.State.FAILED, "internal_error", ["2026-01-01"])
    assert str(job.pk) in job.message
    assert history.job(other).state == Job.State.SUCCEEDED
    assert history.link(position) is None


def test_an_answer_that_cannot_be_kept_is_one_employees_trouble(desk: Desk) -> None:
    position, other = desk.hire(), desk.hire()
    odd = report(outcome(position, sent=Sent("9" * 121, VALUES)))
    assert desk.store(desk.done(position, odd), desk.done(other, report(outcome(other))))
    job = desk.job(position)
    assert (job.state, job.cause) == (Job.State.FAILED, "answer_not_kept")
    assert job.tried == ["2026-01-01"], "it may have been made there"
    assert str(job.pk) in job.message
    assert desk.link(position) is None
    assert desk.job(other).state == Job.State.SUCCEEDED
    assert desk.link(other) is not None


# -- what happened meanwhile -------------------------------------------------------------------------------


def test_a_change_that_came_meanwhile_is_sent_next_and_what_was_written_is_known(desk: Desk) -> None:
    position = desk.hire()
    done = desk.done(position, report(outcome(position)))
    store([job_for(Changed(position, ["title"]), position.employee, desk.integration.pk)])
    assert desk.store(done)
    job = desk.job(position)
    assert (job.state, job.open_key) == (Job.State.WAITING, position.pk)
    assert desk.link(position) is not None
    assert Attempt.objects.filter(job=job, state="succeeded").count() == 1


@pytest.mark.parametrize(("ended", "state"), [("succeeded", Job.State.SUCCEEDED), ("failed", Job.State.DISMISSED)])
def test_one_that_was_closed_meanwhile_says_that_it_was_sent_if_it_was(desk: Desk, ended: str, state: str) -> None:
    position = desk.hire()
    done = desk.done(position, report(outcome(position, ended)))
    Job.objects.update(state=Job.State.DISMISSED, open_key=None)
    desk.store(done)
    assert desk.job(position).state == state


def test_somebody_who_was_erased_meanwhile_leaves_nothing(desk: Desk) -> None:
    position = desk.hire()
    done = desk.done(position, report(outcome(position)))
    Job.objects.all().delete()
    assert desk.store(done)
    assert not PeriodLink.objects.exists()
    assert not Attempt.objects.exists()
    assert not EmployeeLink.objects.exists()


def test_a_lost_lease_stores_nothing(desk: Desk) -> None:
    position = desk.hire()
    done = desk.done(position, report(outcome(position)))
    desk.held.release()
    assert not desk.store(done)
    assert desk.job(position).state == Job.State.RUNNING
    assert desk.link(position) is None


def test_a_connection_that_was_changed_meanwhile_keeps_what_was_written_and_sends_it_anew(desk: Desk) -> None:
    position = desk.hire()
    done = desk.done(position, report(outcome(position)))
    Integration.objects.update(version=99)
    assert not desk.store(done), "the turn ends"
    job = desk.job(position)
    assert (job.state, job.open_key, job.attempts) == (Job.State.WAITING, position.pk, 0)
    assert desk.link(position) is not None
    assert Attempt.objects.filter(job=job, state="succeeded").count() == 1


def test_the_book_is_read_anew(desk: Desk) -> None:
    """Somebody pressed Retry now, or another turn backed off: not what this turn remembers counts."""
    position = desk.hire()
    desk.integration.retry_count, desk.integration.retry_said = 5, kept("long ago")
    desk.store(desk.done(position, report(outcome(position))))
    assert not Event.objects.filter(kind="recovered").exists()
    assert desk.integration.retry_count == 0


# -- links -------------------------------------------------------------------------------------------------


def test_a_flat_record_stands_for_one_position(flat: Desk) -> None:
    """The one that it stood for is told of, in the entry that calls it accepted; nobody else is."""
    old = flat.hire()
    flat.store(flat.done(old, report(outcome(old))))
    bystander = flat.hire()
    flat.store(flat.done(bystander, report(outcome(bystander, sent=Sent("r2", VALUES)))))
    new = flat.position(old.employee, title="Cook")
    flat.store(flat.done(new, report(outcome(new))))
    assert flat.link(old) is None
    assert flat.link(new) is not None
    assert flat.link(bystander) is not None
    told = flat.job(old)
    assert (told.state, told.cause) == (Job.State.SUCCEEDED, "taken_over")
    assert told.message.startswith(f"Accepted by {flat.integration.system.name}. Another position took over")
    assert flat.job(bystander).cause == flat.job(new).cause == ""


def test_a_history_has_a_record_for_each(history: Desk) -> None:
    old = history.hire()
    history.store(history.done(old, report(outcome(old))))
    new = history.position(old.employee, title="Cook")
    history.store(history.done(new, report(outcome(new, sent=Sent("r2", VALUES)))))
    assert {p: history.link(p) is not None for p in (old, new)} == {old: True, new: True}
    assert history.job(old).cause == ""
    other = history.position(old.employee, title="Chef")
    history.store(history.done(other, report(outcome(other))))
    assert history.link(old) is None, "whose record is another one's has it no more"
    assert history.link(new) is not None


def test_what_is_gone_has_no_link(desk: Desk) -> None:
    position = desk.hire()
    desk.sent(position)
    desk.store(desk.done(position, report(outcome(position, sent=None, gone=True))))
    assert desk.link(position) is None
    other = desk.hire()
    desk.sent(other, "r7")
    desk.store(desk.done(other, report(outcome(other, "failed"))))
    assert desk.link(other) is not None


def test_what_is_left_behind_is_kept_with_the_link(history: Desk) -> None:
    position = history.hire()
    history.store(history.done(position, report(outcome(position, sent=Sent("r2", VALUES, ("r1",))))))
    link = history.link(position)
    assert link is not None
    assert link.left_behind == ["r1"]


def test_what_reads_may_show_late_is_kept_until_the_next_write(history: Desk) -> None:
    position = history.hire()
    history.store(history.done(position, report(outcome(position, older={"title": ["Cook"]}))))
    link = history.link(position)
    assert link is not None and link.written_at is not None
    assert link.older == {"title": ["Cook"]}
    history.claim(position)
    history.store(history.done(position, report(outcome(position, "skipped", cause="nothing_to_change",
                                                        sent=Sent("r1", {**VALUES, "title": "Chef"})))))  # fmt: skip
    again = history.link(position)
    assert again is not None
    assert (again.written_at, again.older, again.values["title"]) == (link.written_at, link.older, "Chef")


def test_what_was_left_unwritten_is_looked_at_again(desk: Desk) -> None:
    """Its link may not say any more what is to be sent."""
    position, other = desk.hire(title="Cook"), desk.hire()
    for each in (position, other):
        desk.sent(each, f"r{each.pk}", values={"title": "Baker", "start_date": "2026-01-01"})
    refused = report(outcome(position, "failed"))
    desk.store(desk.done(position, refused), desk.done(other, report(outcome(other, sent=Sent("r9", VALUES)))))
    link = desk.link(position)
    assert link is not None
    assert link.stale
    assert link.values["title"] == "Baker"


@pytest.mark.parametrize(
    ("state", "cause", "ended_well"),
    [
        ("succeeded", "", True),
        ("skipped", "nothing_to_change", True),
        ("skipped", "stays_there", True),
        ("failed", "refused_by_target", False),
    ],
)
def test_what_is_not_there_after_a_run_that_ended_well_would_not_get_there(
    history: Desk, state: str, cause: str, ended_well: bool
) -> None:
    position = history.hire(title="Cook")
    found = Sent("r1", {**wanted(history, position), "title": "Baker"})
    history.store(history.done(position, report(outcome(position, state, cause=cause, sent=found))))
    link = history.link(position)
    assert link is not None
    assert (link.stale, link.left) == ((False, {"title": "Cook"}) if ended_well else (True, None))


def test_a_connection_that_was_switched_off_meanwhile_leaves_nothing_that_is_taken_for_true(desk: Desk) -> None:
    position = desk.hire(title="Cook")
    done = desk.done(position, report(outcome(position, sent=Sent("r1", {**VALUES, "title": "Cook"}))))
    Position.objects.filter(pk=position.pk).update(title="Chef")
    Integration.objects.update(send_positions=False)
    desk.store(done)
    link = desk.link(position)
    assert link is not None
    assert link.stale, "changed after the run had read it, and nobody sends that"


def test_an_untouched_position_that_was_written_too_has_an_entry_of_its_own(flat: Desk) -> None:
    touched = flat.hire()
    other = flat.untouched(touched.employee)
    done = flat.done(touched, report(outcome(touched, "skipped", cause="not_current"), outcome(other)))
    flat.store(done)
    job = flat.job(other)
    assert (job.state, job.open_key, job.origin) == (Job.State.SUCCEEDED, None, Job.Origin.SCHEDULE)
    assert (job.title, job.employee_key, job.employee_number) == ("Cook", other.employee_id, other.employee.number)
    assert flat.link(other) is not None


def test_an_untouched_position_to_which_nothing_was_done_has_no_entry(flat: Desk) -> None:
    touched = flat.hire()
    other = flat.untouched(touched.employee)
    same = outcome(other, "skipped", cause="nothing_to_change", sent=Sent("r1", VALUES))
    flat.store(flat.done(touched, report(same, outcome(touched, "skipped", cause="not_current"))))
    assert not Job.objects.filter(position_key=other.pk).exists()
    assert flat.link(other) is not None
    assert flat.job(touched).state == Job.State.SKIPPED


def test_an_untouched_position_that_is_being_saved_keeps_its_own_job(flat: Desk) -> None:
    touched = flat.hire()
    other = flat.untouched(touched.employee)
    done = flat.done(touched, report(outcome(touched, "skipped", cause="not_current"), outcome(other)))
    store([job_for(Changed(other), other.employee, flat.integration.pk)])
    flat.store(done)
    assert flat.job(other).state == Job.State.WAITING
    assert flat.job(touched).state == Job.State.SKIPPED


# -- who the employee is there -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "candidate"),
    [
        (EmployeeNotFoundError("Nobody."), ""),
        (MatchRefusedError("Not her.", candidate="e9"), "e9"),
        (MatchRefusedError("Another's.", cause="already_matched", candidate="e9"), "e9"),
    ],
)
def test_nobody_there_is_kept_with_the_reason(desk: Desk, error: ConnectorError, candidate: str) -> None:
    position = desk.hire()
    desk.matched(position)
    desk.store(desk.done(position, stopped(position, error=error, how={"state": "failed"})))
    link = desk.match(position)
    assert link is not None
    assert (link.state, link.remote_id) == (EmployeeLink.State.NOT_MATCHED, candidate)
    assert (link.cause, link.message) == (error.cause, error.message)


@pytest.mark.parametrize("state", [EmployeeLink.State.RELEASED, EmployeeLink.State.STOPPED])
def test_what_a_person_has_decided_meanwhile_stays(desk: Desk, state: str) -> None:
    position = desk.hire()
    link = desk.matched(position)
    done = desk.done(position, stopped(position, error=EmployeeNotFoundError("Nobody."), how={"state": "failed"}))
    EmployeeLink.objects.filter(pk=link.pk).update(state=state)
    desk.store(done)
    link.refresh_from_db()
    assert (link.state, link.remote_id) == (state, "e1")


def test_a_record_that_is_left_is_free_for_whoever_was_refused_it(desk: Desk) -> None:
    position, refused, elsewhere = desk.hire(), desk.hire(), desk.hire()
    desk.matched(position)
    for each, record in ((refused, "e1"), (elsewhere, "e2")):
        desk.matched(each, record, state=EmployeeLink.State.NOT_MATCHED, cause="already_matched")
        Job.objects.filter(position_key=each.pk).update(state=Job.State.FAILED)
    desk.store(desk.done(position, stopped(position, error=EmployeeNotFoundError("Nobody."), how={"state": "failed"})))
    assert desk.job(refused).state == Job.State.WAITING
    assert desk.job(elsewhere).state == Job.State.FAILED


def test_a_record_is_left_for_another_one_too(desk: Desk) -> None:
    position, refused = desk.hire(), desk.hire()
    desk.matched(position, "e1")
    desk.matched(refused, "e1", state=EmployeeLink.State.NOT_MATCHED, cause="already_matched")
    Job.objects.filter(position_key=refused.pk).update(state=Job.State.FAILED)
    desk.store(desk.done(position, report(outcome(position), remote_employee=RemoteEmployee("e2"))))
    assert desk.job(refused).state == Job.State.WAITING


def test_a_record_that_stays_is_not_left(desk: Desk) -> None:
    position, refused = desk.hire(), desk.hire()
    desk.matched(position, "e1")
    desk.matched(refused, "e1", state=EmployeeLink.State.NOT_MATCHED, cause="already_matched")
    Job.objects.filter(position_key=refused.pk).update(state=Job.State.FAILED)
    desk.store(desk.done(position, report(outcome(position))))
    assert desk.job(refused).state == Job.State.FAILED


@pytest.mark.parametrize(("state", "free"), [("skipped", True), ("failed", False)])
def test_the_record_of_somebody_who_is_deleted_here_is_free_once_nothing_waits(
    desk: Desk, state: str, free: bool
) -> None:
    position, refused = desk.hire(), desk.hire()
    desk.matched(position, "e1")
    desk.matched(refused, "e1", state=EmployeeLink.State.NOT_MATCHED, cause="already_matched")
    Job.objects.filter(position_key=refused.pk).update(state=Job.State.FAILED)
    key, person = position.pk, position.employee
    person.delete()
    Job.objects.filter(position_key=key).update(state=Job.State.RUNNING)
    position.pk = key
    desk.store(desk.done(position, report(outcome(position, state))))
    assert (desk.job(refused).state == Job.State.WAITING) is free


def test_under_which_record_it_was_written_is_kept(desk: Desk) -> None:
    position = desk.hire()
    desk.matched(position)
    desk.store(desk.done(position, report(outcome(position, "failed"))))
    link = desk.match(position)
    assert link is not None
    assert link.written_to == ""
    Job.objects.update(state=Job.State.RUNNING)
    desk.store(desk.done(position, report(outcome(position))))
    link.refresh_from_db()
    assert (link.written_to, link.state) == ("e1", EmployeeLink.State.MATCHED)


def test_a_flat_systems_next_change_is_kept_with_this_activation(flat: Desk) -> None:
    position = flat.hire(start_date=date(2026, 1, 1), end_date=timezone.now().date() + timedelta(days=9))
    flat.matched(position)
    flat.store(flat.done(position, report(outcome(position))))
    link = flat.match(position)
    assert link is not None
    assert position.end_date is not None
    assert link.next_change_on == position.end_date + timedelta(days=1)
    assert link.planned_in == flat.integration.activated_at


def test_what_was_written_to_a_wrong_record_is_forgotten_and_told(history: Desk) -> None:
    position = history.hire()
    history.matched(position, "e2", written_to="e1")
    other = PositionFactory(employee=position.employee)
    bystander = history.hire()
    for each in (position, other, bystander):
        history.sent(each, f"r{each.pk}", values={"title": "Baker"})
    history.store(
        history.done(
            position,
            report(
                outcome(position, sent=Sent("new", VALUES)), wrong_record="e1", remote_employee=RemoteEmployee("e2")
            ),
        )
    )
    assert history.link(other) is None
    assert history.link(bystander) is not None
    link, match = history.link(position), history.match(position)
    assert link is not None and match is not None
    assert (link.remote_id, match.written_to) == ("new", "e2")
    assert "record e1" in history.job(position).message
    assert history.job(position).warning


# -- the connection as a whole -----------------------------------------------------------------------------


def test_a_connection_is_stopped_once(desk: Desk) -> None:
    position = desk.hire()
    for _ in range(2):
        Job.objects.update(state=Job.State.RUNNING)
        desk.store(desk.done(position, stopped(position, error=NotAuthorizedError("No."))))
    assert Event.objects.filter(integration=desk.integration, kind="stopped").count() == 1


def test_new_credentials_are_not_stopped_by_the_refusal_of_the_old_ones(desk: Desk) -> None:
    position = desk.hire()
    done = desk.done(position, stopped(position, error=NotAuthorizedError("No.")))
    Integration.objects.update(version=99)
    assert not desk.store(done)
    desk.integration.refresh_from_db()
    assert desk.integration.stopped_at is None
    assert desk.job(position).state == Job.State.WAITING


@pytest.mark.parametrize(
    ("errors", "seconds"),
    [
        ([RateLimitedError("slow", wait=100)], (101, 101)),
        ([RateLimitedError("slow", wait=100), RateLimitedError("slow", wait=300)], (301, 301)),
        ([RateLimitedError("slow", wait=0), RateLimitedError("slow")], (1, 1)),
        ([RateLimitedError("slow")], (24, 36)),
    ],
)
def test_too_many_requests_make_the_connection_wait(
    desk: Desk, errors: list[ConnectorError], seconds: tuple[int, int]
) -> None:
    before = timezone.now()
    positions = [desk.hire() for _ in errors]
    runs = [desk.done(p, stopped(p, error=e)) for p, e in zip(positions, errors, strict=True)]
    assert not desk.store(*runs)
    book = Integration.objects.get(pk=desk.integration.pk)
    assert book.retry_at is not None
    assert timedelta(seconds=seconds[0]) <= book.retry_at - before <= timedelta(seconds=seconds[1] + 5)
    assert (book.retry_count, book.retry_message) == (1, "slow")
    assert book.retry_set_at is not None
    [event] = Event.objects.filter(kind="retrying")
    assert desk.integration.system.name in event.text and "slow" in event.text
    desk.store(*runs)
    assert Integration.objects.get(pk=desk.integration.pk).retry_count == 2
    assert Event.objects.filter(kind="retrying").count() == 1, "told once"


def test_a_connection_that_answers_again_says_so(desk: Desk) -> None:
    Integration.objects.update(retry_at=timezone.now(), retry_count=3, retry_said=kept("down"))
    position = desk.hire()
    assert desk.store(desk.done(position, report(outcome(position, "failed"))))
    book = Integration.objects.get(pk=desk.integration.pk)
    assert (book.retry_at, book.retry_count, book.retry_message) == (None, 0, "")
    assert Event.objects.filter(kind="recovered").count() == 1
    assert book.last_success_at is None, "it refused"


def test_what_asked_nobody_says_nothing_of_the_connection(desk: Desk) -> None:
    Integration.objects.update(retry_at=timezone.now(), retry_count=3, retry_said=kept("down"))
    position = desk.hire()
    desk.store(desk.done(position, report(outcome(position, "failed"), exchanges=())))
    assert Integration.objects.get(pk=desk.integration.pk).retry_count == 3


def down(desk: Desk, number: int) -> list[Done]:
    positions = [desk.hire() for _ in range(number)]
    return [desk.done(p, stopped(p, error=UnavailableError("Down."))) for p in positions]


def test_three_in_a_row_without_an_answer_make_the_connection_wait(desk: Desk) -> None:
    assert desk.store(*down(desk, 2))
    assert Integration.objects.get(pk=desk.integration.pk).retry_at is None
    assert not desk.store(*down(desk, 1))
    book = Integration.objects.get(pk=desk.integration.pk)
    assert book.retry_at is not None
    assert book.retry_message == "Down."


def test_an_answer_between_them_begins_anew(desk: Desk) -> None:
    assert desk.store(*down(desk, 2))
    position = desk.hire()
    assert desk.store(desk.done(position, report(outcome(position))))
    assert desk.store(*down(desk, 2))
    one = desk.hire()
    assert desk.store(*down(desk, 1), desk.done(one, report(outcome(one)))), "it answers somebody"


def test_a_connection_that_was_down_waits_on_at_the_first_one(desk: Desk) -> None:
    Integration.objects.update(retry_at=timezone.now(), retry_count=3, retry_said=kept("down"))
    assert not desk.store(*down(desk, 1))
    assert Integration.objects.get(pk=desk.integration.pk).retry_count == 4


def test_how_long_a_system_that_is_down_asked_to_wait(desk: Desk) -> None:
    before = timezone.now()
    positions = [desk.hire() for _ in range(3)]
    waits = [None, 300, 100]
    desk.store(*(desk.done(p, stopped(p, error=UnavailableError("Down.", wait=w)))
                 for p, w in zip(positions, waits, strict=True)))  # fmt: skip
    book = Integration.objects.get(pk=desk.integration.pk)
    assert book.retry_at is not None
    assert timedelta(seconds=301) <= book.retry_at - before <= timedelta(seconds=306)


def protected(desk: Desk, *positions: Position) -> bool:
    error = RecordRefusedError("It", NotAuthorizedError("No right.", cause="missing_right"))
    return desk.store(*(desk.done(p, stopped(p, error=error)) for p in positions))


def test_one_protected_record_is_that_employees_failure(desk: Desk) -> None:
    position = desk.hire()
    assert protected(desk, position)
    job = desk.job(position)
    assert (job.state, job.cause) == (Job.State.FAILED, "record_refused")
    desk.integration.refresh_from_db()
    assert desk.integration.stopped_at is None


def test_three_protected_ones_in_a_row_are_everybodys(desk: Desk) -> None:
    positions = [desk.hire() for _ in range(3)]
    assert protected(desk, *positions[:2])
    assert not protected(desk, positions[2])
    desk.integration.refresh_from_db()
    assert (desk.integration.stopped_cause, desk.integration.stopped_message) == ("missing_right", "No right.")
    assert {desk.job(p).state for p in positions} == {Job.State.WAITING}
    jobs = [desk.job(p) for p in positions]
    assert {(job.cause, job.message, job.attempts) for job in jobs} == {("missing_right", "No right.", 0)}


def test_several_positions_of_one_protected_employee_are_one(desk: Desk) -> None:
    position = desk.hire()
    for title in ("Cook", "Chef"):
        desk.position(position.employee, title=title)
    theirs = list(Position.objects.filter(employee=position.employee))
    error = RecordRefusedError("It", NotAuthorizedError("No right."))
    assert desk.store(desk.done(position, stopped(*theirs, error=error)))
    assert {desk.job(p).state for p in theirs} == {Job.State.FAILED}


def test_once_something_was_written_only_those_count_that_were_let_through_before(desk: Desk) -> None:
    Integration.objects.update(last_success_at=timezone.now() - timedelta(hours=1))
    desk.integration.refresh_from_db()
    never = [desk.hire() for _ in range(4)]
    assert protected(desk, *never), "they may be protected for good"
    known = [desk.hire() for _ in range(3)]
    for each in known:
        desk.sent(each, f"r{each.pk}")
    assert protected(desk, *known[:2])
    assert not protected(desk, known[2])
    assert {desk.job(p).state for p in known} == {Job.State.WAITING}
    assert {desk.job(p).state for p in never} == {Job.State.FAILED}, "theirs is not mended by new credentials"


def test_what_was_refused_before_the_last_success_does_not_count(desk: Desk) -> None:
    old = [desk.hire() for _ in range(2)]
    for each in old:
        desk.sent(each, f"r{each.pk}")
    assert protected(desk, *old)
    Job.objects.update(changed_at=timezone.now() - timedelta(hours=2))
    Integration.objects.update(last_success_at=timezone.now() - timedelta(hours=1))
    desk.integration.refresh_from_db()
    position = desk.hire()
    desk.sent(position, "r9")
    assert protected(desk, position)


# -- the entry ---------------------------------------------------------------------------------------------


def test_an_entry_says_everything_in_bounds(desk: Desk) -> None:
    position = desk.hire()
    run = report(
        outcome(
            position,
            "failed",
            cause="x" * 90,
            field="title",
            message="No.\0\ud800",
            vendor_text="v" * 3000,
            vendor_code="c" * 90,
            changes={"title": Change(None, "Cook"), "percentage": Change("", 80)},
            unsent={"cost_centre": as_message("It has none.")},
            warnings=tuple(Warning(f"w{n}", "title") for n in range(150)),
            trace=[Trace(steps.READ(), True, as_message("t" * 5000))],
        )
    )
    desk.store(desk.done(position, run))
    job = desk.job(position)
    [attempt] = Attempt.objects.filter(job=job)
    for row in (job, attempt):
        assert (row.cause, len(row.vendor_text), row.vendor_code) == ("x" * 60, 2000, "c" * 80)
        assert row.message.startswith("No.")
        assert "\0" not in row.message
    remote = next(f.remote for f in desk.integration.system.fields if f.ours == "title")
    assert attempt.changes[0] == {"field": "title", "remote": remote, "old": None, "new": "Cook", "since": None}
    assert (attempt.changes[1]["old"], attempt.changes[1]["new"]) == (None, "80")
    assert unsent_of(attempt) == {"cost_centre": "It has none."}
    assert len(attempt.warnings) == MOST_WARNINGS
    assert (attempt.warnings[0]["field"], warnings_of(attempt)[0]) == ("title", "w0")
    line = Trace.from_json(attempt.trace[0])
    assert str(line.title) == "Read there"
    assert len(str(line.detail)) <= LONGEST_TEXT
    assert attempt.exchanges[0]["url"] == AN_EXCHANGE.url
    assert attempt.started_at <= attempt.finished_at


def test_how_values_are_shown() -> None:
    assert [shown_value(v) for v in (None, "", 0, Decimal("80.00"), Decimal("NaN"))] == [None, None, "0", "80", "NaN"]
    assert len(str(shown_value("x" * 9999))) == LONGEST_TEXT


def test_a_run_and_a_job_know_the_same_states() -> None:
    assert {*State} == {*Job.State.values, State.PLANNED}, "and a preview one more"
