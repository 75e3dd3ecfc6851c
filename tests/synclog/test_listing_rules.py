"""When a list of everybody is begun, read on, believed, kept and given up: each rule by itself, and no system asked."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations.models import EmployeeLink, Integration, PeriodLink
from integrations.sdk.errors import (
    ConnectorError,
    DataRefusedError,
    InterruptedRunError,
    RateLimitedError,
    UnavailableError,
)
from integrations.sdk.everybody import Everybody
from integrations.sdk.identity import EveryMark
from integrations.sdk.snapshot import Seen
from integrations.sdk.values import Remote
from synclog.engine import listing
from synclog.engine.clock_skew import TOLERANCE
from synclog.engine.listing import Listing, Loan
from synclog.models import Job
from tests.factories import IntegrationFactory
from tests.synclog.pages import job

pytestmark = pytest.mark.django_db

EPOCH = 5


@pytest.fixture(autouse=True)
def _none_is_kept() -> Iterator[None]:
    yield
    listing._kept.clear()
    listing._not_before.clear()


@pytest.fixture
def integration() -> Integration:
    made = IntegrationFactory()
    made.switch(True)
    made.save()
    return made


class Connection:
    """What a list needs of a connector: the calls that were made for what it asked for last, and its end."""

    def __init__(self, calls: int = 1) -> None:
        self.calls, self.closed, self.http = calls, 0, self

    def take_exchanges(self) -> tuple[None, ...]:
        return (None,) * self.calls

    def close(self) -> None:
        self.closed += 1


def seen(number: int) -> Seen:
    return Seen(str(number), EveryMark((str(number),)))


def answers(*given: Seen | Exception) -> Iterator[Seen]:
    """One after another; after an error the next one is asked for again."""

    class Answers(Iterator[Seen]):
        left = list(given)

        def __next__(self) -> Seen:
            if not self.left:
                raise StopIteration
            found = self.left.pop(0)
            if isinstance(found, Exception):
                raise found
            return found

    return Answers()


def made(integration: Integration | None = None, *there: Seen | Exception, calls: int = 1, **values: Any) -> Listing:
    connector: Any = Connection(calls)
    kept: Any = {
        "integration": integration.pk if integration else 1,
        "organization": integration.organization_id if integration else 1,
        "version": integration.version if integration else 1,
        "today": integration.organization.today() if integration else date(2026, 1, 1),
        "snapshot": answers(*there),
        "everybody": Everybody(connector),
        "loan": Loan(),
        "asked": {},
        "budget": 100,
        "late": 0.0,
        "since": EPOCH,
        "until": time.monotonic() + 60,
        "begun_at": timezone.now(),
        "local_time": "9:00",
        "mine": {EPOCH},
    }
    return Listing(connector=connector, **{**kept, **values})


def closed(one: Listing) -> int:
    connector: Any = one.connector
    found: int = connector.closed
    return found


def waiting(integration: Integration, number: int = 1, **values: Any) -> list[Job]:
    return [job(integration, state=Job.State.WAITING, **values) for _ in range(number)]


# -- reading ------------------------------------------------------------------------------------------------


def test_it_is_read_until_everybody_is_seen_and_its_calls_are_counted() -> None:
    one = made(None, seen(1), seen(2), calls=2)
    assert one.read() and one.whole and not one.given_up
    assert (len(one.everybody), one.calls) == (2, 6), "the end is asked for as well"
    assert one.read() and one.calls == 6, "nothing is left to be read"


def test_a_turn_that_wants_to_end_is_not_kept_waiting() -> None:
    one = made(None, seen(1), resting=True)
    assert one.read() and not one.whole and one.calls == 0
    assert not made(None, seen(1), given_up=True).read()


@pytest.mark.parametrize("trouble", [RateLimitedError("slow"), UnavailableError("down")], ids=lambda t: t.cause)
def test_trouble_on_the_way_is_tried_again_and_given_up_after_a_few(trouble: ConnectorError) -> None:
    one = made(None, seen(1), *[trouble] * (listing.MISSES - 1), seen(2), trouble)
    for misses in range(1, listing.MISSES):
        assert not one.read() and (one.misses, one.given_up) == (misses, False)
    assert not one.read() and one.given_up and len(one.everybody) == 2


@pytest.mark.parametrize(
    "trouble", [DataRefusedError("no"), ValueError("our own mistake")], ids=lambda t: type(t).__name__
)
def test_a_refusal_or_a_mistake_of_ours_gives_it_up_at_once(
    trouble: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    one = made(None, seen(1), trouble)
    assert not one.read() and one.given_up and (one.misses, one.calls) == (0, 2)
    assert bool(caplog.records) is isinstance(trouble, ValueError)


def test_a_worker_that_may_call_no_longer_gives_nothing_up() -> None:
    one = made(None, seen(1), InterruptedRunError("stop"), seen(2))
    assert not one.read() and not one.given_up and one.misses == 0
    assert one.read() and one.whole


@pytest.mark.parametrize(("budget", "most", "is_read"), [(3, 2, True), (2, 2, True), (1, 2, False), (3, 1, False)])
def test_it_may_cost_so_many_calls_and_hold_so_many_people(
    budget: int, most: int, is_read: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two people; the call that finds the end is made all the same."""
    monkeypatch.setattr(listing, "MOST_EMPLOYEES", most)
    one = made(None, seen(1), seen(2), budget=budget)
    assert one.read() is is_read and one.given_up is not is_read


