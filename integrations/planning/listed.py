"""What a list of everybody there, read a moment before, says of one employee: who they are, and what there is to do.

A list may be minutes old. So it is believed where it says that nothing is to be written, and for a write that the
system refuses where the record was changed since (`Connector.guards`). Of anything else it tells at most what was
changed since: the employee is looked for and read like anybody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from integrations.planning.planner import Action, Plan, Step, as_written
from integrations.planning.run_book import Book
from integrations.planning.run_flat import FlatRun
from integrations.planning.run_history import HistoryRun
from integrations.planning.translate import active_fields
from integrations.planning.work import NOBODY, Work
from integrations.sdk.connector import Connector
from integrations.sdk.declaration import Model, System
from integrations.sdk.everybody import Everybody
from integrations.sdk.storable import fit_id
from integrations.sdk.values import Remote, RemoteEmployee

# Only asking tells whether these still hold: the record is not in the list, or was somebody's who may be back.
_NOT_SEEN = ("already_gone", "taken_over")


@dataclass(frozen=True, slots=True)
class Listed:
    """Everybody there, of a system that `hides` nothing, and when that began to be read: the hour and minute where the
    organization is."""

    everybody: Everybody
    time: str


@dataclass(frozen=True, slots=True)
class Shown:
    """The record there that is this employee's, and what it held. `enough`: a run may go by it without reading.
    `known`: records of an earlier match are to be changed; if they are read as they were, whose they are is not asked
    for again."""

    employee: RemoteEmployee
    records: Sequence[Remote]
    enough: bool = False
    known: bool = False


def shown(listed: Listed, connector: Connector, work: Work) -> Shown | None:
    """None where the list says nothing certain of this employee. No calls."""
    match = work.match
    if match.withheld is not None or match.doubted or any(t.tried or t.meant for t in work.touched):
        return None
    try:
        employee = listed.everybody.who(work.person, work.remote_employee_id, confirmed=match.confirmed)
    except NOBODY:
        return None
    seen = listed.everybody.seen(employee.id)
    if work.remote_employee_id not in ("", employee.id):
        return None
    if seen.refusal is not None or not fit_id(employee.id) or match.written_to not in ("", employee.id):
        return None
    return _planned(connector, work, Shown(employee, seen.records))


def hides(system: System, settings: Mapping[str, Any]) -> bool:
    """Whether a list lacks a field that is sent: then it says of nobody that nothing is to be written."""
    return any(declared.ours in system.sight.hides for declared in active_fields(system, settings))


def _planned(connector: Connector, work: Work, seen: Shown) -> Shown:
    """Planned once beforehand, without a word of it in any log."""
    book = Book(connector, work, execute=False)
    model = FlatRun(book) if connector.system.model is Model.FLAT else HistoryRun(book)
    model.prepare()
    if not book.open:
        return replace(seen, enough=True)
    remotes = [as_written(work.sent, remote) for remote in seen.records]
    plan = model.plan(remotes)  # no look before it: `shown` knows that no try is unclear
    matched = seen.employee.id == work.remote_employee_id and not work.match.unmarked
    known = matched and _certain(plan) and all(_changes(step) for step in plan.steps)
    return replace(
        seen,
        enough=_certain(plan) and (not plan.steps or (known and all(_guarded(connector, step) for step in plan.steps))),
        known=known and connector.system.calls.unchanged > 1,  # else looking for them brings the records along
    )


def _certain(plan: Plan) -> bool:
    skips = (*plan.skips.values(), *plan.afterwards.values())
    return not plan.problems and not any(skip.cause in _NOT_SEEN for skip in skips)


def _changes(step: Step) -> bool:
    return step.action not in (Action.CREATE, Action.DELETE) and not step.goes_on


def _guarded(connector: Connector, step: Step) -> bool:
    if step.remote is None or step.wanted is None:
        return False
    return connector.guards(step.remote, step.changes, step.wanted)
