"""Serves every sandbox below one address, with state per tenant, in memory or kept in a folder."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.loader import render_to_string
from waitress.server import create_server

from integrations.sandboxes.base import Sandbox, Tenant
from integrations.systems import modules

HOST = "127.0.0.1"
_ADDRESS = re.compile(r"^/(?P<system>[a-z_0-9]+)/(?P<tenant>[A-Za-z0-9_\-]{1,60})/(?P<path>.*)$", re.S)


# Pages with one script, in front of which nothing else may be put.
_POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_SCRIPT = Path(__file__).with_name("live.js")
_OF_A_PERSON = ("number", "first_name", "last_name", "email", "birth_date")


@cache
def sandboxes() -> dict[str, type[Sandbox]]:
    """Every system's key with its sandbox class, found by file."""
    found: dict[str, type[Sandbox]] = {}
    for module in modules("sandbox"):
        for thing in vars(module).values():
            if isinstance(thing, type) and issubclass(thing, Sandbox) and "key" in vars(thing):
                found[thing.key] = thing
    return found


class Tenants:
    """All tenants of all sandboxes; with a folder, each is written there after every change. `strict`: see `Tenant`."""

    def __init__(self, folder: Path | None = None, strict: bool = False) -> None:
        self.folder = folder
        self.strict = strict
        self._tenants: dict[tuple[str, str], Tenant] = {}
        self._saved: dict[tuple[str, str], str] = {}
        self._lock = threading.Lock()
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            for file in folder.glob("*.json"):
                system, _, name = file.stem.partition("--")
                if system in sandboxes():
                    self._tenants[system, name] = Tenant(name, json.loads(file.read_text("utf-8")), strict)

    def get(self, system: str, name: str) -> Sandbox:
        """The sandbox of one tenant, made on first sight. Raises KeyError for an unknown system."""
        kind = sandboxes()[system]
        with self._lock:
            if (system, name) not in self._tenants:
                self._tenants[system, name] = Tenant(name, kind.seed(name), self.strict)
            return kind(self._tenants[system, name])

    def all(self) -> list[tuple[str, str]]:
        return sorted(self._tenants)

    def save(self, system: str, sandbox: Sandbox) -> None:
        if self.folder is None:
            return
        key = (system, sandbox.tenant.name)
        with sandbox.tenant.lock:
            text = json.dumps(sandbox.state, ensure_ascii=False, indent=1)
            if self._saved.get(key) != text:
                file = self.folder / f"{system}--{sandbox.tenant.name}.json"
                scratch = file.with_suffix(".new")
                scratch.write_text(text, "utf-8")
                scratch.replace(file)
                self._saved[key] = text


def application(tenants: Tenants) -> Callable[..., Iterable[bytes]]:
    """The WSGI application of all sandboxes."""

    def call(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        request = WSGIRequest(environ)
        response = _dispatch(tenants, request)
        if response.headers.get("Content-Type", "").startswith("text/html"):
            response.headers["Content-Security-Policy"] = _POLICY
        if response.status_code == 204:
            response.headers.pop("Content-Type", None)
        elif "Content-Length" not in response.headers:
            response.headers["Content-Length"] = str(len(response.content))
        start_response(f"{response.status_code} {response.reason_phrase}", list(response.items()))
        return [response.content]

    return call


def _dispatch(tenants: Tenants, request: HttpRequest) -> HttpResponse:
    if request.path_info == "/":
        return HttpResponse(render_to_string("sandbox/index.html", {"tenants": _named(tenants)}))
    if request.path_info == "/live.js":
        return HttpResponse(_SCRIPT.read_bytes(), content_type="text/javascript; charset=utf-8")
    match = _ADDRESS.match(request.path_info)
    if match is None or match["system"] not in sandboxes():
        return HttpResponse("No such sandbox.", status=404, content_type="text/plain")
    sandbox = tenants.get(match["system"], match["tenant"])
    try:
        if match["path"] == "" and request.method == "GET":
            context = {"sandbox": sandbox, "tables": sandbox.tables(), "tenants": _named(tenants)}
            return HttpResponse(render_to_string("sandbox/tenant.html", context))
        if match["path"].startswith("-/"):
            return _control(sandbox, request, match["path"][2:])
        return sandbox.respond(request, match["path"])
    finally:
        tenants.save(match["system"], sandbox)


def _named(tenants: Tenants) -> list[tuple[str, str, str]]:
    return [(system, sandboxes()[system].name, tenant) for system, tenant in tenants.all()]


def _control(sandbox: Sandbox, request: HttpRequest, action: str) -> HttpResponse:
    """What the demo and tests in other processes need: add employees, order faults, look at state and calls."""
    tenant = sandbox.tenant
    if action == "employees" and request.method == "POST":
        with tenant.lock:
            ids = [sandbox.add_employee(**person) for person in json.loads(request.body)]
        return JsonResponse(ids, safe=False)
    if action == "add" and request.method == "POST":
        # A form of this page: no other site makes a browser send it.
        if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            return HttpResponse(status=403)
        with tenant.lock:
            sandbox.add_employee(**{name: request.POST.get(name, "").strip() for name in _OF_A_PERSON})
        return HttpResponseRedirect("../")
    if action == "faults" and request.method == "POST":
        tenant.fail(**json.loads(request.body))
        return JsonResponse({})
    if action.startswith("employments/"):
        with tenant.lock:
            return JsonResponse(sandbox.employments(action.removeprefix("employments/")), safe=False)
    if action == "calls":
        return JsonResponse([[c.method, c.path, c.status] for c in list(tenant.calls)], safe=False)
    return HttpResponse(status=404)


@contextmanager
def running(
    folder: Path | None = None, port: int = 0, threads: int = 32, strict: bool = False
) -> Iterator[tuple[str, Tenants]]:
    """A sandbox server in a thread of this process: (its address, its tenants)."""
    server, tenants = make_server(folder, socket.create_server((HOST, port)), threads, strict)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{server.effective_port}", tenants
    finally:
        server.close()
        thread.join(timeout=5)


def make_server(
    folder: Path | None, listener: socket.socket, threads: int = 32, strict: bool = False
) -> tuple[Any, Tenants]:
    """A waitress server that is not running yet."""
    tenants = Tenants(folder, strict)
    server = create_server(application(tenants), sockets=[listener], threads=threads, ident="sandbox")
    return server, tenants
