"""CSV that no spreadsheet takes for formulas, whoever typed what stands in it."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from django.http import StreamingHttpResponse

# Where a spreadsheet may see a new cell begin: at the front, and after what separates cells or lines in some country.
_FORMULA = re.compile(r"(^|[;,|\t\r\n])([\s\"']*)([=+\-@\t\r\n＝＋－＠])")


# The same, after `cell` has put its apostrophe there. Behind a hundred blanks nobody looks for it: each of many tabs
# would be a beginning.
_GUARDED = re.compile(r"(^|[;,|\t\r\n])([\s\"']{0,100})'([=+\-@\t\r\n＝＋－＠])")


class _Echo:
    def write(self, line: str) -> str:
        return line


def cell(value: Any) -> str:
    """The value as text; an apostrophe stands before what would begin a formula."""
    text = "" if value is None else str(value)
    return text if isinstance(value, int | float) else _FORMULA.sub(r"\1\2'\3", text)


def unguarded(text: str) -> str:
    """What `cell` was given, from what it gave: who imports an export again changes nothing."""
    return _GUARDED.sub(r"\1\2\3", text)


def download(name: str, columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> StreamingHttpResponse:
    """A file of this name, sent while its rows come."""
    response = StreamingHttpResponse(
        lines(chain([list(columns)], rows), mark=True), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def lines(rows: Iterable[Iterable[Any]], *, mark: bool = False, delimiter: str = ",") -> Iterator[str]:
    """Line by line: whatever is asked for is never in memory as a whole. `mark`: the byte order mark by which a
    spreadsheet reads the letters of Åse as they are."""
    writer = csv.writer(_Echo(), delimiter=delimiter)
    first = "\ufeff" if mark else ""
    for row in rows:
        yield first + writer.writerow([cell(value) for value in row])
        first = ""
