"""What each system takes of a position, as plain data made from the declarations.

The supported-fields pages, their CSV, `manage.py systems` and docs/systems.md all show this and nothing else.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from integrations.sdk.declaration import Delete, Model, Sight, System
from integrations.sdk.declared_field import Field, When
from integrations.sdk.fields import BY_KEY, FIELDS, GROUPS, OurField
from integrations.sdk.settings import Kind, Setting
from integrations.systems.registry import systems
from positions.models import Position

_COUNTRIES = {"NO": "Norway", "SE": "Sweden", "FI": "Finland", "DK": "Denmark"}
_MODELS = {Model.HISTORY: "With history", Model.FLAT: "Current only"}
_MODEL_MEANINGS = {
    Model.HISTORY: "Every position period is a record of its own there, matched on its start date.",
    Model.FLAT: "It keeps one employment for each person: the position that is current today is sent.",
}
_DELETES = {Delete.REMOVE: "Removed there", Delete.CANCEL: "Cancelled there", Delete.BY_HAND: "By hand there"}
_KINDS = {"text": "Text", "date": "Date", "decimal": "Number", "code": "Code", "department": "Department code",
          "company": "Company", "manager": "Manager"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mark:
    """One property of a cell: never colour alone, always a glyph and a word."""

    code: str
    glyph: str
    word: str
    meaning: str


MARKS = {
    mark.code: mark
    for mark in (
        Mark("sent", "✓", "sent", "Sent whenever it differs from what is there."),
        Mark("required", "★", "required", "Sent, and without it nothing is sent for that position."),
        Mark("on_create", "+", "only on create", "Sent with a new record; later changes of it are not sent."),
        Mark(
            "corrected",
            "±",
            "on create, then corrected",
            "Sent with a new record; a later change of the same position corrects what was sent, and nothing else.",
        ),
        Mark(
            "if_empty_corrected",
            "◎",
            "if empty, then corrected",
            "Sent where nothing is filled in there; a later change of the same position corrects what was sent.",
        ),
        Mark("if_empty", "○", "only if empty", "Sent where nothing is filled in there; what is there stays."),
        Mark("locked", "■", "fixed once set", "Filled in where it is empty there; another value is refused later."),
        Mark("translated", "⇄", "translated", "Our value becomes the system's own code by a table."),
        Mark("opt_in", "◐", "opt-in", "Sent once it is switched on in the connection's settings."),
        Mark("no", "–", "not supported", "The system does not take it; opening the cell says why."),
    )
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One of our fields in one system, in words."""

    system: System
    ours: OurField
    remote: str
    marks: tuple[Mark, ...]
    reason: str  # why it is not supported
    notes: tuple[str, ...]
    format: str
    limits: str
    example: str
    invalid: tuple[str, ...]  # what happens when it is missing or not acceptable
    codes: tuple[tuple[str, str], ...]  # our value, theirs

    @property
    def words(self) -> str:
        return ", ".join(mark.word for mark in self.marks)

    @property
    def title(self) -> str:
        """The cell in one line, for a tooltip."""
        return self.reason or " · ".join(
            part for part in (f"{self.system.name}: {self.remote}", self.words, self.limits) if part
        )


@dataclass(frozen=True, slots=True)
class Row:
    ours: OurField
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    systems: tuple[System, ...]
    groups: tuple[tuple[str, tuple[Row, ...]], ...]

    @property
    def rows(self) -> Iterator[Row]:
        for _, rows in self.groups:
            yield from rows


def country(system: System) -> str:
    """In words; declarations give a code, a name, or nothing for a system of no country."""
    if not system.country:
        return "Any country"
    codes = system.country.replace(",", " ").replace("/", " ").split()
    return ", ".join(_COUNTRIES.get(code, code) for code in codes) if codes[0] in _COUNTRIES else system.country


def model(system: System) -> str:
    return _MODELS[system.model]


def model_meaning(system: System) -> str:
    return _MODEL_MEANINGS[system.model]


def delete(system: System) -> str:
    return _DELETES[system.delete]


