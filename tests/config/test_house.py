"""The house of docs/architecture.md, beside the import contracts: no modules that need each other."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import grimp

from integrations.systems.registry import connectors

ROOT = Path(__file__).resolve().parents[2]
APPS = ("positions", "integrations", "synclog", "config")


@cache
def imports() -> dict[str, set[str]]:
    """Each module with those that it imports, wherever in it: also for types alone."""
    graph = grimp.build_graph(*APPS)
    return {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}


def test_no_modules_need_each_other() -> None:
    """Whoever has only modules before them that they have read can read on: the graph is taken apart from its ends."""
    left = dict(imports())
    while ends := [module for module, needed in left.items() if not needed & left.keys()]:
        for module in ends:
            del left[module]
    assert not left, sorted(left)


def test_nothing_outside_its_folder_names_a_system() -> None:
    """But the demo, examples of answers, and the list of words that are no passwords."""
    keys = set(connectors())
    named = {
        f"{path.relative_to(ROOT)}:{text.lineno}: {text.value}"
        for app in APPS
        for path in (ROOT / app).rglob("*.py")
        if not path.is_relative_to(ROOT / "integrations" / "systems")
        and path.name not in ("demo.py", "examples.py", "passwords.py")
        and "migrations" not in path.parts
        for text in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(text, ast.Constant) and text.value in keys
    }
    assert not named, sorted(named)


def test_no_module_keeps_a_list_of_whom_to_call() -> None:
    """Upper apps show themselves by a subclass that is registered, a signal, or a class that a setting names."""
    lists = {
        f"{path.relative_to(ROOT)}:{line.lineno}"
        for app in APPS
        for path in (ROOT / app).rglob("*.py")
        for line in ast.parse(path.read_text("utf-8")).body
        if isinstance(line, ast.AnnAssign) and ast.unparse(line.annotation).startswith("list[Callable")
    }
    assert not lists, sorted(lists)


def test_what_is_typed_wrongly_is_answered_in_our_words() -> None:
    """Dates and addresses are typed into fields that say what is wrong, with an example (a browser's own picker of days
    needs none)."""
    plain = {
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for app in APPS
        for path in (ROOT / app).rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call)
        and ast.unparse(call.func) in ("forms.DateField", "forms.EmailField")
        and "type='date'" not in ast.unparse(call).replace("': '", "='")
    }
    assert not plain, sorted(plain)


def test_no_test_hides_another() -> None:
    """`__test__ = False` on an imported class takes it from the run of its own module, too: 600 tests once."""
    hides = [path for path in sorted((ROOT / "tests").rglob("*.py")) if ".__test__" in path.read_text()]
    assert hides == [Path(__file__)]