# -- what a turn lends ---------------------------------------------------------------------------------------


def test_what_is_lent_is_asked_until_it_is_taken_back() -> None:
    loan, asked = Loan(), list[Any]()

    class Window:
        def acquire(self, guard: Any) -> None:
            asked.append(("acquire", guard))

        def penalize(self, seconds: float) -> None:
            asked.append(("penalize", seconds))

    def guard() -> None:
        asked.append("guard")

    def owner(call: Any) -> Any:
        return "owner", call()

    loan.give(guard, owner, Window())
    loan.guard()
    assert loan.ask(lambda: 7) == ("owner", 7)
    loan.acquire(guard)
    loan.penalize(2.5)
    assert asked == ["guard", ("acquire", guard), ("penalize", 2.5)]
    loan.take_back()
    loan.acquire(guard)
    loan.penalize(2.5)
    assert len(asked) == 3, "no limit of one that is gone"
    for call in (loan.guard, lambda: loan.ask(lambda: 7), Loan().guard, lambda: Loan().ask(lambda: 7)):
        with pytest.raises(InterruptedRunError):
            call()


# -- whom it is believed of ----------------------------------------------------------------------------------


def test_it_is_believed_once_it_is_whole_and_until_it_is_too_old(integration: Integration) -> None:
    age = timedelta(minutes=listing.MINUTES)
    assert made(integration).fit([1]) == set()
    assert made(integration, whole=True).fit([1, 2]) == {1, 2}
    assert made(integration, whole=True, given_up=True).fit([1]) == set()
    assert made(integration, whole=True, until=time.monotonic() - 1).fit([1]) == set()
    assert made(integration, whole=True, begun_at=timezone.now() - age - timedelta(seconds=1)).fit([1]) == set()
    assert made(integration, whole=True, begun_at=timezone.now() - age + timedelta(seconds=30)).fit([1]) == {1}
    assert made(integration, whole=True, spent={1}).fit([1, 2]) == {2}, "their run has begun since"


def test_jobs_that_it_was_not_begun_for_do_not_go_by_it(integration: Integration) -> None:
    known, newer, other = waiting(integration, 3)
    [elsewhere] = waiting(IntegrationFactory(organization=integration.organization))
    employees = {j.employee_key for j in (known, newer, other, elsewhere)}
    asked = {known.pk: known.generation, newer.pk: newer.generation - 1}
    one = made(integration, whole=True, asked=asked)
    assert one.fit(employees) == {known.employee_key, elsewhere.employee_key}
    assert one.fit([newer.employee_key]) == set(), "and nobody who was not asked about"


