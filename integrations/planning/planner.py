"""What both models plan with: steps, answers, what differs, and what a deletion leads to.

Wanted periods + remote periods + declared fields + settings -> an ordered list of steps, or problems. It is
`history.plan_history` for the systems with periods, `flat.plan_flat` for those with one record. Pure: no clock (the
caller says which day it is), no database, no HTTP. *Preview* shows this same plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from integrations.planning.translate import empty, same
from integrations.sdk.declaration import Delete, System, Transport
from integrations.sdk.declared_field import Field, When
from integrations.sdk.fields import BY_KEY
from integrations.sdk.periods import Period
from integrations.sdk.settings import value_of
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
    values that a read may still show in their place (`System.shows_late`)."""

    remote_id: str
    values: Mapping[str, Any] = field(default_factory=dict)
    left_behind: tuple[str, ...] = ()
    older: Mapping[str, Sequence[Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rules:
    """A connection's choices: `delete` there when deleted here; `move` a record whose start date changed here."""

    delete: bool = False
    move: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One write. `remote` is the record as read, None for a create; `wanted` is None for a delete.

    `note` is said with a success. `holds` is what the record is known to hold of ours afterwards: a field that was not
    written because it stays as it is there is left out, or is what we wrote earlier. `left_behind` as in `Sent`.
    """

    action: Action
    position_id: str
    wanted: Wanted | None = None
    remote: Remote | None = None
    changes: Mapping[str, Change] = field(default_factory=dict)
    note: str = ""
    warnings: tuple[Warning, ...] = ()
    holds: Mapping[str, Any] = field(default_factory=dict)
    left_behind: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Skip:
    """Nothing to do for this position, and why (a cause). `remote_id` is the record that stands for it as it is, with
    what it `holds`; `left_behind` as in `Sent`."""

    cause: str
    message: str
    remote_id: str = ""
    warnings: tuple[Warning, ...] = ()
    holds: Mapping[str, Any] = field(default_factory=dict)
    left_behind: tuple[str, ...] = ()


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


def day(value: date) -> str:
    return f"{value.day} {value:%b %Y}"


def span(period: Period) -> str:
    return f"{day(period[0])} – {day(period[1])}" if period[1] else f"from {day(period[0])}"


# -- what differs ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Comparison:
    """`changes` are to be written. `stays` are the fields that differ there and are left as they are, with the reason.
    `unseen` are those that the system did not show and that we never wrote: nobody knows whether they differ. `told`
    are the fields in `stays` of which a person is to know, be anything else written or not."""

    changes: Mapping[str, Change] = field(default_factory=dict)
    stays: Mapping[str, str] = field(default_factory=dict)
    unseen: tuple[str, ...] = ()
    told: tuple[str, ...] = ()

    def only(self, keys: Iterable[str]) -> Comparison:
        """Of these fields alone."""
        kept = set(keys)
        return Comparison(
            {k: c for k, c in self.changes.items() if k in kept},
            {k: why for k, why in self.stays.items() if k in kept},
            tuple(k for k in self.unseen if k in kept),
            tuple(k for k in self.told if k in kept),
        )

    def warnings(self, system: System, remote: Remote) -> tuple[Warning, ...]:
        """What is said along when something else is written."""
        return (
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
) -> Comparison:
    """Field by field. Something empty here clears there only what we wrote (or what we own), and a default of the
    connection never replaces what somebody chose there. What a record does not show is compared with what we wrote
    last, and left alone if that is nothing, unless it is known to have `changed` here just now. `taken_over`: `sent`
    was written for another position."""
    changes: dict[str, Change] = {}
    stays: dict[str, str] = {}
    unseen: list[str] = []
    told: list[str] = []
    wrote = sent.values if sent is not None else {}
    for declared in fields:
        key = declared.ours
        new = wanted.values.get(key)
        if key in remote.values:
            old = remote.values[key]
        elif key in wrote:
            old = wrote[key]
        else:
            if not empty(new) and key in changed and declared.locked is None:
                changes[key] = Change(None, new)
            elif not empty(new):
                unseen.append(key)
            continue
        if same(new, old):
            continue
        wrote_it = sent is not None and key in wrote and same(wrote[key], old)
        reason = _stays(system, declared, settings, wanted, old, wrote_it=wrote_it, taken_over=taken_over)
        if _foreign(declared, old) and not empty(new) and not wrote_it:
            reason = f"that was chosen there, and we have no word for it, so that “{new}” was not written"
            told.append(key)
        elif reason and declared.stays and not empty(new):
            reason = f"“{new}” was not written, because {declared.stays}"
            told.append(key)
        elif (
            not reason
            and key in remote.past
            and sent is not None
            and key not in changed
            and (key not in wrote or same(wrote[key], new))
        ):
            reason = f"it holds for days that are over, and nothing was changed here since: “{new}” was not written"
            told.append(key)
        if reason:
            stays[key] = reason
        else:
            changes[key] = Change(old, None if empty(new) else new)
    return Comparison(changes, stays, tuple(unseen), tuple(told))


def _foreign(declared: Field, old: Any) -> bool:
    """Whether somebody there chose what we have no word for: a code of the system that is not in our list of them."""
    if isinstance(old, Foreign):
        return True
    return bool(declared.choices) and not empty(old) and str(old) not in dict(declared.choices)


def _stays(
    system: System,
    declared: Field,
    settings: Mapping[str, Any],
    wanted: Wanted,
    old: Any,
    *,
    wrote_it: bool,
    taken_over: bool,
) -> str:
    """Why a field that differs is not written, "" if it is."""
    key = declared.ours
    when = When.ALWAYS if value_of(declared.always_by, settings) else declared.when
    corrects = declared.corrected and wrote_it and not taken_over
    if when is When.ON_CREATE and not corrects:
        return "it is sent only when the record is made"
    if when is When.IF_EMPTY and not empty(old) and not corrects:
        return "it is filled in only where it is empty"
    if key in wanted.defaulted and not empty(old) and not wrote_it:
        return "it was chosen there, and a default of this connection replaces nothing"
    if empty(wanted.values.get(key)):
        absent = declared.absent_while is not None and declared.absent_while.applies(wanted.values)
        if not (declared.clearable or absent):
            return f"{system.name} does not let us empty it"
        if not (declared.owned or wrote_it):
            return "it was filled in there, and is empty here"
    return ""


def agreement(system: System, remote: Remote, found: Comparison) -> str:
    """The words where nothing is to be written. That it agrees is said only when every field does."""
    name = system.name
    words = [_not_shown(system, key) for key in found.unseen]
    if not found.stays:
        if system.transport is Transport.FILE:  # nobody can look at more than what was written last
            agrees = f"The newest record for {name} says this already"
        else:
            agrees = f"What {name} shows agrees" if words else f"{name} already agrees"
        return " ".join([f"{agrees}: nothing to change.", *words])
    stays = [_kept(key, remote, why) for key, why in sorted(found.stays.items())]
    return " ".join([f"Nothing was written to {name}, and not everything there is as it is here.", *stays, *words])


def nothing_to_write(system: System, remote: Remote, found: Comparison, holds: Mapping[str, Any]) -> Skip:
    """Where nothing is to be written. What a person is to know of has a cause of its own."""
    cause = "stays_there" if found.told else "nothing_to_change"
    warnings = tuple(w for w in found.warnings(system, remote) if w.field in found.told)
    return Skip(cause, agreement(system, remote, found), remote.id, warnings, holds)


def _kept(key: str, remote: Remote, why: str) -> str:
    return f"{_label(key)} stays {_shown(key, remote.values.get(key))}: {why}."


def _not_shown(system: System, key: str) -> str:
    said = f"{system.name} shows no {_label(key).lower()}, so that is not compared."
    return f"{said} {system.field(key).hidden}".strip()


def _shown(key: str, value: Any) -> str:
    if empty(value):
        return "empty there"
    if BY_KEY[key].kind == "manager":
        return "as it is there"  # a colleague's number or address has no place in this one's log
    return f"{day(value) if isinstance(value, date) else f'“{value}”'} there"


def _label(key: str) -> str:
    return BY_KEY[key].label


def first(wanted: Wanted) -> dict[str, Change]:
    """What a new record is given."""
    return {key: Change(None, value) for key, value in wanted.values.items() if not empty(value)}


# -- what is no longer to be there -----------------------------------------------------------------------


LEFT_SCOPE = "It left this connection's companies"


def delete_outcome(system: System, rules: Rules, sent: Sent | None, *, outside: bool = False) -> Problem | Skip | None:
    """What becomes of a position that was deleted here, or that left the connection's companies (`outside`), before the
    target is even asked: a problem, a skip, or None = delete it there."""
    if sent is None and outside:
        return Skip(
            "out_of_scope",
            f"It is not of this connection's companies, and {system.name} does not hold it: nothing to do.",
        )
    if sent is None:
        return Skip("never_sent", f"It was never sent to {system.name}, so there is nothing to delete there.")
    why = LEFT_SCOPE if outside else "It was deleted here"
    by_hand = system.delete is Delete.BY_HAND
    if not rules.delete:
        return Skip(
            "delete_switched_off",
            f"{why}; deleting in {system.name} is switched off for this connection, so its record stays there. "
            + (
                f"{system.name} cannot delete it: {system.delete_note}"
                if by_hand
                else "Delete or end it there by hand."
            ),
        )
    if by_hand:
        return Problem("delete_by_hand", f"{why}, and {system.name} cannot delete it: {system.delete_note}")
    return None
