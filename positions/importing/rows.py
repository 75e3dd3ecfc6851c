"""A file's lines as rows of the API's form: each with its values, or with what is wrong with them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from positions.importing.columns import Column, named, recognised
from positions.importing.files import Line, UnreadableError
from positions.importing.values import Cell, text_of
from positions.models import Import
from positions.privacy.national_ids import masked_strictly

# More wrong headings than these are not a slip: they are another file.
_TOLD = 8


@dataclass(slots=True)
class Row:
    """One row of a file. `cells`: as text, in the order of the file's columns; `values`: by the API's names; `errors`:
    by the column's name ("" for the whole row); `became`: "created", "updated" or "unchanged"; `changes`: column ->
    [old, new] in words."""

    line: int
    cells: list[str]
    values: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, list[str]] = field(default_factory=dict)
    became: str = ""
    changes: dict[str, list[str]] = field(default_factory=dict)

    def refuse(self, column: str, words: str) -> None:
        """Nothing of the row is done then. A national id that the words quote is not told."""
        self.errors.setdefault(column, []).append(masked_strictly(words))
        self.became, self.changes = "", {}

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def told(self, kind: str) -> list[str]:
        """What is wrong, in sentences that name the column."""
        found = []
        for name, sentences in self.errors.items():
            column = named(kind, name)
            found += [f"{column.label}: {words}" if column is not None else words for words in sentences]
        return found


def understood(asked: Import, lines: Sequence[Line], country: str) -> tuple[list[Column], list[Row]]:
    """The columns and rows of a file whose first line has the headings. Raises UnreadableError."""
    (_first, headings), *rest = lines
    columns, wrong = recognised(asked.kind, [str(heading) for heading in headings])
    if wrong:
        more = [_("and %(number)s more.") % {"number": len(wrong) - _TOLD}] if len(wrong) > _TOLD else []
        raise UnreadableError("\n".join([*wrong[:_TOLD], *more]))
    example = {column.name: column.example for column in columns if column.example}
    rows = []
    for number, cells in rest:
        row = _row(number, columns, cells, country, clears=asked.empty_clears)
        if not _is_example(row, columns, example, country):
            rows.append(row)
    if not rows:
        raise UnreadableError(_("The file has the template's example alone. Write your own rows in its place."))
    _refuse_doubles(asked.kind, rows)
    return columns, rows


def _row(number: int, columns: Sequence[Column], cells: Sequence[Cell], country: str, *, clears: bool) -> Row:
    cells = [*cells, *[""] * (len(columns) - len(cells))]
    row = Row(number, [text_of(cell, country) for cell in cells])
    if len(cells) > len(columns):
        row.refuse("", _("The row has more cells than there are headings: is there a separator within a text?"))
    for column, cell in zip(columns, cells, strict=False):
        if not column.read:
            continue
        if cell == "":
            if clears and column.clears:
                row.values[column.name] = None
            continue
        try:
            row.values[column.name] = column.kind.read(cell, country)
        except ValueError as error:
            row.refuse(column.name, str(error))
    return row


def _is_example(row: Row, columns: Iterable[Column], example: Mapping[str, str], country: str) -> bool:
    wanted = {c.name: c.kind.read(example[c.name], country) for c in columns if c.read and c.name in example}
    said = {name: value for name, value in row.values.items() if value is not None}
    return len(wanted) > 2 and said == wanted


def _refuse_doubles(kind: str, rows: Iterable[Row]) -> None:
    """The second row about the same employee or position. What is found by different names is told from what is
    stored (positions/importing/judging.py)."""
    first: dict[Any, int] = {}
    for row in rows:
        for column, key in _names(kind, row.values):
            before = first.setdefault((column, key), row.line)
            if before != row.line:
                row.refuse(column, _("Row %(number)s is about the same one.") % {"number": before})
                break


def _names(kind: str, values: Mapping[str, Any]) -> list[tuple[str, Any]]:
    if kind == Import.Kind.EMPLOYEES:
        return [(name, values[name]) for name in ("number", "external_id") if values.get(name)]
    whose = values.get("employee_number")
    found: list[tuple[str, Any]] = [("id", values["id"])] if values.get("id") else []
    if whose and values.get("external_id"):
        found.append(("external_id", (whose, values["external_id"])))
    if whose and not found and values.get("start_date"):
        found.append(("start_date", (whose, values["start_date"])))
    return found


def by_level(rows: Sequence[Row], waiting: Iterable[str]) -> list[list[Row]]:
    """Employees so that whoever is somebody's manager, and is not stored yet (`waiting`, by number), comes before them.
    Who would have to come before themselves is refused."""
    makers = {row.values["number"]: row for row in rows if row.values.get("number") in set(waiting)}
    after: defaultdict[int, list[Row]] = defaultdict(list)
    levels: list[list[Row]] = [[]]
    for row in rows:
        manager = makers.get(row.values.get("manager") or "")
        if manager is None or manager is row:
            levels[0].append(row)
        else:
            after[id(manager)].append(row)
    while following := [row for manager in levels[-1] for row in after.pop(id(manager), [])]:
        levels.append(following)
    left = [row for several in after.values() for row in several]
    for row in left:
        row.refuse("manager", _("Each in this chain of managers is new. Leave this one out, and send it once more."))
    levels[0] += left
    return levels
