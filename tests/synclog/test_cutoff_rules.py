"""What a payroll cut-off does to the jobs of a connection: each rule by itself on rows, and no system asked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine

from integrations.models import Integration
from integrations.planning.cutoff import After, Calendar, DayAndHour
from integrations.sdk.messages import packed
from positions.models import Organization
from synclog.engine import cutoff, texts
from synclog.engine.clock_skew import AHEAD
from synclog.models import Event, Job
from tests.factories import OrganizationFactory
from tests.synclog.pages import connection, job

pytestmark = pytest.mark.django_db

OSLO = ZoneInfo("Europe/Oslo")
HOLD, TAG, SEND = (Calendar(after, DayAndHour(13, 12)) for after in (After.HOLD, After.TAG, After.SEND))
CUTOFF, OPENS = datetime(2026, 11, 13, 12, tzinfo=OSLO), datetime(2026, 12, 1, tzinfo=OSLO)
NOW = datetime(2026, 11, 20, 10, tzinfo=OSLO)
BEFORE = CUTOFF - timedelta(minutes=1)
DUE = NOW - AHEAD
WAITING, RETRYING, FAILED, RUNNING = Job.State.WAITING, Job.State.RETRYING, Job.State.FAILED, Job.State.RUNNING


@pytest.fixture(autouse=True)
def _after_the_cutoff() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def organization() -> Organization:
    return OrganizationFactory(time_zone="Europe/Oslo")


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    found: list[int] = []
    monkeypatch.setattr(cutoff, "wake", found.extend)
    return found


def closing(organization: Organization, key: str = "netvisor", by: Calendar | None = HOLD) -> Integration:
    return connection(organization, key, cutoff=by.to_json() if by else {})


def waits(integration: Integration, like: Job | None = None, **values: Any) -> Job:
    """A job, of the employee of another one if that is given."""
    made = job(integration, **{"state": WAITING, "cause": "", "recorded_at": NOW, "due_at": DUE, **values})
    if like is not None:
        made.employee_key = like.employee_key
        made.save()
    return made


def is_held(integration: Integration, like: Job | None = None, until: datetime = OPENS, **values: Any) -> Job:
    held = {"cutoff_at": CUTOFF, "held_until": until, "due_at": until, "cause": Job.HELD}
    return waits(integration, like, **{**held, **values})


def now(one: Job) -> Job:
    return Job.objects.get(pk=one.pk)


def held(*jobs: Job) -> list[datetime | None]:
    """Until when each of them is held, and due only then; None of what is not."""
    found = [now(one) for one in jobs]
    assert all(one.due_at == one.held_until for one in found if one.cause == Job.HELD)
    return [one.held_until if one.cause == Job.HELD else None for one in found]


# -- when a change is saved ------------------------------------------------------------------------------------


def recorded(integration: Integration, **values: Any) -> Job:
    """Not stored yet."""
    ours = {"recorded_at": NOW, "due_at": DUE, "origin": Job.Origin.EDIT, **values}
    return Job(integration=integration, organization=integration.organization, **ours)


def test_what_is_saved_after_the_cutoff_is_marked_and_held_as_its_calendar_says(organization: Organization) -> None:
    hold, tag, send, none = (closing(organization, by=one) for one in (HOLD, TAG, SEND, None))
    calendars = {hold.pk: HOLD, tag.pk: TAG, send.pk: SEND}
    jobs = [recorded(one) for one in (none, send, tag, hold)]
    assert cutoff.mark(jobs, calendars) == [jobs[3]]
    assert [(j.cutoff_at, j.held_until, j.due_at, j.cause) for j in jobs] == [
        (None, None, DUE, ""), (None, None, DUE, ""), (CUTOFF, None, DUE, ""), (CUTOFF, OPENS, OPENS, Job.HELD),
    ]  # fmt: skip
    [said] = jobs[3].said
    assert (said["id"], jobs[2].said) == (texts.HELD.id, [])


def test_what_is_no_change_of_now_is_neither_marked_nor_held(organization: Organization) -> None:
    hold = closing(organization)
    jobs = [
        recorded(hold, recorded_at=BEFORE),
        recorded(hold, origin=Job.Origin.SCHEDULE),
        recorded(hold, held_until=DUE),
        recorded(hold, origin=Job.Origin.RESYNC),
    ]
    assert cutoff.mark(jobs, {hold.pk: HOLD}) == jobs[3:]
    assert [j.cutoff_at for j in jobs] == [None, None, None, CUTOFF]


def test_each_organization_has_its_own_midnight(django_assert_num_queries: Any) -> None:
    oslo, apia = (
        closing(OrganizationFactory(time_zone="Europe/Oslo")),
        closing(OrganizationFactory(time_zone="Pacific/Apia")),
    )
    jobs = [recorded(oslo), recorded(apia)]
    with django_assert_num_queries(1):
        assert cutoff.mark(jobs, {oslo.pk: HOLD, apia.pk: HOLD}) == jobs
    assert [j.held_until for j in jobs] == [OPENS, OPENS.replace(tzinfo=ZoneInfo("Pacific/Apia"))]
    with django_assert_num_queries(0):
        assert cutoff.mark([recorded(oslo)], {}) == []
    one = waits(apia)
    cutoff.look_again(apia)
    assert held(one) == [jobs[1].held_until]


def test_a_calendar_is_read_from_what_is_kept() -> None:
    assert cutoff.calendars_of([(1, HOLD.to_json()), (2, {}), (3, TAG.to_json())]) == {1: HOLD, 3: TAG}


# -- one record for one employee ---------------------------------------------------------------------------


def test_beside_what_is_held_everything_of_the_employee_is_held_as_long(organization: Organization) -> None:
    flat = closing(organization, "fortnox")
    later = OPENS + timedelta(days=1)
    first = is_held(flat)
    second = is_held(flat, first, until=later)
    beside, retrying = waits(flat, first), waits(flat, first, state=RETRYING, cause="target_unavailable")
    failed, running = waits(flat, first, state=FAILED), waits(flat, first, state=RUNNING)
    stranger, elsewhere = waits(flat), waits(closing(organization, "fortnox"), first)
    assert cutoff.hold_beside(flat)
    assert held(first, second, beside, retrying) == [OPENS, later, later, later]
    assert (now(retrying).state, now(beside).said) == (WAITING, packed([texts.HELD(until=later.astimezone(OSLO))]))
    assert held(failed, running, stranger, elsewhere) == [None] * 4
    assert not cutoff.hold_beside(flat), "nothing else is to be held"


def test_only_those_who_are_asked_about_are_held(organization: Organization) -> None:
    flat = closing(organization, "fortnox")
    one, other = is_held(flat), is_held(flat, until=OPENS + timedelta(days=1))
    of_one, of_other = waits(flat, one), waits(flat, other)
    assert not cutoff.hold_beside(flat, [])
    assert cutoff.hold_beside(flat, [one.employee_key]) and held(of_one, of_other) == [OPENS, None]
    assert cutoff.hold_beside(flat) and held(of_other) == [OPENS + timedelta(days=1)], "each as long as their own"


def test_before_a_claim_it_is_looked_at_where_one_record_is_held(organization: Organization) -> None:
    for key, by, expected in (("fortnox", HOLD, True), ("fortnox", TAG, False), ("netvisor", HOLD, False)):
        integration = closing(organization, key, by)
        one = is_held(integration)
        waits(integration, one)
        assert cutoff.held_beside(integration, [one.employee_key, 7]) == ({one.employee_key} if expected else ())
        assert not cutoff.hold_some_beside(integration, [])
        assert cutoff.hold_some_beside(integration, [one.employee_key]) is expected


def test_what_was_held_just_now_takes_along_what_is_beside_it_by_connection(organization: Organization) -> None:
    flat, other, history = (closing(organization, key) for key in ("fortnox", "fortnox", "netvisor"))
    jobs = [is_held(one) for one in (flat, flat, other, history)]
    beside = [waits(one.integration, one) for one in jobs]
    cutoff.hold_beside_these(jobs[1:])
    assert held(*beside) == [None, OPENS, OPENS, None]


def test_where_nothing_is_held_any_more_what_was_held_beside_it_goes_out(
    organization: Organization, woken: list[int]
) -> None:
    flat, history = closing(organization, "fortnox"), closing(organization)
    beside = [is_held(one, recorded_at=BEFORE, cutoff_at=None) for one in (flat, flat, history)]
    cutoff.no_longer_held({flat.pk: [beside[0].employee_key], history.pk: [beside[2].employee_key]})
    assert held(*beside) == [None, OPENS, OPENS] and woken == [flat.pk]


def test_a_day_that_comes_does_not_send_what_is_held(organization: Organization) -> None:
    one, other = closing(organization), closing(organization)
    kept, free = is_held(one), waits(one)
    came = [Job(integration=i, position_key=j.position_key) for i, j in ((one, kept), (one, free), (other, kept))]
    assert cutoff.without_held(came) == came[1:]
    assert cutoff.without_held([]) == []


# -- sent all the same -----------------------------------------------------------------------------------------


def test_what_somebody_sends_all_the_same_is_not_held_when_it_is_stored(organization: Organization) -> None:
    hold = closing(organization)
    jobs = [recorded(hold), recorded(hold)]
    cutoff.sent_all_the_same(jobs)
    assert [j.held_until for j in jobs] == [DUE, DUE] and cutoff.mark(jobs, {hold.pk: HOLD}) == []


def test_one_record_is_sent_with_all_that_is_held_of_it(organization: Organization) -> None:
    flat, history, open_ = (
        closing(organization, "fortnox"),
        closing(organization),
        closing(organization, "fortnox", None),
    )
    jobs = [is_held(one) for one in (flat, flat, history, open_)]
    cutoff.release_beside({one.integration_id: [one.employee_key] for one in (jobs[0], *jobs[2:])})
    assert held(*jobs) == [None, OPENS, OPENS, OPENS]
    sent = now(jobs[0])
    assert (sent.held_until, sent.due_at, sent.changed_at, sent.cause, sent.said) == (DUE, DUE, NOW, "", [])
    assert sent.origin == jobs[0].origin, "nobody asked for this one"


def test_what_was_saved_and_held_since_a_moment(organization: Organization) -> None:
    flat, history = closing(organization, "fortnox"), closing(organization)
    rows: list[tuple[int, int, int]] = []
    for integration in (flat, history):
        late = is_held(integration, recorded_at=NOW)
        jobs = [late, waits(integration, late), is_held(integration, recorded_at=BEFORE), waits(integration)]
        rows += [(integration.pk, one.employee_key, one.position_key) for one in jobs]
    assert cutoff.held_since(NOW - timedelta(hours=1), rows) == {
        (rows[0][0], rows[0][2]), (rows[1][0], rows[1][2]), (rows[4][0], rows[4][2]),
    }  # fmt: skip
    assert cutoff.held_since(NOW, rows) == set(), "at that very moment is not after it"
    assert cutoff.held_since(None, rows) == cutoff.held_since(NOW, []) == ()


@pytest.mark.parametrize(("number", "words"), [(1, texts.CUTOFF_SENT_ONE), (2, texts.CUTOFF_SENT)])
def test_all_that_is_held_goes_out_at_once_and_the_history_tells_it(
    organization: Organization, woken: list[int], number: int, words: Any
) -> None:
    hold, other = closing(organization), closing(organization)
    jobs, theirs = [is_held(hold) for _ in range(number)], is_held(other)
    assert cutoff.send_all(hold, "anna") == number and woken == [hold.pk]
    assert held(*jobs, theirs) == [None] * number + [OPENS]
    sent = now(jobs[0])
    assert (sent.held_until, sent.origin, sent.origin_name) == (DUE, Job.Origin.RESYNC, "anna")
    event = Event.objects.get()
    assert (event.integration, event.kind, event.by, event.said[0]["id"]) == (hold, Event.Kind.RESYNC, "anna", words.id)
    assert ("2" in event.text) is (number == 2)
    assert cutoff.send_all(hold, "anna") == 0 and Event.objects.count() == 1, "nothing is left to tell"


# -- another calendar ------------------------------------------------------------------------------------------


def test_another_calendar_holds_marks_and_lets_go_and_is_told(organization: Organization, woken: list[int]) -> None:
    integration = closing(organization, by=None)
    saved, before = waits(integration), waits(integration, recorded_at=BEFORE)
    cutoff.set_calendar(integration, HOLD, "anna")
    assert held(saved, before) == [OPENS, None] and now(saved).cutoff_at == CUTOFF and now(before).cutoff_at is None
    assert Integration.objects.get(pk=integration.pk).calendar == HOLD and woken == [integration.pk]
    event = Event.objects.get()
    assert (event.kind, event.by, event.said[0]["id"]) == (Event.Kind.OPTION, "anna", texts.CUTOFF_CHANGED.id)
    cutoff.set_calendar(integration, HOLD, "anna")
    assert Event.objects.count() == 1, "it is the same"
    cutoff.set_calendar(integration, TAG, "anna")
    assert held(saved) == [None] and now(saved).cutoff_at == CUTOFF
    assert (now(saved).held_until, now(saved).due_at) == (None, DUE)
    cutoff.set_calendar(integration, None, "anna")
    assert now(saved).cutoff_at is None and Event.objects.latest("pk").said[0]["id"] == texts.CUTOFF_REMOVED.id


def test_what_no_save_decides_stays_as_it_is(organization: Organization, woken: list[int]) -> None:
    integration = closing(organization)
    sent = waits(integration, held_until=DUE)
    by_day, resync = (waits(integration, origin=one) for one in (Job.Origin.SCHEDULE, Job.Origin.RESYNC))
    later = waits(integration, cause="not_yet_current", due_at=OPENS)
    sooner = waits(integration, cause="counts_later", due_at=OPENS - timedelta(days=1))
    running = waits(integration, state=RUNNING)
    cutoff.look_again(integration)
    assert held(sent, by_day, resync, later, sooner, running) == [None, None, None, None, OPENS, None]
    assert now(sent).held_until == DUE, "somebody has sent it"
    assert [now(one).cutoff_at for one in (sent, by_day, resync, later, running)] == [None, None, None, CUTOFF, None]


def test_what_failed_stays_so_and_is_held_once_it_is_tried_again(organization: Organization, woken: list[int]) -> None:
    integration = closing(organization)
    failed, old = (
        waits(integration, state=FAILED),
        waits(integration, state=FAILED, recorded_at=BEFORE, held_until=OPENS),
    )
    cutoff.look_again(integration)
    assert (now(failed).state, now(failed).held_until, now(failed).due_at) == (FAILED, OPENS, DUE)
    assert (now(failed).cause, now(old).held_until) == ("", None)
    other = waits(integration)
    Job.objects.filter(pk__in=[failed.pk, other.pk]).update(state=RETRYING)
    cutoff.held_again(Job.objects.all())
    assert held(failed, other) == [OPENS, None] and now(failed).said[0]["id"] == texts.HELD.id


def test_only_employees_who_are_asked_about_are_looked_at(organization: Organization, woken: list[int]) -> None:
    integration = closing(organization)
    one, other = waits(integration), waits(integration)
    elsewhere = waits(closing(organization))
    cutoff.look_again(integration, [one.employee_key])
    assert held(one, other, elsewhere) == [OPENS, None, None]


def test_one_record_is_held_as_a_whole_by_another_calendar(organization: Organization, woken: list[int]) -> None:
    for key, expected in (("fortnox", OPENS), ("netvisor", None)):
        integration = closing(organization, key)
        one = waits(integration)
        beside = waits(integration, one, recorded_at=BEFORE)
        cutoff.look_again(integration)
        assert held(one, beside) == [OPENS, expected]


def test_what_was_marked_in_a_period_that_is_over_stays_marked(organization: Organization, woken: list[int]) -> None:
    integration = closing(organization, by=TAG)
    ages = [NOW, BEFORE, CUTOFF - timedelta(days=29), CUTOFF - timedelta(days=200)]
    after, open_, over, old = (waits(integration, recorded_at=at, cutoff_at=at - timedelta(days=1)) for at in ages)
    by_day = waits(integration, origin=Job.Origin.SCHEDULE, recorded_at=BEFORE, cutoff_at=CUTOFF)
    cutoff.look_again(integration)
    assert [now(one).cutoff_at is not None for one in (after, open_, over, old, by_day)] == [
        True,
        False,
        True,
        True,
        True,
    ]
    Integration.objects.filter(pk=integration.pk).update(cutoff=SEND.to_json())
    integration.refresh_from_db()
    cutoff.look_again(integration)
    assert not Job.objects.exclude(cutoff_at=None).exists()


# -- every minute ----------------------------------------------------------------------------------------------


def looked_at(integration: Integration, woken: list[int]) -> bool:
    woken.clear()
    cutoff.look_after()
    return woken == [integration.pk]


def test_what_was_saved_with_the_calendar_of_before_is_held_a_minute_later(
    organization: Organization, woken: list[int]
) -> None:
    integration = closing(organization)
    connection(organization, "netvisor")
    assert not looked_at(integration, woken), "nothing waits"
    one = waits(integration)
    assert looked_at(integration, woken) and held(one) == [OPENS]
    assert not looked_at(integration, woken), "it is as it should be"
    waits(integration, recorded_at=BEFORE)
    waits(integration, origin=Job.Origin.SCHEDULE)
    waits(integration, held_until=DUE)
    waits(integration, cause="not_yet_current", due_at=OPENS, cutoff_at=CUTOFF)
    waits(integration, state=RUNNING)
    assert not looked_at(integration, woken)
    Job.objects.filter(pk=one.pk).update(held_until=OPENS + timedelta(days=1))
    assert looked_at(integration, woken) and now(one).held_until == OPENS
    Job.objects.filter(pk=one.pk).update(cutoff_at=BEFORE)
    assert looked_at(integration, woken) and now(one).cutoff_at == CUTOFF


def test_what_is_held_by_nobody_any_more_is_let_go_a_minute_later(organization: Organization, woken: list[int]) -> None:
    integration = closing(organization, by=None)
    one = is_held(integration)
    assert looked_at(integration, woken) and held(one) == [None]
    integration.switch(False)
    integration.save()
    is_held(integration)
    assert not looked_at(integration, woken), "it records nothing"


def test_what_is_marked_at_once_is_marked_a_minute_later_too(organization: Organization, woken: list[int]) -> None:
    integration = closing(organization, by=TAG)
    one = waits(integration)
    assert looked_at(integration, woken) and (now(one).cutoff_at, now(one).held_until) == (CUTOFF, None)
    assert not looked_at(integration, woken)


def test_two_cutoffs_of_one_closed_period_mark_their_own_each(organization: Organization, woken: list[int]) -> None:
    first = datetime(2026, 11, 5, 12, tzinfo=OSLO)
    named = tuple(one.replace(tzinfo=None) for one in (first, CUTOFF))
    integration = closing(organization, by=Calendar(After.HOLD, None, named))
    earlier, later = waits(integration, recorded_at=CUTOFF - timedelta(days=1)), waits(integration)
    assert looked_at(integration, woken) and held(earlier, later) == [OPENS, OPENS]
    assert [now(one).cutoff_at for one in (earlier, later)] == [first, CUTOFF]
    assert not looked_at(integration, woken)


def test_an_error_with_one_is_its_own(
    organization: Organization, woken: list[int], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = closing(organization), closing(organization)
    look = cutoff.look_again

    def fails(integration: Integration, employees: Any = None) -> None:
        if integration == first:
            raise RuntimeError("broken")
        look(integration, employees)

    monkeypatch.setattr(cutoff, "look_again", fails)
    jobs = [waits(first), waits(second)]
    cutoff.look_after()
    assert held(*jobs) == [None, OPENS] and str(first) in caplog.text
