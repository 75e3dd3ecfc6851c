"""The two ways to start the embedded product, as real processes."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
import requests

from integrations.sandboxes.server import sandboxes
from tests.process.product import Product, login, running, started, wait_for

pytestmark = pytest.mark.process


def test_the_demo_starts_syncs_and_ends_cleanly_and_keeps_its_data(tmp_path: Path) -> None:
    with started(tmp_path, "--demo") as product:
        session = login(product)
        assert session.get(product.address + "admin/positions/position/").status_code == 200
        for key in sandboxes():
            wait_for(partial(_has_positions, product.sandboxes, key), 40)
        children = product.children()
        assert len(children) > 5
        made = [path for path in (tmp_path / "data").rglob("*") if not path.is_symlink()]
        assert made and not [str(path) for path in made if path.stat().st_mode & 0o077], "for their owner alone"
        assert product.interrupt() == 0
        assert "Traceback" not in product.output() and " ERROR " not in product.output(), product.output()
        assert not [pid for pid in children if running(pid)], "something was left running"
        password = product.password
    with started(tmp_path, "--demo") as again:
        assert again.password == password
        login(again)
        for key in sandboxes():
            assert _has_positions(again.sandboxes, key), f"{key} lost what it held"
        assert again.interrupt() == 0


def _has_positions(address: str, key: str) -> bool:
    """Whether the sandbox holds an employment of one of the demo's people."""
    numbers = range(1001, 1016)
    url = f"{address}/{key}/demo/-/employments"
    return any(requests.get(f"{url}/{number}", timeout=5).json() for number in numbers)


@dataclass
class TwoBesideEachOther:
    """Started on one machine, the second while the first ran; neither was told a port."""

    first: Product
    second: Product
    folder: Path  # of the second


@pytest.fixture(scope="module")
def beside(
    tmp_path_factory: pytest.TempPathFactory, already_migrated: Callable[[Path], None]
) -> Iterator[TwoBesideEachOther]:
    """Both tests that ask them take what is left of them: the one that needs both comes first."""
    other, folder = tmp_path_factory.mktemp("first"), tmp_path_factory.mktemp("second")
    for one in (other, folder):
        already_migrated(one / "data")
    with started(other) as first, started(folder) as second:
        yield TwoBesideEachOther(first, second, folder)


def test_a_port_that_was_found_is_kept_while_the_server_behind_it_starts_again(beside: TwoBesideEachOther) -> None:
    """Else whoever starts at the same moment finds it free too, and callers are refused meanwhile."""
    product = beside.first
    serving = next(pid for pid in product.children() if b"serve" in Path(f"/proc/{pid}/cmdline").read_bytes())
    os.kill(serving, signal.SIGKILL)
    wait_for(lambda: not running(serving))
    port = int(product.address.rstrip("/").rpartition(":")[2])
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", port))
    assert requests.get(product.address + "healthz", timeout=30).status_code == 200
    assert beside.second.address != product.address
    assert requests.get(beside.second.address + "healthz", timeout=30).status_code == 200
    assert product.interrupt() == 0


def test_without_demo_there_is_a_first_operator_and_nothing_else(beside: TwoBesideEachOther) -> None:
    product = beside.second
    assert product.sandboxes == ""
    assert login(product).get(product.address + "admin/").status_code == 200
    assert product.interrupt() == 0
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with started(beside.folder, "--port", str(port)) as again:
        assert again.address == f"http://127.0.0.1:{port}/"
        assert again.password == "", "a password is shown once"


def test_a_taken_port_is_said_plainly(tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        with (
            pytest.raises(AssertionError, match="is taken"),
            started(tmp_path, "--port", str(holder.getsockname()[1])),
        ):
            pass
