"""Values out of answers in which anything may stand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from integrations.sdk.errors import UnavailableError
from integrations.sdk.http import Response
from integrations.sdk.reading import date_of, digits_of, email_of, number_of, sure_date, text_of


@pytest.mark.parametrize(("value", "text"), [(None, None), ("", None), (" \t", None), (" a b ", "a b"), (0, "0")])
def test_text(value: Any, text: str | None) -> None:
    assert text_of(value) == text


@pytest.mark.parametrize(("value", "email"), [(None, ""), (" Ase@Example.COM ", "ase@example.com")])
def test_email(value: Any, email: str) -> None:
    assert email_of(value) == email


@pytest.mark.parametrize(
    ("value", "digits"), [(None, ""), (974760673, "974760673"), ("NO 974 760 673 MVA", "974760673"), ("٣²", "")]
)
def test_digits(value: Any, digits: str) -> None:
    assert digits_of(value) == digits


@pytest.mark.parametrize(
    ("value", "number"), [(None, None), ("", None), ("none", None), ("7.50", Decimal("7.5")), (0.1, Decimal("0.1"))]
)
def test_number(value: Any, number: Decimal | None) -> None:
    assert number_of(value) == number


@pytest.mark.parametrize("value", ["1" * 40, "1e40", "-1e-40"])
def test_the_longest_numbers(value: str) -> None:
    assert number_of(value) == Decimal(value)
    assert number_of(value.replace("40", "41") + "1" * value.isdigit()) is None


@pytest.mark.parametrize("read", [date_of, sure_date])
@pytest.mark.parametrize("value", ["2026-06-15", "2026-06-15T00:00:00+02:00", date(2026, 6, 15)])
def test_date(read: Any, value: Any) -> None:
    assert read(value) == date(2026, 6, 15)


NO_DATES = ["0001-01-01", "0001-01-01T00:00:00", "1753-01-01", "1899-12-30", "1900-01-01", "9999-12-31", "0000-00-00"]


@pytest.mark.parametrize("value", [None, "", *NO_DATES, date.max, date.min])
def test_no_date(value: Any) -> None:
    assert date_of(value) is sure_date(value) is None


@pytest.mark.parametrize("value", ["1901-01-01", "9998-12-31"])
def test_the_first_and_the_last_day(value: str) -> None:
    assert date_of(value) == sure_date(value) == date.fromisoformat(value)


@pytest.mark.parametrize("value", ["15.06.2026", "2026-13-01", "soon", "soon" * 100])
def test_a_date_that_cannot_be_read(value: Any) -> None:
    """A period without a readable end would look as if it never ended, and nothing would overlap it."""
    assert date_of(value) is None
    with pytest.raises(UnavailableError, match="cannot be read") as caught:
        sure_date(value)
    assert caught.value.vendor_text == value[:100]


@pytest.mark.parametrize(
    ("body", "read"), [(b'{"a": 1}', {"a": 1}), (b"[1]", {}), (b"null", {}), (b"<html>", {}), (b"[" * 100_000, {})]
)
def test_the_object_of_an_answer(body: bytes, read: dict[str, Any]) -> None:
    assert Response(400, {}, body, None).json_object() == read


def test_the_words_of_an_answer_are_short() -> None:
    assert Response(418, {}, b"x" * 1000, None).words == {"vendor_text": "x" * 300, "vendor_code": "418"}


@pytest.mark.parametrize(
    "value", ["9" * 3_000_000, "1e999999999", "-1e-999999999", "Infinity", "sNaN", float("inf"), "1" * 41]
)
def test_a_number_that_nobody_could_write_down(value: Any) -> None:
    assert number_of(value) is None
