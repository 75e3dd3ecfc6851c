"""What a connector is given to work with: one connection's credentials, settings and helpers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from threading import RLock
from typing import Any, Protocol

from integrations.sdk.marking import gettext_noop as _
from integrations.sdk.messages import Message, Shown, Text
from integrations.sdk.values import Person, RemoteEmployee


class Vault(Protocol):
    """Encrypted memory of one connection for what its connector must keep: tokens above all.

    `load` gives what was saved last (empty at first); `save` returns only when it is stored for good.
    `exclusive` lets one process at a time in: take it, `load` again, and only then spend a refresh token.
    """

    def load(self) -> Mapping[str, Any]: ...

    def save(self, values: Mapping[str, Any]) -> None: ...

    def exclusive(self) -> AbstractContextManager[None]: ...


# What the log says of a record until a person says that its file was imported (`integrations.runtime.outbox`).
NOT_YET_IMPORTED = Text("file.pending", _("In {file}, not yet imported."))
IMPORTED = Text("file.imported", _("In {file}, imported by {by}."))
# How people call it; it stands in these.
FILE_OF_TODAY = Text("file.of_today", _("the file of {time}"))
FILE_OF_A_DAY = Text("file.of_a_day", _("the file of {day}, {time}"))


@dataclass(frozen=True, slots=True)
class Filed:
    """Where a record went: the file's id and how people call it ("the file of 14:02")."""

    file_id: int
    name: Shown

    @property
    def pending(self) -> Message:
        """For `Written.pending`."""
        return NOT_YET_IMPORTED(file=self.name)


@dataclass(frozen=True, slots=True)
class HandedOver:
    """A record in a file that somebody has. `imported`: somebody has said that it is carried over."""

    record: Mapping[str, Any]
    imported: bool


class Outbox(Protocol):
    """For systems whose transport is a file: one record for each employee, the newest one counts.

    `latest` gives the employee's newest record, whether its file was imported already or not; `handed_over` those in
    files that somebody has fetched, so that they may be there by now or come there yet, the oldest first. `put` adds a
    record to the file that is being filled; a file that somebody has fetched never changes again, a new one is begun
    then. It raises `InterruptedRunError` when this worker no longer owns the integration.
    """

    def latest(self, employee: str) -> Mapping[str, Any] | None: ...

    def handed_over(self, employee: str) -> Sequence[HandedOver]: ...

    def put(self, employee: str, record: Mapping[str, Any]) -> Filed: ...


class Matches(Protocol):
    """Which records there are somebody's. One record is at most one employee's of a connection."""

    def claim(self, person: Person, found: RemoteEmployee) -> bool:
        """From now on the record is this person's, for good; False if it is another employee's."""
        ...

    def free(self, person: Person, found: RemoteEmployee) -> bool:
        """What `claim` would say. Keeps nothing."""
        ...


class Limiter(Protocol):
    """Gives leave for one request, sleeping until the system's limit allows it. `guard` is asked meanwhile: what it
    raises ends the wait."""

    def acquire(self, guard: Callable[[], None]) -> None: ...

    def penalize(self, seconds: float) -> None:
        """Nobody goes before so many seconds have passed (the system said so)."""
        ...


class MemoryVault:
    """A vault for tests and one-off checks."""

    def __init__(self, values: Mapping[str, Any] | None = None) -> None:
        self._values: MutableMapping[str, Any] = dict(values or {})
        self._lock = RLock()

    def load(self) -> Mapping[str, Any]:
        return dict(self._values)

    def save(self, values: Mapping[str, Any]) -> None:
        self._values = dict(values)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        with self._lock:
            yield


class MemoryMatches:
    """Matches for tests and one-off uses: nobody has any at first."""

    def __init__(self) -> None:
        self.holders: dict[str, str] = {}  # record there -> employee here
        self._lock = RLock()

    def claim(self, person: Person, found: RemoteEmployee) -> bool:
        with self._lock:
            if not self.free(person, found):
                return False
            self.holders = {record: who for record, who in self.holders.items() if who != person.id}
            self.holders[found.id] = person.id
            return True

    def free(self, person: Person, found: RemoteEmployee) -> bool:
        return self.holders.get(found.id, person.id) == person.id


class MemoryOutbox:
    """An outbox for tests: one file, in `records`, which is fetched at once."""

    def __init__(self) -> None:
        self.records: dict[str, Mapping[str, Any]] = {}

    def latest(self, employee: str) -> Mapping[str, Any] | None:
        return self.records.get(employee)

    def handed_over(self, employee: str) -> Sequence[HandedOver]:
        return [HandedOver(self.records[employee], imported=True)] if employee in self.records else []

    def put(self, employee: str, record: Mapping[str, Any]) -> Filed:
        self.records[employee] = dict(record)
        return Filed(1, "the file of 14:02")


def _allow() -> None:
    """No fence: whoever calls may go on."""


@dataclass(slots=True)
class Context:
    """`settings` holds cleaned values with defaults filled in. `namespace` is stable and unique per connection
    (for ids derived from ours). `guard` raises `InterruptedRunError` when this worker may not start another call.
    `one_call` is held during each call. `today` is the organization's date, `zone` its time zone. Timeouts are in
    seconds.
    `private_targets` lets calls go to addresses inside the operator's own network, and without TLS."""

    credentials: Mapping[str, str]
    settings: Mapping[str, Any]
    urls: Mapping[str, str]
    namespace: str
    today: date
    zone: tzinfo = UTC
    vault: Vault = field(default_factory=MemoryVault)
    limiter: Limiter | None = None
    outbox: Outbox = field(default_factory=MemoryOutbox)
    matches: Matches = field(default_factory=MemoryMatches)
    guard: Callable[[], None] = _allow
    one_call: Callable[[], AbstractContextManager[None]] = nullcontext
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    connect_timeout: float = 5.0
    read_timeout: float | None = None
    private_targets: bool = False
