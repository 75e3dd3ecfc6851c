"""The plain frozen values that go into a connector and come out of it. Nothing here knows Django."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from integrations.sdk.messages import Message, Said, Shown, as_message, from_json, hidden, in_full, to_json
from integrations.sdk.timelines import Timeline, at
from integrations.sdk.wording import shown


@dataclass(frozen=True, slots=True)
class Department:
    code: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Company:
    """A legal entity or sub-unit; `organization_number` holds digits as the authorities write them."""

    name: str
    organization_number: str = ""


@dataclass(frozen=True, slots=True)
class Manager:
    number: str
    email: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """An employee as the target systems know people. `id` is ours and stable for ever. Of somebody who is `deleted`
    here, id, number and name are all that is known."""

    id: str
    number: str
    first_name: str
    last_name: str
    email: str = ""
    birth_date: date | None = None
    national_id: str = field(default="", repr=False)
    company: Company | None = None
    department: Department | None = None
    manager: Manager | None = None
    deleted: bool = False

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


@dataclass(frozen=True, slots=True)
class Position:
    """One period of employment as saved here. `values` is keyed by `integrations.sdk.fields`; they are those of today,
    or of the nearest day of the position (`day`). `terms`: where they are not those of all its days, what holds from
    its first day on, and from each day of a change. `employed_since` (flat): the first day of the unbroken employment
    that it belongs to. `is_current`: whether today is one of its days."""

    id: str
    start: date
    end: date | None
    values: Mapping[str, Any]
    terms: tuple[tuple[date, Mapping[str, Any]], ...] = ()
    day: date | None = None
    employed_since: date | None = None
    is_current: bool = True

    @property
    def percentage(self) -> Any:
        return self.values.get("percentage")

    def on(self, day: date) -> Position:
        """As it is on that day, or on the nearest day of it that its terms speak of."""
        if not self.terms:
            return self
        return replace(self, values=at(self.terms, max(day, self.start)), day=day)

    def days_of_change(self) -> tuple[date, ...]:
        """On which its terms change, its first day apart."""
        return tuple(day for day, _ in self.terms[1:])


@dataclass(frozen=True, slots=True)
class Wanted:
    """A position translated into one system's words, as `Remote.values` would show it once written.

    `defaulted` names the fields that were empty here and hold a default of the connection. `since` is the position's
    own first day, for systems that date a value by it; they may be told not to send the start date itself.
    `counts_from` (flat): the day from which it has been the current one; it may have come back after another.
    `employed_since`: the first day of the unbroken employment that the position goes on with. `terms`: where its values
    are not those of all its days, what holds of the fields that the system dates, from its first day on. `wrote`
    what we wrote for another position and may still stand there: (flat) of a new employment of somebody who was under
    sync before; else of what is the employee's own.
    """

    position_id: str
    values: Mapping[str, Any]
    defaulted: frozenset[str] = frozenset()
    since: date | None = None
    counts_from: date | None = None
    employed_since: date | None = None
    terms: tuple[tuple[date, Mapping[str, Any]], ...] = ()
    wrote: Mapping[str, Any] = field(default_factory=dict)

    def timeline(self, key: str) -> Timeline:
        """What is to hold of one field, from the position's first day on."""
        if self.terms and key in self.terms[0][1]:
            return [(day, values[key]) for day, values in self.terms]
        return ((self.since or self.start, self.values.get(key)),)

    @property
    def start(self) -> date:
        start: date = self.values["start_date"]
        return start

    @property
    def end(self) -> date | None:
        return self.values.get("end_date")


class Foreign(str):
    """A value there for which we have no word: somebody's choice there, which is neither compared nor replaced."""


@dataclass(frozen=True, slots=True)
class Remote:
    """A period (history) or the current employment (flat) as the target system holds it now.

    `values` is keyed by our field names and holds the target's own words, dates as `date`. A field that the
    system does not show is left out, and then it is not compared. `version` and `raw` travel back to the connector
    untouched. `start_date` may be None for a flat record that has never been given one. `renews_from` (flat): a
    position that starts on this day or later is not a change of this record, which is over, but a new one.
    `rows`: of what the system keeps in rows by day, what holds from each day on; the planner puts those of
    the day in question into `values`, and into `past` the fields whose change would count for days that are over, which
    are written only where they changed here. `left_out`: fields that are not in its answer, which may mean that there
    is none: they are written once, and compared with that from then on. `filed`: of what a file says with its day, what
    those say by day that somebody has. `employed_since` (history): the first day of the unbroken employment that the
    record says it belongs to, be it its own; None: it says none.
    """

    id: str
    values: Mapping[str, Any]
    version: Any = None
    raw: Any = field(default=None, repr=False, compare=False)
    renews_from: date | None = None
    rows: Mapping[str, Timeline] = field(default_factory=dict)
    past: frozenset[str] = frozenset()
    left_out: frozenset[str] = frozenset()
    filed: Mapping[str, Timeline] = field(default_factory=dict)
    employed_since: date | None = None

    @property
    def start(self) -> date | None:
        return self.values.get("start_date")

    @property
    def end(self) -> date | None:
        return self.values.get("end_date")


