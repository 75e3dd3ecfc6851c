"""What differs between an employee's positions here and what a snapshot shows there, position by position and field by
field. Pure, as `planner`: what differs, `planner.compare` says; this says on which side it was changed.

What was written last is the judge: what is no longer so here is newer here, what is no longer so there was edited
there. Nothing is written, and nothing of it changes a position here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any

from integrations.planning.flat_case import Case, LastSent, Standing, as_ended, keys_of_dates, of_the_employment
from integrations.planning.history import on_its_day
from integrations.planning.placed import where_it_goes_now
from integrations.planning.planner import Comparison, Sent, as_written, compare
from integrations.planning.translate import active_fields, empty, same, translate
from integrations.planning.work import Work
from integrations.sdk.declaration import Model, System
from integrations.sdk.declared_field import Field
from integrations.sdk.errors import EmployeeNotFoundError, EmployeeNotUniqueError, MatchRefusedError
from integrations.sdk.everybody import Everybody
from integrations.sdk.messages import Message
from integrations.sdk.periods import current_since, nearest
from integrations.sdk.timelines import Timeline, at, from_start, turns, within
from integrations.sdk.values import Position, Problem, Remote, Wanted


class Kind(StrEnum):
    EQUAL = "equal"
    NEWER_HERE = "newer_here"  # changed here since it was written
    EDITED_THERE = "edited_there"  # changed there since it was written
    BOTH_CHANGED = "both_changed"  # on both sides, and not to the same
    DIFFERS = "differs"  # and nobody knows since when: it was never written, or nothing was
    ONLY_HERE = "only_here"
    ONLY_THERE = "only_there"
    NOT_TO_BE_SENT = "not_to_be_sent"  # what is here cannot be sent: `problems` say why
    UNCERTAIN = "uncertain"  # several records there may be this position's, or this employee's
    UNKNOWN_THERE = "unknown_there"  # the employee, to this snapshot: they are looked for there before it is said
    UNREADABLE = "unreadable"  # the employee's records


@dataclass(frozen=True, slots=True)
class Difference:
    """One field, in the system's words. `wrote`: what was written last, if that is known. `days`: of what the system
    keeps in rows, each day from which on it differs, with (here, there). `stays`: why it is not sent all the same."""

    kind: Kind
    here: Any
    there: Any
    wrote: Any = None
    days: tuple[tuple[date, Any, Any], ...] = ()
    stays: Message | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One position, or one record that is there alone (`position_id` "" where it was never written by us); or the
    employee as a whole, with why (`said`).

    fields  what differs, by our names; empty where it is equal, or on one side only
    unseen  fields that the system does not show and that were never written: nobody knows whether they differ
    """

    kind: Kind
    position_id: str = ""
    remote_id: str = ""
    fields: Mapping[str, Difference] = field(default_factory=dict)
    unseen: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    said: Message | None = None


def drift_among(everybody: Everybody, system: System, settings: Mapping[str, Any], work: Work) -> tuple[Finding, ...]:
    """Of one employee, by what a snapshot shows of them."""
    match = work.match
    if match.withheld is not None:
        return (Finding(Kind.UNCERTAIN, said=match.withheld.said),)
    try:
        known = "" if match.doubted and not match.confirmed else work.remote_employee_id
        seen = everybody.find(work.person, known, confirmed=match.confirmed, anew=match.doubted)
    except EmployeeNotFoundError as error:
        return (Finding(Kind.UNKNOWN_THERE, said=error.said),)
    except (EmployeeNotUniqueError, MatchRefusedError) as error:
        return (Finding(Kind.UNCERTAIN, said=error.said),)
    if seen.refusal is not None:
        return (Finding(Kind.UNREADABLE, said=seen.refusal.said),)
    return drift(system, settings, work, seen.records)


