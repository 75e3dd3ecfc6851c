"""What load balancers and monitors ask: is this process alive, and does the whole do its work?

They are answered before everything else: probes come by address, without TLS and without the host's name.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.utils import timezone

from integrations.models import Integration
from synclog.engine.heartbeats import silent_for
from synclog.engine.lease import ready_integrations
from synclog.models import Job

logger = logging.getLogger("config.health")

SILENT_AFTER = timedelta(minutes=2)
KEEP = 2.0  # seconds that an answer holds: however often one asks, the database is asked this often


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    ok: bool
    detail: str


class ProbeMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        view = {"/healthz": healthz, "/readyz": readyz}.get(request.path_info)
        if view is None:
            return self.get_response(request)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        response = view(request)
        # Those that other answers get further in.
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
        return response


def healthz(request: HttpRequest) -> HttpResponse:
    """This process answers. A database that is away is no reason to restart it."""
    return JsonResponse({"alive": True})


def readyz(request: HttpRequest) -> HttpResponse:
    """`?of=web` leaves the workers out: their trouble is no reason to send people to no web process at all."""
    checks = _kept.checks()
    if request.GET.get("of") == "web":
        checks = [check for check in checks if check.name in ("database", "migrations")]
    ready = all(check.ok for check in checks)
    shown = {check.name: {"ok": check.ok, "detail": check.detail} for check in checks}
    return JsonResponse({"ready": ready, "checks": shown}, status=200 if ready else 503)


class _Kept:
    """The last answer of this process; one thread at a time makes a new one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._checks: list[Check] = []
        self._until = 0.0

    def checks(self) -> list[Check]:
        with self._lock:
            if time.monotonic() >= self._until:
                self._checks = look()
                self._until = time.monotonic() + KEEP
            return self._checks

    def forget(self) -> None:
        self._until = 0.0


_kept = _Kept()


def look() -> list[Check]:
    """Details are fixed sentences: what a driver says may name hosts and users."""
    found = []
    for name, check in (
        ("database", _database),
        ("migrations", _migrations),
        ("worker", _worker),
        ("queue", _queue),
    ):
        try:
            found.append(Check(name, *check()))
        except DatabaseError:
            logger.warning("Not ready: %s could not be checked", name, exc_info=True)
            found.append(Check(name, False, "The database does not answer."))
            connection.close()
        if name == "database" and not found[0].ok:
            missing = "Not known while the database does not answer."
            return [*found, *(Check(rest, False, missing) for rest in ("migrations", "worker", "queue"))]
    return found


def _database() -> tuple[bool, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()
    return True, "Answers."


_migrated = False


def _migrations() -> tuple[bool, str]:
    # The code of a process does not change: once it is applied, it stays so.
    global _migrated  # noqa: PLW0603
    if not _migrated:
        executor = MigrationExecutor(connection)
        _migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return _migrated, "Applied." if _migrated else "Some are not applied: run manage.py migrate."


def _worker() -> tuple[bool, str]:
    silent = silent_for()
    if silent is None:
        return False, "No worker has ever looked for work: run manage.py worker."
    if silent > SILENT_AFTER:
        return False, f"No worker has looked for work for {int(silent.total_seconds())} seconds."
    return True, "Looks for work."


def _queue() -> tuple[bool, str]:
    """Whether work is left lying: due for two minutes, in an integration whose lease ended two minutes ago."""
    now = timezone.now()
    before = now - SILENT_AFTER
    overdue = Exists(Job.objects.due(before).filter(integration=OuterRef("pk")))
    untils = list(Integration.objects.filter(ready_integrations(), overdue).values_list("lease__until", flat=True))
    left = sum(until is not None and until < before for until in untils)
    if left:
        return False, f"{left} connection{'' if left == 1 else 's'} left by a worker wait{'s' if left == 1 else ''}."
    waiting = sum(until is None or until < now for until in untils)
    if waiting:
        # Not a reason to restart anything: turns are short, and what hangs ends at its deadline.
        return True, f"{waiting} wait{'s' if waiting == 1 else ''} for a free worker process for two minutes or more."
    return True, "No work is left lying."
