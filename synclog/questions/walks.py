"""All employees of a connection gone through by workers, piece by piece, so that people's own questions and other
organizations come between; nothing is changed by it, here or there.

Most of them read everybody there first. Who was read is in the memory of one process alone, since marks of identity are
not stored: the next piece is that process's. Where it is gone, or what it read has become too old, it begins anew.
What is looked at, and what is kept of it, the subclasses of `Turn` say: `checks`, `forecasts`.
"""

from __future__ import annotations

import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Generic, TypeVar

from django.db import IntegrityError, models, transaction
from django.db.models import QuerySet
from django.utils import timezone

from integrations.runtime.opening import open_connector
from integrations.sdk.connector import Connector
from integrations.sdk.context import Matches
from integrations.sdk.errors import ConnectorError, NotAuthorizedError
from integrations.sdk.everybody import Everybody
from integrations.sdk.messages import Message
from integrations.sdk.snapshot import Snapshot
from positions.transactions import repeated
from synclog.engine.fitted import said_fitted
from synclog.engine.lease import HOST, alive
from synclog.engine.loading import last_records
from synclog.models.walk import Walk
from synclog.questions import texts
from synclog.questions.still_held import of_people_still_held

logger = logging.getLogger("synclog.questions.walks")

W = TypeVar("W", bound=Walk)

PIECE = 100  # employees, looked at and stored together
LOOK_EVERY = 2.0  # seconds between looks at whether it may go on
SHORT = 8.0  # of a turn, where somebody else waits
LONGEST = 120.0  # of any; a call may begin in its last second, and the queue ends a task after 300
KEPT = timedelta(minutes=6)  # after which a process that had it does not have it any more
WAIT = timedelta(seconds=30)  # after an error, unless the system says more
TRIES = 5  # pieces in a row that an error ended, before the walk is ended
BEGINNINGS = 3

# What was found of one position: the key under which it is counted, and the row that is kept of it, if one is.
Found = tuple[str, models.Model | None]


class NotPossibleError(Exception):
    """`said` tells people why it cannot be done now."""

    def __init__(self, said: Message) -> None:
        super().__init__(said)
        self.said = said


def begin(walk: W, said: Message | None, under_way: Message) -> W:
    """Raises NotPossibleError with what was `said`, or where one of its kind is `under_way`."""
    if said is not None:
        raise NotPossibleError(said)
    walk.asked_at = walk.due_at = walk.moved_at = timezone.now()
    try:
        with transaction.atomic():
            walk.save(force_insert=True)
    except IntegrityError:
        raise NotPossibleError(under_way) from None
    return walk


@repeated
def cancel(walk: Walk, by: str) -> bool:
    """False: it was over already."""
    held = _open(walk)
    if held is None:
        return False
    held.cancelled_by = by
    _end(held)
    return True


def due(model: type[W]) -> QuerySet[W]:
    found: QuerySet[W] = model._default_manager.filter(done_at=None, due_at__lte=timezone.now())
    return found


# -- whose it is --------------------------------------------------------------------------------------------


@dataclass
class Held:
    """What this process has read of a walk, and with what. Without a `snapshot` each employee is asked about."""

    connector: Connector
    everybody: Everybody
    snapshot: Snapshot | None
    begun_at: datetime
    touched: float = field(default_factory=time.monotonic)


_held: dict[tuple[type[Walk], int], Held] = {}


def _me() -> str:
    return f"{HOST}/{os.getpid()}"


def elsewhere(walk: Walk) -> bool:
    """Whether another process has in its memory what the walk has read."""
    if walk.done_at is not None or walk.holder in ("", _me()) or walk.moved_at < timezone.now() - KEPT:
        return False
    host, _, pid = walk.holder.rpartition("/")
    return host != HOST or alive(int(pid))


def _let_go(key: tuple[type[Walk], int]) -> None:
    held = _held.pop(key, None)
    if held is not None:
        held.connector.close()


# -- a turn -------------------------------------------------------------------------------------------------


class Over(Exception):
    """The turn is: somebody else is to have the process, or the walk is over."""


