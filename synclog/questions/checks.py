"""Everything of a connection held against everything there (`integrations.planning.drift`), without changing anything.

A worker reads everybody there, then compares our employees, piece by piece, so that people's own questions and other
organizations come between. Who was read there is in the memory of one process alone, since marks of identity are not
stored: the next piece is that process's. Where it is gone, or what it read has become too old, it begins anew.
"""

from __future__ import annotations

import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from integrations.models import Integration, PeriodLink
from integrations.planning.drift import Finding, Kind
from integrations.planning.work import Work
from integrations.runtime.opening import open_connector
from integrations.scope import scope_of
from integrations.sdk.connector import Connector
from integrations.sdk.errors import ConnectorError, NotAuthorizedError
from integrations.sdk.everybody import Everybody
from integrations.sdk.messages import Message, packed, unpacked
from integrations.sdk.snapshot import Snapshot
from integrations.sdk.wording import say
from positions.models import Position
from positions.transactions import repeated
from synclog.engine.fitted import said_fitted
from synclog.engine.lease import HOST, alive
from synclog.engine.loading import last_records, load_employees
from synclog.log.differences import whole
from synclog.models import DriftCheck, DriftRow, Event, Job
from synclog.questions import comparing, texts

logger = logging.getLogger("synclog.questions.checks")

PIECE = 100  # employees, compared and stored together
LOOK_EVERY = 2.0  # seconds between looks at whether it may go on
SHORT = 8.0  # of a turn, where somebody else waits
LONGEST = 120.0  # of any; a call may begin in its last second, and the queue ends a task after 300
KEPT = timedelta(minutes=6)  # after which a process that had it does not have it any more
WAIT = timedelta(seconds=30)  # after an error, unless the system says more
TRIES = 5  # pieces in a row that an error ended, before the check is ended
BEGINNINGS = 3
AGAIN = 3  # looks at an employee of whom something is written meanwhile


class NotPossibleError(Exception):
    """`said` tells people why nothing can be compared now."""

    def __init__(self, said: Message) -> None:
        super().__init__(said)
        self.said = said


def why_not(integration: Integration) -> Message | None:
    """Why a connection cannot be compared now; None when it can. Whether it is switched on does not matter."""
    if integration.system.sight.unsupported:
        return texts.CANNOT_BE_SEEN(why=say(integration.system.sight.unsupported))
    if not integration.connected:
        return texts.NOT_CONNECTED(connection=integration.name)
    if integration.stopped:
        return texts.CHECK_STOPPED(why=unpacked(integration.stopped_said))
    return texts.CHECK_PAUSED() if integration.paused else None


def begin(integration: Integration, by: str, origin: str = DriftCheck.Origin.PERSON) -> DriftCheck:
    """Raises NotPossibleError. A worker takes it up (`synclog.questions.asking`)."""
    said = why_not(integration)
    if said is not None:
        raise NotPossibleError(said)
    now = timezone.now()
    try:
        with transaction.atomic():
            return DriftCheck.objects.create(
                integration=integration, origin=origin, by=by, asked_at=now, due_at=now, moved_at=now
            )
    except IntegrityError:
        raise NotPossibleError(texts.CHECK_UNDER_WAY()) from None


@repeated
def cancel(pk: int, by: str) -> bool:
    """False: it was over already. What the one before found stays."""
    check = _open(pk)
    if check is None:
        return False
    check.cancelled_by = by
    _end(check)
    return True


def due() -> QuerySet[DriftCheck]:
    return DriftCheck.objects.filter(done_at=None, due_at__lte=timezone.now())


# -- whose it is --------------------------------------------------------------------------------------------


@dataclass
class _Held:
    """What this process has read of a check, and with what."""

    connector: Connector
    snapshot: Snapshot
    everybody: Everybody
    begun_at: datetime
    touched: float = field(default_factory=time.monotonic)


_held: dict[int, _Held] = {}


def _me() -> str:
    return f"{HOST}/{os.getpid()}"


def elsewhere(pk: int) -> bool:
    """Whether another process has in its memory what the check has read."""
    check = DriftCheck.objects.filter(pk=pk, done_at=None).exclude(holder__in=("", _me())).first()
    if check is None or check.moved_at < timezone.now() - KEPT:
        return False
    host, _, pid = check.holder.rpartition("/")
    return host != HOST or alive(int(pid))


def _let_go(pk: int) -> None:
    held = _held.pop(pk, None)
    if held is not None:
        held.connector.close()


# -- a turn -------------------------------------------------------------------------------------------------


class _Over(Exception):
    """The turn is: somebody else is to have the process, or the check is over."""


