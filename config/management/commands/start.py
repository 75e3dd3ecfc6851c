import os
import secrets
import socket
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from config import demo
from config.supervise import Child, Supervisor

HOST = "127.0.0.1"


class Command(BaseCommand):
    help = "Starts the embedded product: web, worker and, with --demo, a demo organization with its sandboxes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--demo", action="store_true", help="with a demo organization and sandboxes")
        parser.add_argument("--port", type=int, help="of the web server (default: 8000, or the next free one)")

    def handle(self, *args: Any, port: int | None, **options: Any) -> None:
        supervisor = Supervisor(self._say)
        supervisor.listen()
        port = self._port(port)
        call_command("migrate", verbosity=0)
        try:
            env = self._demo(supervisor) if options["demo"] else {}
            login = self._first_admin(remember=options["demo"])
            connections.close_all()
            supervisor.start(Child("worker", ["worker"], env))
            supervisor.start(Child("web server", ["serve", "--port", str(port)], env))
            address = f"http://{HOST}:{port}/"
            self._wait_for(address + "admin/login/", supervisor)
            self._welcome(address, login, env)
            supervisor.run()
        finally:
            self._say("Ending …")
            supervisor.end()

    def _demo(self, supervisor: Supervisor) -> dict[str, str]:
        port = _free_port(8500)
        address = f"http://{HOST}:{port}"
        folder = Path(settings.DATA_DIR) / "sandboxes"
        exports = Path(settings.EXPORT_ROOT or Path(settings.DATA_DIR) / "exports")
        exports.mkdir(parents=True, exist_ok=True)
        shared = {"EXPORT_ROOT": str(exports)}
        supervisor.start(Child("sandbox server", ["sandbox", "--port", str(port), "--folder", str(folder)], shared))
        self._wait_for(address, supervisor)
        os.environ["SANDBOX_URL"] = settings.SANDBOX_URL = address
        settings.ALLOW_PRIVATE_TARGETS = True
        demo.prepare(address)
        return {"SANDBOX_URL": address, "ALLOW_PRIVATE_TARGETS": "1", **shared}

    def _first_admin(self, remember: bool) -> tuple[str, str] | None:
        """An operator with a generated password, once. The demo keeps it for its next start."""
        users = get_user_model().objects
        file = Path(settings.DATA_DIR) / "demo-login"
        if users.filter(is_superuser=True).exists():
            return ("admin", file.read_text().strip()) if remember and file.exists() else None
        password = secrets.token_urlsafe(12)
        users.create_superuser("admin", password=password)
        if remember:
            file.touch(0o600)
            file.write_text(password)
        return "admin", password

    def _welcome(self, address: str, login: tuple[str, str] | None, env: dict[str, str]) -> None:
        lines = ["", f"Position Sync is running at {address}"]
        if login:
            lines.append(f"Log in as {login[0]} with the password {login[1]}")
        else:
            lines.append("Log in as before (a new password: manage.py changepassword admin)")
        if env:
            lines.append(f"The sandboxes, which stand for the ten systems, are at {env['SANDBOX_URL']}/")
        lines += ["Ctrl-C ends it.", ""]
        self._say("\n".join(lines))

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()

    @staticmethod
    def _port(wanted: int | None) -> int:
        if wanted is None:
            return _free_port(8000)
        if not _is_free(wanted):
            raise CommandError(f"Port {wanted} is taken. Choose another with --port, or leave it out.")
        return wanted

    @staticmethod
    def _wait_for(address: str, supervisor: Supervisor, seconds: float = 50) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not supervisor.stopping:
            try:
                urllib.request.urlopen(address, timeout=2).close()  # noqa: S310
                return
            except urllib.error.HTTPError:
                return
            except OSError:
                time.sleep(0.1)
        if not supervisor.stopping:
            raise CommandError(f"Nothing answers at {address} after {seconds:.0f} seconds; see the messages above.")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def _free_port(first: int) -> int:
    for port in range(first, first + 200):
        if _is_free(port):
            return port
    raise CommandError(f"No port is free between {first} and {first + 200}.")
