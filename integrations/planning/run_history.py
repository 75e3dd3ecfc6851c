"""What a run does in a system with employment history: a record for each position."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from integrations.planning import texts
from integrations.planning.continuous import telling
from integrations.planning.history import Intent, plan_history
from integrations.planning.planner import Action, Plan, Sent, Step, never_sent
from integrations.planning.run_book import Book
from integrations.sdk.messages import Message
from integrations.sdk.periods import employed_since
from integrations.sdk.values import Remote, RemoteEmployee


class HistoryRun:
    """`found`: records there that were made for a position although that was never answered."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.found: dict[str, Sent] = {}

    def prepare(self) -> None:
        """Translates what changed; whatever is refused or has nothing to send leaves the run before any call."""
        book = self.book
        for touched in list(book.open.values()):
            position = book.here.get(touched.position_id)
            if position is not None:
                book.translate(position, touched)
            elif touched.position_id not in book.work.sent and not touched.tried:
                outside = touched.position_id in book.work.outside
                book.skip(touched.position_id, never_sent(book.system, outside=outside))

    def settled_without_record(self) -> bool:
        """Whether all that is open could be settled although nobody is found there."""
        return False

    def with_record(self, employee: RemoteEmployee) -> RemoteEmployee:
        return employee

    def look(self, remotes: Sequence[Remote]) -> None:
        """Finds records there that an earlier try made for a position, although its answer was lost; or took over from
        a position that is deleted: it moves with the new one, as it would have done had the answer come."""
        book = self.book
        owners = {s.remote_id: p for owned in (book.work.sent, self.found) for p, s in owned.items()}
        for touched in book.open.values():
            if touched.position_id in book.work.sent or touched.position_id in self.found:
                continue
            made = [r for start in reversed(touched.tried) for r in remotes if r.start == start]
            remote = next((r for r in made if r.id not in owners), None)
            moves = book.system.moves and (book.work.rules.move or touched.move)
            if remote is None and moves and touched.position_id in book.here:
                remote = next((r for r in made if owners[r.id] not in book.here), None)
            if remote is not None:
                owners[remote.id] = touched.position_id
                self.found[touched.position_id] = Sent(remote.id)

    def plan(self, remotes: Sequence[Remote]) -> Plan:
        book, work = self.book, self.book.work
        wrote = self._on_employee()
        intents = [
            Intent(
                t.position_id,
                replace(wanted, wrote=wrote) if (wanted := book.wanted.get(t.position_id)) else None,
                work.sent.get(t.position_id) or book.made(t.position_id) or self.found.get(t.position_id),
                t.move,
                t.position_id in work.outside,
                t.changed or frozenset(),
            )
            for t in book.open.values()
        ]
        plan = plan_history(book.system, book.settings, intents, remotes, work.rules, work.today, self._others())
        records = ((sent.remote_id, book.here.get(position_id)) for position_id, sent in work.sent.items())
        firsts = {record: employed_since(here, work.positions) for record, here in records if here is not None}
        return telling(book.system, plan, remotes, firsts)

    def _on_employee(self) -> dict[str, Any]:
        """What was last written to the employee's own record, whichever position it was written for."""
        book = self.book
        found: dict[str, Any] = {}
        starts = {position_id: position.start for position_id, position in book.here.items()}
        for _, sent in sorted(book.work.sent.items(), key=lambda one: starts.get(one[0], date.min)):
            found |= {k: v for k, v in sent.values.items() if book.system.field(k).of_employee}
        return found

    def _others(self) -> dict[str, Message]:
        """The records of positions that did not change."""
        book, others = self.book, {}
        for position_id, sent in book.work.sent.items():
            if position_id in book.trace:
                continue
            if position_id in book.work.outside:
                others[sent.remote_id] = texts.OWNER_ELSEWHERE()
            elif position_id in book.here:
                others[sent.remote_id] = texts.OWNER_FROM(start=book.here[position_id].start)
        return others

    def makes(self, step: Step) -> bool:
        """Whether this step makes a record for its position, so that a lost answer leaves open whether there is one."""
        return step.action is Action.CREATE

    def end(self) -> None:
        """Nothing is left to be noted."""