def carry_on(pk: int, alone: Callable[[], bool]) -> None:
    """For some seconds; longer while nobody else waits (`alone`, which is asked now and then)."""
    for old in [key for key, held in _held.items() if time.monotonic() - held.touched > KEPT.total_seconds()]:
        _let_go(old)
    check = DriftCheck.objects.select_related("integration__organization").filter(pk=pk, done_at=None).first()
    if check is None:
        _let_go(pk)
        return
    turn = _Turn(check, alone)
    try:
        turn.run()
    except _Over:
        pass
    except ConnectorError as error:
        turn.missed(error)
    except Exception:
        logger.exception("The comparison of connection %s failed by our own mistake.", check.integration)
        end_early(pk, "internal_error", texts.MISTAKE())
    if not DriftCheck.objects.filter(pk=pk, done_at=None).exists():
        _let_go(pk)


class _Turn:
    def __init__(self, check: DriftCheck, alone: Callable[[], bool]) -> None:
        self.check, self.integration, self._alone = check, check.integration, alone
        self._started = self._looked = time.monotonic()
        self._calls = self._there = 0

    def run(self) -> None:
        said = why_not(self.integration)
        if said is not None:
            end_early(self.check.pk, "not_possible", said)
            return
        held = _held.get(self.check.pk)
        if held is None or held.begun_at != self.check.begun_at:
            held = self._begin()
        self._move(holder=_me())
        if self.check.read_at is None:
            self._read(held)
        self._compare(held)

    # -- everybody there

    def _begin(self) -> _Held:
        _let_go(self.check.pk)
        again = self.check.begun_at is not None
        if again and self.check.restarts + 1 >= BEGINNINGS:
            end_early(self.check.pk, texts.TOO_OLD.cause, texts.TOO_OLD(system=self.integration.system.name))
            raise _Over
        total = len(_employees(self.integration))
        connector = open_connector(self.integration)
        snapshot = connector.snapshot(last_records(self.integration))
        held = _Held(connector, snapshot, Everybody(connector), timezone.now())
        _held[self.check.pk] = held
        _start_anew(self.check, held.begun_at, total, again=again)
        return held

    def _read(self, held: _Held) -> None:
        while True:
            try:
                seen = next(held.snapshot, None)
            finally:
                self._calls += len(held.connector.http.take_exchanges())
            if seen is None:
                break
            held.everybody.add(seen)
            self._there += 1
            self._may_go_on(held)
        self._move(read_at=timezone.now())

    # -- ours

    def _compare(self, held: _Held) -> None:
        while keys := _employees(self.integration, self.check.last_key, PIECE):
            loaded = timezone.now()
            works = load_employees(self.integration, keys)
            touched = self._written_since(keys, held.begun_at)
            found: dict[int, list[tuple[Work, Finding]]] = {}
            try:
                for key in keys:
                    work, findings = self._look(held, works[key], loaded, anew=key in touched)
                    found[key] = [(work, finding) for finding in comparing.by_position(findings, work)]
                    self._may_go_on(held)
            finally:
                if found:
                    self._store(held, found)
        finish(self.check.pk)

    def _look(self, held: _Held, work: Work, loaded: datetime, *, anew: bool) -> tuple[Work, Sequence[Finding]]:
        """What was read may be older than what was written meanwhile: then this employee is read once more, until both
        sides are of one moment."""
        key = int(work.person.id)
        for _ in range(AGAIN):
            try:
                if anew:
                    found = comparing.looked_for(held.connector, work)
                else:
                    found = comparing.found_of(held.connector, held.everybody, work)
            finally:
                self._calls += len(held.connector.http.take_exchanges())
            if all(one.kind is Kind.EQUAL for one in found) or not self._written_since([key], loaded):
                break
            anew, loaded = True, timezone.now()
            work = load_employees(self.integration, [key])[key]
        return work, found

    def _written_since(self, keys: Sequence[int], moment: datetime) -> set[int]:
        """Of whom something was sent, or tried, since then, or is being sent."""
        jobs = Job.objects.filter(integration=self.integration, employee_key__in=keys)
        tried = Q(changed_at__gte=moment) & ~Q(state=Job.State.WAITING)
        return set(jobs.filter(Q(state=Job.State.RUNNING) | tried).values_list("employee_key", flat=True))

    def _store(self, held: _Held, found: dict[int, list[tuple[Work, Finding]]]) -> None:
        rows = [
            comparing.row_of(self.check, work, finding, held.connector)
            for of_one in found.values()
            for work, finding in of_one
            if finding.kind is not Kind.EQUAL
        ]
        counts = Counter(comparing.kind_of(finding) for of_one in found.values() for _, finding in of_one)
        if not _stored(self.check, rows, counts, max(found), len(found)):
            raise _Over
        self._move()

    # -- whether it goes on

    def _may_go_on(self, held: _Held) -> None:
        """Raises _Over."""
        now = time.monotonic()
        if now - self._looked < LOOK_EVERY and now - self._started < LONGEST:
            return
        self._looked = held.touched = now
        self._move()
        lasted = timezone.now() - held.begun_at
        if lasted > timedelta(minutes=self.integration.system.sight.minutes):
            _let_go(self.check.pk)  # too old: the next turn begins anew
            raise _Over
        ran = now - self._started
        if ran > LONGEST or (not self._alone() and ran > SHORT):
            raise _Over

    def _move(self, **values: object) -> None:
        """How far it is, also for whoever looks. Raises _Over where it was cancelled, or somebody else goes on."""
        rows = DriftCheck.objects.filter(pk=self.check.pk, done_at=None, begun_at=self.check.begun_at)
        values |= {"moved_at": timezone.now(), "misses": 0} if self._there or self._calls else {}
        self.check.there += self._there
        self.check.calls += self._calls
        self._there = self._calls = 0
        for name, value in values.items():
            setattr(self.check, name, value)
        if not rows.update(there=self.check.there, calls=self.check.calls, **values):
            raise _Over

    def missed(self, error: ConnectorError) -> None:
        """The system gave no answer: later, or not at all."""
        misses = self.check.misses + 1
        if isinstance(error, NotAuthorizedError) or misses >= TRIES:
            end_early(self.check.pk, error.cause, error.said)
            return
        asked = getattr(error, "wait", None)
        wait = max(WAIT, timedelta(seconds=asked)) if asked else WAIT
        DriftCheck.objects.filter(pk=self.check.pk, done_at=None).update(
            misses=misses, due_at=timezone.now() + wait, moved_at=timezone.now()
        )


