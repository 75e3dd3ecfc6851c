"""A target system for the bench: HTTP/1.1 with keep-alive on bare asyncio, in a process of its own.

    GET  /<tenant>/employees/<number>            everybody exists
    GET  /<tenant>/employees/<number>/periods
    POST /<tenant>/employees/<number>/periods    {"title", "start_date", ...}
    PUT  /<tenant>/periods/<id>
    DELETE /<tenant>/periods/<id>
    GET  /-/tenants/<tenant>                     what was counted, with the arrival of each call's first byte
    POST /-/settings                             {"latency": seconds, "requests": n, "per_seconds": s}; n 0 = no limit

Arrivals are in seconds of the machine's monotonic clock, which all its processes share.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Any

REASONS = {200: "OK", 201: "Created", 404: "Not Found", 429: "Too Many Requests"}


@dataclass
class Tenant:
    periods: dict[str, dict[str, dict[str, Any]]] = field(default_factory=lambda: defaultdict(dict))
    owners: dict[str, str] = field(default_factory=dict)  # period -> employee
    arrivals: list[float] = field(default_factory=list)  # of the calls that were let in
    writes: list[float] = field(default_factory=list)
    refused: int = 0
    window: deque[float] = field(default_factory=deque)


@dataclass
class State:
    latency: float = 0.0
    requests: int = 0
    per_seconds: float = 1.0
    tenants: dict[str, Tenant] = field(default_factory=lambda: defaultdict(Tenant))

    def answer(self, method: str, path: str, body: bytes, at: float) -> tuple[int, Any, float]:
        """(status, JSON, seconds until it may be tried again)."""
        name, *rest = path.partition("?")[0].strip("/").split("/")
        if name == "-":
            return 200, self._control(method, rest, body), 0
        tenant = self.tenants[name]
        wait = self._wait(tenant, at)
        if wait:
            tenant.refused += 1
            return 429, {"error": "too many requests"}, wait
        tenant.arrivals.append(at)
        if method != "GET":
            tenant.writes.append(at)
        match method, rest:
            case "GET", ["employees", number]:
                return 200, {"id": number}, 0
            case "GET", ["employees", number, "periods"]:
                return 200, list(tenant.periods[number].values()), 0
            case "POST", ["employees", number, "periods"]:
                key = str(len(tenant.owners) + 1)
                tenant.owners[key] = number
                tenant.periods[number][key] = {**json.loads(body), "id": key}
                return 201, {"id": key}, 0
            case (("PUT" | "DELETE"), ["periods", key]) if key in tenant.owners:
                held = tenant.periods[tenant.owners[key]]
                if method == "PUT":
                    held[key] |= json.loads(body)
                else:
                    held.pop(key, None)
                return 200, {"id": key}, 0
        return 404, {"error": "no such thing"}, 0

    def _wait(self, tenant: Tenant, at: float) -> float:
        if not self.requests:
            return 0
        window = tenant.window
        while window and window[0] <= at - self.per_seconds:
            window.popleft()
        if len(window) >= self.requests:
            return window[0] + self.per_seconds - at
        window.append(at)
        return 0

    def _control(self, method: str, rest: list[str], body: bytes) -> Any:
        if method == "POST":
            for name, value in json.loads(body).items():
                setattr(self, name, value)
            return {}
        tenant = self.tenants[rest[1]]
        return {
            "arrivals": tenant.arrivals,
            "writes": tenant.writes,
            "refused": tenant.refused,
            "periods": sum(len(held) for held in tenant.periods.values()),
        }


class Connection(asyncio.Protocol):
    def __init__(self, state: State) -> None:
        self.state = state
        self.buffer = b""
        self.first = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if not self.buffer:
            self.first = time.monotonic()
        self.buffer += data
        head, end, rest = self.buffer.partition(b"\r\n\r\n")
        if not end:
            return
        lines = head.decode("latin-1").split("\r\n")
        length = next((int(v) for k, _, v in (x.partition(":") for x in lines) if k.lower() == "content-length"), 0)
        if len(rest) < length:
            return
        self.buffer = b""
        method, path, _ = lines[0].split(" ")
        status, found, wait = self.state.answer(method, path, rest[:length], self.first)
        content = json.dumps(found).encode()
        more = f"Retry-After: {int(wait) + 1}\r\n" if status == 429 else ""
        answer = (
            f"HTTP/1.1 {status} {REASONS[status]}\r\nContent-Type: application/json\r\n{more}"
            f"Content-Length: {len(content)}\r\n\r\n"
        ).encode() + content
        latency = 0 if path.startswith("/-/") else self.state.latency
        if latency:
            asyncio.get_running_loop().call_later(latency, self._send, answer)
        else:
            self._send(answer)

    def _send(self, answer: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(answer)


async def serve(port: int) -> None:
    state = State()
    server = await asyncio.get_running_loop().create_server(lambda: Connection(state), "127.0.0.1", port, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    asyncio.run(serve(parser.parse_args().port))
