"""The files that an operator copies from deploy/, and what docs/deploy.md has them run."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

import pytest
import requests
import yaml

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
GUIDE = ROOT / "docs/deploy.md"


def unit(name: str) -> dict[str, str]:
    lines = (DEPLOY / f"position-sync-{name}.service").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")
@pytest.mark.parametrize("name", ["web", "worker"])
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path, name: str) -> None:
    file = tmp_path / f"position-sync-{name}.service"
    text = (DEPLOY / file.name).read_text()
    file.write_text(text.replace("/opt/position-sync/.venv/bin/python", sys.executable))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(file)], capture_output=True, text=True, timeout=60
    )
    said = [line for line in done.stderr.splitlines() if file.name in line]
    assert not said and done.returncode == 0, done.stderr


def test_units_restart_and_end_in_order() -> None:
    from synclog.queue.watchdog import Watchdog

    for name in ("web", "worker"):
        values = unit(name)
        assert (values["Restart"], values["KillMode"], values["OOMPolicy"]) == ("always", "mixed", "kill")
    assert int(unit("worker")["TimeoutStopSec"]) > Watchdog.STOP_GRACE


def test_compose_names_what_is_there() -> None:
    from synclog.queue.watchdog import Watchdog

    compose: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    services = compose["services"]
    assert set(services) == {"db", "migrate", "web", "worker", "redis"}
    assert int(services["worker"]["stop_grace_period"].removesuffix("s")) > Watchdog.STOP_GRACE
    for name, service in services.items():
        assert "hostname" not in service, "leases tell containers apart by their host's name"
        for needed in service.get("depends_on", {}):
            assert needed in services, f"{name} needs {needed}"
        for volume in service.get("volumes", []):
            assert volume.split(":")[0] in compose["volumes"]
        if "build" in service:
            assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
        if "ports" in service:
            assert all(port.startswith("127.0.0.1:") for port in service["ports"]), "the proxy alone is open"
    assert services["redis"]["profiles"] == ["redis"]


@pytest.mark.skipif(not shutil.which("docker"), reason="needs docker")
def test_docker_compose_reads_it(tmp_path: Path) -> None:
    if subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode:
        pytest.skip("docker without compose")
    shutil.copy(DEPLOY / "compose.yaml", tmp_path)
    (tmp_path / "position-sync.env").write_text("PRODUCTION=1\n")
    done = subprocess.run(
        ["docker", "compose", "-f", str(tmp_path / "compose.yaml"), "config", "--quiet"],
        env={**os.environ, "POSTGRES_PASSWORD": "abc"}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_variables_in_the_example_exist_and_are_documented() -> None:
    documented = (ROOT / "docs/settings.md").read_text()
    read = (ROOT / "config/settings.py").read_text()
    for line in (DEPLOY / "position-sync.env.example").read_text().splitlines():
        if match := re.match(r"#?([A-Z_]+)=", line):
            assert f"`{match[1]}`" in documented, match[1]
            assert f'"{match[1]}"' in read, match[1]


def test_a_shell_reads_every_line_of_the_example_as_systemd_does(tmp_path: Path) -> None:
    """Also those that are offered: collectstatic is run in a shell that has sourced the file."""
    lines = re.sub(r"^#(?=[A-Z_]+=)", "", (DEPLOY / "position-sync.env.example").read_text(), flags=re.M)
    (tmp_path / "env").write_text(lines)
    script = f"set -ea; . {tmp_path}/env; exec env -0"
    done = subprocess.run(["sh", "-c", script], env={}, capture_output=True, text=True, timeout=10, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    read = dict(line.split("=", 1) for line in done.stdout.split("\0") if line)
    for name, value in re.findall(r"^([A-Z_]+)=(.*)$", lines, flags=re.M):
        assert read[name] == value.strip('"')


def test_commands_of_the_guide_open_the_data_to_nobody() -> None:
    """systemd sets the mode of a StateDirectory that is there, too: 0755 where nothing else is said."""
    (command,) = re.findall(r"ps-manage\(\) \{(.*?)\}", GUIDE.read_text(), flags=re.S)
    for name in ("web", "worker"):
        for key in ("StateDirectory", "StateDirectoryMode", "UMask"):
            assert f"-p {key}={unit(name)[key]} " in command
    copied, _, rest = GUIDE.read_text().partition("a.backup(b)")
    assert "umask 077" in copied[-200:] and "age -r" in rest[:200], "a copy is for its owner, and encrypted"


def test_the_guide_names_files_and_commands_that_exist() -> None:
    text = GUIDE.read_text()
    for path in set(re.findall(r"deploy/[\w.-]+", text)) - {"deploy/position-sync.env", "deploy/secrets"}:
        assert (ROOT / path.rstrip(".")).exists() or path == "deploy/deploy.md", path
    for target in re.findall(r"\]\((?!https?:)([\w./-]+\.md)", text):
        assert (GUIDE.parent / target).is_file(), target
    listed = subprocess.run(
        [sys.executable, "manage.py", "help", "--commands"], cwd=ROOT, capture_output=True, text=True, timeout=60
    ).stdout.split()
    for command in set(re.findall(r"manage\.py ([a-z_]+)", text)):
        assert command in listed, command


def test_behind_a_proxy_its_word_on_the_scheme_is_taken(tmp_path: Path) -> None:
    """Otherwise every page would redirect to itself for ever."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = {
        **{k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE")},
        "PRODUCTION": "1", "SECRET_KEY": token_urlsafe(48), "ENCRYPTION_KEYS": token_urlsafe(48), "BEHIND_PROXY": "1",
        "ALLOWED_HOSTS": "sync.example.com", "DATABASE_URL": f"sqlite:///{tmp_path}/a.sqlite3",
    }  # fmt: skip
    process = subprocess.Popen([sys.executable, "manage.py", "serve", "--port", str(port)], cwd=ROOT, env=env)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                assert requests.get(f"{address}/healthz", timeout=2).status_code == 200
                break
            except requests.ConnectionError:
                time.sleep(0.1)
        host = {"Host": "sync.example.com"}
        plain = requests.get(f"{address}/admin/", headers=host, allow_redirects=False, timeout=5)
        assert plain.status_code == 301 and plain.headers["Location"].startswith("https://")
        plain = requests.get(f"{address}/metrics", headers=host, allow_redirects=False, timeout=5)
        assert plain.status_code == 403, "a program would go on sending its token in clear"
        proxied = requests.get(f"{address}/metrics", headers={**host, "X-Forwarded-Proto": "https"}, timeout=5)
        assert proxied.status_code == 404, "there is no METRICS_TOKEN"
        assert "max-age" in proxied.headers["Strict-Transport-Security"]
        page = requests.get(f"{address}/admin/login/", headers={**host, "X-Forwarded-Proto": "https"}, timeout=5)
        cookie = page.headers["Set-Cookie"]
        assert cookie.startswith("__Host-csrftoken=") and "Secure" in cookie and "HttpOnly" in cookie
        # No table is there yet: alive, and not ready.
        ready = requests.get(f"{address}/readyz", timeout=10)
        assert ready.status_code == 503 and not ready.json()["checks"]["migrations"]["ok"]
    finally:
        process.terminate()
        process.wait(timeout=20)
