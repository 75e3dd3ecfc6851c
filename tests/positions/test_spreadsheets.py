"""No cell of an export is a formula, whichever sign a country's spreadsheet takes for the end of a cell."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from positions import spreadsheets

NASTY = st.text(alphabet="=+-@;,\t\r\n|\"' aÅ1＝", max_size=20)


@pytest.mark.parametrize("text", ["=1+1", "x;=1+1", "x\t@SUM(A1)", 'a";=cmd', "\r=1", "  =1", "a\n-2", "＝1"])
def test_known_ways_in(text: str) -> None:
    _check([text])


@given(st.lists(NASTY, min_size=1, max_size=4))
def test_no_cell_is_a_formula(values: list[str]) -> None:
    _check(values)


def _check(values: list[str]) -> None:
    written = "".join(spreadsheets.lines([values])).removeprefix("\ufeff")
    for delimiter in ",;\t|":
        for row in csv.reader(io.StringIO(written, newline=""), delimiter=delimiter):
            for found in row:
                assert found.strip(" \"'")[:0] == "" and not found.lstrip(' "').startswith(("=", "+", "-", "@", "＝"))


def test_ordinary_values_stay_as_they_are() -> None:
    (line,) = spreadsheets.lines([["Åse", "80.5", -3, None, "a-b", "kari@example.com"]])
    assert next(csv.reader([line.removeprefix("\ufeff")])) == ["Åse", "80.5", "-3", "", "a-b", "kari@example.com"]
