"""What an integrator is told to do, done: the walk of docs/api.md, the example, and clients that are generated from the
document, in Python and TypeScript, all against one demo that runs."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.process.product import ROOT, Product, started, wait_for

pytestmark = pytest.mark.clients
NPM = ROOT / "tests" / "process" / "clients"
GENERATE = "openapi-python-client generate"


def needs(present: object, what: str, how: str) -> None:
    if not present:
        said = f"{what} is not installed: {how}"
        pytest.fail(said) if os.environ.get("CI") else pytest.skip(said)


@dataclass
class Demo:
    product: Product
    folder: Path
    key: str = ""

    @property
    def url(self) -> str:
        return self.product.address.rstrip("/")

    def run(self, command: str, **env: str) -> subprocess.CompletedProcess[str]:
        """As a person types it in the project's folder. Its `uv run` takes the environment that runs the tests."""
        own = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE")}
        path = os.pathsep.join([str(self.folder / "bin"), str(Path(sys.executable).parent), own["PATH"]])
        env = {"DATA_DIR": str(self.folder / "data"), "PATH": path, "URL": self.url, **env}
        return subprocess.run(
            ["bash", "-c", command], cwd=ROOT, env={**own, **env}, capture_output=True, text=True, timeout=400
        )


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, already_migrated: Callable[[Path], None]) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("clients")
    already_migrated(folder / "data")
    uv = folder / "bin" / "uv"
    uv.parent.mkdir()
    uv.write_text(f'#!/bin/sh\nshift\ncase "$1" in *.py) exec "{sys.executable}" "$@";; *) exec "$@";; esac\n')
    uv.chmod(0o755)
    with started(folder, "--demo") as product:
        demo = Demo(product, folder)
        scopes = "positions:read,positions:write,sync:read,sync:write"
        made = demo.run(f"uv run manage.py api_key create --organization 1 --name tests --owner anna --scopes {scopes}")
        demo.key = made.stdout.strip()
        assert demo.key.startswith("psk_"), made.stderr
        # Known in the walk as `fi`, and by whichever test comes first.
        company = {"name": "Fjellheim Leipomo Oy", "organization_number": "1234567-8", "external_id": "fi"}
        headers = {"Authorization": f"Bearer {demo.key}"}
        assert requests.patch(f"{demo.url}/api/v1/companies/3/", json=company, headers=headers, timeout=60).ok
        yield demo


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_the_walk_of_the_docs_leads_where_they_say(demo: Demo) -> None:
    needs(shutil.which("curl"), "curl", "the walk of docs/api.md is written with it")
    text = (ROOT / "docs" / "api.md").read_text("utf-8")
    walk = text[text.index("## From a key") : text.index("## What holds for every request")]
    blocks = re.findall(r"^```bash\n(.*?)^```$", walk, re.MULTILINE | re.DOTALL)
    assert len(blocks) > 6
    script = "set -euo pipefail\n" + "echo '<next>'\n".join(blocks)
    replaced = {"http://127.0.0.1:8000": demo.url, "http://127.0.0.1:8500": demo.product.sandboxes.rstrip("/")}
    for name, value in {**replaced, "9000": str(free_port()), "received.txt": str(demo.folder / "received")}.items():
        assert name in script
        script = script.replace(name, value)
    done = demo.run(script)
    assert done.returncode == 0, done.stdout + done.stderr
    _, key, error, made, followed, mended, load, told = done.stdout.split("<next>\n")
    assert '"name":"HR"' in key
    assert "There is no field “start”. Did you mean “start_date”?" in error and '"code":"unknown_field"' in error
    assert '"action":"created"' in made and '"jobs":[{"id":' in made and made.count('"integration_name":') == 2
    assert followed.count('"state":"failed","cause":"employee_not_found"') == 2 and '"what_to_do":null' not in followed
    assert (
        '"resynced":2' in mended and mended.count('"state":"succeeded"') == 2 and '"startdate": "2025-01-01"' in mended
    )
    assert '"updated":1' in load and '"failed":1' in load and "There is no day 2025-02-31" in load
    assert "position.synced {" in told and '"percentage":"80.00"' in told


@pytest.fixture(scope="module")
def generated(demo: Demo) -> str:
    """The folder of the client in Python, made as examples/nightly_load.py says."""
    needs(
        shutil.which("openapi-python-client", path=str(Path(sys.executable).parent)), "openapi-python-client", "uv sync"
    )
    example = (ROOT / "examples" / "nightly_load.py").read_text("utf-8")
    command = next(line.strip() for line in example.splitlines() if GENERATE in line)
    done = demo.run(command.replace("examples/position_sync", str(demo.folder / "python" / "position_sync")))
    assert done.returncode == 0 and "WARNING" not in done.stdout.upper(), done.stdout + done.stderr
    return str(demo.folder / "python")


