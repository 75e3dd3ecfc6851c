"""What both models plan with: steps, answers, what differs, and what a deletion leads to.

Wanted periods + remote periods + declared fields + settings -> an ordered list of steps, or problems. It is
`history.plan_history` for the systems with periods, `flat.plan_flat` for those with one record. Pure: no clock (the
caller says which day it is), no database, no HTTP. *Preview* shows this same plan.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any

from integrations.planning import texts
from integrations.planning.translate import empty, same
from integrations.sdk.declaration import Delete, System, Transport
from integrations.sdk.declared_field import Field, When
from integrations.sdk.fields import BY_KEY
from integrations.sdk.messages import Message, Said, in_full
from integrations.sdk.params import FieldName, Label
from integrations.sdk.settings import value_of
from integrations.sdk.timelines import Timeline, at
from integrations.sdk.values import Change, Foreign, Problem, Remote, Wanted, Warning


class Action(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    MOVE = "move"
    END = "end"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Sent:
    """What was last written for a position: the record's id there, the values it was given (or was found to hold
    already), and the records that were made for it earlier and left behind there. `older`: for a short while, the
    values that a read may still show in their place (`System.shows_late`). `terms`: of the fields that the system
    dates, what it was to hold by day, from the position's first day on. `written_as`: what else the settings said of
    the values then (`Field.written_as`); nothing of those of which it is not known. `found`: what else the record
    holds, of the fields that are sent: what stays there as it is, and what is as it is here without being ours to
    move."""

    remote_id: str
    values: Mapping[str, Any] = field(default_factory=dict)
    left_behind: tuple[str, ...] = ()
    older: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    terms: Mapping[str, Timeline] = field(default_factory=dict)
    written_as: Mapping[str, Sequence[str]] = field(default_factory=dict)
    found: Mapping[str, Any] = field(default_factory=dict)

    @property
    def there(self) -> Mapping[str, Any]:
        """What the record is known to hold, whoever wrote it."""
        return {**self.values, **self.found}

    def on(self, day: date) -> Sent:
        """With the values that it was to hold on the day."""
        held = {key: at(rows, max(day, rows[0][0])) for key, rows in self.terms.items()}
        return replace(self, values={**self.values, **held})

    def timeline(self, key: str) -> Timeline | None:
        """What it was to hold of one field, by day; None where that was never written."""
        if key in self.terms:
            return self.terms[key]
        start = self.values.get("start_date")
        return ((start if isinstance(start, date) else date.min, self.values[key]),) if key in self.values else None


@dataclass(frozen=True, slots=True)
class Rules:
    """A connection's choices: `delete` there when deleted here; `move` a record whose start date changed here."""

    delete: bool = False
    move: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One write. `remote` is the record as read, None for a create; `wanted` is None for a delete.

    `goes_on`: a record is made as it was on the first day, and what holds from later days on is written to it then.
    `note` is said with a success. `holds` is what the record is known to hold of ours afterwards: a field that was not
    written because it stays as it is there is left out, or is what we wrote earlier. `found` and `left_behind` as in
    `Sent`. `over` (flat): of a new record, the one in whose place it is made.
    """

    action: Action
    position_id: str
    wanted: Wanted | None = None
    remote: Remote | None = None
    changes: Mapping[str, Change] = field(default_factory=dict)
    note: Message | None = None
    warnings: tuple[Warning, ...] = ()
    holds: Mapping[str, Any] = field(default_factory=dict)
    found: Mapping[str, Any] = field(default_factory=dict)
    left_behind: tuple[str, ...] = ()
    goes_on: bool = False
    over: Remote | None = None

    @property
    def before(self) -> Mapping[str, Any]:
        """What stood there."""
        record = self.remote or self.over
        return record.values if record else {}


@dataclass(frozen=True, slots=True)
class Skip:
    """Nothing to do for this position, and why (the cause is the first text's, unless it is given). `remote_id` is the
    record that stands for it as it is, with what it `holds` of ours; `found` and `left_behind` as in `Sent`."""

    said: Said
    cause: str = ""
    remote_id: str = ""
    warnings: tuple[Warning, ...] = ()
    holds: Mapping[str, Any] = field(default_factory=dict)
    found: Mapping[str, Any] = field(default_factory=dict)
    left_behind: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        text = self.said[0].text
        object.__setattr__(self, "cause", self.cause or (text.cause if text else ""))

    @property
    def message(self) -> str:
        """In words."""
        return in_full(self.said)


@dataclass(frozen=True, slots=True)
class Plan:
    """`afterwards` are skips that hold once the steps are written, and not if one of them is refused. `waits` gives
    the day from which a position is current, `warnings` what is said while it waits (flat only)."""

    steps: tuple[Step, ...] = ()
    problems: Mapping[str, Problem] = field(default_factory=dict)
    skips: Mapping[str, Skip] = field(default_factory=dict)
    afterwards: Mapping[str, Skip] = field(default_factory=dict)
    waits: Mapping[str, date] = field(default_factory=dict)
    warnings: Mapping[str, tuple[Warning, ...]] = field(default_factory=dict)


# -- what differs ----------------------------------------------------------------------------------------


def as_written(sent: Mapping[str, Sent], remote: Remote) -> Remote:
    """What a late read shows is compared as we wrote it since; what a clerk has put there meanwhile, as it is."""
    last = next((s for s in sent.values() if s.older and s.remote_id == remote.id), None)
    if last is None:
        return remote
    late = {key for key, value in remote.values.items() if any(same(value, o) for o in last.older.get(key, ()))}
    return replace(remote, values={**remote.values, **{key: last.values.get(key) for key in late}})


@dataclass(frozen=True, slots=True)
class Comparison:
    """`changes` are to be written. `stays` are the fields that differ there and are left as they are, with the reason.
    `unseen` are those that the system did not show and that we never wrote: nobody knows whether they differ. `told`
    are the fields in `stays` of which a person is to know, be anything else written or not. `unsaid` are those that are
    empty here and always were: somebody there filled in what HR says nothing of, and that is no difference. `by_hand`
    says what else no write mends."""

    changes: Mapping[str, Change] = field(default_factory=dict)
    stays: Mapping[str, Message] = field(default_factory=dict)
    unseen: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    unsaid: tuple[str, ...] = ()
    by_hand: tuple[Warning, ...] = ()

    def only(self, keys: Iterable[str]) -> Comparison:
        """Of these fields alone."""
        kept = set(keys)
        return Comparison(
            {k: c for k, c in self.changes.items() if k in kept},
            {k: why for k, why in self.stays.items() if k in kept},
            tuple(k for k in self.unseen if k in kept),
            tuple(k for k in self.told if k in kept),
            unsaid=tuple(k for k in self.unsaid if k in kept),
            by_hand=self.by_hand,
        )

    def warnings(self, system: System, remote: Remote) -> tuple[Warning, ...]:
        """What is said along when something else is written."""
        return (
            *self.by_hand,
            *(Warning(_kept(key, remote, self.stays[key]), key) for key in self.told),
            *(Warning(_not_shown(system, key), key) for key in self.unseen),
        )

    def holds(self, wanted: Wanted, earlier: Mapping[str, Any]) -> dict[str, Any]:
        """What the record is known to hold of ours once the changes are written: of what stays as it is there, only
        what was written for this position `earlier`."""
        unwritten = {*self.stays, *self.unseen}
        return {
            key: earlier[key] if key in unwritten else value
            for key, value in wanted.values.items()
            if key not in unwritten or key in earlier
        }

    def found(self, remote: Remote, wrote: Mapping[str, Any]) -> dict[str, Any]:
        """What stays there and is not as here. What is not shown is taken to be what was written."""
        return {key: remote.values.get(key, wrote.get(key)) for key in self.stays if key not in self.unsaid}


def compare(
    system: System,
    fields: Sequence[Field],
    settings: Mapping[str, Any],
    wanted: Wanted,
    remote: Remote,
    sent: Sent | None,
    *,
    taken_over: bool = False,
    changed: frozenset[str] = frozenset(),
    again: Collection[str] = (),
) -> Comparison:
    """Field by field. Something empty here clears there only what we wrote (or what we own), and a default of the
    connection never replaces what somebody chose there. What a record does not show is compared with what we wrote
    last, and left alone if that is nothing, unless it is known to have `changed` here just now, or has a place that the
    customer chose for it. `taken_over`: `sent` was written for another position, whose values are corrected only where
    they are the whole employment's. `again`: fields that are written also where they agree
    (`placed.written_otherwise`)."""
    changes: dict[str, Change] = {}
    stays: dict[str, Message] = {}
    unseen: list[str] = []
    told: list[str] = []
    wrote = sent.values if sent is not None else {}
    for declared in fields:
        key, new = declared.ours, wanted.values.get(declared.ours)
        if declared.of_employee and key not in wanted.values:
            continue  # it is the employee's, and the position of today speaks of it
        if key not in remote.values and key not in wrote:
            known = key in (changed | remote.left_out) or declared.place_is_chosen
            if not empty(new) and known and declared.locked is None:
                changes[key] = Change(None, new)
            elif not empty(new):
                unseen.append(key)
            continue
        old = remote.values[key] if key in remote.values else wrote[key]
        if same(new, old) and key not in again:
            continue
        wrote_it = key in wrote and same(wrote[key], old)
        reason = _stays(system, declared, settings, wanted, old, wrote_it=wrote_it, taken_over=taken_over)
        to_tell = None if empty(new) else _to_tell(declared, new, old, reason, wrote_it=wrote_it)
        if reason is None and to_tell is None and sent is not None and key in remote.past and key not in changed:
            over = texts.DAYS_THAT_ARE_OVER(value=str(new))
            to_tell = over if key not in wrote or same(wrote[key], new) else None
        if to_tell is not None:
            told.append(key)
        if (why := to_tell or reason) is not None:
            stays[key] = why
        else:
            changes[key] = Change(old, None if empty(new) else new)
    return Comparison(changes, stays, tuple(unseen), tuple(told), unsaid=_unsaid(fields, stays, wanted, sent))


def _unsaid(fields: Sequence[Field], stays: Collection[str], wanted: Wanted, sent: Sent | None) -> tuple[str, ...]:
    """Of what stays there: what is empty here, and was nothing of ours at the last write either."""
    before = sent.there if sent is not None else {}
    open_ones = [f.ours for f in fields if f.ours in stays and not f.owned]
    return tuple(k for k in open_ones if empty(wanted.values.get(k)) and empty(before.get(k)))


def may_write(
    system: System, declared: Field, settings: Mapping[str, Any], wanted: Wanted, new: Any, old: Any, wrote_it: bool
) -> bool:
    """Whether `new` may take the place of `old` on another day than the one that is compared."""
    wanted = replace(wanted, values={**wanted.values, declared.ours: new})
    reason = _stays(system, declared, settings, wanted, old, wrote_it=wrote_it, taken_over=False)
    return reason is None and not (_foreign(declared, old) and not wrote_it)


def _to_tell(declared: Field, new: Any, old: Any, reason: Message | None, *, wrote_it: bool) -> Message | None:
    """Why `new` is not written, where a person is to know of it."""
    if _foreign(declared, old) and not wrote_it:
        return texts.NO_WORD_FOR_IT(value=str(new))
    if reason is not None and declared.stays:
        return texts.NOT_WRITTEN_BECAUSE(value=str(new), why=Label(declared.stays))
    return None


def _foreign(declared: Field, old: Any) -> bool:
    """Whether somebody there chose what we have no word for: a code of the system that is not in our list of them."""
    if isinstance(old, Foreign):
        return True
    return bool(declared.choices) and not empty(old) and str(old) not in dict(declared.choices)


def written_at_first(declared: Field, settings: Mapping[str, Any]) -> bool:
    """Whether only a new record is given the field, in this connection."""
    return declared.when is When.ON_CREATE and not value_of(declared.always_by, settings)


def _stays(
    system: System,
    declared: Field,
    settings: Mapping[str, Any],
    wanted: Wanted,
    old: Any,
    *,
    wrote_it: bool,
    taken_over: bool,
) -> Message | None:
    """Why a field that differs is not written, None if it is."""
    key = declared.ours
    when = When.ALWAYS if value_of(declared.always_by, settings) else declared.when
    corrects = declared.corrected and wrote_it and (not taken_over or declared.of_employment)
    if when is When.ON_CREATE and not corrects:
        return texts.ONLY_AT_FIRST()
    if when is When.IF_EMPTY and not empty(old) and not corrects:
        return texts.ONLY_IF_EMPTY()
    if key in wanted.defaulted and not empty(old) and not wrote_it:
        return texts.NO_DEFAULT_OVER_IT()
    return _not_emptied(system, declared, wanted, wrote_it=wrote_it) if empty(wanted.values.get(key)) else None


def _not_emptied(system: System, declared: Field, wanted: Wanted, *, wrote_it: bool) -> Message | None:
    absent = declared.absent_while is not None and declared.absent_while.applies(wanted.values)
    if not (declared.clearable or absent):
        return texts.NOT_EMPTIED(system=system.name)
    return None if declared.owned or wrote_it else texts.FILLED_IN_THERE()


def agreement(system: System, remote: Remote, found: Comparison) -> Said:
    """What is said where nothing is to be written. That it agrees is said only when every field does of which anything
    is said here."""
    unseen = [_not_shown(system, key) for key in found.unseen]
    stays = [_kept(key, remote, why) for key, why in sorted(found.stays.items(), key=lambda one: one[0])]
    if set(found.stays) - set(found.unsaid) or found.by_hand:
        by_hand = [told.said for told in found.by_hand]
        return (texts.NOT_ALL_AGREES(system=system.name), *by_hand, *stays, *unseen)
    if system.transport is Transport.FILE:  # nobody can look at more than what was written last
        agrees = texts.AGREES_IN_FILE
    else:
        agrees = texts.AGREES_AS_SHOWN if unseen else texts.AGREES
    return (agrees(system=system.name), *stays, *unseen)


def nothing_to_write(
    system: System, remote: Remote, found: Comparison, holds: Mapping[str, Any], stays: Mapping[str, Any]
) -> Skip:
    """Where nothing is to be written: what the record `holds` of ours, and what else `stays` there. What a person is to
    know of has a cause of its own."""
    warnings = tuple(w for w in found.warnings(system, remote) if w.field in found.told or w in found.by_hand)
    cause = "stays_there" if warnings else "nothing_to_change"
    return Skip(agreement(system, remote, found), cause, remote.id, warnings, holds, stays)


def _kept(key: str, remote: Remote, why: Message) -> Message:
    return texts.STAYS(field=FieldName(key), shown=_shown(key, remote.values.get(key)), why=why)


def _not_shown(system: System, key: str) -> Message:
    hidden = system.field(key).hidden
    if hidden:
        return texts.NOT_SHOWN_YET(system=system.name, field=FieldName(key), hidden=Label(hidden))
    return texts.NOT_SHOWN(system=system.name, field=FieldName(key))


def _shown(key: str, value: Any) -> Message:
    if empty(value):
        return texts.SHOWN_EMPTY()
    if BY_KEY[key].kind == "manager":
        return texts.SHOWN_AS_IT_IS()  # a colleague's number or address has no place in this one's log
    return texts.SHOWN_DAY(value=value) if isinstance(value, date) else texts.SHOWN(value=str(value))


def first(wanted: Wanted) -> dict[str, Change]:
    """What a new record is given."""
    return {key: Change(None, value) for key, value in wanted.values.items() if not empty(value)}


# -- what is no longer to be there -----------------------------------------------------------------------


def why_gone(*, outside: bool) -> Label:
    return Label(texts.LEFT_SCOPE if outside else texts.DELETED_HERE)


def delete_outcome(system: System, rules: Rules, sent: Sent | None, *, outside: bool = False) -> Problem | Skip | None:
    """What becomes of a position that was deleted here, or that left the connection's companies (`outside`), before the
    target is even asked: a problem, a skip, or None = delete it there."""
    if sent is None:
        return never_sent(system, outside=outside)
    why, how, name = why_gone(outside=outside), Label(system.delete_note), system.name
    by_hand = system.delete is Delete.BY_HAND
    if not rules.delete:
        off = texts.DELETING_OFF_BY_HAND(why=why, system=name, how=how) if by_hand else None
        return Skip((off or texts.DELETING_OFF(why=why, system=name),))
    return Problem(texts.DELETE_BY_HAND(why=why, system=name, how=how)) if by_hand else None


def never_sent(system: System, *, outside: bool) -> Skip:
    return Skip(((texts.OUT_OF_SCOPE if outside else texts.NEVER_SENT)(system=system.name),))