@cache
def matrix(key: str = "") -> Matrix:
    """All systems side by side, or the one with this key. Declarations do not change while a process runs."""
    chosen = tuple(s for s in systems() if key in ("", s.key))
    return Matrix(
        chosen,
        tuple(
            (group, tuple(Row(ours, tuple(cell(s, s.field(ours.key)) for s in chosen)) for ours in FIELDS
                          if ours.group == group))
            for group in GROUPS
        ),
    )  # fmt: skip


def cell(system: System, declared: Field) -> Cell:
    ours = BY_KEY[declared.ours]
    return Cell(
        system=system,
        ours=ours,
        remote=declared.remote,
        marks=tuple(_marks(declared)),
        reason=declared.unsupported,
        notes=tuple(_notes(declared)) if declared.supported else (),
        format=(declared.format or _KINDS[ours.kind]) if declared.supported else "",
        limits=_limits(declared),
        example=declared.example,
        invalid=tuple(_invalid(declared)) if declared.supported else (),
        codes=_codes(declared),
    )


def _marks(declared: Field) -> Iterator[Mark]:
    if not declared.supported:
        yield MARKS["no"]
        return
    condition = _condition(declared)
    needed = declared.required or condition
    if needed:
        word = "required" if declared.required else f"required with {condition}"
        yield Mark("required", MARKS["required"].glyph, word, MARKS["required"].meaning)
    if declared.when is When.ON_CREATE:
        yield MARKS["corrected" if declared.corrected else "on_create"]
    elif declared.when is When.IF_EMPTY:
        yield MARKS["if_empty_corrected" if declared.corrected else "if_empty"]
    elif declared.locked:
        yield MARKS["locked"]
    elif not declared.required and not declared.required_with:
        yield MARKS["sent"]
    if declared.codes is not None or declared.table:
        yield MARKS["translated"]
    if declared.opt_in:
        yield MARKS["opt_in"]


def _condition(declared: Field) -> str:
    """With what a value must exist: "end date", "a temporary contract"; "" for no such rule."""
    if declared.required_while:
        return declared.required_while.what
    return BY_KEY[declared.required_with].label.lower() if declared.required_with else ""


def _notes(declared: Field) -> Iterator[str]:
    if declared.note:
        yield declared.note
    if declared.opt_in:
        yield f"{_switch(declared.opt_in)} switches it; it is {_first(declared.opt_in)} at first."
    if declared.corrected:
        whose = "the first day of the employment" if declared.of_employment else "the same position"
        yield (
            f"A later change of {whose} is sent too, where the record still holds what was sent for it. What somebody "
            "entered there stays, and another position that takes over leaves it as it is."
        )
    if declared.always_by:
        yield (
            f"{_switch(declared.always_by)} makes it follow every change, also when another position takes "
            f"over; it is {_first(declared.always_by)} at first."
        )
    if declared.locked:
        yield (
            "It cannot be changed on a record that has it: put the old value back, end the position, and add a new "
            "one with the new value. Until then, that position is not sent."
        )
        if declared.locked.lifted_by:
            yield (
                f"{_switch(declared.locked.lifted_by)} writes the change all the same, with a warning; it is "
                f"{_first(declared.locked.lifted_by)} at first."
            )
    if declared.cleared_by:
        yield (
            f"{_switch(declared.cleared_by)} empties it there when the last position is over, where it still "
            f"holds what was sent; a new position fills it in again. That is {_first(declared.cleared_by)} at "
            "first."
        )
    if declared.absent_while:
        yield (
            f"With {declared.absent_while.what} it is neither needed nor sent, and what was sent before is emptied "
            "there."
        )
    if not declared.clearable:
        yield "Emptied here, it stays there."


def _switch(setting: Setting) -> str:
    return f"“{setting.label}” in the connection's settings"


def _first(setting: Setting) -> str:
    return "on" if setting.default else "off"


