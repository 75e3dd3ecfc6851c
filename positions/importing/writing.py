"""The same form written: the template, an export, and the refused rows with what is wrong with them.

As CSV with semicolons, which is what spreadsheets of the four countries open without asking, or as an Excel workbook.
No cell of either is a formula (positions/spreadsheets.py).
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import chain
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from positions import spreadsheets
from positions.importing.columns import ERRORS, OF_KIND, Column, named
from positions.importing.files import MOST_ROWS
from positions.importing.rows import Row
from positions.importing.values import Choice, Day, Number, YesNo, text_of
from positions.models import Employee, Import, Organization, Position

XLSX, CSV = "xlsx", "csv"
FORMS = ((XLSX, gettext_lazy("Excel workbook")), (CSV, gettext_lazy("CSV")))
_TYPES = {
    XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    CSV: "text/csv; charset=utf-8",
}
_CHUNK = 500


@dataclass(frozen=True)
class Table:
    """`rows` are cells: text, days and numbers. `explained`: columns of which a second sheet says what they are."""

    title: str
    headings: Sequence[str]
    rows: Iterable[Sequence[Any]]
    country: str
    explained: Sequence[Column] = ()


def template(kind: str, country: str) -> Table:
    columns = [column for column in OF_KIND[kind] if column.read]
    example = [_example(column, country) for column in columns]
    return Table(_title(kind), _headings(columns), [example], country, columns)


def export(kind: str, organization: Organization) -> Table:
    columns = [column for column in OF_KIND[kind] if column.exported]
    country = organization.country
    rows = (
        [column.kind.show(column.stored(row), country) for column in columns]
        for row in stored(kind, organization).iterator(chunk_size=_CHUNK)
    )
    return Table(_title(kind), _headings(columns), rows, country)


def stored(kind: str, organization: Organization) -> QuerySet[Any]:
    """What an export of the organization holds, in its order."""
    if kind == Import.Kind.EMPLOYEES:
        employees = Employee.objects.filter(organization=organization).order_by("number", "pk")
        return employees.select_related("company", "department", "manager").defer("national_id", "manager__national_id")
    positions = Position.objects.filter(employee__organization=organization)
    positions = positions.select_related("employee", "company", "department").defer("employee__national_id")
    return positions.order_by("employee__number", "start_date", "pk")


def refused(asked: Import) -> Table:
    """The rows that cannot be imported, as they were sent, with what is wrong with each beside them."""
    columns = [column for name in asked.columns if (column := named(asked.kind, name)) is not None]
    kept = [n for n, name in enumerate(asked.columns) if name != ERRORS.name]

    def rows() -> Iterator[Sequence[Any]]:
        for piece in asked.pieces.filter(refused__gt=0).iterator(chunk_size=1):
            for row in (Row(**one) for one in piece.content["rows"]):
                if row.errors:
                    yield [*(row.cells[n] for n in kept), " ".join(row.told(asked.kind))]

    headings = [*_headings(columns), str(ERRORS.label)]
    return Table(_title(asked.kind), headings, rows(), asked.organization.country)


def _title(kind: str) -> str:
    return str(Import.Kind(kind).label)


def _headings(columns: Iterable[Column]) -> list[str]:
    return [str(column.label) for column in columns]


def _example(column: Column, country: str) -> Any:
    if not column.example:
        return ""
    value = column.kind.read(column.example, country)
    if isinstance(column.kind, Choice | Number):
        return column.kind.show(value, country)
    return date.fromisoformat(str(value)) if isinstance(column.kind, Day) else value


# -- as a file


def response(table: Table, form: str, name: str) -> HttpResponse | StreamingHttpResponse:
    """To be downloaded as `name` with the ending of its form, and kept by no cache."""
    answer: HttpResponse | StreamingHttpResponse
    if form == CSV:
        answer = StreamingHttpResponse(_csv(table), content_type=_TYPES[CSV])
    else:
        answer = HttpResponse(_workbook(table), content_type=_TYPES[XLSX])
    answer["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    answer["Cache-Control"] = "no-store"
    return answer


def fits(number: int, form: str) -> bool:
    """Whether so many rows can be written: a workbook is made in the memory, CSV line by line."""
    return form == CSV or number <= MOST_ROWS


def _csv(table: Table) -> Iterator[str]:
    rows = ([text_of(cell, table.country) for cell in row] for row in table.rows)
    return spreadsheets.lines(chain([table.headings], rows), mark=True, delimiter=";")


def _workbook(table: Table) -> bytes:
    from openpyxl import Workbook  # noqa: PLC0415  # as in files.py
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE  # noqa: PLC0415
    from openpyxl.styles import Font  # noqa: PLC0415
    from openpyxl.utils import get_column_letter  # noqa: PLC0415

    book = Workbook(write_only=True)
    day_form = "yyyy-mm-dd" if text_of(date(2026, 12, 1), table.country).startswith("2026") else "dd.mm.yyyy"

    def cell(sheet: Any, value: Any, *, bold: bool = False) -> Any:
        if isinstance(value, Decimal) or value == "":
            return value
        if not isinstance(value, date):
            value = spreadsheets.cell(ILLEGAL_CHARACTERS_RE.sub("", str(value)))
            if not bold:
                return value
        made = WriteOnlyCell(sheet, value)
        if bold:
            made.font = Font(bold=True)
        else:
            made.number_format = day_form
        return made

    def sheet_of(title: str, headings: Sequence[str], widths: Sequence[int], rows: Iterable[Sequence[Any]]) -> None:
        sheet = book.create_sheet(title)
        sheet.freeze_panes = "A2"
        for number, width in enumerate(widths, start=1):
            sheet.column_dimensions[get_column_letter(number)].width = width
        sheet.append([cell(sheet, heading, bold=True) for heading in headings])
        for row in rows:
            sheet.append([cell(sheet, value) for value in row])

    sheet_of(table.title, table.headings, [max(14, len(h) + 3) for h in table.headings], table.rows)
    if table.explained:
        headings = [_("Column"), _("What it is"), _("Example"), _("What may stand there")]
        rows = (
            (str(c.label), str(c.help), text_of(_example(c, table.country), table.country), _choices(c))
            for c in table.explained
        )
        sheet_of(_("Explanations"), headings, [24, 90, 18, 90], rows)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _choices(column: Column) -> str:
    if isinstance(column.kind, Choice):
        return ", ".join(str(label) for label in column.kind.codes.labels)
    return ", ".join([_("yes"), _("no")]) if isinstance(column.kind, YesNo) else ""
