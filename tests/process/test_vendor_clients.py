"""Programs that others wrote against the real systems, at the sandboxes: what they do with employees and employments
works there. Each is a script of tests/process/clients/python, run in an environment of its own, with pinned packages.

Left out, after they were tried or read: `py24so` (invoices and bookkeeping of 24SevenOffice, no payroll), `visma` and
`visma-administration` (other products of that vendor), `netvisor` (ends with Python 3.5), msgraph-sdk for JavaScript
(the same generator and queries as the one in Python). For Visma.net Payroll, Finago and Crona Lön nobody has published
one. `netvisor-api-client` has no calls of employees: it signs and sends, and the calls are ours. Those of Tripletex
(`tripletex`), Fortnox, Entra ID and Xledger write, the others only read.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.serialization import NoEncryption, load_pem_private_key, pkcs12

from integrations.sandboxes.base import Sandbox
from integrations.sandboxes.server import Tenants, running
from tests.process.product import ROOT

pytestmark = pytest.mark.clients
FOLDER = ROOT / "tests" / "process" / "clients" / "python"
ENVIRONMENT = ROOT / "var" / "vendor-clients"
PEOPLE = (("1042", "Åse", "Sørlie"), ("1043", "Kari", "Lie"), ("1044", "Ola", "Moen"))
NUMBERS = [number for number, *_ in PEOPLE]
TENANT = "clients"
LONGEST = 240  # seconds: some take long to import on a slow machine


def no_environment(why: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)


@pytest.fixture(scope="module")
def python() -> str:
    """The interpreter of the clients' own environment, made by uv as requirements.txt says."""
    if shutil.which("uv") is None:
        no_environment("uv is not installed: it makes the environment of the vendors' clients")
    python = ENVIRONMENT / "bin" / "python"
    # Compiling all of it would take minutes: each script needs little of it.
    env = {**os.environ, "UV_COMPILE_BYTECODE": "0"}
    env.pop("VIRTUAL_ENV", None)
    for command in (
        ["uv", "venv", "--quiet", "--allow-existing", "--python", sys.executable, str(ENVIRONMENT)],
        ["uv", "pip", "sync", "--quiet", "--require-hashes", "--python", str(python), str(FOLDER / "requirements.txt")],
    ):
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=600)
        if done.returncode:
            no_environment(f"the vendors' clients cannot be installed: {done.stderr[-500:]}")
    return str(python)


class Sandboxes:
    def __init__(self, address: str, tenants: Tenants) -> None:
        self.address, self.tenants = address, tenants
        self.ids: dict[str, list[str]] = {}

    def of(self, system: str) -> Sandbox:
        return self.tenants.get(system, TENANT)

    def url(self, system: str) -> str:
        return f"{self.address}/{system}/{TENANT}/"

    def given(self, system: str, **more: Any) -> dict[str, Any]:
        """What a script for this system gets, with three people who are there."""
        if system not in self.ids:
            sandbox = self.of(system)
            self.ids[system] = [
                sandbox.add_employee(number, first, last, email=f"{number}@example.com", birth_date="1985-03-14")
                for number, first, last in PEOPLE
            ]
        return {"url": self.url(system), "id": self.ids[system][0], **self.of(system).credentials, **more}

    def token(self, system: str, path: str, form: dict[str, str], **headers: str) -> str:
        keys = self.of(system).credentials
        answer = requests.post(
            self.url(system) + path, data=form, auth=(keys["client_id"], keys["client_secret"]), headers=headers
        )
        assert answer.ok, answer.text
        return str(answer.json()["access_token"])

    def fortnox(self) -> dict[str, Any]:
        form = {"grant_type": "client_credentials"}
        tenant = self.of("fortnox").credentials["tenant_id"]
        return self.given("fortnox", token=self.token("fortnox", "oauth-v1/token", form, TenantId=tenant))

    def entra(self) -> dict[str, Any]:
        keys = self.of("entra_id").credentials
        form = {
            "grant_type": "client_credentials",
            "client_id": keys["client_id"],
            "client_secret": keys["client_secret"],
            "scope": f"{self.address}/.default",
        }
        path = f"login/{keys['tenant_id']}/oauth2/v2.0/token"
        token = self.token("entra_id", path, form)
        given = self.given("entra_id", token=token)
        return {**given, "boss": self.ids["entra_id"][1]}

    def unimicro(self) -> dict[str, Any]:
        sandbox = self.of("unimicro")
        key = load_pem_private_key(sandbox.credentials["private_key"].encode(), None)
        certificate = pkcs12.serialize_key_and_certificates(b"client", key, None, None, NoEncryption())  # type: ignore[arg-type]
        return self.given(
            "unimicro",
            certificate=base64.b64encode(certificate).decode(),
            company_key=sandbox.state["companies"][0]["Key"],
        )