def drift(system: System, settings: Mapping[str, Any], work: Work, records: Sequence[Remote]) -> tuple[Finding, ...]:
    """Of one employee whose match is certain (`Everybody.find`). Of `work` it takes positions, what was sent, the day
    and what is `outside`; what is touched does not matter."""
    sent = {key: where_it_goes_now(system, settings, one) for key, one in work.sent.items()}
    work = replace(work, sent=sent)
    remotes = [as_written(sent, remote) for remote in records]
    return tuple((_flat if system.model is Model.FLAT else _history)(system, settings, work, remotes))


# -- what differs, and on which side it was changed ------------------------------------------------------


def _side(here: Any, there: Any, wrote: Any, *, known: bool, owned: bool) -> Kind:
    """`owned`: a system does not fill it in by itself, so that what stands there was entered by somebody."""
    if same(here, there):
        return Kind.EQUAL
    if not known or (empty(here) and empty(wrote) and not owned):
        return Kind.DIFFERS
    if same(wrote, there):
        return Kind.NEWER_HERE
    return Kind.EDITED_THERE if same(wrote, here) else Kind.BOTH_CHANGED


def _sum(kinds: Iterable[Kind]) -> Kind:
    """Of a whole, by its parts."""
    found = set(kinds) - {Kind.EQUAL}
    found = found - {Kind.DIFFERS} or found
    return Kind.BOTH_CHANGED if len(found) > 1 else next(iter(found), Kind.EQUAL)


@dataclass(frozen=True, slots=True)
class _Pair:
    """A position and the record there that stands for it.

    days    the first and the last one of which rows are compared
    keys    the fields that count, None for all
    firsts  fields that stay as they were written for an earlier position of the same employment
    """

    system: System
    settings: Mapping[str, Any]
    wanted: Wanted
    remote: Remote
    sent: Sent | None
    days: tuple[date, date | None]
    taken_over: bool = False
    keys: Collection[str] | None = None
    firsts: Collection[str] = ()

    @property
    def fields(self) -> tuple[Field, ...]:
        active = active_fields(self.system, self.settings)
        return active if self.keys is None else tuple(f for f in active if f.ours in self.keys)

    def finding(self) -> Finding:
        compared = compare(
            self.system, self.fields, self.settings, self.wanted, self.remote, self.sent, taken_over=self.taken_over
        )
        fields = {f.ours: found for f in self.fields if (found := self._difference(f, compared)) is not None}
        kind, unseen = _sum(found.kind for found in fields.values()), compared.unseen
        return Finding(kind, self.wanted.position_id, self.remote.id, fields, unseen)

    def _difference(self, declared: Field, compared: Comparison) -> Difference | None:
        key = declared.ours
        said = self.sent.timeline(key) if self.sent else None
        days = self._days(declared, said or ())
        if key not in compared.changes and (key not in compared.stays or key in self.firsts) and not days:
            return None
        wrote = self.sent.values if self.sent else {}
        here = self.wanted.values.get(key)
        there = self.remote.values[key] if key in self.remote.values else wrote.get(key)
        owned = declared.owned
        sides = [_side(here, there, wrote.get(key), known=key in wrote, owned=owned)]
        sides += [_side(h, t, at(said or (), day), known=said is not None, owned=owned) for day, h, t in days]
        return Difference(_sum(sides), here, there, wrote.get(key), days, compared.stays.get(key))

    def _days(self, declared: Field, said: Timeline) -> tuple[tuple[date, Any, Any], ...]:
        if declared.ours not in self.remote.rows or not declared.in_rows(self.settings):
            return ()
        first, last = self.days
        here, there = self.wanted.timeline(declared.ours), from_start(self.remote.rows[declared.ours], first)
        begun = within({first, *turns(here, there, said)}, first, last)
        differs = ((day, at(here, day), at(there, day)) for day in begun)
        return tuple((day, ours, theirs) for day, ours, theirs in differs if not same(ours, theirs))


# -- with employment history -----------------------------------------------------------------------------


