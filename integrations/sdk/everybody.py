"""A whole snapshot, in which employees of ours are looked for as they are in the system itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial

from integrations.sdk import texts
from integrations.sdk.connector import Connector, Search
from integrations.sdk.errors import UnavailableError
from integrations.sdk.identity import mark_of
from integrations.sdk.messages import Message
from integrations.sdk.registers import Directory
from integrations.sdk.snapshot import Seen
from integrations.sdk.values import Person, RemoteEmployee

MOST_EMPLOYEES = 200_000  # all of them are held in memory


class Everybody:
    """Looks in memory alone, by the connection's own marks in its own order; `Connector.find_among` decides. Whoever
    is not found here is looked for there before that is said of them (docs/architecture.md, "Everybody at once").
    The records' `raw` is kept where it is wanted: for writes. Raises what the snapshot raises, and UnavailableError of
    too many employees."""

    def __init__(self, connector: Connector, snapshot: Iterable[Seen] = (), *, raw: bool = False) -> None:
        self._connector, self._raw = connector, raw
        self._directory: Directory[Seen] = Directory()
        for seen in snapshot:
            self.add(seen)

    def add(self, seen: Seen) -> None:
        """One more of them: of a snapshot that is gone through bit by bit. Raises UnavailableError of too many."""
        kept = seen if self._raw else replace(seen, records=tuple(replace(r, raw=None) for r in seen.records))
        marks = seen.marks
        self._directory.add(seen.id, kept, number=marks.numbers, national_id=marks.national_ids, email=marks.emails)
        if len(self._directory) > MOST_EMPLOYEES:
            raise UnavailableError(texts.TOO_MANY_EMPLOYEES(system=self._connector.system.name, most=MOST_EMPLOYEES))

    def find(self, person: Person, known_id: str = "", *, confirmed: bool = False, anew: bool = False) -> Seen:
        """Who this person is there. `confirmed`: a person said so of `known_id`; then `anew` as in
        `Connector.find_confirmed`. Raises as `Connector.match`."""
        return self.seen(self.who(person, known_id, confirmed=confirmed, anew=anew).id)

    def who(self, person: Person, known_id: str = "", *, confirmed: bool = False, anew: bool = False) -> RemoteEmployee:
        """The same as the connector says it: with what it was matched by."""
        if confirmed and known_id:
            return self._connector.find_confirmed_among(self, person, known_id, anew=anew)
        return self._connector.find_among(self, person, known_id)

    def seen(self, employee_id: str) -> Seen:
        """Who was found here, by their id there."""
        seen = self._directory.get(employee_id)
        assert seen is not None
        return seen

    def __len__(self) -> int:
        return len(self._directory)

    # -- as `Connector.find_among` asks

    def employee(self, known_id: str, person: Person) -> RemoteEmployee | None:
        seen = self._directory.get(known_id)
        return None if seen is None else _beside(seen, person)

    def searches(self, person: Person) -> Sequence[Search]:
        asked = self._connector.searches(person)
        return tuple((by, value, partial(self._those, by, value, person)) for by, value, _ in asked)

    def hint(self, person: Person) -> Message | str:
        return ""

    def _those(self, by: str, value: str, person: Person) -> list[RemoteEmployee]:
        alike = self._directory.by(mark_of(by), value)
        return [_beside(seen, person) for seen in alike if seen.marks.found_by(by, value)]


def _beside(seen: Seen, person: Person) -> RemoteEmployee:
    return RemoteEmployee(seen.id, marks=seen.marks.beside(person))
