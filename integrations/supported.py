"""What each system takes of a position, as plain data made from the declarations.

The supported-fields pages, their CSV, `manage.py systems` and docs/systems.md all show this and nothing else.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from django.utils.translation import get_language, gettext_noop, ngettext
from django.utils.translation import gettext as _

from integrations.sdk.declaration import Delete, Model, Sight, System
from integrations.sdk.declared_field import Field, When
from integrations.sdk.fields import BY_KEY, FIELDS, GROUPS, OurField
from integrations.sdk.settings import Kind, Setting
from integrations.sdk.wording import say
from integrations.systems.registry import systems
from positions.models import Position

# Declared once and said when shown, in the reader's language.
_COUNTRIES = {
    "NO": gettext_noop("Norway"),
    "SE": gettext_noop("Sweden"),
    "FI": gettext_noop("Finland"),
    "DK": gettext_noop("Denmark"),
}
_MODELS = {Model.HISTORY: gettext_noop("With history"), Model.FLAT: gettext_noop("Current only")}
_MODEL_MEANINGS = {
    Model.HISTORY: gettext_noop("Every position period is a record of its own there, matched on its start date."),
    Model.FLAT: gettext_noop("It keeps one employment for each person: the position that is current today is sent."),
}
_DELETES = {
    Delete.REMOVE: gettext_noop("Removed there"),
    Delete.CANCEL: gettext_noop("Cancelled there"),
    Delete.BY_HAND: gettext_noop("By hand there"),
}
_KINDS = {
    "text": gettext_noop("Text"),
    "date": gettext_noop("Date"),
    "decimal": gettext_noop("Number"),
    "code": gettext_noop("Code"),
    "department": gettext_noop("Department code"),
    "company": gettext_noop("Company"),
    "manager": gettext_noop("Manager"),
}


@dataclass(frozen=True, slots=True)
class Mark:
    """One property of a cell: never colour alone, always a glyph and a word."""

    code: str
    glyph: str
    called: str
    means: str
    needs: str = ""  # with what a value must exist, in words; "" for always

    @property
    def word(self) -> str:
        return _("required with {condition}").format(condition=self.needs) if self.needs else say(self.called)

    @property
    def meaning(self) -> str:
        return say(self.means)


MARKS = {
    mark.code: mark
    for mark in (
        Mark("sent", "✓", gettext_noop("sent"), gettext_noop("Sent whenever it differs from what is there.")),
        Mark(
            "required",
            "★",
            gettext_noop("required"),
            gettext_noop("Sent, and without it nothing is sent for that position."),
        ),
        Mark(
            "on_create",
            "+",
            gettext_noop("only on create"),
            gettext_noop("Sent with a new record; later changes of it are not sent."),
        ),
        Mark(
            "corrected",
            "±",
            gettext_noop("on create, then corrected"),
            gettext_noop(
                "Sent with a new record; a later change of the same position corrects what was sent, and nothing else."
            ),
        ),
        Mark(
            "if_empty_corrected",
            "◎",
            gettext_noop("if empty, then corrected"),
            gettext_noop(
                "Sent where nothing is filled in there; a later change of the same position corrects what was sent."
            ),
        ),
        Mark(
            "if_empty",
            "○",
            gettext_noop("only if empty"),
            gettext_noop("Sent where nothing is filled in there; what is there stays."),
        ),
        Mark(
            "locked",
            "■",
            gettext_noop("fixed once set"),
            gettext_noop("Filled in where it is empty there; another value is refused later."),
        ),
        Mark(
            "translated",
            "⇄",
            gettext_noop("translated"),
            gettext_noop("Our value becomes the system's own code by a table."),
        ),
        Mark(
            "opt_in",
            "◐",
            gettext_noop("opt-in"),
            gettext_noop("Sent once it is switched on in the connection's settings."),
        ),
        Mark(
            "no",
            "–",
            gettext_noop("not supported"),
            gettext_noop("The system does not take it; opening the cell says why."),
        ),
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

    @property
    def label(self) -> str:
        return say(self.ours.label)


@dataclass(frozen=True, slots=True)
class Matrix:
    systems: tuple[System, ...]
    groups: tuple[tuple[str, tuple[Row, ...]], ...]

    @property
    def rows(self) -> Iterator[Row]:
        for _group, rows in self.groups:
            yield from rows


def country(system: System) -> str:
    """In words; declarations give a code, a name, or nothing for a system of no country."""
    if not system.country:
        return _("Any country")
    codes = system.country.replace(",", " ").replace("/", " ").split()
    return ", ".join(say(_COUNTRIES.get(code, code)) for code in codes) if codes[0] in _COUNTRIES else system.country


def model(system: System) -> str:
    return say(_MODELS[system.model])


def model_meaning(system: System) -> str:
    return say(_MODEL_MEANINGS[system.model])


def delete(system: System) -> str:
    return say(_DELETES[system.delete])


def matrix(key: str = "") -> Matrix:
    """All systems side by side, or the one with this key."""
    return _matrix(key, get_language())


@cache
def _matrix(key: str, language: str | None) -> Matrix:
    """Declarations do not change while a process runs."""
    chosen = tuple(s for s in systems() if key in ("", s.key))
    return Matrix(
        chosen,
        tuple(
            (say(group), tuple(Row(ours, tuple(cell(s, s.field(ours.key)) for s in chosen)) for ours in FIELDS
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
        reason=say(declared.unsupported),
        notes=tuple(_notes(declared)) if declared.supported else (),
        format=say(declared.format or _KINDS[ours.kind]) if declared.supported else "",
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
        yield replace(MARKS["required"], needs="" if declared.required else condition)
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
        return say(declared.required_while.what)
    return say(BY_KEY[declared.required_with].label).lower() if declared.required_with else ""


def _place(declared: Field) -> Iterator[str]:
    if declared.note:
        yield say(declared.note)
    if declared.of_employee:
        yield _(
            "It is the employee's, one value for all periods: it is sent with the position of today. That of a "
            "position to come is sent on its first day."
        )


def _notes(declared: Field) -> Iterator[str]:
    yield from _place(declared)
    if declared.opt_in:
        yield _by_switch(
            declared.opt_in,
            on=_("“{setting}” in the connection's settings switches it; it is on at first."),
            off=_("“{setting}” in the connection's settings switches it; it is off at first."),
        )
    yield from _later_changes(declared)
    if declared.cleared_by:
        yield _by_switch(
            declared.cleared_by,
            on=_(
                "“{setting}” in the connection's settings empties it there when the last position is over, where it "
                "still holds what was sent; a new position fills it in again. That is on at first."
            ),
            off=_(
                "“{setting}” in the connection's settings empties it there when the last position is over, where it "
                "still holds what was sent; a new position fills it in again. That is off at first."
            ),
        )
    if declared.absent_while:
        yield _("With {case} it is neither needed nor sent, and what was sent before is emptied there.").format(
            case=say(declared.absent_while.what)
        )
    if not declared.clearable:
        yield _("Emptied here, it stays there.")


def _later_changes(declared: Field) -> Iterator[str]:
    if declared.corrected:
        yield (
            _(
                "A later change of the first day of the employment is sent too, where the record still holds what was "
                "sent for it. What somebody entered there stays, and another position that takes over leaves it as it "
                "is."
            )
            if declared.of_employment
            else _(
                "A later change of the same position is sent too, where the record still holds what was sent for it. "
                "What somebody entered there stays, and another position that takes over leaves it as it is."
            )
        )
    if declared.always_by:
        yield _by_switch(
            declared.always_by,
            on=_(
                "“{setting}” in the connection's settings makes it follow every change, also when another position "
                "takes over; it is on at first."
            ),
            off=_(
                "“{setting}” in the connection's settings makes it follow every change, also when another position "
                "takes over; it is off at first."
            ),
        )
    if declared.locked:
        yield _(
            "It cannot be changed on a record that has it: put the old value back, end the position, and add a new "
            "one with the new value. Until then, that position is not sent."
        )
    if declared.locked and declared.locked.lifted_by:
        yield _by_switch(
            declared.locked.lifted_by,
            on=_(
                "“{setting}” in the connection's settings writes the change all the same, with a warning; it is on "
                "at first."
            ),
            off=_(
                "“{setting}” in the connection's settings writes the change all the same, with a warning; it is "
                "off at first."
            ),
        )


def _by_switch(setting: Setting, *, on: str, off: str) -> str:
    """What a switch does, and how it stands at first."""
    return (on if setting.default else off).format(setting=say(setting.label))


def _limits(declared: Field) -> str:
    parts = []
    if declared.max_length is not None:
        parts.append(_("at most {number} characters").format(number=declared.max_length))
    if declared.allowed:
        parts.append(say(declared.allowed_note) or _("written as {pattern}").format(pattern=declared.allowed))
    if declared.minimum is not None and declared.maximum is not None:
        parts.append(_("{minimum} to {maximum}").format(minimum=declared.minimum, maximum=declared.maximum))
    elif declared.minimum is not None:
        parts.append(_("{minimum} or more").format(minimum=declared.minimum))
    elif declared.maximum is not None:
        parts.append(_("{maximum} or less").format(maximum=declared.maximum))
    if declared.decimals is not None:
        number = declared.decimals
        decimals = ngettext("up to {number} decimal", "up to {number} decimals", number).format(number=number)
        parts.append(decimals if number else _("whole numbers"))
    if declared.choices:
        number = len(declared.choices)
        parts.append(ngettext("one of {number} value", "one of {number} values", number).format(number=number))
    return "; ".join(parts)


def _invalid(declared: Field) -> Iterator[str]:
    condition = _condition(declared)
    if declared.default_setting:
        default = say(declared.default_setting.label)
        yield (
            _("Empty with {condition}: “{setting}” of the connection's settings is sent instead.")
            if condition
            else _("Empty: “{setting}” of the connection's settings is sent instead.")
        ).format(condition=condition, setting=default)
    if declared.required or condition:
        yield _when_missing(declared, condition)
    if declared.unless:
        yield _("Empty: the rest is sent, with a warning, because {why}.").format(why=say(declared.unless))
    if declared.codes is not None and any(code in (None, "") for code in declared.codes.values()):
        yield (
            _(
                "A value without a counterpart: that position is not sent until one is chosen in the connection's "
                "settings."
            )
            if declared.table
            else _("A value without a counterpart: that position is not sent.")
        )
    if _limits(declared):
        yield _("Outside its limits: that position is not sent; the error log names the limit.")


def _when_missing(declared: Field, condition: str) -> str:
    """By whether a setting stands in for it, with what it must exist, and with what it need not."""
    case = say(declared.absent_while.what) if declared.absent_while else ""
    if condition and case:
        sentence = (
            _(
                "Both empty with {condition}, except with {case}: that position is not sent; the error log names "
                "{field}."
            )
            if declared.default_setting
            else _(
                "Missing with {condition}, except with {case}: that position is not sent; the error log names {field}."
            )
        )
    elif condition:
        sentence = (
            _("Both empty with {condition}: that position is not sent; the error log names {field}.")
            if declared.default_setting
            else _("Missing with {condition}: that position is not sent; the error log names {field}.")
        )
    elif case:
        sentence = (
            _("Both empty, except with {case}: that position is not sent; the error log names {field}.")
            if declared.default_setting
            else _("Missing, except with {case}: that position is not sent; the error log names {field}.")
        )
    else:
        sentence = (
            _("Both empty: that position is not sent; the error log names {field}.")
            if declared.default_setting
            else _("Missing: that position is not sent; the error log names {field}.")
        )
    return sentence.format(condition=condition, case=case, field=say(BY_KEY[declared.ours].label).lower())


def _codes(declared: Field) -> tuple[tuple[str, str], ...]:
    if declared.codes is None:
        return ()
    theirs = code_words(declared)
    return tuple(
        (our_word(declared.ours, ours), theirs.get(str(code), str(code)) if code else _("no counterpart"))
        for ours, code in declared.codes.items()
    )


def code_words(declared: Field) -> dict[str, str]:
    """Their codes with the labels that the field's translation table shows."""
    return {code: say(label) for code, label in declared.table.choices} if declared.table else {}


