"""What holds of a position, for every combination of what it is decided from, and the counters beside it."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest
from django.utils import timezone

from integrations.models import Integration, PeriodLink
from integrations.scope import Scope, scope_of
from positions.models import Company, Organization, Position
from synclog.engine.agreeing import AT_ONCE
from synclog.engine.record import Changed, job_for
from synclog.log.truth import LISTED, Truth, counts_of, keys_in, truth_of, truth_of_link
from synclog.models import Job
from tests.factories import CompanyFactory, EmployeeFactory, IntegrationFactory, OrganizationFactory, PositionFactory

HISTORY, FLAT = "netvisor", "fortnox"
TODAY = timezone.now().date()
DAY = timedelta(days=1)


# -- one position ------------------------------------------------------------------------------------------


def job(state: str, *, open_: bool = True, cause: str = "") -> Job:
    return Job(state=state, open_key=1 if open_ else None, cause=cause)


def truth(
    found: Job | None = None,
    link: PeriodLink | None = None,
    *,
    on: bool = True,
    takes: bool = True,
    system: str = HISTORY,
    start: date = TODAY - 9 * DAY,
    end: date | None = None,
    **how: str,
) -> Truth:
    organization = Organization(pk=1, time_zone="UTC")
    integration = Integration(organization=organization, system_key=system, send_positions=on)
    position = Position(pk=1, start_date=start, end_date=end, company_id=5)
    return truth_of(position, integration, Scope(False, frozenset({5} if takes else {6})), found, link, **how)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (job("failed"), Truth.NEEDS_YOU),
        (job("failed", cause="not_yet_current"), Truth.NEEDS_YOU),
        (job("waiting"), Truth.WAITING),
        (job("waiting", cause="not_yet_current"), Truth.UPCOMING),
        (job("running", cause="not_yet_current"), Truth.WAITING),
        (job("retrying"), Truth.WAITING),
    ],
)
@pytest.mark.parametrize("on", [True, False])
@pytest.mark.parametrize("takes", [True, False])
def test_what_is_on_its_way_comes_first(found: Job, expected: Truth, on: bool, takes: bool) -> None:
    assert truth(found, PeriodLink(), on=on, takes=takes) is expected


@pytest.mark.parametrize("closed", [None, job("succeeded", open_=False), job("failed", open_=False)])
def test_closed_jobs_decide_nothing(closed: Job | None) -> None:
    assert truth(closed, PeriodLink()) is Truth.IN_SYNC
    assert truth(closed) is Truth.NOT_SENT
    assert truth(closed, PeriodLink(), on=False, takes=False) is Truth.OFF
    assert truth(closed, PeriodLink(stale=True), takes=False) is Truth.OUT_OF_SCOPE


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ({}, Truth.IN_SYNC),
        ({"stale": True}, Truth.CHANGED),
        ({"left": {"title": "x"}}, Truth.PARTLY),
        ({"stale": True, "left": {"title": "x"}}, Truth.CHANGED),
        ({"look_on": TODAY}, Truth.UNKNOWN),
        ({"look_on": AT_ONCE, "stale": True}, Truth.UNKNOWN),
        ({"look_on": TODAY + DAY}, Truth.IN_SYNC),
    ],
)
def test_what_was_sent(link: dict[str, Any], expected: Truth) -> None:
    assert truth_of_link(PeriodLink(**link), TODAY) is expected
    assert truth(None, PeriodLink(**link)) is expected


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({}, Truth.NOT_SENT),
        ({"now": "1"}, Truth.NOT_SENT),
        ({"now": "2"}, Truth.NOT_TAKEN),
        ({"end": TODAY - DAY}, Truth.NOT_TAKEN),
        ({"end": TODAY}, Truth.NOT_SENT),
        ({"start": TODAY, "now": "2"}, Truth.NOT_TAKEN),
        ({"start": TODAY + DAY, "now": "2"}, Truth.NOT_SENT),
    ],
)
def test_a_flat_system_takes_the_current_one(how: dict[str, Any], expected: Truth) -> None:
    assert truth(system=FLAT, **how) is expected
    assert truth(system=HISTORY, **how) is Truth.NOT_SENT


# -- and the counters --------------------------------------------------------------------------------------

JOBS = [None, ("succeeded", False), ("waiting", True), ("running", True), ("retrying", True), ("failed", True)]
LINKS: list[dict[str, Any] | None] = [
    None, {}, {"stale": True}, {"left": {"title": "x"}}, {"look_on": AT_ONCE}, {"look_on": TODAY + 9 * DAY},
]  # fmt: skip


def everything(integration: Integration, companies: list[Company | None]) -> list[tuple[Position, Any, Any]]:
    """A position for each combination, and beside them a job and a link of one that is deleted here."""
    person = EmployeeFactory(organization=integration.organization, company=None)
    every = list(product(companies, JOBS, LINKS))
    rows = Position.objects.bulk_create(
        PositionFactory.build(employee=person, company=c, start_date=TODAY - 9 * DAY) for c, _, _ in every
    )
    jobs, links = [], []
    for row, (_, state, values) in zip(rows, every, strict=True):
        jobs.append(state and made(integration, row, *state))
        links.append(
            None
            if values is None
            else PeriodLink(
                integration=integration, employee_key=person.pk, position_key=row.pk, remote_id=str(row.pk), **values
            )
        )
    gone = PositionFactory.build(pk=10**9, employee=person)
    Job.objects.bulk_create([*filter(None, jobs), made(integration, gone, "waiting", True)])
    PeriodLink.objects.bulk_create([*filter(None, links)])
    PeriodLink.objects.create(integration=integration, employee_key=person.pk, position_key=gone.pk + 1, remote_id="x")
    return list(zip(rows, jobs, links, strict=True))


def made(integration: Integration, position: Position, state: str, open_: bool) -> Job:
    found = job_for(Changed(position), position.employee, integration.pk)
    found.state, found.open_key = state, position.pk if open_ else None
    return found


@pytest.mark.parametrize("on", [True, False])
@pytest.mark.parametrize("limited", [None, True, False], ids=["everybody", "one company", "none"])
def test_as_many_are_counted_and_listed_as_there_are(db: Any, on: bool, limited: bool | None) -> None:
    organization = OrganizationFactory(time_zone="Europe/Oslo")
    companies = [CompanyFactory(organization=organization) for _ in range(2)]
    integration = IntegrationFactory(organization=organization, system_key=HISTORY)
    other = IntegrationFactory(system_key=HISTORY)
    Position.objects.bulk_create(
        [PositionFactory.build(employee=EmployeeFactory(organization=other.organization, company=None))]
    )
    integration.switch(on)
    integration.save()
    if limited is not None:
        integration.companies.set(companies[:1])
        if not limited:
            integration.companies.clear()
    rows = everything(integration, [*companies, None])
    beside = IntegrationFactory(organization=organization, system_key=HISTORY)
    for position, *_ in rows:  # what another connection was sent, and has on its way, is its own affair
        made(beside, position, "failed", True).save()
        PeriodLink.objects.create(
            integration=beside, employee_key=position.employee_id, position_key=position.pk, remote_id="x"
        )
    integration = Integration.objects.select_related("organization").get(pk=integration.pk)
    scope = scope_of(integration.pk)
    assert (scope.everybody, len(scope.companies)) == (limited is None, 1 if limited else 0)
    of_each = {p.pk: truth_of(p, integration, scope, j or None, k) for p, j, k in rows}
    number = Counter(of_each.values())
    counts = counts_of([other, integration])[integration.pk]
    assert counts.needs_you == number[Truth.NEEDS_YOU]
    assert counts.waiting == number[Truth.WAITING] + 1, "with the one that is deleted here"
    for each in LISTED:
        assert getattr(counts, each.value) == number[each], each
        assert set(keys_in(integration, each)) == {pk for pk, found in of_each.items() if found is each}
    assert counts.sent == sum(number[t] for t in (Truth.UNKNOWN, Truth.CHANGED, Truth.PARTLY, Truth.IN_SYNC))
    changed = [
        k for p, j, k in rows
        if k is not None and k.stale and not (j and j.is_open) and (scope.takes(p))
    ]  # fmt: skip
    assert counts.stale_while_off == (0 if on else len(changed))