@pytest.mark.parametrize(
    ("epoch", "is_fit"), [(0, True), (EPOCH - 1, True), (EPOCH, True), (EPOCH + 2, True), (EPOCH + 1, False)]
)
def test_whom_another_process_had_in_hand_since_does_not_go_by_it(
    integration: Integration, epoch: int, is_fit: bool
) -> None:
    [one] = waiting(integration, epoch=epoch)
    kept = made(integration, whole=True, asked={one.pk: one.generation}, mine={EPOCH, EPOCH + 2})
    assert bool(kept.fit([one.employee_key])) is is_fit
    foreign = made(integration, whole=True, asked={one.pk: one.generation}, mine=set())
    assert bool(foreign.fit([one.employee_key])) is (epoch < EPOCH)


def test_where_reads_are_late_who_was_written_to_just_before_does_not_go_by_it(integration: Integration) -> None:
    now, late = timezone.now(), timedelta(seconds=600)
    since = now - late - TOLERANCE
    links = {
        number: PeriodLink.objects.create(
            integration=integration, employee_key=number, position_key=number, remote_id="r", written_at=written_at
        )
        for number, written_at in enumerate((None, since, since + timedelta(seconds=1), now), 101)
    }
    other = IntegrationFactory(organization=integration.organization)
    PeriodLink.objects.create(integration=other, employee_key=109, position_key=109, remote_id="r", written_at=now)
    everybody = {*links, 109}
    assert made(integration, whole=True, begun_at=now, late=600.0).fit(everybody) == {101, 102, 109}
    assert made(integration, whole=True, begun_at=now).fit(everybody) == everybody


def test_a_run_goes_by_it_with_the_jobs_as_they_were(integration: Integration) -> None:
    first, again = waiting(integration, 2)
    again.attempts = 2
    one = made(integration, whole=True, asked={j.pk: j.generation for j in (first, again)})
    found = one.of([first, again])
    assert found is not None and (found.everybody, found.time) == (one.everybody, "9:00")
    first.generation += 1
    assert one.of([again, first]) is None, "saved again since"
    one.late = 600.0
    assert one.of([again]) is None, "a first try may have written what is not seen yet"
    again.attempts = 1
    assert one.of([again]) is not None
    one.given_up = True
    assert one.of([again]) is None


# -- when one is begun ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("claimed", "most", "more"), [(3, 4, False), (4, 4, True), (5, 4, True)])
def test_whether_more_may_be_due(claimed: int, most: int, more: bool) -> None:
    assert listing.may_be_many(claimed, most) is more


def backlog(integration: Integration, number: int, **values: Any) -> list[Job]:
    return waiting(integration, number, due_at=timezone.now() - timedelta(seconds=1), **values)


def test_it_is_begun_where_three_times_its_calls_are_saved(integration: Integration) -> None:
    """Fortnox lists 500 on a page, and one that does not differ costs a call: one call, and three are saved."""
    jobs = backlog(integration, 2)
    backlog(integration, 1, changed=["title"], changed_in=1)  # changed before it was asked for again
    before = timezone.now()
    assert integration.system.calls.unchanged == 1
    one = listing.begin(integration, EPOCH)
    assert one is not None
    assert (one.integration, one.version, one.since, one.mine) == (integration.pk, integration.version, EPOCH, {EPOCH})
    assert one.asked == dict(Job.objects.values_list("pk", "generation")) and len(one.asked) == len(jobs) + 1
    assert one.today == integration.organization.today() and before <= one.begun_at <= timezone.now()
    assert one.local_time == f"{one.begun_at.astimezone(integration.organization.zone):%H:%M}"
    assert one.budget == 1 + listing.FETCHED_ONCE and one.late == integration.system.shows_late
    assert 0 < one.until - time.monotonic() <= 60 * listing.MINUTES
    Job.objects.filter(pk=jobs[0].pk).delete()
    assert listing.begin(integration, EPOCH) is None, "two are not worth it"


