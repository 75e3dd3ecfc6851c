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
from integrations.systems.registry import systems
from positions.models import Position
from synclog.log import forecasts as told
from synclog.log import starting
from synclog.models import Attempt, Forecast, ForecastRow, Job, Question
from synclog.questions import asking, forecasts, walks
from tests.synclog.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.unanswered]

OCCUPATIONS = {"tripletex": "2511102", "unimicro": "2511102", "visma_net_payroll": "2511102"}


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


def said(forecast: Forecast, start: Start) -> Counter[tuple[str, str, str]]:
    found: Counter[tuple[str, str, str]] = Counter()
    for group in told.groups(forecast, start):
        found[group.result, group.cause or group.action, group.field] += group.number
    return found


def happened(integration: Integration, since: int) -> Counter[tuple[str, str, str]]:
    """By the attempts of the jobs that were made after this one."""
    found: Counter[tuple[str, str, str]] = Counter()
    for job in Job.objects.filter(integration=integration, pk__gt=since):
        attempt = Attempt.objects.filter(job=job).order_by("-pk").first()  # none of what waits for its day
        state, cause = (attempt.state, attempt.cause) if attempt else (job.state, job.cause)
        written = state == State.SUCCEEDED
        found[State.PLANNED if written else state, job.action if written else cause, job.field] += 1
    return found


def staffed(world: World, integration: Integration) -> None:
    """Somebody with a past, somebody upcoming, a stranger, somebody who lacks what is needed, somebody of whom a record
    is there already, and two who claim one record."""
    key, today = integration.system_key, world.organization.today()
    good = {"occupation_code": OCCUPATIONS.get(key, ""), "weekly_hours": 37.5}
    same = {"company": world.employee.company, "birth_date": date(1985, 3, 14), "national_id": "", "department": None}
    world.save(start_date=today - timedelta(days=900), end_date=today - timedelta(days=400), title="Cook", **good)
    world.save(start_date=today - timedelta(days=300), **good)
    soon = world.hire(number="2001", **same)
    world.save(soon, start_date=today + timedelta(days=40), **good)
    world.save(world.hire(number="2002", **same), start_date=today - timedelta(days=10), **good)
    lacking = world.hire(number="2003", **same)
    world.save(lacking, start_date=today - timedelta(days=10), title="", **{**good, "occupation_code": ""})
    there = world.hire(number="2004", **same)
    for person in (soon, lacking, there):
        world.introduce(integration, person)
    known = world.save(there, start_date=today - timedelta(days=200), **good)
    if integration.system_key != "crona_lon":
        integration.switch(True)
        integration.save()
        asking  # noqa: B018
        from synclog.engine import actions

        actions.send_now([known], integration, "anna")
        drained(world, integration)
        actions.switch(integration, False, "anna")
        PeriodLink.objects.all().delete()
        EmployeeLink.objects.all().delete()
    Position.objects.filter(pk=known.pk).update(start_date=today - timedelta(days=150))


@pytest.mark.parametrize("start", [Start.CURRENT, Start.ALL])
@pytest.mark.parametrize("key", sorted(system.key for system in systems()))
def test_what_is_said_in_counts_is_what_then_happens_and_nothing_else(
    world: World, key: str, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Tenant, "window", lambda *_: (True, 1000, 1.0))
    integration = world.connect(key, on=False)
    staffed(world, integration)
    forecast = foreseen(integration)
    assert forecast.state is Forecast.State.DONE, forecast.message
    calls = len(world.sandboxes[integration.pk].tenant.calls)
    newest = Job.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    starting.switch(integration, True, "anna", start)
    drained(world, integration)
    print(key, start, *said(forecast, start).items(), forecast.calls, sep=chr(10), file=open("/tmp/preview/said", "a"))
    assert said(forecast, start) == happened(integration, newest)