def _limits(declared: Field) -> str:
    parts = []
    if declared.max_length is not None:
        parts.append(f"at most {declared.max_length} characters")
    if declared.allowed:
        parts.append(declared.allowed_note or f"written as {declared.allowed}")
    if declared.minimum is not None and declared.maximum is not None:
        parts.append(f"{declared.minimum} to {declared.maximum}")
    elif declared.minimum is not None:
        parts.append(f"{declared.minimum} or more")
    elif declared.maximum is not None:
        parts.append(f"{declared.maximum} or less")
    if declared.decimals is not None:
        parts.append(
            "whole numbers" if not declared.decimals
            else f"up to {declared.decimals} decimal{'s' if declared.decimals > 1 else ''}"
        )  # fmt: skip
    if declared.choices:
        parts.append(f"one of {len(declared.choices)} values")
    return "; ".join(parts)


def _invalid(declared: Field) -> Iterator[str]:
    label = BY_KEY[declared.ours].label
    default = declared.default_setting.label if declared.default_setting else ""
    condition = _condition(declared)
    with_it = f" with {condition}" if condition else ""
    if default:
        yield f"Empty{with_it}: “{default}” of the connection's settings is sent instead."
    if declared.required or condition:
        missing = "Both empty" if default else "Missing"
        with_it += f", except with {declared.absent_while.what}" if declared.absent_while else ""
        yield f"{missing}{with_it}: that position is not sent; the error log names {label.lower()}."
    if declared.unless:
        yield f"Empty: the rest is sent, with a warning, because {declared.unless}."
    if declared.codes is not None and any(code in (None, "") for code in declared.codes.values()):
        where = " until one is chosen in the connection's settings" if declared.table else ""
        yield f"A value without a counterpart: that position is not sent{where}."
    if _limits(declared):
        yield "Outside its limits: that position is not sent; the error log names the limit."


def _codes(declared: Field) -> tuple[tuple[str, str], ...]:
    if declared.codes is None:
        return ()
    theirs = code_words(declared)
    return tuple(
        (our_word(declared.ours, ours), theirs.get(str(code), str(code)) if code else "no counterpart")
        for ours, code in declared.codes.items()
    )


def code_words(declared: Field) -> dict[str, str]:
    """Their codes with the labels that the field's translation table shows."""
    return dict(declared.table.choices) if declared.table else {}


_OUR_WORDS = {
    field.name: {str(code): str(word) for code, word in field.choices or ()} for field in Position._meta.concrete_fields
}


def our_word(ours: str, code: str) -> str:
    """One of our codes as the position's page shows it."""
    return _OUR_WORDS.get(ours, {}).get(code) or code.replace("_", " ").capitalize()


# -- the same for machines and for docs/systems.md -------------------------------------------------------------------


def described(system: System) -> dict[str, Any]:
    """One system for `manage.py systems --json` and the API."""
    return {
        "key": system.key,
        "name": system.name,
        "country": country(system),
        "model": str(system.model),
        "protocol": system.protocol,
        "delete": {"how": str(system.delete), "note": system.delete_note},
        "moves": system.moves,
        "matching": list(system.matching),
        "calls_create": system.calls.create,
        "calls_update": system.calls.update,
        "calls_unchanged": system.calls.unchanged,
        "snapshot": {
            "unsupported": system.sight.unsupported,
            "calls_for_1000": None if system.sight.unsupported else system.sight.calls(1000),
            "versions": system.sight.versions,
            "minutes": system.sight.minutes,
            "hides": list(system.sight.hides),
            "note": system.sight.note,
        },
        "limits": {
            "requests": system.limits.requests,
            "per_seconds": system.limits.per_seconds,
            "concurrency": system.limits.concurrency,
            "note": system.limits.note,
        },
        "required_settings": [
            {
                "name": s.name,
                "label": s.label,
                "secret": s.kind in (Kind.SECRET, Kind.LONG_SECRET),
                "credential": s in system.credentials,
            }
            for s in system.required_settings
        ],
        "fields": [_described(system, system.field(ours.key)) for ours in FIELDS],
    }


