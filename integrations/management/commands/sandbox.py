import signal
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from integrations.sandbox.server import make_server


class Command(BaseCommand):
    help = "Serves the sandboxes: every target system's API as a local server, on loopback only."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
        parser.add_argument("--folder", type=Path, help="keep what the sandboxes hold in this folder")

    def handle(self, *args: Any, port: int, folder: Path | None, **options: Any) -> None:
        server, _ = make_server(folder, port)
        self.stdout.write(f"Sandboxes at http://127.0.0.1:{server.effective_port}/")
        self.stdout.flush()
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        try:
            server.run()
        finally:
            server.close()
