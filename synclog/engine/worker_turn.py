"""One worker's turn with one integration: claim, send, store, for some seconds.

Threads do HTTP only; this thread does all the SQL, and no transaction is open during a call.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from django.db import DatabaseError, OperationalError, close_old_connections, connection, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from integrations.models import Integration
from integrations.planning.listed import Listed
from integrations.planning.run import run
from integrations.planning.work import Report, Work
from integrations.runtime.opening import open_connector
from integrations.runtime.outbox import DatabaseOutbox
from integrations.runtime.owner_thread import OwnerThread
from integrations.runtime.shared_limiter import shared_limiter
from integrations.runtime.single_flight import one_call
from integrations.runtime.vault import DatabaseVault
from integrations.sdk.connector import Connector
from integrations.sdk.errors import InterruptedRunError
from integrations.sdk.limiter import WindowLimiter
from integrations.sdk.messages import Message
from positions.busy import is_busy
from positions.models import Employee
from positions.tracing import working_on
from synclog.engine import cutoff, listing, texts, write_intents
from synclog.engine.clock_skew import at_once
from synclog.engine.done import Done
from synclog.engine.lease import Held
from synclog.engine.loading import load_work
from synclog.engine.matches import TurnMatches
from synclog.engine.results import store_results
from synclog.models import Job

logger = logging.getLogger("synclog.engine.worker_turn")

SECONDS = 8.0  # of one turn, then others have theirs
OVERTIME = 30.0  # no call starts later than this after the turn
SHORT = 0.5  # of a turn while another organization waits for a worker
SHORT_BESIDE_OWN = 3.0  # of a turn while another connection of the same organization waits for one
LOOK = 0.5  # for somebody else who waits, so often
ASK = 0.05  # for more to claim, so often at most, once there was nothing
LINGER = 0.3  # for the next save, before the lease is given back
SETTLE = 3.0  # for what a killed worker had just sent to arrive there, before anything is read
KNOWN = 0.25  # no call starts later than this after it was last looked whether the connection may still send
CLAIM = 4  # employees claimed ahead, times the connector's concurrency


@dataclass
class _Running:
    work: Work
    jobs: dict[str, Job]  # by position id
    started: datetime
    future: Future[None] | None = None
    said: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # see `write_intents.before`, by position id
    listed: Listed | None = None

    @property
    def employee(self) -> int:
        return int(self.work.person.id)


class _Deadline:
    """The end of a turn, which comes earlier while somebody else waits for a worker: `allowed` says how much."""

    def __init__(self, seconds: float, allowed: Callable[[], float]) -> None:
        self._began, self._allowed = time.monotonic(), allowed
        self._at = self._began + seconds
        self._look_at = self._began + SHORT

    def passed(self) -> bool:
        if time.monotonic() > self._look_at:
            self._look_at = time.monotonic() + LOOK
            self._at = min(self._at, self._began + self._allowed())
        return time.monotonic() > self._at


class Turn:
    """`only`: the key of the one employee whose open jobs are run, once, whether they are due or not."""

    def __init__(
        self,
        integration: Integration,
        held: Held,
        seconds: float = SECONDS,
        allowed: Callable[[], float] = lambda: math.inf,
        only: int | None = None,
    ) -> None:
        self.integration, self.held, self.seconds, self.allowed = integration, held, seconds, allowed
        self._only = only
        self._only_begun = False
        self.concurrency = max(1, integration.system.limits.concurrency)
        self._owner = OwnerThread()
        self._ready: list[_Running] = []
        self._flying: dict[int, _Running] = {}  # by employee
        self._done: list[Done] = []
        self._stopping = False
        self._ask_at = 0.0
        self._idle_since: float | None = None
        self._look_together = self._owner.together(self._look)
        self._known_at = -KNOWN  # when it was last looked whether this turn's version of the connection may send
        self._ended: Message | None = None  # why no call may start any more
        self.cut_short = False  # nobody has looked for the next save after the last claim
        self.matches = TurnMatches(integration, self._owner.ask)
        self.window = _window(integration, held)
        self.place = one_call(integration, self._guard, self._owner.ask)
        self._connector: Connector | None = None
        self._listing: listing.Listing | None = None
        self._reading: Future[bool] | None = None  # of that list
        self._unlisted = only is not None  # nothing is begun, or read on, in this turn any more

    def run(self) -> None:
        """Returns when the time is up, nothing is due, the connection is in trouble, or the lease is lost."""
        if self.held.cut_off:
            time.sleep(SETTLE)
        self._reclaim()
        deadline = _Deadline(self.seconds, self.allowed)
        self.held.no_calls_after(self.seconds + OVERTIME)
        pool = ThreadPoolExecutor(self.concurrency, thread_name_prefix=f"sync-{self.integration.pk}")
        self._listing = listing.kept(self.integration, self.held.epoch) if self._only is None else None
        try:
            while self._renew():
                over = self._over(deadline)
                if over:
                    self._rest()
                    self._give_back()
                elif self._reads(pool):
                    pass
                elif len(self._ready) < self.concurrency:
                    self._claim()
                self._dispatch(pool)
                if not self._collect(over):
                    break
        finally:
            self._land()
            pool.shutdown(wait=True)
            if self._connector is not None:
                self._connector.close()
            self._store_all()
            if self._listing is not None:
                listing.put_back(self._listing)

    def _over(self, deadline: _Deadline) -> bool:
        """Whether nothing more is begun."""
        self._look()
        return self._stopping or self._ended is not None or deadline.passed()

    def _renew(self) -> bool:
        """Says that this worker lives. False when the lease is lost."""
        kept = self.held.renew_if_due()
        if self.place is not None:
            self.place.renew_if_due()
        return kept

    def _land(self) -> None:
        """Threads may still wait for this one to touch the database: they are served until they are through. Nobody
        may take the lease while one of them is in the air, so trouble with the database does not end this early."""
        self._rest()
        while self._flying or self._in_reading():
            self._owner.serve(0.5)
            try:
                self._renew()
            except DatabaseError as error:
                logger.warning("%s: the lease could not be renewed: %s", self.integration, type(error).__name__)
                close_old_connections()

    # whether calls may be made

    def _guard(self) -> None:
        """For threads, before each call. Raises InterruptedRunError when the lease may have run out, or the connection
        was paused, switched, stopped or changed: what is known of that is never older than `KNOWN`."""
        self.held.guard()
        while not self._ended and time.monotonic() > self._known_at + KNOWN:
            try:
                self._look_together()
            except DatabaseError:
                self._ended = texts.NOT_KNOWN_WHETHER_TO_SEND()
        if self._ended:
            raise InterruptedRunError(self._ended)
        self.held.guard()  # the owner may have been busy for long

    def _look(self) -> None:
        """For the owner: looks anew when what is known is not fresh."""
        asked = time.monotonic()
        if self._ended or asked < self._known_at + KNOWN * 0.8:
            return
        if not Integration.objects.filter(self.held.serves(self.integration.version)).exists():
            self._ended = texts.CONNECTION_CHANGED()
        self._known_at = asked

    # everybody there

    def _reads(self, pool: ThreadPoolExecutor) -> bool:
        """Whether everybody there is being read: whoever is claimed after that may need no call."""
        found = self._listing
        if self._in_reading():
            return True
        if self._reading is not None:
            self._unlisted = self._unlisted or not self._reading.result()
            self._reading = None
        if found is None or found.whole or found.over or self._unlisted:
            return False
        found.loan.give(self._guard, self._owner.ask, self.window)
        self._reading = pool.submit(found.read)
        return True

    def _rest(self) -> None:
        """The list is read on in the next turn."""
        if self._listing is not None:
            self._listing.resting = True

    def _in_reading(self) -> bool:
        return self._reading is not None and not self._reading.done()

    def _is_backlog(self, employees: Sequence[int]) -> bool:
        """Whether a list of everybody is begun for more than these."""
        if self._listing is not None and self._listing.over:
            listing.put_back(self._listing)
            self._listing = None
        if self._unlisted or self._listing is not None:
            return False
        if not listing.may_be_many(len(employees), self.concurrency * CLAIM):
            return False
        self._listing = listing.begin(self.integration, self.held.epoch)
        self._unlisted = self._listing is None
        return self._listing is not None

    # claim

    def _reclaim(self) -> None:
        """Whatever ran under an older lease goes back to waiting: it is read and compared before it is written."""
        Job.objects.filter(integration=self.integration, state=Job.State.RUNNING, open_key__isnull=False).update(
            state=Job.State.WAITING, due_at=at_once()
        )

    def _claim(self) -> None:
        """Takes the employees whose jobs are due, with all their open jobs: they are planned together."""
        if time.monotonic() < self._ask_at:
            return
        employees, now = self._next(), timezone.now()
        if self._is_backlog(employees):
            return
        fit = self._listing.fit(employees) if self._listing is not None else set()
        if not employees or not self._set_running(employees):
            self._ask_at = time.monotonic() + ASK
            return
        jobs = self._running_jobs(employees)
        logger.debug("%s: %s jobs of %s employees", self.integration, len(jobs), len(employees))
        loaded = self._let_go(load_work(self.integration, jobs))
        write_intents.say(self.integration, loaded)
        # Whoever has waited longest goes first: one who is asked to wait at every try would keep the next ones waiting.
        turn_of = {key: number for number, key in enumerate(employees)}
        for work, for_positions in sorted(loaded, key=lambda one: turn_of[int(one[0].person.id)]):
            if work.remote_employee_id:
                self.matches.hold(work.person.id, work.remote_employee_id)
            running = _Running(work, for_positions, now)
            if self._listing is not None and running.employee in fit:
                running.listed = self._listing.of(for_positions.values())
            self._ready.append(running)
        self._only_begun = bool(self._ready)

    def _let_go(self, loaded: list[tuple[Work, dict[str, Job]]]) -> list[tuple[Work, dict[str, Job]]]:
        """Without those of whom something was held while they were loaded (`synclog.engine.cutoff`)."""
        held = cutoff.held_beside(self.integration, [int(work.person.id) for work, _ in loaded])
        kept = []
        for work, jobs in loaded:
            if int(work.person.id) in held:
                self._return(Job.objects.filter(pk__in=[job.pk for job in jobs.values()]))
            else:
                kept.append((work, jobs))
        return kept

    def _set_running(self, employees: Sequence[int]) -> bool:
        """False where somebody is saving one of them right now."""
        mine = Integration.objects.filter(self.held.serves(self.integration.version))
        theirs = Job.objects.open().filter(integration__in=mine, employee_key__in=employees)
        theirs = theirs.exclude(held_until__gt=timezone.now())
        try:
            theirs.update(state=Job.State.RUNNING, epoch=self.held.epoch, attempts=F("attempts") + 1)
        except OperationalError as error:
            if not is_busy(error):
                raise
            return False
        return True

    def _running_jobs(self, employees: Sequence[int]) -> list[Job]:
        """Read after they are claimed: a change that comes later sets its job to waiting again and is found."""
        claimed = Job.objects.open().filter(
            integration=self.integration, employee_key__in=employees, state=Job.State.RUNNING, epoch=self.held.epoch
        )
        changing = _being_changed(employees)
        if changing:
            self._return(claimed.filter(employee_key__in=changing))
            self._ask_at = time.monotonic() + ASK
        return list(claimed.order_by("pk"))

    def _next(self) -> list[int]:
        """Whom to claim. Those whose jobs are due, the longest waiting first."""
        if self._only is not None:
            return [] if self._only_begun else [self._only]
        due = (
            Job.objects.due(timezone.now())
            .filter(integration=self.integration)
            .exclude(employee_key__in=self._in_hand())
            .order_by("due_at", "pk")
            .values_list("employee_key", flat=True)[: self.concurrency * CLAIM * 2]
        )
        employees = list(dict.fromkeys(due))
        while cutoff.hold_some_beside(self.integration, employees):
            employees = list(dict.fromkeys(due.all()))
        return employees[: self.concurrency * CLAIM]

    def _in_hand(self) -> list[int]:
        """In the air, claimed, or back and not yet stored: the next run builds upon what is stored."""
        return [*self._flying, *(one.employee for one in self._ready), *(int(d.work.person.id) for d in self._done)]

    def _give_back(self) -> None:
        """What was claimed and not begun goes back to waiting."""
        for employee, running in list(self._flying.items()):
            if running.future is not None and running.future.cancel():
                self._ready.append(self._flying.pop(employee))
        if not self._ready:
            return
        self._return(Job.objects.filter(pk__in=[job.pk for run in self._ready for job in run.jobs.values()]))
        self._ready.clear()

    def _return(self, jobs: QuerySet[Job]) -> None:
        jobs.filter(state=Job.State.RUNNING, epoch=self.held.epoch).update(
            state=Job.State.WAITING, attempts=F("attempts") - 1
        )

    # dispatch

    def _dispatch(self, pool: ThreadPoolExecutor) -> None:
        """As many again wait in the pool: no thread idles while this one stores results."""
        while self._ready and len(self._flying) < 2 * self.concurrency:
            self._connector = self._connector or self._open()
            self._start(pool, self._connector, self._ready.pop(0))

    def _open(self) -> Connector:
        ask = self._owner.ask
        return open_connector(
            self.integration,
            vault=DatabaseVault(self.integration.pk, on_owner=ask),
            outbox=DatabaseOutbox(self.integration, self._may_file, on_owner=ask),
            matches=self.matches,
            limiter=shared_limiter(self.integration, ask) or self.window,
            guard=self._guard,
            place=self.place,
        )

    def _may_file(self) -> bool:
        """Inside the transaction that files a record: for a file there is no call to be kept from."""
        return self.held.holds() and Integration.objects.filter(self.held.serves(self.integration.version)).exists()

    def _start(self, pool: ThreadPoolExecutor, connector: Connector, running: _Running) -> None:
        self._flying[running.employee] = running
        if self._listing is not None:
            self._listing.spent.add(running.employee)
        running.future = pool.submit(self._send, connector, running)

    # for threads

    def _send(self, connector: Connector, running: _Running) -> None:
        report: Report | Exception
        jobs = running.jobs.values()
        with working_on((job.pk for job in jobs), (job.request_id for job in jobs)):
            try:
                say = partial(self._before_write, running)
                report = run(connector, running.work, before_write=say, listed=running.listed)
            except Exception as error:  # a mistake of ours is one employee's trouble too
                logger.exception("Employee %s in %s", running.employee, self.integration)
                report = error
        self._owner.tell(partial(self._landed, running, report))

    def _before_write(self, running: _Running, position_id: str, there: Mapping[str, Any]) -> None:
        job = running.jobs.get(position_id)
        if job is not None:
            say = partial(write_intents.before, self.integration, job, running.work, there)
            running.said[position_id] = self._owner.ask(say)

    # collect

    def _collect(self, over: bool) -> bool:
        """Serves the threads, and stores what has come back. False when nothing more is to come."""
        if self._flying or self._in_reading():
            self._idle_since = None
            self.cut_short = True
            self._owner.serve(KNOWN)
        elif over:
            return False
        else:
            self._idle_since = self._idle_since or time.monotonic()
            if time.monotonic() - self._idle_since > LINGER:
                self.cut_short = self._only is not None  # nobody has looked for the others'
                return False
            time.sleep(0.03)
        if len(self._done) >= self.concurrency or not self._flying:
            self._store()
        return True

    def _landed(self, running: _Running, report: Report | Exception) -> None:
        del self._flying[running.employee]
        self._done.append(Done(running.work, running.jobs, report, running.started, timezone.now(), running.said))

    def _store(self) -> None:
        """What is in the way of somebody who is saving stays here, and is stored a moment later."""
        if not self._done:
            return
        try:
            goes_on = store_results(self.integration, self.held, self._done)
        except OperationalError as error:
            if not is_busy(error):
                raise
            logger.warning("%s: results wait for the database: %s", self.integration, error)
            return
        done, self._done = self._done, []
        if not goes_on:
            self._stopping = True
            return
        for one in done:
            self.matches.let_go(one.work.person.id)

    def _store_all(self) -> None:
        """At the end of the turn: for as long as the lease is ours."""
        self._store()
        while self._done and self.held.renew_if_due():
            time.sleep(ASK)
            self._store()

    def sent(self) -> list[float]:
        """When the last requests went out, for the next turn's limiter."""
        return self.window.sent() if self.window else []


def _being_changed(employees: Sequence[int]) -> set[int]:
    """Those whose row somebody is changing in a transaction that is not over: neither how they were nor how they will
    be is to be sent. (SQLite has one writer at a time: whoever claims has waited for it.)"""
    if not connection.features.has_select_for_update_skip_locked:
        return set()
    rows = Employee.objects.filter(pk__in=employees)
    with transaction.atomic():
        free = set(rows.select_for_update(skip_locked=True, no_key=True).order_by("pk").values_list("pk", flat=True))
    rest = set(employees) - free
    return set(rows.filter(pk__in=rest).values_list("pk", flat=True)) if rest else rest


def _window(integration: Integration, held: Held) -> WindowLimiter | None:
    limits = integration.system.limits
    if not limits.requests:
        return None
    # A holder that died did not say what it had sent: as if the whole window were used up just now.
    before = held.sent if held.sent is not None else [time.time()] * limits.requests
    return WindowLimiter(limits.requests, limits.per_seconds, before)
