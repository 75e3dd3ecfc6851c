"""A payroll system with history that accepts everything, writes down what it accepts, and misbehaves when told to.

Runs in a process of its own: `python tests/crash/target.py PORT JOURNAL SEED`. It refuses nothing (not even an
overlap), so that its journal shows what was done to it. Standard library only.
"""

from __future__ import annotations

import contextlib
import json
import random
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

KINDS = ("503", "429", "drop_before", "drop_after", "hang_after", "truncate", "slow")


class Target:
    def __init__(self, journal: Path, seed: int) -> None:
        self.journal = journal.open("a")
        self.dice = random.Random(seed)
        self.rate = 0.0
        self.people: dict[str, dict[str, dict[str, Any]]] = {}
        self.busy: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()
        self.next_id = 1
        self.lock = threading.Lock()

    def fault(self) -> str:
        with self.lock:
            found = self.dice.choice(KINDS) if self.dice.random() < self.rate else ""
            self.counts["calls"] += 1
            if found:
                self.counts[f"fault_{found}"] += 1
            return found

    def write(self, method: str, person: str, key: str, values: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        with self.lock:
            periods = self.people.setdefault(person, {})
            before = dict(periods.get(key, {})) or None
            if method == "POST":
                key = str(self.next_id)
                self.next_id += 1
                periods[key] = {"id": key, "end": None, **values, "version": 1}
            elif key not in periods:
                return 404, {}
            elif method == "PATCH":
                if values["version"] != periods[key]["version"]:
                    self.counts["stale"] += 1
                    return 409, {}
                periods[key] = {**periods[key], **values, "version": values["version"] + 1}
            else:
                del periods[key]
            self.counts[f"accepted_{method}"] += 1
            line = {
                "at": time.time(),
                "method": method,
                "person": person,
                "id": key,
                "before": before,
                "now": sorted(periods.values(), key=lambda p: str(p["start"])),
                "together": self.busy[person],
            }
            self.journal.write(json.dumps(line) + "\n")
            self.journal.flush()
            return 200, {"id": key}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    target: Target

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        target, parts = self.target, self.path.strip("/").split("/")
        if parts[0] == "-":
            self._control(parts[1], body)
            return
        fault = target.fault()
        if fault in ("503", "429"):
            self._answer(int(fault), {"Retry-After": "1"} if fault == "429" else {}, {"error": fault})
            return
        if fault == "drop_before":
            self._drop()
            return
        _, person, *rest = [*parts, ""]
        if self.command == "GET":
            with target.lock:
                if person:
                    answer: Any = list(target.people.get(person, {}).values())
                else:
                    target.counts["lists"] += 1
                    answer = {one: list(periods.values()) for one, periods in target.people.items()}
                status = 200
        else:
            with target.lock:
                target.busy[person] += 1
            if fault == "slow":  # it lands although whoever sent it may be dead by then
                time.sleep(0.5)
            values = json.loads(body) if body else {}
            status, answer = target.write(self.command, person, rest[0], values)
            with target.lock:
                target.busy[person] -= 1
        if fault == "hang_after":
            time.sleep(1.6)
        if fault == "drop_after":
            self._drop()
            return
        self._answer(status, {}, answer, truncate=fault == "truncate")

    do_POST = do_PATCH = do_DELETE = do_GET

    def _control(self, what: str, body: bytes) -> None:
        target = self.target
        if what == "rate":
            target.rate = float(body)
        with target.lock:
            self._answer(200, {}, {"people": target.people, "counts": target.counts})

    def _drop(self) -> None:
        self.close_connection = True
        self.connection.close()

    def _answer(self, status: int, headers: dict[str, str], body: Any, truncate: bool = False) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Type": "application/json", "Content-Length": len(content)}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if truncate else content)
        if truncate:
            self.close_connection = True

    def log_message(self, *args: Any) -> None:
        pass

    def handle(self) -> None:
        with contextlib.suppress(OSError, ValueError):  # whoever asked is gone
            super().handle()


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


if __name__ == "__main__":
    Handler.target = Target(Path(sys.argv[2]), int(sys.argv[3]))
    Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
