"""Digits are grouped as the reader's language does it: 20,000 reads as twenty where a comma is the decimal point."""

from __future__ import annotations

import ast
from pathlib import Path
from string import Formatter

import pytest
from django.utils import translation

from positions.importing import files
from tests.languages.catalogs import catalogs

ROOT = Path(__file__).parents[2]
ENGLISH = {"positions/api/pagination.py"}  # the document of the API
PRODUCT = [
    path
    for app in ("positions", "integrations", "synclog")
    for path in sorted((ROOT / app).rglob("*.py"))
    if path.name != "sandbox.py" and "sandbox" not in path.parts and str(path.relative_to(ROOT)) not in ENGLISH
]


def test_nothing_groups_digits_the_english_way() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in PRODUCT
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FormattedValue) and node.format_spec and "," in ast.unparse(node.format_spec)
    ]
    assert len(PRODUCT) > 200 and not found


def test_no_sentence_does() -> None:
    said = [
        words
        for _context, english in catalogs.wanted()
        for words in ([english] if isinstance(english, str) else english)
    ]
    braced = [words for words in said if "{" in words and ":," in words]
    assert len(said) > 3000 and not [
        w for w in braced if any("," in (spec or "") for *_, spec, _c in Formatter().parse(w))
    ]


@pytest.mark.parametrize(
    ("language", "most"), [("en-gb", "20,000"), ("nb", "20 000"), ("sv", "20 000"), ("fi", "20 000")]
)
def test_a_file_with_too_many_rows_is_told_so(language: str, most: str) -> None:
    with translation.override(language), pytest.raises(files.UnreadableError) as told:
        files.read(b"a\n" + b"1\n" * (files.MOST_ROWS + 1))
    assert most in str(told.value).replace("\xa0", " ")
