"""docs/adding-a-system.md, followed to the letter in a copy of the project: only the files that it names."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from integrations import sdk
from integrations.sdk import Connector, Context, Grant, Response, Tokens
from integrations.systems.fortnox import refusals
from integrations.systems.registry import connector_for

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "adding-a-system.md"
KEPT = ("config", "integrations", "positions", "synclog", "templates", "tests", "docs", "manage.py", "pyproject.toml")

pytestmark = pytest.mark.process


def files_of_the_page() -> dict[str, str]:
    found = re.findall(r"^`([\w/.]+)`\n\n```\w+\n(.*?)^```$", PAGE.read_text("utf-8"), re.M | re.S)
    return dict(found)


def test_the_page_names_its_files() -> None:
    assert sorted(files_of_the_page()) == [
        "integrations/systems/lonnverk/confirmations.py",
        "integrations/systems/lonnverk/connector.py",
        "integrations/systems/lonnverk/declaration.py",
        "integrations/systems/lonnverk/guide.md",
        "integrations/systems/lonnverk/refusals.py",
        "integrations/systems/lonnverk/sandbox.py",
        "integrations/systems/lonnverk/texts.py",
        "tests/systems/lonnverk/test_connector.py",
    ]


def test_it_has_every_public_name_of_the_sdk_and_no_other() -> None:
    of_the_sdk, of_a_connector = PAGE.read_text("utf-8").partition("## The SDK's names")[2].split("| `self.` | for |")
    names, attributes = (
        [name for row in re.findall(r"^\| (`.*?) \|", part, re.M) for name in re.findall(r"`(\w+)`", row)]
        for part in (of_the_sdk, of_a_connector)
    )
    assert sorted(names) == sorted(sdk.__all__)
    assert len(attributes) > 10
    assert [name for name in attributes if not hasattr(Connector, name)] == []


def test_followed_from_nothing_it_gives_an_eleventh_system(tmp_path: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__", ".*_cache", "*.sqlite3*")
    for name in KEPT:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=ignored)
        else:
            shutil.copy(source, tmp_path / name)
    for name, text in files_of_the_page().items():
        assert not (tmp_path / name).exists()
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).parent.joinpath("__init__.py").touch()
        (tmp_path / name).write_text(text, "utf-8")
    listed = json.loads(run(tmp_path, "manage.py", "systems", "--json"))
    assert [s["key"] for s in listed][-1] == "lonnverk"
    guide = "tests/systems/test_guides.py::test_a_guide_says_all_of_it[lonnverk]"
    tested = run(tmp_path, "-m", "pytest", "tests/systems/lonnverk/test_connector.py", guide, "-n", "0")
    assert re.search(r"(\d+) passed", tested), tested
    assert "failed" not in tested
    for lint in (("check",), ("format", "--check")):
        run(tmp_path, "-m", "ruff", *lint, *(f for f in files_of_the_page() if f.endswith(".py")))


def test_the_confirmations_of_the_page_are_some() -> None:
    names: dict[str, Any] = {}
    exec(files_of_the_page()["integrations/systems/lonnverk/confirmations.py"], names)
    assert all(isinstance(one, sdk.Confirmation) for one in names["CONFIRMATIONS"])
    assert isinstance(names["SAMPLE"], sdk.Sample)


def test_the_sign_in_of_the_page_works() -> None:
    [snippet] = re.findall(r"^```python\n(def setup.*?)^```$", PAGE.read_text("utf-8"), re.M | re.S)
    names: dict[str, Any] = {"Connector": Connector, "Tokens": Tokens, "refusals": refusals}
    names |= {"Grant": Grant, "Mapping": Mapping, "Any": Any}
    exec("class Signing(Connector):\n" + textwrap.indent(snippet, "    "), names)
    signing = names["Signing"]
    signing.system = connector_for("fortnox").system
    credentials = {"client_id": "an-id", "client_secret": "a-secret"}
    connector = signing(Context(credentials, {}, {"login": "https://login.example/token"}, "n", date(2026, 1, 1)))
    asked = []

    def post(url: str, **call: Any) -> Response:
        asked.append((url, call["data"], call["sign"]))
        return Response(200, {}, b'{"access_token": "a-token"}', None)

    connector.http.post = post
    assert [connector.tokens.get(), connector.tokens.get()] == ["a-token"] * 2
    assert asked == [("https://login.example/token", {"grant_type": "client_credentials", **credentials}, False)]


def run(folder: Path, *arguments: str) -> str:
    env = {**os.environ, "DATA_DIR": str(folder / "data")}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
