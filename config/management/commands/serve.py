import signal
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from config.wsgi import application


class Command(BaseCommand):
    help = "Serves the web application with waitress, behind no or any proxy."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--threads", type=int, default=8)

    def handle(self, *args: Any, host: str, port: int, threads: int, **options: Any) -> None:
        from waitress.server import create_server

        server = create_server(application, host=host, port=port, threads=threads, ident="position-sync")
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        try:
            server.run()
        finally:
            server.close()