_OUR_WORDS = {
    field.name: {str(code): word for code, word in field.choices or ()} for field in Position._meta.concrete_fields
}


def our_word(ours: str, code: str) -> str:
    """One of our codes as the position's page shows it."""
    return str(_OUR_WORDS.get(ours, {}).get(code) or "") or code.replace("_", " ").capitalize()


# -- the same for machines and for docs/systems.md -------------------------------------------------------------------


def described(system: System) -> dict[str, Any]:
    """One system for `manage.py systems --json` and the API."""
    return {
        "key": system.key,
        "name": system.name,
        "country": country(system),
        "model": str(system.model),
        "protocol": say(system.protocol),
        "delete": {"how": str(system.delete), "note": say(system.delete_note)},
        "moves": system.moves,
        "matching": [say(mark) for mark in system.matching],
        "calls_create": system.calls.create,
        "calls_update": system.calls.update,
        "calls_unchanged": system.calls.unchanged,
        "snapshot": {
            "unsupported": system.sight.unsupported,
            "calls_for_1000": None if system.sight.unsupported else system.sight.calls(1000),
            "calls_for_1000_with": _dearer(system.sight),
            "versions": system.sight.versions,
            "minutes": system.sight.minutes,
            "hides": list(system.sight.hides),
            "note": system.sight.note,
        },
        "limits": {
            "requests": system.limits.requests,
            "per_seconds": system.limits.per_seconds,
            "concurrency": system.limits.concurrency,
            "note": say(system.limits.note),
        },
        "required_settings": [
            {
                "name": s.name,
                "label": say(s.label),
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
        "label": say(BY_KEY[declared.ours].label),
        "group": say(BY_KEY[declared.ours].group),
        "supported": declared.supported,
        "remote": declared.remote,
        "when": str(declared.when) if declared.supported else "",
        "corrected": declared.corrected,
        "required": declared.required,
        "required_with": declared.required_with,
        "required_while": say(declared.required_while.what) if declared.required_while else "",
        "absent_while": say(declared.absent_while.what) if declared.absent_while else "",
        "locked": declared.locked is not None,
        "translated": declared.supported and (declared.codes is not None or bool(declared.table)),
        "opt_in": bool(declared.opt_in),
        "unsupported": say(declared.unsupported),
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
            *(_("Group"), _("Field"), _("System"), _("Name there"), _("What happens")),
            *(_("Format"), _("Limits"), _("Example"), _("When it is not right"), _("Notes")),
        ]
    )
    for row in table.rows:
        for c in row.cells:
            writer.writerow(
                [say(row.ours.group), row.label, c.system.name, c.remote, c.words, c.format, c.limits, c.example,
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


def _dearer(sight: Sight) -> dict[str, int]:
    """By the switch of a connection with which everybody costs more: how many calls for 1 000."""
    dearer = sight.dearer
    return {dearer.switch: sight.where({dearer.switch: True}).calls(1000)} if dearer else {}


def _sight(sight: Sight) -> tuple[str, ...]:
    if sight.unsupported:
        return ("–", "–", "–", "–", sight.unsupported)
    records = f"{sight.each} more for each employee" if sight.each else "in the list"
    calls = [str(sight.calls(1000)), *(f"{calls} with `{switch}`" for switch, calls in _dearer(sight).items())]
    hidden = f"Without {', '.join(BY_KEY[key].label.lower() for key in sight.hides)}." if sight.hides else ""
    return (
        ", ".join(calls),
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
