"""What a backlog costs at each system: its sandbox with everybody in it, all positions new, one field changed for all,
and nothing changed; with a list of everybody and without (`synclog.engine.listing`).

The turns run in this process and the sandboxes beside them, without the vendors' rate limits: calls are what is
measured, seconds are those of both together.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from unittest.mock import patch

from django.utils import timezone

from config.bench.figures import Figure
from integrations.models import Integration, PeriodLink
from integrations.runtime.shared_limiter import SharedLimiter
from integrations.sandboxes.base import Call, Sandbox, Tenant
from integrations.sandboxes.server import Tenants, running
from integrations.sdk.limiter import WindowLimiter
from integrations.systems.registry import systems
from positions.bulk import save_positions
from positions.models import Company, Employee, Organization, Position
from synclog.engine import actions, listing
from synclog.models import Job
from synclog.queue import tasks

NUMBER = "974760673"  # of a company that every sandbox knows
OCCUPATION = "2511102"
TURNS = 200


@dataclass
class Crowd:
    """One connection with everybody of one organization there."""

    integration: Integration
    sandbox: Sandbox
    people: list[Employee]


class _Counted(deque[Call]):
    """Keeps the last calls as a tenant does, and counts all."""

    total = 0

    def append(self, call: Call) -> None:
        self.total += 1
        super().append(call)


def backlog(number: int) -> list[Figure]:
    """With so many employees in each system, one position of each."""
    chosen = [s for s in systems() if not (s.sight.unsupported or s.sight.each)]
    figures = []
    with _no_limits(), running() as (address, tenants):
        for system in chosen:
            found = {
                listed: _of(partial(_crowd, system.key, address, tenants, number, f"bench-{listed}"), listed=listed)
                for listed in (True, False)
            }
            for name, (calls, seconds) in found[True].items():
                without, seconds_without = found[False][name]
                writes = 0 if name == "nothing changed" else number
                floor = writes + system.sight.calls(number)
                of_1000 = 1000 / number
                said = f"{system.name}, {name}"
                figures += [
                    Figure(
                        "backlog", f"{said}: calls", calls * of_1000, plain=without * of_1000, ratio=without / calls
                    ),
                    Figure("backlog", f"{said}: floor", floor * of_1000),
                    Figure("backlog", f"{said}: time", seconds * of_1000, "s", plain=seconds_without * of_1000),
                ]
    return figures


def _of(make: Callable[[], Crowd], *, listed: bool) -> dict[str, tuple[int, float]]:
    """(calls, seconds) of each kind of backlog."""
    margin = listing.MARGIN
    listing.MARGIN = margin if listed else 10**9
    try:
        crowd = make()
        company = crowd.people[0].company
        rows = [
            Position(
                employee=person,
                company=company,
                title="Baker",
                start_date=date(timezone.now().year, 1, 1),
                percentage=Decimal(100),
                occupation_code=OCCUPATION,
            )
            for person in crowd.people
        ]
        save_positions(rows)
        found = {"all new": _drained(crowd)}
        for row in rows:
            row.title, row.percentage = "Konditor", Decimal(80)
        save_positions(rows)
        found["a change of each"] = _drained(crowd)
        jobs = Job.objects.filter(integration=crowd.integration).order_by("pk")
        keys = dict(jobs.values_list("position_key", "pk"))  # the newest of each
        actions.resync(Job.objects.filter(pk__in=keys.values()), "bench")
        found["nothing changed"] = _drained(crowd)
        return found
    finally:
        listing.MARGIN = margin


def _crowd(key: str, address: str, tenants: Tenants, number: int, tenant: str) -> Crowd:
    sandbox = tenants.get(key, tenant)
    organization = Organization.objects.create(name=f"{key} {tenant}", country="NO", time_zone="Europe/Oslo")
    company = Company.objects.create(organization=organization, name="Bench", organization_number=NUMBER)
    people = Employee.objects.bulk_create(
        [
            Employee(
                organization=organization,
                number=str(10_000 + n),
                first_name="Kari",
                last_name=f"Nordmann {n}",
                email=f"kari.{n}@example.com",
                birth_date=date(1985, 3, 14),
                company=company,
            )
            for n in range(number)
        ],
        batch_size=1000,
    )
    for one in people:
        sandbox.add_employee(one.number, one.first_name, one.last_name, email=one.email, birth_date="1985-03-14")
    sandbox.tenant.calls = _Counted(maxlen=10)
    paths = next(s.sandbox_urls for s in systems() if s.key == key)
    integration = Integration(
        organization=organization,
        system_key=key,
        name=tenant,
        settings=dict(sandbox.settings),
        base_urls={name: f"{address}/{key}/{tenant}{path}" for name, path in paths.items()},
    )
    integration.switch(True)
    integration.set_credentials(dict(sandbox.credentials), by="bench")
    integration.save()
    return Crowd(integration, sandbox, people)


def _drained(crowd: Crowd) -> tuple[int, float]:
    """As it is once what was written before has had an hour to be shown there."""
    PeriodLink.objects.filter(integration=crowd.integration).update(written_at=timezone.now() - timedelta(hours=1))
    counted = crowd.sandbox.tenant.calls
    assert isinstance(counted, _Counted)
    before, began = counted.total, time.perf_counter()
    for _ in range(TURNS):
        tasks.drain(crowd.integration.pk, 60.0)
        if not Job.objects.open().filter(integration=crowd.integration).exists():
            return counted.total - before, time.perf_counter() - began
    left = Job.objects.open().filter(integration=crowd.integration).order_by("-cause").first()
    raise RuntimeError(f"{crowd.integration}: {left}: {left and left.message}")


@contextmanager
def _no_limits() -> Iterator[None]:
    """On either side."""
    with ExitStack() as stack:
        stack.enter_context(patch.object(Tenant, "window", lambda *_: (True, 1000, 1.0)))
        for limiter in (WindowLimiter, SharedLimiter):
            stack.enter_context(patch.object(limiter, "acquire", lambda *_: None))
        yield
