"""Plans the one record of an employee in a system that knows the current position only. Pure, as `planner`.

Everything is decided from one question: which position does the record there stand for (`flat_case`)? docs/flat.md has
the table of cases; each of its rows is a test.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from typing import Any

from integrations.planning import texts
from integrations.planning.dated import NOTHING, Dated, going_along, left_as_filed, with_day, with_rows
from integrations.planning.flat_case import Case, LastSent, Standing, keys_of_dates, of_the_employment
from integrations.planning.placed import written_otherwise
from integrations.planning.planner import (
    Action,
    Comparison,
    Plan,
    Sent,
    Skip,
    Step,
    compare,
    delete_outcome,
    first,
    may_write,
    never_sent,
    nothing_to_write,
    why_gone,
)
from integrations.planning.rules import lifted, refusal
from integrations.planning.translate import active_fields, empty, same
from integrations.sdk.declaration import System, Transport
from integrations.sdk.declared_field import Dates, Field
from integrations.sdk.messages import Message
from integrations.sdk.params import FieldName, Label, Span
from integrations.sdk.periods import becomes_current
from integrations.sdk.timelines import Timeline, from_start, held_since
from integrations.sdk.values import Change, Position, Problem, Remote, Wanted, Warning


def plan_flat(case: Case, wanted: Wanted | None, remote: Remote | None) -> Plan:
    """Plans the one record.

    wanted  the translation of `case.target` (through `as_ended` when it is over), None if there is none
    remote  the record there, None if there is none
    """
    found = _Answers()
    if wanted is not None:
        if case.standing in (Standing.OVER, Standing.UPCOMING):
            _write_dates(case, wanted, remote, found)
        else:
            _write_whole(case, wanted, remote, found)
    for position_id in sorted(case.touched):
        if wanted is None or position_id != wanted.position_id:
            _answer(case, position_id, remote, found)
    return Plan(tuple(found.steps), found.problems, found.skips, found.afterwards, found.waits, found.warnings)


@dataclass(slots=True)
class _Answers:
    steps: list[Step] = field(default_factory=list)
    problems: dict[str, Problem] = field(default_factory=dict)
    skips: dict[str, Skip] = field(default_factory=dict)
    afterwards: dict[str, Skip] = field(default_factory=dict)
    waits: dict[str, date] = field(default_factory=dict)
    warnings: dict[str, tuple[Warning, ...]] = field(default_factory=dict)


# -- the one that is written -----------------------------------------------------------------------------


def _write_whole(case: Case, wanted: Wanted, remote: Remote | None, found: _Answers) -> None:
    """The current position: all of it."""
    if remote is None or (remote.renews_from and _start(wanted) >= remote.renews_from):  # that one is over
        _step(case, _made_anew(case, wanted, remote), found)
        return
    sent = case.last.sent if case.last else None
    same_record = sent is not None and sent.remote_id == remote.id
    ours = same_record and case.standing is not Standing.ANOTHER
    compared = compare(
        case.system, case.fields, case.settings, wanted, remote, sent, taken_over=not ours, changed=case.changed,
        again=written_otherwise(case.system, case.settings, wanted, sent if ours else None, case.today),
    )  # fmt: skip
    wrote = sent.values if sent and same_record else {}
    held, stays = _known(case, compared, wanted, remote, wrote if ours else _of_employment(case, wrote))
    compared = _by_day(case, _first_day(case, compared, wanted, remote), wanted, remote, sent)
    known = {k: v for k, v in held.items() if k not in {told.field for told in compared.by_hand}}, stays
    if not compared.changes and not (case.again and case.system.transport is Transport.FILE):
        found.skips[wanted.position_id] = nothing_to_write(case.system, remote, compared, *known)
        return
    end = compared.changes.get("end_date")
    action = Action.END if end is not None and end.new is not None and end.old is None else Action.UPDATE
    _step(case, _write(action, case, wanted, remote, compared, known), found)


# What the record holds once what is to be written is written: of ours, and what else.
_Known = tuple[Mapping[str, Any], Mapping[str, Any]]


def _write(
    action: Action,
    case: Case,
    wanted: Wanted,
    remote: Remote,
    compared: Comparison,
    known: _Known,
    *told: Warning,
    note: Message | None = None,
) -> Step:
    warnings = (*told, *compared.warnings(case.system, remote))
    changes, (ours, theirs) = compared.changes, known
    return Step(action, wanted.position_id, wanted, remote, changes, note, warnings, holds=ours, found=theirs)


def _known(case: Case, compared: Comparison, wanted: Wanted, remote: Remote, earlier: Mapping[str, Any]) -> _Known:
    """`earlier`: what was written for this position, or for the employment that it goes on with. What only a new record
    is given is ours where we wrote it: the same day of somebody else's is not."""
    holds = compared.holds(wanted, earlier)
    theirs = {k for k in holds if case.made_with(k) and k not in compared.changes and k not in earlier}
    ours = {k: v for k, v in holds.items() if k not in theirs}
    found = {**{k: holds[k] for k in theirs}, **compared.found(remote, earlier)}
    return ours, {**_not_taken_away(case, wanted, remote), **found}


