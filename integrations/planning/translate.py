"""Our values into one system's words, by its declared fields. Pure: no clock, no database, no HTTP."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from typing import Any

from integrations.planning import texts
from integrations.sdk.declaration import System
from integrations.sdk.declared_field import Dates, Field
from integrations.sdk.fields import BY_KEY, CODES
from integrations.sdk.marking import gettext_noop as _
from integrations.sdk.messages import Message, Text
from integrations.sdk.params import FieldName, Label
from integrations.sdk.periods import employed_from
from integrations.sdk.reading import number_of
from integrations.sdk.settings import value_of
from integrations.sdk.values import Manager, Position, Problem, Wanted, Warning


@dataclass(frozen=True, slots=True)
class Translation:
    """`wanted` is None when there are problems. `unsent` gives the reason for each of our filled-in values that
    this system does not take."""

    wanted: Wanted | None
    problems: tuple[Problem, ...]
    unsent: Mapping[str, Message]


def empty(value: Any) -> bool:
    return value is None or value == () or (isinstance(value, str) and not value.strip())


def same(a: Any, b: Any) -> bool:
    """Whether two values mean the same there: nothing is nothing, and 80, 80.0 and "80.00" are one number."""
    if empty(a) or empty(b):
        return empty(a) and empty(b)
    if a == b:
        return True
    if isinstance(a, (Decimal, int, float)) and isinstance(b, (Decimal, int, float, str)):
        return _number(a) == _number(b)
    if isinstance(b, (Decimal, int, float)):
        return same(b, a)
    return str(a).strip() == str(b).strip() if isinstance(a, str) and isinstance(b, str) else False


def _number(value: Any) -> Decimal | None:
    return number_of(str(value).replace(",", "."))


def active_fields(system: System, settings: Mapping[str, Any]) -> tuple[Field, ...]:
    """The fields that this connection sends: supported, and switched on where they are opt-in."""
    return tuple(f for f in system.fields if f.remote and (f.opt_in is None or f.place(settings)))


def _of_today(position: Position, fields: tuple[Field, ...]) -> tuple[Field, ...]:
    """Those that this position may speak of: what stands on the employee, only where today is one of its days."""
    return tuple(f for f in fields if position.is_current or not f.of_employee)


def translate(system: System, position: Position, settings: Mapping[str, Any]) -> Translation:
    """Every problem is reported, not only the first. Raises nothing."""
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    defaulted: set[str] = set()
    position = employed_from(position, has_word=partial(_has_word, system, settings))
    source = {**position.values, "start_date": position.start, "end_date": position.end}
    active = active_fields(system, settings)
    sent = _of_today(position, active)
    for declared in sent:
        whole = declared.of_employment and position.employed_since and not value_of(declared.always_by, settings)
        given = {**source, declared.ours: position.employed_since} if whole else source
        value = _one(system, declared, given, settings)
        if isinstance(value, Problem):
            problems.append(value)
        else:
            values[declared.ours] = value
            if empty(source.get(declared.ours)) and not empty(value):
                defaulted.add(declared.ours)
    absent = {f.ours: f.absent_while.what for f in sent if f.absent_while and f.absent_while.applies(values)}
    values |= dict.fromkeys(absent)
    defaulted -= absent.keys()
    problems = [p for p in problems if p.field not in absent]
    problems += incomplete(system, sent, values)
    terms, refused = ((), []) if problems else _terms(system, sent, position, settings)
    problems += refused
    wanted = None if problems else Wanted(position.id, values, frozenset(defaulted), position.start, terms=terms)
    apart = {f.ours for f in active} - {f.ours for f in sent}
    return Translation(wanted, tuple(problems), _unsent(system, sent, source, absent, apart))


def _has_word(system: System, settings: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    """Whether the system takes a position of this contract type, or is not told the type at all."""
    kind = next((f for f in active_fields(system, settings) if f.ours == "contract_type"), None)
    return kind is None or not isinstance(_one(system, kind, values, settings), Problem)


def _terms(
    system: System, sent: Sequence[Field], position: Position, settings: Mapping[str, Any]
) -> tuple[tuple[tuple[date, Mapping[str, Any]], ...], list[Problem]]:
    """What is to hold by day of the fields that the system dates, where that is not the same on all days; and why not.
    What it does not date is sent on its day, and looked at then."""
    dated = {f.ours for f in sent if f.dated is not Dates.NONE}
    rows: list[tuple[date, Mapping[str, Any]]] = []
    following: Mapping[str, Any] = {}
    for day, said in reversed(position.terms if dated else ()):
        ours = dict(said)
        found = translate(system, replace(position, values=ours, terms=()), settings)
        if position.day is not None and day <= position.day and following:
            # What is filled in or mended now stands also for days that are over, of which nothing could be sent.
            ours |= {p.field: following.get(p.field) for p in found.problems if p.field in dated}
            found = translate(system, replace(position, values=ours, terms=()), settings) if found.problems else found
        problem = next((p for p in found.problems if p.field in dated), None)
        if problem is not None:
            return (), [replace(problem, said=texts.FROM_A_DAY(day=day, said=problem.said))]
        following = ours
        if found.wanted is not None:
            rows.append((day, {key: found.wanted.values.get(key) for key in dated}))
    return _without_repeats(rows[::-1]), []


def _without_repeats(rows: Sequence[tuple[date, Mapping[str, Any]]]) -> tuple[tuple[date, Mapping[str, Any]], ...]:
    found: list[tuple[date, Mapping[str, Any]]] = []
    for day, values in rows:
        if not found or any(not same(value, found[-1][1][key]) for key, value in values.items()):
            found.append((day, values))
    return tuple(found) if len(found) > 1 else ()


def to_come(
    system: System, position: Position, settings: Mapping[str, Any], today: date
) -> tuple[date, tuple[str, ...]] | None:
    """The next day on which the position says something else that is sent only then, and of which fields."""
    active = active_fields(system, settings)
    kept = tuple(f.ours for f in active if f.of_employee and not empty(position.values.get(f.ours)))
    if kept and position.start > today:
        return position.start, kept
    sent = [f.ours for f in active if not f.in_rows(settings)]
    before = position.on(today).values
    for day, values in position.terms:
        changed = tuple(key for key in sent if not same(values.get(key), before.get(key)))
        if day > today and changed:
            return day, changed
        before = values if day > today else before
    return None


def _unsent(
    system: System, sent: Sequence[Field], source: Mapping[str, Any], absent: Mapping[str, str], apart: set[str]
) -> dict[str, Message]:
    """`absent`: our field -> the kind of record that has no such value; `apart`: those that this position, being none
    of today, does not speak of."""
    given, takes = {key for key, value in source.items() if not empty(value)}, {f.ours for f in sent}
    why = {
        f.ours: texts.UNSUPPORTED(why=Label(f.unsupported)) if f.unsupported else texts.SWITCHED_OFF()
        for f in system.fields
        if f.ours in given and f.ours not in takes
    }
    why |= dict.fromkeys(given & apart, texts.NOT_OF_TODAY(system=system.name))
    not_with = {ours: what for ours, what in absent.items() if ours in given}
    return why | {ours: texts.NOT_SENT_WITH(what=Label(what), system=system.name) for ours, what in not_with.items()}


def lacking(system: System, settings: Mapping[str, Any], wanted: Wanted) -> tuple[Warning, ...]:
    """What the system takes without, and payroll cannot do without (`Field.unless`)."""
    return tuple(
        Warning(texts.LACKING(field=FieldName(f.ours), why=Label(f.unless)), f.ours)
        for f in active_fields(system, settings)
        if f.unless and empty(wanted.values.get(f.ours))
    )


def sent_otherwise(system: System, settings: Mapping[str, Any], ours: str, old: Any, new: Any) -> bool:
    """Whether a connection with these settings sends our field, and `new` otherwise than `old` (None: any other value).
    A company that has got another name is nothing new to a system that is sent its number."""
    declared = next((f for f in active_fields(system, settings) if f.ours == ours), None)
    if declared is None:
        return False
    if old is None or new is None:
        return True
    # A manager may be found there by e-mail as well as by number.
    return _as_sent(declared, old, settings) != _as_sent(declared, new, settings) or (
        isinstance(new, Manager) and new.email != old.email
    )


def _as_sent(declared: Field, ours: Any, settings: Mapping[str, Any]) -> Any:
    """Before tables and limits; None for what is refused."""
    try:
        return declared.encode(ours, settings) if declared.encode else ours
    except ValueError:
        return None


def incomplete(system: System, fields: Sequence[Field], values: Mapping[str, Any]) -> list[Problem]:
    """What the record lacks that another of its values asks for (`Field.required_while`)."""
    problems = []
    for declared in fields:
        rule = declared.required_while
        if rule is not None and empty(values.get(declared.ours)) and rule.applies(values):
            needs = texts.NEEDS_AN if BY_KEY[declared.ours].label[0] in "AEIOU" else texts.NEEDS_A
            said = needs(
                what=Label(rule.what),
                field=FieldName(declared.ours),
                system=system.name,
                other=FieldName(rule.field),
            )
            problems.append(Problem(said, field=declared.ours))
    return problems


def _one(system: System, declared: Field, source: Mapping[str, Any], settings: Mapping[str, Any]) -> Any:
    """Their value of one field, None for none, or the Problem why there is none."""
    ours = source.get(declared.ours)
    if empty(ours):
        return _without(system, declared, source, settings)
    if declared.codes is not None:
        value = {**declared.codes, **_rows(declared, settings)}.get(str(ours))
        if not empty(value):
            return _limited(system, declared, value)
        text = texts.NO_COUNTERPART_CHOSEN if declared.table else texts.NO_COUNTERPART
        words = Label(CODES[ours]) if ours in CODES else str(ours)
        return _refused(declared, str(ours), text(field=FieldName(declared.ours), value=words, system=system.name))
    try:
        value = declared.encode(ours, settings) if declared.encode else ours
    except ValueError as error:
        why = error.args[0] if error.args and isinstance(error.args[0], Message) else str(error)
        return _refused(declared, str(ours), texts.NOT_ENCODED(field=FieldName(declared.ours), why=why))
    if declared.table:
        value = _rows(declared, settings).get(str(value), value)
    return _limited(system, declared, value)


def _without(system: System, declared: Field, source: Mapping[str, Any], settings: Mapping[str, Any]) -> Any:
    """As `_one`, where ours is empty."""
    with_it = declared.required_with and not empty(source.get(declared.required_with))
    # A default for what only goes with another field (the reason of an end) is not for when that one is empty.
    default = value_of(declared.default_setting, settings) if with_it or not declared.required_with else None
    if not empty(default):
        return _limited(system, declared, default)
    if not (declared.required or with_it):
        return None
    place = Label(_("the employee") if BY_KEY[declared.ours].of == "employee" else _("the position"))
    said = {"field": FieldName(declared.ours), "system": system.name, "place": place}
    if declared.required_with:
        return Problem(texts.MISSING_WITH(**said, other=FieldName(declared.required_with)), field=declared.ours)
    return Problem(texts.MISSING(**said), field=declared.ours)


def _rows(declared: Field, settings: Mapping[str, Any]) -> dict[str, Any]:
    rows = value_of(declared.table, settings)
    return {k: v for k, v in rows.items() if not empty(v)} if isinstance(rows, Mapping) else {}


def _refused(declared: Field, value: str, said: Message) -> Problem:
    return Problem(said, field=declared.ours, params={"value": value})


def _limited(system: System, declared: Field, value: Any) -> Any:
    """The value within the declared limits, or the Problem that names the limit."""
    if isinstance(value, date):
        return value
    if declared.decimals is not None or declared.minimum is not None or declared.maximum is not None:
        return _within(system, declared, value)
    if isinstance(value, str):
        value = declared.finish(value.strip()) if declared.finish else value.strip()
        problem = _written_wrongly(system, declared, value)
        if problem is not None:
            return problem
    if declared.choices and value not in dict(declared.choices):
        said = texts.NOT_A_CHOICE(field=FieldName(declared.ours), value=str(value), system=system.name)
        return _refused(declared, str(value), said)
    return value


def _within(system: System, declared: Field, value: Any) -> Any:
    """A number within the limits, or the Problem."""
    number, field = _number(value), FieldName(declared.ours)
    if number is None or not number.is_finite():
        return _refused(declared, str(value), texts.NO_NUMBER(field=field, value=str(value)))

    def beyond(text: Text, limit: Decimal | int) -> Problem:
        said = text(field=field, value=number, system=system.name, limit=limit)
        return _refused(declared, str(value), said)

    if declared.minimum is not None and number < declared.minimum:
        return beyond(texts.TOO_LOW, declared.minimum)
    if declared.maximum is not None and number > declared.maximum:
        return beyond(texts.TOO_HIGH, declared.maximum)
    if declared.decimals is None:
        return number
    rounded = number.quantize(Decimal(1).scaleb(-declared.decimals), ROUND_HALF_UP)
    return rounded if rounded == number else beyond(texts.TOO_MANY_DECIMALS, declared.decimals)


def _written_wrongly(system: System, declared: Field, value: str) -> Problem | None:
    said = {"field": FieldName(declared.ours), "system": system.name}
    if declared.max_length is not None and len(value) > declared.max_length:
        return _refused(declared, value, texts.TOO_LONG(**said, number=len(value), limit=declared.max_length))
    if not declared.allowed or re.fullmatch(declared.allowed, value):
        return None
    # Where a text of any length would do, some of its characters are the fault; else it is written in another way.
    text = texts.NOT_ACCEPTED_AS if _some_would_do(declared.allowed, value) else texts.OTHER_FORM
    return _refused(declared, value, text(**said, value=value, allowed=Label(declared.allowed_note)))


def _some_would_do(allowed: str, value: str) -> bool:
    """Whether the pattern takes a text of any length, and some character of this one."""
    return bool(re.fullmatch(allowed, "")) and any(re.fullmatch(allowed, character) for character in value)