@dataclass(frozen=True, slots=True, repr=False)
class Marks:
    """What a record of a person there shows of who it is; empty: not shown. A system that keeps the whole name in one
    field has it in `last_name`. Nothing of it is for logs."""

    number: str = ""
    national_id: str = ""
    email: str = ""
    birth_date: date | None = None
    first_name: str = ""
    last_name: str = ""


@dataclass(frozen=True, slots=True)
class RemoteEmployee:
    """The one employee found there. `matched_by` is in our words: "employee number", "e-mail" ... `label` stands in the
    log for the id, and holds no name or address of anybody. By `marks` it is judged whether this is the right person.

    `record_id` and `position_id` are filled in by the run for flat systems: the record there that we wrote last for
    this employee, and the position it was written for.
    """

    id: str
    label: str = ""
    matched_by: str = ""
    raw: Any = field(default=None, repr=False, compare=False)
    record_id: str = ""
    position_id: str = ""
    marks: Marks = field(default_factory=Marks, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Unsure:
    """In the place of a value that was written without an answer: it equals no other."""

    def __str__(self) -> str:
        return "not known: the last try to write it was not answered"


@dataclass(frozen=True, slots=True)
class Change:
    """One field's old and new value in the target's words. `rows`, of a field that the system dates: from which days on
    (each until the next row there) which value holds from now on; where it keeps one value with its day, that one."""

    old: Any
    new: Any
    rows: tuple[tuple[date, Any], ...] = field(default=(), compare=False)

    def by_day(self) -> Iterator[tuple[Any, Any, date | None]]:
        """(old, new, from which day on), None where that is not said there."""
        old = self.old
        for day, new in self.rows or ((None, self.new),):
            yield old, new, day
            old = new

    @property
    def since(self) -> date | None:
        """The day from which the value counts, of a system that keeps one with its day."""
        return self.rows[-1][0] if self.rows else None


@dataclass(frozen=True, slots=True)
class Warning:
    """Something that was not written although the rest was. Without a field: something to know of a write."""

    said: Message
    field: str

    def __init__(self, said: Message | str, field: str = "") -> None:
        object.__setattr__(self, "said", as_message(said))
        object.__setattr__(self, "field", field or (text.field if (text := self.said.text) else ""))

    @property
    def message(self) -> str:
        """In words."""
        return str(self.said)


@dataclass(frozen=True, slots=True)
class Written:
    """What a write left there. `pending` and `file_id` are set when a person must still carry a file over:
    `pending` says so. `note` says what was done where that shows only there: removed or cancelled. `not_ours`
    are our fields of which something else stands there: a value of the connection's settings where ours is empty, or
    (flat) what a new employment leaves as somebody put it there."""

    remote_id: str
    warnings: tuple[Warning, ...] = ()
    pending: Message | None = None
    file_id: int | None = None
    note: Message | None = None
    not_ours: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One line of *Test connection*: what was tested, whether it holds, what was found, and where to grant it if not.
    Each is a message, a `Label`, or a text of the system's own. `refusal` is what the system refused the test with."""

    ok: bool
    what: Shown
    found: Shown
    place: Shown
    refusal: Message | None

    def __init__(
        self, ok: bool, what: Shown, found: Shown = "", place: Shown = "", *, refusal: Message | None = None
    ) -> None:
        for name, value in zip(self.__slots__, (ok, what, found, place, refusal), strict=True):
            object.__setattr__(self, name, value)

    # In words.

    @property
    def title(self) -> str:
        return shown(self.what)

    @property
    def detail(self) -> str:
        return shown(self.found)

    @property
    def where(self) -> str:
        return shown(self.place)

    def hiding(self, hide: Callable[[str], str]) -> CheckLine:
        """The same with every text in it hidden: a system may repeat what it was sent."""
        what, found, place = (hidden(part, hide) for part in (self.what, self.found, self.place))
        return CheckLine(self.ok, what, found, place)

    def to_json(self) -> dict[str, Any]:
        parts = {"title": self.what, "detail": self.found, "where": self.place}
        return {"ok": self.ok, **{name: to_json(part) for name, part in parts.items()}}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> CheckLine:
        return cls(bool(kept["ok"]), *(from_json(kept[name]) for name in ("title", "detail", "where")))


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something is not written: what we say, a stable cause and our field (both the text's, unless they are given),
    what is said along, and what clashes."""

    said: Message
    cause: str = ""
    warnings: tuple[Warning, ...] = ()
    params: Mapping[str, str] = field(default_factory=dict)
    field: str = ""

    def __post_init__(self) -> None:
        text = self.said.text
        object.__setattr__(self, "cause", self.cause or (text.cause if text else ""))
        object.__setattr__(self, "field", self.field or (text.field if text else ""))

    @property
    def everything(self) -> Said:
        return (self.said, *(warning.said for warning in self.warnings))

    @property
    def message(self) -> str:
        """In words."""
        return in_full(self.everything)
