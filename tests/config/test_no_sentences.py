"""No code decides by reading a sentence (CONTRIBUTING.md, "Add a message"): it decides by type, cause, field or id."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

from integrations.sdk import errors

ROOT = Path(__file__).parents[2]
PRODUCT = [
    path
    for app in ("positions", "integrations", "synclog", "config")
    for path in sorted((ROOT / app).rglob("*.py"))
    if "migrations" not in path.parts
    and path.name != "sandbox.py"
    and "sandbox" not in path.parts
    and path != ROOT / "positions/busy.py"  # SQLite says in words alone that it is busy, and documents which
]

# What holds words for people: comparing it with words, or looking into it, would be a decision by a sentence.
WORDS = {
    "message", "stopped_message", "retry_message", "why", "happened", "remedy", "fix", "vendor_text", "detail",
}  # fmt: skip
# The text of an error, however it is got.
OF_ERRORS = {"error", "exc", "exception", "refusal", "trouble", "err", "e"}
LOOKING_IN = {
    "startswith", "endswith", "find", "index", "split", "partition", "rpartition", "removeprefix", "removesuffix",
    "replace", "count", "casefold", "lower",
}  # fmt: skip


def is_words(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr in WORDS
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("str", "repr"):
        return bool(node.args) and isinstance(node.args[0], ast.Name) and node.args[0].id in OF_ERRORS
    return False


def decisions(tree: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and any(map(is_words, (node.left, *node.comparators))):
            yield node
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            by_method = node.func.attr in LOOKING_IN and is_words(node.func.value)
            by_pattern = node.func.attr in ("search", "match", "fullmatch") and any(map(is_words, node.args))
            if by_method or by_pattern:
                yield node


@pytest.mark.parametrize("path", PRODUCT, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_decided_by_a_sentence(path: Path) -> None:
    found = [f"{path.relative_to(ROOT)}:{node.lineno}" for node in decisions(ast.parse(path.read_text()))]
    assert not found


# Whoever raises or makes one of these speaks to people; so does a declaration of a value that cannot be given.
SAYING = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)}
SAYING |= {"Warning", "CheckLine", "Problem", "Skip"}


def plain(tree: ast.AST, saying: Collection[str] = SAYING) -> Iterator[ast.expr]:
    """What is said in a plain sentence: those who hear it may read another language."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in saying:
            for given in node.args[:2]:
                words = given.values[0] if isinstance(given, ast.JoinedStr) and given.values else given
                if isinstance(words, ast.Constant) and isinstance(words.value, str) and " " in words.value:
                    yield given


SAID = [path for path in PRODUCT if {"sdk", "planning", "runtime", "engine", "questions", "systems"} & set(path.parts)]


@pytest.mark.parametrize("path", SAID, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_said_in_a_plain_sentence(path: Path) -> None:
    saying = SAYING | {"ValueError"} if path.name == "declaration.py" and "systems" in path.parts else SAYING
    found = [f"{path.relative_to(ROOT)}:{node.lineno}" for node in plain(ast.parse(path.read_text()), saying)]
    assert not found


@pytest.mark.parametrize(
    "code",
    [
        "if job.message == 'Accepted by Netvisor.': pass",
        "if 'press re-sync' in error.message: pass",
        "if error.message.lower().startswith('it'): pass",
        "if re.search('Name', repr(exc)): pass",
        "if 'Name' in repr(error): pass",
        "said = job.message.replace('a', 'b')",
    ],
)
def test_such_a_decision_is_found(code: str) -> None:
    assert list(decisions(ast.parse(code)))
