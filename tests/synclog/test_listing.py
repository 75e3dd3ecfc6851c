"""A backlog goes by a list of everybody there: what that spares, and that it never decides what it cannot know."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from integrations.models import EmployeeLink, Integration
from integrations.runtime.shared_limiter import SharedLimiter
from integrations.sandboxes.base import Call, Tenant
from integrations.sdk.errors import InterruptedRunError
from positions.models import Employee, Position
from positions.privacy import personal_data
from synclog.engine import actions, listing, worker_turn
from synclog.engine.listing import Listing
from synclog.models import Attempt, Job
from tests.factories import EmployeeFactory, OrganizationFactory
from tests.synclog.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.unanswered]

PEOPLE = 6  # more than a turn claims at once of any of these systems
READS = "step.compared_with_list"
SINCE = "step.read_since_list"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> Any:
    """No limit keeps a test waiting; and no list outlives it."""
    monkeypatch.setattr(Tenant, "window", lambda *_: (True, 1000, 1.0))
    monkeypatch.setattr(SharedLimiter, "acquire", lambda *_: None)
    monkeypatch.setattr(worker_turn, "CLAIM", 1)
    yield
    for kept in listing._kept.values():
        kept.close()
    listing._kept.clear()
    listing._not_before.clear()


class Backlog:
    """A connection with a position of each of many people, all of them there and none sent yet."""

    def __init__(self, world: World, key: str) -> None:
        self.world, self.integration = world, world.connect(key)
        self.sandbox = world.sandboxes[self.integration.pk]
        same = {"company": world.employee.company, "birth_date": date(1985, 3, 14), "national_id": ""}
        self.people = [world.employee, *(world.hire(number=str(2000 + n), **same) for n in range(PEOPLE - 1))]
        for person in self.people[1:]:
            world.introduce(self.integration, person)
        occupation = "2511102" if key in ("tripletex", "unimicro") else ""
        today = world.organization.today()
        self.positions = [
            world.save(person, start_date=today, occupation_code=occupation, percentage=Decimal(100))
            for person in self.people
        ]

    def change(self, **values: Any) -> None:
        for position in self.positions:
            for name, value in values.items():
                setattr(position, name, value)
            position.save()

    def resync(self) -> None:
        newest = {job.position_key: job.pk for job in Job.objects.order_by("pk")}
        actions.resync(Job.objects.filter(pk__in=newest.values()), "anna")

    def drained(self) -> list[Call]:
        """The calls that it took until nothing was left."""
        before = len(self.sandbox.tenant.calls)
        for _ in range(10):
            self.world.drain(self.integration)
            if not Job.objects.filter(integration=self.integration, state__in=Job.ACTIVE).exists():
                break
        return list(self.sandbox.tenant.calls)[before:]

    def attempts(self) -> list[Attempt]:
        return [self.world.attempt(self.integration, position) for position in self.positions]

    def steps(self, attempt: Attempt) -> list[str]:
        return [line["title"]["id"] for line in attempt.trace]

    def states(self) -> set[str]:
        return {self.world.job(self.integration, position).state for position in self.positions}


@pytest.fixture
def sent(world: World, request: pytest.FixtureRequest) -> Backlog:
    """Everything of it is there."""
    backlog = Backlog(world, request.param)
    backlog.drained()
    assert backlog.states() == {Job.State.SUCCEEDED}, [a.message for a in backlog.attempts()]
    return backlog


def once_read(monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], object]) -> None:
    """Something happens when the list was read, before anybody is claimed."""
    fit, happened = Listing.fit, []

    def then(self: Listing, employees: Any) -> set[int]:
        if not happened:
            happened.append(meanwhile())
        return fit(self, employees)

    monkeypatch.setattr(Listing, "fit", then)


def percentage_there(backlog: Backlog, person: Employee, value: float) -> None:
    """A clerk corrects the row there."""
    state = backlog.sandbox.state
    whose = next(e["id"] for e in state["Employee"] if e["employeeNumber"] == person.number)
    one = next(e["id"] for e in state["Employment"] if e["employee"] == whose)
    for row in state["EmploymentDetails"]:
        if row["employment"] == one:
            row["percentageOfFullTimeEquivalent"] = value
            row["version"] += 1


# -- what it spares ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("sent", "change"), [("tripletex", 1), ("unimicro", 2), ("fortnox", 2)], indirect=["sent"])
def test_where_nothing_differs_the_list_is_all_and_a_change_costs_no_more_than_its_guard(
    sent: Backlog, change: int
) -> None:
    """One call where the write itself is refused if the record was changed since; else one fresh read before it."""
    system = sent.integration.system
    sent.resync()
    calls = sent.drained()
    assert len(calls) <= system.sight.calls(PEOPLE) + 3, "registers are read once"
    assert all(call.method in ("GET", "POST") and "token" in call.path for call in calls if call.method != "GET")
    for attempt in sent.attempts():
        assert (attempt.cause, attempt.exchanges) == ("nothing_to_change", [])
        assert READS in sent.steps(attempt) and "step.read" not in sent.steps(attempt)
    sent.change(percentage=Decimal(80), title="Cook")
    sent.resync()
    calls = sent.drained()
    assert sent.states() == {Job.State.SUCCEEDED}
    assert change * PEOPLE <= len(calls) <= change * PEOPLE + system.sight.calls(PEOPLE) + 3
    sent.resync()
    assert len(sent.drained()) <= system.sight.calls(PEOPLE) + 3, "and everything is as it was sent"
    assert {attempt.cause for attempt in sent.attempts()} == {"nothing_to_change"}


def test_a_list_is_begun_for_a_backlog_that_is_worth_it_alone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    backlog = Backlog(world, "fortnox")
    Position.objects.exclude(pk=backlog.positions[0].pk).delete()
    Job.objects.exclude(position_key=backlog.positions[0].pk).delete()
    assert not any(call.path.endswith("3/employees") for call in backlog.drained())
    for key in ("finago", "netvisor", "poweroffice_go", "crona_lon"):
        monkeypatch.setattr(listing, "_concerned", lambda integration: 1000)
        assert listing.begin(world.connect(key, known=False), 1) is None, key


# -- what it never decides -----------------------------------------------------------------------------------


@pytest.mark.parametrize("sent", ["tripletex"], indirect=True)
def test_what_was_edited_there_since_is_seen_by_its_version_and_told(
    sent: Backlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent.change(percentage=Decimal(80))
    once_read(monkeypatch, lambda: percentage_there(sent, sent.people[0], 55.0))
    sent.drained()
    edited, *others = sent.attempts()
    assert sent.states() == {Job.State.SUCCEEDED}
    assert sent.steps(edited).count("step.changed_meanwhile") == 1
    assert [change["old"] for change in edited.changes if change["field"] == "percentage"] == ["55"]
    assert not any("step.changed_meanwhile" in sent.steps(attempt) for attempt in others)


@pytest.mark.parametrize("sent", ["fortnox"], indirect=True)
def test_what_was_edited_there_since_is_read_before_it_is_written_and_told(
    sent: Backlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def edited() -> None:
        sent.sandbox.state["employees"][sent.people[0].number]["JobTitle"] = "Chef"

    sent.change(title="Cook")
    sent.resync()
    once_read(monkeypatch, edited)
    sent.drained()
    first, *others = sent.attempts()
    assert SINCE in sent.steps(first) and [change["old"] for change in first.changes] == ["Chef"]
    assert not any(SINCE in sent.steps(attempt) for attempt in others)
    assert {there["JobTitle"] for there in sent.sandbox.state["employees"].values()} == {"Cook"}


@pytest.mark.parametrize("sent", ["tripletex"], indirect=True)
def test_what_is_asked_for_or_saved_after_it_was_read_does_not_go_by_it(
    sent: Backlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person corrects it there and presses Re-sync; another saves; a third's job was run by another worker."""
    sent.resync()
    corrected, saved, run_elsewhere = sent.positions[:3]

    def meanwhile() -> None:
        percentage_there(sent, sent.people[0], 55.0)
        actions.resync(Job.objects.filter(open_key=corrected.pk), "bo")
        saved.percentage = Decimal(70)
        saved.save()
        [held] = Job.objects.filter(open_key=run_elsewhere.pk)
        Job.objects.filter(pk=held.pk).update(epoch=held.epoch + 1000)

    once_read(monkeypatch, meanwhile)
    sent.drained()
    gone_by = {a.job.position_key for a in sent.attempts() if READS in sent.steps(a)}
    assert gone_by == {p.pk for p in sent.positions} - {corrected.pk, saved.pk, run_elsewhere.pk}
    shares = [row["percentageOfFullTimeEquivalent"] for row in sent.sandbox.state["EmploymentDetails"]]
    assert sorted(shares) == [70.0, *[100.0] * (PEOPLE - 1)]


