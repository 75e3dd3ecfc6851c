"""Whatever is imported is declared, explained in docs/dependencies.md, and pinned with hashes and without an index."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("config", "integrations", "positions", "synclog")
PEERS = "config/bench/peers"  # alone imports what the dependency group of that name brings
OURS = {*PRODUCT, "tests", "__future__"}
CLIENTS = Path("tests/process/clients/python")  # has an environment of its own


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def declared() -> tuple[set[str], set[str], set[str]]:
    """What runs, what the tests need beside it, and what the peers of the bench need."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    names = [
        {normal(re.split(r"[\[=<>!~ ]", line)[0]) for line in lines}
        for lines in (project["project"]["dependencies"], groups["dev"], groups["peers"])
    ]
    return names[0], names[1], names[2]


def imported(folders: tuple[str, ...], without: Path) -> dict[str, str]:
    """Top module -> one file that imports it."""
    found: dict[str, str] = {}
    for folder in folders:
        for file in (ROOT / folder).rglob("*.py"):
            if without in file.relative_to(ROOT).parents:
                continue
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Import):
                    names = [alias.name for alias in node.names]
                elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                    names = [node.module]
                else:
                    continue
                for name in names:
                    found.setdefault(name.split(".")[0], str(file.relative_to(ROOT)))
    return {name: file for name, file in found.items() if name not in sys.stdlib_module_names and name not in OURS}


@pytest.mark.parametrize("folders", [PRODUCT, ("tests",), (PEERS,)], ids=["product", "tests", "peers"])
def test_what_is_imported_is_declared(folders: tuple[str, ...]) -> None:
    runs, develops, peers = declared()
    allowed = runs | {PRODUCT: set(), ("tests",): develops, (PEERS,): peers}[folders]
    distributions = packages_distributions()
    undeclared = {
        f"{name} ({file})"
        for name, file in imported(folders, Path(PEERS) if folders == PRODUCT else CLIENTS).items()
        if not {normal(d) for d in distributions.get(name, [name])} & allowed
    }
    assert not undeclared


def test_each_has_its_line() -> None:
    text = normal((ROOT / "docs/dependencies.md").read_text())
    assert [name for name in set.union(*declared()) if name not in text and not name.startswith("types-")] == []


def pinned_in(file: Path) -> set[str]:
    text = file.read_text()
    packages = re.split(r"(?:^|\n)(?=[\w.\-]+==)", text)[1:]
    assert len(packages) > 30
    assert [p.split()[0] for p in packages if "--hash=sha256:" not in p] == []
    assert "://" not in text and "index" not in text
    return {normal(p.split("==")[0]) for p in packages}


def test_the_vendors_clients_are_pinned_and_explained() -> None:
    pinned = pinned_in(ROOT / CLIENTS / "requirements.txt")
    named = re.findall(r"^([\w.\-]+)==", (ROOT / CLIENTS / "requirements.in").read_text(), re.M)
    assert named and {normal(name) for name in named} <= pinned
    text = normal((ROOT / "docs/dependencies.md").read_text())
    assert [name for name in named if normal(name) not in text] == []


@pytest.mark.parametrize(
    "name", ["requirements.txt", "requirements-dev.txt", "requirements-mutants.txt", "requirements-peers.txt"]
)
def test_every_package_is_pinned_with_hashes_and_no_index(name: str) -> None:
    pinned = pinned_in(ROOT / name)
    runs, develops, peers = declared()
    assert runs <= pinned
    assert name in ("requirements.txt", "requirements-peers.txt") or develops <= pinned
    assert peers <= pinned if name == "requirements-peers.txt" else not peers & pinned
