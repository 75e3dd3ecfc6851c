"""What goes into a run and what comes out of it: plain values, which the engine fills in and stores."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as made
from datetime import date
from typing import Any

from integrations.planning.planner import Rules, Sent
from integrations.planning.states import State
from integrations.sdk.errors import ConnectorError, EmployeeNotFoundError, EmployeeNotUniqueError, MatchRefusedError
from integrations.sdk.http import Exchange
from integrations.sdk.messages import Message, Said, in_full, said_of
from integrations.sdk.values import Change, Person, Position, Problem, RemoteEmployee, Wanted, Warning

# No record there is taken for this employee's.
NOBODY = (EmployeeNotFoundError, EmployeeNotUniqueError, MatchRefusedError)


@dataclass(frozen=True, slots=True)
class Meant:
    """What a try was going to write to a flat record, and what the record held `before` (of each such try that got as
    far as writing)."""

    wanted: Wanted
    before: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Touched:
    """One position with an open job. `changed` names our fields that changed, None when that is not known.
    `tried`: start dates under which it may have been created there although no answer ever came.
    `meant`: the same for a flat system, everything that the record there was to say.
    `again`: a person asked to have it sent again."""

    position_id: str
    changed: frozenset[str] | None = None
    move: bool = False
    tried: tuple[date, ...] = ()
    meant: tuple[Meant, ...] = ()
    again: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """What is known of the match besides the record's id.

    confirmed   a person said that the record is this employee's
    doubted     number, national id or e-mail changed here since: it is looked at anew
    unmarked    nothing was kept yet by which such a change could be seen (matches of before)
    written_to  the record there under which `Work.sent` was written, "" when that is not known
    withheld    why nothing is written until a person has decided who the employee is there
    """

    confirmed: bool = False
    doubted: bool = False
    unmarked: bool = False
    written_to: str = ""
    withheld: Problem | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """Everything about one employee that the run needs.

    positions  all of the employee's positions here
    touched    those to bring in line (deleted ones are not in positions)
    sent       position id -> what was last written for it (for a flat system: one entry at most)
    outside    touched or sent positions that exist here but that the connection does not take any more: they are not in
               positions either, and are treated there as deleted ones
    """

    person: Person
    positions: Sequence[Position]
    touched: Sequence[Touched]
    sent: Mapping[str, Sent]
    remote_employee_id: str
    rules: Rules
    today: date
    outside: frozenset[str] = frozenset()
    match: Match = Match()


@dataclass(frozen=True, slots=True)
class Trace:
    """One line of what happened: `ok` True, False, or None for a step that was not reached."""

    title: Message
    ok: bool | None
    detail: Message | None = None
    at: float = made(default_factory=time.time)

    def hiding(self, hide: Callable[[str], str]) -> Trace:
        """As `Message.hiding`."""
        return Trace(self.title.hiding(hide), self.ok, self.detail and self.detail.hiding(hide), self.at)

    def to_json(self) -> dict[str, Any]:
        detail = self.detail and self.detail.to_json()
        return {"title": self.title.to_json(), "ok": self.ok, "detail": detail, "at": self.at}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Trace:
        detail = Message.from_json(kept["detail"]) if kept["detail"] else None
        return cls(Message.from_json(kept["title"]), kept["ok"], detail, kept["at"])


@dataclass(slots=True)
class Outcome:
    """What became of one position.

    state  PLANNED (preview), SUCCEEDED, SKIPPED, WAITING (for `wait_until`), FAILED or RETRYING (`error` says why, the
           engine decides when)
    """

    position_id: str
    state: State
    cause: str = ""
    said: Said = ()
    field: str = ""
    action: str = ""
    params: Mapping[str, str] = made(default_factory=dict)
    changes: Mapping[str, Change] = made(default_factory=dict)
    unsent: Mapping[str, Message] = made(default_factory=dict)
    warnings: tuple[Warning, ...] = ()
    sent: Sent | None = None
    older: Mapping[str, Sequence[Any]] | None = None  # of a write: what a read may show for a while (`Sent.older`)
    gone: bool = False  # the record there no longer stands for this position
    pending: Message | None = None
    file_id: int | None = None
    wait_until: date | None = None
    vendor_text: str = ""
    vendor_code: str = ""
    error: ConnectorError | None = None
    trace: list[Trace] = made(default_factory=list)

    @property
    def message(self) -> str:
        """In words."""
        return in_full(self.said)

    @property
    def everything(self) -> Said:
        """With what a person must still do, and all that is warned of."""
        return said_of(*self.said, self.pending, *(warning.said for warning in self.warnings))


@dataclass(slots=True)
class Report:
    outcomes: dict[str, Outcome] = made(default_factory=dict)
    remote_employee: RemoteEmployee | None = None
    exchanges: tuple[Exchange, ...] = ()
    error: ConnectorError | None = None  # what ended the run early, if something did
    unanswered: set[str] = made(default_factory=set)  # positions that may have been created there or not
    translated: dict[str, tuple[Position, Wanted]] = made(default_factory=dict)  # what was worked out for a position
    wrong_record: str = ""  # the record to which `Work.sent` was written, when it is not this employee's after all