def test_whose_number_is_another_persons_since_is_looked_for_anew(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is matched yet, and two records there get each other's marks after the list was read."""
    backlog = Backlog(world, "tripletex")
    one, other = backlog.people[1:3]

    def swapped() -> None:
        rows = {e["employeeNumber"]: e for e in backlog.sandbox.state["Employee"]}
        marks = ("employeeNumber", "email", "firstName", "lastName")
        ours = {name: rows[one.number].get(name) for name in marks}
        theirs = {name: rows[other.number].get(name) for name in marks}
        rows[one.number].update(theirs)
        rows[other.number].update(ours)

    once_read(monkeypatch, swapped)
    backlog.drained()
    assert backlog.states() == {Job.State.SUCCEEDED}
    there = {str(e["id"]): e["employeeNumber"] for e in backlog.sandbox.state["Employee"]}
    numbers = {person.pk: person.number for person in backlog.people}
    links = EmployeeLink.objects.values_list("employee_key", "remote_id")
    assert {numbers[key]: there[record] for key, record in links} == {n: n for n in numbers.values()}


@pytest.mark.parametrize("sent", ["fortnox"], indirect=True)
def test_who_is_not_in_it_or_whose_record_is_gone_is_asked_for(sent: Backlog, monkeypatch: pytest.MonkeyPatch) -> None:
    def everybody(self: Any, written: Any) -> Any:
        return (seen for seen in whole(self, written) if seen.id != sent.people[0].number)

    whole = sent.integration.connector_class.everybody
    monkeypatch.setattr(sent.integration.connector_class, "everybody", everybody)
    sent.resync()
    sent.drained()
    first, *others = sent.attempts()
    assert "step.read" in sent.steps(first) and first.cause == "nothing_to_change"
    assert all(READS in sent.steps(attempt) for attempt in others)


@pytest.mark.parametrize("sent", ["tripletex"], indirect=True)
def test_a_known_record_is_read_before_a_write_that_nothing_guards_and_whose_it_is_asked_if_it_changed(
    sent: Backlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From tomorrow on a change of percentage makes a row of its own, which bears no version."""
    with time_machine.travel(timezone.now() + timedelta(days=1), tick=True):
        sent.change(percentage=Decimal(80))
        once_read(monkeypatch, lambda: percentage_there(sent, sent.people[0], 55.0))
        calls = sent.drained()
    edited, *others = sent.attempts()
    assert sent.states() == {Job.State.SUCCEEDED}, [a.message for a in sent.attempts()]
    assert SINCE in sent.steps(edited) and [change["old"] for change in edited.changes] == ["55"]
    assert not any(SINCE in sent.steps(attempt) for attempt in others)
    assert [len(attempt.exchanges) for attempt in others] == [2] * (PEOPLE - 1), "it was read and written"
    assert len(edited.exchanges) == 4, "it was read, looked for, read and written"
    assert len([call for call in calls if call.method == "POST" and "details" in call.path]) == PEOPLE


# -- trouble on the way --------------------------------------------------------------------------------------


@pytest.mark.parametrize("sent", ["fortnox"], indirect=True)
def test_a_list_that_cannot_be_read_keeps_nobody_waiting(sent: Backlog, monkeypatch: pytest.MonkeyPatch) -> None:
    sent.resync()
    sent.world.fail(sent.integration, path="3/employees?", times=1, status=503)
    sent.drained()
    assert {attempt.cause for attempt in sent.attempts()} == {"nothing_to_change"}
    assert not any(READS in sent.steps(attempt) for attempt in sent.attempts())
    began = []
    begin = listing.begin
    monkeypatch.setattr(listing, "begin", lambda *args: began.append(made := begin(*args)) or made)
    monkeypatch.setattr(listing, "MISSES", 1)
    sent.world.fail(sent.integration, path="3/employees?", times=1, status=503)
    for _ in range(2):
        sent.resync()
        sent.drained()
    assert [made is not None for made in began][:2] == [True, False], "the next one is not begun at once"


@pytest.mark.parametrize("sent", ["fortnox"], indirect=True)
def test_paused_while_it_is_read_nothing_is_lost(sent: Backlog, monkeypatch: pytest.MonkeyPatch) -> None:
    follow = Listing._next

    def paused(self: Listing) -> None:
        self.loan.ask(lambda: Integration.objects.update(paused_at=timezone.now()))
        time.sleep(1.1 * worker_turn.KNOWN)
        follow(self)

    sent.resync()
    before = len(sent.sandbox.tenant.calls)
    monkeypatch.setattr(Listing, "_next", paused)
    sent.world.drain(sent.integration)
    assert len(sent.sandbox.tenant.calls) == before
    assert Job.objects.filter(state=Job.State.WAITING).count() == PEOPLE
    monkeypatch.setattr(Listing, "_next", follow)
    Integration.objects.update(paused_at=None)
    assert len(sent.drained()) <= 3 and {a.cause for a in sent.attempts()} == {"nothing_to_change"}


@pytest.mark.parametrize("sent", ["fortnox"], indirect=True)
def test_the_next_turn_reads_on_and_an_old_list_is_worth_nothing(
    sent: Backlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent.resync()
    made = listing.begin(sent.integration, 1)
    assert made is not None
    made.loan.give(lambda: None, lambda call: call(), None)
    made.resting = True
    assert made.read() and not made.whole and not made.fit([sent.people[0].pk])
    listing.put_back(made)
    sent.integration.refresh_from_db()
    assert listing.kept(sent.integration, 2) is made
    made.loan.give(lambda: None, lambda call: call(), None)
    assert made.read() and made.whole
    assert made.mine == {1, 2} and made.calls == 1
    everybody = {person.pk for person in sent.people}
    assert made.fit(everybody) == everybody
    jobs = list(Job.objects.open())
    assert made.of(jobs) is not None
    made.until = 0.0
    assert not made.fit(everybody) and made.of(jobs) is None
    listing.put_back(made)
    assert listing.kept(sent.integration, 3) is None
    for change in ({"version": 99}, {"retry_count": 1}):
        again = listing.begin(sent.integration, 3)
        assert again is not None
        listing.put_back(again)
        for name, value in change.items():
            setattr(sent.integration, name, value)
        assert listing.kept(sent.integration, 4) is None
        sent.integration.refresh_from_db()


def begun(backlog: Backlog, epoch: int) -> Listing:
    made = listing.begin(backlog.integration, epoch)
    assert made is not None
    return made


@pytest.mark.parametrize("sent", ["fortnox"], indirect=True)
def test_no_list_outlives_the_erasure_of_somebody(sent: Backlog, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has the marks of everybody: it is gone at the next turn of its process, for whichever connection that is, and
    is not kept by the turn that has it in hand. What is erased elsewhere ends none."""
    closed: list[Listing] = []
    close = Listing.close

    def told(self: Listing) -> None:
        closed.append(self)
        close(self)

    monkeypatch.setattr(Listing, "close", told)
    other = sent.world.connect("netvisor")
    elsewhere = EmployeeFactory(organization=OrganizationFactory(), number="9")
    sent.resync()
    kept, in_hand = begun(sent, 1), begun(sent, 2)
    listing.put_back(kept)
    personal_data.erase(personal_data.find(elsewhere.organization, "9"), "kari", "admin")
    assert listing.kept(other, 3) is None and not closed
    personal_data.erase(personal_data.find(sent.world.organization, sent.people[-1].number), "kari", "admin")
    assert listing.kept(other, 4) is None and closed == [kept]
    listing.put_back(in_hand)
    assert closed == [kept, in_hand] and not listing._kept
    with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=True):
        listing.put_back(begun(sent, 5))
        assert listing.kept(sent.integration, 6) is not None, "one that is read after it is of those who are left"


@pytest.mark.parametrize("sent", ["fortnox"], indirect=True)
def test_a_list_that_costs_more_than_it_spares_is_given_up(sent: Backlog, monkeypatch: pytest.MonkeyPatch) -> None:
    sent.resync()
    for most, budget in ((3, 100), (100, 0)):
        made = listing.begin(sent.integration, 1)
        assert made is not None and made.budget > 0
        monkeypatch.setattr(listing, "MOST_EMPLOYEES", most)
        made.budget = budget
        made.loan.give(lambda: None, lambda call: call(), None)
        assert not made.read() and made.over and not made.whole


def test_nobody_calls_for_it_between_two_turns(world: World) -> None:
    loan = listing.Loan()
    for call in (loan.guard, lambda: loan.ask(lambda: None)):
        with pytest.raises(InterruptedRunError):
            call()
