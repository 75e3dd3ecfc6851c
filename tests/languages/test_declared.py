"""What systems declare is in words of ours, marked for translation, and shown in the reader's language."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from integrations.sdk.declaration import System
from integrations.sdk.fields import CODES, FIELDS
from integrations.sdk.messages import Message, to_json
from integrations.sdk.params import Label
from integrations.sdk.wording import say
from integrations.systems.registry import confirmations_of, systems
from tests.languages.bracketed import bracketed

ROOT = Path(__file__).parents[2]
MARKS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy", "pgettext"}

# Attributes of a declaration, by what stands in them.
WORDS = {
    "label", "help", "group", "note", "stays", "hidden", "unless", "allowed_note", "unsupported", "what", "why",
    "title", "remedy", "delete_note", "move_note", "unsynced_note", "protocol", "matching", "send", "several", "one",
}  # fmt: skip
# A date or a number is written the same in every language.
WORDS_OR_FORMS = {"format"}
DATA = {
    "key", "name", "country", "model", "delete", "reads", "transport", "ours", "remote", "when", "required_with",
    "undated_by", "allowed", "example", "dated", "kind", "default", "rows", "pattern", "field", "matches", "cause",
    "code", "codes", "shared_by", "one_call_by", "base_urls", "sandbox_urls", "apart", "of", "hides", "switch",
}  # fmt: skip


def sources() -> Iterator[tuple[Path, ast.Module]]:
    for app in ("config", "integrations", "positions", "synclog"):
        for path in (ROOT / app).rglob("*.py"):
            yield path, ast.parse(path.read_text("utf-8"))


def marks_in(tree: ast.AST) -> Iterator[ast.Constant]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MARKS:
            yield from (arg for arg in node.args if isinstance(arg, ast.Constant))


@cache
def marked() -> frozenset[str]:
    """Every text that stands inside a mark."""
    texts = (mark.value for _, tree in sources() for mark in marks_in(tree))
    return frozenset(text for text in texts if isinstance(text, str))


def test_no_mark_stands_inside_a_text() -> None:
    """Whoever collects what is marked reads an f-string as one piece, and passes over what is marked in it."""
    texts = ((path, node) for path, tree in sources() for node in ast.walk(tree) if isinstance(node, ast.JoinedStr))
    assert not [f"{path}:{mark.lineno}" for path, text in texts for mark in marks_in(text)]


def words_in(declared: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Each text of a declaration that is in words, with the name of where it stands."""
    if isinstance(declared, str):
        if name in WORDS or (
            name in WORDS_OR_FORMS and any(part.isalpha() and part.islower() for part in declared.split())
        ):
            yield name, declared
        elif name not in DATA | WORDS_OR_FORMS:
            raise AssertionError(f"are these words, or data? {name}: {declared!r}")
    elif is_dataclass(declared):
        for field in fields(declared):
            yield from words_in(getattr(declared, field.name), field.name)
    elif name == "choices":  # a code may have no words, or be one
        yield from (
            (name, label) for code, label in declared if label.strip(".") != code and re.search(r"[a-z]", label)
        )
    elif name == "row_words":
        for _, title, empty in declared:
            yield from (("row_words", title), ("row_words", empty))
    elif isinstance(declared, Mapping):
        for value in declared.values():
            yield from words_in(value, name)
    elif isinstance(declared, tuple):
        for value in declared:
            yield from words_in(value, name)


def unmarked(text: str) -> Iterator[str]:
    """Of a text and the labels that it is filled with."""
    label = text if isinstance(text, Label) else Label(text)
    if (
        label.text
        and label.text not in marked()
        and any(map(str.isalpha, label.text.format(**dict.fromkeys(label.params, ""))))
    ):
        yield label.text
    for param in label.params.values():
        if isinstance(param, Label):
            yield from unmarked(param)


@pytest.mark.parametrize("system", systems(), ids=lambda system: system.key)
def test_every_declared_word_is_marked(system: System) -> None:
    declared = list(words_in(system))
    assert len(declared) > 50
    assert not [(name, text) for name, words in declared for text in unmarked(words)]


@pytest.mark.parametrize("system", systems(), ids=lambda system: system.key)
def test_what_is_to_be_confirmed_is_marked(system: System) -> None:
    asked, _sample = confirmations_of(system.key)
    assert len({one.id for one in asked}) == len(asked) > 5
    assert not [text for one in asked for text in unmarked(one.what)]


@pytest.mark.parametrize("system", systems(), ids=lambda system: system.key)
def test_each_row_of_a_table_has_words(system: System) -> None:
    """Those of our codes are the position's own."""
    rows = {row: setting for setting in system.settings for row in setting.rows}
    assert not [row for row, setting in rows.items() if row not in {*CODES, *(words[0] for words in setting.row_words)}]


def test_our_fields_are_marked() -> None:
    assert not [text for field in FIELDS for _, words in words_in(field) for text in unmarked(words)]


def test_a_filled_label_is_translated_in_its_parts() -> None:
    label = Label("{words} ({code})", words=Label("Monthly wage"), code="TIM")
    assert (label, say(label)) == ("Monthly wage (TIM)", "Monthly wage (TIM)")
    with bracketed():
        assert say(label) == "⟦⟦Monthly wage⟧ (TIM)⟧"
        kept = Message("as_written", {"text": label}).to_json()
        assert str(Message.from_json(kept)) == "⟦⟦⟦Monthly wage⟧ (TIM)⟧⟧"
    assert to_json(label) == {"label": ["{words} ({code})", {"words": {"label": "Monthly wage"}, "code": "TIM"}]}
    assert to_json(Label("Wage")) == {"label": "Wage"}
