"""Brings one employee in line in one connection: translate, find, read, plan, write. HTTP only, no database.

The worker gives it plain values (`work`) and stores what comes back; *Preview* runs it without the writes. What a
system with periods and one with a single record do otherwise is in `run_history` and `run_flat`; what both note down
and how they write, in `run_book` and `run_writes`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from integrations.planning import steps, texts
from integrations.planning.listed import Listed, Shown, shown
from integrations.planning.planner import as_written
from integrations.planning.run_book import Book
from integrations.planning.run_flat import BeforeWrite, FlatRun
from integrations.planning.run_history import HistoryRun
from integrations.planning.run_writes import Writes
from integrations.planning.work import NOBODY, Match, Report, Trace, Work
from integrations.sdk import identity
from integrations.sdk.connector import Connector
from integrations.sdk.declaration import Model
from integrations.sdk.errors import (
    ConnectorError,
    MatchRefusedError,
    NotAuthorizedError,
    RecordRefusedError,
    UnavailableError,
)
from integrations.sdk.messages import Message, hidden
from integrations.sdk.params import Label
from integrations.sdk.storable import fit_id
from integrations.sdk.values import Person, Remote, RemoteEmployee


def run(
    connector: Connector,
    work: Work,
    *,
    execute: bool = True,
    before_write: BeforeWrite = lambda *_: None,
    listed: Listed | None = None,
) -> Report:
    """Never raises a ConnectorError: it ends up in the report, at every position that it kept from being written.
    `listed`: everybody there, read since this work was asked for and since anything was written for this employee."""
    connector.http.masker.about(work.person.national_id)
    connector.http.begin()
    flat = connector.system.model is Model.FLAT
    book = Book(connector, work, execute=execute)
    model = FlatRun(book, before_write) if flat else HistoryRun(book)
    try:
        seen = shown(listed, connector, work) if listed else None
        _go(book, model, seen, listed.time if listed else "")
    except ConnectorError as error:
        book.stop(_whose(connector, error) if execute else error)
    model.end()
    _hide(book.report, connector.http.masker.words)
    book.report.exchanges = connector.http.take_exchanges()
    return book.report


def _go(book: Book, model: HistoryRun | FlatRun, seen: Shown | None, time: str) -> None:
    """`seen`: what the list of that `time` shows."""
    model.prepare()
    if not book.open:
        return
    try:
        employee = _claimed(book, seen.employee) if seen and (seen.enough or seen.known) else _who(book)
    except NOBODY:
        if book.work.remote_employee_id:  # otherwise it was said when that match ended
            book.leave_record()
        if not model.settled_without_record():
            raise
        return
    book.report.remote_employee = employee
    matched = steps.MATCHED_BY(by=Label(employee.matched_by)) if employee.matched_by else steps.MATCHED()
    book.common.append(Trace(matched, True, steps.FOUND(record=employee.label or employee.id)))
    if book.work.match.written_to not in ("", employee.id):
        book.leave_record()
        book.start_over()
        model.prepare()
    writes = Writes(book, model.makes)
    employee = model.with_record(employee)
    while book.open:
        if seen is not None and seen.enough:
            there = list(seen.records)
            line = steps.COMPARED_WITH_LIST(time=time)
        else:
            there = list(book.connector.read(employee))
            since = seen is not None and not _alike(seen.records, there)
            if since and seen is not None and seen.known:
                book.common.append(Trace(steps.READ_SINCE_LIST(time=time), True, _counted(len(there))))
                book.unprepare()
                _go(book, model, None, "")
                return
            line = steps.READ_SINCE_LIST(time=time) if since else steps.READ()
        seen = None  # whatever comes next is read
        remotes = [as_written(book.work.sent, remote) for remote in there]
        book.common.append(Trace(line, True, _counted(len(remotes))))
        model.look(remotes)
        employee = model.with_record(employee)
        plan = model.plan(remotes)
        book.settle(plan)
        if not writes.carry_out(plan, employee, there):
            return


def _counted(number: int) -> Message:
    return steps.PERIODS(number=number) if number > 1 else steps.ONE_PERIOD() if number else steps.NOTHING_YET()


def _alike(ones: Sequence[Remote], others: Sequence[Remote]) -> bool:
    one, other = ({remote.id: remote.values for remote in remotes} for remotes in (ones, others))
    return one == other


def _who(book: Book) -> RemoteEmployee:
    """The record there that is this employee's and nobody else's."""
    work, name = book.work, book.system.name
    if work.match.withheld is not None:
        raise MatchRefusedError(work.match.withheld.said, cause=work.match.withheld.cause)
    employee = find(book.connector, work.person, work.remote_employee_id, work.match)
    if not fit_id(employee.id):
        raise UnavailableError(texts.ID_TOO_LONG(system=name, number=len(employee.id)))
    return _claimed(book, employee)


def find(connector: Connector, person: Person, known: str, match: Match) -> RemoteEmployee:
    """The record there by what is `known` of the match ("": nothing). Raises as `Connector.match`."""
    if known and match.confirmed:
        return connector.find_confirmed(person, known, anew=match.doubted)
    return connector.find_employee(person, "" if match.doubted else known)


def _claimed(book: Book, employee: RemoteEmployee) -> RemoteEmployee:
    """The same, once it is certain that it is nobody else's here."""
    work, match, connector, name = book.work, book.work.match, book.connector, book.system.name
    known = work.remote_employee_id
    if employee.id != known or match.doubted or match.unmarked:
        matches = connector.context.matches
        if not (matches.claim if book.execute else matches.free)(work.person, employee):
            problem = identity.taken(name, employee.id)
            raise MatchRefusedError(problem.said, cause=problem.cause, candidate=employee.id)
    return employee


def _whose(connector: Connector, error: ConnectorError) -> ConnectorError:
    """A refusal of access stops everybody, unless the connection as such is let through: then it is this record's."""
    if not isinstance(error, NotAuthorizedError):
        return error
    try:
        return error if connector.refuses_everybody(error) else RecordRefusedError(connector.system.name, error)
    except ConnectorError as other:  # this worker may call no longer
        return other


def _hide(report: Report, hide: Callable[[str], str]) -> None:
    """A system may repeat what it was sent, or name somebody else: no secret and nobody's national id gets into the log
    by way of its own words."""
    errors = [report.error] if report.error is not None else []
    errors += [error.refusal for error in errors if isinstance(error, RecordRefusedError)]
    for error in errors:
        error.kept().said = error.said.hiding(hide)
    for outcome in report.outcomes.values():
        outcome.said = tuple(message.hiding(hide) for message in outcome.said)
        outcome.vendor_text, outcome.vendor_code = hide(outcome.vendor_text), hide(outcome.vendor_code)
        outcome.trace = [line.hiding(hide) for line in outcome.trace]
        outcome.warnings = tuple(replace(w, said=w.said.hiding(hide)) for w in outcome.warnings)
        outcome.unsent = {key: reason.hiding(hide) for key, reason in outcome.unsent.items()}
        outcome.changes = {
            key: replace(change, old=hidden(change.old, hide), new=hidden(change.new, hide))
            for key, change in outcome.changes.items()
        }
