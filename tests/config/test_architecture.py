"""docs/architecture.md: the arrows are those of the contracts, every name exists, and a save goes by its stations."""

from __future__ import annotations

import inspect
import re
import sys
import threading
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest
from django.utils.module_loading import import_string

from integrations.sandboxes.server import Tenants
from integrations.sdk.connector import Connector
from integrations.systems.registry import connector_for
from synclog.models import Job
from tests.synclog.pages import LOG, client_of
from tests.synclog.world import new_world

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
SYSTEM = "netvisor"
_APPS = "config|synclog|integrations|positions"
_NAME = re.compile(rf"\b(?:{_APPS})(?:\.\w+)+")
_FOLDER = re.compile(rf"[` ]((?:{_APPS}|tests|docs|templates)/[\w/.]*)[` ]")
_STATION = re.compile(r"^(\d+)\. `([\w.]+)`", re.MULTILINE)


def named(name: str) -> Any:
    """A module, or what is to be found in one: the longest part that is a module first."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found = import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            found = getattr(found, part)
        return found
    raise ModuleNotFoundError(name)


def stations() -> list[str]:
    found = _STATION.findall(PAGE)
    assert [int(number) for number, _ in found] == list(range(1, len(found) + 1))
    return [name for _, name in found]


def test_every_name_exists() -> None:
    names = set(_NAME.findall(PAGE))
    assert len(names) > 30
    missing = []
    for name in sorted(names):
        try:
            named(name)
        except (ModuleNotFoundError, AttributeError):
            missing.append(name)
    assert not missing, missing


def test_every_folder_exists_and_every_package_is_told() -> None:
    told = set(_FOLDER.findall(PAGE))
    for page in (PAGE, CONTRIBUTING):
        assert [name for name in _FOLDER.findall(page) if not (ROOT / name).exists()] == []
    beside = {"migrations", "management", "models", "sandboxes", "static", "templatetags", "bench"}
    packages = {
        f"{package.parent.relative_to(ROOT)}/"
        for app in _APPS.split("|")
        for package in [*(ROOT / app).glob("__init__.py"), *(ROOT / app).glob("*/__init__.py")]
        if package.parent.name not in beside
    }
    assert packages - told - {"synclog/", "integrations/"} == set(), "the table has a line for each"


def test_the_arrows_are_those_of_the_contracts() -> None:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    drawn = " ".join(PAGE.split())
    layers = [contract for contract in config["contracts"] if contract["type"] == "layers"]
    assert len(layers) == 4
    for contract in layers:
        arrows = " -> ".join(contract["layers"])
        [container] = contract.get("containers", [""])
        assert (f"{container}: {arrows}" if container else arrows) in drawn, contract["name"]


@pytest.mark.parametrize("page", [PAGE, CONTRIBUTING], ids=["architecture", "contributing"])
def test_the_pages_are_no_wider_than_the_code(page: str) -> None:
    assert [line for line in page.splitlines() if len(line) > 120] == []


# -- the walk ----------------------------------------------------------------------------------------------


def code_of(station: str) -> CodeType:
    """What is entered there; for a connector's own part, by the system that the walk is made with."""
    found = named(station)
    owner, _, name = station.rpartition(".")
    if named(owner) is Connector:
        found = getattr(connector_for(SYSTEM), name)
    function: Callable[..., Any] = inspect.unwrap(getattr(found, "__func__", found))
    return function.__code__


@contextmanager
def entered(stations: dict[CodeType, str]) -> Iterator[list[str]]:
    """Fills the list with the stations as they are first entered, by this thread and by those that begin meanwhile."""
    order: list[str] = []

    def look(frame: FrameType, event: str, arg: Any) -> None:
        name = stations.get(frame.f_code) if event == "call" else None
        if name is not None and name not in order:
            order.append(name)

    before = sys.getprofile(), threading.getprofile()
    threading.setprofile(look)
    sys.setprofile(look)
    try:
        yield order
    finally:
        sys.setprofile(before[0])
        threading.setprofile(before[1])


@pytest.mark.django_db
def test_a_save_goes_by_the_stations(
    sandbox_server: tuple[str, Tenants], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ALLOW_PRIVATE_TARGETS = True
    settings.Q_CLUSTER = {k: v for k, v in settings.Q_CLUSTER.items() if k != "redis"} | {"orm": "default"}
    rung: list[tuple[str, list[int]]] = []
    monkeypatch.setattr("synclog.engine.notify.async_task", lambda name, found, **_: rung.append((name, found)))
    world = new_world(sandbox_server)
    integration = world.connect(SYSTEM)
    hr = client_of(world.organization)
    told = stations()
    with entered({code_of(name): name for name in told}) as order:
        position = world.save()
        [(carried, integrations)] = rung
        import_string(carried)(integrations)
        job = world.job(integration, position)
        assert job.state == Job.State.SUCCEEDED, job.message
        assert hr.get(f"{LOG}{job.pk}/change/").status_code == 200
        assert hr.get(f"/admin/positions/position/{position.pk}/change/").status_code == 200
    assert order == told
    assert len(world.there(integration)) == 1
