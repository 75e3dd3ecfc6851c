import contextlib
import os
import secrets
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from config import demo
from config.supervise import Child, Supervisor
from synclog.engine.heartbeats import silent_for

HOST = "127.0.0.1"
TELL_EVERY = 30.0  # seconds, while something starts


class Command(BaseCommand):
    help = "Starts the embedded product: web, worker and, with --demo, a demo organization with its sandboxes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--demo", action="store_true", help="with a demo organization and sandboxes")
        parser.add_argument("--port", type=int, help="of the web server (default: 8000, or the next free one)")

    def handle(self, *args: Any, port: int | None, **options: Any) -> None:
        supervisor = Supervisor(self._say)
        supervisor.listen()
        web = _listen(8000) if port is None else _listen(port, port)
        call_command("migrate", verbosity=0)
        try:
            env = self._demo(supervisor, _address(web)) if options["demo"] else {}
            login = self._first_admin(remember=options["demo"])
            if options["demo"] and login:
                demo.people(login[1])
                env["DEMO_PASSWORD"] = login[1]
            connections.close_all()
            worker = Child("worker", ["worker"], env)
            supervisor.start(worker)
            serving = Child("web server", ["serve"], env, web)
            supervisor.start(serving)
            address = f"{_address(web)}/"
            self._wait_for(address + "admin/login/", serving, supervisor)
            self._wait_until(_looks_for_work, worker, supervisor)
            self._welcome(address, login, env)
            supervisor.run()
        finally:
            self._say("Ending …")
            supervisor.end()

    def _demo(self, supervisor: Supervisor, web: str) -> dict[str, str]:
        listener = _listen(8500)
        address = _address(listener)
        folder = Path(settings.DATA_DIR) / "sandboxes"
        exports = Path(settings.EXPORT_ROOT or Path(settings.DATA_DIR) / "exports")
        exports.mkdir(parents=True, exist_ok=True)
        # What concerns the people of the demo is on its pages.
        shared = {"EXPORT_ROOT": str(exports), "LOG_LEVEL": os.environ.get("LOG_LEVEL", "ERROR")}
        sandboxes = Child("sandbox server", ["sandbox", "--folder", str(folder)], shared, listener)
        supervisor.start(sandboxes)
        self._wait_for(address, sandboxes, supervisor)
        os.environ["SANDBOX_URL"] = settings.SANDBOX_URL = address
        settings.ALLOW_PRIVATE_TARGETS = True
        demo.prepare(address)
        # Nothing of the demo goes out: its mails are kept for a page.
        mails = {"DEMO_MAILS": str(Path(settings.DATA_DIR) / "mails"), "PUBLIC_ADDRESS": web}
        return {"SANDBOX_URL": address, "ALLOW_PRIVATE_TARGETS": "1", **mails, **shared}

    def _first_admin(self, remember: bool) -> tuple[str, str] | None:
        """An operator with a generated password, once. The demo keeps it for its next start."""
        users = get_user_model().objects
        file = Path(settings.DATA_DIR) / "demo-login"
        if users.filter(is_superuser=True).exists():
            return ("admin", file.read_text().strip()) if remember and file.exists() else None
        password = secrets.token_urlsafe(16)
        users.create_superuser("admin", password=password)
        if remember:
            file.touch(0o600)
            file.write_text(password)
        return "admin", password

    def _welcome(self, address: str, login: tuple[str, str] | None, env: dict[str, str]) -> None:
        lines = ["", f"Position Sync is running at {address}"]
        if login:
            lines.append(f"Log in as {login[0]} with the password {login[1]}")
            if env:
                lines.append("The sign-in page has a button for this and for one person of each role.")
        else:
            lines.append("Log in as before (a new password: manage.py changepassword admin)")
        if env:
            lines.append(f"The sandboxes, which stand for the ten systems, are at {env['SANDBOX_URL']}/")
        lines += ["Ctrl-C ends it.", ""]
        self._say("\n".join(lines))

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()

    def _wait_for(self, address: str, child: Child, supervisor: Supervisor) -> None:
        def answers() -> bool:
            try:
                requests.get(address, timeout=30, allow_redirects=False)
            except requests.RequestException:
                return False
            return True

        self._wait_until(answers, child, supervisor)

    def _wait_until(self, ready: Callable[[], bool], child: Child, supervisor: Supervisor) -> None:
        """As long as it takes: only a child that has ended will not answer any more."""
        told = time.monotonic()
        while child.running and not supervisor.stopping:
            if ready():
                return
            time.sleep(0.1)
            if time.monotonic() - told > TELL_EVERY:
                told = time.monotonic()
                self._say(f"The {child.name} is still starting …")
        if not supervisor.stopping:
            raise CommandError(f"The {child.name} ended while it started; see the messages above.")


def _looks_for_work() -> bool:
    return silent_for() is not None


def _listen(first: int, last: int | None = None) -> socket.socket:
    """Listens on the first port that is free and keeps it. Without `last`, 200 ports are tried."""
    last = first + 199 if last is None else last
    for port in range(first, last + 1):
        with contextlib.suppress(OSError):
            return socket.create_server((HOST, port), backlog=1024)
    if first == last:
        raise CommandError(f"Port {first} is taken. Choose another with --port, or leave it out.")
    raise CommandError(f"No port is free between {first} and {last}.")


def _address(listener: socket.socket) -> str:
    return f"http://{HOST}:{listener.getsockname()[1]}"
