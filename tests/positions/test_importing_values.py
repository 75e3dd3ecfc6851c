"""What stands in a cell, as people of the four countries and their spreadsheets write it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from positions.importing.values import Choice, Day, Number, Text, YesNo, text_of
from positions.models import ContractType, WorkingHoursScheme


@pytest.mark.parametrize(
    "cell", ["01.12.2026", "1.12.2026", "1.12.2026.", "2026-12-01", "2026-12-1", "01-12-2026", date(2026, 12, 1),
             datetime(2026, 12, 1, 9)],
)  # fmt: skip
def test_days(cell: Any) -> None:
    assert Day().read(cell, "NO") == "2026-12-01"


@pytest.mark.parametrize("cell", ["12/1/2026", "1.12.26", "46357", 46357, "31.02.2026", "soon", "１.12.2026"])
def test_what_is_no_day_is_refused_with_an_example_of_the_country(cell: Any) -> None:
    with pytest.raises(ValueError, match=r"01\.12\.2026|no day"):
        Day().read(cell, "FI")
    with pytest.raises(ValueError, match=r"2026-12-01|no day"):
        Day().read(cell, "SE")


@pytest.mark.parametrize(
    ("cell", "value"),
    [("80", "80"), ("37,5", "37.5"), ("37.5", "37.5"), ("80 %", "80"), ("80%", "80"), ("37,500 %", "37.5"), (80, "80"),
     (37.5, "37.5"), ("0", "0"), ("0,8 %", "0.8"), ("100,00", "100"), ("1\u00a0%", "1")],
)  # fmt: skip
def test_percentages(cell: Any, value: str) -> None:
    assert Number(percent=True).read(cell, "NO") == value


@pytest.mark.parametrize("cell", ["0,8", 0.8, "1", 1])
def test_a_share_that_could_be_a_percentage_is_asked_about(cell: Any) -> None:
    with pytest.raises(ValueError, match=r"could mean (80|100) % or (0\.8|1) %"):
        Number(percent=True).read(cell, "NO")
    assert Number().read(cell, "NO") in ("0.8", "1")


@pytest.mark.parametrize("cell", ["many", "1,2,3", "1.234,5", "1e3", "٨٠", True, date(2026, 1, 1), ""])
def test_what_is_no_number_is_refused(cell: Any) -> None:
    with pytest.raises(ValueError, match="not a number"):
        Number().read(cell, "NO")


@pytest.mark.parametrize(
    ("word", "code"),
    [("permanent", "permanent"), (" Job training program ", "job_training_program"), ("THIRD_PARTY", "third_party")],
)
def test_codes_by_their_value_or_label(word: str, code: str) -> None:
    assert Choice(ContractType).read(word, "NO") == code


def test_every_code_is_read_as_it_is_shown() -> None:
    for codes in (ContractType, WorkingHoursScheme):
        for code in codes.values:
            assert Choice(codes).read(Choice(codes).show(code, "NO"), "NO") == code
    with pytest.raises(ValueError, match="is not one of: Permanent, Probation"):
        Choice(ContractType).read("for ever", "NO")


@pytest.mark.parametrize("word", ["yes", "Ja", "kyllä", "X", "1", True, "TRUE", "sant"])
def test_yes(word: Any) -> None:
    assert YesNo().read(word, "NO") is True


@pytest.mark.parametrize("word", ["no", "Nei", "nej", "EI", "0", False, "epätosi"])
def test_no(word: Any) -> None:
    assert YesNo().read(word, "NO") is False


def test_neither() -> None:
    with pytest.raises(ValueError, match="neither yes nor no"):
        YesNo().read("perhaps", "NO")


def test_text_is_what_was_typed_and_no_number_or_day() -> None:
    assert [Text().read(cell, "NO") for cell in ("0042", 42, 42.0, " a ", "'=1+1", "'", 1.5)] == [
        "0042", "42", "42", "a", "=1+1", "'", "1.5",
    ]  # fmt: skip
    with pytest.raises(ValueError, match="Format the cell as text"):
        Text().read(date(2026, 1, 1), "NO")


def test_cells_as_the_country_writes_them() -> None:
    assert text_of(date(2026, 12, 1), "NO") == "01.12.2026" and text_of(date(2026, 12, 1), "SE") == "2026-12-01"
    assert text_of(Decimal("37.50"), "NO") == "37,5" and text_of(Decimal("100.00"), "NO") == "100"
