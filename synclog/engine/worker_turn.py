"""One worker's turn with one integration: claim, send, store, for some seconds.

Threads do HTTP only; this thread does all the SQL, and no transaction is open during a call.
"""

from __future__ import annotations

import logging
import math
import queue
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import DatabaseError, OperationalError, close_old_connections, connection, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from integrations.models import Integration
from integrations.planning.run import run
from integrations.planning.work import Report, Work
from integrations.runtime.opening import open_connector
from integrations.runtime.outbox import DatabaseOutbox
from integrations.runtime.shared_limiter import shared_limiter
from integrations.runtime.single_flight import one_call
from integrations.runtime.vault import DatabaseVault, wait_for
from integrations.sdk.connector import Connector
from integrations.sdk.context import Filed
from integrations.sdk.errors import InterruptedRunError
from integrations.sdk.limiter import WindowLimiter
from positions.busy import is_busy
from positions.models import Employee
from positions.tracing import working_on
from synclog.engine import write_intents
from synclog.engine.clock_skew import at_once
from synclog.engine.lease import Held
from synclog.engine.loading import load_work
from synclog.engine.matches import DatabaseMatches, LentMatches
from synclog.engine.results import Done, store_results
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


class LentVault:
    """The vault as threads see it: whatever touches the database is done by the thread that owns the turn."""

    def __init__(self, vault: DatabaseVault, on_owner: Callable[[Callable[[], Any]], Any]) -> None:
        self._vault, self._on_owner = vault, on_owner

    def load(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self._on_owner(self._vault.load)
        return found

    def save(self, values: Mapping[str, Any]) -> None:
        self._on_owner(lambda: self._vault.save(values))

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        wait_for(lambda: self._on_owner(self._vault.try_lock))
        try:
            yield
        finally:
            self._on_owner(self._vault.unlock)


class LentOutbox:
    """The outbox as threads see it, as `LentVault`."""

    def __init__(self, outbox: DatabaseOutbox, on_owner: Callable[[Callable[[], Any]], Any]) -> None:
        self._outbox, self._on_owner = outbox, on_owner

    def latest(self, employee: str) -> Mapping[str, Any] | None:
        found: Mapping[str, Any] | None = self._on_owner(lambda: self._outbox.latest(employee))
        return found

    def handed_over(self, employee: str) -> Mapping[str, Any] | None:
        found: Mapping[str, Any] | None = self._on_owner(lambda: self._outbox.handed_over(employee))
        return found

    def put(self, employee: str, record: Mapping[str, Any]) -> Filed:
        filed: Filed = self._on_owner(lambda: self._outbox.put(employee, record))
        return filed


@dataclass
class _Running:
    work: Work
    jobs: dict[str, Job]  # by position id
    started: Any
    future: Future[None] | None = None
    said: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # see `write_intents.before`, by position id


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
        self._events: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self._ready: list[_Running] = []
        self._flying: dict[int, _Running] = {}  # by employee
        self._done: list[Done] = []
        self._stopping = False
        self._ask_at = 0.0
        self._known_at = -KNOWN  # when it was last looked whether this turn's version of the connection may send
        self._ended = ""  # why not
        self.cut_short = False  # nobody has looked for the next save after the last claim
        self.matches = LentMatches(DatabaseMatches(integration), self._on_owner)
        self.window = _window(integration, held)
        self.place = one_call(integration, self._guard, self._on_owner)

    def run(self) -> None:
        """Returns when the time is up, nothing is due, the connection is in trouble, or the lease is lost."""
        if self.held.cut_off:
            time.sleep(SETTLE)
        self._reclaim()
        began = time.monotonic()
        deadline = began + self.seconds
        look_at = began + SHORT
        self.held.no_calls_after(self.seconds + OVERTIME)
        connector: Connector | None = None
        pool = ThreadPoolExecutor(self.concurrency, thread_name_prefix=f"sync-{self.integration.pk}")
        idle_since: float | None = None
        try:
            while True:
                if not self.held.renew_if_due():
                    return
                if self.place is not None:
                    self.place.renew_if_due()
                if time.monotonic() > look_at:
                    look_at = time.monotonic() + LOOK
                    deadline = min(deadline, began + self.allowed())
                self._look()
                out_of_time = self._stopping or bool(self._ended) or time.monotonic() > deadline
                if not out_of_time and len(self._ready) < self.concurrency:
                    self._claim()
                if out_of_time:
                    self._give_back()
                # As many again wait in the pool: no thread idles while this one stores results.
                while self._ready and len(self._flying) < 2 * self.concurrency:
                    connector = connector or self._open()
                    self._start(pool, connector, self._ready.pop(0))
                if self._flying:
                    idle_since = None
                    self.cut_short = True
                    self._wait(KNOWN)
                elif out_of_time:
                    return
                else:
                    idle_since = idle_since or time.monotonic()
                    if time.monotonic() - idle_since > LINGER:
                        self.cut_short = self._only is not None  # nobody has looked for the others'
                        return
                    self._store()
                    time.sleep(0.03)
                if len(self._done) >= self.concurrency or not self._flying:
                    self._store()
        finally:
            self._land()
            pool.shutdown(wait=True)
            if connector is not None:
                connector.close()
            self._store_all()

    def _land(self) -> None:
        """Threads may still wait for this one to touch the database: they are served until they are through. Nobody
        may take the lease while one of them is in the air, so trouble with the database does not end this early."""
        while self._flying:
            self._wait(0.5)
            try:
                self.held.renew_if_due()
                if self.place is not None:
                    self.place.renew_if_due()
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
                self._on_owner(self._look)
            except DatabaseError:
                self._ended = "The database did not say whether this may still be sent. It goes on by itself."
        if self._ended:
            raise InterruptedRunError(self._ended)
        self.held.guard()  # the owner may have been busy for long

    def _look(self) -> None:
        """For the owner: looks anew when what is known is not fresh."""
        asked = time.monotonic()
        if self._ended or asked < self._known_at + KNOWN * 0.8:
            return
        if not Integration.objects.filter(self.held.serves(self.integration.version)).exists():
            self._ended = "The connection was paused, switched or changed before this was sent."
        self._known_at = asked

    # claiming

    def _reclaim(self) -> None:
        """Whatever ran under an older lease goes back to waiting: it is read and compared before it is written."""
        Job.objects.filter(integration=self.integration, state=Job.State.RUNNING, open_key__isnull=False).update(
            state=Job.State.WAITING, due_at=at_once()
        )

    def _claim(self) -> None:
        """Takes the employees whose jobs are due, with all their open jobs: they are planned together."""
        if time.monotonic() < self._ask_at:
            return
        employees = self._next()
        if not employees:
            self._ask_at = time.monotonic() + ASK
            return
        now = timezone.now()
        mine = Integration.objects.filter(self.held.serves(self.integration.version))
        theirs = Job.objects.open().filter(integration__in=mine, employee_key__in=employees)
        try:
            theirs.update(state=Job.State.RUNNING, epoch=self.held.epoch, attempts=F("attempts") + 1)
        except OperationalError as error:
            if not is_busy(error):
                raise
            self._ask_at = time.monotonic() + ASK  # somebody is saving one of them right now
            return
        # Read after they are claimed: a change that comes later sets its job to waiting again and is found.
        claimed = Job.objects.open().filter(
            integration=self.integration, employee_key__in=employees, state=Job.State.RUNNING, epoch=self.held.epoch
        )
        changing = _being_changed(employees)
        if changing:
            self._return(claimed.filter(employee_key__in=changing))
            self._ask_at = time.monotonic() + ASK
        jobs = list(claimed.order_by("pk"))
        logger.debug("%s: %s jobs of %s employees", self.integration, len(jobs), len(employees))
        loaded = load_work(self.integration, jobs)
        write_intents.say(self.integration, loaded)
        # Whoever has waited longest goes first: one who is asked to wait at every try would keep the next ones waiting.
        turn_of = {key: number for number, key in enumerate(employees)}
        for work, for_positions in sorted(loaded, key=lambda one: turn_of[int(one[0].person.id)]):
            if work.remote_employee_id:
                self.matches.hold(work.person.id, work.remote_employee_id)
            self._ready.append(_Running(work, for_positions, now))
        self._only_begun = bool(self._ready)

    def _next(self) -> list[int]:
        """Whom to claim. Those whose jobs are due, the longest waiting first."""
        if self._only is not None:
            return [] if self._only_begun else [self._only]
        due = (
            Job.objects.due(timezone.now())
            .filter(integration=self.integration)
            .exclude(employee_key__in=[*self._flying, *(int(w.person.id) for w in self._unfinished())])
            .order_by("due_at", "pk")
            .values_list("employee_key", flat=True)[: self.concurrency * CLAIM * 2]
        )
        return list(dict.fromkeys(due))[: self.concurrency * CLAIM]

    def _unfinished(self) -> list[Work]:
        """Claimed and not yet in the air, or back and not yet stored: the next run builds upon what is stored."""
        return [running.work for running in self._ready] + [done.work for done in self._done]

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

    # sending

    def _open(self) -> Connector:
        vault = LentVault(DatabaseVault(self.integration.pk), self._on_owner)
        outbox = LentOutbox(DatabaseOutbox(self.integration, self._may_file), self._on_owner)
        limiter = shared_limiter(self.integration, self._on_owner) or self.window
        return open_connector(
            self.integration,
            vault=vault,
            outbox=outbox,
            matches=self.matches,
            limiter=limiter,
            guard=self._guard,
            place=self.place,
        )

    def _may_file(self) -> bool:
        """Inside the transaction that files a record: for a file there is no call to be kept from."""
        return self.held.holds() and Integration.objects.filter(self.held.serves(self.integration.version)).exists()

    def _on_owner(self, call: Callable[[], Any]) -> Any:
        """Called by a thread: has the owner of the turn do something with the database, and waits for it."""
        answer: Future[Any] = Future()
        self._events.put(("call", (call, answer)))
        return answer.result()

    def _start(self, pool: ThreadPoolExecutor, connector: Connector, running: _Running) -> None:
        employee = int(running.work.person.id)
        self._flying[employee] = running

        def before_write(position_id: str, there: Mapping[str, Any]) -> None:
            job = running.jobs.get(position_id)
            if job is not None:
                said = self._on_owner(lambda: write_intents.before(self.integration, job, running.work, there))
                running.said[position_id] = said

        def send() -> None:
            report: Report | Exception
            jobs = running.jobs.values()
            with working_on((job.pk for job in jobs), (job.request_id for job in jobs)):
                try:
                    report = run(connector, running.work, before_write=before_write)
                except Exception as error:  # a mistake of ours is one employee's trouble too
                    logger.exception("Employee %s in %s", employee, self.integration)
                    report = error
            self._events.put(("report", (employee, report)))

        running.future = pool.submit(send)

    def _wait(self, seconds: float) -> None:
        try:
            kind, what = self._events.get(timeout=seconds)
        except queue.Empty:
            return
        while True:
            if kind == "call":
                call, answer = what
                try:
                    answer.set_result(call())
                except Exception as error:
                    answer.set_exception(error)
            else:
                employee, report = what
                running = self._flying.pop(employee)
                self._done.append(
                    Done(running.work, running.jobs, report, running.started, timezone.now(), running.said)
                )
            try:
                kind, what = self._events.get_nowait()
            except queue.Empty:
                return

    def sent(self) -> list[float]:
        """When the last requests went out, for the next turn's limiter."""
        return self.window.sent() if self.window else []

    # storing

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
