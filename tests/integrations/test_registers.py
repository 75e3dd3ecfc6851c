"""Lists of codes and of everybody, as a turn keeps them."""

from __future__ import annotations

import pytest

from integrations.sdk.errors import DataRefusedError
from integrations.sdk.identity import Mark
from integrations.sdk.messages import Text
from integrations.sdk.registers import Directory, Register

MISSING = Text("test.registers.missing", "There is no {code}.", cause="code_missing", field="company")
SEVERAL = Text("test.registers.several", "There are several {code}.")


def test_the_one_entry_with_a_code() -> None:
    register = Register([("A", 1), ("B", 2), ("B", 3)])
    assert register.the("A", missing=MISSING(code="A")) == 1
    assert register.the("B", missing=MISSING(code="B")) == 2, "where it makes no difference which"
    with pytest.raises(DataRefusedError) as caught:
        register.the("C", missing=MISSING(code="C"), several=SEVERAL(code="C"))
    assert (caught.value.message, caught.value.cause, caught.value.field) == (
        "There is no C.",
        "code_missing",
        "company",
    )
    with pytest.raises(DataRefusedError, match="several B"):
        register.the("B", missing=MISSING(code="B"), several=SEVERAL(code="B"))
    assert "A" in register and "C" not in register and len(register) == 2
    assert register.items() == [("A", 1), ("B", 2), ("B", 3)]


@pytest.fixture
def directory() -> Directory[str]:
    found = Directory[str]()
    found.add("1", "Bo", number="0042", national_id=["199003041234", ""], email=("Bo@a.example", "bo@b.example"))
    found.add("2", "Åse", number="7", national_id="14038512345")
    found.add("3", "Åsa", national_id="******12345", email="bo@b.example")
    return found


@pytest.mark.parametrize(
    ("mark", "text", "found"),
    [
        (Mark.NUMBER, "42", ["Bo"]),
        (Mark.NUMBER, "", []),
        (Mark.NATIONAL_ID, "900304-1234", ["Bo"]),
        (Mark.NATIONAL_ID, "140385 12345", ["Åse"]),
        (Mark.NATIONAL_ID, "12345", []),
        (Mark.EMAIL, "BO@A.example ", ["Bo"]),
        (Mark.EMAIL, "bo@b.example", ["Bo", "Åsa"]),
        (Mark.EMAIL, "nobody@a.example", []),
    ],
)
def test_everybody_with_a_mark(directory: Directory[str], mark: Mark, text: str, found: list[str]) -> None:
    assert directory.by(mark, text) == found


def test_everybody_by_id(directory: Directory[str]) -> None:
    assert (directory.get("2"), directory.get("9"), len(directory), directory.ids()) == (
        "Åse",
        None,
        3,
        ["1", "2", "3"],
    )
