"""Files as people send them, and the way of one through a worker."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from positions.importing import work
from positions.models import Import, Member, Organization
from tests.factories import MemberFactory


def csv_of(rows: Iterable[Sequence[Any]], *, delimiter: str = ";", encoding: str = "utf-8") -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode(encoding)


def xlsx_of(rows: Iterable[Sequence[Any]]) -> bytes:
    """Cells with a format are (value, format)."""
    from openpyxl import Workbook

    book = Workbook()
    for row in rows:
        book.active.append([cell[0] if isinstance(cell, tuple) else cell for cell in row])
        for n, cell in enumerate(row, start=1):
            if isinstance(cell, tuple):
                book.active.cell(book.active.max_row, n).number_format = cell[1]
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def rows_of(content: bytes) -> list[list[Any]]:
    """The first sheet of a workbook, or CSV with semicolons."""
    if content[:2] == b"PK":
        from openpyxl import load_workbook

        return [list(row) for row in load_workbook(io.BytesIO(content)).worksheets[0].iter_rows(values_only=True)]
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))


def editor_of(organization: Organization) -> Any:
    return MemberFactory(organization=organization, role=Member.Role.EDITOR).user


def sent(organization: Organization, kind: str, content: bytes | Iterable[Sequence[Any]], **more: Any) -> Import:
    """A file that was read and tried out."""
    content = content if isinstance(content, bytes) else csv_of(content)
    asked = work.begin(organization, more.pop("user", None) or editor_of(organization), kind, content, **more)
    return carried_on(asked)


def carried_on(asked: Import) -> Import:
    while work.carry_on(asked.pk):
        pass
    return Import.objects.get(pk=asked.pk)


def imported(organization: Organization, kind: str, content: bytes | Iterable[Sequence[Any]], **more: Any) -> Import:
    """A file of which the good rows were carried out."""
    asked = sent(organization, kind, content, **more)
    return confirmed(asked)


def confirmed(asked: Import) -> Import:
    work.confirm(asked.pk)
    return carried_on(asked)


def errors(asked: Import) -> dict[int, dict[str, list[str]]]:
    """By line."""
    return {
        row["line"]: row["errors"] for piece in asked.pieces.all() for row in piece.content["rows"] if row["errors"]
    }


def became(asked: Import) -> tuple[int, int, int, int]:
    return asked.created, asked.updated, asked.unchanged, asked.refused