def _described(system: System, declared: Field) -> dict[str, Any]:
    shown = cell(system, declared)
    return {
        "ours": declared.ours,
        "label": BY_KEY[declared.ours].label,
        "group": BY_KEY[declared.ours].group,
        "supported": declared.supported,
        "remote": declared.remote,
        "when": str(declared.when) if declared.supported else "",
        "corrected": declared.corrected,
        "required": declared.required,
        "required_with": declared.required_with,
        "required_while": declared.required_while.what if declared.required_while else "",
        "absent_while": declared.absent_while.what if declared.absent_while else "",
        "locked": declared.locked is not None,
        "translated": declared.supported and (declared.codes is not None or bool(declared.table)),
        "opt_in": bool(declared.opt_in),
        "unsupported": declared.unsupported,
        "format": shown.format,
        "limits": shown.limits,
        "example": shown.example,
        "when_wrong": list(shown.invalid),
        "notes": list(shown.notes),
    }


def as_csv(table: Matrix) -> str:
    """One line for each field and system: the same for one system and for all."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(
        [
            *("Group", "Field", "System", "Name there", "What happens"),
            *("Format", "Limits", "Example", "When it is not right", "Notes"),
        ]
    )
    for row in table.rows:
        for c in row.cells:
            writer.writerow(
                [row.ours.group, row.ours.label, c.system.name, c.remote, c.words, c.format, c.limits, c.example,
                 " ".join(c.invalid), c.reason or " ".join(c.notes)]
            )  # fmt: skip
    return file.getvalue()


def as_text(chosen: Sequence[System]) -> str:
    """A table for a terminal, one line for each system."""
    rows = [("SYSTEM", "KEY", "COUNTRY", "SENDS", "DELETES", "FIELDS", "LIMIT")]
    for s in chosen:
        taken = sum(f.supported for f in s.fields)
        rows.append((s.name, s.key, country(s), model(s), delete(s), f"{taken} of {len(s.fields)}", _limit(s)))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]) - 1)]
    return "\n".join(
        "  ".join([*(text.ljust(width) for text, width in zip(row, widths, strict=False)), row[-1]]).rstrip()
        for row in rows
    )


def as_markdown(chosen: Sequence[System]) -> str:
    """The tables of docs/systems.md: the systems, our fields in each, and what a look at everybody costs."""
    lines = _table(
        ["System", "Country", "Sends", "Protocol", "Finds the employee by", "Deleted here", "Limit"],
        [
            [s.name, country(s), model(s), s.protocol, ", ".join(s.matching), delete(s), _limit(s)]
            for s in chosen
        ],
    )  # fmt: skip
    fields = _table(
        ["Field", *(s.name for s in chosen)],
        [
            [
                ours.label,
                *("<br>".join(f"{m.glyph} {m.word}" for m in cell(s, s.field(ours.key)).marks) for s in chosen),
            ]
            for ours in FIELDS
        ],
    )
    sights = _table(
        ["Everybody at once", "Calls for 1 000", "Records", "Version for a write", "Counts for", "To know"],
        [[s.name, *_sight(s.sight)] for s in chosen],
    )
    return "\n".join([*lines, "", *fields, "", *sights])


def _sight(sight: Sight) -> tuple[str, ...]:
    if sight.unsupported:
        return ("–", "–", "–", "–", sight.unsupported)
    records = f"{sight.each} more for each employee" if sight.each else "in the list"
    hidden = f"Without {', '.join(BY_KEY[key].label.lower() for key in sight.hides)}." if sight.hides else ""
    return (
        str(sight.calls(1000)),
        records,
        "comes along" if sight.versions else "–",
        f"{sight.minutes} min",
        " ".join(filter(None, (sight.note, hidden))),
    )


def _limit(system: System) -> str:
    limits = system.limits
    counted = f"{limits.requests} calls in {limits.per_seconds:g} s" if limits.requests else "none published"
    return f"{counted}; {limits.concurrency} at a time"


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    def line(texts: Sequence[str]) -> str:
        return "| " + " | ".join(text.replace("|", "\\|").replace("\n", " ") for text in texts) + " |"

    return [line(head), line(["---"] * len(head)), *(line(row) for row in rows)]
