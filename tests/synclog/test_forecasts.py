"""Previews of everything: what they say in counts is what then happens, with each start and in every system; and what
other settings would send otherwise."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations.engine import Start
from integrations.models import EmployeeLink, Integration, PeriodLink
from integrations.planning.states import State
from integrations.sandboxes.base import Tenant
from integrations.sdk.declaration import Transport
from integrations.systems.registry import systems
from positions.models import Position
from synclog.engine import actions
from synclog.log import batches, bulk_actions, starting
from synclog.log import forecasts as told
from synclog.models import Attempt, Batch, Event, Forecast, ForecastRow, Job, Question
from synclog.questions import asking, forecasts, walks
from synclog.queue import tasks
from tests.synclog.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.unanswered]

OCCUPATIONS = {
    "tripletex": "2511102", "unimicro": "2511102", "visma_net_payroll": "2511102", "finago": "2130102",
    "poweroffice_go": "2511102",
}  # fmt: skip
# Each start in a system with history and in a flat one; the larger one in all others.
WITH = [
    *((system.key, Start.ALL) for system in systems()),
    ("tripletex", Start.CURRENT),
    ("entra_id", Start.CURRENT),
]
Told = Counter[tuple[str, str, str]]


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Any:
    yield
    for key in list(walks._held):
        walks._let_go(key)


def worked(forecast: Forecast) -> Forecast:
    """As far as workers get with it now."""
    for _ in range(20):
        question = Question.objects.filter(forecast=forecast, done_at=None).first()
        if question is None:
            break
        asking.answer(question.pk)
    forecast.refresh_from_db()
    return forecast


def foreseen(integration: Integration) -> Forecast:
    return worked(asking.preview_start(integration, "anna"))


def drained(world: World, integration: Integration) -> None:
    for _ in range(20):
        world.drain(integration)
        if not Job.objects.due(timezone.now()).filter(integration=integration).exists():
            break


def said(forecast: Forecast, start: Start) -> Told:
    found: Told = Counter()
    for group in told.groups(forecast, start):
        found[group.result, group.cause or group.action, group.field] += group.number
    return found


def happened(jobs: Any) -> Told:
    found: Told = Counter()
    for job in jobs:
        attempt = Attempt.objects.filter(job=job).order_by("-pk").first()  # none of what waits for its day
        state, cause = (attempt.state, attempt.cause) if attempt else (job.state, job.cause)
        written = state == State.SUCCEEDED
        found[State.PLANNED if written else state, job.action if written else cause, job.field] += 1
    return found


def staffed(world: World, integration: Integration) -> None:
    """Somebody with a past, somebody upcoming, a stranger, somebody who lacks what is needed, and somebody of whom a
    record is there that nobody here knows of any more."""
    today, code = world.organization.today(), OCCUPATIONS.get(integration.system_key, "")
    same = {"company": world.employee.company, "birth_date": date(1985, 3, 14), "national_id": "", "department": None}
    good: dict[str, Any] = {"occupation_code": code, "weekly_hours": 37.5}

    def begun(days: int) -> date:
        return today - timedelta(days=days)

    there, soon, lacking, stranger = (world.hire(number=str(2001 + n), **same) for n in range(4))
    for person in (there, soon, lacking):
        world.introduce(integration, person)
    known = world.save(there, start_date=begun(200), **good)
    if integration.system.transport is not Transport.FILE:
        actions.switch(integration, True, "anna")
        actions.send_now([known], integration, "anna")
        drained(world, integration)
        actions.switch(integration, False, "anna")
        for model in (PeriodLink, EmployeeLink, Job):
            model.objects.all().delete()
    Position.objects.filter(pk=known.pk).update(start_date=begun(150))
    world.save(start_date=begun(900), end_date=begun(400), end_reason="resigned", **good)
    world.save(start_date=begun(300), **good)
    world.save(soon, start_date=begun(-40), **good)
    world.save(lacking, start_date=begun(10), title="", occupation_code="")
    world.save(stranger, start_date=begun(10), **good)


@pytest.mark.parametrize(("key", "start"), WITH)
def test_what_is_said_in_counts_is_what_then_happens_and_nothing_else(
    world: World, key: str, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Tenant, "window", lambda *_: (True, 1000, 1.0))  # no rate limit keeps the test waiting
    integration = world.connect(key, on=False)
    staffed(world, integration)
    tenant = world.sandboxes[integration.pk].tenant
    before, there = len(tenant.calls), world.there(integration)
    forecast = foreseen(integration)
    assert forecast.state is Forecast.State.DONE, forecast.message
    assert forecast.calls == len(tenant.calls) - before and there == world.there(integration)
    assert not Job.objects.exists() and not EmployeeLink.objects.exists()
    foretold = said(forecast, start)
    of_file = integration.system.transport is Transport.FILE
    assert len(foretold) >= (2 if of_file else 3) and foretold.total() == (6 if start is Start.ALL else 5)
    assert starting.switch(integration, True, "anna", start).sent == foretold.total()
    drained(world, integration)
    assert foretold == happened(Job.objects.all())
    calls, attempts = len(tenant.calls), Attempt.objects.count()
    tasks.sweep()
    drained(world, integration)
    assert (calls, attempts) == (len(tenant.calls), Attempt.objects.count()), "nothing else is sent"


def test_two_who_have_one_record_there_are_foretold_as_one_who_is_sent(world: World) -> None:
    integration = world.connect("fortnox", on=False)
    world.save()
    other = world.hire(number="9999", first_name="Åse", last_name="Sørlie", email=world.employee.email, national_id="")
    world.save(other)
    foretold = said(foreseen(integration), Start.CURRENT)
    starting.switch(integration, True, "anna", Start.CURRENT)
    drained(world, integration)
    assert foretold == happened(Job.objects.all()) and len(foretold) == 2


# -- the start ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("start", "sent"), [(Start.CHANGES, 0), (Start.CURRENT, 2), (Start.ALL, 3)])
def test_a_start_records_what_it_says_and_the_history_tells_it(world: World, start: Start, sent: int) -> None:
    integration, today = world.connect("netvisor", on=False), world.organization.today()
    world.save(start_date=today - timedelta(days=900), end_date=today - timedelta(days=1))
    world.save(start_date=today, end_date=today)
    world.save(start_date=today + timedelta(days=1))
    elsewhere = world.connect("netvisor", on=False)
    assert starting.switch(integration, True, "anna", start).sent == sent
    assert Job.objects.filter(integration=integration).count() == sent and not elsewhere.jobs.exists()
    event = Event.objects.get(integration=integration, kind="on")
    assert event.by == "anna" and (str(sent) in event.text) == bool(sent)
    assert starting.switch(integration, True, "anna", Start.ALL).sent == 0, "it is on already"
    assert Job.objects.filter(integration=integration).count() == sent


def test_what_was_asked_of_an_activation_before_is_not_sent_in_the_next_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (bulk_actions.batches, batches):
        monkeypatch.setattr(module, "PIECE", 1)
    integration = world.connect("netvisor", on=False)
    for _ in range(3):
        world.save(world.hire())
    assert starting.switch(integration, True, "anna", Start.CURRENT).sent == 3
    batch = Batch.objects.get()
    assert batches.carry_on(batch.pk)
    starting.switch(integration, False, "anna")
    starting.switch(integration, True, "anna")
    assert not batches.carry_on(batch.pk)
    batch.refresh_from_db()
    assert (batch.state, batch.cause, batch.left_out) == (Batch.State.DONE, "switched_off", 2)
    assert not Job.objects.open().exists()


# -- what keeps it from going on, and how long it is kept -------------------------------------------------------


def test_one_at_a_time_and_not_where_nothing_may_be_asked(world: World) -> None:
    integration = world.connect("fortnox", on=False)
    world.save()
    going = asking.preview_start(integration, "anna")
    with pytest.raises(walks.NotPossibleError, match="already"):
        asking.preview_start(integration, "bo")
    Integration.objects.update(paused_at=timezone.now())
    worked(going)
    assert going.state is Forecast.State.ENDED and "was paused" in going.message
    integration.refresh_from_db()
    with pytest.raises(walks.NotPossibleError, match="paused"):
        asking.preview_start(integration, "anna")
    Integration.objects.update(paused_at=None)
    integration.refresh_from_db()
    world.fail(integration, path="3/employees", status=503)
    waits = foreseen(integration)
    assert (waits.state, waits.misses) == (Forecast.State.READING, 1) and waits.due_at > timezone.now()
    assert walks.cancel(waits, "bo") and worked(waits).state is Forecast.State.CANCELLED
    assert not ForecastRow.objects.exists()


def test_it_is_kept_for_a_day_and_only_the_newest(world: World) -> None:
    integration = world.connect("fortnox", on=False)
    position = world.save()
    old = foreseen(integration)
    new = foreseen(integration)
    assert set(ForecastRow.objects.values_list("part_of", flat=True)) == {new.pk}
    row = new.rows.get()
    assert (row.start, row.result, row.position_key, row.employee_key) == (
        "", State.PLANNED, position.pk, position.employee_id,
    )  # fmt: skip
    assert ("title", "Baker") in {(line["field"], line["new"]) for line in row.changes}
    Forecast.objects.filter(pk=new.pk).update(done_at=None)
    ForecastRow.objects.create(part_of=new, employee_key=10**9, position_key=1, result=State.PLANNED)
    new.refresh_from_db()
    walks.finish(forecasts.StartTurn(new, lambda: True))
    assert list(new.rows.all()) == [row], "whoever was erased meanwhile is not kept"
    Forecast.objects.filter(pk=new.pk).update(done_at=timezone.now() - forecasts.KEPT - timedelta(minutes=1))
    asking.look_after()
    assert list(Forecast.objects.all()) == [old] and not ForecastRow.objects.exists()


# -- other settings -------------------------------------------------------------------------------------------


def test_other_settings_are_told_field_by_field_without_being_saved_or_asked_about(world: World) -> None:
    integration, today = world.connect("netvisor", on=False), world.organization.today()
    lists = integration.settings.get("occupation_codes") or {}
    ends = world.save(end_date=today, end_reason="", occupation_code="51200")
    world.save(world.hire(), end_date=today, end_reason="resigned", occupation_code="")
    mapped = world.save(world.hire(), end_date=None, occupation_code="2511")
    over = {"start_date": today - timedelta(days=9), "end_date": today - timedelta(days=1)}
    world.save(world.hire(), occupation_code="2511", end_reason="resigned", **over)
    without, given = dict(integration.settings) | {"default_end_reason": ""}, {"default_end_reason": "6"}
    calls = len(world.sandboxes[integration.pk].tenant.calls)

    def other(before: dict[str, Any], tried: dict[str, Any]) -> tuple[Forecast, list[tuple[int, str, Any]]]:
        integration.settings = before
        integration.save()
        forecast = worked(asking.preview_settings(integration, tried, "anna"))
        integration.refresh_from_db()
        assert integration.settings == before and forecast.settings == {}
        assert forecast.state is Forecast.State.DONE and told.total(forecast) == 3
        lines = [
            (one.position_key, one.result, [(line["field"], line["old"], line["new"]) for line in one.changes])
            for one in forecast.rows.order_by("pk")
        ]
        return forecast, lines

    assert other(without, without)[1] == []
    _, [(position, result, lines)] = other(without, without | given)
    assert (position, result) == (ends.pk, "now") and ("end_reason", None, "6") in lines
    forecast, [(position, result, lines)] = other(without | given, without)
    assert (position, result, lines) == (ends.pk, "no_more", [])
    assert told.groups(forecast)[0].field == "end_reason" and "End reason is missing" in forecast.rows.get().message
    table = {"occupation_codes": {**lists, "2511": "25112"}}
    assert other(without, without | table)[1] == [(mapped.pk, "otherwise", [("occupation_code", "25110", "25112")])]
    assert other(without, without | {"numbers_differ": True})[0].beyond == ["numbers_differ"]
    assert len(world.sandboxes[integration.pk].tenant.calls) == calls and not Job.objects.exists()
