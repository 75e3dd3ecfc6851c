"""Our values into one system's words, by its declared fields. Pure: no clock, no database, no HTTP."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from integrations.sdk.declaration import System
from integrations.sdk.declared_field import Field
from integrations.sdk.fields import BY_KEY
from integrations.sdk.reading import number_of
from integrations.sdk.settings import value_of
from integrations.sdk.values import Manager, Position, Problem, Wanted, Warning


@dataclass(frozen=True, slots=True)
class Translation:
    """`wanted` is None when there are problems. `unsent` gives the reason for each of our filled-in values that
    this system does not take."""

    wanted: Wanted | None
    problems: tuple[Problem, ...]
    unsent: Mapping[str, str]


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
    return tuple(f for f in system.fields if f.sent(settings))


def translate(system: System, position: Position, settings: Mapping[str, Any]) -> Translation:
    """Every problem is reported, not only the first. Raises nothing."""
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    defaulted: set[str] = set()
    source = {**position.values, "start_date": position.start, "end_date": position.end}
    sent = active_fields(system, settings)
    for declared in sent:
        value, problem = _one(system, declared, source, settings)
        if problem is not None:
            problems.append(problem)
        else:
            values[declared.ours] = value
            if empty(source.get(declared.ours)) and not empty(value):
                defaulted.add(declared.ours)
    absent = {f.ours: f.absent_while.what for f in sent if f.absent_while and f.absent_while.applies(values)}
    values |= dict.fromkeys(absent)
    defaulted -= absent.keys()
    problems = [p for p in problems if p.field not in absent]
    problems += incomplete(system, sent, values)
    unsent = {
        f.ours: f.unsupported or "Switched off in this connection's settings."
        for f in system.fields
        if f not in sent and not empty(source.get(f.ours))
    } | {
        ours: f"It is not sent with {what}: {system.name} reports none then."
        for ours, what in absent.items()
        if not empty(source.get(ours))
    }
    wanted = None if problems else Wanted(position.id, values, frozenset(defaulted), position.start)
    return Translation(wanted, tuple(problems), unsent)


def lacking(system: System, settings: Mapping[str, Any], wanted: Wanted) -> tuple[Warning, ...]:
    """What the system takes without, and payroll cannot do without (`Field.unless`)."""
    return tuple(
        Warning(
            f"{BY_KEY[f.ours].label} is empty, but {f.unless}. Fill it in on the position; it is sent when you save.",
            f.ours,
        )
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
        if rule is None or not empty(values.get(declared.ours)):
            continue
        if rule.applies(values):
            label, other = BY_KEY[declared.ours].label.lower(), BY_KEY[rule.field].label.lower()
            article = "an" if label[0] in "aeiou" else "a"
            problems.append(
                Problem(
                    "missing_required_field",
                    f"{rule.what[0].upper()}{rule.what[1:]} needs {article} {label} in {system.name}. Fill in the "
                    f"{label}, or choose another {other}; it is sent when you save.",
                    declared.ours,
                )
            )
    return problems


def _one(
    system: System, declared: Field, source: Mapping[str, Any], settings: Mapping[str, Any]
) -> tuple[Any, Problem | None]:
    ours = source.get(declared.ours)
    label = BY_KEY[declared.ours].label
    if empty(ours):
        with_it = declared.required_with and not empty(source.get(declared.required_with))
        # A default for what only goes with another field (the reason of an end) is not for when that one is empty.
        default = value_of(declared.default_setting, settings) if with_it or not declared.required_with else None
        if not empty(default):
            return _limited(system, declared, label, default)
        needed = declared.required or with_it
        if needed:
            why = f" because {BY_KEY[declared.required_with].label.lower()} is set" if declared.required_with else ""
            place = "the employee" if BY_KEY[declared.ours].of == "employee" else "the position"
            return None, Problem(
                "missing_required_field",
                f"{label} is missing, and {system.name} needs it{why}. Fill it in on {place}; "
                "it is sent when you save.",
                declared.ours,
            )
        return None, None
    if declared.codes is not None:
        table = {**declared.codes, **_rows(declared, settings)}
        value = table.get(str(ours))
        if empty(value):
            where = " Choose one in the connection's settings." if declared.table else ""
            return None, Problem(
                "no_translation",
                f"{label} “{_words(ours)}” has no counterpart in {system.name}.{where}",
                declared.ours,
                {"value": str(ours)},
            )
        return _limited(system, declared, label, value)
    try:
        value = declared.encode(ours, settings) if declared.encode else ours
    except ValueError as error:
        return None, Problem("value_refused", f"{label}: {error}", declared.ours, {"value": str(ours)})
    if declared.table:
        value = _rows(declared, settings).get(str(value), value)
    return _limited(system, declared, label, value)


def _rows(declared: Field, settings: Mapping[str, Any]) -> dict[str, Any]:
    rows = value_of(declared.table, settings)
    return {k: v for k, v in rows.items() if not empty(v)} if isinstance(rows, Mapping) else {}


def _words(code: Any) -> str:
    return str(code).replace("_", " ")


def _limited(system: System, declared: Field, label: str, value: Any) -> tuple[Any, Problem | None]:
    """The value within the declared limits, or the problem that names the limit."""

    def refuse(cause: str, text: str) -> tuple[Any, Problem]:
        return None, Problem(cause, f"{label} {text}", declared.ours, {"value": str(value)})

    if isinstance(value, date):
        return value, None
    if declared.decimals is not None or declared.minimum is not None or declared.maximum is not None:
        number = _number(value)
        if number is None or not number.is_finite():
            return refuse("value_refused", f"“{value}” is not a number.")
        if declared.minimum is not None and number < declared.minimum:
            return refuse("value_refused", f"{number} is below {system.name}'s minimum of {declared.minimum}.")
        if declared.maximum is not None and number > declared.maximum:
            return refuse("value_refused", f"{number} is above {system.name}'s maximum of {declared.maximum}.")
        if declared.decimals is not None:
            rounded = number.quantize(Decimal(1).scaleb(-declared.decimals), ROUND_HALF_UP)
            if rounded != number:
                return refuse(
                    "value_refused",
                    f"{number} has more decimals than the {declared.decimals} that {system.name} keeps.",
                )
            number = rounded
        return number, None
    if isinstance(value, str):
        value = value.strip()
        if declared.finish is not None:
            value = declared.finish(value)
        if declared.max_length is not None and len(value) > declared.max_length:
            return refuse(
                "too_long",
                f"has {len(value)} characters; {system.name} takes at most {declared.max_length}.",
            )
        if declared.allowed and not re.fullmatch(declared.allowed, value):
            return refuse(
                "bad_characters",
                f"“{value}” is not accepted by {system.name}"
                + (f": {declared.allowed_note}." if declared.allowed_note else "."),
            )
    if declared.choices and value not in dict(declared.choices):
        return refuse("value_refused", f"“{value}” is not one of {system.name}'s values.")
    return value, None
