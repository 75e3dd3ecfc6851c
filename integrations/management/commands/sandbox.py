import signal
import socket
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from integrations.sandboxes.server import HOST, make_server


class Command(BaseCommand):
    help = "Serves the sandboxes: every target system's API as a local server, on loopback only."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
        parser.add_argument("--fd", type=int, help="serve this open, listening socket instead of a port")
        parser.add_argument("--folder", type=Path, help="keep what the sandboxes hold in this folder")
        parser.add_argument(
            "--strict", action="store_true", help="refuse whatever no evidence shows that the vendor takes"
        )

    def handle(self, *args: Any, port: int, fd: int | None, folder: Path | None, strict: bool, **options: Any) -> None:
        listener = socket.create_server((HOST, port)) if fd is None else socket.socket(fileno=fd)
        server, _ = make_server(folder, listener, strict=strict)
        self.stdout.write(f"Sandboxes at http://{HOST}:{server.effective_port}/")
        self.stdout.flush()
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        try:
            server.run()
        finally:
            server.close()