SCRIPTS: dict[str, Callable[[Sandboxes], dict[str, Any]]] = {
    "use_tripletex": lambda sandboxes: sandboxes.given("tripletex"),
    "use_ds_tripletex": lambda sandboxes: sandboxes.given("tripletex"),
    "use_pyfortnox": Sandboxes.fortnox,
    "use_fortpyx": Sandboxes.fortnox,
    "use_msgraph": Sandboxes.entra,
    "use_netvisor": lambda sandboxes: sandboxes.given("netvisor"),
    "use_ds_xledger": lambda sandboxes: sandboxes.given("xledger"),
    "use_ds_unimicro": Sandboxes.unimicro,
    "use_ds_poweroffice": lambda sandboxes: sandboxes.given("poweroffice_go"),
}


class Seen:
    """What each script has seen. Two at a time are run, since most of their time is spent on imports."""

    def __init__(self, python: str, sandboxes: Sandboxes, pool: ThreadPoolExecutor) -> None:
        self.python, self.sandboxes = python, sandboxes
        self.used = {script: pool.submit(self._use, script, given(sandboxes)) for script, given in SCRIPTS.items()}

    def _use(self, script: str, given: dict[str, Any]) -> subprocess.CompletedProcess[str]:
        command = [self.python, "-W", "ignore", str(FOLDER / f"{script}.py"), json.dumps(given)]
        return subprocess.run(command, capture_output=True, text=True, timeout=LONGEST, cwd=FOLDER)

    def __call__(self, script: str) -> dict[str, Any]:
        done = self.used[script].result()
        assert done.returncode == 0, "\n".join([done.stderr[-1500:], *self._refused()])
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found

    def there(self, system: str, number: str) -> dict[str, Any]:
        [employment] = self.sandboxes.of(system).employments(number)
        return employment

    def _refused(self) -> list[str]:
        return [
            f"{system}: {call.method} {call.path}?{call.query} {call.body[:300]} -> {call.status} {call.answer[:300]}"
            for system in self.sandboxes.ids
            for call in self.sandboxes.of(system).tenant.calls
            if call.status >= 400
        ]


@pytest.fixture(scope="module")
def seen(python: str) -> Iterator[Seen]:
    with running() as (address, tenants), ThreadPoolExecutor(2) as pool:
        yield Seen(python, Sandboxes(address, tenants), pool)


def test_tripletex(seen: Seen) -> None:
    found = seen("use_tripletex")
    assert (found["listed"], found["one"]) == (3, "1042@example.com")
    assert (found["started"], found["rows"], found["ended"]) == ("2030-01-01", [80], "2030-06-30")


def test_ds_provider_tripletex(seen: Seen) -> None:
    seen("use_tripletex")
    found = seen("use_ds_tripletex")
    assert found["tested"] is True
    assert found["employees"] == NUMBERS
    assert set(found["employments"]) <= {"2030-01-01"}


def test_pyfortnox(seen: Seen) -> None:
    found = seen("use_pyfortnox")
    assert {*found["listed"]} >= {*NUMBERS}
    assert (found["one"], found["made"]) == ("Sørlie", "1099")
    assert (found["title"], found["end"]) == ("Kock", "2030-12-31")
    assert found["unknown"]


def test_fortpyx(seen: Seen) -> None:
    found = seen("use_fortpyx")
    assert {*found["listed"]} >= {*NUMBERS}, "two on a page"
    assert (found["one"], found["made"]) == ("Sørlie", "1098")
    assert found["title"] == "Kock"
    assert seen.there("fortnox", "1098")["EmployedTo"] == "2030-12-31", "of which its model reads nothing"


def test_msgraph_sdk(seen: Seen) -> None:
    found = seen("use_msgraph")
    assert found["listed"] >= 3 and found["found"] == ["1042"]
    assert (found["one"], found["title"], found["unknown"]) == ("Åse Sørlie", "Kokk", "Request_ResourceNotFound")
    assert found["manager"]


def test_netvisor_api_client(seen: Seen) -> None:
    found = seen("use_netvisor")
    assert all(f"<EmployeeNumber>{number}<" in found["listed"] for number in NUMBERS)
    assert "1042" in found["one"] and "Sørlie" in found["one"]
    assert "1042" not in found["unknown"]


def test_ds_provider_xledger(seen: Seen) -> None:
    found = seen("use_ds_xledger")
    assert found["tested"] is True
    assert sorted(found["employees"]) == sorted(found["with_all_columns"]) == NUMBERS
    assert sorted(map(str, found["began"])) == ["2030-01-01", "None", "None"]


def test_ds_provider_unimicro(seen: Seen) -> None:
    found = seen("use_ds_unimicro")
    assert found["employees"] == found["chosen"] == [int(number) for number in NUMBERS]
    assert found["filtered"] == [1042] and found["employments"] == []


def test_ds_provider_powerofficego(seen: Seen) -> None:
    found = seen("use_ds_poweroffice")
    assert found["employees"] == found["paged"] == [int(number) for number in NUMBERS]
    assert found["employments"] == []