# -- what it goes through -----------------------------------------------------------------------------------


def _employees(integration: Integration, after: int = 0, number: int | None = None) -> list[int]:
    """Those of whom something is to be there, or was written there, in order."""
    positions = Position.objects.filter(
        scope_of(integration.pk).positions(), employee__organization=integration.organization_id, employee__gt=after
    )
    links = PeriodLink.objects.filter(integration=integration, employee_key__gt=after)
    found = {
        key
        for keys in (positions.order_by("employee").values_list("employee", flat=True),
                     links.order_by("employee_key").values_list("employee_key", flat=True))
        for key in keys.distinct()[:number]
    }  # fmt: skip
    return sorted(found)[:number]


# -- what is kept -------------------------------------------------------------------------------------------


def _open(pk: int) -> DriftCheck | None:
    """Held until the end of the transaction."""
    return DriftCheck.objects.select_for_update(of=("self",)).filter(pk=pk, done_at=None).first()


@repeated
def _start_anew(check: DriftCheck, at: datetime, total: int, *, again: bool) -> None:
    held = _open(check.pk)
    if held is None:
        raise _Over
    held.rows.all().delete()
    fresh: dict[str, Any] = {
        "begun_at": at,
        "read_at": None,
        "there": 0,
        "last_key": 0,
        "employees": 0,
        "counts": {},
        "total": total,
    }
    fresh |= {"moved_at": at, "restarts": held.restarts + again}
    for name, value in fresh.items():
        setattr(check, name, value)
        setattr(held, name, value)
    held.save(update_fields=list(fresh))


@repeated
def _stored(check: DriftCheck, rows: Sequence[DriftRow], counts: Counter[str], last: int, employees: int) -> bool:
    """False: it was cancelled, or somebody else goes on with it."""
    held = _open(check.pk)
    if held is None or held.begun_at != check.begun_at:
        return False
    for row in rows:
        row.pk = None
    DriftRow.objects.bulk_create(rows)
    held.counts = dict(Counter(held.counts) + counts)
    held.last_key, held.employees = last, held.employees + employees
    held.moved_at = timezone.now()
    held.save(update_fields=["counts", "last_key", "employees", "moved_at"])
    check.last_key = last
    return True


@repeated
def finish(pk: int) -> None:
    """All of it was compared: what the checks before found is of the past."""
    check = _open(pk)
    if check is None:
        return
    check.done_at, check.holder = timezone.now(), ""
    check.save(update_fields=["done_at", "holder"])
    _tell_of_less(check)
    DriftRow.objects.filter(part_of__integration=check.integration_id).exclude(part_of=check).delete()


def _tell_of_less(check: DriftCheck) -> None:
    """Where less agrees than at the whole check before."""
    before = whole(check.integration).exclude(pk=check.pk).first()
    if before is None or check.agreeing * before.compared >= before.agreeing * check.compared:
        return
    said = texts.LESS_AGREES(differing=check.compared - check.agreeing, total=check.compared)
    Event.objects.create(integration=check.integration, kind=Event.Kind.DIFFERS, said=packed([said]))


@repeated
def end_early(pk: int, cause: str, *said: Message) -> None:
    check = _open(pk)
    if check is not None:
        check.cause, check.said = cause[:60], said_fitted(said)
        _end(check)


def _end(check: DriftCheck) -> None:
    """Without having been through: what was found so far says nothing of the whole."""
    check.done_at, check.holder = timezone.now(), ""
    check.save(update_fields=["done_at", "holder", "cancelled_by", "cause", "said"])
    check.rows.all().delete()
