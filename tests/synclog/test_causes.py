"""No error without the words that say what to do: every cause that the code can give has a title and a remedy."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from integrations.systems.registry import systems
from synclog.log.causes import causes, remedy

ROOT = Path(__file__).resolve().parents[2]
# Whose first argument is a cause.
FIRST = {"Problem", "Skip", "Cause"}


def given() -> Iterator[tuple[str, str]]:
    """(cause, place) wherever one is named: as an argument, as an attribute of an exception, for a plan, an outcome."""
    for folder in ("integrations", "synclog"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text())):
                found: list[ast.expr] = []
                if isinstance(node, ast.Call):
                    found += [k.value for k in node.keywords if k.arg == "cause"]
                    name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
                    found += node.args[:1] if name in FIRST else []
                    found += node.args[2:3] if name == "Outcome" else []
                elif isinstance(node, ast.Assign | ast.AnnAssign):
                    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                    if any(isinstance(t, ast.Name) and t.id == "cause" for t in targets) and node.value:
                        found.append(node.value)
                for value in found:
                    if isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value:
                        yield value.value, f"{file.relative_to(ROOT)}:{value.lineno}"


def test_every_cause_that_is_given_is_declared_with_a_remedy() -> None:
    found = dict(given())
    assert len(found) > 60
    never = {"connector_error"}  # of the base class alone, which nothing raises
    missing = {cause: where for cause, where in found.items() if not remedy(cause)}
    assert set(missing) == never, missing


@pytest.mark.parametrize("code", sorted(causes()))
def test_a_remedy_is_a_sentence_and_a_title_is_short(code: str) -> None:
    cause = causes()[code]
    assert (cause.remedy.endswith(".") and len(cause.remedy.split()) >= 3) or cause.remedy == "Nothing to do."
    assert 3 <= len(cause.title) <= 60 and not cause.title.endswith("."), cause.title


def test_no_two_systems_mean_different_things_by_one_cause() -> None:
    said: dict[str, tuple[str, str]] = {}
    for system in systems():
        for cause in system.causes:
            assert said.setdefault(cause.code, (cause.title, cause.remedy)) == (cause.title, cause.remedy), cause.code