def _not_taken_away(case: Case, wanted: Wanted, remote: Remote) -> Mapping[str, Any]:
    """What an earlier file could not take away stands there still: the newest one says nothing of it."""
    sent = case.last.sent if case.last else None
    if case.system.transport is not Transport.FILE or sent is None or sent.remote_id != remote.id:
        return {}
    return {k: v for k, v in sent.found.items() if not empty(v) and empty(wanted.values.get(k))}


def _of_employment(case: Case, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """What is the whole employment's, whichever position it was written for."""
    whole = {f.ours for f in case.fields if f.of_employment}
    return {k: v for k, v in values.items() if k in whole}


def _first_day(case: Case, compared: Comparison, wanted: Wanted, remote: Remote) -> Comparison:
    """A first day that stays and is the one of an earlier position of the same employment is as it should be. Of any
    other a person is to know, but for one before all positions here: somebody there knows of earlier years. Of that one
    only while an earlier position changes, as it may have been sent for that."""
    key, here = "start_date", wanted.employed_since or wanted.start
    if key not in compared.stays:
        return compared
    if key in of_the_employment(case.system, case.settings, case.positions, wanted, remote.values):
        return compared.only({f.ours for f in case.fields} - {key})
    earlier = [p for p in case.positions if p.start < _start(wanted)]
    is_known = remote.start is not None and all(remote.start < start for start in (here, *(p.start for p in earlier)))
    if is_known and not any(p.id in case.touched for p in earlier):
        return compared
    why = texts.FIRST_DAY_BY_HAND(start=here, system=case.system.name)
    return replace(compared, stays={**compared.stays, key: why}, told=(*compared.told, key))


def _made_anew(case: Case, wanted: Wanted, remote: Remote | None) -> Step:
    """A new employment. What we wrote for the one that is over and this one does not say, such as its last day of
    work, is taken away where it still stands on the employee."""
    sent = case.last.sent.values if case.last and remote else {}
    there = remote.values if remote else {}
    wrote = {k: there[k] for k, v in sent.items() if k in there and not empty(v) and same(v, there[k])}
    cleared = {
        f.ours: Change(wrote[f.ours], None)
        for f in case.fields
        if f.ours in wrote and f.clearable and not f.owned and empty(wanted.values.get(f.ours))
    }
    wanted = replace(wanted, wrote=wrote)
    changes = {**first(wanted), **cleared}
    return Step(Action.CREATE, wanted.position_id, wanted, None, changes, holds=wanted.values, over=remote)


def _by_day(case: Case, compared: Comparison, wanted: Wanted, remote: Remote, sent: Sent | None) -> Comparison:
    """The same with the days from which the values of dated fields count: none before the position is the current one,
    and none to come. What another position said until then is over; what a clerk has put there since stays until
    today."""
    changes, taken_over = dict(compared.changes), case.standing is Standing.ANOTHER
    by_hand: list[Warning] = []
    start = changes.get("start_date")
    begun = start.new if start else remote.start
    begins = max(wanted.counts_from or _start(wanted), begun or date.min)
    day = max(case.today, begins)
    for declared in case.fields:
        key, timeline = declared.ours, wanted.timeline(declared.ours)
        if declared.dated is Dates.NONE or {key} & {*compared.stays, *compared.unseen}:
            continue
        said, change = sent.timeline(key) if sent else None, changes.pop(key, None)
        if key in remote.rows:
            said = NOTHING if change is not None and empty(change.old) else said
            there = from_start(going_along(remote.rows[key], start), begins)
            writes = partial(_may_write, case, declared, wanted, ours_only=taken_over)
            rows = Dated(timeline, there, said, begins, day, day).rows(writes, today=change is not None)
            change = with_rows(change, there, rows)
        else:
            by_hand += _as_filed(key, timeline, said, remote, begins, day)
            said, wrote = going_along(said or (), start) or None, sent.values.get(key) if sent else None
            change = with_day(change, timeline, NOTHING if taken_over else said, begins, day, wrote)
        if change is not None:
            changes[key] = change
    return replace(compared, changes=changes, by_hand=tuple(by_hand))


def _as_filed(
    key: str, wanted: Timeline, said: Timeline | None, remote: Remote, first: date, day: date
) -> list[Warning]:
    """What is said of days for which somebody has a file that says something else."""
    filed = remote.filed.get(key, ())
    since = max(held_since(wanted, day) or first, first, *(begun for begun, _ in filed[-1:]))
    left = left_as_filed(wanted, said, filed, first, since)
    values = tuple(texts.VALUE_OF_DAYS(value=value, period=Span(begun, last)) for begun, last, value in left)
    return [Warning(texts.FILED_OTHERWISE(field=FieldName(key), values=values), key)] if values else []


def _may_write(
    case: Case, declared: Field, wanted: Wanted, new: Any, old: Any, wrote_it: bool, *, ours_only: bool
) -> bool:
    allowed = may_write(case.system, declared, case.settings, wanted, new, old, wrote_it)
    return allowed and (wrote_it or empty(old) or not ours_only)


def _write_dates(case: Case, wanted: Wanted, remote: Remote | None, found: _Answers) -> None:
    """The position that the record stands for, while nothing counts today: its end, or the start that was moved into
    the future, and nothing else of it."""
    assert case.last is not None
    upcoming = case.standing is Standing.UPCOMING
    if remote is not None and remote.id != case.last.sent.remote_id:
        _gone(case, wanted, found, upcoming=upcoming)
    elif remote is not None:
        (_move_start if upcoming else _end)(case, wanted, remote, case.last.sent, found)
    elif case.system.transport is Transport.FILE and not upcoming:
        _write_whole(case, wanted, None, found)  # no earlier file has a record of this person: this one says all
    else:
        _gone(case, wanted, found, upcoming=upcoming)


def _gone(case: Case, wanted: Wanted, found: _Answers, *, upcoming: bool) -> None:
    """The record that was sent is not there any more."""
    if upcoming:
        found.waits[wanted.position_id] = _start(wanted)
    else:
        found.skips[wanted.position_id] = Skip((texts.NOTHING_TO_END(system=case.system.name),))


def _end(case: Case, wanted: Wanted, remote: Remote, sent: Sent, found: _Answers) -> None:
    wanted, compared = _dates_alone(case, wanted, remote, sent, upcoming=False)
    known = _known(case, compared, wanted, remote, sent.values)
    compared = _first_day(case, compared, wanted, remote)
    if not compared.changes:
        found.skips[wanted.position_id] = nothing_to_write(case.system, remote, compared, *known)
        return
    _step(case, _write(Action.END, case, wanted, remote, compared, known), found)


def _move_start(case: Case, wanted: Wanted, remote: Remote, sent: Sent, found: _Answers) -> None:
    start, name = _start(wanted), case.system.name
    if remote.renews_from and start >= remote.renews_from:
        found.waits[wanted.position_id] = start
        return
    wanted, compared = _dates_alone(case, wanted, remote, sent, upcoming=True)
    stays = found.warnings[wanted.position_id] = _start_that_stays(case, wanted, remote, compared)
    if not compared.changes:
        found.waits[wanted.position_id] = start
        return
    note = texts.START_CORRECTED(start=start, system=name) if "start_date" in compared.changes else None
    known = _known(case, compared, wanted, remote, sent.values)
    _step(case, _write(Action.UPDATE, case, wanted, remote, compared, known, *stays, note=note), found)


def _dates_alone(
    case: Case, wanted: Wanted, remote: Remote, sent: Sent, *, upcoming: bool
) -> tuple[Wanted, Comparison]:
    """What of it is to be written, and what differs. What is not written is as it was sent last."""
    keys = keys_of_dates(case.system, case.settings, upcoming=upcoming)
    compared = compare(case.system, case.fields, case.settings, wanted, remote, sent).only(keys)
    values = {
        k: v if k in keys else sent.values.get(k) for k, v in wanted.values.items() if k in keys or k in sent.values
    }
    return replace(wanted, values=values), compared


def _start(wanted: Wanted) -> date:
    """The position's first day here; a connection may not send it."""
    return wanted.since or wanted.start


def _start_that_stays(case: Case, wanted: Wanted, remote: Remote, compared: Comparison) -> tuple[Warning, ...]:
    """What is said when the new start of an upcoming position cannot be brought there."""
    name = case.system.name
    if not case.system.field("start_date").supported:
        why = texts.NO_START_TAKEN(system=name)
    elif "start_date" not in wanted.values:
        why = texts.START_NOT_SENT()
    elif "start_date" in compared.stays:
        why = compared.stays["start_date"]
    elif "start_date" in compared.unseen:
        why = texts.START_NOT_SHOWN(system=name)
    else:
        return ()
    said = {"start": _start(wanted), "system": name, "why": why}
    return (Warning(texts.START_STAYS_FROM(**said, since=remote.start) if remote.start else texts.START_STAYS(**said)),)


def _step(case: Case, step: Step, found: _Answers) -> None:
    there = step.remote.values if step.remote else {}
    problem = refusal(case.system, case.settings, case.fields, there, step.changes)
    if problem is not None:
        found.problems[step.position_id] = problem
    else:
        told = lifted(case.settings, case.fields, step.changes)
        found.steps.append(replace(step, warnings=(*step.warnings, *told)))


# -- the others that changed -----------------------------------------------------------------------------


def _answer(case: Case, position_id: str, remote: Remote | None, found: _Answers) -> None:
    """What to say of a position that changed and that is not the one to write."""
    position, name, now = case.position(position_id), case.system.name, case.now
    if position is None:
        _no_longer_here(case, position_id, remote, found)
        return
    until = becomes_current(position, case.positions, case.today)
    if until is not None:
        found.waits[position_id] = until
    elif position.end is not None and position.end < case.today:
        found.skips[position_id] = Skip((texts.OVER(system=name),))
    elif position.start > case.today:
        found.waits[position_id] = position.start  # another one counts then, unless that changes until then
    else:
        assert now is not None  # this one is active
        period, title = Span(now.start, now.end), now.values.get("title")
        named = texts.NOT_CURRENT_BUT(system=name, title=title, period=period) if title else None
        found.skips[position_id] = Skip((named or texts.NOT_CURRENT(system=name, period=period),))


def _no_longer_here(case: Case, position_id: str, remote: Remote | None, found: _Answers) -> None:
    """It was deleted, or it left the connection's companies."""
    system, outside = case.system, position_id in case.outside
    if case.last is None or case.last.position_id != position_id:
        never = never_sent(system, outside=True) if outside else Skip((texts.NOT_HELD(system=system.name),))
        found.skips[position_id] = never
    elif case.now is None:
        _delete(case, case.last, remote, found, outside=outside)
    else:
        _replaced(case, position_id, case.now, found)


def _delete(case: Case, last: LastSent, remote: Remote | None, found: _Answers, *, outside: bool) -> None:
    """Nothing counts today, and the position that the record stands for is gone here: a record that was made for this
    very position goes with it where the system can; any other is the employee's, not the position's alone."""
    system, position_id = case.system, last.position_id
    outcome = delete_outcome(system, case.rules, last.sent, outside=outside)
    if isinstance(outcome, Skip):
        found.skips[position_id] = outcome
    elif outcome is None and case.deletes and (remote is None or remote.id != last.sent.remote_id):
        found.skips[position_id] = Skip((texts.ALREADY_GONE(system=system.name),))
    elif outcome is None and case.deletes and remote is not None and same(_start_of(last), remote.start):
        note = texts.REMOVED_OUT_OF_SCOPE() if outside else None
        found.steps.append(Step(Action.DELETE, position_id, None, remote, note=note))
    else:
        why, how = why_gone(outside=outside), Label(system.delete_note)
        by_hand = texts.DELETE_ONE_RECORD_BY_HAND(why=why, system=system.name, how=how)
        found.problems[position_id] = outcome or Problem(by_hand)


def _start_of(last: LastSent) -> date:
    """The first day with which a record was made for this very position. One that it took over, or that somebody made
    there, has a first day that was never written for it, even where that is the same day."""
    start = last.sent.values.get("start_date")
    return start if isinstance(start, date) else date.max


def _replaced(case: Case, position_id: str, now: Position, found: _Answers) -> None:
    """Another position is to take its place."""
    taken_over = Skip((texts.TAKEN_OVER(system=case.system.name),))
    if any(step.position_id == now.id for step in found.steps):
        found.afterwards[position_id] = taken_over
    elif now.id in found.skips:
        found.skips[position_id] = taken_over
    else:
        found.problems[position_id] = Problem(texts.NOT_YET_TAKEN_OVER(system=case.system.name))


# -- what was cut off ------------------------------------------------------------------------------------


def partly_written(
    system: System, settings: Mapping[str, Any], meant: Wanted, befores: Iterable[Mapping[str, Any]], there: Remote
) -> bool:
    """Whether a record that is written in several calls says what a try whose answer was lost would have left after
    some of them: each field what was meant or what was there before (in one of `befores`), and at least one of them
    changed to what was meant."""
    shown = [f.ours for f in active_fields(system, settings) if f.ours in there.values]

    def left_by(before: Mapping[str, Any]) -> bool:
        new = {key: same(there.values[key], meant.values.get(key)) for key in shown}
        old = {key: same(there.values[key], before.get(key)) for key in shown}
        return all(new[key] or old[key] for key in shown) and any(new[key] and not old[key] for key in shown)

    return any(left_by(before) for before in befores)
