"""Receives webhooks of Position Sync, verifies them as docs/webhooks.md says, and prints them: a line each.

SECRET=whsec_... python3 examples/webhook_receiver.py 9000
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer


def right(secret: str, body: bytes, message: str, sent: str, signatures: str) -> bool:
    """Whether one of the signatures is ours, of this body, and not older than five minutes."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.digest(key, f"{message}.{sent}.".encode() + body, hashlib.sha256)
    ours = "v1," + base64.b64encode(digest).decode()
    fresh = sent.isdecimal() and abs(time.time() - int(sent)) <= 300
    return fresh and any(hmac.compare_digest(ours, one) for one in signatures.split(" "))


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        named = (self.headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature"))
        if right(os.environ["SECRET"], body, *named):
            event = json.loads(body)
            print(event["type"], json.dumps(event["data"]), flush=True)
            self.send_response(204)
        else:
            self.send_response(400)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Only what was taken is printed."""


if __name__ == "__main__":
    HTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