def _history(system: System, settings: Mapping[str, Any], work: Work, remotes: Sequence[Remote]) -> Iterator[Finding]:
    """A position that was sent is compared with the record that was made for it, any other with one that begins on the
    same day and is nobody's."""
    owners = {r: owner for owner, sent in work.sent.items() for r in (*sent.left_behind, sent.remote_id)}
    by_id = {remote.id: remote for remote in remotes}
    free = {key: remote for key, remote in by_id.items() if key not in owners}
    here = {position.id: position for position in sorted(work.positions, key=lambda p: (p.start, p.id))}
    compared: set[str] = set()
    for position in here.values():
        sent = work.sent.get(position.id)
        own = by_id.get(sent.remote_id) if sent else None
        translation = translate(system, position, settings)
        hits = [own] if own is not None else _beginning(system, settings, position, translation.wanted, free)
        for hit in hits:
            compared.add(hit.id)
            free.pop(hit.id, None)
        if translation.wanted is None:
            yield Finding(Kind.NOT_TO_BE_SENT, position.id, hits[0].id if hits else "", problems=translation.problems)
        elif len(hits) != 1:
            yield Finding(Kind.UNCERTAIN if hits else Kind.ONLY_HERE, position.id)
        else:
            wanted = translation.wanted
            first = wanted.since or wanted.start
            wrote = sent.on(nearest(work.today, first, wanted.end)) if sent and own else None
            remote = on_its_day(hits[0], wanted, work.today)
            yield _Pair(system, settings, wanted, remote, wrote, (first, wanted.end)).finding()
    for remote in remotes:
        if remote.id not in compared:
            yield Finding(Kind.ONLY_THERE, owners.get(remote.id, ""), remote.id)


def _beginning(
    system: System,
    settings: Mapping[str, Any],
    position: Position,
    wanted: Wanted | None,
    free: Mapping[str, Remote],
) -> list[Remote]:
    hits = [remote for remote in free.values() if remote.start == (wanted.start if wanted else position.start)]
    at_once = system.taken_at_once(settings)
    if at_once is None or wanted is None or len(hits) < 2:
        return hits
    return [r for r in hits if at_once.alike(r.values, wanted.values)] or hits


# -- with the current position only ----------------------------------------------------------------------


def _flat(system: System, settings: Mapping[str, Any], work: Work, remotes: Sequence[Remote]) -> Iterator[Finding]:
    """The one record, for the position that it is to stand for today; of no other anything is to be there."""
    remote = next(iter(remotes), None)
    last = next((LastSent(position_id, sent) for position_id, sent in work.sent.items()), None)
    everything = frozenset(position.id for position in work.positions)
    case = Case(system, settings, work.positions, everything, last, work.rules, work.today, work.outside)
    target, standing = case.target, case.standing
    dates_alone = standing in (Standing.OVER, Standing.UPCOMING)
    if target is None:
        if remote is not None and _goes_on(remote, work.today):
            owner = last.position_id if last and last.sent.remote_id == remote.id else ""
            yield Finding(Kind.ONLY_THERE, owner, remote.id)
        return
    if dates_alone and (remote is None or last is None or remote.id != last.sent.remote_id):
        return
    translation = translate(system, target, settings)
    wanted = translation.wanted
    if wanted is None:
        yield Finding(Kind.NOT_TO_BE_SENT, target.id, remote.id if remote else "", problems=translation.problems)
    elif remote is None or (
        not dates_alone and remote.renews_from and (wanted.since or wanted.start) >= remote.renews_from
    ):
        yield Finding(Kind.ONLY_HERE, target.id)
    else:
        over = standing is Standing.OVER
        since = current_since(target, work.positions, work.today)
        yield _Pair(
            system,
            settings,
            as_ended(system, settings, wanted) if over else wanted,
            remote,
            last.sent if last else None,
            (max(since, remote.start or since), work.today),  # of days to come nothing is written
            taken_over=standing is Standing.ANOTHER,
            keys=keys_of_dates(system, settings, upcoming=not over) if dates_alone else None,
            firsts=of_the_employment(system, settings, work.positions, wanted, remote.values),
        ).finding()


def _goes_on(remote: Remote, today: date) -> bool:
    """Whether the record says that somebody works there: it has not ended, and says something."""
    return (remote.end is None or remote.end >= today) and any(not empty(value) for value in remote.values.values())
