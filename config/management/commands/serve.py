import signal
import sys
from typing import Any

from django.conf import settings
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

        # waitress drops X-Forwarded-* unless it is told whom to believe: then it is the proxy's last word on the
        # scheme and the client's address.
        proxied: dict[str, Any] = {}
        if settings.SECURE_PROXY_SSL_HEADER:
            proxied = {"trusted_proxy": "*", "trusted_proxy_headers": "x-forwarded-for x-forwarded-proto"}
        server = create_server(application, host=host, port=port, threads=threads, ident="position-sync", **proxied)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        try:
            server.run()
        finally:
            server.close()
