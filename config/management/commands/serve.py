import signal
import socket
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from waitress.server import create_server

from config import channel

# Bytes. Larger ones are refused while they come in, before they fill the disk; between Django's own limit and this one
# they are refused in words (config.middleware.BodyLimitMiddleware).
LIMITS = {
    "max_request_body_size": 4 * settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
    "max_request_header_size": 64 * 2**10,
}


class Command(BaseCommand):
    help = "Serves the web application with waitress, behind no or any proxy."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--fd", type=int, help="serve this open, listening socket instead of host and port")
        parser.add_argument("--threads", type=int, default=8)

    def handle(self, *args: Any, host: str, port: int, fd: int | None, threads: int, **options: Any) -> None:
        from config.wsgi import application  # noqa: PLC0415 (after the checks, which say in words what it refuses)

        # waitress drops X-Forwarded-* unless it is told whom to believe: then it is the proxy's last word on the
        # scheme and the client's address.
        proxied: dict[str, Any] = {}
        if settings.SECURE_PROXY_SSL_HEADER:
            proxied = {"trusted_proxy": "*", "trusted_proxy_headers": "x-forwarded-for x-forwarded-proto"}
        where: dict[str, Any] = {"host": host, "port": port}
        if fd is not None:
            where = {"sockets": [socket.socket(fileno=fd)]}
        channel.install()
        server = create_server(application, **where, **LIMITS, threads=threads, ident="position-sync", **proxied)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        try:
            server.run()
        finally:
            server.close()