def test_its_connector_asks_what_the_turn_lends_and_is_told_what_was_written(
    integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = []
    monkeypatch.setattr(listing, "_concerned", lambda _: 300)
    monkeypatch.setattr(listing, "shared_limiter", lambda *_: None)
    monkeypatch.setattr(listing, "last_records", lambda of: ("written for", of))
    monkeypatch.setattr(integration.connector_class, "snapshot", lambda _, written: given.append(written) or "all")
    one = listing.begin(integration, EPOCH)
    assert one is not None and (one.snapshot, given) == ("all", [("written for", integration)])
    assert one.connector.context.limiter is one.loan
    with pytest.raises(InterruptedRunError):
        one.connector.context.guard()
    with pytest.raises(InterruptedRunError):
        one.connector.context.vault.load()


def test_who_was_changed_here_is_read_all_the_same_where_no_write_is_guarded(integration: Integration) -> None:
    backlog(integration, 2)
    [changed] = backlog(integration, 1, changed=["title"])
    Job.objects.filter(pk=changed.pk).update(changed_in=changed.generation)
    assert listing.begin(integration, EPOCH) is None
    guarded = IntegrationFactory(system_key="tripletex")
    backlog(guarded, 1)
    [changed] = backlog(guarded, 1, changed=["title"])
    Job.objects.filter(pk=changed.pk).update(changed_in=changed.generation)
    one = listing.begin(guarded, EPOCH)
    assert one is not None, "two calls each are saved, one for the list"
    backlog(integration, 1)
    other = listing.begin(integration, EPOCH)
    assert other is not None
    for begun, raw in ((one, {"much": "more"}), (other, None)):
        begun.everybody.add(Seen("1", EveryMark(("1",)), (Remote("r", {}, raw={"much": "more"}),)))
        assert begun.everybody.seen("1").records[0].raw == raw, "a guarded write goes by what a list showed"


def test_what_is_not_due_yet_does_not_count_and_an_employee_once(integration: Integration) -> None:
    one, _ = backlog(integration, 2)
    waiting(integration, 3, due_at=timezone.now() + timedelta(hours=1))
    assert listing.begin(integration, EPOCH) is None
    [third] = backlog(integration, 1)
    assert listing.begin(integration, EPOCH) is not None
    Job.objects.filter(pk=third.pk).update(employee_key=one.employee_key)
    assert listing.begin(integration, EPOCH) is None


def test_a_list_of_many_who_are_matched_costs_more(integration: Integration) -> None:
    backlog(integration, 3)
    EmployeeLink.objects.bulk_create(
        EmployeeLink(integration=integration, employee_key=n, remote_id=str(n), state=EmployeeLink.State.MATCHED)
        for n in range(1000, 1501)
    )
    assert listing.begin(integration, EPOCH) is None, "501 of them are on a second page"
    other = IntegrationFactory(organization=integration.organization)
    EmployeeLink.objects.filter(employee_key=1500).update(integration=other)
    EmployeeLink.objects.filter(employee_key=1499).update(state=EmployeeLink.State.RELEASED)
    assert listing.begin(integration, EPOCH) is not None


def test_its_budget_grows_with_what_it_spares(integration: Integration, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "_concerned", lambda _: 300)
    one = listing.begin(integration, EPOCH)
    assert one is not None and one.budget == 100


def test_what_runs_is_not_asked_for_and_the_longest_due_come_first(
    integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "MOST_JOBS", 2)
    monkeypatch.setattr(listing, "_concerned", lambda _: 300)
    jobs = backlog(integration, 3)
    Job.objects.filter(pk=jobs[0].pk).update(due_at=timezone.now())
    job(integration, state=Job.State.RUNNING, due_at=timezone.now() - timedelta(days=1))
    backlog(IntegrationFactory(organization=integration.organization), 1)
    one = listing.begin(integration, EPOCH)
    assert one is not None and list(one.asked) == [jobs[1].pk, jobs[2].pk]


@pytest.mark.parametrize("key", ["finago", "netvisor", "poweroffice_go", "crona_lon"])
def test_none_is_begun_where_the_system_gives_none_or_takes_one_call_at_a_time(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "_concerned", lambda _: 100_000)
    assert listing.begin(IntegrationFactory(system_key=key), EPOCH) is None


def test_none_is_begun_after_errors_or_soon_after_one_was_given_up(integration: Integration) -> None:
    backlog(integration, 3)
    integration.retry_count = 1
    assert listing.begin(integration, EPOCH) is None
    integration.retry_count = 0
    listing._not_before[integration.pk] = time.monotonic() + 1
    assert listing.begin(integration, EPOCH) is None
    listing._not_before[integration.pk] = time.monotonic() - 1
    assert listing.begin(integration, EPOCH) is not None


# -- between two turns ---------------------------------------------------------------------------------------


def turned(integration: Integration, **values: Any) -> Listing:
    one = made(integration, resting=True, **values)
    listing.put_back(one)
    return one


def test_the_next_turn_goes_on_with_it(integration: Integration) -> None:
    backlog(integration, 1)
    one = turned(integration)
    one.loan.take_back()
    assert listing.kept(integration, EPOCH + 3) is one
    assert (one.mine, one.resting, closed(one)) == ({EPOCH, EPOCH + 3}, False, 0)
    assert listing.kept(integration, EPOCH + 3) is None, "it is in hand"


@pytest.mark.parametrize("change", [{"version": 99}, {"retry_count": 1}])
def test_it_is_let_go_where_the_connection_is_another_since(integration: Integration, change: dict[str, Any]) -> None:
    backlog(integration, 1)
    one = turned(integration)
    for name, value in change.items():
        setattr(integration, name, value)
    assert listing.kept(integration, EPOCH) is None and closed(one) == 1


def test_it_is_let_go_on_another_day(integration: Integration) -> None:
    backlog(integration, 1)
    one = turned(integration, today=date(2020, 1, 1))
    assert listing.kept(integration, EPOCH) is None and closed(one) == 1


def test_what_is_too_old_is_let_go_whosever_turn_it_is(integration: Integration) -> None:
    backlog(integration, 1)
    one = turned(integration)
    one.until = 0.0
    assert listing.kept(IntegrationFactory(organization=integration.organization), EPOCH) is None
    assert closed(one) == 1 and not listing._kept


def test_where_nothing_is_due_any_more_none_is_kept(integration: Integration) -> None:
    waiting(integration, 1, due_at=timezone.now() + timedelta(hours=1))
    backlog(IntegrationFactory(organization=integration.organization), 1)
    assert closed(turned(integration)) == 1 and not listing._kept


def test_one_that_was_given_up_is_let_go_and_the_next_waits(integration: Integration) -> None:
    backlog(integration, 1)
    one = turned(integration, given_up=True)
    assert closed(one) == 1 and not listing._kept
    pause = listing._not_before[integration.pk] - time.monotonic()
    assert listing.PAUSE - 5 < pause <= listing.PAUSE
    other = turned(integration, until=0.0)
    assert closed(other) == 1 and not listing._kept


def test_what_was_lent_is_taken_back_at_the_end_of_a_turn(integration: Integration) -> None:
    one = made(integration)
    one.loan.give(lambda: None, lambda call: call(), None)
    listing.put_back(one)
    with pytest.raises(InterruptedRunError):
        one.loan.guard()