class Turn(Generic[W]):
    """`alone` is asked now and then whether nobody else waits."""

    model: ClassVar[type[Walk]]
    reads = True  # everybody there; else nobody is asked about anything

    def __init__(self, walk: W, alone: Callable[[], bool]) -> None:
        self.walk, self.integration, self._alone = walk, walk.integration, alone
        self._started = self._looked = time.monotonic()
        self._calls = self._there = 0

    # for the subclasses to say

    def why_not(self) -> Message | None:
        """Why it cannot go on."""
        raise NotImplementedError

    def keys(self, after: int = 0, number: int | None = None) -> list[int]:
        """Of the employees who are looked at, in order."""
        raise NotImplementedError

    def looking(self, held: Held | None, keys: Sequence[int]) -> Callable[[int], Sequence[Found]]:
        """What is found of one of these. It may raise ConnectorError."""
        raise NotImplementedError

    def matches(self) -> Matches | None:
        """By which a connector asks whose record is free."""
        return None

    def sees(self) -> bool:
        """Whether everybody is read at once."""
        return not self.integration.system.sight.unsupported

    def finished(self, walk: W) -> None:
        """All of them were looked at: in the transaction that ends the walk."""

    # what is so of all

    def run(self) -> None:
        said = self.why_not()
        if said is not None:
            end_early(self.walk, "not_possible", said)
            return
        held = None
        if self.reads:
            held = _held.get(self._key)
            if held is None or held.begun_at != self.walk.begun_at:
                held = self._begin()
            self.move(holder=_me())
            if self.walk.read_at is None:
                self._read(held)
        elif self.walk.begun_at is None:
            now = timezone.now()
            _start_anew(self.walk, now, len(self.keys()), again=False)
            self.move(read_at=now)
        self._go_through(held)

    @property
    def _key(self) -> tuple[type[Walk], int]:
        return self.model, self.walk.pk

    def _begin(self) -> Held:
        _let_go(self._key)
        again = self.walk.begun_at is not None
        if again and self.walk.restarts + 1 >= BEGINNINGS:
            end_early(self.walk, texts.TOO_OLD.cause, texts.TOO_OLD(system=self.integration.system.name))
            raise Over
        total = len(self.keys())
        connector = open_connector(self.integration, matches=self.matches())
        snapshot = connector.snapshot(last_records(self.integration)) if self.sees() else None
        held = Held(connector, Everybody(connector), snapshot, timezone.now())
        _held[self._key] = held
        _start_anew(self.walk, held.begun_at, total, again=again)
        return held

    def _read(self, held: Held) -> None:
        while held.snapshot is not None:
            with self.counted(held):
                seen = next(held.snapshot, None)
            if seen is None:
                break
            held.everybody.add(seen)
            self._there += 1
            self._may_go_on(held)
        self.move(read_at=timezone.now())

    def _go_through(self, held: Held | None) -> None:
        while keys := self.keys(self.walk.last_key, PIECE):
            look = self.looking(held, keys)
            found: dict[int, Sequence[Found]] = {}
            try:
                for key in keys:
                    found[key] = look(key)
                    self._may_go_on(held)
            finally:
                if found:
                    self._store(found)
        finish(self)

    def _store(self, found: Mapping[int, Sequence[Found]]) -> None:
        of_all = [one for of_one in found.values() for one in of_one]
        rows = [row for _, row in of_all if row is not None]
        if not _stored(self.walk, rows, Counter(key for key, _ in of_all), max(found), len(found)):
            raise Over
        self.move()

    # whether it goes on

    @contextmanager
    def counted(self, held: Held) -> Iterator[None]:
        """Counts the calls that are made in it."""
        try:
            yield
        finally:
            self.called(len(held.connector.http.take_exchanges()))

    def called(self, number: int) -> None:
        self._calls += number

    def _may_go_on(self, held: Held | None) -> None:
        """Raises Over."""
        now = time.monotonic()
        if now - self._looked < LOOK_EVERY and now - self._started < LONGEST:
            return
        self._looked = now
        self.move()
        if held is not None:
            held.touched = now
            lasted = timezone.now() - held.begun_at
            if held.snapshot is not None and lasted > timedelta(minutes=self.integration.system.sight.minutes):
                _let_go(self._key)  # too old: the next turn begins anew
                raise Over
        ran = now - self._started
        if ran > LONGEST or (not self._alone() and ran > SHORT):
            raise Over

    def move(self, **values: object) -> None:
        """How far it is, also for whoever looks. Raises Over where it was cancelled, or somebody else goes on."""
        rows = self.model._default_manager.filter(pk=self.walk.pk, done_at=None, begun_at=self.walk.begun_at)
        values |= {"moved_at": timezone.now(), "misses": 0} if self._there or self._calls else {}
        self.walk.there += self._there
        self.walk.calls += self._calls
        self._there = self._calls = 0
        for name, value in values.items():
            setattr(self.walk, name, value)
        if not rows.update(there=self.walk.there, calls=self.walk.calls, **values):
            raise Over

    def missed(self, error: ConnectorError) -> None:
        """The system gave no answer: later, or not at all."""
        misses = self.walk.misses + 1
        if isinstance(error, NotAuthorizedError) or misses >= TRIES:
            end_early(self.walk, error.cause, error.said)
            return
        asked = getattr(error, "wait", None)
        wait = max(WAIT, timedelta(seconds=asked)) if asked else WAIT
        self.model._default_manager.filter(pk=self.walk.pk, done_at=None).update(
            misses=misses, due_at=timezone.now() + wait, moved_at=timezone.now()
        )


