"""A file as rows of cells, however it came: CSV in the encodings and with the separators that spreadsheets write, or an
Excel workbook. It is read in the memory alone, within limits, and no word of it goes into a log."""

from __future__ import annotations

import csv
import io
import warnings
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import date, datetime, time
from decimal import Decimal
from typing import IO, Any
from xml.parsers import expat

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from positions.importing.values import Cell
from positions.numbers import figure

MOST_ROWS = 20_000
MOST_COLUMNS = 60
# Of a workbook, unpacked: 20,000 full rows are a third of it. What a part says of its own size is all that is read.
MOST_UNPACKED = 60 * 2**20
MOST_PARTS = 200
# What its library makes of a workbook is many times what it is in bytes: elements and attributes of a part, of which
# 20,000 rows with every column have three million; those of them that are held at once, until a row or a text ends; and
# the bytes of one that has not ended yet.
MOST_MARKS = 4_000_000
MOST_HELD = 250_000
MOST_OF_ONE = 2**20
# Of formats each is kept, with all that it may be made of.
MOST_OF_STYLES = 2**20

_STYLES = "xl/styles.xml"
# With these elements the library lets go of what it has read.
_LET_GO = {f"http://schemas.openxmlformats.org/spreadsheetml/2006/main {name}" for name in ("row", "si")}

Line = tuple[int, list[Cell]]  # its number in the file, from 1, and its cells

_ZIP, _OLD_EXCEL = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


class UnreadableError(Exception):
    """Why nothing can be made of a file, as a sentence for whoever sent it."""


def read(content: bytes) -> list[Line]:
    """The lines in which something stands. Raises UnreadableError."""
    if content.startswith(_OLD_EXCEL):
        raise UnreadableError(_("This is a workbook of an old Excel. Save it as .xlsx or as CSV, and send that."))
    found = _of_workbook(content) if content.startswith(_ZIP) else _of_csv(content)
    lines: list[Line] = []
    for number, cells in found:
        if any(cell != "" for cell in cells):
            lines.append((number, cells))
        if len(lines) > MOST_ROWS + 1:
            words = _("The file has more than %(most)s rows. Send it in parts.")
            raise UnreadableError(words % {"most": figure(MOST_ROWS)})
    if len(lines) < 2:
        raise UnreadableError(_("The file has no rows below its headings."))
    if (most := max(len(cells) for _number, cells in lines)) > MOST_COLUMNS:
        words = ngettext("The file has %(number)s column.", "The file has %(number)s columns.", most)
        raise UnreadableError(words % {"number": most} + " " + _("Leave out those that are not in the template."))
    return lines


# -- CSV


def _of_csv(content: bytes) -> Iterator[Line]:
    text = _decoded(content)
    first, _end, rest = text.partition("\n")
    if first.strip().lower().startswith("sep="):  # Excel's own line above the headings
        delimiter, text, above = first.strip()[4:5] or ";", rest, 1
    else:
        delimiter, above = _delimiter(text), 0
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        begins = reader.line_num + 1
        for cells in reader:
            yield begins + above, _trimmed([cell.strip() for cell in cells])
            begins = reader.line_num + 1
    except csv.Error:
        words = _("Line %(number)s cannot be read: is there a quotation mark that is never closed?")
        raise UnreadableError(words % {"number": reader.line_num + above}) from None


def _decoded(content: bytes) -> str:
    excels_unicode_text = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if excels_unicode_text else ("utf-8-sig", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise UnreadableError(_("This is neither CSV nor an Excel workbook (.xlsx)."))


def _delimiter(text: str) -> str:
    """The one that makes the most of the headings."""
    head = next((line for line in text.splitlines() if line.strip()), "")

    def cells(delimiter: str) -> int:
        try:
            return len(next(csv.reader([head], delimiter=delimiter), []))
        except csv.Error:
            return 0

    return max(";,\t", key=cells)


# -- Excel


def _of_workbook(content: bytes) -> Iterator[Line]:
    from openpyxl import load_workbook  # noqa: PLC0415  # where no workbook is sent, no process loads its library

    warnings.filterwarnings("ignore", module="openpyxl")  # they quote cells
    try:
        _look_at_size(content)
        with closing(load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)) as book:
            sheet = book.worksheets[0]
            sheet.reset_dimensions()  # what it says of them is not believed
            rows = sheet.iter_rows(max_row=2 * MOST_ROWS, max_col=MOST_COLUMNS + 1)
            for number, row in enumerate(rows, start=1):
                yield number, _trimmed([_cell(cell) for cell in row])
    except UnreadableError:
        raise
    except Exception:  # its library meets a broken workbook with errors of every kind, which quote it
        raise UnreadableError(_("This workbook cannot be read. Save it anew as .xlsx, or as CSV.")) from None


def _look_at_size(content: bytes) -> None:
    """Before its library makes anything of the workbook."""
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        found = parts.infolist()
        if len(found) > MOST_PARTS or sum(part.file_size for part in found) > MOST_UNPACKED:
            words = _("The workbook is larger than %(most)s MB when it is unpacked. Send the rows alone, or as CSV.")
            raise UnreadableError(words % {"most": MOST_UNPACKED // 2**20})
        for part in found:
            if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise zipfile.BadZipFile  # of the others a few bytes are unpacked to any number at once
            if part.filename == _STYLES and part.file_size > MOST_OF_STYLES:
                raise _too_much()
            with parts.open(part) as stream:
                _look_at_marks(stream)


def _look_at_marks(stream: IO[bytes]) -> None:
    """Reads a part without keeping it. What is no XML any more is read no further, here as by the library."""
    total = held = read = 0

    def begins(name: str, attributes: list[str]) -> None:
        nonlocal held
        held += 1 + len(attributes) // 2
        if held > MOST_HELD or total + held > MOST_MARKS:
            raise _too_much()

    def ends(name: str) -> None:
        nonlocal total, held
        if name in _LET_GO:
            total, held = total + held, 0

    def declares(*_what: object) -> None:
        raise zipfile.BadZipFile  # a workbook declares no entities

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.ordered_attributes = True
    parser.StartElementHandler, parser.EndElementHandler, parser.StartDoctypeDeclHandler = begins, ends, declares
    while chunk := stream.read(2**16):
        read += len(chunk)
        try:
            parser.Parse(chunk)
        except expat.ExpatError:
            return
        if read - parser.CurrentByteIndex > MOST_OF_ONE:
            raise _too_much()


def _too_much() -> UnreadableError:
    return UnreadableError(_("The workbook holds far more than its rows. Send the rows alone, or as CSV."))


def _cell(cell: Any) -> Cell:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, datetime):
        return value.date() if value.time() == time() else value.isoformat(" ")
    if isinstance(value, bool | date):
        return value
    if isinstance(value, int | float):
        # 80 % is stored as 0.8 with a format.
        return f"{Decimal(str(value)) * 100:f} %" if "%" in (cell.number_format or "") else value
    return str(value)


def _trimmed(cells: Iterable[Cell]) -> list[Cell]:
    """Without what is empty at the end: a sheet has columns where somebody has once clicked."""
    found = list(cells)
    while found and found[-1] == "":
        found.pop()
    return found