def test_the_nightly_load_says_what_is_wrong_and_follows_the_rest(demo: Demo, generated: str) -> None:
    add = f"{demo.product.sandboxes.rstrip('/')}/{{}}/demo/-/employees"
    person = {"number": "2002", "first_name": "Eero", "last_name": "Laine"}
    for system in ("netvisor", "entra_id"):
        assert requests.post(add.format(system), json=[person], timeout=60).ok
    example = (ROOT / "examples" / "nightly_load.py").read_text("utf-8")
    command = next(line.strip() for line in example.splitlines() if "staff.csv" in line).replace("psk_...", demo.key)
    command = command.replace("http://127.0.0.1:8000", demo.url)
    first = demo.run(command, PYTHONPATH=generated)
    assert first.returncode == 1 and not first.stderr, first.stderr
    assert "line 4: percentage: " in first.stdout, first.stdout
    assert "2001, Netvisor: " in first.stdout or "2001" not in first.stdout, "known by now, or not yet"
    assert "0 still under way" in first.stdout
    again = demo.run(command, PYTHONPATH=generated)
    assert "3 rows: 0 made, 0 changed, 3 unchanged" in again.stdout
    assert "3 rows: 0 made, 0 changed, 2 unchanged" in again.stdout and "0 jobs" in again.stdout, again.stdout
    assert requests.get(add.format("netvisor").replace("employees", "employments/2002"), timeout=60).json()


def test_a_generated_client_in_python(demo: Demo, generated: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(generated)
    models: Any = import_module("position_sync.models")
    client = import_module("position_sync").AuthenticatedClient(
        demo.url, demo.key, timeout=60, raise_on_unexpected_status=True
    )

    def call(name: str, *args: Any, **kwargs: Any) -> Any:
        return import_module(f"position_sync.api.{name}").sync(*args, client=client, **kwargs)

    def position(title: str) -> Any:
        return models.NewPositionRequest(title=title, start_date=date(2025, 1, 1), percentage="50")

    employee = call(
        "employees.employees_create",
        body=models.NewEmployeeRequest(
            number="3001",
            first_name="Liisa",
            last_name="Niemi",
            company_external_id="fi",
            positions=[position("Baker")],
        ),
    )
    made = employee.positions[0]
    patched = call(
        "positions.positions_partial_update", made.id, body=models.PatchedPositionRequest(note="by a client")
    )
    assert (patched.note, patched.percentage, patched.title) == ("by a client", "50.00", "Baker")
    read = call("positions.positions_retrieve", made.id)
    body = {**read.to_dict(), "title": "Head baker"}
    whole = call("positions.positions_update", made.id, body=models.PositionRequest.from_dict(body))
    assert (whole.title, whole.percentage, whole.note) == ("Head baker", "50.00", "by a client")

    row = partial(models.PatchedEmployeeBulkRowRequest, last_name="Salo", company_external_id="fi")
    rows = [row(external_id=f"py-{n}", number=f"31{n}", first_name="Noora") for n in range(3)]
    each = models.EmployeeBulkRequest(
        [*rows, models.PatchedEmployeeBulkRowRequest(external_id="py-x")], mode=models.ModeEnum.EACH
    )
    loaded = call("employees.employees_bulk_create", body=each)
    assert (loaded.created, loaded.failed) == (3, 1)
    assert {error.field for error in loaded.results[3].problem.errors} >= {"number"}

    seen, cursor = [], {}
    while True:
        page = call("employees.employees_list", limit=7, **cursor)
        seen += [one.number for one in page.results]
        if page.next_ is None:
            break
        cursor = {"cursor": parse_qs(urlsplit(page.next_).query)["cursor"][0]}
    assert len(seen) == len(set(seen)) >= 19 and {"3001", "310"} <= set(seen)

    def jobs() -> list[Any]:
        found = call("jobs.jobs_list", employee=employee.id).results
        return found if found and all(job.state == "failed" for job in found) else []

    assert {job.cause for job in wait_for(jobs)} == {"employee_not_found"}
    again = call("jobs.jobs_resync_many", body=models.JobsResyncRequest(employee=employee.id))
    assert again.resynced == 2

    integration = next(one for one in call("integrations.integrations_list").results if one.system.key == "netvisor")
    asked = call("preview.preview", body=models.PreviewOfRequest(made.id, integration.id))
    question = wait_for(partial(answered, asked, call), 60)
    assert (question.result, question.cause) == ("failed", "employee_not_found")

    refused = call("positions.positions_partial_update", made.id, body=models.PatchedPositionRequest(percentage="180"))
    assert (type(refused), refused.code, refused.errors[0].field) == (models.Problem, "validation_failed", "percentage")
    assert call("positions.positions_retrieve", 10**9).code == "not_found"


def answered(asked: Any, call: Any) -> Any:
    """What was asked, once a worker has answered."""
    if hasattr(asked, "progress"):
        return call("questions.questions_retrieve", asked.id).preview
    return asked


def test_a_generated_client_in_typescript(demo: Demo) -> None:
    tools = NPM / "node_modules" / ".bin"
    needs(
        shutil.which("node") and (tools / "tsc").exists(), "openapi-typescript", "npm ci --prefix tests/process/clients"
    )
    folder = demo.folder / "typescript"
    folder.mkdir()
    for name in ("client.ts", "package.json"):
        shutil.copy(NPM / name, folder)
    (folder / "node_modules").symlink_to(NPM / "node_modules")
    strict = "--strict --exactOptionalPropertyTypes --skipLibCheck --target es2022 --module nodenext --types node"
    # Else what has a default would be required in a request.
    types = f'{tools}/openapi-typescript "$URL/api/schema/" --default-non-nullable false -o schema.d.ts'
    command = f'cd "{folder}" && {types} && {tools}/tsc {strict} client.ts'
    done = demo.run(f"{command} && node client.js", KEY=demo.key)
    assert done.returncode == 0 and done.stdout.endswith("all right\n"), done.stdout + done.stderr