def carry_on(kind: type[Turn[Any]], pk: int, alone: Callable[[], bool]) -> None:
    """For some seconds; longer while nobody else waits."""
    for old in [key for key, held in _held.items() if time.monotonic() - held.touched > KEPT.total_seconds()]:
        _let_go(old)
    rows = kind.model._default_manager.filter(pk=pk, done_at=None)
    walk = rows.select_related("integration__organization").first()
    if walk is None:
        _let_go((kind.model, pk))
        return
    turn = kind(walk, alone)
    try:
        turn.run()
    except Over:
        pass
    except ConnectorError as error:
        turn.missed(error)
    except Exception:
        logger.exception("%s of connection %s failed by our own mistake.", kind.model.__name__, walk.integration)
        end_early(walk, "internal_error", texts.MISTAKE())
    if not rows.exists():
        _let_go((kind.model, pk))


# -- what is kept -------------------------------------------------------------------------------------------


def _open(walk: W) -> W | None:
    """Held until the end of the transaction."""
    rows = type(walk)._default_manager.select_for_update(of=("self",))
    return rows.filter(pk=walk.pk, done_at=None).first()


def _rows(walk: Walk) -> Any:
    return walk.rows  # type: ignore[attr-defined]


@repeated
def _start_anew(walk: Walk, at: datetime, total: int, *, again: bool) -> None:
    held = _open(walk)
    if held is None:
        raise Over
    _rows(held).all().delete()
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
        setattr(walk, name, value)
        setattr(held, name, value)
    held.save(update_fields=list(fresh))


@repeated
def _stored(walk: Walk, rows: Sequence[models.Model], counts: Counter[str], last: int, employees: int) -> bool:
    """False: it was cancelled, or somebody else goes on with it."""
    held = _open(walk)
    if held is None or held.begun_at != walk.begun_at:
        return False
    for row in rows:
        row.pk = None
    _rows(walk).model._default_manager.bulk_create(of_people_still_held(walk.integration_id, rows))
    held.counts = dict(Counter(held.counts) + counts)
    held.last_key, held.employees = last, held.employees + employees
    held.moved_at = timezone.now()
    held.save(update_fields=["counts", "last_key", "employees", "moved_at"])
    walk.last_key = last
    return True


@repeated
def finish(turn: Turn[Any]) -> None:
    """All of it was looked at."""
    walk = _open(turn.walk)
    if walk is None:
        return
    walk.done_at, walk.holder = timezone.now(), ""
    walk.save(update_fields=["done_at", "holder", *walk.emptied()])
    turn.finished(walk)


@repeated
def end_early(walk: Walk, cause: str, *said: Message) -> None:
    held = _open(walk)
    if held is not None:
        held.cause, held.said = cause[:60], said_fitted(said)
        _end(held)


def _end(walk: Walk) -> None:
    """Without having been through: what was found so far says nothing of the whole."""
    walk.done_at, walk.holder = timezone.now(), ""
    walk.save(update_fields=["done_at", "holder", "cancelled_by", "cause", "said", *walk.emptied()])
    _rows(walk).all().delete()
