"""Everybody there, read once for a backlog, so that most of its employees need no call of their own.

A turn begins a list where what is due is worth it by the declared calls, and goes by it for the jobs that were open
when it was begun (`integrations.planning.listed`), as long as nothing has happened to them or to their employee since.
It is in the memory of one process and never stored; the next turns of this process go on with it until it is too old,
or somebody is erased: it holds the marks of everybody.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TypeVar

from django.db.models import F, Max
from django.utils import timezone

from integrations.models import EmployeeLink, Integration, PeriodLink
from integrations.planning.listed import Listed, hides
from integrations.runtime.opening import open_connector
from integrations.runtime.owner_thread import OnOwner
from integrations.runtime.shared_limiter import shared_limiter
from integrations.runtime.vault import DatabaseVault
from integrations.sdk.connector import Connector
from integrations.sdk.context import Limiter
from integrations.sdk.errors import ConnectorError, InterruptedRunError, RateLimitedError, UnavailableError
from integrations.sdk.everybody import Everybody
from integrations.sdk.snapshot import Snapshot
from positions.models import AuditEntry
from synclog.engine import texts
from synclog.engine.clock_skew import TOLERANCE
from synclog.engine.loading import last_records
from synclog.models import Job

logger = logging.getLogger("synclog.engine.listing")

R = TypeVar("R")

MARGIN = 3  # so many times its calls must be saved if nothing differs, since nobody knows what will
FETCHED_ONCE = 10  # calls at most for tokens and registers, which are not declared
MINUTES = 15  # from its beginning for which a list is gone by, where the system does not declare less
MOST_EMPLOYEES = 50_000  # there, in memory with their records
MOST_JOBS = 100_000  # that one list is for
MISSES = 3  # calls that failed, after which it is given up
PAUSE = 300.0  # seconds until another one is begun after that


class Loan:
    """What the turn that has a list in hand lends to its connector, which outlives turns. Whoever calls between two of
    them is told that no call may be made."""

    def __init__(self) -> None:
        self._guard: Callable[[], None] | None = None
        self._ask: OnOwner | None = None
        self._window: Limiter | None = None

    def give(self, guard: Callable[[], None], ask: OnOwner, window: Limiter | None) -> None:
        self._guard, self._ask, self._window = guard, ask, window

    def take_back(self) -> None:
        self._guard = self._ask = self._window = None

    def guard(self) -> None:
        if self._guard is None:
            raise InterruptedRunError(texts.WORKER_STOPPED())
        self._guard()

    def ask(self, call: Callable[[], R], /) -> R:
        if self._ask is None:
            raise InterruptedRunError(texts.WORKER_STOPPED())
        return self._ask(call)

    # as a limiter

    def acquire(self, guard: Callable[[], None]) -> None:
        if self._window is not None:
            self._window.acquire(guard)

    def penalize(self, seconds: float) -> None:
        if self._window is not None:
            self._window.penalize(seconds)


@dataclass
class Listing:
    """asked     the jobs that it is for, each with the generation that it had
    budget    calls that it may cost
    since     the epoch under which it was begun; `mine`: all those in which this process had it in hand
    spent     employees whose run has begun since: what it shows of them may be over
    whole     everybody was seen
    """

    integration: int
    organization: int
    version: int
    today: date
    connector: Connector
    snapshot: Snapshot
    everybody: Everybody
    loan: Loan
    asked: dict[int, int]
    budget: int
    late: float
    since: int
    until: float
    begun_at: datetime
    local_time: str
    mine: set[int] = field(default_factory=set)
    spent: set[int] = field(default_factory=set)
    calls: int = 0
    misses: int = 0
    whole: bool = False
    given_up: bool = False
    resting: bool = False

    # reading

    def read(self) -> bool:
        """For a thread: goes on until everybody is seen, or the turn wants to end (`resting`). False: not now."""
        try:
            while not (self.whole or self.resting or self.given_up):
                self._next()
        except InterruptedRunError:
            return False
        except (RateLimitedError, UnavailableError):
            self.misses += 1
            self.given_up = self.misses >= MISSES
            return False
        except ConnectorError:
            self.given_up = True
        except Exception:
            logger.exception("The list of everybody of connection %s failed by our own mistake.", self.integration)
            self.given_up = True
        return not self.given_up

    def _next(self) -> None:
        try:
            seen = next(self.snapshot, None)
        finally:
            self.calls += len(self.connector.http.take_exchanges())
        if seen is None:
            self.whole = True
        elif self.calls > self.budget or len(self.everybody) >= MOST_EMPLOYEES:
            self.given_up = True  # more people there than we thought
        else:
            self.everybody.add(seen)

    # whether it may be gone by

    @property
    def over(self) -> bool:
        # The one clock stands still while a machine sleeps, the other one may be set.
        too_old = time.monotonic() > self.until or timezone.now() > self.begun_at + timedelta(minutes=MINUTES)
        return self.given_up or too_old

    def fit(self, employees: Collection[int]) -> set[int]:
        """Of whom nothing is known that happened since it was begun; to be asked before their jobs are claimed."""
        if not self.whole or self.over:
            return set()
        found = set(employees) - self.spent
        jobs = Job.objects.open().filter(integration=self.integration, employee_key__in=found)
        for employee, job, generation, epoch in jobs.values_list("employee_key", "pk", "generation", "epoch"):
            of_others = epoch >= self.since and epoch not in self.mine
            if of_others or self.asked.get(job) != generation:
                found.discard(employee)
        if self.late:
            shown_late = self.begun_at - timedelta(seconds=self.late) - TOLERANCE
            links = PeriodLink.objects.filter(integration=self.integration, employee_key__in=found)
            found -= set(links.filter(written_at__gt=shown_late).values_list("employee_key", flat=True))
        return found

    def of(self, jobs: Collection[Job]) -> Listed | None:
        """For the run of an employee who was `fit`, with all the jobs that were claimed."""
        changed = any(self.asked.get(job.pk) != job.generation for job in jobs)
        tried = self.late and any(job.attempts > 1 for job in jobs)
        if changed or tried or self.over:
            return None
        return Listed(self.everybody, self.local_time)

    def close(self) -> None:
        self.connector.close()


_kept: dict[int, Listing] = {}
_not_before: dict[int, float] = {}


def may_be_many(claimed: int, most: int) -> bool:
    """Whether more may be due than were claimed at once."""
    return claimed >= most


def begin(integration: Integration, epoch: int) -> Listing | None:
    """None where what is due now is not worth it."""
    sight, limits = integration.system.sight, integration.system.limits
    paused = time.monotonic() < _not_before.get(integration.pk, 0.0)
    settings = integration.cleaned_settings()
    hidden = hides(integration.system, settings)
    if sight.unsupported or hidden or limits.one_call_by or integration.retry_count or paused:
        return None
    employees = _concerned(integration)
    matched = EmployeeLink.objects.filter(integration=integration, state=EmployeeLink.State.MATCHED).count()
    saved = employees * integration.system.calls.unchanged
    expected = sight.where(settings).calls(max(employees, matched))
    if expected * MARGIN > saved:
        return None
    begun_at, loan = timezone.now(), Loan()
    waiting = Job.objects.open().filter(integration=integration).exclude(state=Job.State.RUNNING)
    asked = dict(waiting.order_by("due_at", "pk").values_list("pk", "generation")[:MOST_JOBS])
    connector = open_connector(
        integration,
        vault=DatabaseVault(integration.pk, on_owner=loan.ask),
        limiter=shared_limiter(integration, loan.ask) or (loan if limits.requests else None),
        guard=loan.guard,
    )
    return Listing(
        integration=integration.pk,
        organization=integration.organization_id,
        version=integration.version,
        today=integration.organization.today(),
        connector=connector,
        snapshot=connector.snapshot(last_records(integration)),
        everybody=Everybody(connector, raw=_guards(integration)),
        loan=loan,
        asked=asked,
        budget=max(expected + FETCHED_ONCE, saved // max(MARGIN, 1)),
        late=integration.system.shows_late,
        since=epoch,
        until=time.monotonic() + 60 * min(MINUTES, sight.minutes),
        begun_at=begun_at,
        local_time=f"{begun_at.astimezone(integration.organization.zone):%H:%M}",
        mine={epoch},
    )


def _guards(integration: Integration) -> bool:
    return integration.connector_class.guards is not Connector.guards


def _concerned(integration: Integration) -> int:
    """Employees who are due, and of whom a list may spare a call: where no write is guarded, a field that was changed
    here is written after a read all the same."""
    due = Job.objects.due(timezone.now()).filter(integration=integration)
    if not _guards(integration):
        due = due.exclude(changed__isnull=False, changed_in=F("generation"))
    return due.order_by().values("employee_key").distinct().count()


def kept(integration: Integration, epoch: int) -> Listing | None:
    """What this process has of the connection since an earlier turn."""
    gone = _of_erased(_kept.values())
    for old in [key for key, listing in _kept.items() if listing.over or key in gone]:
        _kept.pop(old).close()
    listing = _kept.pop(integration.pk, None)
    if listing is None:
        return None
    now = (integration.version, integration.organization.today(), 0)
    if (listing.version, listing.today, integration.retry_count) != now:
        listing.close()
        return None
    listing.mine.add(epoch)
    listing.resting = False
    return listing


def _of_erased(listings: Collection[Listing]) -> set[int]:
    """The connections of those that may show somebody who was erased since. One query, where there are any."""
    if not listings:
        return set()
    since = min(listing.begun_at for listing in listings) - TOLERANCE
    erased = AuditEntry.objects.filter(
        organization__in={listing.organization for listing in listings}, action=AuditEntry.Action.ERASED, at__gte=since
    )
    last = dict(erased.order_by().values_list("organization").annotate(Max("at")))
    return {
        listing.integration
        for listing in listings
        if listing.organization in last and last[listing.organization] >= listing.begun_at - TOLERANCE
    }


def put_back(listing: Listing) -> None:
    """At the end of a turn, for the next one."""
    listing.loan.take_back()
    if listing.given_up:
        _not_before[listing.integration] = time.monotonic() + PAUSE
    due = Job.objects.due(timezone.now()).filter(integration=listing.integration)
    if listing.over or not due.exists() or _of_erased([listing]):
        listing.close()
    else:
        _kept[listing.integration] = listing
