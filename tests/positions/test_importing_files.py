"""What can be read of a file, in which encoding and with which separators; and what is too much of it."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime
from typing import Any

import pytest

from positions.importing import files
from positions.importing.columns import OF_KIND
from positions.importing.files import UnreadableError, read
from positions.models import Import
from tests.positions.files import csv_of, xlsx_of

ROWS = [["Number", "Name"], ["1", "Åse Ø"], ["2", "Ärlig; a,b"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_csv_of_every_spreadsheet(encoding: str, delimiter: str) -> None:
    found = read(csv_of(ROWS, delimiter=delimiter, encoding=encoding))
    assert found == [(n, row) for n, row in enumerate(ROWS, start=1)]


def test_lines_keep_their_numbers_and_empty_ones_are_left_out() -> None:
    content = 'sep=,\r\nNumber,Name\r\n\r\n1,"two\nlines"\r\n,\r\n2,x,\r\n'
    assert read(content.encode()) == [(2, ["Number", "Name"]), (4, ["1", "two\nlines"]), (7, ["2", "x"])]


def test_a_workbook_with_the_cells_that_excel_makes() -> None:
    rows: list[list[Any]] = [
        ["Number", "Day", "Share", "Hours", "Yes", "Sum", None],
        [42, datetime(2026, 12, 1), (0.375, "0.0%"), 37.5, True, "=1+1", None],
        [None, None, None, None, None, None, None],
        ["0042", date(2026, 12, 2), (1, "0%"), 40.0, False, " x ", None],
    ]
    found = read(xlsx_of(rows))
    assert found == [
        (1, ["Number", "Day", "Share", "Hours", "Yes", "Sum"]),
        (2, [42, date(2026, 12, 1), "37.500 %", 37.5, True]),
        (4, ["0042", date(2026, 12, 2), "100 %", 40, False, "x"]),
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no rows below"),
        (b"Number;Name\r\n", "no rows below"),
        (b'Number;Name\r\n1;"' + b"x" * 200_000, "quotation mark"),
        (b"\x00\x01\x02" * 50, "neither CSV nor"),
        (b"\x81\x8d\x8f\x90\x9d", "neither CSV nor"),
        (b"\xd0\xcf\x11\xe0" + b"x" * 100, "old Excel"),
        (b"PK\x03\x04" + b"x" * 100, "cannot be read"),
        (b"a;" * 99 + b"a\r\n" + b"1;" * 99 + b"1\r\n", "100 columns"),
    ],
)
def test_what_is_no_table_is_refused_in_words(content: bytes, words: str) -> None:
    with pytest.raises(UnreadableError, match=words):
        read(content)


def test_too_many_rows_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_ROWS", 3)
    rows = [["a", "b"], *[["1", "2"]] * 3]
    assert len(read(csv_of(rows))) == 4
    for content in (csv_of([*rows, ["1", "2"]]), xlsx_of([*rows, ["1", "2"]])):
        with pytest.raises(UnreadableError, match="more than 3 rows"):
            read(content)


def _with(part: str, text: str | bytes, workbook: bytes | None = None) -> bytes:
    """A workbook one of whose parts is another one."""
    made, read_from = io.BytesIO(), io.BytesIO(workbook or xlsx_of(ROWS))
    with zipfile.ZipFile(read_from) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, text if name == part else old.read(name))
    return made.getvalue()


def test_a_bomb_is_not_unpacked() -> None:
    bomb = _with("xl/worksheets/sheet1.xml", b"<worksheet>" + b" " * (files.MOST_UNPACKED + 1))
    assert len(bomb) < 500_000
    with pytest.raises(UnreadableError, match="larger than 60 MB"):
        read(bomb)


SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'
)


@pytest.mark.parametrize(
    ("part", "text"),
    [
        ("xl/worksheets/sheet1.xml", SHEET.format("<row>" + "<c/>" * files.MOST_HELD + "</row>")),
        ("xl/worksheets/sheet1.xml", SHEET.format("<row/>" * 4_000)),
        ("xl/worksheets/sheet1.xml", SHEET.format("<row><c " + "x" * (files.MOST_OF_ONE + 2**17))),
        ("xl/styles.xml", "<styleSheet>" + "<xf/>" * (files.MOST_OF_STYLES // 5) + "</styleSheet>"),
        ("xl/workbook.xml", "<workbook>" + "<sheet/>" * files.MOST_HELD + "</workbook>"),
    ],
    ids=["one row", "rows", "one element", "styles", "sheets"],
)
def test_what_its_library_would_make_too_much_of_never_reaches_it(
    part: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few bytes may be millions of elements."""
    if "<row/>" in text:
        monkeypatch.setattr(files, "MOST_MARKS", 3_000)
    monkeypatch.setattr("openpyxl.load_workbook", lambda *_args, **_more: pytest.fail("it was read"))
    bomb = _with(part, text)
    assert len(bomb) < 20_000
    with pytest.raises(UnreadableError, match="far more than its rows"):
        read(bomb)


def test_texts_that_are_shared_count_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_MARKS", 3_000)
    content = io.BytesIO(_with("", ""))
    with zipfile.ZipFile(content, "a") as book:
        book.writestr("xl/shared.xml", "<sst>" + "<si/>" * 3_000 + "</sst>")
    with pytest.raises(UnreadableError, match="far more than its rows"):
        read(content.getvalue())


def test_a_part_that_is_packed_in_another_way_is_not_unpacked() -> None:
    content = io.BytesIO(_with("", ""))
    with zipfile.ZipFile(content, "a", zipfile.ZIP_BZIP2) as book:
        book.writestr("xl/more.xml", "<x>" + " " * 2**20 + "</x>")
    with pytest.raises(UnreadableError, match="cannot be read"):
        read(content.getvalue())


@pytest.mark.parametrize("kind", Import.Kind.values)
def test_as_many_full_rows_as_may_be_sent_are_not_too_much(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    columns = OF_KIND[kind]
    rows = 200
    monkeypatch.setattr(files, "MOST_MARKS", files.MOST_MARKS * rows // files.MOST_ROWS)
    full: list[list[Any]] = [[column.name for column in columns], *[[("x", "@")] * len(columns)] * rows]
    assert len(read(xlsx_of(full))) == rows + 1


LOL = '<!ENTITY l0 "lol">' + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 9))
ENTITIES = [f"<!DOCTYPE x [{LOL}]><x>&l8;</x>", '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>']
SHARED = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    '<row r="1"><c r="A1" t="s"><v>0</v></c></row><row r="2"><c r="A2" t="s"><v>0</v></c></row></sheetData></worksheet>'
)


@pytest.mark.parametrize("text", ENTITIES)
@pytest.mark.parametrize("name", ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml"])
def test_entities_are_not_followed(name: str, text: str) -> None:
    shared = _with("xl/worksheets/sheet1.xml", SHARED) if name == "xl/sharedStrings.xml" else None
    with pytest.raises(UnreadableError, match="cannot be read"):
        read(_with(name, text, shared))


def test_a_row_far_down_and_a_column_far_out_cost_nothing() -> None:
    sheet = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'
    cell = '<row r="{0}"><c r="{1}{0}" t="inlineStr"><is><t>x</t></is></c></row>'
    far: Any = sheet.format(cell.format(1, "A") + cell.format(1_048_576, "A"))
    with pytest.raises(UnreadableError, match="no rows below"):
        read(_with("xl/worksheets/sheet1.xml", far))
    out = sheet.format(cell.format(1, "A") + cell.format(2, "XFD"))
    with pytest.raises(UnreadableError, match="no rows below"):
        read(_with("xl/worksheets/sheet1.xml", out))
