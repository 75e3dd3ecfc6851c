"""Whether what was last written for a position is what is to be sent now. Pure, as `planner`: nobody is asked."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any

from integrations.planning.flat_case import Case, LastSent, Standing, as_ended, keys_of_dates, of_the_employment
from integrations.planning.placed import where_it_goes_now, written_otherwise
from integrations.planning.planner import Rules, Sent, compare, written_at_first
from integrations.planning.translate import active_fields, same, translate
from integrations.sdk.declaration import Model, System
from integrations.sdk.declared_field import Dates, Field
from integrations.sdk.periods import nearest
from integrations.sdk.timelines import at, turns, within
from integrations.sdk.values import Position, Remote, Wanted


@dataclass(frozen=True, slots=True)
class Agreement:
    """`stale`: a run would write something. `left`: what differs and stays as it is there, whatever is sent: our field
    -> what is not there."""

    stale: bool = False
    left: Mapping[str, Any] = field(default_factory=dict)


NOTHING_YET: Mapping[str, tuple[Position, Wanted]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Written:
    """What was last written for a position, and what of it was `left`."""

    position_id: str
    sent: Sent
    left: Mapping[str, Any] = field(default_factory=dict)


def agreement(
    system: System,
    settings: Mapping[str, Any],
    positions: Sequence[Position],
    written: Written,
    today: date,
    *,
    outside: Collection[str] = (),
    open_ones: Collection[str] = (),
    just_now: bool = False,
    translated: Mapping[str, tuple[Position, Wanted]] = NOTHING_YET,
) -> Agreement:
    """By the rules of `planner.compare`: a field that is sent only when a record is made does not make it stale, and
    where an employment goes on, its first day is not the position's own and nothing that is missing.

    positions  every position of the employee that is of the connection's companies (`outside`: those that are not)
    open_ones  of those, the ones with an open entry, which says by itself what becomes of them
    just_now   a run for these very positions has ended well: what it did not write, sending it again does not write
    translated  what that run has worked out already, by position id, with the position that it is for
    """
    wanted, keys = _to_be_sent(system, settings, positions, written, today, outside, open_ones, translated)
    if wanted is None:
        return Agreement(stale=True) if keys is None else Agreement(left=written.left)
    fields = active_fields(system, settings)
    day = nearest(today, wanted.since or today, wanted.end)
    sent = where_it_goes_now(system, settings, written.sent).on(day)
    again = written_otherwise(system, settings, wanted, sent, today)
    found = compare(system, fields, settings, wanted, Remote(sent.remote_id, sent.there), sent, again=again)
    if keys is not None:
        found = found.only(keys)
    only_first = {f.ours for f in fields if written_at_first(f, settings)}
    firsts = of_the_employment(system, settings, positions, wanted, sent.there)
    stale, left = False, {}
    for key in (*found.changes, *found.stays, *found.unseen):
        value = wanted.values.get(key)
        if key in firsts and key not in found.changes:
            continue
        if just_now or key in found.stays or (key in written.left and same(written.left[key], value)):
            left[key] = value
        elif not (key in found.unseen and key in only_first):
            stale = True
    others = [f for f in fields if f.ours not in left]
    return Agreement(stale or (not just_now and _says_otherwise(others, settings, wanted, sent, day)), left)


def _says_otherwise(
    fields: Sequence[Field], settings: Mapping[str, Any], wanted: Wanted, sent: Sent, day: date
) -> bool:
    """Whether a field that the system dates was written otherwise for some day: also one to come, where it has rows."""
    for declared in fields:
        now, then = wanted.timeline(declared.ours), sent.timeline(declared.ours)
        if declared.dated is Dates.NONE or then is None or not (wanted.terms or declared.ours in sent.terms):
            continue
        last = wanted.end if declared.in_rows(settings) else day
        for begun in within(turns(now, then), wanted.since or day, last):
            if not same(at(now, begun), at(then, begun)):
                return True
    return False


def _to_be_sent(
    system: System,
    settings: Mapping[str, Any],
    positions: Sequence[Position],
    written: Written,
    today: date,
    outside: Collection[str],
    open_ones: Collection[str],
    translated: Mapping[str, tuple[Position, Wanted]],
) -> tuple[Wanted | None, set[str] | None]:
    """What the record is to say now, and which fields of it (None: all). (None, None): it is to say something else, or
    what is here cannot be sent. (None, nothing): nothing of it is here any more, or an open entry says what becomes of
    it."""
    position = next((p for p in positions if p.id == written.position_id), None)
    keys: set[str] | None = None
    standing = Standing.CURRENT
    if system.model is Model.FLAT:
        last = LastSent(written.position_id, written.sent)
        case = Case(system, settings, positions, frozenset(), last, Rules(), today, frozenset(outside))
        standing, position = case.standing, case.target
        if position is not None and position.id != written.position_id:
            return None, set() if position.id in open_ones else None
        if standing in (Standing.OVER, Standing.UPCOMING):
            keys = keys_of_dates(system, settings, upcoming=standing is Standing.UPCOMING)
    if position is None:
        return None, set()
    of, wanted = translated.get(position.id, (None, None))
    if of is not position:
        wanted = translate(system, position, settings).wanted
    if wanted is not None and standing is Standing.OVER:
        wanted = as_ended(system, settings, wanted)
    return wanted, keys if wanted is not None else None
